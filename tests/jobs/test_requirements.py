"""Plans: constants given or measured, statements with numbers or with what is missing, sentences that fit."""

from __future__ import annotations

import math

import numpy as np
import pytest

import prefit
from prefit.data.distinct import unit_rows
from prefit.jobs.separability import measured_margins
from prefit.reports.planning import overview, rows
from prefit.reports.planning.figures import plan_figures
from prefit.reports.planning.text import plan_text

DATA = {"classes": "0,1", "per_class": 20}


@pytest.fixture(scope="module")
def data() -> prefit.LabelledData:
    return prefit.load("digits", **DATA)


@pytest.fixture(scope="module")
def plan(data) -> prefit.Plan:
    return prefit.plan(data, threads=1)


def constant(plan: prefit.Plan, name: str):
    return next(one for one in plan.constants if one.name == name)


# Measured -------------------------------------------------------------------------------------------------------------


def test_constants_are_those_of_a_forecast_and_of_the_margins(plan, data):
    forecast = prefit.forecast(data, draws=0, threads=1)
    X, _ = unit_rows(data.train.X)
    y = np.where(data.train.labels == 0, 1.0, -1.0)
    margins = measured_margins(X, y, 1)
    assert constant(plan, "n").value == 40
    assert constant(plan, "lambda_0").value == pytest.approx(forecast.spectrum.lambda_min.lower, rel=1e-12)
    assert constant(plan, "lambda_max").value == pytest.approx(forecast.spectrum.lambda_max_upper, rel=1e-12)
    assert constant(plan, "form").value == pytest.approx(forecast.labels[0].quadratic_form.upper, rel=1e-9)
    assert constant(plan, "gram_norm").value == pytest.approx(np.linalg.norm(X @ X.T), rel=1e-8)
    assert constant(plan, "gradient_bound").value == pytest.approx(margins.last_layer.lower, rel=1e-12)
    assert constant(plan, "kernel_margin").value == pytest.approx(margins.conjugate.lower, rel=1e-12)
    assert constant(plan, "feature_margin").value == pytest.approx(margins.features.lower, rel=1e-12)
    assert {one.origin for one in plan.constants} == {"measured"}


def test_every_constant_errs_to_the_side_that_asks_for_more(plan):
    for name in ("gradient_bound", "feature_margin", "kernel_margin", "lambda_0"):
        one = constant(plan, name)
        assert one.lower <= one.value * (1 + 1e-12)
        assert one.value <= one.upper
    form = constant(plan, "form")
    assert form.value == form.upper >= form.lower


def test_measured_samples_are_called_an_estimate_and_given_ones_sufficient(plan):
    for name in ("samples", "samples_3_3", "samples_3_4"):
        assert plan.statement(name).n.means == "estimate"
        assert "no bound" in plan.statement(name).comment
    given = prefit.plan(quadratic_form=50, margin=0.1)
    for name in ("samples", "samples_3_3", "samples_3_4"):
        assert given.statement(name).n.means == "sufficient"
        assert "no bound" not in given.statement(name).comment
    assert any("this is an estimate and no bound" in sentence for sentence in plan.summary)


def test_what_is_given_counts_instead_of_what_is_measured(data, plan):
    own = prefit.plan(data, threads=1, lambda_min=0.001, margin=0.01, gradient_bound=0.02)
    assert (constant(own, "lambda_0").value, constant(own, "lambda_0").origin) == (0.001, "given")
    assert constant(own, "kernel_margin").value == constant(own, "feature_margin").value == 0.01
    assert constant(own, "form") == constant(plan, "form")
    ratio = constant(plan, "lambda_0").value / 0.001
    moved = own.statement("arora2019_3_1").steps.value / plan.statement("arora2019_3_1").steps.value
    assert moved == pytest.approx(ratio**2, rel=1e-9)


def test_the_steps_are_those_that_the_forecast_needs_at_most(plan, data):
    """‖y − ũ(k)‖ ≤ ε√n at the step that is named."""
    steps, rate = plan.statement("steps").steps.value, plan.statement("steps").step_size.value
    forecast = prefit.forecast(data, draws=0, threads=1, step_size=rate)
    residual = forecast.labels[0].residual
    later = [norm for k, norm in zip(residual.steps, residual.norm, strict=True) if k >= steps]
    assert all(norm <= 0.1 * math.sqrt(40) for norm in later)
    assert residual.norm[0] == pytest.approx(math.sqrt(40))


def test_two_readings_stand_where_paper_and_proof_differ(plan):
    readings = {one.name: one.reading for one in plan.statements}
    for name in ("3_2", "c3_1", "c3_2", "c3_3"):
        assert readings[f"caogu2020_{name}_printed"] == "printed"
        assert readings[f"caogu2020_{name}_mended"] == "mended"
    m = {one: plan.statement(f"caogu2020_3_2_{one}").exponents["m"] for one in ("printed", "mended")}
    assert m["printed"] == {"L": 12, "B": -4, "epsilon": -2, "log(1/delta)": 1}
    assert m["mended"] == {"L": 12, "B": -16, "epsilon": -2, "log(1/delta)": 1}
    printed = plan.statement("caogu2020_c3_2_printed").exponents
    assert printed["m"] == {"L": 24, "2^L": 8, "gamma": -8, "epsilon": -14, "log(1/delta)": 1}


def test_no_order_stands_as_a_plain_number(plan):
    for one in plan.statements:
        amounts = [getattr(one, of) for of in ("m", "n", "steps", "step_size", "init_scale", "radius")]
        means = {amount.means for amount in (*amounts, *one.also) if amount is not None}
        assert means <= ({"order, constant 1 assumed"} if one.kind == "order" else {"sufficient", "estimate"})
    for block in str(plan).split("\n\n"):
        if any(line.startswith("  ") and "~ " in line for line in block.splitlines()):
            assert block.startswith("Order, constant 1 assumed ")
    for block in plan_text(plan, details=True).split("\n\n"):
        if any(line.startswith("  ") and "~ " in line for line in block.splitlines()):
            assert block.splitlines()[0].endswith("order, constant 1 assumed")


# Missing --------------------------------------------------------------------------------------------------------------


def test_more_than_two_classes_have_no_margins_and_their_own_samples():
    plan = prefit.plan(prefit.load("digits", per_class=6), threads=1)
    for name in ("gradient_bound", "feature_margin", "kernel_margin", "radius"):
        assert constant(plan, name).value is None
        assert "--classes" in constant(plan, name).comment
    assert plan.statement("caogu2020_3_2_printed").missing == ["gradient_bound"]
    assert "argmax" in plan.statement("samples").statement
    assert plan.statement("samples").n.formula == "((4√(cκ(1)M) + √(½ log(1/δ)))/ε)²"
    M, n = constant(plan, "form").value, plan.statement("samples").n.value
    assert 4 * math.sqrt(10 * 0.5 * M / n) + math.sqrt(math.log(20) / (2 * n)) == pytest.approx(0.1, rel=1e-6)


def test_labels_that_contradict_each_other_leave_what_needs_them_out():
    X = np.vstack([np.eye(4), np.eye(4)[:1]])
    plan = prefit.plan(X, [0, 1, 0, 1, 1], threads=1)
    assert "different labels" in constant(plan, "form").comment
    assert {"form"} == set(plan.statement("samples").missing)
    assert constant(plan, "gradient_bound").value is None
    assert constant(plan, "lambda_0").value > 0
    assert any("coincide" in note for note in plan.notes)


def test_random_labels_are_those_of_the_forecast():
    data = prefit.load("digits", labels="random", **DATA)
    plan, forecast = prefit.plan(data, threads=1), prefit.forecast(data, draws=0, threads=1)
    assert constant(plan, "form").value == pytest.approx(forecast.labels[0].quadratic_form.upper, rel=1e-9)
    # The hard margin is at least that of the interpolant (docs/proofs.md P18), of these labels too.
    assert constant(plan, "gradient_bound").upper >= constant(plan, "form").value ** -0.5


def test_a_deeper_plan_is_about_the_deep_kernel(data):
    plan = prefit.plan(data, depth=3, threads=1)
    assert plan.kernel == "ntk:3"
    forecast = prefit.forecast(data, kernel="ntk:3", draws=0, threads=1)
    assert constant(plan, "lambda_0").value == pytest.approx(forecast.spectrum.lambda_min.lower, rel=1e-12)
    assert "one hidden layer" in plan.statement("arora2019_4_1").unfit
    assert plan.statement("samples").n.value is not None


def test_regression_has_samples_and_no_margins():
    rng = np.random.default_rng(0)
    plan = prefit.plan(rng.standard_normal((30, 4)), rng.uniform(-1, 1, 30), task="regression", threads=1)
    assert plan.statement("samples").n.value is not None
    assert constant(plan, "gradient_bound").value is None


def test_one_example_is_one():
    assert "There is 1 example, fewer." in " ".join(prefit.plan(quadratic_form=50.0, samples=1).summary)


def test_constants_alone_need_no_data():
    plan = prefit.plan(gradient_bound=0.1, depth=2, epsilon=0.05)
    assert plan.data is None
    assert plan.statement("caogu2020_3_2_printed").m.value == pytest.approx(2**12 * 1e4 * 400 * math.log(20))
    assert set(plan.statement("steps").missing) == {"lambda_0", "n"}
    assert "SOURCE" in constant(plan, "n").comment
    assert "Plan for given constants" in repr(plan)


def test_a_given_form_is_also_how_far_the_layers_go():
    plan = prefit.plan(quadratic_form=49.0)
    assert (constant(plan, "radius").value, constant(plan, "radius").origin) == (7.0, "given")
    assert constant(plan, "radius").comment.startswith("√M of the M given")
    assert plan.statement("caogu2020_3_1").n.value == pytest.approx(4900.0)
    assert constant(prefit.plan(quadratic_form=49.0, radius=2.0), "radius").value == 2.0
    classes = prefit.plan(prefit.load("digits", per_class=6), quadratic_form=49.0, threads=1)
    assert constant(classes, "radius").value is None


def test_a_given_form_is_in_the_place_of_that_of_the_data(data):
    plan = prefit.plan(data, quadratic_form=49.0, margin=0.1, gradient_bound=0.1, threads=1)
    assert (constant(plan, "radius").value, constant(plan, "radius").origin) == (7.0, "given")


def test_margins_that_do_not_fit_the_memory_are_left_out_and_say_why(data):
    plan = prefit.plan(data, threads=1, memory=2**20, margin=0.05)
    assert "are allowed (--memory)" in constant(plan, "gradient_bound").comment
    assert plan.statement("caogu2020_c3_3_mended").m.value is not None


def test_a_name_is_no_data():
    with pytest.raises(prefit.InputError, match=r"the name 'digits'. Read them first: give prefit.load\('digits'\)"):
        prefit.plan("digits")


def test_a_huge_order_is_told_by_its_logarithm():
    plan = prefit.plan(margin=1e-4, depth=40, epsilon=1e-6)
    m = plan.statement("caogu2020_c3_2_mended").m
    assert m.value is None
    assert m.log10 > 300
    assert f"10{str(math.floor(m.log10)).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}" in str(plan)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "neither"),
        ({"margin": 0.0}, "--margin"),
        ({"margin": 1.5}, "--margin"),
        ({"gradient_bound": -1}, "--gradient-bound"),
        ({"lambda_min": 0.6}, "at most 0.5"),
        ({"epsilon": 1.0, "margin": 0.1}, "--epsilon"),
        ({"depth": 0, "margin": 0.1}, "--depth"),
        ({"samples": 0}, "--samples"),
        ({"samples": 2.5}, "--samples"),
        ({"quadratic_form": math.inf}, "--quadratic-form"),
        ({"radius": math.nan}, "--radius"),
        ({"init_scale": 0, "margin": 0.1}, "--init-scale"),
        ({"device": "cuda", "margin": 0.1}, "--device"),
        ({"width": 100}, "plan without data takes no option 'width'"),
    ],
)
def test_what_cannot_be_is_refused(options, says):
    with pytest.raises(prefit.InputError, match=says):
        prefit.plan(**options)


def test_worst_case_labels_are_refused(data):
    with pytest.raises(prefit.InputError, match="--labels must be true or random"):
        prefit.plan(prefit.load("digits", labels="worst", **DATA))


# What it looks like ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("details", [False, True])
def test_the_text_fits_its_width_and_names_every_statement(plan, width, details):
    text = plan_text(plan, width, details)
    assert max(len(line) for line in text.splitlines()) <= width
    for one in plan.statements:
        short = one.source.number.replace("Theorem", "Thm").replace("Corollary", "Cor.")
        told = one.source.number if details else f"{short} {one.reading}" if one.reading else short
        if one.kind != "derived":
            assert told in " ".join(text.split())
        elif details:
            assert one.title in " ".join(text.split())
    assert "\x1b" not in text


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("details", [False, True])
def test_a_start_that_a_statement_does_not_allow_is_told_in_its_line(width, details):
    plan = prefit.plan(epsilon=0.1, samples=800, lambda_min=0.013, init_scale=1.0)
    text = plan_text(plan, width, details)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "it asks for κ ≤ 0.00018" in text
    assert "it asks for κ ≤ 8.1e-07" in text


def test_a_screen_holds_a_line_a_statement_with_the_powers_of_both_readings(plan):
    lines = [line.split() for line in plan_text(plan).splitlines()]
    assert len(lines) < 80
    for powers in (
        ["printed", "L¹²B⁻⁴ε⁻²*", "L³B⁻⁴ε⁻²", "L⁻³B²m⁻¹"],
        ["mended", "L¹²B⁻¹⁶ε⁻²*", "L³B⁻⁴ε⁻²", "L⁻³B²m⁻¹"],
        ["mended", "L²⁴2¹⁶ᴸγ⁻¹⁶ε⁻¹⁴*", "L²2⁴ᴸγ⁻⁴ε⁻⁴*", "L³2⁴ᴸγ⁻⁴ε⁻²", "2⁻²ᴸL⁻³γ²m⁻¹"],
        ["5.1", "n⁸λ0⁻⁶κ⁻²δ⁻⁴", "Mε⁻²*", "n²λ0⁻²*", "λ0n⁻²"],
    ):
        assert any(line[-len(powers) :] == powers for line in lines)


def test_a_star_stands_where_the_number_has_more_than_the_powers_of_its_constants(plan):
    """By the numbers: the product of the powers alone, logarithms left out, beside the order."""
    values = {one.name: one.value for one in plan.constants}
    known = {"epsilon": plan.epsilon, "B": values["gradient_bound"], "L": 1.0, "2^L": 2.0, "n": values["n"]}
    known |= {"lambda_0": values["lambda_0"], "gamma": values["feature_margin"]}
    lines = {line.name: dict(zip(overview.QUANTITIES, line.cells, strict=True)) for line in overview.exponents(plan)}
    for name, line, of, logarithm in (
        ("caogu2020_c3_1_printed", "C&G Cor. 3.1 printed", "m", 1.0),
        ("caogu2020_c3_2_mended", "C&G Cor. 3.2 mended", "m", math.log(1 / plan.delta)),
        ("caogu2020_c3_2_mended", "C&G Cor. 3.2 mended", "n", math.log(1 / plan.delta)),
        ("caogu2020_3_2_printed", "C&G Thm 3.2 printed", "steps", 1.0),
        ("arora2019_3_1", "Arora Thm 3.1", "steps", math.log(1 / plan.epsilon)),
    ):
        one = plan.statement(name)
        powers = {symbol: power for symbol, power in one.exponents[of].items() if symbol in known}
        product = math.prod(known[symbol] ** power for symbol, power in powers.items())
        assert 10.0 ** getattr(one, of).log10 == pytest.approx(product * logarithm, rel=1e-9)
        assert lines[line][of].endswith("*") == (logarithm != 1.0)


def test_text_details_and_page_say_which_logarithms_the_orders_have(plan):
    told = "An order has the logarithms that stand in its formula"
    assert told in " ".join(plan_text(plan, details=True).split())
    assert told in " ".join(plan.to_html().split())
    assert "the numbers above have one where a * stands" in " ".join(plan_text(plan).split())


def test_numbers_that_differ_by_their_width_alone_say_so(plan):
    (theorem,) = (group for group in rows.groups(plan) if group.heading.endswith("Theorem 3.2"))
    told = {(row.formula, row.reading) for row in theorem.rows}
    assert {("L⁻³ B² m⁻¹", "at the printed m"), ("L⁻³ B² m⁻¹", "at the mended m")} <= told
    assert ("B⁻² ε⁻¹ m^(−1/2)", "mended") in told


def test_what_any_width_meets_is_no_requirement(plan):
    text = " ".join(plan_text(plan, details=True).split())
    assert "m ≥ L⁻⁸ T⁻⁴ also met by any width" in text
    own = prefit.plan(margin=0.999, epsilon=0.999, delta=0.9)
    assert own.statement("caogu2020_c3_3_printed").n.log10 < 0
    assert "ask for m ~ 1" in " ".join(own.summary)


def test_the_page_holds_both_readings_and_asks_for_nothing(plan):
    page = plan.to_html()
    assert len(page.encode()) < 2_000_000
    assert "http://" not in page.partition("<script>")[0]
    assert 'id="figure-samples"' in page
    assert "L¹² B⁻¹⁶ ε⁻² log(1/δ)" in page
    assert page.count("order, constant 1 assumed") >= 9
    assert "<table" in plan._repr_html_()


def test_the_figures_have_the_slopes_of_the_exponents(plan):
    drawn = plan_figures(plan)["samples"].to_dict()
    rows = drawn["datasets"][drawn["data"]["name"]]
    slopes = {}
    for name in {row["curve"] for row in rows}:
        points = sorted((row["x"], row["y"]) for row in rows if row["curve"] == name)
        (x0, y0), (x1, y1) = points[0], points[-1]
        slopes[name] = math.log(y1 / y0) / math.log(x1 / x0)
    assert slopes["Cor. 3.3"] == pytest.approx(-4, abs=1e-3)
    assert slopes["Cor. 3.3 mended"] == pytest.approx(-4, abs=1e-3)
    assert (slopes["P7"], slopes["P25, 3.4"]) == pytest.approx((-2, -2), abs=1e-3)


def test_a_statement_keeps_its_colour_in_both_figures_whatever_its_reading(plan):
    """Colours come round after seven names."""
    layers = [layer for chart in plan_figures(plan).values() for layer in chart.to_dict()["layer"]]
    names = layers[0]["encoding"]["color"]["scale"]["domain"]
    assert all(layer["encoding"]["color"]["scale"]["domain"] == names for layer in layers)
    for one, another in (("Cor. 3.2", "Cor. 3.2 mended"), ("Cor. 3.2", "P25, 3.3"), ("Arora Thm 5.1", "P7")):
        assert (names.index(one) - names.index(another)) % 7 == 0
    assert len(set(names)) == 21

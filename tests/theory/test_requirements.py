"""What the statements ask for: against formulas written down literally, and against the proofs they come from."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from prefit.kernels import Conjugate
from prefit.theory.margins import hard_margin
from prefit.theory.requirements import (
    ARORA2019,
    CAOGU2020,
    EXPLICIT,
    Ask,
    Given,
    all_requirements,
    formula,
    log_of,
    required,
    samples,
    steps_to,
    symbols,
)
from tests.naive import requirements as naive

KNOWN = Given(
    epsilon=0.07,
    delta=0.03,
    depth=1,
    n=800,
    kappa=1e-9,  # which every statement allows
    lambda_0=0.013,
    gradient_bound=0.12,
    feature_margin=0.04,
    kernel_margin=0.09,
    form=210.0,
    radius=11.0,
)
STATEMENTS = {one.name: one for one in (*ARORA2019, *CAOGU2020)}
NAMED = [name for name in STATEMENTS if name != "caogu2020_1_1"]
FIELDS = {"epsilon": "epsilon", "delta": "delta", "n": "n", "lambda_0": "lambda_0", "kappa": "kappa", "T": "radius"}
portions = st.floats(1e-3, 0.5)


def literal(name: str, known: Given) -> dict[str, float]:
    margin = STATEMENTS[name].margin
    return getattr(naive, name)(
        L=known.depth,
        n=known.n,
        lambda_0=known.lambda_0,
        kappa=known.kappa,
        delta=known.delta,
        epsilon=known.epsilon,
        form=known.form,
        T=known.radius,
        B=known.gradient_bound,
        gamma=None if margin is None else getattr(known, margin),
    )


# Literal twins --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "depth"), [(name, L) for name in NAMED for L in (1, 2, 3) if L == 1 or not STATEMENTS[name].two_layer]
)
def test_an_order_is_the_statement_written_down(name, depth):
    known = replace(KNOWN, depth=depth)
    found, expected = required(STATEMENTS[name], known), literal(name, known)
    assert {amount.of for amount in found.amounts} == set(expected)
    for amount in found.amounts:
        assert amount.log10 == pytest.approx(math.log10(expected[amount.of]), abs=1e-9), amount
        assert amount.value == pytest.approx(expected[amount.of], rel=1e-8)
        assert amount.means == "order, constant 1 assumed"


@pytest.mark.parametrize(("name", "kappa"), [("arora2019_3_1", 1.0), ("arora2019_4_1", None), ("arora2019_5_1", None)])
def test_without_a_start_it_is_the_largest_that_the_statement_allows(name, kappa):
    found = required(STATEMENTS[name], replace(KNOWN, kappa=None))
    largest = kappa or literal(name, replace(KNOWN, kappa=1.0))["init_scale"]
    expected = literal(name, replace(KNOWN, kappa=largest))
    assert found.amount("m").log10 == pytest.approx(math.log10(expected["m"]), abs=1e-9)


def test_a_start_above_what_a_statement_allows_has_no_number():
    """κ = 1 is above ε δ/√n of Theorem 4.1 and λ0 δ/n of Theorem 5.1: no width would do."""
    for name in ("arora2019_4_1", "arora2019_5_1"):
        largest = literal(name, KNOWN)["init_scale"]
        for kappa, fits in ((0.99 * largest, True), (1.01 * largest, False), (1.0, False)):
            found = required(STATEMENTS[name], replace(KNOWN, kappa=kappa))
            assert (found.unfit == "") == fits
            assert (found.amount("m").value is not None) == fits
        assert found.unfit == f"it asks for κ ≤ {largest:.2g}"
    assert required(STATEMENTS["arora2019_3_1"], replace(KNOWN, kappa=1.0)).unfit == ""


def test_the_informal_theorem_has_exponents_and_no_number():
    found = required(STATEMENTS["caogu2020_1_1"], KNOWN)
    assert [(a.of, dict(a.exponents), a.value, a.log10) for a in found.amounts] == [
        ("m", {"epsilon": -14}, None, None),
        ("n", {"epsilon": -4}, None, None),
    ]


# The proofs behind them -----------------------------------------------------------------------------------------------


@settings(max_examples=50, deadline=None)
@given(L=st.integers(1, 8), B=portions, epsilon=portions)
def test_the_conditions_of_theorem_3_2_give_the_mended_powers(L, B, epsilon):
    """(4.5) with K = L³B⁻⁴ε⁻², η = L⁻³B²/m is exactly ε; (4.2) then gives B⁻²ε⁻¹m^{−1/2} (docs/proofs.md P19)."""
    known = replace(KNOWN, depth=L, gradient_bound=B, epsilon=epsilon)
    found = required(STATEMENTS["caogu2020_3_2_mended"], known)
    m, K, eta, tau = (10.0 ** found.amount(of).log10 for of in ("m", "steps", "step_size", "radius"))
    assert (K * eta * m) ** -0.5 / B == pytest.approx(epsilon, rel=1e-9)  # (4.5)
    assert L**3 * m * eta == pytest.approx(B**2, rel=1e-9)  # (4.3)
    assert math.sqrt(K * eta) / B == pytest.approx(tau, rel=1e-9)  # (4.2)
    without_log = m / math.log(1 / known.delta)  # the order as (4.4) gives it
    assert L**2 * (1 / (B**2 * epsilon * math.sqrt(without_log))) ** (1 / 3) == pytest.approx(B**2, rel=1e-9)


def test_the_printed_radius_is_too_small_for_its_own_proof():
    """(4.2) asks for τ ≥ √(Kη)/B, which is 1/B times the printed τ."""
    found = required(STATEMENTS["caogu2020_3_2_printed"], KNOWN)
    K, eta, tau = (found.amount(of).value for of in ("steps", "step_size", "radius"))
    assert math.sqrt(K * eta) / KNOWN.gradient_bound == pytest.approx(tau / KNOWN.gradient_bound, rel=1e-9)


def test_the_printed_corollary_and_its_theorem_differ_by_a_power_of_the_depth():
    """Lτ√(m/n) at the printed τ has L, the corollary L²: the mended n has the theorem's."""
    known = replace(KNOWN, depth=3, gradient_bound=0.999999)
    printed, mended = (
        required(STATEMENTS[f"caogu2020_c3_1_{one}"], known).amount("n") for one in ("printed", "mended")
    )
    assert printed.log10 - mended.log10 == pytest.approx(2 * math.log10(3), abs=1e-4)


@pytest.mark.parametrize("depth", [1, 4])
@pytest.mark.parametrize(("corollary", "margin"), [("c3_2", "feature_margin"), ("c3_3", "kernel_margin")])
def test_the_corollaries_are_corollary_3_1_at_their_own_bound(corollary, margin, depth):
    """B = 2⁻ᴸγ and B = γ, but for the log(1/δ) that these two print."""
    known = replace(KNOWN, depth=depth)
    B = getattr(known, margin) * (2.0**-depth if corollary == "c3_2" else 1.0)
    for reading in ("printed", "mended"):
        own = required(STATEMENTS[f"caogu2020_{corollary}_{reading}"], known)
        other = required(STATEMENTS[f"caogu2020_c3_1_{reading}"], replace(known, gradient_bound=B))
        for of in ("m", "n"):
            log = math.log10(math.log(1 / known.delta))
            assert own.amount(of).log10 == pytest.approx(other.amount(of).log10 + log, abs=1e-9)
        assert own.amount("steps").log10 == pytest.approx(other.amount("steps").log10, abs=1e-9)


# Exponents ------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(NAMED),
    symbol=st.sampled_from(["epsilon", "kappa", "lambda_0", "B", "gamma", "T"]),
    data=st.data(),
)
def test_exponents_are_the_slopes_of_the_numbers(name, symbol, data):
    """d log amount / d log symbol, through m where the amount has one; logarithms of the symbol held apart."""
    one = STATEMENTS[name]
    field = {"B": "gradient_bound", "gamma": one.margin, **FIELDS}[symbol]
    if field is None:
        return
    base = replace(KNOWN, **{field: data.draw(portions) * (1e-7 if symbol == "kappa" else 1.0)})
    moved = replace(base, **{field: 1.001 * getattr(base, field)})
    before, after = required(one, base), required(one, moved)
    through = before.amount("m").exponents.get(symbol, 0.0)
    for first, second in zip(before.amounts, after.amounts, strict=True):
        if first.exponents != second.exponents or before.amount("m").exponents != after.amount("m").exponents:
            continue  # another condition has become the strictest
        power = first.exponents.get(symbol, 0.0)
        power += through * first.exponents.get("m", 0.0)
        logs = [math.log10(math.log(1 / known.epsilon)) for known in (base, moved)]
        curved = (logs[1] - logs[0]) * first.exponents.get("log(1/epsilon)", 0.0)
        slope = (second.log10 - first.log10 - (curved if symbol == "epsilon" else 0.0)) / math.log10(1.001)
        assert slope == pytest.approx(power, abs=1e-6)


def test_numbers_beyond_floats_are_told_by_their_logarithm():
    found = required(STATEMENTS["caogu2020_c3_2_mended"], replace(KNOWN, depth=64, epsilon=1e-9))
    assert found.amount("m").value is None
    assert 400 < found.amount("m").log10 < 800


def test_a_product_is_written_as_the_papers_write_it():
    assert formula({"m": -1 / 2, "2^L": 1, "B": -8 / 3}) == "m^(−1/2) 2ᴸ B^(−8/3)"
    assert formula({"M + log(1/delta)": 1, "epsilon": -2}) == "(M + log(1/δ)) ε⁻²"
    assert formula({"epsilon": 1, "n": 0}) == "ε"


def test_an_unknown_factor_leaves_the_product_unknown():
    logs = symbols(replace(KNOWN, gradient_bound=None))
    assert log_of({"B": 2}, logs) is None
    assert log_of({"L": 3, "epsilon": -1}, logs) == pytest.approx(-math.log10(0.07))


def test_the_strictest_of_several_conditions_counts():
    """At a small radius the condition m ≥ L² of Theorem 3.1 is above its error term."""
    known = replace(KNOWN, depth=3, radius=1e-3)
    found = required(STATEMENTS["caogu2020_3_1"], known)
    assert found.amount("m").value == pytest.approx(literal("caogu2020_3_1", known)["m"], rel=1e-9)
    assert found.amount("m").log10 == max(one.log10 for one in (*found.also, found.amount("m")) if one.of == "m")


# What is missing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("arora2019_3_1", {"n", "lambda_0"}),
        ("arora2019_5_1", {"n", "lambda_0", "form"}),
        ("caogu2020_1_1", set()),
        ("caogu2020_3_1", {"radius"}),
        ("caogu2020_3_2_printed", {"gradient_bound"}),
        ("caogu2020_c3_2_mended", {"feature_margin"}),
        ("caogu2020_c3_3_mended", {"kernel_margin"}),
        ("width_concentration", {"n", "lambda_0"}),
        ("steps", {"n", "lambda_0"}),
        ("samples", {"form"}),
        ("samples_3_4", {"kernel_margin"}),
    ],
)
def test_what_is_not_known_is_named_and_has_no_number(name, missing):
    found = {one.name: one for one in all_requirements(Given(0.1, 0.05))}[name]
    assert set(found.missing) == missing
    needing = [amount for amount in found.amounts if amount.of in ("m", "n") and name != "caogu2020_3_1"]
    assert all(amount.log10 is None for amount in needing)


def test_statements_on_one_hidden_layer_say_so_of_deeper_nets():
    found = {one.name: one for one in all_requirements(replace(KNOWN, depth=2))}
    for name in ("arora2019_3_1", "arora2019_4_1", "arora2019_5_1", "width_concentration", "width_lemma_c3"):
        assert "one hidden layer" in found[name].unfit
        assert all(amount.log10 is None for amount in found[name].amounts)
    assert not found["samples"].unfit


# Explicit -------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(form=st.floats(0.1, 1e6), kappa=st.floats(0.5, 4.0), epsilon=portions, delta=portions)
def test_so_many_samples_bring_the_bound_to_the_target(form, kappa, epsilon, delta):
    """The bound of one ball (docs/proofs.md P7) at that n is ε exactly: at it, and not before it."""

    def bound(n: float) -> float:
        return 2 * math.sqrt(kappa * form / n) + math.sqrt(math.log(1 / delta) / (2 * n))

    n = samples(form, kappa, epsilon, delta)
    assert bound(n) == pytest.approx(epsilon, rel=1e-9)
    assert bound(0.99 * n) > epsilon


def test_samples_of_classes_are_those_of_the_argmax_bound():
    n, c = samples(100.0, 0.5, 0.1, 0.05, classes=10), 10
    assert 4 * math.sqrt(c * 0.5 * 100.0 / n) + math.sqrt(math.log(20) / (2 * n)) == pytest.approx(0.1, rel=1e-9)


@settings(max_examples=60, deadline=None)
@given(low=st.floats(1e-4, 1.0), ratio=st.floats(1.0, 1e4), speed=st.floats(0.01, 1.99), epsilon=portions)
def test_so_many_steps_bring_every_eigenvalue_below_the_target(low, ratio, speed, epsilon):
    top = low * ratio
    rate = speed / top
    eigenvalues = np.geomspace(low, top, 30)
    k = steps_to(epsilon, low, top, rate)
    slowest = np.abs(1 - rate * eigenvalues).max()
    assert slowest**k <= epsilon * (1 + 1e-9)
    if k > 1:
        assert slowest ** (k - 1) > epsilon * (1 - 1e-9)


def test_an_unstable_step_has_no_steps():
    assert steps_to(0.1, 0.1, 10.0, 0.2) is None
    found = {one.name: one for one in all_requirements(replace(KNOWN, step_size=1.0, lambda_max=10.0))}["steps"]
    assert "2/λ_max" in found.unfit
    assert found.amount("steps").value is None


def test_the_widths_are_those_of_p8_and_lemma_c3():
    found = {one.name: one for one in all_requirements(replace(KNOWN, gram_norm=300.0))}
    m, c3 = (found[name].amount("m").value for name in ("width_concentration", "width_lemma_c3"))
    deviation = 300.0 * (0.5 + math.sqrt(0.5 * math.log(1 / 0.03))) / math.sqrt(m)
    assert deviation == pytest.approx(0.013 / 4, rel=1e-8)
    assert 800 * math.sqrt(math.log(2 * 800**2 / 0.03) / (2 * c3)) == pytest.approx(0.013 / 4, rel=1e-8)


def test_every_statement_has_a_name_of_its_own():
    names = [one.name for one in all_requirements(KNOWN)]
    assert len(set(names)) == len(names) == len(STATEMENTS) + len(EXPLICIT)
    assert all(isinstance(ask, Ask) for one in STATEMENTS.values() for ask in one.asks)


def test_bounded_coefficients_of_random_features_have_norm_one_at_most():
    """So γ of Assumption 3.3 is at most the hard margin of E[σ(uᵀx)σ(uᵀx')] = ½Σ¹ (docs/proofs.md P25).

    On the same features exactly, by the linear programme and the quadratic one.
    """
    rng = np.random.default_rng(0)
    X = rng.standard_normal((25, 4))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    y = np.sign(X[:, 0] + 0.1)
    features = np.maximum(rng.standard_normal((400, 4)) @ X.T, 0.0)  # (M, n)
    signed = (y * features).T / 400  # rows: y_i σ(u_jᵀx_i)/M
    programme = linprog(
        np.append(np.zeros(400), -1.0),
        A_ub=np.column_stack([-signed, np.ones(25)]),
        b_ub=np.zeros(25),
        bounds=[(-1, 1)] * 400 + [(None, None)],
    )
    margin = hard_margin(features.T @ features / 400, y)
    assert 0 < -programme.fun <= margin.upper
    assert -programme.fun > 0.3 * margin.upper
    mean = features.T @ features / 400
    assert np.abs(mean - 0.5 * Conjugate(1)(X @ X.T)).max() < 4 * 0.5 * math.sqrt(5 / 400)

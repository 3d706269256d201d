"""Bounds by norms, margins and counting: against slow twins, what they do not change with, what they ask for."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.theory.bounds import ROWS, Layered, Subject
from prefit.theory.bounds.bartlett2017 import chained
from prefit.theory.bounds.harvey2017 import vc_dimension
from prefit.theory.bounds.margins import candidates, mean_ramp
from prefit.theory.bounds.norms import spectral_norm
from tests.naive import rival_bounds as naive

NAMES = (
    "neyshabur2015",
    "golowich2018",
    "neyshabur2018",
    "bartlett2017_prior",
    "bartlett2017",
    "neyshabur2019",
    "harvey2017",
)
PAGES = Path(__file__).resolve().parents[2] / "docs" / "bounds"
SCALAR = ("neyshabur2015", "golowich2018")
TRAINED = {2: [(True, False), (True, True), (False, True)], 3: [(True, True, False), (True, True, True)]}


def bound_of(name, subject):
    return dict(ROWS)[name](subject, lambda portion: None)


def subject(seed=0, n=30, layers=2, outputs=1, trained=None, sphere=True, delta=0.05, moved=0.1):
    """A net of widths 5, 4 on d = 3, moved at random from its start, most labels its own."""
    rng = np.random.default_rng(seed)
    sizes = (3, *(5, 4)[: layers - 1], outputs)
    start = tuple(rng.standard_normal((sizes[l + 1], sizes[l])) for l in range(layers))
    trained = trained or (True,) * layers
    steps = [moved * rng.standard_normal(A.shape) * on for A, on in zip(start, trained, strict=True)]
    net = Layered(tuple(A + step for A, step in zip(start, steps, strict=True)), start, trained)
    X = rng.standard_normal((n, 3)) * rng.uniform(0.5, 2.0, (n, 1))
    X = X / np.linalg.norm(X, axis=1, keepdims=True) if sphere else X
    classes = max(outputs, 2)
    outs = net.outputs(X)
    labels = (outs[:, 0] <= 0.0).astype(int) if outputs == 1 else outs.argmax(axis=1)
    labels = np.where(rng.uniform(size=n) < 0.2, rng.integers(0, classes, n), labels)
    Y = np.where(labels == 0, 1.0, -1.0)[:, None] if outputs == 1 else np.eye(classes)[labels] - 1.0 / classes
    return Subject("module", net, X, Y, labels, classes, 0.5, delta, sphere)


CASES = [
    pytest.param(
        {"layers": layers, "trained": trained, "outputs": outputs, "sphere": sphere}, id=f"{trained}-{outputs}-{sphere}"
    )
    for layers, choices in TRAINED.items()
    for trained in choices
    for outputs in (1, 3)
    for sphere in (True, False)
]


# Twins ----------------------------------------------------------------------------------------------------------------


def twin(name, s):
    m, c = s.margins.tolist(), s.Y.shape[1]
    if name in SCALAR:
        return getattr(naive, name)(s.net, s.X, m, s.delta, s.sphere)
    if name == "neyshabur2018":
        return naive.neyshabur2018(s.net, m, s.delta, c)
    if name == "harvey2017":
        return naive.harvey2017(s.net, m, s.delta, c)
    return getattr(naive, name)(s.net, s.X, m, s.delta, s.sphere, c)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", NAMES)
def test_the_bound_is_its_formula(name, case):
    s = subject(seed=len(name), **case)
    bound = bound_of(name, s)
    if (name in SCALAR and case["outputs"] > 1) or (name == "neyshabur2019" and case["layers"] > 2):
        assert bound.value is None
        assert bound.verdict(0.5) == "not applicable"
    elif name != "neyshabur2018" or s.sphere:
        assert bound.value == pytest.approx(twin(name, s), rel=1e-10)


@pytest.mark.parametrize("moved", [0.0, 1e-4, 3.0])
@pytest.mark.parametrize("name", NAMES)
def test_nets_that_hardly_moved_and_nets_far_from_their_start(name, moved):
    s = subject(seed=1, n=200, moved=moved)
    assert bound_of(name, s).value == pytest.approx(twin(name, s), rel=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_a_net_that_is_never_right_has_a_value_above_one(name):
    s = subject(seed=2)
    wrong = replace(
        s, Y=np.where(s.net.outputs(s.X) > 0.0, -1.0, 1.0), labels=(s.net.outputs(s.X)[:, 0] > 0).astype(int)
    )
    assert bound_of(name, wrong).value >= 1.0


@settings(max_examples=40)
@given(margins=st.lists(st.floats(-2, 2), min_size=1, max_size=20), gammas=st.lists(st.floats(1e-3, 3), min_size=1))
def test_the_mean_ramp_is_the_mean_of_ramps(margins, gammas):
    slow = [naive.ramp(margins, gamma) for gamma in gammas]
    assert mean_ramp(np.array(margins), np.array(gammas)) == pytest.approx(slow, abs=1e-12)


@settings(max_examples=40)
@given(margins=st.lists(st.floats(-2, 2), min_size=1, max_size=20))
def test_the_margins_that_are_tried_end_with_the_largest(margins):
    found = candidates(np.array(margins))
    assert found[-1] == (max(margins) if max(margins) > 0.0 else 1.0)
    assert found.min() > 0.0


@pytest.mark.parametrize("shape", [(1, 7), (40, 3), (1100, 1200)])
def test_the_spectral_norm_is_the_largest_singular_value(shape):
    A = np.random.default_rng(0).standard_normal(shape)
    assert spectral_norm(A) == pytest.approx(naive.spectral(A), rel=1e-10)


@pytest.mark.parametrize("q", [0.0, 1e-30, 1e-9, 1e-4, 0.1, math.exp(-2.0), 0.2, 5.0])
def test_the_chain_has_its_best_length(q):
    assert chained(q) == pytest.approx(naive.chained(q), rel=1e-12)


def test_the_vc_dimension_is_that_of_the_two_layer_formula():
    """Neyshabur et al. 2019's: with R = H + 2C and Σ W_l = 2(D + 1)H + (H + 1)C, here without biases and C = 1."""
    H, D = 6, 4
    net = Layered((np.ones((H, D)), np.ones((1, H))), (np.ones((H, D)), np.ones((1, H))), (True, True))
    R, W = H + 2, 2 * D * H + H
    assert vc_dimension(net) == 2 + math.floor(W * math.log2(4 * math.e * R * math.log2(2 * math.e * R)))


# Terms ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_terms_give_the_value(outputs):
    """Each value again, from the row's own terms and n, δ alone."""
    s = subject(seed=4, outputs=outputs)
    for name in NAMES:
        bound = bound_of(name, s)
        if bound.value is None:
            continue
        t = dict(bound.terms)
        loss = t.get("ramp_loss", t.get("margin_loss", t.get("error")))
        complexity = complexity_from(name, t, s.delta)
        ends = {"bartlett2017_prior": naive.tail(s.delta, 0.0, t["n"], True), "neyshabur2018": 0.0}
        end = ends.get(name, naive.tail(s.delta, t.get("union", 0.0), t["n"]))
        assert bound.value == pytest.approx(loss + complexity + end, rel=1e-12), name
        assert all(math.isfinite(x) for x in t.values())


def complexity_from(name, t, delta):
    n = t["n"]
    match name:
        case "neyshabur2015":
            return 2.0 ** t["layers"] * t["ratio"] * t["data_norm"] / n
        case "golowich2018":
            return 2.0 * (math.sqrt(2.0 * math.log(2.0) * t["layers"]) + 1.0) * t["ratio"] * t["data_norm"] / n
        case "neyshabur2018":
            return math.sqrt((t["kl"] + math.log(2.0) + 0.5 * (math.log(2.0 * math.sqrt(n) / delta) + t["union"])) / n)
        case "bartlett2017_prior":
            root = math.sqrt(math.log(2.0 * t["width"] ** 2))
            factor = 36.0 * t["slope"] * math.log(n) * root * t["data_norm"] * t["spectral"]
            return 8.0 / n**1.5 + factor / (t["margin"] * n)
        case "bartlett2017":
            q = math.sqrt(2.0) * t["slope"] * t["data_norm"] * t["spectral"] / (t["margin"] * n)
            return 2.0 * naive.chained(q)
        case "neyshabur2019":
            return 2.0 * t["slope"] * (t["moved"] * t["data_norm"] + t["resting"]) / (t["margin"] * n)
        case _:
            return math.sqrt(2.0 * t["log_labellings"] / n)


# What they do not change with -----------------------------------------------------------------------------------------


def rescaled(net, exponents):
    """Layers times powers of two, start and end alike: no rounding, so that grids see the same numbers."""
    factors = [2.0**e for e in exponents]
    scaled = [tuple(f * A for f, A in zip(factors, part, strict=True)) for part in (net.matrices, net.start)]
    return Layered(scaled[0], scaled[1], net.trained)


@settings(max_examples=15)
@given(exponents=st.lists(st.integers(-6, 6), min_size=2, max_size=2), seed=st.integers(0, 1000))
def test_scales_of_the_layers_do_not_matter(exponents, seed):
    """f times a power of two has margins times it: every one of these bounds is of their ratio to norms."""
    s = subject(seed, n=20)
    other = replace(s, net=rescaled(s.net, exponents))
    for name in NAMES:
        assert bound_of(name, other).value == pytest.approx(bound_of(name, s).value, rel=1e-9), name


@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_the_order_of_examples_and_units_does_not_matter(seed):
    s, rng = subject(seed, n=20), np.random.default_rng(seed)
    rows, units = rng.permutation(20), rng.permutation(5)
    (U, V), (U0, V0) = s.net.matrices, s.net.start
    net = Layered((U[units], V[:, units]), (U0[units], V0[:, units]), s.net.trained)
    other = replace(s, net=net, X=s.X[rows], Y=s.Y[rows], labels=s.labels[rows])
    for name in NAMES:
        assert bound_of(name, other).value == pytest.approx(bound_of(name, s).value, rel=1e-6), name


@settings(max_examples=10)
@given(seed=st.integers(0, 1000), outputs=st.sampled_from([1, 3]))
def test_more_of_the_same_data_and_less_certainty_lower_it(seed, outputs):
    s = subject(seed, n=40, outputs=outputs)
    twice = replace(s, X=np.tile(s.X, (2, 1)), Y=np.tile(s.Y, (2, 1)), labels=np.tile(s.labels, 2))
    for name in NAMES:
        value = bound_of(name, s).value
        if value is not None:
            assert bound_of(name, twice).value < value, name
            assert bound_of(name, replace(s, delta=0.2)).value < value, name


@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
def test_moving_farther_at_the_same_margins_raises_what_starts_at_the_start(seed):
    """The same trained net seen from a start farther away; rounding up to grids allowed for."""
    s = subject(seed, n=30, trained=(True, False), moved=0.3)
    far = tuple(A + 4.0 * (M - A) for A, M in zip(s.net.matrices, s.net.start, strict=True))
    other = replace(s, net=Layered(s.net.matrices, far, s.net.trained))
    for name in ("neyshabur2018", "bartlett2017_prior", "bartlett2017", "neyshabur2019"):
        assert bound_of(name, other).terms["complexity"] > 0.9 * bound_of(name, s).terms["complexity"], name
    for name in ("neyshabur2015", "golowich2018", "harvey2017"):
        assert bound_of(name, other).value == bound_of(name, s).value


# What they ask for ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_preparation_learned_from_the_sample_is_an_unmet_assumption(name):
    s = subject()
    usual = "not applicable" if name == "bartlett2017_prior" else "vacuous"
    assert bound_of(name, s).verdict(0.5) == usual
    assert bound_of(name, replace(s, prepared=True)).verdict(0.5) == "not applicable"
    regression = replace(s, Y=s.Y * 0.3, labels=None, classes=0)
    assert bound_of(name, regression).value is None
    assert not bound_of(name, regression).assumptions[-1].met


@pytest.mark.parametrize("name", ["neyshabur2018", "bartlett2017_prior", "bartlett2017", "neyshabur2019", "harvey2017"])
def test_a_start_that_knew_the_sample_is_an_unmet_assumption(name):
    assert bound_of(name, replace(subject(), drawn=False)).verdict(0.5) == "not applicable"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("factor", [math.nan, math.inf, 1e120])
def test_a_network_that_diverged_has_no_value_and_says_so(name, factor):
    s = subject()
    with np.errstate(invalid="ignore"):
        diverged = replace(s.net, matrices=tuple(factor * A for A in s.net.matrices))
        bound = bound_of(name, replace(s, net=diverged))
    assert bound.value is None
    assert "diverged" in bound.assumptions[-1].text


@pytest.mark.parametrize("name", NAMES)
def test_margins_and_starts_of_nought_are_no_obstacle(name):
    """The smallest positive float as a margin, and a start of zeros."""
    s = subject(n=12)
    assert math.isfinite(bound_of(name, replace(s, X=s.X * np.r_[5e-324, np.ones(11)][:, None])).value)
    zero = replace(s.net, start=tuple(np.zeros_like(A) for A in s.net.start))
    assert bound_of(name, replace(s, net=zero)).value == pytest.approx(twin(name, replace(s, net=zero)), rel=1e-10)


def test_the_a_priori_form_shows_its_value_and_is_not_applicable():
    bound = bound_of("bartlett2017_prior", subject(n=100))
    assert bound.value > 0.0
    assert [one.text for one in bound.assumptions if not one.met] == [
        "radii and margin were fixed before the sample; here they are the measured ones"
    ]


def test_every_name_is_that_of_its_row():
    for name in NAMES:
        bound = bound_of(name, subject())
        assert bound.name == name
        assert bound.of == "this network"


# The pages ------------------------------------------------------------------------------------------------------------


def worked():
    """The example of docs/bounds/index.md: (1, 0) and (−1, 0), 10,000 times each, told apart by two units."""
    X = np.tile([[1.0, 0.0], [-1.0, 0.0]], (10_000, 1))
    labels = np.tile([0, 1], 10_000)
    W, V = np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([[1.0, -1.0]])
    start = (W + np.array([[0.0, 0.1], [0.0, 0.1]]), V)
    Y = np.where(labels == 0, 1.0, -1.0)[:, None]
    return Subject("module", Layered((W, V), start, (True, False)), X, Y, labels, 2, 0.5, 0.05, True)


@pytest.mark.parametrize("name", NAMES)
def test_the_worked_number_of_the_page_is_the_rows(name):
    text = (PAGES / f"{name.removesuffix('_prior')}.md").read_text(encoding="utf-8")
    (said,) = re.findall(rf"`{name}`\s+\*\*([\d.]+)\*\*", text)
    assert bound_of(name, worked()).value == pytest.approx(float(said), abs=0.5 * 10.0 ** -len(said.partition(".")[2]))


def test_every_row_stands_in_the_table_of_the_bounds():
    page, _, _ = (PAGES / "index.md").read_text(encoding="utf-8").partition("\n## ")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [name for name, _ in ROWS]

"""Bounds near the start, in the limit of infinite width and as orders, against their slow twins."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from prefit.errors import InputError
from prefit.kernels import Conjugate
from prefit.theory.bounds import OF_KERNEL, OF_MARGIN, ROWS, KernelFacts, Layered, Subject
from prefit.theory.bounds.arora2018 import best_compression, cushions, rebuilt
from prefit.theory.bounds.hardt2016 import descended
from prefit.theory.bounds.inverse_kl import inverse_kl
from prefit.theory.bounds.li2018 import largest_jacobian
from prefit.theory.bounds.near_start import NearStart, richness
from prefit.theory.bounds.scales import share
from prefit.theory.bounds.tangent import gradient_bound, linearized, tangent_gram
from prefit.theory.finite_width import richness as of_equal_outputs
from prefit.theory.kernel_class import KernelClass, paper_bound
from tests.naive import near_bounds as slow

ALL = dict(ROWS)
NEAR = ("arora2019_finite", "caogu2020", "caogu2020_measured", "caogu2020_order", "hardt2016", "arora2018")
FACTS = KernelFacts("two-layer", 0.5, 30.0, (0.15, 0.16), converged=0.9, stopped=0.6, step=7, scale=2.0)


def silent(portion: float) -> None:
    assert 0.0 <= portion <= 1.0


def bound(name: str, subject: Subject):
    return ALL[name](subject, silent)


def unit(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    X = rng.standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def subject_of(net: Layered, seed: int = 0, n: int = 30, **facts) -> Subject:
    """Labels that the net gets right but for a few; inputs of the sphere."""
    rng = np.random.default_rng([seed, 1])
    X = unit(rng, n, net.matrices[0].shape[1])
    Y = np.where(net.outputs(X) > 0.0, 1.0, -1.0) * np.where(rng.uniform(size=(n, 1)) < 0.1, -1.0, 1.0)
    known = {"loss": "logistic", "step_size": 0.5, "steps": 12, "fixed": True, "sphere": True, "kernel": FACTS} | facts
    labels = (Y[:, 0] < 0.0).astype(np.int64)
    return Subject("two-layer", net, X, Y, labels, 2, 0.4, 0.05, **known)


def two_layer(seed: int = 0, m: int = 20, d: int = 4, reach: float = 0.3, equal: bool = True) -> Layered:
    rng = np.random.default_rng(seed)
    v = rng.choice([-1.0, 1.0], m) / math.sqrt(m) * (1.0 if equal else rng.uniform(0.1, 2.0, m))
    W0 = rng.standard_normal((m, d))
    return Layered((W0 + reach * rng.standard_normal((m, d)), v[None]), (W0, v[None]), (True, False))


def deep(seed: int = 0, sizes: tuple[int, ...] = (4, 7, 6, 1), reach: float = 0.05) -> Layered:
    rng = np.random.default_rng(seed)
    start = [rng.standard_normal((b, a)) * math.sqrt(2.0 / b) for a, b in pairwise(sizes)]
    start[-1] = rng.choice([-1.0, 1.0], start[-1].shape)
    moved = [A + reach * rng.standard_normal(A.shape) for A in start[:-1]]
    return Layered((*moved, start[-1]), tuple(start), (True,) * (len(sizes) - 2) + (False,))


# Outputs that cancel --------------------------------------------------------------------------------------------------


def cancelling(m: int = 33, d: int = 7) -> Layered:
    """Every neuron twice, with outputs of both signs, as a start that is made 0: f = 0 but for rounding."""
    half = two_layer(m=m, d=d).start
    start = np.vstack([half[0], half[0]]), np.hstack([half[1], -half[1]]) / math.sqrt(2.0)
    return Layered(start, start, (True, False))


def test_an_output_within_the_rounding_of_its_sum_is_0():
    net, X = cancelling(), unit(np.random.default_rng(9), 40, 7)
    assert (net.hidden(X)[-1] != 0.0).any()
    assert (net.outputs(X) == 0.0).all()
    assert (net.outputs(X, start=True) == 0.0).all()
    moved = replace(net, matrices=(net.matrices[0] + 1e-12 * np.arange(66)[:, None], net.matrices[1]))
    assert (moved.outputs(X) == moved.hidden(X)[-1]).all()
    linear = Layered((np.array([[1.0, -1.0]]),), (np.array([[1.0, -1.0]]),), (False,))
    assert linear.outputs(np.array([[0.3, 0.3], [-1.0, 0.0]])).tolist() == [[0.0], [-1.0]]


@pytest.mark.parametrize("length", [1e160, 1e307])
def test_outputs_that_are_huge_or_no_numbers_are_left_as_they_are(length):
    net, X = two_layer(m=8), length * unit(np.random.default_rng(9), 20, 4)
    for matrices in (net.matrices, (1e160 * net.matrices[0], net.matrices[1])):
        made = replace(net, matrices=matrices)
        with np.errstate(over="ignore", invalid="ignore"):
            assert np.array_equal(made.outputs(X), made.hidden(X)[-1], equal_nan=True)


@pytest.mark.parametrize("name", ALL)
def test_a_net_whose_outputs_are_all_0_has_no_absurd_row(name):
    net, X = cancelling(), unit(np.random.default_rng(9), 40, 7)
    Y = np.where(np.arange(40) % 2 == 0, 1.0, -1.0)[:, None]
    options = {"dziugaite2017.steps": 2.0, "lambda_0": 0.02}
    subject = Subject("two-layer", net, X, Y, (Y[:, 0] < 0.0).astype(np.int64), 2, 0.5, 0.05, True, options=options)
    assert (subject.margins == 0.0).all()
    found = bound(name, subject)
    assert found.value is None or found.value < 1e4
    assert found.of != "this network" or found.verdict(0.5) != "informative"
    assert found.terms.get("margin", 1.0) >= 0.5


# Richness near W(0) ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize(("R", "B"), [(0.01, 0.05), (0.3, 1.0), (2.0, 9.0)])
def test_richness_is_that_of_the_slow_twin(R, B, equal):
    net, rng = two_layer(m=15, equal=equal), np.random.default_rng(2)
    X = unit(rng, 6, 4) * rng.uniform(0.5, 2.0, (6, 1))
    W, v = net.start[0], net.start[1][0]
    found = richness(NearStart(W, 0.0 * W, v), X, R, B, silent)
    assert found.linear == pytest.approx(slow.linear(W, v, X, B), rel=1e-12)
    assert found.each == pytest.approx(slow.each(W, v, X, R), rel=1e-12)
    assert found.total == pytest.approx(slow.jointly(W, v, X, B), rel=1e-7)


def test_for_equal_outputs_richness_is_the_papers_but_for_the_last_neuron_in_part():
    rng = np.random.default_rng(3)
    signs, W, X = rng.choice([-1.0, 1.0], 400), rng.standard_normal((400, 5)), unit(rng, 300, 5)
    ours = richness(NearStart(W, 0.0 * W, signs / 20.0), X, 0.1, 2.0, silent)
    papers = of_equal_outputs(W, signs, X, 0.1, 2.0)
    assert (ours.linear, ours.each) == pytest.approx((papers.linear, papers.each), rel=1e-12)
    assert papers.total <= ours.total <= 1.001 * papers.total


def test_no_movement_of_a_ball_adds_more_than_the_richness_says():
    """Σ_r (σ − linear part) over random movements of length B, and over the best ones: below e⁺ on each input."""
    rng = np.random.default_rng(4)
    net = two_layer(m=30, equal=False)
    W, v, x, B = net.start[0], np.abs(net.start[1][0]), unit(rng, 1, 4)[0], 3.0
    allowed = 2.0 * richness(NearStart(W, 0.0 * W, v), x[None], 0.0, B, silent).total
    u, tightest = W @ x, 0.0
    for _ in range(4000):
        lengths = np.abs(rng.standard_normal(30)) * (np.abs(u) < rng.uniform(0.0, 2.0)) * v ** rng.choice([0, 1])
        lengths *= B / max(float(np.linalg.norm(lengths)), 1e-12)
        d = -np.sign(u) * lengths
        added = v @ (np.maximum(u + d, 0.0) - (u >= 0.0) * (u + d))
        tightest = max(tightest, added / allowed)
    assert 0.5 < tightest <= 1.0


# The rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("equal", [True, False])
@pytest.mark.parametrize("reach", [0.01, 0.3, 2.0])
def test_arora2019_finite_is_its_formula(reach, equal):
    subject = subject_of(two_layer(reach=reach, equal=equal))
    found = bound("arora2019_finite", subject)
    W, W0, v = subject.net.matrices[0], subject.net.start[0], subject.net.start[1][0]
    assert found.value == pytest.approx(slow.finite(W, W0, v, subject.X, subject.Y[:, 0], 0.05), rel=1e-7)
    assert found.value == pytest.approx(found.terms["loss"] + found.terms["complexity"] + found.terms["tail"])
    assert found.terms["R"] >= found.terms["R_measured"]
    assert found.terms["B"] >= found.terms["B_measured"]
    assert all(one.met for one in found.assumptions)


@pytest.mark.parametrize("net", [deep(), deep(sizes=(3, 5, 5, 5, 1))], ids=["L = 2", "L = 3"])
def test_caogu2020_is_its_formula_at_any_depth(net):
    subject, n = subject_of(net), 30
    changes = [np.linalg.norm(A - A0) for A, A0 in zip(net.matrices, net.start, strict=True)]
    found = [slow.rounded_up(change, 0.25 / np.linalg.norm(net.start[-1]), 2**0.25) for change in changes]
    radii = [radius if one else 0.0 for (radius, _), one in zip(found, net.trained, strict=True)]
    share = math.prod(of for (_, of), one in zip(found, net.trained, strict=True) if one)
    G = [slow.layer_gradients(net.start, net.trained, x) for x in subject.X]
    linear = sum(radii[l] * math.sqrt(sum((g[l] ** 2).sum() for g in G)) for l in range(len(G[0]))) / n
    rest = sum(
        meeting + (up + down) / 2 for meeting, up, down in (slow.not_linear(net.start, radii, x) for x in subject.X)
    )
    row = bound("caogu2020", subject)
    assert (row.terms["I1"], row.terms["I2"]) == pytest.approx((rest / n, linear), rel=1e-7)
    assert {type(number) for number in (row.value, *row.terms.values())} == {float}
    assert row.terms["tau"] == pytest.approx(max(radii))
    assert row.value == pytest.approx(slow.caogu(subject.margins, linear + rest / n, 0.05 * share), rel=1e-7)
    assert row.verdict(0.4) in ("informative", "vacuous")


def test_caogu2020_is_its_formula():
    subject = subject_of(two_layer(reach=0.2))
    W, W0, v = subject.net.matrices[0], subject.net.start[0], subject.net.start[1][0]
    tau, of_tau = slow.rounded_up(np.linalg.norm(W - W0), 0.25 / np.linalg.norm(v), 2**0.25)
    complexity = slow.linear(W0, v, subject.X, tau) + slow.jointly(W0, v, subject.X, tau)
    found = bound("caogu2020", subject)
    assert found.value == pytest.approx(slow.caogu(subject.margins, complexity, 0.05 * of_tau), rel=1e-7)
    assert found.terms["tau"] == pytest.approx(tau)


@pytest.mark.parametrize("net", [deep(), deep(sizes=(3, 5, 5, 5, 1)), two_layer()], ids=["L = 2", "L = 3", "L = 1"])
def test_caogu2020_measured_is_its_formula_and_never_a_bound(net):
    subject, n = subject_of(net), 30
    G = [slow.layer_gradients(net.start, net.trained, x) for x in subject.X]
    norms = [math.sqrt(sum((g[l] ** 2).sum() for g in G)) for l in range(len(G[0]))]
    changes = [A - A0 for A, A0, one in zip(net.matrices, net.start, net.trained, strict=True) if one]
    first = 0.25 / (math.sqrt(len(changes)) * np.linalg.norm(net.start[-1]))
    tau, of_tau = slow.rounded_up(max(np.linalg.norm(C) for C in changes), first, 2**0.25)
    T, of_T = slow.rounded_up(math.sqrt(sum((C**2).sum() for C in changes)), first, 2**0.25)
    layers, joint = tau / n * sum(norms), T / n * math.hypot(*norms)
    F = net.outputs(subject.X, start=True)[:, 0] + [
        sum((a * b).sum() for a, b in zip(g, changes, strict=True)) for g in G
    ]
    I1 = np.abs(subject.outputs[:, 0] - F).mean()
    found = bound("caogu2020_measured", subject)
    assert [found.terms[name] for name in ("I1", "I2_layers", "I2_joint")] == pytest.approx([I1, layers, joint])
    paid = 0.05 * 0.5 * (of_tau if layers <= joint else of_T)
    assert found.value == pytest.approx(slow.caogu(subject.margins, I1 + min(layers, joint), paid), rel=1e-9)
    assert found.verdict(0.4) == "not applicable"


def test_caogu2020_order_is_its_formula_whatever_the_size_of_the_outputs():
    net = deep(reach=0.01)
    subject = subject_of(net)
    tau, loss = max(np.linalg.norm(A - B) for A, B in zip(net.matrices, net.start, strict=True)), 0.0
    for margin in subject.margins:
        loss += 2 / 30 / (1 + math.exp(margin))
    order = 2 * tau * math.sqrt(6 / 30) + 16 * math.sqrt(6 * math.log(6)) * tau ** (4 / 3)
    assert bound("caogu2020_order", subject).value == pytest.approx(loss + order)
    assert bound("caogu2020_order", subject).verdict(0.4) == "order only"
    one, halves = two_layer(m=16), two_layer(m=16)
    same = Layered(
        (one.matrices[0] / 4.0, 4.0 * one.matrices[1]), (one.start[0] / 4.0, 4.0 * one.start[1]), one.trained
    )
    values = [bound("caogu2020_order", subject_of(net)).value for net in (halves, same)]
    assert values[0] == pytest.approx(values[1])


@pytest.mark.parametrize("net", [deep(), two_layer()], ids=["L = 2", "L = 1"])
def test_hardt2016_is_its_formula_at_the_descended_linearization(net):
    subject = subject_of(net, step_size=0.04, steps=15)
    y, Z = subject.Y[:, 0], slow.features(net, subject.X)
    F = net.outputs(subject.X, start=True)[:, 0] + Z @ slow.descended(net, subject.X, y, 0.04, 15)
    assert descended(subject, 0.04, 15, silent) == pytest.approx(y * F, rel=1e-9)
    norms = [np.linalg.norm(A, 2) for A in net.start]
    G = math.sqrt(sum(math.prod(norms[:l] + norms[l + 1 :]) ** 2 for l in range(net.depth)))
    found = bound("hardt2016", subject)
    assert found.value == pytest.approx(slow.hardt(y * F, G, 0.04, 15, 0.05))
    assert found.terms["on_average"] == pytest.approx(
        np.mean([slow.ramp(m) for m in y * F]) + 2 * G**2 * 0.04 * 15 / 30
    )


@pytest.mark.parametrize("net", [deep(), deep(sizes=(3, 5, 5, 5, 1)), two_layer(equal=False)])
def test_the_tangent_is_that_of_single_gradients(net):
    subject = subject_of(net)
    Z = slow.features(net, subject.X)
    seen = linearized(net, subject.X, silent)
    assert np.linalg.norm(seen.norms) == pytest.approx(np.linalg.norm(Z))
    assert tangent_gram(net, subject.X, silent) == pytest.approx(Z @ Z.T)
    assert np.linalg.norm(Z, axis=1).max() <= gradient_bound(net)


# Compression ----------------------------------------------------------------------------------------------------------


def test_arora2018_cushions_are_those_of_the_slow_twin():
    for net in (deep(), deep(sizes=(3, 9, 8, 9, 2)), two_layer()):
        X = unit(np.random.default_rng(5), 12, net.matrices[0].shape[1])
        layer, between, contraction = slow.cushions(net.matrices, X)
        found = cushions(net, X)
        assert found.layer == pytest.approx(layer)
        assert found.between == pytest.approx(between)
        assert found.contraction == pytest.approx(contraction)


def test_arora2018_signs_point_along_what_moved():
    """√(π/2) ‖x‖/q Σ sign⟨M_k, x⟩ M_k: mean x to four standard errors, its square error ‖x‖² (P π/2)/q."""
    x = np.random.default_rng(6).standard_normal(200)
    sums = dict(rebuilt(x, [16, 20_000], 0))
    whole = math.sqrt(math.pi / 2) * np.linalg.norm(x) / 20_000 * sums[20_000]
    error = np.linalg.norm(x) * math.sqrt(math.pi / 2 / 20_000)
    assert np.abs(whole - x).max() <= 4.5 * error + 0.02 * np.abs(x).max()  # E sign·M is x's but for P finite: 1/P
    assert np.linalg.norm(whole - x) == pytest.approx(error * math.sqrt(200), rel=0.2)
    assert (np.abs(sums[16]) <= 16).all()
    assert (sums[16] == dict(rebuilt(x, [16], 0))[16]).all()
    assert (sums[16] != dict(rebuilt(x, [16], 1))[16]).any()


@pytest.mark.parametrize("net", [two_layer(), deep(sizes=(4, 6, 6, 3))], ids=["binary", "classes"])
def test_arora2018_is_the_union_over_what_the_signs_can_say(net):
    subject = subject_of(net) if net.matrices[-1].shape[0] == 1 else classes_of(net)
    best, found = best_compression(subject, silent), bound("arora2018", subject)
    wrong = np.mean(replace(subject, net=best.net).margins <= 0.0)
    length = math.sqrt(sum(((A - B) ** 2).sum() for A, B in zip(net.matrices, net.start, strict=True)))
    _, of_length = slow.rounded_up(length, 2**-10, math.sqrt(2.0))
    j = int(math.log2(best.signs / 8))
    log = best.signs * math.log(2) + math.log((j + 1) * (j + 2) / (0.05 * of_length))
    assert found.value == pytest.approx(inverse_kl(float(wrong), log / 30))
    assert found.terms["error"] == pytest.approx(wrong)
    assert found.value <= found.terms["error"] + math.sqrt(log / 60)
    assert found.of == "the compressed network"


def classes_of(net: Layered) -> Subject:
    X = unit(np.random.default_rng(7), 30, 4)
    labels = net.outputs(X).argmax(axis=1)
    return Subject("module", net, X, np.eye(3)[labels], labels, 3, 0.6, 0.05, sphere=True)


# The limit of infinite width ------------------------------------------------------------------------------------------


def test_arora2019_wide_is_the_better_of_stopped_and_converged():
    subject = subject_of(two_layer())
    assert bound("arora2019_wide", subject).value == 0.6
    late = replace(subject, kernel=replace(FACTS, stopped=None, step=None, scale=None))
    assert bound("arora2019_wide", late).value == 0.9
    assert bound("arora2019_wide", late).terms["leading"] == pytest.approx(math.sqrt(2 * 30.0 / 30))
    refused = bound("arora2019_wide", replace(subject, kernel=replace(FACTS, reason="Inputs coincide.")))
    assert refused.verdict(0.4) == "not applicable"
    assert refused.assumptions[-1].text == "Inputs coincide."
    assert bound("arora2019_wide", replace(subject, kernel=None)).value is None


def test_arora2019_paper_needs_a_lambda_0_of_the_distribution():
    subject = subject_of(two_layer())
    without, given = bound("arora2019_paper", subject), replace(subject, options={"lambda_0": 0.02})
    assert without.value is None
    assert without.terms == {"leading": pytest.approx(math.sqrt(2 * 30.0 / 30))}
    found = bound("arora2019_paper", given)
    assert found.value == pytest.approx(paper_bound(30.0, 30, 0.05, 0.02))
    assert found.value == pytest.approx(sum(found.terms[name] for name in ("leading", "width", "tail")))
    assert found.value > KernelClass(30, 0.05, 0.5, grid=1.0).at_convergence(30.0)  # docs/proofs.md P7
    refuted = bound("arora2019_paper", replace(given, kernel=replace(FACTS, smallest=0.019)))
    assert [one.text for one in refuted.assumptions if not one.met] == ["the sample's λ_min is at least λ0"]
    assert refuted.value is None
    assert bound("arora2019_paper", replace(given, kernel=replace(FACTS, smallest=0.02))).value == found.value
    assert bound("arora2019_paper", replace(subject, kernel=replace(FACTS, smallest=0.0))).terms == without.terms
    deeper = replace(given, kernel=replace(FACTS, name="ntk:2"))
    assert bound("arora2019_paper", deeper).verdict(0.4) == "not applicable"


def test_arora2019_paper_lists_nothing_of_a_kernel_that_is_unknown():
    given = replace(subject_of(two_layer()), kernel=None, options={"lambda_0": 0.02})
    failing = [one.text for one in bound("arora2019_paper", given).assumptions if not one.met]
    assert failing == ["the kernel of the infinitely wide network was computed"]


def test_arora2019_wide_gives_its_reason_once():
    late = replace(
        subject_of(two_layer()), prepared=True, kernel=replace(FACTS, reason="The columns were standardized.")
    )
    failing = [one.text for one in bound("arora2019_wide", late).assumptions if not one.met]
    assert failing == ["the preparation of the inputs was not learned from the sample"]


# Orders ---------------------------------------------------------------------------------------------------------------


def test_caogu2019_takes_the_margin_where_there_is_one():
    subject = subject_of(two_layer())
    found = bound("caogu2019", subject)
    assert found.terms["by_margin"] == pytest.approx(2 / (0.15 * math.sqrt(30)))
    assert found.terms["by_labels"] == pytest.approx(2 * math.sqrt(30.0 / 30))
    assert found.value == min(found.terms["by_margin"], found.terms["by_labels"])
    neither = replace(subject, kernel=replace(FACTS, quadratic_form=None, margin=(0.0, 0.0)))
    assert bound("caogu2019", neither).verdict(0.4) == "not applicable"


@pytest.mark.parametrize("net", [deep(), deep(sizes=(4, 6, 6, 3)), two_layer()])
def test_li2018_takes_the_largest_jacobian_on_the_sample(net):
    X, step = unit(np.random.default_rng(8), 9, 4), 1e-7
    largest = 0.0
    for x in X:
        J = [(net.outputs((x + step * e)[None]) - net.outputs((x - step * e)[None]))[0] / (2 * step) for e in np.eye(4)]
        largest = max(largest, np.linalg.norm(J, 2))
    assert largest_jacobian(net, X) == pytest.approx(largest, rel=1e-5)


def test_li2018_and_wei2019_are_their_formulas():
    net = two_layer()
    subject = subject_of(net)
    right = replace(subject, Y=np.sign(subject.outputs))
    J, n, p = largest_jacobian(net, subject.X), 30, 20
    gammas = [g for g in right.margins if g > 0]
    orders = [(right.margins < g).mean() + J * math.sqrt(2) * p / (g * math.sqrt(n)) for g in gammas]
    assert bound("li2018", right).value == pytest.approx(min(orders), rel=0.05)  # quantiles of the margins are tried
    norm = math.sqrt(sum((A**2).sum() for A in net.matrices))
    assert bound("wei2019", right).value == pytest.approx(norm**2 / right.margins.min() / math.sqrt(2) / math.sqrt(n))
    assert bound("wei2019", subject).verdict(0.4) == "not applicable"  # some examples are wrong


def test_daniely2017_takes_the_norm_of_the_conjugate_kernel():
    subject = subject_of(deep())
    K = np.asarray(Conjugate(2)(np.clip(subject.X @ subject.X.T, -1, 1)))
    form = (subject.Y.T @ np.linalg.solve(K, subject.Y)).item()
    assert bound("daniely2017", subject).value == pytest.approx(math.sqrt(form / 30), rel=1e-6)
    twice = replace(subject, X=np.vstack([subject.X[:15]] * 2))
    assert bound("daniely2017", twice).verdict(0.4) == "not applicable"


# What does not fit ----------------------------------------------------------------------------------------------------

OURS = (*NEAR, "arora2019_wide", "arora2019_paper", "caogu2019", "li2018", "wei2019", "daniely2017", "allenzhu2018")
UNFIT = {
    "prepared": ({"prepared": True}, [name for name in OURS if name not in ("allenzhu2018",)]),
    "chosen start": ({"drawn": False}, NEAR),
    "off the sphere": (
        {"sphere": False},
        ["caogu2020_order", "hardt2016", "arora2019_paper", "caogu2019", "daniely2017"],
    ),
    "quadratic loss": ({"loss": "quadratic"}, ["hardt2016"]),
    "large steps": ({"step_size": 9.0}, ["hardt2016"]),
    "unknown steps": ({"steps": None}, ["hardt2016"]),
    "steps by the sample": ({"fixed": False}, ["hardt2016"]),
    "real targets": ({"Y": np.linspace(-1, 1, 30)[:, None], "labels": None, "classes": 0}, OURS[:6]),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_row_that_does_not_fit_says_why(case):
    changes, names = UNFIT[case]
    for name in names:
        found = bound(name, replace(subject_of(two_layer()), **changes))
        assert found.verdict(0.4) == "not applicable", name
        assert any(not one.met and one.text for one in found.assumptions), name


def test_a_matrix_that_moved_was_trained():
    net = two_layer()
    with pytest.raises(InputError, match="Layer 1 is said not to be trained"):
        Layered(net.matrices, net.start, (False, False))


@pytest.mark.parametrize("name", OURS)
def test_every_row_has_an_answer_for_deep_nets_classes_and_nets_that_did_not_move(name):
    still = two_layer(reach=0.0)
    several = classes_of(deep(sizes=(4, 6, 6, 3)))
    for subject in (
        subject_of(deep()),
        several,
        subject_of(still),
        subject_of(two_layer(m=1)),
        subject_of(deep(), n=1),
    ):
        found = bound(name, subject)
        assert found.name == name
        assert found.value is None or math.isfinite(found.value)
        assert all(math.isfinite(term) for term in found.terms.values())
        assert found.value is not None or found.verdict(0.4) == "not applicable"


def test_the_shares_of_all_scales_sum_to_one():
    assert sum(share(k) for k in range(-100_000, 100_001)) == pytest.approx(1.0, abs=1e-4)


def test_a_net_of_which_nothing_was_trained_has_every_row():
    net = two_layer()
    subject = subject_of(Layered(net.start, net.start, (False, False)), n=50, options={"dziugaite2017.steps": 2.0})
    found = {name: bound(name, subject) for name in ALL}
    assert found["caogu2020"].terms["I1"] == found["caogu2020"].terms["I2"] == 0.0
    assert found["caogu2020"].value < bound("caogu2020", replace(subject, net=net)).value


@pytest.mark.parametrize("length", [1e16, 1e160, 1e300])
def test_inputs_whose_squares_are_no_numbers_have_no_value_that_is_none(length):
    subject = subject_of(two_layer(), n=50, options={"dziugaite2017.steps": 2.0}, kernel=None)
    huge = replace(subject, X=length * subject.X, sphere=False)
    found = {name: bound(name, huge) for name in ALL}
    assert not any(row.value is not None and math.isnan(row.value) for row in found.values())
    assert found["dziugaite2017"].value is None
    assert (found["caogu2020"].value is None) == (length > 1e154)


# What rows look at ----------------------------------------------------------------------------------------------------


def test_only_rows_that_say_so_look_at_the_kernel_or_its_margin():
    quick = {"dziugaite2017.steps": 2.0, "lambda_0": 0.02}
    subject = subject_of(two_layer(), n=50, options=quick)
    blind = replace(subject, kernel=None)
    apart = replace(subject, kernel=replace(FACTS, margin=(0.2, 0.3)))
    found = {name: [bound(name, one) for one in (subject, blind, apart)] for name in ALL}
    assert {name for name, (whole, without, _) in found.items() if whole != without} == OF_KERNEL
    assert {name for name, (whole, _, other) in found.items() if whole != other} == OF_MARGIN

"""The optimized PAC-Bayes bound: its parts against slow twins, its sampler against whole networks, what it refuses."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from prefit.theory.bounds import Bound, Layered, Subject
from prefit.theory.bounds.dziugaite2017 import COUNTING, certificate, confidence, dziugaite2017
from prefit.theory.bounds.gaussians import Posterior, Prior, Variances
from prefit.theory.bounds.inverse_kl import inverse_kl
from prefit.theory.bounds.posterior import STAGE, Effort, count_errors, optimized
from tests.gram.keepers import Interrupted, Stopping
from tests.naive import pac_bayes as slow

DELTA = 0.05
QUICK = {"dziugaite2017.steps": 25.0, "threads": 1.0}


def layered(sizes: tuple[int, ...], trained: tuple[bool, ...], reach: float = 0.3, seed: int = 0) -> Layered:
    rng = np.random.default_rng(seed)
    start = tuple(rng.standard_normal((b, a)) for a, b in pairwise(sizes))
    end = tuple(
        A + reach * rng.standard_normal(A.shape) if moves else A for A, moves in zip(start, trained, strict=True)
    )
    return Layered(end, start, trained)


def subject_of(net: Layered, n: int = 60, classes: int = 2, seed: int = 0, **facts) -> Subject:
    """Labels by the first coordinates."""
    rng = np.random.default_rng([seed, 2])
    X = rng.standard_normal((n, net.matrices[0].shape[1]))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    labels = (X[:, 0] < 0.0).astype(np.int64) if classes == 2 else X[:, :classes].argmax(axis=1)
    Y = np.where(labels == 0, 1.0, -1.0)[:, None] if classes == 2 else np.eye(classes)[labels]
    known = {"options": QUICK} | facts
    return Subject("module", net, X, Y, labels, classes, 0.5, DELTA, True, **known)


def posterior_of(net: Layered, deviation: float, chosen: int = 1) -> Posterior:
    """The trained net with one deviation for all that is random."""
    masks = Prior.of(net).random
    variances = tuple(deviation**2 * mask for mask in masks)
    return Posterior(net.matrices, variances, (chosen,) * len(masks))


def handing() -> Layered:
    """(W b; 0 1), (v c): the constant is handed on."""
    net = layered((4, 6, 1), (True, True))
    first = [np.vstack([A[:-1], [0.0, 0.0, 0.0, 1.0]]) for A in (net.matrices[0], net.start[0])]
    return Layered((first[0], net.matrices[1]), (first[1], net.start[1]), (True, True))


def silent(portion: float) -> None:
    assert 0.0 <= portion <= 1.0


def bound(subject: Subject) -> Bound:
    return dziugaite2017(subject, silent)


def unmet(row: Bound) -> list[str]:
    assert row.value is None
    return [one.text for one in row.assumptions if not one.met]


# Its parts ------------------------------------------------------------------------------------------------------------


def test_the_divergence_is_the_papers():
    net = layered((3, 5, 4, 1), (True, False, True))
    prior, rng = Prior.of(net), np.random.default_rng(4)
    variances = tuple(rng.uniform(0.1, 2.0, mask.shape) * mask for mask in prior.random)
    found = Posterior(net.matrices, variances, (-2, 5, 1)).divergence(prior)
    parts = [
        slow.divergence(net.matrices[l], variances[l], net.start[l], prior.grids[l].at(j)) for l, j in ((0, -2), (2, 1))
    ]
    assert found == pytest.approx(sum(parts), rel=1e-12)


def test_the_grid_of_variances_is_paid_for_in_full():
    grid = Variances(0.7)
    assert sum(math.exp(-grid.cost(j)) for j in range(-3000, 3001)) <= 1.0
    assert [grid.nearest(grid.at(j)) for j in range(-9, 9)] == list(range(-9, 9))


def test_two_roots_of_n_are_enough_from_eight_examples_on():
    assert all(slow.moment(n) <= 2.0 * math.sqrt(n) for n in (*range(8, 60), 500, 2000))
    assert slow.moment(2000) > 1.2 * math.sqrt(2000)


def test_the_certificate_is_the_two_inversions():
    net = layered((3, 5, 1), (True, False))
    prior, posterior = Prior.of(net), posterior_of(net, 0.5)
    found = certificate(30, 1000, posterior, prior, 200, DELTA)
    training = inverse_kl(0.03, math.log(1.0 / (COUNTING * DELTA)) / 1000)
    B = posterior.divergence(prior) + math.log(2 * 2 * 3) + math.log(2.0 * math.sqrt(200) / (0.9 * DELTA))
    assert found.value == inverse_kl(training, B / 200)
    assert slow.kl(training, found.value) == pytest.approx(B / 200, rel=1e-9)
    assert found.terms["divergence"] + found.terms["prior_choice"] + found.terms["logarithm"] == pytest.approx(B)


# The random network ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "classes"),
    [
        (layered((4, 6, 1), (True, False)), 2),
        (layered((4, 6, 5, 1), (True, True, True)), 2),
        (layered((4, 6, 3), (True, True)), 3),
        (handing(), 2),
    ],
    ids=["two-layer", "deep", "classes", "handing"],
)
def test_drawing_what_it_says_is_drawing_the_network(net, classes):
    """The mean error of 2,000 whole networks, and of as many draws a single example."""
    subject, passes = subject_of(net, 40, classes), 2000
    posterior, rng = posterior_of(net, 0.7), np.random.default_rng(1)
    nets = [Layered(posterior.drawn(rng), net.start, net.trained) for _ in range(passes)]
    whole = [float((replace(subject, net=one).margins <= 0.0).mean()) for one in nets]
    counted = count_errors(subject, posterior, passes, silent) / (passes * subject.n)
    error = math.hypot(np.std(whole) / math.sqrt(passes), 0.5 / math.sqrt(passes * subject.n))
    assert 0.05 < counted < 0.95
    assert abs(counted - np.mean(whole)) < 4.0 * error


def test_rows_that_hand_a_constant_on_stay_as_they_are():
    net = handing()
    prior, subject = Prior.of(net), subject_of(net)
    found = optimized(subject, prior, Effort(10), 5.0, silent)
    np.testing.assert_array_equal(found.means[0][-1], [0.0, 0.0, 0.0, 1.0])
    assert not found.variances[0][-1].any()
    assert (found.variances[0][:-1] > 0.0).all()
    assert prior.entries == 5 * 4 + 6


def test_a_net_whose_units_are_all_dead_is_an_error():
    net = Layered((-np.ones((2, 2)), np.ones((1, 2))), (-np.ones((2, 2)), np.ones((1, 2))), (False, True))
    subject = replace(subject_of(net, 10), X=np.ones((10, 2)), Y=np.ones((10, 1)))
    assert count_errors(subject, posterior_of(net, 1.0), 5, silent) == 50


# The row --------------------------------------------------------------------------------------------------------------


def test_the_descent_lowers_the_bound():
    net = layered((4, 30, 1), (True, False), reach=1.0)
    subject, prior = subject_of(net, 400), Prior.of(net)
    values = []
    for steps in (1, 60):
        posterior = optimized(subject, prior, Effort(steps), confidence(400, DELTA), silent)
        errors = count_errors(subject, posterior, 50, silent)
        values.append(certificate(errors, 50 * 400, posterior, prior, 400, DELTA).value)
    assert values[1] < 0.8 * values[0]


def test_memorized_noise_is_given_up():
    """Labels that are coins, memorized: the trained net's weights are useless, and the bound is near one half."""
    rng = np.random.default_rng(0)
    net = layered((4, 30, 1), (True, False), reach=3.0)
    subject = replace(subject_of(net, 2000), Y=rng.choice([-1.0, 1.0], (2000, 1)))
    assert 0.5 < bound(subject).value < 0.6


def test_every_term_gives_the_value_again():
    row = bound(subject_of(layered((4, 8, 1), (True, False)), 300))
    B = (row.terms["divergence"] + row.terms["prior_choice"] + row.terms["logarithm"]) / 300
    assert row.terms["B"] == pytest.approx(B)
    assert row.value == inverse_kl(row.terms["training_error"], row.terms["B"])
    assert row.terms["training_error"] > row.terms["counted_error"]
    assert row.terms["draws"] >= 200_000


def test_the_same_seed_gives_the_same_digits():
    subject = subject_of(layered((4, 8, 1), (True, False)))
    before = torch.random.get_rng_state()
    first, again = bound(subject), bound(subject)
    assert first == again
    assert bound(replace(subject, seed=1)).value != first.value
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("portion", [0.0, 0.2, 0.39, 0.5, 0.9])
def test_an_interrupted_descent_goes_on_and_ends_with_the_same_digits(portion):
    """Before and after λ stands on its grid, and while errors are counted; 23 steps are no whole epochs of 450."""

    def stops(now: float) -> None:
        if now >= portion:
            raise Interrupted

    options = {"dziugaite2017.steps": 23.0, "threads": 1.0}
    subject = subject_of(layered((4, 8, 5, 3), (True, True, False)), 450, 3, options=options)
    kept = replace(subject, keeper=Stopping(None))
    with pytest.raises(Interrupted):
        dziugaite2017(kept, stops)
    assert kept.keeper.stages[STAGE].facts["step"] == min(23, math.ceil(23 * portion / 0.8))
    assert bound(kept) == bound(subject)


def test_a_descent_that_had_ended_is_not_saved_again():
    subject = replace(subject_of(layered((4, 8, 1), (True, False))), keeper=Stopping(None))
    first = bound(subject)
    kept = subject.keeper.stages[STAGE]
    assert bound(subject) == first
    assert subject.keeper.stages[STAGE] is kept


def test_seconds_end_it_before_the_steps():
    subject = subject_of(
        layered((4, 8, 1), (True, False)), options=QUICK | {"dziugaite2017.steps": 1e9, "dziugaite2017.seconds": 0.1}
    )
    assert bound(subject).value is not None


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"drawn": False}, "the start was drawn independently of the sample"),
        ({"prepared": True}, "the preparation of the inputs was not learned from the sample"),
        (
            {"Y": np.full((60, 1), 0.3), "labels": None},
            "the targets are classes: one output with labels ±1, or an output for every class",
        ),
    ],
)
def test_what_it_does_not_fit_is_said(changes, text):
    assert text in unmet(bound(replace(subject_of(layered((4, 8, 1), (True, False))), **changes)))


def test_an_untrained_net_and_a_handful_of_examples():
    assert unmet(bound(subject_of(layered((4, 8, 1), (False, False))))) == ["some weights were trained"]
    assert unmet(bound(subject_of(layered((4, 8, 1), (True, False)), 7))) == ["at least 8 examples"]


def test_without_torch_the_row_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "prefit.theory.bounds.posterior")
    monkeypatch.delitem(sys.modules, "prefit.training.tensors", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert unmet(bound(subject_of(layered((4, 8, 1), (True, False))))) == [
        "torch is installed: pip install 'prefit[torch]'"
    ]

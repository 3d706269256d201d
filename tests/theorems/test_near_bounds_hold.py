"""Bounds of the kernel class, of the compressed and of the linearized net, where the error is known exactly.

A population is finitely many points with exact probabilities, as in `problems_with_known_error`. docs/proofs.md P7 and
P20; Arora et al. 2018, Theorem 2.1; Hardt et al. 2016, Theorem 3.8. The nets themselves are in `test_bounds_hold`.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from prefit.theory.bounds import ROWS, Layered, Subject
from prefit.theory.bounds.arora2018 import compressions, sizes_tried
from prefit.theory.bounds.arora2019 import arora2019_paper
from prefit.theory.bounds.hardt2016 import hardt2016
from prefit.theory.bounds.tangent import gradient_bound
from prefit.theory.kernel_class import KernelClass
from tests.naive import near_bounds
from tests.theorems.other_networks import (
    Arcs,
    converged_problem,
    converged_problems,
    functions,
    kernel_problems,
    linearized_outputs,
    linearized_problems,
    two_layer_kernel,
)
from tests.theorems.problems_with_known_error import problem, problems, wrong

DELTA = 0.05


def silent(portion: float) -> None:
    """Nobody watches."""


def too_many(failures: int, of: int) -> bool:
    """More than a bound of failure probability δ would have, at one chance in a thousand."""
    return failures > binom.ppf(0.999, of, DELTA)


# The kernel class, P7 -------------------------------------------------------------------------------------------------


def test_p7_holds_for_the_kernel_class_where_the_error_is_known():
    """150 problems, every function at once: within what δ allows; a control without the complexity fails."""
    failed, without_complexity, informative = 0, 0, 0
    for one in kernel_problems(150):
        n, family = one.n, KernelClass(one.n, DELTA, 0.5)
        bad = control = False
        for f, norm in functions(one):
            loss, error = one.losses(f)
            bound = loss + float(family.beyond_loss(norm))
            bad |= error > bound
            control |= error > loss + math.sqrt(math.log(1.0 / DELTA) / (2.0 * n))
            informative += bound < 0.4
        failed, without_complexity = failed + bad, without_complexity + control
    assert not too_many(failed, 150)
    assert too_many(without_complexity, 150)
    assert informative >= 50


# The converged net, Theorem 5.1 ---------------------------------------------------------------------------------------


def test_theorem_51_holds_where_lambda_0_and_the_error_are_known():
    """30 problems with inputs on two arcs of the circle; λ0 from the law of the inputs, never from the sample."""
    failed, informative, count = 0, 0, 30
    for subject, error in converged_problems(count):
        bound = arora2019_paper(subject, silent)
        assert bound.verdict(0.5) in ("informative", "vacuous")
        failed += error > bound.value
        informative += bound.value < 0.5
    assert not too_many(failed, count)
    assert informative == 6


def test_theorem_51_without_its_leading_term_fails_where_labels_are_intricate():
    """Negative control: 16 pieces, 16 examples, all fitted: the tail of a fixed function alone."""
    rng, tail = np.random.default_rng(52), math.sqrt(math.log(1.0 / DELTA) / 32.0)
    errors = [converged_problem(Arcs(0.7, 7), 16, rng)[1] for _ in range(40)]
    assert too_many(sum(error > tail for error in errors), 40)


def test_lambda_0_of_the_arcs_is_below_the_smallest_eigenvalue():
    """λ_min(H) ≥ (least gap)/(4π) in every sample, within a factor of 20 in some; ≥ λ0 in all but δ/3 of 300."""
    rng, arcs, n, below, tightest = np.random.default_rng(53), Arcs(0.3, 0), 12, 0, math.inf
    for _ in range(300):
        t = np.sort(arcs.angles(rng.uniform(0.0, 1.0, n)))
        smallest, gap = np.linalg.eigvalsh(two_layer_kernel(t, t))[0], np.diff(t).min()
        assert smallest >= gap / (4.0 * math.pi)
        tightest = min(tightest, smallest / (gap / (4.0 * math.pi)))
        below += smallest < arcs.lambda_0(n, DELTA)
    assert tightest <= 20.0
    assert below <= binom.ppf(0.999, 300, DELTA / 3.0)


# The compressed net ---------------------------------------------------------------------------------------------------


def test_arora2018_holds_for_the_compressed_net_where_the_error_is_known():
    """80 problems of all kinds, every compression of each at once."""
    failed, informative, count = 0, 0, 80
    for one in problems(count, DELTA, seed=18):
        bad = good = False
        for made in compressions(one.subject, sizes_tried(one.subject), silent):
            bad |= one.population.error(made.net.outputs(one.population.points)) > made.value
            good |= made.value < one.subject.trivial
        failed, informative = failed + bad, informative + good
    assert not too_many(failed, count)
    assert informative >= 20


def test_arora2018_unpaid_signs_are_no_bound():
    """Negative control: enough signs to keep what was memorized, at the price of a net that was fixed beforehand."""
    failed = 0
    for seed in range(20):
        one = problem("memorized", np.random.default_rng([3, seed]))
        (made,) = compressions(one.subject, [4096], silent)
        error = one.population.error(made.net.outputs(one.population.points))
        failed += error > made.error + math.sqrt(math.log(1.0 / DELTA) / (2.0 * one.subject.n))
        assert error <= made.value
    assert failed >= 18


# The net itself, from a start that knew the sample -------------------------------------------------------------------


@pytest.mark.parametrize(("name", "middle"), [("arora2019_finite", 0), ("caogu2020", 0), ("caogu2020", 1)])
def test_a_start_that_knew_the_sample_breaks_the_bound(name, middle):
    """Negative control: right wherever the sample was and wrong elsewhere, passed off as a net that had not moved."""
    for seed in range(3):
        subject, error = shattered(np.random.default_rng([21, seed]), middle)
        cheat = replace(subject, net=replace(subject.net, start=subject.net.matrices))
        row = dict(ROWS)[name]
        assert row(subject, silent).value >= error > row(cheat, silent).value


def shattered(rng: np.random.Generator, middle: int, size: int = 1800, n: int = 1200) -> tuple[Subject, float]:
    """As many dimensions as points, random labels: two units that are right at the n points drawn, and their error.

    middle   layers that hand both units on, and stay
    """
    points = rng.standard_normal((size, size))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    signs, rows = rng.choice([-1.0, 1.0], size), rng.integers(0, size, n)
    seen = np.isin(np.arange(size), rows)
    w = 4.0 * np.linalg.solve(points, np.where(seen, signs, -signs))  # outputs ±4: no unit near to changing sides
    v = np.array([[1.0, -1.0]])
    above = (*(np.eye(2),) * middle, v)
    start = (rng.standard_normal((2, size)), *above)
    net = Layered((np.stack([w, -w]), *above), start, (True, *(False,) * len(above)))
    labels = (signs[rows] < 0.0).astype(np.int64)
    subject = Subject("module", net, points[rows], signs[rows][:, None], labels, 2, 0.5, DELTA, sphere=True)
    return subject, float((signs * net.outputs(points)[:, 0] <= 0.0).mean())


# Stability: the linearized net ----------------------------------------------------------------------------------------


def test_hardt2016_holds_for_the_linearized_net_where_the_error_is_known():
    """50 problems; without stability, what was memorized fails."""
    failed, without_stability, informative, count = 0, 0, 0, 50
    for one in linearized_problems(count):
        bound, F = hardt2016(one.subject, silent), linearized_outputs(one)
        assert bound.verdict(1.0) in ("informative", "vacuous")
        error, tail = one.population.error(F), math.sqrt(math.log(1.0 / DELTA) / (2.0 * one.subject.n))
        failed += error > bound.value
        without_stability += error > float((one.counts * wrong(F)).sum()) / one.subject.n + tail
        informative += bound.value < one.subject.trivial
    assert not too_many(failed, count)
    assert too_many(without_stability, count)
    assert informative >= 10


def net_and_points(rng: np.random.Generator, size: int, m: int = 12, d: int = 3) -> tuple[Layered, np.ndarray]:
    X = rng.standard_normal((size, d))
    v = rng.choice([-1.0, 1.0], m) / math.sqrt(m)
    W = rng.standard_normal((m, d))
    return Layered((W, v[None]), (W, v[None]), (True, False)), X / np.linalg.norm(X, axis=1, keepdims=True)


def ramps(net: Layered, Z: np.ndarray, X: np.ndarray, y: np.ndarray, change: np.ndarray) -> np.ndarray:
    return np.clip(1.0 - y * (net.outputs(X, start=True)[:, 0] + Z @ change), 0.0, 1.0)


@pytest.mark.parametrize(("rate", "steps"), [(0.5, 10), (4.0, 10), (4.0, 100)])
def test_hardt2016_one_example_exchanged_moves_no_loss_by_more_than_epsilon(rate, steps):
    """|ℓ(A(S); z) − ℓ(A(S'); z)| ≤ 2G²ηT/n at every z, and as much as a tenth of it at some."""
    rng, n, largest = np.random.default_rng(30), 10, 0.0
    for _ in range(12):
        net, X = net_and_points(rng, n + 1)
        y, Z = rng.choice([-1.0, 1.0], n + 1), near_bounds.features(net, X)
        whole = near_bounds.descended(net, X[:n], y[:n], rate, steps)
        other = near_bounds.descended(net, X[1:], y[1:], rate, steps)
        moved = np.abs(ramps(net, Z, X, y, whole) - ramps(net, Z, X, y, other)).max()
        epsilon = 2.0 * gradient_bound(net) ** 2 * rate * steps / n
        assert moved <= epsilon
        largest = max(largest, moved / min(epsilon, 1.0))
    assert largest >= 0.1


def test_hardt2016_bounds_the_mean_gap_over_samples():
    """Mean of L_D − L_S of the ramp loss over 300 samples: above 0 and below ε, by four standard errors."""
    rng, n, rate, steps = np.random.default_rng(31), 12, 2.0, 6
    net, X = net_and_points(rng, 40)
    y, Z = rng.choice([-1.0, 1.0], 40), near_bounds.features(net, X)
    gaps = []
    for _ in range(300):
        rows = rng.integers(0, 40, n)
        change = near_bounds.descended(net, X[rows], y[rows], rate, steps)
        losses = ramps(net, Z, X, y, change)
        gaps.append(losses.mean() - losses[rows].mean())
    error = 4.0 * np.std(gaps, ddof=1) / math.sqrt(len(gaps))
    epsilon = 2.0 * gradient_bound(net) ** 2 * rate * steps / n
    assert error < np.mean(gaps) <= epsilon - error

"""Finite two-layer nets against their limit: Arora et al. 2019, Thm 4.1, Lemma C.3; Cao & Gu 2020, eq. 3.1; P8, P17.

Digits and random inputs, seeds fixed; the whole file takes about a minute of one core.
"""

from __future__ import annotations

import math
from contextlib import closing

import numpy as np
import pytest

from prefit.data import load
from prefit.data.distinct import unit_rows
from prefit.gram import Workers
from prefit.networks.two_layer import TwoLayer
from prefit.spectra import eigensystem
from prefit.theory.arora2019 import decay
from prefit.theory.finite_width import concentrated, concentration, lemma_5_4, lemma_c3, richness
from prefit.theory.margins import hard_margin
from prefit.training.two_layer import TwoLayerEngine
from tests.gram.problems import gram_of
from tests.naive import checks


@pytest.fixture(scope="module")
def workers():
    with closing(Workers(2)) as team:
        yield team


@pytest.fixture(scope="module")
def digits():
    """(unit rows, labels, H, its eigensystem, η = 1/λ_max) of 500 digits, even against odd."""
    train = load("digits", limit=500).train
    X, _ = unit_rows(train.X)
    y = np.where(train.labels % 2 == 0, 1.0, -1.0)[:, None]
    H = gram_of(train.X.astype(float)).operator.K
    system = eigensystem(H.copy())
    return X, y, H, system, 1.0 / float(system.values[-1])


def linear(system, rest, rate, steps):
    """(t, n) the residual (I − ηH)^k rest."""
    return system.labels(rest).apply_many(lambda values: decay(values, rate, np.asarray(steps, float)))[:, 0].T


def residuals(engine, y, rate, steps):
    """(steps + 1, n) y − u(k) of full-batch descent on Φ."""
    out = []
    for _ in range(steps + 1):
        u = engine.forward()
        out.append((y - u)[:, 0])
        engine.descend(u - y, rate)
    return np.array(out)


# Theorem 4.1 ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_theorem_41_a_wide_net_follows_the_infinitely_wide_one_and_its_own_kernel_closer(digits, workers):
    """m = 2^15, κ = 1, antisymmetric: within 2% for 300 steps, within 0.5% of the H(0) prediction for 50."""
    X, y, _, system, rate = digits
    engine = TwoLayerEngine(TwoLayer.initialized(2**15, 64, antisymmetric=True, seed=0), X, workers)
    assert np.abs(engine.forward()).max() == 0.0
    own = linear(eigensystem(engine.kernel()), y, rate, range(51))
    measured = np.linalg.norm(residuals(engine, y, rate, 300), axis=1)
    infinite = np.linalg.norm(linear(system, y, rate, range(301)), axis=1)
    assert np.abs(measured / infinite - 1.0).max() <= 0.02  # seen: 0.0123, at k = 300
    assert np.abs(measured[:51] / np.linalg.norm(own, axis=1) - 1.0).max() <= 0.005  # seen: 0.0007


@pytest.mark.slow
def test_theorem_41_outputs_approach_their_limit_like_one_over_the_root_of_the_width(digits, workers):
    """Mean of ‖u(k) − ũ(k)‖ over five seeds: slope −0.5 ± 0.15 (seen: −0.49 at k = 10, −0.42 at k = 50)."""
    X, y, _, system, rate = digits
    widths, steps, gaps = (256, 1024, 4096, 16384), [10, 50], []
    limit = linear(system, y, rate, steps)
    for width in widths:
        nets = [TwoLayer.initialized(width, 64, antisymmetric=True, seed=seed) for seed in range(5)]
        ends = [residuals(TwoLayerEngine(net, X, workers), y, rate, 50)[steps] for net in nets]
        gaps.append(np.mean([np.linalg.norm(end - limit, axis=1) for end in ends], axis=0))
    for slope in np.polyfit(np.log(widths), np.log(gaps), 1)[0]:
        assert -0.65 <= slope <= -0.35


def test_theorem_41_fails_where_the_outputs_at_the_start_are_large(digits, workers):
    """Failure without the assumption: κ = 4 is not O(εδ/√n), and no width mends it: E‖u(0)‖² = nκ²/2."""
    X, y, _, _, rate = digits
    starts = []
    for width in (256, 4096):
        nets = [TwoLayer.initialized(width, 64, init_scale=4.0, seed=seed) for seed in range(4)]
        first = [residuals(TwoLayerEngine(net, X, workers), y, rate, 0)[0] for net in nets]
        starts.append(np.mean([np.linalg.norm(one) for one in first]))
    assert min(starts) > 1.3 * math.sqrt(500.0)


# Lemma C.3 and P8 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("antisymmetric", [False, True])
def test_lemma_c3_and_p8_hold_in_200_of_200_seeds(antisymmetric):
    rng = np.random.default_rng(0)
    X, _ = unit_rows(rng.standard_normal((60, 8)))
    S, m, delta = X @ X.T, 512, 0.01
    neurons = m // 2 if antisymmetric else m
    found = [
        concentrated(X, neurons, TwoLayer.initialized(m, 8, antisymmetric=antisymmetric, seed=seed).gram(X))
        for seed in range(200)
    ]
    deviations = np.array([one.deviation for one in found])
    ours, spread = concentration(found[0].norm, delta, neurons), found[0].spread
    assert ours == pytest.approx(checks.concentration_p8(S, neurons, delta), rel=1e-12)
    assert spread == pytest.approx(checks.spread_p8(S, neurons), rel=1e-9)
    assert lemma_c3(60, delta, neurons) == pytest.approx(checks.lemma_c3(60, neurons, delta), rel=1e-12)
    assert (deviations <= ours).all()
    assert ours < lemma_c3(60, delta, neurons)
    # The root mean square is what P8 says, to four of its own standard errors.
    squares = deviations**2
    assert abs(squares.mean() - spread**2) <= 4.0 * squares.std(ddof=1) / math.sqrt(200)


def test_lemma_c3_the_deviation_falls_like_one_over_the_root_of_the_width():
    rng = np.random.default_rng(1)
    X, _ = unit_rows(rng.standard_normal((60, 8)))
    widths = [2**power for power in range(6, 14)]
    means = [
        np.mean([concentrated(X, m, TwoLayer.initialized(m, 8, seed=seed).gram(X)).deviation for seed in range(12)])
        for m in widths
    ]
    assert np.polyfit(np.log(widths), np.log(means), 1)[0] == pytest.approx(-0.5, abs=0.04)


# The gradient lower bound, P18 ----------------------------------------------------------------------------------------


def test_p18_b_0_is_near_its_limit_and_above_the_hard_margin(workers):
    """Digits 3 against 8, L = 1, κ = √2, m = 20,000: seen 0.3190 and 0.3184, the margin 0.066."""
    train = load("digits", classes="3,8").train
    X, _ = unit_rows(train.X)
    y = np.where(train.labels == 0, 1.0, -1.0)
    H = gram_of(train.X.astype(float)).operator.K
    margin = hard_margin(H, y)
    engine = TwoLayerEngine(TwoLayer.initialized(20_000, 64, init_scale=math.sqrt(2.0), seed=0), X, workers)
    f = engine.forward()[:, 0]
    p = checks.surrogate_weights(y, f)
    slopes = -y / (1.0 + np.exp(y * f)) / y.size
    measured = float(engine.gradient_norms(slopes[:, None])[0]) / float(np.abs(slopes).sum())
    limit = math.sqrt((p * y) @ H @ (p * y))
    apart = float(p @ p) * float(np.linalg.norm(engine.kernel() - H))
    assert abs(measured**2 - limit**2) <= apart
    assert measured == pytest.approx(limit, rel=0.02)
    assert margin.upper == pytest.approx(0.0659, abs=1e-4)
    assert min(measured, limit) > 3.0 * margin.upper


def test_p18_logistic_kernel_descent_lowers_b_k_to_the_hard_margin():
    """A net of infinite width: B_k falls towards B_* and never below it."""
    rng = np.random.default_rng(0)
    X, _ = unit_rows(rng.standard_normal((30, 5)))
    y = np.where(X[:, 0] > 0, 1.0, -1.0)
    K = gram_of(X).operator.K
    margin, f, seen = hard_margin(K, y, 1e-6), np.zeros(30), []
    for k in range(20_001):
        if k in (0, 10, 100, 1000, 20_000):
            p = checks.surrogate_weights(y, f)
            seen.append(math.sqrt((p * y) @ K @ (p * y)))
        f = f + 20.0 * K @ (y / (1.0 + np.exp(y * f)) / 30)
    assert np.all(np.diff(seen) < 0.0)
    assert seen[-1] >= margin.lower
    assert seen[-1] <= 1.1 * margin.upper


# Lemma 5.4 and P17 ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kappa", "R", "B"), [(1.0, 0.05, 0.5), (1.0, 0.2, 2.0), (0.3, 0.2, 3.0), (0.1, 0.3, 4.0)])
def test_p17_is_above_what_ascent_finds_and_below_lemma_54(kappa, R, B):
    """Projected ascent on (1/n) Σ ε_i f(x_i) over ‖w_r − w_r(0)‖ ≤ R, ‖W − W(0)‖_F ≤ B: a lower estimate of R_S."""
    rng = np.random.default_rng(0)
    X, _ = unit_rows(rng.standard_normal((30, 6)))
    net = TwoLayer.initialized(200, 6, init_scale=kappa, seed=3)
    found = richness(net.weights, net.output[:, 0], X, R, B)
    slow = checks.richness(net.weights, net.output[:, 0], X, R, B)
    assert (found.linear, found.each, found.total) == pytest.approx(slow, rel=1e-12)
    start = float(np.mean(net.predict(X)))
    values = [ascended(net, X, rng.choice([-1.0, 1.0], 30), R, B) for _ in range(20)]
    assert np.mean(values) - 4.0 * np.std(values, ddof=1) / math.sqrt(20) <= found.bound
    assert found.bound <= lemma_5_4(30, 200, kappa, R, B, 0.1, False)
    assert np.mean(values) >= 0.1 * found.linear - abs(start)


def ascended(net, X, signs, R, B):
    """Largest (1/n) Σ ε_i (f_W(x_i) − f_{W(0)}(x_i)) that forty projected gradient steps find."""
    W0, a, m = net.weights, net.output[:, 0], net.width
    W, best = W0.copy(), 0.0
    base = np.maximum(X @ W0.T, 0.0) @ a / math.sqrt(m)
    for _ in range(40):
        on = X @ W.T >= 0.0
        gradient = (a[:, None] * ((on * signs[:, None]).T @ X)) / math.sqrt(m)
        D = W - W0 + B * gradient / np.linalg.norm(gradient)
        D *= np.minimum(1.0, R / np.maximum(np.linalg.norm(D, axis=1, keepdims=True), 1e-300))
        W = W0 + D * min(1.0, B / np.linalg.norm(D))
        best = max(best, float(signs @ (np.maximum(X @ W.T, 0.0) @ a / math.sqrt(m) - base)) / len(X))
    return best


def test_p17_one_neurons_part_is_attained():
    """0 ≤ σ(u + d) − 1{u ≥ 0}(u + d) ≤ (|d| − |u|)₊, with equality where d takes u to the other side."""
    rng = np.random.default_rng(0)
    u, d = rng.standard_normal(10**5), rng.standard_normal(10**5)
    beyond = np.maximum(u + d, 0.0) - (u >= 0.0) * (u + d)
    assert np.all(beyond >= 0.0)
    assert np.all(beyond <= np.maximum(np.abs(d) - np.abs(u), 0.0) + 1e-15)
    crossed = (u >= 0.0) != (u + d >= 0.0)
    assert beyond[crossed] == pytest.approx((np.abs(d) - np.abs(u))[crossed], rel=1e-9, abs=1e-12)

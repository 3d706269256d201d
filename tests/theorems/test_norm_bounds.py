"""What stands behind the bounds by norms and by counting (docs/proofs.md P21), each step where it can be computed."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from prefit.theory.bounds import Layered, Subject
from prefit.theory.bounds.bartlett2017 import chained
from prefit.theory.bounds.grids import Geometric
from prefit.theory.bounds.harvey2017 import log_labellings
from prefit.theory.bounds.margins import LEAST, RATIO
from prefit.theory.bounds.neyshabur2018 import noise_of
from prefit.theory.bounds.neyshabur2019 import rounded_up


def circle(n):
    angles = np.linspace(0.0, 2.0 * np.pi, n, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def signs(rng, draws, n):
    return rng.choice([-1.0, 1.0], (draws, n))


# 1. Peeling -----------------------------------------------------------------------------------------------------------


def test_two_layer_nets_of_bounded_product_are_as_rich_as_one_unit_and_no_richer_than_both_papers_say():
    """d = 2, where the supremum is over an angle: R_S = (1/n) E max_u |Σ ε_i σ(uᵀx_i)|."""
    rng, n = np.random.default_rng(0), 40
    X = circle(7)[rng.integers(0, 7, n)]
    sums = signs(rng, 400, n) @ np.maximum(X @ circle(720).T, 0.0)
    measured = float(np.abs(sums).max(axis=1).mean()) / n
    neyshabur, golowich = 2.0 / math.sqrt(n), (math.sqrt(2.0 * math.log(2.0)) + 1.0) / math.sqrt(n)
    assert 0.4 * neyshabur < measured < neyshabur  # seen: 0.46
    assert measured < golowich  # with one layer peeled, the least it can be


def test_golowichs_exponential_moment_pays_for_the_depth_under_a_root():
    """ln E exp(λ‖Σ ε_i x_i‖) ≤ λ‖X‖_F + λ²‖X‖_F²/2: what makes √(2 ln 2 · D) of 2^D."""
    rng = np.random.default_rng(1)
    X = circle(30) * rng.uniform(0.2, 1.0, (30, 1))
    lengths, norm = np.linalg.norm(signs(rng, 20_000, 30) @ X, axis=1), np.linalg.norm(X)
    for rate in (0.1, 0.5, 1.0):
        assert math.log(np.exp(rate * lengths).mean()) <= rate * norm + rate**2 * norm**2 / 2.0


# 2. Covering without rounding up --------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_shrunk_mean_of_k_corners_is_near_every_point_of_the_hull(k):
    """Within B/(1 + √k), where the plain mean of k is only within B/√k."""
    rng = np.random.default_rng(k)
    for _ in range(20):
        V = rng.standard_normal((5, 4))
        V *= 2.0 / np.linalg.norm(V, axis=1, keepdims=True)
        U = rng.dirichlet(np.full(5, rng.choice([0.1, 1.0, 10.0]))) @ V
        means = np.array([V[list(at)].mean(axis=0) for at in itertools.product(range(5), repeat=k)])
        shrunk = math.sqrt(k) / (1.0 + math.sqrt(k)) * means
        assert np.linalg.norm(shrunk - U, axis=1).min() <= 2.0 / (1.0 + math.sqrt(k))


def test_its_mean_square_is_the_formula():
    """E‖c·mean − U‖² = (1 − c)²‖U‖² + c²(E‖V‖² − ‖U‖²)/k."""
    rng, k, c = np.random.default_rng(5), 2, 0.6
    V, weights = rng.standard_normal((4, 3)), rng.dirichlet(np.ones(4))
    U, total = weights @ V, 0.0
    for at in itertools.product(range(4), repeat=k):
        total += math.prod(weights[list(at)]) * np.square(c * V[list(at)].mean(axis=0) - U).sum()
    spread = weights @ np.square(V).sum(axis=1) - U @ U
    assert total == pytest.approx((1 - c) ** 2 * (U @ U) + c**2 * spread / k)


def test_two_nets_differ_by_no_more_than_their_layers_distances_carried_through():
    rng = np.random.default_rng(6)
    for _ in range(50):
        A = [rng.standard_normal(shape) for shape in ((4, 3), (5, 4), (2, 5))]
        U = [0.3 * rng.standard_normal(M.shape) for M in A]
        X = circle(20) @ rng.standard_normal((2, 3))
        nets = [
            Layered(tuple(part), tuple(part), (True,) * 3) for part in (A, [M + V for M, V in zip(A, U, strict=True)])
        ]
        apart = np.linalg.norm(nets[0].outputs(X) - nets[1].outputs(X), axis=1)
        a, u = [np.linalg.norm(M, 2) for M in A], [np.linalg.norm(M, 2) for M in U]
        room = math.prod(x + y for x, y in zip(a, u, strict=True)) - math.prod(a)
        assert np.all(apart <= room * np.linalg.norm(X, axis=1))


# 3. The chain ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("corners", [4, 64])
def test_the_chain_is_above_the_richness_of_a_hull_whose_covering_numbers_are_these(corners):
    """ln N(ε) ≤ (B²/ε²) ln(2N) for the hull of ±B v_j in R^n; its R_S is (B/n) E max_j |⟨ε, v_j⟩|."""
    rng, n = np.random.default_rng(7), 2000
    V = rng.standard_normal((n, corners))
    V /= np.linalg.norm(V, axis=0)
    B = 2.0
    measured = B / n * float(np.abs(signs(rng, 200, n) @ V).max(axis=1).mean())
    bound = chained(math.sqrt(2.0 * math.log(2.0 * corners)) * B / n)
    dudley = 12.0 * B * math.sqrt(math.log(2.0 * corners)) / n
    dudley *= 1.0 + math.log(n / (3.0 * B * math.sqrt(math.log(2.0 * corners))))
    assert measured < bound < 0.4 * dudley


# 4. Noise that no margin notices --------------------------------------------------------------------------------------


@pytest.mark.parametrize("outputs", [1, 3])
def test_half_of_the_noise_moves_the_net_by_no_more_than_the_margin_allows(outputs):
    """Widths 30 and 20: spectral norms within reach more often than half the time, and then nothing beyond γ/2."""
    rng = np.random.default_rng(8)
    A = tuple(rng.standard_normal(shape) / math.sqrt(shape[1]) for shape in ((30, 10), (20, 30), (outputs, 20)))
    start = tuple(M + 0.1 * rng.standard_normal(M.shape) for M in A)
    X = rng.standard_normal((200, 10))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    net = Layered(A, start, (True, True, True))
    Y = np.ones((200, 1)) if outputs == 1 else np.eye(3)[np.zeros(200, int)]
    noise = noise_of(Subject("module", net, X, Y, np.zeros(200, int), max(2, outputs), 0.5, 0.05, True))
    gamma, slack = 0.2, 2.0 if outputs == 1 else 2.0 * math.sqrt(2.0)
    sigmas, _ = noise.within(math.log1p(gamma / (slack * math.prod(net.spectral_norms))))
    inside = 0
    for _ in range(60):
        U = [sigma * rng.standard_normal(M.shape) for sigma, M in zip(sigmas, A, strict=True)]
        within = [np.linalg.norm(V, 2) <= s * g for V, s, g in zip(U, sigmas, noise.reaches, strict=True)]
        if all(within):
            inside += 1
            moved = Layered(tuple(M + V for M, V in zip(A, U, strict=True)), start, net.trained)
            assert np.linalg.norm(moved.outputs(X) - net.outputs(X), axis=1).max() <= gamma / slack
    assert inside >= 30


@pytest.mark.parametrize("at", [0.0, -0.5, 1.0])
def test_conditioning_on_an_event_of_half_the_mass_costs_a_factor_two_and_ln_2(at):
    """KL(Q|E ‖ P) ≤ 2 KL(Q ‖ P) + 2 ln 2 for Q(E) ≥ ½, Q = N(1, 1), P = N(0, 1), E = [at, ∞)."""
    x = np.linspace(-12.0, 14.0, 200_001)
    step, q = x[1] - x[0], np.exp(-0.5 * (x - 1.0) ** 2) / math.sqrt(2.0 * math.pi)
    inside = x >= at
    mass = float((q * inside).sum() * step)
    ratio = np.log(q / mass) + 0.5 * x * x + 0.5 * math.log(2.0 * math.pi)
    divergence = float((q / mass * ratio * inside).sum() * step)
    assert mass >= 0.5 - 1e-4
    assert divergence <= 2.0 * 0.5 + 2.0 * math.log(2.0)


def test_maurers_constant_holds_for_few_examples_too():
    """Σ_k (n choose k)(k/n)^k(1 − k/n)^{n−k} ≤ 2√n, which he has for n ≥ 8: E exp(n kl) of a mean of n coin tosses."""
    for n in range(1, 30):
        total = sum(math.comb(n, k) * (k / n) ** k * (1.0 - k / n) ** (n - k) for k in range(n + 1))
        assert total <= 2.0 * math.sqrt(n)


# 5. Units one by one --------------------------------------------------------------------------------------------------


def test_a_unit_that_moves_by_beta_is_as_rich_as_beta_times_the_data():
    """Suprema over the disc ‖u − u0‖ ≤ β, d = 2: signed ≤ β‖X‖_F, absolute ≤ 2β‖X‖_F + ‖σ(u0X)‖, square ≤ 5β²‖X‖_F²."""
    rng, n, beta = np.random.default_rng(9), 30, 0.7
    X, u0 = circle(30) * rng.uniform(0.5, 1.5, (30, 1)), np.array([0.4, -0.2])
    disc = np.concatenate([r * circle(180) for r in (0.0, 0.25, 0.5, 0.75, 1.0)]) * beta
    values, resting = np.maximum(X @ (u0 + disc).T, 0.0), np.maximum(X @ u0, 0.0)
    draws, norm = signs(rng, 1000, n), np.linalg.norm(X)
    sums = draws @ values
    assert 0.3 * beta * norm < (sums - (draws @ resting)[:, None]).max(axis=1).mean() < beta * norm  # seen: 0.47
    assert np.abs(sums).max(axis=1).mean() < 2.0 * beta * norm + np.linalg.norm(resting)
    change = np.abs(sums - (draws @ resting)[:, None]).max(axis=1)
    assert np.square(change).mean() < 5.0 * beta**2 * norm**2


def test_the_vectors_of_quanta_are_as_many_as_are_paid_for():
    """k_j ≥ 1 with Σ k_j ≤ N + h: (N + h choose h) of them, and every rounded vector is one."""
    h, N, rng = 3, 6, np.random.default_rng(10)
    every = {k for k in itertools.product(range(1, N + h + 1), repeat=h) if sum(k) <= N + h}
    assert len(every) == math.comb(N + h, h)
    for _ in range(200):
        lengths = rng.exponential(1.0, h) * rng.integers(0, 2, h)
        up, union = rounded_up(lengths, 1.0, N / h)
        b, share = Geometric(LEAST, RATIO).over(float(np.linalg.norm(lengths)))
        assert np.all(up >= lengths)
        assert tuple(np.rint(N * np.square(up / b)).astype(int)) in every
        assert union == pytest.approx(math.log(len(every) / share))


# 6. Counting ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("units", "trained"), [((2,), (True, False)), ((2,), (True, True)), ((2, 2), (True, True, True)), ((), (True,))]
)
def test_nets_label_a_sample_in_no_more_ways_than_counted(units, trained):
    """Labellings found by random weights, n = 7 on the circle; a linear net has exactly 2n."""
    rng, n = np.random.default_rng(11), 7
    X, sizes = circle(7) @ np.array([[1.0, 0.3], [0.0, 0.9]]), (2, *units, 1)
    start = tuple(rng.standard_normal((b, a)) for a, b in itertools.pairwise(sizes))
    found = set()
    for _ in range(3000):
        drawn = [rng.standard_normal(M.shape) if on else M for M, on in zip(start, trained, strict=True)]
        found.add(tuple((Layered(tuple(drawn), start, trained).outputs(X)[:, 0] > 0.0).tolist()))
    net = Layered(start, start, trained)
    assert math.log(len(found)) <= log_labellings(net, n)
    assert units or len(found) == 2 * n

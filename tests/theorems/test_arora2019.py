"""Arora et al. 2019 (arXiv:1901.08584) and what we derived in its manner: docs/proofs.md P6, P7, P9."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from prefit.data import load
from prefit.data.coding import code
from prefit.spectra import eigensystem
from prefit.spectra.trace import TraceEstimate, exact_trace, trace_of_inverse
from prefit.theory.arora2019 import (
    complexity,
    convergence_rate,
    distances,
    expected_form,
    noise_band,
    residual_norms,
    unbroken_pairs,
    width_for_concentration,
    width_of_lemma_c3,
)
from prefit.theory.kernel_class import GRID, SCALES, KernelClass, paper_bound
from tests.gram.problems import gram_of
from tests.naive import bounds, descent


@pytest.fixture(scope="module")
def problem():
    """(H, eigenvalues, y, label measure) of 150 digits, even against odd."""
    train = load("digits", limit=150).train
    H = gram_of(train.X.astype(float)).operator.K
    y = np.where(train.labels % 2 == 0, 1.0, -1.0)[:, None]
    system = eigensystem(H.copy())
    return H, system.values, y, system.labels(y).measure()


# Theorem 4.1 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 1.0, 1.5, 1.99])
def test_theorem_41s_curve_is_gradient_descent(share, problem):
    H, values, y, measure = problem
    rate = share / values[-1]
    assert residual_norms(measure, rate, np.arange(400)) == pytest.approx(descent.residuals(H, y, rate, 399), rel=1e-10)


def test_above_two_over_lambda_max_gradient_descent_diverges(problem):
    """Failure without the assumption."""
    H, values, y, measure = problem
    rate = 2.05 / values[-1]
    slow = descent.residuals(H, y, rate, 400)
    assert slow[-1] > 1e6
    assert residual_norms(measure, rate, [400])[0] == pytest.approx(slow[-1], rel=1e-6)


def test_several_columns_add_up(problem):
    H, values, y, _ = problem
    Y = np.hstack([y, np.roll(y, 7), y * np.arange(150)[:, None] / 150])
    measure, rate = eigensystem(H.copy()).labels(Y).measure(), 1.0 / values[-1]
    assert residual_norms(measure, rate, np.arange(100)) == pytest.approx(descent.residuals(H, Y, rate, 99), rel=1e-10)


def test_theorem_31s_rate_holds_in_the_limit(problem):
    """Φ(k + 1) ≤ (1 − ηλ0/2) Φ(k) for η ≤ 1/λ_max."""
    H, values, y, _ = problem
    rate = 1.0 / values[-1]
    losses = np.array(descent.residuals(H, y, rate, 300)) ** 2
    assert np.all(losses[1:] <= (1.0 - convergence_rate(rate, values[0])) * losses[:-1])


# P6, Lemma 5.3 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.5, 1.0, 1.9])
def test_lemma_53s_distance_is_the_norm_of_the_descended_function(share, problem):
    H, values, y, measure = problem
    rate = share / values[-1]
    slow = descent.movements(H, y, rate, 300)
    assert distances(measure, rate, np.arange(301)) == pytest.approx(slow, rel=1e-9, abs=1e-12)


def test_the_distance_rises_to_the_root_of_the_quadratic_form(problem):
    H, values, y, measure = problem
    form = (y.T @ np.linalg.solve(H, y)).item()
    moved = distances(measure, 1.0 / values[-1], [1, 10, 100, 10**4, 10**8])
    assert np.all(np.diff(moved) > -1e-12)
    assert moved[-1] == pytest.approx(math.sqrt(form), rel=1e-9)


def test_above_one_over_lambda_max_the_distance_may_overshoot_up_to_twice(problem):
    """Labels on the top eigenvector, η = 1.9/λ_max: B_1² = 3.61 yᵀH⁻¹y."""
    H, values, _, _ = problem
    top = np.linalg.eigh(H)[1][:, -1:]
    measure = eigensystem(H.copy()).labels(top).measure()
    form = 1.0 / values[-1]
    moved = distances(measure, 1.9 / values[-1], np.arange(1, 50)) ** 2
    assert moved[0] == pytest.approx(3.61 * form, rel=1e-9)
    assert moved.max() < 4.0 * form


def test_the_norm_of_any_function_is_coefficients_times_outputs(problem):
    H, _, y, _ = problem
    z = np.random.default_rng(0).standard_normal((150, 1))
    residual = y - H @ z
    assert (z.T @ (y - residual)).item() == pytest.approx((z.T @ H @ z).item(), rel=1e-10)


# Equation 10, random labels and P9 ------------------------------------------------------------------------------------


def test_equation_10_is_the_bounds_leading_term(problem):
    H, _, y, _ = problem
    form = (y.T @ np.linalg.solve(H, y)).item()
    assert complexity(form, 150) == pytest.approx(math.sqrt(2 * form / 150))
    family, scaled = KernelClass(150, 0.05, 0.5, grid=1e-6), KernelClass(150, 0.05, 1.5, grid=1e-6)
    leading = 2 * math.sqrt(0.5 * form / 150)
    assert float(family.beyond_loss(math.sqrt(form))) > leading == pytest.approx(complexity(form, 150))
    assert float(scaled.beyond_loss(math.sqrt(form / 3))) == pytest.approx(
        float(family.beyond_loss(math.sqrt(form))), rel=1e-2
    )


def test_random_labels_have_complexity_two_or_more(problem):
    H, _, _, _ = problem
    trace = np.trace(np.linalg.inv(H))
    assert trace >= 2 * 150
    assert complexity(trace, 150) >= 2.0
    rng = np.random.default_rng(0)
    forms = np.einsum("ij,ij->j", Y := rng.choice([-1.0, 1.0], (150, 4000)), np.linalg.solve(H, Y))
    assert abs(forms.mean() - trace) <= 4 * forms.std(ddof=1) / math.sqrt(4000)


@pytest.mark.parametrize("portion", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_p9_the_expected_form_after_redrawing_exactly_a_portion(portion, problem):
    H, rng, draws = problem[0][:40, :40], np.random.default_rng(1), 20_000
    y0 = problem[2][:40]
    Y = np.repeat(y0, draws, axis=1)
    for column in range(draws):
        chosen = rng.choice(40, round(portion * 40), replace=False)
        Y[chosen, column] = rng.choice([-1.0, 1.0], len(chosen))
    forms = np.einsum("ij,ij->j", Y, np.linalg.solve(H, Y))
    true, random = (y0.T @ np.linalg.solve(H, y0)).item(), float(np.trace(np.linalg.inv(H)))
    error = 4 * forms.std(ddof=1) / math.sqrt(draws) + 1e-9 * true
    assert abs(forms.mean() - expected_form(true, random, 40, portion)) <= error


@pytest.mark.parametrize("classes", [3, 5])
def test_p9_for_a_class_code_the_random_end_is_one_less_one_over_c(classes, problem):
    H, rng, draws = problem[0][:40, :40], np.random.default_rng(2), 6000
    labels = rng.integers(0, classes, 40)
    inverse = np.linalg.inv(H)

    def form(labels):
        Y = code(labels, classes)
        return np.einsum("ij,ik,kj->", Y, inverse, Y, optimize=True)

    forms = []
    for _ in range(draws):
        changed, chosen = labels.copy(), rng.choice(40, 20, replace=False)
        changed[chosen] = rng.integers(0, classes, 20)
        forms.append(form(changed))
    # Across a redrawn pair the expected product is 0; on the diagonal the squared length is 1 − 1/c always.
    expected = expected_form(form(labels), (1 - 1 / classes) * np.trace(inverse), 40, 0.5)
    assert abs(np.mean(forms) - expected) <= 4 * np.std(forms, ddof=1) / math.sqrt(draws)


def test_p9_redrawing_each_by_itself_is_another_q():
    assert unbroken_pairs(40, 0.5) == pytest.approx(20 * 19 / (40 * 39))
    assert unbroken_pairs(40, 0.5) < 0.25


@pytest.mark.parametrize(("classes", "draws"), [(2, 2), (2, 6), (4, 2)])
def test_p9_with_p16_the_band_holds_the_whole_noise_curve_95_times_in_a_hundred(classes, draws, problem):
    """Exactly redrawn expectations, from the inverse itself, between the ends at every portion at once."""
    H, rng, seeds = problem[0], np.random.default_rng(11), 600
    inverse, share = np.linalg.inv(H), 1.0 if classes == 2 else 1.0 - 1.0 / classes
    trace, Y0 = float(np.trace(inverse)), code(np.arange(150) % classes, classes)
    true = float(np.einsum("ij,ik,kj->", Y0, inverse, Y0, optimize=True))
    facts = {"share": share, "count": 150, "n": 150, "mean_trace": 0.5}
    exact = noise_band((true, true), exact_trace(problem[1]), **facts)
    assert exact.complexity == pytest.approx(exact.lower)
    assert exact.complexity == pytest.approx(
        [complexity(expected_form(true, share * trace, 150, p), 150) for p in exact.portion]
    )
    held = 0
    for _ in range(seeds):
        Y = np.hstack([code(rng.integers(0, classes, 150), classes) for _ in range(draws)])
        estimate = trace_of_inverse(Y, inverse @ Y, width=Y0.shape[1], share=share)
        band = noise_band((true, true), estimate, **facts)
        assert np.all(band.lower <= band.complexity)
        assert np.all(band.complexity <= band.upper)
        within = (band.lower <= exact.complexity + 1e-12) & (exact.complexity <= band.upper + 1e-12)
        assert within.all() == within[-1]
        held += within.all()
    assert abs(held / seeds - 0.95) <= 4 * math.sqrt(0.95 * 0.05 / seeds)


def test_p9_the_bands_ends_at_no_noise_are_those_of_the_labels_and_never_below_the_random_minimum():
    wild = TraceEstimate(300.0, 500.0, 2, "label draws", degrees=1.0)
    band = noise_band((40.0, 60.0), wild, share=1.0, count=100, n=100, mean_trace=0.5)
    assert band.lower[0] == pytest.approx(complexity(40.0, 100))
    assert band.upper[0] == pytest.approx(complexity(60.0, 100))
    assert band.complexity[-1] == pytest.approx(complexity(300.0, 100))
    assert band.lower[-1] == 2.0
    blind = noise_band((40.0, 60.0), replace(wild, standard_error=None), share=1.0, count=100, n=100, mean_trace=0.5)
    assert blind.lower is None
    assert blind.upper is None


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_p16_mean_and_variance_of_a_draws_form_over_all_labellings_there_are(classes):
    """share·tr B and 2·pairs·Σ_{i≠j} b_ij²; that of its entries, pairs·Σ_{j≠i} b_ij² each."""
    n = 8 if classes == 2 else 5
    G = np.random.default_rng(classes).standard_normal((n, n))
    B, share, pairs = G + G.T, 1.0 if classes == 2 else 1.0 - 1.0 / classes, 1.0 if classes == 2 else 0.0
    pairs = pairs or (classes - 1.0) / classes**2
    entries = []
    for labels in itertools.product(range(classes), repeat=n):
        Y = code(np.array(labels), classes)
        entries.append((Y * (B @ Y)).sum(axis=1))
    off = B - np.diag(np.diag(B))
    assert np.sum(entries, axis=1).mean() == pytest.approx(share * np.trace(B))
    assert np.sum(entries, axis=1).var() == pytest.approx(2.0 * pairs * (off**2).sum())
    assert np.var(entries, axis=0) == pytest.approx(pairs * (off**2).sum(axis=1))


def test_p9_with_duplicates_one_draw_for_each_distinct_input_has_the_mean_of_the_merged_trace(problem):
    """yᵀ(EHEᵀ)⁺y of labels that coinciding inputs share is that of the distinct ones (P11)."""
    H, group = problem[0][:6, :6], np.array([0, 1, 1, 2, 3, 3, 3, 4, 5])
    whole = np.linalg.pinv(H[np.ix_(group, group)], rcond=1e-10)
    forms = [np.array(z)[group] @ whole @ np.array(z)[group] for z in itertools.product([-1.0, 1.0], repeat=6)]
    assert np.mean(forms) == pytest.approx(np.trace(np.linalg.inv(H)), rel=1e-8)


# Lemma C.3 and our form of it -----------------------------------------------------------------------------------------


def test_the_widths_give_the_concentration_they_promise(problem):
    train = load("digits", limit=150).train
    U = train.X / np.linalg.norm(train.X, axis=1, keepdims=True)
    U, H = U[:40], problem[0][:40, :40]
    norm, delta, deviation, rng = float(np.linalg.norm(U @ U.T)), 0.1, 2.0, np.random.default_rng(0)
    ours, paper = width_for_concentration(norm, delta, deviation), width_of_lemma_c3(40, delta, deviation)
    assert ours < paper
    far = 0
    for _ in range(200):
        active = rng.standard_normal((ours, U.shape[1])) @ U.T >= 0
        far += np.linalg.norm((U @ U.T) * (active.T.astype(float) @ active) / ours - H) > deviation
    assert far / 200 <= delta


# P7 -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bounded", [True, False])
def test_p7_is_its_formula_for_every_norm(bounded):
    family = KernelClass(500, 0.03, 0.5, bounded=bounded)
    for norm in [0.0, 0.01, 0.25, 0.26, 1.0, 7.3, 400.0]:
        assert float(family.beyond_loss(norm)) == pytest.approx(
            bounds.bound(0, norm, 500, 0.03, 0.5, 2.0, GRID, bounded)
        )


def test_p7_rises_with_the_norm_and_falls_with_the_sample():
    norms = np.linspace(0, 50, 2000)
    assert np.all(np.diff(KernelClass(500, 0.05, 0.5).beyond_loss(norms)) >= 0)
    assert np.all(KernelClass(5000, 0.05, 0.5).beyond_loss(norms) < KernelClass(500, 0.05, 0.5).beyond_loss(norms))


def test_p7_the_failures_of_all_radii_add_up_to_delta():
    """Σ_j δ/(j(j + 1)) = δ: what is under the root is log(1/δ_j)."""
    n, delta = 100, 0.05
    family = KernelClass(n, delta, 1e-300, grid=1.0)
    shares = [math.exp(-2 * n * float(family.beyond_loss(float(j))) ** 2) for j in range(1, 4000)]
    assert sum(shares) == pytest.approx(delta, rel=1e-3)
    assert sum(shares) <= delta


def test_p7_is_always_below_the_papers_own_constants():
    for n, form, delta, least in itertools.product((100, 10_000), (1.0, 50.0), (0.01, 0.1), (0.001, 0.1)):
        if form <= n / least:
            family = KernelClass(n, delta, 0.5, grid=1e-3)
            assert 2 * math.sqrt(0.5 * form / n) <= paper_bound(form, n, delta, least)
            assert KernelClass(n, delta, 0.5, grid=1.0).at_convergence(form) <= paper_bound(form, n, delta, least)
            assert family.delta == delta


def synthetic(rng, n, flip):
    """Inputs uniform on the circle, labels by a half-plane, a portion of them flipped: the population is known."""
    angle = rng.uniform(0, 2 * np.pi, n)
    y = np.where(np.cos(angle) > 0, 1.0, -1.0) * np.where(rng.uniform(size=n) < flip, -1.0, 1.0)
    return np.column_stack([np.cos(angle), np.sin(angle)]), y


def two_layer(S):
    S = np.clip(S, -1, 1)
    return S * (np.pi - np.arccos(S)) / (2 * np.pi)


@pytest.mark.parametrize("flip", [0.0, 0.2])
def test_p7_holds_uniformly_over_stopping_times_and_scales(flip):
    """The population loss is integrated on a fine grid of the circle; 60 samples at δ = 0.1."""
    grid = (np.arange(1000) + 0.5) * 2 * np.pi / 1000
    T, sign = np.column_stack([np.cos(grid), np.sin(grid)]), np.where(np.cos(grid) > 0, 1.0, -1.0)
    violations, slacks = 0, []
    for seed in range(60):
        X, y = synthetic(np.random.default_rng(seed), 60, flip)
        K, cross = two_layer(X @ X.T), two_layer(T @ X.T)
        values, V = np.linalg.eigh(K)
        worst = np.inf
        for steps in (1, 10, 100, 1000, 10**5):
            fitted = 1 - (1 - values / values[-1]) ** steps
            z = V @ (fitted / np.maximum(values, 1e-12) * (V.T @ y))
            norm = math.sqrt(max(z @ K @ z, 0.0))
            for scale in (0.5, 1.0, 4.0):
                f, F = scale * K @ z, scale * cross @ z
                loss = np.clip(1 - y * f, 0, 1).mean()
                right, wrong = np.clip(1 - sign * F, 0, 1).mean(), np.clip(1 + sign * F, 0, 1).mean()
                population = (1 - flip) * right + flip * wrong
                worst = min(worst, bounds.bound(loss, scale * norm, 60, 0.1, 0.5, 2.0, GRID) - population)
        violations += worst < 0
        slacks.append(worst)
    assert violations <= 0.1 * 60
    assert min(slacks) < 0.5  # it is a bound on something: not loose everywhere


def test_p7_the_rademacher_step_holds_in_every_sample():
    """E sup over the unit ball of (1/n)Σ ε_i f(x_i) = E √(εᵀKε)/n ≤ √(κ(1)/n), and nearly equal on the sphere."""
    rng = np.random.default_rng(0)
    for d in (2, 20):
        X = rng.standard_normal((200, d))
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        signs = rng.choice([-1.0, 1.0], (200, 500))
        lengths = np.sqrt(np.maximum(np.einsum("ij,ij->j", signs, two_layer(X @ X.T) @ signs), 0)) / 200
        error = 4 * lengths.std(ddof=1) / math.sqrt(500)
        assert 0.5 * math.sqrt(0.5 / 200) <= lengths.mean() <= math.sqrt(0.5 / 200) + error


def test_scales_that_are_tried_contain_one():
    assert SCALES[0] == 1.0
    assert np.all(SCALES > 0)

"""The probability of the positive orthant: closed forms, a trusted routine, a slow twin, and no bias."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from prefit.kernels import Conjugate
from prefit.theory.orthant import Sites, drawn, log_mean, log_orthant, propagated, tilt
from tests.naive.pac_bayes import ghk

DRAWS = 4000


def correlations(n: int, seed: int, shape: int = 2) -> np.ndarray:
    A = np.random.default_rng(seed).standard_normal((n, n + shape))
    lengths = np.linalg.norm(A, axis=1)
    return A @ A.T / lengths / lengths[:, None]


def is_mean(values: np.ndarray, truth: float) -> bool:
    """Within four of the values' own standard errors."""
    return abs(values.mean() - truth) <= 4.0 * values.std(ddof=1) / math.sqrt(len(values)) + 1e-12


@pytest.mark.parametrize("rho", [-0.95, -0.3, 0.0, 0.6, 0.999])
def test_two_entries(rho):
    values = np.exp(log_orthant(np.array([[1.0, rho], [rho, 1.0]]), DRAWS, np.random.default_rng(1)))
    assert is_mean(values, 0.25 + math.asin(rho) / (2.0 * math.pi))


@pytest.mark.parametrize("seed", range(3))
def test_three_entries(seed):
    K = correlations(3, seed)
    values = np.exp(log_orthant(4.0 * K, DRAWS, np.random.default_rng(seed)))  # a scale changes no sign
    assert is_mean(values, 0.125 + np.arcsin(K[np.triu_indices(3, 1)]).sum() / (4.0 * math.pi))


def test_independent_entries_are_exact():
    assert log_orthant(np.eye(40), 3, np.random.default_rng(0)) == pytest.approx(-40.0 * math.log(2.0), rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_eight_entries_against_scipy(seed):
    K = correlations(8, seed)
    values = np.exp(log_orthant(K, DRAWS, np.random.default_rng(seed)))
    truth = multivariate_normal.cdf(np.zeros(8), np.zeros(8), K, maxpts=10**5, abseps=1e-8, releps=1e-5, rng=seed)
    assert is_mean(values, float(truth))
    assert values.std() < 0.5 * truth


def test_any_sites_leave_the_estimate_without_bias():
    rng, K = np.random.default_rng(5), correlations(5, 5)
    truth = np.exp(log_orthant(K, 40 * DRAWS, rng)).mean()
    sites = Sites(rng.uniform(0.0, 2.0, 5), rng.uniform(-0.5, 1.5, 5))
    assert is_mean(np.exp(drawn(tilt(K, sites), DRAWS, rng, lambda portion: None)), truth)


def test_without_sites_it_is_the_estimator_of_geweke_hajivassiliou_and_keane():
    K, rng = correlations(4, 7), np.random.default_rng(7)
    ours = np.exp(drawn(tilt(K, Sites.none(4)), DRAWS, rng, lambda portion: None))
    slow = ghk(K, 300, rng)
    assert is_mean(slow, ours.mean())
    assert slow.std() == pytest.approx(ours.std(), rel=0.2)


def test_propagated_sites_make_the_draws_agree():
    """Three hundred entries: logarithms scatter by less than two, and without sites by more than five."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((300, 5))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    S = np.clip(X @ X.T, -1.0, 1.0)
    y = np.sign(X[:, 0])
    K = np.asarray(Conjugate(1)((S + S.T) / 2.0))
    np.fill_diagonal(K, 1.0)
    K *= np.multiply.outer(y, y)
    tilted = drawn(tilt(K, propagated(K)), 100, rng, lambda portion: None)
    plain = drawn(tilt(K, Sites.none(300)), 100, rng, lambda portion: None)
    assert tilted.std() < 2.0
    assert plain.std() > 5.0
    assert log_mean(tilted) > log_mean(plain)


def test_the_mean_of_small_numbers_is_taken_in_logarithms():
    assert log_mean(np.array([-5000.0, -5000.0 + math.log(3.0)])) == pytest.approx(-5000.0 + math.log(2.0))


def test_a_singular_matrix_is_refused():
    with pytest.raises(np.linalg.LinAlgError):
        log_orthant(np.ones((3, 3)), 10, np.random.default_rng(0))

"""Which side a quadrature is on: docs/proofs.md P4, on digits."""

import numpy as np
import pytest

from prefit.data import load
from prefit.theory.arora2019 import distances, residual_norms
from tests.gram.problems import gram_of
from tests.spectra.problems import inverse, run

TIMES = np.array([0, 1, 3, 4, 9, 10, 19, 20, 39, 40, 100, 300, 1000, 3000])


@pytest.fixture(scope="module")
def problem():
    """(K, eigenvalues, y, exact measure) of 400 digits, even against odd."""
    train = load("digits", limit=400).train
    K = gram_of(train.X.astype(float)).operator.K
    y = np.where(train.labels % 2 == 0, 1.0, -1.0)[:, None]
    values, V = np.linalg.eigh(K)
    from prefit.spectra import SpectralMeasure

    return K, values, y, SpectralMeasure(values, (V.T @ y)[:, 0] ** 2)


@pytest.fixture(scope="module", params=[5, 10, 20, 40])
def both(request, problem):
    """(ν, Gauss, Radau at λ_min, Radau at half of it)."""
    K, values, y, _ = problem
    ours = run(K, y, request.param).decomposition()
    return request.param, ours.measure(), ours.upper_measure(values[0] * (1 - 1e-9)), ours.upper_measure(values[0] / 2)


def test_for_the_inverse_gauss_is_below_and_radau_above(both, problem):
    _, gauss, radau, loose = both
    truth = problem[3].integrate(inverse)
    assert gauss.integrate(inverse) <= truth <= radau.integrate(inverse) * (1 + 1e-12)
    assert radau.integrate(inverse) <= loose.integrate(inverse)


@pytest.mark.parametrize("share", [0.3, 1.0, 1.5, 1.9])
def test_for_the_loss_gauss_is_below_for_every_stable_step_size(share, both, problem):
    rate = share / problem[1][-1]
    assert np.all(residual_norms(both[1], rate, TIMES) <= residual_norms(problem[3], rate, TIMES) * (1 + 1e-10))


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_for_the_loss_radau_is_above_up_to_one_over_lambda_max(share, both, problem):
    rate = share / problem[1][-1]
    for radau in both[2:]:
        assert np.all(residual_norms(radau, rate, TIMES) >= residual_norms(problem[3], rate, TIMES) * (1 - 1e-10))


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_for_the_distance_the_sides_are_exchanged_up_to_twice_the_steps(share, both, problem):
    rate, times = share / problem[1][-1], TIMES[2 * both[0] >= TIMES]
    truth = distances(problem[3], rate, times)
    assert np.all(distances(both[1], rate, times) >= truth * (1 - 1e-10))
    assert np.all(distances(both[2], rate, times) <= truth * (1 + 1e-10))


def test_gauss_and_radau_are_exact_up_to_their_degrees(both, problem):
    steps, gauss, radau, _ = both
    rate = 1.0 / problem[1][-1]
    loss, moved = np.arange(steps), np.arange(steps + 1)
    assert residual_norms(gauss, rate, loss) == pytest.approx(residual_norms(problem[3], rate, loss), rel=1e-10)
    assert distances(gauss, rate, moved) == pytest.approx(distances(problem[3], rate, moved), rel=1e-9, abs=1e-12)
    assert residual_norms(radau, rate, moved) == pytest.approx(residual_norms(problem[3], rate, moved), rel=1e-9)


def test_beyond_one_over_lambda_max_radau_may_be_below():
    """Failure without the assumption: odd derivatives of (1 − ηλ)^{2k} change sign."""
    rng, found = np.random.default_rng(0), False
    for _ in range(50):
        values = np.sort(rng.uniform(0.05, 1.0, 6))
        y, A = rng.standard_normal((6, 1)), np.diag(values)
        rate, times = 1.9 / values[-1], np.arange(1, 12)
        radau = run(A, y, 2).decomposition().upper_measure(values[0])
        squares = ((1 - rate * values[:, None]) ** (2 * times) * y**2).sum(axis=0)
        found = found or bool(np.any(residual_norms(radau, rate, times) ** 2 < squares * (1 - 1e-6)))
    assert found

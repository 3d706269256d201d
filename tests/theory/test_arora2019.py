"""Functions of the label measure against one step at a time."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.spectra import SpectralMeasure
from prefit.theory import arora2019 as theory
from tests.naive import descent

VALUES = np.array([1e-9, 1e-4, 0.03, 0.5, 2.0])
LABELS = np.array([0.5, -1.0, 2.0, 1.0, 3.0])
MEASURE = SpectralMeasure(VALUES, LABELS**2)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9, 0.999])
def test_residuals_and_distances_are_those_of_the_steps(rate):
    steps = np.arange(50)
    H, y = np.diag(VALUES), LABELS[:, None]
    assert theory.residual_norms(MEASURE, rate, steps) == pytest.approx(descent.residuals(H, y, rate, 49), rel=1e-13)
    assert theory.distances(MEASURE, rate, steps) == pytest.approx(descent.movements(H, y, rate, 49), rel=1e-12)


@settings(max_examples=200)
@given(
    x=st.one_of(st.floats(1e-12, 2.0), st.sampled_from([0.0, 1.0, 1e-300, 0.5, 2.0])),
    k=st.one_of(st.integers(0, 50), st.integers(0, 10**9)),
)
def test_decay_loses_no_digits_in_a_billion_steps(x, k):
    with mpmath.workdps(40):
        exact = (1 - mpmath.mpf(x)) ** k
        computed = theory.decay(np.array([x]), 1.0, np.array([float(k)]))[0, 0]
        conditioning = 1 + k * abs(mpmath.log(abs(1 - mpmath.mpf(x)))) if x not in (1.0,) else 1
        assert abs(computed - exact) <= 4e-16 * conditioning * abs(exact) + mpmath.mpf(10) ** -300


@settings(max_examples=100)
@given(power=st.floats(-14, 0), k=st.integers(1, 10**6))
def test_distances_lose_few_digits_where_little_is_travelled(power, k):
    value = 10.0**power
    with mpmath.workdps(40):
        exact = (1 - (1 - mpmath.mpf(value)) ** k) / mpmath.sqrt(mpmath.mpf(value))
    assert theory.distances(SpectralMeasure(np.array([value]), np.ones(1)), 1.0, [k])[0] == pytest.approx(
        float(exact), rel=2e-8
    )


@pytest.mark.parametrize("portion", [1.0, 0.5, 0.1, 0.01])
@pytest.mark.parametrize("rate", [0.3, 0.5, 0.97])
def test_the_first_step_to_a_portion_is_the_first(rate, portion):
    measure = SpectralMeasure(VALUES[2:], LABELS[2:] ** 2)
    losses = theory.residual_norms(measure, rate, np.arange(3000)) ** 2
    assert theory.first_step_to(measure, rate, portion) == int(
        np.argmax(losses <= portion * measure.mass * (1 + 1e-15))
    )


def test_a_portion_below_what_can_be_fitted_is_never_reached():
    measure = SpectralMeasure(np.array([0.0, 1.0]), np.array([1.0, 1.0]))
    assert theory.first_step_to(measure, 0.5, 0.4) is None
    assert theory.first_step_to(measure, 0.5, 0.51) is not None


@pytest.mark.parametrize("last", [1, 2, 17, 1000, 10**9])
def test_the_grid_of_steps_rises_from_nought_to_the_last(last):
    grid = theory.step_grid(last)
    assert grid[0] == 0
    assert grid[-1] == min(last, theory.LAST_STEP)
    assert np.all(np.diff(grid) > 0)


def test_complexity_is_free_of_the_kernels_scale():
    assert theory.complexity(50.0, 100) == 1.0
    assert theory.complexity(50.0 / 3.0, 100, diagonal=1.5) == pytest.approx(1.0)
    assert theory.complexity(50.0, 100, mean_trace=2.0) == 2.0


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_unbroken_pairs_are_counted(n):
    for redrawn in range(n + 1):
        pairs = [(i >= redrawn) and (j >= redrawn) for i in range(n) for j in range(n) if i != j]
        expected = np.mean(pairs) if pairs else float(redrawn == 0)
        assert theory.unbroken_pairs(n, redrawn / n) == pytest.approx(expected)


def test_widths_are_the_least_that_give_the_deviation():
    n, delta, deviation, norm = 50, 0.05, 0.01, 30.0
    m = theory.width_of_lemma_c3(n, delta, deviation)
    at = [n * math.sqrt(math.log(2 * n * n / delta) / (2 * k)) for k in (m, m - 1)]
    assert at[0] <= deviation < at[1]
    m = theory.width_for_concentration(norm, delta, deviation)
    at = [norm * (0.5 + math.sqrt(0.5 * math.log(1 / delta))) / math.sqrt(k) for k in (m, m - 1)]
    assert at[0] <= deviation < at[1]


def test_the_rate_is_half_of_step_size_times_eigenvalue():
    assert theory.convergence_rate(0.5, 0.02) == 0.005

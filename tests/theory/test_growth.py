"""Power laws against numpy's and scipy's fits, and their intervals against what they promise."""

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from prefit.theory.growth import fit_power_law, pooled_scatter

SIZES = [100.0, 200.0, 400.0, 800.0, 1600.0]


def noisy(seed, sizes=SIZES, exponent=-0.4, sd=0.05):
    rng = np.random.default_rng(seed)
    return [3.0 * n**exponent * np.exp(sd * rng.standard_normal()) for n in sizes]


@pytest.mark.parametrize("seed", range(5))
def test_the_fit_is_that_of_numpy(seed):
    values, variances = noisy(seed), [0.01, 0.02, 0.01, 0.03, 0.02]
    law = fit_power_law(SIZES, values, variances)
    weights = 1 / np.sqrt(variances)
    (b, log_a), covariance = np.polyfit(np.log(SIZES), np.log(values), 1, w=weights, cov="unscaled")
    assert (law.exponent, np.log(law.amplitude)) == pytest.approx((b, log_a), rel=1e-10)
    assert law.covariance[1, 1] == pytest.approx(covariance[0, 0], rel=1e-10)
    assert law.at(1000.0) == pytest.approx(np.exp(log_a) * 1000.0**b, rel=1e-10)


def test_errors_of_the_exponent_are_those_of_scipy_where_the_residuals_set_them():
    values, variances = noisy(3), [1e-6] * 5  # far smaller than the scatter
    law = fit_power_law(SIZES, values, variances)
    found, covariance = scipy.optimize.curve_fit(
        lambda x, level, slope: level + slope * x, np.log(SIZES), np.log(values), sigma=np.full(5, 1e-3)
    )
    assert law.misfit > 1.0
    assert law.exponent == pytest.approx(found[1], rel=1e-6)
    assert law.exponent_error == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-6)


def test_the_interval_is_the_textbook_s_where_the_residuals_set_it():
    """Prediction at x: y ± t_{m−2} s √(1 + 1/m + (x − x̄)²/Σ(x_i − x̄)²)."""
    values, x = noisy(1), np.log(SIZES)
    law = fit_power_law(SIZES, values, [1e-6] * 5)
    (b, a), residual = np.polyfit(x, np.log(values), 1), None
    residual = np.log(values) - a - b * x
    s = np.sqrt(residual @ residual / 3)
    at = np.log(3200.0)
    half = scipy.stats.t.ppf(0.975, 3) * s * np.sqrt(1 + 1 / 5 + (at - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    low, high = law.between(3200.0, 1e-6, 20)
    assert (np.log(low), np.log(high)) == pytest.approx((a + b * at - half, a + b * at + half), rel=1e-9)


def test_the_interval_holds_a_new_value_as_often_as_it_says():
    """The errors as given are right here, so 95% is the least; over 1,000 laws."""
    held = 0
    for seed in range(1000):
        *values, ahead = noisy(seed, [*SIZES, 3200.0])
        low, high = fit_power_law(SIZES, values, [0.05**2] * 5).between(3200.0, 0.05**2, 15)
        held += low <= ahead <= high
    assert held / 1000 >= 0.95 - 4 * np.sqrt(0.95 * 0.05 / 1000)


@pytest.mark.parametrize("sizes", [3, 4, 5])
def test_a_bent_curve_lies_in_the_interval_one_octave_on(sizes):
    """A parabola in logarithms, without noise: a law too straight tells by its residuals."""
    n = [100.0 * 2**i for i in range(sizes)]
    curve = lambda n: np.exp(-0.3 * np.log(n) - 0.02 * np.log(n) ** 2)  # noqa: E731
    law = fit_power_law(n, [curve(m) for m in n], [1e-8] * sizes)
    low, high = law.between(2 * n[-1], 1e-8, 10)
    assert low <= curve(2 * n[-1]) <= high


def test_an_exact_law_is_found_exactly():
    law = fit_power_law(SIZES, [7.0 * n**0.66 for n in SIZES], [1e-4] * 5)
    assert (law.exponent, law.amplitude) == pytest.approx((0.66, 7.0), rel=1e-12)
    assert law.misfit < 1e-20
    assert law.exponent_error > 0.0, "the errors given still stand"


def test_scatter_is_pooled_over_sizes():
    rng = np.random.default_rng(0)
    groups = [5.0 * (1 + 2.0 / np.sqrt(n) * rng.standard_normal(400)) for n in SIZES]
    assert pooled_scatter(groups, SIZES, 1.0) == pytest.approx(4.0, rel=4 * np.sqrt(2 / 2000))
    assert pooled_scatter([np.array([3.0]), np.array([4.0])], [1.0, 2.0], 1.0) is None


def test_scatter_from_measuring_is_taken_off():
    rng = np.random.default_rng(0)
    noise = [0.01, 0.04]
    groups = [1 + np.sqrt(0.02 + v) * rng.standard_normal(2000) for v in noise]
    assert pooled_scatter(groups, [1.0, 1.0], 0.0, noise) == pytest.approx(0.02, abs=4 * 0.06 * np.sqrt(2 / 2000))
    assert pooled_scatter([np.array([1.0, 1.1])], [1.0], 0.0, [1.0]) == 0.0, "never below nothing"

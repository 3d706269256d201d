"""The exact interval of an error probability: against scipy's own, and by its coverage."""

from __future__ import annotations

import pytest
from scipy.stats import binom, binomtest

from prefit.theory.clopper1934 import error_interval


@pytest.mark.parametrize(("errors", "n"), [(0, 1), (1, 1), (0, 340), (7, 340), (339, 340), (340, 340)])
@pytest.mark.parametrize("delta", [0.3, 0.05, 1e-6])
def test_it_is_the_exact_interval_of_scipy(errors, n, delta):
    known = binomtest(errors, n).proportion_ci(confidence_level=1.0 - delta, method="exact")
    assert error_interval(errors, n, delta) == pytest.approx((known.low, known.high), abs=1e-12)


@pytest.mark.parametrize("p", [0.02, 0.05, 0.5])
def test_it_holds_the_probability_as_often_as_it_says(p):
    """Exactly, by summing over all counts: at least 1 − δ, and not by much more where counts are many."""
    n, delta = 1000, 0.05
    ends = [error_interval(errors, n, delta) for errors in range(n + 1)]
    covered = sum(binom.pmf(errors, n, p) for errors, (low, high) in enumerate(ends) if low <= p <= high)
    assert 1.0 - delta <= covered < 1.0 - delta / 4.0

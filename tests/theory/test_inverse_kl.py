"""kl⁻¹: never below the truth, and not much above it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prefit.theory.bounds.inverse_kl import inverse_kl
from tests.naive.pac_bayes import kl


def test_no_error_seen_leaves_one_minus_an_exponential():
    for c in (1e-6, 0.1, 3.0):
        assert inverse_kl(0.0, c) == pytest.approx(-math.expm1(-c), rel=1e-8)


def test_at_the_ends():
    assert inverse_kl(1.0, 0.3) == 1.0
    assert inverse_kl(0.2, math.inf) == 1.0
    assert 0.3 <= inverse_kl(0.3, 0.0) < 0.3 + 1e-7


@given(st.floats(0.0, 1.0), st.floats(-9.0, 1.0))
@example(0.875, 0.5)
def test_the_upper_end_is_never_below_and_c_is_met(q, power):
    c = 10.0**power
    p = inverse_kl(q, c)
    assert q <= p <= 1.0
    if p < 1.0:
        assert c <= kl(q, p)
        assert kl(q, max(q, math.nextafter(p, 0.0))) <= c * (1.0 + 1e-9) + 1e-13  # near 1 a float's step is not small


def test_arrays_are_taken_entry_by_entry():
    q, c = np.array([[0.0, 0.1], [0.5, 1.0]]), np.array([0.2, 0.01])
    expected = [[inverse_kl(float(a), float(b)) for a, b in zip(row, c, strict=True)] for row in q]
    np.testing.assert_array_equal(inverse_kl(q, c), expected)


@pytest.mark.parametrize(("q", "c"), [(-0.1, 1.0), (1.1, 1.0), (0.5, -1.0), (math.nan, 1.0)])
def test_what_is_no_portion_or_no_entropy_is_refused(q, c):
    with pytest.raises(ValueError, match="q from 0 to 1"):
        inverse_kl(q, c)

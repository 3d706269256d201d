"""Error bounds of computed values, against many digits (docs/proofs.md P2)."""

import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefit.kernels import NTK, Conjugate, StandardNTK, TwoLayer
from tests.kernels.cases import CASES, NAMES, UNIT, exactly
from tests.naive.kernels import exact


def true_error(name, computed, s):
    """|computed κ(ŝ) − κ(s)| with s an mpf."""
    kernel = CASES[name][0]
    return abs(mpmath.mpf(kernel(computed)) - exactly(name)(min(mpmath.mpf(1), max(mpmath.mpf(-1), s))))


@pytest.mark.parametrize("name", NAMES)
@given(gap=st.floats(-16.0, 0.0), size=st.floats(-17.0, -3.0), side=st.floats(-1.0, 1.0), sign=st.sampled_from([-1, 1]))
def test_the_bound_holds_near_the_ends(name, gap, size, side, sign):
    """1 − |ŝ| from 1e-16 to 1, e from 1e-17 to 1e-3, the true cosine anywhere within e."""
    computed, e = sign * (1.0 - 10.0**gap), 10.0**size
    with mpmath.workdps(40):
        error = true_error(name, computed, mpmath.mpf(computed) + mpmath.mpf(side) * mpmath.mpf(e))
        assert error <= float(CASES[name][0].perturbation(computed, e))


@pytest.mark.parametrize("name", NAMES)
@given(computed=st.floats(-1.0, 1.0), size=st.floats(-17.0, -1.0), side=st.sampled_from([-1, 1]))
def test_the_bound_holds_anywhere(name, computed, size, side):
    e = 10.0**size
    with mpmath.workdps(40):
        error = true_error(name, computed, mpmath.mpf(computed) + side * mpmath.mpf(e))
        assert error <= float(CASES[name][0].perturbation(computed, e))


def test_deep_kernels_keep_their_bound():
    """64 layers: 200 cosines moved by e."""
    rng = np.random.default_rng(1)
    s = np.concatenate([rng.uniform(-1, 1, 100), 1 - 10.0 ** rng.uniform(-14, -1, 100)])
    for kernel, form in [(NTK(64), "ntk"), (Conjugate(64), "conjugate"), (StandardNTK(64), "standard-ntk")]:
        bound = kernel.perturbation(s, 1e-13)
        with mpmath.workdps(40):
            true = [exact(form, 64)(min(mpmath.mpf(1), mpmath.mpf(x) + mpmath.mpf(1e-13))) for x in s]
            errors = [float(abs(v - mpmath.mpf(c))) for v, c in zip(true, kernel(s), strict=True)]
        assert np.all(np.array(errors) <= bound)


def test_the_two_layer_bound_is_the_formula_of_the_theory():
    """e/2 + min(e/√(1−s₊²), π√(e/2))/(2π) + 8u."""
    e = 1e-12
    for s in [0.0, 0.3, -0.9, 0.999999, 1.0 - 1e-11, 1.0]:
        up = min(1.0, abs(s) + e)
        slope = e / math.sqrt(1 - up * up) if up < 1 else math.inf
        expected = e / 2 + min(slope, math.pi * math.sqrt(e / 2)) / (2 * math.pi) + 8 * UNIT
        assert float(TwoLayer().perturbation(s, e)) == pytest.approx(expected, rel=1e-4)


def test_the_bound_is_attained_up_to_a_factor_at_the_end():
    """At ŝ = 1 − e the true kernel falls like √e: no multiple of u would do."""
    e = 1e-14
    moved = TwoLayer()(1.0) - TwoLayer()(1.0 - e)
    assert moved > 1e3 * e / 2
    assert moved <= float(TwoLayer().perturbation(1.0 - e, e)) <= 3 * moved


def test_bounds_of_blocks_are_those_of_their_entries():
    rng = np.random.default_rng(2)
    S = rng.uniform(-1, 1, (7, 600))[:, 5:540]
    E = 10.0 ** rng.uniform(-16, -8, S.shape)
    for kernel in [TwoLayer(), NTK(3), StandardNTK(2)]:
        flat = kernel.perturbation(S.ravel(), E.ravel()).reshape(S.shape)
        np.testing.assert_allclose(kernel.perturbation(S, E), flat, rtol=1e-13)
        np.testing.assert_allclose(
            kernel.perturbation(S, 1e-13), kernel.perturbation(S, np.full(S.shape, 1e-13)), rtol=1e-13
        )
        out = S.copy()
        assert kernel.perturbation(out, 1e-13, out=out) is not None
        np.testing.assert_allclose(out, kernel.perturbation(S, 1e-13), rtol=1e-13)
    assert TwoLayer().perturbation(S.T, E.T).shape == S.T.shape
    np.testing.assert_allclose(TwoLayer().perturbation(S.T, E.T), TwoLayer().perturbation(S, E).T, rtol=1e-13)


def test_bounds_grow_with_the_error():
    s = np.linspace(-1, 1, 101)
    bounds = [NTK(3).perturbation(s, e) for e in [0.0, 1e-16, 1e-12, 1e-6, 1e-2]]
    assert all(np.all(a <= b) for a, b in pairwise(bounds))


def test_a_block_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"out must have the shape of s: expected \(2, 3\), got \(3, 2\)\."):
        TwoLayer().perturbation(np.zeros((2, 3)), 0.0, out=np.zeros((3, 2)))

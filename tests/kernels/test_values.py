"""Closed forms: against the definitions, against many digits, and as blocks."""

import math
import threading

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefit.kernels import NTK, Conjugate, StandardNTK, TwoLayer
from prefit.kernels.compiled import ARCSINE_OVER_PI
from tests.kernels.cases import CASES, NAMES, UNIT, cosines_near_the_ends, exactly


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_the_definitions(name):
    kernel, twin, _ = CASES[name]
    s = np.linspace(-1.0, 1.0, 2001)
    # The twin's own √(1 − s²) loses digits near the ends: 3e-14 is its error, not ours.
    np.testing.assert_allclose(kernel(s), [twin(x) for x in s], rtol=0, atol=3e-14)


@pytest.mark.parametrize("name", NAMES)
def test_rounding_of_the_compiled_loops_is_within_the_stated_multiples_of_u(name):
    """8u for H; what `perturbation` states at e = 0 without the part of inner arguments, 8u per layer."""
    kernel, exact = CASES[name][0], exactly(name)
    s = cosines_near_the_ends(600, seed=1)
    with mpmath.workdps(40):
        errors = [abs(float(mpmath.mpf(v) - exact(mpmath.mpf(x)))) for v, x in zip(kernel(s), s, strict=True)]
    assert np.all(np.array(errors) <= kernel.perturbation(s, 0.0))
    if kernel.depth == 1:  # no inner function: no root is taken of an error
        assert max(errors) <= 8.0 * UNIT


def test_ntk_of_one_layer_is_the_two_layer_kernel():
    s = np.linspace(-1.0, 1.0, 4001)
    np.testing.assert_allclose(NTK(1)(s), TwoLayer()(s), rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("kernel", "diagonal"),
    [
        (TwoLayer(), 0.5),
        (Conjugate(4), 1.0),
        (Conjugate(4, scaling="printed"), 1.0 / 16.0),
        (NTK(5), 2.5),
        (NTK(5).layer(2), 0.5),
        (StandardNTK(5), 6.0),
        (NTK(64), 32.0),
    ],
)
def test_the_diagonal_is_exact_in_closed_form_and_as_computed(kernel, diagonal):
    assert kernel.diagonal == diagonal
    assert kernel(1.0) == diagonal


def test_layers_add_up_to_the_kernel():
    s = np.linspace(-1.0, 1.0, 501)
    total = sum(NTK(4).layer(l)(s) for l in range(1, 5))
    np.testing.assert_allclose(total, NTK(4)(s), rtol=0, atol=1e-14)


def test_the_last_layer_alone_is_half_sigma_times_k0():
    """K_L = ½ Σ^{L−1} k0(Σ^{L−1}) = H(Σ^{L−1})."""
    s = np.linspace(-1.0, 1.0, 501)
    np.testing.assert_allclose(NTK(3).layer(3)(s), TwoLayer()(Conjugate(2)(s)), rtol=0, atol=1e-15)


def test_standard_ntk_is_sigma_plus_twice_theta():
    s = np.linspace(-1.0, 1.0, 501)
    np.testing.assert_allclose(StandardNTK(3)(s), Conjugate(3)(s) + 2 * NTK(3)(s), rtol=0, atol=1e-14)


def test_the_printed_scaling_halves_once_a_layer():
    s = np.linspace(-1.0, 1.0, 101)
    np.testing.assert_array_equal(Conjugate(3, scaling="printed")(s), Conjugate(3)(s) / 8.0)


@pytest.mark.parametrize("name", NAMES)
def test_values_beyond_the_ends_are_those_at_the_ends_and_nan_stays(name):
    kernel = CASES[name][0]
    np.testing.assert_array_equal(kernel(np.array([1.1, -1.1] * 10)), kernel(np.array([1.0, -1.0] * 10)))
    assert np.isnan(kernel(np.full(20, np.nan))).all()


def test_a_number_gives_a_number_and_an_array_its_shape():
    assert type(TwoLayer()(0.5)) is float
    assert TwoLayer()(0.5) == pytest.approx(1.0 / 6.0, abs=1e-16)
    assert TwoLayer()(np.zeros((2, 3, 4))).shape == (2, 3, 4)
    assert TwoLayer()(np.zeros((0, 3))).shape == (0, 3)


def test_calling_leaves_the_cosines_alone():
    s = np.linspace(-1, 1, 9)
    TwoLayer()(s)
    np.testing.assert_array_equal(s, np.linspace(-1, 1, 9))


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (5, 511), (2, 512), (3, 513), (4, 1030)])
@pytest.mark.parametrize("name", ["two-layer", "ntk:2", "conjugate:3", "standard-ntk:1"])
def test_blocks_of_any_shape_and_views_give_the_same_numbers(name, shape):
    kernel = CASES[name][0]
    n, k = shape
    big = np.random.default_rng(3).uniform(-1, 1, (n + 4, k + 9))
    view = big[2 : 2 + n, 4 : 4 + k]
    out = np.full((n + 1, k + 3), 7.0)
    kernel.evaluate(view, out[:n, 1 : k + 1])
    expected = kernel(view)
    np.testing.assert_allclose(out[:n, 1 : k + 1], expected, rtol=0, atol=4 * kernel.depth * UNIT)
    assert (out[n] == 7.0).all()
    assert (out[:, 0] == 7.0).all()
    assert (out[:, k + 1 :] == 7.0).all()
    kernel.evaluate(view, view)  # in place
    np.testing.assert_array_equal(view, out[:n, 1 : k + 1])


def test_every_other_row_of_a_block_is_a_block():
    S = np.random.default_rng(4).uniform(-1, 1, (8, 33))
    out = np.empty((4, 33))
    TwoLayer().evaluate(S[::2], out)
    np.testing.assert_allclose(out, TwoLayer()(S)[::2], rtol=0, atol=4 * UNIT)


def test_blocks_that_may_not_be_written_are_read():
    S = np.random.default_rng(4).uniform(-1, 1, (8, 33))
    expected, bounds = TwoLayer()(S), TwoLayer().perturbation(S, 1e-12)
    S.flags.writeable = False
    out = np.empty_like(S)
    TwoLayer().evaluate(S, out)
    np.testing.assert_allclose(out, expected, rtol=0, atol=4 * UNIT)
    np.testing.assert_array_equal(TwoLayer().perturbation(S, 1e-12), bounds)


def test_blocks_without_contiguous_rows_are_refused():
    S = np.zeros((4, 5))
    with pytest.raises(ValueError, match=r"^S must be a float64 block with contiguous rows.*ascontiguousarray"):
        TwoLayer().evaluate(S.T, np.zeros((5, 4)))
    with pytest.raises(ValueError, match=r"^out must be a float64 block"):
        TwoLayer().evaluate(S, np.zeros((4, 5), dtype=np.float32))
    with pytest.raises(ValueError, match=r"^out must have the shape of S: expected \(4, 5\), got \(4, 4\)\.$"):
        TwoLayer().evaluate(S, np.zeros((4, 4)))


def test_threads_work_on_their_own_rows():
    S = np.random.default_rng(5).uniform(-1, 1, (64, 700))
    out = np.empty_like(S)
    threads = [
        threading.Thread(target=NTK(2).evaluate, args=(S[i : i + 16], out[i : i + 16])) for i in range(0, 64, 16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_allclose(out, NTK(2)(S), rtol=0, atol=8 * UNIT)


def test_the_table_of_the_arcsine_is_the_interpolation_it_says():
    """Degree 12 at the Chebyshev points of [0, ¼], in 60 digits, rounded once."""

    def target(t):
        return mpmath.asin(mpmath.sqrt(t)) / (mpmath.pi * mpmath.sqrt(t))

    size = len(ARCSINE_OVER_PI)
    with mpmath.workdps(60):
        points = [(1 + mpmath.cos(mpmath.pi * (2 * i + 1) / (2 * size))) / 8 for i in range(size)]
        powers = mpmath.matrix([[t**j for j in range(size)] for t in points])
        table = mpmath.lu_solve(powers, mpmath.matrix([target(t) for t in points]))
        assert tuple(float(c) for c in table) == ARCSINE_OVER_PI
        for t in [mpmath.mpf(i + 1) / 2000 for i in range(500)]:
            value = sum(mpmath.mpf(c) * t**j for j, c in enumerate(ARCSINE_OVER_PI))
            assert abs(value / target(t) - 1) < 6.5e-17


def test_the_two_layer_kernel_is_the_limit_of_random_neurons():
    """H(s) = s·P(both active): 400,000 Gaussian neurons, error under four standard errors."""
    rng = np.random.default_rng(6)
    X = rng.standard_normal((6, 5))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    active = (X @ rng.standard_normal((5, 400_000)) >= 0).astype(float)
    S = X @ X.T
    both = active @ active.T / 400_000
    deviation = np.abs(S * both - TwoLayer()(S))
    allowed = 4 * np.abs(S) * np.sqrt(both * (1 - both) / 400_000)
    assert np.all(deviation <= allowed + 1e-15)


def test_the_conjugate_kernel_is_the_limit_of_random_features():
    """Σ¹(s) = 2E[σ(u)σ(v)]: 400,000 Gaussian neurons, error under four standard errors."""
    rng = np.random.default_rng(7)
    X = rng.standard_normal((5, 4))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    hidden = np.maximum(X @ rng.standard_normal((4, 400_000)), 0)
    products = 2 * hidden[:, None, :] * hidden[None, :, :]
    error = np.abs(products.mean(axis=2) - Conjugate(1)(X @ X.T))
    assert np.all(error <= 4 * products.std(axis=2) / math.sqrt(400_000))


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 12), d=st.integers(1, 6))
def test_gram_matrices_are_positive_semidefinite(name, seed, n, d):
    kernel = CASES[name][0]
    X = np.random.default_rng(seed).standard_normal((n, d))
    K = kernel.homogeneous(X, X)
    eigenvalues = np.linalg.eigvalsh((K + K.T) / 2)
    assert eigenvalues[0] >= -1e-7 * eigenvalues[-1]  # √u at the diagonal, whose cosines are rounded


@pytest.mark.parametrize("name", NAMES)
@given(s=st.floats(-1.0, 1.0))
def test_no_value_is_larger_than_the_one_on_the_diagonal(name, s):
    """|κ(s)| ≤ Σ c_p |s|^p ≤ κ(1)."""
    kernel = CASES[name][0]
    assert abs(kernel(s)) <= kernel(abs(s)) + 16 * kernel.depth * UNIT
    assert kernel(abs(s)) <= kernel.diagonal


def test_the_extension_off_the_sphere_is_homogeneous():
    X = np.random.default_rng(8).standard_normal((4, 3))
    X[2] = 0.0
    Z = np.random.default_rng(9).standard_normal((5, 3))
    block = TwoLayer().homogeneous(X, Z)
    assert block.shape == (4, 5)
    assert (block[2] == 0.0).all()
    np.testing.assert_allclose(TwoLayer().homogeneous(3 * X, 2 * Z), 6 * block, rtol=1e-12)
    for i, j in [(0, 0), (1, 4), (3, 2)]:
        lengths = np.linalg.norm(X[i]) * np.linalg.norm(Z[j])
        assert block[i, j] == pytest.approx(lengths * TwoLayer()(float(X[i] @ Z[j] / lengths)), rel=1e-12)

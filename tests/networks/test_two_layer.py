"""The two-layer net equals its definition (Arora et al. 2019, §3.1), written out neuron by neuron."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.errors import InputError
from prefit.networks import TwoLayer


def problem(n, d, m, c, seed, antisymmetric=False):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    net = TwoLayer.initialized(m, d, c, init_scale=0.7, antisymmetric=antisymmetric, seed=seed)
    return net, X, rng.standard_normal((n, c))


def outputs(net, X, W=None):
    """f(x) = (1/√m) Σ_r a_r σ(w_rᵀx), neuron by neuron."""
    W = net.weights if W is None else W
    F = np.zeros((X.shape[0], net.output.shape[1]))
    for w, a in zip(W, net.output, strict=True):
        F += np.maximum(X @ w, 0.0)[:, None] * a
    return F / np.sqrt(net.width)


sizes = st.tuples(st.integers(1, 9), st.integers(1, 7), st.integers(1, 300), st.integers(1, 4), st.integers(0, 10**6))


@given(sizes)
@settings(max_examples=40, deadline=None)
def test_outputs_equal_the_sum_over_neurons(size):
    net, X, _ = problem(*size)
    np.testing.assert_allclose(net.predict(X), outputs(net, X), rtol=1e-10, atol=1e-12)


@given(sizes)
@settings(max_examples=40, deadline=None)
def test_gradient_equals_the_formula_of_equation_5(size):
    """∂/∂w_r Σ_i G_i·f(x_i) = (1/√m) Σ_i (G_i·a_r) 1{w_rᵀx_i ≥ 0} x_i."""
    net, X, G = problem(*size)
    expected = np.array(
        [
            sum((G[i] @ a) * (x @ w >= 0) * x for i, x in enumerate(X)) / np.sqrt(net.width)
            for w, a in zip(net.weights, net.output, strict=True)
        ]
    )
    np.testing.assert_allclose(net.gradient(X, G), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("c", [1, 3])
def test_gradient_equals_finite_differences(c):
    net, X, G = problem(12, 5, 90, c, 3)
    gradient, step = net.gradient(X, G), 1e-6
    rng = np.random.default_rng(0)
    for _ in range(20):
        direction = rng.standard_normal(net.weights.shape)
        up, down = (outputs(net, X, net.weights + s * direction) for s in (step, -step))
        assert np.sum(gradient * direction) == pytest.approx(np.sum(G * (up - down)) / (2 * step), rel=1e-6, abs=1e-7)


@given(sizes)
@settings(max_examples=30, deadline=None)
def test_gram_is_the_product_of_the_features_of_each_output(size):
    net, X, _ = problem(*size)
    H = net.gram(X)
    for j in range(net.output.shape[1]):
        Z = net.features(X, j)
        np.testing.assert_allclose(H, Z.T @ Z, rtol=1e-10, atol=1e-12)
    norms = np.sqrt(sum((net.features(X, j) ** 2).sum(axis=0) for j in range(net.output.shape[1])))
    np.testing.assert_allclose(net.gradient_norms(X), norms, rtol=1e-10)


@given(sizes)
@settings(max_examples=30, deadline=None)
def test_linearization_is_the_value_plus_the_gradient_along_the_way(size):
    net, X, _ = problem(*size)
    elsewhere = net.weights + np.random.default_rng(1).standard_normal(net.weights.shape)
    way = (elsewhere - net.weights).ravel()
    expected = outputs(net, X)
    for j in range(expected.shape[1]):
        Z = net.features(X, j).reshape(net.width, -1)
        expected[:, j] += way @ Z.reshape(way.size, -1)
    np.testing.assert_allclose(net.linearized(X, elsewhere), expected, rtol=1e-9, atol=1e-11)


def test_a_unit_at_zero_is_active():
    net = TwoLayer(np.array([[0.0, 1.0], [0.0, -1.0]]), np.ones((2, 1)))
    X = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert net.patterns(X).tolist() == [[True, True], [True, False]]
    assert net.gram(X)[0, 0] == 1.0


def test_an_antisymmetric_net_starts_at_zero_and_has_half_the_independent_neurons():
    net, X, _ = problem(20, 6, 400, 2, 5, antisymmetric=True)
    assert np.abs(net.predict(X)).max() < 1e-14
    assert net.independent == 200
    with pytest.raises(InputError, match="must be even"):
        TwoLayer.initialized(7, 3, antisymmetric=True)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    first, again, other = (TwoLayer.initialized(64, 5, seed=s) for s in (1, 1, 2))
    assert first.weights.tobytes() == again.weights.tobytes()
    assert first.output.tobytes() == again.output.tobytes()
    assert first.weights.tobytes() != other.weights.tobytes()


def test_every_output_follows_the_same_kernel_and_different_ones_are_nearly_orthogonal():
    """c outputs through independent signs: blocks of different outputs vanish as the width grows."""
    net, X, _ = problem(10, 4, 20_000, 2, 0)
    crossed = net.features(X, 0).T @ net.features(X, 1)
    assert np.abs(crossed).max() < 6 / np.sqrt(net.width)  # mean 0, variance below 1/m

"""The deep net equals its definition (Cao & Gu 2020, §2), and its kernel the infinitely wide net's as it widens."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.kernels import NTK
from prefit.networks import DeepReLU
from tests.naive import deep as naive


def problem(n, d, widths, c, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return DeepReLU.initialized(d, widths, c, seed=seed), X, rng.standard_normal((n, c))


sizes = st.tuples(
    st.integers(1, 5), st.integers(1, 5), st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 3)
)
seeds = st.integers(0, 10**6)


@given(sizes, seeds)
@settings(max_examples=40)
def test_outputs_patterns_and_gradients_equal_the_definition(size, seed):
    net, X, G = problem(*size, seed)
    found = [naive.layers(net.weights, x)[0] for x in X]
    gradients = [naive.gradients(net.weights, net.output, x) for x in X]
    np.testing.assert_allclose(net.predict(X), naive.outputs(net.weights, net.output, X), rtol=1e-10, atol=1e-12)
    for l, (pattern, part) in enumerate(zip(net.patterns(X), net.gradient(X, G), strict=True)):
        assert (pattern == [one[l][1] for one in found]).all()
        literal = sum(G[i, j] * gradients[i][j][l] for i in range(len(X)) for j in range(net.outputs))
        np.testing.assert_allclose(part, literal, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("c", [1, 3])
def test_gradient_equals_finite_differences(c):
    net, X, G = problem(12, 6, (20, 15, 30), c, 3)
    gradient, step, rng = net.gradient(X, G), 1e-6, np.random.default_rng(0)
    for _ in range(20):
        D = [rng.standard_normal(W.shape) for W in net.weights]
        up, down = (_moved(net, D, s * step).predict(X) for s in (1.0, -1.0))
        slope = float((G * (up - down)).sum()) / (2.0 * step)
        literal = sum(float((g * one).sum()) for g, one in zip(gradient, D, strict=True))
        assert slope == pytest.approx(literal, rel=1e-6, abs=1e-6 * np.linalg.norm(gradient[0]))


def _moved(net, directions, factor):
    return DeepReLU(tuple(W + factor * D for W, D in zip(net.weights, directions, strict=True)), net.output)


def test_norms_kernels_and_linearization_equal_the_derivatives():
    net, X, _ = problem(6, 4, (7, 5, 9), 2, 1)
    J = [naive.derivative(net.weights, net.output, X, only=l) for l in range(3)]
    np.testing.assert_allclose(net.gradient_norms(X), [np.linalg.norm(part, axis=(1, 2)) for part in J])
    for l, part in enumerate(J, 1):
        literal = np.einsum("icp,kcp->ik", part, part) / (2 * net.width)
        np.testing.assert_allclose(net.layer_gram(X, l), literal, atol=1e-12)
    np.testing.assert_allclose(net.gram(X), sum(net.layer_gram(X, l) for l in (1, 2, 3)))
    D = [np.full_like(W, 0.1) for W in net.weights]
    change = sum(part @ one.ravel() for part, one in zip(J, D, strict=True))
    np.testing.assert_allclose(net.linearized(X, _moved(net, D, 1.0).weights), net.predict(X) + change)


def test_weights_have_variance_2_over_m_and_half_of_the_outputs_signs_are_plus_one():
    net = DeepReLU.initialized(50, (400, 600), seed=5)
    for W, m in zip(net.weights, (400, 600), strict=True):
        assert np.square(W).mean() == pytest.approx(2.0 / m, rel=4.0 * np.sqrt(2.0 / W.size))
        assert abs(W.mean()) < 4.0 * np.sqrt(2.0 / m / W.size)
    assert (net.output[:300] == 1.0).all()
    assert (net.output[300:] == -1.0).all()
    assert net.parameters == 50 * 400 + 400 * 600


def test_the_same_seed_gives_the_same_weights_and_another_others():
    one, same, other = (DeepReLU.initialized(4, (6, 6), 3, seed=seed) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(one.weights, same.weights, strict=True))
    assert (one.output == same.output).all()
    assert not (one.weights[0] == other.weights[0]).any()


def mean_and_error(grams):
    return grams.mean(axis=0), grams.std(axis=0, ddof=1) / np.sqrt(len(grams))


@pytest.mark.parametrize("L", [1, 2, 3, 4])
def test_the_kernel_of_the_gradients_over_m_approaches_that_of_the_infinitely_wide_net(L):
    """(1/m)⟨∇f, ∇f'⟩ → Θ_L (docs/proofs.md P1): the mean over seeds within four of its standard errors and a bias of
    order 1/m, single nets ever nearer, like 1/√m."""
    X = problem(8, 6, (1,), 1, 0)[1]
    limit, off = NTK(L)(X @ X.T), {}
    for m in (64, 512):
        grams = np.array([DeepReLU.initialized(6, (m,) * L, seed=seed).gram(X) for seed in range(16)])
        off[m] = np.sqrt(np.square(grams - limit).sum(axis=(1, 2)).mean())
        mean, error = mean_and_error(grams)
        assert (np.abs(mean - limit) < 4.0 * error + 2.0 * L / m).all()
    assert np.log(off[512] / off[64]) / np.log(8.0) == pytest.approx(-0.5, abs=0.2)


def test_the_last_layers_kernel_approaches_its_own_limit():
    """K_L, the kernel of W_L alone."""
    X = problem(8, 6, (1,), 1, 0)[1]
    grams = np.array([DeepReLU.initialized(6, (512,) * 3, seed=seed).layer_gram(X, 3) for seed in range(16)])
    mean, error = mean_and_error(grams)
    assert (np.abs(mean - NTK(3).layer(3)(X @ X.T)) < 4.0 * error + 2.0 / 512).all()
    assert error.max() < 0.03


def test_the_kernel_of_several_outputs_approaches_the_same_limit():
    """Our extension: independent signs, so that each output follows the kernel by itself."""
    X = problem(8, 6, (1,), 1, 0)[1]
    grams = np.array([DeepReLU.initialized(6, (512, 512), 3, seed=seed).gram(X) for seed in range(16)])
    mean, error = mean_and_error(grams)
    assert (np.abs(mean - NTK(2)(X @ X.T)) < 4.0 * error + 4.0 / 512).all()

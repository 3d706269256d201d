"""The kernel of a two-layer net as an operator: the contract of every operator, and the same Lanczos on it."""

import numpy as np
import pytest

from prefit.gram import Workers
from prefit.networks import TwoLayer
from prefit.spectra import BlockLanczos, eigensystem
from prefit.theory.arora2019 import residual_norms


@pytest.fixture(scope="module")
def workers():
    team = Workers(2)
    yield team
    team.close()


def problem(n, m=700, d=5):
    rng = np.random.default_rng(n)
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return TwoLayer.initialized(m, d, seed=n), X


@pytest.mark.parametrize("n", [1, 2, 255, 256, 257, 600])
def test_products_are_those_of_the_matrix_of_features(n, workers):
    net, X = problem(n)
    Z = net.features(X)
    H, operator = Z.T @ Z, net.operator(X, workers)
    V = np.random.default_rng(0).standard_normal((n, 3))
    np.testing.assert_allclose(operator.matmat(V), H @ V, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(operator.absolute_matvec(V[:, 0] ** 2), np.abs(H) @ V[:, 0] ** 2, rtol=1e-10)
    np.testing.assert_allclose(operator.diagonal(), H.diagonal(), rtol=1e-12)
    dense = operator.dense()
    np.testing.assert_allclose(dense, H, rtol=1e-10, atol=1e-12)
    assert (dense == dense.T).all()
    assert operator.n == n


def test_lanczos_on_it_gives_the_label_measure_of_the_net(workers):
    """The curve ‖(I − ηH(0))^k y‖ of the first steps is exact, and equals that of the eigendecomposition."""
    net, X = problem(300, m=4000)
    operator = net.operator(X, workers)
    y = np.sign(X[:, :1])
    block = BlockLanczos(y)
    for _ in range(40):
        block.absorb(operator.matmat(block.current()))
    exact = eigensystem(net.gram(X)).labels(y)
    rate = 1.0 / exact.largest
    steps = np.arange(39)
    expected = residual_norms(exact.measure(), rate, steps)
    np.testing.assert_allclose(residual_norms(block.decomposition().measure(), rate, steps), expected, rtol=1e-9)


def test_a_product_takes_no_matrix(workers):
    """At n = 3,000 the matrix would take 72 MB."""
    import tracemalloc

    net, X = problem(3000, m=128)
    operator = net.operator(X, workers)
    operator.matmat(X[:, :1])
    tracemalloc.start()
    operator.matmat(X[:, :1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6

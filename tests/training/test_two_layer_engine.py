"""The engine of the two-layer net: fused passes equal the net's own definition, in both precisions."""

import numpy as np
import pytest

from prefit.gram import Workers
from prefit.networks import TwoLayer, passes
from prefit.training.two_layer import TwoLayerEngine


@pytest.fixture(scope="module")
def workers():
    team = Workers(2)
    yield team
    team.close()


def engine_of(workers, precision="float64", n=37, d=9, m=330, c=1, seed=0, antisymmetric=False):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    net = TwoLayer.initialized(m, d, c, antisymmetric=antisymmetric, seed=seed)
    return TwoLayerEngine(net, X, workers, precision), X, rng.standard_normal((n, c))


@pytest.mark.parametrize("c", [1, 3])
def test_a_step_is_the_weights_minus_the_gradient(workers, c):
    engine, X, G = engine_of(workers, c=c)
    F = engine.forward()
    np.testing.assert_allclose(F, engine.network.predict(X), rtol=1e-12)
    expected = engine.network.weights - 0.3 * engine.network.gradient(X, G)
    norm = np.linalg.norm(engine.network.gradient(X, G))
    assert engine.gradient_norms(G) == pytest.approx([norm], rel=1e-12)
    engine.descend(G, 0.3)
    np.testing.assert_allclose(engine.weights()["W1"], expected, rtol=1e-12, atol=1e-14)
    assert engine.distances() == pytest.approx([0.3 * norm], rel=1e-10)


@pytest.mark.parametrize("c", [1, 3])
def test_a_batch_sees_its_rows_alone(workers, c):
    engine, X, G = engine_of(workers, c=c)
    rows = np.array([5, 0, 30, 7])
    np.testing.assert_allclose(engine.forward(rows), engine.network.predict(X[rows]), rtol=1e-12)
    engine.descend(G[rows], 0.1)
    expected = engine.network.weights - 0.1 * engine.network.gradient(X[rows], G[rows])
    np.testing.assert_allclose(engine.weights()["W1"], expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("c", [1, 3])
def test_the_kernel_and_the_tangent_product_are_those_of_the_features(workers, c):
    engine, X, V = engine_of(workers, c=c)
    engine.forward()
    features = [engine.network.features(X, j) for j in range(c)]
    J = np.concatenate([Z.T for Z in features])  # (c n, md)
    expected = (J @ (J.T @ V.T.ravel())).reshape(c, -1).T
    np.testing.assert_allclose(engine.tangent(V), expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(engine.kernel(), features[0].T @ features[0], rtol=1e-10, atol=1e-12)
    norms = np.sqrt(sum((Z**2).sum(axis=0) for Z in features))
    np.testing.assert_allclose(engine.example_gradient_norms(), norms[None, :], rtol=1e-12)


def test_flips_movement_and_linearization_after_some_steps(workers):
    engine, X, _ = engine_of(workers, m=500)
    rng = np.random.default_rng(2)
    Y = rng.choice([-1.0, 1.0], (X.shape[0], 1))
    for _ in range(30):
        engine.descend(engine.forward() - Y, 0.2)
    engine.forward()
    now = engine.network.at(engine.weights()["W1"])
    changed = (now.patterns(X) != engine.network.patterns(X)).mean()
    assert changed > 0
    assert engine.flips() == pytest.approx([changed], rel=1e-12)
    D = now.weights - engine.network.weights
    assert engine.neuron_movement() == pytest.approx(np.linalg.norm(D, axis=1).max(), rel=1e-12)
    assert engine.spectral_distances() == pytest.approx([np.linalg.norm(D, 2)], rel=1e-8)
    np.testing.assert_allclose(engine.linearized(), engine.network.linearized(X, now.weights), rtol=1e-10)
    np.testing.assert_allclose(engine.predict(X[:3]), now.predict(X[:3]), rtol=1e-12)


def test_a_restored_engine_goes_on_with_the_same_bits(workers):
    engine, _X, G = engine_of(workers, "float32")
    engine.descend(engine.forward() - G, 0.1)
    state = {name: array.copy() for name, array in engine.state().items()}
    other, _, _ = engine_of(workers, "float32")
    other.restore(state)
    for each in (engine, other):
        each.descend(each.forward() - G, 0.1)
    assert engine.weights()["W1"].tobytes() == other.weights()["W1"].tobytes()
    assert engine.flips() == other.flips()


def test_single_precision_follows_double_within_the_tolerance_of_its_products(workers):
    """300 steps: outputs stay within 1e-5 of the double ones, weights within 1e-6 of how far they went."""
    runs = []
    for precision in ("float32", "float64"):
        engine, X, _ = engine_of(workers, precision, n=60, d=12, m=1000)
        Y = np.random.default_rng(3).choice([-1.0, 1.0], (X.shape[0], 1))
        for _ in range(300):
            engine.descend(engine.forward() - Y, 0.1)
        runs.append((engine.forward(), engine.weights()["W1"] - engine.network.weights))
    (F, D), (F64, D64) = runs
    assert np.abs(F - F64).max() < 1e-5
    assert np.linalg.norm(D - D64) < 1e-4 * np.linalg.norm(D64)


@pytest.mark.parametrize("tile", [64 * 8, 2**12, 2**20])
@pytest.mark.parametrize("m", [1, 63, 64, 65, 256, 257, 513])
def test_blocks_and_tiles_of_any_size_give_the_same_sums(workers, monkeypatch, tile, m):
    monkeypatch.setattr(passes, "TILE_BYTES", tile)
    engine, X, G = engine_of(workers, m=m, n=70)
    np.testing.assert_allclose(engine.forward(), engine.network.predict(X), rtol=1e-12, atol=1e-14)
    signs = (X @ engine.network.weights.T >= 0) * engine.network.output.T
    np.testing.assert_allclose(engine.kernel(), (signs * signs) @ (signs * signs).T / m * (X @ X.T), rtol=1e-12)
    assert engine.gradient_norms(G) == pytest.approx([np.linalg.norm(engine.network.gradient(X, G))], rel=1e-10)


def test_no_array_of_examples_times_units_is_ever_held(workers):
    """Patterns are bits: a step at n = 2,000, m = 4,096 takes a tenth of the memory of its pre-activations."""
    import tracemalloc

    engine, _X, G = engine_of(workers, "float32", n=2000, d=4, m=4096)
    engine.forward()
    engine.descend(G, 1e-3)
    tracemalloc.start()
    engine.forward()
    engine.descend(G, 1e-3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.2 * 4 * 2000 * 4096

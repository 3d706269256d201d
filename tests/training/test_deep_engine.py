"""The deep net's engine equals the definition, whatever the chunks, and goes on with the same digits after a stop."""

import sys

import numpy as np
import pytest
import scipy.special
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

import prefit  # noqa: E402
from prefit.data.coding import code  # noqa: E402
from prefit.data.distinct import unit_rows  # noqa: E402
from prefit.errors import InputError  # noqa: E402
from prefit.kernels import NTK  # noqa: E402
from prefit.networks import DeepReLU  # noqa: E402
from prefit.training import descend, loss_named, stability_of, surrogate_error, tensors  # noqa: E402
from prefit.training.deep import DeepEngine  # noqa: E402
from tests.naive import deep as naive  # noqa: E402
from tests.training.conftest import Problem  # noqa: E402
from tests.training.test_resume import Killed, Memory, same  # noqa: E402

SMALL = 3000  # bytes: chunks of one to four examples of the nets below


def problem(n, d, widths, c, seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return DeepReLU.initialized(d, widths, c, seed=seed), X, rng.standard_normal((n, c))


def engine_of(net, X, precision="float64", threads=1, **asked):
    return DeepEngine(net, X, "cpu", precision, threads, **asked)


def moved(net, D):
    return DeepReLU(tuple(W + one for W, one in zip(net.weights, D, strict=True)), net.output)


sizes = st.tuples(
    st.integers(2, 6), st.integers(1, 5), st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 3)
)
seeds = st.integers(0, 10**6)
budgets = st.sampled_from([2**30, SMALL, 1])


@given(sizes, seeds, budgets)
@settings(max_examples=40)
def test_everything_that_is_linear_in_the_gradients_equals_the_literal_derivatives(size, seed, budget):
    """At weights that have moved: norms, tangent product, both kernels."""
    net, X, G = problem(*size, seed)
    engine = engine_of(net, X, budget=budget)
    engine.forward()
    engine.descend(G, 0.05)
    W = [engine.weights()[f"W{l + 1}"] for l in range(net.depth)]
    parts = [naive.derivative(W, net.output, X, only=l) for l in range(net.depth)]
    J = np.concatenate(parts, axis=2)
    np.testing.assert_allclose(engine.forward(), naive.outputs(W, net.output, X), atol=1e-10)
    pulled = [np.linalg.norm(np.einsum("ij,ijp->p", G, part)) for part in parts]
    np.testing.assert_allclose(engine.gradient_norms(G), pulled, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(engine.tangent(G), np.einsum("icp,kdp,kd->ic", J, J, G), rtol=1e-8, atol=1e-8)
    scale = net.outputs * net.width
    np.testing.assert_allclose(engine.kernel(), np.einsum("icp,kcp->ik", J, J) / scale, rtol=1e-8, atol=1e-9)
    last = np.einsum("icp,kcp->ik", parts[-1], parts[-1]) / scale
    np.testing.assert_allclose(engine.layer_kernel(), last, rtol=1e-8, atol=1e-9)
    lengths = [np.linalg.norm(part, axis=(1, 2)) for part in parts]
    np.testing.assert_allclose(engine.example_gradient_norms(), lengths, rtol=1e-8, atol=1e-9)


@given(sizes, seeds, budgets)
@settings(max_examples=40)
def test_what_is_held_against_the_start_equals_its_definition(size, seed, budget):
    net, X, G = problem(*size, seed)
    engine = engine_of(net, X, budget=budget)
    engine.forward()
    engine.descend(G, 0.1)
    engine.forward()
    D = [-0.1 * one for one in net.gradient(X, G)]
    now, J = moved(net, D), naive.derivative(net.weights, net.output, X)
    linear = net.predict(X) + J @ np.concatenate([one.ravel() for one in D])
    np.testing.assert_allclose(engine.linearized(), linear, rtol=1e-8, atol=1e-9)
    changed = [(a != b).mean() for a, b in zip(net.patterns(X), now.patterns(X), strict=True)]
    np.testing.assert_allclose(engine.flips(), changed)
    np.testing.assert_allclose(engine.distances(), [np.linalg.norm(one) for one in D], atol=1e-12)
    np.testing.assert_allclose(engine.spectral_distances(), [np.linalg.norm(one, 2) for one in D], atol=1e-7)
    assert engine.neuron_movement() == pytest.approx(max(np.linalg.norm(one, axis=0).max() for one in D), abs=1e-12)
    np.testing.assert_allclose(engine.predict(X[:2]), now.predict(X[:2]), atol=1e-10)


@given(sizes, seeds, budgets)
@settings(max_examples=30)
def test_gradients_equal_those_of_autograd(size, seed, budget):
    net, X, G = problem(*size, seed)
    weights = [torch.tensor(W, requires_grad=True) for W in net.weights]
    h = torch.tensor(X)
    for W in weights:
        h = torch.relu(h @ W)
    (h @ torch.tensor(net.output) * torch.tensor(G)).sum().backward()
    engine = engine_of(net, X, budget=budget)
    engine.forward()
    engine.descend(G, 1.0)
    for l, W in enumerate(weights, 1):
        step = net.weights[l - 1] - engine.weights()[f"W{l}"]
        np.testing.assert_allclose(step, W.grad.numpy(), rtol=1e-6, atol=1e-6 * np.abs(G).max())


def test_gradients_equal_finite_differences():
    net, X, G = problem(9, 5, (12, 8, 20), 2, 4)
    engine, step, rng = engine_of(net, X), 1e-6, np.random.default_rng(1)
    engine.forward()
    engine.descend(G, 1.0)
    gradient = [W - engine.weights()[f"W{l}"] for l, W in enumerate(net.weights, 1)]
    for _ in range(10):
        D = [rng.standard_normal(W.shape) for W in net.weights]
        up, down = (moved(net, [s * step * one for one in D]).predict(X) for s in (1, -1))
        literal = float((G * (up - down)).sum()) / (2.0 * step)
        assert sum(float((g * one).sum()) for g, one in zip(gradient, D, strict=True)) == pytest.approx(literal, 1e-6)


@pytest.mark.parametrize("budget", [2**30, SMALL])
def test_a_step_of_descent_on_the_logistic_loss_is_algorithm_1(budget):
    net, X, _ = problem(8, 5, (10, 12), 1, 2)
    y = np.where(X[:, 0] > 0, 1.0, -1.0)
    engine, loss = engine_of(net, X, budget=budget), loss_named("logistic")
    W = list(net.weights)
    for _ in range(3):
        engine.descend(loss.gradient(engine.forward(), y[:, None]), 0.3)
        W = naive.step(W, net.output, X, y, 0.3)
    for l, literal in enumerate(W, 1):
        np.testing.assert_allclose(engine.weights()[f"W{l}"], literal, rtol=1e-10, atol=1e-13)


def test_a_mini_batch_moves_the_weights_by_its_rows_alone():
    net, X, G = problem(9, 5, (7, 6), 2, 3)
    whole, part = engine_of(net, X), engine_of(net, X[[4, 1, 7]])
    rows = np.array([4, 1, 7])
    np.testing.assert_allclose(whole.forward(rows), part.forward(), atol=1e-13)
    np.testing.assert_allclose(whole.gradient_norms(G[:3]), part.gradient_norms(G[:3]))
    whole.descend(G[:3], 0.1)
    part.descend(G[:3], 0.1)
    np.testing.assert_allclose(whole.weights()["W2"], part.weights()["W2"], atol=1e-13)
    assert whole.forward().shape == (9, 2)


# Precision ------------------------------------------------------------------------------------------------------------


def trained(engine, Y, steps, rate, loss="logistic"):
    losses, chosen = [], loss_named(loss)
    for _ in range(steps):
        F = engine.forward()
        losses.append(chosen.value(F, Y))
        engine.descend(chosen.gradient(F, Y), rate)
    return np.array(losses)


def test_trajectories_in_single_precision_stay_within_a_thousandth_of_those_in_double():
    """They are far closer until rounding takes some unit over its kink for one of them, where the gradient jumps."""
    net, X, _ = problem(60, 10, (256, 256), 1, 7)
    Y = np.where(X[:, :1] > 0, 1.0, -1.0)
    single, double = engine_of(net, X, "float32"), engine_of(net, X)
    rate = stability_of(double).step_size(loss_named("logistic"))
    np.testing.assert_allclose(trained(single, Y, 60, rate), trained(double, Y, 60, rate), rtol=1e-5)
    np.testing.assert_allclose(single.distances(), double.distances(), rtol=1e-5)
    assert np.abs(single.kernel() - double.kernel()).max() < 1e-5
    np.testing.assert_allclose(trained(single, Y, 140, rate), trained(double, Y, 140, rate), rtol=1e-3)
    np.testing.assert_allclose(single.distances(), double.distances(), rtol=1e-3)


def test_steps_too_small_for_a_weight_in_single_precision_are_not_lost():
    """A step of 1e-9 of the weights, 300 times: added to W in float32 nothing would move."""
    net, X, _ = problem(20, 10, (128,), 1, 7)
    Y, rate = np.where(X[:, :1] > 0, 1.0, -1.0), 1e-8
    single, double = engine_of(net, X, "float32"), engine_of(net, X)
    trained(single, Y, 300, rate)
    trained(double, Y, 300, rate)
    assert double.distances()[0] < 3e-6 * np.linalg.norm(net.weights[0])
    np.testing.assert_allclose(single.distances(), double.distances(), rtol=1e-5)


def test_settings_of_torch_are_as_before():
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        net, X, G = problem(5, 4, (6,), 1, 0)
        engine = engine_of(net, X, "float32", threads=1)
        engine.forward()
        engine.descend(G, 0.1)
        assert torch.get_float32_matmul_precision() == "high"
        assert torch.get_num_threads() == threads
        assert torch.is_grad_enabled()
    finally:
        torch.set_float32_matmul_precision(precision)


def test_a_large_spectral_norm_comes_by_lanczos(monkeypatch):
    monkeypatch.setattr(tensors, "DIRECT", 4)
    D = np.random.default_rng(0).standard_normal((40, 60))
    assert tensors.spectral_norm(torch.tensor(D)) == pytest.approx(np.linalg.norm(D, 2), rel=1e-5)
    assert tensors.spectral_norm(torch.zeros(40, 60)) == 0.0


# The same digits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_a_run_that_is_stopped_and_restored_ends_bit_identical(precision):
    net, X, _ = problem(40, 8, (64, 32), 1, 9)
    Y = np.where(X[:, :1] > 0, 1.0, -1.0)
    whole = engine_of(net, X, precision, threads=2)
    trained(whole, Y, 30, 0.05)
    first = engine_of(net, X, precision, threads=2)
    trained(first, Y, 12, 0.05)
    state = first.state()
    second = engine_of(net, X, precision, threads=2)
    second.restore(state)
    trained(second, Y, 18, 0.05)
    assert all((a == b).all() for a, b in zip(whole.weights().values(), second.weights().values(), strict=True))
    assert (whole.forward() == second.forward()).all()
    assert (whole.flips() == second.flips()).all()


@pytest.mark.parametrize("batch", [None, 5])
def test_a_descent_killed_after_any_save_ends_with_the_same_digits(options, batch):
    data = Problem()

    def run(keeper):
        engine = engine_of(DeepReLU.initialized(5, (16, 12), seed=1), data.X, "float32")
        asked = options("logistic", 0.05, 12, batch=batch, keep_weights=(5,))
        return descend(engine, data.Y, data.labels, data.test, asked, keeper)

    whole = Memory()
    uninterrupted = run(whole)
    for stop_after in range(0, whole.saves, 3):
        keeper = Memory(stop_after)
        with pytest.raises(Killed):
            run(keeper)
        keeper.stop_after = None
        same(run(keeper), uninterrupted)


def test_a_record_changes_no_digit_of_the_descent(options):
    """The passes that a record makes leave what is kept for the step as it was."""
    data = Problem()
    often, seldom = (
        descend(
            engine_of(DeepReLU.initialized(5, (16, 12), seed=1), data.X, "float32"),
            data.Y,
            data.labels,
            data.test,
            options("logistic", 0.05, 24, grid=grid),
        )
        for grid in (tuple(range(25)), (0, 24))
    )
    for name, W in often.weights[24].items():
        assert (seldom.weights[24][name] == W).all()
    trajectory = often.trajectory
    assert trajectory.layers == 2
    assert np.isfinite(trajectory.distance).all()
    assert trajectory.linearization_error[0] < 1e-5
    assert trajectory.loss[-1] < trajectory.loss[0]


# The theory beside it -------------------------------------------------------------------------------------------------


def test_the_gradient_lower_bound_starts_at_the_kernels_value_for_its_own_weights():
    """‖∇_{W_L}L_S‖_F/(√m E_S) → √((p∘y)ᵀK_L(p∘y)), p ∝ −ℓ'(y_i f(x_i)) (theory §7): digits 3/8, m = 20,000."""
    split = prefit.load("digits", classes="3,8").train
    X, _ = unit_rows(split.X)
    y = code(split.labels, 2)
    engine = engine_of(DeepReLU.initialized(64, (20_000,), seed=0), X, "float32")
    F = engine.forward()
    gradient = engine.gradient_norms(loss_named("logistic").gradient(F, y))[-1]
    measured = gradient / (np.sqrt(engine.width) * surrogate_error(F, y))
    p = scipy.special.expit(-y * F)
    weighted = (p / p.sum() * y)[:, 0]
    limit = np.sqrt(weighted @ NTK(1).layer(1)(X @ X.T) @ weighted)
    assert measured == pytest.approx(limit, rel=0.01)
    assert measured == pytest.approx(np.sqrt(weighted @ engine.layer_kernel() @ weighted), rel=1e-4)


def test_the_largest_eigenvalue_of_the_tangent_product_is_that_of_the_kernel():
    net, X, _ = problem(30, 6, (40, 40), 1, 5)
    engine = engine_of(net, X)
    found = stability_of(engine).lambda_max / engine.kernel_scale
    assert found == pytest.approx(np.linalg.eigvalsh(engine.kernel())[-1], rel=1e-3)


# What cannot be had ---------------------------------------------------------------------------------------------------


def test_inputs_of_another_width_are_refused():
    net, X, _ = problem(5, 4, (6,), 1, 0)
    with pytest.raises(InputError, match=r"must have 4 features.*got \(5, 3\)"):
        engine_of(net, X[:, :3])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_is_refused_where_there_is_none():
    net, X, _ = problem(5, 4, (6,), 1, 0)
    with pytest.raises(InputError, match="needs a CUDA device"):
        DeepEngine(net, X, "cuda")
    assert DeepEngine(net, X).device == "cpu"


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_cuda_follows_the_processor():
    net, X, _ = problem(60, 10, (256, 256), 1, 7)
    Y = np.where(X[:, :1] > 0, 1.0, -1.0)
    here, there = engine_of(net, X, "float32"), DeepEngine(net, X, "cuda", "float32")
    np.testing.assert_allclose(trained(there, Y, 100, 0.002), trained(here, Y, 100, 0.002), rtol=1e-4)
    assert there.device.startswith("cuda (")


def test_without_torch_the_extra_is_named(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("prefit.training.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match=r"needs torch.*pip install 'prefit\[torch\]'"):
        import prefit.training.deep  # noqa: F401

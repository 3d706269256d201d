"""The descent is the paper's algorithm, records what it says it records, and stops for the reason it gives."""

import dataclasses
import math
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.errors import InputError
from prefit.training import DescentOptions, descend, loss_named, stability_of, surrogate_error
from tests.naive.two_layer import LiteralTwoLayer, features, kernel, outputs
from tests.training.conftest import Problem


def run(problem, options, engine=None, test=True, **asked):
    engine = engine or problem.engine(**asked)
    return descend(engine, problem.Y, problem.labels, problem.test if test else None, options)


def literal_losses(problem, loss, rate, steps, **asked):
    """Losses and E_S of W(k + 1) = W(k) − η ∇L(W(k)), the gradient Σ_i ∂ℓ/∂f_i ∂f(x_i)/∂W written out."""
    engine = problem.engine(**asked)
    W, a, X, Y = engine.W0, engine.a, problem.X, problem.Y
    losses, errors = [], []
    for _ in range(steps + 1):
        F = outputs(W, a, X)
        losses.append(loss.value(F, Y))
        errors.append(float((1.0 / (1.0 + np.exp(Y * F))).mean()))
        G, Z = loss.gradient(F, Y), features(W, a, X)
        W = W - rate * sum(G[i, j] * Z[j, i] for j, i in np.ndindex(Y.shape[1], len(X)))
    return losses, errors


# The algorithm ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["quadratic", "logistic", "hinge", "square"])
def test_full_batch_descent_is_the_formula(problem, options, name):
    outcome = run(problem, options(name, steps=12, grid=tuple(range(13))))
    losses, errors = literal_losses(problem, loss_named(name), 0.1, 12)
    assert outcome.trajectory.steps.tolist() == list(range(13))
    np.testing.assert_allclose(outcome.trajectory.loss, losses, rtol=1e-11)
    np.testing.assert_allclose(outcome.trajectory.surrogate_error, errors, rtol=1e-11)


def test_one_step_is_vec_w_minus_eta_z_u_minus_y(problem, options):
    """A §3.1: vec(W(1)) = vec(W(0)) − ηZ(0)(u(0) − y)."""
    engine = problem.engine()
    Z, u = features(engine.W0, engine.a, problem.X)[0], outputs(engine.W0, engine.a, problem.X)[:, 0]
    expected = engine.W0 - 0.1 * np.einsum("i,ird->rd", u - problem.Y[:, 0], Z)
    outcome = run(problem, options(steps=1), engine)
    np.testing.assert_allclose(outcome.weights[1]["W1"], expected, rtol=1e-13)
    np.testing.assert_array_equal(outcome.weights[0]["W1"], engine.W0)


def test_several_classes_descend_by_the_same_formula(three_classes, options):
    outcome = run(three_classes, options(steps=8))
    losses, _ = literal_losses(three_classes, loss_named("quadratic"), 0.1, 8)
    np.testing.assert_allclose(outcome.trajectory.loss, losses, rtol=1e-11)
    assert np.isnan(outcome.trajectory.surrogate_error).all()
    assert outcome.k_star is None
    assert outcome.trajectory.train_error[-1] <= outcome.trajectory.train_error[0]


def test_cross_entropy_takes_one_hot_targets(three_classes, options):
    three_classes.Y = np.eye(3)[three_classes.labels]
    three_classes.test = dataclasses.replace(three_classes.test, Y=np.eye(3)[three_classes.test.labels])
    outcome = run(three_classes, options("cross-entropy", step_size=5.0, steps=30))
    assert outcome.trajectory.loss[-1] < 0.7 * outcome.trajectory.loss[0]


def test_k_star_is_the_argmin_of_the_surrogate_error_over_all_steps(problem, options):
    """Recorded or not: with a step this long the least error is not the last."""
    rate = 1.6 / stability_of(problem.engine()).lambda_max
    outcome = run(problem, options(step_size=rate, steps=60, grid=(0,)))
    _, errors = literal_losses(problem, loss_named("quadratic"), rate, 60)
    assert outcome.trajectory.steps.tolist() == [0, 60]
    assert outcome.k_star == int(np.argmin(errors))
    assert outcome.k_star_error == pytest.approx(min(errors), rel=1e-11)


def test_k_star_of_equal_errors_is_the_first(problem, options):
    """A net without outputs stays where it is: E_S = 1/2 at every step."""
    engine = problem.engine()
    engine.a[:] = 0.0
    assert run(problem, options(steps=5), engine).k_star == 0


# Mini-batches -------------------------------------------------------------------------------------------------------


class Watched(LiteralTwoLayer):
    """Notes the rows that it is asked for."""

    def __init__(self, *args, **asked):
        super().__init__(*args, **asked)
        self.batches, self.gradients = [], []

    def forward(self, rows=None):
        if rows is not None:
            self.batches.append(rows.tolist())
        return super().forward(rows)

    def descend(self, G, rate):
        self.gradients.append(G)
        super().descend(G, rate)


def test_an_epoch_uses_every_example_once_and_each_epoch_has_its_order(problem, options):
    engine = Watched(problem.X)
    run(problem, options(steps=9, batch=5, step_size=0.01), engine)
    epochs = [list(chain(*engine.batches[start : start + 3])) for start in (0, 3, 6)]
    assert [len(batch) for batch in engine.batches] == [5, 5, 4] * 3
    assert all(sorted(epoch) == list(range(problem.n)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert epochs[1] == np.random.default_rng([0, 3, 1]).permutation(problem.n).tolist()


def test_one_pass_uses_every_example_once_and_ends(problem, options):
    engine = Watched(problem.X)
    outcome = run(problem, options("logistic", steps=10**6, one_pass=True), engine)
    assert sorted(chain(*engine.batches)) == list(range(problem.n))
    assert outcome.stopped == "data used up"
    assert outcome.reason == "All 14 examples were used once, in 14 updates."
    assert outcome.steps == outcome.trajectory.steps[-1] == problem.n


def test_one_pass_may_be_cut_short(problem, options):
    outcome = run(problem, options(steps=2, one_pass=True, batch=4))
    assert (outcome.stopped, outcome.steps) == ("steps", 2)


@pytest.mark.parametrize("name", ["quadratic", "square", "logistic"])
def test_the_gradients_of_batches_average_to_the_full_one(problem, options, name):
    """Over the batches of an epoch of equal size, with a rate so small that the net stays where it is."""
    engine = Watched(problem.X)
    start = engine.forward()
    run(problem, options(name, steps=7, batch=2, step_size=1e-300), engine)
    mean = np.zeros_like(start)
    for rows, G in zip(engine.batches, engine.gradients, strict=True):
        mean[rows] += G / 7
    np.testing.assert_allclose(mean, loss_named(name).gradient(start, problem.Y), rtol=1e-12)


def test_a_batch_of_everything_is_full_batch_descent(problem, options):
    batch = run(problem, options(steps=6, batch=problem.n))
    full = run(problem, options(steps=6))
    np.testing.assert_array_equal(batch.trajectory.loss, full.trajectory.loss)


def test_another_seed_takes_another_order(problem, options):
    one, same, other = (run(problem, options(steps=9, batch=4, seed=seed)).trajectory.loss for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


# What is recorded ---------------------------------------------------------------------------------------------------


def test_a_record_holds_the_quantities_by_their_formulas(problem, options):
    trajectory = (outcome := run(problem, options(steps=15, kernel_eigenvalues=True))).trajectory
    start, end = (outcome.weights[k]["W1"] for k in (0, 15))
    a, X, y = outcome.weights[0]["output"], problem.X, problem.Y
    F, Z = outputs(end, a, X), features(end, a, X)[0]
    weight = 1.0 / (1.0 + np.exp(y * F))
    logistic = np.linalg.norm(np.einsum("i,ird->rd", (y * weight)[:, 0], Z)) / problem.n
    last = {name: array[-1] for name, array in trajectory.arrays().items()}
    np.testing.assert_allclose(last["outputs"], F, rtol=1e-12)
    assert last["residual"] == pytest.approx(np.linalg.norm(y - F))
    assert last["loss"] == pytest.approx(0.5 * last["residual"] ** 2)
    assert last["surrogate_error"] == pytest.approx(weight.mean())
    assert last["logistic_loss"] == pytest.approx(np.log(1 + np.exp(-y * F)).mean())
    assert last["train_error"] == (np.sign(F) != y).mean()
    assert last["gradient_norm"][0] == pytest.approx(np.linalg.norm(np.einsum("i,ird->rd", (F - y)[:, 0], Z)))
    assert last["surrogate_gradient"] == pytest.approx(logistic)
    assert last["gradient_ratio"] == pytest.approx(logistic / weight.mean())
    assert last["distance"][0] == pytest.approx(np.linalg.norm(end - start))
    assert last["neuron_movement"] == pytest.approx(np.linalg.norm(end - start, axis=1).max())
    assert last["flips"][0] == ((X @ end.T >= 0) != (X @ start.T >= 0)).mean() > 0
    linear = outputs(start, a, X)[:, 0] + np.einsum("ird,rd->i", features(start, a, X)[0], end - start)
    assert last["linearization_error"] == pytest.approx(np.abs(F[:, 0] - linear).max())
    assert last["linear_part"] == pytest.approx(np.linalg.svd(end - start, compute_uv=False)[0])
    values = np.linalg.eigvalsh(kernel(end, X))
    assert (last["kernel_smallest"], last["kernel_largest"]) == pytest.approx((values[0], values[-1]))
    assert last["seconds"] == outcome.seconds > 0


def test_the_test_split_is_recorded_by_the_same_formulas(problem, options):
    outcome = run(problem, options(steps=15))
    F = outputs(outcome.weights[15]["W1"], outcome.weights[0]["output"], problem.test.X)
    y, trajectory = problem.test.Y, outcome.trajectory
    assert trajectory.test_error[-1] == (np.sign(F) != y).mean()
    assert trajectory.test_loss[-1] == pytest.approx(0.5 * np.square(y - F).sum())
    assert trajectory.test_l1[-1] == pytest.approx(np.abs(y - F).mean())
    assert trajectory.test_surrogate_error[-1] == pytest.approx(surrogate_error(F, y))


def test_what_is_not_asked_for_is_nan(problem, options):
    trajectory = run(problem, options(steps=3, linearization=False), test=False).trajectory
    for name in ("test_error", "test_loss", "linearization_error", "linear_part", "kernel_smallest"):
        assert np.isnan(getattr(trajectory, name)).all(), name
    assert np.isfinite(trajectory.distance).all()


def test_real_targets_have_a_loss_and_no_error(problem, options):
    problem.Y, problem.labels = problem.Y * 0.3, None
    trajectory = run(problem, options(steps=3), test=False).trajectory
    assert np.isfinite(trajectory.loss).all()
    assert np.isnan(trajectory.train_error).all()
    assert np.isnan(trajectory.gradient_ratio).all()


def test_an_output_of_zero_is_an_error(problem, options):
    engine = problem.engine()
    engine.a[:] = 0.0
    assert run(problem, options(steps=1), engine).trajectory.train_error[0] == 1.0


def test_a_given_grid_is_recorded_with_the_ends(problem, options):
    assert run(problem, options(steps=30, grid=(3, 7, 99))).trajectory.steps.tolist() == [0, 3, 7, 30]


def test_weights_are_kept_where_asked(problem, options):
    outcome = run(problem, options(steps=8, keep_weights=(3, 5, 99)))
    assert list(outcome.weights) == [0, 3, 5, 8]
    again = run(problem, options(steps=5))
    np.testing.assert_array_equal(outcome.weights[5]["W1"], again.weights[5]["W1"])


@pytest.mark.parametrize("batch", [None, 4])
def test_recording_disturbs_nothing(problem, options, batch):
    often, rarely = (run(problem, options(steps=9, batch=batch, grid=grid)) for grid in (tuple(range(9)), (0,)))
    np.testing.assert_array_equal(often.weights[9]["W1"], rarely.weights[9]["W1"])


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_the_examples_does_not_matter(seed):
    """Their outputs change places, and every other quantity stays."""
    problem, shuffled = Problem(n=8), Problem(n=8)
    order = np.random.default_rng(seed).permutation(8)
    shuffled.X, shuffled.Y, shuffled.labels = problem.X[order], problem.Y[order], problem.labels[order]
    asked = DescentOptions(loss_named("logistic"), 2.0, 6, kernel_eigenvalues=True)
    one, other = (run(case, asked).trajectory.arrays() for case in (problem, shuffled))
    for name in one.keys() - {"seconds"}:
        expected = one[name][:, order] if name == "outputs" else one[name]
        np.testing.assert_allclose(other[name], expected, rtol=1e-9, atol=1e-12, err_msg=name)


def test_time_on_records_is_not_counted(problem, options, monkeypatch):
    """A clock that goes on by one a look: forward and step of each of 4 updates, and the last forward."""
    ticks = iter(range(10**6))
    monkeypatch.setattr("prefit.training.descent.time.perf_counter", lambda: float(next(ticks)))
    many, few = (run(problem, options(steps=4, grid=grid)).seconds for grid in (None, (0,)))
    assert many == few == 9.0


# When it stops ------------------------------------------------------------------------------------------------------


def test_it_stops_at_the_steps(problem, options):
    outcome = run(problem, options(steps=7))
    assert (outcome.stopped, outcome.steps, outcome.reason) == ("steps", 7, "All 7 steps were made.")


def test_no_steps_measure_the_start(problem, options):
    outcome = run(problem, options(steps=0))
    assert outcome.trajectory.steps.tolist() == [0]
    assert list(outcome.weights) == [0]
    assert outcome.k_star == 0


@pytest.mark.parametrize("batch", [None, 3])
def test_it_stops_at_the_loss_and_records_that_step(problem, options, batch):
    whole = run(problem, options(steps=200, batch=batch)).trajectory
    wanted = float(whole.loss[0]) / 2
    outcome = run(problem, options(steps=200, batch=batch, until_loss=wanted))
    assert outcome.stopped == "loss"
    assert outcome.trajectory.loss[-1] <= wanted < outcome.trajectory.loss[-2]
    assert outcome.trajectory.steps[-1] == outcome.steps < 200
    assert f"at step {outcome.steps}" in outcome.reason


def test_it_stops_some_steps_after_k_star_and_keeps_its_weights(problem, options):
    rate = 1.6 / stability_of(problem.engine()).lambda_max
    outcome = run(problem, options(step_size=rate, steps=10**4, patience=6))
    assert outcome.stopped == "patience"
    assert outcome.steps == outcome.k_star + 6
    F = outputs(outcome.weights[outcome.k_star]["W1"], outcome.weights[0]["output"], problem.X)
    assert surrogate_error(F, problem.Y) == outcome.k_star_error
    assert outcome.reason.startswith(f"The surrogate error was least at k* = {outcome.k_star}")


@pytest.mark.parametrize("batch", [None, 3])
def test_it_stops_when_the_time_is_over(problem, options, batch, monkeypatch):
    ticks = iter(range(10**6))
    monkeypatch.setattr("prefit.training.descent.time.perf_counter", lambda: float(next(ticks)))
    outcome = run(problem, options(steps=10**6, batch=batch, time_limit=50.0, grid=(0,)))
    assert outcome.stopped == "time"
    assert 20 <= outcome.steps <= 50
    assert outcome.reason == f"The 50 s allowed were over after {outcome.steps} steps."
    assert outcome.trajectory.steps.tolist() == [0, outcome.steps]


def test_an_unstable_step_size_makes_no_step_and_says_so(problem, options):
    outcome = run(problem, options(step_size=3.0, stable_below=2.5))
    assert (outcome.stopped, outcome.steps) == ("unstable", 0)
    assert outcome.trajectory.steps.tolist() == [0]
    assert "The step size 3 is not below 2.5 = 2/(β λ_max)" in outcome.reason


@pytest.mark.parametrize("batch", [None, 7])
def test_forced_it_diverges_keeps_the_record_and_says_why(problem, options, batch):
    stable = stability_of(problem.engine()).stable_below(loss_named("quadratic"))
    asked = options(step_size=40 * stable, steps=500, stable_below=stable, force=True, batch=batch)
    outcome = run(problem, asked)
    assert outcome.stopped == "diverged"
    assert 0 < outcome.steps < 500
    assert outcome.trajectory.steps[-1] == outcome.steps
    assert outcome.trajectory.loss[-1] > 10 * outcome.trajectory.loss[0]
    assert "from where descent is unstable at the start" in outcome.reason


@pytest.mark.parametrize("batch", [None, 7])
def test_a_loss_that_is_not_finite_ends_it_without_a_warning(problem, options, batch):
    outcome = run(problem, options(step_size=1e300, steps=500, batch=batch, grid=(0,)))
    assert outcome.stopped == "diverged"
    assert outcome.steps < 10
    assert not math.isfinite(outcome.trajectory.loss[-1]) or outcome.trajectory.loss[-1] > 1e100
    assert "try a smaller one" in outcome.reason


class Rising(LiteralTwoLayer):
    """A net whose outputs only move away, slowly."""

    def descend(self, G, rate):
        self.W = self.W * 1.003


def test_a_loss_that_only_rises_ends_it_before_it_is_tenfold(problem, options):
    engine = Rising(problem.X, init_scale=3.0)
    outcome = run(problem, options(steps=2000), engine)
    assert outcome.stopped == "diverged"
    assert "each of them up" in outcome.reason
    assert outcome.trajectory.loss[-1] < 10 * outcome.trajectory.loss[0]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"step_size": 0.0}, "step size must be a number above 0; it is 0.0"),
        ({"step_size": math.nan}, "it is nan"),
        ({"steps": -1}, "they are -1 and None"),
        ({"batch": 0}, "they are 20 and 0"),
        ({"patience": 0}, "there are 0 steps"),
    ],
)
def test_wrong_options_are_refused(problem, options, asked, said):
    with pytest.raises(InputError, match=said):
        run(problem, options(**asked))


def test_k_star_is_refused_for_several_outputs(three_classes, options):
    with pytest.raises(InputError, match="labels ±1; there are 5 steps and 3 outputs"):
        run(three_classes, options(patience=5))


def test_progress_tells_portion_and_loss(problem, options, monkeypatch):
    monkeypatch.setattr("prefit.training.descent.SHOWN", 0.0)
    told = []
    asked = options(steps=4)
    descend(problem.engine(), problem.Y, None, None, asked, progress=lambda portion, text: told.append((portion, text)))
    assert [portion for portion, _ in told] == [0.25, 0.5, 0.75, 1.0]
    assert told[0][1].startswith("step 1 of 4, loss ")

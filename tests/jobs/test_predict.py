"""What a run is held against: descents under a fixed kernel, step by step; spectra, margins, what was left out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from prefit.data import load
from prefit.data.distinct import unit_rows
from prefit.gram import Workers
from prefit.jobs import curve, limit, predict
from prefit.jobs import memory as memory_facts
from prefit.jobs.predict import Setting, at_start, evidence_of
from prefit.kernels import TwoLayer
from prefit.networks import two_layer as networks
from prefit.theory.checks import all_checks
from prefit.theory.margins import NOT_SEPARABLE
from prefit.training import DescentOptions, descend, loss_named
from prefit.training.two_layer import TwoLayerEngine
from tests.naive import checks, descent
from tests.naive import two_layer as literal
from tests.training.conftest import Problem

STEPS = 30
ALL = tuple(range(STEPS + 1))


@pytest.fixture(scope="module")
def workers():
    team = Workers(1)
    yield team
    team.close()


def run(workers, loss="quadratic", rate=0.2, problem=None, engine=None, steps=STEPS, grid=ALL, **asked):
    """(evidence, problem, engine) of a run of the literal net, or of the engine given."""
    problem = problem or Problem()
    engine = engine or literal.LiteralTwoLayer(problem.X, width=48, outputs=problem.Y.shape[1])
    setting = Setting("two-layer", loss_named(loss), rate, steps, grid=grid, init_scale=1.0, **asked)
    start = at_start(engine, problem.Y, setting)
    options = DescentOptions(setting.loss, rate, steps, grid=grid, batch=setting.batch, one_pass=setting.one_pass)
    outcome = descend(engine, problem.Y, problem.labels, None, options)
    found = evidence_of(start, outcome.trajectory, problem.X, problem.Y, setting, workers, k_star=outcome.k_star)
    return found, problem, engine


def gram(X):
    H = TwoLayer()(np.clip(X @ X.T, -1, 1))
    np.fill_diagonal(H, 0.5)
    return H


def linear_net(engine, problem, loss, rate, steps):
    """Outputs and distances of the net linearized at W(0), descended in its weights."""
    Z = literal.features(engine.W0, engine.a, problem.X)
    F0, D, outputs, moved = literal.outputs(engine.W0, engine.a, problem.X), np.zeros_like(engine.W0), [], []
    for _ in range(steps + 1):
        F = F0 + np.einsum("jird,rd->ij", Z, D)
        outputs.append(F)
        moved.append(np.linalg.norm(D))
        D = D - rate * np.einsum("ij,jird->rd", loss.gradient(F, problem.Y), Z)
    return np.array(outputs), np.array(moved)


# The infinitely wide net ----------------------------------------------------------------------------------------------


def test_the_limit_is_descent_under_h_from_zero(workers):
    found, problem, _ = run(workers)
    H = gram(problem.X)
    assert found.infinite.residual == pytest.approx(descent.residuals(H, problem.Y, 0.2, STEPS), rel=1e-10)
    moved = descent.movements(H, problem.Y, 0.2, STEPS)
    assert found.infinite.distance == pytest.approx(moved, rel=1e-9, abs=1e-12)
    assert found.infinite.loss == pytest.approx(0.5 * found.infinite.residual**2, rel=1e-12)
    u = found.trajectory.outputs
    limit = problem.Y - np.array([np.linalg.matrix_power(np.eye(14) - 0.2 * H, k) @ problem.Y for k in ALL])
    assert found.infinite.gap == pytest.approx(np.linalg.norm(u - limit, axis=(1, 2)), rel=1e-8)


def test_the_limit_of_several_columns_takes_each_by_itself(workers):
    problem = Problem(classes=3)
    found, _, _ = run(workers, problem=problem)
    H = gram(problem.X)
    assert found.infinite.residual == pytest.approx(descent.residuals(H, problem.Y, 0.2, STEPS), rel=1e-10)


def test_the_ends_of_the_spectrum_and_the_form_are_those_of_h(workers):
    found, problem, engine = run(workers)
    values = np.linalg.eigvalsh(gram(problem.X))
    assert 0.9 * values[0] <= found.lambda_0 <= values[0]
    assert found.lambda_min == pytest.approx(values[0], rel=1e-9)
    assert found.lambda_max == pytest.approx(values[-1], rel=1e-12)
    form = (problem.Y.T @ np.linalg.solve(gram(problem.X), problem.Y)).item()
    assert form <= found.quadratic_form <= form * (1 + 1e-6)
    own = np.linalg.eigvalsh(literal.kernel(engine.W0, problem.X))
    assert found.lambda_min_0 == pytest.approx(own[0], abs=1e-9)


# The linearized net ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["quadratic", "square", "logistic", "hinge"])
def test_the_own_kernel_is_the_linearized_net(name, workers):
    rate = {"quadratic": 0.2, "square": 1.4, "logistic": 3.0, "hinge": 1.0}[name]
    found, problem, engine = run(workers, name, rate)
    loss = loss_named(name)
    outputs, moved = linear_net(engine, problem, loss, rate, STEPS)
    assert found.finite.residual == pytest.approx(np.linalg.norm(problem.Y - outputs, axis=(1, 2)), rel=1e-8)
    gap = np.linalg.norm(found.trajectory.outputs - outputs, axis=(1, 2))
    assert found.finite.gap == pytest.approx(gap, rel=1e-6, abs=1e-9)
    assert found.finite.loss == pytest.approx([loss.value(F, problem.Y) for F in outputs], rel=1e-8)
    assert found.finite.distance == pytest.approx(moved, rel=1e-6, abs=1e-9)


def test_the_own_kernel_of_several_outputs_couples_them(workers):
    problem = Problem(classes=3)
    found, _, engine = run(workers, problem=problem)
    outputs, moved = linear_net(engine, problem, loss_named("quadratic"), 0.2, STEPS)
    assert found.finite.residual == pytest.approx(np.linalg.norm(problem.Y - outputs, axis=(1, 2)), rel=1e-8)
    assert found.finite.distance == pytest.approx(moved, rel=1e-6, abs=1e-9)
    # Taken column by column the outputs would be others: the net's blocks between columns are not zero.
    alone = descent.residuals(engine.kernel(), problem.Y - outputs[0], 0.2, STEPS)
    assert abs(found.finite.residual[-1] / alone[-1] - 1.0) > 1e-3


def test_other_losses_of_several_outputs_have_no_own_prediction(workers):
    problem = Problem(classes=3)
    problem.Y = np.eye(3)[problem.labels]
    found, _, _ = run(workers, "cross-entropy", 1.0, problem=problem)
    assert found.finite is None
    assert found.infinite is not None
    assert any("linearized net was not followed" in said for said in found.left_out)
    assert found.margin is None


# More examples than are decomposed ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def digits():
    train = load("digits", limit=400).train
    problem = Problem()
    problem.X, problem.labels, problem.n = unit_rows(train.X)[0], train.labels, 400
    problem.Y = np.where(train.labels % 2 == 0, 1.0, -1.0)[:, None]
    return problem


@pytest.mark.parametrize("dense", [True, False])
def test_lanczos_predicts_what_the_eigensystem_predicts(dense, digits, workers, monkeypatch):
    grid = (0, 1, 2, 5, 10, 20, 50, 100, 200)

    def one():
        net = networks.TwoLayer.initialized(512, 64, antisymmetric=True, seed=0)
        return run(workers, rate=0.008, problem=digits, engine=TwoLayerEngine(net, digits.X, workers, "float64"),
                   steps=200, grid=grid, antisymmetric=True)[0]  # fmt: skip

    exact = one()
    monkeypatch.setattr(predict, "EXACT_UP_TO", 100)
    monkeypatch.setattr(limit, "EXACT_UP_TO", 100)
    if not dense:
        monkeypatch.setattr(limit, "DENSE_UP_TO", 100)
    found = one()
    for name in ("infinite", "finite"):
        known, other = getattr(exact, name), getattr(found, name)
        assert other.residual == pytest.approx(known.residual, rel=2e-3)
        assert other.distance == pytest.approx(known.distance, rel=5e-3, abs=1e-9)
        assert np.abs(other.gap - known.gap).max() <= 2e-3 * math.sqrt(400)
    assert found.lambda_min is None
    assert 0.0 < found.lambda_0 <= exact.lambda_min
    assert found.lambda_max == pytest.approx(exact.lambda_max, rel=1e-5)
    if dense:
        assert exact.quadratic_form <= found.quadratic_form * (1 + 1e-9) <= 1.01 * exact.quadratic_form
    else:
        assert found.quadratic_form is None or found.quadratic_form <= 1.01 * exact.quadratic_form
    assert [one.verdict for one in all_checks(found) if one.name == "loss falls geometrically"] == ["holds"]


def test_known_curves_are_exact_for_few_steps_and_stop_early_for_smooth_ones():
    rng = np.random.default_rng(0)
    V, _ = np.linalg.qr(rng.standard_normal((200, 200)))
    A = (V * np.geomspace(1e-3, 1.0, 200)) @ V.T
    Y = rng.standard_normal((200, 2))
    for steps, floor in ((np.arange(6), 0.0), (np.array([0, 10, 100, 1000]), 0.0), (np.array([0, 1000]), 9e-4)):
        found = curve.known_curves(lambda V: A @ V, Y, 0.9, steps, floor)
        parts = found.runs
        assert found.known
        assert max(part.steps for part in parts) < 200
        for j, part in enumerate(parts):
            known = [np.linalg.norm(np.linalg.matrix_power(np.eye(200) - 0.9 * A, k) @ Y[:, j]) for k in steps]
            assert curve.residual_norms(part.measure(), 0.9, steps) == pytest.approx(known, rel=2e-3)


def test_a_curve_that_takes_too_many_steps_is_told(digits, workers, monkeypatch):
    monkeypatch.setattr(curve, "MOST_STEPS", 8)
    for module in (predict, limit):
        monkeypatch.setattr(module, "EXACT_UP_TO", 100)
    net = networks.TwoLayer.initialized(512, 64, antisymmetric=True, seed=0)
    found, _, _ = run(workers, rate=0.008, problem=digits, engine=TwoLayerEngine(net, digits.X, workers, "float64"),
                      steps=200, grid=(0, 10, 200), antisymmetric=True)  # fmt: skip
    assert sum("is an estimate" in said for said in found.left_out) == 2
    assert found.quadratic_form is None
    assert any("yᵀH⁻¹y was not computed" in said for said in found.left_out)


def test_lanczos_goes_on_until_its_top_end_is_known_where_no_curve_is_asked_for():
    """A spectrum whose top is close together, and a start that hardly sees it."""
    rng = np.random.default_rng(0)
    V, _ = np.linalg.qr(rng.standard_normal((300, 300)))
    values = np.linspace(0.0, 1.0, 300) ** 2
    y = V @ np.where(values > 0.8, 1e-3, 1.0)[:, None]
    found = curve.known_curves(lambda B: (V * values) @ (V.T @ B), y, 0.0, np.array([0, 1000]))
    assert found.runs[0].largest == pytest.approx(1.0, rel=1e-4)


@pytest.mark.parametrize(("memory", "name"), [(2**30, "TiledOperator"), (1, "RecomputedOperator")])
def test_how_the_limits_kernel_is_held_is_decided_by_the_memory_given(memory, name, digits, workers, monkeypatch):
    """Not by what is free at that moment: a run and its resume, or two equal runs, would differ in rounding."""
    monkeypatch.setattr(limit, "EXACT_UP_TO", 10)
    monkeypatch.setattr(limit, "DENSE_UP_TO", 10)
    monkeypatch.setattr(memory_facts, "free_bytes", lambda: pytest.fail("free memory was asked for"))
    asked, real = [], limit.limit_of

    def seen(*given):
        asked.append(real(*given))
        return asked[-1]

    monkeypatch.setattr(predict, "limit_of", seen)
    net = networks.TwoLayer.initialized(64, 64, seed=0)
    run(workers, rate=0.008, problem=digits, engine=TwoLayerEngine(net, digits.X, workers), steps=2, grid=(0, 2),
        memory=memory)  # fmt: skip
    assert type(asked[0].gram.operator).__name__ == name


# What is not there, and why -------------------------------------------------------------------------------------------


def test_batches_have_no_prediction(workers):
    found, _, _ = run(workers, batch=4)
    assert found.infinite is None
    assert found.finite is None
    assert found.batch == 4
    assert found.lambda_min is not None
    one_pass, _, _ = run(workers, batch=2, one_pass=True)
    assert one_pass.one_pass


def test_a_batch_of_all_examples_is_full_batch_descent(workers):
    found, _, _ = run(workers, batch=14)
    assert found.batch is None
    assert found.infinite is not None


def test_step_by_step_descent_that_would_be_too_long_is_left_out(workers, monkeypatch):
    monkeypatch.setattr(predict, "STEP_WORK", 10.0)
    found, _, _ = run(workers, "logistic", 2.0)
    assert found.infinite is None
    assert found.finite is None
    assert sum("one by one" in said for said in found.left_out) == 2


def test_very_many_examples_are_not_compared(workers, monkeypatch):
    monkeypatch.setattr(predict, "GRAM_UP_TO", 10)
    monkeypatch.setattr(predict, "DENSE_UP_TO", 10)
    monkeypatch.setattr(predict, "concentrated", lambda *given: pytest.fail("H was formed for nothing"))
    monkeypatch.setattr(predict, "RICH_WORK", 10.0)
    found, _, _ = run(workers)
    assert found.infinite is None
    assert found.gram_deviation is None
    assert found.margin is None
    assert found.rademacher is None
    assert found.rademacher_lemma is not None
    assert all(said.endswith(".") for said in found.left_out)
    assert not any(one.verdict == "violated" for one in all_checks(found))


def test_a_step_size_that_diverges_is_predicted_to_diverge(workers):
    found, _, _ = run(workers, rate=10.0)
    assert found.infinite.residual[-1] > 10.0 * found.start
    assert not any(one.verdict == "violated" for one in all_checks(found))


def test_a_run_of_no_steps_is_evidence_of_its_start(workers):
    found, _, _ = run(workers, steps=0, grid=(0,))
    verdicts = {one.name: one.verdict for one in all_checks(found)}
    assert verdicts["H(0) is near H"] == "holds"
    assert verdicts["movement follows its prediction"] == "not applicable"
    assert "violated" not in verdicts.values()


def test_coinciding_inputs_have_no_floor_but_a_prediction(workers):
    problem = Problem()
    problem.X = problem.X.copy()
    problem.X[3], problem.Y[3], problem.labels[3] = problem.X[2], -problem.Y[2], 1 - problem.labels[2]
    found, _, _ = run(workers, problem=problem)
    assert not found.distinct
    assert found.lambda_0 == 0.0
    assert found.quadratic_form is None
    assert found.margin[1] <= NOT_SEPARABLE
    lower_bound = next(one for one in all_checks(found) if one.name == "gradient lower bound")
    assert lower_bound.verdict == "not applicable"
    assert "does not separate" in lower_bound.comment
    H = gram(problem.X)
    H[2, 3] = H[3, 2] = 0.5
    assert found.infinite.residual == pytest.approx(descent.residuals(H, problem.Y, 0.2, STEPS), rel=1e-8)
    assert not any(one.verdict == "violated" for one in all_checks(found))


def test_inputs_off_the_sphere_are_compared_with_their_own_kernel_only(workers):
    problem = Problem()
    problem.X = problem.X * np.linspace(0.5, 2.0, 14)[:, None]
    found, _, engine = run(workers, problem=problem, rate=0.05, on_sphere=False)
    assert found.infinite is None
    assert found.gram_deviation is None
    outputs, _ = linear_net(engine, problem, loss_named("quadratic"), 0.05, STEPS)
    assert found.finite.residual == pytest.approx(np.linalg.norm(problem.Y - outputs, axis=(1, 2)), rel=1e-8)
    assert not any(one.verdict == "violated" for one in all_checks(found))


def test_the_margin_is_the_quadratic_programmes(workers):
    found, problem, _ = run(workers, "logistic", 2.0)
    exact = checks.hard_margin(gram(problem.X), problem.Y[:, 0])
    assert found.margin[0] <= exact <= found.margin[1]


def test_kernel_descent_of_the_logistic_loss_is_step_by_step(workers):
    found, problem, _ = run(workers, "logistic", 2.0)
    H, F, outputs = gram(problem.X), np.zeros((14, 1)), []
    for _ in ALL:
        outputs.append(F)
        F = F + 2.0 * H @ (problem.Y / (1.0 + np.exp(problem.Y * F)) / 14)
    assert found.infinite.residual == pytest.approx(
        np.linalg.norm(problem.Y - np.array(outputs), axis=(1, 2)), rel=1e-10
    )
    assert found.infinite.loss[0] == pytest.approx(math.log(2.0))


# Deep nets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["square", "logistic"])
def test_a_deep_net_is_held_against_its_kernels_in_their_own_scale(name, workers):
    pytest.importorskip("torch", reason="deep nets need torch")
    from prefit.networks.deep import DeepReLU
    from prefit.training.deep import DeepEngine

    problem, width = Problem(n=20), 256
    engine = DeepEngine(DeepReLU.initialized(5, [width, width], seed=0), problem.X, "cpu", "float64")
    loss = loss_named(name)
    rate = (1.0 if name == "square" else 4.0) / width
    setting = Setting("ntk:2", loss, rate, 12, grid=ALL)
    start = at_start(engine, problem.Y, setting)
    options = DescentOptions(loss, rate, 12, grid=ALL, linearization=False)
    outcome = descend(engine, problem.Y, problem.labels, None, options)
    found = evidence_of(start, outcome.trajectory, problem.X, problem.Y, setting, workers, k_star=outcome.k_star)
    moved = np.linalg.norm(found.trajectory.distance, axis=1)
    assert found.finite.gap.max() <= 0.05 * found.start
    assert found.infinite.gap.max() <= 0.1 * found.start
    assert found.finite.distance[1:] == pytest.approx(moved[1:], rel=0.05)
    assert found.infinite.distance[1:] == pytest.approx(moved[1:], rel=0.1)
    assert found.ratio_allowance.shape == found.trajectory.steps.shape
    verdicts = {one.name: one.verdict for one in all_checks(found)}
    assert verdicts["H(0) is near H"] == "not applicable"
    assert verdicts["gradient lower bound at the start"] == "holds"
    assert "violated" not in verdicts.values()
    assert all_checks(replace(found, network="module"))[0].verdict == "not applicable"

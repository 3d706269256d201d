"""Each check says what its formula says, and never calls violated what the paper claims for wider nets only."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import get_args

import numpy as np
import pytest

from prefit.gram import Workers
from prefit.jobs.predict import Setting, at_start, evidence_of
from prefit.kernels import TwoLayer
from prefit.theory.checks import Check, Verdict, all_checks, arora2019, caogu2020
from prefit.theory.finite_width import crossing, lemma_5_4
from prefit.training import DescentOptions, descend, loss_named
from tests.naive import checks as naive
from tests.naive import two_layer as literal
from tests.training.conftest import Problem

STEPS = 40
EXPLICIT = ("Lemma C.3", "our derivation", "Equation (3.1)")  # what may be called violated


def evidence(loss="quadratic", rate=0.2, steps=STEPS, classes=2, problem=None, width=64, kappa=1.0, **asked):
    problem = problem or Problem(classes=classes)
    engine = literal.LiteralTwoLayer(problem.X, width=width, outputs=problem.Y.shape[1], init_scale=kappa)
    setting = Setting("two-layer", loss_named(loss), rate, steps, init_scale=kappa, **asked)
    start = at_start(engine, problem.Y, setting)
    options = DescentOptions(
        setting.loss, rate, steps, grid=tuple(range(steps + 1)), batch=setting.batch, one_pass=setting.one_pass
    )
    outcome = descend(engine, problem.Y, problem.labels, None, options)
    workers = Workers(1)
    found = evidence_of(
        start, outcome.trajectory, problem.X, problem.Y, setting, workers,
        k_star=outcome.k_star, k_star_error=outcome.k_star_error,
    )  # fmt: skip
    workers.close()
    return found, problem, engine


@pytest.fixture(scope="module")
def quadratic():
    return evidence()


@pytest.fixture(scope="module")
def logistic():
    return evidence("logistic", rate=2.0, kappa=math.sqrt(2.0))


def numbers(check):
    return {one.name: one.value for one in check.constants}


# The list -------------------------------------------------------------------------------------------------------------


def test_every_statement_of_both_papers_is_there_once(quadratic):
    found = all_checks(quadratic[0])
    assert len({one.name for one in found}) == len(found)
    listed = [one.source.number for one in found]
    for number in ("Theorem 3.1", "Theorem 4.1", "Lemma C.1", "Lemma C.3", "Lemma 5.3", "Lemma 5.4"):
        assert number in listed
    for number in ("Theorem 3.2 (i)", "Theorem 3.2 (ii)", "Equation (3.1)", *(f"Lemma 4.{i}" for i in range(1, 6))):
        assert number in listed


@pytest.mark.parametrize("loss", ["quadratic", "square", "logistic", "hinge"])
def test_every_check_is_complete_and_finite(loss):
    for one in all_checks(evidence(loss, steps=6)[0]):
        assert isinstance(one, Check)
        assert one.verdict in get_args(Verdict)
        assert one.comment.endswith(".")
        assert all(
            math.isfinite(value) for value in (one.predicted, one.bound, one.measured, one.slack) if value is not None
        )
        assert all(math.isfinite(constant.value) and constant.origin for constant in one.constants)
        assert (one.measured is None) == (one.verdict == "not applicable")


def test_nothing_claimed_for_wider_nets_is_called_violated():
    """A net of eight neurons, far outside every regime, and a step size at the edge."""
    for loss, rate in (("quadratic", 0.6), ("logistic", 8.0)):
        for one in all_checks(evidence(loss, rate=rate, width=8, kappa=0.05)[0]):
            assert one.verdict != "violated", one


def test_only_explicit_statements_can_be_violated(quadratic):
    """Evidence that contradicts everything: what the papers claim only for m large enough is outside its regime."""
    e, t = quadratic[0], quadratic[0].trajectory
    wild = replace(
        e,
        trajectory=replace(t, residual=t.residual + 100.0, neuron_movement=t.neuron_movement + 1e9,
                           distance=t.distance + 1e9, gradient_ratio=0.0 * t.gradient_ratio),
        gram_deviation=1e9,
        rademacher=1e9,
        ratio_allowance=np.zeros_like(e.ratio_allowance),
    )  # fmt: skip
    violated = [one for one in all_checks(wild) if one.verdict == "violated"]
    assert {one.name for one in violated} == {
        "H(0) is near H", "H(0) is near H, sharper", "gradient lower bound", "gradient lower bound at the start",
    }  # fmt: skip
    assert {one.source.number for one in violated} <= set(EXPLICIT)


@pytest.mark.parametrize(
    ("asked", "number", "said"),
    [
        ({"loss": "logistic"}, "Theorem 4.1", "quadratic loss"),
        ({"loss": "quadratic"}, "Theorem 3.2 (i)", "logistic loss"),
        ({"batch": 4}, "Theorem 3.1", "full-batch"),
        ({"classes": 3}, "Lemma C.1", "one output"),
        ({"classes": 3}, "Lemma 4.5", "labels ±1"),
    ],
)
def test_what_does_not_apply_says_why(asked, number, said):
    found = [one for one in all_checks(evidence(steps=3, **asked)[0]) if one.source.number == number]
    assert [one.verdict for one in found][-1] == "not applicable"
    assert said in found[-1].comment


@pytest.mark.parametrize(
    ("change", "number", "said"),
    [
        ({"network": "deep", "depth": 3}, "Lemma C.3", "two-layer"),
        ({"network": "module"}, "Equation (3.1)", "module"),
        ({"on_sphere": False}, "Theorem 3.1", "length 1"),
        ({"distinct": False}, "Lemma C.1", "coincide"),
        ({"infinite": None}, "Theorem 4.1", "not computed"),
        ({"lambda_0": 0.0, "lambda_min": 0.0}, "Theorem 4.1", "λ0 > 0"),
    ],
)
def test_another_network_or_other_inputs_are_reasons(change, number, said, quadratic):
    found = [one for one in all_checks(replace(quadratic[0], **change)) if one.source.number == number]
    assert any(one.verdict == "not applicable" and said in one.comment for one in found)


def test_evidence_of_nothing_but_a_trajectory_lists_all_statements_without_failing(quadratic):
    e = quadratic[0]
    bare = {one.name: None for one in fields(e) if one.name not in BASIC}
    empty = replace(e, **bare | {"lambda_0": 0.0, "left_out": ()})
    for network in ("two-layer", "deep", "module"):
        for one in all_checks(replace(empty, network=network)):
            assert one.verdict != "violated"


BASIC = (
    "network", "n", "d", "outputs", "width", "depth", "init_scale", "antisymmetric", "loss", "step_size", "batch",
    "one_pass", "delta", "on_sphere", "distinct", "binary", "trajectory", "start", "smoothness", "lambda_0", "left_out",
)  # fmt: skip


def test_a_run_that_diverged_is_compared_where_it_is_finite(quadratic):
    e, t = quadratic[0], quadratic[0].trajectory
    holes = {}
    for one in fields(t):
        array = np.array(getattr(t, one.name), dtype=float if one.name != "steps" else int)
        if one.name not in ("steps", "seconds"):
            array[-5:] = np.nan
        holes[one.name] = array
    for one in all_checks(replace(e, trajectory=replace(t, **holes))):
        assert one.verdict != "violated"


@pytest.mark.parametrize("loss", ["quadratic", "square", "logistic", "hinge"])
@pytest.mark.parametrize("rate", [30.0, 1e3, 1e5, 1e9])
def test_a_step_size_however_large_leaves_every_check_with_a_verdict(loss, rate):
    for one in all_checks(evidence(loss, rate=rate, steps=5)[0]):
        assert one.verdict != "violated", one
        assert "could not be computed" not in one.comment


def test_theorem_31_bounds_nothing_from_two_over_lambda_0_on(quadratic):
    found = arora2019.theorem_3_1_rate(replace(quadratic[0], step_size=2.0 / quadratic[0].lambda_min))
    assert found.verdict == "not applicable"
    assert "bounds nothing" in found.comment


def test_a_check_that_fails_in_its_arithmetic_does_not_cost_the_others(quadratic, monkeypatch):
    def failing(evidence):
        raise OverflowError("too large")

    monkeypatch.setattr(arora2019, "CHECKS", ((arora2019.RATE, failing), *arora2019.CHECKS[1:]))
    first, *others = all_checks(quadratic[0])
    assert (first.name, first.verdict) == ("loss falls geometrically", "not applicable")
    assert first.comment == "It could not be computed: too large."
    assert len(others) == len(arora2019.CHECKS) + len(caogu2020.CHECKS) - 1


def test_what_is_said_of_all_steps_says_how_many_there_were(quadratic):
    e = quadratic[0]
    left = e.trajectory.residual[-1] / e.start
    for check in (arora2019.theorem_3_1_rate, arora2019.theorem_4_1_curve, arora2019.lemma_c_1,
                  arora2019.lemma_5_3_total):  # fmt: skip
        assert f"up to k = {STEPS}, where ‖y − u(k)‖ is {100 * left:.3g}% of its start." in check(e).comment


# Arora et al. ---------------------------------------------------------------------------------------------------------


def test_theorem_31_is_the_slowest_stretch(quadratic):
    e, problem, _ = quadratic
    found = arora2019.theorem_3_1_rate(e)
    told = naive.slowest_factor(e.trajectory.steps.tolist(), (0.5 * e.trajectory.residual**2).tolist())
    least = float(np.linalg.eigvalsh(TwoLayer()(np.clip(problem.X @ problem.X.T, -1, 1)))[0])
    assert found.measured == pytest.approx(told, rel=1e-10)
    assert found.bound == pytest.approx(1 - 0.2 * least / 2, rel=1e-9)
    order = naive.order_of_width_31(e.n, least, 1.0, e.delta)
    assert numbers(found)["n⁶/(λ0⁴κ²δ³)"] == pytest.approx(order, rel=1e-6)
    assert found.verdict == "holds"


def test_theorem_31_on_the_mean_square_is_the_same_descent():
    """η on (1/n)Σ(y − f)² is 2η/n on Φ."""
    one = arora2019.theorem_3_1_rate(evidence("quadratic", rate=0.2)[0])
    two = arora2019.theorem_3_1_rate(evidence("square", rate=0.2 * 14 / 2)[0])
    assert two.measured == pytest.approx(one.measured, rel=1e-9)
    assert two.bound == pytest.approx(one.bound, rel=1e-12)


def test_theorem_31_over_longer_stretches_is_a_factor_a_step(quadratic):
    e, t = quadratic[0], quadratic[0].trajectory
    kept = np.array([0, 1, 5, 20, 40])
    thin = replace(t, **{one.name: getattr(t, one.name)[kept] for one in fields(t)})
    factors, ends = arora2019.step_factors(replace(e, trajectory=thin))
    phi = t.residual**2
    assert ends.tolist() == [[0, 1], [1, 5], [5, 20], [20, 40]]
    assert factors == pytest.approx([(phi[b] / phi[a]) ** (1 / (b - a)) for a, b in ends], rel=1e-12)


def test_theorem_31s_start_is_the_constant_of_n_over_delta(quadratic):
    e = quadratic[0]
    found = arora2019.theorem_3_1_start(e)
    assert found.measured * e.n / e.delta == pytest.approx(0.5 * e.trajectory.residual[0] ** 2, rel=1e-12)


@pytest.mark.parametrize("which", ["infinite", "finite"])
def test_theorem_41_is_worst_where_the_relative_error_is(which, quadratic):
    e = quadratic[0]
    check = {"infinite": arora2019.theorem_4_1_curve, "finite": arora2019.theorem_4_1_own_kernel}[which]
    found, predicted = check(e), getattr(e, which).residual
    off = np.abs(e.trajectory.residual - predicted) / predicted
    assert found.slack == pytest.approx(off.max(), rel=1e-12)
    assert found.step == e.trajectory.steps[off.argmax()]
    assert found.measured == pytest.approx(e.trajectory.residual[off.argmax()], rel=1e-12)
    assert found.verdict == ("holds" if off.max() <= 0.02 else "outside its regime")


@pytest.mark.parametrize(
    ("far", "told"),
    [
        ([], "Within 2% at every record."),
        ([0, 1, 2, 3], "Beyond 2% from the start on."),
        ([1, 2, 3], "Beyond 2% from the first step on."),
        ([2, 3], "Within 2% up to k = 1."),
    ],
)
def test_theorem_41_says_how_long_it_was_followed(far, told, quadratic):
    e = quadratic[0]
    residual = e.infinite.residual.copy()
    residual[far] *= 1.05
    assert e.trajectory.steps[:3].tolist() == [0, 1, 2]
    found = arora2019.theorem_4_1_curve(replace(e, trajectory=replace(e.trajectory, residual=residual)))
    assert told in found.comment


def test_theorem_41_names_the_first_record_where_steps_lie_between(quadratic):
    e = quadratic[0]
    steps, residual = e.trajectory.steps * 10, e.infinite.residual.copy()
    residual[1:] *= 1.05
    found = arora2019.theorem_4_1_curve(
        replace(e, trajectory=replace(e.trajectory, steps=steps, residual=residual), infinite=e.infinite)
    )
    assert "Beyond 2% from the first record, k = 10, on." in found.comment


def test_theorem_41_says_the_epsilon_that_fits_and_the_width_it_would_take(quadratic):
    e = quadratic[0]
    told = numbers(arora2019.theorem_4_1_curve(e))
    epsilon = np.abs(e.trajectory.residual - e.infinite.residual).max()
    assert told["ε"] == pytest.approx(epsilon, rel=1e-12)
    order = naive.order_of_width_41(e.n, told["λ0"], 1.0, e.delta, epsilon)
    assert told["n⁷/(λ0⁴κ²δ⁴ε²)"] == pytest.approx(order, rel=1e-9)


def test_the_net_is_nearer_to_its_own_kernel_than_to_the_limit(quadratic):
    e = quadratic[0]
    assert arora2019.theorem_4_1_own_kernel(e).slack < arora2019.theorem_4_1_curve(e).slack


def test_lemma_c1_is_the_formula(quadratic):
    e = quadratic[0]
    found = arora2019.lemma_c_1(e)
    assert found.bound == pytest.approx(naive.lemma_c1(e.n, e.width, numbers(found)["λ0"], e.start), rel=1e-12)
    assert found.measured == e.trajectory.neuron_movement.max()


@pytest.mark.parametrize("antisymmetric", [False, True])
def test_lemma_c3_and_p8_are_the_formulas(antisymmetric, quadratic):
    e, problem, engine = quadratic
    e = replace(e, antisymmetric=antisymmetric)
    neurons = 32 if antisymmetric else 64
    S = problem.X @ problem.X.T
    assert arora2019.lemma_c_3(e).bound == pytest.approx(naive.lemma_c3(e.n, neurons, e.delta), rel=1e-12)
    assert arora2019.concentration_p8(e).bound == pytest.approx(naive.concentration_p8(S, neurons, e.delta), rel=1e-9)
    H = TwoLayer()(np.clip(S, -1, 1))
    np.fill_diagonal(H, 0.5)
    deviation = np.linalg.norm(literal.kernel(engine.W0, problem.X) - H)
    assert arora2019.lemma_c_3(e).measured == pytest.approx(deviation, rel=1e-9)
    assert e.gram_spread == pytest.approx(naive.spread_p8(np.minimum(S, 1.0), 64), rel=1e-6)


def test_lemma_53_is_the_order_and_the_limit(quadratic):
    e, problem, _ = quadratic
    neurons, total = arora2019.lemma_5_3_neurons(e), arora2019.lemma_5_3_total(e)
    order = naive.lemma_53_order(e.n, e.width, numbers(neurons)["λ0"], e.delta)
    assert neurons.measured * order == pytest.approx(e.trajectory.neuron_movement.max(), rel=1e-12)
    H = TwoLayer()(np.clip(problem.X @ problem.X.T, -1, 1))
    np.fill_diagonal(H, 0.5)
    form = (problem.Y.T @ np.linalg.solve(H, problem.Y)).item()
    assert total.bound == pytest.approx(math.sqrt(form), rel=1e-6)
    assert total.measured == pytest.approx(e.trajectory.distance.max(), rel=1e-12)


def test_section_52_is_the_movement_of_the_auxiliary_sequence(quadratic):
    """vec W̃(k + 1) = vec W̃(k) − ηZ(0)(Z(0)ᵀ vec W̃(k) − (y − u(0))), (11) with the net's own start."""
    e, problem, engine = quadratic
    Z = literal.features(engine.W0, engine.a, problem.X)[0].reshape(e.n, -1).T
    rest = problem.Y[:, 0] - literal.outputs(engine.W0, engine.a, problem.X)[:, 0]
    W, moved = np.zeros(Z.shape[0]), []
    for _ in range(STEPS + 1):
        moved.append(np.linalg.norm(W))
        W = W - 0.2 * Z @ (Z.T @ W - rest)
    assert e.finite.distance == pytest.approx(moved, rel=1e-9, abs=1e-12)
    found = arora2019.section_5_2_movement(e)
    off = np.abs(e.trajectory.distance[1:, 0] - moved[1:]) / moved[1:]
    assert found.slack == pytest.approx(off.max(), rel=1e-8)


def test_lemma_54_is_the_formula_and_p17_by_loops(quadratic):
    e, problem, engine = quadratic
    R, B = e.trajectory.neuron_movement[-1], e.trajectory.distance[-1, 0]
    found = arora2019.lemma_5_4(e)
    assert found.bound == pytest.approx(naive.lemma_54(e.n, e.width, 1.0, R, B, e.delta), rel=1e-12)
    linear, each, total = naive.richness(engine.W0, engine.a[:, 0], problem.X, R, B)
    assert found.measured == pytest.approx(linear + min(each, total), rel=1e-9)
    assert found.verdict == "holds"
    undecided = arora2019.lemma_5_4(replace(e, rademacher=2.0 * e.rademacher_lemma))
    assert undecided.verdict == "not applicable"
    assert f"{e.rademacher_lemma:.3g} by the lemma" in undecided.comment
    assert undecided.comment.endswith("nothing is decided.")


def test_lemma_54_of_a_net_that_stands_twice_has_half_the_neurons_in_its_probabilities():
    plain, twice = lemma_5_4(100, 64, 1.0, 0.1, 2.0, 0.1, False), lemma_5_4(100, 64, 1.0, 0.1, 2.0, 0.1, True)
    log = math.log(20.0)
    assert plain == pytest.approx(naive.lemma_54(100, 64, 1.0, 0.1, 2.0, 0.1), rel=1e-12)
    expected = 2 / math.sqrt(200) * (1 + (4 * log / 64) ** 0.25) + 0.02 * 8 + 0.2 * math.sqrt(log)
    assert twice == pytest.approx(expected, rel=1e-12)


def test_a_budget_of_nothing_crosses_nothing():
    assert crossing(np.abs(np.random.default_rng(0).standard_normal((3, 9))), 0.0).tolist() == [0.0, 0.0, 0.0]
    assert crossing(np.empty((2, 0)), 1.0).tolist() == [0.0, 0.0]


# Cao and Gu -----------------------------------------------------------------------------------------------------------


def test_theorem_32_is_the_constant_of_the_order(logistic):
    e = logistic[0]
    stays, reaches = caogu2020.theorem_3_2_neighbourhood(e), caogu2020.theorem_3_2_error(e)
    B, epsilon = e.trajectory.gradient_ratio.min(), e.k_star_error
    tau = e.trajectory.distance.max() / math.sqrt(e.width)
    assert stays.measured * naive.theorem_32_tau(B, epsilon, e.width) == pytest.approx(tau, rel=1e-12)
    told = numbers(stays)
    assert told["C of B⁻²"] * naive.theorem_32_tau(B, epsilon, e.width, 2) == pytest.approx(tau, rel=1e-12)
    assert reaches.measured * naive.theorem_32_steps(B, epsilon, 1) == pytest.approx(e.k_star + 1, rel=1e-12)
    assert reaches.step == e.k_star == STEPS
    assert e.k_star_error == pytest.approx(e.trajectory.surrogate_error.min(), rel=1e-12)


def test_equation_31_is_the_least_ratio_beside_the_margin(logistic):
    e, problem, _ = logistic
    found = caogu2020.equation_3_1(e)
    H = TwoLayer()(np.clip(problem.X @ problem.X.T, -1, 1))
    np.fill_diagonal(H, 0.5)
    exact = naive.hard_margin(H, problem.Y[:, 0])
    assert found.bound <= exact <= numbers(found)["B_*, upper end"]
    assert found.measured == e.trajectory.gradient_ratio.min()
    assert found.verdict in ("holds", "outside its regime")


def test_the_ratio_is_that_of_cao_and_gus_own_net(logistic):
    """W_C = W/√m: the same outputs, ∇_{W_C} = √m ∇_W, so ‖∇_{W_C}L_S‖/(√m E_S) is ‖∇_W L_S‖/E_S."""
    e, problem, engine = logistic
    Z = literal.features(engine.W0, engine.a, problem.X)[0].reshape(e.n, -1)
    f = literal.outputs(engine.W0, engine.a, problem.X)[:, 0]
    ratio = naive.gradient_ratio(problem.Y[:, 0], f, Z)
    assert e.trajectory.gradient_ratio[0] == pytest.approx(ratio, rel=1e-10)
    assert caogu2020.gradient_ratio_start(e).measured == pytest.approx(ratio, rel=1e-10)


def test_the_start_is_within_what_its_own_kernel_allows(logistic):
    e, problem, engine = logistic
    y, f = problem.Y[:, 0], literal.outputs(engine.W0, engine.a, problem.X)[:, 0]
    H = TwoLayer()(np.clip(problem.X @ problem.X.T, -1, 1))
    np.fill_diagonal(H, 0.5)
    p = naive.surrogate_weights(y, f)
    found = caogu2020.gradient_ratio_start(e)
    assert found.predicted == pytest.approx(math.sqrt((p * y) @ H @ (p * y)), rel=1e-9)
    allowed = p @ p * np.linalg.norm(literal.kernel(engine.W0, problem.X) - H)
    assert numbers(found)["‖p‖² ‖K̂_L(0) − K_L‖_F"] == pytest.approx(allowed, rel=1e-6)
    assert found.verdict == "holds"


def test_the_allowance_covers_what_the_flips_do_to_the_kernel(logistic):
    """P18: B_k² + allowance is at least that of H at the same weights, at every step."""
    e, problem, _ = logistic
    y = problem.Y[:, 0]
    H = TwoLayer()(np.clip(problem.X @ problem.X.T, -1, 1))
    np.fill_diagonal(H, 0.5)
    for k, F in enumerate(e.trajectory.outputs):
        p = naive.surrogate_weights(y, F[:, 0])
        in_the_limit = (p * y) @ H @ (p * y)
        assert abs(e.trajectory.gradient_ratio[k] ** 2 - in_the_limit) <= e.ratio_allowance[k] * (1 + 1e-9)


def test_lemmas_41_to_45_are_the_smallest_constants(logistic):
    e, t = logistic[0], logistic[0].trajectory
    m = e.width
    by_name = {one.name: one for one in all_checks(e)}
    norms = np.linalg.norm(literal.features(logistic[2].W0, logistic[2].a, logistic[1].X)[0].reshape(e.n, -1), axis=1)
    assert by_name["gradients of outputs at the start"].measured == pytest.approx(norms.max(), rel=1e-10)
    loss = (t.gradient_norm[:, 0] / t.surrogate_error).max()
    assert by_name["gradients of the loss"].measured == pytest.approx(loss, rel=1e-12)
    linear = [
        t.linearization_error[k]
        / naive.lemma_42_order(1, t.distance[k, 0] / math.sqrt(m), m, t.linear_part[k] / math.sqrt(m))
        for k in range(1, STEPS + 1)
    ]
    assert by_name["nearly linear"].measured == pytest.approx(max(linear), rel=1e-12)
    outputs = np.abs(t.outputs[0]).max() / math.sqrt(math.log(e.n / e.delta))
    assert by_name["outputs at the start"].measured == pytest.approx(outputs, rel=1e-12)
    assert by_name["lower bound by random features"].measured == pytest.approx(2 * t.gradient_ratio.min(), rel=1e-12)
    margin = naive.hard_margin(logistic[1].X @ logistic[1].X.T + 1e-12 * np.eye(e.n), logistic[1].Y[:, 0])
    conjugate = by_name["lower bound by the conjugate kernel"]
    assert conjugate.measured == pytest.approx(t.gradient_ratio.min() / margin, rel=1e-3)


def test_labels_that_the_conjugate_kernel_does_not_separate_are_told(logistic):
    for upper, said in ((1e-8, "does not separate"), (1e-3, "undecided")):
        e = replace(logistic[0], conjugate_margin=(0.0, upper), margin=(0.0, upper))
        for check in (caogu2020.lemma_4_5, caogu2020.equation_3_1):
            assert check(e).verdict == "not applicable"
            assert said in check(e).comment


@pytest.mark.parametrize(("B", "epsilon"), [(0.0, 0.1), (0.3, 0.0), (1e-30, 0.1), (0.3, 1e-200), (1e-300, 1e-300)])
def test_theorem_32_at_the_ends_of_what_numbers_hold(B, epsilon, logistic):
    e = logistic[0]
    ratio = e.trajectory.gradient_ratio.copy()
    ratio[3] = B
    e = replace(e, trajectory=replace(e.trajectory, gradient_ratio=ratio), k_star_error=epsilon)
    for check in (caogu2020.theorem_3_2_neighbourhood, caogu2020.theorem_3_2_error):
        assert check(e).verdict == ("constant measured" if B and epsilon else "not applicable")


def test_all_layers_gradients_are_taken_for_batches_of_the_logistic_loss_too(logistic):
    e = logistic[0]
    t = replace(e.trajectory, gradient_norm=np.hstack([2.0 * e.trajectory.gradient_norm, e.trajectory.gradient_norm]))
    batches = replace(e, network="deep", depth=2, batch=4, trajectory=t)
    assert "all layers" in caogu2020.lemma_4_1_loss(batches).comment


def test_deep_nets_are_in_the_papers_own_normalization(logistic):
    e = logistic[0]
    deep = replace(e, network="deep", depth=1, init_scale=None)
    assert caogu2020.lemma_4_1_start(deep).measured == pytest.approx(e.largest_gradient_start / 8.0, rel=1e-12)
    stays = caogu2020.theorem_3_2_neighbourhood(deep)
    assert numbers(stays)["τ"] == pytest.approx(e.trajectory.distance.max(), rel=1e-12)

"""Arora, Du, Hu, Li, Wang 2019 (arXiv:1901.08584) held against a run: one function a statement, docs/checks.md."""

from __future__ import annotations

import math

import numpy as np

from prefit._shapes import Indices, Vector
from prefit.theory.arora2019 import convergence_rate
from prefit.theory.checks.evidence import Evidence, Prediction
from prefit.theory.checks.parts import (
    AGREES,
    FAINT,
    Statement,
    below,
    coinciding,
    first_reason,
    horizon,
    in_batches,
    lambda_0,
    lambda_0_constant,
    no_floor,
    not_two_layer,
    off_the_sphere,
    other_loss,
    percent,
    several_outputs,
    worst,
)
from prefit.theory.checks.statement import Check, Constant
from prefit.theory.finite_width import concentration, independent_neurons, lemma_c3
from prefit.theory.source import Source

SINGLE = 2.0**-21  # relative error of a loss whose outputs come from float32 products: some units of its rounding
EXTENSION = " The paper has one output; that each of several follows H by itself is our extension."


def _paper(number: str) -> Source:
    return Source("Arora, Du, Hu, Li, Wang", 2019, number, "arXiv:1901.08584")


def _ours(page: str) -> Source:
    return Source("prefit", 2026, "our derivation", page)


RATE = Statement(
    "loss falls geometrically",
    "Φ(k+1) ≤ (1 − ηλ0/2) Φ(k) for m = Ω(n⁶/(λ0⁴κ²δ³)), η = O(λ0/n²)",
    _paper("Theorem 3.1"),
)
START = Statement("loss at the start", "Φ(W(0)) = O(n/δ)", _paper("Theorem 3.1"))
CURVE = Statement(
    "loss curve of infinite width",
    "‖y − u(k)‖ = √(Σ (1 − ηλ_i)^{2k} (v_iᵀy)²) ± ε for κ = O(εδ/√n), m = Ω(n⁷/(λ0⁴κ²δ⁴ε²)), η = O(λ0/n²)",
    _paper("Theorem 4.1"),
)
OWN_CURVE = Statement(
    "loss curve of the net's own kernel",
    "‖y − u(k)‖ ≈ ‖(I − ηH(0))^k (y − u(0))‖: Theorem 4.1's recursion with the net's H(0) and u(0), exact while H(k) "
    "does not change",
    _ours("docs/checks.md"),
)
NEURONS = Statement(
    "no neuron moves far",
    "‖w_r(k) − w_r(0)‖ ≤ 4√n ‖y − u(0)‖/(√m λ0) for all r, k, in the regime of Theorem 3.1",
    _paper("Lemma C.1"),
)
CONCENTRATION = Statement(
    "H(0) is near H", "‖H(0) − H‖_F ≤ n √(log(2n²/δ)/(2m)) with probability ≥ 1 − δ", _paper("Lemma C.3")
)
OUR_CONCENTRATION = Statement(
    "H(0) is near H, sharper",
    "‖H(0) − H‖_F ≤ ‖S‖_F (½ + √(½ log(1/δ)))/√m with probability ≥ 1 − δ",
    _ours("docs/proofs.md P8"),
)
NEURONS_ORDER = Statement(
    "movement of a neuron", "‖w_r(k) − w_r(0)‖ = O(n/(√m λ0 √δ)) for all r, k", _paper("Lemma 5.3")
)
TOTAL = Statement(
    "movement of all weights",
    "‖W(k) − W(0)‖_F ≤ √(yᵀH⁻¹y) + O(nκ/(λ0δ)) + poly(n, 1/λ0, 1/δ)/(m^{1/4}κ^{1/2}) for all k",
    _paper("Lemma 5.3"),
)
TOTAL_CURVE = Statement(
    "movement follows its prediction",
    "‖W(k) − W(0)‖_F ≈ √(Σ (1 − (1 − ηλ_i)^k)² (v_iᵀ(y − u(0)))²/λ_i), the λ_i, v_i of H(0): exact for the auxiliary "
    "sequence W̃(k)",
    _paper("Section 5.2"),
)
RADEMACHER = Statement(
    "complexity near W(0), upper bounds",
    "R_S ≤ (B/√(2n))(1 + (2 log(2/δ)/m)^{1/4}) + 2R²√m/κ + R√(2 log(2/δ)) with probability ≥ 1 − δ over W(0)",
    _paper("Lemma 5.4"),
)


# Theorem 3.1 ---------------------------------------------------------------------------------------------------------


def theorem_3_1_rate(e: Evidence) -> Check:
    """The slowest stretch between two records, as a factor a step, against 1 − ηλ0/2."""
    why = first_reason(e, not_two_layer, other_loss, in_batches, off_the_sphere, coinciding, no_floor)
    if why:
        return RATE.not_applicable(why)
    bound = 1.0 - convergence_rate(_rate(e), lambda_0(e))
    if bound <= 0.0:
        return RATE.not_applicable(f"At η = {_rate(e):.3g}, 2/λ0 or more, 1 − ηλ0/2 bounds nothing.")
    factors, ends = step_factors(e)
    place = worst(factors)
    if place is None:
        return RATE.not_applicable("No two records with a loss above rounding.")
    first, last = ends[place]
    measured = float(factors[place])
    holds = bool((np.log(factors) <= math.log(bound) + SINGLE / np.diff(ends, axis=1)[:, 0]).all())
    asked = _order_of_width(e)
    comment = (
        f"Slowest from k = {first:,} to {last:,}: {_beside_one(measured)} a step, where {_beside_one(bound)} is the "
        f"most allowed. The paper claims it for m of the order {asked:.2g}; here m = {e.width:,}. {horizon(e)}"
    ) + (EXTENSION if e.outputs > 1 else "")
    return RATE.said(
        "holds" if holds else "outside its regime",
        comment,
        bound=bound,
        measured=measured,
        slack=below(bound, measured),
        step=int(last),
        constants=(
            lambda_0_constant(e),
            Constant("η", _rate(e), "step size on Φ"),
            Constant("n⁶/(λ0⁴κ²δ³)", asked, "the paper's order of m, constant 1"),
            Constant("λ0/n²", lambda_0(e) / e.n**2, "the paper's order of η, constant 1"),
        ),
    )


def step_factors(e: Evidence) -> tuple[Vector, Vector]:
    """(s,) (Φ(k₂)/Φ(k₁))^{1/(k₂ − k₁)} between neighbouring records, and (s, 2) their steps; faint losses left out."""
    with np.errstate(invalid="ignore", over="ignore"):
        steps, squares = e.trajectory.steps, e.trajectory.residual**2
        told = np.flatnonzero(np.isfinite(squares) & (squares > (FAINT * e.start) ** 2))
    k, phi = steps[told], squares[told]
    factors: Vector = np.exp(np.diff(np.log(phi)) / np.diff(k))
    return factors, np.column_stack([k[:-1], k[1:]])


def theorem_3_1_start(e: Evidence) -> Check:
    """Φ(W(0)) δ/n."""
    why = first_reason(e, not_two_layer, other_loss, off_the_sphere, several_outputs)
    if why:
        return START.not_applicable(why)
    loss = 0.5 * e.start**2
    comment = f"Φ(W(0)) = {loss:.4g} = C n/δ for the C measured, with n = {e.n:,} and δ = {e.delta:g}."
    return START.said("constant measured", comment, measured=loss * e.delta / e.n, step=0)


# Theorem 4.1 ---------------------------------------------------------------------------------------------------------


def theorem_4_1_curve(e: Evidence) -> Check:
    """‖y − u(k)‖ against ‖y − ũ(k)‖ of the infinitely wide net, from zero output."""
    why = first_reason(e, not_two_layer, other_loss, in_batches, off_the_sphere, coinciding, no_floor)
    if why:
        return CURVE.not_applicable(why)
    if e.infinite is None:
        return CURVE.not_applicable("The prediction was not computed.")
    with np.errstate(invalid="ignore"):
        epsilon = _largest(np.abs(e.trajectory.residual - e.infinite.residual))
    kappa = _kappa(e)
    constants = (
        Constant("ε", epsilon, "measured: the smallest that fits at every record"),
        Constant("εδ/√n", epsilon * e.delta / math.sqrt(e.n), f"the paper's order of κ; here κ = {kappa:g}"),
        Constant(
            "n⁷/(λ0⁴κ²δ⁴ε²)",
            _ratio(e.n**7, lambda_0(e) ** 4 * kappa**2 * e.delta**4 * epsilon * epsilon),
            f"the paper's order of m, constant 1; here m = {e.width:,}",
        ),
        lambda_0_constant(e),
    )
    return _curve(e, CURVE, e.infinite, constants)


def theorem_4_1_own_kernel(e: Evidence) -> Check:
    """The same recursion with H(0) and u(0): what is left is that the kernel changes while the net trains."""
    why = first_reason(e, not_two_layer, other_loss, in_batches)
    if why:
        return OWN_CURVE.not_applicable(why)
    if e.finite is None:
        return OWN_CURVE.not_applicable("The prediction was not computed.")
    constants = (
        Constant("max ‖u(k) − ũ(k)‖", _largest(e.finite.gap), "measured"),
        Constant("‖y − u(0)‖", e.start, "measured"),
    )
    return _curve(e, OWN_CURVE, e.finite, constants)


def _curve(e: Evidence, statement: Statement, prediction: Prediction, constants: tuple[Constant, ...]) -> Check:
    steps, measured, predicted = e.trajectory.steps, e.trajectory.residual, prediction.residual
    off = relative_errors(measured, predicted, FAINT * float(predicted[0]))
    place = worst(off)
    if place is None:
        return statement.not_applicable("No record could be compared.")
    error = float(off[place])
    comment = f"Worst at k = {steps[place]:,}: off by {percent(error)}.{_followed(steps, off)} {horizon(e)}"
    if prediction is e.infinite and off[0] > AGREES:
        comment += (
            f" The limit starts at 0, this net at ‖u(0)‖ = {float(np.linalg.norm(e.trajectory.outputs[0])):.3g}: "
            "--antisymmetric or a smaller --init-scale starts it nearer."
        )
    return statement.said(
        "holds" if error <= AGREES else "outside its regime",
        comment + (EXTENSION if e.outputs > 1 else ""),
        predicted=float(predicted[place]),
        measured=float(measured[place]),
        slack=error,
        step=int(steps[place]),
        constants=(*constants, Constant("agreement", AGREES, "our choice of what counts as following")),
    )


def relative_errors(measured: Vector, predicted: Vector, faint: float) -> Vector:
    """(t,) |measured − predicted|/predicted, NaN where the prediction is below `faint` or either is not finite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        off: Vector = np.abs(measured - predicted) / predicted
        return np.where(np.isfinite(off) & (predicted > faint), off, np.nan)


def _followed(steps: Indices, off: Vector) -> str:
    """Up to which step the prediction was followed."""
    beyond = np.flatnonzero(off > AGREES)
    if not beyond.size:
        return f" Within {percent(AGREES)} at every record."
    if beyond[0] == 0:
        return f" Beyond {percent(AGREES)} from the start on."
    if beyond[0] == 1:
        first = "step" if steps[1] == 1 else f"record, k = {steps[1]:,},"
        return f" Beyond {percent(AGREES)} from the first {first} on."
    return f" Within {percent(AGREES)} up to k = {steps[beyond[0] - 1]:,}."


# Lemmas C.1 and C.3 --------------------------------------------------------------------------------------------------


def lemma_c_1(e: Evidence) -> Check:
    """Largest movement of a neuron, at any record."""
    why = _about_movement(e)
    if why:
        return NEURONS.not_applicable(why)
    moved = e.trajectory.neuron_movement
    place = worst(moved)
    assert place is not None
    bound = 4.0 * math.sqrt(e.n) * e.start / (math.sqrt(e.width) * lambda_0(e))
    measured = float(moved[place])
    comment = (
        f"The neuron that moved most is {measured:.3g} from its start at k = {e.trajectory.steps[place]:,}; "
        f"{bound:.3g} is the most allowed. {horizon(e)}"
    )
    return NEURONS.said(
        "holds" if measured <= bound else "outside its regime",
        comment,
        bound=bound,
        measured=measured,
        slack=below(bound, measured),
        step=int(e.trajectory.steps[place]),
        constants=(lambda_0_constant(e), Constant("4", 4.0, "the paper"), Constant("‖y − u(0)‖", e.start, "measured")),
    )


def lemma_c_3(e: Evidence) -> Check:
    """‖H(0) − H‖_F, with m/2 for m where every neuron stands twice."""
    return _concentrated(e, CONCENTRATION, lemma_c3(e.n, e.delta, _neurons(e)))


def concentration_p8(e: Evidence) -> Check:
    """The same against our bound without log n, and beside its exact root mean square."""
    norm = math.nan if e.gram_norm is None else e.gram_norm
    return _concentrated(e, OUR_CONCENTRATION, concentration(norm, e.delta, _neurons(e)))


def _concentrated(e: Evidence, statement: Statement, bound: float) -> Check:
    why = first_reason(e, not_two_layer, off_the_sphere)
    if why:
        return statement.not_applicable(why)
    if e.gram_deviation is None or e.gram_norm is None or e.gram_spread is None:
        return statement.not_applicable(f"H(0) was not formed: {e.n:,} examples are many for it.")
    comment = (
        f"‖H(0) − H‖_F = {e.gram_deviation:.3g}, where {bound:.3g} is the most allowed and {e.gram_spread:.3g} the "
        "root mean square over initializations."
    ) + (f" Every neuron stands twice: m/2 = {_neurons(e):,} are independent (P8)." if e.antisymmetric else "")
    return statement.said(
        "holds" if e.gram_deviation <= bound else "violated",
        comment,
        bound=bound,
        measured=e.gram_deviation,
        slack=below(bound, e.gram_deviation),
        step=0,
        constants=(
            Constant("δ", e.delta, "assumed"),
            Constant("m", float(_neurons(e)), "independent neurons"),
            Constant("‖S‖_F", e.gram_norm, "the inputs' cosines"),
            Constant("√E‖H(0) − H‖_F²", e.gram_spread, "our derivation, docs/proofs.md P8"),
        ),
    )


# Lemmas 5.3 and 5.4 --------------------------------------------------------------------------------------------------


def lemma_5_3_neurons(e: Evidence) -> Check:
    """The constant of O(n/(√m λ0 √δ))."""
    why = _about_movement(e)
    if why:
        return NEURONS_ORDER.not_applicable(why)
    moved = e.trajectory.neuron_movement
    place = worst(moved)
    assert place is not None
    order = e.n / (math.sqrt(e.width) * lambda_0(e) * math.sqrt(e.delta))
    comment = f"Largest movement {float(moved[place]):.3g}; n/(√m λ0 √δ) = {order:.3g}. {horizon(e)}"
    return NEURONS_ORDER.said(
        "constant measured",
        comment,
        measured=float(moved[place]) / order,
        step=int(e.trajectory.steps[place]),
        constants=(lambda_0_constant(e), Constant("δ", e.delta, "assumed")),
    )


def lemma_5_3_total(e: Evidence) -> Check:
    """‖W(k) − W(0)‖_F against √(yᵀH⁻¹y), its limit for infinite width."""
    why = first_reason(e, not_two_layer, other_loss, in_batches, off_the_sphere, coinciding, no_floor)
    if why:
        return TOTAL.not_applicable(why)
    if e.quadratic_form is None:
        return TOTAL.not_applicable("yᵀH⁻¹y was not computed.")
    moved = e.trajectory.distance[:, 0]
    place = worst(moved)
    assert place is not None
    bound, measured = math.sqrt(e.quadratic_form), float(moved[place])
    constants = (
        Constant("yᵀH⁻¹y", e.quadratic_form, "certified upper end"),
        Constant("nκ/(λ0δ)", e.n * _kappa(e) / (lambda_0(e) * e.delta), "the paper's first error term, constant 1"),
        lambda_0_constant(e),
    )
    comment = (
        f"The weights are {measured:.4g} from their start at k = {e.trajectory.steps[place]:,}; "
        f"√(yᵀH⁻¹y) = {bound:.4g}. {horizon(e)}" + (EXTENSION if e.outputs > 1 else "")
    )
    return TOTAL.said(
        "holds" if measured <= bound else "outside its regime",
        comment,
        bound=bound,
        measured=measured,
        slack=below(bound, measured),
        step=int(e.trajectory.steps[place]),
        constants=constants,
    )


def section_5_2_movement(e: Evidence) -> Check:
    """‖W(k) − W(0)‖_F at every record against the auxiliary sequence's, by the spectrum of H(0)."""
    why = first_reason(e, not_two_layer, other_loss, in_batches)
    if why:
        return TOTAL_CURVE.not_applicable(why)
    if e.finite is None or e.finite.distance is None:
        return TOTAL_CURVE.not_applicable("The prediction was not computed.")
    steps, moved, predicted = e.trajectory.steps, e.trajectory.distance[:, 0], e.finite.distance
    off = relative_errors(moved, predicted, 0.0)
    place = worst(off)
    if place is None:
        return TOTAL_CURVE.not_applicable("No step was made.")
    error = float(off[place])
    return TOTAL_CURVE.said(
        "holds" if error <= AGREES else "outside its regime",
        f"Worst at k = {steps[place]:,}: off by {percent(error)}.{_followed(steps, off)} {horizon(e)}",
        predicted=float(predicted[place]),
        measured=float(moved[place]),
        slack=error,
        step=int(steps[place]),
        constants=(Constant("agreement", AGREES, "our choice of what counts as following"),),
    )


def lemma_5_4(e: Evidence) -> Check:
    """The lemma's formula at the run's own radii, against an upper bound on R_S computed from W(0)."""
    why = first_reason(e, not_two_layer, several_outputs, off_the_sphere)
    if why:
        return RADEMACHER.not_applicable(why)
    if e.rademacher is None or e.rademacher_lemma is None:
        return RADEMACHER.not_applicable("The complexity was not computed from W(0).")
    R, B = float(e.trajectory.neuron_movement[-1]), float(np.linalg.norm(e.trajectory.distance[-1]))
    comment = (
        f"For the radii at the end, R = {R:.3g} and B = {B:.3g}, taken as if fixed before W(0): R_S is at most "
        f"{e.rademacher:.3g} as computed from W(0) (docs/proofs.md P17), {e.rademacher_lemma:.3g} by the lemma."
    )
    if e.rademacher > e.rademacher_lemma:
        return RADEMACHER.not_applicable(f"{comment} The computed bound is the larger one: nothing is decided.")
    return RADEMACHER.said(
        "holds",
        f"{comment} Both numbers are upper bounds; the smaller one proves the lemma for this net.",
        bound=e.rademacher_lemma,
        measured=e.rademacher,
        slack=below(e.rademacher_lemma, e.rademacher),
        step=int(e.trajectory.steps[-1]),
        constants=(
            Constant("R", R, "measured"),
            Constant("B", B, "measured"),
            Constant("δ", e.delta, "assumed"),
        ),
    )


# Parts ---------------------------------------------------------------------------------------------------------------


def _about_movement(e: Evidence) -> str | None:
    reasons = (not_two_layer, several_outputs, other_loss, in_batches, off_the_sphere, coinciding, no_floor)
    why = first_reason(e, *reasons)
    if why is None and worst(e.trajectory.neuron_movement) is None:
        return "The movement of single neurons was not measured."
    return why


def _largest(values: Vector) -> float:
    """The largest finite value, NaN without any."""
    place = worst(values)
    return math.nan if place is None else float(values[place])


def _rate(e: Evidence) -> float:
    """The step size on Φ that is the same descent."""
    assert e.smoothness is not None
    return e.step_size * e.smoothness


def _kappa(e: Evidence) -> float:
    return math.nan if e.init_scale is None else e.init_scale


def _neurons(e: Evidence) -> int:
    return independent_neurons(e.width, e.antisymmetric)


def _order_of_width(e: Evidence) -> float:
    return _ratio(e.n**6, lambda_0(e) ** 4 * _kappa(e) ** 2 * e.delta**3)


def _ratio(above: float, under: float) -> float:
    return above / under if under > 0.0 else math.inf


def _beside_one(factor: float) -> str:
    """ "1 − 2.3e-05", where digits beside 1 are what is of interest."""
    return f"1 − {1.0 - factor:.3g}" if factor <= 1.0 else f"1 + {factor - 1.0:.3g}"


CHECKS = (
    (START, theorem_3_1_start),
    (RATE, theorem_3_1_rate),
    (CURVE, theorem_4_1_curve),
    (OWN_CURVE, theorem_4_1_own_kernel),
    (NEURONS, lemma_c_1),
    (CONCENTRATION, lemma_c_3),
    (OUR_CONCENTRATION, concentration_p8),
    (NEURONS_ORDER, lemma_5_3_neurons),
    (TOTAL, lemma_5_3_total),
    (TOTAL_CURVE, section_5_2_movement),
    (RADEMACHER, lemma_5_4),
)

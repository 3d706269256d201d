"""Cao, Gu 2020 (arXiv:1902.01384) held against a run: one function a statement, docs/checks.md.

Their net has its factor √m in the weights: N(0, 2/m) and no 1/√m outside. A two-layer net of ours is theirs with L = 1
and W_l divided by √m, at κ = √2 with their start; all numbers here are in their normalization.
"""

from __future__ import annotations

import math

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.theory.checks.evidence import Evidence
from prefit.theory.checks.parts import (
    Statement,
    a_module,
    first_reason,
    in_batches,
    not_logistic,
    not_signs,
    off_the_sphere,
    worst,
)
from prefit.theory.checks.statement import Check, Constant
from prefit.theory.margins import NOT_SEPARABLE
from prefit.theory.source import Source

ROUNDING = 1e-6  # of B_k², whose terms up to 1/2 cancel in float32 products


def _paper(number: str) -> Source:
    return Source("Cao, Gu", 2020, number, "arXiv:1902.01384")


def _ours(page: str) -> Source:
    return Source("prefit", 2026, "our derivation", page)


STAYS = Statement(
    "iterates stay near W(0)",
    "W(k) ∈ W_τ = {‖W_l − W_l(0)‖_F ≤ τ for all l}, τ = Õ(B⁻¹ε⁻¹m^{−1/2})",
    _paper("Theorem 3.2 (i)"),
)
REACHES = Statement(
    "surrogate error falls",
    "E_S(W(k)) ≤ ε for some k < K = Õ(L³B⁻⁴ε⁻²), with η = O(L⁻³B²m⁻¹), m ≥ m* = Õ(L¹²B⁻⁴ε⁻²) log(1/δ)",
    _paper("Theorem 3.2 (ii)"),
)
LOWER = Statement(
    "gradient lower bound",
    "‖∇_{W_L}L_S(W)‖_F ≥ B√m E_S(W); in the limit B_k = ‖∇_{W_L}L_S‖_F/(√m E_S) is at least B_*, the hard margin of "
    "K_L",
    _paper("Equation (3.1)"),
)
LOWER_START = Statement(
    "gradient lower bound at the start",
    "B_0 → √((p∘y)ᵀK_L(p∘y)), p_i ∝ −ℓ'(y_i f(x_i)) at W(0) of sum 1; |B_0² − limit²| ≤ ‖p‖² ‖K̂_L(0) − K_L‖_F",
    _ours("docs/proofs.md P18"),
)
GRADIENTS = Statement(
    "gradients of outputs at the start", "‖∇_{W_l} f_{W(0)}(x_i)‖_F ≤ C√m for all i, l", _paper("Lemma 4.1")
)
LOSS_GRADIENTS = Statement(
    "gradients of the loss", "‖∇_{W_l} L_S(W)‖_F ≤ C√m E_S(W) for all l and W ∈ W_τ", _paper("Lemma 4.1")
)
LINEAR = Statement(
    "nearly linear",
    "|f_W(x_i) − F_{W(0),W}(x_i)| ≤ C L²τ^{1/3} √(m log m) Σ_l ‖W_l − W_l(0)‖_2 for W ∈ W_τ",
    _paper("Lemma 4.2"),
)
OUTPUTS = Statement("outputs at the start", "|f_{W(0)}(x_i)| ≤ C √log(n/δ) for all i", _paper("Lemma 4.3"))
FEATURES = Statement(
    "lower bound by random features",
    "‖∇_{W_L}L_S(W)‖_F ≥ C 2^{−L}γ√m E_S(W) under Assumption 3.3",
    _paper("Lemma 4.4"),
)
CONJUGATE = Statement(
    "lower bound by the conjugate kernel",
    "‖∇_{W_L}L_S(W)‖_F ≥ Cγ√m E_S(W) under Assumption 3.4",
    _paper("Lemma 4.5"),
)


# Theorem 3.2 ---------------------------------------------------------------------------------------------------------


def theorem_3_2_neighbourhood(e: Evidence) -> Check:
    """τ of the run over B⁻¹ε⁻¹m^{−1/2}, with the least B_k and the least E_S for B and ε."""
    why = _about_descent(e)
    if why:
        return STAYS.not_applicable(why)
    distances = _distances(e).max(axis=1)
    place = worst(distances)
    assert place is not None
    B, epsilon = _least_ratio(e), _reached(e)
    tau, root = float(distances[place]), math.sqrt(e.width)
    constant = tau * root * B * epsilon
    comment = (
        f"All iterates are in W_τ for τ = {tau:.3g} (τ√m = {tau * root:.3g}); the order as printed is "
        f"{_power(B, -1) * _power(epsilon, -1) / root:.3g}, as its proof gives it, B⁻²ε⁻¹m^(−1/2) (docs/proofs.md "
        f"P19), {_power(B, -2) * _power(epsilon, -1) / root:.3g}."
    )
    return STAYS.said(
        "constant measured",
        comment + _start_of(e),
        measured=constant,
        step=int(e.trajectory.steps[place]),
        constants=(
            *_regime(e, tau),
            Constant("τ", tau, "measured"),
            Constant("C of B⁻²", constant * B, "measured, for τ = C B⁻²ε⁻¹m^{−1/2}"),
            *_ends(B, epsilon),
        ),
    )


def theorem_3_2_error(e: Evidence) -> Check:
    """K = k* + 1, the least K with E_S ≤ ε at some k < K for ε the least E_S, over L³B⁻⁴ε⁻²."""
    why = _about_descent(e)
    if why:
        return REACHES.not_applicable(why)
    if e.k_star is None:
        return REACHES.not_applicable("k* was not kept.")
    B, epsilon, L = _least_ratio(e), _reached(e), e.depth
    eta = e.step_size if e.network == "deep" else e.step_size / e.width
    squares = _power(epsilon, -2)
    printed, mended = L**12 * _power(B, -4) * squares, L**12 * _power(B, -16) * squares
    comment = (
        f"E_S = {epsilon:.4g} at k* = {e.k_star:,}, the least of the run. Orders with B = {B:.3g}: K = "
        f"{L**3 * _power(B, -4) * squares:.3g}, η = {L**-3 * B * B / e.width:.3g} (here {eta:.3g}), m* = "
        f"{printed:.3g} as printed and {mended:.3g} as its proof gives it (docs/proofs.md P19); here m = {e.width:,}."
    )
    return REACHES.said(
        "constant measured",
        comment + _start_of(e),
        measured=(e.k_star + 1) * B**4 * epsilon**2 / L**3,
        step=e.k_star,
        constants=(
            Constant("C of η", eta * L**3 * e.width * _power(B, -2), "measured, for η = C L⁻³B²m⁻¹"),
            Constant("L¹²B⁻⁴ε⁻²", printed, "the paper's order of m*, constant 1, logarithms left out"),
            Constant("L¹²B⁻¹⁶ε⁻²", mended, "the same as its proof gives it"),
            *_ends(B, epsilon),
        ),
    )


def _ends(B: float, epsilon: float) -> tuple[Constant, ...]:
    return Constant("B", B, "measured: the least B_k"), Constant("ε", epsilon, "measured: E_S at k*")


# The gradient lower bound --------------------------------------------------------------------------------------------


def equation_3_1(e: Evidence) -> Check:
    """The least B_k along the run beside the hard margin, with what the net's width can take off it."""
    why = _about_weights(e)
    if why:
        return LOWER.not_applicable(why)
    if e.margin is None:
        return LOWER.not_applicable("The hard margin was not computed.")
    lower, upper = e.margin
    if lower <= 0.0:
        return LOWER.not_applicable(f"B_* bounds nothing: {_no_margin('K_L', upper)}")
    ratios, steps = e.trajectory.gradient_ratio, e.trajectory.steps
    place = worst(-ratios)
    assert place is not None
    measured = float(ratios[place])
    fails = _beyond_allowance(e, lower)
    comment = (
        f"B_k is {float(ratios[0]):.4g} at the start and least at k = {steps[place]:,}, {measured:.4g}; B_* is between "
        f"{lower:.4g} and {upper:.4g}."
    )
    if fails is not None:
        comment += f" At k = {steps[fails]:,} that is more than the width explains (docs/proofs.md P18)."
        verdict = "violated"
    elif measured**2 + ROUNDING >= lower**2:
        verdict = "holds"
    else:
        verdict = "outside its regime"
        comment += " The kernel K̂_L(k) of this net is no longer near its limit."
    return LOWER.said(
        verdict,  # type: ignore[arg-type]
        comment + _start_of(e),
        bound=lower,
        measured=measured,
        slack=(measured - lower) / lower,
        step=int(steps[place]),
        constants=(
            Constant("B_*, lower end", lower, "computed bracket of the hard margin"),
            Constant("B_*, upper end", upper, "computed bracket of the hard margin"),
            *(() if e.start_ratio is None else (Constant("limit of B_0", e.start_ratio, "docs/proofs.md P18"),)),
        ),
    )


def _beyond_allowance(e: Evidence, lower: float) -> int | None:
    """The first record at which B_k² + allowance is below B_*², which no net can be."""
    if e.ratio_allowance is None:
        return None
    with np.errstate(invalid="ignore"):
        least = e.trajectory.gradient_ratio**2 + ROUNDING + e.ratio_allowance
        beyond = np.flatnonzero(least < lower**2)
    return int(beyond[0]) if beyond.size else None


def gradient_ratio_start(e: Evidence) -> Check:
    """B_0 against its limit, within what ‖K̂_L(0) − K_L‖_F allows."""
    why = _about_weights(e)
    if why:
        return LOWER_START.not_applicable(why)
    if e.start_ratio is None or e.ratio_allowance is None or not e.start_ratio > 0.0:
        return LOWER_START.not_applicable("The limit was not computed.")
    measured, allowance = float(e.trajectory.gradient_ratio[0]), float(e.ratio_allowance[0])
    if not (math.isfinite(measured) and math.isfinite(allowance)):
        return LOWER_START.not_applicable("E_S is 0 at the start, or was not measured there.")
    apart = abs(measured**2 - e.start_ratio**2)
    error = abs(measured - e.start_ratio) / e.start_ratio
    comment = (
        f"B_0 = {measured:.4g}, its limit {e.start_ratio:.4g}; the squares differ by {apart:.3g}, at most "
        f"{allowance:.3g} is possible with the net's own kernel."
    )
    return LOWER_START.said(
        "holds" if apart <= allowance + ROUNDING else "violated",
        comment + _start_of(e),
        predicted=e.start_ratio,
        measured=measured,
        slack=error,
        step=0,
        constants=(Constant("‖p‖² ‖K̂_L(0) − K_L‖_F", allowance, "measured"),),
    )


# Lemmas 4.1 to 4.5 ---------------------------------------------------------------------------------------------------


def lemma_4_1_start(e: Evidence) -> Check:
    """Largest ‖∇_{W_l} f_{W(0)}(x_i)‖_F/√m; √½ in the limit, for every layer."""
    why = first_reason(e, a_module, off_the_sphere, _several)
    if why:
        return GRADIENTS.not_applicable(why)
    if e.largest_gradient_start is None:
        return GRADIENTS.not_applicable("The gradients of the outputs were not measured.")
    constant = e.largest_gradient_start / math.sqrt(_scale(e))
    comment = f"Largest over examples and layers; {math.sqrt(0.5):.4g} in the limit (docs/proofs.md P1)."
    return GRADIENTS.said("constant measured", comment + _start_of(e), measured=constant, step=0)


def lemma_4_1_loss(e: Evidence) -> Check:
    """Largest ‖∇_{W_l} L_S‖_F/(√m E_S) over the records; of all layers where the logistic loss is descended."""
    why = _about_weights(e)
    if why:
        return LOSS_GRADIENTS.not_applicable(why)
    t = e.trajectory
    every = e.loss == "logistic"
    norms = t.gradient_norm.max(axis=1) if every else t.surrogate_gradient
    with np.errstate(divide="ignore", invalid="ignore"):
        constants = norms / (math.sqrt(_scale(e)) * t.surrogate_error)
    which = "all layers" if every or e.depth == 1 else "the last layer alone, the others were not measured"
    return _largest(e, LOSS_GRADIENTS, constants, f"Of {which}.")


def lemma_4_2(e: Evidence) -> Check:
    """Linearization error over L²τ^{1/3}√(m log m) Σ_l ‖W_l − W_l(0)‖_2, with the least τ that holds each W(k)."""
    why = first_reason(e, a_module, off_the_sphere)
    if why:
        return LINEAR.not_applicable(why)
    t, m, unit = e.trajectory, e.width, _unit(e)
    tau = _distances(e).max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        order = e.depth**2 * tau ** (1.0 / 3.0) * math.sqrt(m * math.log(max(m, 2))) * (unit * t.linear_part)
        constants = np.where(order > 0.0, t.linearization_error / order, np.nan)
    return _largest(e, LINEAR, constants, "τ is the distance of each W(k) itself.")


def lemma_4_3(e: Evidence) -> Check:
    """Largest |f_{W(0)}(x_i)| over √log(n/δ)."""
    why = first_reason(e, a_module, off_the_sphere)
    if why:
        return OUTPUTS.not_applicable(why)
    if e.largest_start_output is None:
        return OUTPUTS.not_applicable("The outputs at the start were not kept.")
    comment = f"The largest output at the start is {e.largest_start_output:.3g}."
    if e.antisymmetric:
        comment += " Every neuron stands twice with opposite signs: it is 0."
    return OUTPUTS.said(
        "constant measured",
        comment + _start_of(e),
        measured=e.largest_start_output / math.sqrt(math.log(e.n / e.delta)),
        step=0,
        constants=(Constant("δ", e.delta, "assumed"),),
    )


def lemma_4_4(e: Evidence) -> Check:
    """2^L times the least B_k: the C γ that fits, γ of Assumption 3.3 not being computed."""
    why = _about_weights(e)
    if why:
        return FEATURES.not_applicable(why)
    place = worst(-e.trajectory.gradient_ratio)
    assert place is not None
    return FEATURES.said(
        "constant measured",
        "The number is Cγ: the margin γ by random features is not computed, the least 2^L B_k is." + _start_of(e),
        measured=2.0**e.depth * _least_ratio(e),
        step=int(e.trajectory.steps[place]),
    )


def lemma_4_5(e: Evidence) -> Check:
    """Least B_k over γ, the hard margin of κ^(L−1) as printed."""
    why = _about_weights(e)
    if why:
        return CONJUGATE.not_applicable(why)
    if e.conjugate_margin is None:
        return CONJUGATE.not_applicable("The margin of the conjugate kernel was not computed.")
    lower, upper = e.conjugate_margin
    if lower <= 0.0:
        whose = f"the conjugate kernel of {e.depth - 1} layers"
        return CONJUGATE.not_applicable(f"Assumption 3.4 is not known to hold: {_no_margin(whose, upper)}")
    place = worst(-e.trajectory.gradient_ratio)
    assert place is not None
    comment = (
        f"γ is between {lower:.4g} and {upper:.4g}, of κ^(L−1) with the paper's scaling; in the limit C is at least "
        f"{0.5 * 2.0 ** ((e.depth - 1) / 2):.3g} (docs/proofs.md P18)."
    )
    return CONJUGATE.said(
        "constant measured",
        comment + _start_of(e),
        measured=_least_ratio(e) / upper,
        step=int(e.trajectory.steps[place]),
        constants=(Constant("γ", upper, "computed: upper end of the hard margin"),),
    )


def _no_margin(kernel: str, upper: float) -> str:
    """What is said of a hard margin whose lower end is 0."""
    if upper <= NOT_SEPARABLE:
        return f"{kernel} does not separate the labels (margin at most {upper:.2g})."
    return f"whether {kernel} separates the labels is undecided, the margin being between 0 and {upper:.2g}."


def _largest(e: Evidence, statement: Statement, constants: Vector, comment: str) -> Check:
    place = worst(constants)
    if place is None:
        return statement.not_applicable("It was measured at no record.")
    tau = float(_distances(e)[place].max())
    return statement.said(
        "constant measured",
        f"{comment} The smallest C that fits at every record." + _start_of(e),
        measured=float(constants[place]),
        step=int(e.trajectory.steps[place]),
        constants=_regime(e, tau),
    )


# Parts ---------------------------------------------------------------------------------------------------------------


def _about_weights(e: Evidence) -> str | None:
    """(3.1) and the lemmas are about L_S at weights near W(0), whatever loss took them there."""
    why = first_reason(e, a_module, not_signs, off_the_sphere)
    if why is None and worst(e.trajectory.gradient_ratio) is None:
        return "The gradient of the logistic loss was not measured."
    return why


def _about_descent(e: Evidence) -> str | None:
    why = first_reason(e, not_logistic, in_batches) or _about_weights(e)
    if why is None and not _distances(e).max() > 0.0:
        return "No step was made."
    if why is None and not min(_least_ratio(e), _reached(e)) > 0.0:
        return f"Its orders are in 1/B and 1/ε, and B = {_least_ratio(e):.3g}, ε = {_reached(e):.3g}."
    return why


def _several(e: Evidence) -> str | None:
    return None if e.outputs == 1 else f"It is about one output; this net has {e.outputs}."


def _scale(e: Evidence) -> float:
    """What a squared gradient is divided by to have a limit: m, or 1 where outputs are over √m already."""
    return float(e.width) if e.network == "deep" else 1.0


def _unit(e: Evidence) -> float:
    """Their weights from ours: 1, or 1/√m for a two-layer net."""
    return 1.0 if e.network == "deep" else 1.0 / math.sqrt(e.width)


def _distances(e: Evidence) -> Matrix:
    """(t, L) ‖W_l(k) − W_l(0)‖_F in their normalization, 0 where not measured."""
    return np.nan_to_num(_unit(e) * e.trajectory.distance, nan=0.0, posinf=0.0)


def _least_ratio(e: Evidence) -> float:
    return float(np.nanmin(e.trajectory.gradient_ratio))


def _reached(e: Evidence) -> float:
    """ε: E_S at k*, over all steps where that was kept, else over the records."""
    return float(np.nanmin(e.trajectory.surrogate_error)) if e.k_star_error is None else e.k_star_error


def _power(base: float, exponent: int) -> float:
    """base^exponent, infinite where it is beyond what numbers hold."""
    try:
        return float(base**exponent)
    except (OverflowError, ZeroDivisionError):
        return math.inf


def _regime(e: Evidence, tau: float) -> tuple[Constant, ...]:
    """The conditions of Lemmas 4.1 and 4.2, constants 1."""
    m, L, origin = e.width, e.depth, "the paper's order, constant 1"
    widths = [L**2 * math.log(m * e.n / e.delta)]
    if tau > 0.0:
        widths.append(L ** (-8 / 3) * tau ** (-4 / 3) * max(math.log(m / (tau * e.delta)), 0.0))
    return (
        Constant("least m", max(widths), f"{origin}: L² log(mn/δ) and L^(−8/3) τ^(−4/3) log(m/(τδ))"),
        Constant("largest τ", L**-6 * math.log(max(m, 2)) ** -1.5, f"{origin}: L⁻⁶ (log m)^(−3/2); here {tau:.3g}"),
    )


def _start_of(e: Evidence) -> str:
    """What is not the paper's about a two-layer net's start."""
    if e.network != "two-layer" or e.init_scale is None or abs(e.init_scale - math.sqrt(2.0)) < 1e-9:
        return ""
    return f" Their net with L = 1 starts at κ = √2; this one at κ = {e.init_scale:g}."


CHECKS = (
    (STAYS, theorem_3_2_neighbourhood),
    (REACHES, theorem_3_2_error),
    (LOWER, equation_3_1),
    (LOWER_START, gradient_ratio_start),
    (GRADIENTS, lemma_4_1_start),
    (LOSS_GRADIENTS, lemma_4_1_loss),
    (LINEAR, lemma_4_2),
    (OUTPUTS, lemma_4_3),
    (FEATURES, lemma_4_4),
    (CONJUGATE, lemma_4_5),
)

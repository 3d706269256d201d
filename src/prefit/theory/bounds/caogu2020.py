"""Cao, Gu 2020, arXiv:1902.01384, Theorem 3.1: by the distance from the start, layer by layer.

Three rows: its computable form, a bound (docs/proofs.md P20); the same where the linearization error is measured, not
bounded; and the theorem as it is printed, whose constant has no name.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from prefit.theory.bounds.conditions import all_met, on_sphere, signs
from prefit.theory.bounds.grids import Geometric
from prefit.theory.bounds.linearization import richness
from prefit.theory.bounds.margins import drawn_start, positive, sampling, unfit
from prefit.theory.bounds.near_start import few_pairs
from prefit.theory.bounds.scales import Scaled, at_best_scale, surrogate
from prefit.theory.bounds.statement import Assumption, Bound
from prefit.theory.bounds.subject import Layered, Subject
from prefit.theory.bounds.tangent import linearized, moved
from prefit.theory.source import Source

AUTHORS, YEAR = "Cao, Gu", 2020
FIRST, RATIO = 0.25, 2.0**0.25  # τ_j = FIRST · RATIO^j/‖A_D(0)‖, our choice: rounding up costs at most a fifth of τ

COMPUTED = Bound(
    name="caogu2020",
    title="Cao & Gu 2020, computed from W(0)",
    source=Source(AUTHORS, YEAR, "Theorem 3.1, our derivation", "docs/proofs.md P20"),
    formula="2 E_S(f/γ) + (I₁ + I₂)/γ + 6 √(log(2/δ')/(2n))",
    of="this network",
    kind="derived",
    value=None,
)

MEASURED = Bound(
    name="caogu2020_measured",
    title="Cao & Gu 2020, linearization error measured",
    source=Source(AUTHORS, YEAR, "Theorem 3.1, our derivation", "docs/proofs.md P20"),
    formula="2 E_S(f/γ) + (I₁ + I₂)/γ + 6 √(log(2/δ')/(2n)), I₁ seen at this network alone",
    of="this network",
    kind="derived",
    value=None,
)

ORDER = Bound(
    name="caogu2020_order",
    title="Cao & Gu 2020, Theorem 3.1 as printed",
    source=Source(AUTHORS, YEAR, "Theorem 3.1", "arXiv:1902.01384"),
    formula="2 E_S + C (L τ √(m/n) + L⁴ √(m log m) τ^(4/3)), C taken as 1",
    of="this network",
    kind="order",
    value=None,
)


def caogu2020(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """Any depth: E_S the mean of 1/(1 + exp(y f)), I₁ and I₂ over all movements of the layers' lengths τ_l.

    The paper has one τ for all layers and bounds I₁ up to a constant; here it is computed from W(0) and the inputs.
    """
    row = replace(COMPUTED, assumptions=(signs(subject), *sampling(subject), drawn_start(subject), few_pairs(subject)))
    if not all_met(row.assumptions):
        return row
    if reason := unfit(subject):
        return row.without(reason)
    net, lengths = subject.net, moved(subject.net)
    grid = Geometric(FIRST / positive(float(np.linalg.norm(net.start[-1]))), RATIO)
    found = [grid.over(float(length)) for length in lengths]
    radii = np.zeros(len(net.start))
    radii[np.array(net.trained)] = [radius for radius, _ in found]
    parts = richness(net, subject.X, radii, progress)
    best = _at_best_scale(subject, parts.linear + parts.rest, math.prod(share for _, share in found))
    terms = _terms(best) | {"tau": float(radii.max()), "tau_measured": float(lengths.max(initial=0.0))}
    terms |= {"I1": parts.rest, "I2": parts.linear}
    return replace(row, value=best.value, terms=terms, comment="The class is all nets this near to W(0).")


def caogu2020_measured(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """Any depth: I₂ from the gradients at the start, for a ball a layer or one for all; I₁ the mean |f_W − F_{W(0),W}|.

    Layer by layer I₂ = (τ/n) Σ_l √(Σ_i ‖∂f(x_i)/∂A_l‖_F²), τ the largest movement; together, T being the length of all
    movements, (T/n) √(Σ_{l,i} ‖∂f(x_i)/∂A_l‖_F²). The smaller counts, and δ is shared between them.
    """
    ball = "the linearization error is bounded over the whole ball, as in caogu2020"
    asked = (signs(subject), drawn_start(subject), *sampling(subject), Assumption(ball, False))
    row = replace(MEASURED, assumptions=asked)
    if not subject.binary:
        return row
    if reason := unfit(subject):
        return row.without(reason)
    seen, lengths, n = linearized(subject.net, subject.X, progress), moved(subject.net), subject.n
    first = FIRST / _start_size(subject.net)
    tau, share_tau = Geometric(first, RATIO).over(float(lengths.max(initial=0.0)))
    T, share_T = Geometric(first, RATIO).over(float(np.linalg.norm(lengths)))
    by_layer, joint = tau / n * float(seen.norms.sum()), T / n * float(np.linalg.norm(seen.norms))
    I1 = float(np.abs(subject.outputs[:, 0] - seen.outputs).mean())
    I2, share = (by_layer, share_tau) if by_layer <= joint else (joint, share_T)
    best = _at_best_scale(subject, I1 + I2, 0.5 * share)
    terms = _terms(best) | {"tau": tau, "T": T, "I1": I1, "I2_layers": by_layer, "I2_joint": joint}
    return replace(
        row, value=best.value, terms=terms, comment="A diagnostic: an error seen at one point bounds no ball."
    )


def _at_best_scale(subject: Subject, complexity: float, share: float) -> Scaled:
    def beyond(gamma: float, of_scale: float) -> tuple[float, float]:
        log = math.log(2.0 / (subject.delta * share * of_scale))
        return complexity / gamma, 6.0 * math.sqrt(log / (2.0 * subject.n))

    return at_best_scale(subject.margins, lambda margins: 2.0 * surrogate(margins), beyond)


def _terms(best: Scaled) -> dict[str, float]:
    """`loss` is 2 E_S(f/γ), `complexity` (I₁ + I₂)/γ."""
    return {"loss": best.loss, "complexity": best.complexity, "tail": best.tail, "margin": best.margin}


def _start_size(net: Layered) -> float:
    """Length of a gradient to be expected at the start, from its matrices alone: √L · ‖A_D‖_F."""
    return math.sqrt(max(1, sum(net.trained))) * positive(float(np.linalg.norm(net.start[-1])))


def caogu2020_order(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """The theorem with C = 1, at the τ that was measured; m is the least width.

    Its output weights are ±1: v_r = ±s for another s is the same net with weights sW, and τ s for τ.
    """
    net = subject.net
    sizes = np.abs(net.start[-1])
    s, hidden = float(sizes.max()), net.trained == (True,) * net.depth + (False,)
    asked = (
        signs(subject),
        on_sphere(subject),
        drawn_start(subject),
        *sampling(subject),
        Assumption("the hidden layers are trained, the output weights fixed and of one size", hidden),
    )
    row = replace(ORDER, assumptions=asked)
    if not (subject.binary and hidden and s > 0.0):
        return row
    L, m = net.depth, min(A.shape[0] for A in net.start[:-1])
    tau = s ** (1.0 / L) * float(moved(net).max())
    loss = 2.0 * float(surrogate(subject.margins).mean())
    near, rest = L * tau * math.sqrt(m / subject.n), L**4 * math.sqrt(m * math.log(m)) * tau ** (4.0 / 3.0)
    terms = {"loss": loss, "near": near, "linearization": rest, "tau": tau, "L": float(L), "m": float(m)}
    comment = "Its proof adds a term of order √(log(1/δ)/n); other scales of the start change C."
    return replace(row, value=loss + near + rest, terms=terms, comment=comment)

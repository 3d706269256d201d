"""Arora, Du, Hu, Li, Wang 2019, arXiv:1901.08584, §5: by the kernel of the infinitely wide net, and near W(0).

Three rows: the kernel class with explicit constants (our derivation), the paper's Theorem 5.1 with the constants of its
proof, and the network itself, by a Rademacher complexity computed from W(0) in place of Lemma 5.4's probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from prefit.theory.arora2019 import complexity
from prefit.theory.bounds.conditions import all_met, kernel_known, on_sphere, signs
from prefit.theory.bounds.grids import Geometric, Linear
from prefit.theory.bounds.margins import sampling, unfit
from prefit.theory.bounds.near_start import conditions, near_start, richness
from prefit.theory.bounds.scales import at_best_scale, ramp
from prefit.theory.bounds.statement import Assumption, Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.kernel_class import paper_bound
from prefit.theory.source import Source

AUTHORS, YEAR = "Arora, Du, Hu, Li, Wang", 2019
TWO_LAYER = ("two-layer", "ntk:1")  # names of H
STEP = 0.25  # of the grid of B, in units of 1/‖v‖: our choice
FIRST, RATIO = 2.0**-4, 2.0**0.25  # of the grid of R, in units of 1/(‖v‖√m): our choice

WIDE = Bound(
    name="arora2019_wide",
    title="Arora et al. 2019, infinitely wide, stopped early",
    source=Source(AUTHORS, YEAR, "our derivation after Theorem 5.1", "docs/proofs.md P7"),
    formula="L_S + 2 b j √(κ(1)/n) + √(log(j(j + 1)/δ)/(2n)), j = ⌈‖f‖/b⌉, least over steps and multiples of f",
    of="the infinitely wide network, stopped at its best step",
    kind="derived",
    value=None,
)

PAPER = Bound(
    name="arora2019_paper",
    title="Arora et al. 2019, Theorem 5.1",
    source=Source(AUTHORS, YEAR, "Theorem 5.1, constants of Appendix D.3", "arXiv:1901.08584"),
    formula="√(2 yᵀH⁻¹y/n) + 5/√n + 3 √(log(6N/δ)/(2n)), N = ⌈√(n/λ0)⌉ + 1",
    of="the infinitely wide network, trained to convergence",
    kind="derived",
    value=None,
)

FINITE = Bound(
    name="arora2019_finite",
    title="Arora et al. 2019, this width, from W(0)",
    source=Source(AUTHORS, YEAR, "Lemma 5.4, our derivation", "docs/proofs.md P17 and P20"),
    formula="L_S(f/γ) + (2/γ)((B/n) ‖Z(0)‖_F + min(E₁, E₂)) + 3 √(log(2/δ')/(2n))",
    of="this network",
    kind="derived",
    value=None,
)


def arora2019_wide(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """The kernel class of docs/proofs.md P7 at its best stopping time and multiple, as the kernel's part found it."""
    facts, asked = subject.kernel, (kernel_known(subject), *sampling(subject))
    if facts is None:
        return replace(WIDE, assumptions=asked)
    found = {"stopped": facts.stopped, "converged": facts.converged, "step": facts.step, "multiple": facts.scale}
    terms = {name: float(value) for name, value in found.items() if value is not None}
    if facts.quadratic_form is not None:
        terms["leading"] = complexity(facts.quadratic_form, subject.n, facts.diagonal)
    reason = (Assumption(facts.reason, False),) if facts.reason and all_met(asked) else ()
    return replace(
        WIDE,
        value=min((terms[name] for name in ("stopped", "converged") if name in terms), default=None),
        terms=terms,
        assumptions=(*asked, *reason),
        comment=f"Of the limit of infinite width (kernel {facts.name}), not of this network.",
    )


def arora2019_paper(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """Theorem 5.1; λ0 is a constant of the distribution, given as the option lambda_0, never the sample's λ_min."""
    facts, lambda_0 = subject.kernel, subject.options.get("lambda_0")
    asked = (kernel_known(subject), signs(subject), on_sphere(subject), *sampling(subject))
    if facts is not None:
        asked += (
            Assumption("the kernel is that of the two-layer net", facts.name in TWO_LAYER),
            Assumption("the labels can be interpolated: yᵀH⁻¹y is finite", facts.quadratic_form is not None),
        )
    if facts is not None and facts.smallest is not None and lambda_0 is not None:
        asked += (Assumption("the sample's λ_min is at least λ0", facts.smallest >= lambda_0),)
    known = Assumption("λ0 of the distribution is known before the sample", lambda_0 is not None)
    row = replace(PAPER, assumptions=(*asked, known))
    if not all_met(asked) or facts is None or facts.quadratic_form is None:
        return row
    terms = {"leading": complexity(facts.quadratic_form, subject.n, facts.diagonal)}
    if lambda_0 is None:
        return replace(row, terms=terms, comment="The leading term alone is no bound.")
    value = paper_bound(facts.quadratic_form, subject.n, subject.delta, lambda_0)
    terms |= {"lambda_0": lambda_0, "width": 5.0 / math.sqrt(subject.n)}
    terms["tail"] = value - terms["leading"] - terms["width"]
    return replace(row, value=value, terms=terms, comment="In the limit of infinite width, at convergence.")


def arora2019_finite(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """The net itself, however it was trained: how far it is from W(0), and what W(0) and the inputs say.

    Both distances are rounded up to grids, R_i = 2^{i/4}/(16‖v‖√m) and B_j = j/(4‖v‖), and the scale γ is of `scales`:
    each has its share of δ.
    """
    row = replace(FINITE, assumptions=conditions(subject))
    if not all_met(row.assumptions):
        return row
    if reason := unfit(subject):
        return row.without(reason)
    net, n = near_start(subject), subject.n
    R, share_R = Geometric(FIRST * net.scale / math.sqrt(net.output.size), RATIO).over(net.each)
    B, share_B = Linear(STEP * net.scale).over(net.total)
    parts = richness(net, subject.X, min(R, B), B, progress)

    def beyond(gamma: float, share: float) -> tuple[float, float]:
        log = math.log(2.0 / (subject.delta * share_R * share_B * share))
        return 2.0 * parts.bound / gamma, 3.0 * math.sqrt(log / (2.0 * n))

    best = at_best_scale(subject.margins, ramp, beyond)
    terms = {"loss": best.loss, "complexity": best.complexity, "tail": best.tail, "margin": best.margin}
    terms |= {"R": R, "B": B, "R_measured": net.each, "B_measured": net.total}
    terms |= {"linear": parts.linear, "E1": parts.each, "E2": parts.total}
    comment = "It bounds all nets this near to W(0) at once, so it does not matter how this one was trained."
    return replace(row, value=best.value, terms=terms, comment=comment)

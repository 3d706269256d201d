"""Cao, Gu 2019, arXiv:1905.13210, Corollary 3.10: deep nets by the kernel of the infinitely wide one, as an order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from prefit.theory.bounds.conditions import all_met, kernel_known, on_sphere, signs
from prefit.theory.bounds.margins import sampling
from prefit.theory.bounds.statement import Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.source import Source

ROW = Bound(
    name="caogu2019",
    title="Cao & Gu 2019: random features of the tangent kernel",
    source=Source("Cao, Gu", 2019, "Corollary 3.10", "arXiv:1905.13210"),
    formula="C L √(inf ỹᵀK⁻¹ỹ/n) over y_i ỹ_i ≥ 1, C and logarithms taken as 1; L counts all layers",
    of="a wide network, trained by one pass of stochastic descent",
    kind="order",
    value=None,
)


def caogu2019(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """L/(B_* √n) with the hard margin B_*, of which 1/B_*² is the infimum; L √(yᵀK⁻¹y/n) beside it.

    The paper's Θ also has the part of the output layer, which it trains and our nets do not: its order is smaller.
    """
    facts, asked = subject.kernel, (kernel_known(subject), signs(subject), *sampling(subject), on_sphere(subject))
    row = replace(ROW, assumptions=asked)
    if facts is None or not all_met(asked):
        return row
    L, terms = subject.net.depth + 1, {}
    if facts.margin is not None and facts.margin[0] > 0.0:
        terms["by_margin"] = L / (facts.margin[0] * math.sqrt(subject.n))
    if facts.quadratic_form is not None:
        terms["by_labels"] = L * math.sqrt(facts.quadratic_form / subject.n)
    if not terms:
        return row.without("the labels can be separated or interpolated by the kernel")
    comment = f"With the kernel {facts.name} for the paper's, which has the output layer's part as well."
    return replace(row, value=min(terms.values()), terms=terms | {"L": float(L)}, comment=comment)

"""Allen-Zhu, Li, Liang 2018, arXiv:1811.04918, Theorem 1: two-layer nets learn smooth targets, up to polynomials."""

from __future__ import annotations

from collections.abc import Callable

from prefit.theory.bounds.statement import Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.source import Source

ROW = Bound(
    name="allenzhu2018",
    title="Allen-Zhu, Li, Liang 2018: smooth targets",
    source=Source("Allen-Zhu, Li, Liang", 2018, "Theorem 1", "arXiv:1811.04918"),
    formula="excess risk ≤ ε for n ≥ poly(C_s(φ), 1/ε), the polynomial without a name",
    of="a wide network, trained by stochastic descent",
    kind="order",
    value=None,
    comment="Its measure is of a formula, not of a sample: prefit learnable gives it.",
)


def allenzhu2018(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """No value: the theorem is about a target Σ a φ(⟨w, x⟩) whose smooth φ is known, which labels do not tell."""
    return ROW.without("the target function is known as a formula")

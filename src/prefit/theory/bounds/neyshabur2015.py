"""Neyshabur, Tomioka, Srebro 2015: the product of Frobenius norms, doubled at every ReLU."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from prefit.theory.bounds.grids import Geometric
from prefit.theory.bounds.margins import LEAST, RATIO, data_norm, least_over_margins, sampling, unfit
from prefit.theory.bounds.statement import Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.source import Source

BOUND = Bound(
    name="neyshabur2015",
    title="Neyshabur, Tomioka, Srebro 2015: Frobenius norms",
    source=Source("Neyshabur, Tomioka, Srebro", 2015, "Theorem 1, p = q = 2", "arXiv:1503.00036"),
    formula="ramp_loss + complexity + tail, complexity = 2^layers·ratio·data_norm/n, ratio ≥ norms/margin, "
    "norms = Π‖A_l‖_F",
    of="this network",
    kind="derived",
    value=None,
)


def neyshabur2015(subject: Subject, progress: Callable[[float], None]) -> Bound:
    r"""Ramp loss at γ + 2 R_S/γ + tail, R_S({Π‖A_l‖_F ≤ P}) ≤ 2^{D−1} P ‖X‖_F/n for D matrices and one output.

    Neyshabur, Tomioka, Srebro (2015), Theorem 1, arXiv:1503.00036; the constant is derived in docs/bounds.
    Only P/γ matters, since f/γ has the product P/γ: one grid over it pays for both.
    """
    bound = replace(BOUND, assumptions=sampling(subject))
    reason = unfit(subject) or several_outputs(subject)
    return bound.without(reason) if reason else by_norm_product(bound, subject, 2.0 ** (len(subject.net.matrices) - 1))


def several_outputs(subject: Subject) -> str | None:
    outputs = subject.Y.shape[1]
    return None if outputs == 1 else f"one output: the peeling of the proof is for scalar nets, this one has {outputs}"


def by_norm_product(bound: Bound, subject: Subject, factor: float) -> Bound:
    """The bound where R_S ≤ factor · P ‖X‖_F/n for the product P of Frobenius norms; also of Golowich et al."""
    product = math.prod(float(np.linalg.norm(A)) for A in subject.net.matrices)
    norm = data_norm(subject)
    grid = Geometric(
        1.0 if subject.sphere else LEAST, RATIO
    )  # on the sphere |f| ≤ P, so that γ ≤ P or nothing is right
    best = least_over_margins(subject, product, grid, lambda _, ratio: 2.0 * factor * ratio * norm / subject.n)
    terms = {
        "ramp_loss": best.loss,
        "margin": best.margin,
        "norms": product,
        "layers": float(len(subject.net.matrices)),
        "ratio": best.ratio,
        "data_norm": norm,
        "n": float(subject.n),
        "complexity": best.complexity,
        "union": best.union,
        "tail": best.tail,
    }
    return replace(bound, value=best.value, terms=terms)

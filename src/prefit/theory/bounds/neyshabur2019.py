"""Neyshabur, Li, Bhojanapalli, LeCun, Srebro 2019: two-layer nets, unit by unit."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from prefit._shapes import Vector
from prefit.theory.bounds.grids import Geometric
from prefit.theory.bounds.margins import (
    LEAST,
    RATIO,
    data_norm,
    drawn_start,
    least_over_margins,
    positive,
    sampling,
    unfit,
)
from prefit.theory.bounds.statement import Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.source import Source

FINENESS = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 4.0)  # quanta a unit that are tried, our choice
BOUND = Bound(
    name="neyshabur2019",
    title="Neyshabur et al. 2019: two layers, unit by unit",
    source=Source("Neyshabur, Li, Bhojanapalli, LeCun, Srebro", 2019, "Theorem 1, our constants", "arXiv:1805.12076"),
    formula="ramp_loss + complexity + tail, complexity = 2·slope·(moved·data_norm + resting)/(margin·n), "
    "moved = factor·Σ_j α_j β_j, resting = √c·Σ_j α_j‖σ(u_j(0)X)‖, α_j and β_j on their grids",
    of="this network",
    kind="derived",
    value=None,
)


def neyshabur2019(subject: Subject, progress: Callable[[float], None]) -> Bound:
    r"""Ramp loss at γ + 2 R_S + tail, R_S ≤ (s/(γn)) Σ_j α_j (t β_j ‖X‖_F + √c ‖σ(u_j(0)X)‖): V σ(Ux), h units.

    Neyshabur, Li, Bhojanapalli, LeCun, Srebro (2019), Theorem 1, arXiv:1805.12076, whose constants are not in its
    statement: derived here (docs/proofs.md P21). α_j is the length of column j of V, β_j the distance of row j of U
    from its start, c the number of outputs, s = 1 for one and 2 for several. If V was trained, t = 2 for one output,
    √(5c) for several; if it was not, t = 1 and the second term is absent. The vectors β and α are rounded up to quanta
    of their squares, which are paid for: about h ln 4 in `union` each.
    """
    bound = replace(BOUND, assumptions=(*sampling(subject), drawn_start(subject)))
    reason = unfit(subject)
    if not reason and len(subject.net.matrices) != 2:
        reason = f"two layers: the statement is about them, this network has {len(subject.net.matrices)}"
    if reason:
        return bound.without(reason)
    finest = [_at_fineness(subject, fineness) for fineness in FINENESS]
    value, terms = min(finest, key=lambda one: one[0])
    return replace(bound, value=value, terms=terms)


def _at_fineness(subject: Subject, fineness: float) -> tuple[float, dict[str, float]]:
    (U, V), (U0, V0), (first, last) = subject.net.matrices, subject.net.start, subject.net.trained
    outputs, n, norm, union = V.shape[0], subject.n, data_norm(subject), math.log(len(FINENESS))
    beta, alpha = np.linalg.norm(U - U0, axis=1), np.linalg.norm(V, axis=0)
    if first:
        beta, paid = rounded_up(beta, float(np.linalg.norm(U0)), fineness)
        union += paid
    factor, resting = 1.0, 0.0
    if last:
        alpha, paid = rounded_up(alpha, float(np.linalg.norm(V0)), fineness)
        union, factor = union + paid, 2.0 if outputs == 1 else math.sqrt(5.0 * outputs)
        resting = math.sqrt(outputs) * float(alpha @ starting_lengths(subject))
    moved, slope = factor * float(alpha @ beta), 1.0 if subject.binary else 2.0
    best = least_over_margins(
        subject,
        math.prod(subject.net.start_spectral_norms),
        Geometric(LEAST, RATIO),
        lambda gamma, _: 2.0 * slope * (moved * norm + resting) / (gamma * n),
        union,
    )
    terms = {
        "ramp_loss": best.loss,
        "margin": best.margin,
        "slope": slope,
        "moved": moved,
        "data_norm": norm,
        "resting": resting,
        "n": float(n),
        "complexity": best.complexity,
        "fineness": fineness,
        "union": best.union,
        "tail": best.tail,
    }
    return best.value, terms


def rounded_up(lengths: Vector, scale: float, fineness: float) -> tuple[Vector, float]:
    """Non-negative numbers (h,) moved up to b √(k_j/N), N = ⌈fineness·h⌉ quanta, and ln(1/share) of the choice.

    b ≥ ‖lengths‖ from a grid, k_j = max(1, ⌈N lengths_j²/b²⌉): Σ k_j ≤ N + h, and (N + h choose h) such vectors.
    """
    h = lengths.size
    quanta = math.ceil(fineness * h)
    b, share = Geometric(LEAST * positive(scale), RATIO).over(float(np.linalg.norm(lengths)))
    counts = np.maximum(1.0, np.ceil(quanta * np.square(lengths / b)))
    vectors = math.lgamma(quanta + h + 1.0) - math.lgamma(quanta + 1.0) - math.lgamma(h + 1.0)
    return b * np.sqrt(counts / quanta), vectors - math.log(share)


def starting_lengths(subject: Subject) -> Vector:
    """(h,) ‖σ(u_j(0)X)‖, on the sphere its upper end √n ‖u_j(0)‖ in every sample."""
    U0 = subject.net.start[0]
    if subject.sphere:
        lengths: Vector = math.sqrt(subject.n) * np.linalg.norm(U0, axis=1)
        return lengths
    return np.asarray(np.linalg.norm(np.maximum(subject.X @ U0.T, 0.0), axis=0))

"""What the bounds through margins share: losses at a margin, what is tried, and what one more thing measured costs.

A margin γ, a norm or any other number measured on the run goes into a bound through a grid that was fixed before the
sample (`grids`): the value stands at the next point of the grid, and the failure probability δ is shared out among its
points. What that costs is a term `union`, ln(1/share), added to ln(1/δ) wherever δ stands.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Vector
from prefit.theory.bounds.grids import Geometric
from prefit.theory.bounds.statement import Assumption
from prefit.theory.bounds.subject import Subject

RATIO = 2.0**0.25  # of the grids, our choice: at most 19% lost in a norm, two or three more in a logarithm than at 2
LEAST = 2.0**-10  # smallest point of a grid, in units of the start's own scale, our choice
CANDIDATES = 64  # margins that are tried, our choice; trying is free, the grid is paid for all of them


def positive(scale: float) -> float:
    """The scale of a grid: that of the start, or 1 where the start is zero."""
    return scale if scale > 0.0 else 1.0


def data_norm(subject: Subject) -> float:
    """‖X‖_F, √n on the sphere in every sample."""
    return math.sqrt(subject.n) if subject.sphere else float(np.linalg.norm(subject.lengths))


def tail(subject: Subject, union: float) -> float:
    """√((ln(1/δ) + union)/(2n)) on the sphere, 3√((ln(2/δ) + union)/(2n)) off it.

    One step of McDiarmid's inequality suffices where the complexity is below its bound in every sample, as on the
    sphere (docs/proofs.md P7); where it is that of this sample only there are two.
    """
    if subject.sphere:
        return math.sqrt((math.log(1.0 / subject.delta) + union) / (2.0 * subject.n))
    return 3.0 * math.sqrt((math.log(2.0 / subject.delta) + union) / (2.0 * subject.n))


def candidates(margins: Vector) -> Vector:
    """Quantiles of the positive margins, the largest among them; 1 where none is positive.

    Not those below 10⁻¹² of the largest: they are rounding, and their quotients might not be numbers.
    """
    above = np.sort(margins[margins > 1e-12 * max(float(margins.max()), 0.0)], kind="stable")
    if above.size == 0:
        return np.ones(1)
    at = np.linspace(0.0, above.size - 1.0, CANDIDATES)
    return np.unique(np.interp(at, np.arange(above.size), above))


def mean_ramp(margins: Vector, gammas: Vector) -> Vector:
    """Mean of min(1, max(0, 1 − margin/γ)) at every γ > 0, in one sort, soon done where they are in order."""
    ordered = np.sort(np.maximum(margins, 0.0), kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    below = np.searchsorted(ordered, gammas)
    return np.clip((below - sums[below] / gammas) / margins.size, 0.0, 1.0)


@dataclass(frozen=True)
class Choice:
    """The bound at one margin: loss + complexity + tail.

    margin, ratio   γ, and scale/γ, the point of the grid that it stands on
    union           ln(1/share) of everything that was measured
    """

    margin: float
    ratio: float
    loss: float
    complexity: float
    union: float
    tail: float

    @property
    def value(self) -> float:
        return self.loss + self.complexity + self.tail


def least_over_margins(
    subject: Subject,
    scale: float,
    grid: Geometric,
    complexity: Callable[[float, float], float],
    union: float = 0.0,
) -> Choice:
    """The least of ramp loss + complexity + tail over margins, each moved down to where scale/γ is on the grid.

    complexity   of (γ, scale/γ)
    union        ln(1/share) of what else was measured
    """
    points = {grid.over(positive(scale) / gamma) for gamma in candidates(subject.ordered_margins)}
    gammas = np.array([positive(scale) / ratio for ratio, _ in points])
    losses = mean_ramp(subject.ordered_margins, gammas)
    choices = []
    for (ratio, share), gamma, loss in zip(points, gammas, losses, strict=True):
        paid = union - math.log(share)
        at = (float(gamma), ratio)
        choices.append(Choice(*at, float(loss), complexity(*at), paid, tail(subject, paid)))
    return min(choices, key=lambda choice: choice.value)


# What is asked for ---------------------------------------------------------------------------------------------------


def unfit(subject: Subject) -> str | None:
    """Why a bound on the classification error has nothing to say, or None."""
    if not (np.isfinite(subject.outputs).all() and math.isfinite(_product_of_squares(subject))):
        return "outputs and norms are finite numbers; this network has diverged"
    if not math.isfinite(float(subject.lengths.max())):
        return "the squares of the inputs are finite numbers"
    if subject.binary or (subject.labels is not None and subject.Y.shape[1] > 1):
        return None
    return "the targets are classes: one output with labels ±1, or an output for every class"


def _product_of_squares(subject: Subject) -> float:
    """Π‖A_l‖_F² before and after training: what no norm here exceeds."""
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.prod([np.vdot(A, A) for A in (*subject.net.matrices, *subject.net.start)]))


def sampling(subject: Subject) -> tuple[Assumption, ...]:
    """What every bound here asks of the sample."""
    return (
        Assumption("the examples were drawn independently", True),
        Assumption("the preparation of the inputs was not learned from the sample", not subject.prepared),
    )


def drawn_start(subject: Subject) -> Assumption:
    """What a bound asks that measures from the start."""
    return Assumption("the start was drawn independently of the sample", subject.drawn)

"""The scale at which margins are read: multiples of a net decide alike, so the best of a grid may be taken.

Statements about f hold for f/γ, with γ from a grid that was fixed before the sample and its share of δ paid
(docs/proofs.md P20).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from prefit._shapes import Vector

RATIO = math.sqrt(2.0)  # γ_k = √2^k, k = 0, ±1, ±2, …, our choice
SMALLEST = 2.0**-4  # of the median positive margin: below it the complexity, over γ, costs more than the loss gives


@dataclass(frozen=True)
class Scaled:
    """A bound at one scale: loss of f/γ on the sample, what its complexity costs, and what concentration does."""

    margin: float
    loss: float
    complexity: float
    tail: float

    @property
    def value(self) -> float:
        return self.loss + self.complexity + self.tail


def share(k: int) -> float:
    """Portion of the failure probability that γ_k has: ½ for k = 0, else 1/(2(|k| + 1)(|k| + 2)); they sum to 1."""
    return 0.5 if k == 0 else 0.5 / ((abs(k) + 1.0) * (abs(k) + 2.0))


def at_best_scale(
    margins: Vector, loss: Callable[[Vector], Vector], beyond: Callable[[float, float], tuple[float, float]]
) -> Scaled:
    """The least bound over the scales that can matter.

    margins   (n,) y f(x)
    loss      of margins, non-increasing, summed up by its mean
    beyond    what complexity and concentration add at a scale γ that has this share of δ
    """
    found = []
    for k in _exponents(margins):
        gamma = RATIO**k
        found.append(Scaled(gamma, float(loss(margins / gamma).mean()), *beyond(gamma, share(k))))
    return min(found, key=lambda one: one.value)


def _exponents(margins: Vector) -> range:
    positive = margins[margins > 0.0]
    if not positive.size or not math.isfinite(float(positive.max())):
        return range(1)
    ends = SMALLEST * float(np.median(positive)), 2.0 * float(positive.max())
    low, high = (math.log(max(end, 1e-300)) / math.log(RATIO) for end in ends)
    return range(math.floor(low), math.ceil(high) + 1)


def portion_below(margins: Vector, gammas: Vector) -> Vector:
    """(t,) portions of the margins that are below γ."""
    found: Vector = np.searchsorted(np.sort(margins), gammas, side="left") / margins.size
    return found


def ramp(margins: Vector) -> Vector:
    """min(1, max(0, 1 − m)): 1-Lipschitz, at least the 0–1 error."""
    losses: Vector = np.clip(1.0 - margins, 0.0, 1.0)
    return losses


def surrogate(margins: Vector) -> Vector:
    """−ℓ'(m) = 1/(1 + e^m), ¼-Lipschitz; at least ½ where the net errs (Cao & Gu 2020, Definition 3.2)."""
    errors: Vector = expit(-margins)
    return errors

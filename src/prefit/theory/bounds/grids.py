"""Radii fixed before the sample: what a bound pays so that a measured norm or margin may be put into it."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Geometric:
    """r_j = start · ratio^j, j = 0, 1, …, with the share 1/((j+1)(j+2)) of the failure probability; shares sum to 1.

    start, ratio   chosen before the sample (our choice); a value below the start is rounded up to it
    """

    start: float
    ratio: float = 2.0

    def over(self, value: float) -> tuple[float, float]:
        """The least radius of the grid that is at least `value` ≥ 0, and its share."""
        if not math.isfinite(value):
            return math.inf, 0.0
        j = 0 if value <= self.start else math.ceil(math.log(value / self.start) / math.log(self.ratio))
        while self.start * self.ratio**j < value:  # the logarithm may have been rounded
            j += 1
        return self.start * self.ratio**j, 1.0 / ((j + 1.0) * (j + 2.0))


@dataclass(frozen=True)
class Linear:
    """r_j = step · j, j = 1, 2, …, with the share 1/(j(j+1))."""

    step: float

    def over(self, value: float) -> tuple[float, float]:
        """The least radius of the grid that is at least `value` ≥ 0, and its share."""
        if not math.isfinite(value):
            return math.inf, 0.0
        j = max(1, math.ceil(value / self.step))
        while self.step * j < value:
            j += 1
        return self.step * j, 1.0 / (j * (j + 1.0))

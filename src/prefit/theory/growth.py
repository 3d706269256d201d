"""How a number grows with the sample: a power law through a few sizes, and what it says one octave beyond.

No theorem: an empirical law. Learning curves that follow one are reported for kernels (Spigler, Geiger, Wyart 2020,
arXiv:1905.10843) and deep nets (Hestness et al. 2017, arXiv:1712.00409); how long yours does, nobody knows beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.special

from prefit._shapes import Matrix, Vector

LEAST_SIZES = 3  # two points always lie on a line, and say nothing of how far off it is
CONFIDENCE = 0.95
_SMALLEST = 1e-300


@dataclass(frozen=True)
class PowerLaw:
    """value = exp(level) · (n / exp(centre))^exponent, by weighted least squares on logarithms.

    covariance   (2, 2) of level and exponent, from the errors that were given
    misfit       mean square of the residuals in units of their errors; above 1 the line is too straight or the
                 errors were too small
    degrees      of freedom of the residuals
    """

    level: float
    exponent: float
    centre: float
    covariance: Matrix
    misfit: float
    degrees: int

    @property
    def exponent_error(self) -> float:
        """Standard error of the exponent, the misfit included where it is above 1."""
        return math.sqrt(float(self.covariance[1, 1]) * max(self.misfit, 1.0))

    @property
    def amplitude(self) -> float:
        """a of a·n^b."""
        return math.exp(self.level - self.exponent * self.centre)

    def at(self, n: float) -> float:
        return math.exp(self.level + self.exponent * (math.log(n) - self.centre))

    def between(self, n: float, own: float, degrees: int) -> tuple[float, float]:
        """95% prediction interval at n for the number of one sample of that size: the wider of two of Student's.

        One takes the errors as given, one their size from the residuals: a straight line through nested subsets can fit
        better than it should, since they share examples, and a bent one worse.

        own       relative variance of such a number about the law
        degrees   of freedom of the errors that were given
        """
        x = np.array([1.0, math.log(n) - self.centre])
        deviation = math.sqrt(float(x @ self.covariance @ x) + own)
        given = _student(degrees) * deviation
        seen = _student(self.degrees) * deviation * math.sqrt(self.misfit)
        half = min(max(given, seen), 300.0)
        return self.at(n) * math.exp(-half), self.at(n) * math.exp(half)


def _student(degrees: int) -> float:
    return float(scipy.special.stdtrit(degrees, 0.5 + CONFIDENCE / 2.0))


def fit_power_law(sizes: Sequence[float], values: Sequence[float], variances: Sequence[float]) -> PowerLaw:
    """The law through values (all positive) at so many sizes (at least LEAST_SIZES).

    variances   relative variance of each value
    """
    x, y = np.log(np.asarray(sizes, dtype=np.float64)), np.log(np.asarray(values, dtype=np.float64))
    weights = 1.0 / np.maximum(np.asarray(variances, dtype=np.float64), _SMALLEST)
    centre = float(np.average(x, weights=weights))
    design = np.column_stack([np.ones_like(x), x - centre])
    inverse = np.linalg.inv(design.T @ (weights[:, None] * design))
    level, exponent = inverse @ (design.T @ (weights * y))
    rest = y - level - exponent * (x - centre)
    degrees = len(sizes) - 2
    misfit = float(weights @ rest**2) / degrees
    return PowerLaw(float(level), float(exponent), centre, inverse, misfit, degrees)


def pooled_scatter(
    groups: Sequence[Vector], sizes: Sequence[float], power: float, noise: Sequence[float] | None = None
) -> float | None:
    """s² where a block of n examples has relative variance s²/n^power: within sizes, all sizes together.

    None where no size has two blocks. For numbers that are sums over examples power is 1.

    noise   relative variance of each block that comes from measuring it, not from drawing it; taken off, and sizes
            that have less of it count for more
    """
    off = [0.0] * len(groups) if noise is None else list(noise)
    weights = [1.0 if noise is None else 1.0 / max(v, _SMALLEST) for v in off]
    squares, degrees = 0.0, 0.0
    for g, size, v, weight in zip(groups, sizes, off, weights, strict=True):
        relative = (g - g.mean()) / max(abs(float(g.mean())), _SMALLEST)
        squares += weight * size**power * (float(relative @ relative) - (g.size - 1) * v)
        degrees += weight * (g.size - 1)
    return max(squares, 0.0) / degrees if degrees else None

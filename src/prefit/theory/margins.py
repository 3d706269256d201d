"""The hard margin of a kernel: how far from zero the best function of norm 1 keeps every label on its side.

B_* = max over ‖f‖ ≤ 1 of min_i y_i f(x_i), and B_*² = min over the simplex of (α∘y)ᵀK(α∘y) (docs/proofs.md P18): one
number seen from both sides, which is how it is bracketed here. Cao & Gu (2020, arXiv:1902.01384) meet it twice: as the
largest B of their gradient lower bound (3.1) in the limit, and as γ of their Assumption 3.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from prefit._shapes import Matrix, Vector
from prefit.gram import FloatCosines
from prefit.gram.gram import spread
from prefit.kernels import Kernel

TOLERANCE = 1e-4  # relative width of the bracket of B_* that is worked for
ROUND = 20  # sweeps of n pairs between two exact gradients
WORK = 1e10  # exchanges times n, some fifteen seconds; a linear kernel that just separates 10,000 images takes more
NOT_SEPARABLE = 1e-5  # of √κ(1), at most 1 here: a margin that is not above this is taken for none
STRIP = 1024  # rows formed at once

compiled: Any = njit(nogil=True, cache=True, error_model="numpy")


@dataclass(frozen=True)
class Margin:
    """A bracket of B_*, with the weights that give both ends.

    lower     min_i (G α)_i/√(αᵀGα), G = (y_i y_j K_ij): the margin of f = Σ α_i y_i κ(x_i, ·) scaled to norm 1; 0 where
              it is negative, which is always allowed
    upper     √(αᵀGα): no function of norm 1 has a larger margin
    weights   (n,) α ≥ 0, sum 1: its support are the support vectors
    closed    the ends are within the tolerance, or the upper one is NOT_SEPARABLE; else the work limit came first
    """

    lower: float
    upper: float
    weights: Vector
    closed: bool

    def scaled(self, factor: float) -> Margin:
        """The margin of factor² times the kernel."""
        return Margin(factor * self.lower, factor * self.upper, self.weights, self.closed)


def hard_margin(
    K: Matrix,
    labels: Vector,
    tolerance: float = TOLERANCE,
    work: float = WORK,
    errors: Callable[[Vector], Vector] | None = None,
) -> Margin:
    """The bracket of B_* for K (n, n) ⪰ 0 and labels (n,) ±1: sequential minimal optimization on the simplex.

    Weight goes from one example to another, the pair that lowers αᵀGα most (Fan, Chen, Lin 2005, working set selection
    by second order): O(n) a step, K held whole and not copied. The ends are computed afresh at the end, and moved
    outwards by the rounding of n products.

    errors   α ↦ (n,) bounds on Σ_j |ΔK_ij| α_j, which the ends make room for; None: the bracket is that of K as it is
    """
    n = K.shape[0]
    K = np.ascontiguousarray(K)
    y = np.ascontiguousarray(labels, dtype=np.float64)
    alpha = np.full(n, 1.0 / n)
    rounding = 4.0 * (n + 2) * 2.0**-53 * float(K.diagonal().max())
    small = max(NOT_SEPARABLE**2 * float(K.diagonal().max()) - rounding, 0.0)
    left = int(work / n)
    while left > 0:
        g = y * (K @ (y * alpha))
        value, least = float(alpha @ g), float(g.min())
        if value <= small or value - least <= 0.9 * tolerance * value + rounding:
            break
        left -= _exchange(K, y, alpha, g, min(ROUND * n, left), 0.3 * tolerance, small)
        alpha /= alpha.sum()
    return bracket(y * (K @ (y * alpha)), alpha, rounding, small, tolerance, None if errors is None else errors(alpha))


def bracket(
    g: Vector, alpha: Vector, rounding: float, small: float, tolerance: float, error: Vector | None = None
) -> Margin:
    """Both ends from g = Gα, each entry known to `rounding` and `error`."""
    error = np.zeros_like(g) if error is None else error
    value = max(float(alpha @ g), 0.0)
    upper = (value + rounding + float(alpha @ error)) ** 0.5
    lower = max((float((g - error).min()) - rounding) / upper, 0.0)
    return Margin(lower, upper, alpha, value <= small or upper - lower <= tolerance * upper)


@dataclass(frozen=True)
class HeldKernel:
    """K (n, n) of distinct rows, and Δ (n,): |computed K_ij − true K_ij| ≤ min(Δ_i, Δ_j), the diagonal being exact."""

    K: Matrix
    deviation: Vector

    @classmethod
    def of(cls, rows: Matrix, kernel: Kernel | None) -> HeldKernel:
        """Formed from unit rows (n, d), none twice: 8n² bytes, O(n²d); None is the matrix of cosines itself, Σ⁰."""
        cosines = FloatCosines(np.ascontiguousarray(rows))
        n = cosines.n
        K, largest = np.empty((n, n)), np.zeros(n)
        for start in range(0, n, STRIP):
            part = K[start : start + STRIP]
            cosines.block(slice(start, start + STRIP), slice(0, n), part)
            own = np.arange(part.shape[0])
            part[own, start + own] = 0.0
            largest[start : start + STRIP] = np.abs(part).max(axis=1)
            if kernel is not None:
                kernel.evaluate(part, part)
            part[own, start + own] = 1.0 if kernel is None else kernel.diagonal
        if kernel is None:
            return cls(K, np.full(n, cosines.error))
        # An entry and its mirror image may be rounded differently: both are within Δ of the true one.
        return cls(K, kernel.perturbation(np.minimum(largest + 2.0 * cosines.error, 1.0), cosines.error))

    def scaled(self, lengths: Vector) -> HeldKernel:
        """Of the rows times lengths (n,): D K D; its diagonal then is rounded, as its other entries are."""
        largest = float(np.abs(self.K).max()) * float(lengths.max()) ** 2
        return HeldKernel(
            lengths[:, None] * self.K * lengths, self.deviation * lengths * float(lengths.max()) + 2.0**-50 * largest
        )

    def margin(self, labels: Vector, tolerance: float = TOLERANCE, work: float = WORK) -> Margin:
        """The bracket of B_*, with the errors of K's entries in it (docs/proofs.md P13)."""
        return hard_margin(self.K, labels, tolerance, work, lambda a: spread(self.deviation, a[:, None])[:, 0])


@compiled  # type: ignore[untyped-decorator]
def _exchange(K: Any, y: Any, alpha: Any, g: Any, steps: int, tolerance: float, small: float) -> int:
    """Up to `steps` exchanges of weight between two examples, and how many were tried; g = Gα is kept up."""
    n = alpha.shape[0]
    for tried in range(steps):
        i, least, value = 0, g[0], 0.0
        for j in range(n):
            value += alpha[j] * g[j]
            if g[j] < least:
                i, least = j, g[j]
        if value <= small or value - least <= tolerance * value:
            return tried + 1
        giver, best = -1, 0.0
        for j in range(n):
            excess = g[j] - least
            if alpha[j] > 0.0 and excess > 0.0:
                curvature = max(K[i, i] + K[j, j] - 2.0 * y[i] * y[j] * K[i, j], 1e-14 * K[i, i])
                gain = excess * excess / curvature
                if gain > best:
                    giver, best = j, gain
        if giver < 0:
            return tried + 1
        curvature = max(K[i, i] + K[giver, giver] - 2.0 * y[i] * y[giver] * K[i, giver], 1e-14 * K[i, i])
        step = min((g[giver] - least) / curvature, alpha[giver])
        alpha[i] += step
        alpha[giver] = 0.0 if step == alpha[giver] else alpha[giver] - step
        here, there = step * y[i], step * y[giver]
        for j in range(n):
            g[j] += y[j] * (here * K[i, j] - there * K[giver, j])
    return steps

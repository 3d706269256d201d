"""The hard margin of a kernel: how far from zero the best function of norm 1 keeps every label on its side.

B_* = max over ‖f‖ ≤ 1 of min_i y_i f(x_i), and B_*² = min over the simplex of (α∘y)ᵀK(α∘y) (docs/proofs.md P18): one
number seen from both sides, which is how it is bracketed here. Cao & Gu (2020, arXiv:1902.01384) meet it twice: as the
largest B of their gradient lower bound (3.1) in the limit, and as γ of their Assumption 3.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from prefit._shapes import Matrix, Vector

TOLERANCE = 1e-4  # relative width of the bracket of B_* that is worked for
ROUND = 20  # sweeps of n pairs between two exact gradients
WORK = 1e10  # exchanges times n, some fifteen seconds; n = 4,000 took 1e8, but for a linear kernel that just separates
NOT_SEPARABLE = 1e-5  # of √κ(1), at most 1 here: a margin that is not above this is taken for none

compiled: Any = njit(nogil=True, cache=True, error_model="numpy")


@dataclass(frozen=True)
class Margin:
    """A bracket of B_* for the computed matrix, with the weights that give both ends.

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


def hard_margin(K: Matrix, labels: Vector, tolerance: float = TOLERANCE, work: float = WORK) -> Margin:
    """The bracket of B_* for K (n, n) ⪰ 0 and labels (n,) ±1: sequential minimal optimization on the simplex.

    Weight goes from one example to another, the pair that lowers αᵀGα most (Fan, Chen, Lin 2005, working set selection
    by second order): O(n) a step, G held whole. The ends are computed afresh at the end, and moved outwards by the
    rounding of n products; errors of K's own entries are not in them.
    """
    n = K.shape[0]
    G = np.ascontiguousarray(K * np.multiply.outer(labels, labels))
    alpha = np.full(n, 1.0 / n)
    rounding = 4.0 * (n + 2) * 2.0**-53 * float(G.diagonal().max())
    small = max(NOT_SEPARABLE**2 * float(G.diagonal().max()) - rounding, 0.0)
    left = int(work / n)
    while left > 0:
        g = G @ alpha
        value, least = float(alpha @ g), float(g.min())
        if value <= small or value - least <= tolerance * value + rounding:
            break
        left -= _exchange(G, alpha, g, min(ROUND * n, left), 0.3 * tolerance, small)
        alpha /= alpha.sum()
    return _bracket(G, alpha, small, rounding, tolerance)


def _bracket(G: Matrix, alpha: Vector, small: float, rounding: float, tolerance: float) -> Margin:
    g = G @ alpha
    value = max(float(alpha @ g), 0.0)
    upper = (value + rounding) ** 0.5
    lower = max((float(g.min()) - rounding) / upper, 0.0)
    return Margin(lower, upper, alpha, value <= small or upper - lower <= 2.0 * tolerance * upper)


@compiled  # type: ignore[untyped-decorator]
def _exchange(G: Any, alpha: Any, g: Any, steps: int, tolerance: float, small: float) -> int:
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
                curvature = max(G[i, i] + G[j, j] - 2.0 * G[i, j], 1e-14 * G[i, i])
                gain = excess * excess / curvature
                if gain > best:
                    giver, best = j, gain
        if giver < 0:
            return tried + 1
        curvature = max(G[i, i] + G[giver, giver] - 2.0 * G[i, giver], 1e-14 * G[i, i])
        step = min((g[giver] - least) / curvature, alpha[giver])
        alpha[i] += step
        alpha[giver] = 0.0 if step == alpha[giver] else alpha[giver] - step
        for j in range(n):
            g[j] += step * (G[i, j] - G[giver, j])
    return steps

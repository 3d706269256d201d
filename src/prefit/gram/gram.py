"""A Gram matrix with what is known of its entries, as every computation takes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.gram.cosines import UNIT
from prefit.gram.floor import Floor


class Operator(ABC):
    """A symmetric matrix known by its products.

    name            as docs/operators.md has it
    precision       of its entries and products, in words
    device          that computes them
    fast_is_exact   whether float32 products differ from float64 ones by rounding only
    """

    name: str
    precision: str
    device: str = "cpu"
    fast_is_exact: bool = True

    @property
    @abstractmethod
    def n(self) -> int: ...

    @abstractmethod
    def matmat(self, V: AnyArray) -> AnyArray:
        """K V for V (n, k); float32 columns may be multiplied in float32, float64 columns are in float64."""

    @abstractmethod
    def absolute_matvec(self, v: Vector) -> Vector:
        """|K| v for v (n,), with the absolute values of the entries."""

    @abstractmethod
    def diagonal(self) -> Vector: ...


@dataclass(frozen=True)
class Gram:
    """The Gram matrix K of n distinct directions.

    operator   its products
    floor      certified rows D_i with K ⪰ diag D
    deviation  (n,) Δ_i with |computed K_ij − true K_ij| ≤ min(Δ_i, Δ_j) off the diagonal, which is exact
    diagonal   κ(1)
    notes      what a user should know of how it was formed, in sentences
    """

    operator: Operator
    floor: Floor
    deviation: Vector
    diagonal: float
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return self.operator.n

    def deviation_norm(self) -> float:
        """Bound on the norm of the difference between the computed K and the true one: its largest row sum."""
        return float(self.spread(np.ones((self.n, 1))).max())

    def spread(self, weights: Matrix) -> Matrix:
        """(n, k) upper end of Σ_j min(Δ_i, Δ_j) w_j for w ≥ 0 (n, k)."""
        return spread(self.deviation, weights)


def spread(deviation: Vector, weights: Matrix) -> Matrix:
    """(n, k) upper end of Σ_j min(Δ_i, Δ_j) w_j for Δ (n,) and w ≥ 0 (n, k), by sorting: O(n log n + nk)."""
    n = deviation.shape[0]
    order = np.argsort(deviation, kind="stable")
    delta = deviation[order, None]
    w = weights[order]
    below = np.cumsum(delta * w, axis=0)
    above = w.sum(axis=0) - np.cumsum(w, axis=0)
    out = np.empty_like(weights)
    out[order] = below + delta * np.maximum(above, 0.0)
    rounding = 4 * (n + 2) * UNIT
    whole: Matrix = out * (1.0 + rounding) + rounding * delta.max() * w.sum(axis=0)
    return whole

"""The Gram matrix as one float64 array."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.gram.compiled_forming import power_sums
from prefit.gram.cosines import Cosines
from prefit.gram.floor import LEVELS, NEGLIGIBLE, Floor, excess_upper
from prefit.gram.gram import Gram, Operator
from prefit.kernels import Kernel

STRIP = 1024


@dataclass(frozen=True)
class DenseOperator(Operator):
    """K held whole, (n, n) float64."""

    K: Matrix

    name = "dense"
    precision = "float64 entries, float64 products"

    @property
    def n(self) -> int:
        return int(self.K.shape[0])

    def matmat(self, V: AnyArray) -> AnyArray:
        product: Matrix = self.K @ np.asarray(V, dtype=np.float64)
        return product

    def absolute_matvec(self, v: Vector) -> Vector:
        product: Vector = np.abs(self.K) @ v
        return product

    def diagonal(self) -> Vector:
        diagonal: Vector = self.K.diagonal().copy()
        return diagonal


def dense_gram(cosines: Cosines, kernel: Kernel, progress: Callable[[float], None] | None = None) -> Gram:
    """Form K (n, n) of `kernel` at the given cosines, with its floor: O(n²d), 16 n² bytes while it works."""
    n = cosines.n
    S = np.empty((n, n))
    # Strip by strip: NumPy hands the product of a whole matrix with itself to OpenBLAS as a syrk, which was seen
    # to crash at n = 20,000.
    for start in range(0, n, STRIP):
        rows = slice(start, min(start + STRIP, n))
        cosines.block(rows, slice(0, n), S[rows])
    # BLAS may round s_ij and s_ji differently; one triangle stands for both.
    S = np.triu(S, 1)
    S += S.T
    sums, twice = np.zeros((LEVELS + 1, n)), np.zeros((LEVELS + 1, n))
    largest, ignored = np.zeros(n), np.zeros(n)
    power_sums(S, sums, twice, largest, ignored, NEGLIGIBLE)
    floor = Floor(kernel.bands(LEVELS), excess_upper(sums, cosines.error, NEGLIGIBLE))
    deviation = kernel.perturbation(largest, cosines.error)
    kernel.evaluate(S, S)
    np.fill_diagonal(S, kernel.diagonal)
    if progress is not None:
        progress(1.0)
    return Gram(DenseOperator(S), floor, deviation, kernel.diagonal)

"""The label measure by a full eigendecomposition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from prefit._shapes import Matrix, Vector
from prefit.spectra.measure import SpectralMeasure


@dataclass(frozen=True)
class Eigensystem:
    """A = V diag(λ) Vᵀ, λ (n,) increasing, V (n, n)."""

    values: Vector
    V: Matrix

    def labels(self, Y: Matrix) -> ExactDecomposition:
        return ExactDecomposition(self, self.V.T @ Y)


def eigensystem(A: Matrix) -> Eigensystem:
    """Eigendecomposition of a symmetric A (n, n): O(n³), 24 n² bytes."""
    values, V = scipy.linalg.eigh(A, driver="evd", check_finite=False)
    return Eigensystem(values, V)


@dataclass(frozen=True)
class ExactDecomposition:
    """Labels in the eigenvectors: coordinates VᵀY (n, k)."""

    system: Eigensystem
    coordinates: Matrix

    @property
    def exact(self) -> bool:
        return True

    @property
    def degree(self) -> int:
        return 2**62

    def measure(self) -> SpectralMeasure:
        return SpectralMeasure(self.system.values, np.einsum("ij,ij->i", self.coordinates, self.coordinates))

    def column_measures(self) -> list[SpectralMeasure]:
        return [SpectralMeasure(self.system.values, column**2) for column in self.coordinates.T]

    def upper_measure(self, floor: float) -> SpectralMeasure | None:
        return self.measure()

    def apply(self, f: Callable[[Vector], Vector]) -> Matrix:
        applied: Matrix = self.system.V @ (f(self.system.values)[:, None] * self.coordinates)
        return applied

    def apply_many(self, F: Callable[[Vector], Matrix]) -> Matrix:
        values = F(self.system.values)
        columns = [self.system.V @ (values * c[:, None]) for c in self.coordinates.T]
        return np.stack(columns, axis=1)

    @property
    def largest(self) -> float:
        return float(self.system.values[-1])

    @property
    def smallest(self) -> tuple[float, float]:
        return float(self.system.values[0]), 0.0

    def top_vector(self) -> Vector:
        """(n,) eigenvector of the largest eigenvalue."""
        return np.asarray(self.system.V[:, -1])

    def bottom_vector(self) -> Vector:
        """(n,) eigenvector of the smallest eigenvalue."""
        return np.asarray(self.system.V[:, 0])

"""What an eigendecomposition and a Lanczos run have in common: measures of labels, and f(A) applied to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from prefit._shapes import Matrix, Vector
from prefit.spectra.measure import SpectralMeasure


class Decomposition(Protocol):
    """Labels Y (n, k) seen in the spectrum of a symmetric A (n, n)."""

    @property
    def exact(self) -> bool:
        """All eigenvalues are here, not a quadrature."""

    @property
    def degree(self) -> int:
        """Polynomials up to this degree are integrated exactly (large when exact)."""

    def measure(self) -> SpectralMeasure:
        """Σ over columns of the Gauss measures: lower side for 1/λ and, at width 1, for (1 − ηλ)^{2k}."""

    def column_measures(self) -> list[SpectralMeasure]:
        """The k measures of the columns."""

    def upper_measure(self, floor: float) -> SpectralMeasure | None:
        """Gauss-Radau with a node at floor ≤ λ_min: the upper side; None where no side is proved."""

    def apply(self, f: Callable[[Vector], Vector]) -> Matrix:
        """f(A) Y, (n, k), at the decomposition's own accuracy."""

    def apply_many(self, F: Callable[[Vector], Matrix]) -> Matrix:
        """(n, k, t): t functions at once, F maps nodes (m,) to values (m, t)."""

    @property
    def largest(self) -> float:
        """Largest eigenvalue or Ritz value."""

    @property
    def smallest(self) -> tuple[float, float]:
        """Smallest eigenvalue or Ritz value, and its residual."""

    def top_vector(self) -> Vector:
        """(n,) unit vector of the largest eigenvalue or Ritz value."""

    def bottom_vector(self) -> Vector:
        """(n,) unit vector of the smallest."""

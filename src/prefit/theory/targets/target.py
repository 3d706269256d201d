"""A target function in its normal form: a polynomial, functions of one direction each, and a quadratic form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.theory.targets.polynomials import Polynomial
from prefit.theory.targets.series import Series, safely

RADII = np.concatenate([1.0 + 2.0 ** -np.arange(10.0, 0.0, -1.0), np.geomspace(2.0, 256.0, 29)])


@dataclass(frozen=True, eq=False)
class Ridge:
    """φ(uᵀz), ‖u‖ = 1, no polynomial; its majorant is finite somewhere beyond 1."""

    direction: Vector
    series: Series

    def size(self, radius: float) -> float:
        """A bound on Σ_p |a_p| radius^p."""
        return safely(self.series.majorant, radius)

    @cached_property
    def beyond(self) -> list[tuple[float, float]]:
        """Pairs (r, M), r > 1, with |a_p| ≤ M r^{−p} for every p."""
        pairs = [(float(r), self.size(float(r))) for r in RADII]
        return [(r, size) for r, size in pairs if math.isfinite(size)]

    def rest(self, degree: int) -> float:
        """A bound on Σ_p |a_p| from this degree on."""
        return min((size * r**-degree / (1.0 - 1.0 / r) for r, size in self.beyond), default=math.inf)

    @property
    def largest(self) -> float:
        """A bound on |φ(s)| for |s| ≤ 1 without its terms of degree 0 and 1."""
        known = np.abs(self.series.coefficients) + self.series.errors
        return float(known.sum()) + self.rest(self.series.degree + 1)


@dataclass(frozen=True, eq=False)
class Quadratic:
    """xᵀWx with W (d, d) symmetric, and the directions (r, d) of z in the inputs' space."""

    matrix: Matrix
    basis: Matrix

    @property
    def seen(self) -> Matrix:
        """(r, r) the part of W that the projections see."""
        part: Matrix = self.basis @ self.matrix @ self.basis.T
        return part


@dataclass(frozen=True)
class Term:
    """All that is of one degree in the projections."""

    degree: int
    text: str


@dataclass(frozen=True, eq=False)
class Target:
    """g(x) = f(z) + Σ_j φ_j(u_jᵀz) + xᵀWx, z orthonormal coordinates of x.

    polynomial   f, with all of g's terms of degree 0 and 1 that come from f and the φ_j
    ridges       the φ_j
    quadratic    None where the expression names no matrix
    noise        (k,) by degree: what rounded projections can make of terms that cancel; empty where exact
    degree       how far the φ_j are expanded
    dimension    d of the inputs, where a file says it
    terms        what is written of each degree, in the expression's own projections
    """

    polynomial: Polynomial
    ridges: tuple[Ridge, ...]
    quadratic: Quadratic | None
    noise: tuple[float, ...]
    degree: int
    dimension: int | None
    terms: tuple[Term, ...]

    @property
    def variables(self) -> int:
        """r: the dimension of what the projections span."""
        return self.polynomial.variables

    @property
    def least_dimension(self) -> int:
        """The smallest sphere on which it is defined."""
        return self.dimension or max(self.variables, 2)

    @property
    def is_exact(self) -> bool:
        """The polynomial's coefficients are those of the expression, not rounded ones."""
        return not self.noise

    @property
    def is_polynomial(self) -> bool:
        return not self.ridges

    @property
    def largest(self) -> float:
        """A bound on |g| over the sphere: the sum of the sizes of all terms."""
        total = sum(_largest(self.polynomial.part(p)) for p in range(self.polynomial.degree + 1))
        total += sum(ridge.largest for ridge in self.ridges)
        if self.quadratic is not None:
            total += float(np.abs(np.linalg.eigvalsh(self.quadratic.matrix)).max())
        return total


def _largest(part: Polynomial) -> float:
    """|f(z)| ≤ ‖f‖ of a form's symmetric tensor where ‖z‖ ≤ 1."""
    return math.sqrt(float(part.squared_norm()))

"""What a target function has in each degree, of the projections and of a sphere's harmonics (docs/proofs.md P24)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.theory.gegenbauer import powers_in_degree, zonal
from prefit.theory.targets import Quadratic, Ridge, Target
from prefit.theory.targets.polynomials import Polynomial

Presence = Literal["present", "absent", "undecided"]
_ROUNDING = 1e-13  # of the sizes of the terms of a sum, a hundred times what its operations can make


@dataclass(frozen=True)
class Part:
    """All that is of one degree, of the function with its series cut at the known degree.

    squared     ‖·‖² as computed: of the symmetric tensor, or of Z_k in the norm with ‖G_k(uᵀ·)‖ = 1
    lower       a certified lower end of the norm
    upper       a certified upper end of the norm
    presence    of the whole function, what lies beyond the known degree included
    """

    degree: int
    squared: float
    lower: float
    upper: float
    presence: Presence


@dataclass(frozen=True)
class _Pieces:
    """The three kinds of pieces of one degree, and their inner products.

    polynomial   squared norm of the polynomial's piece, exactly
    beside       (ridges,) its product with each ridge's unit piece, and the sizes of the terms of that product
    form         squared norm of the quadratic form's piece
    with_form    product of the polynomial's piece with the form's, and the sizes of its terms
    form_beside  (ridges,) product of the form's piece with each ridge's unit piece
    angles       (ridges, ridges) products of the ridges' unit pieces
    amounts      (ridges,) how much of its unit piece each ridge has; errors: how far that can be off
    """

    polynomial: Fraction
    beside: Vector
    beside_sizes: Vector
    angles: Matrix
    amounts: Vector
    errors: Vector
    form: float = 0.0
    with_form: float = 0.0
    form_beside: Vector | None = None

    def part(self, degree: int, noise: float, hidden: float) -> Part:
        """noise is in the norm; hidden only in the presence: what may come from beyond the known degree."""
        a, own = self.amounts, float(self.polynomial)
        form_beside = np.zeros_like(a) if self.form_beside is None else self.form_beside
        total = own + 2.0 * float(a @ self.beside) + float(a @ self.angles @ a)
        total += self.form + 2.0 * self.with_form + 2.0 * float(a @ form_beside)
        b = np.abs(a)
        sizes = own + 2.0 * float(b @ self.beside_sizes) + float(b @ np.abs(self.angles) @ b)
        sizes += self.form + 2.0 * abs(self.with_form) + 2.0 * float(b @ np.abs(form_beside))
        alone = not b.any() and not self.form
        rounding = (4.0 * 2.0**-53 if alone else _ROUNDING) * sizes
        spread = float(self.errors.sum()) + noise
        lower = max(math.sqrt(max(total - rounding, 0.0)) - spread, 0.0)
        upper = math.sqrt(max(total, 0.0) + rounding) + spread
        presence = _presence(lower - hidden, upper + hidden, self.polynomial, alone)
        return Part(degree, max(total, 0.0), lower, upper, presence)


def _presence(lower: float, upper: float, exact: Fraction, alone: bool) -> Presence:
    if lower > 0.0:
        return "present"
    return "absent" if upper == 0.0 and alone and exact == 0 else "undecided"


# By degree in the projections -----------------------------------------------------------------------------------------


def tensors(target: Target) -> list[Part]:
    """The symmetric tensors T_p of g = Σ_p ⟨T_p, x^{⊗p}⟩, p = 0 … the known degree."""
    last = max(target.polynomial.degree, target.degree if target.ridges else 0, 2 if target.quadratic else 0)
    directions = _directions(target)
    return [_pieces_of_tensor(target, directions, p).part(p, _noise(target, p), 0.0) for p in range(last + 1)]


def _directions(target: Target) -> Matrix:
    return np.array([ridge.direction for ridge in target.ridges]).reshape(len(target.ridges), target.variables)


def _noise(target: Target, p: int) -> float:
    return target.noise[p] if p < len(target.noise) else 0.0


def _pieces_of_tensor(target: Target, directions: Matrix, p: int) -> _Pieces:
    part = target.polynomial.part(p)
    values = _at(part, directions)
    known = [_known(ridge, p) for ridge in target.ridges]
    pieces = _Pieces(
        part.squared_norm(),
        values[0],
        values[1],
        (directions @ directions.T) ** p,
        np.array([a for a, _ in known]),
        np.array([error for _, error in known]),
    )
    if p != 2 or target.quadratic is None:
        return pieces
    whole, seen = target.quadratic.matrix, target.quadratic.seen
    return _with_form(pieces, float((whole**2).sum()), float((matrix_of(part) * seen).sum()), _forms(directions, seen))


def _with_form(pieces: _Pieces, squared: float, product: float, beside: Vector) -> _Pieces:
    return replace(pieces, form=squared, with_form=product, form_beside=beside)


def _known(ridge: Ridge, p: int) -> tuple[float, float]:
    if p > ridge.series.degree:
        return 0.0, 0.0
    return float(ridge.series.coefficients[p]), float(ridge.series.errors[p])


def _at(part: Polynomial, directions: Matrix) -> tuple[Vector, Vector]:
    """Values at the directions, and the sizes of their terms."""
    pairs = [part.at(u) if part.terms else (0.0, 0.0) for u in directions]
    return np.array([value for value, _ in pairs]), np.array([size for _, size in pairs])


def _forms(directions: Matrix, matrix: Matrix) -> Vector:
    """uᵀMu for the rows u."""
    values: Vector = np.einsum("ij,jk,ik->i", directions, matrix, directions)
    return values


def matrix_of(part: Polynomial) -> Matrix:
    """The symmetric matrix of a form of degree 2 (of 0 if there is none)."""
    matrix = np.zeros((part.variables, part.variables))
    for powers, c in part.terms.items():
        places = [i for i, k in enumerate(powers) for _ in range(k)]
        if len(places) == 2:
            i, j = places
            matrix[i, j] += 0.5 * float(c)
            matrix[j, i] += 0.5 * float(c)
    return matrix


# By harmonics ---------------------------------------------------------------------------------------------------------


def harmonics(target: Target, dimension: int) -> list[Part]:
    """The harmonics Z_k of g on S^{d−1}, k = 0 … the known degree, in the norm that P24 divides by κ_k."""
    last = max(target.polynomial.degree, target.degree if target.ridges else 0, 2 if target.quadratic else 0)
    sources = _sources(target.polynomial, dimension, last)
    directions = _directions(target)
    angles = zonal(dimension, last, np.clip(directions @ directions.T, -1.0, 1.0))
    parts = []
    for k in range(last + 1):
        noise = sum(_noise(target, p) for p in range(k, last + 1, 2))
        pieces = _pieces_of_harmonic(target, k, sources[k], directions, angles[k], dimension)
        parts.append(pieces.part(k, noise, _hidden(target, k)))
    return parts


def _sources(polynomial: Polynomial, dimension: int, last: int) -> list[Polynomial]:
    """Q_k with Z_k its harmonic part: Σ_p Δ^j f_p/Π_{i=1}^{j} 2i(2i + 2k + d − 2), j = (p − k)/2."""
    found = [Polynomial(polynomial.variables, {}) for _ in range(last + 1)]
    for p in range(polynomial.degree + 1):
        part = polynomial.part(p)
        for j in range(p // 2 + 1):
            k = p - 2 * j
            divisor = math.prod(2 * i * (2 * i + 2 * k + dimension - 2) for i in range(1, j + 1))
            found[k] = found[k] + part.times(Fraction(1, divisor))
            part = part.laplacian()
    return found


def _reduced(source: Polynomial, dimension: int) -> list[tuple[Fraction, Polynomial]]:
    """The harmonic part of a form of degree k as Σ_i w_i |x|^{2i} Δ^i Q: the pairs w_i, Δ^i Q."""
    k, weight, part, found = source.degree, Fraction(1), source, []
    for i in range(k // 2 + 1):
        if i:
            weight, part = -weight / (2 * i * (dimension + 2 * k - 2 - 2 * i)), part.laplacian()
        found.append((weight, part))
    return found


def _pieces_of_harmonic(
    target: Target, k: int, source: Polynomial, directions: Matrix, angles: Matrix, d: int
) -> _Pieces:
    """In degree k the norm is Bombieri's over ℓ_k, and the product with G_k(uᵀ·) is the value at u."""
    reduced = _reduced(source, d) if source.terms else []
    squares = [w * part.squared_norm() * math.factorial(k - 2 * i) for i, (w, part) in enumerate(reduced)]
    values, sizes = np.zeros(len(target.ridges)), np.zeros(len(target.ridges))
    for w, part in reduced:
        at = _at(part, directions)
        values, sizes = values + float(w) * at[0], sizes + abs(float(w)) * at[1]
    known = [_amount(ridge, k, d) for ridge in target.ridges]
    pieces = _Pieces(
        sum(squares, Fraction(0)) / math.factorial(k) / exact_leading(d, k) if squares else Fraction(0),
        values,
        sizes,
        angles,
        np.array([a for a, _ in known]),
        np.array([error for _, error in known]),
    )
    return pieces if target.quadratic is None else _with_traceless(pieces, target.quadratic, k, source, directions, d)


def exact_leading(d: int, k: int) -> Fraction:
    """ℓ_k of `gegenbauer.leading`, as a fraction."""
    return math.prod((Fraction(d - 2 + 2 * i, d - 2 + i) for i in range(1, k)), start=Fraction(1))


def _with_traceless(
    pieces: _Pieces, quadratic: Quadratic, k: int, source: Polynomial, directions: Matrix, d: int
) -> _Pieces:
    """xᵀWx is tr W/d in degree 0 and its traceless part in degree 2."""
    whole, seen, mean = quadratic.matrix, quadratic.seen, float(np.trace(quadratic.matrix)) / d
    if k == 0:
        return _with_form(pieces, mean**2, mean * float(source.constant), np.full(len(directions), mean))
    if k != 2:
        return pieces
    own, first = matrix_of(source), float(exact_leading(d, 2))
    squared = float((whole**2).sum()) - d * mean**2
    product = float((own * seen).sum()) - mean * float(np.trace(own))
    return _with_form(pieces, squared / first, product / first, _forms(directions, seen) - mean)


def _amount(ridge: Ridge, k: int, d: int) -> tuple[float, float]:
    """a_k of φ = Σ_k a_k G_k, from the known powers."""
    one = ridge.series
    p, m = powers_in_degree(d, k, one.degree)
    if not p.size:
        return 0.0, 0.0
    sizes = np.abs(one.coefficients[p]) @ m
    return float(one.coefficients[p] @ m), float(one.errors[p] @ m + _ROUNDING * sizes)


def _hidden(target: Target, k: int) -> float:
    """What the unknown powers of the ridges can have in degree k."""
    total = 0.0
    for ridge in target.ridges:
        if ridge.series.parity in ("none", "odd" if k % 2 else "even"):
            total += ridge.rest(ridge.series.degree + 1)
    return total

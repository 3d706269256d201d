"""Power series of one variable with certified coefficients and tails (our derivation, docs/proofs.md P24).

A series carries the errors of its computed coefficients, and a majorant r ↦ φ̂(r) ≥ Σ_p |a_p| r^p, infinite from where
nothing is known. Sums, products and compositions of majorants are majorants of sums, products and compositions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from prefit._shapes import Vector
from prefit.theory.targets.elementary import UNIT, NoSeries, Parity, Taylor
from prefit.theory.targets.polynomials import TooMuch

MARGIN = 1.0 + 1e-9  # on every majorant, far above the rounding of the operations in it


@dataclass(frozen=True, eq=False)
class Series:
    """φ(s) = Σ_p a_p s^p.

    coefficients   (P + 1,) a_0 … a_P as computed
    errors         (P + 1,) how far each can be from the true one; 0 where it is exact
    majorant       r ≥ 0 ↦ a bound on Σ_p |a_p| r^p, all p; infinite where none is known
    parity         which of the true coefficients, those beyond P too, are exactly 0
    is_entire      made without any function that has a singularity
    """

    coefficients: Vector
    errors: Vector
    majorant: Callable[[float], float]
    parity: Parity
    is_entire: bool

    @property
    def degree(self) -> int:
        """P."""
        return int(self.coefficients.shape[0]) - 1

    def known_to(self, radius: float) -> bool:
        """Whether the majorant is finite somewhere beyond this radius: the series then converges up to it."""
        return any(math.isfinite(safely(self.majorant, radius * (1.0 + 2.0**-j))) for j in range(1, 11))

    def scaled(self, factor: float) -> Series:
        """s ↦ φ(s·factor), factor > 0: the factor is within 4u of the true one."""
        if factor == 1.0:
            return self
        powers, p, whole = _powers(factor, self), np.arange(self.degree + 1.0), self.majorant
        errors = self.errors * powers * (1.0 + 6.0 * p * UNIT) + 6.0 * p * UNIT * np.abs(self.coefficients) * powers
        moved = replace(self, coefficients=self.coefficients * powers, errors=errors)
        return checked(replace(moved, majorant=lambda r: whole(r * factor * MARGIN)))

    def without(self, degrees: Sequence[int]) -> Series:
        """With the computed coefficients of these degrees set to 0: they are counted elsewhere, their errors here."""
        kept = self.coefficients.copy()
        kept[list(degrees)] = 0.0
        return replace(self, coefficients=kept)


def safely(majorant: Callable[[float], float], r: float) -> float:
    """The majorant at r, infinite where it exceeds the floats."""
    try:
        with np.errstate(all="ignore"):
            value = float(majorant(r))
    except OverflowError:
        return math.inf
    return value if value == value else math.inf


def checked(series: Series) -> Series:
    if not (np.isfinite(series.coefficients).all() and np.isfinite(series.errors).all()):
        raise TooMuch("with numbers beyond the range of floats")
    return series


def from_powers(a: Sequence[Fraction], degree: int) -> Series:
    """A polynomial of one variable."""
    coefficients, errors = np.zeros(degree + 1), np.zeros(degree + 1)
    for p, value in enumerate(a):
        coefficients[p] = as_float(value)
        errors[p] = 0.0 if Fraction(coefficients[p]) == value else 2.0 * UNIT * abs(coefficients[p]) + 1e-300
    sizes = np.abs(coefficients) + errors
    return Series(coefficients, errors, lambda r: _horner(sizes, r), _parity_of(a), True)


def as_float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        raise TooMuch("with numbers beyond the range of floats") from None


def _horner(sizes: Vector, r: float) -> float:
    total = 0.0
    for size in sizes[::-1]:
        total = total * r + float(size)
    return total * MARGIN


def _parity_of(a: Sequence[Fraction]) -> Parity:
    if not any(a[1::2]):
        return "even"
    return "none" if any(a[0::2]) else "odd"


def added(a: Series, b: Series) -> Series:
    c = a.coefficients + b.coefficients
    errors = a.errors + b.errors + np.where(_sum_is_exact(a.coefficients, b.coefficients, c), 0.0, UNIT * np.abs(c))
    parity: Parity = a.parity if a.parity == b.parity else "none"
    entire = a.is_entire and b.is_entire
    return checked(Series(c, errors, lambda r: (a.majorant(r) + b.majorant(r)) * MARGIN, parity, entire))


def _sum_is_exact(a: Vector, b: Vector, c: Vector) -> Vector:
    """Knuth's two-sum: the rounding error is itself computed exactly."""
    rest = c - a
    exact: Vector = (a - (c - rest)) + (b - rest) == 0.0
    return exact


def times(a: Series, factor: Fraction) -> Series:
    f = as_float(factor)
    if f == 0.0:
        return from_powers((), a.degree)
    c = a.coefficients * f
    is_exact = Fraction(f) == factor and math.frexp(f)[0] in (0.5, -0.5)
    errors = a.errors * abs(f) * (1.0 + 4.0 * UNIT) + (0.0 if is_exact else 4.0 * UNIT) * np.abs(c)
    if a.errors[0] == 0.0 and Fraction(f) == factor and _is_product(float(c[0]), float(a.coefficients[0]), f):
        errors[0] = 0.0
    return checked(Series(c, errors, lambda r: a.majorant(r) * abs(f) * MARGIN, a.parity, a.is_entire))


def multiplied(a: Series, b: Series) -> Series:
    """The product; coefficient p, a sum of p + 1 products, errs by (p + 2)u times the sum of their sizes."""
    size = a.degree + 1
    c = np.convolve(a.coefficients, b.coefficients)[:size]
    x, y = np.abs(a.coefficients), np.abs(b.coefficients)
    rounding = (np.arange(size) + 3.0) * UNIT * np.convolve(x, y)[:size]
    errors = rounding + (np.convolve(x + a.errors, b.errors) + np.convolve(a.errors, y))[:size] * MARGIN
    first = (float(c[0]), float(a.coefficients[0]), float(b.coefficients[0]))
    errors[0] = 0.0 if a.errors[0] == b.errors[0] == 0.0 and _is_product(*first) else errors[0]
    parity, entire = _of_product(a.parity, b.parity), a.is_entire and b.is_entire
    return checked(Series(c, errors, lambda r: a.majorant(r) * b.majorant(r) * MARGIN, parity, entire))


def _is_product(c: float, a: float, b: float) -> bool:
    """c = ab exactly: constants decide whether a function is learned by a kernel without c_0."""
    return math.isfinite(c) and math.isfinite(a) and math.isfinite(b) and Fraction(c) == Fraction(a) * Fraction(b)


def _of_product(a: Parity, b: Parity) -> Parity:
    if "none" in (a, b):
        return "none"
    return "even" if a == b else "odd"


def power(base: Series, exponent: int) -> Series:
    """By squaring; exponent ≥ 1."""
    result: Series | None = None
    while exponent:
        if exponent & 1:
            result = base if result is None else multiplied(result, base)
        exponent >>= 1
        base = multiplied(base, base) if exponent else base
    assert result is not None
    return result


def composed(about: Callable[[float, int], Taylor], inner: Series) -> Series:
    """f(inner), f expanded about the inner series' constant term as computed.

    What that term errs by moves f_k by at most twice (k + 1)F_{k+1} times it, which is far below the radius.
    """
    centre, moved = float(inner.coefficients[0]), float(inner.errors[0])
    f = about(centre, inner.degree + 1)
    if moved > 1e-6 * max(1.0, abs(centre)) / (inner.degree + 2):
        raise NoSeries(f"the constant inside is known only to within {moved:.0e}")
    k = np.arange(inner.degree + 1.0)
    errors = (8.0 * (k + 2.0) * UNIT) * f.sizes[:-1] + 2.0 * moved * (k + 1.0) * f.sizes[1:]
    parity: Parity = f.parity if moved == 0.0 else "none"
    if parity != "none":
        errors[1 if parity == "even" else 0 :: 2] = 0.0
    if f.start and moved == 0.0:
        errors[0] = 0.0
    outer = Series(f.values[:-1], errors, f.majorant, parity, f.is_entire)
    inside = replace(inner, coefficients=_rest(inner.coefficients), errors=_rest(inner.errors))
    bound = _Composed(f.majorant, inner.majorant, abs(centre), moved)
    whole = _inserted(outer, inside)
    parity, entire = _of_composition(parity, inner.parity), f.is_entire and inner.is_entire
    return checked(Series(whole.coefficients, whole.errors, bound, parity, entire))


def _rest(values: Vector) -> Vector:
    return np.concatenate(([0.0], values[1:]))


def _of_composition(outer: Parity, inner: Parity) -> Parity:
    if inner == "even":
        return "even"
    return outer if inner == "odd" else "none"


def _inserted(outer: Series, inside: Series) -> Series:
    """Σ_k f_k w^k for w without a constant term: exact to the degree kept, since w^k starts at degree k."""
    places = np.flatnonzero((inside.coefficients != 0.0) | (inside.errors != 0.0))
    if places.size == 1:
        return _of_monomial(outer, inside, int(places[0]))
    return _by_horner(outer, inside)


@dataclass(frozen=True)
class _Composed:
    """r ↦ F(ŵ(r)), w = inner − the computed constant, which is within `moved` of the true one."""

    outer: Callable[[float], float]
    inner: Callable[[float], float]
    centre: float
    moved: float

    def __call__(self, r: float) -> float:
        whole = self.inner(r)
        inside = whole * MARGIN - self.centre + 2.0 * self.moved
        return self.outer(max(inside, 0.0)) * MARGIN if math.isfinite(whole) else math.inf


def _of_monomial(outer: Series, inside: Series, v: int) -> Series:
    """w = a s^v: the coefficient of s^{kv} is f_k a^k."""
    a, error = float(inside.coefficients[v]), float(inside.errors[v])
    count = inside.degree // v + 1
    kept = replace(outer, coefficients=outer.coefficients[:count], errors=outer.errors[:count])
    k, powers = np.arange(float(count)), _powers(a, kept)
    larger = _powers(abs(a) + error, kept) * (1.0 + 2.0 * k * UNIT)
    drift = larger - np.abs(powers) + (2.0 * k * UNIT) * larger if error else (k * UNIT) * np.abs(powers)
    if error == 0.0 and math.frexp(a)[0] in (0.5, -0.5):
        drift = np.zeros(count)
    values, errors = kept.coefficients, kept.errors
    coefficients, spread = np.zeros(inside.degree + 1), np.zeros(inside.degree + 1)
    coefficients[::v] = values * powers
    spread[::v] = errors * larger + np.abs(values) * drift + UNIT * np.abs(values * powers) * (drift > 0.0)
    return replace(inside, coefficients=coefficients, errors=spread)


def _powers(factor: float, where: Series) -> Vector:
    """1, a, a², …, with 0 where the series has nothing: the power alone may be beyond the floats there."""
    powers = np.cumprod(np.concatenate(([1.0], np.full(where.degree, factor))))
    return np.where((where.coefficients != 0.0) | (where.errors != 0.0), powers, 0.0)


def _by_horner(outer: Series, inside: Series) -> Series:
    places = np.flatnonzero((inside.coefficients != 0.0) | (inside.errors != 0.0))
    lowest = int(places[0]) if places.size else inside.degree
    count = inside.degree // lowest + 1
    result = _only(outer, count - 1, inside.degree)
    for k in range(count - 2, -1, -1):
        result = added(multiplied(result, inside), _only(outer, k, inside.degree))
    return result


def _only(outer: Series, k: int, degree: int) -> Series:
    """The constant f_k with its error."""
    coefficients, errors = np.zeros(degree + 1), np.zeros(degree + 1)
    coefficients[0], errors[0] = outer.coefficients[k], outer.errors[k]
    return Series(coefficients, errors, lambda r: 0.0, "even", True)

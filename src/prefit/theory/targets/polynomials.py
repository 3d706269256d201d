"""Polynomials in several variables with rational coefficients: what is decided about them is decided exactly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from prefit._shapes import Vector

Powers = tuple[int, ...]
MOST_TERMS, MOST_PRODUCTS, MOST_DEGREE, MOST_BITS = 5_000, 100_000, 64, 16_384


class TooMuch(Exception):
    """A polynomial beyond the limits: which one."""


@dataclass(frozen=True)
class Polynomial:
    """Σ_α c_α z^α; no coefficient is zero.

    variables   their number r
    terms       exponents α, one of each variable, to c_α
    """

    variables: int
    terms: Mapping[Powers, Fraction]

    @cached_property
    def degree(self) -> int:
        """The largest |α|; −1 of the zero polynomial."""
        return max((sum(powers) for powers in self.terms), default=-1)

    @property
    def constant(self) -> Fraction:
        return self.terms.get((0,) * self.variables, Fraction(0))

    def part(self, degree: int) -> Polynomial:
        """The terms of that degree."""
        return Polynomial(self.variables, {a: c for a, c in self.terms.items() if sum(a) == degree})

    def __add__(self, other: Polynomial) -> Polynomial:
        return _collected(self.variables, [*self.terms.items(), *other.terms.items()])

    def __sub__(self, other: Polynomial) -> Polynomial:
        return self + other.times(Fraction(-1))

    def times(self, factor: Fraction) -> Polynomial:
        if not factor:
            return Polynomial(self.variables, {})
        return _checked(Polynomial(self.variables, {a: c * factor for a, c in self.terms.items()}))

    def __mul__(self, other: Polynomial) -> Polynomial:
        if self.degree + other.degree > MOST_DEGREE:
            raise TooMuch(f"of degree {self.degree + other.degree}, and {MOST_DEGREE} is the most")
        if len(self.terms) * len(other.terms) > MOST_PRODUCTS:
            raise TooMuch("that has too many terms multiplied out")
        pairs = (
            (tuple(i + j for i, j in zip(a, b, strict=True)), c * e)
            for a, c in self.terms.items()
            for b, e in other.terms.items()
        )
        return _collected(self.variables, pairs)

    def power(self, exponent: int) -> Polynomial:
        """By squaring."""
        if self.degree > 0 and self.degree * exponent > MOST_DEGREE:
            raise TooMuch(f"of degree {self.degree * exponent}, and {MOST_DEGREE} is the most")
        result, factor = constant(self.variables, Fraction(1)), self
        while exponent:
            if exponent & 1:
                result = result * factor
            exponent >>= 1
            factor = factor * factor if exponent else factor
        return result

    def laplacian(self) -> Polynomial:
        """Δ in these variables."""
        return _collected(self.variables, self._second_derivatives())

    def _second_derivatives(self) -> Iterable[tuple[Powers, Fraction]]:
        for a, c in self.terms.items():
            for i, k in enumerate(a):
                if k >= 2:
                    yield (*a[:i], k - 2, *a[i + 1 :]), c * k * (k - 1)

    def squared_norm(self) -> Fraction:
        """Σ c_α² α!/p! of a form of degree p: the squared norm of its symmetric tensor (Bombieri).

        ⟨(uᵀz)^p, (vᵀz)^p⟩ = (uᵀv)^p and ⟨f, (uᵀz)^p⟩ = f(u): the polarization of P11.
        """
        total = sum((c * c * math.prod(map(math.factorial, a)) for a, c in self.terms.items()), Fraction(0))
        return total / math.factorial(max(self.degree, 0))

    def at(self, point: Vector) -> tuple[float, float]:
        """The value at a point, and the sum of the sizes of its terms."""
        x = [float(coordinate) for coordinate in point]
        values = [float(c) * math.prod(map(pow, x, a)) for a, c in self.terms.items()]
        return math.fsum(values), math.fsum(map(abs, values))

    def substituted(self, images: Sequence[Polynomial], variables: int) -> Polynomial:
        """With the polynomial images[i] in so many variables put for the variable i."""
        powers: dict[tuple[int, int], Polynomial] = {}
        total = Polynomial(variables, {})
        for a, c in self.terms.items():
            term = constant(variables, c)
            for i, k in enumerate(a):
                if k:
                    image = powers.setdefault((i, k), images[i].power(k))
                    term = term * image
            total = total + term
        return total


def constant(variables: int, value: Fraction) -> Polynomial:
    return Polynomial(variables, {(0,) * variables: value} if value else {})


def linear(coefficients: Sequence[Fraction]) -> Polynomial:
    """Σ_i w_i z_i."""
    size = len(coefficients)
    return Polynomial(size, {unit(size, i): w for i, w in enumerate(coefficients) if w})


def unit(variables: int, index: int, power: int = 1) -> Powers:
    """The exponents of one variable to a power."""
    return tuple(power if i == index else 0 for i in range(variables))


def _collected(variables: int, pairs: Iterable[tuple[Powers, Fraction]]) -> Polynomial:
    terms: dict[Powers, Fraction] = {}
    for a, c in pairs:
        terms[a] = terms.get(a, Fraction(0)) + c
    return _checked(Polynomial(variables, {a: c for a, c in terms.items() if c}))


def _checked(polynomial: Polynomial) -> Polynomial:
    if len(polynomial.terms) > MOST_TERMS:
        raise TooMuch(f"of {len(polynomial.terms):,} terms, and {MOST_TERMS:,} is the most")
    for c in polynomial.terms.values():
        if max(c.numerator.bit_length(), c.denominator.bit_length()) > MOST_BITS:
            raise TooMuch("with numbers of too many digits")
    return polynomial


# Polynomials of one linear form ---------------------------------------------------------------------------------------


def direction_of(polynomial: Polynomial) -> tuple[Fraction, ...] | None:
    """w with polynomial = φ(wᵀz), its largest entry 1 in size and its first positive; None where there is none."""
    top = polynomial.part(polynomial.degree)
    p, r = polynomial.degree, polynomial.variables
    if p < 1:
        return None
    pivot = next((i for i in range(r) if unit(r, i, p) in top.terms), None)
    if pivot is None:
        return None
    lead = top.terms[unit(r, pivot, p)]
    form = [Fraction(1) if i == pivot else _ratio(top, pivot, i, lead) for i in range(r)]
    scaled = normalized(form)
    return scaled if along(polynomial, scaled) is not None else None


def _ratio(top: Polynomial, pivot: int, other: int, lead: Fraction) -> Fraction:
    """w_other/w_pivot, from the coefficient p·w_pivot^{p−1}·w_other of a power."""
    p = top.degree
    powers = tuple((p - 1 if i == pivot else 0) + (1 if i == other else 0) for i in range(top.variables))
    return top.terms.get(powers, Fraction(0)) / (p * lead)


def normalized(form: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """The same direction with its largest entry 1 in size and its first entry positive."""
    largest = max(abs(w) for w in form)
    first = next(w for w in form if w)
    scale = largest if first > 0 else -largest
    return tuple(w / scale for w in form)


def along(polynomial: Polynomial, form: tuple[Fraction, ...]) -> tuple[Fraction, ...] | None:
    """a_0, a_1, … with polynomial = Σ_p a_p (wᵀz)^p; None if it is no function of wᵀz."""
    r = polynomial.variables
    pivot = max(range(r), key=lambda i: abs(form[i]))
    pure = [polynomial.terms.get(unit(r, pivot, p), Fraction(0)) for p in range(polynomial.degree + 1)]
    found = [c / form[pivot] ** p for p, c in enumerate(pure)]
    if sum(1 for w in form if w) == 1:
        return tuple(found) if sum(1 for a in found if a) == len(polynomial.terms) else None
    rest, power, base = polynomial, constant(r, Fraction(1)), linear(form)
    for p, a in enumerate(found):
        rest = rest - power.times(a)
        power = power * base if p + 1 < len(found) else power
    return None if rest.terms else tuple(found)


def floats(coefficients: Sequence[Fraction]) -> Vector:
    return np.array([float(a) for a in coefficients])

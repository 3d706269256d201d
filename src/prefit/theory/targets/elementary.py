"""The functions of the grammar: their Taylor coefficients about a point, and what bounds all of them at once.

With f(c + w) = Σ_k f_k w^k, each function names F_k ≥ |f_k| and, in closed form, a majorant F(x) ≥ Σ_k F_k x^k, x ≥ 0
below the distance R of c from the nearest singularity. Majorants of sums, products and compositions follow from them
(`series`), and |a_p| ≤ φ̂(r) r^{−p} for every p: that is what bounds the tails (docs/proofs.md P24).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from prefit._shapes import Vector

Parity = Literal["even", "odd", "none"]
Majorant = Callable[[float], float]
UNIT = 2.0**-53


class NoSeries(Exception):
    """There is no power series about this point: why."""


@dataclass(frozen=True)
class Taylor:
    """f about a centre.

    values     (k,) f_0, f_1, …, each within 8(k + 2)u of F_k
    sizes      (k,) F_k ≥ |f_k|
    majorant   x ↦ a bound on Σ_k F_k x^k; infinite from the radius on
    parity     of w ↦ f(c + w)
    start      f_0 is exact
    is_entire  without a singularity anywhere
    """

    values: Vector
    sizes: Vector
    majorant: Majorant
    parity: Parity
    start: bool
    is_entire: bool = False


@dataclass(frozen=True)
class Elementary:
    """One function: about a centre to a degree, and its value at a number or an array."""

    about: Callable[[float, int], Taylor]
    value: Callable[[Vector], Vector]


def _inverse_factorials(degree: int) -> Vector:
    k = np.arange(1.0, degree + 1)
    return np.concatenate(([1.0], np.cumprod(1.0 / k)))


def _exp(c: float, degree: int) -> Taylor:
    f = math.exp(c) * _inverse_factorials(degree)
    return Taylor(f, f, lambda x: math.exp(c) * math.exp(x), "none", c == 0.0, True)


def _of_derivatives(cycle: tuple[float, ...], majorant: Majorant, parity: Parity, degree: int) -> Taylor:
    """Functions whose derivatives at the centre repeat; about 0, where they have a parity, they are 0, 1 and −1."""
    k = np.arange(degree + 1)
    factors = _inverse_factorials(degree)
    sizes = np.array([abs(value) for value in cycle])[k % len(cycle)]
    return Taylor(np.array(cycle)[k % len(cycle)] * factors, sizes * factors, majorant, parity, parity != "none", True)


def _sine(c: float, degree: int) -> Taylor:
    s, o = math.sin(c), math.cos(c)
    parity: Parity = "odd" if c == 0.0 else "none"
    return _of_derivatives((s, o, -s, -o), lambda x: abs(s) * math.cosh(x) + abs(o) * math.sinh(x), parity, degree)


def _cosine(c: float, degree: int) -> Taylor:
    s, o = math.sin(c), math.cos(c)
    parity: Parity = "even" if c == 0.0 else "none"
    return _of_derivatives((o, -s, -o, s), lambda x: abs(o) * math.cosh(x) + abs(s) * math.sinh(x), parity, degree)


def _hyperbolic_sine(c: float, degree: int) -> Taylor:
    s, o = math.sinh(c), math.cosh(c)
    parity: Parity = "odd" if c == 0.0 else "none"
    return _of_derivatives((s, o), lambda x: abs(s) * math.cosh(x) + o * math.sinh(x), parity, degree)


def _hyperbolic_cosine(c: float, degree: int) -> Taylor:
    s, o = math.sinh(c), math.cosh(c)
    parity: Parity = "even" if c == 0.0 else "none"
    return _of_derivatives((o, s), lambda x: o * math.cosh(x) + abs(s) * math.sinh(x), parity, degree)


def _arctangent(c: float, degree: int) -> Taylor:
    """atan' = Im 1/(z − i), so f_k = (−1)^{k+1} Im(ζ^k)/k with ζ = 1/(c − i), and F_k = 1/(kR^k), R = √(1 + c²)."""
    zeta, radius = complex(c, 1.0) / (1.0 + c * c), math.hypot(1.0, c)
    values, sizes, power = [math.atan(c)], [abs(math.atan(c))], complex(1.0)
    for k in range(1, degree + 1):
        power *= zeta
        values.append((power.imag if k % 2 else -power.imag) / k)
        sizes.append(radius**-k / k)
    parity: Parity = "odd" if c == 0.0 else "none"
    return Taylor(np.array(values), np.array(sizes), lambda x: sizes[0] + _log_majorant(x / radius), parity, c == 0.0)


def _logarithm(c: float, degree: int) -> Taylor:
    if c <= 0.0:
        raise NoSeries(f"log has no power series about {c:g}")
    k = np.arange(1.0, degree + 1)
    sizes = np.concatenate(([abs(math.log(c))], c**-k / k))
    signs: Vector = np.where(np.arange(degree + 1) % 2 == 1, 1.0, -1.0)
    signs[0] = math.copysign(1.0, math.log(c))
    return Taylor(signs * sizes, sizes, lambda x: sizes[0] + _log_majorant(x / c), "none", c == 1.0)


def _log_majorant(x: float) -> float:
    """Σ_{k ≥ 1} x^k/k."""
    return -math.log1p(-x) if x < 1.0 else math.inf


def _root(c: float, degree: int) -> Taylor:
    if c <= 0.0:
        raise NoSeries(f"sqrt has no power series about {c:g}")
    k = np.arange(1.0, degree + 1)
    f = math.sqrt(c) * np.concatenate(([1.0], np.cumprod((1.5 - k) / k / c)))
    exact = Fraction(math.sqrt(c)) ** 2 == Fraction(c)
    return Taylor(f, np.abs(f), lambda x: _root_majorant(c, x), "none", exact)


def _root_majorant(c: float, x: float) -> float:
    """√c(2 − √(1 − x/c)): √(1 − z) = 1 − Σ_{k ≥ 1} |f_k| z^k at c = 1."""
    return math.sqrt(c) * (2.0 - math.sqrt(1.0 - x / c)) if x < c else math.inf


def reciprocal(c: float, degree: int) -> Taylor:
    """1/(c + w) = Σ_k (−1)^k w^k/c^{k+1}."""
    if c == 0.0:
        raise NoSeries("there is no power series about a zero of the divisor")
    f = np.asarray(np.cumprod(np.concatenate(([1.0 / c], np.full(degree, -1.0 / c)))), dtype=np.float64)
    exact = Fraction(1.0 / c) * Fraction(c) == 1
    return Taylor(f, np.abs(f), lambda x: 1.0 / (abs(c) - x) if x < abs(c) else math.inf, "none", exact)


FUNCTIONS = {
    "cos": Elementary(_cosine, np.cos),
    "sin": Elementary(_sine, np.sin),
    "exp": Elementary(_exp, np.exp),
    "atan": Elementary(_arctangent, np.arctan),
    "cosh": Elementary(_hyperbolic_cosine, np.cosh),
    "sinh": Elementary(_hyperbolic_sine, np.sinh),
    "log": Elementary(_logarithm, np.log),
    "sqrt": Elementary(_root, np.sqrt),
}

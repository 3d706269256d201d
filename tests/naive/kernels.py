"""The kernels from their definitions, one number at a time; series by Taylor expansion at 30 digits."""

import math
from collections.abc import Callable
from typing import Any

import mpmath


def k0(s: float) -> float:
    """(π − arccos s)/π."""
    return (math.pi - math.acos(s)) / math.pi


def k1(s: float) -> float:
    """(√(1 − s²) + s(π − arccos s))/π."""
    return (math.sqrt(1.0 - s * s) + s * (math.pi - math.acos(s))) / math.pi


def two_layer(s: float) -> float:
    """H(s) = s(π − arccos s)/(2π), Arora et al. (2019), eq. 3."""
    return s * (math.pi - math.acos(s)) / (2.0 * math.pi)


def conjugate(s: float, layers: int) -> float:
    """Σ^L = k1 ∘ … ∘ k1."""
    for _ in range(layers):
        s = min(1.0, k1(s))
    return s


def ntk(s: float, layers: int) -> float:
    """Θ_L: its sum over the layers."""
    return sum(ntk_layer(s, layers, l) for l in range(1, layers + 1))


def ntk_layer(s: float, layers: int, l: int) -> float:
    """½ Σ^{l−1} Π_{l'=l}^{L} k0(Σ^{l'−1})."""
    return 0.5 * conjugate(s, l - 1) * math.prod(k0(conjugate(s, m - 1)) for m in range(l, layers + 1))


def standard_ntk(s: float, layers: int) -> float:
    """Θ ← Θ·k0(Σ_old) + Σ_new, starting at s."""
    theta = s
    for l in range(1, layers + 1):
        theta = theta * k0(conjugate(s, l - 1)) + conjugate(s, l)
    return theta


def exact(form: str, layers: int, index: int = 0) -> Callable[[Any], Any]:
    """The same kernels at the working precision of mpmath, s an mpf or a complex number in the unit disc."""

    def half(s: Any) -> Any:
        return 1 - mpmath.acos(s) / mpmath.pi

    def first(s: Any) -> Any:
        return mpmath.sqrt((1 - s) * (1 + s)) / mpmath.pi + s * half(s)

    def value(s: Any) -> Any:
        sigma, total = s, mpmath.mpf(0)
        for l in range(1, layers + 1):
            weight = 0 if form == "conjugate" or (form == "layer" and l != index) else 1
            total = half(sigma) * (total + weight * sigma)
            sigma = first(sigma)
        return {"conjugate": sigma, "standard-ntk": sigma + total}.get(form, total / 2)

    return value


def taylor(form: str, layers: int, degree: int, index: int = 0) -> list[Any]:
    """c_0 … c_degree by differentiation on a circle, at 30 digits."""
    with mpmath.workdps(30):
        return list(mpmath.taylor(exact(form, layers, index), mpmath.mpf(0), degree))

r"""Lower bounds on the mass of a kernel's power series beyond a degree N no recurrence reaches.

Our derivation. Read a series with non-negative coefficients and value 1 at s = 1 as the law of a random
degree: a product of series is the sum of independent degrees, and f(Σ) the sum S_M = X_1 + … + X_M of a
random number M of independent copies of the degree X of Σ. Write T_f(N) for the mass at degrees ≥ N.

1. Arcsine. 1/√(π(l + ½)) ≤ C(2l, l)/4^l ≤ 1/√(π(l + ¼)), so a_l lies between 1/(2√π(l + ½)^{3/2}) and
   1/(2√π(l + ¼)^{3/2}), convex and decreasing in l, and Σ_{l ≥ n} a_l between ∫_n^∞ of the one,
   1/√(π(n + ½)), and ∫_{n−½}^∞ of the other, 1/√(π(n − ¼)). k0 = ½ + (1/π)Σ a_l s^{2l+1}. In the same way
   k1 = 1/π + s/2 + Σ a_l/(2π(l + 1)) s^{2l+2}, whose terms with l ≥ n sum to between
   1/(6π^{3/2}(n + 1)^{3/2}) and 1/(6π^{3/2}(n − ¼)^{3/2}).
2. Composition. For any m, with M ≥ m the sum reaches N unless S_m < N, of probability at most Σ(r)^m r^{−N}
   for every r < 1 (Chernoff); with M < m it reaches N if one of the X does. With x = T_Σ(N), or less, hence
   T_{f(Σ)}(N) ≥ T_f(m)(1 − Σ(r)^m r^{−N}) + (1 − f(1 − x) − R)₊ with R ≥ Σ_{M≥m} f_M (1 − (1 − x)^M):
   R = T_f(m), or, for f = k1, whose derivative is k0, also R = x Σ_{M≥m} M f_M = x·T_{k0}(m − 1).
3. Product. The sum reaches N if one of the degrees does: T_{fg} ≥ 1 − (1 − T_f)(1 − T_g).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from prefit.kernels.compiled import UNIT
from prefit.kernels.recipe import Recipe

# Chernoff's r = e^{−θ} and m = N(1 + δ) are searched over these; any choice gives a valid bound.
_ANGLES = [2.0**-j for j in range(1, 26)]
_EXCESSES = [2.0**-j for j in range(8, -1, -1)]
_SLACK = 1.0 - 2.0**-30  # relative, far above the rounding of a few operations


@dataclass(frozen=True)
class _Outer:
    """An outer function f and what statement 2 asks of it."""

    gap: Callable[[float], float]  # x ↦ 1 − f(1 − x)
    tail: Callable[[int], tuple[float, float]]  # N ↦ bounds of T_f(N) from below and from above
    repeated: Callable[[int, float], float]  # (m, x) ↦ R


def tail_floor(recipe: Recipe, degree: int) -> float:
    """A lower bound on Σ_{p ≥ degree} c_p; within 10% of it at 2^14, two or three layers."""
    forward, missing, backward = 0.0, [], 0.0
    for layer in range(1, recipe.depth + 1):
        missing.append(1.0 - _composed(_HALF_ANGLE, layer - 1, degree, forward))
        forward = _composed(_FIRST_ORDER, layer - 1, degree, forward)
    for layer, weight in enumerate(recipe.layers):
        backward += weight * (1.0 - math.prod(missing[layer:]))
    rounding = 8.0 * recipe.depth * (recipe.depth + 1) * UNIT  # of the products and their sum
    return recipe.backward * max(0.0, backward - rounding) * _SLACK + recipe.forward * forward * _SLACK


def _composed(outer: _Outer, layers: int, degree: int, inner: float) -> float:
    """Statement 2 for f(Σ^layers), `inner` a lower bound on the tail of Σ^layers; f itself for no layers."""
    if layers == 0:
        return outer.tail(degree)[0]
    jump = outer.gap(inner) * _SLACK - 64.0 * UNIT * math.sqrt(inner)
    best = 0.0
    for excess in _EXCESSES:
        count = math.ceil(degree * (1.0 + excess))
        many = outer.tail(count)[0] * (1.0 - _miss(layers, count, degree))
        best = max(best, many + max(0.0, jump - outer.repeated(count, inner)))
    return best * _SLACK


@lru_cache(maxsize=4096)
def _miss(layers: int, count: int, degree: int) -> float:
    """min over r of Σ^layers(r)^count r^{−degree}, at most 1; 16u a layer covers the computed Σ."""
    exponents = [count * math.log(min(1.0, _sigma(layers, a) + 16.0 * layers * UNIT)) + degree * a for a in _ANGLES]
    return min(1.0, math.exp(min(exponents) * _SLACK + 2.0**-20))  # two terms below 2^31, each within 2u


@lru_cache(maxsize=4096)
def _sigma(layers: int, angle: float) -> float:
    if layers == 0:
        return math.exp(-angle)
    return 1.0 - _first_order_gap(1.0 - _sigma(layers - 1, angle))


def _half_angle_gap(x: float) -> float:
    """1 − k0(1 − x) = arccos(1 − x)/π, to full relative accuracy."""
    return 2.0 * math.asin(math.sqrt(0.5 * x)) / math.pi


def _first_order_gap(x: float) -> float:
    """1 − k1(1 − x), the error a few u√x."""
    g = _half_angle_gap(x)
    return x + ((1.0 - x) * g - math.sqrt(x * (2.0 - x)) / math.pi)


def _half_angle_tail(degree: int) -> tuple[float, float]:
    """Degrees 2l + 1 ≥ degree."""
    n = degree // 2
    return 1.0 / (math.pi * math.sqrt(math.pi * (n + 0.5))), 1.0 / (math.pi * math.sqrt(math.pi * (n - 0.25)))


def _first_order_tail(degree: int) -> tuple[float, float]:
    """Degrees 2l + 2 ≥ degree."""
    n = (degree - 1) // 2
    scale = 6.0 * math.pi**1.5
    return 1.0 / (scale * (n + 1.0) ** 1.5), 1.0 / (scale * (n - 0.25) ** 1.5)


def _half_angle_repeated(count: int, x: float) -> float:
    return _half_angle_tail(count)[1]


def _first_order_repeated(count: int, x: float) -> float:
    return min(_first_order_tail(count)[1], x * _half_angle_tail(count - 1)[1]) / _SLACK


_HALF_ANGLE = _Outer(_half_angle_gap, _half_angle_tail, _half_angle_repeated)
_FIRST_ORDER = _Outer(_first_order_gap, _first_order_tail, _first_order_repeated)

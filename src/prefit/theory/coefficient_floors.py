"""Lower bounds on a kernel's coefficients at degrees that are not computed (our derivation, docs/proofs.md P24)."""

from __future__ import annotations

import math

import numpy as np

from prefit._shapes import Vector
from prefit.kernels import Kernel

_SUMMED = 4_096  # terms of a tail that are added one by one before a geometric series takes over


def coefficient_floor(kernel: Kernel, degrees: Vector) -> Vector:
    """(k,) lower bounds on c_p, p ≥ 4; 0 for one hidden layer at odd p, where c_p = 0.

    Arcsine coefficients are a_l ≥ 1/(2√π (l + ½)^{3/2}) (docs/proofs.md P14), which bounds those of s·k0 and k1 at even
    p. Deeper, coefficient by coefficient: k1(u) ≥ u/2 and u²/(2π), k0(u) ≥ ½ and u/π, so Σ^l keeps 2^{1−l} of
    the even coefficients of k1 and, from l = 2 on, 2^{2−l}/(2π) of them one degree higher; of a sum of products of
    layers the last, Σ^{L−1}k0(Σ^{L−1}) ≥ Σ^{L−1}/2 + (Σ^{L−1})²/π, is enough.
    """
    p = np.asarray(degrees, dtype=np.float64)
    recipe, L = kernel.recipe, kernel.depth
    b, f = recipe.backward * recipe.layers[-1], recipe.forward
    is_even = p % 2 == 0
    if L == 1:
        return np.where(is_even, _arcsine_floor(p) / math.pi * (b + f / p), 0.0)
    even = _first_order_floor(p) * (b * 0.5 * 2.0 ** (2 - L) + f * 2.0 ** (1 - L))
    odd = _first_order_floor(p - 1.0) / math.pi * (b * 2.0 ** (4 - 2 * L) + f * 2.0 ** (1 - L))
    return np.where(is_even, even, odd)


def _arcsine_floor(p: Vector) -> Vector:
    """Of a_l at p = 2l + 2."""
    floor: Vector = 0.5 / math.sqrt(math.pi) * (0.5 * (p - 1.0)) ** -1.5 * (1.0 - 1e-12)
    return floor


def _first_order_floor(p: Vector) -> Vector:
    """Of the even coefficients of k1, a_l/(πp)."""
    floor: Vector = _arcsine_floor(p) / (math.pi * p)
    return floor


def log_tail(kernel: Kernel, first: int, step: int, radius: float) -> float:
    """log of a bound on Σ_p r^{−2p}/c_p, p = first, first + step, …, step 1 or 2; infinite where some c_p may be 0."""
    p = first + step * np.arange(float(_SUMMED))
    floor = coefficient_floor(kernel, p)
    if not (floor > 0.0).all():
        return math.inf
    logs = -2.0 * p * math.log(radius) - np.log(floor)
    # Two degrees further a floor is smaller by less than (1 + 2/(p − 3))^{5/2}: the rest is a geometric series.
    ratio = radius**-4.0 * (1.0 + 2.0 / (float(p[-1]) - 3.0)) ** 2.5
    if ratio >= 1.0:
        return math.inf
    top = float(logs.max())
    terms = np.exp(logs - top)
    rest = float(terms[-(2 // step) :].sum()) * ratio / (1.0 - ratio)
    return top + math.log(float(terms.sum()) + rest) + 1e-9

"""Power-series coefficients of the kernels: a recipe and a degree in, c_0 … c_degree out.

One hidden layer: closed form from arcsin s = Σ_l a_l s^{2l+1}, a_l = (2l)!/(4^l (l!)² (2l+1)).
More layers: the recurrences of docs/proofs.md P1 (our derivation), in which every term is non-negative and no
outer function is expanded about 0: k0(Σ)' = Σ'/(π√(1 − Σ²)) and k1(Σ)' = k0(Σ)Σ'.

Because every operation is increasing in every coefficient, the recurrences can also be run with each result
lowered (raised) by more than its own rounding: what comes out lies below (above) the true coefficients, with
no further argument about how errors travel. `side` is −1, 0 or +1.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import njit

from prefit._shapes import Indices, Vector
from prefit.errors import InputError
from prefit.kernels.compiled import UNIT
from prefit.kernels.recipe import Recipe

MAXIMUM_DEEP_DEGREE = 2**15  # O(degree²): about a second a layer there

compiled: Any = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})


def coefficients(recipe: Recipe, degree: int, side: int = 0) -> Vector:
    """(degree + 1,) c_0 … c_degree, or bounds on them from below (side −1) or above (side +1); read only.

    Cost O(degree) for one hidden layer; O(depth·degree²) beyond, remembered by the process.
    """
    if degree < 0 or (recipe.depth > 1 and degree > MAXIMUM_DEEP_DEGREE):
        raise InputError(
            f"degree must not be negative, nor above {MAXIMUM_DEEP_DEGREE} with two or more hidden layers: "
            f"got {degree}. Ask for fewer coefficients."
        )
    return _shallow(recipe, degree, side) if recipe.depth == 1 else _deep(recipe, degree, side)


def arcsine_coefficients(count: int) -> Vector:
    """(count,) a_0, a_1, … of arcsin s = Σ_l a_l s^{2l+1}; relative error at most (2l + 3)u."""
    l = np.arange(1.0, count)
    central = np.concatenate(([1.0], np.cumprod((2.0 * l - 1.0) / (2.0 * l))))[:count]
    return np.asarray(central / (2.0 * np.arange(count) + 1.0))


def _shallow(recipe: Recipe, degree: int, side: int) -> Vector:
    """κ = b·s·k0(s) + f·k1(s): c_0 = f/π, c_1 = (b + f)/2, c_{2l+2} = (a_l/π)(b + f/(2(l + 1)))."""
    b, f = recipe.backward * recipe.layers[0], recipe.forward
    c = np.zeros(max(degree, 1) + 1)
    c[0] = f / math.pi
    c[1] = (b + f) / 2.0
    count = degree // 2
    c[2 : 2 * count + 1 : 2] = arcsine_coefficients(count) / math.pi * (b + f / (2.0 * np.arange(1.0, count + 1)))
    c = c[: degree + 1] * (1.0 + side * (np.arange(degree + 1) + 16.0) * UNIT)
    return _frozen(c)


@lru_cache(maxsize=64)
def _deep(recipe: Recipe, degree: int, side: int) -> Vector:
    """Run the recipe's sum outwards, A_l = k0(Σ^{l−1})(A_{l−1} + w_lΣ^{l−1}), on series."""
    total = np.zeros(degree + 1)
    for layer, weight in enumerate(recipe.layers, start=1):
        if recipe.backward:
            inner = _tilted(total + weight * _layer(layer - 1, degree, side)[0], 0, side)
            total = _product(inner, _layer(layer, degree, side)[1], side)
    result = recipe.backward * total
    if recipe.forward:
        result = result + recipe.forward * _layer(recipe.depth, degree, side)[0]
    return _frozen(_tilted(result, 0, side))


@lru_cache(maxsize=256)
def _layer(layer: int, degree: int, side: int) -> tuple[Vector, Vector]:
    """The series of Σ^l and of k0(Σ^{l−1}), the latter empty for l = 0."""
    if layer == 0:
        return _frozen(np.eye(1, degree + 1, 1)[0]), _frozen(np.zeros(0))
    sigma = _layer(layer - 1, degree, side)[0]
    u0 = float(sigma[0])
    room = (1.0 - u0) * (1.0 + u0) * (1.0 - side * 8.0 * UNIT)
    root = _inverse_root(_product(sigma, sigma, side), room, side)
    slope = sigma[1:] * np.arange(1.0, degree + 1)
    k0 = _integral(_half_angle(u0), _product(root[:-1], slope, side) / math.pi, side)
    k1 = _integral(_first_order(u0), _product(k0[:-1], slope, side), side)
    return _frozen(k1), _frozen(k0)


def _half_angle(u: float) -> float:
    return 0.5 + math.asin(u) / math.pi


def _first_order(u: float) -> float:
    return math.sqrt((1.0 - u) * (1.0 + u)) / math.pi + u * _half_angle(u)


def _integral(constant: float, slope: Vector, side: int) -> Vector:
    """constant + ∫ slope. The constants, k0 ≥ ½ and k1 ≥ 1/π, are within 8u, so relatively within 26u."""
    raised = _tilted(slope / np.arange(1.0, slope.size + 1), 0, side)
    return np.concatenate(([constant * (1.0 + side * 32.0 * UNIT)], raised))


def _product(a: Vector, b: Vector, side: int) -> Vector:
    """Series of the product to the degree of a; coefficient k, a sum of k + 1 products, errs by (k + 2)u."""
    c = np.zeros(a.size)
    _multiply(a, b, c)
    return _tilted(c, np.arange(a.size), side)


def _inverse_root(square: Vector, room: float, side: int) -> Vector:
    """w = (1 − Σ²)^{−1/2} from the series of Σ²: w_k = (1/(k·room)) Σ_{j=1}^{k} (k − j/2)(Σ²)_j w_{k−j}."""
    w = np.zeros(square.size)
    # √v_0 and its inverse: within 3u.
    w[0] = (1.0 + side * 8.0 * UNIT) / math.sqrt(room)
    lift = 1.0 + side * (np.arange(square.size) + 16.0) * UNIT
    _divide(square, np.arange(square.size) / 2.0, room, lift, w)
    return w


def _tilted(c: Vector, terms: int | Indices, side: int) -> Vector:
    """c moved to its safe side by more than the rounding of sums of so many terms and 14 operations more."""
    return np.asarray(c * (1.0 + side * (terms + 16.0) * UNIT), dtype=np.float64)


def _frozen(c: Vector) -> Vector:
    c.flags.writeable = False
    return c


@compiled
def _multiply(a, b, c):  # type: ignore[no-untyped-def]
    """c += a·b as series, to the degree of c; unit steps inside, so that it becomes vector instructions."""
    n = c.size
    for i in range(n):
        x = a[i]
        if x != 0.0:
            part = c[i:n]
            for k in range(n - i):
                part[k] += x * b[k]


@compiled
def _divide(square, half, room, lift, w):  # type: ignore[no-untyped-def]
    """The recurrence of `_inverse_root`, each w_i passed on to all later sums as soon as it is known.

    With k = i + j the weight k − j/2 is (k + i)/2.
    """
    n = w.size
    for i in range(n):
        if i > 0:
            w[i] = w[i] / (i * room) * lift[i]
        x = w[i]
        if x != 0.0:
            part = w[i + 1 : n]
            halves = half[i + 1 : n]
            h = half[i]
            for k in range(n - i - 1):
                part[k] += (halves[k] + h) * square[k + 1] * x

"""Harmonics of the sphere S^{d−1}: zonal polynomials, powers in them, and how much of a kernel each degree carries.

G_k are the Gegenbauer polynomials of order (d − 2)/2 with G_k(1) = 1 (d = 2: Chebyshev). κ = Σ_k κ_k G_k with κ_k ≥ 0
and Σ_k κ_k = κ(1): κ_k is the mass of degree k (docs/proofs.md P24).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from prefit._shapes import Vector
from prefit.kernels import Kernel
from prefit.kernels.compiled import UNIT
from prefit.kernels.series import coefficients

SERIES_DEGREE = 2**13 - 1  # where the floor of λ_min stops too: the process has these coefficients already
_MOST_CONDITION = 1e12  # √N_k up to which quadrature is tried


def leading(dimension: int, degree: int) -> Vector:
    """(degree + 1,) ℓ_k, the leading coefficients of G_k: ℓ_0 = 1, ℓ_k = Π_{i=1}^{k−1} (d − 2 + 2i)/(d − 2 + i)."""
    i = np.arange(1.0, degree)
    ratios = (dimension - 2.0 + 2.0 * i) / (dimension - 2.0 + i)
    return np.concatenate(([1.0, 1.0], np.cumprod(ratios)))[: degree + 1]


def zonal(dimension: int, degree: int, s: float | Vector) -> Vector:
    """(degree + 1, …) G_0(s) … G_degree(s), by (k + d − 2)G_{k+1} = (2k + d − 2)sG_k − kG_{k−1}; |s| ≤ 1."""
    s = np.asarray(s, dtype=np.float64)
    rows = [np.ones_like(s), s]
    for k in range(1, degree):
        rows.append(((2 * k + dimension - 2) * s * rows[k] - k * rows[k - 1]) / (k + dimension - 2))
    return np.array(rows[: degree + 1])


def powers_in_degree(dimension: int, k: int, degree: int) -> tuple[Vector, Vector]:
    """p = k, k + 2, … ≤ degree, and the m_pk ≥ 0 of s^p = Σ_k m_pk G_k, relative error a few (p − k)u.

    m_kk = 1/ℓ_k and m_{p+2,k}/m_pk = (p + 1)(p + 2)/((p + 2 − k)(p + k + d)).
    """
    p = np.arange(float(k), degree + 1, 2.0)
    q = p[:-1]
    ratios = (q + 1.0) * (q + 2.0) / ((q + 2.0 - k) * (q + k + dimension))
    start = 1.0 / leading(dimension, k)[k]
    return p.astype(np.int64), start * np.cumprod(np.concatenate(([1.0], ratios)))


def count(dimension: int, k: int) -> float:
    """N_k, the number of independent harmonics of degree k, as a float; infinite beyond the floats."""
    if k == 0:
        return 1.0
    d = dimension
    try:
        return math.exp(math.log((2 * k + d - 2) / k) + math.lgamma(k + d - 2) - math.lgamma(k) - math.lgamma(d - 1))
    except OverflowError:
        return math.inf


@dataclass(frozen=True, eq=False)
class Masses:
    """κ_0 … κ_K between two ends; both 0 where κ_k = 0 exactly."""

    lower: Vector
    upper: Vector


@lru_cache(maxsize=64)
def masses(kernel: Kernel, dimension: int, degree: int) -> Masses:
    """The kernel's masses of the harmonics of degree 0 … degree on S^{d−1}.

    One hidden layer: in closed form (Gauss's theorem on hypergeometric sums), to rounding. Beyond: Σ_p c_p m_pk over
    the known coefficients from below, with the largest that the remaining mass can add from above; where N_k is small
    quadrature is sharper, and its agreement with itself on twice the nodes tells its error.
    """
    if kernel.depth == 1:
        return _one_layer(kernel, dimension, degree)
    low, high = _by_series(kernel, dimension, degree)
    middle, error = _by_quadrature(kernel, dimension, degree)
    inside = np.isfinite(error) & (error < 0.5 * (high - low)) & (middle + error >= low) & (middle - error <= high)
    low = np.where(inside, np.maximum(low, middle - error), low)
    high = np.where(inside, np.minimum(high, middle + error), high)
    return _frozen(low, high)


def _frozen(low: Vector, high: Vector) -> Masses:
    low.flags.writeable = high.flags.writeable = False
    return Masses(low, high)


# One hidden layer -----------------------------------------------------------------------------------------------------


def _one_layer(kernel: Kernel, dimension: int, degree: int) -> Masses:
    """κ = b·s·k0(s) + f·k1(s)."""
    recipe = kernel.recipe
    b, f = recipe.backward * recipe.layers[0], recipe.forward
    k0, k1 = half_angle_masses(dimension, degree + 1), first_order_masses(dimension, degree)
    value = b * _times_s(k0, dimension)[: degree + 1] + f * k1
    error = 64.0 * UNIT * (1.0 + math.lgamma(degree + 2.0 + 0.5 * dimension) + degree)
    return _frozen(value * (1.0 - error), value * (1.0 + error))


def half_angle_masses(dimension: int, degree: int) -> Vector:
    """(degree + 1,) of k0: ½ at 0, 0 at even k, a_l/(πℓ_k)·Γ(k + d/2)Γ(d/2)/Γ((k + d)/2)² at odd k = 2l + 1.

    k0 = ½ + (1/π)Σ_l a_l s^{2l+1}, and the sum over powers is ₂F₁(k/2, k/2; k + d/2; 1).
    """
    found, h = np.zeros(degree + 1), 0.5 * dimension
    found[0] = 0.5
    for k in range(1, degree + 1, 2):
        size = math.lgamma(k + h) + math.lgamma(h) - 2.0 * math.lgamma(0.5 * k + h)
        found[k] = math.exp(_log_arcsine((k - 1) // 2) + size - _log_leading(dimension, k)) / math.pi
    return found


def first_order_masses(dimension: int, degree: int) -> Vector:
    """(degree + 1,) of k1: ½ at 1, 0 at other odd k, a_l/(πkℓ_k)·Γ(k + d/2)Γ(d/2 + 1)/Γ((k + 1 + d)/2)² at k = 2l + 2.

    k1 = 1/π + s/2 + Σ_l a_l/(2π(l + 1)) s^{2l+2}; at k = 0 the factor before the gammas is 1/π.
    """
    found, h = np.zeros(degree + 1), 0.5 * dimension
    if degree >= 1:
        found[1] = 0.5
    for k in range(0, degree + 1, 2):
        size = math.lgamma(k + h) + math.lgamma(h + 1.0) - 2.0 * math.lgamma(0.5 * (k + 1.0) + h)
        start = 0.0 if k == 0 else _log_arcsine((k - 2) // 2) - math.log(k)
        found[k] = math.exp(start + size - _log_leading(dimension, k)) / math.pi
    return found


def _log_arcsine(l: int) -> float:
    """log a_l, arcsin s = Σ_l a_l s^{2l+1}."""
    return math.lgamma(2.0 * l + 1.0) - 2.0 * l * math.log(2.0) - 2.0 * math.lgamma(l + 1.0) - math.log(2.0 * l + 1.0)


@lru_cache(maxsize=4096)
def _log_leading(dimension: int, k: int) -> float:
    return math.fsum(math.log((dimension - 2.0 + 2.0 * i) / (dimension - 2.0 + i)) for i in range(1, k))


def _times_s(k0: Vector, dimension: int) -> Vector:
    """The masses of s·κ(s): sG_k = ((k + d − 2)G_{k+1} + kG_{k−1})/(2k + d − 2), sG_0 = G_1."""
    k = np.arange(1.0, k0.size)
    up = np.concatenate(([1.0], (k + dimension - 2.0) / (2.0 * k + dimension - 2.0)))
    down = k / (2.0 * k + dimension - 2.0)
    result = np.zeros(k0.size)
    result[1:] += (up * k0)[:-1]
    result[:-1] += down * k0[1:]
    return result


# More layers ----------------------------------------------------------------------------------------------------------


def _by_series(kernel: Kernel, dimension: int, degree: int) -> tuple[Vector, Vector]:
    low_c = coefficients(kernel.recipe, SERIES_DEGREE, -1)
    high_c = coefficients(kernel.recipe, SERIES_DEGREE, +1)
    rest = max(0.0, kernel.diagonal - float(low_c.sum())) + 1e-12 * kernel.diagonal
    low, high = np.zeros(degree + 1), np.zeros(degree + 1)
    for k in range(degree + 1):
        p, m = powers_in_degree(dimension, k, SERIES_DEGREE)
        slack = 1e-11
        low[k] = float(low_c[p] @ m) * (1.0 - slack)
        high[k] = (float(high_c[p] @ m) + rest * _largest_beyond(dimension, k, float(m[-1]))) * (1.0 + slack)
    return low, high


def _largest_beyond(dimension: int, k: int, last: float) -> float:
    """A bound on m_pk beyond the known degrees: they fall from p(d − 1) > 2 + (k − 2)(k + d) on, and are at most 1."""
    falls = (SERIES_DEGREE - 1) * (dimension - 1) > 2 + (k - 2) * (k + dimension)
    return min(last, 1.0) if falls else 1.0


def _by_quadrature(kernel: Kernel, dimension: int, degree: int) -> tuple[Vector, Vector]:
    """κ_k = N_k E[κ(s)G_k(s)] in the angle, where κ is analytic, and how far two rules and rounding let it err."""
    numbers = np.array([count(dimension, k) for k in range(degree + 1)])
    if math.sqrt(numbers.min()) > _MOST_CONDITION or dimension > 400:
        return np.zeros(degree + 1), np.full(degree + 1, math.inf)
    nodes = 200 + 4 * degree
    coarse, _ = _means(kernel, dimension, degree, nodes)
    fine, sizes = _means(kernel, dimension, degree, 2 * nodes)
    error = numbers * (2.0 * np.abs(fine - coarse) + 64.0 * UNIT * (degree + 1.0) * sizes)
    return numbers * fine, np.where(np.isfinite(numbers) & (numbers < _MOST_CONDITION**2), error, math.inf)


def _means(kernel: Kernel, dimension: int, degree: int, nodes: int) -> tuple[Vector, Vector]:
    """E[κG_k] and E|κG_k| by Clenshaw–Curtis in θ, s = cos θ, density sin^{d−2} θ."""
    x, w = _clenshaw_curtis(nodes)
    theta = 0.5 * math.pi * (x + 1.0)
    weights = w * np.sin(theta) ** (dimension - 2)
    weights /= weights.sum()
    s = np.cos(theta)
    values = zonal(dimension, degree, s) * kernel(s)
    return values @ weights, np.abs(values) @ weights


def _clenshaw_curtis(intervals: int) -> tuple[Vector, Vector]:
    """Nodes cos(jπ/N) and weights on [−1, 1], N even: the integrals of the cosine interpolant, by one transform."""
    half = intervals // 2
    moments = 2.0 / (1.0 - 4.0 * np.arange(half + 1.0) ** 2)  # of cos(2kφ) over x = cos φ
    spectrum = np.concatenate((moments, moments[half - 1 : 0 : -1]))
    w = np.fft.ifft(spectrum).real
    weights = np.concatenate((w, w[:1]))
    weights[[0, -1]] *= 0.5
    return np.cos(np.arange(intervals + 1) * math.pi / intervals), weights

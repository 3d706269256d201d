"""The probability that a normal vector is positive in every entry, estimated without bias in any dimension.

P = ∫ N(f; 0, K) Π 1{f_i > 0} df. Sites t_i(f) = exp(−τ_i f²/2 + ν_i f) make N(f; 0, K) Π t_i(f_i) = Z N(f; μ, Σ) a
normal density, Σ = (K⁻¹ + T)⁻¹, μ = Σν, so that P = Z E Π 1{f_i > 0}/t_i(f_i) under N(μ, Σ), whatever τ ≥ 0 and ν are.
Good ones come from expectation propagation (Minka 2001; Rasmussen & Williams 2006, §3.6): with them what the mean is
taken of hardly varies. It is drawn entry by entry, each given those before it, as by Geweke, Hajivassiliou and Keane,
whose estimator is that of τ = ν = 0: there an entry knows nothing of those that come after it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.special import log_ndtr, logsumexp, ndtri_exp

from prefit._shapes import Matrix, Vector

SWEEPS = 12  # of expectation propagation, all sites at once; our choice
DAMPING = 0.8  # portion of a site that a sweep renews; our choice
SETTLED = 1e-2  # largest change of a site's mean or deviation that another sweep is not worth
BLOCK = 128  # entries drawn between two matrix products


@dataclass(frozen=True)
class Sites:
    """t_i(f) = exp(−τ_i f²/2 + ν_i f), both (n,)."""

    precision: Vector
    shift: Vector

    @classmethod
    def none(cls, n: int) -> Sites:
        return cls(np.zeros(n), np.zeros(n))


@dataclass(frozen=True)
class Tilted:
    """N(f; 0, K) Π t_i = Z N(f; μ, Σ): ln Z, μ and Σ, and the sites."""

    log_scale: float
    mean: Vector
    covariance: Matrix
    sites: Sites


def log_orthant(
    K: Matrix, draws: int, rng: np.random.Generator, progress: Callable[[float], None] = lambda portion: None
) -> Vector:
    """(draws,) ln of numbers, independent given K, whose mean is P(f > 0), f ~ N(0, K), K ≻ 0 (n, n).

    1.3 n³ operations a sweep, and n² draws; K and two more n × n matrices are held. Raises LinAlgError where K is
    singular in float64.
    """
    sites = propagated(K, lambda portion: progress(0.8 * portion))
    return drawn(tilt(K, sites), draws, rng, lambda portion: progress(0.8 + 0.2 * portion))


def log_mean(values: Vector) -> float:
    """ln of the mean of exp(values)."""
    return float(logsumexp(values) - math.log(values.shape[0]))


def propagated(K: Matrix, progress: Callable[[float], None] = lambda portion: None) -> Sites:
    """Sites whose single factors have the moments of the half-line, as far as a few sweeps over all of them go."""
    sites = Sites.none(len(K))
    for sweep in range(SWEEPS):
        sites, change = _swept(K, sites)
        progress((sweep + 1) / SWEEPS)
        if change < SETTLED:
            break
    return sites


def _swept(K: Matrix, sites: Sites) -> tuple[Sites, float]:
    """Every site renewed by the moments of the half-line under all others, and the largest change of a marginal."""
    mean, variances = _marginals(K, sites)
    without = 1.0 / (1.0 / variances - sites.precision)  # variances and means without the site itself
    centre = without * (mean / variances - sites.shift)
    z = centre / np.sqrt(without)
    slope = np.exp(-0.5 * z * z - 0.5 * math.log(2.0 * math.pi) - log_ndtr(z))
    first = centre + np.sqrt(without) * slope
    second = without * np.maximum(1.0 - slope * (z + slope), 1e-10)
    precision = np.maximum(1.0 / second - 1.0 / without, 0.0)
    shift = first / second - centre / without
    change = np.abs(first - mean) / np.sqrt(second) + np.abs(np.sqrt(variances / second) - 1.0)
    return Sites(_damped(sites.precision, precision), _damped(sites.shift, shift)), float(change.max())


def _damped(old: Vector, new: Vector) -> Vector:
    moved: Vector = old + DAMPING * (new - old)
    return moved


def _marginals(K: Matrix, sites: Sites) -> tuple[Vector, Vector]:
    """Means and variances of the single entries under N(μ, Σ)."""
    V, _ = _reduction(K, sites)
    mean = K @ sites.shift - V.T @ (V @ sites.shift)
    return mean, K.diagonal() - np.einsum("ij,ij->j", V, V)


def tilt(K: Matrix, sites: Sites) -> Tilted:
    V, log_determinant = _reduction(K, sites)
    covariance = K - V.T @ V
    mean = covariance @ sites.shift
    return Tilted(0.5 * float(sites.shift @ mean) - 0.5 * log_determinant, mean, covariance, sites)


def _reduction(K: Matrix, sites: Sites) -> tuple[Matrix, float]:
    """V with Σ = K − VᵀV, and ln det B: V = L⁻¹RK, LLᵀ = B = 1 + RKR, R = √T."""
    roots = np.sqrt(sites.precision)
    B = roots[:, None] * K * roots
    B[np.diag_indices_from(B)] += 1.0
    L = scipy.linalg.cholesky(B, lower=True, overwrite_a=True, check_finite=False)
    V = scipy.linalg.solve_triangular(L, roots[:, None] * K, lower=True, overwrite_b=True, check_finite=False)
    return V, 2.0 * float(np.log(L.diagonal()).sum())


def drawn(tilted: Tilted, draws: int, rng: np.random.Generator, progress: Callable[[float], None]) -> Vector:
    """(draws,) ln Z Π_k w_k, w_k = ∫ N(f; m_k, c_k²) 1{f > 0}/t_k(f) df.

    m_k and c_k² are mean and variance of entry k given those before. With v = 1/(1/c² − τ), m' = v(m/c² − ν):
    w = √(v/c²) exp(m'²/(2v) − m²/(2c²)) Φ(m'/√v), and f_k is drawn from the positive part of N(m', v).
    """
    C = scipy.linalg.cholesky(tilted.covariance, lower=True, check_finite=False)
    n = len(C)
    total, Z = np.full(draws, tilted.log_scale), np.zeros((n, draws))
    for first in range(0, n, BLOCK):
        rows = range(first, min(first + BLOCK, n))
        means = tilted.mean[rows, None] + C[rows, :first] @ Z[:first]
        for k in rows:
            m, c = means[k - first] + C[k, first:k] @ Z[first:k], C[k, k]
            tau, nu = tilted.sites.precision[k], tilted.sites.shift[k]
            variance = 1.0 / (1.0 / c**2 - tau)
            if not variance > 0.0:
                raise np.linalg.LinAlgError("the matrix is singular in float64")
            centre = variance * (m / c**2 - nu)
            z = centre / math.sqrt(variance)
            mass = log_ndtr(z)
            total += 0.5 * (math.log(variance / c**2) + z * z - (m / c) ** 2) + mass
            f = centre - math.sqrt(variance) * ndtri_exp(mass + np.log1p(-rng.random(draws)))
            Z[k] = (np.maximum(f, 0.0) - m) / c
        progress(rows[-1] / n)
    return total

"""The PAC-Bayes bounds as they are written: one number after the other."""

from __future__ import annotations

import math

import mpmath
import numpy as np


def kl(q: float, p: float) -> mpmath.mpf:
    """q ln(q/p) + (1 − q) ln((1 − q)/(1 − p)) in fifty digits."""
    with mpmath.workdps(50):
        q, p = mpmath.mpf(q), mpmath.mpf(p)
        first = q * mpmath.log(q / p) if q > 0 else mpmath.mpf(0)
        return first + ((1 - q) * mpmath.log((1 - q) / (1 - p)) if q < 1 else 0)


def divergence(w: np.ndarray, s: np.ndarray, w0: np.ndarray, prior: float) -> float:
    """½ [Σs/λ + ‖w − w_0‖²/λ − d + d ln λ − Σ ln s] (Dziugaite & Roy 2017, §3)."""
    total = -w.size + w.size * math.log(prior)
    for mean, variance, centre in zip(w.ravel(), s.ravel(), w0.ravel(), strict=True):
        total += variance / prior + (mean - centre) ** 2 / prior - math.log(variance)
    return 0.5 * total


def moment(n: int) -> float:
    """ξ(n) = Σ_k C(n, k) (k/n)^k (1 − k/n)^{n−k} (Maurer 2004, Theorem 1)."""
    total = 0.0
    for k in range(n + 1):
        powers = (k * math.log(k / n) if k else 0.0) + ((n - k) * math.log(1 - k / n) if k < n else 0.0)
        total += math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + powers)
    return total


def ghk(K: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """(draws,) P(f > 0), f ~ N(0, K), by Geweke, Hajivassiliou and Keane: entry by entry from the truncated normal."""
    C, out = np.linalg.cholesky(K), np.ones(draws)
    for i in range(draws):
        z = np.zeros(len(K))
        for k in range(len(K)):
            least = -(C[k, :k] @ z[:k]) / C[k, k]
            below = 0.5 * math.erfc(-least / math.sqrt(2.0))
            out[i] *= 1.0 - below
            z[k] = math.sqrt(2.0) * float(mpmath.erfinv(2.0 * (below + rng.random() * (1.0 - below)) - 1.0))
    return out

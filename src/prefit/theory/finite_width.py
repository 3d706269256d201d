"""What holds of a two-layer net at its own width: how far H(0) is from H, and how rich the nets near W(0) are.

f(x) = m^{−1/2} Σ_r a_r σ(w_rᵀx), w_r(0) ~ N(0, κ²I), a_r = ±1 fixed (Arora et al. 2019, §3.1, arXiv:1901.08584).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.kernels import TwoLayer

STRIP = 256  # rows of an n × n or n × m block that are formed at a time


def independent_neurons(width: int, antisymmetric: bool) -> int:
    """m, or m/2 where every neuron stands twice: what probabilities over the start are about (docs/proofs.md P8)."""
    return width // 2 if antisymmetric else width


# Concentration of H(0) -----------------------------------------------------------------------------------------------


def lemma_c3(n: int, delta: float, neurons: int) -> float:
    """n √(log(2n²/δ)/(2m)): ‖H(0) − H‖_F is at most this w.p. ≥ 1 − δ (Lemma C.3)."""
    return n * math.sqrt(math.log(2.0 * n * n / delta) / (2.0 * neurons))


def concentration(gram_norm: float, delta: float, neurons: int) -> float:
    """‖S‖_F (½ + √(½ log(1/δ)))/√m: the same, sharper (our derivation, docs/proofs.md P8)."""
    return gram_norm * (0.5 + math.sqrt(0.5 * math.log(1.0 / delta))) / math.sqrt(neurons)


@dataclass(frozen=True)
class Concentration:
    """deviation ‖H(0) − H‖_F; norm ‖S‖_F; spread √E‖H(0) − H‖_F² (docs/proofs.md P8)."""

    deviation: float
    norm: float
    spread: float


def concentrated(rows: Matrix, neurons: int, kernel: Matrix) -> Concentration:
    """H(0) `kernel` (n, n) held against H of unit rows (n, d): O(n²d), a strip of H at a time.

    E‖H(0) − H‖_F² = (1/m) Σ_ij s_ij² q_ij(1 − q_ij), q_ij = k0(s_ij)/2: s_ij q_ij is H_ij, the mean of m indicators.
    """
    squares, variance, apart = 0.0, 0.0, 0.0
    for start in range(0, rows.shape[0], STRIP):
        strip = slice(start, start + STRIP)
        S = np.clip(rows[strip] @ rows.T, -1.0, 1.0)
        at = np.arange(S.shape[0])
        S[at, start + at] = 1.0
        H = TwoLayer()(S)
        squares += float(np.square(S).sum())
        variance += float((H * (S - H)).sum())
        apart += float(np.square(kernel[strip] - H).sum())
    return Concentration(math.sqrt(apart), math.sqrt(squares), math.sqrt(max(variance, 0.0) / neurons))


# Nets near W(0) ------------------------------------------------------------------------------------------------------


def lemma_5_4(n: int, width: int, init_scale: float, R: float, B: float, delta: float, antisymmetric: bool) -> float:
    """(B/√(2n))(1 + (2 log(2/δ)/m)^{1/4}) + 2R²√m/κ + R√(2 log(2/δ)) (Lemma 5.4).

    Antisymmetric: its Hoeffding terms with m/2 neurons for m (docs/proofs.md P8).
    """
    log, twice = math.log(2.0 / delta), 2.0 if antisymmetric else 1.0
    linear = B / math.sqrt(2.0 * n) * (1.0 + (2.0 * twice * log / width) ** 0.25)
    return float(linear + 2.0 * R * R * math.sqrt(width) / init_scale + R * math.sqrt(2.0 * twice * log))


@dataclass(frozen=True)
class Richness:
    """Parts of the upper bound on R_S of {f_W: ‖w_r − w_r(0)‖ ≤ R, ‖W − W(0)‖_F ≤ B} (docs/proofs.md P17).

    linear   (B/n) ‖Z(0)‖_F, of the linearized nets
    each     E₁ = (1/(2n√m)) Σ_{r,i} (R − |w_r(0)ᵀx_i|)₊, when every neuron may move by R
    total    E₂ = (1/(2n√m)) Σ_i [e_i⁺(B) + e_i⁻(B)], when all together may move by B
    """

    linear: float
    each: float
    total: float

    @property
    def bound(self) -> float:
        return self.linear + min(self.each, self.total)


def richness(W: Matrix, signs: Vector, rows: Matrix, R: float, B: float) -> Richness:
    """From W(0) (m, d), signs a (m,) and unit rows (n, d), without probability: O(nm(d + log m)), a strip at a time."""
    n, m = rows.shape[0], W.shape[0]
    active, each, total = 0, 0.0, 0.0
    for start in range(0, n, STRIP):
        U = rows[start : start + STRIP] @ W.T
        active += int((U >= 0.0).sum())
        distances = np.abs(U)
        each += float(np.maximum(R - distances, 0.0).sum())
        for side in (1.0, -1.0):
            total += float(crossing(distances[:, signs == side], B).sum())
    scale = 1.0 / (2.0 * n * math.sqrt(m))
    return Richness(B / n * math.sqrt(active / m), scale * each, scale * total)


def crossing(distances: Matrix, reach: float) -> Vector:
    """(b,) e_i(t) = max_k (t√k − sum of the k smallest of the row), distances (b, m) ≥ 0 and t = reach.

    What a budget of squared movement t² can add beyond the linear part where it takes neurons over to the other side.
    """
    ordered = np.sort(distances, axis=1)
    roots = reach * np.sqrt(np.arange(1.0, distances.shape[1] + 1.0))
    gains = roots - np.cumsum(ordered, axis=1)
    best: Vector = np.maximum(gains.max(axis=1, initial=0.0), 0.0)
    return best

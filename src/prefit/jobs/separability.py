"""Margins of labels ±1 on data: what Cao & Gu's assumptions call γ, and the constant of their gradient lower bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.data.distinct import distinct_inputs
from prefit.kernels import NTK, Conjugate, Kernel
from prefit.theory.margins import HeldKernel, Margin
from prefit.theory.separability import FEATURES, RandomFeatureMargin, default_fresh, random_feature_margin

MATRICES = 2.2  # n × n numbers in memory at once: one, and what forms it
# Nominal rates, as in `jobs.plan`: seconds are told, and decide nothing.
RATE, VALUE = 4.5e10, 1.5e-8  # floating-point operations a second and core; seconds a value of a kernel
EXCHANGES = 600.0  # passes over n numbers an example, until a bracket closes
PROGRAMME = 2.0  # seconds of the linear programmes of 1,000 examples


@dataclass(frozen=True)
class MeasuredMargins:
    """The margins of one set of labels for a net of L hidden layers.

    layers      L
    features    γ₁ of Assumption 3.3: random ReLU features of the inputs, whatever L
    conjugate   γ₂ of Assumption 3.4: hard margin in the RKHS of the conjugate kernel Σ^{L−1}, He scaling
    last_layer  B_* of K_L, the limit of the gradient lower bound's B: at least γ₂/2
    """

    layers: int
    features: RandomFeatureMargin
    conjugate: Margin
    last_layer: Margin

    @property
    def printed(self) -> Margin:
        """γ₂ in the scaling that the paper prints, κ^{(L−1)} = 2^{−(L−1)} Σ^{L−1}."""
        return self.conjugate.scaled(2.0 ** (-(self.layers - 1) / 2.0))


@dataclass(frozen=True)
class SignedRows:
    """What margins are of: unit rows (n, d), none twice, with labels (n,) ±1.

    contradicting   a row carries both labels: a function that separates them would take two values there, so that every
                    margin is 0
    """

    rows: Matrix
    labels: Vector
    contradicting: bool = False

    @classmethod
    def of(cls, rows: Matrix, labels: Vector) -> SignedRows:
        """Rows that coincide are taken once."""
        found = distinct_inputs(rows)
        if found.in_conflict(labels[:, None]).size:
            return cls(rows, labels, True)
        return cls(np.ascontiguousarray(rows[found.first]), np.ascontiguousarray(labels[found.first]))

    def features(
        self,
        delta: float,
        features: int = FEATURES,
        fresh: int | None = None,
        seed: int = 0,
        progress: Callable[[float], None] = lambda portion: None,
    ) -> RandomFeatureMargin:
        """γ₁: M draws of the linear programme, `fresh` draws that it is held against."""
        if self.contradicting:
            return RandomFeatureMargin.nothing(features, delta, self.labels.size)
        return random_feature_margin(self.rows, self.labels, delta, features, fresh, seed, progress)

    def conjugate(self, layers: int) -> Margin:
        """γ₂ for a net of L hidden layers: of Σ^{L−1}, of the inputs themselves for L = 1."""
        return self.of_kernel(None if layers == 1 else Conjugate(layers - 1))

    def last_layer(self, layers: int) -> Margin:
        """B_* of K_L."""
        return self.of_kernel(NTK(layers).layer(layers))

    def of_kernel(self, kernel: Kernel | None) -> Margin:
        """B_* of any kernel; None is that of the inputs themselves."""
        if self.contradicting:
            return Margin(0.0, 0.0, np.full(self.labels.size, 1.0 / self.labels.size), True)
        return HeldKernel.of(self.rows, kernel).margin(self.labels)


def measured_margins(
    rows: Matrix,
    labels: Vector,
    layers: int,
    *,
    delta: float = 0.05,
    features: int = FEATURES,
    fresh: int | None = None,
    seed: int = 0,
    progress: Callable[[float], None] = lambda portion: None,
) -> MeasuredMargins:
    """The three margins of labels (n,) ±1 on unit rows (n, d), n to 10,000: brackets, and for γ₁ an interval at 1 − δ.

    Rows that coincide are taken once; where their labels differ nothing separates them, and every margin is 0.

    layers    L, hidden layers of the net
    features  M draws of the linear programme; fresh: M' draws that γ₁ is held against, by default what takes seconds
    """
    signed = SignedRows.of(rows, labels)
    by_features = signed.features(delta, features, fresh, seed, lambda portion: progress(0.8 * portion))
    below = signed.conjugate(layers)
    progress(0.9)
    own = signed.last_layer(layers)
    progress(1.0)
    return MeasuredMargins(layers, by_features, below, own)


# How much -------------------------------------------------------------------------------------------------------------


def margin_bytes(n: int) -> int:
    """What the margins of n examples hold at once: a matrix and what forms it, or the features and their products."""
    return int(max(MATRICES * 8.0 * n**2, 4.0 * 8.0 * n * FEATURES))


def margin_seconds(n: int, d: int, kernels: int, features: bool, threads: int) -> float:
    """A rough time (an estimate, within ×3 on images) of so many hard margins, and of γ₁ where `features` says so."""
    forming = float(n) ** 2 * (2.0 * d / RATE + VALUE) / threads
    solving = EXCHANGES * float(n) ** 2 / RATE
    drawing = default_fresh(n, d) * float(n) * (2.0 * d + 50.0) / (RATE * threads)
    programme = PROGRAMME * (n / 1000.0) ** 1.5
    count = kernels + features
    return 1.0 + count * (forming + solving) + (programme + drawing if features else 0.0)

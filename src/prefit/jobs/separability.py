"""Margins of labels ±1 on data: what Cao & Gu's assumptions call γ, and the constant of their gradient lower bound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.data.distinct import distinct_inputs
from prefit.kernels import NTK, Conjugate
from prefit.theory.margins import HeldKernel, Margin
from prefit.theory.separability import FEATURES, RandomFeatureMargin, random_feature_margin


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
    found = distinct_inputs(rows)
    if found.in_conflict(labels[:, None]).size:
        return _none(layers, features, delta, rows.shape[0])
    rows, labels = np.ascontiguousarray(rows[found.first]), np.ascontiguousarray(labels[found.first])
    by_features = random_feature_margin(
        rows, labels, delta, features, fresh, seed, lambda portion: progress(0.8 * portion)
    )
    below = HeldKernel.of(rows, None if layers == 1 else Conjugate(layers - 1)).margin(labels)
    progress(0.9)
    own = HeldKernel.of(rows, NTK(layers).layer(layers)).margin(labels)
    progress(1.0)
    return MeasuredMargins(layers, by_features, below, own)


def _none(layers: int, features: int, delta: float, n: int) -> MeasuredMargins:
    """Every margin is 0: a function that separates would have to take two values at one input."""
    nothing = Margin(0.0, 0.0, np.full(n, 1.0 / n), True)
    return MeasuredMargins(layers, RandomFeatureMargin.nothing(features, delta, n), nothing, nothing)

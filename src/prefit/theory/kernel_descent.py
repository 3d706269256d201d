"""Gradient descent of outputs under a fixed kernel: what a net does whose kernel does not change as it trains.

F(k + 1) = F(k) − η m̃ K ∂loss/∂F, m̃K = J Jᵀ the kernel of the gradients (m̃ = 1 for outputs over √m, m for Cao & Gu's
net). With K = H and F(0) = 0 it is Arora et al.'s ũ (2019, §4, arXiv:1901.08584); with the net's own kernel and outputs
at k = 0 it is the net linearized at W(0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix, Vector
from prefit.spectra import Decomposition, combine
from prefit.theory.arora2019 import decay, distances
from prefit.training.losses import Loss


@dataclass(frozen=True)
class Descended:
    """outputs (t, n, c) at the steps asked for; distance (t,) ‖W(k) − W(0)‖_F of the linear net."""

    outputs: AnyArray
    distance: Vector


def by_spectrum(
    parts: Sequence[Decomposition], Y: Matrix, rate: float, scale: float, steps: Sequence[int] | Indices
) -> Descended:
    """Square losses, in closed form: F(k) − Y = (I − rK)^k (F(0) − Y), r = η β m̃, β the smoothness of the loss.

    parts   Y − F(0) in the spectrum of K: columns one after the other, or all as one long column (n c,) row by row
    rate    r; scale m̃. The distance is √(Σ (1 − (1 − rλ)^k)² (vᵀ(Y − F(0)))²/(m̃λ)) (Lemma 5.3, §5.2)
    """
    times = np.asarray(steps, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # a step size that is too large makes it infinite
        left = np.concatenate([part.apply_many(lambda nodes: decay(nodes, rate, times)) for part in parts], axis=1)
        measure = combine([part.measure() for part in parts])
        moved = distances(measure, rate, steps) / math.sqrt(scale)
        outputs = Y - np.moveaxis(left.reshape(*Y.shape, times.size), 2, 0)
    return Descended(outputs, moved)


def step_by_step(
    K: Matrix, start: Matrix, Y: Matrix, loss: Loss, rate: float, scale: float, steps: Sequence[int] | Indices
) -> Descended:
    """Any loss: one product with K (n, n) a step, from outputs `start` (n, c); rate η.

    With Γ = η Σ_j ∂loss/∂F(j) the weights have moved by −JᵀΓ and the outputs by −m̃KΓ: the squared distance is
    −⟨Γ, F(k) − F(0)⟩.
    """
    F, total, wanted = start.copy(), np.zeros_like(start), {int(k) for k in steps}
    outputs, moved = [], []
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(max(wanted) + 1):
            if k in wanted:
                outputs.append(F.copy())
                moved.append(math.sqrt(max(-float((total * (F - start)).sum()), 0.0)))
            G = rate * loss.gradient(F, Y)
            total += G
            F = F - scale * (K @ G)
    return Descended(np.stack(outputs), np.array(moved))

"""Generalization of functions in the kernel's space, with explicit constants (our derivation, docs/proofs.md P7).

For a kernel, a loss in [0, 1] that is 1-Lipschitz and a grid b, all fixed before the sample, with probability ≥ 1 − δ
for all f of the kernel's space at once, j = max(1, ⌈‖f‖/b⌉):
L_D(f) ≤ L_S(f) + 2bj√(κ(1)/n) + √(log(j(j + 1)/δ)/(2n)).
Only selecting f is free: step, ridge, multiple. It holds for the infinite-width network after any number of steps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Indices, Matrix, Vector

GRID = 0.25  # b, our choice; Arora et al. have 1
SCALES = np.concatenate([[1.0], np.geomspace(0.25, 16.0, 37)])  # multiples of the predictor that are tried


@dataclass(frozen=True)
class KernelClass:
    """What is fixed before the sample, and n.

    slope      2 × the loss's Lipschitz constant × the contraction's factor: 2 for ±1, 4 for a column of a class code,
               4√c for the argmax error of c classes
    trace      κ(1), or tr K/n of the sample where lengths are not bounded beforehand
    bounded    κ(x, x) ≤ trace is known beforehand (inputs on the sphere)
    """

    n: int
    delta: float
    trace: float
    slope: float = 2.0
    grid: float = GRID
    bounded: bool = True

    def beyond_loss(self, norm: float | Vector) -> Vector:
        """What the bound adds to the training loss of a function of this norm (any shape)."""
        j = np.maximum(1.0, np.ceil(np.asarray(norm, dtype=np.float64) / self.grid))
        complexity = self.slope * self.grid * j * math.sqrt(self.trace / self.n)
        if self.bounded:
            tail = np.sqrt(np.log(j * (j + 1.0) / self.delta) / (2.0 * self.n))
        else:
            tail = 3.0 * np.sqrt(np.log(2.0 * j * (j + 1.0) / self.delta) / (2.0 * self.n))
        total: Vector = complexity + tail
        return total

    def at_convergence(self, quadratic_form: float) -> float:
        """The bound of the interpolant: no training loss, squared norm yᵀK⁻¹y."""
        return float(self.beyond_loss(math.sqrt(quadratic_form)))


def binary_ramp(Y: Matrix, F: Matrix) -> Vector:
    """(n,) min(1, max(0, 1 − y f)) for codes Y (n, 1) in ±1 and outputs F (n, 1): at least the 0–1 error."""
    loss: Vector = np.clip(1.0 - Y[:, 0] * F[:, 0], 0.0, 1.0)
    return loss


def column_ramp(y: Vector, f: Vector, classes: int) -> Vector:
    """(n,) ramp of slope 2 for one column of the code one-hot minus 1/c: 0 at the code, 1 on a one-vs-rest error."""
    side = np.where(y > 0.0, 1.0, -1.0)
    loss: Vector = np.clip(1.0 - 2.0 * side * (f - 0.5 + 1.0 / classes), 0.0, 1.0)
    return loss


def class_margins(labels: Indices, F: Matrix) -> Vector:
    """(n,) f_y − max_{a≠y} f_a for outputs F (n, c) and class indices."""
    rows = np.arange(F.shape[0])
    others = F.copy()
    others[rows, labels] = -np.inf
    margins: Vector = F[rows, labels] - others.max(axis=1)
    return margins


def margin_ramp(labels: Indices, F: Matrix) -> Vector:
    """(n,) min(1, max(0, 1 − f_y + max_{a≠y} f_a)): at least the argmax error."""
    loss: Vector = np.clip(1.0 - class_margins(labels, F), 0.0, 1.0)
    return loss


def absolute_loss(Y: Matrix, F: Matrix) -> Vector:
    """(n,) min(1, |y − f|), the loss of a regression."""
    loss: Vector = np.minimum(1.0, np.abs(Y[:, 0] - F[:, 0]))
    return loss


def paper_bound(quadratic_form: float, n: int, delta: float, lambda_0: float) -> float:
    """Arora et al.'s Theorem 5.1 with its own constants, infinite width (assembled from its Appendix D.3).

    √(2yᵀH⁻¹y/n) + 5/√n + 3√(log(6N/δ)/(2n)), N = ⌈√(n/λ0)⌉ + 1; λ0 is a constant of the distribution known before the
    sample, never the sample's λ_min.
    """
    radii = math.ceil(math.sqrt(n / lambda_0)) + 1
    return (
        math.sqrt(2.0 * quadratic_form / n)
        + 5.0 / math.sqrt(n)
        + 3.0 * math.sqrt(math.log(6.0 * radii / delta) / (2.0 * n))
    )

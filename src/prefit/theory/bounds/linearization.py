"""Nets of any depth near their start: how rich they are, and how far from linear, over all movements of given lengths.

From the start and the inputs alone (docs/proofs.md P20). What the linearized net does not have comes from two places: a
layer that moves meets inputs that the layers below it have changed, and units change sides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.theory.bounds.near_start import crossing
from prefit.theory.bounds.subject import Layered
from prefit.theory.bounds.tangent import strips


@dataclass(frozen=True)
class Richness:
    """Parts of the upper bound on R_S of a class of nets of one output.

    linear   (1/n) Σ_l τ_l √(Σ_i ‖∂f(x_i)/∂A_l‖_F²), the linearized nets
    meeting  (1/n) Σ_i Σ_l τ_l ‖∂f(x_i)/∂z_l‖ ρ_{l−1}(x_i), layers that move on inputs that moved
    sides    (1/(2n)) Σ_i Σ_l of what units that change sides can add, upwards and downwards
    """

    linear: float
    meeting: float
    sides: float

    @property
    def rest(self) -> float:
        """I₁, what is not linear."""
        return self.meeting + self.sides


def richness(
    net: Layered, X: Matrix, radii: Vector, progress: Callable[[float], None] = lambda portion: None
) -> Richness:
    """Of {f_W: ‖A_l − A_l(0)‖_F ≤ τ_l for every layer}, without probability: O(n · weights + n m log m).

    X       (n, d) inputs of any length
    radii   (D,) τ_l, 0 for a layer that is not trained
    """
    n, depth, norms = X.shape[0], len(net.start), net.start_spectral_norms
    squares, meeting, sides = np.zeros(depth), 0.0, 0.0
    for rows in strips(n, progress):
        before = net.hidden(X[rows], start=True)
        below = [X[rows], *(np.maximum(Z, 0.0) for Z in before[:-1])]
        lengths = [np.linalg.norm(values, axis=1) for values in below]
        reached = [np.zeros(len(lengths[0]))]  # how far the inputs of each layer can move
        for l in range(depth):
            reached.append(norms[l] * reached[l] + radii[l] * (lengths[l] + reached[l]))
        back: Matrix = np.ones((len(lengths[0]), 1))
        for l in reversed(range(depth)):
            slopes = np.linalg.norm(back, axis=1)
            squares[l] += float(np.square(lengths[l] * slopes).sum())
            meeting += float(radii[l]) * float((slopes * reached[l]).sum())
            if l:
                back, distances = back @ net.start[l], np.abs(before[l - 1])
                for side in (back, -back):
                    sides += float(crossing(distances, np.maximum(side, 0.0), reached[l]).sum())
                back *= before[l - 1] >= 0.0
    return Richness(float(radii @ np.sqrt(squares)) / n, meeting / n, sides / (2.0 * n))

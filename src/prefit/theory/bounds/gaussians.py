"""A random network: a normal distribution over the weights of a net, and how far it is from one fixed beforehand."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prefit._shapes import Matrix
from prefit.theory.bounds.subject import Layered

Mask = NDArray[np.bool_]
RATIO = 2.0  # of the prior's variances, our choice


@dataclass(frozen=True)
class Variances:
    """λ_j = unit · ratio^j, j = 0, ±1, ±2, …, with the share 1/(2(|j| + 1)(|j| + 2)) of the failure probability each.

    The shares sum to ¾. Dziugaite & Roy take c e^{−j/b}, j ≥ 1, with 6/(π²j²).

    unit   of the layer, chosen before the sample: mean square of its entries at the start
    """

    unit: float

    def at(self, j: int) -> float:
        return float(self.unit * RATIO**j)

    def nearest(self, value: float) -> int:
        return round(math.log(value / self.unit) / math.log(RATIO))

    def cost(self, j: int) -> float:
        """ln(1/share)."""
        return math.log(2.0 * (abs(j) + 1.0) * (abs(j) + 2.0))


@dataclass(frozen=True)
class Prior:
    """N(w(0), λ_l I) over the random entries of layer l, for a net whose start w(0) was drawn without the sample.

    centres   A_l(0)
    random    which entries are random: those of trained layers but for rows (0, …, 0, 1), which hand a constant on
    grids     of λ_l, where the layer has random entries
    """

    centres: tuple[Matrix, ...]
    random: tuple[Mask, ...]
    grids: tuple[Variances, ...]

    @classmethod
    def of(cls, net: Layered) -> Prior:
        masks = tuple(_random_entries(A, trained) for A, trained in zip(net.start, net.trained, strict=True))
        pairs = list(zip(net.start, masks, strict=True))
        squares = [float(np.square(A[mask]).mean()) if mask.any() else 0.0 for A, mask in pairs]
        return cls(net.start, masks, tuple(Variances(unit if unit > 0.0 else 1.0) for unit in squares))

    @property
    def entries(self) -> int:
        """Random numbers."""
        return sum(int(mask.sum()) for mask in self.random)

    def cost(self, chosen: tuple[int, ...]) -> float:
        """ln(1/share) of the variances chosen, one a layer that has random entries."""
        there = zip(self.grids, self.random, chosen, strict=True)
        return sum(grid.cost(j) for grid, mask, j in there if mask.any())


def _random_entries(start: Matrix, trained: bool) -> Mask:
    mask = np.full(start.shape, trained)
    handing = (start[:, -1] == 1.0) & (start[:, :-1] == 0.0).all(axis=1)
    mask[handing] = False
    return mask


@dataclass(frozen=True)
class Posterior:
    """N(w, diag s): entries are independent; those that are not random are the prior's centres.

    means      w, the matrices of the net in the middle
    variances  s, 0 where an entry is not random
    chosen     λ_l by its place on the prior's grid
    """

    means: tuple[Matrix, ...]
    variances: tuple[Matrix, ...]
    chosen: tuple[int, ...]

    def divergence(self, prior: Prior) -> float:
        """KL(Q‖P) = ½ Σ [s/λ − 1 − ln(s/λ) + (w − w(0))²/λ] over the random entries, in float64."""
        total = 0.0
        layers = zip(self.means, self.variances, prior.centres, prior.random, prior.grids, self.chosen, strict=True)
        for mean, variance, centre, mask, grid, j in layers:
            ratio = variance[mask] / grid.at(j)
            moved = np.square(mean[mask] - centre[mask]).sum() / grid.at(j)
            total += 0.5 * float((ratio - 1.0 - np.log(ratio)).sum() + moved)
        return total

    def drawn(self, rng: np.random.Generator) -> tuple[Matrix, ...]:
        """The matrices of one network of the posterior."""
        pairs = zip(self.means, self.variances, strict=True)
        return tuple(mean + np.sqrt(variance) * rng.standard_normal(mean.shape) for mean, variance in pairs)

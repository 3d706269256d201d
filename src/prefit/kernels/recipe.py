"""A kernel as numbers: how it is put together from the arc-cosine kernels of its layers."""

from dataclasses import dataclass

import numpy as np

from prefit._shapes import Vector


@dataclass(frozen=True)
class Recipe:
    """κ = backward·Σ_{l=1}^{L} w_l Σ^{l−1} Π_{l'=l}^{L} k0(Σ^{l'−1}) + forward·Σ^L.

    Σ⁰ = s, Σ^l = k1(Σ^{l−1}). The first sum is the kernel of the gradients of the hidden layers, the second
    that of the last hidden outputs.
    """

    layers: tuple[float, ...]  # w_1 … w_L, each 0 or 1
    backward: float
    forward: float

    @property
    def depth(self) -> int:
        """L."""
        return len(self.layers)

    @property
    def weights(self) -> Vector:
        """(L,) w_1 … w_L."""
        return np.array(self.layers)

    @property
    def diagonal(self) -> float:
        """κ(1): every Σ^l and k0 is 1 there."""
        return self.backward * sum(self.layers) + self.forward

"""The tangent kernel with every layer trained and a Gaussian output layer."""

from dataclasses import dataclass

from prefit.kernels.base import Kernel, checked_depth
from prefit.kernels.recipe import Recipe


@dataclass(frozen=True)
class StandardNTK(Kernel):
    """Θ ← Θ·k0(Σ^{l−1}) + Σ^l for l = 1 … L, starting at Θ = Σ⁰ = s; diagonal L + 1.

    Jacot, Gabriel & Hongler (2018), arXiv:1806.07572, ReLU with He scaling. Unrolled: Σ^L + 2Θ_L, with the
    Θ_L of `NTK`.
    """

    layers: int

    def __post_init__(self) -> None:
        checked_depth(self.layers, "standard-ntk:L")

    @property
    def name(self) -> str:
        return f"standard-ntk:{self.layers}"

    @property
    def depth(self) -> int:
        return self.layers

    @property
    def recipe(self) -> Recipe:
        return Recipe(layers=(1.0,) * self.layers, backward=1.0, forward=1.0)

"""The tangent kernel of the nets of Cao & Gu (2020): hidden layers trained, output weights fixed signs."""

from dataclasses import dataclass

from prefit.errors import InputError
from prefit.kernels.base import Kernel, checked_depth
from prefit.kernels.recipe import Recipe


@dataclass(frozen=True)
class NTK(Kernel):
    """Θ_L = ½ Σ_{l=1}^{L} Σ^{l−1} Π_{l'=l}^{L} k0(Σ^{l'−1}), diagonal L/2; Θ_1 is the two-layer kernel.

    Gradients of the net of Cao & Gu (2020), §2, arXiv:1902.01384, with L hidden layers of equal width m → ∞,
    divided by m: our derivation, docs/proofs.md P1.
    """

    layers: int

    def __post_init__(self) -> None:
        checked_depth(self.layers, "ntk:L")

    @property
    def name(self) -> str:
        return f"ntk:{self.layers}"

    @property
    def depth(self) -> int:
        return self.layers

    @property
    def recipe(self) -> Recipe:
        return Recipe(layers=(1.0,) * self.layers, backward=0.5, forward=0.0)

    def layer(self, index: int) -> "LayerNTK":
        """The kernel of the weights of layer `index` alone, 1 … L; these kernels add up to this one."""
        return LayerNTK(self.layers, index)


@dataclass(frozen=True)
class LayerNTK(Kernel):
    """The l-th summand ½ Σ^{l−1} Π_{l'=l}^{L} k0(Σ^{l'−1}) of Θ_L, diagonal 1/2: only layer l is trained.

    l = L gives K_L = ½ Σ^{L−1} k0(Σ^{L−1}) of the last hidden layer. Our derivation, docs/proofs.md P1.
    """

    layers: int
    index: int

    def __post_init__(self) -> None:
        checked_depth(self.layers, "ntk:L")
        if not 1 <= self.index <= self.layers:
            raise InputError(
                f"layer of {f'ntk:{self.layers}'} must be from 1 to {self.layers}: got {self.index}. "
                "Layer 1 is the one next to the input."
            )

    @property
    def name(self) -> str:
        return f"ntk:{self.layers}/layer:{self.index}"

    @property
    def depth(self) -> int:
        return self.layers

    @property
    def recipe(self) -> Recipe:
        chosen = tuple(float(layer == self.index) for layer in range(1, self.layers + 1))
        return Recipe(layers=chosen, backward=0.5, forward=0.0)

"""The kernel of two-layer nets whose first layer is trained."""

from dataclasses import dataclass

from prefit.kernels.base import Kernel
from prefit.kernels.recipe import Recipe


@dataclass(frozen=True)
class TwoLayer(Kernel):
    """H(s) = s(π − arccos s)/(2π), diagonal 1/2: Arora et al. (2019), eq. 3, arXiv:1901.08584."""

    @property
    def name(self) -> str:
        return "two-layer"

    @property
    def depth(self) -> int:
        return 1

    @property
    def recipe(self) -> Recipe:
        return Recipe(layers=(1.0,), backward=0.5, forward=0.0)

    @property
    def slack(self) -> float:
        """8u, as in theory §4.1: k0 within 3u, halved, and one rounding."""
        return 8.0

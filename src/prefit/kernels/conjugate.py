"""The forward (conjugate, NNGP) kernel: covariances of the last hidden outputs."""

from dataclasses import dataclass
from typing import Literal

from prefit.errors import InputError
from prefit.kernels.base import Kernel, checked_depth
from prefit.kernels.recipe import Recipe


@dataclass(frozen=True)
class Conjugate(Kernel):
    """Σ^L, Σ⁰ = s, Σ^l = k1(Σ^{l−1}), k1(s) = (√(1 − s²) + s(π − arccos s))/π; diagonal 1.

    The arc-cosine kernel of Cho & Saul (2009), degree 1, composed L times: weights of variance 2/width (He).
    Cao & Gu (2020), Assumption 3.4, arXiv:1902.01384, print it without that factor 2, κ^(L) = 2^{−L}Σ^L:
    scaling="printed".
    """

    layers: int
    scaling: Literal["he", "printed"] = "he"

    def __post_init__(self) -> None:
        checked_depth(self.layers, "conjugate:L")
        if self.scaling not in ("he", "printed"):
            raise InputError(f'scaling must be "he" or "printed": got {self.scaling!r}. Leave it out for "he".')

    @property
    def name(self) -> str:
        return f"conjugate:{self.layers}" + ("/printed" if self.scaling == "printed" else "")

    @property
    def depth(self) -> int:
        return self.layers

    @property
    def recipe(self) -> Recipe:
        scale = 1.0 if self.scaling == "he" else 0.5**self.layers
        return Recipe(layers=(0.0,) * self.layers, backward=0.0, forward=scale)

    @property
    def slack(self) -> float:
        """Nothing beyond the 8Lu that the argument of the outermost function carries already."""
        return 0.0

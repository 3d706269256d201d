"""The margins that Cao & Gu (2020) assume, measured: the part of a forecast that `--margin` adds."""

from __future__ import annotations

from pydantic import Field

from prefit.documents.model import Document, Finite, Interval


class SampledMargin(Document):
    """The margin that random features reach on a number of draws, the value of a linear programme."""

    features: int = Field(description="draws u_j of N(0, I)")
    lower: Finite = Field(description="reached by some choice of |c_j| at most 1; 0 where none separates the labels")
    upper: Finite = Field(description="reached by none")
    standard_error: Finite = Field(description="of the value over other draws, estimated")
    closed: bool = Field(description="the ends are within 2e-4 of each other, or no margin above 1e-5 exists")


class FeatureMargin(Document):
    """γ₁ of Assumption 3.3: max over |c(u)| at most 1 of min_i y_i E[c(u) σ(uᵀx_i)], u of N(0, I)."""

    lower: Finite = Field(
        description="of an interval that holds γ₁ with probability 1 − delta over the draws: its lower end"
    )
    upper: Finite = Field(description="its upper end")
    fresh: int = Field(description="draws that the interval is made from; 0 where nothing can separate the labels")
    primal: Finite = Field(description="what a function c reaches on them: in expectation at most γ₁")
    primal_error: Finite = Field(description="its standard error")
    dual: Finite = Field(description="what weights of the examples prove on them: in expectation at least γ₁")
    dual_error: Finite = Field(description="its standard error")
    curve: list[SampledMargin] = Field(description="on M draws, M doubling: in expectation at most γ₁, and increasing")


class Separability(Document):
    """Margins for a net of so many hidden layers (docs/margins.md), each 0 where it does not separate the labels."""

    layers: int = Field(description="L, hidden layers: the kernel's, 1 for two-layer")
    delta: Finite = Field(description="failure probability of the interval of γ₁")
    random_features: FeatureMargin
    conjugate: Interval = Field(description="γ₂ of Assumption 3.4 in He's scaling: hard margin of Σ^(L−1)")
    conjugate_printed: Interval = Field(description="the same in the paper's scaling, 2^(−(L−1)/2) times it")
    last_layer: Interval = Field(description="B_*: hard margin of K_L, the limit of the gradient lower bound's B")

"""What it takes to learn a target function, `prefit.learnable/1`: its norm in each kernel's space, and the samples."""

from __future__ import annotations

import math
from typing import Any, Literal

from pydantic import Field, model_validator

from prefit.documents.model import Document, Finite, Status
from prefit.documents.run import SourcePart

SCHEMA = "prefit.learnable/1"
MOST_EXAMPLES = 10**9  # some eight hundred times ImageNet, and a kernel with 10¹⁸ entries
Standing = Literal["finite", "infinite", "undecided"]


class TargetTerm(Document):
    """All that is of one degree in the projections."""

    degree: int
    text: str = Field(description="as it would be typed; functions by their power series to degree 12")


class TargetPart(Document):
    """The function, as it was understood."""

    text: str = Field(description="as it was typed")
    normalized: str = Field(description="the same in one way of writing: t1 for t, ^ for **, spaces about + and -")
    projections: list[int] = Field(description="indices j of the projections t_j = β_jᵀx in it")
    matrices: list[str] = Field(description="letters of the matrices in it")
    orthonormal: bool = Field(description="the β_j are orthonormal, or were taken for it; else a file gives them")
    rank: int = Field(description="dimension of what the projections span")
    polynomial: bool = Field(description="no function of it needs a power series")
    degree: int | None = Field(description="of a polynomial; null where a power series stands in it")
    expanded_to: int | None = Field(description="degree up to which power series were computed; null for a polynomial")
    terms: list[TargetTerm] = Field(description="by degree, the lowest first")
    largest: Finite | None = Field(description="a bound on |g| over the sphere; null where none is known")


class Shares(Document):
    """How the squared norm is made up, degree by degree."""

    degree: list[int]
    amount: list[Finite] = Field(description="squared norm of what the function has of that degree, before dividing")
    kernel: list[Finite] = Field(description="what the kernel has of it: c_p of its power series, or κ_k on the sphere")
    portion: list[Finite] = Field(description="of the squared norm: amount/kernel over their sum")


class MissingTerm(Document):
    """Something in the function that the kernel has not."""

    degree: int
    text: str = Field(description="the terms of that degree, or the harmonic")
    certain: bool = Field(description="false where rounding leaves open whether the function has it")
    reason: str = Field(description="why the kernel has it not, and what mends that")


class NormByDimension(Document):
    """A bound on √(yᵀK⁻¹y) that grows with the dimension: base + root·√d."""

    base: Finite = Field(description="of the function without its constant, rounded up")
    root: Finite = Field(description="of its constant, which is a multiple of |x|² on the sphere, rounded up")

    def at(self, dimension: int) -> float:
        """Its value for inputs of d features."""
        return self.base + self.root * math.sqrt(dimension)


class KernelNorm(Document):
    name: str = Field(description="as in --kernel")
    diagonal: Finite = Field(description="κ(1)")
    norm: Finite | None = Field(
        description="series bound on √(yᵀK⁻¹y), the same in every dimension, rounded up with its tail; null: see "
        "norm_reason"
    )
    series: Standing | None = Field(
        default=None,
        description="whether the series bound is finite; undecided: rounding or an unknown tail leaves it open",
    )
    norm_by_dimension: NormByDimension | None = Field(
        default=None,
        description="the series bound for every d where the function's constant is all that the kernel's power series "
        "lacks; null elsewhere",
    )
    norm_reason: str = Field(description="why there is no series bound; empty where there is one")
    sphere_norm: Finite | None = Field(
        description="the norm itself on the sphere of the dimension, its certified upper end; null without a "
        "dimension, or where it is not finite"
    )
    sphere_lower: Finite | None = Field(description="its lower end")
    sphere: Standing | None = Field(
        description="whether the norm on the sphere is finite; undecided: rounding or an unknown tail leaves it open; "
        "null without a dimension"
    )
    paper_norm: Finite | None = Field(
        description="3Σ p|α|‖β‖^p of Arora et al. 2019, Theorem 6.1 and Corollary 6.2; null: see paper_reason"
    )
    paper_reason: str = Field(description="why the theorem gives no number; empty where it does")
    learnable: bool | None = Field(description="whether the norm is finite; null where that is left open")
    missing_terms: list[MissingTerm] = Field(description="what is not learnable with this kernel, and why")
    samples: int | None = Field(
        description="examples with which the interpolant's loss is at most ε with probability 1 − δ, from the smaller "
        "norm there is; 0 for the function 0; null without a finite one"
    )
    samples_by: Literal["series", "dimension", "sphere"] | None = Field(
        description="the norm that they are from: norm, norm_by_dimension at the dimension, or sphere_norm"
    )
    out_of_reach: bool = Field(
        default=False, description="it is learnable, but by this bound from more examples than most_examples"
    )
    degrees: Shares | None = Field(description="the series bound by degree; null where it is not finite")
    harmonics: Shares | None = Field(description="the norm on the sphere by harmonics; null where it is not finite")

    @model_validator(mode="before")
    @classmethod
    def _of_before_out_of_reach(cls, data: Any) -> Any:
        """Documents from before `out_of_reach` was a field tell it by their examples: too many, or beyond floats."""
        if not isinstance(data, dict) or "out_of_reach" in data:
            return data
        n, norms = data.get("samples"), (data.get("norm"), data.get("sphere_norm"))
        is_far = n > MOST_EXAMPLES if isinstance(n, int) else any(norm is not None for norm in norms)
        return data | {"out_of_reach": is_far}

    def bound(self, dimension: int | None) -> float | None:
        """The norm that the examples are from; None where they have none."""
        if self.samples_by == "dimension" and self.norm_by_dimension is not None and dimension is not None:
            return self.norm_by_dimension.at(dimension)
        return self.sphere_norm if self.samples_by == "sphere" else self.norm


class MeasureValue(Document):
    """A sum of a paper for one value of its unnamed constant."""

    constant: Finite = Field(description="what the unnamed constant is taken to be")
    log10: Finite | None = Field(
        description="log₁₀ of the sum; null where that is 0, does not converge, or is not known to"
    )
    standing: Literal["the sum", "at least", "does not converge", "not known to converge"] = Field(
        description="the sum, rounded up; at least: a part of a sum that converges; or that it does not converge, as "
        "its terms tell as far as they are known"
    )


class Measure(Document):
    """The measure of Allen-Zhu, Li and Liang 2018 for the same function."""

    formula: str
    source: SourcePart
    values: list[MeasureValue] = Field(description="empty where the measure is not defined for this function")
    comment: str = Field(description="what the numbers are, or why there are none")


class CheckedKernel(Document):
    """yᵀK⁻¹y of labels that the function gives on drawn inputs."""

    name: str
    n: list[int] = Field(description="examples; each sample is the start of the next")
    lower: list[Finite | None] = Field(description="certified lower ends; null where there is no interpolant")
    upper: list[Finite | None] = Field(description="certified upper ends; null where none is known")
    status: list[Status] = Field(description="how well each is known, as in a forecast")


class CheckPart(Document):
    """The function on inputs drawn uniformly from the sphere: every yᵀK⁻¹y must lie below the squared norm."""

    dimension: int
    seed: int
    kernels: list[CheckedKernel]
    holds: bool = Field(description="no lower end exceeds a squared norm")


class LearnableCost(Document):
    seconds: Finite = Field(description="wall time of the whole job")
    peak_bytes: int = Field(description="largest resident memory of the process")
    phases: dict[str, Finite] = Field(default_factory=dict, description="seconds by phase")


class LearnableRan(Document):
    threads: int
    seed: int = Field(description="of the check's inputs")
    versions: dict[str, str] = Field(description="Python and the packages that computed")


class Learnable(Document):
    """What it takes to learn a target function."""

    schema_id: Literal["prefit.learnable/1"] = Field(default="prefit.learnable/1", alias="schema")
    target: TargetPart
    dimension: int | None = Field(description="d of the inputs, for the norms on the sphere S^(d−1); null: not said")
    epsilon: Finite = Field(description="ε, the target loss")
    delta: Finite = Field(description="δ, failure probability")
    most_examples: int = Field(
        default=MOST_EXAMPLES, description="examples beyond which a kernel counts as out of reach: our choice"
    )
    kernels: list[KernelNorm] = Field(description="one entry for each kernel, in the order asked for")
    measure: Measure
    check: CheckPart | None = Field(description="null unless `--check` was given")
    statements: dict[str, SourcePart] = Field(description="where norm, sphere_norm, paper_norm and samples are from")
    notes: list[str] = Field(description="what was assumed, one sentence each")
    summary: list[str] = Field(description="the answer in plain sentences, the most important first")
    cost: LearnableCost
    ran: LearnableRan

    def entry(self, name: str) -> KernelNorm | None:
        """The kernel of that name, if it was asked for."""
        return next((one for one in self.kernels if one.name == name), None)

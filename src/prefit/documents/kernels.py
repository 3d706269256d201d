"""Several kernels held against the same labels, `prefit.kernels/1`: which depth suits them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prefit.documents.forecast import Data, LambdaMin, QuadraticForm, StepsTo, Stopped, Test
from prefit.documents.model import Cost, Document, Finite, Ran, Verdict

SCHEMA = "prefit.kernels/1"


class KernelRow(Document):
    """One kernel: what its forecast says of the labels, and of random ones."""

    name: str = Field(description="as in `--kernel`")
    layers: int = Field(description="L, hidden layers")
    diagonal: Finite = Field(description="kappa(1)")
    place: int = Field(description="1 and the number of kernels whose complexity is certainly less")
    quadratic_form: QuadraticForm = Field(description="yᵀK⁻¹y, summed over the columns of the code")
    complexity: QuadraticForm = Field(description="2√((tr K/n) yᵀK⁻¹y/n), which does not depend on the kernel's scale")
    random: QuadraticForm | None = Field(description="the same of random labels; null without draws")
    margin_complexity: QuadraticForm | None = Field(description="the same at the margin (docs/margins.md), if known")
    step_size: Finite = Field(description="η, 1/λ_max of this kernel unless it was given")
    steps_to: dict[str, StepsTo] = Field(description="by portion of the initial loss; empty where descent diverges")
    random_steps_to: dict[str, StepsTo] = Field(description="the same of random labels")
    explicit: Finite | None = Field(description="the generalization bound at convergence, at delta/q")
    stopped: Stopped | None = Field(description="its minimum over stopping time and multiples, at delta/q")
    verdict: Verdict = Field(description="of the bound")
    lambda_min: LambdaMin
    test: Test | None = Field(description="null without a test split, and where no function fits the labels")
    seconds: Finite = Field(description="that this kernel took")

    @property
    def bound(self) -> float | None:
        """The smallest bound there is."""
        known = [value for value in (self.explicit, self.stopped.value if self.stopped else None) if value is not None]
        return min(known, default=None)


class Kernels(Document):
    """Kernels compared on one data set by the complexity that they give the labels."""

    # `schema` shadows a deprecated method of pydantic, so it is an alias.
    schema_id: Literal["prefit.kernels/1"] = Field(default="prefit.kernels/1", alias="schema")
    asked: Literal["everything", "complexity"] = Field(
        description="complexity: the quadratic forms alone (`--only complexity`)"
    )
    data: Data
    kernels: list[KernelRow] = Field(description="in the order of `--kernel`")
    first: list[str] = Field(
        description="the kernels that may have the least complexity: one, or those whose intervals overlap the least "
        "one's; none where no complexity is finite"
    )
    separated: bool = Field(description="the intervals leave one kernel first")
    delta: Finite = Field(description="failure probability of the bounds of all kernels together; each has delta/q")
    trivial: Finite = Field(description="what a bound must beat: error of always answering the commonest class, or 1")
    reason: str = Field(description="why the bounds do not apply; empty where they do")
    tolerance: Finite
    summary: list[str] = Field(description="the answer in plain sentences, the most important first")
    cost: Cost
    ran: Ran = Field(description="of the first kernel")

    def row(self, name: str) -> KernelRow:
        """The row of a kernel; KeyError where there is none."""
        found = next((row for row in self.kernels if row.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

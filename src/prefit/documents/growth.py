"""How a forecast's numbers grow with the number of examples: the part that `--subsample` adds."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prefit.documents.model import Document, Finite, Interval

Quantity = Literal["quadratic_form", "complexity", "random_complexity", "steps_0.5", "steps_0.1", "steps_0.01", "error"]


class Spread(Document):
    """One number over the blocks of one size."""

    mean: Finite = Field(description="mean over the blocks, each at the middle of its interval")
    std_error: Finite | None = Field(
        description="standard error of the mean, from the scatter of blocks pooled over all sizes (of an error: that "
        "of counting too); null where no size has two blocks"
    )
    lower: Finite | None = Field(description="least lower end over the blocks; null where none is known")
    upper: Finite | None = Field(description="largest upper end over the blocks; null where one of them is not known")


class Bracket(Document):
    """Two whole numbers that hold a step."""

    lower: int | None = Field(description="null: never reached")
    upper: int | None = Field(description="null: none known")


class GrowthBlock(Document):
    """One subset, forecast like a data set of its own."""

    n: int = Field(description="examples")
    quadratic_form: Interval = Field(description="yᵀH⁻¹y of the subset")
    complexity: Interval = Field(description="its complexity")
    random_complexity: Interval | None = Field(
        description="of random labels on its inputs, least lower and largest upper end over the draws; null without"
    )
    random_mean: Finite | None = Field(description="mean complexity over the draws")
    steps_to: dict[str, Bracket] = Field(description="first step to that portion of the starting loss")
    error: Finite | None = Field(
        description="portion misclassified on the test split, or on examples outside the subset; for regression mean "
        "|f(x) - y|; null where there are none, and where nothing fits the labels"
    )
    measured_on: int = Field(description="examples that the error was measured on")
    bound: Finite | None = Field(description="the generalization bound at its best stopping time")


class GrowthSize(Document):
    """The blocks of one size: disjoint, each half of a block of the size above."""

    n: int = Field(description="examples of a block; they differ by one at most")
    blocks: list[GrowthBlock] = Field(description="those that were forecast")
    complexity: Spread | None = Field(description="null where it is infinite in some block")
    random_complexity: Spread | None = Field(description="null without random draws")
    steps_to: dict[str, Spread] = Field(description="by portion of the starting loss; those reached in all blocks")
    error: Spread | None = Field(description="null where no block has one")
    bound: Spread | None = Field(description="null where no bound exists")


class Extrapolated(Document):
    """What the law says one octave beyond the largest size that it was fitted to."""

    n: int
    value: Finite
    lower: Finite = Field(description="lower end of the 95% prediction interval (Student's t)")
    upper: Finite = Field(description="its upper end")
    status: Literal["estimated"] = Field(description="never more: the law is empirical")


class FittedLine(Document):
    """The law with its 95% interval, from the smallest size to the extrapolated one."""

    n: list[Finite]
    value: list[Finite]
    lower: list[Finite]
    upper: list[Finite]


class GrowthFit(Document):
    """A power law of one number, value = amplitude · n^exponent."""

    quantity: Quantity = Field(description="which number")
    formula: str = Field(description="the law in a line; empty without one")
    sizes: int = Field(description="how many sizes it was fitted to")
    amplitude: Finite | None = Field(description="null where no law was fitted")
    exponent: Finite | None = Field(description="b of n^b")
    exponent_error: Finite | None = Field(description="standard error of b; grows with the misfit")
    misfit: Finite | None = Field(
        description="mean square of the residuals in units of their errors; well above 1: no power law"
    )
    extrapolated: Extrapolated | None = Field(description="null where the law does not reach so far")
    line: FittedLine | None = Field(description="for drawing it")
    reason: str = Field(description="why there is no law or no extrapolation; empty otherwise")


class Growth(Document):
    """Nested random subsets, each forecast and certified, and how their numbers grow."""

    n: int = Field(description="examples that the data have")
    solved: int = Field(description="examples of the largest subset that was forecast; the document is about it")
    sizes: list[GrowthSize] = Field(description="the smallest first")
    fits: list[GrowthFit] = Field(description="a law for each number")
    error_kind: Literal["misclassified", "mean |f(x) - y|"] = Field(description="what `error` is")
    error_from: Literal["the test split", "other examples", "none"] = Field(
        description="which examples it was measured on"
    )
    left_out: list[str] = Field(description="sizes that were left out, and why, one sentence each")

    def fit(self, quantity: Quantity) -> GrowthFit | None:
        """The law of one number, if it was made."""
        return next((fit for fit in self.fits if fit.quantity == quantity), None)

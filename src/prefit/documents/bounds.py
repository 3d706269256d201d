"""The bounds of a trained network, `prefit.bounds/1`: every generalization bound, side by side."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prefit.documents.forecast import Data
from prefit.documents.model import Document, Finite
from prefit.documents.run import Network, SourcePart

SCHEMA = "prefit.bounds/1"
BoundKind = Literal["explicit", "derived", "order"]
BoundVerdict = Literal["informative", "vacuous", "not applicable", "order only"]


class Training(Document):
    """How the network was trained, as far as it is known; null where nobody said."""

    run: str = Field(description="the run folder; empty for a module")
    step: int | None = Field(description="the weights are those after so many updates")
    loss: str | None = Field(description="what was descended, as in `run.json`")
    step_size: Finite | None = Field(description="η of every update")
    batch: int | None = Field(description="examples an update; null: all of them")
    one_pass: bool = Field(description="every example was used once")
    drawn: bool = Field(description="the weights before the first step were drawn independently of the sample")
    train_error: Finite = Field(description="portion of the training examples misclassified")


class TestError(Document):
    """The network on the test split, with the exact interval of its true error (Clopper and Pearson 1934)."""

    n: int
    error: Finite = Field(description="portion misclassified")
    lower: Finite = Field(description="the true error is at least this, with probability 1 − δ together with `upper`")
    upper: Finite = Field(description="and at most this")


class AssumptionPart(Document):
    text: str = Field(description="what the statement asks for")
    met: bool = Field(description="whether this run gives it")


class BoundRow(Document):
    name: str = Field(description="short, as in `--only`: the first author and the year")
    title: str = Field(description="authors and subject, as people call it")
    source: SourcePart
    of: str = Field(description="whose error it bounds: this network, or the one that the statement is about")
    formula: str = Field(description="in plain symbols, with the names of `terms`")
    value: Finite | None = Field(
        description="upper end; null where it cannot be evaluated; of an order, with its unnamed constant taken as 1"
    )
    terms: dict[str, Finite | None] = Field(description="the parts by name, all that is needed to check the value")
    kind: BoundKind = Field(
        description="explicit: the paper gives every constant; derived: its constants are derived here; order: an "
        "unnamed constant is taken as 1, so that the value is no bound"
    )
    assumptions: list[AssumptionPart]
    verdict: BoundVerdict = Field(
        description="informative: below `trivial`; vacuous: not below it; not applicable: an assumption fails; order "
        "only: no bound"
    )
    comment: str = Field(description="what the value rests on, or why there is none")
    seconds: Finite = Field(description="wall time of this row")


class Smallest(Document):
    """The least value among the rows that are bounds and apply."""

    name: str
    value: Finite
    of: str
    verdict: BoundVerdict


class BoundsCost(Document):
    seconds: Finite
    peak_bytes: int
    phases: dict[str, Finite]


class BoundsRan(Document):
    device: str
    threads: int
    seed: int
    versions: dict[str, str]


class Bounds(Document):
    """`prefit.bounds/1`: `bounds.json` (docs/bounds-document.md)."""

    schema_id: Literal["prefit.bounds/1"] = Field(default="prefit.bounds/1", alias="schema")
    summary: list[str]
    data: Data
    network: Network
    training: Training
    test: TestError | None
    trivial: Finite = Field(description="what a bound must beat: the error of always answering the commonest class")
    delta: Finite = Field(description="δ, the failure probability that was asked for")
    together: bool = Field(
        description="the rows hold together with probability 1 − δ, so that any of them may be chosen afterwards; else "
        "each holds by itself"
    )
    row_delta: Finite = Field(description="the failure probability of each row: δ, or δ over the number of rows")
    bounds: list[BoundRow]
    smallest: Smallest | None = Field(description="null where no bound applies")
    smallest_own: Smallest | None = Field(description="the same among the bounds on the error of this network itself")
    family: str = Field(description="what may be said of the smallest of several bounds")
    notes: list[str]
    cost: BoundsCost
    ran: BoundsRan

    def row(self, name: str) -> BoundRow | None:
        """The row of this name, if it was asked for."""
        return next((row for row in self.bounds if row.name == name), None)

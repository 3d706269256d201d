"""What the theory asks of width, examples and steps, `prefit.plan/1`: orders beside explicit numbers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from prefit.documents.forecast import Data
from prefit.documents.model import Document, Finite
from prefit.documents.run import SourcePart

SCHEMA = "prefit.plan/1"
AmountMeaning = Literal["order, constant 1 assumed", "sufficient", "estimate"]


class GivenConstant(Document):
    """A constant that the statements are evaluated at."""

    name: str = Field(description="as in `missing`: n, lambda_0, lambda_max, gram_norm, gradient_bound, …")
    symbol: str = Field(description="as the formulas write it")
    value: Finite | None = Field(description="null where it is not known")
    lower: Finite | None = Field(description="of a measured bracket its lower end; null where there is none")
    upper: Finite | None = Field(description="its upper end")
    origin: Literal["given", "measured", "unknown"]
    comment: str = Field(description="what was measured, from which side; or why it is not known, and how to give it")


class AmountPart(Document):
    """What a statement asks of one quantity."""

    formula: str = Field(description="in symbols")
    value: Finite | None = Field(description="null where a constant is missing, or beyond 10^±300")
    log10: Finite | None = Field(description="its decimal logarithm; null where a constant is missing")
    at: Literal["least", "most"] = Field(description="asked to be at least, or at most, so much")
    means: AmountMeaning = Field(
        description="order, constant 1 assumed: no bound, the statement's constant is unnamed and was taken as 1; "
        "sufficient: enough where the constants hold; estimate: as sufficient, from constants measured on this sample "
        "that the statement wants known before it"
    )


class OtherAmount(AmountPart):
    """What a statement asks besides."""

    of: str = Field(description="the quantity: m, n, steps, step_size, init_scale or radius")


class StatementPart(Document):
    name: str = Field(description="short: authors, year, number, reading")
    title: str
    source: SourcePart
    kind: Literal["order", "explicit", "derived"] = Field(
        description="order: up to an unnamed constant; explicit: all constants are the paper's; derived: they are ours"
    )
    reading: Literal["printed", "mended"] | None = Field(
        description="where the paper and its proof give other powers: which of the two this is (docs/proofs.md P19)"
    )
    statement: str = Field(description="what then holds")
    exponents: dict[str, dict[str, Finite]] = Field(
        description="for each quantity asked for the powers of its factors, by their names: epsilon, delta, n, m, L, "
        "2^L, lambda_0, kappa, B, gamma, T, and logarithms as log(1/delta)"
    )
    m: AmountPart | None = Field(description="width of every hidden layer; null where the statement asks nothing of it")
    n: AmountPart | None = Field(description="examples")
    steps: AmountPart | None = Field(description="K, steps of gradient descent")
    step_size: AmountPart | None = Field(description="η; of Arora et al. on ½Σ(y − f)², of Cao & Gu on the mean loss")
    init_scale: AmountPart | None = Field(description="κ of the two-layer net's start")
    radius: AmountPart | None = Field(description="τ, how far each layer goes from its start")
    also: list[OtherAmount] = Field(description="conditions that are weaker here than the one in its field")
    missing: list[str] = Field(description="names in `constants` of what is not known and would be needed")
    unfit: str = Field(description="why it says nothing here; empty where it does")
    comment: str


class PlanCost(Document):
    seconds: Finite
    peak_bytes: int
    phases: dict[str, Finite]


class PlanRan(Document):
    threads: int
    seed: int
    versions: dict[str, str]


class Plan(Document):
    """`prefit.plan/1`: `plan.json` (docs/plan-document.md)."""

    schema_id: Literal["prefit.plan/1"] = Field(default="prefit.plan/1", alias="schema")
    summary: list[str]
    data: Data | None = Field(description="what the constants were measured on; null where all were given")
    kernel: str = Field(description="the infinitely wide network's kernel, as in --kernel")
    epsilon: Finite = Field(description="ε, the target error")
    delta: Finite = Field(description="δ, the failure probability")
    depth: int = Field(description="L, hidden layers")
    constants: list[GivenConstant]
    statements: list[StatementPart]
    notes: list[str]
    cost: PlanCost
    ran: PlanRan

    def statement(self, name: str) -> StatementPart | None:
        """The statement of this name."""
        return next((one for one in self.statements if one.name == name), None)

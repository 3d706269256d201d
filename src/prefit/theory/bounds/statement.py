"""What a bound says: a number with its terms, where it is from, what it asks for, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from prefit.theory.source import Source

OWN = "this network"  # `Bound.of` where the bound is on the error of the trained network itself
Kind = Literal["explicit", "derived", "order"]
Verdict = Literal["informative", "vacuous", "not applicable", "order only"]


@dataclass(frozen=True)
class Assumption:
    """Something that a statement asks for, in words, and whether this run gives it."""

    text: str
    met: bool


@dataclass(frozen=True)
class Bound:
    """One bound on the classification error, evaluated at one run.

    name         short, for the table and for --only: "golowich2018"
    title        as people call it: "Golowich, Rakhlin, Shamir: depth-independent norms"
    formula      the bound in plain symbols, with the names of `terms`
    of           whose error it bounds: "this network", or another one that the statement is about, as "the
                 randomized network"
    kind         explicit: the paper gives every constant; derived: its constants are derived here (docs); order: the
                 paper has an unnamed constant, and the value takes it to be 1: no bound
    value        upper end; None where it cannot be evaluated
    terms        the parts by name, in the order of the formula, all that is needed to check the value
    assumptions  all that it asks for, met or not; one that is not makes it "not applicable"
    comment      one sentence: what the value rests on, or why there is none
    """

    name: str
    title: str
    source: Source
    formula: str
    of: str
    kind: Kind
    value: float | None
    terms: Mapping[str, float] = field(default_factory=dict)
    assumptions: tuple[Assumption, ...] = ()
    comment: str = ""

    def without(self, reason: str) -> Bound:
        """The same row where an assumption fails before anything can be evaluated."""
        return replace(self, value=None, assumptions=(*self.assumptions, Assumption(reason, False)))

    def verdict(self, trivial: float) -> Verdict:
        """What the value is worth beside `trivial`, the error of always answering the commonest class."""
        if self.value is None or not all(one.met for one in self.assumptions):
            return "not applicable"
        if self.kind == "order":
            return "order only"
        return "informative" if self.value < trivial else "vacuous"

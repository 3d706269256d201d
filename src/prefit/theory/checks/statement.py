"""What a check says: a statement of a paper beside what was measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from prefit.theory.source import Source

Verdict = Literal["holds", "outside its regime", "violated", "constant measured", "not applicable"]


@dataclass(frozen=True)
class Constant:
    """A constant that entered, with its value and where it is from: the paper, our derivation, measured, assumed."""

    name: str
    value: float
    origin: str


@dataclass(frozen=True)
class Check:
    """One statement held against one run.

    name        short, for the table: "loss falls geometrically"
    statement   the inequality, in words and symbols, as the paper states it
    predicted   the number it predicts, or None; bound the side it must not pass, or None (one of them, or neither)
    measured    the number seen, None where the statement does not apply
    slack       (bound − measured)/|bound| or |measured − predicted|/|predicted|, None where there is neither
    step        k at which measured is taken (the worst one), None where it is about no step
    verdict     "holds"; "outside its regime": not seen, or its conditions fail, where the paper claims it only for
                nets wider than this one; "violated": an explicit statement whose conditions hold fails (a bug, or bad
                luck of probability δ); "constant measured": up to an unnamed constant, the one that just fits is
                `measured`; "not applicable": another network, loss or kind of descent, or what was computed decides
                nothing
    comment     one sentence: why, with the numbers
    """

    name: str
    statement: str
    source: Source
    verdict: Verdict
    comment: str
    predicted: float | None = None
    bound: float | None = None
    measured: float | None = None
    slack: float | None = None
    step: int | None = None
    constants: tuple[Constant, ...] = field(default=())

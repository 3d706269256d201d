"""What a study is, what it works with, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import altair as alt

from prefit.experiments.cells import Cells
from prefit.experiments.options import StudyOptions
from prefit.experiments.tables import Table
from prefit.gram import Workers


@dataclass(frozen=True)
class Figure:
    """A figure with the words around it."""

    title: str
    caption: str
    chart: alt.LayerChart


@dataclass(frozen=True)
class Findings:
    """What a study found.

    ran         what was run, at which sizes, and what is to be kept in mind of them
    sentences   the answer in plain words, the most important first
    tables      by file name: "differences" and others
    figures     by file name
    """

    ran: Sequence[str]
    sentences: Sequence[str]
    tables: Mapping[str, Table]
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Workshop:
    """What a study works with: options, a place for its finished cells, threads."""

    options: StudyOptions
    cells: Cells
    workers: Workers


@dataclass(frozen=True)
class Study:
    """One figure of a paper, or a validation of ours.

    name       as `prefit reproduce` takes it
    title      one line
    run        computes what is missing and says what it means
    sets       whether it needs public data sets
    takes      options that it looks at, beside threads and seed; others are refused
    usual      in words what they are where they are not given
    revision   raised when what its cells hold changes its meaning
    """

    name: str
    title: str
    run: Callable[[Workshop], Findings]
    sets: bool
    takes: tuple[str, ...]
    revision: int = 1
    usual: Mapping[str, str] = field(default_factory=dict)


ENOUGH_SEEDS = 3  # a scatter of fewer is hardly known


def few_seeds(seeds: int) -> list[str]:
    """A warning where conclusions rest on fewer than ENOUGH_SEEDS nets at each point."""
    if seeds >= ENOUGH_SEEDS:
        return []
    known = "nothing shows how much is chance" if seeds == 1 else "how much is chance is hardly known"
    return [f"Careful: with {counted(seeds)} a point {known}. Take --seeds {ENOUGH_SEEDS} or more before concluding."]


def counted(seeds: int) -> str:
    return f"{seeds:,} seed{'' if seeds == 1 else 's'}"

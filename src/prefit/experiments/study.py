"""What a study is, what it works with, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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

    sentences   the answer in plain words, the most important first
    tables      by file name: "differences" and others
    figures     by file name
    """

    sentences: list[str]
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
    revision   raised when what its cells hold changes its meaning
    """

    name: str
    title: str
    run: Callable[[Workshop], Findings]
    sets: bool
    takes: tuple[str, ...]
    revision: int = 1

"""The files of a study: tables as CSV, figures, and one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, PackageLoader

from prefit.experiments.study import Findings, Study
from prefit.reports.figures.theme import config
from prefit.reports.shell import drawn, environment
from prefit.reports.writing import Written, write_result

PAGE = "study.html"


def write_findings(study: Study, found: Findings, out: Path, formats: Sequence[str]) -> Path:
    """Write all of it into `out`; returns the path of the page."""
    charts = {name: figure.chart.configure(**config("paper")) for name, figure in found.figures.items()}
    files = {f"{name}.csv": table.csv() for name, table in found.tables.items()}
    return write_result(Written(files | {PAGE: study_page(study, found)}, charts, tuple(charts)), out, formats)


def study_page(study: Study, found: Findings) -> str:
    """The page: what was found, figures, tables."""
    shared = environment()
    own = shared.overlay(loader=ChoiceLoader([PackageLoader("prefit.experiments"), PackageLoader("prefit.reports")]))
    figures = drawn(
        {name: figure.chart.configure(**config("light")) for name, figure in found.figures.items()},
        {name: figure.title for name, figure in found.figures.items()},
        {name: figure.caption for name, figure in found.figures.items()},
    )
    return own.get_template("study.html.j2").render(study=study, found=found, **figures)


def study_text(study: Study, found: Findings) -> str:
    """What the command prints: the sentences, then the table of differences."""
    tables = [str(table) for name, table in found.tables.items() if name == "differences"]
    return "\n\n".join([study.title, *found.sentences, *tables]) + "\n"

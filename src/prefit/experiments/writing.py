"""The files of a study: tables as CSV, figures, and one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, PackageLoader

from prefit.experiments.options import flag
from prefit.experiments.study import Findings, Study
from prefit.experiments.tables import SCREEN
from prefit.reports.figures.theme import config
from prefit.reports.layout import INDENT, screen, wrapped
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
    """What the command prints: what was run, the sentences, then the table of differences."""
    words = [wrapped(text, SCREEN) for text in (study.title, " ".join(found.ran), *found.sentences)]
    tables = [table.lines(SCREEN) for name, table in found.tables.items() if name == "differences"]
    files = ", ".join(f"{name}.csv" for name in found.tables)
    return screen([*words, *tables, wrapped(f"All columns are in {files} and on the page.", SCREEN)])


def study_usage(study: Study) -> str:
    """The study, its options with what they are where they are not given, and the others that it takes."""
    sizes = [f"{flag(name)} {value}" for name, value in study.usual.items()]
    others = [flag(name) for name in study.takes if name not in study.usual]
    told = [f"{', '.join(part)}{end}" for part, end in ((sizes, ";" if others else ""), (others, "")) if part]
    return "\n".join([study.name, *(line for text in (study.title, *told) for line in wrapped(text, SCREEN, INDENT))])

"""The files of a run: its document, its page, its figures; its arrays and weights are the job's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefit.documents.run import Run
from prefit.reports.training.page import run_page
from prefit.reports.writing import write_kind

DOCUMENT, PAGE = "run.json", "run.html"


def write_run(result: Run, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figures and, where its text is given, the document; returns the page's path."""
    from prefit.reports.training.figures import FIGURES, run_figures

    files = {DOCUMENT: document, PAGE: run_page(result)}
    return write_kind(files, lambda: run_figures(result), tuple(FIGURES), folder, formats)

"""The files of a run: its document, its page, its figures; its arrays and weights are the job's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefit.documents.run import Run
from prefit.reports.training.page import run_page
from prefit.reports.writing import Written, write_result

DOCUMENT, PAGE = "run.json", "run.html"


def write_run(result: Run, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figures and, where its text is given, the document; returns the page's path.

    The texts are made before the first file is written, each file is written whole, figures of older runs go with
    their document.
    """
    from prefit.reports.training.figures import FIGURES, run_figures

    texts = {} if document is None else {DOCUMENT: document}
    charts = run_figures(result) if formats else {}
    stale = () if document is None else tuple(FIGURES)
    return write_result(Written(texts | {PAGE: run_page(result)}, charts, stale), folder, formats)

"""The files of an answer about a target function: document, page, figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefit.documents.learnable import Learnable
from prefit.reports.learnable.page import learnable_page
from prefit.reports.writing import Written, write_result

DOCUMENT, PAGE = "learnable.json", "learnable.html"


def write_learnable(result: Learnable, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figures and, where its text is given, the document; returns the page's path.

    The texts are made before the first file is written, each file is written whole, figures of older runs go with
    their document.
    """
    from prefit.reports.learnable.figures import FIGURES, learnable_figures

    texts = {} if document is None else {DOCUMENT: document}
    charts = learnable_figures(result) if formats else {}
    stale = () if document is None else tuple(FIGURES)
    return write_result(Written(texts | {PAGE: learnable_page(result)}, charts, stale), folder, formats)

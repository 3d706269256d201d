"""The files of the bounds of a network: document, page, figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefit.documents.bounds import Bounds
from prefit.reports.bounding.page import bounds_page
from prefit.reports.writing import Written, write_result

DOCUMENT, PAGE = "bounds.json", "bounds.html"


def write_bounds(result: Bounds, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figures and, where its text is given, the document; returns the page's path.

    The texts are made before the first file is written, each file is written whole, figures of older runs go with
    their document.
    """
    from prefit.reports.bounding.figures import FIGURES, bounds_figures

    texts = {} if document is None else {DOCUMENT: document}
    charts = bounds_figures(result) if formats else {}
    stale = () if document is None else tuple(FIGURES)
    return write_result(Written(texts | {PAGE: bounds_page(result)}, charts, stale), folder, formats)

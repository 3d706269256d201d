"""The files of the bounds of a network: document, page, figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefit.documents.bounds import Bounds
from prefit.reports.bounding.page import bounds_page
from prefit.reports.writing import write_kind

DOCUMENT, PAGE = "bounds.json", "bounds.html"


def write_bounds(result: Bounds, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figures and, where its text is given, the document; returns the page's path."""
    from prefit.reports.bounding.figures import FIGURES, bounds_figures

    files = {DOCUMENT: document, PAGE: bounds_page(result)}
    return write_kind(files, lambda: bounds_figures(result), tuple(FIGURES), folder, formats)

"""The files of a comparison of kernels: document, page, figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefit.documents.kernels import Kernels
from prefit.reports.comparing.page import kernels_page
from prefit.reports.writing import write_kind

DOCUMENT, PAGE = "kernels.json", "kernels.html"


def write_kernels(result: Kernels, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figure and, where its text is given, the document; returns the page's path."""
    from prefit.reports.comparing.figures import FIGURES, kernels_figures

    files = {DOCUMENT: document, PAGE: kernels_page(result)}
    return write_kind(files, lambda: kernels_figures(result), tuple(FIGURES), folder, formats)

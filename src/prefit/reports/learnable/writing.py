"""The files of an answer about a target function: document, page, figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefit.documents.learnable import Learnable
from prefit.reports.learnable.page import learnable_page
from prefit.reports.writing import write_kind

DOCUMENT, PAGE = "learnable.json", "learnable.html"


def write_learnable(result: Learnable, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figures and, where its text is given, the document; returns the page's path."""
    from prefit.reports.learnable.figures import FIGURES, learnable_figures

    files = {DOCUMENT: document, PAGE: learnable_page(result)}
    return write_kind(files, lambda: learnable_figures(result), tuple(FIGURES), folder, formats)

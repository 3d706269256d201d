"""The files of a comparison of kernels: document, page, figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefit.documents.kernels import Kernels
from prefit.reports.comparing.page import kernels_page
from prefit.reports.writing import Written, write_result

DOCUMENT, PAGE = "kernels.json", "kernels.html"


def write_kernels(result: Kernels, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figure and, where its text is given, the document; returns the page's path.

    The texts are made before the first file is written, each file is written whole, figures of older runs go with
    their document.
    """
    from prefit.reports.comparing.figures import FIGURES, kernels_figures

    texts = {} if document is None else {DOCUMENT: document}
    charts = kernels_figures(result) if formats else {}
    stale = () if document is None else FIGURES
    return write_result(Written(texts | {PAGE: kernels_page(result)}, charts, stale), folder, formats)

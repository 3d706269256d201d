"""The files of a plan: document, page, figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefit.documents.plan import Plan
from prefit.reports.planning.page import plan_page
from prefit.reports.writing import Written, write_result

DOCUMENT, PAGE = "plan.json", "plan.html"


def write_plan(result: Plan, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figures and, where its text is given, the document; returns the page's path.

    The texts are made before the first file is written, each file is written whole, figures of older runs go with
    their document.
    """
    from prefit.reports.planning.figures import FIGURES, plan_figures

    texts = {} if document is None else {DOCUMENT: document}
    charts = plan_figures(result) if formats else {}
    stale = () if document is None else tuple(FIGURES)
    return write_result(Written(texts | {PAGE: plan_page(result)}, charts, stale), folder, formats)

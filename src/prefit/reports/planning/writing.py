"""The files of a plan: document, page, figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefit.documents.plan import Plan
from prefit.reports.planning.page import plan_page
from prefit.reports.writing import write_kind

DOCUMENT, PAGE = "plan.json", "plan.html"


def write_plan(result: Plan, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figures and, where its text is given, the document; returns the page's path."""
    from prefit.reports.planning.figures import FIGURES, plan_figures

    files = {DOCUMENT: document, PAGE: plan_page(result)}
    return write_kind(files, lambda: plan_figures(result), tuple(FIGURES), folder, formats)

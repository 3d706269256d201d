"""The files of a result: its document, its page, its figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefit.documents import Forecast
from prefit.errors import InputError
from prefit.reports.figures import FIGURES, save_figures
from prefit.reports.page import forecast_page
from prefit.storage import write_whole

FORMATS = ("svg", "pdf", "png")
DOCUMENT, PAGE = "forecast.json", "forecast.html"


def write_forecast(result: Forecast, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figures and, where its text is given, the document; returns the page's path.

    The texts are made before the first file is written, each file is written whole, figures of older runs go with
    their document.
    """
    page = forecast_page(result)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if formats:
            save_figures(result, folder, formats)
        if document is not None:
            write_whole(folder / DOCUMENT, document.encode("utf-8"))
            _remove_figures(folder, formats)
        return write_whole(folder / PAGE, page.encode("utf-8"))
    except OSError as error:
        raise InputError(f"--out must be a folder that can be written: {folder}: {error.strerror}.") from error


def _remove_figures(folder: Path, formats: Sequence[str]) -> None:
    """Those of formats that this run did not write."""
    for name in FIGURES:
        for other in FORMATS:
            if other not in formats:
                (folder / f"{name}.{other}").unlink(missing_ok=True)

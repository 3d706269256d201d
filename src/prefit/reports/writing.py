"""The files of a result: its document, its page, its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from prefit.documents import Forecast
from prefit.errors import InputError
from prefit.reports.page import forecast_page
from prefit.storage import write_whole

if TYPE_CHECKING:
    import altair as alt

FORMATS = ("svg", "pdf", "png")
DOCUMENT, PAGE = "forecast.json", "forecast.html"


@dataclass(frozen=True)
class Written:
    """The texts of a result, made before the first file is written.

    files    name in the folder: text, in the order in which they are written; the page last
    charts   figures to be written as files too, by name
    stale    names of figures of which older runs may have left files
    """

    files: Mapping[str, str]
    charts: Mapping[str, alt.LayerChart] = field(default_factory=dict)
    stale: Sequence[str] = ()


def write_forecast(result: Forecast, folder: Path, formats: Sequence[str] = (), document: str | None = None) -> Path:
    """Write the page, the figures and, where its text is given, the document; returns the page's path."""
    from prefit.reports.figures import FIGURES, forecast_figures

    files = {DOCUMENT: document, PAGE: forecast_page(result)}
    return write_kind(files, lambda: forecast_figures(result), tuple(FIGURES), folder, formats)


def write_kind(
    files: Mapping[str, str | None],
    charts: Callable[[], Mapping[str, alt.LayerChart]],
    figures: Sequence[str],
    folder: Path,
    formats: Sequence[str],
) -> Path:
    """Write a document, None where it stands already, its page and its figures; returns the page's path.

    The texts are made before the first file is written, each file is written whole, figures of older runs, by the
    names that this kind of result has, go with their document.
    """
    texts = {name: text for name, text in files.items() if text is not None}
    stale = figures if len(texts) == len(files) else ()
    return write_result(Written(texts, charts() if formats else {}, stale), folder, formats)


def write_result(result: Written, folder: Path, formats: Sequence[str]) -> Path:
    """Write all of it into `folder`, made where it is missing; returns the path of the last file, the page."""
    from prefit.reports.figures.save import save_charts

    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_charts(result.charts, folder, formats)
        *_, page = [write_whole(folder / name, text.encode("utf-8")) for name, text in result.files.items()]
        _remove_figures(folder, result.stale, formats)
    except OSError as error:
        raise InputError(f"--out must be a folder that can be written: {folder}: {error.strerror}.") from error
    return page


def _remove_figures(folder: Path, names: Sequence[str], formats: Sequence[str]) -> None:
    """Those of formats that this run did not write."""
    for name in names:
        for other in FORMATS:
            if other not in formats:
                (folder / f"{name}.{other}").unlink(missing_ok=True)

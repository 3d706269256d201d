"""A forecast in, Altair charts out; the same charts as SVG, PDF or PNG files.

One definition serves the page, where a chart is as wide as its column, and the files.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import altair as alt

from prefit.documents import Forecast
from prefit.reports.figures.bound import bound_figure
from prefit.reports.figures.complexity import complexity_figure
from prefit.reports.figures.growth import growth_complexity_figure, growth_error_figure, growth_steps_figure
from prefit.reports.figures.loss import loss_figure
from prefit.reports.figures.save import save_charts
from prefit.reports.figures.spectrum import spectrum_figure
from prefit.reports.figures.theme import config

__all__ = ["FIGURES", "forecast_figures", "save_figures"]

FIGURES = {
    "loss": loss_figure,
    "spectrum": spectrum_figure,
    "complexity": complexity_figure,
    "bound": bound_figure,
    "growth-error": growth_error_figure,
    "growth-complexity": growth_complexity_figure,
    "growth-steps": growth_steps_figure,
}
_OF_MEASURES = ("loss", "spectrum")  # drawn unless the complexity alone was asked for
_OF_GROWTH = ("growth-error", "growth-complexity", "growth-steps")  # drawn where there is a growth part


def forecast_figures(doc: Forecast) -> dict[str, alt.LayerChart]:
    """The figures of a forecast by name: loss, spectrum, complexity, bound, and with nested subsets their growth.

    Each is drawn whatever is missing from the document; a figure that has nothing to show says why.
    """
    drawn = {name: draw for name, draw in FIGURES.items() if doc.growth is not None or name not in _OF_GROWTH}
    if doc.asked == "complexity":
        left_out = (*_OF_MEASURES, *(() if doc.bound.per_class else ("bound",)))
        drawn = {name: draw for name, draw in drawn.items() if name not in left_out}
    return {name: draw(doc).configure(**config("paper")) for name, draw in drawn.items()}


def save_figures(
    doc: Forecast, folder: str | os.PathLike[str], formats: Sequence[str] = ("svg", "pdf", "png")
) -> list[Path]:
    """The figures of a forecast as files: each in each format, written whole into `folder`."""
    return save_charts(forecast_figures(doc), folder, formats)

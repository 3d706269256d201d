"""A forecast in, Altair charts out; the same charts as SVG, PDF or PNG files.

One definition serves the page, where a chart is as wide as its column, and the files.
"""

from __future__ import annotations

import altair as alt

from prefit.documents import Forecast
from prefit.reports.figures.bound import bound_figure
from prefit.reports.figures.complexity import complexity_figure
from prefit.reports.figures.loss import loss_figure
from prefit.reports.figures.save import save_figures
from prefit.reports.figures.spectrum import spectrum_figure
from prefit.reports.figures.theme import config

__all__ = ["FIGURES", "forecast_figures", "save_figures"]

FIGURES = {
    "loss": loss_figure,
    "spectrum": spectrum_figure,
    "complexity": complexity_figure,
    "bound": bound_figure,
}


def forecast_figures(doc: Forecast) -> dict[str, alt.LayerChart]:
    """The four figures of a forecast by name: loss, spectrum, complexity, bound.

    Each is drawn whatever is missing from the document; a figure that has nothing to show says why.
    """
    return {name: draw(doc).configure(**config("paper")) for name, draw in FIGURES.items()}

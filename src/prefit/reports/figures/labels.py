"""The three kinds of labels in the figures of a forecast: the same colour, dash and shape in each."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from prefit.documents import Forecast
from prefit.reports.story import label_names

KINDS = ("true", "random", "worst")


def series(doc: Forecast, kinds: Sequence[str], symbol: str | None = "stroke") -> alt.Color:
    """Colour by kind of label, the same in every figure; the legend only holds what is drawn."""
    return alt.Color("labels:N", scale=alt.Scale(domain=_domain(doc)), legend=_legend(doc, kinds, symbol))


def dashes(doc: Forecast, kinds: Sequence[str]) -> alt.StrokeDash:
    """The same by dash, for those who do not see the colour; the legend shows both."""
    scale = alt.Scale(domain=_domain(doc), range=[[1, 0], [7, 3], [2, 2]])
    return alt.StrokeDash("labels:N", scale=scale, legend=_legend(doc, kinds, "stroke"))


def shapes(doc: Forecast, kinds: Sequence[str]) -> alt.Shape:
    """The same by the shape of points."""
    scale = alt.Scale(domain=_domain(doc), range=["circle", "triangle-up", "square"])
    return alt.Shape("labels:N", scale=scale, legend=_legend(doc, kinds, None))


def _domain(doc: Forecast) -> list[str]:
    names = label_names(doc)
    return [names[kind] for kind in KINDS]


def _legend(doc: Forecast, kinds: Sequence[str], symbol: str | None) -> alt.Legend:
    """Equal legends of colour, dash and shape are drawn as one."""
    names = label_names(doc)
    values = [names[kind] for kind in KINDS if kind in kinds]
    if symbol is None:
        return alt.Legend(title=None, values=values, symbolSize=80)
    return alt.Legend(title=None, values=values, symbolSize=250, symbolType=symbol)

"""What several figures share: rows in, marks out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import numpy as np

from prefit.documents import Forecast
from prefit.reports.figures.theme import HEIGHT, WIDTH
from prefit.reports.story import label_names

Row = dict[str, Any]
Layer = alt.Chart
MOST_POINTS = 400  # a curve in a figure 560 pixels wide; 2,000 is the most a page should hold
STEP_FORMAT = "~s"
KINDS = ("true", "random", "worst")


def rows(values: Iterable[Row]) -> Layer:
    """A chart without a mark, from rows held in the chart itself."""
    return alt.Chart(alt.InlineData(values=list(values)))


def joined(layers: Sequence[Layer | alt.LayerChart]) -> alt.LayerChart:
    """Layers over each other, without a size."""
    chart = alt.layer(*layers)
    assert isinstance(chart, alt.LayerChart), "layers are not split into facets"
    return chart


def layered(layers: Sequence[Layer | alt.LayerChart], height: int = HEIGHT, apart: bool = False) -> alt.LayerChart:
    """The finished figure; `apart` gives each layer a vertical axis of its own."""
    sized: alt.LayerChart = joined(layers).properties(width=WIDTH, height=height)
    return sized.resolve_scale(y="independent") if apart else sized


def message(text: str) -> alt.LayerChart:
    """A figure that says why there is nothing to draw."""
    mark = rows([{"text": line, "line": i} for i, line in enumerate(text.split("\n"))])
    layer = mark.mark_text(style="message", align="center", x=alt.ExprRef("width / 2")).encode(
        y=alt.Y("line:O", axis=None), text=alt.Text("text:N")
    )
    return layered([layer], height=70)


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


def thinned(count: int, most: int = MOST_POINTS) -> list[int]:
    """At most about `most` of the indices 0 .. count − 1, denser at the start, both ends kept."""
    if count <= most:
        return list(range(count))
    places = np.unique(np.round(np.geomspace(1, count, most)).astype(int)) - 1
    return [int(place) for place in places]


def log_axis_values(low: float, high: float) -> list[float]:
    """Powers of ten between two ends, and 2s and 5s where there are few."""
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    stride = max(1, (last - first) // 8)
    digits = (1, 2, 5) if last - first <= 2 else (1,)
    ticks = [digit * 10.0**p for p in range(first, last + 1, stride) for digit in digits]
    return [tick for tick in ticks if low * 0.999 <= tick <= high * 1.001]


def step_axis(last: int, title: str = "Gradient descent step k") -> alt.X:
    """Steps on a logarithmic axis that starts at 1."""
    last = max(last, 10)
    return alt.X(
        "step:Q",
        title=title,
        scale=alt.Scale(type="log", domain=[1, last], nice=False),
        axis=alt.Axis(format=STEP_FORMAT, values=log_axis_values(1, last), grid=False),
    )


def nearest_name(title: str) -> alt.Tooltip:
    """The name in the tooltip of `hover_points`."""
    return alt.Tooltip("description:N", title=title)


def hover_points(base: Layer, name: str, fields: list[str]) -> Layer:
    """Points that show where the pointer is nearest and carry the tooltip.

    Vega-Lite 6.4 reads the numbers of such a tooltip from the row nearest to the pointer, but its
    texts from the mark drawn for that row. So the first field, `fields[0]`, is called
    "description" in both: in the row by a transform, in the mark by the channel of that name.
    """
    near = alt.selection_point(
        name=name, nearest=True, on="pointerover", clear="pointerout", fields=fields, empty=False
    )
    shown = alt.condition(near, alt.value(1), alt.value(0))
    named = base.transform_calculate(description=f"datum.{fields[0]}").encode(description="description:N")
    points: Layer = named.mark_point(filled=True, style="true", size=70).encode(opacity=shown).add_params(near)
    return points

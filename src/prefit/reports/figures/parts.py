"""What several figures share: rows in, marks out; `curves` makes whole figures of lines and points by name."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import altair as alt
import numpy as np

from prefit.reports.figures.theme import HEIGHT, WIDTH

Row = dict[str, Any]
Layer = alt.Chart
MOST_POINTS = 400  # a curve in a figure 560 pixels wide; 2,000 is the most a page should hold
_NICE = (1, 1.5, 2, 3, 4, 5, 6, 7, 8)
_MOST_TICKS = 7
_PLAIN_FROM, _PLAIN_TO = 1e-3, 1e5  # ticks of a logarithmic axis beyond these make all its powers of ten 10ᵖ
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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


def note(base: Layer, **look: Any) -> list[Layer]:
    """The text that `base` encodes, with a rim of the background so that lines do not cross it."""
    return [base.mark_text(style=["note", "halo"], aria=False, **look), base.mark_text(style="note", **look)]


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


def log_axis(values: Sequence[float], grid: bool = True, zero: float | None = None) -> alt.Axis:
    """An axis with these ticks: 0.01, 1, 100; where one is very small or large 10⁻⁶, 1, 10⁶.

    zero    the place that stands for the number 0
    """
    as_powers = any(not _PLAIN_FROM <= value <= _PLAIN_TO for value in values)
    told = {value: _tick(value, as_powers) for value in values}
    if zero is not None:
        told = {zero: "0"} | {value: text for value, text in told.items() if value > zero}
    places, texts = json.dumps(list(told)), json.dumps(list(told.values()), ensure_ascii=False)
    return alt.Axis(values=list(told), labelExpr=f"{texts}[indexof({places}, datum.value)]", grid=grid)


def axis_of(scale: alt.Scale) -> alt.Axis:
    """The axis of numbers on a scale with given ends, linear or logarithmic."""
    spec = scale.to_dict()
    if spec.get("type") == "log":
        return log_axis(ticks(*spec["domain"]))
    return alt.Axis(format="~g", tickCount=6)


def _tick(value: float, as_power: bool) -> str:
    if not as_power:
        return f"{value:,.12g}"
    digits, exponent = f"{value:.2e}".split("e")
    factor = float(digits)
    power = f"10{str(int(exponent)).translate(_RAISED)}" if int(exponent) else "1"
    if factor == 1.0:
        return power
    return f"{factor:g}·{power}" if int(exponent) else f"{factor:g}"


def ticks(low: float, high: float) -> list[float]:
    """Round numbers on a logarithmic axis, as many as can be read."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in (_NICE, (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        found = [digit * 10.0**p for p in decades for digit in digits if low <= digit * 10.0**p <= high]
        if len(found) <= _MOST_TICKS:
            break
    if len(found) >= 3:
        return found[:: -(-len(found) // _MOST_TICKS)]
    # Less than a factor of two: even steps of 1, 2 or 5 units.
    unit = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(m * unit for m in (1, 2, 5, 10) if (high - low) / (m * unit) <= _MOST_TICKS)
    return [round(i * step, 12) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def step_axis(last: int, title: str = "Gradient descent step k") -> alt.X:
    """Steps on a logarithmic axis that starts at 1."""
    last = max(last, 10)
    return alt.X(
        "step:Q",
        title=title,
        scale=alt.Scale(type="log", domain=[1, last], nice=False),
        axis=log_axis(log_axis_values(1, last), grid=False),
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

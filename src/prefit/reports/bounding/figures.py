"""The figure of the bounds of a network: a bar each on a logarithmic axis, beside the error that was measured."""

from __future__ import annotations

import functools
from collections.abc import Callable

import altair as alt

from prefit.documents.bounds import BoundRow, Bounds
from prefit.documents.numbers import percent
from prefit.reports.bounding import story
from prefit.reports.figures import parts
from prefit.reports.figures.theme import config
from prefit.theory.bounds.statement import OWN

BOUND, OTHER, ORDER = "bound on this network", "bound on another network", "order, constant 1 assumed"
SORTS = [BOUND, OTHER, ORDER]
TEST, TRIVIAL = "test error", "commonest class"
_ROW = 21  # pixels for a bar
_DASHES = [[1, 0], [1, 0], [3, 2]]  # of each sort
_FILLED = {"informative": 0.9, "vacuous": 0.25, "order only": 0.06}  # opacity by verdict
_PADDING = 8  # pixels between a name and the axis: the mark of an error of 0 stands on it
_LONGEST = 130  # pixels of a name
_ROOM = 0.25  # of the axis, right of the longest bar, for its number


def bounds_figures(doc: Bounds) -> dict[str, alt.LayerChart]:
    """The figures by name."""
    return {name: draw(doc).configure(**config("paper")) for name, draw in FIGURES.items()}


def bounds_figure(doc: Bounds) -> alt.LayerChart:
    """Bars from the left end to each value, orders pale, with the test error and that of a constant answer above."""
    rows = [row for group in story.groups(doc) for row in group.rows if _drawn(row)]
    if not rows:
        return parts.message("No bound to draw:\nthe table says of each which assumption fails.")
    low, high = _ends(doc, rows)
    names = [*([TEST] if doc.test is not None else []), TRIVIAL, *(row.name for row in rows)]
    x = functools.partial(_axis, low, high)
    y = alt.Y("name:N", title=None, sort=names, scale=alt.Scale(domain=names), axis=_labels())
    layers = [_bars(rows, low, x, y), *_measured(doc, low, high, x, y), *_numbers(rows, low, x, y)]
    return parts.layered(layers, height=_ROW * len(names) + 10)


def _drawn(row: BoundRow) -> bool:
    return row.verdict != "not applicable" and row.value is not None and row.value > 0.0


def _ends(doc: Bounds, rows: list[BoundRow]) -> tuple[float, float]:
    """The ends of the axis: room for the smallest of the errors and for the number behind the longest bar."""
    values = [row.value for row in rows if row.value is not None]
    seen = [] if doc.test is None else [value for value in (doc.test.error, doc.test.upper) if value > 0.0]
    low = min([*values, *seen, *([doc.trivial] if doc.trivial > 0.0 else [])]) / 2.0
    high = max([*values, 1.0])
    return low, high * (high / low) ** _ROOM


def _axis(low: float, high: float, field: str) -> alt.X:
    return alt.X(
        f"{field}:Q",
        title=["Bound on the error (logarithmic)", "full colour: informative, pale: vacuous"],
        scale=alt.Scale(type="log", domain=[low, high], nice=False),
        axis=parts.log_axis(parts.log_axis_values(low, high)),
    )


def _labels() -> alt.Axis:
    return alt.Axis(
        labelLimit=_LONGEST, labelPadding=_PADDING, labelOverlap=False, domain=False, ticks=False, grid=False
    )


def _sort(row: BoundRow) -> str:
    if row.kind == "order":
        return ORDER
    return BOUND if row.of == OWN else OTHER


def _bars(rows: list[BoundRow], low: float, x: Callable[[str], alt.X], y: alt.Y) -> parts.Layer:
    """Filled where informative, hollow where vacuous, dashed where an order: told apart without colour too."""
    legend = _legend([sort for sort in SORTS if any(_sort(row) == sort for row in rows)])
    base = parts.rows([_bar(row, low) for row in rows]).encode(y=y, tooltip=_TOOLTIP)
    bars: parts.Layer = base.mark_bar(height={"band": 0.72}, strokeWidth=1.4).encode(
        x=x("low"),
        x2="value:Q",
        fill=alt.Fill("sort:N", scale=alt.Scale(domain=SORTS, range="category"), legend=legend),
        stroke=alt.Stroke("sort:N", scale=alt.Scale(domain=SORTS, range="category"), legend=legend),
        fillOpacity=alt.FillOpacity("opacity:Q", scale=None),
        strokeDash=alt.StrokeDash("sort:N", scale=alt.Scale(domain=SORTS, range=_DASHES), legend=legend),
    )
    return bars


def _numbers(rows: list[BoundRow], low: float, x: Callable[[str], alt.X], y: alt.Y) -> list[parts.Layer]:
    """The value behind each bar, over the lines that cross it."""
    base = parts.rows([_bar(row, low) for row in rows]).encode(y=y, x=x("value"), text="told:N", tooltip=_TOOLTIP)
    return parts.note(base, align="left", dx=5)


def _bar(row: BoundRow, low: float) -> parts.Row:
    return {
        "name": row.name,
        "title": row.title,
        "low": low,
        "value": row.value,
        "told": story.value(row),
        "sort": _sort(row),
        "opacity": _FILLED[row.verdict],
        "verdict": row.verdict,
        "of": row.of,
    }


_TOOLTIP = [
    alt.Tooltip("title:N", title="bound"),
    alt.Tooltip("told:N", title="value"),
    alt.Tooltip("of:N", title="on the error of"),
    alt.Tooltip("verdict:N", title="verdict"),
]


def _legend(sorts: list[str]) -> alt.Legend:
    """Of the sorts that there are; each keeps its colour, whichever others there are."""
    return alt.Legend(title=None, symbolType="square", labelLimit=220, columns=1, values=sorts)


def _measured(doc: Bounds, low: float, high: float, x: Callable[[str], alt.X], y: alt.Y) -> list[parts.Layer]:
    """The errors that there are: a line down the figure each, and in its own row a mark with its number."""
    layers: list[parts.Layer] = []
    notes: list[parts.Layer] = []  # over all lines
    if doc.test is not None:
        test, place = doc.test, max(doc.test.error, low)
        told = f"{percent(test.error)} ({percent(test.lower)} to {percent(test.upper)})"
        seen = {"name": TEST, "value": place, "low": max(test.lower, low), "high": min(test.upper, high), "told": told}
        base = parts.rows([seen]).encode(tooltip=[alt.Tooltip("told:N", title="test error")])
        interval = base.mark_rule(style="plain").encode(x=x("low"), x2="high:Q", y=y)
        layers += [
            *([base.mark_rule(style="plain", opacity=0.45).encode(x=x("value"))] if test.error > 0.0 else []),
            interval,
            base.mark_point(style="mark", filled=True, opacity=1, size=70).encode(x=x("value"), y=y),
        ]
        notes += parts.note(base.encode(x=x("high"), y=y, text="told:N"), align="left", dx=8)
    if doc.trivial > 0.0:
        base = parts.rows([{"name": TRIVIAL, "value": doc.trivial, "told": percent(doc.trivial)}])
        base = base.encode(x=x("value"), tooltip=[alt.Tooltip("told:N", title="a constant answer errs on")])
        layers += [
            base.mark_rule(style="limit"),
            base.mark_point(style="mark", filled=True, shape="diamond", opacity=1, size=70).encode(y=y),
        ]
        notes += parts.note(base.encode(y=y, text="told:N"), align="left", dx=8)
    return [*layers, *notes]


FIGURES: dict[str, Callable[[Bounds], alt.LayerChart]] = {"bounds": bounds_figure}

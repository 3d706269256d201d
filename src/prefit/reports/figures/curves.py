"""Whole figures of curves: lines and points by name on linear or logarithmic axes, with levels to compare."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt

from prefit.reports.figures import parts
from prefit.reports.figures.theme import HEIGHT

_DASHES = {"wide": [1, 0], "line": [1, 0], "dashed": [7, 3], "dotted": [2, 4], "points": [1, 0]}
_WIDE, _PLAIN = 4.5, 2.2  # pixels; what was measured stays visible under a prediction that it follows
_LOG_MARGIN = 1.3  # between the outermost numbers and the frame, a factor,
_LOG_PART = 0.06  # or this part of the decades, so that words of a level have room
_MARGIN = 1.08  # the same on a linear axis
_LONGEST_NAME = 190  # pixels in the legend


@dataclass(frozen=True)
class Curve:
    """One line, wide or plain, or a set of points, by its name in the legend.

    x, y       (k,) pairs; those without a number, and those that a logarithmic axis cannot show, are left out
    low, high  (k,) ends of an interval about y: bars about points, a band about a line
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    drawn: Literal["wide", "line", "dashed", "dotted", "points"] = "line"
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None


@dataclass(frozen=True)
class Axis:
    """One axis; an end that is not given is that of the curves.

    format  of the ticks where they are even or percentages; other logarithmic axes write them as `parts.log_axis`
    zero    place of the number 0 on a logarithmic axis, below its smallest other number; None: 0 is left out
    """

    title: str
    log: bool = True
    format: str = "~g"
    low: float | None = None
    high: float | None = None
    zero: float | None = None


@dataclass(frozen=True)
class Level:
    """A horizontal line across the figure, or a band up to `high`, with a few words at its right end."""

    value: float
    text: str
    high: float | None = None


def curves_figure(
    curves: Sequence[Curve],
    x: Axis,
    y: Axis,
    names: Sequence[str] = (),
    levels: Sequence[Level] = (),
    height: int = HEIGHT,
) -> alt.LayerChart | None:
    """The curves over each other, the first at the bottom; None where there is nothing to draw.

    names    all the names that figures of this kind have, so that each keeps its colour; default those of the curves
    """
    kept = [(curve, rows) for curve in curves if (rows := _rows(curve, x, y))]
    if not kept:
        return None
    every = [row for _, rows in kept for row in rows]
    levels = [level for level in levels if _shown(level.value, y)]
    ends = [row[key] for row in every for key in ("y", "low", "high") if _shown(row.get(key), y)]
    ends += [end for level in levels for end in (level.value, level.high) if end is not None]
    scales = _Scales(x, y, _domain(x, [row["x"] for row in every], 1.0), _domain(y, ends, _LOG_MARGIN))
    look = _Look(list(names or dict.fromkeys(curve.name for curve in curves)), [curve for curve, _ in kept])
    lines = [layer for curve, rows in kept for layer in _layers(curve, rows, scales, look)]
    inside = alt.Chart().transform_filter(alt.FieldRangePredicate(field="y", range=list(scales.y_ends)))
    spots = inside.encode(x=scales.x("x"), y=scales.y("y"), color=look.color(), tooltip=scales.tooltip())
    near = parts.hover_points(spots, "near", ["curve", "x"])
    figure = parts.layered([*_levels(levels, scales), *lines, near], height=height)
    return figure.properties(data=alt.InlineData(values=every))  # once for all layers


def _rows(curve: Curve, x: Axis, y: Axis) -> list[parts.Row]:
    points = list(zip(curve.x, curve.y, strict=True))
    kept = [i for i, (at, value) in enumerate(points) if _shown(_placed(at, x), x) and _shown(value, y)]
    rows = []
    for i in (kept[i] for i in parts.thinned(len(kept))):
        at, value = points[i]
        row = {"curve": curve.name, "at": at, "x": _placed(at, x), "y": value}
        ends = {} if curve.low is None or curve.high is None else {"low": curve.low[i], "high": curve.high[i]}
        rows.append({key: _short(cell) for key, cell in (row | ends).items()})
    return rows


def _short(cell: Any) -> Any:
    """Six digits: more would not be seen."""
    return float(f"{cell:.6g}") if isinstance(cell, float) else cell


def _placed(value: float, axis: Axis) -> float:
    return axis.zero if value == 0 and axis.log and axis.zero is not None else value


def _shown(value: float | None, axis: Axis) -> bool:
    return value is not None and math.isfinite(value) and (value > 0 or not axis.log)


def _domain(axis: Axis, values: Sequence[float], margin: float) -> tuple[float, float]:
    """The ends of an axis: as given, else around the values; a linear one starts at 0 unless something is below."""
    low, high = min(values), max(values)
    if axis.log:
        room = max(margin, (high / low) ** _LOG_PART) if margin > 1 else 1.0
        ends = low / room, high * room
    else:
        ends = min(_MARGIN * low, 0.0), max(_MARGIN * high, 0.0)
    ends = ends[0] if axis.low is None else axis.low, ends[1] if axis.high is None else axis.high
    if ends[0] < ends[1]:
        return ends
    return (ends[0] / 2, ends[0] * 2) if axis.log else (ends[0] - 1, ends[0] + 1)


@dataclass(frozen=True)
class _Scales:
    """Both axes, the same for all layers."""

    x_axis: Axis
    y_axis: Axis
    x_ends: tuple[float, float]
    y_ends: tuple[float, float]

    def x(self, field: str) -> alt.X:
        return alt.X(
            f"{field}:Q",
            title=self.x_axis.title,
            scale=_scale(self.x_axis, self.x_ends),
            axis=_ticks(self.x_axis, self.x_ends, grid=False),
        )

    def y(self, field: str) -> alt.Y:
        return alt.Y(
            f"{field}:Q",
            title=self.y_axis.title,
            scale=_scale(self.y_axis, self.y_ends),
            axis=_ticks(self.y_axis, self.y_ends, grid=True),
        )

    def tooltip(self) -> list[alt.Tooltip]:
        numbers = ".3~p" if self.y_axis.format.endswith("%") else ".4~g"
        return [
            parts.nearest_name("curve"),
            alt.Tooltip("at:Q", title=self.x_axis.title, format=",.6~g"),
            alt.Tooltip("y:Q", title=self.y_axis.title, format=numbers),
        ]


def _scale(axis: Axis, ends: tuple[float, float]) -> alt.Scale:
    return alt.Scale(type="log" if axis.log else "linear", domain=list(ends), nice=False)


def _ticks(axis: Axis, ends: tuple[float, float], grid: bool) -> alt.Axis:
    if not axis.log:
        return alt.Axis(format=axis.format, tickCount=6, grid=grid)
    values = parts.ticks(*ends) if ends[1] < 1e3 * ends[0] else parts.log_axis_values(*ends)
    if axis.format.endswith("%"):
        return alt.Axis(format=axis.format, values=values, grid=grid)
    return parts.log_axis(values, grid, axis.zero)


@dataclass(frozen=True)
class _Look:
    """Colour, dash and legend by the name of a curve."""

    names: list[str]
    drawn: list[Curve]

    def color(self) -> alt.Color:
        return alt.Color("curve:N", scale=alt.Scale(domain=self.names), legend=self._legend())

    def dash(self) -> alt.StrokeDash:
        kinds = {curve.name: curve.drawn for curve in self.drawn}
        dashes = [_DASHES[kinds.get(name, "line")] for name in self.names]
        return alt.StrokeDash("curve:N", scale=alt.Scale(domain=self.names, range=dashes), legend=self._legend())

    def _legend(self) -> alt.Legend:
        """Equal legends of colour and dash are drawn as one."""
        values = [name for name in self.names if name in {curve.name for curve in self.drawn}]
        return alt.Legend(
            title=None, values=values, symbolSize=250, symbolType=self._symbol(), labelLimit=_LONGEST_NAME
        )

    def _symbol(self) -> str:
        return "circle" if all(curve.drawn == "points" for curve in self.drawn) else "stroke"


def _layers(curve: Curve, rows: list[parts.Row], scales: _Scales, look: _Look) -> list[parts.Layer]:
    own = alt.Chart().transform_filter(alt.FieldEqualPredicate(field="curve", equal=curve.name))
    base = own.encode(x=scales.x("x"), y=scales.y("y"), color=look.color())
    about = parts.rows([row for row in rows if _shown(row.get("low"), scales.y_axis) and row["high"] is not None])
    span = about.encode(x=scales.x("x"), y=scales.y("low"), y2="high:Q", color=look.color())
    has_span = curve.low is not None and curve.high is not None
    if curve.drawn == "points" or len(rows) < 2:
        bars = [span.mark_rule(strokeWidth=1.5, clip=True)] if has_span else []
        return [*bars, base.mark_point(filled=True, size=34, opacity=0.85, clip=True)]
    bands = [span.mark_area(opacity=0.2, clip=True)] if has_span else []
    return [
        *bands,
        base.mark_line(strokeWidth=_WIDE if curve.drawn == "wide" else _PLAIN, clip=True).encode(
            strokeDash=look.dash()
        ),
    ]


def _levels(levels: Sequence[Level], scales: _Scales) -> list[parts.Layer]:
    """Lines with their words: above the line, those of the lowest of several below it."""
    layers = []
    lowest = min((level.value for level in levels), default=0.0) if len(levels) > 1 else None
    for level in levels:
        base = parts.rows([{"y": level.value, "high": level.high, "x": scales.x_ends[1], "text": level.text}])
        if level.high is not None:
            layers.append(base.mark_rect(style="note", opacity=0.25).encode(y=scales.y("y"), y2="high:Q"))
        below = level.value == lowest
        words = base.encode(x=scales.x("x"), y=scales.y("y"), text="text:N")
        layers += [
            base.mark_rule(style="limit", clip=True).encode(y=scales.y("y")),
            *parts.note(words, align="right", baseline="top" if below else "bottom", dx=-2, dy=4 if below else -4),
        ]
    return layers

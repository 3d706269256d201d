"""The figure of a comparison: the complexity that each kernel gives the labels, and random ones."""

from __future__ import annotations

import altair as alt

from prefit.documents.forecast import QuadraticForm
from prefit.documents.kernels import Kernels
from prefit.documents.numbers import interval
from prefit.reports.facts import of_draws
from prefit.reports.figures import parts
from prefit.reports.figures.theme import config

FIGURES = ("complexity",)
_LOG_FROM = 10.0  # largest over smallest from which the axis is logarithmic
_NAMES = ("these labels", "random labels", "these labels, at the margin")
_SHAPES = ["circle", "triangle-up", "diamond"]  # told apart without colour too


def kernels_figures(doc: Kernels) -> dict[str, alt.LayerChart]:
    """The figures of a comparison by name."""
    return {"complexity": _figure(doc).configure(**config("paper"))}


def _figure(doc: Kernels) -> alt.LayerChart:
    points = [point for row in doc.kernels for point in _points(row.name, row.complexity, row.random)]
    points += [
        _point(row.name, _NAMES[2], row.margin_complexity)
        for row in doc.kernels
        if row.margin_complexity is not None and row.margin_complexity.upper is not None
    ]
    if not points:
        return parts.message("No finite complexity:\ninputs that coincide carry contradictory labels.")
    x = alt.X("kernel:N", title=None, sort=[row.name for row in doc.kernels], axis=alt.Axis(labelAngle=0))
    y, low = _axis(points, "complexity"), _axis(points, "low")
    present = [name for name in _NAMES if any(point["labels"] == name for point in points)]
    legend = alt.Legend(title=None, labelLimit=240)
    color = alt.Color("labels:N", scale=alt.Scale(domain=present), legend=legend)
    shape = alt.Shape("labels:N", scale=alt.Scale(domain=present, range=_SHAPES), legend=legend)
    tooltip = [
        alt.Tooltip("kernel:N", title="kernel"),
        alt.Tooltip("labels:N", title="labels"),
        alt.Tooltip("told:N", title="complexity"),
    ]
    base = parts.rows(points).encode(x=x, color=color, tooltip=tooltip)
    return parts.layered(
        [
            base.mark_line(strokeWidth=1.5, opacity=0.5).encode(y=y),
            base.mark_rule(strokeWidth=2).encode(y=low, y2="high:Q"),
            base.mark_point(filled=True, size=80, opacity=1).encode(y=y, shape=shape),
        ]
    )


def _points(kernel: str, own: QuadraticForm, random: QuadraticForm | None) -> list[parts.Row]:
    found = [] if own.lower is None else [_point(kernel, _NAMES[0], own)]
    return found if random is None or random.lower is None else [*found, _point(kernel, _NAMES[1], random)]


def _point(kernel: str, name: str, value: QuadraticForm) -> parts.Row:
    """Where it stands with its interval; of draws the mean with one deviation."""
    assert value.lower is not None
    low, high = value.lower, value.lower if value.upper is None else value.upper
    middle, told = (low + high) / 2, f"{interval(value)} ({value.status})"
    if value.mean is not None:
        std = value.std or 0.0
        low, middle, high, told = value.mean - std, value.mean, value.mean + std, of_draws(value)
    return {"kernel": kernel, "labels": name, "low": low, "complexity": middle, "high": high, "told": told}


def _axis(points: list[parts.Row], field: str) -> alt.Y:
    bottom, top = min(point["low"] for point in points), max(point["high"] for point in points)
    scale = alt.Scale(domain=[0, 1.08 * top], nice=False)
    if bottom > 0 and top > _LOG_FROM * bottom:
        scale = alt.Scale(type="log", domain=[bottom / 1.3, top * 1.3], nice=False)
    return alt.Y(f"{field}:Q", title="Complexity", scale=scale, axis=parts.axis_of(scale))

"""The figures of a comparison: the complexity that each kernel gives the labels, near and beside random ones."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt

from prefit.documents.forecast import QuadraticForm
from prefit.documents.kernels import Kernels
from prefit.documents.numbers import interval
from prefit.reports.facts import of_draws
from prefit.reports.figures import parts
from prefit.reports.figures.theme import config

FIGURES = ("complexity", "random")
_LOG_FROM = 10.0  # largest over smallest from which the axis is logarithmic
_NAMES = ("these labels", "random labels", "these labels, at the margin")
_SHAPES = ["circle", "triangle-up", "diamond"]  # told apart without colour too


def kernels_figures(doc: Kernels) -> dict[str, alt.LayerChart]:
    """The figures of a comparison by name; that with random labels where some were drawn."""
    own = [_point(row.name, _NAMES[0], row.complexity) for row in doc.kernels if row.complexity.lower is not None]
    margins = [
        _point(row.name, _NAMES[2], row.margin_complexity)
        for row in doc.kernels
        if row.margin_complexity is not None and row.margin_complexity.upper is not None
    ]
    random = [
        _point(row.name, _NAMES[1], row.random)
        for row in doc.kernels
        if row.random is not None and row.random.lower is not None
    ]
    found = {"complexity": _figure(doc, [*own, *margins], _near)}
    if random:
        found["random"] = _figure(doc, [*own, *random, *margins], _from_zero)
    return {name: chart.configure(**config("paper")) for name, chart in found.items()}


def _figure(doc: Kernels, points: list[parts.Row], scale_of: Callable[[float, float], alt.Scale]) -> alt.LayerChart:
    if not points:
        return parts.message("No finite complexity:\ninputs that coincide carry contradictory labels.")
    x = alt.X("kernel:N", title=None, sort=[row.name for row in doc.kernels], axis=alt.Axis(labelAngle=0))
    scale = _scale(points, scale_of)
    y, low = (
        alt.Y(f"{field}:Q", title="Complexity", scale=scale, axis=parts.axis_of(scale))
        for field in ("complexity", "low")
    )
    present = [name for name in _NAMES if any(point["labels"] == name for point in points)]
    legend = alt.Legend(title=None, labelLimit=240, values=present)
    color = alt.Color("labels:N", scale=alt.Scale(domain=list(_NAMES)), legend=legend)
    shape = alt.Shape("labels:N", scale=alt.Scale(domain=list(_NAMES), range=_SHAPES), legend=legend)
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


def _point(kernel: str, name: str, value: QuadraticForm) -> parts.Row:
    """Where it stands with its interval; of draws the mean with one deviation."""
    assert value.lower is not None
    low, high = value.lower, value.lower if value.upper is None else value.upper
    middle, told = (low + high) / 2, f"{interval(value)} ({value.status})"
    if value.mean is not None:
        std = value.std or 0.0
        low, middle, high, told = value.mean - std, value.mean, value.mean + std, of_draws(value)
    return {"kernel": kernel, "labels": name, "low": low, "complexity": middle, "high": high, "told": told}


def _scale(points: list[parts.Row], linear: Callable[[float, float], alt.Scale]) -> alt.Scale:
    """Logarithmic where the values are far apart."""
    bottom, top = min(point["low"] for point in points), max(point["high"] for point in points)
    if bottom > 0 and top > _LOG_FROM * bottom:
        return alt.Scale(type="log", domain=[bottom / 1.3, top * 1.3], nice=False)
    return linear(bottom, top)


def _near(bottom: float, top: float) -> alt.Scale:
    """Fits the values, so that small differences show."""
    spare = 0.08 * (top - bottom) or 0.08 * top or 1.0
    return alt.Scale(domain=[max(bottom - spare, 0.0), top + spare], zero=False, nice=False)


def _from_zero(bottom: float, top: float) -> alt.Scale:
    """A portion of random labels' complexity is a portion of their height."""
    return alt.Scale(domain=[min(bottom, 0.0), 1.08 * top or 1.0], nice=False)

"""Where the labels sit in the spectrum of the Gram matrix (Arora et al. 2019, Figure 1 b and d)."""

from __future__ import annotations

import altair as alt

from prefit.documents import Forecast
from prefit.documents.forecast import LabelResult
from prefit.reports.figures import labels, parts
from prefit.reports.story import is_exact, label_names

_LEAST = 1e-12  # eigenvalues below this portion of the largest are rounding


def spectrum_figure(doc: Forecast) -> alt.LayerChart:
    """Eigenvalues with label projections where the spectrum is exact, else the cumulative label measure."""
    entries = [e for e in doc.labels if e.projection is not None and e.projection.eigenvalue]
    if not entries:
        return parts.message("The document holds no label measure.")
    return _exact(doc, entries) if is_exact(doc) else _cumulative(doc, entries)


def _exact(doc: Forecast, entries: list[LabelResult]) -> alt.LayerChart:
    x = alt.X(
        "index:Q",
        title="Index i of the eigenvalue, largest first",
        scale=alt.Scale(type="log", domain=[1, max(doc.data.n, 2)], nice=False),
        axis=parts.log_axis(parts.log_axis_values(1, max(doc.data.n, 2)), grid=False),
    )
    shown = [e for e in entries if e.projection is not None and e.projection.projection]
    kinds = [entry.name for entry in shown]
    projections = [row for entry in shown for row in _projections(doc, entry)]
    eigenvalues = _eigenvalues(doc)
    left = parts.rows(eigenvalues).encode(
        x=x, y=_log_axis("eigenvalue", "Eigenvalue λ (line)", eigenvalues, left=True), tooltip=_EIGENVALUE
    )
    line = [left.mark_line(style="plain"), left.mark_point(opacity=0, size=60)]
    if not projections:
        return parts.layered(line)
    right = parts.rows(projections).encode(
        x=x,
        y=_log_axis("projection", "Label projection |v·y| (points)", projections, left=False),
        color=labels.series(doc, kinds, symbol=None),
        shape=labels.shapes(doc, kinds),
        tooltip=_PROJECTION,
    )
    points = right.mark_point(filled=True, size=22, opacity=0.55)
    return parts.layered([points, parts.joined(line)], apart=True)


def _log_axis(field: str, title: str, points: list[parts.Row], left: bool) -> alt.Y:
    values = [row[field] for row in points] or [1.0]
    axis = parts.log_axis(parts.log_axis_values(min(values), max(values)), grid=left)
    axis.orient = "left" if left else "right"
    return alt.Y(
        f"{field}:Q",
        title=title,
        scale=alt.Scale(type="log", nice=False),
        axis=axis,
    )


_EIGENVALUE = [
    alt.Tooltip("index:Q", title="index", format=","),
    alt.Tooltip("eigenvalue:Q", title="eigenvalue", format=".4~g"),
]
_PROJECTION = [
    alt.Tooltip("labels:N", title="labels"),
    *_EIGENVALUE,
    alt.Tooltip("projection:Q", title="|v·y|", format=".3~g"),
    alt.Tooltip("portion:Q", title="portion of |y|²", format=".2~p"),
]


def _kept(doc: Forecast) -> list[int]:
    """Places in the lists of the spectrum that are drawn."""
    least = _LEAST * max(doc.spectrum.lambda_max, 0.0)
    kept = parts.thinned(len(doc.spectrum.eigenvalue))
    return [i for i in kept if doc.spectrum.eigenvalue[i] > least]


def _eigenvalues(doc: Forecast) -> list[parts.Row]:
    spectrum = doc.spectrum
    return [{"index": spectrum.index[i] + 1, "eigenvalue": spectrum.eigenvalue[i]} for i in _kept(doc)]


def _projections(doc: Forecast, entry: LabelResult) -> list[parts.Row]:
    assert entry.projection is not None
    name, lengths = label_names(doc)[entry.name], entry.projection.projection
    squared_norm = entry.residual.norm[0] ** 2 if entry.residual is not None else None
    return [
        {
            "labels": name,
            "index": doc.spectrum.index[i] + 1,
            "eigenvalue": doc.spectrum.eigenvalue[i],
            "projection": lengths[i],
            "portion": lengths[i] ** 2 / squared_norm if squared_norm else None,
        }
        for i in _kept(doc)
        if i < len(lengths) and lengths[i] > 1e-9 * max(lengths)
    ]


def _cumulative(doc: Forecast, entries: list[LabelResult]) -> alt.LayerChart:
    points = [row for entry in entries for row in _steps_down(doc, entry)]
    values = [row["eigenvalue"] for row in points]
    kinds = [entry.name for entry in entries]
    x = alt.X(
        "eigenvalue:Q",
        title="Eigenvalue λ, largest first",
        scale=alt.Scale(type="log", domain=[min(values), max(values)], nice=False, reverse=True),
        axis=parts.log_axis(parts.log_axis_values(min(values), max(values)), grid=False),
    )
    y = alt.Y(
        "cumulative:Q",
        title="Portion of |y|² on eigenvalues ≥ λ",
        scale=alt.Scale(domain=[0, 1]),
        axis=alt.Axis(format="%", tickCount=5),
    )
    base = parts.rows(points).encode(x=x, y=y, color=labels.series(doc, kinds))
    lines = base.mark_line(interpolate="step-after", strokeWidth=2.5).encode(strokeDash=labels.dashes(doc, kinds))
    spots = parts.hover_points(base.encode(tooltip=_CUMULATIVE), "near", ["labels", "eigenvalue"])
    return parts.layered([lines, spots])


_CUMULATIVE = [
    parts.nearest_name("labels"),
    alt.Tooltip("eigenvalue:Q", title="eigenvalue", format=".4~g"),
    alt.Tooltip("cumulative:Q", title="portion of |y|² down to it", format=".3~p"),
]


def _steps_down(doc: Forecast, entry: LabelResult) -> list[parts.Row]:
    """The measure's nodes from the largest down; those at rounding level stand at the smallest real one."""
    assert entry.projection is not None
    name, measure = label_names(doc)[entry.name], entry.projection
    least = _LEAST * max(doc.spectrum.lambda_max, 0.0)
    return [
        {"labels": name, "eigenvalue": measure.eigenvalue[i], "cumulative": measure.cumulative[i]}
        for i in parts.thinned(len(measure.eigenvalue))
        if measure.eigenvalue[i] > least
    ]

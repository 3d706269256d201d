"""The loss curve before training: Arora et al. (2019), Theorem 4.1, arXiv:1901.08584."""

from __future__ import annotations

import altair as alt

from prefit.documents import Forecast
from prefit.documents.forecast import Residual
from prefit.documents.numbers import number
from prefit.reports.figures import labels, parts
from prefit.reports.story import label_names

_LOWEST = 2e-3  # the document's curves end at 1%; portions below this leave the figure
_SEEN = 0.01  # a bracket is drawn from where its ends differ by more
_TICKS = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002]


def loss_figure(doc: Forecast) -> alt.LayerChart:
    """½‖y − u(k)‖² as a portion of its start against k, with the theory's bracket as a band."""
    curves = {entry.name: entry.residual for entry in doc.labels if entry.residual is not None}
    points = {kind: _points(label_names(doc)[kind], curve) for kind, curve in curves.items()}
    points = {kind: rows for kind, rows in points.items() if rows}
    if not points:
        limit = number(doc.convergence.steps_stable_below)
        why = f"Gradient descent diverges at this step size;\nit must be below 2/λ_max = {limit}."
        return parts.message(why if doc.labels else "The document holds no loss curve.")
    everything = [row for rows in points.values() for row in rows]
    return parts.layered(_layers(doc, everything, list(points)))


def _points(name: str, curve: Residual) -> list[parts.Row]:
    """Portions of the starting loss at the steps from 1 on (a logarithmic axis has no 0), while they are seen."""
    start = curve.norm[0]
    if start <= 0:
        return []
    kept = [i for i, step in enumerate(curve.steps) if step >= 1 and curve.norm[i - 1] ** 2 >= _LOWEST * start**2]
    kept = [kept[i] for i in parts.thinned(len(kept))]
    upper = curve.upper if curve.upper is not None else curve.norm
    return [
        {
            "labels": name,
            "step": curve.steps[i],
            "portion": _portion(curve.norm[i], start),
            "low": _portion(curve.lower[i], start),
            "high": _portion(upper[i], start),
        }
        for i in kept
    ]


def _portion(norm: float, start: float) -> float:
    return max((norm / start) ** 2, _LOWEST / 2)


def _layers(doc: Forecast, points: list[parts.Row], kinds: list[str]) -> list[parts.Layer]:
    low = min(row["portion"] for row in points)
    x, color = parts.step_axis(max(row["step"] for row in points)), labels.series(doc, kinds)
    base = parts.rows(points).encode(x=x, y=_axis("portion", low), color=color)
    lines = base.mark_line(strokeWidth=2.5, clip=True).encode(strokeDash=labels.dashes(doc, kinds))
    spots = parts.hover_points(base.encode(tooltip=_TOOLTIP), "near", ["labels", "step"])
    wide = [row for row in points if row["high"] - row["low"] > _SEEN * row["high"]]
    band = parts.rows(wide).mark_area(opacity=0.25, clip=True)
    bands = [band.encode(x=x, y=_axis("low", low), y2="high:Q", color=color)] if wide else []
    return [*bands, lines, spots]


def _axis(field: str, low: float) -> alt.Y:
    return alt.Y(
        f"{field}:Q",
        title="Training loss, portion of its start",
        scale=alt.Scale(type="log", domain=[max(low * 0.8, _LOWEST), 1], nice=False, clamp=False),
        axis=alt.Axis(format="~%", values=[tick for tick in _TICKS if tick >= low * 0.8]),
    )


_TOOLTIP = [
    parts.nearest_name("labels"),
    alt.Tooltip("step:Q", title="step k", format=","),
    alt.Tooltip("portion:Q", title="loss", format=".3~p"),
    alt.Tooltip("low:Q", title="at least", format=".3~p"),
    alt.Tooltip("high:Q", title="at most", format=".3~p"),
]

"""The generalization bound against stopping time, beside what a constant answer reaches."""

from __future__ import annotations

from typing import Literal

import altair as alt

from prefit.documents import Forecast
from prefit.documents.forecast import Bound, PerClass
from prefit.documents.numbers import at_most, printable
from prefit.reports.dataset import short
from prefit.reports.figures import parts
from prefit.reports.figures.theme import HEIGHT

_HEADROOM = 1.6  # the axis ends this far above the trivial line or the smallest bound, whichever is higher
_CURVES = ("the predictor", "its best multiple")
_ROW = 26  # pixels for a class
_TALLEST = 800  # pixels; of more classes only some names are shown, the tooltips have all
_LONGEST = 110  # pixels of its name; the tooltip has it whole


def bound_figure(doc: Forecast) -> alt.LayerChart:
    """Both curves with the trivial line and the minimum; one class against the rest where there is no curve."""
    bound = doc.bound
    if bound.curve is not None and any(step >= 1 for step in bound.curve.steps):
        return _against_time(doc, bound)
    if any(_best(row) is not None for row in bound.per_class):
        return _per_class(bound.per_class)
    return parts.message(f"No bound to draw.\n{short(bound.reason, 60)}")


def _against_time(doc: Forecast, bound: Bound) -> alt.LayerChart:
    points = _points(bound)
    smallest = min(row["bound"] for row in points)
    highest = max(row["bound"] for row in points)
    top = max(min(highest, _HEADROOM * max(smallest, bound.trivial)) * 1.02, bound.trivial * 1.1)
    last = _last_step(bound, points, top)
    points = [row for row in points if row["step"] <= last]
    x, y = parts.step_axis(last, "Gradient descent stopped at step k"), _axis(doc, top)
    color, dash = _line_color(doc), _line_dash(doc)
    lines = parts.rows(points).mark_line(strokeWidth=2.5, clip=True).encode(x=x, y=y, color=color, strokeDash=dash)
    trivial = parts.rows([{"line": _lines(doc)[2], "bound": bound.trivial}])
    rule = trivial.mark_rule(strokeWidth=1.5).encode(y=y, color=color, strokeDash=dash)
    inside = parts.rows([row for row in points if row["bound"] <= top]).encode(x=x, y=y, tooltip=_TOOLTIP)
    spots = parts.hover_points(inside, "near", ["line", "step"])
    return parts.layered([rule, lines, *_minimum(bound, last, top, x, y), spots])


def _last_step(bound: Bound, points: list[parts.Row], top: float) -> int:
    """Where the axis ends: at a step from which on no curve comes back into the figure."""
    last: int = max(row["step"] for row in points)
    if bound.stopped is not None and bound.stopped.step is None:
        return last
    seen: int = max((row["step"] for row in points if row["bound"] <= top), default=last)
    return min(last, 2 * max(seen, 10))


def _lines(doc: Forecast) -> list[str]:
    """Names of the solid, the dashed and the dotted line."""
    answer = "commonest class" if doc.data.classes else "a constant"
    return [*_CURVES, f"{answer}: {doc.bound.trivial:.3g}"]


def _line_color(doc: Forecast) -> alt.Color:
    return alt.Color("line:N", scale=alt.Scale(domain=_lines(doc), range="ordinal"), legend=_legend())


def _line_dash(doc: Forecast) -> alt.StrokeDash:
    scale = alt.Scale(domain=_lines(doc), range=[[1, 0], [6, 3], [2, 3]])
    return alt.StrokeDash("line:N", scale=scale, legend=_legend())


def _legend() -> alt.Legend:
    return alt.Legend(title=None, symbolSize=250, symbolType="stroke", labelLimit=240)


def _points(bound: Bound) -> list[parts.Row]:
    assert bound.curve is not None
    curve = bound.curve
    kept = [i for i, step in enumerate(curve.steps) if step >= 1]
    kept = [kept[i] for i in parts.thinned(len(kept))]
    pairs = zip(_CURVES, (curve.value, curve.best_scale_value), strict=True)
    return [{"line": line, "step": curve.steps[i], "bound": values[i]} for line, values in pairs for i in kept]


def _axis(doc: Forecast, top: float) -> alt.Y:
    kind = "error" if doc.data.classes else "loss"
    return alt.Y(
        "bound:Q",
        title=f"Bound on the test {kind}",
        scale=alt.Scale(domain=[0, top], nice=False),
        axis=alt.Axis(format="~g", tickCount=6),
    )


_TOOLTIP = [
    parts.nearest_name("bound of"),
    alt.Tooltip("step:Q", title="step k", format=","),
    alt.Tooltip("bound:Q", title="bound", format=".3~g"),
]


def _minimum(bound: Bound, last: int, top: float, x: alt.X, y: alt.Y) -> list[parts.Layer]:
    """The smallest bound, at the right edge where it is that of convergence."""
    best = bound.stopped
    if best is None:
        return []
    step = min(max(best.step, 1), last) if best.step is not None else last
    when = f"step {best.step:,}" if best.step is not None else "convergence"
    text = f"smallest: {at_most(best.value)} at {when}"
    align, dx = _side(step, last)
    above_line = best.value - bound.trivial
    # Written under the point, and under the dotted line where that would cross it.
    dy = 8 + (above_line / top * HEIGHT if 0 <= above_line < 0.09 * top else 0)
    base = parts.rows([{"step": step, "bound": best.value, "text": text, "scale": best.scale}]).encode(x=x, y=y)
    tooltip = [alt.Tooltip("text:N", title="bound"), alt.Tooltip("scale:Q", title="multiple", format=".3~g")]
    note = base.mark_text(style="message", align=align, baseline="top", dx=dx, dy=dy, clip=True)
    return [
        base.mark_point(style="mark", filled=True, shape="diamond", opacity=1, size=110, clip=True).encode(
            tooltip=tooltip
        ),
        note.encode(text="text:N"),
    ]


def _side(step: int, last: int) -> tuple[Literal["left", "center", "right"], int]:
    """Where the text beside a point at `step` fits, and how far it is moved."""
    if step < last**0.3:
        return "left", 6
    return ("right", -6) if step > last**0.7 else ("center", 0)


def _best(row: PerClass) -> float | None:
    return row.stopped.value if row.stopped is not None else row.explicit


def _per_class(per_class: list[PerClass]) -> alt.LayerChart:
    """A point for each class, a tick for what it must beat."""
    found = [(row, _best(row)) for row in per_class]
    points = [
        {"class": printable(row.name), "bound": best, "trivial": row.trivial, "word": row.verdict}
        for row, best in found
        if best is not None
    ]
    y = alt.Y("class:N", title=None, sort=None, axis=alt.Axis(labelLimit=_LONGEST))
    tooltip = [
        alt.Tooltip("class:N", title="class"),
        alt.Tooltip("bound:Q", title="bound", format=".3~g"),
        alt.Tooltip("trivial:Q", title="must beat", format=".3~g"),
        alt.Tooltip("word:N", title="verdict"),
    ]
    title = ["Bound on the error, one class against the rest", "(tick: what it must beat)"]
    base = parts.rows(points).encode(y=y, tooltip=tooltip)
    dots = base.mark_point(style="mark", filled=True, opacity=1, size=80).encode(
        x=alt.X("bound:Q", title=title, scale=alt.Scale(zero=True), axis=alt.Axis(format="~g", tickCount=6))
    )
    ticks = base.mark_tick(style="limit", thickness=3).encode(x="trivial:Q")
    return parts.layered([ticks, dots], height=min(max(120, _ROW * len(points)), _TALLEST))

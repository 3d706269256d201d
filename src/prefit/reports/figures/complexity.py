"""The complexity of the labels between none of them random and all of them (Arora et al. 2019, Figure 2)."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from prefit.documents import Forecast
from prefit.documents.forecast import LabelResult
from prefit.documents.numbers import interval, mean_and_spread
from prefit.reports.figures import labels, parts
from prefit.reports.figures.theme import HEIGHT
from prefit.reports.story import label_names

_LOG_FROM = 30.0  # largest over smallest from which the axis is logarithmic
VACUOUS_FROM = 1.0  # as a bound on a loss between 0 and 1


def complexity_figure(doc: Forecast) -> alt.LayerChart:
    """Intervals of true and worst labels, mean and spread of random ones, the noise curve, the vacuous line."""
    entries = [entry for entry in doc.labels if entry.complexity.lower is not None]
    points = [_point(doc, entry) for entry in entries]
    curve = _noise_curve(doc)
    if not points and not curve:
        return parts.message(
            "No finite complexity:\ninputs that coincide carry contradictory labels." if doc.labels else "No labels."
        )
    scale = _scale([row["low"] for row in points + curve], [row["high"] for row in points + curve])
    kinds = [entry.name for entry in entries]
    return parts.layered(
        [
            # Pooled over several classes it is no term of the bound.
            *(_limit(scale) if len(doc.data.classes) <= 2 else []),
            *_band(doc, scale, kinds),
            *_curve(doc, curve, scale, kinds),
            *_marks(doc, points, scale, kinds),
            *_missing(doc, scale),
        ]
    )


def _point(doc: Forecast, entry: LabelResult) -> parts.Row:
    """One kind of labels: where it stands, its interval or spread, and that in words."""
    value = entry.complexity
    assert value.lower is not None
    low, high = value.lower, value.upper if value.upper is not None else value.lower
    middle, told = (low + high) / 2, f"{interval(value)} ({value.status})"
    if value.mean is not None:
        std = value.std or 0.0
        low, middle, high = value.mean - std, value.mean, value.mean + std
        told = f"{mean_and_spread(value.mean, value.std)} ({entry.draws} draws)"
    portion = 1.0 if entry.name == "random" else 0.0
    name = label_names(doc)[entry.name]
    return {"labels": name, "portion": portion, "low": low, "complexity": middle, "high": high, "told": told}


def _noise_curve(doc: Forecast) -> list[parts.Row]:
    curve = doc.noise_curve
    if curve is None:
        return []
    name = label_names(doc)["true"]
    lower, upper = curve.lower or curve.complexity, curve.upper or curve.complexity
    return [
        {"labels": name, "portion": portion, "low": low, "complexity": value, "high": high}
        for portion, low, value, high in zip(curve.portion, lower, curve.complexity, upper, strict=True)
    ]


def _scale(low: list[float], high: list[float]) -> alt.Scale:
    top, bottom = max([*high, VACUOUS_FROM]), min([*low, VACUOUS_FROM])
    if bottom > 0 and top > _LOG_FROM * bottom:
        return alt.Scale(type="log", domain=[bottom / 1.3, top * 1.3], nice=False)
    return alt.Scale(domain=[0, top * 1.08], nice=False)


def _x() -> alt.X:
    return alt.X(
        "portion:Q",
        title="Portion of the labels redrawn at random",
        scale=alt.Scale(domain=[-0.03, 1.03], nice=False),
        axis=alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1], grid=False),
    )


def _y(scale: alt.Scale, field: str = "complexity") -> alt.Y:
    return alt.Y(f"{field}:Q", title="Complexity", scale=scale, axis=parts.axis_of(scale))


def _limit(scale: alt.Scale) -> list[parts.Layer]:
    """The line above which the number, as a bound, says nothing."""
    base = parts.rows([{"complexity": VACUOUS_FROM, "portion": 1.0, "text": "as a bound it says nothing above 1"}])
    words = base.encode(x=_x(), y=_y(scale), text="text:N")
    return [
        base.mark_rule(style="limit").encode(y=_y(scale)),
        *parts.note(words, align="right", baseline="bottom", dy=-4),
    ]


def _band(doc: Forecast, scale: alt.Scale, kinds: Sequence[str]) -> list[parts.Layer]:
    """Mean ± one deviation of random labels, across the figure."""
    random = doc.entry("random")
    if random is None or random.complexity.mean is None:
        return []
    base = parts.rows([_point(doc, random)]).encode(color=labels.series(doc, kinds), tooltip=_TOOLTIP)
    return [
        base.mark_rect(opacity=0.25).encode(y=_y(scale, "low"), y2="high:Q"),
        base.mark_rule(opacity=0.7, strokeDash=[7, 3]).encode(y=_y(scale)),
    ]


def _curve(doc: Forecast, curve: list[parts.Row], scale: alt.Scale, kinds: Sequence[str]) -> list[parts.Layer]:
    if not curve:
        return []
    base = parts.rows(curve).encode(x=_x(), y=_y(scale), color=labels.series(doc, kinds))
    tooltip = [
        alt.Tooltip("portion:Q", title="redrawn", format=".0%"),
        alt.Tooltip("complexity:Q", title="expected complexity", format=".3~g"),
    ]
    band = base.mark_area(opacity=0.25).encode(y=_y(scale, "low"), y2="high:Q")
    line, points = base.mark_line(strokeWidth=2.5), base.encode(tooltip=tooltip)
    return [band, line, parts.hover_points(points, "near", ["portion"])]


_TOOLTIP = [alt.Tooltip("labels:N", title="labels"), alt.Tooltip("told:N", title="complexity")]


def _marks(doc: Forecast, points: list[parts.Row], scale: alt.Scale, kinds: Sequence[str]) -> list[parts.Layer]:
    """A point with its interval for each kind of label."""
    base = parts.rows(points).encode(x=_x(), color=labels.series(doc, kinds), tooltip=_TOOLTIP)
    bars = base.mark_rule(strokeWidth=2).encode(y=_y(scale, "low"), y2="high:Q")
    dots = base.mark_point(filled=True, size=90, opacity=1).encode(y=_y(scale))
    return [bars, dots] if points else []


def _missing(doc: Forecast, scale: alt.Scale) -> list[parts.Layer]:
    true = doc.entry("true")
    if true is None or true.complexity.status != "infinite":
        return []
    text = "infinite for these labels:\nequal inputs, different labels"
    base = parts.rows([{"portion": 0.0, "text": text}])
    return [base.mark_text(style="message", align="left", lineBreak="\n", y=HEIGHT - 30).encode(x=_x(), text="text:N")]

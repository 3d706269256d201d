"""How the numbers of a forecast grow with the examples: nested subsets, a power law, one octave beyond."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from prefit.documents import Forecast
from prefit.documents.growth import Growth, GrowthBlock, GrowthFit, GrowthSize, Quantity, Spread
from prefit.documents.numbers import number, percent
from prefit.reports.figures import labels, parts
from prefit.reports.growth import spread_text
from prefit.reports.story import label_names

_MARGIN = 1.12  # between the outermost numbers and the frame


def growth_error_figure(doc: Forecast) -> alt.LayerChart:
    """The error against n."""
    growth = _growth(doc)
    portion = growth.error_kind == "misclassified"
    title = "Error on new examples" if portion else "Mean |f(x) − y| on new examples"
    return _figure(doc, {"error": ("true", "error")}, title, "~%" if portion else "~g", [])


def growth_complexity_figure(doc: Forecast) -> alt.LayerChart:
    """The complexity against n, beside that of random labels."""
    lines: dict[Quantity, tuple[str, str]] = {
        "complexity": ("true", "complexity"),
        "random_complexity": ("random", "complexity"),
    }
    return _figure(doc, lines, "Complexity", "~g", [])


def growth_steps_figure(doc: Forecast) -> alt.LayerChart:
    """Steps to three portions of the starting loss against n."""
    lines: dict[Quantity, tuple[str, str]] = {
        "steps_0.01": ("true", "1% loss"),
        "steps_0.1": ("true", "10% loss"),
        "steps_0.5": ("true", "50% loss"),
    }
    return _figure(doc, lines, "Steps to a portion of the starting loss", "~s", [name for _, name in lines.values()])


def _growth(doc: Forecast) -> Growth:
    assert doc.growth is not None
    return doc.growth


# Rows -----------------------------------------------------------------------------------------------------------------


def spread_of(size: GrowthSize, quantity: Quantity) -> Spread | None:
    """A number of one size as the document has it."""
    if quantity.startswith("steps_"):
        return size.steps_to.get(quantity.removeprefix("steps_"))
    found = {"complexity": size.complexity, "random_complexity": size.random_complexity, "error": size.error}
    return found.get(quantity)


def _single(block: GrowthBlock, quantity: Quantity) -> float | None:
    """A number of one block: the middle of its interval."""
    if quantity.startswith("steps_"):
        ends = block.steps_to.get(quantity.removeprefix("steps_"))
        return None if ends is None or ends.lower is None or ends.upper is None else (ends.lower + ends.upper) / 2
    if quantity == "complexity":
        low, high = block.complexity.lower, block.complexity.upper
        return low if low is None or high is None else (low + high) / 2
    return block.error if quantity == "error" else block.random_mean


def _measured(doc: Forecast, quantity: Quantity, kind: str, name: str, percents: bool) -> list[parts.Row]:
    """Means with two standard errors on either side; none where the number is 0, which a logarithm does not show."""
    rows = []
    for size in _growth(doc).sizes:
        spread = spread_of(size, quantity)
        if spread is None or spread.mean <= 0.0:
            continue
        error = spread.std_error or 0.0
        blocks = f"{len(size.blocks)} {'subset' if len(size.blocks) == 1 else 'subsets'}"
        rows.append(
            {
                "labels": label_names(doc)[kind],
                "line": name,
                "n": size.n,
                "value": spread.mean,
                "low": max(spread.mean - 2 * error, spread.mean / 3),
                "high": spread.mean + 2 * error,
                "told": f"{spread_text(spread, percents, '')} ({blocks})",
            }
        )
    return rows


def _blocks(doc: Forecast, quantity: Quantity, kind: str) -> list[parts.Row]:
    """Each subset by itself, where there are several of a size."""
    labels = label_names(doc)[kind]
    return [
        {"labels": labels, "n": size.n, "value": value}
        for size in _growth(doc).sizes
        if len(size.blocks) > 1
        for block in size.blocks
        if (value := _single(block, quantity)) is not None and value > 0.0
    ]


def _law(doc: Forecast, fit: GrowthFit, kind: str, name: str) -> list[parts.Row]:
    line = fit.line
    if line is None:
        return []
    labels = label_names(doc)[kind]
    points = zip(line.n, line.value, line.lower, line.upper, strict=True)
    return [
        {"labels": labels, "line": name, "n": n, "value": value, "low": low, "high": high}
        for n, value, low, high in points
    ]


def _estimate(doc: Forecast, fit: GrowthFit, kind: str, name: str, percents: bool) -> list[parts.Row]:
    ahead = fit.extrapolated
    if ahead is None:
        return []
    text = percent if percents else number
    return [
        {
            "labels": label_names(doc)[kind],
            "line": name,
            "n": ahead.n,
            "value": ahead.value,
            "low": ahead.lower,
            "high": ahead.upper,
            "told": f"{text(ahead.value)} (estimate; 95%: {text(ahead.lower)} to {text(ahead.upper)})",
            "note": f"estimate {text(ahead.value)}",
            "rises": (fit.exponent or 0.0) >= 0.0,
        }
    ]


# Layers ---------------------------------------------------------------------------------------------------------------


def _figure(
    doc: Forecast, lines: dict[Quantity, tuple[str, str]], title: str, numbers: str, named: Sequence[str]
) -> alt.LayerChart:
    """Blocks, means with their errors, laws with their bands, estimates; `named` lines carry their names.

    numbers   the format of the vertical axis
    """
    fits = {quantity: _growth(doc).fit(quantity) for quantity in lines}
    percents = numbers == "~%"
    measured, singles, laws, ahead = [], [], [], []
    for quantity, (kind, name) in lines.items():
        measured += _measured(doc, quantity, kind, name, percents)
        singles += _blocks(doc, quantity, kind)
        fit = fits[quantity]
        if fit is not None:
            laws += _law(doc, fit, kind, name)
            ahead += _estimate(doc, fit, kind, name, percents)
    if not measured:
        reasons = [fit.reason for fit in fits.values() if fit is not None and fit.reason]
        return parts.message("\n".join(["Nothing to draw.", *reasons[:1]]))
    x, y = _x(doc, measured, ahead), _Axis(measured + ahead, title, numbers)
    seen = {row["line"] + row["labels"] for row in measured}
    drawn = {kind for kind, name in lines.values() if name + label_names(doc)[kind] in seen}
    color = labels.series(doc, sorted(drawn))
    layers = [
        *_bands(laws, x, y, color),
        *_curves(laws, measured, x, y, color),
        parts.rows(singles)
        .mark_point(filled=True, size=22, opacity=0.5, clip=True)
        .encode(x=x, y=y("value"), color=color),
        *_points(measured, x, y, color),
        *_estimates(ahead, x, y, color),
        *(_names(measured, x, y) if named else []),
    ]
    return parts.layered(layers)


def _x(doc: Forecast, measured: list[parts.Row], ahead: list[parts.Row]) -> alt.X:
    sizes = sorted({row["n"] for row in measured + ahead} | {size.n for size in _growth(doc).sizes})
    return alt.X(
        "n:Q",
        title="Examples n",
        scale=alt.Scale(type="log", domain=[sizes[0] / 1.3, sizes[-1] * 1.45], nice=False),
        axis=alt.Axis(format=",", values=sizes, grid=False),
    )


class _Axis:
    """The vertical axis, the same for all layers: around points and estimates, not around all of the bands."""

    def __init__(self, rows: list[parts.Row], title: str, numbers: str) -> None:
        centre_low, centre_high = min(r["value"] for r in rows), max(r["value"] for r in rows)
        # One very wide interval would flatten all else; it is cut at the frame, the tooltip has its ends.
        self.low = max(min(r["low"] for r in rows), centre_low / 4.0) / _MARGIN
        self.high = min(max(r["high"] for r in rows), centre_high * 4.0) * _MARGIN
        self.title, self.numbers = title, numbers

    def __call__(self, field: str) -> alt.Y:
        values = parts.ticks(self.low, self.high)
        percents = self.numbers.endswith("%")
        return alt.Y(
            f"{field}:Q",
            title=self.title,
            scale=alt.Scale(type="log", domain=[self.low, self.high], nice=False),
            axis=alt.Axis(format=self.numbers, values=values) if percents else parts.log_axis(values),
        )


def _bands(laws: list[parts.Row], x: alt.X, y: _Axis, color: alt.Color) -> list[parts.Layer]:
    area = parts.rows(laws).mark_area(opacity=0.16, clip=True)
    return [area.encode(x=x, y=y("low"), y2="high:Q", color=color, detail="line:N")] if laws else []


def _curves(
    laws: list[parts.Row], measured: list[parts.Row], x: alt.X, y: _Axis, color: alt.Color
) -> list[parts.Layer]:
    """Solid where it was fitted, dashed beyond."""
    if not laws:
        return []
    ends = {name: max(r["n"] for r in measured if r["line"] == name) for name in {r["line"] for r in measured}}
    within = [row for row in laws if row["n"] <= ends[row["line"]] * 1.001]
    last = {(r["labels"], r["line"]): r["n"] for r in within}
    beyond = [row for row in laws if row["n"] >= last[row["labels"], row["line"]] * 0.999]
    return [
        parts.rows(some)
        .mark_line(strokeWidth=2, strokeDash=dash, clip=True)
        .encode(x=x, y=y("value"), color=color, detail="line:N")
        for some, dash in ((within, [1, 0]), (beyond, [5, 4]))
    ]


_TOOLTIP = [
    alt.Tooltip("line:N", title="number"),
    alt.Tooltip("labels:N", title="labels"),
    alt.Tooltip("n:Q", title="examples", format=","),
    alt.Tooltip("told:N", title="value"),
]


def _points(measured: list[parts.Row], x: alt.X, y: _Axis, color: alt.Color) -> list[parts.Layer]:
    base = parts.rows(measured).encode(x=x, color=color, tooltip=_TOOLTIP)
    return [
        base.mark_rule(strokeWidth=2, clip=True).encode(y=y("low"), y2="high:Q"),
        base.mark_point(filled=True, size=70, opacity=1).encode(y=y("value")),
    ]


def _estimates(ahead: list[parts.Row], x: alt.X, y: _Axis, color: alt.Color) -> list[parts.Layer]:
    """Hollow diamonds with their intervals, and the word, on the side where the line is not."""
    if not ahead:
        return []
    base = parts.rows(ahead).encode(x=x, color=color, tooltip=_TOOLTIP)
    layers = [
        base.mark_rule(strokeWidth=1.5, strokeDash=[3, 2], clip=True).encode(y=y("low"), y2="high:Q"),
        base.mark_point(filled=False, shape="diamond", size=110, strokeWidth=2, opacity=1).encode(y=y("value")),
    ]
    for rises in (True, False):
        some = parts.rows([row for row in ahead if row["rises"] == rises])
        note = some.mark_text(
            style="note", align="right", baseline="bottom" if rises else "top", dx=-9, dy=-5 if rises else 5
        )
        layers += [note.encode(x=x, y=y("value"), text="note:N")]
    return layers


def _names(measured: list[parts.Row], x: alt.X, y: _Axis) -> list[parts.Layer]:
    """The name of each line under its first point."""
    first: dict[str, parts.Row] = {}
    for row in measured:
        first.setdefault(row["line"], row)
    text = parts.rows(list(first.values())).mark_text(style="note", align="left", baseline="top", dx=8, dy=4)
    return [text.encode(x=x, y=y("value"), text="line:N")]

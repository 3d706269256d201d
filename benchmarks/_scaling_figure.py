"""The figure of `scaling_in_n.py`: time and peak memory against n, a method's line ending where it failed, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert
from _scaling_cell import METHODS

from prefit.reports.figures.save import vega_lite_version
from prefit.reports.figures.theme import config
from prefit.storage import write_whole

GIB = 2**30
WIDTH, HEIGHT = 400, 380
# Okabe and Ito's colours: ours blue, rivals the others; every method has a shape of its own too.
LOOKS = {
    "prefit": ("#0072B2", "circle"),
    "prefit-complexity": ("#56B4E9", "triangle-up"),
    "prefit-recomputed": ("#003F63", "square"),
    "scipy-cg": ("#D55E00", "circle"),
    "scipy-cholesky": ("#E69F00", "triangle-up"),
    "gpytorch": ("#009E73", "square"),
    "torch-cholesky": ("#CC79A7", "diamond"),
    "scikit-learn-gp": ("#7F7F7F", "triangle-down"),
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Quantity:
    """What a panel shows: a field of the rows, its unit, the axis, and the reason of failure that its limit gives."""

    field: str
    unit: float
    title: str
    reason: str


SECONDS = Quantity("seconds", 1.0, "Seconds", "time")
MEMORY = Quantity("beyond_bytes", GIB, "Peak memory beyond the data, GiB", "memory")


def save_figure(rows: list[Row], limits: dict[str, float], path: Path) -> Path:
    """Write the figure as SVG, or as PNG if `path` ends so."""
    spec, version = figure(rows, limits).to_dict(), vega_lite_version()
    if path.suffix == ".png":
        return write_whole(path, vl_convert.vegalite_to_png(spec, vl_version=version, scale=2))
    return write_whole(path, vl_convert.vegalite_to_svg(spec, vl_version=version).encode())


def figure(rows: list[Row], limits: dict[str, float]) -> alt.HConcatChart:
    names = [name for name in METHODS if any(row["method"] == name for row in rows)]
    keys = Keys(names, {name: legend_label(name, rows) for name in names})
    time = panel(rows, keys, SECONDS, limits["time_limit"], time_allowed(limits))
    memory = panel(rows, keys, MEMORY, limits["memory_limit"], f"{limits['memory_limit']:g} GiB allowed")
    note = alt.TitleParams(
        "Even against odd digits of MNIST, each run in a process of its own",
        subtitle="× the size at which a method failed; the dotted line to it continues its last slope, not measured",
        anchor="start",
        fontSize=14,
        fontWeight="normal",
        subtitleFontSize=12,
        subtitleFontWeight="normal",
        offset=10,
    )
    return alt.hconcat(time, memory, spacing=36, title=note).configure(**config("paper"))


class Keys:
    """Colour and shape of each method, one legend for both."""

    def __init__(self, names: list[str], labels: dict[str, str]) -> None:
        self.labels, domain = labels, [labels[name] for name in names]
        legend = alt.Legend(title=None, orient="bottom", columns=2, labelLimit=0, symbolSize=90, rowPadding=4)
        colors, shapes = ([LOOKS[name][i] for name in names] for i in (0, 1))
        self.color = alt.Color("label:N", scale=alt.Scale(domain=domain, range=colors), legend=legend)
        self.shape = alt.Shape("label:N", scale=alt.Scale(domain=domain, range=shapes), legend=legend)


def time_allowed(limits: dict[str, float]) -> str:
    return f"{limits['time_limit']:,g} s allowed (recomputed: {limits['time_limit_recomputed']:,g} s)"


def legend_label(name: str, rows: list[Row]) -> str:
    label = METHODS[name].label
    failure = first_failure(name, rows)
    return label if failure is None else f"{label}: {reason_text(failure)} at n = {failure['n']:,}"


def first_failure(name: str, rows: list[Row]) -> Row | None:
    failed = [row for row in rows if row["method"] == name and row["status"] != "ok"]
    return min(failed, key=lambda row: row["n"], default=None)


def reason_text(row: Row) -> str:
    if row["reason"] == "crash":
        return f"crash ({row['detail']})"
    return {"memory": "out of memory", "time": "out of time"}.get(row["reason"], row["reason"])


# One panel ------------------------------------------------------------------------------------------------------------


def panel(rows: list[Row], keys: Keys, quantity: Quantity, limit: float, allowed: str) -> alt.LayerChart:
    done = [
        {
            "label": keys.labels[row["method"]],
            "method": row["method"],
            "n": row["n"],
            "value": row[quantity.field] / quantity.unit,
        }
        for row in rows
        if row["status"] == "ok" and row[quantity.field] > 0
    ]
    ends = [end for name in keys.labels if (end := lost(name, rows, done))]
    low, top = (outermost([limit, *(row["value"] for row in done)]) for outermost in (min, max))
    low, top = low / 1.4, top * 2.2
    x, y = horizontal(rows), vertical(low, top, quantity.title)
    # What ended at the limit of this panel would have gone beyond it.
    beyond = {True: limit * 1.15, False: 0.0}
    tails = [
        row | {"value": min(max(row["value"], beyond[row["reason"] == quantity.reason]), top / 1.15)}
        for end in ends
        for row in end
    ]
    base = {"x": x, "y": y, "color": keys.color}
    marks = [
        rule(limit, allowed, min(row["n"] for row in rows), x, y),
        chart(done).mark_line(strokeWidth=2, clip=True).encode(**base, order="n:Q"),
        chart(tails).mark_line(strokeWidth=1.3, strokeDash=[3, 3], clip=True).encode(**base, order="n:Q"),
        chart(done).mark_point(filled=True, size=60, opacity=1).encode(**base, shape=keys.shape),
        crosses([row for row in tails if row["failed"]], x, y, keys),
    ]
    return alt.layer(*marks).properties(width=WIDTH, height=HEIGHT)


def lost(name: str, rows: list[Row], done: list[Row]) -> list[Row]:
    """From the last point of a line to where the next was not reached, along the slope of its last two points."""
    failure, mine = first_failure(name, rows), [row for row in done if row["method"] == name]
    before = [row for row in mine if failure is not None and row["n"] < failure["n"]]
    if failure is None or not before:
        return []
    last = before[-1]
    slope = 2.0
    if len(before) > 1:
        slope = math.log(last["value"] / before[-2]["value"]) / math.log(last["n"] / before[-2]["n"])
    value = last["value"] * (failure["n"] / last["n"]) ** slope
    reason = {"reason": failure["reason"], "failed": True}
    return [last | {"reason": "", "failed": False}, last | {"n": failure["n"], "value": value} | reason]


def crosses(rows: list[Row], x: alt.X, y: alt.Y, keys: Keys) -> alt.Chart:
    return chart(rows).mark_text(text="×", fontSize=24, fontWeight="bold").encode(x=x, y=y, color=keys.color)


def rule(limit: float, text: str, first: int, x: alt.X, y: alt.Y) -> alt.LayerChart:
    row = chart([{"value": limit, "n": first, "text": text}])
    line = row.mark_rule(style="limit").encode(y=y)
    return line + row.mark_text(style="note", align="left", baseline="bottom", dy=-3).encode(x=x, y=y, text="text:N")


def horizontal(rows: list[Row]) -> alt.X:
    sizes = sorted({row["n"] for row in rows})
    scale = alt.Scale(type="log", domain=[sizes[0] / 1.12, sizes[-1] * 1.12], nice=False)
    return alt.X("n:Q", title="Examples n", scale=scale, axis=alt.Axis(values=sizes, format=",", grid=False))


def vertical(low: float, top: float, title: str) -> alt.Y:
    scale = alt.Scale(type="log", domain=[low, top], nice=False)
    powers = [10.0**p for p in range(-4, 6) if low <= 10.0**p <= top]
    return alt.Y("value:Q", title=title, scale=scale, axis=alt.Axis(values=powers, format=",~g"))


def chart(rows: list[Row]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=rows))

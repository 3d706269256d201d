"""Curves of two kinds at once: colour says which labels, dash or mark says where the curve is from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import altair as alt

from prefit.reports.figures import parts

Drawn = Literal["line", "dashed", "dotted", "points"]
DASHES: dict[Drawn, list[int]] = {"line": [1, 0], "dashed": [7, 3], "dotted": [2, 2], "points": [1, 0]}


@dataclass(frozen=True)
class Line:
    """A curve by its colour's name and its source, which says how it is drawn; points with x ≤ 0 are left out."""

    color: str
    source: str
    x: Sequence[float]
    y: Sequence[float]
    drawn: Drawn = "line"

    @property
    def rows(self) -> list[parts.Row]:
        found = [
            {"labels": self.color, "source": self.source, "x": float(x), "y": float(y)}
            for x, y in zip(self.x, self.y, strict=True)
            if x > 0.0
        ]
        return [found[i] for i in parts.thinned(len(found))]


def lines_figure(lines: Sequence[Line], x_title: str, y_title: str, domain: tuple[float, float]) -> alt.LayerChart:
    """Lines over each other, x logarithmic over the domain, y linear from 0."""
    colors = list(dict.fromkeys(line.color for line in lines))
    x = alt.X(
        "x:Q",
        title=x_title,
        scale=alt.Scale(type="log", domain=list(domain), nice=False),
        axis=parts.log_axis(parts.log_axis_values(*domain), grid=False),
    )
    y = alt.Y("y:Q", title=y_title, scale=alt.Scale(zero=True), axis=alt.Axis(format="~g", tickCount=6))
    color = alt.Color("labels:N", scale=alt.Scale(domain=colors), legend=alt.Legend(title=None, symbolType="stroke"))
    tooltip = [
        alt.Tooltip("labels:N", title="labels"),
        alt.Tooltip("source:N", title="from"),
        alt.Tooltip("x:Q", title=x_title, format=".4~g"),
        alt.Tooltip("y:Q", title=y_title, format=".4~g"),
    ]
    layers: list[parts.Layer] = []
    strokes = {line.source: DASHES[line.drawn] for line in lines if line.drawn != "points"}
    dash = alt.StrokeDash(
        "source:N",
        scale=alt.Scale(domain=list(strokes), range=list(strokes.values())),
        legend=alt.Legend(title=None, orient="bottom", symbolType="stroke", symbolSize=250, labelLimit=220),
    )
    shape = alt.Shape(
        "source:N",
        scale=alt.Scale(range=["circle"]),
        legend=alt.Legend(title=None, symbolSize=50, labelLimit=220),
    )
    for line in lines:
        base = parts.rows(line.rows).encode(x=x, y=y, color=color, tooltip=tooltip)
        if line.drawn == "points":
            layers.append(base.mark_point(filled=True, size=26, opacity=0.7, clip=True).encode(shape=shape))
        else:
            layers.append(base.mark_line(strokeWidth=2, clip=True).encode(strokeDash=dash))
    return parts.layered(layers)

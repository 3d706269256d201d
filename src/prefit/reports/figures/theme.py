"""Colours and type of the figures, light, dark and for paper; marks name a style, never a colour.

The colours are Okabe and Ito's (2008), told apart by all common kinds of colour vision; their
lighter members serve dark backgrounds. In a forecast blue is always the labels in question, orange
the random ones, green the worst case; beside a run blue is what was measured, orange what the
infinitely wide network predicts, green what the network's own kernel predicts.
"""

from __future__ import annotations

from typing import Any, Literal

Theme = Literal["paper", "light", "dark"]

_SERIES = {
    "light": ["#0072B2", "#D55E00", "#009E73", "#A8428F", "#56B4E9", "#B98200", "#6E7781"],
    "dark": ["#56B4E9", "#E69F00", "#2FC79B", "#E08CC4", "#9DA9FF", "#F0E442", "#A3ADB8"],
}
_INK = {"light": "#24292f", "dark": "#e4e7eb"}
_MUTED = {"light": "#57606a", "dark": "#a3adb8"}
_BACK = {"light": "#ffffff", "dark": "#14181d"}  # of the page; that of paper is the light one
_GRID = {"light": "#e4e7eb", "dark": "#333b44"}
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_PAPER_FONT = "Helvetica, Arial, 'Liberation Sans', sans-serif"

WIDTH, HEIGHT = 560, 320  # pixels; the page replaces the width by that of its column


def config(theme: Theme) -> dict[str, Any]:
    """Vega-Lite's configuration for one background."""
    tone = "dark" if theme == "dark" else "light"
    ink, muted, grid = _INK[tone], _MUTED[tone], _GRID[tone]
    return {
        "background": "white" if theme == "paper" else "transparent",
        "font": _PAPER_FONT if theme == "paper" else FONT,
        "padding": {"left": 4, "right": 12, "top": 4, "bottom": 4},
        "view": {"stroke": None},
        "axis": {
            "labelColor": muted,
            "titleColor": ink,
            "tickColor": grid,
            "domainColor": muted,
            "gridColor": grid,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "labelOverlap": "greedy",
            "labelSeparation": 4,
        },
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "labelColor": ink,
            "labelFontSize": 12,
            "labelLimit": 160,
            "symbolStrokeWidth": 3,
            "symbolOpacity": 1,
            "offset": 6,
            "gridAlign": "none",
            "columnPadding": 14,
            "columns": 3,
        },
        # `ordinal` is used by the bound's lines alone: the curve, its best multiple, what it must beat.
        "range": {"category": _SERIES[tone], "ordinal": [_SERIES[tone][0], _SERIES[tone][0], muted]},
        "style": {
            "limit": {"color": muted, "strokeDash": [5, 4], "strokeWidth": 1.3},
            "plain": {"color": ink, "strokeWidth": 2},
            "true": {"color": _SERIES[tone][0], "strokeWidth": 2.5},
            "mark": {"color": ink},
            "note": {"color": muted, "fontSize": 12},
            "halo": {"color": _BACK[tone], "stroke": _BACK[tone], "strokeWidth": 4, "strokeJoin": "round"},
            "message": {"color": ink, "fontSize": 13},
        },
    }

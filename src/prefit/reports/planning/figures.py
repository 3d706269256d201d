"""The figures of a plan: examples and width against the target error, each by its exponent."""

from __future__ import annotations

import altair as alt
import numpy as np

from prefit.documents.plan import Plan, StatementPart
from prefit.reports.figures.curves import Axis, Curve, curves_figure
from prefit.reports.figures.theme import config

FIGURES = ("samples", "width")
_AXES = {"samples": ("n", "Examples n"), "width": ("m", "Width m")}
_POINTS = 25
_COLOURS = (  # in each place a statement as printed, as mended, and ours from the same constant
    ("caogu2020_c3_3_printed", "caogu2020_c3_3_mended", "samples_3_4"),
    ("caogu2020_c3_2_printed", "caogu2020_c3_2_mended", "samples_3_3"),
    ("caogu2020_c3_1_printed", "caogu2020_c3_1_mended", ""),
    ("arora2019_5_1", "", "samples"),
    ("caogu2020_3_1", "", ""),
    ("caogu2020_3_2_printed", "caogu2020_3_2_mended", ""),
    ("arora2019_4_1", "", ""),
)
_LARGEST = 290.0  # powers of ten that an axis still holds


def plan_figures(doc: Plan) -> dict[str, alt.LayerChart]:
    """The figures of a plan by name; one that has nothing to show is left out."""
    drawn = {name: _figure(doc, *_AXES[name]) for name in FIGURES}
    return {name: chart.configure(**config("paper")) for name, chart in drawn.items() if chart is not None}


def _figure(doc: Plan, of: str, title: str) -> alt.LayerChart | None:
    curves = [curve for one in doc.statements if (curve := _curve(doc, one, of)) is not None]
    return curves_figure(curves, Axis("Target error ε"), Axis(title), _names(doc))


def _curve(doc: Plan, one: StatementPart, of: str) -> Curve | None:
    """The amount at other ε, by the power of ε in it: exact, but for whole numbers."""
    amount = getattr(one, of)
    power = one.exponents.get(of, {}).get("epsilon", 0.0)
    if amount is None or amount.log10 is None or not power:
        return None
    epsilons = np.geomspace(doc.epsilon / 10.0, min(10.0 * doc.epsilon, 1.0), _POINTS)
    logs = amount.log10 + power * np.log10(epsilons / doc.epsilon)
    if np.abs(logs).max() > _LARGEST:
        return None
    drawn = {"printed": "line", "mended": "dashed", None: "line"}[one.reading]
    return Curve(_name(one), epsilons.tolist(), (10.0**logs).tolist(), "dotted" if one.kind != "order" else drawn)  # type: ignore[arg-type]


def _name(one: StatementPart) -> str:
    """Short enough for three a line of the legend."""
    if one.kind != "order":
        return {"samples": "P7", "samples_3_3": "P25, 3.3", "samples_3_4": "P25, 3.4"}[one.name]
    number = one.source.number.replace("Theorem", "Thm").replace("Corollary", "Cor.")
    whose = "Arora" if one.source.authors.startswith("Arora") else "Cao"
    return f"{whose} {number}{' mended' if one.reading == 'mended' else ''}".replace("Cao Cor", "Cor")


def _names(doc: Plan) -> list[str]:
    """Every name, so that each keeps its colour in both figures; there are as many colours as places, in turn."""
    named = {one.name: _name(one) for one in doc.statements if any(one.name in place for place in _COLOURS)}
    turns = [[named.get(place[turn], f"{turn}.{i}") for i, place in enumerate(_COLOURS)] for turn in range(3)]
    return [name for turn in turns for name in turn]

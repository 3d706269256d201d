"""The figures of a target function: what carries its norm, and what drawn labels have of it."""

from __future__ import annotations

import math

import altair as alt

from prefit.documents.learnable import CheckedKernel, KernelNorm, Learnable, Shares
from prefit.reports.figures import parts
from prefit.reports.figures.curves import Axis, Curve, Level, curves_figure
from prefit.reports.figures.theme import config

FIGURES = ("degrees", "check", "beyond")
_LEAST = 1e-4  # portions below this are not seen
_MOST_DEGREES = 24


def learnable_figures(doc: Learnable) -> dict[str, alt.LayerChart]:
    """The figures by name; one that has nothing to show is left out."""
    drawn = {"degrees": _degrees(doc), "check": _check(doc), "beyond": _beyond(doc)}
    return {name: chart.configure(**config("paper")) for name, chart in drawn.items() if chart is not None}


def shares_of(one: KernelNorm) -> Shares | None:
    """By harmonics where the dimension is known, else by degrees."""
    return one.harmonics if one.sphere is not None else one.degrees


def _degrees(doc: Learnable) -> alt.LayerChart | None:
    rows = [row for one in doc.kernels for row in _portions(one)]
    if not rows:
        return None
    names = [one.name for one in doc.kernels if shares_of(one) is not None]
    title = "Degree in the projections" if doc.dimension is None else "Degree of the harmonic"
    base = parts.rows(rows).encode(
        x=alt.X("degree:O", title=title, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("portion:Q", title="Portion of the squared norm", axis=alt.Axis(format="%", tickCount=5)),
        xOffset=alt.XOffset("kernel:N", sort=names),
        color=alt.Color("kernel:N", scale=alt.Scale(domain=_names(doc)), legend=alt.Legend(title=None, values=names)),
        tooltip=[
            alt.Tooltip("kernel:N"),
            alt.Tooltip("degree:O"),
            alt.Tooltip("portion:Q", title="of the squared norm", format=".3~p"),
            alt.Tooltip("amount:Q", title="the function has", format=".3~g"),
            alt.Tooltip("mass:Q", title="the kernel has", format=".3~g"),
        ],
    )
    return parts.layered([base.mark_bar()])


def _portions(one: KernelNorm) -> list[parts.Row]:
    shares = shares_of(one)
    if shares is None:
        return []
    rows = zip(shares.degree, shares.portion, shares.amount, shares.kernel, strict=True)
    return [
        {"kernel": one.name, "degree": degree, "portion": portion, "amount": amount, "mass": mass}
        for degree, portion, amount, mass in rows
        if portion >= _LEAST and degree <= _MOST_DEGREES
    ]


def _check(doc: Learnable) -> alt.LayerChart | None:
    """Portions of the norm on the sphere, for the kernels that have the function."""
    found = [(one, norm) for one, norm in _checked(doc) if norm.sphere_norm]
    curves = [_curve(one, norm.sphere_norm or 1.0) for one, norm in found]
    axis = Axis("√(yᵀK⁻¹y) / norm on the sphere", log=False, format="%")
    return curves_figure(curves, Axis("Examples n"), axis, _names(doc), [Level(1.0, "norm on the sphere")])


def _beyond(doc: Learnable) -> alt.LayerChart | None:
    """The forms themselves, for the kernels that lack a part of it: they grow without end."""
    curves = [_curve(one, 1.0) for one, norm in _checked(doc) if norm.sphere == "infinite"]
    return curves_figure(curves, Axis("Examples n"), Axis("√(yᵀK⁻¹y)"), _names(doc))


def _names(doc: Learnable) -> list[str]:
    return [one.name for one in doc.kernels]


def _checked(doc: Learnable) -> list[tuple[CheckedKernel, KernelNorm]]:
    checked = () if doc.check is None else doc.check.kernels
    return [(one, norm) for one in checked if (norm := doc.entry(one.name)) is not None]


def _curve(one: CheckedKernel, norm: float) -> Curve:
    roots = [None if low is None else math.sqrt(max(low, 0.0)) / norm for low in one.lower]
    return Curve(one.name, one.n, roots)

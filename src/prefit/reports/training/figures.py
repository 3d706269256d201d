"""The figures of a run: what was measured at each recorded step beside what the theory predicts of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

import altair as alt

from prefit.documents.numbers import number
from prefit.documents.run import Predicted, Run, Series
from prefit.reports.dataset import commonest
from prefit.reports.figures.curves import Axis, Curve, Level, curves_figure
from prefit.reports.figures.save import save_charts
from prefit.reports.figures.theme import config
from prefit.reports.training.series import first, known, layer_name, layers_drawn, total

MEASURED, INFINITE, OWN = "this network", "infinite width", "its own H(0)"
RESIDUAL = "‖y − u(k)‖"
NAMES = (MEASURED, INFINITE, OWN)
_ZERO = 0.5  # where step 0 stands, to the left of step 1
_ROUNDING = 1e-7  # of single precision, at which networks may compute
_BEYOND = 100.0  # a prediction is drawn this far, as a factor, below or above all that was measured


def run_figures(doc: Run) -> dict[str, alt.LayerChart]:
    """The figures of a run by name; one that has nothing to show is left out."""
    drawn = {name: draw(doc) for name, draw in FIGURES.items()}
    return {name: chart.configure(**config("paper")) for name, chart in drawn.items() if chart is not None}


def save_run_figures(
    doc: Run, folder: str | os.PathLike[str], formats: Sequence[str] = ("svg", "pdf", "png")
) -> list[Path]:
    """The figures of a run as files: each in each format, written whole into `folder`."""
    return save_charts(run_figures(doc), folder, formats)


def _predictions(doc: Run) -> list[tuple[str, Literal["dashed", "dotted"], Predicted]]:
    found: list[tuple[str, Literal["dashed", "dotted"], Predicted]] = []
    if doc.predicted is not None:
        found.append((INFINITE, "dashed", doc.predicted))
    if doc.predicted_finite is not None:
        found.append((OWN, "dotted", doc.predicted_finite))
    return found


def _x(doc: Run) -> Axis:
    """Steps on a logarithmic axis, with step 0 at its left end."""
    last = float(max([*doc.trajectory.steps[-1:], 10]))
    return Axis("Gradient descent step k", low=_ZERO, high=last, zero=_ZERO)


def _about(title: str, curves: Sequence[Curve]) -> Axis:
    """A logarithmic axis about what was measured, the first curve: a prediction may fall without end."""
    measured = [value for value in known(list(curves[0].y)) if value > 0]
    every = [value for curve in curves for value in known(list(curve.y)) if value > 0]
    if not measured:
        return Axis(title)
    low = max(min(every) / 1.3, min(measured) / _BEYOND)
    return Axis(title, low=low, high=min(max(every) * 1.3, max(measured) * _BEYOND))


def _over(series: Series, unit: float) -> Series:
    return [None if value is None else value / unit for value in series]


def _seen(series: Series, unit: float) -> Series:
    """Without what is rounding beside `unit`."""
    return [None if value is None or value < _ROUNDING * unit else value for value in series]


def _by_layer(doc: Run, series: Sequence[Series]) -> list[Curve]:
    dashes: tuple[Literal["line", "dashed", "dotted"], ...] = ("line", "dashed", "dotted")
    return [
        Curve(layer_name(place, len(series)), doc.trajectory.steps, series[place], dashes[i % 3])
        for i, place in enumerate(layers_drawn(len(series)))
    ]


def loss_figure(doc: Run) -> alt.LayerChart | None:
    """The loss over that of the network at k = 0; of the test split over its own there."""
    run, start = doc.trajectory, first(doc.trajectory.loss)
    portion = start is not None and start > 0
    unit = start if start is not None and portion else 1.0
    curves = [Curve(MEASURED, run.steps, _over(run.loss, unit), "wide")]
    for name, drawn, predicted in _predictions(doc):
        curves.append(Curve(name, predicted.steps, _over(predicted.loss, unit), drawn))
    test_start = first(run.test_loss)
    if portion and test_start is not None and test_start > 0:
        curves.append(Curve("test split", run.steps, _over(run.test_loss, test_start), "dotted"))
    title = "Loss, portion of that at k = 0" if portion else "Loss"
    return curves_figure(curves, _x(doc), _about(title, curves), (*NAMES, "test split"))


def gap_figure(doc: Run) -> alt.LayerChart | None:
    """‖u(k) − ũ(k)‖ beside ‖y − u(k)‖, on the training set."""
    run = doc.trajectory
    unit = first(run.residual) or 1.0
    gaps = [Curve(name, one.steps, _seen(one.gap, unit), drawn) for name, drawn, one in _predictions(doc)]
    if not any(value for curve in gaps for value in curve.y):
        return None
    curves = [Curve(RESIDUAL, run.steps, run.residual), *gaps]
    names = (RESIDUAL, INFINITE, OWN)
    return curves_figure(curves, _x(doc), Axis("Norm over the training set"), names)


def movement_figure(doc: Run) -> alt.LayerChart | None:
    """All weights together, both predictions, and the neuron that went farthest."""
    run = doc.trajectory
    moved = total(run.distance) or [None] * len(run.steps)
    curves = [Curve(MEASURED, run.steps, moved, "wide")]
    for name, drawn, one in _predictions(doc):
        if one.distance is not None:
            curves.append(Curve(name, one.steps, one.distance, drawn))
    curves.append(Curve("farthest neuron", run.steps, run.neuron_movement, "dotted"))
    title = "Distance from the weights at k = 0"
    return curves_figure(curves, _x(doc), _about(title, curves), (*NAMES, "farthest neuron"))


def layers_figure(doc: Run) -> alt.LayerChart | None:
    """Each layer by itself, where there are several."""
    if len(doc.trajectory.distance) < 2:
        return None
    curves = _by_layer(doc, doc.trajectory.distance)
    return curves_figure(curves, _x(doc), Axis("‖W_l(k) − W_l(0)‖"))


def errors_figure(doc: Run) -> alt.LayerChart | None:
    """Training, test and surrogate errors, with the error of a constant answer."""
    run = doc.trajectory
    curves = [
        Curve("training error", run.steps, run.train_error),
        Curve("test error", run.steps, run.test_error),
        Curve("E_S, training", run.steps, run.surrogate_error, "dashed"),
        Curve("E_S, test", run.steps, run.test_surrogate_error, "dashed"),
    ]
    level = level_of_errors(doc)
    levels = [] if level is None else [Level(level, "commonest class")]
    return curves_figure(curves, _x(doc), Axis("Portion of the examples", log=False), levels=levels)


def level_of_errors(doc: Run) -> float | None:
    """The error of a constant answer, where the network's errors are as high on the way; else it is not drawn."""
    run, trivial = doc.trajectory, commonest(doc.data)
    every = (run.train_error, run.test_error, run.surrogate_error, run.test_surrogate_error)
    highest = max((value for series in every for value in known(series)), default=0.0)
    return trivial if trivial is not None and trivial <= highest else None


def gradient_figure(doc: Run) -> alt.LayerChart | None:
    """B_k with what it starts at and cannot fall below in the limit of infinite width."""
    run, kernel = doc.trajectory, doc.kernel
    levels = []
    if kernel.margin is not None and kernel.margin[1] > 0:
        low, high = kernel.margin[0], kernel.margin[1]
        bracket = (low, high) if 0 < low < high else (high, None)
        levels.append(Level(bracket[0], f"hard margin B_* = {number(high)}", bracket[1]))
    if kernel.start_ratio is not None:
        levels.append(Level(kernel.start_ratio, f"limit of B_0: {number(kernel.start_ratio)}"))
    curves = [Curve(MEASURED, run.steps, run.gradient_ratio)]
    return curves_figure(curves, _x(doc), Axis("B_k"), levels=levels)


def flips_figure(doc: Run) -> alt.LayerChart | None:
    """Portion of activations that are not those of k = 0, layer by layer."""
    curves = _by_layer(doc, doc.trajectory.flips)
    return curves_figure(curves, _x(doc), Axis("Activations that changed", format="~%"))


def linearization_figure(doc: Run) -> alt.LayerChart | None:
    """max_i |f(x_i) − F(x_i)|, how far the network is from its linearization at W(0)."""
    run = doc.trajectory
    error = _seen(run.linearization_error, max(known(run.linearization_error), default=1.0))
    curves = [Curve(MEASURED, run.steps, error)]
    return curves_figure(curves, _x(doc), Axis("Largest |f − F|"))


def kernel_figure(doc: Run) -> alt.LayerChart | None:
    """Both ends of the spectrum of H(k), beside those of H."""
    run, kernel = doc.trajectory, doc.kernel
    curves = [
        Curve("λ_max of H(k)", run.steps, run.kernel_largest),
        Curve("λ_min of H(k)", run.steps, run.kernel_smallest),
    ]
    ends = {"λ_max(H)": kernel.lambda_max, "λ_min(H)": kernel.lambda_min}
    levels = [Level(value, f"{name} = {number(value)}") for name, value in ends.items() if value is not None]
    return curves_figure(curves, _x(doc), Axis("Eigenvalue"), levels=levels)


FIGURES: dict[str, Callable[[Run], alt.LayerChart | None]] = {
    "loss": loss_figure,
    "gap": gap_figure,
    "movement": movement_figure,
    "layers": layers_figure,
    "errors": errors_figure,
    "gradient": gradient_figure,
    "flips": flips_figure,
    "linearization": linearization_figure,
    "kernel": kernel_figure,
}

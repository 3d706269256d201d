"""The constants of a plan, measured on labelled data: each from its safe side, the side that asks for more."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.data import LabelledData
from prefit.data.distinct import distinct_inputs, unit_rows
from prefit.documents import Forecast
from prefit.documents.forecast import Data
from prefit.documents.numbers import percent
from prefit.errors import InputError
from prefit.gram import blas_threads
from prefit.jobs.forecast import run_forecast
from prefit.jobs.labelsets import own_labels, redrawn
from prefit.jobs.options import ForecastOptions
from prefit.jobs.progress import Clock
from prefit.jobs.requirement_options import PlanOptions
from prefit.jobs.separability import measured_margins
from prefit.theory.separability import RandomFeatureMargin

MOST = 10_000  # examples whose margins are solved for
_MARGINS = ("gradient_bound", "feature_margin", "kernel_margin")


@dataclass(frozen=True)
class Constant:
    """A number with its bracket, where there is one, and what it is."""

    value: float
    comment: str
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Measured:
    """What data say of the constants, by their names in `theory.requirements.Given`.

    reasons  why one that was looked for is not there
    classes  2 also for real targets
    """

    values: Mapping[str, Constant] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    data: Data | None = None
    classes: int = 2


def measure(data: LabelledData, options: PlanOptions, clock: Clock) -> Measured:
    """n, spectrum and quadratic form of the kernel; of two classes the margins too."""
    if data.labels == "worst":
        raise InputError(
            "--labels must be true or random for a plan, got worst: margins are of labels ±1. Choose one of these."
        )
    forecast = _forecast(data, options, clock)
    rows, _ = unit_rows(data.train.X, data.train.rows)
    values = {"n": Constant(float(data.train.n), "examples"), "gram_norm": _gram_norm(rows)}
    reasons: dict[str, str] = {}
    _of_spectrum(forecast, values, reasons)
    _of_labels(forecast, values, reasons)
    asked = any(options.constants[name] is None for name in _MARGINS)
    if asked and len(data.classes) == 2:
        with clock.phase("margins") as progress:
            _of_margins(rows, _signs(data, rows, options), options, values, reasons, progress)
    if len(data.classes) != 2:
        what = "it is about labels of two classes (choose two with --classes)"
        reasons |= dict.fromkeys((*_MARGINS, "radius"), what)
        values.pop("radius", None)
    return Measured(values, reasons, forecast.data, max(2, len(data.classes)))


def _forecast(data: LabelledData, options: PlanOptions, clock: Clock) -> Forecast:
    asked = ForecastOptions(
        kernel=options.kernel,
        draws=0,
        only="complexity",
        memory=options.memory,
        threads=options.threads,
        seed=options.seed,
    )
    forecast = run_forecast(data, asked, clock.show)
    clock.phases.update(forecast.cost.phases)
    return forecast


def _gram_norm(rows: Matrix) -> Constant:
    """‖S‖_F = ‖UUᵀ‖_F = ‖UᵀU‖_F of unit rows U (n, d), rounded up, at most n."""
    n, d = rows.shape
    products = rows.T @ rows if d <= n else rows @ rows.T
    norm = min(float(n), float(np.linalg.norm(products)) * (1.0 + 1e-9))
    return Constant(norm, f"norm of the matrix of cosines (never above n = {n:,})")


def _of_spectrum(forecast: Forecast, values: dict[str, Constant], reasons: dict[str, str]) -> None:
    spectrum = forecast.spectrum
    floor, upper = spectrum.lambda_min.lower, spectrum.lambda_max_upper
    if floor > 0.0:
        told = f"certified floor of λ_min; an estimate of it is {spectrum.lambda_min.estimate:.4g}"
        values["lambda_0"] = Constant(floor, told, floor, spectrum.lambda_min.estimate)
    else:
        reasons["lambda_0"] = "no floor above 0 could be certified: inputs nearly coincide, or are antipodal"
    if upper is not None:
        values["lambda_max"] = Constant(upper, "certified upper end of λ_max", spectrum.lambda_max, upper)


def _of_labels(forecast: Forecast, values: dict[str, Constant], reasons: dict[str, str]) -> None:
    """yᵀK⁻¹y, and how far the infinitely wide net goes to fit the labels."""
    entry = forecast.entry("true")
    assert entry is not None
    form = entry.quadratic_form
    if form.upper is None:
        why = "coinciding inputs carry different labels, so that no function fits them"
        told = why if form.status == "infinite" else "no upper end of yᵀK⁻¹y is known without a floor of λ_min"
        reasons |= {"form": told, "radius": told}
        return
    values["form"] = Constant(form.upper, f"upper end of yᵀK⁻¹y, {form.status}", form.lower, form.upper)
    values["radius"] = Constant(
        math.sqrt(form.upper),
        "√(yᵀK⁻¹y): how far all layers together go in the limit to fit under the quadratic loss",
    )


def _signs(data: LabelledData, rows: Matrix, options: PlanOptions) -> Vector:
    """(n,) labels ±1 that the plan is about, those of the forecast."""
    if data.labels == "true":
        return own_labels(data).Y[:, 0]
    drawn = redrawn(data, distinct_inputs(rows, None), np.random.default_rng([options.seed, 2]))
    return drawn.Y[:, 0]


def _of_margins(
    rows: Matrix,
    labels: Vector,
    options: PlanOptions,
    values: dict[str, Constant],
    reasons: dict[str, str],
    progress: Callable[[float], None],
) -> None:
    """B and both γ: the lower ends of their brackets."""
    n, layers = rows.shape[0], options.depth
    if n > MOST:
        reasons |= dict.fromkeys(_MARGINS, f"{n:,} examples are many for the solvers of margins (--limit {MOST})")
        return
    with blas_threads(options.worker_count):
        found = measured_margins(rows, labels, layers, delta=options.delta, seed=options.seed, progress=progress)
    below, own = found.conjugate, found.last_layer
    ends = {
        "gradient_bound": (own, f"hard margin B_* of K_{layers}, the limit of B"),
        "kernel_margin": (below, f"hard margin of Σ^{layers - 1} in He's scaling, Assumption 3.4"),
    }
    for name, (margin, what) in ends.items():
        if margin.lower > 0.0:
            told = f"{what}; the lower end of its bracket, up to {margin.upper:.4g}"
            values[name] = Constant(margin.lower, told, margin.lower, margin.upper)
        else:
            reasons[name] = f"the labels are not known to be separable by it (margin at most {margin.upper:.2g})"
    _of_features(found.features, options, values, reasons)


def _of_features(
    found: RandomFeatureMargin, options: PlanOptions, values: dict[str, Constant], reasons: dict[str, str]
) -> None:
    """γ of Assumption 3.3: the lower end where it is above 0, else what fresh draws show, where that is."""
    what = "margin of random ReLU features, Assumption 3.3"
    if found.lower > 0.0:
        told = f"{what}; the lower end at {percent(1 - options.delta)} over draws, up to {found.upper:.4g}"
        values["feature_margin"] = Constant(found.lower, told, found.lower, found.upper)
    elif found.primal > 2.0 * found.primal_error:
        told = (
            f"{what}; an estimate, standard error {found.primal_error:.2g}: at {percent(1 - options.delta)} it is only "
            f"known to be from 0 to {found.upper:.4g}"
        )
        values["feature_margin"] = Constant(found.primal, told, 0.0, found.upper)
    else:
        reasons["feature_margin"] = f"the draws show no margin above 0, it is at most {found.upper:.2g}"

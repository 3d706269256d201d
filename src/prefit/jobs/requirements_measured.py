"""The constants of a plan, measured on labelled data: each from its safe side, the side that asks for more."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

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
from prefit.jobs.memory import allowed_bytes, size_text
from prefit.jobs.options import ForecastOptions
from prefit.jobs.plan import duration_text
from prefit.jobs.progress import Clock
from prefit.jobs.requirement_options import PlanOptions
from prefit.jobs.separability import SignedRows, margin_bytes, margin_seconds
from prefit.storage import Keeper, Within
from prefit.theory.margins import Margin
from prefit.theory.separability import RandomFeatureMargin

MOST = 10_000  # examples whose margins are solved for
MARGINS = ("gradient_bound", "kernel_margin", "feature_margin")  # the last is most of the time
FORECAST = "forecast"  # what a plan keeps of its forecast, and the name before the stages of one that runs
_PHASES = {"gradient_bound": "margin B", "kernel_margin": "margin γ (3.4)", "feature_margin": "margin γ (3.3)"}


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
    binary   labels are ±1
    """

    values: Mapping[str, Constant] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    data: Data | None = None
    classes: int = 2
    binary: bool = True


def measure(data: LabelledData, options: PlanOptions, clock: Clock, keeper: Keeper) -> Measured:
    """n, spectrum and quadratic form of the kernel; of two classes the margins too.

    keeper   where the forecast, and each margin that is finished, are kept, and found again
    """
    if data.labels == "worst":
        raise InputError(
            "--labels must be true or random for a plan, got worst: margins are of labels ±1. Choose one of these."
        )
    margins = _asked_margins(data, options)
    forecast = _forecast(data, options, clock, keeper, _ahead(data, margins, options, keeper))
    rows, _ = unit_rows(data.train.X, data.train.rows)
    values = {"n": Constant(float(data.train.n), "examples"), "gram_norm": _gram_norm(rows)}
    reasons: dict[str, str] = {}
    _of_spectrum(forecast, values, reasons)
    _of_labels(forecast, values, reasons)
    found = {one.name: one for one in _margins(data, rows, margins, options, clock, keeper)}
    values |= {name: one.constant for name, one in found.items() if one.constant is not None}
    reasons |= {name: one.reason for name, one in found.items() if one.constant is None}
    binary = len(data.classes) == 2
    if not binary:
        what = "it is about labels of two classes (choose two with --classes)"
        reasons |= dict.fromkeys((*MARGINS, "radius"), what)
        values.pop("radius", None)
    return Measured(values, reasons, forecast.data, max(2, len(data.classes)), binary)


def _forecast(data: LabelledData, options: PlanOptions, clock: Clock, keeper: Keeper, ahead: str) -> Forecast:
    """λ_min, λ_max and yᵀK⁻¹y; from the run that is resumed where they were finished there."""
    saved = keeper.load(FORECAST)
    if saved is not None:
        if ahead:
            keeper.tell(f"To be measured: {ahead} (a rough estimate).")
        return Forecast.model_validate(saved.facts)
    asked = ForecastOptions(
        kernel=options.kernel,
        draws=0,
        only="complexity",
        memory=options.memory,
        threads=options.threads,
        seed=options.seed,
    )
    forecast = run_forecast(data, asked, clock.show, _First(keeper, FORECAST, ahead=ahead))
    clock.phases.update(forecast.cost.phases)
    keeper.save(FORECAST, forecast.model_dump(mode="json", by_alias=True), {})
    return forecast


@dataclass(frozen=True)
class _First(Within):
    """The keeper of the first part of a run, whose start line says what comes after it, where anything does."""

    ahead: str = ""

    def tell(self, sentence: str, /) -> None:
        self.keeper.tell(f"{sentence} Then {self.ahead} (as roughly)." if self.ahead else sentence)


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
        "√(yᵀK⁻¹y); how far all layers together go in the limit to fit under the quadratic loss",
    )


# Margins --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Found:
    """What was measured of one constant; None, and why."""

    name: str
    constant: Constant | None
    reason: str = ""


def _asked_margins(data: LabelledData, options: PlanOptions) -> list[str]:
    """The margins that are not given and can be had."""
    if len(data.classes) != 2 or _too_large(data.train.n, options):
        return []
    return [name for name in MARGINS if options.constants[name] is None]


def _too_large(n: int, options: PlanOptions) -> str:
    """Why the margins of so many examples are not measured; empty where they are."""
    if n > MOST:
        return f"{n:,} examples are many for the solvers of margins (--limit {MOST})"
    need, allowed = margin_bytes(n), allowed_bytes(options.memory)
    if need > allowed:
        return f"the margins of {n:,} examples take {size_text(need)}, and {size_text(allowed)} are allowed (--memory)"
    return ""


def _ahead(data: LabelledData, margins: Sequence[str], options: PlanOptions, keeper: Keeper) -> str:
    """How long the margins that are not kept take, said before they are begun; empty where all are."""
    left = [name for name in margins if keeper.load(name) is None]
    if not left:
        return ""
    n, features = data.train.n, "feature_margin" in left
    seconds = margin_seconds(n, data.train.d, len(left) - features, features, options.worker_count)
    count = f"{len(left)} margins" if len(left) > 1 else "1 margin"
    return f"{count}: {duration_text(seconds)}, {size_text(margin_bytes(n))}"


def _margins(
    data: LabelledData,
    rows: Matrix,
    names: Sequence[str],
    options: PlanOptions,
    clock: Clock,
    keeper: Keeper,
) -> Iterator[_Found]:
    """B and both γ, each from the run that is resumed where it was finished there: the quick ones first."""
    why = _too_large(data.train.n, options)
    if why and len(data.classes) == 2:
        yield from (_Found(name, None, why) for name in MARGINS)
    if not names:
        return
    signed: SignedRows | None = None
    for name in names:
        saved = keeper.load(name)
        if saved is None:
            with clock.phase(_PHASES[name]) as progress, blas_threads(options.worker_count):
                signed = signed or SignedRows.of(rows, _signs(data, rows, options))
                found = _measured(name, signed, options, progress)
            keeper.save(name, asdict(found), {})
        else:
            kept = saved.facts["constant"]
            found = _Found(**{**saved.facts, "constant": None if kept is None else Constant(**kept)})
        yield found


def _measured(name: str, signed: SignedRows, options: PlanOptions, progress: Callable[[float], None]) -> _Found:
    layers = options.depth
    if name == "feature_margin":
        return _of_features(signed.features(options.delta, seed=options.seed, progress=progress), options)
    if name == "gradient_bound":
        return _of_kernel(name, signed.last_layer(layers), f"hard margin B_* of K_{layers}, the limit of B")
    what = f"hard margin of Σ^{layers - 1} in He's scaling, Assumption 3.4"
    return _of_kernel(name, signed.conjugate(layers), what)


def _of_kernel(name: str, margin: Margin, what: str) -> _Found:
    """The lower end of its bracket."""
    if margin.lower > 0.0:
        told = f"{what}; the lower end of its bracket, up to {margin.upper:.4g}"
        return _Found(name, Constant(margin.lower, told, margin.lower, margin.upper))
    why = f"the labels are not known to be separable by it (margin at most {margin.upper:.2g})"
    return _Found(name, None, why)


def _of_features(found: RandomFeatureMargin, options: PlanOptions) -> _Found:
    """γ of Assumption 3.3: the lower end where it is above 0, else what fresh draws show, where that is."""
    name, what = "feature_margin", "margin of random ReLU features, Assumption 3.3"
    if found.lower > 0.0:
        told = f"{what}; the lower end at {percent(1 - options.delta)} over draws, up to {found.upper:.4g}"
        return _Found(name, Constant(found.lower, told, found.lower, found.upper))
    if found.primal > 2.0 * found.primal_error:
        told = (
            f"estimate of the {what}; standard error {found.primal_error:.2g}: at {percent(1 - options.delta)} it is "
            f"only known to be from 0 to {found.upper:.4g}"
        )
        return _Found(name, Constant(found.primal, told, 0.0, found.upper))
    return _Found(name, None, f"the draws show no margin above 0, it is at most {found.upper:.2g}")


def _signs(data: LabelledData, rows: Matrix, options: PlanOptions) -> Vector:
    """(n,) labels ±1 that the plan is about, those of the forecast."""
    if data.labels == "true":
        return own_labels(data).Y[:, 0]
    drawn = redrawn(data, distinct_inputs(rows, None), np.random.default_rng([options.seed, 2]))
    return drawn.Y[:, 0]

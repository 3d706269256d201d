"""How finite nets approach their limit as they widen: prediction error, flips, movement, constants of the lemmas.

Nets of Arora et al. (2019), arXiv:1901.08584, antisymmetric, at κ = 1, 0.1 and 0.01 on Φ; and those of Cao and Gu
(2020), arXiv:1902.01384, on the logistic loss: L = 1 (the first kind at κ = √2) and, where torch is installed, L = 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import altair as alt
import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.data import LabelledData, load
from prefit.documents.run import Run
from prefit.experiments.cells import Arrays, Portion
from prefit.experiments.options import has_torch
from prefit.experiments.slopes import slope_of
from prefit.experiments.study import Figure, Findings, Study, Workshop, counted, few_seeds
from prefit.experiments.tables import Table
from prefit.jobs.forecast import run_forecast
from prefit.jobs.options import ForecastOptions
from prefit.jobs.train import run_training
from prefit.jobs.train_options import TrainOptions
from prefit.reports.figures.curves import Axis, Curve, curves_figure
from prefit.theory.checks import caogu2020

CLASSES = "0+2+4+6+8,1+3+5+7+9"  # of digits: even, odd
EXAMPLES = 300
NARROWEST, WIDEST = 256, 16_384
WIDEST_DEEP = 2_048  # of L = 2, whose second layer has m² weights
SEEDS = 5
STEPS = 50
GRID = (1, 2, 5, 10, 20, 50)


@dataclass(frozen=True)
class Kind:
    """One family of nets.

    key         for the names of files; name for readers
    depth       L of a deep net; 0 of a two-layer net
    """

    key: str
    name: str
    init_scale: float = 1.0
    antisymmetric: bool = True
    loss: Literal["quadratic", "logistic"] = "quadratic"
    depth: int = 0

    def options(self, width: int, seed: int, steps: int, rate: float | None, workshop: Workshop) -> TrainOptions:
        """η is the same for all widths where it is known, so that all are held against one curve."""
        grid = tuple(k for k in GRID if k < steps)
        place = {"threads": workshop.options.threads, "step_size": rate, "seed": seed, "steps": steps, "grid": grid}
        if self.depth:
            return TrainOptions(
                network="deep",
                width=width,
                depth=self.depth,
                loss=self.loss,
                device="cpu",
                **place,  # type: ignore[arg-type]
            )
        return TrainOptions(
            width=width,
            init_scale=self.init_scale,
            antisymmetric=self.antisymmetric,
            loss=self.loss,
            **place,  # type: ignore[arg-type]
        )


ARORA = tuple(Kind(f"kappa={scale:g}", f"κ = {scale:g}", scale) for scale in (1.0, 0.1, 0.01))
SHALLOW = Kind("L=1", "L = 1", math.sqrt(2.0), antisymmetric=False, loss="logistic")
DEEP = Kind("L=2", "L = 2", loss="logistic", depth=2)


@dataclass(frozen=True)
class Quantity:
    """A number measured at every width.

    expected   exponent in m that the statement gives; bound: it is a bound's, so that a smaller one agrees with it
    source     the statement
    """

    key: str
    title: str
    expected: float
    source: str
    bound: bool = False


OF_ARORA = (
    Quantity("gap 10", "‖u(k) − ũ(k)‖ at k = 10", -0.5, "Theorem 4.1"),
    Quantity("gap 50", "‖u(k) − ũ(k)‖ at k = 50", -0.5, "Theorem 4.1"),
    Quantity("relative gap 50", "the same over ‖y − ũ(k)‖ at k = 50", -0.5, "Theorem 4.1"),
    Quantity("deviation", "‖H(0) − H‖_F", -0.5, "Lemma C.3"),
    Quantity("movement", "largest movement of a neuron", -0.5, "Lemma C.1", bound=True),
    Quantity("flips", "portion of activations that flipped", -0.5, "Lemma C.2", bound=True),
    Quantity("distance", "‖W(k) − W(0)‖_F", 0.0, "Lemma 5.3"),
    # A unit that flips is off by its movement over √m, with signs at random: √(m · flips) · movement/√m in all.
    Quantity("linearization", "max |f − F|, F linearized at W(0)", -0.75, "our estimate: movement √flips"),
)
OF_CAO_GU = (
    Quantity("tau", "τ = max_l ‖W_l − W_l(0)‖_F", -0.5, "Theorem 3.2 (i)"),
    Quantity("flips", "portion of activations that flipped", -1.0 / 3.0, "τ^(2/3), proof of Lemma 4.2", bound=True),
    Quantity("linearization", "max |f − F|, F linearized at W(0)", -1.0 / 6.0, "Lemma 4.2, but for √log m", bound=True),
    Quantity("gradients", "C of Lemma 4.1, of outputs at W(0)", 0.0, "Lemma 4.1", bound=True),
    Quantity("loss gradients", "C of Lemma 4.1, of L_S along the run", 0.0, "Lemma 4.1", bound=True),
    Quantity("linear", "C of Lemma 4.2", 0.0, "Lemma 4.2", bound=True),
    Quantity("outputs", "C of Lemma 4.3", 0.0, "Lemma 4.3", bound=True),
)
LEMMAS = {
    "gradients": caogu2020.GRADIENTS.name,
    "loss gradients": caogu2020.LOSS_GRADIENTS.name,
    "linear": caogu2020.LINEAR.name,
    "outputs": caogu2020.OUTPUTS.name,
}


def quantities_of(kind: Kind) -> tuple[Quantity, ...]:
    return OF_ARORA if kind in ARORA else OF_CAO_GU


# Cells ----------------------------------------------------------------------------------------------------------------


def measured(data: LabelledData, options: TrainOptions, portion: Portion) -> Arrays:
    """Train one net and keep what the study is about, each number by the key of its quantity."""
    run, outcome = run_training(data, options, lambda phase, part, text="": portion(part))
    t = outcome.trajectory
    unit = 1.0 if options.network == "deep" else options.units**-0.5
    numbers: dict[str, float | None] = {
        "deviation": run.kernel.deviation,
        "movement": float(t.neuron_movement[-1]),
        "flips": float(np.nanmean(t.flips[-1])),
        "distance": float(t.distance[-1].max()),
        "tau": unit * float(t.distance.max()),
        "linearization": float(t.linearization_error[-1]),
        **_gaps(run),
        **{key: _constant(run, name) for key, name in LEMMAS.items()},
    }
    return {key: np.array(math.nan if value is None else value) for key, value in numbers.items()}


def _gaps(run: Run) -> dict[str, float | None]:
    """‖u(k) − ũ(k)‖ at the steps that are told, ũ by the infinitely wide net's kernel."""
    if run.predicted is None:
        return {}
    found = dict(zip(run.predicted.steps, zip(run.predicted.gap, run.predicted.residual, strict=True), strict=True))
    gaps: dict[str, float | None] = {f"gap {k}": found[k][0] for k in (10, 50) if k in found}
    gap, residual = found.get(50, (None, None))
    gaps["relative gap 50"] = gap / residual if gap is not None and residual else None
    return gaps


def _constant(run: Run, name: str) -> float | None:
    return next((check.measured for check in run.checks if check.name == name), None)


# The study ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OfKind:
    """Numbers of one family: by quantity (widths, seeds)."""

    kind: Kind
    widths: Vector
    values: dict[str, Matrix]


def run(workshop: Workshop) -> Findings:
    data = load("digits", classes=CLASSES, limit=workshop.options.n or EXAMPLES)
    rate = 1.0 / run_forecast(data, ForecastOptions(draws=0, threads=workshop.options.threads)).spectrum.lambda_max
    kinds = [*ARORA, SHALLOW, *([DEEP] if has_torch() else [])]
    found = [of_kind(kind, data, rate, workshop) for kind in kinds]
    several = any(one.widths.size > 1 for one in found)
    tables = {"differences": slopes_table(found), "means": means_table(found)} if several else {}
    tables = tables or {"differences": means_table(found)}  # one width has no exponents
    return Findings(ran(found, data.train.n, workshop), told(found, rate), tables, figures_of(found))


def ran(found: Sequence[OfKind], n: int, workshop: Workshop) -> list[str]:
    asked, seeds = workshop.options, workshop.options.seeds or SEEDS
    ends = {one.kind.name: f"{one.widths[-1]:,.0f}" for one in found}
    deep = f" (L = 2: {ends[DEEP.name]})" if DEEP.name in ends else ""
    sizes = f"n = {n:,}; m, doubled, from {NARROWEST:,} to {ends[SHALLOW.name]}{deep}"
    without = [] if deep else ["Without torch nets of L = 2 are left out (pip install 'prefit[torch]')."]
    run = f"Run: digits, even against odd; {sizes}; {asked.steps or STEPS:,} steps; {counted(seeds)}."
    return [run, *without, *few_seeds(seeds)]


def of_kind(kind: Kind, data: LabelledData, rate: float, workshop: Workshop) -> OfKind:
    asked = workshop.options
    widest = min(asked.width or WIDEST, WIDEST_DEEP if kind.depth else WIDEST * 64)
    widths = [NARROWEST << i for i in range(32) if NARROWEST << i <= max(widest, NARROWEST)]
    steps, seeds = asked.steps or STEPS, asked.seeds or SEEDS
    names = {f"{kind.key} m={m} seed={s}": (m, asked.seed + s) for m in widths for s in range(seeds)}
    options = {
        name: kind.options(m, seed, steps, rate if kind in ARORA else None, workshop)
        for name, (m, seed) in names.items()
    }
    facts = {name: {"n": data.train.n, "options": repr(options[name])} for name in names}
    made = workshop.cells.each(
        kind.name, list(names), facts, lambda name, portion: measured(data, options[name], portion)
    )
    keys = [quantity.key for quantity in quantities_of(kind)]
    values = {key: _grid([made[name].get(key) for name in names], len(widths)) for key in keys}
    return OfKind(kind, np.array(widths, dtype=np.float64), values)


def _grid(numbers: Sequence[AnyArray | None], widths: int) -> Matrix:
    """(widths, seeds), NaN where nothing was measured."""
    flat = np.array([math.nan if number is None else float(number) for number in numbers])
    return flat.reshape(widths, -1)


def slopes_table(found: Sequence[OfKind]) -> Table:
    """Exponents in m over all widths, and over the upper half, beside those of the statements."""
    rows: list[tuple[str | float | None, ...]] = []
    for one in found:
        half = one.widths.size // 2
        for quantity in quantities_of(one.kind):
            values = one.values[quantity.key]
            whole, upper = slope_of(one.widths, values), slope_of(one.widths[half:], values[half:])
            rows.append(
                (
                    *(
                        one.kind.name,
                        quantity.title,
                        f"{'≤ ' if quantity.bound else ''}{quantity.expected:+.3g}",
                        quantity.source,
                    ),
                    *(None if whole is None else whole.value, None if whole is None else whole.error),
                    *(None if upper is None else upper.value, None if upper is None else upper.error),
                )
            )
    return Table(
        "Exponents in the width m, mean over seeds with its standard error",
        ("nets", "quantity", "stated", "source", "exponent", "error", "widest half", "its error"),
        rows,
        {name: name for name in ("quantity", "stated", "exponent", "widest half")},
        {"exponent": "error", "widest half": "its error"},
    )


def means_table(found: Sequence[OfKind]) -> Table:
    rows = [
        (one.kind.name, quantity.title, int(m), float(np.mean(values)), _std(values), values.size)
        for one in found
        for quantity in quantities_of(one.kind)
        for m, values in zip(one.widths, one.values[quantity.key], strict=True)
    ]
    columns = ("nets", "quantity", "m", "mean", "standard deviation", "seeds")
    return Table("Means over seeds", columns, rows, {name: name for name in columns[1:]})


def _std(values: Vector) -> float | None:
    return float(values.std(ddof=1)) if values.size > 1 else None


def told(found: Sequence[OfKind], rate: float) -> list[str]:
    sentences = [_told_of(one) for one in found]
    return [*sentences, f"The nets of κ = 1, 0.1 and 0.01 descend with η = 1/λ_max(H) = {rate:.4g}."]


def _told_of(one: OfKind) -> str:
    keys = ("gap 10", "gap 50", "flips") if one.kind in ARORA else ("flips", "linearization", "outputs")
    parts = []
    for quantity in quantities_of(one.kind):
        slope = slope_of(one.widths, one.values[quantity.key]) if quantity.key in keys else None
        if slope is not None:
            error = "" if slope.error is None else f" ± {slope.error:.2f}"
            stated = f"{'at most ' if quantity.bound else ''}{quantity.expected:.2f}"
            parts.append(f"{quantity.title} {slope.value:.2f}{error} (stated: {stated}, {quantity.source})")
    ends = f"{one.widths[0]:,.0f} to {one.widths[-1]:,.0f}"
    return f"{one.kind.name}, exponents in m from {ends}: {'; '.join(parts) or 'none with fewer than two widths'}."


# Figures --------------------------------------------------------------------------------------------------------------

SHOWN = {"gap 50": -0.5, "flips": -0.5, "movement": -0.5, "linearization": -0.75, "linear": None}


def figures_of(found: Sequence[OfKind]) -> dict[str, Figure]:
    figures = {}
    for key, guide in SHOWN.items():
        having = [one for one in found if key in one.values and np.isfinite(one.values[key]).all()]
        chart = _chart(having, key, guide)
        if chart is not None:
            title = next(q.title for q in (*OF_ARORA, *OF_CAO_GU) if q.key == key)
            caption = "Means over seeds, bars of two standard errors."
            if guide is not None:
                caption += f" Dotted: the slope {guide:g}."
            figures[key.replace(" ", "-")] = Figure(f"Width: {title}", caption, chart)
    return figures


def _chart(found: Sequence[OfKind], key: str, guide: float | None) -> alt.LayerChart | None:
    curves = [curve for one in found for curve in _curves(one, one.values[key])]
    if not curves:
        return None
    if guide is not None:
        x, first = found[0].widths, float(found[0].values[key][0].mean())
        curves.append(Curve(f"slope {guide:g}", x.tolist(), (first * (x / x[0]) ** guide).tolist(), "dotted"))
    title = next(q.title for q in (*OF_ARORA, *OF_CAO_GU) if q.key == key)
    names = [kind.name for kind in (*ARORA, SHALLOW, DEEP)]  # each keeps its colour in all figures
    names += [curve.name for curve in curves if curve.name not in names]
    return curves_figure(curves, Axis("Width m"), Axis(title), list(dict.fromkeys(names)))


def _curves(one: OfKind, values: Matrix) -> list[Curve]:
    mean = values.mean(axis=1)
    if not (mean > 0.0).all():
        return []
    half = 2.0 * values.std(axis=1, ddof=1) / math.sqrt(values.shape[1]) if values.shape[1] > 1 else np.zeros_like(mean)
    low = np.maximum(mean - half, mean / 3.0)
    x = one.widths.tolist()
    return [
        Curve(one.kind.name, x, mean.tolist(), "points", low.tolist(), (mean + half).tolist()),
        Curve(one.kind.name, x, mean.tolist()),
    ]


STUDY = Study(
    name="width-study",
    title="How finite nets approach their limit as they widen",
    run=run,
    sets=False,
    takes=("n", "width", "steps", "seeds"),
    usual={
        "n": f"{EXAMPLES:,}",
        "width": f"{WIDEST:,} (L = 2: {WIDEST_DEEP:,})",
        "steps": f"{STEPS:,}",
        "seeds": f"{SEEDS}",
    },
)

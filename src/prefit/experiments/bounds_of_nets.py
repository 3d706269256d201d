"""What three studies share: nets of Cao & Gu (2020), arXiv:1902.01384, trained on samples drawn anew, and every bound.

L = 1 is the two-layer net at κ = √2, deeper ones take torch. All descend the logistic loss with η = 1/(β λ_max) of
their own kernel, so that ηm is the same at every width. A seed stands for a sample, a start, and noise of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import altair as alt
import numpy as np

from prefit._shapes import Indices, Matrix, Vector
from prefit.data import LabelledData, Split, load
from prefit.data.corrupt import with_label_noise
from prefit.errors import InputError
from prefit.experiments.cells import Arrays, Portion
from prefit.experiments.images import chosen, fingerprint, load_images
from prefit.experiments.options import StudyOptions, has_torch
from prefit.experiments.slopes import Slope, slope_of
from prefit.experiments.study import Workshop, counted, few_seeds
from prefit.experiments.tables import Table, Value
from prefit.gram import blas_threads
from prefit.jobs.bounds import rows_of
from prefit.jobs.bounds_options import BoundsOptions
from prefit.jobs.kernel_facts import kernel_facts
from prefit.jobs.train import run_training
from prefit.jobs.train_options import TrainOptions
from prefit.jobs.trained import Trained, subject_of, trained_of
from prefit.reports.figures.curves import Axis, Curve, Level, curves_figure
from prefit.theory.bounds import ROWS
from prefit.theory.bounds.statement import OWN

CLASSES = "0+2+4+6+8,1+3+5+7+9"  # of digits: even, odd
TEST = 900  # test examples at most
SEEDS = 3
WIDTHS = {1: 1_024, 2: 256}  # by depth, where the width stands
FULL_WIDTHS = {1: 8_192, 2: 1_024}
DELTA = 0.05
POSTERIORS = ("dziugaite2017",)  # bounds that optimize one, by torch: 10 to 20 s a net
KINDS = ("explicit", "derived", "order")
FACTS = ("test_error", "train_error", "loss", "radius")
ROUNDING = 1e-9  # of an exponent
GROWING = (  # as many as colours tell apart
    *("caogu2020", "caogu2020_order", "bartlett2017", "neyshabur2018"),
    *("golowich2018", "neyshabur2019", "harvey2017"),
)
ERROR = "test error"
COLOURED = (  # in the order of the colours, seven to a line: one bound has one colour in all figures, and never meets
    # another of that colour that is drawn alike (solid on this net's error, dotted on another's, dashed the rest)
    *("caogu2020", "bartlett2017", "golowich2018", "neyshabur2018", "neyshabur2019", "harvey2017", "arora2019_finite"),
    *("valleperez2018", "dziugaite2017", "arora2018", ERROR, "arora2019_wide", "caogu2020_order"),
)
PART = {"caogu2020_order": "near", "li2018": "order"}  # the term that grows; of others "complexity", or the value


@dataclass(frozen=True)
class Family:
    """Nets of L hidden layers."""

    depth: int

    @property
    def name(self) -> str:
        return f"L = {self.depth}"

    def options(self, width: int, seed: int, steps: int, until: float | None, asked: StudyOptions) -> TrainOptions:
        shared = {"width": width, "seed": seed, "steps": steps, "until_loss": until, "threads": asked.threads}
        if self.depth == 1:
            return TrainOptions(init_scale=math.sqrt(2.0), loss="logistic", **shared)  # type: ignore[arg-type]
        device: Literal["auto", "cpu", "cuda"] = asked.device  # type: ignore[assignment]
        return TrainOptions(network="deep", depth=self.depth, loss="logistic", device=device, **shared)  # type: ignore[arg-type]


def width_of(family: Family, asked: StudyOptions) -> int:
    """The neurons of nets of this depth, where the width is not what changes."""
    return asked.width or (FULL_WIDTHS if asked.full else WIDTHS)[family.depth]


def seeds_of(asked: StudyOptions) -> range:
    return range(asked.seed, asked.seed + (asked.seeds or SEEDS))


def families(deepest: int) -> list[Family]:
    """L = 1, and up to the deepest where torch is installed."""
    return [Family(depth) for depth in range(1, (deepest if has_torch() else 1) + 1)]


def names_of_rows(options: StudyOptions) -> list[str]:
    """The bounds that are evaluated, in the order of the table."""
    return [name for name, _ in ROWS if options.posteriors or name not in POSTERIORS]


def what_ran(asked: StudyOptions, sizes: str) -> list[str]:
    """What was run, what is left out of it, and whether the seeds are few."""
    seeds = len(seeds_of(asked))
    data = "digits, even against odd" if asked.only is None else chosen(asked)[0].title
    ran = f"Run: {data}, up to {TEST} test examples; {sizes}; {counted(seeds)}; δ = {DELTA:g}."
    out = ", ".join(POSTERIORS)
    if not has_torch():
        return [
            ran,
            f"Without torch deeper nets and {out} are left out (pip install 'prefit[torch]').",
            *few_seeds(seeds),
        ]
    left = [] if asked.posteriors else [f"{out} is left out (--no-pac-bayes)."]
    return [ran, *left, *few_seeds(seeds)]


def by_depth(widths: Mapping[int, int]) -> str:
    """1,024 (L = 1), 256 (L = 2 and 3); the number alone where it is the same for all."""
    if len(set(widths.values())) == 1:
        return f"{next(iter(widths.values())):,}"
    depths = {width: [depth for depth in widths if widths[depth] == width] for width in widths.values()}
    return ", ".join(f"{width:,} (L = {' and '.join(map(str, of))})" for width, of in depths.items())


# Samples --------------------------------------------------------------------------------------------------------------


def pool(options: StudyOptions) -> LabelledData:
    """All that samples are drawn from: digits, even against odd, or with --only a public data set."""
    if options.only is None:
        return load("digits", classes=CLASSES)
    return load_images(chosen(options)[0], options)


def drawn(whole: LabelledData, n: int, seed: int, noise: float = 0.0) -> LabelledData:
    """n examples drawn without repetition, and test examples that are none of them; noise on the labels of both."""
    least = n + 1 if whole.test is None else n
    if least > whole.train.n:
        raise InputError(f"--n must leave test examples of the {whole.train.n:,} there are, got {n:,}. Take fewer.")
    rng = np.random.default_rng([seed, 41])
    order = rng.permutation(whole.train.n)
    if whole.test is None:
        test = _part(whole.train, order[n : n + TEST])
    else:
        test = _part(whole.test, rng.permutation(whole.test.n)[:TEST])
    train = _part(whole.train, order[:n])
    if noise:
        noisy = np.random.default_rng([seed, 42, round(1e6 * noise)])
        train, test = (with_label_noise(split, noise, len(whole.classes), noisy) for split in (train, test))
    return replace(whole, train=train, test=test)


def _part(split: Split, rows: Indices) -> Split:
    assert split.labels is not None
    kept = np.sort(rows)
    return Split(split.X[kept], split.labels[kept], None, split.rows[kept])


# Cells ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Net:
    """One net of a study: its sample and how it is trained."""

    data: LabelledData
    options: TrainOptions


def measured(net: Net, names: Sequence[str], workshop: Workshop, portion: Portion) -> Arrays:
    """Train the net and evaluate the bounds: of each value, growing part, kind, and whether it applies."""
    run, outcome = run_training(net.data, net.options, lambda phase, part, text="": portion(0.5 * part))
    trained = trained_of(run, outcome.weights, net.data)
    asked = BoundsOptions(threads=workshop.options.threads, memory=net.options.memory)
    facts = kernel_facts(trained, asked, DELTA)
    device = "cuda" if asked.place != "cpu" else "cpu"
    subject = subject_of(trained, DELTA, facts, net.options.seed, device)
    found = _facts_of(trained)
    found |= {"loss": np.array(float(outcome.trajectory.loss[-1])), "steps": np.array(outcome.trajectory.steps[-1])}
    with blas_threads(asked.worker_count):
        for count, name in enumerate(names):
            [(bound, _)] = rows_of(subject, [name])
            grows = bound.terms.get(PART.get(name, "complexity"), bound.value)
            found |= {
                f"{name}.value": _number(bound.value),
                f"{name}.part": _number(grows),
                f"{name}.kind": np.array(KINDS.index(bound.kind)),
                f"{name}.own": np.array(bound.of == OWN),
                f"{name}.applies": np.array(bound.verdict(trained.trivial) != "not applicable"),
            }
            portion(0.5 + 0.5 * (count + 1) / len(names))
    return found


def _number(value: float | None) -> Vector:
    return np.array(math.nan if value is None else value)


def _facts_of(trained: Trained) -> Arrays:
    """Errors, and τ√m in Cao & Gu's weights: those of a two-layer net are over √m there."""
    assert trained.test_error is not None
    net = trained.net
    moved = max(
        float(np.linalg.norm(A - A0)) for A, A0, one in zip(net.matrices, net.start, net.trained, strict=True) if one
    )
    scale = 1.0 if trained.network.kind == "two-layer" else math.sqrt(trained.network.width)
    return {
        "test_error": np.array(trained.test_error),
        "train_error": np.array(trained.training.train_error),
        "radius": np.array(moved * scale),
    }


@dataclass(frozen=True)
class Measured:
    """Numbers of one family at points along an axis, `values[key]` (points, seeds).

    kinds    of each bound; applies: whether it does at every net; own: it bounds the error of the trained net itself
    """

    family: Family
    axis: Vector
    values: Mapping[str, Matrix]
    kinds: Mapping[str, str]
    applies: Mapping[str, bool]
    own: Mapping[str, bool]

    def of(self, name: str, part: bool = False) -> Matrix:
        return self.values[f"{name}.{'part' if part else 'value'}"]

    @property
    def known(self) -> list[str]:
        """Bounds that have a value at every net."""
        return [name for name in self.kinds if np.isfinite(self.of(name)).all()]

    def slope(self, name: str, part: bool = False, half: bool = False) -> Slope | None:
        """d log value / d log axis over all points, or over their upper half."""
        first = self.axis.size // 2 if half else 0
        return slope_of(self.axis[first:], self.of(name, part)[first:])

    def mean(self, key: str) -> Vector:
        found: Vector = self.values[key].mean(axis=1)
        return found


def measure(
    family: Family, axis: Sequence[float], nets: Mapping[str, Net], names: Sequence[str], workshop: Workshop
) -> Measured:
    """The nets of a family, one cell each, named in the order (points, seeds)."""
    facts = {
        name: {"data": fingerprint(net.data), "options": repr(net.options), "bounds": list(names)}
        for name, net in nets.items()
    }
    made = workshop.cells.each(
        family.name, list(nets), facts, lambda name, portion: measured(nets[name], names, workshop, portion)
    )
    cells = [made[name] for name in nets]
    keys = [*FACTS, *(f"{name}.{what}" for name in names for what in ("value", "part"))]
    values = {key: np.array([float(cell[key]) for cell in cells]).reshape(len(axis), -1) for key in keys}
    return Measured(
        family,
        np.array(axis, dtype=np.float64),
        values,
        {name: KINDS[int(cells[0][f"{name}.kind"])] for name in names},
        {name: all(bool(cell[f"{name}.applies"]) for cell in cells) for name in names},
        {name: bool(cells[0][f"{name}.own"]) for name in names},
    )


# What all of them tell ------------------------------------------------------------------------------------------------


def word(one: Measured, name: str) -> str:
    """explicit, derived or order; in brackets where an assumption of the statement fails."""
    return one.kinds[name] if one.applies[name] else f"({one.kinds[name]})"


def whose(one: Measured, name: str) -> str:
    """Whose error it bounds: the trained net's, or another's (docs/bounds says which)."""
    return "this net" if one.own[name] else "another"


def are_bounds(one: Measured) -> list[str]:
    """Those that apply and have all their constants."""
    return [name for name in one.known if one.applies[name] and one.kinds[name] != "order"]


def left_out(found: Sequence[Measured]) -> list[str]:
    """A sentence about the bounds that the tables lack: those that fit no net of a family, or not every one."""
    absent = {one.family.name: [name for name in one.kinds if name not in one.known] for one in found}
    told = "; ".join(f"{family}: {', '.join(names)}" for family, names in absent.items() if names)
    return [f"Without a value at every net, and so in no table: {told}."] if told else []


def cells_of(slope: Slope | None) -> tuple[float | None, float | None]:
    """Exponent and error; what rounding leaves of a number that does not change is 0."""
    if slope is None:
        return None, None
    value, error = (0.0 if one is not None and abs(one) < ROUNDING else one for one in (slope.value, slope.error))
    return value, error


def values_figure(one: Measured, x: Axis) -> alt.LayerChart | None:
    """The bounds that apply against the axis, those on another's error dotted, with the error beside them.

    The bounds of Neyshabur et al. (2015) and Golowich et al. (2018) are of one class: the first is left out.
    """
    shown = [name for name in are_bounds(one) if name != "neyshabur2015"]
    curves = [
        Curve(name, one.axis.tolist(), one.mean(f"{name}.value").tolist(), "line" if one.own[name] else "dotted")
        for name in sorted(shown, key=lambda name: not one.own[name])
    ]
    curves.append(Curve(ERROR, one.axis.tolist(), one.mean("test_error").tolist(), "dashed"))
    return curves_figure(curves, x, Axis("Bound on the error"), _names(curves), [Level(1.0, "vacuous above")])


def growth_figure(one: Measured, x: Axis) -> alt.LayerChart | None:
    """The growing part of the best known bounds over what it is at the first point."""
    curves = []
    for name in [name for name in one.known if name in GROWING]:
        part = one.mean(f"{name}.part")
        if np.isfinite(part).all() and part.min() > 0.0:
            drawn_as: Literal["line", "dashed"] = "dashed" if one.kinds[name] == "order" else "line"
            curves.append(Curve(name, one.axis.tolist(), (part / part[0]).tolist(), drawn_as))
    return curves_figure(curves, x, Axis("Complexity, over its first value"), _names(curves))


def _names(curves: Sequence[Curve]) -> list[str]:
    """All names that have a colour of their own, and others after them."""
    return list(dict.fromkeys([*COLOURED, *(curve.name for curve in curves)]))


def means_table(found: Sequence[Measured], axis: str) -> Table:
    """Family, point on the axis, quantity, mean and deviation over seeds: the nets' own numbers, then every bound."""
    rows: list[tuple[Value, ...]] = []
    for one in found:
        keys = [*FACTS, *(f"{name}.{what}" for name in one.known for what in ("value", "part"))]
        for key in keys:
            for at, values in zip(one.axis, one.values[key], strict=True):
                deviation = float(values.std(ddof=1)) if values.size > 1 else None
                place = int(at) if at == int(at) else float(at)
                rows.append((one.family.name, place, key, float(values.mean()), deviation, values.size))
    return Table("Means over seeds", ("nets", axis, "quantity", "mean", "standard deviation", "seeds"), rows)

"""Figure 1 of Arora et al. (2019), arXiv:1901.08584: how fast true, random and worst-case labels are fitted, and why.

Panels a and c are the training loss Φ/n against the step k; the paper prints η = 1e-3, which does not fit its own
spectra, so that curves are compared in the variable ηk, with the η that fits best and what is left then. Panels b and d
are the eigenvalues of H and the projections of the labels on its eigenvectors. Finite nets are trained beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import altair as alt
import numpy as np

from prefit._shapes import Vector
from prefit.data import LabelledData
from prefit.experiments import paper
from prefit.experiments.cells import Arrays, Portion
from prefit.experiments.drawing import Drawn, Line, lines_figure
from prefit.experiments.images import ImageSet, chosen, fingerprint, load_images, rows_of, subset, targets_of
from prefit.experiments.nets import NetOptions, trained
from prefit.experiments.speeds import (
    KINDS,
    SERIES,
    Fit,
    Sample,
    Spectrum,
    fitted,
    held,
    published,
    random_labels,
    spectrum,
)
from prefit.experiments.study import Figure, Findings, Study, Workshop
from prefit.experiments.tables import Table
from prefit.reports.figures.curves import Axis, Curve, curves_figure

REDUCED = {"n": 1_000, "width": 4_096, "steps": 3_000}
FULL = {"n": paper.EXAMPLES, "width": paper.WIDTH, "steps": 20_000}
CONVERGED = 1e-4  # of the loss of an output of 0: training stops there
INDICES = (250, 500, 1_000, 2_000, 4_000, 6_000, 8_000, 9_000, 9_900, 9_999)
BINS = (0, 100, 300, 1_000, 3_000, 6_000, 9_000, 10_000)
CLIPPED = 10.593  # projections above are not in the paper's figure
TOLD_STEPS = (10, 100, 1_000)


# One data set ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OfSet:
    """All numbers about one data set.

    whole, few   spectra at the paper's size, and of the finite nets' examples
    fits         of each of the three curves of the paper alone; together: of all three
    speeds       of the finite nets: the η that fits each of their curves, over their own
    width, steps of the finite nets: neurons, and the most steps
    """

    images: ImageSet
    whole: Spectrum
    few: Spectrum
    nets: dict[str, Arrays]
    fits: dict[str, Fit]
    together: Fit
    speeds: dict[str, float]
    width: int
    steps: int


def of_set(images: ImageSet, workshop: Workshop) -> OfSet:
    options, usual = workshop.options, FULL if workshop.options.full else REDUCED
    data = load_images(images, options, options.kernel_n or paper.EXAMPLES)
    few = subset(data, options.n or usual["n"])
    cells, key = workshop.cells, images.key
    whole, part = (Spectrum(_spectrum_cell(key, one, workshop)) for one in (data, few))
    labels = {
        "true": targets_of(few.train),
        "random": random_labels(few, options.seed),
        "worst": part.arrays["worst_labels"][:, None],
    }
    net = NetOptions(
        width=options.width or usual["width"],
        init_scale=paper.INIT_SCALE,
        seed=options.seed,
        steps=options.steps or usual["steps"],
        until_loss=CONVERGED * few.train.n / 2,
        device=options.device,
    )
    facts = {"data": fingerprint(few), "seed": options.seed, "net": repr(net)}
    names = {f"{key} net n={few.train.n} m={net.width} {kind}": kind for kind in KINDS}
    X = rows_of(few.train)

    def make(name: str, portion: Portion) -> Arrays:
        arrays, _ = trained(net, X, labels[names[name]], None, workshop.workers, portion)
        return arrays

    made = cells.each(f"{key} nets", list(names), dict.fromkeys(names, facts), make)
    nets = {names[name]: arrays for name, arrays in made.items()}
    curves = {kind: published(images, kind) for kind in KINDS}
    return OfSet(
        images,
        whole,
        part,
        nets,
        fits={kind: fitted([curves[kind]], whole) for kind in KINDS},
        together=fitted(list(curves.values()), whole),
        speeds={kind: _speed(kind, arrays, part) for kind, arrays in nets.items()},
        width=net.width,
        steps=net.steps,
    )


def _speed(kind: str, arrays: Arrays, spectrum: Spectrum) -> float:
    """How fast a net fits its labels, the infinitely wide one on the same examples being 1."""
    steps, losses = arrays["steps"][1:].astype(np.float64), arrays["loss"][1:] / spectrum.n
    return fitted([Sample(kind, steps, losses)], spectrum).rate / float(arrays["step_size"])


def _spectrum_cell(key: str, data: LabelledData, workshop: Workshop) -> Arrays:
    facts = {"data": fingerprint(data), "seed": workshop.options.seed}
    name = f"{key} spectrum n={data.train.n}"
    return workshop.cells.one(name, facts, lambda portion: spectrum(data, workshop, portion))


# What is found --------------------------------------------------------------------------------------------------------


def run(workshop: Workshop) -> Findings:
    found = [of_set(images, workshop) for images in chosen(workshop.options)]
    tables = {
        "differences": Table(
            "The paper's loss curves and the infinitely wide net: fitted step sizes, differences of Φ/n",
            (
                *("data", "labels", "η alone", "its rms", "its largest", "η together", "rms", "largest"),
                *(f"rms at η = {paper.STEP_SIZE:g}", "stable below η"),
            ),
            [row for one in found for row in rows_of_fits(one)],
            {
                **{name: name for name in ("labels", "η alone", "η together", "rms", "largest")},
                "its rms": "rms",
            },
        ),
        "losses": Table(
            "Φ/n: the paper's curves, and the infinitely wide net at the η fitted to the three curves together",
            ("data", "labels", "step", "paper", "wide net", "difference"),
            [row for one in found for row in rows_of_losses(one)],
        ),
        "eigenvalues": Table(
            "Eigenvalues of H, and root mean square projections of the labels by index",
            ("data", "what", "index", "to", "paper", "ours", "relative difference"),
            [row for one in found for row in [*rows_of_eigenvalues(one), *rows_of_projections(one)]],
        ),
        "nets": Table(
            "Finite nets and the infinitely wide net on the same examples, Φ/n; speed: the η that fits, over the net's",
            ("data", "labels", "speed", "step", "ηk", "net", "wide net", "relative difference", "flips"),
            [row for one in found for row in rows_of_nets(one)],
        ),
    }
    figures = {name: figure for one in found for name, figure in figures_of(one).items()}
    return Findings(ran(found), [sentence for one in found for sentence in told(one)], tables, figures)


def ran(found: Sequence[OfSet]) -> list[str]:
    parts = [
        f"{one.images.title}: infinitely wide nets on n = {one.whole.n:,}; nets on n = {one.few.n:,}, "
        f"m = {one.width:,}, at most {one.steps:,} steps"
        for one in found
    ]
    few = "Careful: of finite nets there is one for each kind of labels; another --seed shows how much is chance."
    return [f"Run: {'; '.join(parts)}.", few]


def rows_of_fits(one: OfSet) -> list[tuple[str | float | None, ...]]:
    """What is left at the printed η is given where descent at it is stable."""
    rows: list[tuple[str | float | None, ...]] = []
    limit = 2.0 / one.whole.largest
    for kind in KINDS:
        alone, curve = one.fits[kind], [published(one.images, kind)]
        shared = held(curve, one.whole, one.together.rate)
        printed = held(curve, one.whole, paper.STEP_SIZE).rms if limit > paper.STEP_SIZE else None
        numbers = (alone.rate, alone.rms, alone.largest, shared.rate, shared.rms, shared.largest)
        rows.append((one.images.key, kind, *numbers, printed, limit))
    return rows


def rows_of_losses(one: OfSet) -> list[tuple[str | float | int, ...]]:
    rate = one.together.rate
    rows: list[tuple[str | float | int, ...]] = []
    for kind in KINDS:
        curve = paper.curve(one.images.loss_panel, SERIES[kind])
        steps = np.array([k for k in (1e3, 1e4, 1e5, 3e5, 1e6) if curve.x[1] <= k <= curve.x[-1]])
        theirs, ours = np.interp(steps, curve.x, curve.y), one.whole.loss(kind, rate, steps)
        rows += [
            (one.images.key, kind, int(k), float(a), float(b), float(b - a))
            for k, a, b in zip(steps, theirs, ours, strict=True)
        ]
    return rows


def rows_of_eigenvalues(one: OfSet) -> list[tuple[str | float | int | None, ...]]:
    curve = paper.curve(one.images.spectrum_panel, "eigenvalue")
    rows: list[tuple[str | float | int | None, ...]] = []
    for index in INDICES:
        if index < one.whole.n:
            theirs = float(np.interp(index, curve.x, curve.y))
            ours = float(one.whole.arrays["eigenvalue"][index])
            rows.append((one.images.key, "eigenvalue", index, None, theirs, ours, ours / theirs - 1.0))
    return rows


def rows_of_projections(one: OfSet) -> list[tuple[str | float | int | None, ...]]:
    """Root mean squares of those below CLIPPED; over the paper's corners about 1.09 too large (papers/README.md)."""
    rows: list[tuple[str | float | int | None, ...]] = []
    for kind in ("true", "random"):
        curve = paper.curve(one.images.spectrum_panel, f"projection_{kind}")
        for low, high in pairwise(BINS):
            inside = curve.y[(curve.x >= low) & (curve.x < high)]
            ours = one.whole.arrays[kind][low:high]
            ours = ours[np.abs(ours) <= CLIPPED]
            if inside.size and ours.size:
                pair = float(np.sqrt(np.mean(inside**2))), float(np.sqrt(np.mean(ours**2)))
                rows.append((one.images.key, f"projection, {kind}", low, high - 1, *pair, pair[1] / pair[0] - 1.0))
    return rows


def rows_of_nets(one: OfSet) -> list[tuple[str | float | int, ...]]:
    rows: list[tuple[str | float | int, ...]] = []
    for kind, arrays in one.nets.items():
        steps, rate = arrays["steps"], float(arrays["step_size"])
        wide = one.few.loss(kind, rate, steps.astype(np.float64))
        for i in _near(steps):
            loss = float(arrays["loss"][i]) / one.few.n
            flips = float(arrays["flips"][i, 0])
            gap = loss / float(wide[i]) - 1.0
            step = int(steps[i])
            rows.append((one.images.key, kind, one.speeds[kind], step, rate * step, loss, float(wide[i]), gap, flips))
    return rows


def _near(steps: Vector) -> list[int]:
    """Places of the recorded steps nearest to TOLD_STEPS, and of the last."""
    found = {int(np.abs(steps - k).argmin()) for k in TOLD_STEPS if k <= steps[-1]}
    return sorted(found | {steps.size - 1})


def told(one: OfSet) -> list[str]:
    title, fit, limit = one.images.title, one.together, 2.0 / one.whole.largest
    alone = ", ".join(f"{one.fits[kind].rate:.2g} ({kind})" for kind in KINDS)
    speeds = (
        f"{title}: the paper's curves fit η = {alone}, together η = {fit.rate:.2g}, where the infinitely wide "
        f"net differs from them by {fit.rms:.3f} in Φ/n (root mean square), by {fit.largest:.3f} at most. The "
        f"printed η = {paper.STEP_SIZE:g} is {paper.STEP_SIZE / fit.rate:,.0f} times that; descent on Φ is stable "
        f"below {limit:.2g}{', so not at it' if limit <= paper.STEP_SIZE else ''}."
    )
    off = _eigenvalues_off(one)
    near = f"those drawn in the paper are ours within {np.abs(off).max():.4f}" if off.size else "the paper draws others"
    spectra = f"{title}, eigenvalues: {near}; λ_max = {one.whole.largest:,.1f}, λ_min = {one.whole.smallest:.5f}."
    slower = ", ".join(f"{one.speeds[kind]:.2g} ({kind})" for kind in KINDS)
    theirs = ", ".join(f"{one.fits[kind].rate / one.fits['true'].rate:.2g} ({kind})" for kind in KINDS[1:])
    nets = (
        f"{title}: no η fits all three, as finite nets at κ = {paper.INIT_SCALE:g} lag behind the infinitely wide "
        f"one, most on labels that are hard: those trained here, on {one.few.n:,} examples, fit as with {slower} times "
        f"their η. In the paper the curves are as with {theirs} times the η of the true labels."
    )
    return [speeds, nets, spectra]


def _eigenvalues_off(one: OfSet) -> Vector:
    """Ours minus the paper's at the indices that it draws."""
    curve = paper.curve(one.images.spectrum_panel, "eigenvalue")
    kept = curve.x < one.whole.n
    off: Vector = one.whole.arrays["eigenvalue"][curve.x[kept].astype(np.int64)] - curve.y[kept]
    return off


# Figures --------------------------------------------------------------------------------------------------------------


def figures_of(one: OfSet) -> dict[str, Figure]:
    key, title = one.images.key, one.images.title
    rate = one.together.rate
    return {
        f"{key}-loss": Figure(
            f"{title}: training loss",
            f"Points: read off the paper's figure, at ηk with η = {rate:.2g}, the step size that fits its three curves "
            f"together. Lines: the infinitely wide net at n = {one.whole.n:,} and n = {one.few.n:,}; nets trained "
            "here on the latter.",
            _loss_chart(one, rate),
        ),
        f"{key}-eigenvalues": Figure(
            f"{title}: eigenvalues of H",
            "Largest first. Points: read off the paper's figure, which ends at 1.",
            _eigenvalue_chart(one),
        ),
        f"{key}-projections": Figure(
            f"{title}: projections of the labels",
            "|v_iᵀy|. Points: corners of the paper's lines, which favour peaks and valleys; lines: root mean square of "
            "ours over neighbouring indices.",
            _projection_chart(one),
        ),
    }


def _loss_chart(one: OfSet, rate: float) -> alt.LayerChart:
    names = {"true": "true labels", "random": "random labels", "worst": "worst-case labels"}
    last = max(rate * paper.curve(one.images.loss_panel, SERIES[kind]).x[-1] for kind in KINDS)
    last = max(last, max(float(a["step_size"] * a["steps"][-1]) for a in one.nets.values()))
    times = np.geomspace(1e-4 * last, last, 150)
    lines = []
    for kind in KINDS:
        for part in (one.whole, one.few):
            small = 0.1 * min(rate, 1.0 / part.largest)
            losses = part.loss(kind, small, times / small)
            source = f"infinitely wide, n = {part.n:,}"
            drawn: Drawn = "line" if part is one.whole else "dotted"
            lines.append(Line(names[kind], source, times.tolist(), losses.tolist(), drawn))
        arrays = one.nets[kind]
        along = float(arrays["step_size"]) * arrays["steps"]
        losses = arrays["loss"] / one.few.n
        lines.append(Line(names[kind], f"net, n = {one.few.n:,}", along.tolist(), losses.tolist(), "dashed"))
        curve = paper.curve(one.images.loss_panel, SERIES[kind])
        lines.append(Line(names[kind], "the paper's net", (rate * curve.x).tolist(), curve.y.tolist(), "points"))
    return lines_figure(lines, "ηk", "Training loss Φ/n", (float(times[0]), float(last)))


def _eigenvalue_chart(one: OfSet) -> alt.LayerChart:
    values = one.whole.arrays["eigenvalue"]
    index = np.arange(1, values.size + 1)
    curve = paper.curve(one.images.spectrum_panel, "eigenvalue")
    chart = curves_figure(
        [
            Curve("ours", index.tolist(), values.tolist()),
            Curve("the paper", (curve.x + 1.0).tolist(), curve.y.tolist(), "points"),
        ],
        Axis("Index, the largest is 1"),
        Axis("Eigenvalue"),
    )
    assert chart is not None
    return chart


def _projection_chart(one: OfSet) -> alt.LayerChart:
    curves = []
    edges = np.unique(np.rint(np.geomspace(1, one.whole.n, 60)).astype(int)) - 1
    for kind in ("true", "random"):
        squares = np.add.reduceat(one.whole.arrays[kind] ** 2, edges[:-1]) / np.diff(edges)
        middle = np.sqrt((edges[:-1] + 1.0) * edges[1:])
        curves.append(Curve(f"{kind} labels", middle.tolist(), np.sqrt(squares).tolist()))
    for kind in ("true", "random"):
        curve = paper.curve(one.images.spectrum_panel, f"projection_{kind}")
        curves.append(Curve(f"{kind} labels, the paper", (curve.x + 1.0).tolist(), curve.y.tolist(), "points"))
    chart = curves_figure(curves[::-1], Axis("Index, the largest is 1"), Axis("|vᵀy|"), [c.name for c in curves])
    assert chart is not None
    return chart


STUDY = Study(
    name="arora2019/figure1",
    title="Training loss, eigenvalues and projections (Arora et al. 2019, Figure 1)",
    run=run,
    sets=True,
    takes=("data", "only", "full", "n", "width", "steps", "kernel_n", "device"),
    usual={**{name: f"{value:,}" for name, value in REDUCED.items()}, "kernel_n": f"{paper.EXAMPLES:,}"},
)

"""Figure 2 of Arora et al. (2019), arXiv:1901.08584: complexity and test errors as a portion of the labels is redrawn.

Beside the paper's numbers stand: the expected complexity in closed form (docs/proofs.md P9), from yᵀH⁻¹y and tr H⁻¹ at
the paper's size; single draws, each certified; the infinitely wide net; nets of the paper's size linearized at their
start; and nets trained here, with the infinitely wide net on the same examples, to the same step and to the end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.experiments import paper
from prefit.experiments.cells import Arrays, Portion
from prefit.experiments.images import ImageSet, chosen, fingerprint, load_images, subset
from prefit.experiments.nets import NetOptions
from prefit.experiments.noise import PORTIONS, Noisy, lazy, net, noisy, wide
from prefit.experiments.study import Figure, Findings, Study, Workshop, counted, few_seeds
from prefit.experiments.tables import Table
from prefit.reports.figures.curves import Axis, Curve, curves_figure
from prefit.theory.arora2019 import complexity, expected_form

DRAWS = 8  # labellings of each portion: their scatter is known to a quarter of itself
CLOSE = 0.03  # of the paper's complexity, where a single draw's standard deviation is up to 0.06
MIDDLE = PORTIONS[1:9]  # where neither the labels nor their noise decide the errors alone
CONVERGED = 1e-3  # of the loss of an output of 0: training stops there
REDUCED = {"n": 1_000, "width": 4_096, "steps": 2_000}
FULL = {"n": paper.EXAMPLES, "width": paper.WIDTH, "steps": 20_000}
GRID = (10, 30, 100, 200, 300, 500, 700, 1_000, 2_000, 3_000, 5_000, 7_000, 10_000, 20_000, 30_000)


@dataclass(frozen=True)
class Sizes:
    """What the finite nets are trained on, and how long."""

    n: int
    width: int
    steps: int
    seeds: int
    kernel_n: int


def sizes_of(workshop: Workshop) -> Sizes:
    asked, usual = workshop.options, FULL if workshop.options.full else REDUCED
    kernel_n = asked.kernel_n or paper.EXAMPLES
    return Sizes(
        n=min(asked.n or usual["n"], kernel_n),
        width=asked.width or usual["width"],
        steps=asked.steps or usual["steps"],
        seeds=asked.seeds or 1,
        kernel_n=kernel_n,
    )


# One data set ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OfSet:
    """All numbers about one data set.

    wide, lazy              the infinitely wide net and the linearized one at the paper's size
    few_wide, few_lazy      the same on the few_n examples of the finite nets
    nets                    by portion and seed
    """

    images: ImageSet
    n: int
    few_n: int
    wide: Arrays
    lazy: Arrays
    few_wide: Arrays
    few_lazy: Arrays
    nets: dict[tuple[int, int], Arrays]

    @property
    def expected(self) -> Vector:
        """Expected complexity at each portion, from yᵀH⁻¹y as it is and tr H⁻¹."""
        true = float(self.wide["lower"][0, 0] + self.wide["upper"][0, 0]) / 2.0
        forms = [expected_form(true, float(self.wide["trace"]), self.n, p) for p in PORTIONS]
        return np.array([complexity(form, self.n) for form in forms])

    @property
    def drawn(self) -> Matrix:
        """(portions, draws) complexity of single draws, the middle of the certified interval."""
        return np.sqrt((self.wide["lower"] + self.wide["upper"]) / self.n)

    def measured(self, name: str) -> Matrix:
        """(portions, seeds) a number of the trained nets, where training ended."""
        ends = {key: float(np.ravel(arrays[name])[-1]) for key, arrays in self.nets.items()}
        seeds = 1 + max(seed for _, seed in ends)
        return np.array([[ends[i, seed] for seed in range(seeds)] for i in range(len(PORTIONS))])


def of_set(images: ImageSet, sizes: Sizes, workshop: Workshop) -> OfSet:
    options = workshop.options
    data = load_images(images, options, sizes.kernel_n)
    few = subset(data, sizes.n)
    many, some = noisy(data, DRAWS, options.seed), noisy(few, sizes.seeds, options.seed)
    limit, start = at_the_end(images, many, DRAWS, sizes.kernel_n, workshop)
    few_limit, few_start = at_the_end(images, some, sizes.seeds, sizes.width, workshop)
    nets = trained_nets(images, some, sizes, workshop)
    return OfSet(images, data.train.n, few.train.n, limit, start, few_limit, few_start, nets)


def at_the_end(images: ImageSet, labels: Noisy, draws: int, width: int, workshop: Workshop) -> tuple[Arrays, Arrays]:
    """The infinitely wide net, and a net of this width linearized at its start, on the same examples."""
    facts = _facts(labels, workshop) | {"draws": draws}
    which = f"n={labels.X.shape[0]} draws={draws}"
    limit = workshop.cells.one(f"{images.key} wide {which}", facts, lambda portion: wide(labels, workshop, portion))
    name, facts = f"{images.key} linearized {which} m={width}", facts | {"width": width}
    return limit, workshop.cells.one(name, facts, lambda _: lazy(labels, width, workshop))


def _facts(labels: Noisy, workshop: Workshop) -> dict[str, object]:
    return {"data": fingerprint(labels.data), "seed": workshop.options.seed}


def trained_nets(images: ImageSet, labels: Noisy, sizes: Sizes, workshop: Workshop) -> dict[tuple[int, int], Arrays]:
    """The finite nets, a cell each, those of the first seed first."""
    keys = {
        f"{images.key} net n={sizes.n} m={sizes.width} portion={PORTIONS[i]:g} seed={s}": (i, s)
        for s in range(sizes.seeds)
        for i in range(len(PORTIONS))
    }
    options = {
        name: NetOptions(
            width=sizes.width,
            init_scale=paper.INIT_SCALE,
            seed=workshop.options.seed + s,
            steps=sizes.steps,
            until_loss=CONVERGED * labels.X.shape[0] / 2,
            grid=tuple(k for k in GRID if k < sizes.steps),
            device=workshop.options.device,
        )
        for name, (_, s) in keys.items()
    }
    facts = _facts(labels, workshop)
    described = {name: facts | {"net": repr(options[name])} for name in keys}

    def make(name: str, portion: Portion) -> Arrays:
        i, s = keys[name]
        return net(labels, i * sizes.seeds + s, options[name], workshop, portion)

    made = workshop.cells.each(f"{images.key} nets", list(keys), described, make)
    return {keys[name]: arrays for name, arrays in made.items()}


# What is found --------------------------------------------------------------------------------------------------------


def run(workshop: Workshop) -> Findings:
    sizes = sizes_of(workshop)
    found = [of_set(images, sizes, workshop) for images in chosen(workshop.options)]
    sentences = [sentence for one in found for sentence in [*told(one), *told_of_nets(one, sizes)]]
    tables = {
        "differences": Table(
            f"The paper (Figure 2) and the infinitely wide net, n = {sizes.kernel_n:,}",
            (
                *("data", "portion", "complexity, paper", "expected", "off"),
                *("l1, paper", "l1, wide", "l1 off", "0-1, paper", "0-1, wide", "0-1 off"),
            ),
            [row for one in found for row in rows_of_differences(one)],
            {name: name for name in ("portion", "expected", "off", "l1, paper", "0-1, paper")}
            | {"complexity, paper": "complexity", "l1, wide": "wide", "0-1, wide": "wide"},
        ),
        "draws": Table(
            f"Complexity of {DRAWS} single draws a portion, each certified",
            (
                *("data", "portion", "expected", "mean of draws", "standard deviation"),
                *("farthest draw, in these", "the paper's draw, in these", "widest interval, relative"),
            ),
            [row for one in found for row in rows_of_draws(one)],
        ),
        "nets": Table(
            f"Test errors of nets, κ = {paper.INIT_SCALE:g}; n = {sizes.n:,}, m = {sizes.width:,} but for the paper's",
            (
                *("data", "portion", "error", "paper's net", "wide, paper's n", "linearized, paper's n"),
                *("net", "wide, same steps", "wide, to the end", "linearized, to the end"),
                *("steps", "training loss left", "flips"),
            ),
            [row for one in found for row in rows_of_nets(one)],
        ),
    }
    figures = {name: figure for one in found for name, figure in figures_of(one, sizes).items()}
    return Findings(ran(found, sizes), sentences, tables, figures)


def ran(found: Sequence[OfSet], sizes: Sizes) -> list[str]:
    titles = "; ".join(one.images.title for one in found)
    run = (
        f"Run: {titles}; infinitely wide nets and those linearized on n = {sizes.kernel_n:,}, {DRAWS} draws of the "
        f"labels; nets on n = {sizes.n:,}, m = {sizes.width:,}, at most {sizes.steps:,} steps, {counted(sizes.seeds)}."
    )
    return [run, *few_seeds(sizes.seeds)]


def published(one: OfSet, series: str) -> Vector:
    return paper.curve(one.images.noise_panel, series).y


def rows_of_differences(one: OfSet) -> list[tuple[str | float, ...]]:
    ours = [one.expected, one.wide["l1"].mean(axis=1), one.wide["error"].mean(axis=1)]
    theirs = [published(one, name) for name in ("complexity", "l1_loss", "classification_error")]
    return [
        (
            one.images.key,
            p,
            *(float(value) for a, b in zip(theirs, ours, strict=True) for value in (a[i], b[i], b[i] - a[i])),
        )
        for i, p in enumerate(PORTIONS)
    ]


def rows_of_draws(one: OfSet) -> list[tuple[str | float | None, ...]]:
    rows: list[tuple[str | float | None, ...]] = []
    gaps = (one.wide["upper"] - one.wide["lower"]) / one.wide["upper"]
    for i, p in enumerate(PORTIONS):
        mean, std = float(one.drawn[i].mean()), float(one.drawn[i].std(ddof=1))
        far = float(np.abs(one.drawn[i] - one.expected[i]).max())
        theirs = float(published(one, "complexity")[i] - one.expected[i])
        ratios = (far / std, theirs / std) if std > 0.0 else (None, None)
        rows.append((one.images.key, p, float(one.expected[i]), mean, std, *ratios, float(gaps[i].max())))
    return rows


def rows_of_nets(one: OfSet) -> list[tuple[str | float | int, ...]]:
    steps, flips = one.measured("steps").max(axis=1), one.measured("flips").mean(axis=1)
    left = one.measured("loss").mean(axis=1) * 2.0 / one.few_n
    rows: list[tuple[str | float | int, ...]] = []
    for label, series, name in (("l1", "l1_loss", "l1"), ("0-1", "classification_error", "error")):
        nets = [one.measured(f"{kind}_{name}").mean(axis=1) for kind in ("test", "wide")]
        columns = [
            published(one, series),
            *(part[name].mean(axis=1) for part in (one.wide, one.lazy)),
            *nets,
            *(part[name].mean(axis=1) for part in (one.few_wide, one.few_lazy)),
        ]
        for i, p in enumerate(PORTIONS):
            ends = (int(steps[i]), float(left[i]), float(flips[i]))
            rows.append((one.images.key, p, label, *(float(column[i]) for column in columns), *ends))
    return rows


def told(one: OfSet) -> list[str]:
    theirs, draws = published(one, "complexity"), rows_of_draws(one)
    gaps = np.abs(theirs - one.expected)
    worst = int(gaps.argmax())
    verdict = "within" if gaps[worst] <= CLOSE else "NOT within"
    far = max(row[5] for row in draws if isinstance(row[5], float))
    forms = (
        f"{one.images.title}: yᵀH⁻¹y = {float(one.wide['lower'][0, 0]):,.2f} and tr H⁻¹ = "
        f"{float(one.wide['trace']):,.1f} at n = {one.n:,}. The expected complexity is {verdict} {CLOSE:g} of the "
        f"paper's at all {len(PORTIONS)} points, farthest at portion {PORTIONS[worst]:g}: {one.expected[worst]:.3f} "
        f"against {theirs[worst]:.3f}; no draw lies farther from it than {far:.1f} of their standard deviations."
    )
    return [forms]


def told_of_nets(one: OfSet, sizes: Sizes) -> list[str]:
    """How much of the paper's excess over the infinitely wide net finite nets show, mean over MIDDLE portions."""
    rows = np.array([row[3:10] for row in rows_of_nets(one) if row[2] == "0-1" and row[1] in MIDDLE], dtype=np.float64)
    theirs, limit, lazy, net, same, few, few_lazy = rows.mean(axis=0)
    excess = (
        f"{one.images.title}, 0-1 error above the infinitely wide net's, mean over portions {MIDDLE[0]:g} to "
        f"{MIDDLE[-1]:g}: the paper's nets {theirs - limit:+.3f}; nets of {sizes.kernel_n:,} neurons linearized at "
        f"their start, to the end, {lazy - limit:+.3f}. On {one.few_n:,} examples: nets of {sizes.width:,} neurons "
        f"trained here {net - same:+.3f} (after as many steps), linearized {few_lazy - few:+.3f}."
    )
    return [excess]


# Figures --------------------------------------------------------------------------------------------------------------

PAPERS, WIDE, LAZY = "the paper", "infinitely wide", "linearized"


def figures_of(one: OfSet, sizes: Sizes) -> dict[str, Figure]:
    return {
        f"{one.images.key}-complexity": Figure(
            f"{one.images.title}: complexity",
            "Line: its expectation in closed form, from yᵀH⁻¹y and tr H⁻¹. Points: read off the paper's figure, and "
            f"the mean of {DRAWS} draws with four of their standard deviations.",
            _complexity_chart(one),
        ),
        **{
            f"{one.images.key}-{name}": Figure(
                f"{one.images.title}: test {words}",
                "The paper's nets (n = m = 10,000), the infinitely wide net and the linearized one on as many "
                f"examples; nets of {sizes.width:,} neurons trained here on {one.few_n:,}, and the infinitely wide net "
                "on these after as many steps, and to the end.",
                _error_chart(one, name, series, words),
            )
            for name, series, words in (
                ("l1", "l1_loss", "ℓ1 loss"),
                ("error", "classification_error", "classification error"),
            )
        },
    }


_PORTION = Axis("Portion of the labels redrawn", log=False, format=".1f", low=0.0, high=1.0)


def _complexity_chart(one: OfSet) -> alt.LayerChart:
    mean, std = one.drawn.mean(axis=1), one.drawn.std(axis=1, ddof=1)
    chart = curves_figure(
        [
            Curve("expected", PORTIONS, one.expected.tolist()),
            Curve(
                "draws here", PORTIONS, mean.tolist(), "points", (mean - 4 * std).tolist(), (mean + 4 * std).tolist()
            ),
            Curve(PAPERS, PORTIONS, published(one, "complexity").tolist(), "points"),
        ],
        _PORTION,
        Axis("Complexity √(2yᵀH⁻¹y/n)", log=False),
        names=["expected", PAPERS, "draws here"],  # the paper's colour is that of the other figures
    )
    assert chart is not None
    return chart


def _error_chart(one: OfSet, name: str, series: str, words: str) -> alt.LayerChart:
    few, trained_here = f"wide, n = {one.few_n:,}", f"nets trained here, n = {one.few_n:,}"
    chart = curves_figure(
        [
            Curve(WIDE, PORTIONS, one.wide[name].mean(axis=1).tolist()),
            Curve(LAZY, PORTIONS, one.lazy[name].mean(axis=1).tolist(), "dashed"),
            Curve(f"{few}, same steps", PORTIONS, one.measured(f"wide_{name}").mean(axis=1).tolist(), "dotted"),
            Curve(f"{few}, to the end", PORTIONS, one.few_wide[name].mean(axis=1).tolist(), "dashed"),
            Curve(trained_here, PORTIONS, one.measured(f"test_{name}").mean(axis=1).tolist(), "points"),
            Curve(PAPERS, PORTIONS, published(one, series).tolist(), "points"),
        ],
        _PORTION,
        Axis(f"Test {words}", log=False),
        names=[WIDE, PAPERS, LAZY, trained_here, f"{few}, same steps", f"{few}, to the end"],
    )
    assert chart is not None
    return chart


STUDY = Study(
    name="arora2019/figure2",
    title="Complexity and test errors under label noise (Arora et al. 2019, Figure 2)",
    run=run,
    sets=True,
    takes=("data", "only", "full", "n", "width", "steps", "seeds", "kernel_n", "device"),
    usual={
        **{name: f"{value:,}" for name, value in REDUCED.items()},
        "seeds": "1",
        "kernel_n": f"{paper.EXAMPLES:,}",
    },
)

"""Which bounds tell true labels from random ones: every bound as a portion 0 … 1 of the labels is redrawn."""

from __future__ import annotations

import math
from collections.abc import Sequence

from prefit.experiments.bounds_of_nets import (
    SEEDS,
    WIDTHS,
    Family,
    Measured,
    Net,
    are_bounds,
    by_depth,
    drawn,
    families,
    left_out,
    means_table,
    measure,
    names_of_rows,
    pool,
    seeds_of,
    values_figure,
    what_ran,
    whose,
    width_of,
    word,
)
from prefit.experiments.options import StudyOptions
from prefit.experiments.rank import rank_correlation
from prefit.experiments.study import Figure, Findings, Study, Workshop
from prefit.experiments.tables import Table, Value
from prefit.reports.figures.curves import Axis

EXAMPLES, FULL_EXAMPLES = 200, 1_000
DEEPEST = 2
PORTIONS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
STEPS = 5_000
FITTED = 0.1  # training loss at which all nets stop, so that true and random labels are fitted alike
APART = 1.1  # a bound tells labels apart if it grows by so much, and by two standard errors


def run(workshop: Workshop) -> Findings:
    asked = workshop.options
    found = [of_family(family, workshop) for family in families(DEEPEST)]
    m = by_depth({one.depth: width_of(one, asked) for one in families(DEEPEST)})
    portions = ", ".join(f"{portion:g}" for portion in PORTIONS)
    steps = f"at most {asked.steps or STEPS:,} steps, until the loss is {FITTED:g}"
    sizes = f"n = {examples(asked):,}; portions redrawn {portions}; m = {m}; {steps}"
    ran = what_ran(asked, sizes)
    tables = {"differences": ranks_table(found), "means": means_table(found, "portion")}
    return Findings(ran, [*told(found), *left_out(found)], tables, figures_of(found))


def examples(asked: StudyOptions) -> int:
    return asked.n or (FULL_EXAMPLES if asked.full else EXAMPLES)


def of_family(family: Family, workshop: Workshop) -> Measured:
    asked, whole = workshop.options, pool(workshop.options)
    n, width = examples(asked), width_of(family, asked)
    seeds = seeds_of(asked)
    nets = {
        f"{family.name} n={n} m={width} noise={portion:g} seed={seed}": Net(
            drawn(whole, n, seed, portion), family.options(width, seed, asked.steps or STEPS, FITTED, asked)
        )
        for portion in PORTIONS
        for seed in seeds
    }
    return measure(family, PORTIONS, nets, names_of_rows(asked), workshop)


def ranks_table(found: Sequence[Measured]) -> Table:
    """The bounds, those that follow the test error most first."""
    rows: list[tuple[Value, ...]] = []
    for one in found:
        own = [(name, rank_correlation(one.of(name).ravel(), one.values["test_error"].ravel())) for name in one.known]
        for name, rank in sorted(own, key=lambda pair: -(pair[1] if pair[1] is not None else -2.0)):
            values = one.mean(f"{name}.value")
            ratio, error = growth(one, name)
            rows.append(
                (
                    *(one.family.name, name, word(one, name), whose(one, name), rank),
                    *(float(values[place]) for place in (0, -1)),
                    *(ratio, error, "yes" if tells(one, name) else "no"),
                )
            )
    return Table(
        "Rank correlation of each bound with the test error, over portions and seeds; in brackets: does not apply; the "
        "constant of an order is taken as 1",
        (
            *("nets", "bound", "kind", "on the error of", "rank correlation"),
            *("true", "random", "ratio", "error", "tells them apart"),
        ),
        rows,
        {"bound": "bound", "kind": "kind", "on the error of": "of", "rank correlation": "rank"}
        | {"true": "true", "random": "random", "ratio": "ratio"},
        {"ratio": "error"},
    )


def growth(one: Measured, name: str) -> tuple[float, float | None]:
    """Random over true labels, mean over seeds with its standard error."""
    values = one.of(name)
    ratios = values[-1] / values[0]
    return float(ratios.mean()), float(ratios.std(ddof=1)) / math.sqrt(ratios.size) if ratios.size > 1 else None


def tells(one: Measured, name: str) -> bool:
    """Whether random labels have a bound that is larger by APART, and by two standard errors."""
    ratio, error = growth(one, name)
    return ratio >= APART and ratio - 1.0 > 2.0 * (error or 0.0)


def told(found: Sequence[Measured]) -> list[str]:
    sentences = []
    for one in found:
        bounds = are_bounds(one)
        apart, alike = ([name for name in bounds if tells(one, name) is side] for side in (True, False))
        errors, losses = one.mean("test_error"), one.mean("loss")
        worth = [
            f"{name} ({value:.2f}, on the error of {whose(one, name)})"
            for name in bounds
            if (value := one.mean(f"{name}.value")[0]) < 0.5
        ]
        sentences.append(
            f"{one.family.name}: from true to random labels the test error goes from {errors[0]:.3f} to "
            f"{errors[-1]:.3f}, the training loss reached from {losses[0]:.2g} to {losses[-1]:.2g}. Larger on random "
            f"labels: {', '.join(apart) or 'none'}. Not so: {', '.join(alike) or 'none'}."
        )
        sentences.append(
            f"{one.family.name}, true labels: below ½ is {', '.join(worth) or 'no bound'}. A bound can follow the "
            "error and be vacuous all the way."
        )
    return sentences


def figures_of(found: Sequence[Measured]) -> dict[str, Figure]:
    figures = {}
    for one in found:
        chart = values_figure(one, Axis("Portion of the labels redrawn", log=False))
        if chart is not None:
            caption = (
                "Those that apply and have all their constants; means over seeds. Dotted: bounds on another network's "
                "error; dashed: the test error."
            )
            figures[f"bounds-{one.family.depth}"] = Figure(f"{one.family.name}: bounds under noise", caption, chart)
    return figures


STUDY = Study(
    name="bounds-vs-noise",
    title="Which generalization bounds tell true labels from random ones",
    run=run,
    sets=False,
    takes=("data", "only", "full", "n", "width", "steps", "seeds", "device", "pac_bayes"),
    usual={"n": f"{EXAMPLES:,}", "width": by_depth(WIDTHS), "steps": f"{STEPS:,}", "seeds": f"{SEEDS}"},
)

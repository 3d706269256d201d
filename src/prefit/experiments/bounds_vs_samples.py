"""How generalization bounds fall as the sample grows: every bound at n, 2n, 4n, … examples, the nets fitted alike."""

from __future__ import annotations

from collections.abc import Sequence

from prefit.experiments.bounds_of_nets import (
    Family,
    Measured,
    Net,
    are_bounds,
    cells_of,
    drawn,
    families,
    growth_figure,
    means_table_rows,
    measure,
    names_of_rows,
    pool,
    values_figure,
    whose,
    word,
)
from prefit.experiments.study import Figure, Findings, Study, Workshop
from prefit.experiments.tables import Table, Value
from prefit.reports.figures.curves import Axis

LEAST, MOST, FULL_MOST = 50, 800, 8_000
WIDTHS = {1: 1_024, 2: 256}
FULL_WIDTHS = {1: 8_192, 2: 1_024}
DEEPEST = 2
SEEDS = 3
STEPS = 3_000
FITTED = 0.1  # training loss at which all nets stop
STATED = -0.5  # of every complexity at fixed weights


def run(workshop: Workshop) -> Findings:
    found = [of_family(family, workshop) for family in families(DEEPEST)]
    tables = {"differences": slopes_table(found), "means": means_table(found)}
    return Findings(told(found), tables, figures_of(found))


def sizes(workshop: Workshop) -> list[int]:
    """Doublings up to the most, from LEAST or what is nearest to it."""
    asked = workshop.options
    most = asked.n or (FULL_MOST if asked.full and asked.only is not None else MOST)
    return sorted({most >> i for i in range(32) if most >> i >= min(LEAST, most)})


def of_family(family: Family, workshop: Workshop) -> Measured:
    asked, whole = workshop.options, pool(workshop.options)
    width = asked.width or (FULL_WIDTHS if asked.full else WIDTHS)[family.depth]
    seeds = range(asked.seed, asked.seed + (asked.seeds or SEEDS))
    axis = sizes(workshop)
    nets = {
        f"{family.name} m={width} n={n} seed={seed}": Net(
            drawn(whole, n, seed), family.options(width, seed, asked.steps or STEPS, FITTED, asked)
        )
        for n in axis
        for seed in seeds
    }
    return measure(family, axis, nets, names_of_rows(asked), workshop)


def slopes_table(found: Sequence[Measured]) -> Table:
    rows: list[tuple[Value, ...]] = []
    for one in found:
        for name in one.known:
            rows.append(
                (
                    *(one.family.name, name, word(one, name), whose(one, name)),
                    *cells_of(one.slope(name)),
                    *cells_of(one.slope(name, part=True)),
                    *cells_of(one.slope(name, part=True, half=True)),
                    *(float(one.mean(f"{name}.value")[place]) for place in (0, -1)),
                )
            )
    return Table(
        "Exponents in n of each bound and of its complexity (stated at fixed weights: −½), mean over seeds; in "
        "brackets: does not apply",
        (
            *(
                "nets",
                "bound",
                "kind",
                "on the error of",
                "value",
                "error",
                "complexity",
                "its error",
                "larger half",
                "error of it",
            ),
            *("fewest", "most"),
        ),
        rows,
    )


def means_table(found: Sequence[Measured]) -> Table:
    columns = ("nets", "n", "quantity", "mean", "standard deviation", "seeds")
    return Table("Means over seeds", columns, means_table_rows(found))


def told(found: Sequence[Measured]) -> list[str]:
    sentences = []
    for one in found:
        slopes = [(name, slope.value) for name in are_bounds(one) if (slope := one.slope(name)) is not None]
        falling = [f"{name} {value:+.2f}" for name, value in sorted(slopes, key=lambda pair: pair[1]) if value < 0.0]
        rising = [f"{name} {value:+.2f}" for name, value in slopes if value >= 0.0]
        errors, radius = one.mean("test_error"), one.mean("radius")
        sentences.append(
            f"{one.family.name}, n from {one.axis[0]:,.0f} to {one.axis[-1]:,.0f}: the test error goes from "
            f"{errors[0]:.3f} to {errors[-1]:.3f}, τ√m from {radius[0]:.3g} to {radius[-1]:.3g}. Exponents of the "
            f"bounds that fall: {', '.join(falling) or 'none'}; of those that do not: {', '.join(rising) or 'none'}."
        )
    return sentences


def figures_of(found: Sequence[Measured]) -> dict[str, Figure]:
    figures = {}
    for one in found:
        x = Axis("Training examples n", format="~s")
        charts = {
            "bounds": (
                "bounds against the sample",
                "Those that apply and have all their constants; dotted: on another network's error.",
                values_figure,
            ),
            "growth": (
                "complexities against the sample",
                "Over their value at the fewest examples; dashed: orders.",
                growth_figure,
            ),
        }
        for key, (title, caption, draw) in charts.items():
            chart = draw(one, x) if one.axis.size > 1 else None
            if chart is not None:
                figures[f"{key}-{one.family.depth}"] = Figure(
                    f"{one.family.name}: {title}", f"{caption} Means over seeds.", chart
                )
    return figures


STUDY = Study(
    name="bounds-vs-samples",
    title="How generalization bounds fall as the sample grows",
    run=run,
    sets=False,
    takes=("data", "only", "full", "n", "width", "steps", "seeds", "device", "pac_bayes"),
)

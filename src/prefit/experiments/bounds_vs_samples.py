"""How generalization bounds fall as the sample grows: every bound at n, 2n, 4n, … examples, the nets fitted alike."""

from __future__ import annotations

from collections.abc import Sequence

from prefit.experiments.bounds_of_nets import (
    SEEDS,
    WIDTHS,
    Family,
    Measured,
    Net,
    are_bounds,
    by_depth,
    cells_of,
    drawn,
    families,
    growth_figure,
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
from prefit.experiments.study import Figure, Findings, Study, Workshop
from prefit.experiments.tables import Table, Value
from prefit.reports.figures.curves import Axis

LEAST, MOST, FULL_MOST = 50, 800, 8_000
DEEPEST = 2
STEPS = 3_000
FITTED = 0.1  # training loss at which all nets stop


def run(workshop: Workshop) -> Findings:
    asked = workshop.options
    found = [of_family(family, workshop) for family in families(DEEPEST)]
    n = ", ".join(f"{n:,}" for n in sizes(workshop))
    m = by_depth({one.depth: width_of(one, asked) for one in families(DEEPEST)})
    steps = f"at most {asked.steps or STEPS:,} steps, until the loss is {FITTED:g}"
    ran = what_ran(asked, f"n = {n}; m = {m}; {steps}")
    tables = {"differences": slopes_table(found), "means": means_table(found, "n")}
    return Findings(ran, [*told(found), *left_out(found)], tables, figures_of(found))


def sizes(workshop: Workshop) -> list[int]:
    """Doublings up to the most, from LEAST or what is nearest to it."""
    asked = workshop.options
    most = asked.n or (FULL_MOST if asked.full and asked.only is not None else MOST)
    return sorted({most >> i for i in range(32) if most >> i >= min(LEAST, most)})


def of_family(family: Family, workshop: Workshop) -> Measured:
    asked, whole = workshop.options, pool(workshop.options)
    width = width_of(family, asked)
    seeds = seeds_of(asked)
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
        "Exponents in n, mean over seeds (of a complexity at fixed weights −½ is stated); in brackets: does not apply; "
        "the constant of an order is taken as 1",
        (
            *("nets", "bound", "kind", "on the error of", "value", "error", "complexity", "its error"),
            *("larger half", "error of it", "fewest", "most"),
        ),
        rows,
        {"bound": "bound", "kind": "kind", "on the error of": "of", "value": "exponent"}
        | {"most": f"n = {found[0].axis[-1]:.0f}"}
        | ({"fewest": f"n = {found[0].axis[0]:.0f}"} if found[0].axis.size > 1 else {}),
        {"value": "error", "complexity": "its error", "larger half": "error of it"},
    )


def told(found: Sequence[Measured]) -> list[str]:
    return [_told_of(one) for one in found]


def _told_of(one: Measured) -> str:
    errors, radius = one.mean("test_error"), one.mean("radius")
    if one.axis.size == 1:
        return (
            f"{one.family.name}, n = {one.axis[0]:,.0f}: the test error is {errors[0]:.3f}, τ√m {radius[0]:.3g}. "
            f"One size has no exponents: --n {2 * LEAST} or more has several."
        )
    slopes = [(name, slope.value) for name in are_bounds(one) if (slope := one.slope(name)) is not None]
    falling = [f"{name} {value:+.2f}" for name, value in sorted(slopes, key=lambda pair: pair[1]) if value < 0.0]
    rising = [f"{name} {value:+.2f}" for name, value in slopes if value >= 0.0]
    return (
        f"{one.family.name}, n from {one.axis[0]:,.0f} to {one.axis[-1]:,.0f}: the test error goes from "
        f"{errors[0]:.3f} to {errors[-1]:.3f}, τ√m from {radius[0]:.3g} to {radius[-1]:.3g}. Exponents of the "
        f"bounds that fall: {', '.join(falling) or 'none'}; of those that do not: {', '.join(rising) or 'none'}."
    )


def figures_of(found: Sequence[Measured]) -> dict[str, Figure]:
    figures = {}
    for one in found:
        x = Axis("Training examples n")
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
    usual={"n": f"{MOST:,}", "width": by_depth(WIDTHS), "steps": f"{STEPS:,}", "seeds": f"{SEEDS}"},
)

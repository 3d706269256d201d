"""Remark 3.1 of Cao and Gu (2020), arXiv:1902.01384, measured: every bound as nets widen at a fixed τ√m.

The remark: in W_τ the bounds of Bartlett et al. (2017) and of Neyshabur et al. (2018) are Õ(mτ/√n), so that they grow
like √m where τ√m stays, and that of Cao and Gu, Õ(τ√(m/n)), does not grow.
"""

from __future__ import annotations

from collections.abc import Sequence

from prefit.errors import InputError
from prefit.experiments.bounds_of_nets import (
    SEEDS,
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
    word,
)
from prefit.experiments.options import StudyOptions
from prefit.experiments.study import Figure, Findings, Study, Workshop
from prefit.experiments.tables import Table, Value
from prefit.reports.figures.curves import Axis

EXAMPLES = 300
NARROWEST, WIDEST = 128, 8_192
WIDEST_DEEP = 1_024  # of L = 2 and 3, whose layers have m² weights; all with --full
DEEPEST = 3
STEPS = 100
TOLD = ("bartlett2017", "neyshabur2018", "golowich2018")


def predicted(name: str, depth: int) -> tuple[float | None, str]:
    """The exponent in m of a bound's complexity at fixed τ√m, and where that is from; None: none is stated.

    Norms at the start and near it: ‖A_l‖₂ ~ 1, ‖A_1‖_F ~ 1 and ‖A_l‖_F ~ √m beyond, an output layer of norm √m; of the
    net with ±1/√m outside the product is the same.
    """
    stated = {
        "caogu2020": (0.0, "Remark 3.1: τ√(m/n); its linearization −1/6"),
        "caogu2020_measured": (0.0, "Remark 3.1: τ√(m/n)"),
        "caogu2020_order": (0.0, "Remark 3.1: τ√(m/n)"),
        "arora2019_wide": (0.0, "does not see the net"),
        "arora2019_finite": (0.0, "Lemma 5.4, main term"),
        "bartlett2017": (0.5, "Remark 3.1: mτ/√n"),
        "bartlett2017_prior": (0.5, "Remark 3.1: mτ/√n"),
        "neyshabur2018": (0.5, "Remark 3.1: mτ/√n"),
        "neyshabur2015": (depth / 2.0, "product of Frobenius norms"),
        "golowich2018": (depth / 2.0, "product of Frobenius norms"),
        "neyshabur2019": (0.0, "Σ α_j β_j; its union adds √(m/n)"),
        "harvey2017": (0.5, "√ of the number of units, where n is below the weights of one"),
        "caogu2019": (0.0, "does not see the net"),
        "daniely2017": (0.0, "does not see the net"),
        "valleperez2018": (0.0, "does not see the net"),
        "li2018": (1.0, "width, at a fixed Jacobian"),
    }
    return stated.get(name, (None, ""))


def run(workshop: Workshop) -> Findings:
    asked = workshop.options
    if asked.width is not None and asked.width < NARROWEST:
        raise InputError(f"--width must be {NARROWEST} or more, the narrowest nets here, got {asked.width}. Take more.")
    found = [of_family(family, workshop) for family in families(DEEPEST)]
    tables = {"differences": slopes_table(found), "means": means_table(found, "m")}
    return Findings(
        ran(found, asked), [*told(found), *left_out(found), *_capped(found, asked)], tables, figures_of(found)
    )


def ran(found: Sequence[Measured], asked: StudyOptions) -> list[str]:
    m = by_depth({one.family.depth: int(one.axis[-1]) for one in found})
    sizes = f"n = {asked.n or EXAMPLES:,}; m = {NARROWEST}, doubled up to {m}; {asked.steps or STEPS:,} steps"
    return what_ran(asked, sizes)


def widest(family: Family, asked: StudyOptions) -> int:
    """The most neurons: as asked, of deep nets up to WIDEST_DEEP unless all is asked for."""
    if family.depth == 1 or asked.full:
        return asked.width or WIDEST
    return min(asked.width or WIDEST_DEEP, WIDEST_DEEP)


def _capped(found: Sequence[Measured], asked: StudyOptions) -> list[str]:
    """That deep nets were not taken as wide as --width says."""
    if asked.width is None or all(widest(one.family, asked) == asked.width for one in found):
        return []
    return [f"Nets of L ≥ 2 end at m = {WIDEST_DEEP:,}, below --width {asked.width:,}: --full takes them on."]


def of_family(family: Family, workshop: Workshop) -> Measured:
    asked, whole = workshop.options, pool(workshop.options)
    widths = [NARROWEST << i for i in range(32) if NARROWEST << i <= widest(family, asked)]
    n, steps = asked.n or EXAMPLES, asked.steps or STEPS
    seeds = seeds_of(asked)
    samples = {seed: drawn(whole, n, seed) for seed in seeds}
    nets = {
        f"{family.name} n={n} m={m} seed={seed}": Net(samples[seed], family.options(m, seed, steps, None, asked))
        for m in widths
        for seed in seeds
    }
    return measure(family, widths, nets, names_of_rows(asked), workshop)


def slopes_table(found: Sequence[Measured]) -> Table:
    rows: list[tuple[Value, ...]] = []
    for one in found:
        for name in one.known:
            exponent, source = predicted(name, one.family.depth)
            rows.append(
                (
                    *(one.family.name, name, word(one, name), whose(one, name), exponent),
                    *cells_of(one.slope(name, part=True)),
                    *cells_of(one.slope(name, part=True, half=True)),
                    *cells_of(one.slope(name)),
                    *(float(one.mean(f"{name}.value")[place]) for place in (0, -1)),
                    source,
                )
            )
    return Table(
        "Exponents in the width m, mean over seeds, of each bound's complexity and of its value; in brackets: does "
        "not apply; the constant of an order is taken as 1",
        (
            *("nets", "bound", "kind", "on the error of", "stated", "complexity", "error", "widest half", "its error"),
            *("value", "error of it", "narrowest", "widest", "stated by"),
        ),
        rows,
        {"bound": "bound", "kind": "kind", "on the error of": "of", "stated": "stated"}
        | {"complexity": "complexity", "widest": "at widest"},
        {"complexity": "error", "widest half": "its error", "value": "error of it"},
    )


def told(found: Sequence[Measured]) -> list[str]:
    return [sentence for one in found for sentence in _told_of(one)]


def _told_of(one: Measured) -> list[str]:
    parts = []
    for name in ("caogu2020", *TOLD):
        slope = one.slope(name, part=True) if name in one.known else None
        if slope is not None:
            error = "" if slope.error is None else f" ± {slope.error:.2f}"
            exponent = predicted(name, one.family.depth)[0]
            parts.append(f"{name} {slope.value:+.2f}{error} (stated {exponent:g})")
    radius = one.mean("radius")
    ends = f"{one.axis[0]:,.0f} to {one.axis[-1]:,.0f}"
    last = {name: one.mean(f"{name}.value")[-1] for name in are_bounds(one)}
    of_net = [name for name in last if one.own[name]]
    least, any_least = (min(names, key=last.__getitem__) for names in (of_net, list(last)))
    grows = f"{one.family.name}, m from {ends} at τ√m = {radius.min():.3g} to {radius.max():.3g}, exponents of the "
    grows += f"complexity: {'; '.join(parts) or 'none with one width'}."
    smallest = f"{one.family.name}: the smallest bound on the widest nets' own error is {least}, {last[least]:.3g}"
    other = "" if any_least == least else f"; on another's {any_least}, {last[any_least]:.3g}"
    return [grows, f"{smallest}{other}; the test error is {one.mean('test_error')[-1]:.3g}."]


_GROWTH = (
    "Means over seeds, over the value at the narrowest net. Dashed: orders. Flat is what Cao & Gu's is to be, the "
    "square root of the width what Bartlett's and Neyshabur's are to be."
)
_BOUNDS = (
    "Those that apply and have all their constants; means over seeds. Dotted: bounds on another network's error; "
    "dashed: the test error."
)


def figures_of(found: Sequence[Measured]) -> dict[str, Figure]:
    figures = {}
    for one in found:
        name, x = one.family.name, Axis("Width m")
        charts = {
            "growth": ("how each bound's complexity grows with the width", _GROWTH, growth_figure(one, x)),
            "bounds": ("bounds against the width", _BOUNDS, values_figure(one, x)),
        }
        for key, (title, caption, chart) in charts.items():
            if chart is not None and one.axis.size > 1:
                figures[f"{key}-{one.family.depth}"] = Figure(f"{name}: {title}", caption, chart)
    return figures


STUDY = Study(
    name="bounds-vs-width",
    title="How generalization bounds change as nets widen (Cao and Gu 2020, Remark 3.1)",
    run=run,
    sets=False,
    takes=("data", "only", "full", "n", "width", "steps", "seeds", "device", "pac_bayes"),
    usual={
        "n": f"{EXAMPLES:,}",
        "width": by_depth({1: WIDEST} | dict.fromkeys(range(2, DEEPEST + 1), WIDEST_DEEP)),
        "steps": f"{STEPS:,}",
        "seeds": f"{SEEDS}",
    },
)

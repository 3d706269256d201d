"""Blocks of several sizes made the `growth` part: spreads, laws, what they say one octave beyond, in a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from prefit._shapes import Vector
from prefit.documents import Forecast
from prefit.documents.growth import (
    Bracket,
    Extrapolated,
    FittedLine,
    Growth,
    GrowthBlock,
    GrowthFit,
    GrowthSize,
    Quantity,
    Spread,
)
from prefit.documents.model import Interval
from prefit.documents.numbers import number, percent
from prefit.theory.growth import LEAST_SIZES, PowerLaw, fit_power_law, pooled_scatter

PORTIONS = ("0.5", "0.1", "0.01")
LEAST_ERRORS = 5  # at the largest size: fewer say next to nothing of twice the size
WIDEST = 100.0  # upper over lower end of an interval; a wider one tells nothing and is not given
POINTS = 25  # of a drawn law
NAMES: dict[Quantity, str] = {
    "quadratic_form": "yᵀH⁻¹y",
    "complexity": "complexity",
    "random_complexity": "complexity of random labels",
    "steps_0.5": "steps to 50% of the loss",
    "steps_0.1": "steps to 10% of the loss",
    "steps_0.01": "steps to 1% of the loss",
    "error": "error",
}
ErrorFrom = Literal["the test split", "other examples", "none"]


@dataclass(frozen=True)
class Series:
    """One number at the sizes where every block has it, the smallest size first.

    values      (m,) for each size, a number for each block
    power       a block of n examples scatters with relative variance scatter/n^power about the mean of its size
    counting    relative variance of the mean at each size from the number of examples that it was measured on
    own         relative variance of one block at each size from measuring it; None where blocks were measured alike
    """

    name: Quantity
    sizes: list[float]
    values: list[Vector]
    power: float
    counting: list[float]
    own: list[float] | None = None

    @property
    def means(self) -> list[float]:
        return [float(v.mean()) for v in self.values]

    @property
    def scatter(self) -> float | None:
        return pooled_scatter(self.values, self.sizes, self.power, self.own) if self.values else None

    @property
    def degrees(self) -> int:
        """Of freedom of the scatter."""
        return sum(v.size - 1 for v in self.values)

    def block_variance(self, n: float) -> float:
        return (self.scatter or 0.0) / float(n**self.power)

    def variance(self, i: int) -> float:
        """Relative variance of the mean at the i-th size."""
        return self.block_variance(self.sizes[i]) / self.values[i].size + self.counting[i]


# From documents -------------------------------------------------------------------------------------------------------


def block_of(doc: Forecast) -> GrowthBlock:
    """What the growth part keeps of a block's forecast."""
    true, random = doc.entry("true"), doc.entry("random")
    assert true is not None
    test = true.test
    error = None if test is None else (test.l1 if test.error is None else test.error)
    stopped = doc.bound.stopped
    return GrowthBlock(
        n=doc.data.n,
        quadratic_form=_interval(true.quadratic_form),
        complexity=_interval(true.complexity),
        random_complexity=None if random is None else _interval(random.complexity),
        random_mean=None if random is None else random.complexity.mean,
        steps_to={p: Bracket(lower=s.lower, upper=s.upper) for p, s in true.steps_to.items() if p in PORTIONS},
        error=error,
        measured_on=0 if test is None else test.n,
        bound=None if stopped is None else stopped.value,
    )


def _interval(value: Interval) -> Interval:
    return Interval(lower=value.lower, upper=value.upper, status=value.status)


# Series ---------------------------------------------------------------------------------------------------------------


def middle(value: Interval | Bracket) -> float | None:
    """Middle of two ends; the lower one where no upper one is known; None where there is no number."""
    if value.lower is None:
        return None
    return float(value.lower) if value.upper is None else (value.lower + value.upper) / 2.0


def _bracketed(block: GrowthBlock, portion: str) -> float | None:
    ends = block.steps_to.get(portion)
    return None if ends is None or ends.upper is None else middle(ends)


VALUES: dict[Quantity, Callable[[GrowthBlock], float | None]] = {
    "quadratic_form": lambda block: middle(block.quadratic_form),
    "complexity": lambda block: middle(block.complexity),
    "random_complexity": lambda block: block.random_mean,
    "steps_0.5": lambda block: _bracketed(block, "0.5"),
    "steps_0.1": lambda block: _bracketed(block, "0.1"),
    "steps_0.01": lambda block: _bracketed(block, "0.01"),
    "error": lambda block: block.error,
}


def series_of(name: Quantity, levels: Sequence[Sequence[GrowthBlock]]) -> Series:
    """One number of the blocks by size, the smallest first, where every block of the size has it.

    Between subsets of one size the forms and steps were seen to scatter like means of examples.
    """
    kept = [(blocks, values) for blocks in levels if (values := _values(name, blocks)) is not None]
    sizes = [float(np.mean([block.n for block in blocks])) for blocks, _ in kept]
    counting = [0.0] * len(kept)
    if name.startswith("steps"):  # whole numbers
        counting = [1.0 / (12.0 * max(float(v.mean()), 1.0) ** 2) / v.size for _, v in kept]
    return Series(name, sizes, [v for _, v in kept], 1.0, counting)


def _values(name: Quantity, blocks: Sequence[GrowthBlock]) -> Vector | None:
    values = [value for block in blocks if (value := VALUES[name](block)) is not None]
    return np.array(values) if values and len(values) == len(blocks) else None


def error_series(levels: Sequence[Sequence[GrowthBlock]], counted: bool, shared: bool, n: int) -> Series:
    """The errors: between subsets of one size they were seen to scatter by about the same portion at each size.

    counted   the error is a portion of examples; else a mean loss, taken to scatter by as much as its mean
    shared    all blocks were measured on the same examples, else each on those outside it, n in all
    """
    kept = [(blocks, values) for blocks in levels if (values := _values("error", blocks)) is not None]
    sizes = [float(np.mean([block.n for block in blocks])) for blocks, _ in kept]
    own, whole = [], []
    for blocks, values in kept:
        on = float(np.mean([block.measured_on for block in blocks]))
        together = on if shared else min(float(n), on * len(blocks))
        own.append(_counting(float(values.mean()), on, counted))
        whole.append(_counting(float(values.mean()), together, counted))
    return Series("error", sizes, [v for _, v in kept], 0.0, whole, None if shared else own)


def _counting(error: float, on: float, counted: bool) -> float:
    """Relative variance of an error measured on so many examples; as if half a one more were wrong."""
    return (1.0 - error) / (error * on + 0.5) if counted else 1.0 / max(on, 1.0)


# Laws -----------------------------------------------------------------------------------------------------------------


def fit_of(series: Series, sizes: Sequence[int], beyond: int, errors: float, counted: bool) -> GrowthFit:
    """The law of one number and what it says one octave beyond its largest size.

    sizes    all sizes, the smallest first; beyond: the one after the largest
    errors   wrong answers counted at the largest size that has an error
    """
    reason = _no_law(series, errors, counted)
    if reason:
        return _without_law(series, reason)
    law = fit_power_law(series.sizes, series.means, [series.variance(i) for i in range(len(series.sizes))])
    last = math.ceil(series.sizes[-1])
    ahead = next((n for n in sizes if n > last), beyond)
    limit = 1.0 if series.name == "error" and counted else math.inf
    there = _between(series, law, ahead, limit)
    tells = there[2] <= WIDEST * there[1]
    ends = Extrapolated(n=ahead, value=there[0], lower=there[1], upper=there[2], status="estimated")
    wide = f"The 95% interval at {ahead:,} examples would span more than a factor of {WIDEST:g}."
    grid = np.geomspace(series.sizes[0], ahead if tells else last, POINTS)
    points = [_between(series, law, float(n), limit) for n in grid]
    return GrowthFit(
        quantity=series.name,
        formula=f"{number(law.amplitude)} · n^{round(law.exponent, 6) + 0.0:.3g}",
        sizes=len(series.sizes),
        amplitude=law.amplitude,
        exponent=law.exponent,
        exponent_error=law.exponent_error,
        misfit=law.misfit,
        extrapolated=ends if tells else None,
        line=FittedLine(
            n=[float(n) for n in grid],
            value=[p[0] for p in points],
            lower=[p[1] for p in points],
            upper=[p[2] for p in points],
        ),
        reason="" if tells else wide,
    )


def _between(series: Series, law: PowerLaw, n: float, limit: float) -> tuple[float, float, float]:
    """Value and prediction interval for one sample of n examples; beyond the largest size it scatters like there."""
    counting = _counting_at(series, n)
    own = series.block_variance(min(n, series.sizes[-1])) + counting
    lower, upper = law.between(n, own, series.degrees)
    return min(law.at(n), limit), min(lower, limit), min(upper, limit)


def _counting_at(series: Series, n: float) -> float:
    """Relative variance from counting at n: a line through its logarithms, and on along the last two sizes'."""
    if min(series.counting) <= 0.0:
        return 0.0
    x, y = np.log(series.sizes), np.log(series.counting)
    beyond = max(math.log(n) - x[-1], 0.0) * (y[-1] - y[-2]) / (x[-1] - x[-2])
    return math.exp(float(np.interp(math.log(n), x, y)) + float(beyond))


def _no_law(series: Series, errors: float, counted: bool) -> str:
    """Why no law can be fitted; empty where one can."""
    name = NAMES[series.name]
    if len(series.sizes) < LEAST_SIZES:
        return f"The {name} is known at {len(series.sizes)} sizes; a law takes {LEAST_SIZES}."
    if series.scatter is None:
        return "No size has two blocks, so nothing says how far a number may be off."
    if series.name == "error" and counted and errors < LEAST_ERRORS:
        count = "1 wrong answer was" if round(errors) == 1 else f"{errors:.0f} wrong answers were"
        return f"Only {count} seen at the largest size that has an error: too few for a law."
    if min(series.means) <= 0.0:
        return f"The {name} is 0 at some size, which no power law is."
    return ""


def _without_law(series: Series, reason: str) -> GrowthFit:
    return GrowthFit(
        quantity=series.name,
        formula="",
        sizes=len(series.sizes),
        amplitude=None,
        exponent=None,
        exponent_error=None,
        misfit=None,
        extrapolated=None,
        line=None,
        reason=reason,
    )


# The part -------------------------------------------------------------------------------------------------------------


def growth_of(
    n: int,
    beyond: int,
    levels: Sequence[Sequence[GrowthBlock]],
    classes: bool,
    error_from: ErrorFrom,
    left_out: Sequence[str],
) -> Growth:
    """The whole part.

    beyond   examples of the size one octave above the largest of `levels`, which begin with the smallest
    """
    every: dict[Quantity, Series] = {name: series_of(name, levels) for name in NAMES if name != "error"}
    # Without draws, or with the complexity alone, some numbers were not asked for.
    every = {name: series for name, series in every.items() if series.sizes or name in ("quadratic_form", "complexity")}
    if error_from != "none":
        same = error_from == "the test split" or levels[-1][0].n < n  # outside the largest subset, for all
        every["error"] = error_series(levels, classes, same, n)
    bounds = [[b.bound for b in blocks if b.bound is not None] for blocks in levels]
    sizes = [max(block.n for block in blocks) for blocks in levels]
    errors = next((sum((b.error or 0.0) * b.measured_on for b in bs) for bs in levels[::-1] if _measured(bs)), 0.0)
    parts = [
        GrowthSize(
            n=size,
            blocks=list(blocks),
            complexity=_spread(every.get("complexity"), size, [b.complexity for b in blocks]),
            random_complexity=_spread(
                every.get("random_complexity"), size, [b.random_complexity for b in blocks if b.random_complexity]
            ),
            steps_to=_steps(every, size, blocks),
            error=_spread(every.get("error"), size, []),
            bound=_plain_spread(known) if len(known) == len(blocks) else None,
        )
        for size, blocks, known in zip(sizes, levels, bounds, strict=True)
    ]
    return Growth(
        n=n,
        solved=levels[-1][0].n,
        sizes=parts,
        fits=[fit_of(series, sizes, beyond, errors, classes) for series in every.values()],
        error_kind="misclassified" if classes else "mean |f(x) - y|",
        error_from=error_from,
        left_out=list(left_out),
    )


def _measured(blocks: Sequence[GrowthBlock]) -> bool:
    return all(block.error is not None for block in blocks)


def _spread(series: Series | None, size: int, ends: Sequence[Interval | Bracket]) -> Spread | None:
    """Mean and standard error of a number at one size, with its outermost ends over the blocks."""
    places = [] if series is None else [i for i, n in enumerate(series.sizes) if abs(n - size) < 1.0]
    if series is None or not places:
        return None
    i = places[0]
    mean = float(series.values[i].mean())
    known = series.scatter is not None
    lowers, uppers = [e.lower for e in ends if e.lower is not None], [e.upper for e in ends if e.upper is not None]
    return Spread(
        mean=mean,
        std_error=mean * math.sqrt(series.variance(i)) if known else None,
        lower=min(lowers) if lowers else None,
        upper=max(uppers) if uppers and len(uppers) == len(ends) else None,
    )


def _steps(every: dict[Quantity, Series], size: int, blocks: Sequence[GrowthBlock]) -> dict[str, Spread]:
    keys: dict[str, Quantity] = {"0.5": "steps_0.5", "0.1": "steps_0.1", "0.01": "steps_0.01"}
    found = {
        p: _spread(every.get(key), size, [b.steps_to[p] for b in blocks if p in b.steps_to]) for p, key in keys.items()
    }
    return {p: spread for p, spread in found.items() if spread is not None}


def _plain_spread(values: Sequence[float]) -> Spread:
    """With the blocks' own scatter, where there are two or more."""
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else None
    return Spread(mean=float(np.mean(values)), std_error=error, lower=min(values), upper=max(values))


# Words ----------------------------------------------------------------------------------------------------------------


def subset_sentence(growth: Growth) -> str:
    """Which part of the data the document is about."""
    return f"This forecast is of {growth.solved:,} of the {growth.n:,} examples, a random subset."


def growth_sentence(growth: Growth) -> str:
    """What more data should bring, as far as it can be said."""
    for quantity, what in (("error", "the error on new examples"), ("complexity", "the complexity")):
        fit = next((f for f in growth.fits if f.quantity == quantity and f.extrapolated is not None), None)
        if fit is not None:
            return _told(growth, fit, what)
    reasons = [fit.reason for fit in growth.fits if fit.quantity in ("error", "complexity")]
    return f"What more data would bring cannot be said. {' '.join(reasons)}".strip()


def _told(growth: Growth, fit: GrowthFit, what: str) -> str:
    there = fit.extrapolated
    assert there is not None
    before = next(size for size in growth.sizes[::-1] if size.n < there.n and _of(size, fit) is not None)
    now = _of(before, fit)
    assert now is not None
    if there.n > growth.n:
        who = f"Doubling the data to {there.n:,} examples"
    elif there.n == growth.n:
        who = f"Taking all {there.n:,} examples instead of {before.n:,}"
    else:
        who = f"Taking {there.n:,} of the {growth.n:,} examples instead of {before.n:,}"
    portion = fit.quantity == "error" and growth.error_kind == "misclassified"
    text = percent if portion else number
    told = (
        f"{who} should bring {what} from {text(now.mean)} to {text(there.value)} (estimate; 95% interval "
        f"{text(there.lower)} to {text(there.upper)})."
    )
    return told if there.n >= growth.n else f"{told} What all would do lies further than one doubling, and is not said."


def _of(size: GrowthSize, fit: GrowthFit) -> Spread | None:
    return size.error if fit.quantity == "error" else size.complexity

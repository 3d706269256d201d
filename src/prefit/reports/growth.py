"""The growth part as rows: what was measured at each size, and the law of each number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prefit.documents import Forecast
from prefit.documents.growth import Growth, GrowthFit, GrowthSize, Quantity, Spread
from prefit.documents.numbers import mean_and_spread, number, percent

CAVEAT = (
    "Laws are empirical and reach one doubling beyond the largest size; intervals are Student's at 95%, from the "
    "scatter of subsets and about the law. Subsets share examples, so they vary less than new samples would."
)
_NAMES: dict[Quantity, str] = {
    "quadratic_form": "yᵀH⁻¹y",
    "complexity": "Complexity",
    "random_complexity": "Complexity, random labels",
    "steps_0.5": "Steps to 50% loss",
    "steps_0.1": "Steps to 10% loss",
    "steps_0.01": "Steps to 1% loss",
    "error": "Error",
}
_ORDER: tuple[Quantity, ...] = (
    "error",
    "complexity",
    "random_complexity",
    "steps_0.5",
    "steps_0.1",
    "steps_0.01",
    "quadratic_form",
)


@dataclass(frozen=True)
class Law:
    """One power law as it is told."""

    name: str
    exponent: str
    value: str  # the estimate, or ""
    estimate: str  # the same with its size and interval; or why there is none
    formula: str


def heading(growth: Growth) -> list[str]:
    """The columns that the measured sizes have."""
    random = [size.random_complexity for size in growth.sizes]
    steps = [size.steps_to.get("0.1") for size in growth.sizes]
    return [
        "Examples",
        "subsets",
        "complexity",
        *(["random labels"] if any(random) else []),
        *(["steps to 10%"] if any(steps) else []),
        *(["error"] if growth.error_from != "none" else []),
    ]


def measured(growth: Growth) -> list[list[str]]:
    """A row for each size, the smallest first, under `heading`."""
    columns = heading(growth)
    return [_row(growth, size, columns) for size in growth.sizes]


def _row(growth: Growth, size: GrowthSize, columns: Sequence[str]) -> list[str]:
    cells = {
        "Examples": f"{size.n:,}",
        "subsets": f"{len(size.blocks)}",
        "complexity": spread_text(size.complexity, False, "infinite"),
        "random labels": spread_text(size.random_complexity, False, ""),
        "steps to 10%": spread_text(size.steps_to.get("0.1"), False, "unknown"),
        "error": spread_text(size.error, _in_percent(growth), ""),
    }
    return [cells[column] for column in columns]


def spread_text(spread: Spread | None, percents: bool, missing: str) -> str:
    """2.39 ± 0.03; 4.1% ± 0.6%."""
    if spread is None:
        return missing
    if percents:
        plain = percent(spread.mean)
        return f"{mean_and_spread(100 * spread.mean, 100 * spread.std_error)}%" if spread.std_error else plain
    return mean_and_spread(spread.mean, spread.std_error)


def bounds(growth: Growth) -> list[str]:
    """The bound at each size, in the order of `measured`."""
    return ["none" if size.bound is None else number(size.bound.mean) for size in growth.sizes]


def laws(growth: Growth) -> list[Law]:
    """What each number grows like, and what is expected one octave on."""
    found = [fit for quantity in _ORDER if (fit := growth.fit(quantity)) is not None]
    return [law(growth, fit) for fit in found]


def law(growth: Growth, fit: GrowthFit) -> Law:
    """One number's law, told."""
    name = _NAMES[fit.quantity]
    if fit.quantity == "error" and not _in_percent(growth):
        name = "Mean |f(x) − y|"
    exponent = ""
    if fit.exponent is not None and fit.exponent_error is not None:
        exponent = f"n^{mean_and_spread(round(fit.exponent, 6) + 0.0, fit.exponent_error)}"
    percents = fit.quantity == "error" and _in_percent(growth)
    ahead = fit.extrapolated
    value = "" if ahead is None else (percent if percents else number)(ahead.value)
    return Law(name, exponent, value, _estimate(fit, percents), fit.formula)


def last_measured(growth: Growth, fit: GrowthFit) -> str:
    """The number at the largest size that has it."""
    found = [(size, size.error if fit.quantity == "error" else size.complexity) for size in growth.sizes]
    n, spread = next((size.n, spread) for size, spread in found[::-1] if spread is not None)
    return f"With {n:,}: {spread_text(spread, fit.quantity == 'error' and _in_percent(growth), '')}"


def _estimate(fit: GrowthFit, percents: bool) -> str:
    ahead = fit.extrapolated
    if ahead is None:
        return fit.reason
    text = percent if percents else number
    return f"{text(ahead.value)} at {ahead.n:,} (95%: {text(ahead.lower)} to {text(ahead.upper)})"


def _in_percent(growth: Growth) -> bool:
    return growth.error_kind == "misclassified"


def where_errors_come_from(doc: Forecast) -> str:
    """On which examples the error was measured."""
    growth = doc.growth
    if growth is None or growth.error_from == "none":
        return ""
    if growth.error_from == "the test split":
        return "Errors are those on the test split."
    return "Errors are those on examples outside each subset."

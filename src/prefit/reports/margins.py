"""The margins of a forecast as rows: name, value, what they are; text and page draw from them."""

from __future__ import annotations

from dataclasses import dataclass

from prefit.documents.model import Interval
from prefit.documents.numbers import interval, number, percent
from prefit.documents.separability import SampledMargin, Separability

MEANING = (
    "Margins of functions of norm 1, as Cao & Gu (2020) assume them: the larger, the fewer examples and neurons their "
    "corollaries ask for. 0 means that nothing of the kind separates the labels."
)


@dataclass(frozen=True)
class Row:
    """One margin: what it is of, its value, how well it is known."""

    name: str
    value: str
    how: str


def rows(part: Separability) -> list[Row]:
    """γ₁, γ₂ in both scalings, B_*."""
    below = part.layers - 1
    printed = f"{number(part.conjugate_printed.lower)} as printed" if below else "the cosines themselves"
    return [
        Row("γ₁ of 3.3, random features", _of_features(part), _estimate(part)),
        Row(f"γ₂ of 3.4, kernel Σ{_raised(below)}", interval(part.conjugate), printed),
        Row(f"B of (3.1), kernel K{_lowered(part.layers)}", interval(part.last_layer), "at infinite width"),
    ]


def _of_features(part: Separability) -> str:
    found = part.random_features
    bracket = Interval(lower=found.lower, upper=found.upper, status="certified")
    return f"{interval(bracket)}"


def _estimate(part: Separability) -> str:
    """What the draws say without their allowance, with standard errors."""
    found, last = part.random_features, part.random_features.curve[-1]
    if not found.fresh:
        return "coinciding inputs carry different labels"
    sure = f"at {percent(1 - part.delta)}"
    if last.upper <= 1e-5:
        return f"{sure}; 0 on {last.features:,} draws"
    least = max(found.primal, (last.lower + last.upper) / 2)
    return f"{sure}; near {number(least, 2)} to {number(found.dual, 2)}"


def _raised(k: int) -> str:
    return str(k).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _lowered(k: int) -> str:
    return str(k).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def curve(part: Separability) -> list[tuple[str, str, str]]:
    """Draws, what they reach, standard error."""
    return [(f"{one.features:,}", _sampled(one), number(one.standard_error, 2)) for one in part.random_features.curve]


def _sampled(one: SampledMargin) -> str:
    return interval(Interval(lower=one.lower, upper=one.upper, status="certified"))

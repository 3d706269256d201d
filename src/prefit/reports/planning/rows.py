"""The rows of a plan: statements of one number side by side, as printed and as mended; text and page draw from them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from prefit.documents.numbers import number, printable
from prefit.documents.plan import AmountPart, GivenConstant, Plan, StatementPart
from prefit.documents.powers import told
from prefit.documents.run import SourcePart
from prefit.jobs.requirement_sentences import needed

_SYMBOLS = {"m": "m", "n": "n", "steps": "K", "step_size": "η", "init_scale": "κ", "radius": "τ"}
_SIGNS = {"least": "≥", "most": "≤"}
_ANY = {"m": "met by any width"}  # of a quantity that is asked to be at least 1 or less


@dataclass(frozen=True)
class Row:
    """One quantity by one reading of a statement: symbol with its sign, the product, the number."""

    symbol: str
    formula: str
    reading: str
    value: str


@dataclass(frozen=True)
class Group:
    """The readings of one statement.

    meaning   what its numbers are: "order, constant 1 assumed"
    without   why there are no numbers, or empty
    """

    heading: str
    title: str
    statement: str
    source: SourcePart
    meaning: str
    rows: list[Row]
    comments: list[str]
    without: str


def groups(doc: Plan) -> list[Group]:
    """Every statement in the order of the document, its readings together."""
    found: dict[str, list[StatementPart]] = {}
    for one in doc.statements:
        found.setdefault(re.sub("_(printed|mended)$", "", one.name), []).append(one)
    return [_group(doc, readings) for readings in found.values()]


def _group(doc: Plan, readings: list[StatementPart]) -> Group:
    first = readings[0]
    return Group(
        heading=f"{paper(first.source)}, {first.source.number}" if first.kind != "derived" else first.title,
        title=first.title,
        statement=first.statement,
        source=first.source,
        meaning=_meaning(first),
        rows=_rows(readings),
        comments=[_comment(one, len(readings) > 1) for one in readings if one.comment],
        without=_without(doc, first),
    )


def paper(source: SourcePart) -> str:
    """Authors and year, short: Arora et al. (2019), Cao & Gu (2020)."""
    names = [name for name in re.split(r",\s*and |,\s*| and | & ", source.authors) if name]
    authors = " & ".join(names) if len(names) <= 2 else f"{names[0]} et al."
    return f"{authors} ({source.year})"


def _meaning(one: StatementPart) -> str:
    found = [amount.means for _, amount in _amounts(one)]
    return found[0] if found else ""


def _amounts(one: StatementPart) -> list[tuple[str, AmountPart]]:
    named = [(of, getattr(one, of)) for of in _SYMBOLS]
    return [(of, amount) for of, amount in named if amount is not None]


def _comment(one: StatementPart, several: bool) -> str:
    return f"{one.reading.capitalize()}: {one.comment}" if several and one.reading else one.comment


def _without(doc: Plan, one: StatementPart) -> str:
    if one.unfit:
        return f"No number: {one.unfit}."
    if not one.missing:
        return ""
    some = any(amount.log10 is not None for _, amount in _amounts(one))
    return f"{'The rest needs' if some else 'No number without'} {needed(doc, one)}."


def amount_told(of: str, amount: AmountPart, met: str = "") -> str:
    """The number; in words, or in those of `met`, where any width, any example, any step is enough."""
    if amount.log10 is not None and amount.at == "least" and amount.log10 <= 0.0:
        return met or _ANY.get(of, "met by any number")
    return told(amount)


def _rows(readings: list[StatementPart]) -> list[Row]:
    """Quantity by quantity, the readings under each other; one row where they agree."""
    rows: list[Row] = []
    for of in _SYMBOLS:
        cells = [(one.reading or "", amount) for one in readings if (amount := getattr(one, of)) is not None]
        agree = len({(amount.formula, amount.log10) for _, amount in cells}) == 1
        alike = len({amount.formula for _, amount in cells}) == 1  # then the numbers differ by the m in them
        for place, (reading, amount) in enumerate(cells[:1] if agree else cells):
            symbol = f"{_SYMBOLS[of]} {_SIGNS[amount.at]}" if place == 0 else ""
            which = "" if agree else f"at the {reading} m" if alike else reading
            rows.append(Row(symbol, amount.formula, which, amount_told(of, amount)))
    if len(readings) == 1:
        rows += [
            Row(f"{_SYMBOLS[one.of]} {_SIGNS[one.at]}", one.formula, "also", amount_told(one.of, one))
            for one in readings[0].also
        ]
    return rows


def constants(doc: Plan) -> list[tuple[str, str, str]]:
    """Symbol, value and what it is, of every constant."""
    return [(one.symbol, _value(one), printable(f"{_origin(one)}{one.comment}")) for one in doc.constants]


def short_constants(doc: Plan) -> list[tuple[str, str, str]]:
    """The same, without brackets and how they were found."""
    return [(one.symbol, _value(one), printable(_short(one))) for one in doc.constants]


def _short(one: GivenConstant) -> str:
    return one.comment if one.origin == "unknown" else f"{_origin(one)}{one.comment.partition(';')[0]}"


def _value(one: GivenConstant) -> str:
    if one.value is None:
        return "–"
    return f"{one.value:,.0f}" if one.name == "n" else number(one.value)


def _origin(one: GivenConstant) -> str:
    return {"given": "given: ", "measured": "measured: ", "unknown": ""}[one.origin]

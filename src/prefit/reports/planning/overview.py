"""The overview of a plan: a line a statement, its numbers in one table, the exponents of the orders in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prefit.documents.plan import AmountPart, Plan, StatementPart
from prefit.jobs.requirement_sentences import needed
from prefit.reports.planning.rows import amount_told
from prefit.theory.requirements import formula

Meaning = Literal["order", "sufficient", "estimate"]
QUANTITIES = ("m", "n", "steps", "step_size")
HEADS = ("width m ≥", "examples n ≥", "steps K ≥", "step η ≤")
SYMBOLS = ("m", "n", "K", "η")
MEANINGS: dict[Meaning, str] = {
    "sufficient": "Sufficient",
    "estimate": "Estimate from this sample",
    "order": "Order, constant 1 assumed",
}
EXPONENTS = (
    "Exponents (Arora et al. 2019; C&G: Cao & Gu 2020), logarithms left out; the numbers above have one where "
    "a * stands, and take all others as 1"
)
_OURS = {
    "width_concentration": "net near its limit (P8)",
    "width_lemma_c3": "the same by Arora Lemma C.3",
    "steps": "steps in the limit",
    "samples": "samples from the norm (P7)",
    "samples_3_3": "samples under Ass. 3.3 (P25)",
    "samples_3_4": "samples under Ass. 3.4 (P25)",
}


@dataclass(frozen=True)
class Line:
    """What a statement asks of m, n, K and η: empty where nothing, – where a constant is missing.

    without   why there is no number at all, or empty
    """

    name: str
    cells: tuple[str, ...]
    without: str = ""


def numbers(doc: Plan, meaning: Meaning) -> list[Line]:
    """The numbers of the statements of one meaning."""
    return [_numbers(doc, one) for one in doc.statements if _meaning(one) == meaning]


def exponents(doc: Plan) -> list[Line]:
    """The products of powers of the orders, without spaces; a star where the number has a logarithm."""
    orders = [one for one in doc.statements if one.kind == "order"]
    return [Line(_name(one, "C&G"), tuple(_powers(one, of) for of in QUANTITIES)) for one in orders]


def _meaning(one: StatementPart) -> Meaning:
    if one.kind == "order":
        return "order"
    found = [amount.means for of in QUANTITIES if (amount := _amount(one, of)) is not None]
    return "estimate" if "estimate" in found else "sufficient"


def _numbers(doc: Plan, one: StatementPart) -> Line:
    name = _name(one, "Cao & Gu")
    cells = tuple(_number(of, _amount(one, of)) for of in QUANTITIES)
    if any(cell not in ("", "–") for cell in cells):
        return Line(name, cells)
    return Line(name, ("",) * len(QUANTITIES), one.unfit or _needs(doc, one) or "it names the power of ε alone")


def _needs(doc: Plan, one: StatementPart) -> str:
    return f"needs {needed(doc, one)}" if one.missing else ""


def _number(of: str, amount: AmountPart | None) -> str:
    return "" if amount is None else amount_told(of, amount, "any") or "–"


def _powers(one: StatementPart, of: str) -> str:
    amount = _amount(one, of)
    if amount is None:
        return ""
    powers = {name: power for name, power in one.exponents[of].items() if not name.startswith("log")}
    told = formula(powers).replace("(M + log(1/δ))", "M").replace(" ", "")
    star = "*" if any("log" in name for name in one.exponents[of]) else ""
    return f"{told}·…" if "·" in amount.formula else f"{told}{star}"


def _amount(one: StatementPart, of: str) -> AmountPart | None:
    found: AmountPart | None = getattr(one, of)
    return found


def _name(one: StatementPart, second: str) -> str:
    """Cao & Gu Cor. 3.2 printed; of our own statements what they are about."""
    if one.name in _OURS:
        return _OURS[one.name]
    number = one.source.number.replace("Theorem", "Thm").replace("Corollary", "Cor.")
    whose = "Arora" if one.source.authors.startswith("Arora") else second
    return f"{whose} {number}" if one.reading is None else f"{whose} {number} {one.reading}"


def as_sentences(lines: Sequence[Line]) -> list[str]:
    """The same for screens too narrow for a table."""
    told = []
    for line in lines:
        cells = [f"{symbol} {cell}" for symbol, cell in zip(SYMBOLS, line.cells, strict=True) if cell]
        told.append(f"{line.name}: {line.without or ', '.join(cells)}")
    return told

"""The answer of a plan in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

from prefit.documents.numbers import percent
from prefit.documents.plan import AmountPart, Plan, StatementPart
from prefit.documents.powers import order, sufficient

_CONDITIONS = {
    "samples": "yᵀK⁻¹y ≤ M for every sample",
    "samples_3_3": "random ReLU features separate every sample with margin γ",
    "samples_3_4": "the conjugate kernel separates every sample with margin γ",
}
_NOTHING = (
    "No explicit statement has all its constants; give --margin, --quadratic-form, --lambda-min with --samples, or a "
    "SOURCE that they are measured on."
)


def summary(doc: Plan) -> list[str]:
    """What is enough by the explicit statements; what the papers ask for, as orders; where these two differ."""
    told = [_examples(doc), _orders(doc), _steps(doc), _width(doc)]
    return [sentence for sentence in told if sentence] or [_NOTHING]


def _examples(doc: Plan) -> str:
    """The least of the explicit numbers of samples."""
    found = [
        (one.n.value, one)
        for name in _CONDITIONS
        if (one := doc.statement(name)) is not None and one.n is not None and one.n.value is not None
    ]
    if not found:
        return ""
    value, one = min(found, key=lambda pair: pair[0])
    assert one.n is not None
    what = f"{sufficient(one.n)} examples suffice for an error of at most {doc.epsilon:g} with probability "
    told = f"{what}{percent(1 - doc.delta)}, where {_CONDITIONS[one.name]} ({one.source.reference})"
    n = next((constant.value for constant in doc.constants if constant.name == "n"), None)
    there = "There is 1 example" if n == 1 else f"There are {n or 0:,.0f} examples"
    here = "" if n is None else f" {there}, {'enough' if n >= value else 'fewer'}."
    if one.n.means == "estimate":
        here += " The constant was measured on this sample, so that this is an estimate and no bound."
    return f"{told[0].upper()}{told[1:]}.{here}"


def _orders(doc: Plan) -> str:
    """The span of what the papers' statements on the error ask for."""
    papers = [one for one in doc.statements if one.kind == "order"]
    m, n = _span([one.m for one in papers]), _span([one.n for one in papers])
    if not m:
        return ""
    told = f"m {m}" + (f" and n {n}" if n else "")
    return (
        f"The papers' statements, with 1 for the constants that they do not name, ask for {told}: orders, to compare "
        "exponents by, not numbers to build by."
    )


def _span(amounts: Sequence[AmountPart | None]) -> str:
    known = [amount for amount in amounts if amount is not None and amount.log10 is not None]
    if not known:
        return ""
    known = [amount.model_copy(update={"log10": max(amount.log10 or 0.0, 0.0)}) for amount in known]
    least, most = (pick(known, key=lambda amount: amount.log10 or 0.0) for pick in (min, max))
    low, high = order(least), order(most)
    return low if low == high else f"{low} to {high.removeprefix('~ ')}"


def _steps(doc: Plan) -> str:
    one = doc.statement("steps")
    if one is None or one.steps is None or one.steps.value is None or one.step_size is None:
        return ""
    return (
        f"In the limit of infinite width {sufficient(one.steps)} steps of η = {sufficient(one.step_size)} bring the "
        f"root mean square residual to {doc.epsilon:g}, whatever the labels."
    )


def _width(doc: Plan) -> str:
    one = doc.statement("width_concentration")
    if one is None or one.m is None or one.m.value is None:
        return ""
    return (
        f"A width of m = {sufficient(one.m)} suffices for the net's own kernel at its start to be within λ0/4 of the "
        "limit; that training stays near it is known up to constants alone."
    )


def needed(doc: Plan, one: StatementPart) -> str:
    """Which constants a statement misses, by their symbols."""
    symbols = {constant.name: constant.symbol for constant in doc.constants}
    return ", ".join(dict.fromkeys(symbols[name] for name in one.missing))

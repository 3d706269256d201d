"""An answer about a target function as the command prints it: plain text of a fixed width, no colour needed."""

from __future__ import annotations

from prefit.documents.learnable import Learnable
from prefit.documents.numbers import mebibytes, seconds
from prefit.reports.layout import NARROWEST, screen, table, wrapped
from prefit.reports.learnable import rows

NORMS = (
    "Norms are upper ends of √(yᵀK⁻¹y), rounded up, for the labels y = g(x) of any sample, inputs of length 1; on the "
    "sphere they are its limit as the sample grows. Theorem 6.1 is about two-layer alone. Examples: so many suffice "
    "for loss ε with probability 1 − δ, from the smallest norm; above 10⁹ (our choice) they count as out of reach."
)


def learnable_text(doc: Learnable, width: int = 80) -> str:
    """Headline, answer, norms by kernel, what is missing, the paper's measure, the check: at most `width`."""
    width = max(width, NARROWEST)
    return screen(
        [
            _headline(doc, width),
            _function(doc, width),
            [*table([rows.heading(doc), *rows.norms(doc)], width), *_wrapped(rows.without(doc), width)],
            wrapped(NORMS, width),
            _measure(doc, width),
            _check(doc, width),
            _wrapped([*doc.notes, f"Took {cost(doc)}"], width),
        ]
    )


def cost(doc: Learnable) -> str:
    """Time, memory, threads."""
    threads = "thread" if doc.ran.threads == 1 else "threads"
    return (
        f"{seconds(doc.cost.seconds)}; {mebibytes(doc.cost.peak_bytes)} at peak; {doc.ran.threads} {threads}, "
        f"seed {doc.ran.seed}."
    )


def function(doc: Learnable) -> str:
    """What kind of function it is, with its first terms by degree."""
    target = doc.target
    if target.polynomial and not target.degree:
        return "A constant."
    directions = [f"{target.rank} {'direction' if target.rank == 1 else 'directions'}"] if target.projections else []
    projections = " of " + " and ".join([*directions, *(["a matrix"] if target.matrices else [])])
    kind = (
        f"A polynomial of degree {target.degree}{projections}"
        if target.polynomial
        else f"An analytic function{projections}, its power series known to degree {target.expanded_to}"
    )
    terms = [f"({term.text})" if " " in term.text else term.text for term in target.terms[:5]]
    more = " + …" if len(target.terms) > 5 or not target.polynomial else ""
    written = "" if target.polynomial and len(target.terms) <= 1 else f": {' + '.join(terms)}{more}"
    return f"{kind}{written}.".replace("+ -", "- ").replace("….", "…")


def _wrapped(sentences: list[str], width: int) -> list[str]:
    return [line for sentence in sentences for line in wrapped(sentence, width)]


def _headline(doc: Learnable, width: int) -> list[str]:
    title = wrapped(f"prefit learnable · {rows.name(doc)} · {rows.asked(doc)}", width)
    return [*title, "", *_wrapped(doc.summary, width)]


def _function(doc: Learnable, width: int) -> list[str]:
    return wrapped(function(doc), width)


def _measure(doc: Learnable, width: int) -> list[str]:
    told = rows.measure(doc)
    values = f"{'; '.join(told)}. " if told else ""
    return wrapped(f"Measure of Allen-Zhu, Li & Liang (2018): {values}{doc.measure.comment}", width)


def _check(doc: Learnable, width: int) -> list[str]:
    if doc.check is None:
        return []
    head = f"The check, on inputs drawn uniformly from the sphere, d = {doc.check.dimension}"
    return [*wrapped(head, width), *table([rows.check_heading(doc), *rows.check(doc)], width)]

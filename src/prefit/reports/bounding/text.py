"""Bounds as the command prints them: plain text of a fixed width, no colour needed."""

from __future__ import annotations

from prefit.documents.bounds import BoundRow, Bounds
from prefit.jobs.bounds_sentences import lacks, missing
from prefit.reports import dataset
from prefit.reports.bounding import story
from prefit.reports.layout import INDENT, NARROWEST, screen, table, wrapped


def bounds_text(doc: Bounds, width: int = 80) -> str:
    """The table of bounds, the smallest first, and why others do not apply; lines of at most `width`."""
    width = max(width, NARROWEST)
    return screen(
        [
            wrapped(f"prefit bounds · {dataset.short(doc.data.name, 40)} · {story.network(doc)}", width),
            _paragraph(doc.summary, width),
            _paragraph([dataset.what_the_data_are(doc.data), story.training(doc), *doc.data.notes, *doc.notes], width),
            _table(doc, width),
            _failing(doc, width),
            _paragraph([doc.family, f"Took {story.cost(doc)}"], width),
        ]
    )


def _paragraph(sentences: list[str], width: int) -> list[str]:
    return [line for sentence in sentences if sentence for line in wrapped(sentence, width)]


def _table(doc: Bounds, width: int) -> list[str]:
    """The rows that have a value."""
    shown = [row for group in story.groups(doc) for row in group.rows if row.verdict != "not applicable"]
    if not shown:
        return []
    heading = ["Bound", "value", "kind", "verdict", "on the error of"]
    return table([heading, *(_row(row) for row in shown)], width)


def _row(row: BoundRow) -> list[str]:
    return [row.name, story.value(row), row.kind, row.verdict, story.of(row)]


def _failing(doc: Bounds, width: int) -> list[str]:
    """Each bound that does not apply, with what it lacks; what nearly all lack is said once, above the others."""
    rows = [row for row in doc.bounds if row.verdict == "not applicable"]
    shared = missing(doc.bounds) if len(doc.bounds) > 2 else []
    told = [f"{_lacking(doc, text)}: {text.rstrip('.')}." for text in shared]
    told += [f"{row.name}: {said}." for row in rows if (said := story.failing(row, shared))]
    lines = ["Not applicable, as this does not hold:"] if rows else []
    for sentence in told:
        first, *more = wrapped(sentence, width - 2 * len(INDENT))
        lines += [f"{INDENT}{first}", *(f"{INDENT}{INDENT}{line}" for line in more)]
    return lines


def _lacking(doc: Bounds, text: str) -> str:
    others = [row.name for row in doc.bounds if not lacks(row, text)]
    return f"all but {dataset.listed(others)}" if others else f"all {len(doc.bounds)}"

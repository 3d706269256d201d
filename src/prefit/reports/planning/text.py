"""A plan as the command prints it: plain text of a fixed width, no colour needed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from prefit.documents.plan import Plan
from prefit.reports import dataset
from prefit.reports.layout import INDENT, NARROWEST, ends, screen, table, wrapped
from prefit.reports.planning import overview, rows, story


def plan_text(doc: Plan, width: int = 80, details: bool = False) -> str:
    """Headline, summary, numbers and exponents a line a statement, constants: at most `width`.

    details   in the place of these lines a block a statement, with all that it asks for, as the page has it
    """
    width = max(width, NARROWEST)
    statements = [_group(group, width) for group in rows.groups(doc)] if details else _overview(doc, width)
    readings = f"{story.READINGS} {story.LOGARITHMS if details else story.MORE}"
    notes = [*doc.notes, readings, f"Took {story.cost(doc)}"]
    return screen(
        [
            _headline(doc, width),
            *([_constants(doc, width, True), *statements] if details else [*statements, _constants(doc, width, False)]),
            [*_data(doc, width), *(line for told in notes for line in wrapped(told, width))],
        ]
    )


def _headline(doc: Plan, width: int) -> list[str]:
    title = wrapped(f"prefit plan · {story.name(doc)} · {story.target(doc)}", width)
    return [*title, "", *(line for sentence in doc.summary for line in wrapped(sentence, width))]


def _data(doc: Plan, width: int) -> list[str]:
    if doc.data is None:
        return []
    return wrapped(f"{dataset.what_the_data_are(doc.data)} {dataset.what_was_done(doc.data)}", width)


# A line a statement ---------------------------------------------------------------------------------------------------


def _overview(doc: Plan, width: int) -> list[list[str]]:
    """What suffices, what is an estimate, what is an order; then the exponents of the orders."""
    parts = {title: overview.numbers(doc, meaning) for meaning, title in overview.MEANINGS.items()}
    every = [line for lines in parts.values() for line in lines]
    name = len(INDENT) + max(cell_len(line.name) for line in every)
    columns = [max(map(cell_len, cells)) for cells in zip(overview.HEADS, *(line.cells for line in every), strict=True)]
    fits = name + sum(2 + column for column in columns) <= width
    blocks = [
        _numbers(title, lines, name, columns) if fits else [title, *_narrow(lines, width)]
        for title, lines in parts.items()
        if lines
    ]
    return [*blocks, _exponents(overview.exponents(doc), width)]


def _numbers(title: str, lines: Sequence[overview.Line], name: int, columns: Sequence[int]) -> list[str]:
    """Names to the left, numbers to the right below their heads; in their place why there are none."""
    told = [[_left(f"{INDENT}{one.name}", name), one.without or _right(one.cells, columns)] for one in lines]
    return ["  ".join(cells) for cells in [[_left(title, name), _right(overview.HEADS, columns)], *told]]


def _left(cell: str, room: int) -> str:
    return cell + " " * (room - cell_len(cell))


def _right(cells: Sequence[str], columns: Sequence[int]) -> str:
    return "  ".join(" " * (room - cell_len(cell)) + cell for room, cell in zip(columns, cells, strict=True))


def _exponents(lines: Sequence[overview.Line], width: int) -> list[str]:
    told = table([["", *overview.SYMBOLS], *([line.name, *line.cells] for line in lines)], 10**6)
    fits = max(cell_len(line.rstrip()) for line in told) <= width
    return [*wrapped(overview.EXPONENTS, width), *(told if fits else _narrow(lines, width))]


def _narrow(lines: Sequence[overview.Line], width: int) -> list[str]:
    return [line for told in overview.as_sentences(lines) for line in wrapped(told, width, INDENT)]


# Constants and blocks -------------------------------------------------------------------------------------------------


def _constants(doc: Plan, width: int, details: bool) -> list[str]:
    found = rows.constants(doc) if details else rows.short_constants(doc)
    lines = ["Constants"]
    narrow = table([[f"{INDENT}{symbol}", value] for symbol, value, _ in found], width)
    for start, (_, _, what) in zip(narrow, found, strict=True):
        first, *more = wrapped(what, width - len(start) - 2)
        lines += [f"{start}  {first}", *(f"{' ' * len(start)}  {line}" for line in more)]
    return lines


def _group(group: rows.Group, width: int) -> list[str]:
    """Its name with what its numbers mean, then a line a quantity; why there are none."""
    lines = ends(group.heading, group.meaning, width)
    cells = [[f"{INDENT}{row.symbol}", row.formula, row.reading, row.value] for row in group.rows]
    lines += table(cells, width)
    return [*lines, *(wrapped(group.without, width, INDENT) if group.without else [])]

"""A plan as the command prints it: plain text of a fixed width, no colour needed."""

from __future__ import annotations

from prefit.documents.plan import Plan
from prefit.reports import dataset
from prefit.reports.layout import INDENT, NARROWEST, ends, screen, table, wrapped
from prefit.reports.planning import rows, story


def plan_text(doc: Plan, width: int = 80) -> str:
    """Headline, summary, constants, then a block a statement: at most `width`."""
    width = max(width, NARROWEST)
    return screen(
        [
            _headline(doc, width),
            _data(doc, width),
            _constants(doc, width),
            *(_group(group, width) for group in rows.groups(doc)),
            [line for told in (*doc.notes, story.READINGS, f"Took {story.cost(doc)}") for line in wrapped(told, width)],
        ]
    )


def _headline(doc: Plan, width: int) -> list[str]:
    title = wrapped(f"prefit plan · {story.name(doc)} · {story.target(doc)}", width)
    return [*title, "", *(line for sentence in doc.summary for line in wrapped(sentence, width))]


def _data(doc: Plan, width: int) -> list[str]:
    if doc.data is None:
        return []
    return wrapped(f"{dataset.what_the_data_are(doc.data)} {dataset.what_was_done(doc.data)}", width)


def _constants(doc: Plan, width: int) -> list[str]:
    found = rows.constants(doc)
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

"""A comparison of kernels as the command prints it: plain text of a fixed width, no colour needed."""

from __future__ import annotations

from prefit.documents.kernels import Kernels
from prefit.reports import dataset
from prefit.reports.comparing import rows, story
from prefit.reports.layout import NARROWEST, screen, table, wrapped


def kernels_text(doc: Kernels, width: int = 80) -> str:
    """Verdict, data, the two tables, what they mean, cost; lines of at most `width`."""
    width = max(width, NARROWEST)
    return screen(
        [
            _headline(doc, width),
            wrapped(f"{dataset.what_the_data_are(doc.data)} {dataset.what_was_done(doc.data)}", width),
            *(table(cells, width) for cells in rows.tables(doc).values()),
            [line for told in (*story.notes(doc), f"Took {story.cost(doc)}") for line in wrapped(told, width)],
        ]
    )


def _headline(doc: Kernels, width: int) -> list[str]:
    title = wrapped(f"prefit forecast · {dataset.short(doc.data.name, 40)} · {story.compared(doc)}", width)
    return [*title, "", *(line for sentence in doc.summary for line in wrapped(sentence, width))]

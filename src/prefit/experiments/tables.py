"""Tables of a study: as text on a screen, and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rich.cells import cell_len, set_cell_size

from prefit.documents.numbers import mean_and_spread, number
from prefit.reports.layout import INDENT, wrapped, wrapped_rows

Value = str | int | float | None
SCREEN = 80  # columns of a terminal
_SEEN = 5e-4  # of a number: an error below is not seen in its three digits


@dataclass(frozen=True)
class Table:
    """Rows under named columns; None is an empty cell.

    screen   columns that a terminal shows, with their headings there; default all but the first, whose values stand
             above their rows in any case
    errors   of a number's column the column of its standard error: a terminal shows both as one, a ± b, and an error
             that would not be seen in three digits not at all
    """

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Value, ...]]
    screen: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    def csv(self) -> str:
        """Comma separated with one header line; numbers with nine digits."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_plain(value) for value in row] for row in self.rows)
        return out.getvalue()

    def cells(self) -> list[list[str]]:
        """The rows as they are read."""
        return [[_shown(value) for value in row] for row in self.rows]

    def filled(self) -> Table:
        """Without the columns that are empty, as errors are of a single seed."""
        kept = [i for i in range(len(self.columns)) if any(_shown(row[i]) for row in self.rows)]
        rows = [tuple(row[i] for i in kept) for row in self.rows]
        return replace(self, columns=tuple(self.columns[i] for i in kept), rows=rows)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, width: int = SCREEN) -> list[str]:
        """The table on a terminal that is so wide: a line for each value of the first column, below it its rows."""
        shown = self.filled()
        kept = self.screen or [name for name in self.columns[1:] if name not in self.errors.values()]
        names = [name for name in shown.columns if name in kept]
        heads = [self.screen.get(name, name) for name in names]
        columns = [_column(head, *shown._told(name)) for head, name in zip(heads, names, strict=True)]
        within = wrapped_rows(list(zip(*columns, strict=True)), width - len(INDENT))
        found = [[f"{INDENT}{line}".rstrip() for line in lines] for lines in within]
        lines = [*wrapped(self.title, width), *found[0]]
        for i, row in enumerate(shown.rows):
            if i == 0 or row[0] != shown.rows[i - 1][0]:
                lines.append(_shown(row[0]))
            lines += found[i + 1]
        return lines

    def _told(self, name: str) -> tuple[list[str], bool]:
        """The cells of a column on a screen, and whether they are numbers."""
        place, error = self.columns.index(name), self.errors.get(name)
        errors = [row[self.columns.index(error)] if error in self.columns else None for row in self.rows]
        return [_shown(row[place], of) for row, of in zip(self.rows, errors, strict=True)], self.is_number(place)

    def is_number(self, column: int) -> bool:
        """Whether a column holds numbers."""
        return any(isinstance(row[column], (int, float)) for row in self.rows)


def _plain(value: Value) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _shown(value: Value, error: Value = None) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, float):
        if isinstance(error, float) and math.isfinite(error) and error >= _SEEN * abs(value):
            return mean_and_spread(value, error)
        return number(value)
    return f"{value:,}" if isinstance(value, int) else value


def _column(head: str, cells: Sequence[str], numbers: bool) -> list[str]:
    """The heading and the cells, as wide as the widest; numbers to the right, words to the left."""
    width = max(map(cell_len, (head, *cells)))
    return [" " * (width - cell_len(text)) + text if numbers else set_cell_size(text, width) for text in (head, *cells)]

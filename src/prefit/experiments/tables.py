"""Tables of a study: as text on a screen, and as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from prefit.documents.numbers import number

Value = str | int | float | None


@dataclass(frozen=True)
class Table:
    """Rows under named columns; None is an empty cell."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Value, ...]]

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

    def __str__(self) -> str:
        rows = [list(self.columns), *self.cells()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(self.columns))]
        lines = ["  ".join(_aligned(*cell) for cell in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([self.title, *(f"  {line}" for line in lines)])

    def is_number(self, column: int) -> bool:
        """Whether a column holds numbers."""
        return any(isinstance(row[column], (int, float)) for row in self.rows)


def _plain(value: Value) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _shown(value: Value) -> str:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, float):
        return number(value)
    return f"{value:,}" if isinstance(value, int) else value


def _aligned(text: str, width: int) -> str:
    """Numbers to the right, words to the left."""
    return text.rjust(width) if text[:1].isdigit() or text[:1] in "-+." else text.ljust(width)

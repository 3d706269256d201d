"""How printed results are laid out: lines of at most a width, in terminal cells, without colour."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from prefit.documents.numbers import printable

NARROWEST = 40  # columns below which the tables would not fit
INDENT = "  "


def screen(blocks: Sequence[Sequence[str]]) -> str:
    """Blocks of lines with an empty line between them, those without lines left out."""
    return "\n\n".join("\n".join(line.rstrip() for line in lines) for lines in blocks if lines) + "\n"


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """`text` in lines of at most `width` terminal cells, invisible characters written out."""
    console = Console(width=width, color_system=None)
    lines = Text(printable(text)).wrap(console, width - cell_len(indent))
    return [f"{indent}{line.plain}".rstrip() for line in lines]


def ends(left: str, right: str, width: int) -> list[str]:
    """`left` and `right` at the two ends of a line, or on two lines."""
    gap = width - cell_len(left) - cell_len(right)
    if gap < 2:
        return [*wrapped(left, width), right.rjust(width)]
    return [f"{left}{' ' * gap}{right}"]


def table(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Columns as wide as their longest cell, two spaces apart, cut to `width`."""
    columns = list(zip(*rows, strict=True))
    widths = [max(cell_len(cell) for cell in column) for column in columns]
    lines = ["  ".join(set_cell_size(cell, w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    return [set_cell_size(line, width) if cell_len(line) > width else line for line in lines]


def wrapped_table(rows: Sequence[Sequence[str]], width: int, least: int = 12) -> list[str]:
    """The same with a first column as wide as the others leave it, at least `least`, its cells wrapped."""
    return [line for lines in wrapped_rows(rows, width, least) for line in lines]


def wrapped_rows(rows: Sequence[Sequence[str]], width: int, least: int = 12) -> list[list[str]]:
    """The lines of each row of a `wrapped_table`."""
    rest = [list(row[1:]) for row in rows]
    taken = max(cell_len(line.rstrip()) for line in table(rest, 10**6))
    room = min(max(width - taken - 2, least), max(cell_len(row[0]) for row in rows))
    told: list[list[str]] = []
    counts = []
    for first, others in zip((row[0] for row in rows), rest, strict=True):
        lines = wrapped(first, room) or [""]
        told += [[lines[0], *others], *([line, *([""] * len(others))] for line in lines[1:])]
        counts.append(len(lines))
    lines_of_all = iter(table(told, width))
    return [list(islice(lines_of_all, count)) for count in counts]

"""How names, lists and places stand in a message: short, on one line, whatever they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


def quoted(value: object, limit: int = 200) -> str:
    """A name in quotes on one line: control characters escaped, the middle of a long one left out."""
    text = value if isinstance(value, str) else str(value)
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
    if len(shown) > limit:
        half = (limit - 1) // 2
        shown = f"{shown[:half]}…{shown[-half:]}"
    return f"'{shown}'"


def shown(value: object, limit: int = 60) -> str:
    """What the caller gave: text in quotes, all else as Python writes it."""
    return quoted(value, limit) if isinstance(value, str) else quoted(repr(value), limit)[1:-1]


def listing(names: Iterable[object], limit: int = 12) -> str:
    """The first names of many, quoted, and how many more there are."""
    everything = list(names)
    shown = ", ".join(quoted(name, 40) for name in everything[:limit])
    rest = len(everything) - limit
    return f"{shown} and {rest:,} more" if rest > 0 else shown


def sentence(text: str) -> str:
    """The text with its first letter large."""
    return text[:1].upper() + text[1:]


def counted(count: int, noun: str, nouns: str | None = None) -> str:
    """A number with its noun: "1 row", "2 rows", "1,797 classes"."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


@dataclass(frozen=True)
class Place:
    """A source of rows and how it counts them, so that a message can point at one.

    name   the file as typed, or what the caller calls the array
    unit   "line" as a text editor counts them, from 1; "row" counts from 0
    """

    name: str
    unit: Literal["line", "row"] = "row"

    def __str__(self) -> str:
        return quoted(self.name)

    def at(self, row: int) -> str:
        """The row in words: "line 7 of 'a.csv'", "row 6 (counted from 0) of 'a.npy'"."""
        counting = "" if self.unit == "line" else " (counted from 0)"
        return f"{self.unit} {row}{counting} of {self}"

"""What every reader hands over: one split, raw, before anything is chosen, prepared or coded."""

from __future__ import annotations

from dataclasses import dataclass

from prefit._shapes import AnyArray, Indices, Matrix, Vector
from prefit.data.wording import Place


@dataclass(frozen=True)
class Numbers:
    """A column of finite numbers, (n,)."""

    name: str
    values: Vector


@dataclass(frozen=True)
class Words:
    """A column of text, categories or booleans: (n,) codes into distinct names, in order of appearance."""

    name: str
    codes: Indices
    names: tuple[str, ...]


Column = Numbers | Words


def length(target: Column | Matrix) -> int:
    """Number of rows of labels of any kind."""
    if isinstance(target, Numbers):
        return int(target.values.size)
    return int(target.codes.size) if isinstance(target, Words) else len(target)


@dataclass(frozen=True)
class Table:
    """Feature columns of a table or data frame, each of the same length."""

    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Sample:
    """One split as its reader left it, every row of the file.

    inputs    (n, d) numeric array, or a table
    target    labels (n,) as a column, or (n, c) coded by the user
    rows      (n,) row of each example in its source
    """

    place: Place
    inputs: AnyArray | Table
    target: Column | Matrix
    rows: Indices
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return int(self.rows.size)

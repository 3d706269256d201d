"""Which of a file's labels make which class, under which name and in which order."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Indices
from prefit.data.columns import name_of_number
from prefit.data.options import Classes
from prefit.data.sample import Column, Numbers
from prefit.data.wording import Place, counted, listing, quoted, sentence, shown
from prefit.errors import InputError

LEFT_OUT = -1  # index of a label that belongs to no chosen class


@dataclass(frozen=True)
class Grouping:
    """Classes by name, each made of one or more of the labels in the file.

    names     of the classes; the first of two is coded +1
    members   label as text -> index of its class
    known     every label of the training split, chosen or not
    """

    names: tuple[str, ...]
    members: dict[str, int]
    known: tuple[str, ...]

    def indices(self, column: Column, place: Place, rows: Indices) -> Indices:
        """(n,) index of each row's class, LEFT_OUT where its label is of none that was chosen."""
        values, codes = distinct(column)
        classes = np.full(len(values), LEFT_OUT, dtype=np.int64)
        finder = Finder(self.known)
        for position, value in enumerate(values):
            label = finder.find(value)
            if label is not None:
                classes[position] = self.members.get(label, LEFT_OUT)
            elif len(self.members) == len(self.known):  # every label was taken, so this one is new
                row = int(rows[int(np.flatnonzero(codes == position)[0])])
                raise InputError(
                    f"{sentence(place.at(row))} has the label {quoted(value, 40)}, "
                    f"which the training split does not have; its labels: {listing(self.known)}. Choose the "
                    "classes that both have with --classes."
                )
        return classes[codes]


def group(column: Column, wanted: Classes | None, place: Place) -> Grouping:
    """Every label a class of its own, in the order of numbers or text; or the groups that --classes names."""
    known = _sorted(distinct(column)[0])
    if wanted is None:
        return Grouping(known, {name: index for index, name in enumerate(known)}, known)
    finder = Finder(known)
    groups = [_group_members(item, finder, known, place) for item in _items(wanted)]
    members = {label: index for index, labels in enumerate(groups) for label in labels}
    twice = [label for label, times in Counter(label for labels in groups for label in labels).items() if times > 1]
    if twice:
        raise InputError(
            f"--classes must name each class once; {listing(twice)} {'is' if len(twice) == 1 else 'are'} in "
            "it more than once. Put every class into one group only."
        )
    return Grouping(tuple("+".join(labels) for labels in groups), members, known)


def distinct(column: Column) -> tuple[tuple[str, ...], Indices]:
    """The different labels as text, and for each row which of them it has."""
    if not isinstance(column, Numbers):
        used, codes = np.unique(column.codes, return_inverse=True)
        return tuple(column.names[code] for code in used), codes.astype(np.int64)
    values, codes = np.unique(column.values, return_inverse=True)
    return tuple(name_of_number(value) for value in values), codes.astype(np.int64)


class Finder:
    """Names found by the same text, else by the same number: "1" finds 1.0."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = frozenset(names)
        self._by_number: dict[float, list[str]] = {}
        for name in names:
            if (value := _number(name)) is not None:
                self._by_number.setdefault(value, []).append(name)

    def find(self, name: str) -> str | None:
        if name in self._names:
            return name
        value = _number(name)
        same = [] if value is None else self._by_number.get(value, [])
        return same[0] if len(same) == 1 else None


def _items(wanted: Classes) -> list[str]:
    if isinstance(wanted, str):
        items = [item.strip() for item in wanted.split(",")]
    elif isinstance(wanted, bytes) or not hasattr(wanted, "__iter__"):
        items = []
    else:
        items = [_text(item) for item in wanted]
    if not items or not all(items):
        raise InputError(
            "--classes must name classes joined by commas, groups joined by +, such as 0,1 or 0+2,1+3; it "
            f"is {shown(wanted)}. Name at least two."
        )
    if len(items) == 1:
        raise InputError(
            f"--classes must name at least two classes; it names only {quoted(items[0], 60)}. Add another."
        )
    return items


def _text(item: object) -> str:
    number = isinstance(item, float | np.floating)
    return name_of_number(float(item)) if number else str(item).strip()  # type: ignore[arg-type]


def _group_members(item: str, finder: Finder, known: tuple[str, ...], place: Place) -> list[str]:
    """The labels of one group; a label that has a + in its own name is found whole first."""
    whole = finder.find(item)
    parts = [item] if whole is not None else [part.strip() for part in item.split("+")]
    labels = []
    for part in parts:
        label = finder.find(part)
        if label is None:
            raise InputError(
                f"--classes names {quoted(part, 40)}, and {place} has no such class. "
                f"Its {counted(len(known), 'class', 'classes')}: {listing(known)}. Choose among them."
            )
        labels.append(label)
    return labels


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _sorted(names: tuple[str, ...]) -> tuple[str, ...]:
    """By number where all are numbers, else as text."""
    values = {name: _number(name) for name in names}
    if any(value is None for value in values.values()):
        return tuple(sorted(names))
    return tuple(sorted(names, key=lambda name: (values[name], name)))

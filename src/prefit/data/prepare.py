"""Features made numbers of one scale: learned on the training split, applied to both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from prefit._shapes import AnyArray, Indices, Vector
from prefit.data.budget import Budget
from prefit.data.integrity import blocks
from prefit.data.options import PrepareOption
from prefit.data.sample import Column, Numbers, Table, Words
from prefit.data.wording import Place, counted, listing, quoted
from prefit.errors import InputError


@dataclass(frozen=True)
class Standard:
    """(x − mean) / deviation of a number."""

    name: str
    mean: float
    deviation: float

    def columns(self) -> list[str]:
        return [self.name]

    def apply(self, column: Column, out: AnyArray) -> None:
        assert isinstance(column, Numbers)
        out[:, 0] = (column.values - self.mean) / self.deviation


@dataclass(frozen=True)
class OneHot:
    """A column of ones and zeros for each category of the training split."""

    name: str
    categories: tuple[str, ...]

    def columns(self) -> list[str]:
        return [f"{self.name}={category}" for category in self.categories]

    def apply(self, column: Column, out: AnyArray) -> None:
        assert isinstance(column, Words)
        positions = {category: position for position, category in enumerate(self.categories)}
        of_code = np.array([positions.get(name, -1) for name in column.names], dtype=np.int64)
        chosen = of_code[column.codes]
        known = np.flatnonzero(chosen >= 0)
        out[known, chosen[known]] = 1.0

    def unseen(self, column: Column) -> list[str]:
        assert isinstance(column, Words)
        used = {column.names[code] for code in np.unique(column.codes)}
        return sorted(used - set(self.categories))


@dataclass(frozen=True)
class Prepared:
    """Inputs as numbers, their names where they have any, and what was done to them."""

    train: AnyArray
    test: AnyArray | None
    columns: tuple[str, ...]
    standardized: bool
    notes: tuple[str, ...]


def prepare(
    train: AnyArray | Table, test: AnyArray | Table | None, how: PrepareOption, place: Place, budget: Budget
) -> Prepared:
    """Both splits by what the training split says; auto prepares tables and leaves arrays as they are."""
    if isinstance(train, Table):
        assert test is None or isinstance(test, Table)
        return _raw_table(train, test, place, budget) if how == "none" else _table(train, test, place, budget)
    assert test is None or not isinstance(test, Table)
    if how != "standard":
        return Prepared(train, test, (), False, ())
    return _standard_array(train, test, place, budget)


def take(inputs: AnyArray | Table, chosen: Indices) -> AnyArray | Table:
    """The chosen rows; the same inputs where all are."""
    if chosen.size == rows_of(inputs):
        return inputs
    if not isinstance(inputs, Table):
        return inputs[chosen]
    return Table(tuple(_take(column, chosen) for column in inputs.columns))


def rows_of(inputs: AnyArray | Table) -> int:
    if not isinstance(inputs, Table):
        return len(inputs)
    first = inputs.columns[0]
    return int(first.values.size if isinstance(first, Numbers) else first.codes.size)


def _take(column: Column, chosen: Indices) -> Column:
    if isinstance(column, Numbers):
        return Numbers(column.name, column.values[chosen])
    return Words(column.name, column.codes[chosen], column.names)


def _raw_table(train: Table, test: Table | None, place: Place, budget: Budget) -> Prepared:
    words = [column.name for column in train.columns if isinstance(column, Words)]
    if words:
        raise InputError(
            f"--prepare none takes columns of numbers as they are, and {place} has "
            f"{counted(len(words), 'column')} of text or categories: {listing(words)}. Use --prepare "
            "standard, or drop them."
        )
    names = tuple(column.name for column in train.columns)
    budget.admit(8 * rows_of(train) * len(names), f"The table {place} as numbers")
    return Prepared(_stacked(train), None if test is None else _stacked(test), names, False, ())


def _stacked(table: Table) -> AnyArray:
    return np.column_stack([column.values for column in table.columns if isinstance(column, Numbers)])


def _table(train: Table, test: Table | None, place: Place, budget: Budget) -> Prepared:
    learned = [_learn(column, place) for column in train.columns]
    kept = [coder for coder in learned if coder is not None]
    dropped = [column.name for column, coder in zip(train.columns, learned, strict=True) if coder is None]
    if not kept:
        raise InputError(
            f"{place} must have a column that varies over the training examples; all of its {len(dropped):,} "
            "are constant. Take more examples or other columns."
        )
    names = tuple(name for coder in kept for name in coder.columns())
    X = _apply(learned, train, len(names), place, budget)
    X_test, unseen = None, tuple[str, ...]()
    if test is not None:
        X_test, unseen = _apply(learned, test, len(names), place, budget), _unseen(learned, test)
    return Prepared(X, X_test, names, True, (_what_was_done(kept), *_dropped(dropped), *unseen))


def _learn(column: Column, place: Place) -> Standard | OneHot | None:
    """What to do with a column; None where it is constant and says nothing."""
    if isinstance(column, Words):
        used = sorted(column.names[code] for code in np.unique(column.codes))
        return OneHot(column.name, tuple(used)) if len(used) > 1 else None
    if column.values.min() == column.values.max():
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = float(column.values.mean()), float(column.values.std())
    _check_scale(np.array([mean]), np.array([deviation]), place, (column.name,))
    return Standard(column.name, mean, deviation)


def _apply(coders: list[Standard | OneHot | None], table: Table, width: int, place: Place, budget: Budget) -> AnyArray:
    budget.admit(8 * rows_of(table) * width, f"The table {place} with its {width:,} prepared columns")
    X = np.zeros((rows_of(table), width))
    start = 0
    for coder, column in zip(coders, table.columns, strict=True):
        if coder is not None:
            end = start + len(coder.columns())
            coder.apply(column, X[:, start:end])
            start = end
    return X


def _what_was_done(coders: list[Any]) -> str:
    numbers = sum(isinstance(coder, Standard) for coder in coders)
    coded = [coder for coder in coders if isinstance(coder, OneHot)]
    done = [f"{counted(numbers, 'column')} of numbers standardized by the training examples' mean and deviation"] * (
        numbers > 0
    )
    if coded:
        ones = sum(len(coder.categories) for coder in coded)
        done.append(f"{counted(len(coded), 'column')} of categories one-hot coded in {ones:,}")
    sentence = ", ".join(done)
    return sentence[:1].upper() + sentence[1:] + "."


def _dropped(names: list[str]) -> tuple[str, ...]:
    count = counted(len(names), "column")
    return (f"{count} dropped as constant over the training examples: {listing(names, 6)}.",) if names else ()


def _unseen(coders: list[Standard | OneHot | None], test: Table) -> tuple[str, ...]:
    notes = []
    for coder, column in zip(coders, test.columns, strict=True):
        new = coder.unseen(column) if isinstance(coder, OneHot) else []
        if new:
            notes.append(
                f"Column {quoted(column.name, 60)} of the test split has "
                f"{counted(len(new), 'category', 'categories')} that the "
                f"training split has not, coded as all zeros: {listing(new, 6)}."
            )
    return tuple(notes)


def _standard_array(train: AnyArray, test: AnyArray | None, place: Place, budget: Budget) -> Prepared:
    """Each feature (x − mean) / deviation, float64 stays so, all else as float32; constant ones are dropped."""
    dtype = np.dtype(np.float64 if train.dtype == np.float64 else np.float32)
    budget.admit(train.size * dtype.itemsize, f"The inputs {place}, standardized,")
    varies = train.min(axis=0) != train.max(axis=0)
    if not varies.any():
        raise InputError(
            f"{place} must have a feature that varies over the training examples; all are constant. Take more examples."
        )
    mean, deviation = _mean_and_deviation(train)
    names = tuple(str(i) for i in range(train.shape[1]))
    _check_scale(mean, np.where(varies, deviation, 1.0), place, names)
    splits = [_standardized(X, mean, deviation, varies, dtype) for X in (train, test) if X is not None]
    constant = int((~varies).sum())
    notes = [f"{counted(int(varies.sum()), 'feature')} standardized by the training examples' mean and deviation."]
    if constant:
        notes.append(f"{counted(constant, 'feature')} dropped as constant over the training examples.")
    return Prepared(splits[0], splits[1] if test is not None else None, (), True, tuple(notes))


def _mean_and_deviation(X: AnyArray) -> tuple[Vector, Vector]:
    """Of each feature, in float64 block by block."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean = sum(X[block].sum(axis=0, dtype=np.float64) for block in blocks(X)) / len(X)
        square = sum(((X[block] - mean) ** 2).sum(axis=0) for block in blocks(X)) / len(X)
    return np.asarray(mean), np.sqrt(square)


def _standardized(X: AnyArray, mean: Vector, deviation: Vector, kept: AnyArray, dtype: np.dtype[Any]) -> AnyArray:
    out = np.empty((len(X), int(kept.sum())), dtype)
    for block in blocks(X):
        out[block] = (X[block][:, kept] - mean[kept]) / deviation[kept]
    return out


def _check_scale(mean: Vector, deviation: Vector, place: Place, names: tuple[str, ...]) -> None:
    wrong = np.flatnonzero(~(np.isfinite(mean) & np.isfinite(deviation) & (deviation > 0)))
    if wrong.size:
        raise InputError(
            f"Column {quoted(names[wrong[0]], 60)} of {place} has values so large or so close together that "
            "their mean and deviation are no finite positive numbers. Rescale the column."
        )

"""Typed or text columns go in; features and label column come out, named and checked."""

from __future__ import annotations

from collections.abc import Callable

from prefit._shapes import Indices
from prefit.data.columns import Kind, kind_of
from prefit.data.sample import Column, Numbers, Sample, Table, Words
from prefit.data.wording import Place, counted, listing, quoted
from prefit.errors import InputError

USUAL_LABELS = ("label", "target", "y", "class")

Reader = Callable[[str, Kind | None], Column]


def sample_from_columns(
    names: list[str], read: Reader, rows: Indices, place: Place, target: str | None, like: Sample | None
) -> Sample:
    """Features and labels of a table whose columns `read` gives one by one.

    target   name of the label column; None looks for the usual ones
    like     the training split, whose columns and kinds a test split must have
    """
    check_rows(rows.size, place)
    if like is not None and isinstance(like.inputs, Table) and isinstance(like.target, Numbers | Words):
        label, kind = like.target.name, kind_of(like.target)
        if label not in names:
            raise InputError(
                f"The test split {place} must have the label column {quoted(label, 60)} of the training "
                f"split; its {counted(len(names), 'column')}: {listing(names)}. Add it, or give both files "
                "the same columns."
            )
    else:
        label, kind = label_column(names, target, place), None
    features = features_from([name for name in names if name != label], read, place, like)
    return Sample(place, features, read(label, kind), rows, (f"Labels from the column {quoted(label, 60)}.",))


def features_from(names: list[str], read: Reader, place: Place, like: Sample | None) -> Table:
    """The columns of these names; of a test split, in the order and of the kinds of the training split."""
    if not names:
        raise InputError(
            f"{place} must have a column of features beside its labels; it has none. "
            "Check the separator: .csv is split at commas, .tsv at tabs."
        )
    if like is None or not isinstance(like.inputs, Table):
        return Table(tuple(read(name, None) for name in names))
    expected = like.inputs.columns
    _check_same_columns(names, [column.name for column in expected], place, like.place)
    return Table(tuple(read(column.name, kind_of(column)) for column in expected))


def label_column(names: list[str], target: str | None, place: Place) -> str:
    """The column that --target names, else the one named label, target, y or class."""
    if target is not None:
        if target in names:
            return target
        raise InputError(
            f"{place} has no column {quoted(target, 60)} for --target. "
            f"Its {counted(len(names), 'column')}: {listing(names)}. Name one of them."
        )
    usual = [name for name in names if name.lower() in USUAL_LABELS]
    if len(usual) == 1:
        return usual[0]
    found = f"both {listing(usual)}" if usual else "none of them"
    raise InputError(
        f"The label column of {place} must be named: it is looked for as label, target, y or class, and the "
        f"table has {found}. Its {counted(len(names), 'column')}: {listing(names)}. Name one with --target."
        + _separator_hint(names)
    )


def check_rows(count: int, place: Place) -> None:
    if count == 0:
        raise InputError(f"{place} must have rows below its header; it has none. Check that the file is whole.")


def _check_same_columns(names: list[str], expected: list[str], place: Place, training: Place) -> None:
    lacking, extra = (
        [n for n in expected if n not in set(names)],
        [n for n in names if n not in set(expected)],
    )
    if lacking or extra:
        what = f"lacks {listing(lacking, 6)}" if lacking else f"has {listing(extra, 6)} besides"
        raise InputError(
            f"The test split {place} must have the features of the training split {training}; it {what}. "
            "Give both the same columns; their order is free."
        )


def _separator_hint(names: list[str]) -> str:
    if len(names) > 1:
        return ""
    used = next((mark for mark in (";", "\t", "|", ",") if mark in names[0]), None)
    return f" The header has {quoted(used)} in it: .csv is split at commas only, .tsv at tabs." if used else ""

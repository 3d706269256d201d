"""What must hold before anything runs; each check names the row that breaks it."""

from __future__ import annotations

import numpy as np

from prefit._shapes import AnyArray, Indices
from prefit.data.wording import Place, quoted, sentence
from prefit.errors import InputError

BLOCK = 1 << 22  # entries looked at together: temporaries of a few MB beside any size of input
LARGEST = 1e150  # a feature's square, summed over any number of features, stays below the largest float64, 1.8e308
SMALLEST = 1e-150  # and a row of smaller features has a norm that float64 rounds to nothing


def blocks(array: AnyArray) -> list[slice]:
    """Slices of rows with at most BLOCK entries each."""
    step = max(1, BLOCK // max(1, array[0].size)) if len(array) else 1
    return [slice(start, start + step) for start in range(0, len(array), step)]


def check_finite(array: AnyArray, place: Place, rows: Indices, columns: tuple[str, ...] = ()) -> None:
    """No NaN and no infinity in an array (n,) or (n, d)."""
    if array.dtype.kind != "f":
        return
    for block in blocks(array):
        finite = np.isfinite(array[block])
        if not finite.all():
            row, *column = (int(i) for i in np.argwhere(~finite)[0])
            value = array[block][(row, *column)]
            where = _with_column(place.at(int(rows[block][row])), column, columns)
            raise InputError(
                f"{sentence(where)} holds {value}, and every value must be a finite number. "
                "Fill it in, or drop the row or the column."
            )


def check_magnitude(X: AnyArray, place: Place, rows: Indices, *, zero_allowed: bool) -> None:
    """Rows whose norm float64 can hold and, as they go onto the unit sphere, none that is zero."""
    for block in blocks(X):
        sizes = np.abs(X[block]) if X.dtype.kind == "f" else X[block]
        largest = sizes.max(axis=1).astype(np.float64)
        if largest.max() > LARGEST:
            row = int(rows[block][int(np.argmax(largest))])
            raise InputError(
                f"{sentence(place.at(row))} holds a value of size {float(largest.max()):.3g}; above "
                f"{LARGEST:g} its square is no finite number. Rescale the column or correct the value."
            )
        if not zero_allowed and largest.min() < SMALLEST:
            row = int(rows[block][int(np.argmax(largest < SMALLEST))])
            raise InputError(
                f"{sentence(place.at(row))} is zero in every feature (after preparation), and a zero input "
                "cannot be put on the unit sphere. Drop the row, or append a constant 1 to every input with "
                "--bias."
            )


def check_names(names: list[str], place: Place) -> None:
    """Every column has a name, and each its own."""
    for position, name in enumerate(names):
        if not name:
            raise InputError(
                f"Column {position + 1} of {place} has no name, and every column must have one in the "
                "header. Name it, or drop it if it only numbers the rows (in pandas: to_csv(..., "
                "index=False))."
            )
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(
                f"{place} has more than one column named {quoted(name, 60)}, and column names must differ. "
                "Rename or drop one of them."
            )
        seen.add(name)


def _with_column(where: str, column: list[int], names: tuple[str, ...]) -> str:
    if not column:
        return where
    return (
        f"column {quoted(names[column[0]], 60)}, {where}" if names else f"column {column[0]} (counted from 0), {where}"
    )

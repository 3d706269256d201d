"""Anything like an array goes in; (n, d) inputs and checked labels come out. Nothing is ever unpickled."""

from __future__ import annotations

from typing import Any

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix
from prefit.data.budget import Budget
from prefit.data.integrity import check_finite
from prefit.data.sample import Column, Numbers, Words
from prefit.data.wording import Place, counted, quoted, sentence
from prefit.errors import InputError

EXACT = 2**53  # whole numbers above it are not all told apart in float64


def as_array(value: Any, place: Place) -> AnyArray:
    """A numpy array of a list, a tensor on any device, or anything with `__array__`."""
    if isinstance(value, str | bytes):
        raise InputError(f"{place} must be an array; it is text. A file or `digits` is read by prefit.load(SOURCE).")
    if hasattr(value, "toarray"):
        raise InputError(f"{place} must be a dense array; it is sparse. Give {place.name}.toarray(), if memory allows.")
    try:
        if hasattr(value, "detach"):  # a torch tensor, with torch not imported here
            value = value.detach().cpu().numpy()
        if np.ma.is_masked(value):
            raise InputError(f"{place} has masked entries, and no entry may be missing. Fill or drop them.")
        return np.asarray(value)
    except InputError:
        raise
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{place} must be an array in which every row has the same length and numbers or text; "
            f"it cannot be made one ({quoted(str(error), 120)}). Check the lengths of its rows and its type."
        ) from error


def inputs_from(array: AnyArray, place: Place, budget: Budget) -> AnyArray:
    """Inputs (n, ...) flattened to (n, d): uint8 and float32 stay, all else as float32 or float64."""
    if array.ndim < 2:
        raise InputError(
            f"The inputs {place} must have a row per example and a column per feature, shape (n, d) or (n, "
            f"...); their shape is {array.shape}. Reshape them."
        )
    if array.size == 0:
        raise InputError(
            f"The inputs {place} must not be empty; their shape is {array.shape}. Give at least two examples."
        )
    dtype = _kept_type(array.dtype, place)
    if array.dtype != dtype:
        budget.admit(array.size * dtype.itemsize, f"The inputs {place} as {dtype}")
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
        _check_exact(array, place)
    X = array.reshape(len(array), -1).astype(dtype, copy=False)
    check_finite(X, place, rows_from_zero(len(X)))
    return X


def target_from(array: AnyArray, place: Place) -> Column | Matrix:
    """Labels (n,) of numbers or text as a column; (n, c) real numbers as the user's own coding."""
    if array.dtype == object:
        array = _text_of_objects(array, place)
    if array.ndim == 1:
        return column_from(array, place)
    if array.ndim != 2 or array.shape[1] == 0:
        raise InputError(
            f"The labels {place} must have shape (n,), or (n, c) if you coded them; their shape is "
            f"{array.shape}. Reshape them."
        )
    if array.dtype.kind not in "iufb":
        raise InputError(
            f"Coded labels {place} of shape (n, c) must be real numbers; their type is {array.dtype}. Convert them."
        )
    Y = array.astype(np.float64)
    check_finite(Y, place, rows_from_zero(len(Y)))
    return Y


def column_from(array: AnyArray, place: Place, name: str = "y") -> Column:
    """Labels (n,) as numbers or as words."""
    if array.dtype.kind in "US":
        return _words(array, place, name)
    if array.dtype.kind == "b":
        names, codes = np.unique(array, return_inverse=True)
        return Words(name, codes.astype(np.int64), tuple(str(bool(value)) for value in names))
    if array.dtype.kind not in "iuf":
        raise InputError(
            f"The labels {place} must be numbers or text; their type is {array.dtype}. Convert them, for "
            "instance to int64."
        )
    if array.dtype.kind in "iu":
        _check_exact(array, place)
    check_finite(array, place, rows_from_zero(len(array)))
    return Numbers(name, array.astype(np.float64))


def rows_from_zero(count: int) -> Indices:
    return np.arange(count, dtype=np.int64)


def check_lengths(inputs: int, labels: int, inputs_place: Place, labels_place: Place) -> None:
    """One label per input."""
    if inputs != labels:
        raise InputError(
            f"The labels {labels_place} must have one row per input: {inputs_place} has "
            f"{counted(inputs, 'row')}, the labels have {labels:,}. Give the labels of the same split as the "
            "inputs."
        )


def _kept_type(dtype: np.dtype[Any], place: Place) -> np.dtype[Any]:
    if dtype.kind not in "biuf":
        what = "objects, which would have to be unpickled" if dtype.hasobject else f"of type {dtype}"
        raise InputError(
            f"The inputs {place} must be real numbers; they are {what}. Convert them to float32 or float64."
        )
    if dtype.kind == "b" or dtype == np.dtype(np.uint8):
        return np.dtype(np.uint8)
    exact_in_single = dtype.itemsize < 4 or dtype == np.dtype(np.float32).newbyteorder(dtype.byteorder)
    return np.dtype(np.float32 if exact_in_single else np.float64)


def _check_exact(array: AnyArray, place: Place) -> None:
    if array.size and (int(array.max()) > EXACT or int(array.min()) < -EXACT):
        raise InputError(
            f"{place} holds whole numbers beyond 2^53, which float64 cannot tell apart. "
            "If they are labels give them as text; if inputs, rescale them."
        )


def _text_of_objects(array: AnyArray, place: Place) -> AnyArray:
    flat = array.ravel().tolist()
    wrong = next((i for i, value in enumerate(flat) if not isinstance(value, str)), None)
    if wrong is not None:
        raise InputError(
            f"The labels {place} are objects, and must then all be text; entry {wrong} is "
            f"{quoted(repr(flat[wrong]), 60)}. Convert them to numbers or to text."
        )
    return array.astype(str)


def _words(array: AnyArray, place: Place, name: str) -> Words:
    try:
        names, codes = np.unique(array.astype(np.str_), return_inverse=True)
    except UnicodeDecodeError as error:
        raise InputError(f"The labels {place} are bytes that are not ASCII text. Give them as text.") from error
    empty = np.flatnonzero(np.char.strip(names) == "")
    if empty.size:
        row = int(np.flatnonzero(codes == empty[0])[0])
        raise InputError(
            f"{sentence(place.at(row))} has an empty label, and every example must have one. Fill it in or drop the "
            "row."
        )
    return Words(name, codes.astype(np.int64), tuple(names.tolist()))

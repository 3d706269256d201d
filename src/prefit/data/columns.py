"""An Arrow column goes in; numbers or words come out, or the row whose value is neither."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from prefit._shapes import Indices
from prefit.data.integrity import check_finite
from prefit.data.sample import Column, Numbers, Words
from prefit.data.wording import Place, counted, listing, quoted
from prefit.errors import InputError

Kind = Literal["numbers", "words"]

NUMBER = r"(?i)^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|infinity|nan)$"
MISSING = (
    "",
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "NaN",
    "nan",
    "NULL",
    "null",
)  # as most readers of tables have them
STRAY = 0.5  # a column of text where at least this portion are numbers is a column of numbers with a stray word
IDENTIFIER = 0.9  # a column of text with at least this portion of different values is no category
FEW_ROWS = 5  # below, every category may well occur once


def column_from_text(name: str, values: Any, place: Place, rows: Indices, like: Kind | None = None) -> Column:
    """A column of a text file: numbers where every value is one, words where few are.

    values   (n,) Arrow strings
    like     what the same column is in the training split, where this is the test split
    """
    values = pc.utf8_trim_whitespace(values)
    numeric = pc.match_substring_regex(values, NUMBER).to_numpy(zero_copy_only=False)
    _check_nothing_missing(name, values, place, rows)
    if like == "words" or (like is None and numeric.mean() < STRAY):
        return _words(name, values, place)
    if not numeric.all():
        raise _stray(name, values, numeric, place, rows)
    return _numbers(name, pc.cast(values, pa.float64()), place, rows)


def column_from_type(name: str, values: Any, place: Place, rows: Indices, like: Kind | None = None) -> Column:
    """A column of a typed source: numbers stay numbers; text, categories and booleans are words."""
    if pa.types.is_dictionary(values.type):
        values = pc.cast(values, values.type.value_type)
    if values.null_count:
        raise _missing(name, int(np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))[0]), place, rows)
    if is_text(values.type):
        return column_from_text(name, pc.cast(values, pa.large_string()), place, rows, like or "words")
    if pa.types.is_boolean(values.type):
        return _words(name, pc.if_else(values, "True", "False"), place)
    if not is_number(values.type):
        raise InputError(
            f"Column {quoted(name, 60)} of {place} must hold numbers, text, categories or booleans; its type "
            f"is {quoted(values.type, 60)}. Convert it, for instance a time to a number of days, or drop it."
        )
    try:
        numbers = _numbers(name, pc.cast(values, pa.float64()), place, rows)
    except pa.ArrowInvalid as error:
        raise InputError(
            f"Column {quoted(name, 60)} of {place} holds whole numbers beyond 2^53, which float64 cannot tell apart. "
            "If they name something give them as text; else rescale them."
        ) from error
    return numbers if like != "words" else _as_words(numbers)


def is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_number(kind: Any) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def kind_of(column: Column) -> Kind:
    return "numbers" if isinstance(column, Numbers) else "words"


def name_of_number(value: float) -> str:
    """A number as the name of a class: 1.0 is "1", 0.5 is "0.5"."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _as_words(column: Numbers) -> Words:
    values, codes = np.unique(column.values, return_inverse=True)
    return Words(column.name, codes.astype(np.int64), tuple(name_of_number(value) for value in values))


def _numbers(name: str, values: Any, place: Place, rows: Indices) -> Numbers:
    numbers = np.asarray(values.to_numpy(), dtype=np.float64)
    check_finite(numbers.reshape(-1, 1), place, rows, (name,))
    return Numbers(name, numbers)


def _words(name: str, values: Any, place: Place) -> Words:
    encoded = pc.dictionary_encode(values)
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    if isinstance(encoded, pa.ChunkedArray):  # no chunk at all, or several that Arrow would not join
        encoded = encoded.unify_dictionaries().chunk(0)
    names = tuple(encoded.dictionary.to_pylist())
    codes = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    _check_is_category(name, codes.size, names, place)
    return Words(name, codes, names)


def _check_is_category(name: str, count: int, names: tuple[str, ...], place: Place) -> None:
    if count < FEW_ROWS or len(names) < IDENTIFIER * count:
        return
    if all(_is_decimal_comma(value) for value in names):
        raise InputError(
            f"Column {quoted(name, 60)} of {place} writes its numbers with a comma, as in "
            f"{quoted(names[0], 20)}; a decimal point is needed. Write 1.5 in place of 1,5."
        )
    raise InputError(
        f"Column {quoted(name, 60)} of {place} is text with {counted(len(names), 'different value')} in "
        f"{counted(count, 'row')} ({listing(names, 3)}): an identifier or free text, not a category that "
        "examples share. Drop the column, or turn it into numbers."
    )


def _is_decimal_comma(value: str) -> bool:
    whole, comma, fraction = value.lstrip("+-").partition(",")
    return bool(comma) and whole.isdigit() and fraction.isdigit()


def _check_nothing_missing(name: str, values: Any, place: Place, rows: Indices) -> None:
    missing = pc.is_in(values, value_set=pa.array(MISSING, type=values.type)).to_numpy(zero_copy_only=False)
    if missing.any():
        raise _missing(name, int(np.flatnonzero(missing)[0]), place, rows, str(values[int(np.flatnonzero(missing)[0])]))


def _missing(name: str, index: int, place: Place, rows: Indices, value: str = "") -> InputError:
    what = f"holds {quoted(value)}, a missing value" if value else "is empty"
    return InputError(
        f"Column {quoted(name, 60)}, {place.at(int(rows[index]))}, {what}, and no value may be missing. "
        "Fill it in, or drop the row or the column"
        + (f"; if {quoted(value)} is a category, give it another name." if value else ".")
    )


def _stray(name: str, values: Any, numeric: Any, place: Place, rows: Indices) -> InputError:
    index = int(np.flatnonzero(~numeric)[0])
    return InputError(
        f"Column {quoted(name, 60)}, {place.at(int(rows[index]))}, holds {quoted(values[index], 60)} where a "
        f"number is needed: {int(numeric.sum()):,} of the column's {numeric.size:,} values are numbers. "
        "Correct the value; if the column is a category, write each value as a word, for instance 'c3' for 3."
    )

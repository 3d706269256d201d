"""Comma- and tab-separated text with a header goes in, a table comes out, each row with its line number.

Arrow parses; every column is read as text first, so that a stray word in a column of numbers, an
overlong row or a byte that is not UTF-8 is an error with its line and never a change of type.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from prefit._shapes import Indices
from prefit.data.budget import Budget
from prefit.data.columns import Kind, column_from_text
from prefit.data.files import read_bytes
from prefit.data.integrity import check_names
from prefit.data.sample import Column, Sample
from prefit.data.tables import sample_from_columns
from prefit.data.wording import Place, counted, quoted, sentence
from prefit.errors import InputError

BLOCK = 1 << 30  # Arrow's blocks must hold a whole row; its largest is 2^31 - 1


def read_delimited(path: str, delimiter: str, target: str | None, budget: Budget, like: Sample | None = None) -> Sample:
    """The features and labels of a .csv or .tsv file, plain or packed."""
    place = Place(path, "line")
    text = _text(read_bytes(path, budget), place)
    names, header_lines = _header(text, delimiter, place)
    lines = _line_numbers(text, delimiter, header_lines, place)
    budget.admit(8 * len(names) * lines.size, f"The {counted(len(names), 'column')} of {place} as numbers")
    table = _parse(text, delimiter, names, header_lines, lines, place)

    def column(name: str, kind: Kind | None) -> Column:
        return column_from_text(name, table.column(names.index(name)), place, lines, kind)

    return sample_from_columns(names, column, lines, place, target, like)


def _text(contents: bytearray, place: Place) -> bytes:
    """UTF-8 without its byte order mark, lines ended by a line feed, no blank lines at the end."""
    text = bytes(contents).removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").rstrip(b"\n")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"Line {line} of {place} holds the byte {text[error.start]:02x}, which is not UTF-8. "
            "Save the file as UTF-8 (for instance `iconv -f latin1 -t utf-8`), and check that it is text."
        ) from error
    if b"\0" in text:
        line = text.count(b"\n", 0, text.index(b"\0")) + 1
        raise InputError(
            f"Line {line} of {place} holds a NUL byte, so the file is not text. Check what kind of file it is."
        )
    if not text.strip():
        raise InputError(
            f"{place} must begin with a header of column names; it is empty. Check that the file is whole."
        )
    return text + b"\n"


def _header(text: bytes, delimiter: str, place: Place) -> tuple[list[str], int]:
    """The column names, and how many lines they take."""
    reader = csv.reader(_decoded(text), delimiter=delimiter, strict=True)
    names = [name.strip() for name in _next_record(reader, place)]
    check_names(names, place)
    if all(_is_number(name) for name in names) and names not in _numbered(len(names)):
        raise InputError(
            f"Line 1 of {place} must be a header of column names; it holds numbers only, such as "
            f"{quoted(names[0], 30)}. Write a line with a name for each column above the data."
        )
    return names, reader.line_num


def _decoded(text: bytes) -> Iterator[str]:
    """Lines one by one, so that a large file is not held as text."""
    return (line.decode("utf-8") for line in io.BytesIO(text))


def _line_numbers(text: bytes, delimiter: str, header_lines: int, place: Place) -> Indices:
    """The line on which each row begins; blank lines are no rows."""
    if b'"' in text:
        return _quoted_line_numbers(text, delimiter, header_lines, place)
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    blank = np.diff(ends, prepend=-1) == 1
    lines: Indices = np.arange(1, ends.size + 1, dtype=np.int64)[~blank]
    return lines[lines > header_lines]


def _quoted_line_numbers(text: bytes, delimiter: str, header_lines: int, place: Place) -> Indices:
    """As above where values in quotes may hold line ends: the standard reader counts them."""
    reader = csv.reader(_decoded(text), delimiter=delimiter, strict=True)
    lines, before = [], 0
    while (record := _next_record(reader, place, optional=True)) is not None:
        if record and before >= header_lines:
            lines.append(before + 1)
        before = reader.line_num
    return np.array(lines, dtype=np.int64)


def _next_record(reader: Any, place: Place, *, optional: bool = False) -> Any:
    line = reader.line_num + 1
    try:
        return next(reader, None) if optional else next(reader)
    except csv.Error as error:
        raise InputError(
            f"Line {line} of {place} cannot be split into values: {quoted(str(error), 80)}. "
            'Close every quote; a quote inside a quoted value is written twice: "".'
        ) from error


def _parse(text: bytes, delimiter: str, names: list[str], header_lines: int, lines: Indices, place: Place) -> Any:
    wrong: list[Any] = []

    def note_and_skip(row: Any) -> str:
        wrong.append(row)
        return "skip"

    try:
        table = pa_csv.read_csv(
            pa.BufferReader(text),
            pa_csv.ReadOptions(
                use_threads=False,  # with threads, Arrow does not number the rows
                block_size=min(len(text) + 1, BLOCK),
                skip_rows=header_lines,
                column_names=names,
            ),
            pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=b'"' in text, invalid_row_handler=note_and_skip
            ),
            pa_csv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=False),
        )
    except (pa.ArrowException, OverflowError) as error:
        raise InputError(f"{place} cannot be read as a table: {quoted(str(error), 200)}. Check the file.") from error
    if wrong:
        raise _row_of_other_length(wrong[0], table.num_rows + len(wrong), lines, place)
    if table.num_rows != lines.size:
        raise InputError(
            f"{place} has {counted(lines.size, 'row')} by its lines and quotes but {table.num_rows:,} by its "
            "values. Check that every quote is closed and stands at the ends of a value."
        )
    return table


def _row_of_other_length(row: Any, found: int, lines: Indices, place: Place) -> InputError:
    index = row.number - 2  # Arrow counts from 1 and counts the header once
    where = place.at(int(lines[index])) if found == lines.size and 0 <= index < found else f"a row of {place}"
    return InputError(
        f"{sentence(where)} has {counted(row.actual_columns, 'value')} "
        f"({quoted(row.text, 60)}), and each row must have {row.expected_columns:,}, as the header has. "
        "Correct the row, or put a value that holds the separator in quotes."
    )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbered(count: int) -> tuple[list[str], list[str]]:
    """Columns named by their number, from 0 or from 1: a header, if a poor one."""
    return [str(i) for i in range(count)], [str(i) for i in range(1, count + 1)]

"""LIBSVM text goes in, `label index:value ...` on each line, absent features zero; dense inputs come out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from prefit._shapes import Indices, Vector
from prefit.data.arrays import column_from
from prefit.data.budget import Budget
from prefit.data.files import read_bytes
from prefit.data.integrity import check_finite
from prefit.data.sample import Sample
from prefit.data.wording import Place, quoted, sentence
from prefit.errors import InputError

LARGEST_INDEX = 2**31 - 2  # the parser's indices are 32-bit


@dataclass(frozen=True)
class _File:
    features: Any  # (n, d) scipy CSR matrix, its column the index as written
    labels: Vector
    lines: Indices  # (n,) line of each row
    last_line: int


def read_libsvm(splits: list[tuple[list[str], str]], budget: Budget) -> list[Sample]:
    """Splits of one data set, each from one or more files: (paths, name).

    Indices count from 0 where an index 0 occurs in any file, else from 1; all splits get as many features as
    the largest index asks for, since absent features are zero.
    """
    files = [[_read(path, budget) for path in paths] for paths, _ in splits]
    everything = [file for split in files for file in split]
    base = min(_first_index(file) for file in everything)
    width = max(file.features.shape[1] for file in everything) - base
    return [_joined(part, name, base, width, budget) for part, (_, name) in zip(files, splits, strict=True)]


def _joined(files: list[_File], name: str, base: int, width: int, budget: Budget) -> Sample:
    sizes = [file.labels.size for file in files]
    budget.admit(
        8 * sum(sizes) * width,
        f"The {sum(sizes):,} rows of {quoted(name)} with {width:,} features each, made dense,",
    )
    X = np.zeros((sum(sizes), width))
    for file, start in zip(files, np.cumsum([0, *sizes]), strict=False):
        X[start : start + file.labels.size, : file.features.shape[1] - base] = file.features[:, base:].toarray()
    offsets = np.cumsum([0, *(file.last_line for file in files)])  # lines counted through, as `cat` would join them
    rows = np.concatenate([file.lines + offset for file, offset in zip(files, offsets, strict=False)])
    place = Place(name, "line")
    return Sample(place, X, column_from(np.concatenate([file.labels for file in files]), place), rows)


def _read(path: str, budget: Budget) -> _File:
    from sklearn.datasets import load_svmlight_file  # two seconds, so only when needed

    place = Place(path, "line")
    text = bytes(read_bytes(path, budget))
    lines = np.array([number for number, _ in _records(text)], dtype=np.int64)
    if lines.size == 0:
        raise InputError(
            f"{place} must hold lines `label index:value ...`; it holds none. Check that the file is whole."
        )
    try:
        features, labels = load_svmlight_file(io.BytesIO(text), zero_based=True)
        if b"_" in text:  # the parser reads 1_0 as 10
            _check_lines(text, place)
    except InputError:
        raise
    except (ValueError, OverflowError, IndexError) as error:
        _check_lines(text, place)  # where and why the parser gave up, which it does not say
        raise InputError(
            f"{place} cannot be read as LIBSVM text: {quoted(str(error), 100)}. Check the file."
        ) from error
    if labels.size != lines.size:
        raise InputError(f"{place} has {lines.size:,} lines of data but {labels.size:,} rows. Check its line ends.")
    if features.nnz == 0:
        raise InputError(f"{place} must hold features `index:value` after its labels; it holds none. Check the file.")
    _check_finite(features, labels, lines, place)
    return _File(features, labels, lines, text.count(b"\n") + (not text.endswith(b"\n")))


def _check_finite(features: Any, labels: Vector, lines: Indices, place: Place) -> None:
    check_finite(labels[:, None], place, lines, ("label",))
    wrong = np.flatnonzero(~np.isfinite(features.data))
    if wrong.size:
        line = int(lines[np.searchsorted(features.indptr, wrong[0], side="right") - 1])
        raise InputError(
            f"Feature {features.indices[wrong[0]]}, {place.at(line)}, is {features.data[wrong[0]]}, and every value "
            "must be a "
            "finite number. Correct it, or drop the line."
        )


def _first_index(file: _File) -> int:
    return 0 if file.features[:, 0].nnz else 1


def _records(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Lines that hold data, with their numbers: neither blank nor comment only."""
    for number, line in enumerate(text.split(b"\n"), start=1):
        record = line.partition(b"#")[0].strip()
        if record:
            yield number, record


def _check_lines(text: bytes, place: Place) -> None:
    """Refuse the first line that is not as it must be."""
    for number, record in _records(text):
        reason = _what_is_wrong(record)
        if reason:
            raise InputError(
                f"{sentence(place.at(number))} must read `label index:value ...`, indices increasing; {reason}. "
                "Correct the line."
            )


def _what_is_wrong(record: bytes) -> str | None:
    label, *pairs = record.decode("utf-8", "backslashreplace").split()
    if not _is_number(label):
        return (
            f"its label is missing, it begins with {quoted(label, 40)}"
            if ":" in label
            else f"its label is {quoted(label, 40)}"
        )
    previous = -1
    for pair in pairs:
        index, colon, value = pair.partition(":")
        if index == "qid" and colon:
            continue
        if not (colon and index.isdigit() and index.isascii()) or not _is_number(value):
            return f"{quoted(pair, 40)} is no index with a number"
        if int(index) > LARGEST_INDEX:
            return f"the index {quoted(index, 40)} is too large"
        if int(index) <= previous:
            return f"the index {index} comes after {previous}"
        previous = int(index)
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text

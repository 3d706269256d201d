"""Matrices that options name: an array, a .npy file or a text of numbers in; a finite float64 matrix out."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from prefit._shapes import Matrix
from prefit.data.arrays import as_array
from prefit.data.budget import Budget
from prefit.data.files import read_bytes
from prefit.data.npy import read_npy
from prefit.data.wording import Place, quoted
from prefit.errors import InputError

LARGEST = 1e100  # squares stay within the floats


def matrix_from(value: Any, option: str, memory: int | None) -> Matrix:
    """The matrix (rows, columns) of a path or an array; a text is a path."""
    budget = Budget.of(memory)
    if isinstance(value, str | os.PathLike):
        path = os.fspath(value)
        array = read_npy(path, budget) if path.lower().endswith(".npy") else _read_text(path, budget)
    else:
        array = as_array(value, Place(option))
    if array.ndim == 1:
        array = array[None, :]
    if array.ndim != 2 or array.size == 0 or array.dtype.kind not in "biuf":
        raise InputError(
            f"{option} must hold a matrix of real numbers, a row for each of its rows; its shape is {array.shape}, its "
            f"type {array.dtype}. Give numbers in rows and columns."
        )
    matrix: Matrix = array.astype(np.float64)
    if not (np.isfinite(matrix).all() and np.abs(matrix).max() <= LARGEST):
        raise InputError(f"{option} must hold finite numbers of at most 1e100 in size. Correct or scale it.")
    return matrix


def _read_text(path: str, budget: Budget) -> Matrix:
    """Rows of numbers with commas, semicolons, tabs or spaces between them, without a header."""
    try:
        text = bytes(read_bytes(path, budget)).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{quoted(path)} is no text in UTF-8. Give a .npy file, or numbers as text.") from error
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.replace(",", " ").replace(";", " ").split()
        if words:
            rows.append([_number(word, path, number) for word in words])
        if rows and len(rows[-1]) != len(rows[0]):
            raise InputError(
                f"{quoted(path)}, line {number} has {len(rows[-1])} numbers, the first has {len(rows[0])}. "
                "Give rows of one length."
            )
    return np.array(rows) if rows else np.zeros((0, 0))


def _number(word: str, path: str, line: int) -> float:
    try:
        return float(word)
    except ValueError:
        raise InputError(
            f"{quoted(path)}, line {line} must hold numbers only, without a header; it has {quoted(word, 40)}. "
            "Remove it."
        ) from None

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
from prefit.data.wording import Place, counted, quoted
from prefit.errors import InputError

LARGEST = 1e100  # squares stay within the floats


def matrix_from(value: Any, option: str, memory: int | None) -> Matrix:
    """The matrix (rows, columns) of a path or an array; a text is a path."""
    budget, source = Budget.of(memory), source_of(value, option)
    lines: list[int] | None = None
    if isinstance(value, str | os.PathLike):
        path = os.fspath(value)
        if path.lower().endswith(".npy"):
            array = read_npy(path, budget)
        else:
            array, lines = _read_text(path, budget)
    else:
        array = as_array(value, Place(option))
    if array.ndim == 1:
        array = array[None, :]
    if array.ndim != 2 or array.size == 0 or array.dtype.kind not in "biuf":
        raise InputError(
            f"{source} must hold a matrix of real numbers, a row for each of its rows; its shape is {array.shape}, its "
            f"type {array.dtype}. Give numbers in rows and columns."
        )
    matrix: Matrix = array.astype(np.float64)
    wrong = np.argwhere(~(np.abs(matrix) <= LARGEST))  # NaN among them
    if len(wrong):
        row, column = (int(i) for i in wrong[0])
        where = f"row {row} (counted from 0)" if lines is None else f"line {lines[row]}"
        raise InputError(
            f"{source} must hold finite numbers of at most 1e100 in size; {where} has {matrix[row, column]:g}. "
            "Correct it, or scale the matrix."
        )
    return matrix


def source_of(value: Any, option: str) -> str:
    """The option with its file, for messages: --matrix A ('A.txt'); of an array the option alone."""
    return f"{option} ({quoted(os.fspath(value))})" if isinstance(value, str | os.PathLike) else option


def _read_text(path: str, budget: Budget) -> tuple[Matrix, list[int]]:
    """Rows of numbers with commas, semicolons, tabs or spaces between them, without a header; and their lines."""
    try:
        text = bytes(read_bytes(path, budget)).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{quoted(path)} is no text in UTF-8. Give a .npy file, or numbers as text.") from error
    rows: list[list[float]] = []
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.replace(",", " ").replace(";", " ").split()
        if words:
            rows.append([_number(word, path, number) for word in words])
            lines.append(number)
        if rows and len(rows[-1]) != len(rows[0]):
            raise InputError(
                f"{quoted(path)}, line {number} has {counted(len(rows[-1]), 'number')}, the first row has "
                f"{len(rows[0])}. Give rows of one length."
            )
    return np.array(rows) if rows else np.zeros((0, 0)), lines


def _number(word: str, path: str, line: int) -> float:
    try:
        return float(word)
    except ValueError:
        raise InputError(
            f"{quoted(path)}, line {line} must hold numbers only, without a header; it has {quoted(word, 40)}. "
            "Remove it."
        ) from None

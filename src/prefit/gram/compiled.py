"""Passes over one tile that BLAS has no word for, compiled, without the interpreter lock."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

ROWS = 4  # rows taken together: sums over columns are loaded and stored once for four rows


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "nsz", "contract"})
def power_sums(S: Any, row_sums: Any, column_sums: Any, row_max: Any, column_max: Any, negligible: float) -> None:
    """Add Σ_j |s_ij|^(2^a) over one tile of cosines to the sums of its rows and of its columns.

    S            (r, c) tile; entries that do not count are set to 0 by the caller
    row_sums     (A + 1, r), column_sums (A + 1, c): added to
    row_max      (r,), column_max (c,): raised to the largest |s_ij|
    negligible   powers are no longer added once all of four rows are below this; the caller adds it n times
    """
    rows, columns = S.shape
    levels = row_sums.shape[0]
    P = np.empty((ROWS, columns))
    totals = np.empty(ROWS)
    for first in range(0, rows, ROWS):
        count = min(ROWS, rows - first)
        largest = 0.0
        for r in range(ROWS):
            top = 0.0
            if r < count:
                for j in range(columns):
                    value = min(abs(S[first + r, j]), 1.0)
                    P[r, j] = value
                    top = max(top, value)
                    column_max[j] = max(column_max[j], value)
                row_max[first + r] = max(row_max[first + r], top)
            else:
                for j in range(columns):
                    P[r, j] = 0.0
            largest = max(largest, top)
        for a in range(levels):
            t0, t1, t2, t3 = 0.0, 0.0, 0.0, 0.0
            for j in range(columns):
                p0, p1, p2, p3 = P[0, j], P[1, j], P[2, j], P[3, j]
                t0 += p0
                t1 += p1
                t2 += p2
                t3 += p3
                column_sums[a, j] += (p0 + p1) + (p2 + p3)
                P[0, j] = p0 * p0
                P[1, j] = p1 * p1
                P[2, j] = p2 * p2
                P[3, j] = p3 * p3
            totals[0], totals[1], totals[2], totals[3] = t0, t1, t2, t3
            for r in range(count):
                row_sums[a, first + r] += totals[r]
            largest *= largest
            if largest < negligible:
                break


@njit(nogil=True, cache=True, error_model="numpy")
def to_fixed_point(K: Any, scale: float, out: Any) -> None:
    """out = round(K · scale) as int32; the caller makes sure that it fits but for one unit at the top."""
    rows, columns = K.shape
    for i in range(rows):
        for j in range(columns):
            value = K[i, j] * scale
            out[i, j] = np.int32(min(np.rint(value), 2147483647.0))


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "nsz", "contract"})
def both_halves(T: Any, x_rows: Any, x_columns: Any, y_rows: Any, y_columns: Any, absolute: bool) -> None:
    """y_rows += T x_columns and y_columns += Tᵀ x_rows in one reading of the int32 tile T, in float64.

    Row by row: one stream through memory runs at its full speed, four rows together at half of it (measured).
    """
    rows, columns = T.shape
    for i in range(rows):
        x, total = x_rows[i], 0.0
        if absolute:
            for j in range(columns):
                t = abs(np.float64(T[i, j]))
                total += t * x_columns[j]
                y_columns[j] += t * x
        else:
            for j in range(columns):
                t = np.float64(T[i, j])
                total += t * x_columns[j]
                y_columns[j] += t * x
        y_rows[i] += total


@njit(nogil=True, cache=True, error_model="numpy")
def stream_tiles(flat: Any, table: Any, first: int, stride: int, v: Any, out: Any, absolute: bool) -> None:
    """out += K v over every stride-th tile from `first`, both halves of each in one reading.

    flat    int32, all tiles one after the other
    table   (tiles, 5) int64: first and last row, first and last column, place in `flat`
    """
    for number in range(first, table.shape[0], stride):
        r0, r1, c0, c1, place = table[number]
        T = flat[place : place + (r1 - r0) * (c1 - c0)].reshape((r1 - r0, c1 - c0))
        if r0 == c0:
            # On the diagonal the tile holds both halves: its second half goes nowhere.
            both_halves(T, v[r0:r1], v[c0:c1], out[r0:r1], np.zeros(c1 - c0), absolute)
        else:
            both_halves(T, v[r0:r1], v[c0:c1], out[r0:r1], out[c0:c1], absolute)

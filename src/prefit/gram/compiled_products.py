"""Products with a tile in one reading of it, for both halves of the matrix, compiled, without the interpreter lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

from prefit.gram.compiled_forming import scaled
from prefit.kernels import compiled as double
from prefit.kernels import single

ROWS = 8  # rows taken together: a column's part of the sums is loaded and stored once for eight rows
WIDTH = 512  # columns taken together: eight rows of them stay in the first-level cache

compiled: Any = njit(nogil=True, cache=True, error_model="numpy")
summing: Any = njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "nsz", "contract"})


@summing  # type: ignore[untyped-decorator]
def both_halves(T: Any, x_rows: Any, x_columns: Any, y_rows: Any, y_columns: Any, absolute: bool) -> None:
    """y_rows += T x_columns and y_columns += Tᵀ x_rows in one reading of the int32 tile T, in float64.

    Row by row: one stream through memory runs at its full speed, four rows together at half of it (measured). The sums
    of columns are collected in an array of their own, whose alignment saves a tenth.
    """
    rows, columns = T.shape
    sums = np.zeros(columns)
    for i in range(rows):
        x, total = x_rows[i], 0.0
        if absolute:
            for j in range(columns):
                t = abs(np.float64(T[i, j]))
                total += t * x_columns[j]
                sums[j] += t * x
        else:
            for j in range(columns):
                t = np.float64(T[i, j])
                total += t * x_columns[j]
                sums[j] += t * x
        y_rows[i] += total
    for j in range(columns):
        y_columns[j] += sums[j]


@compiled
def stream_tiles(flat, base, table, first, last, v, out, absolute):  # type: ignore[no-untyped-def]
    """out += T v for the tiles first … last, both halves of each: one column at the speed of memory.

    flat    int32, the tiles one after the other from entry `base` of the table on
    table   (tiles, 5) int64: first and last row, first and last column, place
    """
    for number in range(first, last):
        r0, r1, c0, c1, place = table[number]
        T = flat[place - base : place - base + (r1 - r0) * (c1 - c0)].reshape((r1 - r0, c1 - c0))
        if r0 == c0:
            # On the diagonal the tile holds both halves: its second half goes nowhere.
            both_halves(T, v[r0:r1], v[c0:c1], out[r0:r1], np.zeros(c1 - c0), absolute)
        else:
            both_halves(T, v[r0:r1], v[c0:c1], out[r0:r1], out[c0:c1], absolute)


@compiled
def few_columns(flat, base, table, first, last, ranges, X, out, absolute):  # type: ignore[no-untyped-def]
    """out += T X for the tiles first … last and a few columns: eight rows at a time, in the precision of X.

    ranges   (tiles, 2) of the dtype of X: the entries of a tile are low + unit · stored
    X        (k, n) float32 or float64, a row for each column; out (k, n) float64
    """
    k = X.shape[0]
    F, Y = np.zeros((ROWS, WIDTH), X.dtype), np.zeros((k, WIDTH), X.dtype)
    for number in range(first, last):
        r0, r1, c0, c1, place = table[number]
        low, unit = ranges[number]
        for start in range(c0, c1, WIDTH):
            size = min(WIDTH, c1 - start)
            Y[:, :size] = 0
            for i in range(r0, r1, ROWS):
                count = min(ROWS, r1 - i)
                _decode(flat, place - base + (i - r0) * (c1 - c0) + start - c0, c1 - c0, count, size, low, unit, F)
                if r0 == c0:
                    for r in range(max(0, start - i), min(count, start + size - i)):
                        F[r, i + r - start] = 0
                _multiply(F, i, count, start, size, X, Y, out, absolute)
            if r0 != c0:
                _add(Y, start, size, out)


@compiled
def fresh_columns(parts, inverse, row, column, recipe, X, out, absolute):  # type: ignore[no-untyped-def]
    """out += T X for one tile that is computed on the way, from inner products, in the precision of X.

    parts    (p, r, c) inner products, of the dtype of X or (whole numbers) float32; inverse (n,) of that of X
    recipe   weights (L,) of the dtype of X, backward, forward of the kernel
    """
    rows, columns = parts.shape[1], parts.shape[2]
    weights, backward, forward = recipe
    F, Y = np.zeros((ROWS, WIDTH), X.dtype), np.zeros((X.shape[0], WIDTH), X.dtype)
    sigma, total, C = np.empty(WIDTH, X.dtype), np.empty(WIDTH, X.dtype), np.empty(WIDTH, X.dtype)
    for start in range(0, columns, WIDTH):
        size = min(WIDTH, columns - start)
        Y[:, :size] = 0
        for first in range(0, rows, ROWS):
            if row == column and start + size <= first:
                continue
            count = min(ROWS, rows - first)
            for r in range(count):
                i = first + r
                scales = inverse[column + start : column + start + size]
                scaled(parts, i, start, inverse[row + i], scales, C[:size])
                _evaluate(C[:size], F[r, :size], sigma, total, weights, backward, forward)
                if row == column:
                    # The upper triangle stands for both halves, as in the tiles that are kept.
                    F[r, : max(0, min(size, i + 1 - start))] = 0
            _multiply(F, row + first, count, column + start, size, X, Y, out, absolute)
        _add(Y, column + start, size, out)


def _evaluate(*arguments: Any) -> None:
    """Kernel values of a piece of a row in the precision of the cosines."""
    raise NotImplementedError


@overload(_evaluate, inline="never")
def _chosen(  # type: ignore[no-untyped-def]
    cosines, values, sigma, total, weights, backward, forward
) -> Callable[..., None]:
    evaluate = single.evaluate_piece if cosines.dtype == types.float32 else double.evaluate_piece

    def run(cosines, values, sigma, total, weights, backward, forward):  # type: ignore[no-untyped-def]
        evaluate(cosines, values, sigma, total, weights, backward, forward)

    return run


@compiled  # type: ignore[untyped-decorator]
def _decode(flat: Any, first: int, stride: int, count: int, size: int, low: Any, unit: Any, F: Any) -> None:
    """F (ROWS, WIDTH) = low + unit · stored for `count` rows of a tile, from entry `first` on."""
    for r in range(count):
        row = flat[first + r * stride : first + r * stride + size]
        for j in range(size):
            F[r, j] = low + unit * type(unit)(row[j])


@compiled  # type: ignore[untyped-decorator]
def _multiply(F: Any, first: int, count: int, start: int, size: int, X: Any, Y: Any, out: Any, absolute: bool) -> None:
    """Rows first … first + count of out += F X, and Y += Fᵀ X of these rows; F (ROWS, WIDTH) is cleared below count."""
    if absolute:
        for r in range(count):
            for j in range(size):
                F[r, j] = abs(F[r, j])
    F[count:, :size] = 0
    x, y = np.zeros(ROWS, X.dtype), np.zeros(ROWS, X.dtype)
    for a in range(X.shape[0]):
        for r in range(count):
            x[r] = X[a, first + r]
        _eight_rows(F, size, x, X[a, start : start + size], Y[a], y)
        for r in range(count):
            out[a, first + r] += y[r]


@summing  # type: ignore[untyped-decorator]
def _eight_rows(F: Any, size: int, x_rows: Any, x_columns: Any, y_columns: Any, y_rows: Any) -> None:
    """y_rows = F x_columns, y_columns += Fᵀ x_rows: ten loads and a store for sixteen multiply-adds."""
    f0, f1, f2, f3, f4, f5, f6, f7 = F[0], F[1], F[2], F[3], F[4], F[5], F[6], F[7]
    r0, r1, r2, r3, r4, r5, r6, r7 = (
        x_rows[0], x_rows[1], x_rows[2], x_rows[3], x_rows[4], x_rows[5], x_rows[6], x_rows[7]
    )  # fmt: skip
    zero = r0 - r0
    t0 = t1 = t2 = t3 = t4 = t5 = t6 = t7 = zero
    for j in range(size):
        x = x_columns[j]
        a0, a1, a2, a3, a4, a5, a6, a7 = f0[j], f1[j], f2[j], f3[j], f4[j], f5[j], f6[j], f7[j]
        t0 += a0 * x
        t1 += a1 * x
        t2 += a2 * x
        t3 += a3 * x
        t4 += a4 * x
        t5 += a5 * x
        t6 += a6 * x
        t7 += a7 * x
        y_columns[j] += ((a0 * r0 + a1 * r1) + (a2 * r2 + a3 * r3)) + ((a4 * r4 + a5 * r5) + (a6 * r6 + a7 * r7))
    y_rows[0], y_rows[1], y_rows[2], y_rows[3] = t0, t1, t2, t3
    y_rows[4], y_rows[5], y_rows[6], y_rows[7] = t4, t5, t6, t7


@compiled  # type: ignore[untyped-decorator]
def _add(Y: Any, start: int, size: int, out: Any) -> None:
    """Columns start … start + size of out += Y, in float64."""
    for a in range(Y.shape[0]):
        y, target = Y[a], out[a, start : start + size]
        for j in range(size):
            target[j] += y[j]


@compiled
def encode(tiles, table, base, first, last, codes, ranges):  # type: ignore[no-untyped-def]
    """16-bit codes of int32 tiles: low + unit · code with unit (largest − least)/65535 off the diagonal, tile by tile.

    tiles   int32 room of the tiles first … last; codes uint16 likewise; ranges (tiles, 2) float64
    """
    for number in range(first, last):
        r0, r1, c0, c1, place = table[number]
        size = (r1 - r0) * (c1 - c0)
        T = tiles[place - base : place - base + size]
        step = (c1 - c0 + 1) if r0 == c0 else size  # entries on the diagonal of K do not count
        low, high = 2147483647, -2147483647
        for i in range(size):
            if r0 != c0 or i % step:
                low, high = min(low, T[i]), max(high, T[i])
        low, high = min(low, high), max(low, high)
        unit = max((np.float64(high) - np.float64(low)) / 65535.0, 1.0)
        ranges[number, 0], ranges[number, 1] = low, unit
        out = codes[place - base : place - base + size]
        for i in range(size):
            out[i] = np.uint16(min(max(np.rint((np.float64(T[i]) - low) / unit), 0.0), 65535.0))

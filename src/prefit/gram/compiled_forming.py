"""From inner products to fixed-point entries and power sums: one compiled pass over a tile, row by row in the cache."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from prefit.kernels.compiled import PIECE, evaluate_piece

ROWS = 4  # rows taken together: sums over columns are loaded and stored once for four rows

compiled: Any = njit(nogil=True, cache=True, error_model="numpy")
summing: Any = njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "nsz", "contract"})
comparing: Any = njit(nogil=True, cache=True, error_model="numpy", fastmath={"nnan", "nsz"})  # cosines are numbers


@comparing  # type: ignore[untyped-decorator]
def _absolute(C: Any, P: Any, maxima: Any) -> float:
    """P = min(|C|, 1) for one row piece; raises the columns' maxima and returns the row's."""
    top = 0.0
    for j in range(C.size):
        value = min(abs(C[j]), 1.0)
        P[j] = value
        maxima[j] = max(maxima[j], value)
        top = max(top, value)
    return top


@summing  # type: ignore[untyped-decorator]
def _add_powers(
    P: Any,
    size: int,
    count: int,
    first: int,
    row_sums: Any,
    column_sums: Any,
    start: int,
    largest: float,
    negligible: float,
) -> None:
    """Add the powers 2^a of four row pieces in P (ROWS, PIECE), overwritten, to `count` rows and the columns."""
    p0, p1, p2, p3 = P[0], P[1], P[2], P[3]
    for a in range(row_sums.shape[0]):
        sums = column_sums[a, start : start + size]
        t0, t1, t2, t3 = 0.0, 0.0, 0.0, 0.0
        for j in range(size):
            v0, v1, v2, v3 = p0[j], p1[j], p2[j], p3[j]
            t0 += v0
            t1 += v1
            t2 += v2
            t3 += v3
            sums[j] += (v0 + v1) + (v2 + v3)
            p0[j] = v0 * v0
            p1[j] = v1 * v1
            p2[j] = v2 * v2
            p3[j] = v3 * v3
        row_sums[a, first] += t0
        if count > 1:
            row_sums[a, first + 1] += t1
        if count > 2:
            row_sums[a, first + 2] += t2
        if count > 3:
            row_sums[a, first + 3] += t3
        largest *= largest
        if largest < negligible:
            break


@compiled
def power_sums(  # type: ignore[no-untyped-def]
    S, row_sums, column_sums, row_max, column_max, negligible
):
    """Add Σ_j |s_ij|^(2^a) over one block of cosines to the sums of its rows and of its columns.

    S            (r, c) block; entries that do not count are set to 0 by the caller
    row_sums     (A + 1, r), column_sums (A + 1, c): added to
    row_max      (r,), column_max (c,): raised to the largest |s_ij|
    negligible   powers are no longer added once all of four rows are below this; the caller adds it n times
    """
    rows, columns = S.shape
    P = np.empty((ROWS, PIECE))
    for first in range(0, rows, ROWS):
        count = min(ROWS, rows - first)
        for start in range(0, columns, PIECE):
            size = min(PIECE, columns - start)
            largest = 0.0
            P[count:, :size] = 0.0
            for r in range(count):
                piece = S[first + r, start : start + size]
                top = _absolute(piece, P[r, :size], column_max[start : start + size])
                row_max[first + r] = max(row_max[first + r], top)
                largest = max(largest, top)
            _add_powers(P, size, count, first, row_sums, column_sums, start, largest, negligible)


@compiled
def form_tile(  # type: ignore[no-untyped-def]
    parts, inverse, row, column, sums, maxima, negligible, recipe, scale, tile
):
    """Cosines Σ_p parts_p · inverse_i · inverse_j of one tile: their power sums, and their kernel values.

    A tile on the diagonal (row = column) is known by its upper triangle, since BLAS may round s_ij and s_ji
    differently; the diagonal itself does not count and becomes 0.

    parts      (p, r, c) inner products, float32 or float64; added and scaled in float64
    inverse    (n,); row, column: the tile's first row and column
    sums       (A + 1, n), maxima (n,): added to and raised, for the rows and the columns
    recipe     weights (L,), backward, forward of the kernel
    scale      1/q: tile (r, c) int32 becomes the values in units of q; an empty tile: the sums alone are asked
    """
    rows, columns = parts.shape[1], parts.shape[2]
    diagonal = row == column
    weights, backward, forward = recipe
    C, P = np.empty((ROWS, PIECE)), np.empty((ROWS, PIECE))
    K, sigma, total = np.empty(PIECE), np.empty(PIECE), np.empty(PIECE)
    for first in range(0, rows, ROWS):
        count = min(ROWS, rows - first)
        for start in range(0, columns, PIECE):
            size = min(PIECE, columns - start)
            if diagonal and start + size <= first:
                continue
            largest = 0.0
            P[count:, :size] = 0.0
            for r in range(count):
                i = first + r
                c = C[r, :size]
                scaled(parts, i, start, inverse[row + i], inverse[column + start : column + start + size], c)
                if diagonal:
                    c[: max(0, min(size, i + 1 - start))] = 0.0
                top = _absolute(c, P[r, :size], maxima[column + start : column + start + size])
                maxima[row + i] = max(maxima[row + i], top)
                largest = max(largest, top)
            _add_powers(P, size, count, row + first, sums, sums, column + start, largest, negligible)
            if tile.size:
                for r in range(count):
                    evaluate_piece(C[r, :size], K[:size], sigma, total, weights, backward, forward)
                    _round(K[:size], scale, tile[first + r, start : start + size])
    if diagonal and tile.size:
        for i in range(rows):
            tile[i, i] = 0
            for j in range(i):
                tile[i, j] = tile[j, i]


@compiled  # type: ignore[untyped-decorator]
def scaled(parts: Any, i: int, start: int, inverse: Any, inverses: Any, out: Any) -> None:
    """A piece of a row of cosines: the parts of its inner products added, then multiplied with both inverses."""
    size = out.size
    piece = parts[0, i, start : start + size]
    for j in range(size):
        out[j] = piece[j]
    for p in range(1, parts.shape[0]):
        more = parts[p, i, start : start + size]
        for j in range(size):
            out[j] += more[j]
    for j in range(size):
        out[j] = (out[j] * inverse) * inverses[j]


@compiled  # type: ignore[untyped-decorator]
def _round(K: Any, scale: float, out: Any) -> None:
    for j in range(K.size):
        out[j] = np.int32(np.rint(K[j] * scale))

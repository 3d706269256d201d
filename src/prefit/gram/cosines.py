"""Blocks of the matrix of cosines s_ij = x_iᵀx_j/(‖x_i‖‖x_j‖), each with the error it may carry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix, Vector

UNIT = 2.0**-53  # unit roundoff u of float64
EXACT_FLOAT32 = 2**24  # integers up to here are exact in float32
MIN_CHUNK = 64  # features a chunk at least, else adding the chunks up costs more than float32 saves


class Cosines(Protocol):
    """Inner products of n unit rows; `error` bounds |computed − true cosine| for every entry."""

    @property
    def n(self) -> int: ...

    @property
    def error(self) -> float: ...

    @property
    def inverse(self) -> Vector:
        """(n,) what products are multiplied with, for the row and for the column."""

    @property
    def parts(self) -> int:
        """How many arrays of products are added."""

    @property
    def dtype(self) -> type: ...

    def products(self, rows: slice, columns: slice, buffer: AnyArray) -> AnyArray:
        """(parts, r, c) inner products of rows × columns, in `buffer` of at least that many entries."""

    def block(self, rows: slice, columns: slice, out: Matrix) -> None:
        """Write the cosines of rows × columns into out."""

    def single(self) -> Cosines:
        """The same, multiplied in float32: for iterations, which promise no error."""


@dataclass(frozen=True)
class FloatCosines:
    """Float64 products of unit rows U (n, d): error at most 2(d + 3)u (docs/proofs.md P2a).

    U may be float32, for iterations; then there is no such error.
    """

    U: AnyArray

    @property
    def n(self) -> int:
        return int(self.U.shape[0])

    @property
    def error(self) -> float:
        return 2.0 * (int(self.U.shape[1]) + 3) * UNIT

    @cached_property
    def inverse(self) -> Vector:
        return np.ones(self.n)

    @property
    def parts(self) -> int:
        return 1

    @property
    def dtype(self) -> type:
        return np.float32 if self.U.dtype == np.float32 else np.float64

    def products(self, rows: slice, columns: slice, buffer: AnyArray) -> AnyArray:
        out = _room(buffer, 1, rows, columns)
        np.dot(self.U[rows], self.U[columns].T, out=out[0])
        return out

    def single(self) -> Cosines:
        return FloatCosines(self.U.astype(np.float32))

    def block(self, rows: slice, columns: slice, out: Matrix) -> None:
        np.dot(self.U[rows], self.U[columns].T, out=out)


@dataclass(frozen=True)
class IntegerCosines:
    """Inner products of whole numbers without rounding error, at the speed of float32.

    Every partial sum of a chunk of features is a whole number of at most 2^24 (Cauchy-Schwarz on the chunk's norms), so
    float32 holds it whatever the order of summation; chunks are added and divided in float64. The error is that of two
    reciprocal roots and two products, 6u, with margin 8u.

    chunks   float32 (n, d_q) whole numbers
    inverse  (n,) 1/‖x_i‖, from the exact sum of squares
    """

    chunks: tuple[AnyArray, ...]
    inverse: Vector

    @property
    def n(self) -> int:
        return int(self.inverse.shape[0])

    @property
    def error(self) -> float:
        return 8.0 * UNIT

    @property
    def parts(self) -> int:
        return len(self.chunks)

    @property
    def dtype(self) -> type:
        return np.float32

    def products(self, rows: slice, columns: slice, buffer: AnyArray) -> AnyArray:
        out = _room(buffer, self.parts, rows, columns)
        for part, chunk in zip(out, self.chunks, strict=True):
            np.dot(chunk[rows], chunk[columns].T, out=part)
        return out

    def single(self) -> Cosines:
        return self

    def block(self, rows: slice, columns: slice, out: Matrix) -> None:
        part = np.empty(out.shape, np.float32)
        for number, chunk in enumerate(self.chunks):
            np.dot(chunk[rows], chunk[columns].T, out=part)
            if number == 0:
                np.copyto(out, part)
            else:
                out += part
        out *= self.inverse[rows, None]
        out *= self.inverse[columns]


def _room(buffer: AnyArray, parts: int, rows: slice, columns: slice) -> AnyArray:
    """(parts, r, c) at the beginning of a larger array."""
    r, c = rows.stop - rows.start, columns.stop - columns.start
    return buffer.reshape(-1)[: parts * r * c].reshape(parts, r, c)


def cosines_of(X: AnyArray, U: Matrix, first: Indices) -> Cosines:
    """The cheapest source of cosines for the inputs X[first], whose unit rows are U[first]."""
    chunks = _whole_number_chunks(X, first)
    if chunks is None:
        return FloatCosines(U if first.shape[0] == U.shape[0] else np.ascontiguousarray(U[first]))
    squares = np.zeros(first.shape[0])
    for chunk in chunks:
        squares += np.einsum("ij,ij->i", chunk, chunk, dtype=np.float64)
    return IntegerCosines(chunks, 1.0 / np.sqrt(squares))


def _whole_number_chunks(X: AnyArray, first: Indices) -> tuple[AnyArray, ...] | None:
    """Columns of X[first] dealt out so that no chunk of a row has a squared norm above 2^24; None where idle."""
    small = X.dtype.kind in "ui" and X.dtype.itemsize <= 2
    if not small or X.shape[1] < 2 * MIN_CHUNK:
        return None
    squares = np.einsum("ij,ij->i", X, X, dtype=np.int64)[first]
    count = max(1, int(np.ceil(squares.max() / EXACT_FLOAT32)))
    while X.shape[1] // count >= MIN_CHUNK:
        # Every count-th feature: neighbouring pixels are alike, so the chunks' norms come out nearly equal.
        chunks = tuple(np.ascontiguousarray(X[first, part::count], dtype=np.float32) for part in range(count))
        if all(np.einsum("ij,ij->i", c, c, dtype=np.float64).max() <= EXACT_FLOAT32 for c in chunks):
            return chunks
        count += 1
    return None


# Other inputs ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Across:
    """Cosines between other inputs and those of a source, in the source's own arithmetic.

    pairs    (other rows, source rows) whose products are added
    inverse  what the sum is multiplied with, for the other rows and for the source's; None: nothing
    """

    pairs: tuple[tuple[AnyArray, AnyArray], ...]
    inverse: tuple[Vector, Vector] | None = None

    def block(self, others: slice, rows: slice, out: Matrix) -> None:
        """Write the cosines of others × rows into out."""
        for number, (left, right) in enumerate(self.pairs):
            if number == 0:
                np.copyto(out, left[others] @ right[rows].T)
            else:
                out += left[others] @ right[rows].T
        if self.inverse is not None:
            out *= self.inverse[0][others, None]
            out *= self.inverse[1][rows]


def across(cosines: Cosines, rows: Matrix, X: AnyArray, U: Matrix) -> Across:
    """From the inputs X (t, d), whose unit rows are U (t, d), to those of `cosines`, whose unit rows are `rows` (n, d).

    Whole numbers keep their exact float32 products where the chunks of X are short enough too.
    """
    if isinstance(cosines, IntegerCosines) and X.dtype.kind in "ui" and X.dtype.itemsize <= 2:
        count = len(cosines.chunks)
        chunks = [np.ascontiguousarray(X[:, part::count], dtype=np.float32) for part in range(count)]
        squares = np.array([np.einsum("ij,ij->i", chunk, chunk, dtype=np.float64) for chunk in chunks])
        if bool((squares <= EXACT_FLOAT32).all()):
            pairs = tuple(zip(chunks, cosines.chunks, strict=True))
            return Across(pairs, (1.0 / np.sqrt(squares.sum(axis=0)), cosines.inverse))
    return Across(((U, rows),))

"""Products with tiles that are kept, wherever: each is read once for both its halves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.gram.compiled_products import few_columns, stream_tiles
from prefit.gram.layout import Layout
from prefit.gram.stores import Store
from prefit.gram.workers import Workers

FEW = 16  # columns up to here go through the compiled loops, more through BLAS (measured: equal at 16 in float32)


@dataclass(frozen=True)
class Tiles:
    """Whole numbers T (n, n), symmetric, zero on the diagonal, as the tiles of their upper half.

    ranges   (tiles, 2) low and unit of each tile's entries, low + unit · stored; None: the entries as they are
    """

    layout: Layout
    store: Store
    workers: Workers
    ranges: AnyArray | None = None

    def multiply(self, V: AnyArray) -> AnyArray:
        """(n, k) float64 T V: each tile multiplied in V's precision, tiles added up in float64."""
        if V.shape[1] == 1 and self.ranges is None:
            return self.streamed(np.ascontiguousarray(V[:, 0], dtype=np.float64), False)[:, None]
        return self._few(V) if V.shape[1] <= FEW else self._many(V)

    def streamed(self, v: Vector, absolute: bool) -> Vector:
        """T v or |T| v for one float64 column, T of 32 bits, at the speed of memory."""
        table = self.layout.table

        def work(worker: int) -> Vector:
            part = np.zeros(self.layout.n)
            for first, last, base, flat in self._windows(worker):
                stream_tiles(flat, base, table, first, last, v, part, absolute)
            return part

        return self.workers.total(work)

    def _few(self, V: AnyArray) -> AnyArray:
        X, ranges = np.ascontiguousarray(V.T), self._ranges(V.dtype)

        def work(worker: int) -> Matrix:
            part = np.zeros(X.shape)
            for first, last, base, flat in self._windows(worker):
                few_columns(flat, base, self.layout.table, first, last, ranges, X, part, False)
            return part

        return np.ascontiguousarray(self.workers.total(work).T)

    def _many(self, V: AnyArray) -> AnyArray:
        columns, ranges = V.shape[1], self._ranges(V.dtype)
        V = _padded(V)

        def work(worker: int) -> Matrix:
            part, buffer = np.zeros(V.shape), np.empty(self.layout.side**2, V.dtype)
            for first, last, base, flat in self._windows(worker):
                for number in range(first, last):
                    r0, r1, c0, c1, _ = (int(value) for value in self.layout.table[number])
                    block = buffer[: (r1 - r0) * (c1 - c0)].reshape(r1 - r0, c1 - c0)
                    np.copyto(block, self.layout.tile(flat, number, base), casting="unsafe")
                    if self.ranges is not None:
                        low, unit = ranges[number]
                        block *= unit
                        block += low
                        if r0 == c0:
                            np.fill_diagonal(block, 0.0)
                    part[r0:r1] += block @ V[c0:c1]
                    if r0 != c0:
                        part[c0:c1] += block.T @ V[r0:r1]
            return part

        return np.ascontiguousarray(self.workers.total(work)[:, :columns])

    def _ranges(self, dtype: Any) -> AnyArray:
        if self.ranges is None:
            return np.tile(np.array([[0.0, 1.0]], dtype), (len(self.layout.table), 1))
        return self.ranges.astype(dtype)

    def _windows(self, worker: int) -> Iterator[tuple[int, int, int, AnyArray]]:
        """The worker's segments one after the other: first and last tile, first entry, the entries themselves."""
        segments = self.layout.share(worker)
        for i, segment in enumerate(segments):
            if self.workers.stopping:  # the sum is never asked for
                return
            start, stop = self.layout.span(segment)
            if i + 1 < len(segments):
                self.store.ahead(*self.layout.span(segments[i + 1]))
            with self.store.window(start, stop) as flat:
                yield (*segment, start, flat)
                del flat


def _padded(V: AnyArray) -> AnyArray:
    """V with zero columns up to a multiple of sixteen, where BLAS gains more from it than they cost."""
    spare = -V.shape[1] % 16
    if V.shape[1] <= 24 or V.dtype != np.float32 or not spare:
        return np.ascontiguousarray(V)
    return np.hstack([V, np.zeros((V.shape[0], spare), V.dtype)])

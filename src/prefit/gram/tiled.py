"""The symmetric half of the Gram matrix in tiles of 32-bit fixed point.

An entry is held as the whole number nearest to K_ij / q, q = κ(1) 2⁻³¹: the memory of float32 with an error of q at
most, everywhere, so that one set of tiles serves the Krylov steps at the speed of memory and, multiplied in float64,
the certificate. Each tile is read once for both its halves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.gram.compiled import power_sums, stream_tiles, to_fixed_point
from prefit.gram.cosines import Cosines
from prefit.gram.floor import LEVELS, NEGLIGIBLE, Floor, excess_upper
from prefit.gram.gram import Gram
from prefit.gram.workers import Workers
from prefit.kernels import Kernel

SIDE = 512  # a float64 tile of cosines is 2 MiB: it stays in the cache between its passes
FEW = 2  # columns up to here run through the tiles one by one at the speed of memory, more go through BLAS
Pair = tuple[slice, slice]


def tile_pairs(n: int, side: int = SIDE) -> list[Pair]:
    """Row and column ranges of the tiles on and above the diagonal."""
    edges = [slice(start, min(start + side, n)) for start in range(0, n, side)]
    return [(edges[i], edges[j]) for i in range(len(edges)) for j in range(i, len(edges))]


@dataclass(frozen=True)
class TiledOperator:
    """K from tiles of its upper half; diagonal entries are kept apart, exact.

    flat      int32, the tiles one after the other in the order of `pairs`, zero on the diagonal of K
    quantum   q, the value of one unit
    """

    pairs: list[Pair]
    flat: AnyArray
    quantum: float
    entry: float  # κ(1)
    size: int
    workers: Workers

    @property
    def n(self) -> int:
        return self.size

    @property
    def device(self) -> str:
        return "cpu"

    @property
    def precision(self) -> str:
        return "32-bit fixed-point entries, float64 products (float32 where many columns run together)"

    def diagonal(self) -> Vector:
        return np.full(self.size, self.entry)

    def matmat(self, V: AnyArray) -> AnyArray:
        """K V. Float64 V is multiplied in float64; float32 V of more than two columns in float32."""
        if V.shape[1] > FEW:
            return self._blocked(V)
        out = np.empty(V.shape, V.dtype)
        for column in range(V.shape[1]):
            out[:, column] = self._streamed(np.ascontiguousarray(V[:, column], dtype=np.float64), False)
        return out

    def absolute_matvec(self, v: Vector) -> Vector:
        return self._streamed(v, True)

    @cached_property
    def _table(self) -> AnyArray:
        return _places(self.pairs)

    def _streamed(self, v: Vector, absolute: bool) -> Vector:
        def work(worker: int) -> Vector:
            part = np.zeros(self.size)
            stream_tiles(self.flat, self._table, worker, self.workers.threads, v, part, absolute)
            return part

        first, *others = self.workers.share(work)
        total: Vector = self.quantum * sum(others, start=first) + self.entry * v
        return total

    def _blocked(self, V: AnyArray) -> AnyArray:
        def work(worker: int) -> AnyArray:
            # Tiles are multiplied in V's precision and added up in float64.
            part, buffer = np.zeros(V.shape), np.empty(_largest(self.pairs), V.dtype)
            for number in range(worker, len(self.pairs), self.workers.threads):
                rows, columns = self.pairs[number]
                tile = _tile(self.flat, self._table[number])
                block = buffer[: tile.size].reshape(tile.shape)
                np.copyto(block, tile, casting="unsafe")
                part[rows] += block @ V[columns]
                if rows != columns:
                    part[columns] += block.T @ V[rows]
            return part

        first, *others = self.workers.share(work)
        total: AnyArray = sum(others, start=first)
        total *= self.quantum
        total += self.entry * V
        return total


def tiled_bytes(n: int, side: int = SIDE) -> int:
    """Memory that the tiles of n rows take."""
    return sum(4 * (r.stop - r.start) * (c.stop - c.start) for r, c in tile_pairs(n, side))


def _largest(pairs: list[Pair]) -> int:
    """Entries of the largest tile."""
    return max(int(r.stop - r.start) * int(c.stop - c.start) for r, c in pairs)


def tiled_gram(
    cosines: Cosines,
    kernel: Kernel,
    workers: Workers,
    progress: Callable[[float], None] | None = None,
    side: int = SIDE,
) -> Gram:
    """Form the tiles of K and its floor in one pass over the inner products: O(n²d/2), 2n² bytes."""
    n = cosines.n
    pairs, quantum = tile_pairs(n, side), kernel.diagonal * 2.0**-31
    flat, table = np.empty(tiled_bytes(n, side) // 4, np.int32), _places(pairs)
    done = [0] * workers.threads

    def work(worker: int) -> tuple[Matrix, Vector]:
        sums, largest = np.zeros((LEVELS + 1, n)), np.zeros(n)
        buffer = np.empty(_largest(pairs))
        for number in range(worker, len(pairs), workers.threads):
            if workers.stopping:
                break
            rows, columns = pairs[number]
            tile = _tile(flat, table[number])
            S = buffer[: tile.size].reshape(tile.shape)
            cosines.block(rows, columns, S)
            _measure(S, rows, columns, sums, largest)
            kernel.evaluate(S, S)
            if rows == columns:
                np.fill_diagonal(S, 0.0)
            to_fixed_point(S, 1.0 / quantum, tile)
            done[worker] += 1
            if progress is not None:
                progress(sum(done) / len(pairs))
        return sums, largest

    parts = workers.share(work)
    total: Matrix = sum(part[0] for part in parts)  # type: ignore[assignment]
    highest = np.max([part[1] for part in parts], axis=0)
    floor = Floor(kernel.bands(LEVELS), excess_upper(total, cosines.error, NEGLIGIBLE))
    deviation = kernel.perturbation(highest, cosines.error) + quantum
    operator = TiledOperator(pairs, flat, quantum, kernel.diagonal, n, workers)
    return Gram(operator, floor, deviation, kernel.diagonal)


def _places(pairs: list[Pair]) -> AnyArray:
    """(tiles, 5): first and last row, first and last column, place in the flat array."""
    edges = np.array([[r.start, r.stop, c.start, c.stop] for r, c in pairs], np.int64)
    sizes = (edges[:, 1] - edges[:, 0]) * (edges[:, 3] - edges[:, 2])
    return np.column_stack([edges, np.cumsum(sizes) - sizes])


def _tile(flat: AnyArray, row: AnyArray) -> AnyArray:
    """One tile as an array."""
    r0, r1, c0, c1, place = (int(value) for value in row)
    return flat[place : place + (r1 - r0) * (c1 - c0)].reshape(r1 - r0, c1 - c0)


def _measure(S: Matrix, rows: slice, columns: slice, sums: Matrix, largest: Vector) -> None:
    """Add the tile's powers to the row sums; a tile on the diagonal is whole and counts its rows only."""
    if rows != columns:
        power_sums(S, sums[:, rows], sums[:, columns], largest[rows], largest[columns], NEGLIGIBLE)
        return
    # One triangle stands for both, since BLAS may round s_ij and s_ji differently.
    half = np.triu(S, 1)
    np.add(half, half.T, out=S)
    spare = np.zeros((sums.shape[0], S.shape[0]))
    power_sums(S, sums[:, rows], spare, largest[rows], np.zeros(S.shape[0]), NEGLIGIBLE)

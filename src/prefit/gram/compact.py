"""Tiles of 16-bit codes for iterations, half the memory of 32-bit ones; certificates recompute the entries.

A code is the place of an entry between the least and the largest of its tile, in 65,535 steps: an error of half a step,
about 1e-5 κ(1) for a tile that spans the kernel's range. That is too much for a certificate and enough for the steps of
an iteration whose residual is computed in float64 (docs/operators.md has what it cost and saved).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from prefit._shapes import AnyArray, Vector
from prefit.gram.compiled_products import encode
from prefit.gram.cosines import Cosines
from prefit.gram.forming import form, quantum_of
from prefit.gram.gram import Gram, Operator
from prefit.gram.layout import SIDE, Layout, Segment, layout_of, stored_entries
from prefit.gram.recomputed import RecomputedOperator, fresh_deviation
from prefit.gram.stored import Tiles
from prefit.gram.stores import InMemory
from prefit.gram.tiled import copy_of
from prefit.gram.workers import Workers
from prefit.kernels import Kernel
from prefit.storage import Forgetful, Keeper


@dataclass(frozen=True)
class CompactOperator(Operator):
    """K from 16-bit tiles for float32 columns, recomputed for float64 ones.

    tiles     codes and their ranges, in quanta of the 32-bit fixed point
    quantum   the value of one
    """

    tiles: Tiles
    quantum: float
    fresh: RecomputedOperator

    name = "compact"
    precision = "16-bit entries in iterations, recomputed float64 ones in certificates"
    fast_is_exact = False

    @property
    def n(self) -> int:
        return self.fresh.n

    def diagonal(self) -> Vector:
        return self.fresh.diagonal()

    def matmat(self, V: AnyArray) -> AnyArray:
        if V.dtype != np.float32:
            return self.fresh.matmat(V)
        total = self.tiles.multiply(V)
        total *= self.quantum
        total += self.fresh.kernel.diagonal * V
        return total

    def absolute_matvec(self, v: Vector) -> Vector:
        return self.fresh.absolute_matvec(v)


def compact_bytes(n: int, side: int = SIDE) -> int:
    """Memory that the codes of n rows take."""
    return 2 * stored_entries(n, side)


def compact_gram(
    cosines: Cosines,
    kernel: Kernel,
    workers: Workers,
    progress: Callable[[float], None] | None = None,
    side: int = SIDE,
    keeper: Keeper | None = None,
    spill: bool = False,
) -> Gram:
    """Form the codes of K and its floor: O(n²d/2), n² bytes. `spill` as for `tiled_gram`."""
    keeper = keeper or Forgetful()
    layout = layout_of(cosines.n, workers.threads, side)
    sink = CodeSink(layout, keeper if spill else Forgetful())
    formed = form(cosines, kernel, layout, workers, sink, "compact", keeper, progress)
    tiles = Tiles(layout, InMemory(sink.flat), workers, sink.ranges)
    fresh = RecomputedOperator(cosines, kernel, layout, workers)
    operator = CompactOperator(tiles, quantum_of(kernel), fresh)
    return Gram(operator, formed.floor, fresh_deviation(formed, kernel, cosines), kernel.diagonal, formed.notes)


class CodeSink:
    """32-bit tiles of a segment, coded in 16 bits as it is left."""

    def __init__(self, layout: Layout, keeper: Keeper) -> None:
        self.layout = layout
        self.flat = np.empty(layout.entries, np.uint16)
        self.ranges = np.zeros((len(layout.table), 2))
        self._copy = copy_of(layout, keeper, np.uint16)
        self._rooms: list[AnyArray] = []
        self._numbers = {segment: number for number, segment in enumerate(layout.segments)}

    def begin(self) -> None:
        self._rooms = [np.zeros(self.layout.longest, np.int32) for _ in range(self.layout.threads)]

    @contextmanager
    def room(self, segment: Segment) -> Iterator[AnyArray]:
        start, stop = self.layout.span(segment)
        room = self._rooms[self._numbers[segment] % self.layout.threads][: stop - start]
        yield room
        encode(room, self.layout.table, start, *segment, self.flat[start:stop], self.ranges)

    def keep(self, done: int) -> Mapping[str, AnyArray] | None:
        written = None if self._copy is None else self._copy.write(self.flat, done)
        return None if written is None else {**written, "ranges": self.ranges}

    def found(self, saved: Mapping[str, AnyArray], done: int) -> list[int] | None:
        if self._copy is None:
            return None
        self.ranges[:] = saved["ranges"]
        return self._copy.read(self.flat, saved["checksums"], done)

"""The symmetric half of the Gram matrix in tiles of 32-bit fixed point.

An entry is held as the whole number nearest to K_ij / q, q = κ(1)/(2³¹ − 1): the memory of float32 with an error of
q/2, everywhere, so that one set of tiles serves the Krylov steps at the speed of memory and, multiplied in float64, the
certificate. Each tile is read once for both its halves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prefit._shapes import AnyArray, Vector
from prefit.errors import InputError
from prefit.gram.cosines import Cosines
from prefit.gram.forming import Formed, form, quantum_of
from prefit.gram.gram import Gram, Operator
from prefit.gram.layout import SIDE, Layout, Segment, layout_of, stored_entries
from prefit.gram.stored import Tiles
from prefit.gram.stores import InMemory, TileFile, checksum
from prefit.gram.workers import Workers
from prefit.kernels import Kernel
from prefit.storage import Forgetful, Keeper

FILE = "gram.tiles"  # in the keeper's folder
ROUNDING = 0.5 + 1e-6  # quanta: half a unit, and three roundings of numbers up to 2³¹ on the way to it


@dataclass(frozen=True)
class TiledOperator(Operator):
    """K from 32-bit tiles of its upper half, in memory or on disk; diagonal entries are kept apart, exact.

    quantum   q, the value of one unit
    entry     κ(1)
    """

    name: str
    tiles: Tiles
    quantum: float
    entry: float

    precision = "32-bit fixed-point entries, float64 products (float32 where many columns run together)"

    @property
    def n(self) -> int:
        return self.tiles.layout.n

    def diagonal(self) -> Vector:
        return np.full(self.n, self.entry)

    def matmat(self, V: AnyArray) -> AnyArray:
        """K V. Float64 V is multiplied in float64; float32 V of more than one column in float32."""
        total = self.tiles.multiply(V)
        total *= self.quantum
        total += self.entry * V
        return total

    def absolute_matvec(self, v: Vector) -> Vector:
        product: Vector = self.quantum * self.tiles.streamed(v, True) + self.entry * v
        return product


def tiled_bytes(n: int, side: int = SIDE) -> int:
    """Memory that the tiles of n rows take."""
    return 4 * stored_entries(n, side)


def tiled_gram(
    cosines: Cosines,
    kernel: Kernel,
    workers: Workers,
    progress: Callable[[float], None] | None = None,
    side: int = SIDE,
    keeper: Keeper | None = None,
    spill: bool = False,
) -> Gram:
    """Form the tiles of K and its floor in one pass over the inner products: O(n²d/2), 2n² bytes.

    keeper   keeps the state of the pass where `spill` says that forming takes long enough to be worth a copy of the
             finished tiles on its disk; else an interrupted pass starts anew
    """
    keeper = keeper or Forgetful()
    layout = layout_of(cosines.n, workers.threads, side)
    sink = MemorySink(layout, keeper if spill else Forgetful())
    formed = form(cosines, kernel, layout, workers, sink, "tiled", keeper, progress)
    return tiled_from(formed, "tiled", cosines, kernel, Tiles(layout, InMemory(sink.flat), workers))


def tiled_from(formed: Formed, name: str, cosines: Cosines, kernel: Kernel, tiles: Tiles) -> Gram:
    """The Gram matrix of finished 32-bit tiles, with the errors of their entries (docs/proofs.md P13)."""
    quantum = quantum_of(kernel)
    deviation = kernel.perturbation(formed.largest, cosines.error) + ROUNDING * quantum
    operator = TiledOperator(name, tiles, quantum, kernel.diagonal)
    return Gram(operator, formed.floor, deviation, kernel.diagonal, formed.notes)


class MemorySink:
    """Tiles in one array; where the keeper has a folder, a copy of the finished ones there, checked when it is read."""

    def __init__(self, layout: Layout, keeper: Keeper) -> None:
        self.layout = layout
        # The pages come from the kernel as workers first write to them; large ones, where numpy may ask for them.
        self.flat = np.empty(layout.entries, np.int32)
        self._copy = copy_of(layout, keeper, np.int32)

    def begin(self) -> None:
        pass

    @contextmanager
    def room(self, segment: Segment) -> Iterator[AnyArray]:
        start, stop = self.layout.span(segment)
        yield self.flat[start:stop]

    def keep(self, done: int) -> Mapping[str, AnyArray] | None:
        return None if self._copy is None else self._copy.write(self.flat, done)

    def found(self, saved: Mapping[str, AnyArray], done: int) -> list[int] | None:
        return None if self._copy is None else self._copy.read(self.flat, saved["checksums"], done)


def copy_of(layout: Layout, keeper: Keeper, dtype: type) -> DiskCopy | None:
    folder = keeper.folder
    return None if folder is None else DiskCopy(layout, folder / FILE, dtype, keeper.warn)


class DiskCopy:
    """A copy on disk of an array's finished segments. A disk that cannot hold it ends the copying, not the run.

    warn   is told so
    """

    def __init__(self, layout: Layout, path: Path, dtype: type, warn: Callable[[str], None]) -> None:
        self.layout, self.path, self.dtype, self.warn = layout, path, dtype, warn
        self._file: TileFile | None = None
        self._written, self._failed = 0, False
        self._checksums = np.zeros(len(layout.segments), np.uint32)

    def write(self, flat: AnyArray, done: int) -> Mapping[str, AnyArray] | None:
        if self._failed:
            return None
        try:
            self._file = self._file or TileFile(self.path, self.layout.entries, self.dtype)
            for number in range(self._written, done):
                start, stop = self.layout.span(self.layout.segments[number])
                self._file.write(start, flat[start:stop])
                self._checksums[number] = checksum(flat[start:stop])
            self._file.synchronise()
        except InputError as error:
            self._failed = True
            cause = error.__cause__
            why = cause.strerror if isinstance(cause, OSError) and cause.strerror else "too little room is free"
            self.warn(
                f"Finished tiles of the Gram matrix could not be copied to {self.path.parent}: {why}; the run goes on "
                "without the copy, and if it is interrupted, --resume forms them again."
            )
            return None
        self._written = done
        return {"checksums": self._checksums}

    def read(self, flat: AnyArray, checksums: AnyArray, done: int) -> list[int] | None:
        """Numbers of damaged segments; None where the file is not there whole."""
        size = self.layout.entries * np.dtype(self.dtype).itemsize
        if not self.path.exists() or self.path.stat().st_size != size:
            return None
        self._file = TileFile(self.path, self.layout.entries, self.dtype, keep=True)
        damaged = []
        for number in range(done):
            start, stop = self.layout.span(self.layout.segments[number])
            self._file.read(start, flat[start:stop])
            if checksum(flat[start:stop]) != int(checksums[number]):
                damaged.append(number)
        self._checksums[:] = checksums
        self._written = damaged[0] if damaged else done
        return damaged

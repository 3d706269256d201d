"""The same 32-bit tiles in a file: written once in order, read in order, never whole in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from prefit._shapes import AnyArray
from prefit.gram.cosines import Cosines
from prefit.gram.forming import form
from prefit.gram.gram import Gram
from prefit.gram.layout import SIDE, Layout, Segment, layout_of
from prefit.gram.stored import Tiles
from prefit.gram.stores import TileFile, checksum
from prefit.gram.tiled import FILE, tiled_from
from prefit.gram.workers import Workers
from prefit.kernels import Kernel
from prefit.storage import Forgetful, Keeper


def disk_gram(
    cosines: Cosines,
    kernel: Kernel,
    workers: Workers,
    progress: Callable[[float], None] | None = None,
    side: int = SIDE,
    keeper: Keeper | None = None,
) -> Gram:
    """Form the tiles of K in a file and its floor: O(n²d/2), 2n² bytes of disk, a window of 32 MiB a worker of memory.

    The file stands in the keeper's folder, where a later run finds it, checks it and goes on; without such a folder it
    has no name and goes with the process. Raises InputError where the disk cannot hold it.
    """
    keeper = keeper or Forgetful()
    layout = layout_of(cosines.n, workers.threads, side)
    sink = FileSink(layout, workers, keeper.folder)
    formed = form(cosines, kernel, layout, workers, sink, "disk", keeper, progress)
    return tiled_from(formed, "disk", cosines, kernel, Tiles(layout, sink.file, workers))


class FileSink:
    """Tiles in a file, with a checksum for each segment where a later run may read them."""

    def __init__(self, layout: Layout, workers: Workers, folder: Path | None) -> None:
        self.layout, self.workers = layout, workers
        self.path = None if folder is None else folder / FILE
        self._file: TileFile | None = None
        self._rooms: list[AnyArray] = []
        self._checksums = np.zeros(len(layout.segments), np.uint32)
        self._numbers = {segment: number for number, segment in enumerate(layout.segments)}

    @property
    def file(self) -> TileFile:
        assert self._file is not None
        return self._file

    def begin(self) -> None:
        if self._file is None:
            self._file = TileFile(self.path, self.layout.entries, np.int32)
        self._rooms = [np.zeros(self.layout.longest, np.int32) for _ in range(self.layout.threads)]

    @contextmanager
    def room(self, segment: Segment) -> Iterator[AnyArray]:
        number, (start, stop) = self._numbers[segment], self.layout.span(segment)
        room = self._rooms[number % self.layout.threads][: stop - start]
        yield room
        if not self.workers.stopping:
            self.file.write(start, room)
            if self.path is not None:
                self._checksums[number] = checksum(room)

    def keep(self, done: int) -> Mapping[str, AnyArray] | None:
        if self.path is None:
            return None
        self.file.synchronise()
        return {"checksums": self._checksums}

    def found(self, saved: Mapping[str, AnyArray], done: int) -> list[int] | None:
        if self.path is None or not self.path.exists() or self.path.stat().st_size != 4 * self.layout.entries:
            return None
        self._file = TileFile(self.path, self.layout.entries, np.int32, keep=True)
        self._checksums[:] = saved["checksums"]

        def check(worker: int) -> list[int]:
            numbers = range(worker, done, self.layout.threads)
            return [number for number in numbers if self._sum(number) != int(self._checksums[number])]

        return sorted(number for damaged in self.workers.share(check) for number in damaged)

    def _sum(self, number: int) -> int:
        start, stop = self.layout.span(self.layout.segments[number])
        with self.file.window(start, stop) as values:
            return checksum(values)

"""Where the tiles of the upper half stand, and which worker has which."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prefit._shapes import AnyArray

SIDE = 512  # a float32 tile of inner products is 1 MiB: it stays in the cache until it is turned into entries
ALIGNED = 2048  # entries: every tile starts on a page of 4 KiB, in memory and in a file, at 16 bits too
LONGEST = 32  # tiles in a segment: 32 MiB of a file are mapped at a time
SHARES = 64  # segments a worker at least, where there are so many tiles: the last ones are waited for
Pair = tuple[slice, slice]
Segment = tuple[int, int]


def tile_pairs(n: int, side: int = SIDE) -> list[Pair]:
    """Row and column ranges of the tiles on and above the diagonal."""
    edges = [slice(start, min(start + side, n)) for start in range(0, n, side)]
    return [(edges[i], edges[j]) for i in range(len(edges)) for j in range(i, len(edges))]


def stored_entries(n: int, side: int = SIDE) -> int:
    """Entries of all tiles with what aligns them, for n rows: n²/2 and a little."""
    last = n - (n - 1) // side * side
    full, rest = (n - 1) // side, last
    counts = [(full * (full + 1) // 2, side * side), (full, side * rest), (1, rest * rest)]
    return sum(count * _aligned(size) for count, size in counts)


@dataclass(frozen=True)
class Layout:
    """Tiles one after the other, in segments of consecutive tiles; segment s is worker s mod threads's.

    table   (tiles, 5) int64: first and last row, first and last column, place of the first entry
    """

    n: int
    side: int
    threads: int
    table: AnyArray

    @cached_property
    def segments(self) -> list[Segment]:
        """First tile of each segment and the one after its last."""
        tiles = len(self.table)
        length = max(1, min(LONGEST, tiles // (SHARES * self.threads)))
        return [(start, min(start + length, tiles)) for start in range(0, tiles, length)]

    @property
    def entries(self) -> int:
        return stored_entries(self.n, self.side)

    def span(self, segment: Segment) -> tuple[int, int]:
        """First entry of a segment and the one after its last."""
        first, last = segment
        stop = int(self.table[last, 4]) if last < len(self.table) else self.entries
        return int(self.table[first, 4]), stop

    @property
    def longest(self) -> int:
        """Entries of the longest segment."""
        spans = [self.span(segment) for segment in self.segments]
        return max(stop - start for start, stop in spans)

    def share(self, worker: int, first: int = 0, last: int | None = None) -> list[Segment]:
        """The segments of one worker, of those numbered first … last."""
        numbers = range(first, len(self.segments) if last is None else last)
        return [self.segments[number] for number in numbers if number % self.threads == worker]

    def tile(self, flat: AnyArray, number: int, base: int = 0) -> AnyArray:
        """One tile as an array, of entries that start at `base`."""
        r0, r1, c0, c1, place = (int(value) for value in self.table[number])
        return flat[place - base : place - base + (r1 - r0) * (c1 - c0)].reshape(r1 - r0, c1 - c0)


def layout_of(n: int, threads: int, side: int = SIDE) -> Layout:
    edges = np.array([[r.start, r.stop, c.start, c.stop] for r, c in tile_pairs(n, side)], np.int64)
    sizes = (edges[:, 1] - edges[:, 0]) * (edges[:, 3] - edges[:, 2])
    sizes = -(-sizes // ALIGNED) * ALIGNED
    return Layout(n, side, threads, np.column_stack([edges, np.cumsum(sizes) - sizes]))


def _aligned(entries: int) -> int:
    return -(-entries // ALIGNED) * ALIGNED

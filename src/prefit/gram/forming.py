"""Every tile formed once: entries to where they are kept, power sums to the floor, in rounds that can be resumed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.gram.compiled_forming import form_tile
from prefit.gram.cosines import Cosines
from prefit.gram.floor import LEVELS, NEGLIGIBLE, Floor, excess_upper
from prefit.gram.layout import Layout, Segment
from prefit.gram.workers import Workers
from prefit.kernels import Kernel
from prefit.storage import Keeper, Saved

STAGE = "gram"
ROUND = 8  # segments a worker forms between two looks at the clock: about a second
LARGEST = 2**31 - 1  # κ(1) in units of the fixed point: nothing is clipped
NONE = np.empty((0, 0), np.int32)


class Sink(Protocol):
    """Takes the entries of each segment, as whole numbers in units of the quantum."""

    def begin(self) -> None:
        """Called once, before any room is asked for and after `found`."""

    def room(self, segment: Segment) -> AbstractContextManager[AnyArray | None]:
        """Flat int32 room that a worker fills with the segment's tiles inside the context; None: not asked for."""

    def keep(self, done: int) -> Mapping[str, AnyArray] | None:
        """The first `done` segments are kept beyond this process; what `found` needs, None where that is too dear."""

    def found(self, saved: Mapping[str, AnyArray], done: int) -> list[int] | None:
        """Take over segments kept by an earlier process; numbers of those that are damaged, None if all are lost."""


@dataclass
class Progress:
    """What the pass over the tiles has added up, worker by worker, so that sums have one order.

    sums     (threads, A + 1, n) power sums; largest (threads, n) largest |s_ij| of each row
    done     segments that are finished
    notes    what a user should know, in sentences
    """

    sums: AnyArray
    largest: Matrix
    done: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Formed:
    """The floor, and the largest |s_ij| of each row (n,)."""

    floor: Floor
    largest: Vector
    notes: tuple[str, ...]


def quantum_of(kernel: Kernel) -> float:
    """q: the largest entry, κ(1), is 2³¹ − 1 units."""
    return float(kernel.diagonal) / LARGEST


def form(
    cosines: Cosines,
    kernel: Kernel,
    layout: Layout,
    workers: Workers,
    sink: Sink,
    name: str,
    keeper: Keeper,
    progress: Callable[[float], None] | None = None,
) -> Formed:
    """Pass over all tiles: O(n²d/2). The sums come out the same however often the pass was interrupted."""
    facts = {"operator": name, "n": layout.n, "side": layout.side, "threads": layout.threads}
    state = _resumed(keeper.load(STAGE), facts, layout, sink)
    sink.begin()
    total = len(layout.segments)
    damaged = [number for number in state.damaged if number < state.progress.done]
    now = state.progress
    if damaged:
        spare = Progress(np.zeros_like(now.sums), np.zeros_like(now.largest))
        _round(cosines, kernel, layout, workers, sink, spare, damaged)
        now.notes.append(f"{len(damaged)} of {total} damaged segments of the stored Gram matrix were formed again.")
    start = now.done
    while now.done < total:
        upto = min(now.done + ROUND * layout.threads, total)
        tell = None if progress is None else _told(progress, len(layout.table), layout, now.done)
        _round(cosines, kernel, layout, workers, sink, now, list(range(now.done, upto)), tell)
        now.done = upto
        if keeper.due() or (upto == total and keeper.folder is not None):
            _save(keeper, facts, sink, now)
    if progress is not None and start == total:
        progress(1.0)
    sums: Matrix = np.add.reduce(now.sums, axis=0)
    floor = Floor(kernel.bands(LEVELS), excess_upper(sums, cosines.error, NEGLIGIBLE))
    return Formed(floor, now.largest.max(axis=0), tuple(now.notes))


def _round(
    cosines: Cosines,
    kernel: Kernel,
    layout: Layout,
    workers: Workers,
    sink: Sink,
    now: Progress,
    numbers: list[int],
    tell: Callable[[int], None] | None = None,
) -> None:
    """Form the segments of these numbers, each by its worker."""
    recipe = (kernel.recipe.weights, kernel.recipe.backward, kernel.recipe.forward)
    scale = LARGEST / float(kernel.diagonal)

    def work(worker: int) -> None:
        buffer: AnyArray = np.empty((cosines.parts, layout.side, layout.side), cosines.dtype)
        for number in numbers:
            if number % layout.threads != worker:
                continue
            segment = layout.segments[number]
            base, _ = layout.span(segment)
            with sink.room(segment) as room:
                for index in range(*segment):
                    if workers.stopping:
                        return
                    r0, r1, c0, c1, _ = (int(value) for value in layout.table[index])
                    parts = cosines.products(slice(r0, r1), slice(c0, c1), buffer)
                    tile = NONE if room is None else layout.tile(room, index, base)
                    sums, largest = now.sums[worker], now.largest[worker]
                    form_tile(parts, cosines.inverse, r0, c0, sums, largest, NEGLIGIBLE, recipe, scale, tile)
                    if tell is not None:
                        tell(1)

    workers.share(work)


def _told(progress: Callable[[float], None], tiles: int, layout: Layout, done: int) -> Callable[[int], None]:
    """Adds tiles up, of all workers, and passes the portion on."""
    count = [layout.segments[done][0] if done < len(layout.segments) else tiles]

    def tell(more: int) -> None:
        count[0] += more
        progress(min(1.0, count[0] / tiles))

    return tell


@dataclass(frozen=True)
class _State:
    progress: Progress
    damaged: list[int]


def _resumed(saved: Saved | None, facts: Mapping[str, Any], layout: Layout, sink: Sink) -> _State:
    """The progress that was saved, if it was of this very pass; else none."""
    fresh = Progress(np.zeros((layout.threads, LEVELS + 1, layout.n)), np.zeros((layout.threads, layout.n)))
    if saved is None or any(saved.facts.get(name) != value for name, value in facts.items()):
        return _State(fresh, [])
    done, sums, largest = int(saved.facts["done"]), saved.arrays["sums"], saved.arrays["largest"]
    if sums.shape != fresh.sums.shape or largest.shape != fresh.largest.shape:
        return _State(fresh, [])
    damaged = sink.found(saved.arrays, done)
    if damaged is None:
        fresh.notes.append("The stored Gram matrix of the earlier run was not found; it was formed again.")
        return _State(fresh, [])
    return _State(Progress(np.array(sums), np.array(largest), done), damaged)


def _save(keeper: Keeper, facts: Mapping[str, Any], sink: Sink, now: Progress) -> None:
    kept = sink.keep(now.done)
    if kept is not None:
        keeper.save(STAGE, {**facts, "done": now.done}, {"sums": now.sums, "largest": now.largest, **kept})

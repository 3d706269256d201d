"""Which operator holds the Gram matrix: the fastest of those that fit, by nominal rates, so that it is always the same.

The rates are round figures of one core of a server of 2023 and of its disk. They are not measured in the run: what they
decide changes digits, and the same command should give the same ones.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from prefit.errors import InputError, TooLarge
from prefit.gram import compact_bytes, tiled_bytes
from prefit.gram.stores import SPARE, temporary_folder
from prefit.gram.tiled import FILE
from prefit.jobs.memory import allowed_bytes, size_text

Name = Literal["dense", "tiled", "disk", "compact", "recomputed"]
EXACT_UP_TO = 2048  # distinct inputs whose eigendecomposition takes a second or two

SINGLE_FLOPS, DOUBLE_FLOPS = 9e10, 4.5e10  # a second and core, in large products
SMALL_FLOPS = 0.7  # of that in products of few features
FORMING = 3.5e-9  # seconds an entry and core beyond its inner product: power sums, kernel, fixed point
SINGLE_VALUE, DOUBLE_VALUE = 0.7e-9, 2.5e-9  # seconds a recomputed entry and core beyond its inner product
CORE_BYTES, ALL_BYTES = 1.0e10, 2.4e10  # read a second by one core, and by all
DISK_BYTES = 1.5e9  # read and written a second
STEPS, CERTIFICATES = 60, 3  # products in float32 and in float64 that a label column takes
BASIS = 120  # float64 columns of a Lanczos run; its random labels take a third of that in float32
RANK = 2000  # float32 columns of the preconditioner
WINDOW = 2 * 32 * 2**20  # bytes of a file that a worker maps, or fills, at a time


@dataclass(frozen=True)
class Plan:
    """How the Gram matrix is held.

    bytes        memory of the whole run, as counted
    disk_bytes   on disk
    forming      seconds of the first pass; seconds: of the run (an estimate)
    reason       one sentence for the user
    """

    operator: Name
    bytes: int
    disk_bytes: int
    forming: float
    seconds: float
    reason: str


@dataclass(frozen=True)
class Size:
    """What the estimates depend on.

    n, d      distinct inputs and features
    columns   of the labels; draws: random labellings of as many
    whole     inner products are exact in float32 (images)
    """

    n: int
    d: int
    columns: int
    draws: int
    threads: int
    whole: bool = False

    @property
    def half(self) -> float:
        """Entries that are computed."""
        return 0.5 * float(self.n) ** 2

    @property
    def width(self) -> int:
        """Columns that are multiplied."""
        return self.columns * (1 + self.draws)


def choose(
    size: Size,
    budget: int | None,
    folder: Path | None,
    exact: bool = False,
    compact: bool = False,
    operator: Name | None = None,
    exact_up_to: int = EXACT_UP_TO,
) -> Plan:
    """The fastest operator that fits.

    budget     bytes (--memory), as for `allowed_bytes`
    folder     where tiles on disk would stand, or stand already; None: the folder for temporary files
    exact      an eigendecomposition was asked for, which needs the matrix whole
    compact    16-bit tiles may be used: certified intervals are all that is asked, no curves
    operator   takes this one if it fits: that of the run that goes on; for tests and benchmarks
    exact_up_to   distinct inputs up to which an eigendecomposition is taken unasked

    Raises TooLarge where the memory cannot hold it, InputError where the disk cannot hold the operator asked for.
    """
    limit = allowed_bytes(budget)
    held = _held(folder)
    free = _disk_free(folder) + held
    names: tuple[Name, ...] = ("tiled", "recomputed", "disk", *(("compact",) if compact else ()))
    if operator is not None:
        names = (operator,)
    elif exact or (size.n <= exact_up_to and memory_bytes(size, "dense") <= limit):
        names = ("dense",)
    affordable = [name for name in names if memory_bytes(size, name) <= limit]
    if not affordable:
        raise _beyond(size, names, limit)
    fitting = [name for name in affordable if _has_room(size, name, free, held)]
    if not fitting:
        raise _no_room(size, free, folder)
    best = min(fitting, key=lambda name: forming_seconds(size, name) + solving_seconds(size, name))
    forming = forming_seconds(size, best)
    seconds = 1.0 + forming + solving_seconds(size, best)
    need, disk = memory_bytes(size, best), disk_bytes(size, best)
    return Plan(best, need, disk, forming, seconds, _sentence(size, best, seconds, limit, free, folder, operator))


# Memory ---------------------------------------------------------------------------------------------------------------


def memory_bytes(size: Size, name: Name) -> int:
    """All that a run holds: the operator, inputs, Krylov bases, and a preconditioner where there is one."""
    n = size.n
    inputs = n * size.d * (8 + 4)  # unit rows, and whole numbers or unit rows in float32
    if name == "dense":
        return 40 * n * n + inputs
    sums = 2 * size.threads * 8 * n * 24
    basis = 8 * n * BASIS * size.columns + 4 * n * BASIS // 3 * size.columns * size.draws
    products = 8 * n * size.width * (size.threads + 3)
    preconditioner = 4 * n * min(RANK, n // 4)
    return _operator_bytes(size, name) + inputs + sums + basis + products + preconditioner


def _operator_bytes(size: Size, name: Name) -> int:
    if name == "tiled":
        return tiled_bytes(size.n)
    if name == "compact":
        return compact_bytes(size.n) + size.threads * WINDOW
    return size.threads * WINDOW if name == "disk" else 0


def disk_bytes(size: Size, name: Name) -> int:
    return tiled_bytes(size.n) if name == "disk" else 0


def _disk_free(folder: Path | None) -> int:
    try:
        return shutil.disk_usage(folder if folder is not None else temporary_folder()).free
    except OSError:
        return 0


def _held(folder: Path | None) -> int:
    """Bytes that the tiles of an earlier part of this run take already: they are read, or their room is taken again."""
    try:
        return (folder / FILE).stat().st_size if folder is not None else 0
    except OSError:
        return 0


def _has_room(size: Size, name: Name, free: int, held: int) -> bool:
    need = disk_bytes(size, name)
    return need in (0, held) or need + SPARE <= free


# Time -----------------------------------------------------------------------------------------------------------------


def forming_seconds(size: Size, name: Name) -> float:
    """The first pass: inner products, power sums, entries, and writing them where they go."""
    seconds = size.half * (_inner(size, size.whole) + FORMING) / size.threads
    return max(seconds, disk_bytes(size, name) / DISK_BYTES)


def solving_seconds(size: Size, name: Name) -> float:
    """An eigendecomposition, or products in float32 and certificates in float64."""
    if name == "dense":
        return 14.0 * float(size.n) ** 3 / (DOUBLE_FLOPS * size.threads)
    fast, slow = product_seconds(size, name, True), product_seconds(size, name, False)
    return STEPS * fast + CERTIFICATES * slow


def product_seconds(size: Size, name: Name, single: bool) -> float:
    """One product with all columns."""
    flops = SINGLE_FLOPS if single else DOUBLE_FLOPS
    multiplying = size.half * 4.0 * size.width / (0.4 * flops * size.threads)
    if name == "recomputed" or (name == "compact" and not single):
        value = SINGLE_VALUE if single else DOUBLE_VALUE
        return size.half * (_inner(size, single or size.whole) + value) / size.threads + multiplying
    rate = DISK_BYTES if name == "disk" else min(ALL_BYTES, CORE_BYTES * size.threads)
    return max(_operator_bytes(size, "compact" if name == "compact" else "tiled") / rate, multiplying)


def _inner(size: Size, single: bool) -> float:
    """Seconds of one inner product on one core."""
    rate = (SINGLE_FLOPS if single else DOUBLE_FLOPS) * (1.0 if size.d >= 256 else SMALL_FLOPS)
    return 2.0 * size.d / rate


# Words ----------------------------------------------------------------------------------------------------------------


def _sentence(
    size: Size,
    name: Name,
    seconds: float,
    limit: int,
    free: int,
    folder: Path | None,
    forced: Name | None,
) -> str:
    duration = duration_text(seconds)
    if name == "dense":
        return f"The Gram matrix whole, {size_text(8.0 * size.n**2)} in memory; {duration}."
    if name == "tiled":
        return f"Tiles in memory, {size_text(tiled_bytes(size.n))}; {duration}."
    why = f" because {_lack(size, limit)}" if forced is None else ""
    if name == "disk":
        place = folder if folder is not None else temporary_folder()
        return f"Tiles on disk, {size_text(disk_bytes(size, name))} in {place},{why}; {duration}.".replace(",;", ";")
    if name == "compact":
        return f"Tiles of 16 bits, {size_text(compact_bytes(size.n))} in memory,{why}; {duration}.".replace(",;", ";")
    if forced is None and disk_bytes(size, "disk") + SPARE > free:
        why += f" and the disk has {size_text(free)} free"
    return f"Entries recomputed in every product,{why}; {duration}.".replace(",;", ";")


def duration_text(seconds: float) -> str:
    """As roughly as it is known: about 40 s, about 6 min."""
    return f"about {seconds:.0f} s" if seconds < 100 else f"about {seconds / 60:.0f} min"


def _lack(size: Size, limit: int) -> str:
    need = memory_bytes(size, "tiled")
    if need <= limit:
        return "that is faster than reading them from memory"
    return f"a run with tiles in memory takes {size_text(need)} and {size_text(limit)} are allowed (--memory)"


def _beyond(size: Size, names: tuple[Name, ...], limit: int) -> TooLarge:
    """The error of what no operator can hold, with the number of examples that fits."""
    need = min(memory_bytes(size, name) for name in names)
    low, high = 0, size.n
    while high - low > 1:
        middle = (low + high) // 2
        smaller = Size(middle, size.d, size.columns, size.draws, size.threads, size.whole)
        fits = any(memory_bytes(smaller, name) <= limit for name in names)
        low, high = (middle, high) if fits else (low, middle)
    what = "The eigendecomposition" if names == ("dense",) else "A forecast"
    return TooLarge(
        f"{what} of {size.n:,} inputs takes {size_text(need)}, more than the {size_text(limit)} allowed "
        f"(--memory; by default 70% of what is free). "
        f"Take --limit {max(1, math.floor(low * 0.95))} or fewer examples, or raise --memory."
    )


def _no_room(size: Size, free: int, folder: Path | None) -> InputError:
    """The error of a run that keeps its tiles on disk, as it did before it was interrupted, and finds the disk full."""
    place = folder if folder is not None else temporary_folder()
    need = disk_bytes(size, "disk") + SPARE
    return InputError(
        f"The run keeps the tiles of {size.n:,} inputs on disk: they need {size_text(need)} in {place}, "
        f"{size_text(SPARE)} of it for the results, but {size_text(free)} are free. Free some space there and go on, "
        "or start from the beginning, without --resume, in another folder (--out) or with more memory (--memory)."
    )

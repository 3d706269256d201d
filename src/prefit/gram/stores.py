"""Where tiles are kept: in memory, or in a file that is mapped window by window."""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from prefit._shapes import AnyArray
from prefit.errors import InputError

SPARE = 64 * 2**20  # bytes of a disk that tiles leave free, for the result
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Store(Protocol):
    """Entries of all tiles, read in runs."""

    def window(self, start: int, stop: int) -> Any:
        """Context of the entries start … stop as a flat array, there for reading only while inside."""

    def ahead(self, start: int, stop: int) -> None:
        """These entries are read next."""


class InMemory:
    """One flat array."""

    def __init__(self, flat: AnyArray) -> None:
        self.flat = flat

    @contextmanager
    def window(self, start: int, stop: int) -> Iterator[AnyArray]:
        yield self.flat[start:stop]

    def ahead(self, start: int, stop: int) -> None:
        pass


class TileFile:
    """A file of `entries` numbers of one dtype, written in runs, mapped in windows, never whole.

    path   None: a file without a name in the folder for temporary files ($TMPDIR, /var/tmp), gone with this object,
           however the process ends
    """

    def __init__(self, path: Path | None, entries: int, dtype: type, keep: bool = False) -> None:
        self.path, self.entries, self.dtype = path, entries, np.dtype(dtype)
        self._unnamed = None
        if path is None:
            self._unnamed = tempfile.TemporaryFile(dir=temporary_folder())  # noqa: SIM115 (open as long as this object)
            self._fd = self._unnamed.fileno()
        else:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | (0 if keep else os.O_TRUNC) | os.O_CLOEXEC, 0o600)
        if not (keep and os.fstat(self._fd).st_size == self.bytes):
            self._reserve()

    @property
    def bytes(self) -> int:
        return self.entries * self.dtype.itemsize

    @property
    def place(self) -> str:
        return str(self.path.parent if self.path is not None else temporary_folder())

    def _reserve(self) -> None:
        """Take the whole room now: a disk that cannot hold the tiles says so before they are formed."""
        free = shutil.disk_usage(self.place).free
        if free < self.bytes + SPARE:
            self.remove()
            raise too_full(self.bytes, free, self.place)
        try:
            os.ftruncate(self._fd, 0)
            os.posix_fallocate(self._fd, 0, self.bytes)
        except OSError as error:
            self.remove()
            raise self._failed(error) from error

    def write(self, start: int, values: AnyArray) -> None:
        """Write values from entry `start` on."""
        bytes_left, place = values.data.cast("B"), start * self.dtype.itemsize
        try:
            while bytes_left:
                written = os.pwrite(self._fd, bytes_left, place)
                bytes_left, place = bytes_left[written:], place + written
        except OSError as error:
            self.remove()
            raise self._failed(error) from error

    def read(self, start: int, out: AnyArray) -> None:
        room, place = out.data.cast("B"), start * self.dtype.itemsize
        while room:
            count = os.preadv(self._fd, [room], place)
            if count == 0:
                raise InputError(
                    f"{self.path} must hold the tiles of this run, but ends early. Start without --resume."
                )
            room, place = room[count:], place + count

    @contextmanager
    def window(self, start: int, stop: int) -> Iterator[AnyArray]:
        size = self.dtype.itemsize
        flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
        mapped = mmap.mmap(self._fd, (stop - start) * size, flags, mmap.PROT_READ, offset=start * size)
        values = np.frombuffer(mapped, self.dtype)
        try:
            yield values
        finally:
            del values
            with suppress(BufferError):  # an exception under way may still hold a view; then the window goes with it
                mapped.close()

    def ahead(self, start: int, stop: int) -> None:
        if hasattr(os, "posix_fadvise"):
            size = self.dtype.itemsize
            os.posix_fadvise(self._fd, start * size, (stop - start) * size, os.POSIX_FADV_WILLNEED)

    def synchronise(self) -> None:
        """What was written is on the disk, whatever happens to the machine."""
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            self.remove()
            raise self._failed(error) from error

    def remove(self) -> None:
        """The file goes; what is open of it stays readable until this object goes."""
        if self.path is not None:
            with suppress(OSError):
                self.path.unlink()

    def __del__(self) -> None:
        if getattr(self, "_unnamed", None) is not None:
            self._unnamed.close()  # type: ignore[union-attr]
        elif hasattr(self, "_fd"):
            with suppress(OSError):
                os.close(self._fd)

    def _failed(self, error: OSError) -> InputError:
        if error.errno in FULL:
            return too_full(self.bytes, shutil.disk_usage(self.place).free, self.place)
        return InputError(
            f"Tiles must be written to {self.place}: {error.strerror or error}. Name another folder with --out, "
            "or raise --memory so that they need no disk."
        )


def checksum(values: AnyArray) -> int:
    """CRC-32: finds what a disk or a cut copy damages, at 4 GB/s a core."""
    return zlib.crc32(values.data.cast("B"))


def too_full(need: int, free: int, place: str) -> InputError:
    return InputError(
        f"The disk must hold the tiles of the Gram matrix: they take {need / 2**30:.3g} GiB in {place}, where "
        f"{free / 2**30:.3g} GiB are free. Free some space, name another folder with --out, or raise --memory."
    )


def temporary_folder() -> Path:
    """$TMPDIR, else /var/tmp, which is on a disk where /tmp is kept in memory."""
    named = os.environ.get("TMPDIR")
    if named and Path(named).is_dir():
        return Path(named)
    return Path("/var/tmp") if os.access("/var/tmp", os.W_OK) else Path(tempfile.gettempdir())

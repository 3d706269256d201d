"""Files written whole, and arrays written and read in one pass with their sha256."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from prefit._shapes import AnyArray

CHUNK = 1 << 24  # bytes hashed and written at a time: more runs no faster, and is memory beside the array's own
PLAIN_KINDS = "biufc"  # kinds of numbers; objects would have to be pickled


def write_whole(path: Path, content: bytes) -> Path:
    """Write `content` so that `path` holds all of it or what it held before, whatever interrupts."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(path.parent)
    return path


def sync_folder(folder: Path) -> None:
    """Have the names in a folder outlast a power failure, where its file system can."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EACCES):
            raise
    finally:
        os.close(handle)


class Damaged(ValueError):
    """A file does not hold what was saved."""


def write_array(path: Path, array: AnyArray, fortran: bool) -> str:
    """Write a new .npy file in the order asked, through to the disk; returns the sha256 of the file."""
    if array.dtype.kind not in PLAIN_KINDS:
        raise TypeError(f"arrays that are kept must hold numbers, got {array.dtype}. Keep other things as facts.")
    digest = hashlib.sha256()
    with open(path, "xb") as file:
        for piece in _pieces(array, fortran):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _pieces(array: AnyArray, fortran: bool) -> Iterator[Any]:
    """The bytes of a .npy file: its header, then CHUNK after CHUNK of the array, copied only where it is not in order.

    The header is that of format 1.0, as numpy writes it.
    """
    yield _header(array, fortran)
    flags = ["external_loop", "buffered", "zerosize_ok"]
    size = max(1, CHUNK // array.itemsize)
    for piece in np.nditer(array, flags=flags, buffersize=size, order="F" if fortran else "C"):  # type: ignore[call-overload]
        yield np.ascontiguousarray(piece).reshape(-1).view(np.uint8)


def _header(array: AnyArray, fortran: bool) -> bytes:
    out = io.BytesIO()
    fields = {
        "descr": np.lib.format.dtype_to_descr(array.dtype),
        "fortran_order": fortran,
        "shape": array.shape,
    }
    np.lib.format.write_array_header_1_0(out, fields)
    return out.getvalue()


class _Hashed:
    """Reads a file and hashes what was read."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def read(self, count: int) -> bytes:
        data: bytes = self.file.read(count)
        self.digest.update(data)
        return data

    def fill(self, target: memoryview) -> None:
        for start in range(0, len(target), CHUNK):
            piece = target[start : start + CHUNK]
            if self.file.readinto(piece) != len(piece):
                raise Damaged("it is cut short")
            self.digest.update(piece)


def read_array(path: Path, out: AnyArray, fortran: bool, sha256: str) -> None:
    """Fill `out`, contiguous in the order named, from a file that `write_array` made.

    Raises Damaged where the file's shape, type or sha256 is another, OSError where it cannot be read.
    """
    with open(path, "rb") as file:
        source = _Hashed(file)
        if _described(source) != (out.shape, fortran, out.dtype):
            raise Damaged("its shape or type is another")
        source.fill(_bytes_of(out.T if fortran else out))
        if source.read(1) or source.digest.hexdigest() != sha256:
            raise Damaged("its sha256 is another")


def _described(source: _Hashed) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        if np.lib.format.read_magic(source) != (1, 0):  # type: ignore[arg-type]
            raise Damaged("its format is another")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(source)  # type: ignore[arg-type]
    except ValueError as error:
        raise Damaged("it has no header of a .npy file") from error
    return tuple(shape), bool(fortran), dtype


def _bytes_of(array: AnyArray) -> memoryview:
    """The array's own memory; it must be contiguous in C order."""
    assert array.flags.c_contiguous
    return array.reshape(-1).view(np.uint8).data


def last_column_digest(array: AnyArray, column: int) -> str:
    """sha256 of one column: whether an array that grows still has the columns that were written."""
    return hashlib.sha256(np.ascontiguousarray(array[:, column]).data).hexdigest()


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

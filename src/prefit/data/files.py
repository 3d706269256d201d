"""A path goes in, the uncompressed bytes of the file come out, or the reason why not."""

from __future__ import annotations

import bz2
import gzip
import os
import stat
import zlib
from typing import IO

from prefit.data.budget import Budget
from prefit.data.wording import quoted
from prefit.errors import InputError

CHUNK = 1 << 20  # bytes read at a time: far above the cost of a call, far below any budget
GZIP, BZIP2 = b"\x1f\x8b", b"BZh"


def read_bytes(path: str, budget: Budget) -> bytearray:
    """The contents of a file, through gzip or bzip2 where its first bytes say so.

    Grows with what is there, so that a small file that unpacks to an absurd size stops at the budget.
    """
    try:
        check_is_file(path)
        with open(path, "rb") as file:
            return _drain(_unpacked(file, path), path, budget)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise _corrupt(path, error) from error
    except OSError as error:
        raise (_corrupt(path, error) if error.errno is None else unreadable(path, error)) from error


def check_is_file(path: str) -> None:
    """Refuse a folder, a device or a pipe, which could be read for ever; OSError where there is nothing."""
    if "\0" in path:
        raise InputError(f"The path {quoted(path)} holds a NUL character, which no file name can. Check the path.")
    mode = os.stat(path).st_mode
    if stat.S_ISDIR(mode):
        raise InputError(
            f"{quoted(path)} is a folder where a file must be named. "
            "Name a file in it, or say what the folder holds: idx:DIR (MNIST format) or cifar10:DIR."
        )
    if not stat.S_ISREG(mode):
        raise InputError(f"{quoted(path)} is no ordinary file. Copy what it gives into a file and name that one.")


def unreadable(path: str, error: OSError) -> InputError:
    """The system's refusal in our words."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return InputError(f"There is no file {quoted(path)}. Check the path; it is taken from {quoted(os.getcwd())}.")
    if isinstance(error, PermissionError):
        return InputError(
            f"No permission to read {quoted(path)}. Give yourself read access to the file and its folders."
        )
    reason = error.strerror or type(error).__name__
    return InputError(f"{quoted(path)} cannot be read: {reason}. Check the path and the disk.")


def _unpacked(file: IO[bytes], path: str) -> IO[bytes]:
    start = file.read(3)
    file.seek(0)
    for suffix, magic, name in ((".gz", GZIP, "gzip"), (".bz2", BZIP2, "bzip2")):
        if path.lower().endswith(suffix) and not start.startswith(magic):
            raise InputError(
                f"{quoted(path)} must be a {name} file by its name, but its first bytes are "
                f"{start.hex(' ') or 'missing'}. If it is not packed, rename it without {suffix}; else fetch "
                "it again."
            )
    if start.startswith(GZIP):
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    return bz2.BZ2File(file) if start.startswith(BZIP2) else file


def _drain(stream: IO[bytes], path: str, budget: Budget) -> bytearray:
    contents = bytearray()
    while piece := stream.read(CHUNK):
        contents += piece
        budget.admit(len(contents), f"The contents of {quoted(path)}")
    return contents


def _corrupt(path: str, error: Exception) -> InputError:
    kind = "cut short" if isinstance(error, EOFError) else "damaged"
    return InputError(
        f"{quoted(path)} must unpack to its end, but its packed contents are {kind} "
        f"({quoted(str(error), 80)}). Fetch or pack the file again; `gzip -t` or `bzip2 -t` tests it."
    )

"""One run at a time in a folder."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from pathlib import Path

from prefit.errors import InputError


class Lock:
    """A file that one process holds; the system lets go of it when the process ends, however it ends.

    So a file that a killed run left behind locks nobody out. It says who holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def acquire(self) -> None:
        """Raises InputError where another process, or another run of this one, holds it."""
        while True:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                _lock(handle, self.path)
            except BaseException:
                os.close(handle)
                raise
            if _is_file_at(handle, self.path):
                break
            os.close(handle)  # its holder has removed it in between: it locks nothing
        os.ftruncate(handle, 0)
        with contextlib.suppress(OSError):  # a full disk: the lock holds without a name in it
            os.write(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        self._handle = handle

    def release(self) -> None:
        """Remove the file and let go; nothing happens where it is not held."""
        if self._handle is None:
            return
        with contextlib.suppress(OSError):
            os.unlink(self.path)  # while it is held: whoever waits sees that it is gone
        os.close(self._handle)
        self._handle = None


def _lock(handle: int, path: Path) -> None:
    if sys.platform == "win32":  # no such locks there: two runs in one folder go unnoticed
        return
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(handle, 200, 0).decode("utf-8", "replace").strip() or "another process"
        raise InputError(
            f"Only one run at a time can write to {path.parent.parent}, and another one ({holder}) does so now. "
            "Wait for its end, or give another folder as --out."
        ) from None
    except OSError:  # a file system without locks, as some network file systems are
        return


def _is_file_at(handle: int, path: Path) -> bool:
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return False
    held = os.fstat(handle)
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)

"""How many bytes reading may take, asked before they are taken."""

from __future__ import annotations

import os
from dataclasses import dataclass

from prefit.errors import InputError


def memory_of_this_machine() -> int | None:
    """Bytes of physical memory, where the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


@dataclass(frozen=True)
class Budget:
    """The bytes that one array or one file's contents may take; None is no limit."""

    limit: int | None

    @classmethod
    def of(cls, memory: int | None) -> Budget:
        """What the caller allows, else what this machine has."""
        return cls(memory if memory is not None else memory_of_this_machine())

    def admit(self, size: int, what: str) -> None:
        """Refuse what would take more than the limit, before it is allocated."""
        if self.limit is not None and size > self.limit:
            raise InputError(
                f"{what} would take at least {size:,} bytes, more than the {self.limit:,} bytes of memory "
                "allowed. Check that the file is what it claims to be; if it is, allow more with --memory "
                "or give a smaller file."
            )

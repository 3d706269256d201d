"""What fits: refuse before allocating, with the number that would fit."""

from __future__ import annotations

import math
import sys

from prefit.errors import InputError

SHARE = 0.7  # of the free memory, unless --memory says otherwise


def free_bytes() -> int:
    """Memory that can be had without swapping (Linux: MemAvailable and the control group's limit)."""
    available = 8 * 2**30
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            available = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return available
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as text:
            limit = text.read().strip()
        return min(available, int(limit)) if limit.isdigit() else available
    except OSError:
        return available


def peak_bytes() -> int:
    """Largest resident memory of this process so far; 0 where the system does not say."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def size_text(count: float) -> str:
    """ "1.4 GiB"."""
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:.3g} GiB"


def require(need: int, budget: int | None, n: int, what: str) -> None:
    """Raise InputError if `need` bytes, growing like n², are more than the budget (None: SHARE of what is free)."""
    limit = int(SHARE * free_bytes()) if budget is None else budget
    if need > limit:
        fits = int(n * math.sqrt(limit / need) * 0.95)
        raise InputError(
            f"{what} of {n:,} inputs takes {size_text(need)}, more than the {size_text(limit)} "
            f"{'that is free for it' if budget is None else 'that --memory allows'}. "
            f"Take --limit {fits} or fewer examples, or raise --memory."
        )

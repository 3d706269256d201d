"""What memory there is: free, used at the peak, told in words."""

from __future__ import annotations

import sys

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


def allowed_bytes(budget: int | None) -> int:
    """What a run may take: the budget it was given (--memory), else SHARE of what is free now."""
    return int(SHARE * free_bytes()) if budget is None else budget


def peak_bytes() -> int:
    """Largest resident memory of this process so far; 0 where the system does not say."""
    try:
        # A process started by another inherits that one's peak in getrusage, but not here.
        with open("/proc/self/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)


def size_text(count: float) -> str:
    """ "1.4 GiB"; three digits at most."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1024
    return f"{count:.3g} TiB"

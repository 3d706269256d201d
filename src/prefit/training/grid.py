"""At which steps a run is recorded."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from prefit._shapes import Indices
from prefit.errors import InputError

PER_DECADE = 16


def geometric_grid(last: int) -> Indices:
    """0, 1, … last: every step at first, then PER_DECADE a decade."""
    if last < 1:
        return np.zeros(1, dtype=np.int64)
    count = 2 + math.ceil(PER_DECADE * math.log10(last))
    grid = np.unique(np.rint(np.geomspace(1, last, count)).astype(np.int64))
    return np.concatenate([[0], grid])


def given_grid(steps: Sequence[int], last: int) -> Indices:
    """These steps up to `last`, with the first and the last one."""
    if any(step < 0 for step in steps):
        raise InputError(f"Recorded steps must be 0 or more; one is {min(steps)}. Leave it out.")
    return np.unique(np.array([0, *(step for step in steps if step < last), last], dtype=np.int64))


def grid_of(steps: Sequence[int] | None, last: int) -> Indices:
    """The steps given, or geometric ones where none are."""
    return geometric_grid(last) if steps is None else given_grid(steps, last)

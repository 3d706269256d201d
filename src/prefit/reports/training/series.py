"""What is read off the series of a trajectory: ends, totals, the layers that are shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from prefit.documents.run import Series

_MOST_LAYERS = 6  # more would not be told apart in a figure or fit in a table


def first(series: Series) -> float | None:
    return series[0] if series else None


def last(series: Series) -> float | None:
    return series[-1] if series else None


def known(series: Series) -> list[float]:
    """The numbers that there are."""
    return [value for value in series if value is not None]


def total(layers: Sequence[Series]) -> Series:
    """√(Σ_l d_l²) at each step, null where a layer's is; empty without layers."""
    return [None if None in row else math.hypot(*row) for row in zip(*layers, strict=True)]


def layers_drawn(count: int) -> list[int]:
    """Places of the layers that are shown: all of them, or the first, the last and some evenly between."""
    if count <= _MOST_LAYERS:
        return list(range(count))
    return [round(i * (count - 1) / (_MOST_LAYERS - 1)) for i in range(_MOST_LAYERS)]


def layer_name(place: int, count: int) -> str:
    """What one of the layers is called."""
    return "this network" if count == 1 else f"layer {place + 1}"

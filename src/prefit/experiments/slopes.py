"""How a number changes with the width: the exponent of a power law, from the scatter of independent nets."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix, Vector


@dataclass(frozen=True)
class Slope:
    """d log value / d log m, mean over seeds; error its standard error over them, None for a single seed."""

    value: float
    error: float | None


def slope_of(widths: Vector, values: Matrix) -> Slope | None:
    """Least squares on logarithms for each seed, then their mean: values (widths, seeds), all of nets of their own.

    None where a value is not a positive number, or there are fewer than two widths.
    """
    if len(widths) < 2 or not (np.isfinite(values).all() and (values > 0.0).all()):
        return None
    x = np.log(widths) - np.log(widths).mean()
    each: Vector = x @ np.log(values) / float(x @ x)
    seeds = each.shape[0]
    return Slope(float(each.mean()), float(each.std(ddof=1)) / math.sqrt(seeds) if seeds > 1 else None)

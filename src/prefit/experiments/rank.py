"""Rank correlation: how far one number orders nets as another does."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from prefit._shapes import Vector


def rank_correlation(x: Vector, y: Vector) -> float | None:
    """Spearman's: Pearson's correlation of the ranks, equal numbers sharing theirs; None where one does not vary.

    >>> rank_correlation(np.array([1.0, 2.0, 9.0]), np.array([0.1, 0.2, 0.3]))
    1.0
    """
    a, b = (rankdata(values) - (values.size + 1) / 2 for values in (x, y))
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return None if scale == 0.0 else float(a @ b) / scale

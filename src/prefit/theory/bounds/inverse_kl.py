"""The relative entropy of two coins, and its inverse: how large an error may be behind the one that was seen.

kl(q‖p) = q ln(q/p) + (1 − q) ln((1 − q)/(1 − p)); for fixed q it increases in p ∈ [q, 1] from 0 to ∞ (q < 1).
"""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import rel_entr

from prefit._shapes import Vector

UNIT = 2.0**-53  # unit roundoff of float64
ROUNDING = 8.0  # roundings allowed for in each of the two terms: two quotients, a logarithm, a product, and the sum


@overload
def inverse_kl(q: float, c: float) -> float: ...
@overload
def inverse_kl(q: NDArray[np.float64], c: ArrayLike) -> NDArray[np.float64]: ...
def inverse_kl(q: float | NDArray[np.float64], c: ArrayLike) -> float | NDArray[np.float64]:
    """kl⁻¹(q|c) = sup{p: kl(q‖p) ≤ c}, its upper end: there kl(q‖p) is c or some 1e-15 above, never below.

    By bisection (Dziugaite & Roy 2017, arXiv:1703.11008, take five Newton steps, which end on either side): p is an
    upper end as soon as kl(q‖p), less what rounding may have added, is above c.

    q    in [0, 1], a number or an array
    c    ≥ 0, may be inf, of the shape of q or one that broadcasts with it
    """
    seen, allowed = np.broadcast_arrays(np.asarray(q, dtype=np.float64), np.asarray(c, dtype=np.float64))
    if not ((seen >= 0.0) & (seen <= 1.0) & (allowed >= 0.0)).all():
        raise ValueError("kl⁻¹(q|c) needs q from 0 to 1 and c ≥ 0. Pass a mean of losses in [0, 1] and a bound on kl.")
    lower, upper = seen.copy(), np.ones_like(seen)
    while True:
        middle = 0.5 * (lower + upper)
        narrow = (middle > lower) & (middle < upper)
        if not narrow.any():
            break
        above = _surely(seen, middle) > allowed
        upper = np.where(narrow & above, middle, upper)
        lower = np.where(narrow & ~above, middle, lower)
    return float(upper) if np.ndim(q) == 0 and np.ndim(c) == 0 else upper


def _surely(q: Vector, p: Vector) -> Vector:
    """What kl(q‖p) is at least, computed in float64: the logarithm of a quotient near 1 errs by u, not by u of it."""
    first, second = rel_entr(q, p), rel_entr(1.0 - q, 1.0 - p)
    slack = ROUNDING * UNIT * (np.abs(first) + np.abs(second) + q + (1.0 - q))
    least: Vector = first + second - slack
    return least

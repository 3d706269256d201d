"""Kernel values in float32, for iterations: twice the numbers in a register and half the terms of the series.

With one hidden layer the value at a float32 cosine is within 2⁻²¹κ(1) of the true one there; with more, within 2⁻¹⁹κ(1)
below |s| = 0.999 and 2⁻¹²κ(1) beyond (seen, not proved: certificates use float64). Near ±1 the rounding
of a cosine, 2⁻²⁴, moves k0 by its root, about 1e-4: no more digits are in a float32 cosine.
"""

import math
from typing import Any

import numpy as np
from numba import njit

compiled: Any = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "nsz"})

# arcsin(√t)/(π√t) on [0, ¼], Chebyshev interpolation of degree 5: relative error 5e-9 before rounding the coefficients.
_C0 = np.float32(0.318309873)
_C1 = np.float32(0.0530520156)
_C2 = np.float32(0.0238563605)
_C3 = np.float32(0.0144896684)
_C4 = np.float32(0.00763752731)
_C5 = np.float32(0.0135018695)
_ZERO, _HALF, _ONE, _TWO = np.float32(0.0), np.float32(0.5), np.float32(1.0), np.float32(2.0)
_INVERSE_PI = np.float32(1.0 / math.pi)


@compiled  # type: ignore[untyped-decorator]
def _half_angle(s: Any) -> Any:
    """k0(s) = (π − arccos s)/π for |s| ≤ 1."""
    a = abs(s)
    outer = a > _HALF
    t = _HALF * (_ONE - a) if outer else a * a
    w = math.sqrt(t) if outer else a
    p = ((((_C5 * t + _C4) * t + _C3) * t + _C2) * t + _C1) * t + _C0
    q = w * p
    q = _TWO * q if outer else q
    high = _ONE - q if outer else _HALF + q
    low = q if outer else _HALF - q
    return high if s >= _ZERO else low


@compiled  # type: ignore[untyped-decorator]
def _cut(s: Any) -> Any:
    s = _ONE if s > _ONE else s
    return -_ONE if s < -_ONE else s


@compiled
def evaluate_piece(  # type: ignore[no-untyped-def]
    cosines, values, sigma, total, weights, backward, forward
):
    """`kernels.compiled.evaluate_piece` in float32: all arrays are."""
    depth = weights.size
    size = cosines.size
    scale, ahead = np.float32(backward), np.float32(forward)
    if depth == 1 and forward == 0.0:
        one = scale * weights[0]
        for j in range(size):
            s = _cut(cosines[j])
            values[j] = one * (s * _half_angle(s))
        return
    for j in range(size):
        sigma[j] = _cut(cosines[j])
        total[j] = _ZERO
    for layer in range(depth):
        w = weights[layer]
        for j in range(size):
            s = sigma[j]
            k0 = _half_angle(s)
            total[j] = k0 * (total[j] + w * s)
            a = abs(s)
            sigma[j] = _cut(math.sqrt((_ONE - a) * (_ONE + a)) * _INVERSE_PI + s * k0)
    for j in range(size):
        values[j] = scale * total[j] + ahead * sigma[j]

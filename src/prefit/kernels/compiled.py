"""Compiled evaluation: blocks of cosines in, kernel values or error bounds out, one core and no lock held.

Every kernel of this package is one combination of the same quantities (`base.Recipe`), so one loop serves
all of them. A row is worked on in pieces that stay in the first-level cache; each pass over a piece is a
loop without branches or calls, which the compiler turns into vector instructions.

Accuracy, u = 2⁻⁵³, for an exact argument: k0 within 3u, k1 within 7u. With t = s² or (1 − |s|)/2, the second
exact by Sterbenz's lemma, q = √t·P(t) carries at most six roundings and is at most 1/6, so 2q is within 2u
and k0 = 1 − 2q, ½ ± q or 2q within 3u. The root in k1 adds five roundings of a number below 1/π, the
product and the sum one u each.
"""

import math
from typing import Any

import numpy as np
from numba import njit

UNIT = 2.0**-53

# P(t) ≈ arcsin(√t)/(π√t) on [0, ¼]: Chebyshev interpolation of degree 12, relative error 1.6e-17 before and
# 6.3e-17 after rounding the coefficients. The arcsine over π costs no more than the arcsine.
ARCSINE_OVER_PI = (
    0.3183098861837907,
    0.05305164769729295,
    0.023873241465010436,
    0.014210262668836788,
    0.009670878133410672,
    0.0071211491112956994,
    0.005525789481813799,
    0.004419682739751869,
    0.003873875430185169,
    0.0020783413779872934,
    0.00621132985810709,
    -0.005152606991585093,
    0.010147598659675072,
)
INVERSE_PI = 1.0 / math.pi
PIECE = 512  # entries worked on at a time: two buffers of 4 KiB

# Fused multiply-adds round less often than what they replace; nothing else is relaxed.
compiled: Any = njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})


@compiled  # type: ignore[untyped-decorator]
def _half_angle(s: float) -> float:
    """k0(s) = (π − arccos s)/π for |s| ≤ 1."""
    c = ARCSINE_OVER_PI
    a = abs(s)
    outer = a > 0.5
    t = 0.5 * (1.0 - a) if outer else a * a
    w = math.sqrt(t) if outer else a
    p = c[12]
    p = p * t + c[11]
    p = p * t + c[10]
    p = p * t + c[9]
    p = p * t + c[8]
    p = p * t + c[7]
    p = p * t + c[6]
    p = p * t + c[5]
    p = p * t + c[4]
    p = p * t + c[3]
    p = p * t + c[2]
    p = p * t + c[1]
    p = p * t + c[0]
    q = w * p
    q = 2.0 * q if outer else q
    high = 1.0 - q if outer else 0.5 + q
    low = q if outer else 0.5 - q
    return high if s >= 0.0 else low


@compiled  # type: ignore[untyped-decorator]
def _cut(s: float) -> float:
    """s limited to [−1, 1]; not-a-number stays."""
    s = 1.0 if s > 1.0 else s
    return -1.0 if s < -1.0 else s


@compiled
def evaluate_piece(  # type: ignore[no-untyped-def]
    cosines, values, sigma, total, weights, backward, forward
):
    """values = backward·Σ_l w_l Σ^{l−1} Π_{l'≥l} k0(Σ^{l'−1}) + forward·Σ^L at one row of at most PIECE cosines.

    values may be cosines themselves; sigma and total (PIECE,) are room to work in. `prefit.gram` compiles this into
    loops of its own, and numba does not see from there that this file changed: remove `__pycache__` after changes.
    """
    depth = weights.size
    size = cosines.size
    for j in range(size):
        sigma[j] = _cut(cosines[j])
        total[j] = 0.0
    for layer in range(depth):
        w = weights[layer]
        if layer == depth - 1 and forward == 0.0:
            for j in range(size):
                s = sigma[j]
                total[j] = _half_angle(s) * (total[j] + w * s)
        else:
            for j in range(size):
                s = sigma[j]
                k0 = _half_angle(s)
                total[j] = k0 * (total[j] + w * s)
                a = abs(s)
                sigma[j] = _cut(math.sqrt((1.0 - a) * (1.0 + a)) * INVERSE_PI + s * k0)
    for j in range(size):
        values[j] = backward * total[j] + forward * sigma[j]


@compiled
def evaluate_rows(S, row, out, out_row, shape, weights, backward, forward):  # type: ignore[no-untyped-def]
    """`evaluate_piece` for every row and piece of a block.

    S, out     the memory of both blocks as flat arrays; they may be the same
    row        distance between the rows of S; out_row: of out
    shape      rows and columns of the block
    weights    (L,) w_1 … w_L
    """
    sigma = np.empty(PIECE)
    total = np.empty(PIECE)
    for i in range(shape[0]):
        for start in range(0, shape[1], PIECE):
            size = min(PIECE, shape[1] - start)
            cosines = S[i * row + start : i * row + start + size]
            values = out[i * out_row + start : i * out_row + start + size]
            evaluate_piece(cosines, values, sigma, total, weights, backward, forward)


@compiled
def perturb_rows(  # type: ignore[no-untyped-def]
    S, row, E, e_row, out, out_row, shape, weights, backward, forward, slack
):
    """out[i, j]: how far the computed value at S[i, j] is at most from any true one within E[i, j] of it."""
    depth = weights.size
    sigma = np.empty(PIECE)
    error = np.empty(PIECE)
    total = np.empty(PIECE)
    for i in range(shape[0]):
        for start in range(0, shape[1], PIECE):
            size = min(PIECE, shape[1] - start)
            cosines = S[i * row + start : i * row + start + size]
            errors = E[i * e_row + start : i * e_row + start + size]
            bounds = out[i * out_row + start : i * out_row + start + size]
            for j in range(size):
                sigma[j] = _cut(cosines[j])
                error[j] = errors[j]
                total[j] = slack
            reach = 0.0
            for layer in range(depth):
                w = backward * weights[layer]
                reach += w
                for j in range(size):
                    e = error[j]
                    # 1 − s₊² = gap(2 − gap), s₊ = |s| + e: in this order the gap is relatively accurate.
                    gap = (1.0 - abs(sigma[j])) - e
                    gap = 0.0 if gap < 0.0 else gap
                    # The smaller of e/(π√(1 − s₊²)) and √(e/2), under one root.
                    square = e * min(e * (INVERSE_PI * INVERSE_PI) / (gap * (2.0 - gap) + 1e-300), 0.5)
                    total[j] += w * e + reach * math.sqrt(square)
                    error[j] = e + 8.0 * UNIT
                if layer < depth - 1:
                    for j in range(size):
                        s = sigma[j]
                        a = abs(s)
                        sigma[j] = _cut(math.sqrt((1.0 - a) * (1.0 + a)) * INVERSE_PI + s * _half_angle(s))
            for j in range(size):
                bounds[j] = (total[j] + forward * error[j]) * (1.0 + 1e-12)  # at most 64·8 roundings

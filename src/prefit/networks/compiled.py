"""What stands between the two matrix products of a two-layer net: sums of active units, and their patterns as bits.

Patterns are kept example by example: bit r of a row says whether unit r is active, 1{w_rᵀx ≥ 0} (Arora et al. 2019,
§3.1, where the derivative of ReLU at 0 is taken as 1).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

compiled: Any = njit(nogil=True, cache=True, error_model="numpy")
summing: Any = njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc", "nsz", "contract"})


@summing  # type: ignore[untyped-decorator]
def sum_active(U: Any, signs: Any, sums: Any) -> None:
    """sums_i += Σ_r a_r max(u_ir, 0) for U (t, b): single sums over a block, a double one over blocks."""
    zero = U.dtype.type(0)
    for i in range(U.shape[0]):
        total = zero
        for r in range(U.shape[1]):
            total += max(U[i, r], zero) * signs[r]
        sums[i] += total


@compiled  # type: ignore[untyped-decorator]
def unpack(pattern: Any, words: Any) -> None:
    """Bit r of the pattern (b/8,) bytes becomes byte r of the words: nonzero where unit r is active."""
    for w in range(words.shape[0]):
        words[w] = (np.uint64(pattern[w]) * np.uint64(0x0101010101010101)) & np.uint64(0x8040201008040201)


@compiled  # type: ignore[untyped-decorator]
def pack(U: Any, count: int, patterns: Any) -> None:
    """Bits of the first `count` units of U (t, b) into patterns (t, b/8) bytes; b a multiple of 64, the rest is 0.

    Eight truth values stand in the bytes of a word; the product gathers one bit of each in its top byte.
    """
    t, b = U.shape
    active = np.empty(b, np.uint8)
    words = active.view(np.uint64)
    for i in range(t):
        for r in range(b):
            active[r] = np.uint8(1) if U[i, r] >= 0 else np.uint8(0)
        for r in range(count, b):
            active[r] = np.uint8(0)
        for w in range(b // 8):
            patterns[i, w] = np.uint8((words[w] * np.uint64(0x0102040810204080)) >> np.uint64(56))


@compiled  # type: ignore[untyped-decorator]
def spread(g: Any, patterns: Any, M: Any) -> None:
    """M_ir = g_i where unit r is active, else 0: M (t, b), patterns (t, b/8) bytes.

    g and M come as unsigned whole numbers of their width: a value is kept or cleared by one `and`.
    """
    t, b = M.shape
    active = np.empty(b, np.uint8)
    words = active.view(np.uint64)
    zero, one = M.dtype.type(0), M.dtype.type(1)
    for i in range(t):
        unpack(patterns[i], words)
        value = g[i]
        for r in range(b):
            M[i, r] = value & (zero - (one if active[r] != 0 else zero))


@compiled  # type: ignore[untyped-decorator]
def mask(M: Any, patterns: Any) -> None:
    """M_ir = 0 where unit r is not active: M (t, b) as unsigned whole numbers, patterns (t, b/8) bytes."""
    t, b = M.shape
    active = np.empty(b, np.uint8)
    words = active.view(np.uint64)
    zero, one = M.dtype.type(0), M.dtype.type(1)
    for i in range(t):
        unpack(patterns[i], words)
        for r in range(b):
            M[i, r] = M[i, r] & (zero - (one if active[r] != 0 else zero))


@summing  # type: ignore[untyped-decorator]
def sum_masked(U: Any, signs: Any, patterns: Any, sums: Any) -> None:
    """sums_i += Σ_r a_r u_ir over the units active in the patterns (t, b/8) bytes, for U (t, b)."""
    t, b = U.shape
    active = np.empty(b, np.uint8)
    words = active.view(np.uint64)
    for i in range(t):
        unpack(patterns[i], words)
        total = U.dtype.type(0)
        for r in range(b):
            total += U[i, r] * signs[r] if active[r] != 0 else U.dtype.type(0)
        sums[i] += total


@compiled  # type: ignore[untyped-decorator]
def rectify(U: Any) -> None:
    """U ← max(U, 0)."""
    zero = U.dtype.type(0)
    for i in range(U.shape[0]):
        for r in range(U.shape[1]):
            U[i, r] = max(U[i, r], zero)


@compiled  # type: ignore[untyped-decorator]
def ones(word: np.uint64) -> np.uint64:
    """Bits of a word that are set (Warren, Hacker's Delight, §5-1)."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled  # type: ignore[untyped-decorator]
def shared_units(P: Any, Q: Any, counts: Any) -> None:
    """counts_ij = units active in both P_i and Q_j: (s, t) float64."""
    for i in range(P.shape[0]):
        for j in range(Q.shape[0]):
            total = np.uint64(0)
            for w in range(P.shape[1]):
                total += ones(P[i, w] & Q[j, w])
            counts[i, j] = np.float64(total)


@compiled  # type: ignore[untyped-decorator]
def changed_units(P: Any, Q: Any) -> int:
    """(example, unit) pairs in which the patterns P and Q (n, words) differ."""
    total = np.uint64(0)
    for i in range(P.shape[0]):
        for w in range(P.shape[1]):
            total += ones(P[i, w] ^ Q[i, w])
    return int(total)


@compiled  # type: ignore[untyped-decorator]
def active_units(P: Any, counts: Any) -> None:
    """counts_i = units active in P_i: (n,) float64."""
    for i in range(P.shape[0]):
        total = np.uint64(0)
        for w in range(P.shape[1]):
            total += ones(P[i, w])
        counts[i] = np.float64(total)

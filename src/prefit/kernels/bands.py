"""Bands of the power series for the floor of λ_min: a recipe in, safe masses C_0 … C_A out (theory §4.2)."""

from functools import lru_cache

import numpy as np

from prefit._shapes import Vector
from prefit.errors import InputError
from prefit.kernels.compiled import UNIT
from prefit.kernels.recipe import Recipe
from prefit.kernels.series import coefficients
from prefit.kernels.tails import tail_floor

MAXIMUM_POWERS = 30
SHALLOW_POWERS = 20  # closed-form coefficients are summed to degree 2^20: some ten milliseconds
SUMMATION = 256.0 * UNIT  # pairwise sums of at most 2^20 terms are relatively within 64u
DEEP_POWERS = 13  # recurrences are run to degree 2^13: a tenth of a second a layer


@lru_cache(maxsize=64)
def band_masses(recipe: Recipe, powers: int) -> Vector:
    """(powers + 1,) C_0 … C_A with Σ_{b ≥ a} C_b ≤ Σ_{p ≥ 2^a} c_p for every a, rounded down, c_0 left out.

    Up to the degree the series is summed to, N = 2^20 (one hidden layer) or 2^13, C_a is below the mass of
    its own band. The mass beyond N is κ(1) minus coefficients bounded from above; `tails.tail_floor` says how
    much of it lies beyond 2^a for a > log₂ N, and the rest counts at N. Mass counted at too small a power is
    safe: every mass C_a can be traced to coefficients c_p with p ≥ 2^a, and w·S^{∘p} ⪰ w·diag(1 − ρ^{(2^a)})
    for those (docs/proofs.md P3), so K ⪰ diag Σ_a w_a C_a (1 − ρ_i^{(2^a)}) holds for all weights w_a ∈ [0, 1].
    """
    if not 0 <= powers <= MAXIMUM_POWERS:
        raise InputError(
            f"powers must be from 0 to {MAXIMUM_POWERS}: got {powers}. "
            "20 tells inputs with 1 − s down to about 1e-6 from duplicates."
        )
    summed = min(powers, SHALLOW_POWERS if recipe.depth == 1 else DEEP_POWERS)
    degree = 2**summed - 1
    low, high = coefficients(recipe, degree, -1), coefficients(recipe, degree, +1)
    bands = [float(np.sum(low[2**a : 2 ** (a + 1)])) * (1.0 - SUMMATION) for a in range(summed)]
    tails = [_remainder(recipe.diagonal, high)]
    for a in range(summed + 1, powers + 1):
        tails.append(min(tails[-1], tail_floor(recipe, 2**a)))
    beyond = [tails[i] - tails[i + 1] for i in range(len(tails) - 1)] + tails[-1:]
    masses = np.array([max(0.0, mass) for mass in bands + beyond]) * (1.0 - 8.0 * UNIT)
    masses.flags.writeable = False
    return masses


def _remainder(total: float, high: Vector) -> float:
    """κ(1) − Σ c_p from below; κ(1) and the difference are rounded once each."""
    return max(0.0, total - float(np.sum(high)) * (1.0 + SUMMATION) - 4.0 * UNIT * total)

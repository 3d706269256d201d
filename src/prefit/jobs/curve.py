"""Columns in the spectrum of an operator, by as many Lanczos steps as their loss curves and its top end need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from prefit._shapes import Indices, Matrix
from prefit.spectra import BlockLanczos, LanczosDecomposition, SpectralMeasure
from prefit.theory.arora2019 import residual_norms

KNOWN = 1e-3  # relative width of the bracket of a curve at which it is known
FAINT = 1e-4  # of the start: below this only the absolute width counts
LOOK_EVERY = 8
BEFORE = 5  # where no floor gives the other side, the curve of so many steps before stands in for it
MOST_STEPS = 500
SOLVED = 2e-3  # of yᵀA⁻¹y at least: what a solution's residual may add to its upper end
TOP = 1e-3  # relative residual of the top Ritz pair at which λ_max is known: to about the square of it


@dataclass(frozen=True)
class Curves:
    """One run a column; known: every curve was, before MOST_STEPS."""

    runs: list[LanczosDecomposition]
    known: bool


def known_curves(
    product: Callable[[Matrix], Matrix],
    columns: Matrix,
    rate: float,
    steps: Indices,
    floor: float = 0.0,
    solved: bool = False,
) -> Curves:
    """One run a column of `columns` (N, k), all advanced by one product until (I − ηA)^k of each is known at `steps`.

    The residual after k steps is exact once there are more than k Lanczos steps; before, it is bracketed by Gauss below
    and Gauss-Radau above (docs/proofs.md P4, floor > 0 and η ≤ 1/λ_max), else by two Gauss rules. Each run goes on
    until its largest Ritz value is known too.

    solved  go on until ‖r‖²/floor of the Galerkin solution of A z = y is little beside yᵀz, floor > 0
    """
    blocks = [BlockLanczos(columns[:, j : j + 1], seed=j) for j in range(columns.shape[1])]
    waiting, known = list(blocks), True
    while waiting:
        products = product(np.hstack([block.current() for block in waiting]))
        for j, block in enumerate(waiting):
            block.absorb(products[:, j : j + 1])
        if waiting[0].steps % LOOK_EVERY == 0 or any(block.finished for block in waiting):
            waiting = [b for b in waiting if not (_known(b, rate, steps, floor) and (not solved or _solved(b, floor)))]
        if waiting and waiting[0].steps >= MOST_STEPS:
            waiting, known = [], False
    return Curves([block.decomposition() for block in blocks], known)


def _known(block: BlockLanczos, rate: float, steps: Indices, floor: float) -> bool:
    if block.finished:
        return True
    if not _top_known(block):
        return False
    if block.steps > steps[-1]:
        return True
    part = block.decomposition()
    other = _other_side(part, rate, floor)
    with np.errstate(over="ignore", invalid="ignore"):
        one, two = residual_norms(part.measure(), rate, steps), residual_norms(other, rate, steps)
        return bool((np.abs(one - two) <= KNOWN * (np.minimum(one, two) + FAINT * one[0])).all())


def _top_known(block: BlockLanczos) -> bool:
    band = block.banded()
    values, U = scipy.linalg.eigh_tridiagonal(band[0], band[1, :-1])
    return bool(abs(block.coupling[-1][0, 0] * U[-1, -1]) <= TOP * values[-1])


def _solved(block: BlockLanczos, floor: float) -> bool:
    z = block.solve()
    rest = float((block.coupling[-1] @ z[-1:])[0, 0])
    return block.finished or rest * rest / floor <= SOLVED * float(block.start_factor[0, 0] * z[0, 0])


def _other_side(part: LanczosDecomposition, rate: float, floor: float) -> SpectralMeasure:
    upper = part.upper_measure(floor) if floor > 0.0 and rate * part.largest <= 1.0 else None
    return part.shortened(max(part.steps - BEFORE, 1)).measure() if upper is None else upper

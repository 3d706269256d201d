"""Which inputs coincide on the sphere, and what that leaves of the labels.

With E (n, g) the matrix that holds ‖x_i‖ (1 on the sphere) where example i has direction g, the Gram matrix is
E K Eᵀ with K that of the g distinct directions. Everything prefit asks of it, it asks of D K D, D² = EᵀE diagonal, and
of the labels' part in the range of E: the loss curve counts every example, and yᵀ(EKEᵀ)⁺y is the merged data's (our
derivation, docs/proofs.md P5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix, Vector
from prefit.errors import InputError

# Two rows coincide when no coordinate of their unit vectors differs by more than this: normalizing x and t·x leaves
# differences of a few units of rounding.
COINCIDE = 32 * 2.0**-53
# Relative: lengths are summed pairwise and known to some 20u, rows coincide to COINCIDE.
LENGTH_ERROR = 2.0**-46


@dataclass(frozen=True)
class Distinct:
    """The distinct directions among n inputs.

    group    (n,) which distinct direction each example has, numbered in order of first appearance
    first    (g,) the example in which each direction appears first
    lengths  (n,) ‖x_i‖, or ones on the sphere
    scales   (g,) D: root of the sum of squared lengths of a direction's examples
    """

    group: Indices
    first: Indices
    lengths: Vector
    scales: Vector

    @property
    def count(self) -> int:
        return int(self.first.shape[0])

    @property
    def merged(self) -> int:
        """Examples whose direction appeared before."""
        return int(self.group.shape[0]) - self.count

    def values(self, Y: Matrix) -> Matrix:
        """(g, k) what a function of the kernel's space must take at each direction, from its first example."""
        values: Matrix = Y[self.first] / self.lengths[self.first, None]
        return values

    def in_conflict(self, Y: Matrix) -> Indices:
        """Directions whose examples ask for different values: no function fits them all."""
        asked = Y / self.lengths[:, None]
        off = np.abs(asked - asked[self.first][self.group]).max(axis=1)
        # On the sphere labels are compared as they are; off it they were divided by computed lengths.
        near = 0.0 if bool((self.lengths == 1.0).all()) else LENGTH_ERROR * np.abs(asked).max(axis=1)
        return np.unique(self.group[off > near])

    def range_part(self, Y: Matrix) -> Matrix:
        """(g, k) coordinates D⁻¹EᵀY of the labels in the range of E; equals D·values where nothing conflicts."""
        out = np.zeros((self.count, Y.shape[1]))
        np.add.at(out, self.group, Y * self.lengths[:, None])
        return out / self.scales[:, None]

    def expand(self, V: Matrix) -> Matrix:
        """(n, k) from (g, k): E D⁻¹ V, so that norms are kept."""
        out: Matrix = (V / self.scales[:, None])[self.group] * self.lengths[:, None]
        return out

    def example_labels(self, drawn: AnyArray) -> AnyArray:
        """(n, ...) one drawn label per direction, given to each of its examples."""
        return drawn[self.group]


def unit_rows(X: AnyArray, rows: Indices | None = None) -> tuple[Matrix, Vector]:
    """(n, d) inputs divided by their lengths in float64, and the lengths (n,).

    Raises InputError for a zero row, which has no direction.
    """
    U = np.array(X, dtype=np.float64, order="C")
    largest = np.abs(U).max(axis=1)
    zero = np.flatnonzero(largest == 0.0)
    if zero.size:
        name = int(zero[0] if rows is None else rows[zero[0]])
        raise InputError(
            f"every input needs a direction: row {name} is all zeros"
            f"{f' (and {zero.size - 1} more)' if zero.size > 1 else ''}. "
            "Remove it, or append a constant feature with --bias."
        )
    # Squares of entries beyond about 1e154 overflow and below 1e-154 vanish; a power of two changes no digit.
    extreme = (largest > 1e100) | (largest < 1e-100)
    shift = np.where(extreme, np.frexp(largest)[1], 0)
    if extreme.any():
        U = np.ldexp(U, -shift[:, None])
    lengths = np.sqrt(_sums_of_squares(U))
    U /= lengths[:, None]
    return U, np.ldexp(lengths, shift)


def _sums_of_squares(U: Matrix) -> Vector:
    """(n,) pairwise sums, so that x and t·x get unit rows that agree to a few units of rounding whatever d is."""
    out = np.empty(U.shape[0])
    for start in range(0, U.shape[0], 512):
        out[start : start + 512] = np.square(U[start : start + 512]).sum(axis=1)
    return out


def distinct_inputs(U: Matrix, lengths: Vector | None = None) -> Distinct:
    """Group unit rows U (n, d) that coincide; `lengths` (n,) keeps ‖x_i‖ when the kernel is homogeneous.

    Rows are sorted by one fixed random projection, and compared with those whose projection is the same to rounding:
    O(nd + n log n).
    """
    n, d = U.shape
    direction = np.random.default_rng(0).standard_normal(d)
    projection = U @ direction
    near = 2 * COINCIDE * float(np.abs(direction).sum())
    order = np.argsort(projection, kind="stable")
    breaks = np.flatnonzero(np.diff(projection[order]) > near) + 1
    leader = np.arange(n)
    for run in np.split(order, breaks):
        if run.size > 1:
            _lead(U, np.sort(run), leader)
    first, group = np.unique(leader, return_inverse=True)
    size = np.ones(n) if lengths is None else lengths
    scales = np.sqrt(np.bincount(group, weights=size * size, minlength=first.size))
    return Distinct(group.astype(np.int64), first.astype(np.int64), size, scales)


def _lead(U: Matrix, run: Indices, leader: Indices) -> None:
    """Give each row of the run the first row that it coincides with."""
    waiting = run
    while waiting.size:
        same = np.abs(U[waiting] - U[waiting[0]]).max(axis=1) <= COINCIDE
        leader[waiting[same]] = waiting[0]
        waiting = waiting[~same]

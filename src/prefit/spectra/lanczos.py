"""Lanczos started at the labels: the label measure from products with the Gram matrix.

A block of w columns is run by block Lanczos with full reorthogonalization; w = 1 is the classical process, whose Gauss
and Gauss-Radau quadratures have proved sides (docs/proofs.md P4; Golub and Meurant 2010). Several blocks run in
lockstep, so that every product is one product with many columns, and each stops by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.linalg

from prefit._shapes import AnyArray, Indices, Matrix, Vector
from prefit.spectra.measure import SpectralMeasure, combine

MEETS = 1e-13  # of the largest Ritz value: nearer than this to the floor, the least one is it to rounding
DEFLATED = 1e-12  # a new direction shorter than this portion of the largest so far is rounding, not news
STRIP = 2048  # rows of a float32 basis taken to float64 at a time
FIRST_STEPS = 96  # room for so many blocks before the basis is copied
DEFLATED_SINGLE = 1e-6  # the same for products in float32


def thin_qr(W: Matrix) -> tuple[Matrix, Matrix]:
    """Q (n, w), R (w, w) upper triangular with W = QR: Cholesky QR twice, Householder where W is nearly dependent.

    Two passes over a tall W are all it reads; Householder reads it w times.
    """
    if W.shape[1] == 1:
        length = float(np.linalg.norm(W))
        return W / (length or 1.0), np.array([[length]])
    Q, R = W, np.eye(W.shape[1])
    for _ in range(2):
        try:
            L = np.linalg.cholesky(Q.T @ Q)
        except np.linalg.LinAlgError:
            return np.linalg.qr(W)
        if np.diag(L).min() < 1e-6 * np.diag(L).max():  # its square is in the Gram matrix: orthogonality would be lost
            return np.linalg.qr(W)
        inverse = np.linalg.inv(L)
        Q, R = Q @ inverse.T, L.T @ R
    return Q, R


def combined(basis: AnyArray, coefficients: Matrix) -> Matrix:
    """basis @ coefficients in float64; a float32 basis is taken to it strip by strip, never whole."""
    if basis.dtype == np.float64:
        return np.asarray(basis @ coefficients)
    out = np.empty((basis.shape[0], coefficients.shape[1]))
    for start in range(0, basis.shape[0], STRIP):
        np.dot(basis[start : start + STRIP].astype(np.float64), coefficients, out=out[start : start + STRIP])
    return out


class BlockLanczos:
    """The state of one block: basis Q of j blocks of w columns, and the block tridiagonal QᵀAQ.

    start   (n, w) labels; columns that depend on others are replaced by random directions of weight zero
    dtype   of the basis; products may come in it too
    """

    def __init__(self, start: Matrix, dtype: type = np.float64, seed: int = 0) -> None:
        self.n, self.width = start.shape
        self._rng = np.random.default_rng(seed)
        self.dtype = dtype
        self.finished = False  # no further step is possible
        self.padding = 0  # zero columns at the end of a last block that found less than w dimensions left
        self._Q: AnyArray = np.empty((self.n, 0), dtype, order="F")
        self._made: LanczosDecomposition | None = None
        self.used = 0  # columns of the basis that are final
        self.diagonal: list[Matrix] = []  # A_j (w, w)
        self.coupling: list[Matrix] = []  # B_j (w, w) upper triangular: A Q_j = … + Q_{j+1} B_j
        first, self.start_factor = self._orthonormal(np.asarray(start, dtype=np.float64), None)
        self._append(first)

    @property
    def steps(self) -> int:
        return len(self.diagonal)

    def current(self) -> AnyArray:
        """(n, w) the newest block, to be multiplied by A."""
        return self._Q[:, self.used - self.width : self.used]

    def basis(self) -> AnyArray:
        """(n, steps·w) the blocks that have been multiplied."""
        return self._Q[:, : self.steps * self.width]

    def absorb(self, product: AnyArray) -> None:
        """Take in A times the newest block: one step."""
        newest, w = self.current(), self.width
        W: AnyArray = np.asarray(product, dtype=self.dtype)
        if self.steps:
            before = self._Q[:, self.used - 2 * w : self.used - w]
            W = W - before @ self.coupling[-1].T.astype(self.dtype)
        A = newest.T @ W
        W = W - newest @ A
        everything = self._Q[:, : self.used]
        correction = everything.T @ W
        W -= everything @ correction
        A = np.asarray(A + correction[-w:], dtype=np.float64)
        for column in range(w - self.padding, w):
            A[column, column] = abs(A[0, 0])  # an eigenvalue of no weight
        self.diagonal.append((A + A.T) / 2)
        left = self.n - self.used
        if left <= 0:
            self.finished = True
            self.coupling.append(np.zeros((w, w)))
            return
        W = np.asarray(W, dtype=np.float64)
        following, B = self._orthonormal(W, everything) if left >= w else self._last(W, left)
        self.coupling.append(B)
        self.finished = not B.any()
        self._append(following)

    def _append(self, block: Matrix) -> None:
        if self.used + self.width > self._Q.shape[1]:
            # Columns that are not yet used take no memory: the system gives pages when they are written.
            larger = np.empty((self.n, max(2 * self._Q.shape[1], FIRST_STEPS * self.width)), self.dtype, order="F")
            larger[:, : self.used] = self._Q[:, : self.used]
            self._Q = larger
        self._Q[:, self.used : self.used + self.width] = block
        self.used += self.width

    def _last(self, W: Matrix, left: int) -> tuple[Matrix, Matrix]:
        """What W adds of the last `left` < w dimensions, padded with zero columns; B stays upper triangular."""
        U, sizes, _ = np.linalg.svd(W, full_matrices=False)
        kept = min(left, int((sizes > self._cut(sizes)).sum()))
        self.padding = self.width - kept
        Q, B = np.zeros_like(W), np.zeros((self.width, self.width))
        turn, R = np.linalg.qr(U[:, :kept].T @ W)
        Q[:, :kept], B[:kept] = U[:, :kept] @ turn, R
        return Q, B

    def _cut(self, sizes: Matrix) -> float:
        """Directions shorter than this are rounding."""
        scale = max(float(np.abs(M).max()) for M in (*self.diagonal, *self.coupling, sizes))
        return scale * (DEFLATED if self.dtype == np.float64 else DEFLATED_SINGLE)

    def _orthonormal(self, W: Matrix, everything: AnyArray | None) -> tuple[Matrix, Matrix]:
        """QR of W; directions that are rounding are replaced by random ones of weight zero."""
        Q, R = thin_qr(W)
        lost = np.flatnonzero(np.abs(np.diag(R)) <= self._cut(R))
        if lost.size:
            R = R.copy()
            R[lost] = 0.0
            Q = self._refilled(Q, lost, everything)
        return Q, R

    def _refilled(self, Q: Matrix, lost: Indices, everything: AnyArray | None) -> Matrix:
        """Q with its lost columns replaced by random directions orthogonal to the rest and to the basis."""
        Q = Q.copy()
        Q[:, lost] = 0.0
        for column in lost:
            fresh: Vector = np.asarray(self._rng.standard_normal(self.n))
            for _ in range(2):
                if everything is not None:
                    fresh = fresh - everything @ (everything.T @ fresh.astype(self.dtype))
                fresh = fresh - Q @ (Q.T @ fresh)
            Q[:, column] = fresh / float(np.linalg.norm(fresh))
        return Q

    def banded(self) -> Matrix:
        """QᵀAQ in the lower band storage of scipy.linalg, (w + 1, steps·w)."""
        w, size = self.width, self.steps * self.width
        band = np.zeros((w + 1, size))
        for j, A in enumerate(self.diagonal):
            for row in range(w):
                for column in range(row + 1):
                    band[row - column, j * w + column] = A[row, column]
        for j, B in enumerate(self.coupling[: self.steps - 1]):
            for row in range(w):
                for column in range(row, w):
                    band[w + row - column, j * w + column] = B[row, column]
        return band

    def solve(self) -> Matrix:
        """(steps·w, w) coefficients T⁻¹E₁R: the Galerkin solution of A z = labels is basis() times it."""
        right = np.zeros((self.steps * self.width, self.width))
        right[: self.width] = self.start_factor
        if self.width == 1 and self.steps == 1:
            return right / self.diagonal[0]
        try:
            solution: Matrix = scipy.linalg.solveh_banded(self.banded(), right, lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            return self._solve_above_rounding(right)
        return solution

    def _solve_above_rounding(self, right: Matrix) -> Matrix:
        """T⁺E₁R without the Ritz values that rounding made zero or negative: any solution can be certified."""
        values, U = scipy.linalg.eig_banded(self.banded(), lower=True, check_finite=False)
        cut = float(values[-1]) * (1e-12 if self.dtype == np.float64 else 1e-6)
        inverse = np.where(values > cut, 1.0 / np.maximum(values, cut), 0.0)
        solution: Matrix = U @ (inverse[:, None] * (U.T @ right))
        return solution

    def residual(self, coefficients: Matrix) -> tuple[AnyArray, Matrix]:
        """The residual of the Galerkin solution, as directions (n, w) times factors (w, w)."""
        return self.current(), -self.coupling[-1] @ coefficients[-self.width :]

    def state(self) -> tuple[dict[str, Any], dict[str, AnyArray], AnyArray]:
        """Facts, arrays, and the basis so far, from which `restored` goes on with the same digits."""
        facts = {
            "width": self.width,
            "finished": self.finished,
            "padding": self.padding,
            "generator": self._rng.bit_generator.state,
        }
        shape = (self.steps, self.width, self.width)
        arrays = {
            "diagonal": np.array(self.diagonal).reshape(shape),
            "coupling": np.array(self.coupling).reshape(shape),
            "start": self.start_factor,
        }
        return facts, arrays, self._Q[:, : self.used]

    @classmethod
    def restored(cls, facts: Mapping[str, Any], arrays: Mapping[str, AnyArray], basis: AnyArray) -> BlockLanczos:
        block = cls.__new__(cls)
        block.n, block.width, block.dtype = basis.shape[0], int(facts["width"]), basis.dtype.type
        block.finished, block.padding = bool(facts["finished"]), int(facts["padding"])
        block._rng = np.random.default_rng()
        block._rng.bit_generator.state = dict(facts["generator"])
        block._Q, block.used, block._made = np.asfortranarray(basis), basis.shape[1], None
        block.diagonal, block.coupling = list(arrays["diagonal"]), list(arrays["coupling"])
        block.start_factor = np.array(arrays["start"])
        return block

    def decomposition(self) -> LanczosDecomposition:
        """The run so far; made once for each number of steps, since its eigenproblem is worth keeping."""
        if self._made is None or self._made.steps != self.steps:
            self._made = LanczosDecomposition(
                basis=self.basis(),
                width=self.width,
                steps=self.steps,
                band=self.banded(),
                start=self.start_factor,
                last=self.coupling[-1],
            )
        return self._made


@dataclass(frozen=True)
class LanczosDecomposition:
    """A finished run: labels in the Ritz vectors of its Krylov space."""

    basis: AnyArray
    width: int
    steps: int
    band: Matrix
    start: Matrix
    last: Matrix

    @property
    def exact(self) -> bool:
        return False

    @property
    def degree(self) -> int:
        return 2 * self.steps - 1

    @cached_property
    def _ritz(self) -> tuple[Vector, Matrix]:
        values, U = scipy.linalg.eig_banded(self.band, lower=True, check_finite=False)
        return values, U

    @property
    def _coordinates(self) -> Matrix:
        """(steps·w, k) labels in the Ritz vectors."""
        coordinates: Matrix = self._ritz[1][: self.width].T @ self.start
        return coordinates

    def measure(self) -> SpectralMeasure:
        return combine(self.column_measures()) if self.width == 1 else self._pooled()

    def _pooled(self) -> SpectralMeasure:
        return SpectralMeasure(self._ritz[0], (self._coordinates**2).sum(axis=1))

    def column_measures(self) -> list[SpectralMeasure]:
        return [SpectralMeasure(self._ritz[0], column**2) for column in self._coordinates.T]

    def upper_measure(self, floor: float) -> SpectralMeasure | None:
        """Gauss-Radau (Golub 1973): the tridiagonal matrix, one row larger, with `floor` made an eigenvalue."""
        if self.width > 1:
            return None
        beta, nodes = float(self.last[0, 0]), self._ritz[0]
        if beta == 0.0 or floor >= nodes[0] - MEETS * nodes[-1]:
            # Nothing beyond the nodes, but for rounding, which moved a node to or below the floor.
            gauss = self.measure()
            return SpectralMeasure(np.maximum(gauss.nodes, floor), gauss.weights)
        shifted = self.band.copy()
        shifted[0] -= floor
        right = np.zeros(self.steps)
        right[-1] = beta**2
        delta = (
            scipy.linalg.solveh_banded(shifted, right, lower=True, check_finite=False)
            if self.steps > 1
            else (right / shifted[0])
        )
        diagonal = np.append(self.band[0], floor + delta[-1])
        values, U = scipy.linalg.eigh_tridiagonal(diagonal, np.append(self.band[1, :-1], beta))
        return SpectralMeasure(np.maximum(values, floor), (U[0] * float(self.start[0, 0])) ** 2)

    def apply(self, f: Callable[[Vector], Vector]) -> Matrix:
        values, U = self._ritz
        applied: Matrix = combined(self.basis, U @ (f(values)[:, None] * self._coordinates))
        return applied

    def apply_many(self, F: Callable[[Vector], Matrix]) -> Matrix:
        values, U = self._ritz
        weights = F(values)
        return np.stack([combined(self.basis, U @ (weights * c[:, None])) for c in self._coordinates.T], axis=1)

    def shortened(self, steps: int) -> LanczosDecomposition:
        """The same run as it was after fewer steps."""
        last = np.zeros((self.width, self.width))
        for row in range(self.width):
            for column in range(row, self.width):
                last[row, column] = self.band[self.width + row - column, (steps - 1) * self.width + column]
        band = self.band[:, : steps * self.width].copy()
        for row in range(1, self.width + 1):
            band[row, max(0, steps * self.width - row) :] = 0.0
        return LanczosDecomposition(self.basis[:, : steps * self.width], self.width, steps, band, self.start, last)

    @property
    def largest(self) -> float:
        return float(self._ritz[0][-1])

    @property
    def smallest(self) -> tuple[float, float]:
        values, U = self._ritz
        return float(values[0]), float(np.linalg.norm(self.last @ U[-self.width :, 0]))

    def top_vector(self) -> Vector:
        """(n,) unit Ritz vector of the largest Ritz value."""
        vector = combined(self.basis, self._ritz[1][:, -1:])[:, 0]
        return np.asarray(vector / np.linalg.norm(vector))

    def bottom_vector(self) -> Vector:
        """(n,) unit Ritz vector of the smallest Ritz value."""
        vector = combined(self.basis, self._ritz[1][:, :1])[:, 0]
        return np.asarray(vector / np.linalg.norm(vector))

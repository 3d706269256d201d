"""A preconditioner from a few columns: P = F Fᵀ + μI with F from a randomly pivoted Cholesky factorization.

Columns are drawn in proportion to what is left of the diagonal, which takes them from every part of the data and has
proved rates (Chen, Epperly, Tropp, Webber 2023, arXiv:2207.06503); drawn in blocks with rejection, so that the
distribution stays and the work is matrix products (Epperly, Tropp, Webber 2024, arXiv:2410.03969). As a preconditioner:
Díaz, Epperly, Frangella, Tropp, Webber 2023, arXiv:2304.12465; our matrices have no ridge of their own, so μ is the
mean of what F leaves of the diagonal (ours; half of it and the diagonal itself took as many or more products).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg

from prefit._shapes import AnyArray, Indices, Matrix, Vector
from prefit.gram.workers import Workers

BLOCK = 128  # columns drawn together
STRIP = 4096  # rows multiplied in float32 before they are added in float64
EXHAUSTED = 1e-7  # what is left of the trace, relative: no more columns help


@dataclass(frozen=True)
class Nystrom:
    """P = F Fᵀ + μI.

    F       (n, r) float32
    shift   μ > 0
    """

    F: AnyArray
    shift: float
    workers: Workers | None = None

    @property
    def n(self) -> int:
        return int(self.F.shape[0])

    @property
    def rank(self) -> int:
        return int(self.F.shape[1])

    @cached_property
    def _eigen(self) -> tuple[Vector, Matrix]:
        """Eigenvalues of FᵀF, increasing, and its eigenvectors."""
        if self.rank == 0:
            return np.empty(0), np.empty((0, 0))
        values, V = scipy.linalg.eigh(inner_products(self.F, self.F, self.workers), driver="evd", check_finite=False)
        return np.maximum(values, 0.0), V

    @cached_property
    def _core(self) -> Matrix:
        """(FᵀF + μI)⁻¹."""
        values, V = self._eigen
        core: Matrix = (V / (values + self.shift)) @ V.T
        return core

    @property
    def values(self) -> Vector:
        """(r,) eigenvalues of F Fᵀ, decreasing: each is at most the matrix's own."""
        return self._eigen[0][::-1]

    def top_vector(self) -> Vector:
        """(n,) unit eigenvector of the largest eigenvalue of F Fᵀ."""
        vector = multiply(self.F, self._eigen[1][:, -1:], self.workers)[:, 0]
        return np.asarray(vector / np.linalg.norm(vector))

    def solve(self, R: Matrix) -> Matrix:
        """P⁻¹R for R (n, k) (Woodbury): F is read twice."""
        inside = self._core @ inner_products(self.F, R, self.workers)
        out: Matrix = (R - multiply(self.F, inside, self.workers)) / self.shift
        return out

    @property
    def trace_of_inverse(self) -> float:
        """tr P⁻¹."""
        values = self._eigen[0]
        return (self.n - float((values / (values + self.shift)).sum())) / self.shift


def inner_products(F: AnyArray, R: AnyArray, workers: Workers | None) -> Matrix:
    """FᵀR (r, k): strips of rows in float32, added up in float64."""
    strips = range(0, F.shape[0], STRIP)

    def work(worker: int, workers: int) -> Matrix:
        total = np.zeros((F.shape[1], R.shape[1]))
        for start in strips[worker::workers]:
            part = slice(start, start + STRIP)
            total += F[part].T @ np.asarray(R[part], dtype=np.float32)
        return total

    if workers is None:
        return work(0, 1)
    return workers.total(lambda worker: work(worker, workers.threads))


def multiply(F: AnyArray, C: Matrix, workers: Workers | None) -> Matrix:
    """F C (n, k) for C (r, k), in float32."""
    out, small = np.empty((F.shape[0], C.shape[1])), C.astype(np.float32)
    strips = range(0, F.shape[0], STRIP)

    def work(worker: int, workers: int) -> None:
        for start in strips[worker::workers]:
            part = slice(start, start + STRIP)
            out[part] = F[part] @ small

    if workers is None:
        work(0, 1)
    else:
        workers.share(lambda worker: work(worker, workers.threads))
    return out


class Pivoted:
    """A randomly pivoted Cholesky factorization under way: F so far and what it leaves of the diagonal.

    columns   entries (n, b) of the matrix at b given columns
    diagonal  (n,) of the matrix
    """

    def __init__(self, columns: Callable[[Indices], Matrix], diagonal: Vector, seed: int = 11) -> None:
        self._columns, self._rng = columns, np.random.default_rng(seed)
        self._F: AnyArray = np.empty((diagonal.shape[0], 0), np.float32)
        self.rank = 0
        self.left: Vector = diagonal.copy()
        self._trace = float(diagonal.sum())

    @property
    def F(self) -> AnyArray:
        return self._F[:, : self.rank]

    @property
    def exhausted(self) -> bool:
        return bool(self.left.sum() <= EXHAUSTED * self._trace)

    @property
    def shift(self) -> float:
        """μ: the mean of what is left of the diagonal."""
        least = EXHAUSTED * self._trace / self.left.size
        return float(max(self.left.mean(), least))

    def grow(self, rank: int, progress: Callable[[float], None] | None = None) -> None:
        """Draw columns until F has `rank` of them, or nothing is left to draw from."""
        self._make_room(rank)
        while self.rank < rank and not self.exhausted:
            self._block(min(BLOCK, rank - self.rank))
            if progress is not None:
                progress(self.rank / rank)

    def _make_room(self, rank: int) -> None:
        if rank > self._F.shape[1]:
            larger = np.empty((self._F.shape[0], rank), np.float32)
            larger[:, : self.rank] = self.F
            self._F = larger

    def _block(self, size: int) -> None:
        """Draw `size` candidates, keep those that rejection leaves, eliminate them."""
        candidates = self._rng.choice(self.left.shape[0], size=size, p=self.left / self.left.sum())
        columns, known = self._columns(candidates), self.F[candidates]
        core = columns[candidates]
        core = (core + core.T) / 2.0 - np.asarray(known @ known.T, dtype=np.float64)
        kept = self._kept(core, self.left[candidates])
        pivots = candidates[kept]
        L = _cholesky(core[np.ix_(kept, kept)])
        G = np.asarray(columns[:, kept], dtype=np.float32)
        G -= self.F @ known[kept].T
        new = scipy.linalg.solve_triangular(L, G.T, lower=True, check_finite=False, overwrite_b=True).T
        self._F[:, self.rank : self.rank + len(kept)] = new
        self.rank += len(kept)
        self.left = np.maximum(self.left - np.einsum("ij,ij->i", new, new, dtype=np.float64), 0.0)
        self.left[pivots] = 0.0

    def _kept(self, core: Matrix, proposed: Vector) -> list[int]:
        """Candidates accepted one after the other with the portion of their diagonal that is still left."""
        S, kept = core.copy(), []
        for i in range(S.shape[0]):
            if self._rng.random() * proposed[i] < S[i, i] and S[i, i] > 1e-3 * proposed[i]:
                kept.append(i)
                S[i:, i:] -= np.outer(S[i:, i], S[i, i:]) / S[i, i]
        return kept or [0]


def _cholesky(core: Matrix) -> Matrix:
    """Lower factor in float32; the diagonal is raised where rounding has spoiled it."""
    scale = float(np.abs(np.diag(core)).mean()) or 1.0
    for lift in (0.0, 1e-7, 1e-5, 1e-3, 1e-1, 10.0):
        try:
            return np.asarray(np.linalg.cholesky(core + lift * scale * np.eye(core.shape[0])), dtype=np.float32)
        except np.linalg.LinAlgError:
            continue
    raise AssertionError("a positive diagonal was raised tenfold")

"""Activation patterns as bits, and the kernel of a two-layer net that they and the inputs determine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.gram.gram import Operator
from prefit.gram.workers import Workers
from prefit.networks.compiled import active_units, changed_units, shared_units

SIDE = 256  # examples of a block of the kernel


@dataclass(frozen=True)
class PatternOperator(Operator):
    """H(W) of a two-layer net as an operator: H_ij = x_iᵀx_j |{r active in both}|/m (Arora et al. 2019, §3.1).

    Blocks are made from the inputs and the bits in every product, n²(d + m/64)/2 operations; memory O(n(d + m/64 + k)).

    X         (n, d) inputs
    patterns  (n, ⌈m/64⌉) uint64, as a forward pass fills them
    width     m
    """

    X: Matrix
    patterns: AnyArray
    width: int
    workers: Workers
    name = "patterns"
    precision = "exact counts, float64 inner products"

    @property
    def n(self) -> int:
        return int(self.X.shape[0])

    def matmat(self, V: AnyArray) -> AnyArray:
        """H V in float64 for V (n, k)."""
        return self._multiplied(np.asarray(V, dtype=np.float64), lambda block: block)

    def absolute_matvec(self, v: Vector) -> Vector:
        product: Vector = self._multiplied(v[:, None], np.abs)[:, 0]
        return product

    def diagonal(self) -> Vector:
        return np.asarray(np.einsum("ij,ij->i", self.X, self.X) * active_counts(self.patterns) / self.width)

    def dense(self) -> Matrix:
        """(n, n) H, 8 n² bytes."""
        H = np.empty((self.n, self.n))

        def take(rows: slice, columns: slice, block: Matrix) -> None:
            H[rows, columns] = block
            H[columns, rows] = block.T

        self.workers.share(lambda worker: self._visit(worker, take))
        return H

    def _multiplied(self, V: Matrix, entries: Callable[[Matrix], Matrix]) -> Matrix:
        def work(worker: int) -> Matrix:
            out = np.zeros(V.shape)

            def take(rows: slice, columns: slice, block: Matrix) -> None:
                values = entries(block)
                out[rows] += values @ V[columns]
                if rows != columns:
                    out[columns] += values.T @ V[rows]

            self._visit(worker, take)
            return out

        return self.workers.total(work)

    def _visit(self, worker: int, take: Callable[[slice, slice, Matrix], None]) -> None:
        """The worker's share of the blocks of the upper half."""
        starts = range(0, self.n, SIDE)
        pairs = [(slice(a, a + SIDE), slice(b, b + SIDE)) for a in starts for b in starts if a <= b]
        for rows, columns in pairs[worker :: self.workers.threads]:
            block = self.X[rows] @ self.X[columns].T
            counts = np.empty(block.shape)
            shared_units(self.patterns[rows], self.patterns[columns], counts)
            block *= counts
            block /= self.width
            if rows == columns:
                block = np.triu(block) + np.triu(block, 1).T  # BLAS may round its two halves differently
            take(rows, columns, block)
            if self.workers.stopping:
                return


def active_counts(patterns: AnyArray) -> Vector:
    """(n,) active units of each example."""
    counts = np.empty(patterns.shape[0])
    active_units(patterns, counts)
    return counts


def portion_changed(patterns: AnyArray, before: AnyArray, width: int) -> float:
    """Portion of (example, unit) pairs whose pattern is another than before."""
    changed = int(changed_units(patterns, before))
    return float(changed / (patterns.shape[0] * width))

"""The Gram matrix recomputed in every product: cosines and kernel values tile by tile, nothing kept but the inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prefit._shapes import AnyArray, Matrix, Vector
from prefit.gram.compiled_products import fresh_columns
from prefit.gram.cosines import Cosines
from prefit.gram.forming import Formed, form
from prefit.gram.gram import Gram, Operator
from prefit.gram.layout import SIDE, Layout, Segment, layout_of
from prefit.gram.workers import Workers
from prefit.kernels import Kernel
from prefit.storage import Forgetful, Keeper

BLOCK = 16  # columns in one pass over the tiles; more are multiplied in several, whose sums stay in the cache


@dataclass(frozen=True)
class RecomputedOperator(Operator):
    """K(S) from the cosines S in every product; diagonal entries are kept apart, exact. Memory O(nd + nk)."""

    cosines: Cosines
    kernel: Kernel
    layout: Layout
    workers: Workers

    name = "recomputed"
    precision = "recomputed entries: float64 in certificates, float32 in iterations"
    fast_is_exact = False

    @property
    def n(self) -> int:
        return self.layout.n

    def diagonal(self) -> Vector:
        return np.full(self.n, self.kernel.diagonal)

    def matmat(self, V: AnyArray) -> AnyArray:
        """K V: float64 cosines and values for float64 V, float32 ones for float32 V."""
        total = self._multiply(V, False)
        total += self.kernel.diagonal * V
        return total

    def absolute_matvec(self, v: Vector) -> Vector:
        product: Vector = self._multiply(v[:, None], True)[:, 0] + self.kernel.diagonal * v
        return product

    @cached_property
    def _single(self) -> Cosines:
        return self.cosines.single()

    def _multiply(self, V: AnyArray, absolute: bool) -> Matrix:
        if V.shape[1] > BLOCK:
            out = np.empty(V.shape)
            for start in range(0, V.shape[1], BLOCK):
                out[:, start : start + BLOCK] = self._multiply(V[:, start : start + BLOCK], absolute)
            return out
        cosines = self._single if V.dtype == np.float32 else self.cosines
        inverse, X = cosines.inverse.astype(V.dtype), np.ascontiguousarray(V.T)
        recipe = (self.kernel.recipe.weights.astype(V.dtype), self.kernel.recipe.backward, self.kernel.recipe.forward)
        table = self.layout.table

        def work(worker: int) -> Matrix:
            part = np.zeros(X.shape)
            buffer: AnyArray = np.empty((cosines.parts, self.layout.side, self.layout.side), cosines.dtype)
            for segment in self.layout.share(worker):
                for number in range(*segment):
                    r0, r1, c0, c1, _ = (int(value) for value in table[number])
                    parts = cosines.products(slice(r0, r1), slice(c0, c1), buffer)
                    fresh_columns(parts, inverse, r0, c0, recipe, X, part, absolute)
                if self.workers.stopping:
                    break
            return part

        return np.ascontiguousarray(self.workers.total(work).T)


def recomputed_gram(
    cosines: Cosines,
    kernel: Kernel,
    workers: Workers,
    progress: Callable[[float], None] | None = None,
    side: int = SIDE,
    keeper: Keeper | None = None,
) -> Gram:
    """One pass over the inner products for the floor; nothing of them is kept."""
    keeper = keeper or Forgetful()
    layout = layout_of(cosines.n, workers.threads, side)
    formed = form(cosines, kernel, layout, workers, NoSink(), "recomputed", keeper, progress)
    operator = RecomputedOperator(cosines, kernel, layout, workers)
    return Gram(operator, formed.floor, fresh_deviation(formed, kernel, cosines), kernel.diagonal, formed.notes)


def fresh_deviation(formed: Formed, kernel: Kernel, cosines: Cosines) -> Vector:
    """Δ_i of float64 entries computed again: a second product of the same rows can differ from the first by 2e."""
    return kernel.perturbation(np.minimum(formed.largest + 2.0 * cosines.error, 1.0), cosines.error)


class NoSink:
    """Entries are not kept."""

    def begin(self) -> None:
        pass

    @contextmanager
    def room(self, segment: Segment) -> Iterator[None]:
        yield None

    def keep(self, done: int) -> Mapping[str, AnyArray] | None:
        return {}

    def found(self, saved: Mapping[str, AnyArray], done: int) -> list[int] | None:
        return []

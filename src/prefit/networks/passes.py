"""The two matrix products of a two-layer net, by blocks of neurons that stay in the cache.

Forward: U = X Wᵀ for a block, of which only the sums Σ_r a_r σ(u_ir) and the patterns 1{u_ir ≥ 0} survive, as bits.
Backward: the bits times what comes from the outputs, times X. No array of n × m numbers exists at any time. Products
are in single or double precision, sums over blocks in double. Blocks are dealt to the threads in turn, so that sums
have one order for a given thread count.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from prefit._shapes import AnyArray, Matrix
from prefit.gram.workers import Workers
from prefit.networks.compiled import mask, pack, rectify, spread, sum_active, sum_masked

Precision = Literal["float32", "float64"]
WORD = 64  # units in a word of a pattern
UNITS = 256  # neurons of a block, a multiple of WORD
TILE_BYTES = 2**21  # of a block of pre-activations, which stays in the cache; seen: 1 to 4 MiB are within a tenth


@dataclass(frozen=True)
class Block:
    """Neurons that are taken together, padded to whole words of a pattern.

    signs   (b, c) of the padded block in the precision of the products: 0 where there is no neuron
    """

    rows: slice
    signs: AnyArray

    @property
    def count(self) -> int:
        return int(self.rows.stop - self.rows.start)

    @property
    def size(self) -> int:
        return int(self.signs.shape[0])

    def bits(self, patterns: AnyArray, tile: slice) -> AnyArray:
        """(t, b/8) bytes of the block's part of the patterns."""
        first = self.rows.start // 8
        return patterns[tile].view(np.uint8)[:, first : first + self.size // 8]

    def padded(self, part: Matrix) -> AnyArray:
        """(b, d) rows of the block, zero beyond them, in the precision of the products."""
        out = np.zeros((self.size, part.shape[1]), self.signs.dtype)
        out[: self.count] = part
        return out


@dataclass(frozen=True)
class Passes:
    """Forward and backward passes of a net of m neurons with output signs A (m, c), outputs divided by √m.

    Weights W are (m, d) float64, inputs X (n, d) as `inputs` gives them, patterns (n, ⌈m/64⌉) uint64 as `room`.
    """

    signs: Matrix
    workers: Workers
    precision: Precision = "float32"

    @property
    def dtype(self) -> type:
        return np.float32 if self.precision == "float32" else np.float64

    @property
    def width(self) -> int:
        return int(self.signs.shape[0])

    @property
    def outputs(self) -> int:
        return int(self.signs.shape[1])

    @property
    def scale(self) -> float:
        return float(self.width**-0.5)

    def inputs(self, X: AnyArray) -> AnyArray:
        return np.ascontiguousarray(X, dtype=self.dtype)

    def room(self, n: int) -> AnyArray:
        """Patterns of n examples, to be filled."""
        return np.zeros((n, -(-self.width // WORD)), dtype=np.uint64)

    def forward(self, W: Matrix, X: AnyArray, patterns: AnyArray | None = None) -> Matrix:
        """(n, c) outputs f(x_i) = (1/√m) Σ_r a_r σ(w_rᵀx_i); fills the patterns where they are given."""

        def take(block: Block, U: AnyArray, tile: slice, sums: Matrix) -> None:
            if patterns is not None:
                pack(U, block.count, block.bits(patterns, tile))
            if self.outputs == 1:
                sum_active(U, block.signs[:, 0], sums[tile, 0])
            else:
                rectify(U)
                sums[tile] += U @ block.signs

        return self._over_tiles(X, lambda block: W[block.rows], take)

    def masked(self, W: Matrix, X: AnyArray, patterns: AnyArray) -> Matrix:
        """(n, c) (1/√m) Σ_r a_r 1{r active in the patterns} w_rᵀx_i: linear in W."""
        return self._over_tiles(X, lambda block: W[block.rows], self._masking(patterns))

    def pushed(self, X: AnyArray, patterns: AnyArray, G: Matrix) -> Matrix:
        """(n, c) J Jᵀ G: the gradient of Σ_i G_i·f(x_i), seen by the linearized outputs."""
        g: AnyArray = np.ascontiguousarray(G, dtype=self.dtype)
        return self._over_tiles(X, lambda block: self._pulled(block, X, patterns, g), self._masking(patterns))

    def backward(self, X: AnyArray, patterns: AnyArray, G: Matrix, take: Callable[[slice, Matrix], float]) -> float:
        """Hand ∂(Σ_i G_i·f(x_i))/∂W to take(rows, part (b, d)) by blocks; returns the sum of what it gives back."""
        g: AnyArray = np.ascontiguousarray(G, dtype=self.dtype)

        def work(worker: int) -> float:
            total = 0.0
            for block in self._blocks[worker :: self.workers.threads]:
                total += take(block.rows, self._pulled(block, X, patterns, g))
                if self.workers.stopping:
                    break
            return total

        return float(sum(self.workers.share(work)))

    # Blocks of neurons, tiles of examples -----------------------------------------------------------------------------

    @cached_property
    def _blocks(self) -> list[Block]:
        return [self._block(slice(first, min(first + UNITS, self.width))) for first in range(0, self.width, UNITS)]

    def _block(self, rows: slice) -> Block:
        count = rows.stop - rows.start
        signs = np.zeros((-(-count // WORD) * WORD, self.outputs), self.dtype)
        signs[:count] = self.signs[rows]
        return Block(rows, signs)

    def _tiles(self, n: int) -> list[slice]:
        """Examples taken together: as even as can be, as many as leave a block of pre-activations in the cache."""
        most = max(1, TILE_BYTES // (self._blocks[0].size * np.dtype(self.dtype).itemsize))
        count = -(-n // most)
        edges = [n * i // count for i in range(count + 1)]
        return [slice(a, b) for a, b in itertools.pairwise(edges)]

    def _over_tiles(
        self,
        X: AnyArray,
        weights: Callable[[Block], Matrix],
        take: Callable[[Block, AnyArray, slice, Matrix], None],
    ) -> Matrix:
        """(n, c) sums over the blocks of what `take` adds from U = X Wᵀ, tile by tile, divided by √m."""

        def work(worker: int) -> Matrix:
            sums = np.zeros((X.shape[0], self.outputs))
            for block in self._blocks[worker :: self.workers.threads]:
                part = block.padded(weights(block)).T
                for tile in self._tiles(X.shape[0]):
                    take(block, X[tile] @ part, tile, sums)
                if self.workers.stopping:
                    break
            return sums

        total: Matrix = self.workers.total(work)
        return total * self.scale

    def _masking(self, patterns: AnyArray) -> Callable[[Block, AnyArray, slice, Matrix], None]:
        def take(block: Block, U: AnyArray, tile: slice, sums: Matrix) -> None:
            bits = block.bits(patterns, tile)
            if self.outputs == 1:
                sum_masked(U, block.signs[:, 0], bits, sums[tile, 0])
            else:
                mask(as_words(U), bits)
                sums[tile] += U @ block.signs

        return take

    def _pulled(self, block: Block, X: AnyArray, patterns: AnyArray, g: AnyArray) -> Matrix:
        """(b, d) (1/√m) Σ_i (a_r·G_i) 1{r active} x_i for the neurons r of a block."""
        total = np.zeros((block.size, X.shape[1]))
        for tile in self._tiles(X.shape[0]):
            bits = block.bits(patterns, tile)
            if self.outputs == 1:
                M = np.empty((tile.stop - tile.start, block.size), self.dtype)
                spread(as_words(g[tile, 0]), bits, as_words(M))
            else:
                M = g[tile] @ block.signs.T
                mask(as_words(M), bits)
            total += M.T @ X[tile]
        factor = self.scale * self.signs[block.rows] if self.outputs == 1 else self.scale
        part: Matrix = total[: block.count] * factor
        return part


def as_words(array: AnyArray) -> AnyArray:
    """The same memory as unsigned whole numbers."""
    return array.view(np.uint32 if array.dtype == np.float32 else np.uint64)

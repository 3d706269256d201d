"""What a kernel is: a power series in the cosine, with values, coefficients, bands and error bounds."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prefit._shapes import Matrix, Vector
from prefit.errors import InputError
from prefit.kernels.bands import band_masses
from prefit.kernels.compiled import UNIT, evaluate_rows, perturb_rows
from prefit.kernels.recipe import Recipe
from prefit.kernels.series import coefficients

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Kernel(ABC):
    """A dot-product kernel κ(s) = Σ_p c_p s^p, c_p ≥ 0, of the cosine s of two inputs (theory §2)."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The canonical text; `kernel_named` reads it but for single layers and the printed scaling."""

    @property
    @abstractmethod
    def depth(self) -> int:
        """Number L of hidden layers."""

    @property
    @abstractmethod
    def recipe(self) -> Recipe:
        """The kernel as a combination of the arc-cosine kernels of its layers."""

    @property
    def slack(self) -> float:
        """Bound on the rounding of `evaluate` that no error of an argument explains, in units of u = 2⁻⁵³.

        Running total A_l = k0(Σ^{l−1})(A_{l−1} + w_lΣ^{l−1}) ≤ l: an error of 3u in k0 and two roundings cost
        5lu each layer; P2 allows 8u for each factor, 8u more for each layer, and so do we.
        """
        recipe = self.recipe
        factors = float(np.cumsum(recipe.weights).sum())
        return 8.0 * (recipe.backward * factors + (recipe.backward + recipe.forward) * self.depth)

    @property
    def diagonal(self) -> float:
        """κ(1), exactly."""
        return self.recipe.diagonal

    @overload
    def __call__(self, s: float) -> float: ...
    @overload
    def __call__(self, s: Array) -> Array: ...
    def __call__(self, s: float | Array) -> float | Array:
        """κ(s) in closed form; cosines beyond ±1 are cut there. Same shape as s."""
        cosines = np.array(s, dtype=np.float64, order="C", ndmin=1)
        flat = cosines.reshape(1, -1)
        self.evaluate(flat, flat)
        return float(flat[0, 0]) if np.ndim(s) == 0 else cosines

    def evaluate(self, S: Matrix, out: Matrix) -> None:
        """Write κ(S) into out; the two may be the same block. Holds no lock, uses one core.

        S      (n, k) float64 cosines, rows contiguous, any distance between rows
        out    (n, k) likewise
        """
        if S.shape != out.shape:
            raise ValueError(f"out must have the shape of S: expected {S.shape}, got {out.shape}.")
        if S.size == 0:
            return
        if not S.flags.writeable:  # the loops are compiled for writable memory only
            np.copyto(out, S)
            S = out
        recipe = self.recipe
        flat, row = _flat(S, "S")
        target, out_row = _flat(out, "out")
        evaluate_rows(flat, row, target, out_row, S.shape, recipe.weights, recipe.backward, recipe.forward)

    def perturbation(self, s: ArrayLike, e: ArrayLike, out: Matrix | None = None) -> Array:
        """Bound on |computed κ(ŝ) − κ(s)| for every true cosine s with |ŝ − s| ≤ e, entry by entry.

        Theory §4.1 and docs/proofs.md P2(b): k1 is 1-Lipschitz, so Σ^l is known to e_l = e + 8lu, and
        |Δk0| ≤ min(e_l/(π√(1 − (|Σ^l| + e_l)²)), √(e_l/2)); a product of factors in [−1, 1] errs by at most
        the sum of its factors' errors. "Computed" is `evaluate` of this library.

        s      the computed cosines ŝ, any shape
        e      how far they can be from the true ones, a number or an array of the shape of s
        out    (n, k) block to write into when s is an (n, k) block with contiguous rows; may be s itself
        """
        S = np.asarray(s, dtype=np.float64)
        block = S if S.ndim == 2 else np.ascontiguousarray(S).reshape(1, -1)
        target = np.empty(block.shape) if out is None else out
        if target.shape != block.shape:
            raise ValueError(f"out must have the shape of s: expected {block.shape}, got {target.shape}.")
        if block.size:
            if not block.flags.writeable or block.strides[1] != 8:
                np.copyto(target, block)
                block = target
            self._perturb(block, e, S.shape, target)
        return target.reshape(S.shape)

    def _perturb(self, block: Matrix, e: ArrayLike, shape: tuple[int, ...], out: Matrix) -> None:
        recipe = self.recipe
        if np.ndim(e) == 0:
            E, e_row = np.full(block.shape[1], float(np.asarray(e))), 0  # one row serves all
        else:
            whole = np.array(np.broadcast_to(np.asarray(e, dtype=np.float64), shape), order="C")
            E, e_row = whole.reshape(-1), block.shape[1]
        flat, row = _flat(block, "s")
        target, out_row = _flat(out, "out")
        slack = self.slack * UNIT
        weights, backward, forward = recipe.weights, recipe.backward, recipe.forward
        perturb_rows(flat, row, E, e_row, target, out_row, block.shape, weights, backward, forward, slack)

    def coefficients(self, degree: int) -> Vector:
        """c_0 … c_degree, relative error O(degree·u): sums of positive terms only (docs/proofs.md P1)."""
        return coefficients(self.recipe, degree)

    def bands(self, powers: int) -> Vector:
        """C_0 … C_A, A = powers: lower bounds on the mass Σ c_p of the bands 2^a ≤ p < 2^{a+1} (theory §4.2).

        See `bands.band_masses`.
        """
        return band_masses(self.recipe, powers)

    def homogeneous(self, X: Matrix, Z: Matrix) -> Matrix:
        """‖x‖‖z‖κ(cos(x, z)) for the rows x of X (n, d) and z of Z (m, d), as a dense (n, m) block.

        The extension to inputs off the sphere; zero where an input is zero. Clear and small: for large blocks
        see `prefit.gram`.
        """
        lengths, units = _directions(X)
        others, directions = _directions(Z)
        block = units @ directions.T
        self.evaluate(block, block)
        return np.asarray(lengths[:, None] * others[None, :] * block)


def _directions(X: Matrix) -> tuple[Vector, Matrix]:
    lengths = np.linalg.norm(X, axis=1)
    return lengths, np.asarray(X / np.where(lengths > 0.0, lengths, 1.0)[:, None], dtype=np.float64)


def _flat(block: Matrix, name: str) -> tuple[Vector, int]:
    """The memory of a block of contiguous rows as one flat array, and the distance between its rows.

    The compiled loops see unit steps this way, whatever the block was cut from.
    """
    n, k = block.shape
    row, step = block.strides
    if block.dtype != np.float64 or (k > 1 and step != 8) or row % 8 or (n > 1 and row < 8 * k):
        raise ValueError(
            f"{name} must be a float64 block with contiguous rows: "
            f"got {block.dtype}, strides {block.strides}. Pass np.ascontiguousarray of it."
        )
    distance = row // 8 if n > 1 else k
    flat = np.lib.stride_tricks.as_strided(block, shape=((n - 1) * distance + k,), strides=(8,))
    return flat, distance


def checked_depth(depth: int, form: str) -> None:
    """Refuse a number of layers outside 1 … 64."""
    if depth not in range(1, MAXIMUM_DEPTH + 1):
        raise InputError(
            f"{form} must have a whole number of layers L from 1 to {MAXIMUM_DEPTH}: got {depth!r}. "
            "Choose the depth of the network."
        )


MAXIMUM_DEPTH = 64  # far above any net these limits describe; recurrences cost a second per ten layers

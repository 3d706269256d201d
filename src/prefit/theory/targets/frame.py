"""The projections t_j = β_jᵀx of an expression in orthonormal coordinates z of what they span."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.errors import InputError

Matrices = Mapping[str, Matrix]  # letter to a symmetric (d, d)
ORTHONORMAL = 1e-12  # rows whose Gram matrix is within this of the identity are taken for orthonormal
_RANK = 1e-10  # of the largest singular value


@dataclass(frozen=True)
class Frame:
    """t_i = Σ_j L_ij z_j with orthonormal z.

    rows        (k, r) L, exactly the identity where the projections are orthonormal
    is_exact    they are, so that what is decided of polynomials in t is decided exactly
    basis       (r, d) the directions of z in the inputs' space; None where only their angles are known
    """

    rows: Matrix
    is_exact: bool
    basis: Matrix | None = None

    @property
    def size(self) -> int:
        """k, the projections that the expression names."""
        return int(self.rows.shape[0])

    @property
    def rank(self) -> int:
        """r, how many of them are independent."""
        return int(self.rows.shape[1])

    @property
    def dimension(self) -> int | None:
        """d of the inputs, where a file says it."""
        return None if self.basis is None else self.basis.shape[1]

    def image(self, form: Sequence[Fraction]) -> Vector:
        """(r,) the coordinates of Σ_i w_i t_i."""
        weights: Vector = np.array([float(w) for w in form]) @ self.rows
        return weights

    def length(self, form: Sequence[Fraction]) -> float:
        """‖Σ_i w_i β_i‖."""
        return math.hypot(*self.image(form)) if self.rank else 0.0


def orthonormal(indices: Sequence[int], dimension: int | None = None) -> Frame:
    """Orthonormal projections; with a dimension they are the inputs' coordinates x_j."""
    size = len(indices)
    if dimension is None:
        return Frame(np.eye(size), True)
    if indices and indices[-1] > dimension:
        raise InputError(
            f"t{indices[-1]} is coordinate {indices[-1]} of the inputs beside a matrix, and the matrix has "
            f"{dimension} rows. Name projections up to t{dimension}, or give them with --projections."
        )
    basis = np.zeros((size, dimension))
    basis[np.arange(size), [index - 1 for index in indices]] = 1.0
    return Frame(np.eye(size), True, basis)


def spanned(betas: Matrix, indices: Sequence[int]) -> Frame:
    """The projections by the rows β_j of a matrix, row j for t_j."""
    if indices and indices[-1] > betas.shape[0]:
        rows = "1 row" if len(betas) == 1 else f"{len(betas)} rows"
        raise InputError(
            f"t{indices[-1]} needs row {indices[-1]} of --projections, which has {rows}. "
            "Give a row for each projection that the expression names."
        )
    chosen = betas[[index - 1 for index in indices]]
    if not len(indices):
        return Frame(np.zeros((0, 0)), True, np.zeros((0, betas.shape[1])))
    if not (np.abs(chosen).max(axis=1) > 0.0).all():
        raise InputError("--projections must have rows β_j other than zero for the projections that are named.")
    if np.abs(chosen @ chosen.T - np.eye(len(indices))).max() <= ORTHONORMAL:
        return Frame(np.eye(len(indices)), True, chosen)
    left, sizes, right = np.linalg.svd(chosen, full_matrices=False)
    kept = sizes > _RANK * sizes[0]
    # Turned so that t_1 involves z_1 alone, t_2 the first two, and so on: fewer terms to multiply out.
    turn, upper = np.linalg.qr((left[:, kept] * sizes[kept]).T)
    return Frame(np.tril(upper.T), False, turn.T @ right[kept])

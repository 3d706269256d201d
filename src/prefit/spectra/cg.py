"""Preconditioned conjugate gradients on several right-hand sides in lockstep: one product a step for all of them.

Each column is a run of its own (Hestenes and Stiefel 1952) and stops by itself. Solutions may come from products of low
precision: what they are worth is the certificate's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import scipy.linalg

from prefit._shapes import AnyArray, Matrix, Vector

WIDE = 2  # columns from which on products are taken in float32


class Preconditioner(Protocol):
    """An approximation P of the matrix that is solved with at once."""

    def solve(self, R: Matrix) -> Matrix:
        """P⁻¹R for R (n, k)."""


class ConjugateGradients:
    """The state of k columns of A Z = B, started at Z (zeros if None) whose residual is R.

    Z, R       (n, k) solutions and residuals by the recurrence
    active     (k,) columns still under way
    """

    def __init__(self, R: Matrix, preconditioner: Preconditioner, Z: Matrix | None = None) -> None:
        self.preconditioner = preconditioner
        self.R = np.array(R, dtype=np.float64)
        self.Z = np.zeros_like(self.R) if Z is None else np.array(Z, dtype=np.float64)
        self.active = np.square(self.R).sum(axis=0) > 0.0
        self.steps = 0
        S = preconditioner.solve(self.R)
        self.P = S.copy()
        self.rho: Vector = np.einsum("ij,ij->j", self.R, S)
        self.alphas: list[Vector] = []  # (k,) step lengths, 0 for columns that rest
        self.betas: list[Vector] = []

    @property
    def width(self) -> int:
        return int(self.active.sum())

    def directions(self) -> AnyArray:
        """(n, active) what is to be multiplied by A; float32 where it is many columns."""
        P = self.P[:, self.active]
        return np.asarray(P, dtype=np.float64 if self.width <= WIDE else np.float32)

    def absorb(self, product: AnyArray) -> None:
        """Take in A times the directions: one step of every active column."""
        on = np.flatnonzero(self.active)
        Q = np.asarray(product, dtype=np.float64)
        P, rho = self.P[:, on], self.rho[on]
        curvature = np.einsum("ij,ij->j", P, Q)
        # Curvature that rounding made zero or negative ends a column where it is.
        sound = curvature > 0.0
        alpha = np.where(sound, rho / np.where(sound, curvature, 1.0), 0.0)
        self.Z[:, on] += alpha * P
        self.R[:, on] -= alpha * Q
        S = self.preconditioner.solve(np.ascontiguousarray(self.R[:, on]))
        following = np.einsum("ij,ij->j", self.R[:, on], S)
        beta = np.where(rho > 0.0, following / np.where(rho > 0.0, rho, 1.0), 0.0)
        self.P[:, on] = S + beta * P
        self.rho[on] = following
        self._remember(on, alpha, beta)
        self.active[on[~sound | (following <= 0.0)]] = False
        self.steps += 1

    def _remember(self, on: AnyArray, alpha: Vector, beta: Vector) -> None:
        for history, values in ((self.alphas, alpha), (self.betas, beta)):
            whole = np.zeros(self.active.shape[0])
            whole[on] = values
            history.append(whole)

    def smallest_ritz(self, column: int) -> float:
        """Least Ritz value of P⁻¹A that a column has seen, from its coefficients (Golub and Meurant 2010, §9.6)."""
        alpha = np.array([a[column] for a in self.alphas])
        alpha = alpha[: int(np.argmin(alpha > 0.0)) if (alpha <= 0.0).any() else None]
        if alpha.size == 0:
            return 1.0
        beta = np.array([b[column] for b in self.betas])[: alpha.size]
        diagonal = 1.0 / alpha
        diagonal[1:] += beta[:-1] / alpha[:-1]
        beside = np.sqrt(beta[:-1]) / alpha[:-1]
        values = scipy.linalg.eigvalsh_tridiagonal(diagonal, beside, select="i", select_range=(0, 0))
        return max(float(values[0]), 1e-300)

    def state(self) -> tuple[dict[str, Any], dict[str, AnyArray]]:
        """Facts and arrays from which `restored` goes on with the same digits."""
        shape = (len(self.alphas), self.active.shape[0])
        arrays = {
            "Z": self.Z,
            "R": self.R,
            "P": self.P,
            "rho": self.rho,
            "active": self.active,
            "alphas": np.array(self.alphas).reshape(shape),
            "betas": np.array(self.betas).reshape(shape),
        }
        return {"steps": self.steps}, arrays

    @classmethod
    def restored(
        cls, facts: Mapping[str, Any], arrays: Mapping[str, AnyArray], preconditioner: Preconditioner
    ) -> ConjugateGradients:
        run = cls.__new__(cls)
        run.preconditioner = preconditioner
        run.Z, run.R, run.P = (np.array(arrays[name], dtype=np.float64) for name in ("Z", "R", "P"))
        run.rho, run.active = np.array(arrays["rho"]), np.array(arrays["active"], dtype=bool)
        run.alphas, run.betas = list(arrays["alphas"]), list(arrays["betas"])
        run.steps = int(facts["steps"])
        return run


def run_columns(
    run: ConjugateGradients,
    multiply: Callable[[AnyArray], AnyArray],
    look: Callable[[ConjugateGradients], float],
    max_steps: int,
    after_step: Callable[[float, int], None] = lambda portion, products: None,
) -> int:
    """Steps until every column rests; `look` puts columns to rest and returns the portion done.

    Returns the products spent, by columns; `after_step` is told the portion and the products so far.
    """
    products, portion = 0, look(run)
    while run.width and run.steps < max_steps:
        products += run.width
        run.absorb(multiply(run.directions()))
        portion = look(run)
        after_step(portion, products)
    return products

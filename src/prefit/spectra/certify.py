"""The certificate: an interval that holds yᵀK⁻¹y, from any approximate solution (our derivation, docs/proofs.md P2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.gram.cosines import UNIT
from prefit.gram.gram import Gram

FACTORIZED_UP_TO = 16_000  # OpenBLAS 0.3 was seen to crash in a Cholesky factorization at n = 17,000


@dataclass(frozen=True)
class Certificate:
    """What one float64 product says of approximate solutions Z of K Z = Y, column by column.

    lower, upper      (k,) ends of y_aᵀK⁻¹y_a; upper is infinite where no floor of λ_min is known
    norm_squared      (k,) upper ends of zᵀKz, the squared norm of the function f_z
    residual          (n, k) computed Y − K Z: the training outputs of f_z are Y minus this
    residual_error    (n, k) how far each entry can be from the exact residual
    """

    lower: Vector
    upper: Vector
    norm_squared: Vector
    residual: Matrix
    residual_error: Matrix

    def total(self) -> tuple[float, float]:
        """The interval of the sum over columns."""
        count = self.lower.shape[0]
        low, high = float(self.lower.sum()), float(self.upper.sum())
        slack = (count + 1) * UNIT
        return low - slack * float(np.abs(self.lower).sum()), high * (1.0 + slack)


def certify(
    gram: Gram,
    Y: Matrix,
    Z: Matrix,
    eigenvalue_floor: float = 0.0,
    scales: Vector | None = None,
    asked_error: float = 0.0,
) -> Certificate:
    """Interval for y_aᵀK⁻¹y_a of every column: yᵀz + zᵀr ≤ yᵀK⁻¹y ≤ yᵀz + zᵀr + rᵀK⁻¹r, rounding included.

    Y (n, k), Z (n, k); rᵀK⁻¹r is bounded by the rows of the floor or by a certified λ_min, whichever is less.

    eigenvalue_floor   certified lower bound on λ_min of D K D, D = diag(scales) (identity if None)
    asked_error        relative error of Y itself (inputs off the sphere: labels were divided by computed lengths)
    """
    n = gram.n
    gamma = (n + 2) * UNIT / (1.0 - (n + 2) * UNIT)
    product = gram.operator.matmat(Z)
    R = Y - product
    size = np.abs(Z)
    # Σ_j |K_ij||z_j| ≤ κ(1) Σ_j |z_j|, and two extra roundings where tiles are added up.
    entries = gram.diagonal * size.sum(axis=0) * (1.0 + 4 * n * UNIT)
    error = gram.spread(size) + 2.0 * gamma * entries + (gamma + asked_error) * np.abs(Y) + 4 * UNIT * np.abs(R)
    core = np.einsum("ij,ij->j", Z, Y + R)
    sizes = np.einsum("ij,ij->j", size, np.abs(Y) + np.abs(R))
    slack = np.einsum("ij,ij->j", size, error) * (1.0 + 4 * gamma) + 4.0 * gamma * sizes
    slack += asked_error * np.einsum("ij,ij->j", size, np.abs(Y))
    beyond = _inverse_forms(gram, np.abs(R) + error, eigenvalue_floor, scales)
    norm = np.einsum("ij,ij->j", Z, Y - R) + slack
    lower, upper = core - slack, core + slack + beyond
    return Certificate(lower, upper, np.maximum(norm, 0.0), R, error)


def _inverse_forms(gram: Gram, bound: Matrix, eigenvalue_floor: float, scales: Vector | None) -> Vector:
    """(k,) upper ends of rᵀK⁻¹r = (Dr)ᵀ(DKD)⁻¹(Dr) for |r_i| ≤ bound_i."""
    squares = bound * bound * (1.0 + 4 * UNIT)
    by_rows = gram.floor.inverse_forms(squares)
    if eigenvalue_floor <= 0.0:
        return by_rows
    weighted = squares if scales is None else squares * scales[:, None] ** 2
    by_value = weighted.sum(axis=0) / eigenvalue_floor * (1.0 + (gram.n + 4) * UNIT)
    least: Vector = np.minimum(by_rows, by_value)
    return least


def verified_floor(K: Matrix, estimate: float, deviation: float) -> float:
    """Certified lower bound on λ_min of a dense K (n, n) through a Cholesky factorization that runs to its end.

    If floating-point Cholesky of a symmetric A completes, A + ΔA = LLᵀ with ‖ΔA‖ ≤ γ/(1 − γ) tr A, γ = (n + 1)u/(1 −
    (n + 1)u), in any order of summation (Demmel 1989; Higham 2002, Theorem 10.3; Rump 2006), so λ_min(A) ≥ −that. With
    A = K − σI, rounded: λ_min(K) ≥ σ − that − rounding of the diagonal − `deviation`.

    estimate    an approximation of λ_min, tried at 0.99, 0.9, 0.5 and 0.1 of it
    deviation   bound on the norm of the difference between the computed K and the true one
    """
    n = K.shape[0]
    if n > FACTORIZED_UP_TO:
        return 0.0
    gamma = (n + 2) * UNIT / (1.0 - (n + 2) * UNIT)
    trace = float(K.diagonal().sum()) * (1.0 + n * UNIT)
    loss = 2.0 * gamma * trace + 2.0 * UNIT * float(np.abs(K.diagonal()).max()) + deviation
    for portion in (0.99, 0.9, 0.5, 0.1):
        sigma = portion * estimate
        if sigma <= loss:
            return 0.0
        shifted = K.copy()
        shifted[np.diag_indices(n)] -= sigma
        try:
            np.linalg.cholesky(shifted)
        except np.linalg.LinAlgError:
            continue
        return float((sigma - loss) * (1.0 - 4 * UNIT))
    return 0.0

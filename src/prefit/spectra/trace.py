"""tr K⁻¹ from label draws: the mean of their quadratic forms, control variates, and an error bar from the solutions.

Draws are random labellings Y of g inputs, of `width` columns each: signs, or c classes one-hot minus 1/c, every row of
one known length. For symmetric B with entries b_ij, the form Σ_columns yᵀBy has mean share·tr B and variance
2·pairs·Σ_{i≠j} b_ij² (Hutchinson 1990, doi:10.1080/03610919008812866, for signs, where share and pairs are 1; for c
classes 1 − 1/c and (c − 1)/c²). Nothing here solves: draws and their solutions X = K⁻¹Y come in.

Our derivation, docs/proofs.md P16, for what goes beyond: the variance is twice the sum of the variances of the
*entries* y_i x_i of the form, each of which k draws estimate with k − 1 degrees of freedom, so that a thousand inputs
give hundreds of them already from two draws; a single draw gives an error bar that errs on the safe side; and the
coefficients of control variates are regressed on the same thousand entries, without the draw they serve.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.special import stdtrit

from prefit._shapes import AnyArray, Matrix, Vector

LEVEL = 0.95  # of the intervals, two-sided
BLOCK = 4096  # rows of a low-rank factor taken to float64 at a time
MANY = 1e6  # degrees of freedom from which Student's t is the normal distribution to six digits


@dataclass(frozen=True)
class TraceEstimate:
    """tr K⁻¹ with its sampling error.

    standard_error  of the value over the draws; 0 for an exact trace, None where nothing is known of it
    probes          independent draws that it is made from, 0 for an exact trace
    method          how it was made, in words
    degrees         degrees of freedom of the standard error, for Student's t
    deviation       how far the value may be off besides, because the draws' forms are known to an interval each
    """

    value: float
    standard_error: float | None
    probes: int
    method: str
    degrees: float = math.inf
    deviation: float = 0.0

    def interval(self, level: float = LEVEL) -> tuple[float, float] | None:
        """Ends that hold the trace with probability `level`, by Student's t; None without a standard error."""
        if self.standard_error is None:
            return None
        quantile = float(stdtrit(min(self.degrees, MANY), (1.0 + level) / 2.0))
        half = quantile * self.standard_error + self.deviation
        return self.value - half, self.value + half


@dataclass(frozen=True)
class Control:
    """A symmetric matrix C near K⁻¹ whose diagonal is known, and what it makes of the draws.

    product   (g, k·width) CY
    diagonal  (g,) of C
    """

    product: Matrix
    diagonal: Vector


def exact_trace(values: Vector) -> TraceEstimate:
    """Σ 1/λ_i of all eigenvalues (g,), which must be positive.

    There is no sampling error; what rounding does to the eigenvalues is not counted.
    """
    return TraceEstimate(float((1.0 / values).sum()), 0.0, 0, "eigenvalues")


def trace_of_inverse(
    Y: Matrix,
    X: AnyArray,
    *,
    width: int = 1,
    share: float = 1.0,
    ends: tuple[Vector, Vector] | None = None,
    controls: Sequence[Control] = (),
) -> TraceEstimate:
    """tr K⁻¹ ≈ mean over draws of (yᵀK⁻¹y − Σ_c β_c(yᵀCy − E yᵀCy))/share, with its standard error (P16).

    Unbiased up to the solver's error: β of a draw is regressed on the other draws, and one draw alone takes no control.
    The error bar takes the entries' fourth moments for those of a normal distribution: where one pair of inputs carries
    the trace, two draws can miss it. Cost: O(g k width (1 + controls)²).

    Y         (g, k·width) the values asked of the distinct inputs, draw after draw. Off the sphere labels divided by
              lengths: the trace is then that of the inverse of the inputs' own Gram matrix
    X         (g, k·width) solutions of K X = Y
    width     columns of one draw
    share     mean squared length of a draw's label: 1 for signs, 1 − 1/c for one-hot minus 1/c
    ends      lower and upper ends (k,) of the forms yᵀK⁻¹y; None: yᵀx
    controls  matrices near K⁻¹
    """
    _check(Y, X, width, ends)
    draws = Y.shape[1] // width
    entries = _entries(Y, np.asarray(X, dtype=np.float64), width)
    forms = entries.sum(axis=0) if ends is None else (ends[0] + ends[1]) / 2.0
    used = list(controls) if draws > 1 else []
    if used:
        correction = _corrections(Y, X, used, width)
        entries, forms = entries - correction, forms - correction.sum(axis=0)
    error, degrees = _standard_error(entries)
    return TraceEstimate(
        value=float(forms.mean()) / share,
        standard_error=None if error is None else error / share,
        probes=draws,
        method="label draws with control variates" if used else "label draws",
        degrees=degrees,
        deviation=0.0 if ends is None else float((ends[1] - ends[0]).mean()) / (2.0 * share),
    )


def low_rank_control(F: AnyArray, shift: float, Y: Matrix, scales: Vector | None = None) -> Control:
    """C = P⁻¹ = (1 − F(FᵀF + μ)⁻¹Fᵀ)/μ of a preconditioner P = FFᵀ + μI (Woodbury): O(g r² + g r k) operations.

    F       (g, r) factor, of any precision
    shift   μ > 0
    scales  (g,) D where P is near DKD: C is then D P⁻¹ D
    """
    D = np.ones(F.shape[0]) if scales is None else scales
    starts = range(0, F.shape[0], BLOCK)
    inner, right = shift * np.eye(F.shape[1]), np.zeros((F.shape[1], Y.shape[1]))
    for start in starts:
        part = np.asarray(F[start : start + BLOCK], dtype=np.float64)
        inner += part.T @ part
        right += part.T @ (D[start : start + BLOCK, None] * Y[start : start + BLOCK])
    factor = cho_factor(inner, lower=True)
    right = cho_solve(factor, right)
    product, diagonal = np.empty(Y.shape), np.empty(F.shape[0])
    for start in starts:
        rows = slice(start, min(start + BLOCK, F.shape[0]))
        part = np.asarray(F[rows], dtype=np.float64)
        product[rows] = D[rows, None] * (D[rows, None] * Y[rows] - part @ right) / shift
        half = solve_triangular(factor[0], part.T, lower=True, check_finite=False)
        diagonal[rows] = D[rows] ** 2 * (1.0 - np.square(half).sum(axis=0)) / shift
    return Control(product, diagonal)


def _check(Y: Matrix, X: AnyArray, width: int, ends: tuple[Vector, Vector] | None) -> None:
    if Y.shape != X.shape or Y.shape[1] == 0 or Y.shape[1] % width:
        raise ValueError(
            f"draws and solutions must have the same shape (g, k·width) with width {width}, got {tuple(Y.shape)} and "
            f"{tuple(X.shape)}. Put the columns of all draws side by side, and so their solutions."
        )
    if ends is not None and not all(end.shape == (Y.shape[1] // width,) for end in ends):
        raise ValueError(
            f"ends must be one number a draw, expected two of ({Y.shape[1] // width},), got "
            f"{[tuple(end.shape) for end in ends]}. Sum a draw's interval over its columns."
        )


def _entries(Y: Matrix, V: Matrix, width: int) -> Matrix:
    """(g, k) Σ_columns y_i v_i: the terms whose sum over i is the form of a draw."""
    entries: Matrix = (Y * V).reshape(Y.shape[0], -1, width).sum(axis=2)
    return entries


def _standard_error(entries: Matrix) -> tuple[float | None, float]:
    """Root of the variance 2 Σ_i Var(w_i)/k of the mean, and its degrees of freedom (Satterthwaite, P16).

    k draws    the entries' sample variances
    one draw   squared distances from the mean entry, on average too large by the spread of K⁻¹'s diagonal
    """
    inputs, draws = entries.shape
    if draws > 1:
        variances = entries.var(axis=1, ddof=1)
    elif inputs > 2:
        variances = (entries[:, 0] - entries.mean()) ** 2 * inputs / (inputs - 2)
    else:
        return None, 1.0
    total, squares = float(variances.sum()), float((variances**2).sum())
    if squares == 0.0:
        return 0.0, math.inf
    return math.sqrt(2.0 * total / draws), max(draws - 1, 1) * total**2 / (2.0 * squares)


def _corrections(Y: Matrix, X: AnyArray, controls: list[Control], width: int) -> Matrix:
    """(g, k) entries of Σ_c β_c yᵀOy, O the part of C off its diagonal: mean zero, β of each draw from the others.

    β minimizes ‖B − D − Σ β_c O_c‖_F as the draws see it, E ‖(B − …)Ŷ‖², where Ŷ has rows of length 1 and B is the
    inverse rescaled to it, K⁻¹ on the sphere. D, a combination of the identity and the controls' diagonals, costs
    nothing: ŷᵀDŷ is no random number.
    """
    lengths = np.sqrt((Y[:, :width] ** 2).sum(axis=1))[:, None]
    diagonal = [lengths * control.diagonal[:, None] * Y for control in controls]
    off = [lengths * control.product - part for control, part in zip(controls, diagonal, strict=True)]
    draws, parts = Y.shape[1] // width, [*off, *diagonal, Y / lengths]
    normal, right = np.empty((draws, len(parts), len(parts))), np.empty((draws, len(parts)))
    for draw in range(draws):
        columns = slice(draw * width, (draw + 1) * width)
        A = np.stack([part[:, columns].ravel() for part in parts], axis=1)
        normal[draw] = A.T @ A
        right[draw] = A.T @ (lengths * np.asarray(X[:, columns], dtype=np.float64)).ravel()
    fits = [
        np.linalg.lstsq(normal.sum(axis=0) - normal[draw], right.sum(axis=0) - right[draw])[0] for draw in range(draws)
    ]
    betas = np.array(fits)[:, : len(off)]
    entries = np.stack([_entries(Y / lengths, part, width) for part in off])  # (controls, g, k)
    correction: Matrix = np.einsum("cik,kc->ik", entries, betas)
    return correction

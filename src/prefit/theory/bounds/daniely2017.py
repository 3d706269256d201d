"""Daniely 2017, arXiv:1702.08503: one pass of descent learns what the conjugate kernel holds, as an order."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import scipy.linalg

from prefit._shapes import Matrix
from prefit.kernels import Conjugate
from prefit.theory.bounds.conditions import all_met, on_sphere, signs
from prefit.theory.bounds.margins import sampling
from prefit.theory.bounds.statement import Assumption, Bound
from prefit.theory.bounds.subject import Subject
from prefit.theory.source import Source

EXAMPLES = 8192  # whose kernel is factorized here
LEAST_EIGENVALUE = 1e-12  # of n: below it rounding decides whether the labels can be interpolated

ROW = Bound(
    name="daniely2017",
    title="Daniely 2017: conjugate kernel",
    source=Source("Daniely", 2017, "main theorem", "arXiv:1702.08503"),
    formula="C M/√n, M² = yᵀK⁻¹y for the conjugate kernel, C taken as 1",
    of="a wide network, all layers trained by one pass of stochastic descent",
    kind="order",
    value=None,
)


def daniely2017(subject: Subject, progress: Callable[[float], None]) -> Bound:
    """Excess of the loss over that of the best function of norm M, here the one that interpolates (no loss)."""
    asked = (
        signs(subject),
        *sampling(subject),
        on_sphere(subject),
        Assumption(f"examples are at most {EXAMPLES:,}, whose kernel is factorized", subject.n <= EXAMPLES),
    )
    row = replace(ROW, assumptions=asked)
    if not all_met(asked):
        return row
    M = interpolating_norm(subject.X, subject.Y, subject.net.depth)
    if M is None:
        return row.without("the labels can be interpolated by the conjugate kernel")
    terms, comment = {"M": M, "L": float(subject.net.depth)}, "For a net whose output layer starts at zero."
    return replace(row, value=M / math.sqrt(subject.n), terms=terms, comment=comment)


def interpolating_norm(X: Matrix, Y: Matrix, depth: int) -> float | None:
    """√(yᵀK⁻¹y), K = Σ^L of unit inputs, by a factorization: O(n³). None where K is singular to rounding."""
    S = np.clip(X @ X.T, -1.0, 1.0)
    np.fill_diagonal(S, 1.0)
    K = np.asarray(Conjugate(depth)(S))
    try:
        factor = scipy.linalg.cholesky(K, lower=True, overwrite_a=True, check_finite=False)
    except np.linalg.LinAlgError:
        return None
    if float(factor.diagonal().min()) ** 2 <= LEAST_EIGENVALUE * X.shape[0]:
        return None
    half = scipy.linalg.solve_triangular(factor, Y[:, 0], lower=True)
    return float(np.linalg.norm(half))

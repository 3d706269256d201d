"""Certified lower bounds on the Gram matrix, from inner products alone (our derivation, docs/proofs.md P3).

K = Σ_p c_p S^∘p with c_p ≥ 0; every Hadamard power is positive semidefinite (Schur) and S^∘p ⪰ diag(1 − ρ_i^(p)),
ρ_i^(p) = Σ_{j≠i} |s_ij|^p (Gershgorin). So K ⪰ diag D_i(w), D_i(w) = Σ_a w_a C_a (1 − ρ_i^(2^a)), for weights w_a in
[0, 1] on bands of powers C_a. For a given total M = Σ w_a C_a every D_i is largest with M in the highest bands, because
1 − ρ_i^(2^a) grows with a in every row: one number M is all there is to search.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.gram.cosines import UNIT

LEVELS = 20  # powers 2^0 … 2^20: pairs at 1 − s = 1e-6 still count
NEGLIGIBLE = 1e-25  # powers below this are not added one by one
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


@dataclass(frozen=True)
class Floor:
    """Row-by-row floors D_i(M), concave and piecewise linear in the mass M in [0, total].

    bands   (A + 1,) C_a, rounded down
    excess  (A + 1, n) upper ends of ρ_i^(2^a)
    """

    bands: Vector
    excess: Matrix

    @property
    def total(self) -> float:
        return float(self.bands.sum())

    def rows(self, mass: float) -> Vector:
        """(n,) D_i at this mass, rounded down."""
        left, weights = mass, np.zeros(self.bands.shape[0])
        for a in range(self.bands.shape[0] - 1, -1, -1):
            weights[a] = min(left, float(self.bands[a]))
            left -= weights[a]
            if left <= 0.0:
                break
        used = slice(int(np.flatnonzero(weights)[0]), None) if weights.any() else slice(0, 0)
        loss = weights[used] @ self.excess[used]
        given = float(weights.sum())
        rows: Vector = given - loss - 4 * (self.bands.shape[0] + 2) * UNIT * (given + loss)
        return rows

    def smallest(self, scales: Vector | None = None) -> float:
        """Certified lower bound on λ_min of D K D (D = diag scales; identity if None): max over M of min_i D_i(M)."""
        squares = 1.0 if scales is None else scales * scales
        _, value = _golden(lambda mass: float((squares * self.rows(mass)).min()), 0.0, self.total)
        return max(value * (1.0 - 8 * UNIT), 0.0)

    def best_rows(self) -> Vector:
        """(n,) D_i at the mass that makes the least of them largest."""
        mass, _ = _golden(lambda mass: float(self.rows(mass).min()), 0.0, self.total)
        return self.rows(mass)

    def inverse_forms(self, squares: Matrix) -> Vector:
        """(k,) Σ_i squares_ia / D_i(M) for columns a, at the mass M with all D_i > 0 that makes their sum least.

        Infinite where there is no such mass. With squares_ia = r_ia² it bounds r_aᵀK⁻¹r_a from above.
        """
        pooled = squares.sum(axis=1)
        start, value = _golden(lambda mass: float(self.rows(mass).min()), 0.0, self.total)
        if value <= 0.0:
            return np.full(squares.shape[1], np.inf)

        def minus_cost(mass: float) -> float:
            rows = self.rows(mass)
            return -float((pooled / rows).sum()) if rows.min() > 0.0 else -float("inf")

        # The feasible masses are an interval around `start`.
        sides = [_golden(minus_cost, start, end) for end in (0.0, self.total)]
        best, _ = max(sides, key=lambda side: side[1])
        rounding = 1.0 + (squares.shape[0] + 4) * UNIT
        forms: Vector = (squares / self.rows(best)[:, None]).sum(axis=0) * rounding
        return forms


def _golden(f: Callable[[float], float], near: float, far: float, rounds: int = 40) -> tuple[float, float]:
    """Where a concave f is largest between `near` and `far`, and its value; f may be −∞ from some point on to `far`."""
    x, y = far - GOLDEN * (far - near), near + GOLDEN * (far - near)
    best = max((f(point), point) for point in (near, far))
    fx, fy = f(x), f(y)
    for _ in range(rounds):
        if fx >= fy:
            far, y, fy = y, x, fx
            x = far - GOLDEN * (far - near)
            fx = f(x)
        else:
            near, x, fx = x, y, fy
            y = near + GOLDEN * (far - near)
            fy = f(y)
        best = max(best, (fx, x), (fy, y))
    return best[1], best[0]


def excess_upper(sums: Matrix, error: float, negligible: float) -> Matrix:
    """Upper ends of ρ_i^(2^a) from computed sums (A + 1, n) of computed cosines that err by at most `error`.

    (|ŝ| + e)^p ≤ |ŝ|^p + p e (1 + e)^p covers the cosines, 2^(a+1) u the squarings, n u the sum, and n · negligible the
    powers that were not added.
    """
    n = sums.shape[1]
    powers = 2.0 ** np.arange(sums.shape[0])[:, None]
    relative = (2.0 * powers + n + 2) * UNIT
    with np.errstate(over="ignore"):
        cosines = powers * n * error * np.exp(powers * error)
    upper: Matrix = sums * (1.0 + relative) + cosines + n * negligible
    return upper

"""The floor of λ_min with explicit powers, and the best of all weights by linear programming (docs/proofs.md P3)."""

import numpy as np
import scipy.optimize


def excess(S, levels):
    """(A + 1, n) ρ_i^(2^a) = Σ_{j≠i} |s_ij|^(2^a)."""
    off = np.abs(S) - np.eye(len(S))
    return np.array([(off ** (2.0**a)).sum(axis=1) for a in range(levels + 1)])


def rows(bands, rho, weights):
    """D_i(w) = Σ_a w_a C_a (1 − ρ_i^(2^a))."""
    return sum(w * C * (1.0 - r) for w, C, r in zip(weights, bands, rho, strict=True))


def best(bands, rho):
    """max over w in [0, 1] of min_i D_i(w)."""
    A = len(bands)
    cost = np.append(np.zeros(A), -1.0)
    scale = 1e5  # the solver's tolerance is absolute
    gains = scale * bands[:, None] * (1.0 - rho)
    result = scipy.optimize.linprog(
        cost, A_ub=np.column_stack([-gains.T, np.ones(rho.shape[1])]), b_ub=np.zeros(rho.shape[1]),
        bounds=[(0, 1)] * A + [(None, None)],
    )  # fmt: skip
    return -result.fun / scale


def power_sums(S, levels):
    """Sums of |s_ij|^(2^a) over the columns and over the rows of one tile, and the largest |s_ij| of each."""
    P = [np.minimum(np.abs(S), 1.0) ** (2.0**a) for a in range(levels + 1)]
    largest = np.minimum(np.abs(S), 1.0)
    return (
        np.array([p.sum(axis=1) for p in P]),
        np.array([p.sum(axis=0) for p in P]),
        largest.max(axis=1),
        largest.max(axis=0),
    )

"""yᵀK⁻¹y and λ_min from their definitions: by loops and eigh in float64, and at 60 digits from the raw data."""

import math

import mpmath
import numpy as np

DIGITS = 60


def gram(X, kernel):
    """K_ij = κ(cos(x_i, x_j)), one entry at a time; `kernel` takes a float."""
    rows = [[float(v) for v in x] for x in X]
    norms = [math.sqrt(math.fsum(v * v for v in x)) for x in rows]
    cosine = [
        [max(-1.0, min(1.0, math.fsum(a * b for a, b in zip(x, z, strict=True)) / (p * q)))
         for z, q in zip(rows, norms, strict=True)]
        for x, p in zip(rows, norms, strict=True)
    ]  # fmt: skip
    return np.array([[kernel(1.0 if i == j else s) for j, s in enumerate(row)] for i, row in enumerate(cosine)])


def form(K, Y):
    """Σ_i (v_iᵀy)²/λ_i, summed over the columns of Y."""
    values, V = np.linalg.eigh(K)
    return float(((V.T @ Y.reshape(len(K), -1)) ** 2 / values[:, None]).sum())


def exact_gram(X, kernel):
    """The same from the raw rows, normalized at 60 digits; `kernel` takes an mpf. Rows as lists."""
    with mpmath.workdps(DIGITS):
        rows = [[mpmath.mpf(float(v)) for v in x] for x in X]
        norms = [mpmath.sqrt(mpmath.fdot(x, x)) for x in rows]
        lower = [
            [mpmath.re(kernel(mpmath.mpf(1) if i == j else mpmath.fdot(rows[i], rows[j]) / (norms[i] * norms[j])))
             for j in range(i + 1)]
            for i in range(len(rows))
        ]  # fmt: skip
        return [[lower[max(i, j)][min(i, j)] for j in range(len(rows))] for i in range(len(rows))]


def cholesky(A):
    """L with A = LLᵀ at 60 digits; ValueError if A is not positive definite."""
    L = []
    with mpmath.workdps(DIGITS):
        for i, row in enumerate(A):
            new = []
            for j in range(i):
                new.append((row[j] - mpmath.fdot(new, L[j][:j])) / L[j][j])
            pivot = row[i] - mpmath.fdot(new, new)
            if pivot <= 0:
                raise ValueError("not positive definite")
            L.append([*new, mpmath.sqrt(pivot)])
    return L


def exact_form(A, Y):
    """Σ_a y_aᵀA⁻¹y_a at 60 digits for A as lists of mpf and float columns Y (n, k)."""
    L, total = cholesky(A), mpmath.mpf(0)
    with mpmath.workdps(DIGITS):
        for column in np.asarray(Y, dtype=float).reshape(len(A), -1).T:
            z = []
            for i, y in enumerate(column):
                z.append((mpmath.mpf(float(y)) - mpmath.fdot(z, L[i][:i])) / L[i][i])
            total += mpmath.fdot(z, z)
    return total


def exceeds(A, diagonal):
    """A − diag(diagonal) is positive definite at 60 digits; `diagonal` a number or one for each row."""
    with mpmath.workdps(DIGITS):
        less = np.broadcast_to(diagonal, (len(A),))
        shifted = [
            [a - mpmath.mpf(float(less[i])) if i == j else a for j, a in enumerate(row)] for i, row in enumerate(A)
        ]
    try:
        cholesky(shifted)
    except ValueError:
        return False
    return True

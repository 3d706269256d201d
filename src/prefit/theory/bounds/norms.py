"""Norms of a network's matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import eigvalsh
from scipy.sparse.linalg import LinearOperator, eigsh

from prefit._shapes import Matrix

DENSE = 1024  # smaller dimension up to which the Gram matrix is formed and decomposed; our choice


def spectral_norm(A: Matrix) -> float:
    """Largest singular value, to rounding: of the smaller Gram matrix, or by Lanczos steps on it where it is large."""
    if A.shape[0] > A.shape[1]:
        A = A.T
    size = A.shape[0]
    if size <= DENSE:
        top = eigvalsh(A @ A.T, subset_by_index=[size - 1, size - 1])[0]
    else:
        products: Any = LinearOperator((size, size), matvec=lambda v: A @ (A.T @ v), dtype=np.float64)
        start = np.random.default_rng(0).standard_normal(size)  # with a part along the top one but by a null accident
        top = eigsh(products, k=1, which="LA", v0=start, tol=0, return_eigenvectors=False)[0]
    return float(np.sqrt(max(top, 0.0)))


def row_norm_sum(A: Matrix) -> float:
    """‖Aᵀ‖_{2,1}: the sum of the lengths of the rows, the weights of every unit."""
    return float(np.linalg.norm(A, axis=1).sum())

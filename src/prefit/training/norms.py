"""The spectral norm of a matrix that is known by its products."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse.linalg

from prefit._shapes import Matrix, Vector

DIRECT = 128  # order of the smaller Gram matrix up to which its eigenvalues are found whole


def top_root(gram: Callable[[Vector], Vector], order: int) -> float:
    """√λ_max of a positive semidefinite operator of so many columns, to 1e-6: Lanczos from a fixed start."""
    operator = scipy.sparse.linalg.LinearOperator((order, order), matvec=lambda x: gram(x.ravel()), dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(order)
    values = scipy.sparse.linalg.eigsh(operator, k=1, which="LA", v0=start, tol=1e-6, return_eigenvectors=False)
    return float(np.sqrt(max(0.0, float(values[0]))))


def spectral_norm(D: Matrix) -> float:
    """‖D‖_2."""
    if min(D.shape) <= DIRECT:
        small = D.T @ D if D.shape[0] > D.shape[1] else D @ D.T
        return float(np.sqrt(max(0.0, float(np.linalg.eigvalsh(small)[-1]))))
    if not D.any():
        return 0.0
    return top_root(lambda x: np.asarray(D.T @ (D @ x)), D.shape[1])

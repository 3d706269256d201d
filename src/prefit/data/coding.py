"""Labels as real targets, (n, k): what the quadratic form yᵀH⁻¹y is taken of.

Two classes are coded +1 and −1, as in Arora et al. (2019), §2, arXiv:1901.08584; c > 2 classes one-hot minus
1/c, whose quadratic form is the sum over columns.
"""

from __future__ import annotations

import numpy as np

from prefit._shapes import Indices, Matrix
from prefit.errors import InputError


def code(labels: Indices, classes: int) -> Matrix:
    """Targets of labels: (n, 1) with +1 for class 0 and −1 for class 1, or (n, c) one-hot minus 1/c."""
    _check(labels, classes)
    if classes == 2:
        return np.where(labels == 0, 1.0, -1.0)[:, None]
    Y = np.full((labels.size, classes), -1.0 / classes)
    Y[np.arange(labels.size), labels] += 1.0
    return Y


def coding_name(classes: int) -> str:
    """The coding in words, for results and pages."""
    return "+1 and −1" if classes == 2 else f"one-hot minus 1/{classes}"


def reduced_code(labels: Indices, classes: int) -> tuple[Matrix, Matrix]:
    """The coding Y in as many columns as its rank: (Ỹ, U) with Y = Ỹ Uᵀ and UᵀU = 1.

    One-hot minus 1/c sums to zero over the classes, so that c − 1 columns carry it, and for every symmetric A
    tr(YᵀAY) = tr(ỸᵀAỸ). Two classes have one column already, and U is 1.

    Returns Ỹ (n, k) and U (columns of Y, k) with k = max(1, c − 1).
    """
    if classes == 2:
        return code(labels, classes), np.ones((1, 1))
    _check(labels, classes)
    U = helmert(classes)
    return U[labels], U  # a row of Y is e_l − 1/c, and Uᵀ1 = 0, so that its coordinates are row l of U


def helmert(classes: int) -> Matrix:
    """Orthonormal basis (c, c−1) of the vectors that sum to zero, a class against those before it."""
    U = np.triu(np.ones((classes, classes - 1)))
    j = np.arange(1, classes)
    U[j, j - 1] = -j
    return U / np.sqrt(j * (j + 1.0))


def random_labels(count: int, classes: int, rng: np.random.Generator) -> Indices:
    """Labels (n,) drawn uniformly over the classes, each on its own."""
    return rng.integers(classes, size=count, dtype=np.int64)


def _check(labels: Indices, classes: int) -> None:
    if classes < 2:
        raise InputError(
            f"A coding needs at least two classes; there is {classes}. Give labels of two classes or more."
        )
    if labels.size and not (labels.min() >= 0 and labels.max() < classes):
        raise InputError(
            f"Labels must be indices from 0 to {classes - 1}; they reach from {labels.min()} to "
            f"{labels.max()}. Give the index of each class."
        )

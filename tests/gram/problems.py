"""Kernels and random inputs that the tests of the core run over."""

import numpy as np

from prefit.data.distinct import unit_rows
from prefit.gram import FloatCosines, dense_gram
from prefit.kernels import kernel_named
from tests.naive import kernels as naive

SLOW = {
    "two-layer": (naive.two_layer, ("ntk", 1)),
    "ntk:2": (lambda s: naive.ntk(s, 2), ("ntk", 2)),
    "ntk:3": (lambda s: naive.ntk(s, 3), ("ntk", 3)),
    "conjugate:1": (lambda s: naive.conjugate(s, 1), ("conjugate", 1)),
    "standard-ntk:1": (lambda s: naive.standard_ntk(s, 1), ("standard-ntk", 1)),
}
NAMES = list(SLOW)


def exactly(name):
    """The kernel as a function of mpmath numbers."""
    return naive.exact(*SLOW[name][1])


def near(x, gap, rng):
    """A row of the length of x at cosine 1 − gap from it."""
    aside = rng.standard_normal(x.shape)
    aside -= (aside @ x) / (x @ x) * x
    angle = 2.0 * np.arcsin(np.sqrt(gap / 2.0))
    return np.cos(angle) * x + np.sin(angle) * np.linalg.norm(x) / np.linalg.norm(aside) * aside


def inputs(rng, n, d, gaps=()):
    """Gaussian rows, the first len(gaps) of them replaced by near-copies of later ones."""
    X = rng.standard_normal((n, d))
    for i, gap in enumerate(gaps):
        X[i] = near(X[n - 1 - i], gap, rng)
    return X


def gram_of(X, name="two-layer"):
    """The dense Gram matrix of rows that are all distinct."""
    return dense_gram(FloatCosines(unit_rows(X)[0]), kernel_named(name))

"""Matrices with a chosen spectrum, and runs of the block process to a given step."""

import numpy as np

from prefit.spectra import BlockLanczos


def matrix(n, low=1e-3, high=10.0, seed=0):
    """(A, λ, V) with eigenvalues spread log-evenly from low to high."""
    rng = np.random.default_rng(seed)
    V, _ = np.linalg.qr(rng.standard_normal((n, n)))
    values = np.geomspace(low, high, n)
    A = (V * values) @ V.T
    return (A + A.T) / 2.0, values, V


def run(A, Y, steps, dtype=np.float64):
    block = BlockLanczos(Y, dtype)
    while block.steps < steps and not block.finished:
        block.absorb(A @ block.current())
    return block


def inverse(values):
    return 1.0 / values

"""The infinitely wide net of a data set: H held whole and factorized, so that any labels are solved for exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from prefit._shapes import Matrix, Vector
from prefit.data import LabelledData
from prefit.errors import InputError
from prefit.gram import Workers, blas_threads
from prefit.gram.dense import DenseOperator
from prefit.jobs import ForecastOptions
from prefit.jobs.problem import Problem, pose
from prefit.jobs.progress import Clock
from prefit.spectra import BlockLanczos
from prefit.storage import Forgetful
from prefit.theory.arora2019 import decay

LARGEST = 12_000  # examples: OpenBLAS was seen to crash in factorizations from 17,000 on
ENOUGH = 200  # Lanczos steps: the filters asked for are polynomials that so many follow to many digits


def posed(data: LabelledData, workers: Workers) -> Problem:
    """H of the training inputs, one float64 array; raises InputError where inputs coincide, or are too many."""
    n = data.train.n
    if n > LARGEST:
        raise InputError(f"--kernel-n must be at most {LARGEST:,}, got {n:,}: H is factorized whole. Take fewer.")
    options = ForecastOptions(threads=workers.threads)
    problem = pose(data, options, workers, Clock(), Forgetful(), operator="dense")
    if problem.distinct.merged:
        raise InputError(
            f"The study needs inputs that differ on the sphere, and {problem.distinct.merged:,} of {n:,} occur twice. "
            "Take other examples, with another --kernel-n or --n."
        )
    return problem


def matrix_of(problem: Problem) -> Matrix:
    """H (n, n)."""
    operator = problem.gram.operator
    assert isinstance(operator, DenseOperator)
    return operator.K


@dataclass(frozen=True)
class Factorized:
    """A symmetric positive definite A (n, n) with its lower Cholesky factor, the matrix kept."""

    A: Matrix
    factor: Matrix

    @classmethod
    def of(cls, A: Matrix, threads: int) -> Factorized:
        """O(n³/3), 8n² bytes beside A."""
        with blas_threads(threads):
            return cls(A, np.asarray(scipy.linalg.cholesky(A.T, lower=True, check_finite=False)))

    def solve(self, Y: Matrix) -> Matrix:
        """(n, k) A⁻¹Y, refined once."""
        Z = scipy.linalg.cho_solve((self.factor, True), Y, check_finite=False)
        refined: Matrix = Z + scipy.linalg.cho_solve((self.factor, True), Y - self.A @ Z, check_finite=False)
        return refined

    def inverse_trace(self, threads: int) -> float:
        """tr A⁻¹ = ‖L⁻¹‖_F², exact up to rounding: O(n³/3). The factor is overwritten: solve before."""
        with blas_threads(threads):
            inverse, failed = scipy.linalg.lapack.dtrtri(self.factor, lower=1, overwrite_c=1)
        assert failed == 0, "a Cholesky factor has no zero on its diagonal"
        return float(sum(inverse[i:, i] @ inverse[i:, i] for i in range(inverse.shape[0])))


def stopped_coefficients(problem: Problem, y: Matrix, rate: float, steps: int) -> Matrix:
    """(n, 1) z with f_k = Σ_i z_i H(x_i, ·) for the net after k steps: z = (1 − (1 − ηH)^k)H⁻¹y.

    By Lanczos from y: exact for k up to its number of steps, and from there on as near as a polynomial of that degree
    comes to the filter on the spectrum.
    """
    block = BlockLanczos(y)
    while not block.finished and block.steps < min(ENOUGH, y.shape[0]):
        block.absorb(problem.gram.operator.matmat(block.current()))
    after = np.array([float(steps)])
    return block.decomposition().apply(lambda values: (1.0 - decay(values, rate, after)[:, 0]) / values)


def errors(F: Matrix, Y: Matrix) -> tuple[Vector, Vector]:
    """(k,) portion of wrong signs and mean |f − y| of the outputs F on targets Y, both (t, k)."""
    return (Y * F <= 0.0).mean(axis=0), np.abs(F - Y).mean(axis=0)

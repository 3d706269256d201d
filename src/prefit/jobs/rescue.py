"""Where Lanczos does not get there: a dense factorization, which also proves a floor of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.linalg

from prefit._shapes import Matrix
from prefit.gram import dense_gram
from prefit.gram.dense import DenseOperator
from prefit.jobs.memory import allowed_bytes
from prefit.jobs.problem import Problem
from prefit.jobs.progress import Clock
from prefit.jobs.rate import product_rate
from prefit.jobs.sets import Solved, split_certificate
from prefit.spectra import certify, verified_floor

UP_TO = 12_000  # distinct inputs: n³/3 operations, some ten seconds on two cores; OpenBLAS was seen to crash at 20,000


def can_rescue(problem: Problem) -> bool:
    """Whether a dense factorization fits time and memory."""
    n = problem.gram.n
    return n <= UP_TO and 32 * n * n <= allowed_bytes(problem.memory)


def rescued(problem: Problem, sets: list[Solved], clock: Clock) -> tuple[list[Solved], float]:
    """The sets solved and certified by a Cholesky factorization of K, and the floor of λ_min(D K D) that it proves.

    The sets as they were, and 0, where it does not fit memory or breaks down. Inputs that nearly coincide, or are
    opposite, make the floor from inner products vanish and Lanczos slow; a factorization that runs to its end
    certifies λ_min by itself (`verified_floor`).
    """
    n = problem.gram.n
    if not can_rescue(problem):
        return sets, 0.0
    with clock.phase("dense factorization", expected=3.0 + 2.0 * float(n) ** 3 / product_rate()):
        gram = dense_gram(problem.cosines, problem.kernel)
        assert isinstance(gram.operator, DenseOperator)
        K = gram.operator.K
        values = np.hstack([problem.distinct.values(item.labels.Y) for item in sets])
        try:
            factor = scipy.linalg.cho_factor(K, lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            return sets, 0.0
        Z = scipy.linalg.cho_solve(factor, values, check_finite=False)
        Z += scipy.linalg.cho_solve(factor, values - K @ Z, check_finite=False)
        least = _least_eigenvalue(factor, n)
        del factor
        floor = verified_floor(K, least, gram.deviation_norm())
        whole = certify(gram, values, Z, floor, None, problem.asked_error)
    widths = [item.Z.shape[1] for item in sets]
    parts = split_certificate(whole, widths)
    columns = np.split(Z, np.cumsum(widths)[:-1], axis=1)
    new = [replace(i, Z=z, certificate=p) for i, z, p in zip(sets, columns, parts, strict=True)]
    smallest_scale = float(problem.distinct.scales.min())
    return [_narrower(old, item) for old, item in zip(sets, new, strict=True)], floor * smallest_scale**2


def _least_eigenvalue(factor: tuple[Matrix, bool], n: int) -> float:
    """Estimate of λ_min by inverse iteration."""
    v = np.random.default_rng(3).standard_normal(n)
    growth = 1.0
    for _ in range(12):
        v /= np.linalg.norm(v)
        v = scipy.linalg.cho_solve(factor, v, check_finite=False)
        growth = float(np.linalg.norm(v))
    return 1.0 / growth


def _narrower(old: Solved, new: Solved) -> Solved:
    assert old.certificate is not None
    assert new.certificate is not None
    return new if new.certificate.total()[1] < old.certificate.total()[1] else old

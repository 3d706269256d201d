"""Label sets into the spectrum by an eigendecomposition of the whole Gram matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.gram.cosines import UNIT
from prefit.jobs.ends import deviation_norm, eigenvalue_floor, upper_end
from prefit.jobs.labelsets import LabelSet
from prefit.jobs.problem import Problem
from prefit.jobs.progress import Clock
from prefit.jobs.rate import product_rate
from prefit.jobs.sets import Solved, certified, reachable
from prefit.jobs.solution import Request, Solution, Solver, SpectrumEnds
from prefit.spectra import Eigensystem, SpectralMeasure, eigensystem, verified_floor


def solve_exactly(problem: Problem, asked: Request, clock: Clock) -> Solution:
    """All label sets from one eigensystem, certified."""
    K: Matrix = problem.gram.operator.K  # type: ignore[attr-defined]
    scales = problem.scales
    A = K.copy() if scales is None else scales[:, None] * K * scales
    with clock.phase("eigendecomposition", expected=14.0 * float(problem.gram.n) ** 3 / product_rate()):
        system = eigensystem(A)
        least = float(system.values[0])
        by_rows = eigenvalue_floor(problem)
        floor = max(by_rows, verified_floor(A, least, deviation_norm(problem)))
    with clock.phase("certificate"):
        everyone = [asked.true, *asked.random]
        vector = system.V[:, :1]
        if asked.worst is not None:
            everyone.append(asked.worst(vector))
        solved = [_exact_set(problem, system, labels) for labels in everyone]
        solved = certified(problem, solved, floor)
    upper = upper_end(problem, system.V[:, -1])
    ends = SpectrumEnds(
        float(system.values[-1]), upper, max(least, 0.0), 0.0, floor, floor > by_rows, True, system, vector
    )
    others, solver = solved[1 : 1 + len(asked.random)], Solver("eigendecomposition")
    worst = solved[-1] if asked.worst is not None else None
    return Solution(solved[0], others, worst, ends, problem.gram.n, solver, asked.forms_only)


def _exact_set(problem: Problem, system: Eigensystem, labels: LabelSet) -> Solved:
    t, unreachable = reachable(problem, labels)
    decomposition = system.labels(t)
    inverse = _inverse_above(problem.gram.n * UNIT * float(system.values[-1]))
    D = problem.distinct.scales[:, None]
    Z = D * (decomposition.apply(inverse) @ labels.basis.T)
    if unreachable == 0.0:
        # One step of refinement: the eigenvectors are orthonormal to rounding only.
        rest = problem.distinct.values(labels.Y) - problem.gram.operator.matmat(Z)
        Z = Z + D * system.labels(D * rest).apply(inverse)
    measure = above_rounding(problem, decomposition.measure(), float(system.values[-1])).with_atom(unreachable)
    return Solved(labels, [decomposition], measure, measure, unreachable, decomposition.degree, Z)


def above_rounding(problem: Problem, measure: SpectralMeasure, largest: float) -> SpectralMeasure:
    """Eigenvalues that are rounding count as 0: no number of steps fits what lies on them."""
    cut = problem.gram.n * UNIT * largest
    return SpectralMeasure(np.where(measure.nodes > cut, measure.nodes, 0.0), measure.weights)


def _inverse_above(cut: float) -> Callable[[Vector], Vector]:
    """1/λ where λ is not rounding."""
    return lambda values: np.where(values > cut, 1.0 / np.maximum(values, cut), 0.0)

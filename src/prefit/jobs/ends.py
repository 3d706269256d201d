"""Both ends of the spectrum: certified on the outer side, estimated on the inner."""

from __future__ import annotations

import numpy as np

from prefit._shapes import Vector
from prefit.gram.cosines import UNIT
from prefit.jobs.problem import Problem
from prefit.jobs.solution import TIGHT, SpectrumEnds
from prefit.spectra import BlockLanczos, LabelRun, LanczosDecomposition, Nystrom

TOP_STEPS, NEAR_STEPS = 40, 12


def eigenvalue_floor(problem: Problem) -> float:
    """Certified lower bound on the least eigenvalue of A from the inner products."""
    return problem.gram.floor.smallest(problem.scales)


def upper_end(problem: Problem, vector: Vector) -> float:
    """Certified upper end of λ_max: max_i (|A|v)_i/v_i, v > 0 (Collatz-Wielandt), tight at a positive eigenvector."""
    D = problem.distinct.scales

    def absolute(v: Vector) -> Vector:
        return np.asarray(D * problem.gram.operator.absolute_matvec(D * v))

    v = absolute(np.abs(vector) + 1e-12)
    rounding = (problem.gram.n + 8) * UNIT
    deviation = problem.gram.deviation_norm() * float(D.max()) ** 2
    return float((absolute(v) / v).max()) * (1.0 + 2.0 * rounding) + deviation


def deviation_norm(problem: Problem) -> float:
    """Bound on the norm of the difference between the computed A and the true one."""
    scale = float(problem.distinct.scales.max()) ** 2
    rounding = 4 * UNIT * problem.kernel.diagonal * problem.gram.n
    return scale * (problem.gram.deviation_norm() + rounding)


def _top_run(problem: Problem, near: Vector | None) -> LanczosDecomposition:
    """Lanczos for the largest eigenvalue: a few steps from a vector near it, else many from row sums and noise."""
    n = problem.gram.n
    noise = np.random.default_rng(5).standard_normal((n, 1)) / np.sqrt(n)
    start = problem.weighted.matmat(np.ones((n, 1)) / n) + 0.1 * noise if near is None else near[:, None] + 1e-3 * noise
    block, steps = BlockLanczos(start), TOP_STEPS if near is None else NEAR_STEPS
    # Entries that are computed anew cost a third in float32; what is certified comes from `upper_end`.
    dtype = np.float64 if problem.gram.operator.fast_is_exact else np.float32
    while block.steps < steps and not block.finished:
        block.absorb(problem.weighted.matmat(np.asarray(block.current(), dtype=dtype)))
    return block.decomposition()


def spectrum_ends(
    problem: Problem,
    runs: list[LabelRun],
    ends_run: LabelRun | None,
    floor: float,
    preconditioner: Nystrom | None,
    low: Vector | None,
) -> SpectrumEnds:
    """Both ends from what the solvers left: Lanczos runs, a preconditioner, and where there are no runs a vector `low`
    that lies mostly on small eigenvalues."""
    largest, upper = _top(problem, runs, preconditioner)
    decompositions = _decompositions(runs)
    if ends_run is not None:
        low = ends_run.blocks[0].decomposition().bottom_vector()
    elif decompositions:
        low = min(decompositions, key=lambda d: d.smallest[0]).bottom_vector()
    assert low is not None
    smallest, residual = _rayleigh(problem, low)
    return SpectrumEnds(
        largest=min(largest, upper),  # products in float32 can push a Ritz value above every eigenvalue
        largest_upper=upper,
        smallest=max(smallest, floor),
        residual=residual,
        floor=floor,
        factorized=False,
        resolved=ends_run is not None and ends_run.done,
        system=None,
        worst=low[:, None] if ends_run is not None else None,
    )


def _top(problem: Problem, runs: list[LabelRun], preconditioner: Nystrom | None) -> tuple[float, float]:
    """Largest Ritz value or Rayleigh quotient, and the certified upper end of λ_max."""
    found: list[tuple[float, Vector]] = []
    if runs:
        best = max(_decompositions(runs), key=lambda d: d.largest)
        found.append((best.largest, best.top_vector()))
    if preconditioner is not None and preconditioner.rank:
        vector = preconditioner.top_vector()
        found.append((_rayleigh(problem, vector)[0], vector))
    if not found:  # no label set asked for a solution
        run = _top_run(problem, None)
        return run.largest, upper_end(problem, run.top_vector())
    largest, vector = max(found, key=lambda pair: pair[0])
    upper = upper_end(problem, vector)
    # A preconditioner's vector is near enough where every further product would compute all entries anew.
    enough = preconditioner is not None and not problem.gram.operator.fast_is_exact
    if upper > TIGHT * largest and not enough:
        # Labels that hardly touch the top eigenvector do not find it; a start of its own does.
        run = _top_run(problem, None if preconditioner is None else vector)
        if run.largest > largest:
            largest, upper = run.largest, upper_end(problem, run.top_vector())
    return largest, upper


def _decompositions(runs: list[LabelRun]) -> list[LanczosDecomposition]:
    return [block.decomposition() for run in runs for block in run.blocks]


def _rayleigh(problem: Problem, vector: Vector) -> tuple[float, float]:
    """Rayleigh quotient of A, never below its least eigenvalue, and how far an eigenvalue is at most, in float64."""
    product = problem.weighted.matmat(vector[:, None])[:, 0]
    value = float(vector @ product)
    return value, float(np.linalg.norm(product - value * vector)) + deviation_norm(problem)

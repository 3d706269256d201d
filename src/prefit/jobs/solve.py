"""Label sets into the spectrum of the Gram matrix: exactly, or by Lanczos until the certificate is narrow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.jobs.labelsets import LabelSet
from prefit.jobs.problem import Problem
from prefit.jobs.progress import Clock
from prefit.jobs.rate import product_rate
from prefit.jobs.rescue import can_rescue, rescued
from prefit.jobs.sets import Solved, certified, reachable
from prefit.spectra import (
    BlockLanczos,
    Decomposition,
    Eigensystem,
    LabelRun,
    LanczosDecomposition,
    SpectralMeasure,
    combine,
    eigensystem,
    run_lockstep,
    verified_floor,
)

UNIT = 2.0**-53
MAX_STEPS = 600
STEPS_BEFORE_RESCUE = 250  # as many steps cost about what a factorization does at n = 10,000
BLOCK = (
    40  # columns of random labellings that share a Krylov space: wider blocks take fewer steps, larger eigenproblems
)
TIGHT = 1.001  # certified upper end of λ_max over the Ritz value, up to where the former is used
TOP_STEPS = 40
ROUNDS = 4  # how often a certificate that came out too wide is answered by more steps


@dataclass(frozen=True)
class SpectrumEnds:
    """What the run says of the eigenvalues of A: Ritz values or eigenvalues, and the least one's residual."""

    largest: float
    largest_upper: float
    smallest: float
    residual: float
    floor: float
    factorized: bool
    resolved: bool
    system: Eigensystem | None
    worst: Matrix | None

    @property
    def step_limit(self) -> float:
        """λ_max for choosing step sizes: the certified upper end where it is tight, else the largest Ritz value."""
        return self.largest_upper if self.largest_upper <= TIGHT * self.largest else self.largest


@dataclass(frozen=True)
class Solution:
    true: Solved
    random: list[Solved]
    worst: Solved | None
    ends: SpectrumEnds
    products: int


@dataclass(frozen=True)
class Request:
    """What is to be decomposed and certified.

    worst      makes the worst-case label set from the eigenvector (g, 1) of the least eigenvalue; None: not asked
    tolerance  relative gap of the certified intervals
    resolve    both ends of the spectrum to 1%
    """

    true: LabelSet
    random: list[LabelSet]
    worst: Callable[[Matrix], LabelSet] | None
    tolerance: float
    resolve: bool


def solve(problem: Problem, asked: Request, clock: Clock) -> Solution:
    """Decompose all label sets, certify their quadratic forms."""
    return (_solve_exactly if problem.exact else _solve_by_lanczos)(problem, asked, clock)


def eigenvalue_floor(problem: Problem) -> float:
    """Certified lower bound on the least eigenvalue of A from the inner products."""
    return problem.gram.floor.smallest(problem.scales)


def _upper_end(problem: Problem, vector: Vector) -> float:
    """Certified upper end of λ_max: max_i (|A|v)_i/v_i, v > 0 (Collatz-Wielandt), tight at a positive eigenvector."""
    D = problem.distinct.scales

    def absolute(v: Vector) -> Vector:
        return np.asarray(D * problem.gram.operator.absolute_matvec(D * v))

    v = absolute(np.abs(vector) + 1e-12)
    rounding = (problem.gram.n + 8) * UNIT
    deviation = problem.gram.deviation_norm() * float(D.max()) ** 2
    return float((absolute(v) / v).max()) * (1.0 + 2.0 * rounding) + deviation


# Exactly ------------------------------------------------------------------------------------------------------------


def _solve_exactly(problem: Problem, asked: Request, clock: Clock) -> Solution:
    K: Matrix = problem.gram.operator.K  # type: ignore[attr-defined]
    scales = problem.scales
    A = K.copy() if scales is None else scales[:, None] * K * scales
    with clock.phase("eigendecomposition", expected=14.0 * float(problem.gram.n) ** 3 / product_rate()):
        system = eigensystem(A)
        least = float(system.values[0])
        by_rows = eigenvalue_floor(problem)
        floor = max(by_rows, verified_floor(A, least, _deviation_norm(problem)))
    with clock.phase("certificate"):
        everyone = [asked.true, *asked.random]
        vector = system.V[:, :1]
        if asked.worst is not None:
            everyone.append(asked.worst(vector))
        solved = [_exact_set(problem, system, labels) for labels in everyone]
        solved = certified(problem, solved, floor)
    upper = _upper_end(problem, system.V[:, -1])
    ends = SpectrumEnds(
        float(system.values[-1]), upper, max(least, 0.0), 0.0, floor, floor > by_rows, True, system, vector
    )
    others = solved[1 : 1 + len(asked.random)]
    return Solution(solved[0], others, solved[-1] if asked.worst is not None else None, ends, problem.gram.n)


def _deviation_norm(problem: Problem) -> float:
    """Bound on the norm of the difference between the computed A and the true one."""
    scale = float(problem.distinct.scales.max()) ** 2
    rounding = 4 * UNIT * problem.kernel.diagonal * problem.gram.n
    return scale * (problem.gram.deviation_norm() + rounding)


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
    measure = _above_rounding(problem, decomposition.measure(), float(system.values[-1])).with_atom(unreachable)
    return Solved(labels, [decomposition], measure, measure, unreachable, decomposition.degree, Z)


def _above_rounding(problem: Problem, measure: SpectralMeasure, largest: float) -> SpectralMeasure:
    """Eigenvalues that are rounding count as 0: no number of steps fits what lies on them."""
    cut = problem.gram.n * UNIT * largest
    return SpectralMeasure(np.where(measure.nodes > cut, measure.nodes, 0.0), measure.weights)


def _inverse_above(cut: float) -> Callable[[Vector], Vector]:
    """1/λ where λ is not rounding."""
    return lambda values: np.where(values > cut, 1.0 / np.maximum(values, cut), 0.0)


# By Lanczos ----------------------------------------------------------------------------------------------------------


def _solve_by_lanczos(problem: Problem, asked: Request, clock: Clock) -> Solution:
    runs = [_true_run(problem, asked.true), *_random_runs(problem, asked.random)]
    ends_run = _ends_run(problem) if asked.resolve or asked.worst is not None else None
    every = runs + ([ends_run] if ends_run is not None else [])
    floor = eigenvalue_floor(problem)
    products, target, factorized = 0, asked.tolerance, False
    max_steps = STEPS_BEFORE_RESCUE if can_rescue(problem) and ends_run is None else MAX_STEPS
    for _ in range(ROUNDS):
        with clock.phase("products") as progress:
            products += run_lockstep(problem.weighted, every, target, max_steps, progress)
        with clock.phase("certificate"):
            solved = [_run_set(problem, asked.true, runs[0], floor), *_draws(problem, asked.random, runs[1:])]
            solved = certified(problem, solved, floor)
            products += sum(item.Z.shape[1] for item in solved)
        if not _continue(runs, solved, asked.tolerance, max_steps):
            break
        target /= 4.0
    if any(_open(item, asked.tolerance) for item in solved):
        solved, proved = rescued(problem, solved, clock)
        floor, factorized = max(floor, proved * (1.0 - 4 * UNIT)), proved > floor
    ends = replace(_ends(problem, every, ends_run, floor), factorized=factorized)
    worst_solved = None
    if asked.worst is not None and ends.worst is not None:
        worst_solved, more = _worst(problem, asked.worst(ends.worst), floor, asked.tolerance, clock)
        products += more
    return Solution(solved[0], solved[1:], worst_solved, ends, products)


def _true_run(problem: Problem, labels: LabelSet) -> LabelRun:
    """Column by column: the classical process, whose quadratures have sides."""
    t, _ = reachable(problem, labels)
    return LabelRun("true", [BlockLanczos(t[:, j : j + 1], seed=j) for j in range(t.shape[1])])


def _random_runs(problem: Problem, draws: list[LabelSet]) -> list[LabelRun]:
    """Blocks of columns that share a Krylov space, which halves the steps; a draw of several columns is a block."""
    if not draws:
        return []
    columns = [problem.distinct.range_part(draw.reduced) for draw in draws]
    width = columns[0].shape[1]
    per_block = max(1, min(BLOCK, problem.gram.n) // width)
    blocks = [np.hstack(columns[i : i + per_block]) for i in range(0, len(columns), per_block)]
    return [LabelRun("random", [BlockLanczos(block, np.float32, seed=100 + i)]) for i, block in enumerate(blocks)]


def _ends_run(problem: Problem) -> LabelRun:
    start = np.random.default_rng(7).standard_normal((problem.gram.n, 1))
    return LabelRun("spectrum", [BlockLanczos(start)], resolve=True)


def _run_set(problem: Problem, labels: LabelSet, run: LabelRun, floor: float) -> Solved:
    """The label set whose columns are the run's blocks, each of one column."""
    _, unreachable = reachable(problem, labels)
    parts: list[Decomposition] = [block.decomposition() for block in run.blocks]
    sides = [part.upper_measure(max(floor, 0.0)) for part in parts]
    known = [side for side in sides if side is not None]
    upper = combine(known).with_atom(unreachable) if len(known) == len(sides) else None
    measure = combine([part.measure() for part in parts]).with_atom(unreachable)
    Z = problem.distinct.scales[:, None] * (run.galerkin() @ labels.basis.T)
    degree = min(part.degree for part in parts)
    measure = _above_rounding(problem, measure, float(measure.nodes[-1]))
    return Solved(labels, parts, measure, upper, unreachable, degree, Z)


def _draws(problem: Problem, draws: list[LabelSet], runs: list[LabelRun]) -> list[Solved]:
    """Each draw from its columns of the shared blocks."""
    solved: list[Solved] = []
    remaining = iter(draws)
    for run in runs:
        block = run.blocks[0]
        decomposition, solution = block.decomposition(), run.galerkin()
        measures = decomposition.column_measures()
        width = draws[0].reduced.shape[1]
        for first in range(0, block.width, width):
            labels = next(remaining)
            _, unreachable = reachable(problem, labels)
            measure = combine(measures[first : first + width])
            measure = _above_rounding(problem, measure, float(measure.nodes[-1])).with_atom(unreachable)
            Z = problem.distinct.scales[:, None] * (solution[:, first : first + width] @ labels.basis.T)
            solved.append(Solved(labels, [], measure, None, unreachable, decomposition.degree, Z))
    return solved


def _continue(runs: list[LabelRun], solved: list[Solved], tolerance: float, max_steps: int) -> bool:
    """Whether a certificate came out wider than the tolerance though the recurrence was content; reopens those runs."""
    reopened = False
    sets_of = [[solved[0]], *_by_run(runs[1:], solved[1:])]
    for run, sets in zip(runs, sets_of, strict=True):
        wide = any(_gap(item) > tolerance for item in sets)
        if wide and run.steps < max_steps and not all(block.finished for block in run.blocks):
            run.done, reopened = False, True
    return reopened


def _by_run(runs: list[LabelRun], draws: list[Solved]) -> list[list[Solved]]:
    groups, start = [], 0
    for run in runs:
        count = run.width // draws[0].labels.reduced.shape[1]
        groups.append(draws[start : start + count])
        start += count
    return groups


def _gap(item: Solved) -> float:
    """Relative gap of the certified interval; 0 where no number of steps would narrow it."""
    assert item.certificate is not None
    lower, upper = item.certificate.total()
    return 0.0 if item.unreachable or not np.isfinite(upper) else (upper - lower) / max(upper, 1e-300)


def _open(item: Solved, tolerance: float) -> bool:
    """The interval is wider than asked, or has no upper end."""
    assert item.certificate is not None
    return item.unreachable == 0.0 and (_gap(item) > tolerance or not np.isfinite(item.certificate.total()[1]))


def _top_run(problem: Problem) -> LanczosDecomposition:
    """Lanczos from the row sums and noise, TOP_STEPS steps: enough for the outermost eigenvalue."""
    n = problem.gram.n
    noise = np.random.default_rng(5).standard_normal((n, 1)) / np.sqrt(n)
    block = BlockLanczos(problem.weighted.matmat(np.ones((n, 1)) / n) + 0.1 * noise)
    while block.steps < TOP_STEPS and not block.finished:
        block.absorb(problem.weighted.matmat(np.asarray(block.current(), dtype=np.float64)))
    return block.decomposition()


def _ends(problem: Problem, runs: list[LabelRun], ends_run: LabelRun | None, floor: float) -> SpectrumEnds:
    decompositions = [block.decomposition() for run in runs for block in run.blocks]
    top = max(decompositions, key=lambda d: d.largest)
    upper = _upper_end(problem, top.top_vector())
    if upper > TIGHT * top.largest:
        # Labels that hardly touch the top eigenvector do not find it; a start of its own does.
        top = max((top, _top_run(problem)), key=lambda d: d.largest)
        upper = _upper_end(problem, top.top_vector())
    lowest = ends_run.blocks[0].decomposition() if ends_run else min(decompositions, key=lambda d: d.smallest[0])
    bottom = lowest.bottom_vector()
    smallest, residual = _rayleigh(problem, bottom)
    worst = bottom[:, None] if ends_run is not None else None
    resolved = ends_run is not None and ends_run.done
    # Products in float32 can push a Ritz value above every eigenvalue.
    return SpectrumEnds(
        min(top.largest, upper), upper, max(smallest, floor), residual, floor, False, resolved, None, worst
    )


def _rayleigh(problem: Problem, vector: Vector) -> tuple[float, float]:
    """Rayleigh quotient of A, never below its least eigenvalue, and how far an eigenvalue is at most, in float64."""
    product = problem.weighted.matmat(vector[:, None])[:, 0]
    value = float(vector @ product)
    return value, float(np.linalg.norm(product - value * vector)) + _deviation_norm(problem)


def _worst(problem: Problem, labels: LabelSet, floor: float, tolerance: float, clock: Clock) -> tuple[Solved, int]:
    run = _true_run(problem, labels)
    with clock.phase("worst-case labels") as progress:
        products = run_lockstep(problem.weighted, [run], tolerance, MAX_STEPS, progress)
        solved = certified(problem, [_run_set(problem, labels, run, floor)], floor)
    return solved[0], products + 1

"""Label sets into the spectrum of the Gram matrix: exactly, or by Lanczos until the certificate is narrow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.jobs.labelsets import LabelSet
from prefit.jobs.problem import Problem
from prefit.jobs.progress import Clock
from prefit.spectra import (
    BlockLanczos,
    Certificate,
    Decomposition,
    Eigensystem,
    LabelRun,
    SpectralMeasure,
    certify,
    combine,
    eigensystem,
    run_lockstep,
    verified_floor,
)

UNIT = 2.0**-53
MAX_STEPS = 600
BLOCK = 10  # random ±1 labellings that share a Krylov space
ROUNDS = 4  # how often a certificate that came out too wide is answered by more steps


@dataclass(frozen=True)
class Solved:
    """One label set with its decomposition and an approximate solution of K Z = values.

    parts     decompositions of the columns of `reduced` in A = D K D, in order; empty for a random draw in a shared block
    measure   of the whole set (columns added), with an atom at 0 for labels that contradict each other
    upper     Gauss-Radau side, where one is proved
    Z         (g, k) coefficients of the functions Σ_i z_i κ(x_i, ·), one per column of the code
    """

    labels: LabelSet
    parts: list[Decomposition]
    measure: SpectralMeasure
    upper: SpectralMeasure | None
    unreachable: float
    degree: int
    Z: Matrix
    certificate: Certificate | None = None

    def apply(self, f: Callable[[Vector], Vector]) -> Matrix:
        """(g, w) f(A) applied to the labels in the range of E."""
        return np.hstack([part.apply(f) for part in self.parts])

    def coefficients(self, problem: Problem, f: Callable[[Vector], Vector]) -> Matrix:
        """(g, k) coefficients z = D f(A) t of a spectral filter of the labels, in the columns of the code."""
        return problem.distinct.scales[:, None] * (self.apply(f) @ self.labels.basis.T)


@dataclass(frozen=True)
class SpectrumEnds:
    """What the run says of the eigenvalues of A: Ritz values or eigenvalues, and the least one's residual."""

    largest: float
    largest_upper: float
    smallest: float
    residual: float
    floor: float
    resolved: bool
    system: Eigensystem | None
    worst: Matrix | None


@dataclass(frozen=True)
class Solution:
    true: Solved
    random: list[Solved]
    worst: Solved | None
    ends: SpectrumEnds
    products: int


def reachable(problem: Problem, labels: LabelSet) -> tuple[Matrix, float]:
    """Coordinates t (g, w) of the labels in the range of E, and the squared norm of the rest (0 if nothing conflicts)."""
    t = problem.distinct.range_part(labels.reduced)
    if problem.distinct.merged == 0 or not problem.distinct.in_conflict(labels.Y).size:
        return t, 0.0
    rest = labels.reduced - problem.distinct.expand(t)
    return t, float(np.einsum("ij,ij->", rest, rest))


def solve(
    problem: Problem,
    true: LabelSet,
    random: list[LabelSet],
    worst: Callable[[Matrix], LabelSet] | None,
    tolerance: float,
    resolve: bool,
    clock: Clock,
) -> Solution:
    """Decompose all label sets, certify their quadratic forms."""
    run = _solve_exactly if problem.exact else _solve_by_lanczos
    return run(problem, true, random, worst, tolerance, resolve, clock)


def eigenvalue_floor(problem: Problem) -> float:
    """Certified lower bound on the least eigenvalue of A from the inner products."""
    return problem.gram.floor.smallest(problem.scales)


def _upper_end(problem: Problem, vector: Vector) -> float:
    """Certified upper end of λ_max: max_i (|A| v)_i/v_i for v > 0 (Collatz-Wielandt), tight at a positive eigenvector."""
    D = problem.distinct.scales

    def absolute(v: Vector) -> Vector:
        return np.asarray(D * problem.gram.operator.absolute_matvec(D * v))

    v = absolute(np.abs(vector) + 1e-12)
    rounding = (problem.gram.n + 8) * UNIT
    deviation = float(problem.gram.spread(np.ones((problem.gram.n, 1))).max()) * float(D.max()) ** 2
    return float((absolute(v) / v).max()) * (1.0 + 2.0 * rounding) + deviation


# Exactly ------------------------------------------------------------------------------------------------------------


def _solve_exactly(
    problem: Problem,
    true: LabelSet,
    random: list[LabelSet],
    worst: Callable[[Matrix], LabelSet] | None,
    tolerance: float,
    resolve: bool,
    clock: Clock,
) -> Solution:
    K: Matrix = problem.gram.operator.K  # type: ignore[attr-defined]
    scales = problem.scales
    A = K.copy() if scales is None else scales[:, None] * K * scales
    with clock.phase("eigendecomposition"):
        system = eigensystem(A)
        least = float(system.values[0])
        floor = max(eigenvalue_floor(problem), verified_floor(A, least, _deviation_norm(problem)))
    with clock.phase("certificate"):
        everyone = [true, *random]
        vector = system.V[:, :1]
        if worst is not None:
            everyone.append(worst(vector))
        solved = [_exact_set(problem, system, labels) for labels in everyone]
        solved = certified(problem, solved, floor)
    upper = _upper_end(problem, system.V[:, -1])
    ends = SpectrumEnds(float(system.values[-1]), upper, max(least, 0.0), 0.0, floor, True, system, vector)
    others = solved[1 : 1 + len(random)]
    return Solution(solved[0], others, solved[-1] if worst is not None else None, ends, problem.gram.n)


def _deviation_norm(problem: Problem) -> float:
    """Bound on the norm of the difference between the computed A and the true one."""
    scale = float(problem.distinct.scales.max()) ** 2
    rounding = 4 * UNIT * problem.kernel.diagonal * problem.gram.n
    return scale * (float(problem.gram.spread(np.ones((problem.gram.n, 1))).max()) + rounding)


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
    measure = _positive(decomposition.measure()).with_atom(unreachable)
    return Solved(labels, [decomposition], measure, measure, unreachable, decomposition.degree, Z)


def _positive(measure: SpectralMeasure) -> SpectralMeasure:
    """Eigenvalues of a positive semidefinite matrix that rounding left below 0 are 0."""
    return SpectralMeasure(np.maximum(measure.nodes, 0.0), measure.weights)


def _inverse_above(cut: float) -> Callable[[Vector], Vector]:
    """1/λ where λ is not rounding."""
    return lambda values: np.where(values > cut, 1.0 / np.maximum(values, cut), 0.0)


# By Lanczos ----------------------------------------------------------------------------------------------------------


def _solve_by_lanczos(
    problem: Problem,
    true: LabelSet,
    random: list[LabelSet],
    worst: Callable[[Matrix], LabelSet] | None,
    tolerance: float,
    resolve: bool,
    clock: Clock,
) -> Solution:
    runs = [_true_run(problem, true), *_random_runs(problem, random)]
    ends_run = _ends_run(problem) if resolve or worst is not None else None
    every = runs + ([ends_run] if ends_run is not None else [])
    floor = eigenvalue_floor(problem)
    products, target = 0, tolerance
    for _ in range(ROUNDS):
        with clock.phase("products") as progress:
            products += run_lockstep(problem.weighted, every, target, MAX_STEPS, progress)
        with clock.phase("certificate"):
            solved = [_run_set(problem, true, runs[0], floor), *_draws(problem, random, runs[1:], floor)]
            solved = certified(problem, solved, floor)
            products += sum(item.Z.shape[1] for item in solved)
        if not _continue(runs, solved, tolerance):
            break
        target /= 4.0
    ends = _ends(problem, every, ends_run, floor)
    worst_solved = None
    if worst is not None and ends.worst is not None:
        worst_solved, more = _worst(problem, worst(ends.worst), floor, tolerance, clock)
        products += more
    return Solution(solved[0], solved[1:], worst_solved, ends, products)


def _true_run(problem: Problem, labels: LabelSet) -> LabelRun:
    """Column by column: the classical process, whose quadratures have sides."""
    t, _ = reachable(problem, labels)
    return LabelRun("true", [BlockLanczos(t[:, j : j + 1], seed=j) for j in range(t.shape[1])])


def _random_runs(problem: Problem, draws: list[LabelSet]) -> list[LabelRun]:
    """Blocks of columns that share a Krylov space, which takes half the steps; one draw of several columns is a block."""
    if not draws:
        return []
    columns = [problem.distinct.range_part(draw.reduced) for draw in draws]
    width = columns[0].shape[1]
    per_block = max(1, BLOCK // width)
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
    upper = combine([s for s in sides if s is not None]).with_atom(unreachable) if None not in sides else None
    measure = combine([part.measure() for part in parts]).with_atom(unreachable)
    Z = problem.distinct.scales[:, None] * (run.galerkin() @ labels.basis.T)
    degree = min(part.degree for part in parts)
    return Solved(labels, parts, _positive(measure), upper, unreachable, degree, Z)


def _draws(problem: Problem, draws: list[LabelSet], runs: list[LabelRun], floor: float) -> list[Solved]:
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
            measure = _positive(combine(measures[first : first + width]))
            Z = problem.distinct.scales[:, None] * (solution[:, first : first + width] @ labels.basis.T)
            solved.append(Solved(labels, [], measure, None, 0.0, decomposition.degree, Z))
    return solved


def _continue(runs: list[LabelRun], solved: list[Solved], tolerance: float) -> bool:
    """Whether a certificate came out wider than the tolerance though the recurrence was content; reopens those runs."""
    reopened = False
    sets_of = [[solved[0]], *_by_run(runs[1:], solved[1:])]
    for run, sets in zip(runs, sets_of, strict=True):
        wide = any(_gap(item) > tolerance for item in sets)
        if wide and run.steps < MAX_STEPS and not all(block.finished for block in run.blocks):
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
    assert item.certificate is not None
    lower, upper = item.certificate.total()
    return 0.0 if item.unreachable or not np.isfinite(upper) else (upper - lower) / max(upper, 1e-300)


def _ends(problem: Problem, runs: list[LabelRun], ends_run: LabelRun | None, floor: float) -> SpectrumEnds:
    decompositions = [block.decomposition() for run in runs for block in run.blocks]
    top = max(decompositions, key=lambda d: d.largest)
    smallest, residual = min(d.smallest for d in decompositions)
    worst = None
    if ends_run is not None:
        worst = ends_run.blocks[0].decomposition().bottom_vector()[:, None]
    resolved = ends_run is not None and ends_run.done
    return SpectrumEnds(top.largest, _upper_end(problem, top.top_vector()), max(smallest, floor), residual, floor, resolved, None, worst)


def _worst(
    problem: Problem, labels: LabelSet, floor: float, tolerance: float, clock: Clock
) -> tuple[Solved, int]:
    run = _true_run(problem, labels)
    with clock.phase("worst-case labels") as progress:
        products = run_lockstep(problem.weighted, [run], tolerance, MAX_STEPS, progress)
        solved = certified(problem, [_run_set(problem, labels, run, floor)], floor)
    return solved[0], products + 1


# Certificates ---------------------------------------------------------------------------------------------------------


def certified(problem: Problem, sets: list[Solved], floor: float) -> list[Solved]:
    """All sets with their certificates, from one product in float64."""
    Y = np.hstack([problem.distinct.values(item.labels.Y) for item in sets])
    Z = np.hstack([item.Z for item in sets])
    whole = certify(problem.gram, Y, Z, floor, problem.scales, problem.asked_error)
    out, start = [], 0
    for item in sets:
        columns = slice(start, start + item.Z.shape[1])
        start = columns.stop
        part = Certificate(
            whole.lower[columns],
            whole.upper[columns],
            whole.norm_squared[columns],
            whole.residual[:, columns],
            whole.residual_error[:, columns],
        )
        out.append(replace(item, certificate=part))
    return out

"""The last digits by conjugate gradients: which preconditioner pays, and the columns that are still open."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix, Vector
from prefit.gram import IntegerCosines
from prefit.jobs import plan
from prefit.jobs.plan import Size
from prefit.jobs.problem import Problem
from prefit.jobs.progress import Clock
from prefit.jobs.sets import Solved, reachable
from prefit.spectra import ConjugateGradients, LabelRun, Nystrom, Pivoted, run_columns
from prefit.spectra.lockstep import SAFETY
from prefit.storage import Keeper

MAX_STEPS = 400
RANKS = (256, 512, 768, 1024, 1536, 2048, 3072, 4096)
FIRST_RANK = 512  # from here the decay of the spectrum is read off
# Nominal rates, a second: decisions that change digits do not look at the clock.
FLOPS, BYTES = 1.2e11, 2.0e10
CG_STEPS_A_DECADE = 7.0  # of the gap, with a preconditioner of about a thousand columns, as seen on image data


def product_seconds(problem: Problem, columns: int) -> float:
    """Nominal seconds of one product with so many columns."""
    whole = isinstance(problem.cosines, IntegerCosines)
    size = Size(problem.gram.n, problem.rows.shape[1], columns, 0, problem.workers.threads, whole)
    return plan.product_seconds(size, problem.plan.operator, single=True)


def building_seconds(problem: Problem, rank: int) -> float:
    n, d = float(problem.gram.n), float(problem.rows.shape[1])
    return 2.0 * n * rank * (d + 2.0 * rank) / FLOPS + 10.0 * float(rank) ** 3 / FLOPS


def applying_seconds(problem: Problem, rank: int, columns: int) -> float:
    n = float(problem.gram.n)
    return max(8.0 * n * rank / BYTES, 4.0 * n * rank * columns / FLOPS)


def largest_rank(problem: Problem) -> int:
    """Columns that fit memory, and are few enough to pay at all."""
    n = problem.gram.n
    fitting = plan.RANK + problem.spare_bytes // (8 * n)
    return max(0, min(RANKS[-1], n // 4, fitting))


def finishing_pays(problem: Problem, run: LabelRun, columns: int, tolerance: float) -> bool:
    """Whether conjugate gradients should be cheaper than what is left of a Lanczos run, by its course so far."""
    rank = min(1024, largest_rank(problem))
    if len(run.history) < 3 or rank < RANKS[0]:
        return False
    (early, before), (late, now) = run.history[max(0, len(run.history) - 7)], run.history[-1]
    if not (math.isfinite(before) and math.isfinite(now)):
        return False
    slope = math.log10(max(before, 1e-300) / max(now, 1e-300)) / max(late - early, 1)
    decades = math.log10(max(now / (SAFETY * tolerance), 1.0))
    left = decades / slope if slope > 0.0 else math.inf
    product = product_seconds(problem, columns)
    step = product + applying_seconds(problem, rank, columns)
    return left * product > building_seconds(problem, rank) + (CG_STEPS_A_DECADE * decades + 5.0) * step


# The preconditioner --------------------------------------------------------------------------------------------------


def preconditioner_for(problem: Problem, columns: int, tolerance: float, clock: Clock, keeper: Keeper) -> Nystrom:
    """A randomly pivoted Cholesky preconditioner of the rank that should make the solve of so many columns fastest."""
    made = kept_preconditioner(problem, keeper)
    if made is not None:
        return made
    with clock.phase("preconditioner") as progress:
        rows = problem.distinct.scales**2 * problem.gram.diagonal
        pivoted = Pivoted(problem.columns, rows)
        most = largest_rank(problem)
        pivoted.grow(min(FIRST_RANK // 2, most))
        half = pivoted.shift
        pivoted.grow(min(FIRST_RANK, most), lambda portion: progress(portion / 4))
        rank = _best_rank(problem, pivoted, half, columns, tolerance, most)
        pivoted.grow(rank, lambda portion: progress(0.25 + 0.75 * portion))
        made = Nystrom(pivoted.F, pivoted.shift, problem.workers)
    keeper.save("preconditioner", {"shift": made.shift}, {"F": made.F})
    return made


def kept_preconditioner(problem: Problem, keeper: Keeper) -> Nystrom | None:
    """The preconditioner that an earlier part of the run has made."""
    saved = keeper.load("preconditioner")
    return None if saved is None else Nystrom(saved.arrays["F"], float(saved.facts["shift"]), problem.workers)


def _best_rank(problem: Problem, pivoted: Pivoted, half: float, columns: int, tolerance: float, most: int) -> int:
    """The rank with the least predicted time: building, and steps ≈ ½√κ log(2/ε) at the condition number κ that the
    decay of the first eigenvalues foretells (ours, a heuristic; within a third of the steps counted on images)."""
    rank = pivoted.rank
    if rank < FIRST_RANK or pivoted.exhausted:
        return rank
    values = Nystrom(pivoted.F, pivoted.shift, problem.workers).values
    low, high = rank // 8, rank // 2  # further down the factor's eigenvalues fall short of the matrix's own
    power = math.log(values[low] / values[high]) / math.log(high / low)
    shift_power = math.log(half / pivoted.shift) / math.log(2.0)
    least = float(np.median(problem.gram.floor.best_rows()))
    least = 1.5 * least if least > 0.0 else 0.1 * pivoted.shift

    def seconds(r: int) -> float:
        beyond = values[high] * (r / high) ** -power
        shift = pivoted.shift * (r / rank) ** -shift_power
        steps = 3.0 + 0.5 * math.sqrt(1.0 + (beyond + shift) / least) * math.log(2.0 / math.sqrt(tolerance))
        each = product_seconds(problem, columns) + applying_seconds(problem, r, columns)
        return building_seconds(problem, r) + steps * each

    return min((r for r in RANKS if rank <= r <= max(most, rank)), key=seconds)


# The open columns ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Targets:
    """Right-hand sides t of A z = t of several label sets side by side, and which columns are whose."""

    T: Matrix
    owner: Indices
    widths: list[int]


def targets(problem: Problem, sets: list[Solved]) -> Targets:
    columns = [reachable(problem, item.labels)[0] for item in sets]
    widths = [part.shape[1] for part in columns]
    return Targets(np.hstack(columns), np.repeat(np.arange(len(sets)), widths), widths)


def start_of(problem: Problem, sets: list[Solved], preconditioner: Nystrom) -> ConjugateGradients:
    """At the solutions so far and their residuals."""
    D = problem.distinct.scales[:, None]
    Z = np.hstack([(item.Z / D) @ item.labels.basis for item in sets])
    return ConjugateGradients(np.hstack([_residual(problem, item) for item in sets]), preconditioner, Z)


def _residual(problem: Problem, item: Solved) -> Matrix:
    """(g, w) in the coordinates of A = D K D: certified, else by the recurrence, else the labels themselves."""
    if item.certificate is not None:
        return np.asarray(problem.distinct.scales[:, None] * (item.certificate.residual @ item.labels.basis))
    return reachable(problem, item.labels)[0] if item.rest is None else item.rest


def advance(
    problem: Problem,
    run: ConjugateGradients,
    goal: Targets,
    target: float,
    clock: Clock,
    keeper: Keeper,
    round_: int,
    before: int,
) -> int:
    """Conjugate gradients until each column's share of its set's gap is small; returns `before` plus the products."""
    rows = problem.weighted.floor_rows()
    first = _rest_if_narrow(run, goal, rows, target)

    def look(state: ConjugateGradients) -> float:
        worst = _rest_if_narrow(state, goal, rows, target)
        if worst <= 1.0:
            return 1.0
        return float(np.clip(math.log(first / worst) / math.log(first), 0.0, 1.0))

    def multiply(V: AnyArray) -> AnyArray:
        exact = problem.gram.operator.fast_is_exact
        return problem.weighted.matmat(V if exact else np.asarray(V, dtype=np.float32))

    with clock.phase("conjugate gradients") as progress:

        def after_step(portion: float, products: int) -> None:
            progress(portion)
            if keeper.due():
                save(keeper, run, round_, before + products)

        products = before + run_columns(run, multiply, look, MAX_STEPS, after_step)
    save(keeper, run, round_, products)
    return products


def _rest_if_narrow(state: ConjugateGradients, goal: Targets, rows: Vector | None, target: float) -> float:
    """Put columns to rest whose part of the gap is small enough; returns the largest gap in units of the target."""
    lower = np.einsum("ij,ij->j", state.Z, goal.T + state.R)
    if rows is not None:
        beyond = np.einsum("ij,i->j", np.square(state.R), 1.0 / rows)
    else:
        # No floor: the energy of the error by the preconditioner and the least Ritz value seen.
        beyond = np.array([rho / state.smallest_ritz(j) for j, rho in enumerate(state.rho)])
    forms = np.bincount(goal.owner, lower, len(goal.widths))
    share = SAFETY * target * np.maximum(forms, 1e-150) / np.array(goal.widths)
    portion = beyond / share[goal.owner]
    state.active &= portion > 1.0
    return float(portion[state.active].max()) if state.active.any() else 0.0


def save(keeper: Keeper, run: ConjugateGradients, round_: int, products: int) -> None:
    facts, arrays = run.state()
    keeper.save("conjugate-gradients", facts | {"round": round_, "products": products}, arrays)


def restored(keeper: Keeper, preconditioner: Nystrom, round_: int) -> tuple[ConjugateGradients | None, int]:
    """This round's run as it was saved, with the products spent until then."""
    saved = keeper.load("conjugate-gradients")
    if saved is None or saved.facts["round"] != round_:
        return None, 0
    run = ConjugateGradients.restored(saved.facts, saved.arrays, preconditioner)
    return run, int(saved.facts["products"])


def with_solutions(problem: Problem, sets: list[Solved], run: ConjugateGradients, widths: list[int]) -> list[Solved]:
    """The sets with the solutions that the run has found."""
    D = problem.distinct.scales[:, None]
    parts = np.split(run.Z, np.cumsum(widths)[:-1], axis=1)
    return [replace(item, Z=D * (z @ item.labels.basis.T)) for item, z in zip(sets, parts, strict=True)]

"""Label sets as Lanczos runs, and back: blocks of columns, their state on disk, what they say when they stop."""

from __future__ import annotations

from typing import Any

import numpy as np

from prefit._shapes import AnyArray, Matrix
from prefit.jobs.exactly import above_rounding
from prefit.jobs.labelsets import LabelSet
from prefit.jobs.problem import Problem
from prefit.jobs.sets import Solved, reachable
from prefit.spectra import BlockLanczos, Decomposition, LabelRun, LanczosDecomposition, SpectralMeasure, combine
from prefit.storage import Keeper, Saved
from prefit.theory.arora2019 import first_step_to, residual_norms, step_grid

# Columns of random labellings that share a Krylov space: wider blocks take fewer steps, larger eigenproblems.
BLOCK = 40
STAGE = "lanczos"
KNOWN_CURVE = 0.01  # relative width of the loss curve's bracket at which the curve is known well enough
KNOWN_BLOCK = 0.03  # relative gap of a block's quadratic forms at which the same is taken for granted


def true_run(problem: Problem, labels: LabelSet) -> LabelRun:
    """Column by column: the classical process, whose quadratures have sides."""
    t, _ = reachable(problem, labels)
    return LabelRun("true", [BlockLanczos(t[:, j : j + 1], seed=j) for j in range(t.shape[1])])


def random_runs(problem: Problem, draws: list[LabelSet]) -> list[LabelRun]:
    """Blocks of columns that share a Krylov space, which halves the steps; a draw of several columns is a block."""
    if not draws:
        return []
    columns = [problem.distinct.range_part(draw.reduced) for draw in draws]
    width = columns[0].shape[1]
    per_block = max(1, min(BLOCK, problem.gram.n) // width)
    blocks = [np.hstack(columns[i : i + per_block]) for i in range(0, len(columns), per_block)]
    return [LabelRun("random", [BlockLanczos(block, np.float32, seed=100 + i)]) for i, block in enumerate(blocks)]


def ends_run(problem: Problem) -> LabelRun:
    start = np.random.default_rng(7).standard_normal((problem.gram.n, 1))
    return LabelRun("spectrum", [BlockLanczos(start)], resolve=True)


def run_set(problem: Problem, labels: LabelSet, run: LabelRun, floor: float) -> Solved:
    """The label set whose columns are the run's blocks, each of one column."""
    _, unreachable = reachable(problem, labels)
    parts: list[Decomposition] = [block.decomposition() for block in run.blocks]
    sides = [part.upper_measure(max(floor, 0.0)) for part in parts]
    known = [side for side in sides if side is not None]
    upper = combine(known).with_atom(unreachable) if len(known) == len(sides) else None
    measure = combine([part.measure() for part in parts]).with_atom(unreachable)
    Z = problem.distinct.scales[:, None] * (run.galerkin() @ labels.basis.T)
    degree = min(part.degree for part in parts)
    measure = above_rounding(problem, measure, float(measure.nodes[-1]))
    rest = np.hstack([_residual(block) for block in run.blocks])
    return Solved(labels, parts, measure, upper, unreachable, degree, Z, rest=rest)


def _residual(block: BlockLanczos) -> Matrix:
    """(g, w) of the Galerkin solution, by the recurrence."""
    if block.finished:
        return np.zeros((block.n, block.width))
    directions, factors = block.residual(block.solve())
    return np.asarray(directions @ factors, dtype=np.float64)


def drawn_sets(problem: Problem, draws: list[LabelSet], runs: list[LabelRun]) -> list[Solved]:
    """Each draw from its columns of the shared blocks."""
    solved: list[Solved] = []
    remaining = iter(draws)
    for run in runs:
        block = run.blocks[0]
        decomposition, solution = block.decomposition(), run.galerkin()
        measures, residual = decomposition.column_measures(), _residual(block)
        width = draws[0].reduced.shape[1]
        for first in range(0, block.width, width):
            labels = next(remaining)
            _, unreachable = reachable(problem, labels)
            measure = combine(measures[first : first + width])
            measure = above_rounding(problem, measure, float(measure.nodes[-1])).with_atom(unreachable)
            Z = problem.distinct.scales[:, None] * (solution[:, first : first + width] @ labels.basis.T)
            rest = residual[:, first : first + width]
            solved.append(Solved(labels, [], measure, None, unreachable, decomposition.degree, Z, rest=rest))
    return solved


def by_run(runs: list[LabelRun], draws: list[Solved]) -> list[list[Solved]]:
    groups, start = [], 0
    for run in runs:
        count = run.width // draws[0].labels.reduced.shape[1]
        groups.append(draws[start : start + count])
        start += count
    return groups


def knows_its_curve(run: LabelRun, floor: float) -> bool:
    """Whether the loss curve down to 1% of its start is bracketed to KNOWN_CURVE (Gauss below, Radau above).

    Where no floor gives an upper side, the curve of five steps before stands in for it.
    """
    if run.width > len(run.blocks):  # a block of several columns: its Ritz problem is too large to ask often
        return run.gap <= KNOWN_BLOCK
    parts = [block.decomposition() for block in run.blocks]
    below = combine([part.measure() for part in parts])
    others = [_other_side(part, floor) for part in parts]
    if any(other is None for other in others):
        return False
    above = combine([other for other in others if other is not None])
    rate = 1.0 / max(part.largest for part in parts)
    last = first_step_to(above, rate, 0.01)
    grid = step_grid(10**6 if last is None else last)
    low, high = residual_norms(below, rate, grid), residual_norms(above, rate, grid)
    return bool((np.abs(high - low) <= KNOWN_CURVE * np.maximum(low, 1e-300)).all())


def _other_side(part: LanczosDecomposition, floor: float) -> SpectralMeasure | None:
    if floor > 0.0:
        return part.upper_measure(floor)
    return part.shortened(part.steps - 5).measure() if part.steps > 10 else None


# State on disk -------------------------------------------------------------------------------------------------------


def save_runs(keeper: Keeper, runs: list[LabelRun], products: int, round_: int) -> None:
    facts: dict[str, Any] = {"products": products, "round": round_, "runs": []}
    arrays: dict[str, AnyArray] = {}
    grown: dict[str, AnyArray] = {}
    for i, run in enumerate(runs):
        blocks = []
        for j, block in enumerate(run.blocks):
            own, parts, basis = block.state()
            blocks.append(own)
            arrays |= {f"{i}.{j}.{name}": part for name, part in parts.items()}
            grown[f"{i}.{j}.basis"] = basis
        gap = run.gap if np.isfinite(run.gap) else None
        fields = {"done": run.done, "handed_over": run.handed_over, "gap": gap, "history": run.history}
        facts["runs"].append(fields | {"blocks": blocks})
    keeper.save(STAGE, facts, arrays, grown)


def restore_runs(runs: list[LabelRun], saved: Saved) -> int:
    """Put the runs where they were; returns the products they had taken."""
    for i, (run, facts) in enumerate(zip(runs, saved.facts["runs"], strict=True)):
        run.done, run.handed_over = bool(facts["done"]), bool(facts["handed_over"])
        run.gap = float("inf") if facts["gap"] is None else float(facts["gap"])
        run.history = [(int(step), float(gap)) for step, gap in facts["history"]]
        for j, own in enumerate(facts["blocks"]):
            arrays = {name: saved.arrays[f"{i}.{j}.{name}"] for name in ("diagonal", "coupling", "start")}
            run.blocks[j] = BlockLanczos.restored(own, arrays, saved.arrays[f"{i}.{j}.basis"])
    return int(saved.facts["products"])

"""Label sets into the spectrum of the Gram matrix: exactly, or by products until the certificate is narrow."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import cast

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.gram.cosines import UNIT
from prefit.jobs import finish, krylov
from prefit.jobs.ends import eigenvalue_floor, spectrum_ends
from prefit.jobs.exactly import solve_exactly
from prefit.jobs.labelsets import LabelSet
from prefit.jobs.plan import BASIS
from prefit.jobs.problem import Problem
from prefit.jobs.progress import Clock
from prefit.jobs.rescue import can_rescue, rescued
from prefit.jobs.sets import Solved, certified, gap_of, is_open, narrower, reachable
from prefit.jobs.solution import Request, Solution, Solver, SpectrumEnds, Way
from prefit.spectra import LabelRun, Nystrom, SpectralMeasure, run_lockstep
from prefit.storage import Forgetful, Keeper

__all__ = ["Request", "Solution", "SpectrumEnds", "solve"]

MAX_STEPS = 600
STEPS_BEFORE_RESCUE = 250  # as many steps cost about what a factorization does at n = 10,000
# Curves of random labellings are alike at large n, and their forms are found sooner by conjugate gradients.
EVERY_CURVE_UP_TO, CURVES_OF_COLUMNS = 16_384, 8
ROUNDS = 4  # how often a certificate that came out too wide is answered by more steps


def solve(problem: Problem, asked: Request, clock: Clock, keeper: Keeper | None = None) -> Solution:
    """Decompose all label sets, certify their quadratic forms."""
    if problem.exact:
        return solve_exactly(problem, asked, clock)
    return _ByProducts(problem, asked, clock, keeper or Forgetful()).solution()


class _ByProducts:
    """Lanczos for the measures, conjugate gradients for the last digits, a certificate after each.

    runs     Lanczos runs of the label sets, then the one for the ends of the spectrum; empty for forms only
    solved   the label sets with their solutions so far, certified
    round    rounds closed so far: steps, then a certificate, which the first leaves to the next where it hands over
    target   relative gap that the recurrences aim at; smaller where the certificate came out wider than they said
    """

    def __init__(self, problem: Problem, asked: Request, clock: Clock, keeper: Keeper) -> None:
        self.problem, self.asked, self.clock, self.keeper = problem, asked, clock, keeper
        self.floor = eigenvalue_floor(problem)
        self.target, self.products, self.round, self.lanczos_round = asked.tolerance, 0, 0, -1
        self.runs: list[LabelRun] = []
        self.ends_run: LabelRun | None = None
        self.preconditioner: Nystrom | None = None
        self.cg_steps = 0
        self.low: Vector | None = None
        if not asked.forms_only:
            drawn = asked.random[: self._curves_of_draws()]
            self.runs = [krylov.true_run(problem, asked.true), *krylov.random_runs(problem, drawn)]
            self.ends_run = krylov.ends_run(problem) if asked.resolve or asked.worst is not None else None
        self.solved = [self._blank(labels) for labels in (asked.true, *asked.random)]
        self.best = self.solved  # as last certified

    def solution(self) -> Solution:
        self._resume()
        while not self._certified() or (self.round < ROUNDS and self._open()):
            self._improve()
            if self.round > 0 or not self.runs or not self._goes_on():
                self._certify()
            self._close_round()
        factorized = self._rescue()
        ends = self._ends(factorized)
        worst = None
        if self.asked.worst is not None and ends.worst is not None:
            worst = self._worst(self.asked.worst(ends.worst))
        return Solution(
            true=self.solved[0],
            random=self.solved[1:],
            worst=worst,
            ends=ends,
            products=self.products,
            solver=self._solver(),
            forms_only=self.asked.forms_only,
            preconditioner=self.preconditioner,
        )

    def _improve(self) -> None:
        begun = self.lanczos_round == self.round  # as a resumed run finds it: its own marks say where it is
        if self.runs and (self.round == 0 or begun or self._reopened()):
            self._lanczos()
        elif self._open():
            self._conjugate_gradients()

    # The stages ------------------------------------------------------------------------------------------------------

    def _lanczos(self) -> None:
        problem, asked, every = self.problem, self.asked, self._every()
        before, columns = self.products, sum(run.width for run in self.runs)

        def enough(run: LabelRun) -> bool:
            return finish.finishing_pays(problem, run, columns, asked.tolerance) and krylov.knows_its_curve(
                run, self.floor
            )

        def after_step(products: int) -> None:
            if self.keeper.due():
                krylov.save_runs(self.keeper, every, before + products, self.round)

        with self.clock.phase("products") as progress:
            self.products += run_lockstep(
                problem.weighted, every, self.target, self._max_steps(), progress, enough, after_step
            )
        for run in self.runs:  # what memory cut short is conjugate gradients' to finish
            run.handed_over = run.handed_over or (not run.done and self._max_steps() < STEPS_BEFORE_RESCUE)
        krylov.save_runs(self.keeper, every, self.products, self.round)
        self.solved = self._from_runs()

    def _from_runs(self) -> list[Solved]:
        problem, asked = self.problem, self.asked
        sets = [krylov.run_set(problem, asked.true, self.runs[0], self.floor)]
        sets += krylov.drawn_sets(problem, asked.random[: self._curves_of_draws()], self.runs[1:])
        return sets + [self._blank(labels) for labels in asked.random[len(sets) - 1 :]]

    def _curves_of_draws(self) -> int:
        """Random labellings that Lanczos takes: all, or a few columns of them where the forms alone come cheaper."""
        draws = self.asked.random
        if self.problem.gram.n <= EVERY_CURVE_UP_TO or not draws:
            return len(draws)
        return min(len(draws), math.ceil(CURVES_OF_COLUMNS / int(draws[0].reduced.shape[1])))

    def _conjugate_gradients(self) -> None:
        problem, where = self.problem, self._open()
        sets = [self.solved[i] for i in where]
        goal = finish.targets(problem, sets)
        if self.preconditioner is None:
            self.preconditioner = finish.preconditioner_for(
                problem, goal.T.shape[1], self.asked.tolerance, self.clock, self.keeper
            )
        run, spent = finish.restored(self.keeper, self.preconditioner, self.round)
        if run is None:
            run = finish.start_of(problem, sets, self.preconditioner)
        self.products = finish.advance(
            problem, run, goal, self.target, self.clock, self.keeper, self.round, spent or self.products
        )
        self.cg_steps += run.steps
        self.low = run.P[:, 0] / max(float(np.linalg.norm(run.P[:, 0])), 1e-300)
        for i, item in zip(where, finish.with_solutions(problem, sets, run, goal.widths), strict=True):
            self.solved[i] = item

    def _certify(self) -> None:
        with self.clock.phase("certificate"):
            made = certified(self.problem, self.solved, self.floor)
        self.solved = [narrower(old, new) for old, new in zip(self.best, made, strict=True)]
        self.best = self.solved
        self.products += sum(item.Z.shape[1] for item in self.solved)
        self.target /= 4.0

    def _goes_on(self) -> bool:
        """After Lanczos: whether conjugate gradients have the last digits to find, or whole draws."""
        return any(run.handed_over for run in self.runs) or any(item.rest is None for item in self.solved)

    def _close_round(self) -> None:
        self.round += 1
        self._save()

    def _rescue(self) -> bool:
        """By a dense factorization, what is still open and fits."""
        if not any(is_open(item, self.asked.tolerance) for item in self.solved):
            return False
        self.solved, proved = rescued(self.problem, self.solved, self.clock)
        better = proved > self.floor
        self.floor = max(self.floor, proved * (1.0 - 4 * UNIT))
        return better

    def _ends(self, factorized: bool) -> SpectrumEnds:
        every, low = self._every(), self.low
        if not every and low is None:
            low = np.ones(self.problem.gram.n) / np.sqrt(self.problem.gram.n)
        with self.clock.phase("ends of the spectrum"):
            ends = spectrum_ends(self.problem, every, self.ends_run, self.floor, self.preconditioner, low)
        return replace(ends, factorized=factorized)

    def _worst(self, labels: LabelSet) -> Solved:
        run = krylov.true_run(self.problem, labels)
        with self.clock.phase("worst-case labels") as progress:
            self.products += run_lockstep(self.problem.weighted, [run], self.asked.tolerance, MAX_STEPS, progress)
            solved = certified(self.problem, [krylov.run_set(self.problem, labels, run, self.floor)], self.floor)
        self.products += 1
        return solved[0]

    def _every(self) -> list[LabelRun]:
        return [*self.runs, *([self.ends_run] if self.ends_run is not None else [])]

    # What to do next -------------------------------------------------------------------------------------------------

    def _open(self) -> list[int]:
        """Label sets whose certified interval is wider than asked; before the first certificate all of them."""
        return [
            i
            for i, item in enumerate(self.solved)
            if item.unreachable == 0.0
            and (item.certificate is None or gap_of(item) > self.asked.tolerance or self._unfinished(item))
        ]

    def _certified(self) -> bool:
        return all(item.certificate is not None for item in self.solved)

    def _unfinished(self, item: Solved) -> bool:
        """No floor gives the interval an upper end, and the run was handed over before its own estimate was small."""
        assert item.certificate is not None
        return not np.isfinite(item.certificate.total()[1]) and self.cg_steps == 0 and self._goes_on()

    def _reopened(self) -> bool:
        """Reopens the Lanczos runs of open sets, where Lanczos is what they are to be solved by."""
        if self.cg_steps or self._goes_on():
            return False
        where, most = set(self._open()), self._max_steps()
        groups, first = [[0]], 1
        for part in krylov.by_run(self.runs[1:], self.solved[1:]):
            groups.append(list(range(first, first + len(part))))
            first += len(part)
        reopened = False
        for run, group in zip(self.runs, groups, strict=True):
            can = run.steps < most and not all(block.finished for block in run.blocks)
            if can and where & set(group):
                run.done, reopened = False, True
        return reopened

    def _max_steps(self) -> int:
        most = STEPS_BEFORE_RESCUE if can_rescue(self.problem) and self.ends_run is None else MAX_STEPS
        random = sum(run.width for run in self.runs[1:])
        each = self.problem.gram.n * (8 * (self.runs[0].width + (self.ends_run is not None)) + 4 * random)
        return min(most, BASIS + self.problem.spare_bytes // (2 * each))  # a basis that grows is copied

    def _solver(self) -> Solver:
        way = "Lanczos" if self.runs else "conjugate gradients"
        if self.runs and self.cg_steps:
            way = "Lanczos, then conjugate gradients"
        rank = self.preconditioner.rank if self.preconditioner is not None else 0
        return Solver(cast(Way, way), max((run.steps for run in self.runs), default=0), self.cg_steps, rank)

    def _blank(self, labels: LabelSet) -> Solved:
        """A label set before anything is known of it."""
        nothing = SpectralMeasure(np.empty(0), np.empty(0))
        _, unreachable = reachable(self.problem, labels)
        Z: Matrix = np.zeros((self.problem.gram.n, labels.Y.shape[1]))
        return Solved(labels, [], nothing, None, unreachable, 0, Z)

    # State on disk ---------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        facts = {
            "round": self.round,
            "products": self.products,
            "target": self.target,
            "cg_steps": self.cg_steps,
            "certified": self._certified(),
        }
        arrays = {f"Z{i}": item.Z for i, item in enumerate(self.solved)}
        self.keeper.save("solution", facts, arrays | ({} if self.low is None else {"low": self.low}))

    def _resume(self) -> None:
        """Put everything where the last save left it."""
        lanczos = self.keeper.load(krylov.STAGE) if self.runs else None
        if lanczos is not None:
            self.products = krylov.restore_runs(self._every(), lanczos)
            self.lanczos_round = int(lanczos.facts["round"])
        saved = self.keeper.load("solution")
        if saved is None:
            return
        self.round, self.cg_steps = int(saved.facts["round"]), int(saved.facts["cg_steps"])
        self.target, self.low = float(saved.facts["target"]), saved.arrays.get("low")
        self.preconditioner = finish.kept_preconditioner(self.problem, self.keeper)
        if self.lanczos_round < self.round:
            self.products = int(saved.facts["products"])
        self.solved = self._from_runs() if self.runs else self.solved
        if saved.facts["certified"]:
            sets = [replace(item, Z=saved.arrays[f"Z{i}"]) for i, item in enumerate(self.solved)]
            self.solved = self.best = certified(self.problem, sets, self.floor)

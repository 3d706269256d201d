"""The forecast: labelled data and options in, a document out."""

from __future__ import annotations

import platform
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Literal

import numpy as np

from prefit._shapes import Matrix
from prefit.data import LabelledData
from prefit.documents import Forecast
from prefit.documents.forecast import (
    Convergence,
    KernelPart,
    LambdaMin,
    Spectrum,
)
from prefit.documents.model import Cost, Ran, Solver
from prefit.errors import InputError
from prefit.gram import Workers, blas_threads
from prefit.jobs.bounding import bound_of
from prefit.jobs.data_part import data_part
from prefit.jobs.entries import label_entries, thinned
from prefit.jobs.labelsets import LabelSet, own_labels, random_sets, redrawn, worst_set
from prefit.jobs.margins import check_margins, margins_ahead, separability_part, with_margins
from prefit.jobs.memory import allowed_bytes, peak_bytes
from prefit.jobs.noise import noise_curve
from prefit.jobs.options import ForecastOptions
from prefit.jobs.problem import Problem, pose
from prefit.jobs.progress import Clock, silent
from prefit.jobs.ridge import ridge_part
from prefit.jobs.sentences import summary
from prefit.jobs.solution import Request, Solution, SpectrumEnds
from prefit.jobs.solve import solve
from prefit.jobs.subsample import run_subsampled
from prefit.storage import Forgetful, Keeper
from prefit.theory.arora2019 import (
    convergence_rate,
    width_for_concentration,
    width_of_lemma_c3,
)


def run_forecast(
    data: LabelledData,
    options: ForecastOptions,
    progress: Callable[[str, float], None] = silent,
    keeper: Keeper | None = None,
) -> Forecast:
    """Forecast how gradient descent will fit these labels (`prefit.forecast/1`).

    keeper   where the state of a long run is kept, and found again; None: nowhere

    Raises InputError when the options do not fit the data, or the Gram matrix does not fit the memory.
    """
    _check_parts(data, options)
    check_margins(data, options)
    if options.subsample:
        return run_subsampled(data, options, progress, keeper or Forgetful(), run_forecast)
    # What is free is asked once: later answers would differ, and with them decisions and digits.
    options = replace(options, memory=allowed_bytes(options.memory))
    clock, workers, keeper = Clock(progress), Workers(options.worker_count), keeper or Forgetful()
    if ahead := margins_ahead(data, options):
        keeper.tell(ahead)
    with blas_threads(options.worker_count), closing(workers):
        problem = pose(data, options, workers, clock, keeper)
        true, random = _label_sets(problem, options)
        worst = _worst_maker(problem, options)
        asked = Request(
            true, random, worst, options.tolerance, options.resolve_spectrum, forms_only=options.only == "complexity"
        )
        solution = solve(problem, asked, clock, keeper)
        if data.labels == "worst":
            assert solution.worst is not None
            solution = _about_the_worst(solution)
        return _document(problem, solution, options, clock)


def _check_parts(data: LabelledData, options: ForecastOptions) -> None:
    """Refuse to leave out what was asked for."""
    asked = {
        "--worst": options.worst,
        "--resolve-spectrum": options.resolve_spectrum,
        "--ridge": options.ridge is not None,
        "--labels worst": data.labels == "worst",
    }
    named = [name for name, given in asked.items() if given]
    if options.only is not None and named:
        raise InputError(
            f"--only {options.only} computes the quadratic form alone, got {named[0]} beside it, which needs more. "
            "Leave one of them out."
        )


def _label_sets(problem: Problem, options: ForecastOptions) -> tuple[LabelSet, list[LabelSet]]:
    data = problem.data
    true = own_labels(data)
    if data.labels == "random":
        true = redrawn(data, problem.distinct, np.random.default_rng([options.seed, 2]))
    return true, random_sets(data, problem.distinct, options.draws, options.seed)


def _worst_maker(problem: Problem, options: ForecastOptions) -> Callable[[Matrix], LabelSet] | None:
    if not (options.worst or problem.data.labels == "worst"):
        return None
    return lambda vector: worst_set(problem.distinct, vector, problem.n)


def _about_the_worst(solution: Solution) -> Solution:
    """The run is about the worst-case labels: they take the place of the file's."""
    assert solution.worst is not None
    return replace(solution, true=solution.worst, worst=None)


# The document ---------------------------------------------------------------------------------------------------------


def _document(problem: Problem, solution: Solution, options: ForecastOptions, clock: Clock) -> Forecast:
    rate = options.step_size or 1.0 / solution.ends.step_limit
    with clock.phase("curves and bounds") as progress:
        stable = rate < 2.0 / solution.ends.step_limit
        entries = label_entries(problem, solution, rate, stable)
        bound = bound_of(problem, solution.true, rate if stable else None, options, progress)
        ridge = None if options.ridge is None else ridge_part(problem, solution.true, options)
    with clock.phase("margins") as progress:
        entries = with_margins(problem, solution, entries, options, progress)
        separability = separability_part(problem, solution.true, options, progress)
    parts = {
        "asked": "complexity" if solution.forms_only else "everything",
        "data": data_part(
            problem.data,
            problem.distinct,
            solution.true.labels.Y,
            solution.true.labels.indices,
            problem.normalized,
            problem.gram.notes,
        ),
        "kernel": KernelPart(name=problem.kernel.name, diagonal=problem.kernel.diagonal),
        "step_size": rate,
        "spectrum": _spectrum(problem, solution.ends),
        "labels": entries,
        "noise_curve": noise_curve(problem, solution),
        "bound": bound,
        "ridge": ridge,
        "convergence": _convergence(problem, solution.ends, rate, options.delta),
        "tolerance": options.tolerance,
        "separability": separability,
    }
    cost = Cost(seconds=clock.seconds, products=solution.products, peak_bytes=peak_bytes(), phases=clock.phases)
    draft = Forecast(**parts, summary=[], cost=cost, ran=_ran(problem, solution, options))
    return draft.model_copy(update={"summary": summary(draft)})


def _spectrum(problem: Problem, ends: SpectrumEnds) -> Spectrum:
    index: list[int] = []
    values: list[float] = []
    if ends.system is not None:
        decreasing = np.maximum(ends.system.values[::-1], 0.0)
        index = [int(i) for i in thinned(decreasing.shape[0])]
        values = [float(decreasing[i]) for i in index]
    return Spectrum(
        lambda_max=ends.largest,
        lambda_max_upper=ends.largest_upper,
        lambda_min=LambdaMin(
            lower=ends.floor,
            proof=_proof(ends),
            estimate=ends.smallest,
            error=ends.residual,
        ),
        trace=problem.trace,
        index=index,
        eigenvalue=values,
        resolved=ends.resolved,
    )


def _proof(ends: SpectrumEnds) -> Literal["inner products", "factorization", "none"]:
    if ends.floor <= 0.0:
        return "none"
    return "factorization" if ends.factorized else "inner products"


def _convergence(problem: Problem, ends: SpectrumEnds, rate: float, delta: float) -> Convergence:
    two_layer = problem.kernel.name in ("two-layer", "ntk:1") and problem.normalized and ends.floor > 0.0
    distinct = problem.distinct.merged == 0
    squares = float((1.0 + problem.gram.floor.excess[1]).sum()) if distinct else float(problem.n) ** 2
    deviation = ends.floor / 4.0
    return Convergence(
        rate=convergence_rate(rate, ends.floor) if two_layer else None,
        width_for_concentration=width_for_concentration(squares**0.5, delta, deviation) if two_layer else None,
        width_lemma_c3=width_of_lemma_c3(problem.n, delta, deviation) if two_layer else None,
        steps_stable_below=2.0 / ends.step_limit,
        step_size_mean_loss=rate * problem.n,
    )


def _ran(problem: Problem, solution: Solution, options: ForecastOptions) -> Ran:
    from importlib.metadata import version

    packages = ("prefit", "numpy", "scipy", "numba")
    solver = solution.solver
    return Ran(
        device=problem.gram.operator.device,
        operator=problem.plan.operator,
        precision=problem.gram.operator.precision,
        solver=Solver(way=solver.way, lanczos_steps=solver.steps, cg_steps=solver.cg_steps, rank=solver.rank),
        threads=options.worker_count,
        seed=options.seed,
        versions={"python": platform.python_version()} | {name: version(name) for name in packages},
    )

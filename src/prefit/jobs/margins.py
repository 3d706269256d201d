"""Hard margins of a forecast's labels ±1, and what they make of the complexity."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from prefit._shapes import Matrix, Vector
from prefit.data import LabelledData
from prefit.documents.forecast import LabelResult, QuadraticForm
from prefit.documents.model import Interval, Status
from prefit.documents.separability import FeatureMargin, SampledMargin, Separability
from prefit.errors import InputError
from prefit.jobs.entries import over_draws
from prefit.jobs.memory import allowed_bytes, size_text
from prefit.jobs.options import ForecastOptions
from prefit.jobs.plan import duration_text
from prefit.jobs.problem import EXACT_UP_TO, Problem
from prefit.jobs.separability import MATRICES, MeasuredMargins, margin_seconds, measured_margins
from prefit.jobs.sets import Solved
from prefit.jobs.solution import Solution
from prefit.theory.arora2019 import complexity
from prefit.theory.margins import WORK, HeldKernel, Margin

SWEEPS = 100  # exchanges an example at most without --margin: 2 to 20 close most brackets, singular kernels take 1,000


def check_margins(data: LabelledData, options: ForecastOptions) -> None:
    """Raise InputError where `--margin` asks for what there is not, or for more than the memory holds."""
    if not options.margin:
        return
    if len(data.classes) != 2 or data.labels == "worst":
        what = "worst-case labels" if data.labels == "worst" else f"{len(data.classes) or 'no'} classes"
        raise InputError(
            f"--margin is of labels +1 and −1, and the data have {what}. Choose two classes with --classes A,B, or "
            "leave the option out."
        )
    need, allowed = MATRICES * 8.0 * data.train.n**2, allowed_bytes(options.memory)
    if need > allowed:
        raise InputError(
            f"--margin holds the whole Gram matrix: {data.train.n:,} examples take {size_text(need)}, and "
            f"{size_text(allowed)} are allowed (--memory). Take fewer with --limit, or leave the option out."
        )


def margins_ahead(data: LabelledData, options: ForecastOptions) -> str:
    """How long the margins that `--margin` asks for take, said before the run; empty where it is not given."""
    if not options.margin:
        return ""
    sets, of_networks = 1 + options.draws, options.normalize
    seconds = margin_seconds(
        data.train.n, data.train.d, sets + 2 * of_networks, features=of_networks, threads=options.worker_count
    )
    return f"--margin adds {duration_text(seconds)} (a rough estimate) to what is told next."


def with_margins(
    problem: Problem,
    solution: Solution,
    entries: Sequence[LabelResult],
    options: ForecastOptions,
    progress: Callable[[float], None],
) -> list[LabelResult]:
    """The entries with the hard margins of true and random labels, if they are ±1 and few or `--margin` is given."""
    binary = len(problem.data.classes) == 2 and problem.data.labels != "worst"
    if not binary or not (options.margin or problem.distinct.count <= EXACT_UP_TO):
        return list(entries)
    held = _held(problem)
    work = WORK if options.margin else float(SWEEPS) * held.K.shape[0] ** 2
    sets = {"true": [solution.true], "random": solution.random}
    count, done, found = 1 + len(solution.random), 0, []
    for entry in entries:
        margins: list[Margin] = []
        for solved in sets.get(entry.name, []):
            margins.append(_margin(problem, held, solved, work))
            done += 1
            progress(done / count)
        found.append(_with(problem, entry, margins) if margins else entry)
    return found


def _held(problem: Problem) -> HeldKernel:
    """K of the distinct directions; off the sphere times the least length that each has, which is where it binds."""
    if problem.exact:
        K: Matrix = problem.gram.operator.K  # type: ignore[attr-defined]
        held = HeldKernel(K, problem.gram.deviation)
    else:
        held = HeldKernel.of(problem.rows, problem.kernel)
    if problem.normalized:
        return held
    shortest = np.full(problem.distinct.count, np.inf)
    np.minimum.at(shortest, problem.distinct.group, problem.distinct.lengths)
    return held.scaled(shortest)


def _margin(problem: Problem, held: HeldKernel, solved: Solved, work: float) -> Margin:
    """Of one label set; 0 where parallel inputs carry both labels (no interpolant asks for more, off the sphere)."""
    signs: Vector = solved.labels.Y[problem.distinct.first, 0]
    if (signs[problem.distinct.group] != solved.labels.Y[:, 0]).any():
        return Margin(0.0, 0.0, np.full(held.K.shape[0], 1.0 / held.K.shape[0]), True)
    return held.margin(signs, work=work)


def _with(problem: Problem, entry: LabelResult, margins: Sequence[Margin]) -> LabelResult:
    forms = [_complexity(problem, margin) for margin in margins]
    whole = forms[0] if entry.name == "true" else over_draws(forms)
    return entry.model_copy(update={"margin": interval_of_margins(*margins), "margin_complexity": whole})


def interval_of_margins(*margins: Margin) -> Interval:
    """What holds every one of them: certified, whether or not the brackets were closed."""
    return Interval(
        lower=min(one.lower for one in margins), upper=max(one.upper for one in margins), status="certified"
    )


def _complexity(problem: Problem, margin: Margin) -> QuadraticForm:
    """2√((tr K/n) (1/B_*²)/n), both ends; no upper one where no margin is proved, neither where there is none."""

    def of(value: float) -> float:
        return complexity(1.0 / value**2, problem.n, mean_trace=problem.trace / problem.n)

    if margin.upper == 0.0:
        return QuadraticForm(lower=None, upper=None, status="infinite")
    status: Status = "certified" if margin.lower > 0.0 else "estimated"
    return QuadraticForm(lower=of(margin.upper), upper=of(margin.lower) if margin.lower > 0.0 else None, status=status)


# The margins that Cao & Gu assume -------------------------------------------------------------------------------------


def separability_part(
    problem: Problem, solved: Solved, options: ForecastOptions, progress: Callable[[float], None]
) -> Separability | None:
    """γ₁, γ₂ and B_* of the labels that the run is about, where `--margin` asks for them."""
    if not options.margin or not problem.normalized:
        return None
    found = measured_margins(
        problem.rows[problem.distinct.group],
        solved.labels.Y[:, 0],
        problem.kernel.depth,
        delta=options.delta,
        seed=options.seed,
        progress=progress,
    )
    return _document(found)


def _document(found: MeasuredMargins) -> Separability:
    by_features = found.features
    curve = [
        SampledMargin(
            features=one.features,
            lower=one.lower,
            upper=one.upper,
            standard_error=one.error,
            closed=one.closed,
        )
        for one in by_features.curve
    ]
    return Separability(
        layers=found.layers,
        delta=by_features.delta,
        random_features=FeatureMargin(
            lower=by_features.lower,
            upper=by_features.upper,
            fresh=by_features.fresh,
            primal=by_features.primal,
            primal_error=by_features.primal_error,
            dual=by_features.dual,
            dual_error=by_features.dual_error,
            curve=curve,
        ),
        conjugate=interval_of_margins(found.conjugate),
        conjugate_printed=interval_of_margins(found.printed),
        last_layer=interval_of_margins(found.last_layer),
    )

"""What a forecast says of each label set: form, complexity, curves, steps, projections, test error."""

from __future__ import annotations

from typing import Literal

import numpy as np

from prefit._shapes import Indices, Vector
from prefit.documents.forecast import Distance, LabelResult, Projection, QuadraticForm, Residual, StepsTo
from prefit.documents.model import Status
from prefit.jobs.intervals import interval_of
from prefit.jobs.prediction import test_part
from prefit.jobs.problem import Problem
from prefit.jobs.sets import Solved
from prefit.jobs.solution import Solution
from prefit.spectra import SpectralMeasure, combine
from prefit.theory.arora2019 import LAST_STEP, complexity, distances, first_step_to, residual_norms, step_grid

Name = Literal["true", "random", "worst"]
PORTIONS = ("0.5", "0.1", "0.01")
POINTS = 800  # of a drawn spectrum


def thinned(count: int) -> Indices:
    """At most POINTS indices of 0 … count − 1, dense where a logarithmic axis is."""
    if count <= POINTS:
        return np.arange(count)
    half = POINTS // 2
    spaced = np.concatenate([np.geomspace(1, count, half) - 1, np.linspace(0, count - 1, half)])
    return np.unique(np.rint(spaced).astype(np.int64))


def label_entries(problem: Problem, solution: Solution, rate: float, stable: bool) -> list[LabelResult]:
    bracketed = rate * solution.ends.step_limit <= 1.0 + 1e-12
    if solution.forms_only:
        return _forms(problem, solution)
    entries = [_single(problem, solution.true, "true", rate, stable, bracketed, test=True)]
    if solution.random:
        entries.append(_baseline(problem, solution.random, rate, stable))
    if solution.worst is not None:
        entries.append(_single(problem, solution.worst, "worst", rate, stable, bracketed, test=False))
    return entries


def _forms(problem: Problem, solution: Solution) -> list[LabelResult]:
    """The quadratic forms and complexities alone."""
    true = interval_of(solution.true)
    drawn = [interval_of(draw) for draw in solution.random]
    entries = [_form("true", 1, true, _complexity(problem, true))]
    if drawn:
        whole = over_draws([_complexity(problem, form) for form in drawn])
        entries.append(_form("random", len(drawn), over_draws(drawn), whole))
    return entries


def _form(name: Name, draws: int, form: QuadraticForm, scaled: QuadraticForm) -> LabelResult:
    return LabelResult(
        name=name,
        draws=draws,
        quadratic_form=form,
        complexity=scaled,
        residual=None,
        steps_to={},
        distance=None,
        projection=None,
        test=None,
    )


def _single(
    problem: Problem, solved: Solved, name: Name, rate: float, stable: bool, bracketed: bool, test: bool
) -> LabelResult:
    quadratic = interval_of(solved)
    upper = solved.upper if bracketed else None
    return LabelResult(
        name=name,
        draws=1,
        quadratic_form=quadratic,
        complexity=_complexity(problem, quadratic),
        residual=_residual(solved.measure, upper, rate) if stable else None,
        steps_to={p: _steps_to(solved.measure, upper, rate, float(p)) for p in PORTIONS} if stable else {},
        distance=_distance(solved.measure, rate) if stable else None,
        projection=_projection(solved.measure, solved, exact=problem.exact),
        test=test_part(problem, solved.Z) if test and solved.unreachable == 0.0 else None,
    )


def _complexity(problem: Problem, form: QuadraticForm) -> QuadraticForm:
    mean_trace = problem.trace / problem.n

    def of(value: float | None) -> float | None:
        return None if value is None else complexity(value, problem.n, mean_trace=mean_trace)

    return QuadraticForm(lower=of(form.lower), upper=of(form.upper), status=form.status)


def _grid(measure: SpectralMeasure, rate: float) -> Indices:
    """To where the loss is 1% of its start, or the last step."""
    last = first_step_to(measure, rate, 0.01)
    return step_grid(LAST_STEP if last is None else min(last, LAST_STEP))


def _residual(measure: SpectralMeasure, upper: SpectralMeasure | None, rate: float) -> Residual:
    steps = _grid(measure, rate)
    norm = residual_norms(measure, rate, steps)
    above = None if upper is None else np.maximum(residual_norms(upper, rate, steps), norm)
    return Residual(
        steps=[int(k) for k in steps],
        norm=_floats(norm),
        lower=_floats(norm),
        upper=None if above is None else _floats(above),
    )


def _steps_to(measure: SpectralMeasure, upper: SpectralMeasure | None, rate: float, portion: float) -> StepsTo:
    """Gauss's curve runs below the true one and reaches a portion first, Radau's last."""
    early = first_step_to(measure, rate, portion)
    late = None if upper is None else first_step_to(upper, rate, portion)
    return StepsTo(lower=early, upper=None if late is None or early is None else max(late, early))


def _distance(measure: SpectralMeasure, rate: float) -> Distance:
    steps = _grid(measure, rate)
    return Distance(steps=[int(k) for k in steps], norm=_floats(distances(measure, rate, steps)))


def _projection(measure: SpectralMeasure, solved: Solved | None, exact: bool) -> Projection:
    nodes, weights = measure.nodes[::-1], measure.weights[::-1]
    total = max(measure.mass, 1e-300)
    cumulative = np.minimum(np.cumsum(weights) / total, 1.0)
    keep = thinned(nodes.shape[0])
    projection: list[float] = []
    if exact and solved is not None:
        own = solved.parts[0].measure() if solved.parts else measure
        lengths = np.sqrt(own.weights[::-1])
        projection = _floats(lengths[thinned(lengths.shape[0])])
    return Projection(eigenvalue=_floats(nodes[keep]), cumulative=_floats(cumulative[keep]), projection=projection)


def _floats(values: Vector) -> list[float]:
    return [float(v) for v in values]


def _baseline(problem: Problem, draws: list[Solved], rate: float, stable: bool) -> LabelResult:
    """Mean over the draws; lower and upper are the lowest and the highest draw."""
    forms = [interval_of(draw) for draw in draws]
    measured = [draw for draw in draws if draw.measure.nodes.size]  # the curves of the others were not asked for
    mean = _mean_measure(measured)
    curves = _spread_of_curves(measured, mean, rate) if stable else None
    steps = {p: _steps_over_draws(measured, rate, float(p)) for p in PORTIONS} if stable else {}
    return LabelResult(
        name="random",
        draws=len(draws),
        quadratic_form=over_draws(forms),
        complexity=over_draws([_complexity(problem, form) for form in forms]),
        residual=curves,
        steps_to=steps,
        distance=_distance(mean, rate) if stable else None,
        projection=_projection(mean, draws[0] if problem.exact else None, exact=problem.exact),
        test=None,
    )


def _mean_measure(draws: list[Solved]) -> SpectralMeasure:
    whole = combine([draw.measure for draw in draws])
    return SpectralMeasure(whole.nodes, whole.weights / len(draws))


def over_draws(forms: list[QuadraticForm]) -> QuadraticForm:
    lowers = [form.lower for form in forms if form.lower is not None]
    uppers = [form.upper for form in forms if form.upper is not None]
    whole = len(uppers) == len(forms)
    middles = [(low + high) / 2.0 for low, high in zip(lowers, uppers, strict=False)] if whole else lowers
    statuses = {form.status for form in forms}
    status: Status = next(s for s in ("infinite", "estimated", "certified", "exact") if s in statuses)
    return QuadraticForm(
        lower=min(lowers) if lowers else None,
        upper=max(uppers) if whole and uppers else None,
        status=status,
        mean=float(np.mean(middles)) if middles else None,
        std=float(np.std(middles, ddof=1)) if len(middles) > 1 else None,
    )


def _spread_of_curves(draws: list[Solved], mean: SpectralMeasure, rate: float) -> Residual:
    steps = _grid(mean, rate)
    curves = np.array([residual_norms(draw.measure, rate, steps) for draw in draws])
    norm = residual_norms(mean, rate, steps)
    return Residual(
        steps=[int(k) for k in steps],
        norm=_floats(norm),
        lower=_floats(np.minimum(curves.min(axis=0), norm)),
        upper=_floats(np.maximum(curves.max(axis=0), norm)),
    )


def _steps_over_draws(draws: list[Solved], rate: float, portion: float) -> StepsTo:
    reached = [first_step_to(draw.measure, rate, portion) for draw in draws]
    known = [k for k in reached if k is not None]
    return StepsTo(
        lower=min(known) if known else None, upper=max(known) if len(known) == len(reached) and known else None
    )

"""The generalization bound of a forecast: at convergence, and least over stopping time and multiples."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from prefit._shapes import Indices, Matrix, Vector
from prefit.documents.forecast import Bound, BoundCurve, PerClass, Stopped
from prefit.documents.model import Verdict
from prefit.documents.numbers import at_most
from prefit.jobs.intervals import interval_between
from prefit.jobs.options import ForecastOptions
from prefit.jobs.problem import Problem
from prefit.jobs.sets import Solved, split_certificate
from prefit.spectra import Certificate, certify
from prefit.theory.arora2019 import LAST_STEP, decay, step_grid
from prefit.theory.kernel_class import (
    GRID,
    SCALES,
    KernelClass,
    absolute_loss,
    binary_ramp,
    class_margins,
    column_ramp,
    margin_ramp,
    paper_bound,
)

DIVERGES = "Gradient descent diverges at this step size, so it trains no network that the bound would be of."
CHUNK_BYTES = 2**26  # outputs of a few stopping times at once


@dataclass(frozen=True)
class Candidate:
    """A stopped predictor: f_k times a scale, with the bound that the quadrature promises; step None is convergence."""

    step: int | None
    scale: float
    value: float


@dataclass(frozen=True)
class Task:
    """What is bounded: a loss of the outputs, and the class of functions it is uniform over.

    column    of the code, or None for all of them together
    scalable  multiples of the predictor decide alike, so they may be tried
    """

    family: KernelClass
    kind: str
    column: int | None = None

    @property
    def scalable(self) -> bool:
        return self.kind in ("binary", "argmax")

    def margins(self, solved: Solved, F: Matrix) -> Vector:
        """(n,) numbers m whose loss is min(1, max(0, 1 − m)); they scale with F where `scalable`."""
        Y, indices = solved.labels.Y, solved.labels.indices
        if self.kind == "binary":
            return np.asarray(Y[:, 0] * F[:, 0])
        if self.kind == "argmax":
            assert indices is not None
            return class_margins(indices, F)
        if self.kind == "column":
            assert self.column is not None
            return 1.0 - column_ramp(Y[:, self.column], F[:, self.column], Y.shape[1])
        return 1.0 - absolute_loss(Y, F)

    def loss(self, solved: Solved, F: Matrix, error: Matrix) -> float:
        """Upper end of the training loss for outputs known to `error`."""
        Y, indices = solved.labels.Y, solved.labels.indices
        if self.kind == "binary":
            losses, slack = binary_ramp(Y, F), error[:, 0]
        elif self.kind == "argmax":
            assert indices is not None
            losses, slack = margin_ramp(indices, F), 2.0 * error.max(axis=1)
        elif self.kind == "column":
            assert self.column is not None
            losses = column_ramp(Y[:, self.column], F[:, self.column], Y.shape[1])
            slack = 2.0 * error[:, self.column]
        else:
            losses, slack = absolute_loss(Y, F), error[:, 0]
        return min(1.0, float(np.minimum(1.0, losses + slack).mean()) * (1.0 + 1e-12))


def bound_of(
    problem: Problem,
    solved: Solved,
    rate: float | None,
    options: ForecastOptions,
    progress: Callable[[float], None],
) -> Bound:
    """The whole `bound` part of the document, for the labels that the run is about."""
    delta = options.delta
    task = pooled_task(problem, solved, delta)
    trivial = trivial_error(problem, solved)
    leading = _leading(problem, solved)
    reason = inapplicable(problem) or (DIVERGES if rate is None else "")
    if task is None:
        return Bound(
            delta=delta,
            grid=GRID,
            leading=leading,
            explicit=None,
            stopped=None,
            paper=None,
            per_class=[],
            curve=None,
            trivial=trivial,
            statement="",
            verdict="not applicable",
            reason="The bound is for one real target or for classes; these labels are several columns of real numbers.",
        )
    quadratic = _upper(solved)
    explicit = None if quadratic is None else task.family.at_convergence(quadratic)
    curve: list[list[Candidate]] = []
    stopped, columns = None, []
    if rate is not None and options.only is None:
        tasks = [task, *class_tasks(problem, solved, delta)]
        curves = stopping_curves(problem, solved, rate, tasks, progress)
        best = [_best_candidate(problem, solved, t, c) for t, c in zip(tasks, curves, strict=True)]
        stopped, *stops = certified_stops(problem, solved, rate, list(zip(tasks, best, strict=True)))
        curve, columns = curves[0], _class_rows(problem, solved, tasks[1:], stops, reason)
    if options.only is not None:
        columns = _class_rows(problem, solved, class_tasks(problem, solved, delta), None, reason)
    values = [v for v in (explicit, stopped.value if stopped else None) if v is not None]
    verdict = _verdict(min(values, default=math.inf), trivial, reason)
    return Bound(
        delta=delta,
        grid=task.family.grid,
        leading=leading,
        explicit=explicit,
        stopped=stopped,
        paper=_paper(problem, task, quadratic, options),
        per_class=columns,
        curve=_curve_document(curve),
        trivial=trivial,
        statement=_statement(problem, task, delta),
        verdict=verdict,
        reason=reason or _reason(verdict, min(values, default=math.inf), trivial),
    )


def _paper(problem: Problem, task: Task, quadratic: float | None, options: ForecastOptions) -> float | None:
    """Arora et al.'s own constants, where a λ0 of the distribution is given and their setting holds."""
    setting = problem.kernel.name in ("two-layer", "ntk:1") and problem.normalized and task.kind != "argmax"
    if options.lambda_0 is None or quadratic is None or not setting:
        return None
    return paper_bound(quadratic, problem.n, options.delta, options.lambda_0)


def pooled_task(problem: Problem, solved: Solved, delta: float) -> Task | None:
    """The one problem that the labels pose together; None where no bound is stated."""
    columns = solved.labels.Y.shape[1]
    if solved.labels.indices is not None:
        kind = "binary" if columns == 1 else "argmax"
        return Task(_family(problem, delta, 2.0 if columns == 1 else 4.0 * math.sqrt(columns)), kind)
    return Task(_family(problem, delta, 2.0), "absolute") if columns == 1 else None


def _family(problem: Problem, delta: float, slope: float) -> KernelClass:
    trace = problem.kernel.diagonal if problem.normalized else problem.trace / problem.n
    return KernelClass(problem.n, delta, trace, slope=slope, bounded=problem.normalized)


def trivial_error(problem: Problem, solved: Solved) -> float:
    """What answering without looking at the input gives: the commonest class, or the best constant."""
    indices = solved.labels.indices
    if indices is not None:
        return 1.0 - float(np.bincount(indices).max()) / problem.n
    if solved.labels.Y.shape[1] > 1:
        return 1.0
    y = solved.labels.Y[:, 0]
    constants = np.unique(np.quantile(y, np.linspace(0.0, 1.0, 101)))
    return float(min(np.minimum(1.0, np.abs(y - c)).mean() for c in constants))


def inapplicable(problem: Problem) -> str:
    """Why the bound is not a statement about new data here, all reasons; empty if it is one."""
    data, reasons = problem.data, []
    if data.labels == "worst":
        reasons.append("Worst-case labels are computed from the inputs; they are no sample of anything.")
    if data.labels == "random" and problem.distinct.merged:
        reasons.append("Coinciding inputs drew one label together, so the examples are not independent.")
    if data.prepared == "standardized":
        reasons.append(
            "The columns were standardized with this sample's own means and deviations; the bound needs a preparation "
            "fixed before the sample (--prepare none, or one learned on other data)."
        )
    if data.task == "regression" and (data.target_centre, data.target_scale) != (0.0, 1.0):
        reasons.append(
            "The targets were mapped to [-1, 1] by this sample's own range; the bound needs a scale fixed before the "
            "sample (give targets that lie in [-1, 1])."
        )
    return " ".join(reasons)


def _upper(solved: Solved) -> float | None:
    """Certified upper end of the quadratic form; None where it is infinite or not certified."""
    assert solved.certificate is not None
    upper = solved.certificate.total()[1]
    # One unit up, since its root is rounded to nearest.
    return None if solved.unreachable or not math.isfinite(upper) else math.nextafter(upper, math.inf)


def _leading(problem: Problem, solved: Solved) -> float | None:
    quadratic = _upper(solved)
    return None if quadratic is None else 2.0 * math.sqrt(problem.trace / problem.n * quadratic / problem.n)


# Stopping early -------------------------------------------------------------------------------------------------------


def stopping_curves(
    problem: Problem, solved: Solved, rate: float, tasks: list[Task], progress: Callable[[float], None]
) -> list[list[list[Candidate]]]:
    """For each task and stopping time the candidates over scales, the first at scale 1, by the quadrature.

    One pass over the stopping times: the outputs at a time serve every task.
    """
    times = step_grid(LAST_STEP)
    curves: list[list[list[Candidate]]] = [[] for _ in tasks]
    for chunk in np.array_split(times, _chunks(problem, solved, len(times))):
        outputs, norms = _outputs_and_norms(problem, solved, rate, chunk)
        for i, step in enumerate(chunk):
            F = np.ascontiguousarray(outputs[:, :, i])
            for curve, task in zip(curves, tasks, strict=True):
                squares = norms[:, i].sum() if task.column is None else norms[task.column, i]
                curve.append(_over_scales(task, solved, F, math.sqrt(float(squares)), int(step)))
        progress(len(curves[0]) / len(times))
    return curves


def _chunks(problem: Problem, solved: Solved, count: int) -> int:
    size: int = 8 * problem.n * solved.labels.Y.shape[1] * 4
    return max(1, math.ceil(count * size / CHUNK_BYTES))


def _outputs_and_norms(problem: Problem, solved: Solved, rate: float, steps: Indices) -> tuple[Matrix, Matrix]:
    """(n, k, t) outputs ũ(k) on all examples in the columns of the code, and (k, t) squared norms zᵀKz of the f_k."""
    times = steps.astype(np.float64)
    basis = solved.labels.basis

    def in_code(F: Callable[[Vector], Matrix]) -> Matrix:
        reduced = np.concatenate([part.apply_many(F) for part in solved.parts], axis=1)
        code: Matrix = reduced if basis.shape == (1, 1) else np.einsum("gwt,kw->gkt", reduced, basis, optimize=True)
        return code

    fitted = in_code(lambda values: 1.0 - decay(values, rate, times))
    travelled = in_code(lambda values: _travelled(values, rate, times))
    norms = np.maximum(np.einsum("gkt,gkt->kt", fitted, travelled), 0.0)
    if problem.scales is None:
        return fitted, norms
    flat = problem.distinct.expand(fitted.reshape(fitted.shape[0], -1))
    return flat.reshape(-1, *fitted.shape[1:]), norms


def _travelled(values: Vector, rate: float, times: Vector) -> Matrix:
    """(m, t) (1 − (1 − ηλ)^k)/λ, which takes labels to the coefficients of f_k; ηk where λ is nearly 0."""
    small = np.multiply.outer(np.abs(values) * rate, np.maximum(times, 1.0)) < 1e-8
    fitted = 1.0 - decay(values, rate, times)
    return np.where(small, rate * times, fitted / np.where(small, 1.0, values[:, None]))


def _over_scales(task: Task, solved: Solved, F: Matrix, norm: float, step: int | None) -> list[Candidate]:
    """The bound at each scale; sorted margins give the mean ramp loss at all scales together."""
    margins = task.margins(solved, F)
    if not task.scalable:
        loss = float(np.clip(1.0 - margins, 0.0, 1.0).mean())
        return [Candidate(step, 1.0, loss + float(task.family.beyond_loss(norm)))]
    values = mean_ramp(margins, SCALES) + task.family.beyond_loss(SCALES * norm)
    return [Candidate(step, float(s), float(v)) for s, v in zip(SCALES, values, strict=True)]


def mean_ramp(margins: Vector, scales: Vector) -> Vector:
    """(t,) means over the examples of min(1, max(0, 1 − s m)) for each scale s, from one sort of the margins."""
    m = np.sort(margins)
    total = np.concatenate([[0.0], np.cumsum(m)])
    wrong = int(np.searchsorted(m, 0.0, side="right"))
    inside = np.searchsorted(m, 1.0 / scales, side="left")
    losses: Vector = (inside - scales * (total[inside] - total[wrong])) / m.shape[0]
    return losses


def _best_candidate(problem: Problem, solved: Solved, task: Task, curve: list[list[Candidate]]) -> Candidate:
    """The least over stopping times, scales and, for the labels as a whole, convergence."""
    best = min((c for row in curve for c in row), key=lambda c: c.value)
    if solved.unreachable > 0.0 or task.column is not None:
        return best
    F = problem.distinct.values(solved.labels.Y) - _certificate(solved).residual
    norm = math.sqrt(float(_certificate(solved).norm_squared.sum()))
    at_end = _over_scales(task, solved, F[problem.distinct.group] * problem.distinct.lengths[:, None], norm, None)
    return min([best, *at_end], key=lambda c: c.value)


def stopped_filter(rate: float, step: int) -> Callable[[Vector], Vector]:
    """λ ↦ (1 − (1 − ηλ)^k)/λ for one k."""
    return lambda values: _travelled(values, rate, np.array([float(step)]))[:, 0]


def _certificate(solved: Solved) -> Certificate:
    assert solved.certificate is not None
    return solved.certificate


def certified_stops(
    problem: Problem, solved: Solved, rate: float, choices: list[tuple[Task, Candidate]]
) -> list[Stopped]:
    """Norm and training loss of each chosen f_z from above, and the bound they give: one product for all.

    ‖f_z‖² = zᵀ(y − r) and the training outputs are y − r, for any z (docs/proofs.md P6).
    """
    values = problem.distinct.values(solved.labels.Y)
    wanted = [slice(None) if task.column is None else slice(task.column, task.column + 1) for task, _ in choices]
    Z = [_coefficients(problem, solved, rate, best)[:, c] for (_, best), c in zip(choices, wanted, strict=True)]
    Y = [values[:, columns] for columns in wanted]
    whole = certify(problem.gram, np.hstack(Y), np.hstack(Z), 0.0, problem.scales, problem.asked_error)
    proofs = split_certificate(whole, [z.shape[1] for z in Z])
    return [
        _stopped(problem, solved, task, best, y, proof)
        for (task, best), y, proof in zip(choices, Y, proofs, strict=True)
    ]


def _coefficients(problem: Problem, solved: Solved, rate: float, best: Candidate) -> Matrix:
    Z = solved.Z if best.step is None else solved.coefficients(problem, stopped_filter(rate, best.step))
    return Z * best.scale


def _stopped(problem: Problem, solved: Solved, task: Task, best: Candidate, Y: Matrix, proof: Certificate) -> Stopped:
    norm = math.sqrt(float(proof.norm_squared.sum()) * (1.0 + 1e-12))
    outputs, error = training_outputs(problem, Y, proof)
    if task.column is not None:
        outputs, error = (_only(task.column, array, solved.labels.Y.shape[1]) for array in (outputs, error))
    loss = task.loss(solved, outputs, error)
    value = loss + float(task.family.beyond_loss(norm))
    return Stopped(step=best.step, scale=best.scale, value=value, norm=norm, train_loss=loss)


def training_outputs(problem: Problem, Y: Matrix, proof: Certificate) -> tuple[Matrix, Matrix]:
    """(n, k) outputs on the examples of the functions that were certified, and how far each can be off."""
    group, lengths = problem.distinct.group, problem.distinct.lengths[:, None]
    outputs = (Y - proof.residual)[group] * lengths
    # Off the sphere labels were divided by, and outputs are multiplied by, computed lengths.
    error = proof.residual_error[group] * lengths * (1.0 + 1e-12) + 2.0 * problem.asked_error * np.abs(outputs)
    return outputs, error


def _only(column: int, array: Matrix, width: int) -> Matrix:
    """(n, width) with one column filled."""
    out = np.zeros((array.shape[0], width))
    out[:, column] = array[:, 0]
    return out


def _curve_document(curve: list[list[Candidate]]) -> BoundCurve | None:
    if not curve:
        return None
    return BoundCurve(
        steps=[row[0].step or 0 for row in curve],
        value=[row[0].value for row in curve],
        best_scale_value=[min(c.value for c in row) for row in curve],
    )


# Class by class -------------------------------------------------------------------------------------------------------


def class_tasks(problem: Problem, solved: Solved, delta: float) -> list[Task]:
    """The one-vs-rest problems of c > 2 classes, all at once: δ/c each."""
    if solved.labels.indices is None or solved.labels.Y.shape[1] == 1:
        return []
    classes = len(problem.data.classes)
    family = _family(problem, delta / classes, 4.0)
    return [Task(family, "column", column) for column in range(classes)]


def _class_rows(
    problem: Problem, solved: Solved, tasks: list[Task], stops: list[Stopped] | None, reason: str
) -> list[PerClass]:
    if not tasks:
        return []
    assert solved.labels.indices is not None
    shares = np.bincount(solved.labels.indices, minlength=len(tasks)) / problem.n
    each = [None] * len(tasks) if stops is None else stops
    return [
        _class_row(problem, solved, task, stop, float(min(share, 1.0 - share)), reason)
        for task, stop, share in zip(tasks, each, shares, strict=True)
    ]


def _class_row(
    problem: Problem, solved: Solved, task: Task, stopped: Stopped | None, trivial: float, reason: str
) -> PerClass:
    assert task.column is not None
    proof = _certificate(solved)
    form = interval_between(solved, float(proof.lower[task.column]), float(proof.upper[task.column]))
    explicit = None if form.upper is None else task.family.at_convergence(form.upper)
    least = min([v for v in (explicit, stopped.value if stopped else None) if v is not None], default=math.inf)
    return PerClass(
        name=problem.data.classes[task.column],
        quadratic_form=form,
        explicit=explicit,
        stopped=stopped,
        trivial=trivial,
        verdict=_verdict(least, trivial, reason),
    )


# Words ----------------------------------------------------------------------------------------------------------------


def _verdict(value: float, trivial: float, reason: str) -> Verdict:
    if reason:
        return "not applicable"
    return "informative" if value < trivial else "vacuous"


def _reason(verdict: str, value: float, trivial: float) -> str:
    if not math.isfinite(value):
        return "No bound exists: the labels contradict each other and no stopping time was tried."
    than = "below" if verdict == "informative" else "not below"
    return (
        f"The bound, {at_most(value)}, is {than} the {trivial:.3g} that answering without looking at the input gives."
    )


def _statement(problem: Problem, task: Task, delta: float) -> str:
    what = {
        "binary": "the expected ramp loss, hence the portion of new examples misclassified, of the infinite-width net",
        "argmax": "the portion of new examples whose class the infinite-width network gets wrong",
        "absolute": "the expected loss min(1, |y - f|) of the infinite-width network",
    }[task.kind]
    lengths = "" if problem.normalized else " Lengths were kept: tr K of the sample, three times the tail."
    extension = " (an extension of the paper's two-class statement to several)" if task.kind == "argmax" else ""
    return (
        f"With probability at least {1 - delta:g} over a sample of independent examples, {what}, trained to "
        f"convergence (explicit) or stopped where the bound is least (stopped), is at most this{extension}. Our "
        "derivation after Arora et al. 2019, Theorem 5.1, with every constant explicit: docs/proofs.md P7. Where each "
        "class was drawn in a fixed number (--limit, --per-class), it is about new examples with the sample's class "
        f"weights.{lengths}"
    )

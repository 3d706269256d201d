"""The document of a training run, `prefit.run/1`, from what was trained, seen and predicted."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from prefit._shapes import AnyArray, Indices, Vector
from prefit.documents.run import (
    CheckPart,
    ConstantPart,
    Descent,
    KernelFacts,
    Network,
    Predicted,
    Run,
    RunCost,
    RunRan,
    Series,
    SourcePart,
    TrajectoryPart,
)
from prefit.jobs.data_part import data_part
from prefit.jobs.engines import Built
from prefit.jobs.memory import peak_bytes
from prefit.jobs.progress import Clock
from prefit.jobs.run_sentences import summary
from prefit.jobs.step_size import StepSize
from prefit.jobs.train_options import TrainOptions
from prefit.jobs.training_task import Task
from prefit.theory.checks.evidence import Evidence, Prediction
from prefit.theory.checks.statement import Check
from prefit.training import DescentOptions, Outcome, Trajectory

SHOWN_STEPS = 2000  # records that a document holds at most; the arrays hold them all


@dataclass(frozen=True)
class Finished:
    """Everything that a run left."""

    task: Task
    options: TrainOptions
    built: Built
    step_size: StepSize
    descent: DescentOptions
    outcome: Outcome
    kernel: str
    evidence: Evidence
    checks: Sequence[Check]
    files: Mapping[str, str]


def run_document(run: Finished, clock: Clock) -> Run:
    """The document; its summary is written from the rest of it."""
    draft = Run(
        summary=[],
        data=data_part(
            run.task.data,
            run.task.distinct,
            run.task.Y,
            run.task.labels,
            run.task.normalized,
            run.task.notes,
            "one-hot" if run.task.loss == "cross-entropy" else None,
        ),
        network=_network(run),
        descent=_descent(run),
        trajectory=trajectory_part(run.outcome.trajectory),
        predicted=_predicted(run.outcome.trajectory, run.evidence.infinite),
        predicted_finite=_predicted(run.outcome.trajectory, run.evidence.finite),
        kernel=_kernel(run),
        checks=[check_part(check) for check in run.checks],
        files=dict(run.files),
        notes=_notes(run),
        cost=RunCost(
            seconds=clock.seconds,
            training_seconds=run.outcome.seconds,
            peak_bytes=peak_bytes(),
            phases=clock.phases,
        ),
        ran=_ran(run),
    )
    return draft.model_copy(update={"summary": summary(draft)})


def _network(run: Finished) -> Network:
    two_layer = run.options.network == "two-layer"
    return Network(
        kind=run.options.network,
        width=run.built.widths[-1],
        widths=list(run.built.widths),
        depth=len(run.built.widths),
        outputs=run.task.outputs,
        init_scale=run.options.init_scale if two_layer else None,
        antisymmetric=run.options.antisymmetric,
        parameters=run.built.parameters,
    )


def _descent(run: Finished) -> Descent:
    outcome, asked = run.outcome, run.descent
    return Descent(
        loss=run.task.loss,
        step_size=asked.step_size,
        chosen=run.step_size.chosen,
        stable_below=run.step_size.stable_below,
        steps=outcome.steps,
        batch=asked.batch,
        one_pass=asked.one_pass,
        seed=asked.seed,
        stopped=outcome.stopped,
        reason=outcome.reason,
        k_star=outcome.k_star,
        k_star_surrogate_error=finite(outcome.k_star_error),
    )


def finite(value: float | None) -> float | None:
    """The number, None for NaN, infinity and nothing."""
    return None if value is None or not np.isfinite(value) else float(value)


def series(values: Vector, rows: Indices) -> Series:
    return [finite(value) for value in np.asarray(values)[rows]]


def shown_rows(trajectory: Trajectory) -> Indices:
    """The records that the document holds: all of them, or SHOWN_STEPS spread over them, the first and the last too."""
    count = trajectory.steps.size
    return np.unique(np.linspace(0, count - 1, min(count, SHOWN_STEPS)).round().astype(np.int64))


def trajectory_part(trajectory: Trajectory) -> TrajectoryPart:
    """Every quantity that is one number a step, or one a step and layer."""
    rows = shown_rows(trajectory)
    parts: dict[str, object] = {}
    for name, array in trajectory.arrays().items():
        if name in TrajectoryPart.model_fields:
            parts[name] = _one_quantity(array, rows)
    parts["steps"] = [int(step) for step in trajectory.steps[rows]]
    return TrajectoryPart.model_validate(parts)


def _one_quantity(array: AnyArray, rows: Indices) -> object:
    return series(array, rows) if array.ndim == 1 else [series(column, rows) for column in array.T]


def _predicted(trajectory: Trajectory, prediction: Prediction | None) -> Predicted | None:
    if prediction is None:
        return None
    rows = shown_rows(trajectory)
    return Predicted(
        steps=[int(step) for step in trajectory.steps[rows]],
        residual=series(prediction.residual, rows),
        loss=series(prediction.loss, rows),
        gap=series(prediction.gap, rows),
        distance=None if prediction.distance is None else series(prediction.distance, rows),
    )


def _kernel(run: Finished) -> KernelFacts:
    evidence = run.evidence
    margin = None if evidence.margin is None else [finite(end) for end in evidence.margin]
    return KernelFacts(
        name=run.kernel,
        lambda_min_floor=finite(evidence.lambda_0) or None,
        lambda_min=finite(evidence.lambda_min),
        lambda_max=finite(evidence.lambda_max),
        lambda_min_start=finite(evidence.lambda_min_0),
        lambda_max_start=run.step_size.lambda_max / run.built.engine.kernel_scale,
        deviation=finite(evidence.gram_deviation),
        margin=None if margin is None or None in margin else [end for end in margin if end is not None],
        start_ratio=finite(evidence.start_ratio),
    )


def check_part(check: Check) -> CheckPart:
    return CheckPart(
        name=check.name,
        statement=check.statement,
        source=SourcePart(
            authors=check.source.authors,
            year=check.source.year,
            number=check.source.number,
            reference=check.source.reference,
        ),
        verdict=check.verdict,
        comment=check.comment,
        predicted=finite(check.predicted),
        bound=finite(check.bound),
        measured=finite(check.measured),
        slack=finite(check.slack),
        step=check.step,
        constants=[
            ConstantPart(name=one.name, value=one.value, origin=one.origin)
            for one in check.constants
            if np.isfinite(one.value)
        ],
    )


def _notes(run: Finished) -> list[str]:
    """What the reader of the numbers should know and no field says."""
    notes = []
    if run.options.network == "two-layer" and run.task.outputs > 1:
        notes.append(
            f"The net has {run.task.outputs} outputs through independent signs over √m, so that in the limit of "
            "infinite width each follows H by itself: an extension, the paper has one output."
        )
    if run.options.network == "deep" and run.task.outputs > 1:
        notes.append(
            f"The net has {run.task.outputs} outputs through independent signs: an extension, the paper has one output."
        )
    if run.step_size.stable_below is not None and run.descent.step_size >= run.step_size.stable_below:
        notes.append(
            f"The step size {run.descent.step_size:.3g} is unstable at k = 0, from {run.step_size.stable_below:.3g} "
            "on; it was forced."
        )
    records = run.outcome.trajectory.steps.size
    if records > SHOWN_STEPS:
        notes.append(f"{SHOWN_STEPS:,} of the {records:,} recorded steps are shown; trajectory.npz holds all.")
    return [*notes, *run.evidence.left_out]


def _ran(run: Finished) -> RunRan:
    from importlib.metadata import version

    packages = ["prefit", "numpy", "scipy", "numba"] + ["torch"] * (run.options.network == "deep")
    return RunRan(
        device=run.built.engine.device,
        precision=run.built.engine.precision,
        threads=run.options.worker_count,
        seed=run.options.seed,
        versions={"python": platform.python_version()} | {name: version(name) for name in packages},
    )

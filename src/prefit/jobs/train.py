"""Training: labelled data and options in, a document and the arrays of the run out."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

from prefit.data import LabelledData
from prefit.documents.run import Run
from prefit.gram import Workers, blas_threads
from prefit.jobs.engines import Built, engine_for
from prefit.jobs.memory import SHARE, free_bytes
from prefit.jobs.predict import Setting, at_start, evidence_of
from prefit.jobs.progress import Clock, Show, silent
from prefit.jobs.run_document import Finished, run_document
from prefit.jobs.run_files import file_names
from prefit.jobs.step_size import StepSize, step_size_for
from prefit.jobs.train_options import TrainOptions
from prefit.jobs.training_task import Task, posed
from prefit.storage import Forgetful, Keeper
from prefit.theory.checks import all_checks
from prefit.training import DescentOptions, Outcome, descend, loss_named


def run_training(
    data: LabelledData,
    options: TrainOptions,
    progress: Show = silent,
    keeper: Keeper | None = None,
) -> tuple[Run, Outcome]:
    """Train a finite network by gradient descent and hold the theory against it (`prefit.run/1`).

    keeper   where the state of a long run is kept, and found again; None: nowhere

    Returns the document, and the trajectory and weights that it names as files. Raises InputError when the options do
    not fit the data, the step size is unstable, or the network does not fit the memory.
    """
    options = replace(options, memory=options.memory or int(SHARE * free_bytes()))
    clock, workers, keeper = Clock(progress), Workers(options.worker_count), keeper or Forgetful()
    with blas_threads(options.worker_count), closing(workers):
        with clock.phase("inputs"):
            task = posed(data, options)
        with clock.phase("network"):
            built = engine_for(task, options, workers)
        with clock.phase("step size"):
            batch = 1 if options.one_pass and options.batch is None else options.batch
            size = step_size_for(built.engine, task.n, loss_named(task.loss), batch, options, keeper)
        descent = _descent_options(task, options, size, batch)
        setting = _setting(options, descent, size)
        with clock.phase("kernels at the start"):
            start = at_start(built.engine, task.Y, setting)
        keeper.tell(_ahead(task, built, descent))
        with clock.phase("training"):
            outcome = descend(
                built.engine,
                task.Y,
                task.labels,
                task.test,
                descent,
                keeper,
                lambda portion, text: progress("training", portion, text),
            )
        with clock.phase("predictions and checks"):
            evidence = evidence_of(
                start,
                outcome.trajectory,
                task.X,
                task.Y,
                setting,
                workers,
                k_star=outcome.k_star,
                k_star_error=outcome.k_star_error,
            )
            checks = all_checks(evidence)
        finished = Finished(
            task=task,
            options=options,
            built=built,
            step_size=size,
            descent=descent,
            outcome=outcome,
            kernel=kernel_name(options),
            evidence=evidence,
            checks=checks,
            files=file_names(list(outcome.weights)),
        )
        return run_document(finished, clock), outcome


def kernel_name(options: TrainOptions) -> str:
    """The infinitely wide net's kernel, all trained layers together."""
    return "two-layer" if options.network == "two-layer" else f"ntk:{options.layers}"


def _descent_options(task: Task, options: TrainOptions, size: StepSize, batch: int | None) -> DescentOptions:
    return DescentOptions(
        loss=loss_named(task.loss),
        step_size=size.value,
        steps=options.updates(task.n),
        batch=batch,
        one_pass=options.one_pass,
        seed=options.seed,
        until_loss=options.until_loss,
        time_limit=options.time_limit,
        patience=options.patience,
        grid=options.grid,
        keep_weights=options.keep_weights,
        kernel_eigenvalues=options.kernel_eigenvalues,
        stable_below=size.stable_below,
        force=options.force,
    )


def _setting(options: TrainOptions, descent: DescentOptions, size: StepSize) -> Setting:
    two_layer = options.network == "two-layer"
    return Setting(
        kernel=kernel_name(options),
        loss=descent.loss,
        step_size=descent.step_size,
        steps=descent.steps,
        grid=descent.grid,
        batch=descent.batch,
        one_pass=descent.one_pass,
        delta=options.delta,
        on_sphere=options.normalize,
        init_scale=options.init_scale if two_layer else None,
        antisymmetric=options.antisymmetric,
        lambda_max_0=size.lambda_max,
        memory=options.memory,
        stable_below=size.stable_below,
    )


def _ahead(task: Task, built: Built, descent: DescentOptions) -> str:
    """What is to be done before it is begun."""
    return (
        f"{task.n:,} examples, {task.X.shape[1]:,} features. {built.parameters:,} weights, "
        f"{descent.steps:,} steps of size {descent.step_size:.3g} on the loss {task.loss}."
    )

"""A trained network with its data: what a run folder of `prefit train` says, or a job that has just ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix
from prefit.data import LabelledData
from prefit.data.distinct import Distinct
from prefit.documents.bounds import Training
from prefit.documents.run import Network, Run
from prefit.errors import InputError
from prefit.jobs.step_size import GIVEN
from prefit.jobs.train_options import TrainOptions
from prefit.jobs.training_task import Task, posed
from prefit.storage import Forgetful, Keeper, sha256_of
from prefit.theory.bounds import KernelFacts, Layered, Subject
from prefit.training.measure import HeldOut, portion_wrong

AGREES = 1e-3  # of ‖outputs‖ + ‖targets‖: float32 products differ by far less, other data by far more


@dataclass(frozen=True)
class Trained:
    """A trained network, its data, and how it was trained.

    network   its shape, as a document tells it
    training  its descent, the same
    X, Y      training inputs as the net saw them, and its targets
    labels    (n,) class of each example
    test      the test split, where there is one with the labels that were trained on
    sphere    inputs were put on the unit sphere, whatever the sample
    prepared  inputs were prepared by what was learned from the sample
    fixed     step size and number of steps were fixed before the sample
    kernel    name of the infinitely wide net's kernel; None for a user's own module
    coding    of the classes, where it is not the usual one
    notes     what its reader should know
    """

    data: LabelledData
    network: Network
    training: Training
    net: Layered
    X: Matrix
    Y: Matrix
    labels: Indices
    test: HeldOut | None
    distinct: Distinct
    sphere: bool
    kernel: str | None
    prepared: bool = False
    fixed: bool = False
    coding: str | None = None
    seed: int = 0
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def test_error(self) -> float | None:
        """Portion of the test examples that are misclassified."""
        if self.test is None:
            return None
        return portion_wrong(self.net.outputs(self.test.X), self.test.Y, self.test.labels)

    @property
    def digest(self) -> str:
        """sha256 of the network, before and after, and of what is said of it."""
        said = str((self.kernel, self.sphere, self.prepared, self.fixed))
        told = [self.network.model_dump_json(), self.training.model_dump_json(), said]
        return sha256_of(b"".join([*(text.encode() for text in told), *(A.tobytes() for A in self._arrays)]))

    @property
    def _arrays(self) -> tuple[Matrix, ...]:
        return (*self.net.start, *self.net.matrices)

    @property
    def trivial(self) -> float:
        """Error of always answering the commonest class."""
        return 1.0 - float(np.bincount(self.labels).max()) / self.labels.size


def subject_of(
    trained: Trained,
    delta: float = 0.05,
    kernel: KernelFacts | None = None,
    seed: int = 0,
    device: str = "cpu",
    options: Mapping[str, float] | None = None,
    keeper: Keeper | None = None,
) -> Subject:
    """What the bounds look at (`prefit.theory.bounds`).

    delta    failure probability of every bound by itself
    kernel   as `kernel_facts` finds it; rows that need it do not apply without
    options  of single bounds, as {"dziugaite2017.steps": 500}
    keeper   where a row of minutes keeps its state; None: nowhere
    """
    training, network, test = trained.training, trained.network, trained.test
    return Subject(
        kind=network.kind,
        net=trained.net,
        X=trained.X,
        Y=trained.Y,
        labels=trained.labels,
        classes=len(trained.data.classes),
        trivial=trained.trivial,
        delta=delta,
        sphere=trained.sphere,
        prepared=trained.prepared,
        drawn=training.drawn,
        fixed=trained.fixed,
        init_scale=network.init_scale,
        antisymmetric=network.antisymmetric,
        loss=training.loss,
        step_size=training.step_size,
        steps=training.step,
        batch=training.batch,
        one_pass=training.one_pass,
        X_test=None if test is None else test.X,
        test_labels=None if test is None else test.labels,
        train_error=training.train_error,
        test_error=trained.test_error,
        kernel=kernel,
        seed=seed,
        device=device,
        options=dict(options or {}),
        keeper=keeper or Forgetful(),
    )


def trained_of(
    run: Run,
    weights: Mapping[int, Mapping[str, AnyArray]],
    data: LabelledData,
    step: int | None = None,
    folder: str = "",
) -> Trained:
    """A net of `prefit train` after `step` updates, the last of those that are kept unless told otherwise.

    run, weights   the document, and the arrays by step: what `run_training` returns and its outcome's `weights`, or
                   the same from a run folder
    data           what it was trained on

    Raises InputError for real targets, for weights that are not finite, and where net and data do not give the
    residuals that were recorded.
    """
    if not run.data.classes:
        raise InputError(
            "The bounds are on the portion of new examples that is misclassified, and this run has real targets. Train "
            "on classes; prefit forecast bounds the loss of a regression."
        )
    task = posed(data, _options_of(run))
    assert task.labels is not None
    step = max(weights) if step is None else step
    start, end = weights[0], weights[step]
    if not all(np.isfinite(array).all() for array in end.values()):
        raise InputError(
            f"The weights at step {step:,} are not finite: the run diverged. Train with a smaller --step-size, or take "
            "an earlier one with --step."
        )
    net = layered(run.network.kind, start, end)
    _check_residual(run, task, net, step)
    outputs = net.outputs(task.X)
    return Trained(
        data=data,
        network=run.network,
        training=Training(
            run=folder,
            step=step,
            loss=run.descent.loss,
            step_size=run.descent.step_size,
            batch=run.descent.batch,
            one_pass=run.descent.one_pass,
            drawn=True,
            train_error=portion_wrong(outputs, task.Y, task.labels),
        ),
        net=net,
        X=task.X,
        Y=task.Y,
        labels=task.labels,
        test=task.test,
        distinct=task.distinct,
        sphere=task.normalized,
        prepared=data.prepared == "standardized",
        fixed=_fixed(run, step),
        kernel=run.kernel.name,
        coding="one-hot" if task.loss == "cross-entropy" else None,
        seed=run.descent.seed,
        notes=tuple(task.notes),
    )


def _fixed(run: Run, step: int) -> bool:
    """Whether the sample had no say in η and in how many steps led to the weights at `step`."""
    descent = run.descent
    return descent.chosen == GIVEN and descent.stopped == "steps" and descent.steps == step


def _options_of(run: Run) -> TrainOptions:
    """What decides which inputs and targets a run had; the rest of its options do not matter here."""
    network: Literal["two-layer", "deep"] = "deep" if run.network.kind == "deep" else "two-layer"
    loss = None if run.descent.loss == "own" else run.descent.loss
    return TrainOptions(network=network, loss=loss, normalize=run.data.sphere, seed=run.descent.seed)


def layered(kind: str, start: Mapping[str, AnyArray], end: Mapping[str, AnyArray]) -> Layered:
    """The matrices of the arrays that a run keeps: W_1, … of hidden layers, and the output, which is not trained.

    Two-layer: A_1 = W_1, A_2 = outputᵀ/√m. Deep: A_l = W_lᵀ, A_{L+1} = outputᵀ.
    """
    layers = sum(name.startswith("W") for name in end)
    return Layered(
        matrices=_matrices(kind, end, layers),
        start=_matrices(kind, start, layers),
        trained=(True,) * layers + (False,),
    )


def _matrices(kind: str, arrays: Mapping[str, AnyArray], layers: int) -> tuple[Matrix, ...]:
    hidden = [np.asarray(arrays[f"W{layer}"], dtype=np.float64) for layer in range(1, layers + 1)]
    output = np.asarray(arrays["output"], dtype=np.float64).T
    if kind == "two-layer":
        return (hidden[0], output / np.sqrt(output.shape[1]))
    return (*(np.ascontiguousarray(W.T) for W in hidden), output)


def _check_residual(run: Run, task: Task, net: Layered, step: int) -> None:
    """Refuse data on which the net is not as far from its targets as it was, at the first step or at this one."""
    recorded = dict(zip(run.trajectory.steps, run.trajectory.residual, strict=True))
    for at, is_start in ((0, True), (step, False)):
        was = recorded.get(at)
        if was is None:
            continue
        outputs = net.outputs(task.X, start=is_start)
        now = float(np.linalg.norm(task.Y - outputs))
        if abs(now - was) > AGREES * float(np.linalg.norm(outputs) + np.linalg.norm(task.Y)):
            raise InputError(
                f"These are not the data or the weights of this run: at step {at:,} ‖y − u‖ was {was:.6g}, and is "
                f"{now:.6g} now. Give the data that it was trained on, unchanged."
            )

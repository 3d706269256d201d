"""A user's torch module and its data in, a watcher of its training out; what was recorded as a document."""

from __future__ import annotations

import math
import platform
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix
from prefit.data import LabelledData, Split
from prefit.data.arrays import as_array, check_lengths
from prefit.data.coding import code
from prefit.data.distinct import Distinct, distinct_inputs, unit_rows
from prefit.data.wording import Place
from prefit.documents.run import Descent, KernelFacts, Network, Run, RunCost, RunRan
from prefit.errors import InputError
from prefit.jobs.data_part import data_part
from prefit.jobs.memory import peak_bytes
from prefit.jobs.own_targets import OwnTargets, own_targets
from prefit.jobs.run_document import check_part, finite, trajectory_part
from prefit.jobs.run_sentences import summary
from prefit.theory.checks import Evidence, all_checks
from prefit.training.losses import LossName, Objective, loss_named
from prefit.training.measure import HeldOut, Measured
from prefit.training.module import CHUNK, ModuleEngine
from prefit.training.trajectory import Trajectory
from prefit.training.watch import OwnLoss, Recorder

ON_SPHERE = 1e-5  # lengths within this of 1: float32 inputs that were normalized


@dataclass(frozen=True)
class Watching:
    """What a watcher is asked beyond module, data and loss.

    kernel_scale        what the kernel of the gradients is divided by to have a limit as the width grows
    kernel_eigenvalues  both ends of the empirical kernel at every record
    linearization       the distance to the module linearized at its start
    chunk               examples taken together
    """

    kernel_scale: float = 1.0
    kernel_eigenvalues: bool = False
    linearization: bool = True
    chunk: int = CHUNK

    def __post_init__(self) -> None:
        if not (0.0 < self.kernel_scale < math.inf and self.chunk >= 1):
            raise InputError(
                f"kernel_scale must be a positive number and chunk 1 or more; they are {self.kernel_scale} and "
                f"{self.chunk}. Give others, or leave them out."
            )


@dataclass(frozen=True)
class Watched:
    """A recorder with the data that it records on."""

    recorder: Recorder
    data: LabelledData


def watched(model: Any, X: Any, y: Any, loss: Any, test: tuple[Any, Any] | None, asked: Watching) -> Watched:
    """A recorder with its first record made; raises InputError where module, data and loss do not fit."""
    given = X if isinstance(X, LabelledData) else None
    inputs = as_array(X if given is None else given.train.X, Place("X"))
    engine = ModuleEngine(model, inputs, asked.kernel_scale, asked.chunk, asked.kernel_eigenvalues)
    if given is not None:
        y, test = loaded(given, y, test, engine.outputs)
    objective, targets = _objective(loss, y, engine)
    Y = targets.coded(y, "y")
    check_lengths(len(inputs), len(Y), Place("X"), Place("y"))
    held = None if test is None else held_out(test[0], test[1], targets, inputs)
    what = Measured(objective, Y, targets.classes(Y), held, asked.kernel_eigenvalues, asked.linearization)
    data = described(inputs, Y, what.labels, held, targets) if given is None else given
    return Watched(Recorder(engine, what), data)


def loaded(data: LabelledData, y: Any, test: Any, outputs: int) -> tuple[Any, tuple[Any, Any] | None]:
    """Labels of what `prefit.load` read, of both splits, as a module of so many outputs takes them."""
    if y is not None or test is not None:
        raise InputError("Loaded data have their labels and test split already. Leave y and test out.")

    def labels(split: Split) -> AnyArray:
        if split.labels is None:
            assert split.targets is not None
            return split.targets
        return code(split.labels, 2) if outputs == 1 and len(data.classes) == 2 else split.labels

    return labels(data.train), None if data.test is None else (data.test.X, labels(data.test))


def _objective(loss: Any, y: Any, engine: ModuleEngine) -> tuple[Objective, OwnTargets]:
    """The loss, by name or a user's own, and what the labels are to it."""
    if loss is not None and not isinstance(loss, str):
        if not callable(loss):
            raise InputError(f"loss must be a name, or a function of outputs and labels; it is {loss!r}. Give either.")
        targets = own_targets(y, engine.outputs, None)
        return OwnLoss(loss, targets.own, engine.flat, engine.like), targets
    named = loss_named(_usual_loss(y, engine.outputs) if loss is None else loss)
    targets = own_targets(y, engine.outputs, named.name)
    named.check(targets.coded(y, "y"))
    return named, targets


def _usual_loss(y: Any, outputs: int) -> str:
    """Cross-entropy for classes, logistic for two of them and one output, else the mean square."""
    form = own_targets(y, outputs, None).form
    return {"classes": "cross-entropy", "real": "square"}.get(form, "logistic")


def held_out(X: Any, y: Any, targets: OwnTargets, training: AnyArray) -> HeldOut:
    inputs, Y = as_array(X, Place("the test inputs")), targets.coded(y, "The test labels")
    check_lengths(len(inputs), len(Y), Place("the test inputs"), Place("the test labels"))
    if inputs.shape[1:] != training.shape[1:]:
        raise InputError(
            f"The test inputs must have examples of shape {training.shape[1:]}, as X: their shape is {inputs.shape}. "
            "Give both alike."
        )
    return HeldOut(inputs, Y, targets.classes(Y))


def described(
    inputs: AnyArray, Y: Matrix, labels: Indices | None, test: HeldOut | None, targets: OwnTargets
) -> LabelledData:
    """The data for the document: inputs flattened, labels as they were coded."""
    real = labels is None

    def split(X: AnyArray, Y: Matrix, labels: Indices | None) -> Split:
        return Split(X.reshape(len(X), -1), labels, Y if real else None, np.arange(len(X)))

    return LabelledData(
        name="own",
        source="arrays",
        task="coded" if real else "classes",
        train=split(inputs, Y, labels),
        test=None if test is None else split(test.X, test.Y, test.labels),
        classes=() if real else targets.names,
    )


# The document ---------------------------------------------------------------------------------------------------------


def watched_document(watched: Watched) -> Run:
    """What was recorded so far, `prefit.run/1`."""
    recorder, trajectory = watched.recorder, watched.recorder.trajectory
    engine, what, last = recorder.engine, recorder.what, int(trajectory.steps[-1])
    distinct, sphere = directions(watched.data.train.X)
    evidence = _evidence(recorder, sphere, distinct.merged == 0, watched.data.train.d)
    draft = Run(
        summary=[],
        data=data_part(watched.data, distinct, what.Y, what.labels, sphere, []),
        network=_network(engine),
        descent=_descent(what.loss.name, last, trajectory.steps.size),
        trajectory=trajectory_part(trajectory),
        predicted=None,
        predicted_finite=None,
        kernel=_kernel(trajectory),
        checks=[check_part(check) for check in all_checks(evidence)],
        files={},
        notes=_notes(recorder),
        cost=RunCost(
            seconds=recorder.seconds + recorder.recording,
            training_seconds=float(trajectory.seconds[-1]),
            peak_bytes=peak_bytes(),
            phases={"training": recorder.seconds, "records": recorder.recording},
        ),
        ran=_ran(engine),
    )
    return draft.model_copy(update={"summary": summary(draft)})


def directions(X: AnyArray) -> tuple[Distinct, bool]:
    """Which inputs coincide up to their lengths, and whether all lengths are 1; with a zero input nothing is said."""
    if not X.any(axis=1).all():
        each, ones = np.arange(len(X)), np.ones(len(X))
        return Distinct(each, each, ones, ones), False
    U, lengths = unit_rows(X)
    sphere = bool((np.abs(lengths - 1.0) < ON_SPHERE).all())
    return distinct_inputs(U, None if sphere else lengths), sphere


def _evidence(recorder: Recorder, sphere: bool, distinct: bool, d: int) -> Evidence:
    engine, what, trajectory = recorder.engine, recorder.what, recorder.trajectory
    smallest = float(trajectory.kernel_smallest[0])
    return Evidence(
        network="module",
        n=engine.n,
        d=d,
        outputs=engine.outputs,
        width=engine.width,
        depth=engine.layers,
        init_scale=None,
        antisymmetric=False,
        loss=what.loss.name,
        step_size=float("nan"),
        batch=None,
        one_pass=False,
        delta=0.05,
        on_sphere=sphere,
        distinct=distinct,
        binary=what.binary,
        trajectory=trajectory,
        start=float(trajectory.residual[0]),
        lambda_min_0=finite(smallest),
        largest_start_output=float(np.abs(trajectory.outputs[0]).max()),
    )


def _network(engine: ModuleEngine) -> Network:
    return Network(
        kind="module",
        width=engine.width,
        widths=engine.widths,
        depth=engine.layers,
        outputs=engine.outputs,
        init_scale=None,
        antisymmetric=False,
        parameters=engine.parameters,
    )


def _descent(loss: LossName | Literal["own"], last: int, records: int) -> Descent:
    return Descent(
        loss=loss,
        step_size=None,
        chosen="the training loop's own",
        stable_below=None,
        steps=last,
        batch=None,
        one_pass=False,
        seed=0,
        stopped="steps",
        reason=f"The training loop was recorded {records:,} times, up to step {last:,}.",
        k_star=None,
        k_star_surrogate_error=None,
    )


def _kernel(trajectory: Trajectory) -> KernelFacts:
    return KernelFacts(
        name="the module's own",
        lambda_min_floor=None,
        lambda_min=None,
        lambda_max=None,
        lambda_min_start=finite(trajectory.kernel_smallest[0]),
        lambda_max_start=finite(trajectory.kernel_largest[0]),
        deviation=None,
        margin=None,
        start_ratio=None,
    )


def _notes(recorder: Recorder) -> list[str]:
    """Which weights are the layers, and what the numbers of a module mean."""
    engine = recorder.engine
    layers = ", ".join(f"{i} {name}" for i, name in enumerate(engine.names, 1))
    told = "A user's own training loop, recorded in evaluation mode. Layers are the trained weights with two axes or "
    notes = [f"{told}more, their rows the neurons: {layers}."]
    if recorder.what.binary:
        notes.append(
            f"B_k is ‖∇L_S‖/(√s E_S) of the weights {engine.names[engine.last_hidden]}, the last hidden layer, with "
            f"s = {engine.kernel_scale:g}, what the kernel of the gradients is divided by (kernel_scale)."
        )
    return notes


def _ran(engine: ModuleEngine) -> RunRan:
    from importlib.metadata import version

    return RunRan(
        device=engine.device,
        precision=engine.precision,
        threads=engine.threads,
        seed=0,
        versions={"python": platform.python_version()} | {name: version(name) for name in ("prefit", "numpy", "torch")},
    )

"""What one record of a run holds: a row of the trajectory, from a network at its present weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import scipy.linalg

from prefit._shapes import AnyArray, Indices, Matrix, Vector
from prefit.training.losses import Objective, are_signs, loss_named, surrogate_error
from prefit.training.trajectory import Trajectory


class Recordable(Protocol):
    """What a record asks of a network after a forward pass: the part of `Engine` that a user's own module has too."""

    @property
    def kernel_scale(self) -> float: ...

    def gradient_norms(self, G: Matrix) -> Vector: ...

    def kernel(self) -> Matrix: ...

    def predict(self, X: Matrix) -> Matrix: ...

    def linearized(self) -> Matrix: ...

    def distances(self) -> Vector: ...

    def spectral_distances(self) -> Vector: ...

    def neuron_movement(self) -> float: ...

    def flips(self) -> Vector: ...


@dataclass(frozen=True)
class HeldOut:
    """Test examples: inputs X (t, d) as the training inputs are, targets Y (t, c), labels (t,) where there are."""

    X: Matrix
    Y: Matrix
    labels: Indices | None = None


@dataclass(frozen=True)
class Measured:
    """What is measured against what.

    Y, labels           targets (n, c) of the training examples, and their classes where they have some
    kernel_eigenvalues  whether the empirical kernel H(k) is formed, n², and its extreme eigenvalues are found, n³
    linearization       whether the net is held against its linearization at W(0), another pass over the examples
    """

    loss: Objective
    Y: Matrix
    labels: Indices | None
    test: HeldOut | None
    kernel_eigenvalues: bool = False
    linearization: bool = True

    @cached_property
    def binary(self) -> bool:
        """One output and labels ±1: E_S, B_k and the logistic loss exist."""
        return are_signs(self.Y)


def row_of(engine: Recordable, F: Matrix, step: int, seconds: float, what: Measured) -> dict[str, AnyArray]:
    """One record at outputs F of the last forward, which may go; only F and its loss where F is not finite."""
    row = {
        "steps": np.int64(step),
        "seconds": seconds,
        "loss": what.loss.value(F, what.Y),
        "residual": float(np.linalg.norm(what.Y - F)),
        "outputs": F,
    }
    if np.isfinite(F).all():
        row |= _of_outputs(F, what) | _of_gradients(engine, F, what) | _of_weights(engine)
        row |= _of_kernel(engine) if what.kernel_eigenvalues else {}
        row |= _of_test(engine.predict(what.test.X), what.test, what) if what.test is not None else {}
        row |= _of_linearization(engine, F) if what.linearization else {}
    return {name: np.asarray(value) for name, value in row.items()}


def _of_outputs(F: Matrix, what: Measured) -> dict[str, float]:
    row = {"train_error": portion_wrong(F, what.Y, what.labels)}
    if what.binary:
        row["surrogate_error"] = surrogate_error(F, what.Y)
        row["logistic_loss"] = loss_named("logistic").value(F, what.Y)
    return row


def _of_gradients(engine: Recordable, F: Matrix, what: Measured) -> dict[str, float | Vector]:
    norms = engine.gradient_norms(what.loss.gradient(F, what.Y))
    row: dict[str, float | Vector] = {"gradient_norm": norms}
    if what.binary:
        logistic = loss_named("logistic")
        own = what.loss.name == "logistic"
        last = norms[-1] if own else engine.gradient_norms(logistic.gradient(F, what.Y))[-1]
        row["surrogate_gradient"] = float(last)
        row["gradient_ratio"] = gradient_ratio(float(last), surrogate_error(F, what.Y), engine.kernel_scale)
    return row


def _of_weights(engine: Recordable) -> dict[str, float | Vector]:
    return {
        "distance": engine.distances(),
        "neuron_movement": engine.neuron_movement(),
        "flips": engine.flips(),
    }


def _of_kernel(engine: Recordable) -> dict[str, float]:
    values = scipy.linalg.eigvalsh(engine.kernel(), check_finite=False)
    return {"kernel_smallest": float(values[0]), "kernel_largest": float(values[-1])}


def _of_test(F: Matrix, test: HeldOut, what: Measured) -> dict[str, float]:
    row = {
        "test_error": portion_wrong(F, test.Y, test.labels),
        "test_loss": what.loss.value(F, test.Y),
        "test_l1": float(np.abs(test.Y - F).sum(axis=1).mean()),
    }
    if what.binary:
        row["test_surrogate_error"] = surrogate_error(F, test.Y)
    return row


def _of_linearization(engine: Recordable, F: Matrix) -> dict[str, float]:
    """Last, since the engine may let go of its forward pass here."""
    return {
        "linear_part": float(engine.spectral_distances().sum()),
        "linearization_error": float(np.linalg.norm(F - engine.linearized(), axis=1).max()),
    }


def portion_wrong(F: Matrix, Y: Matrix, labels: Indices | None) -> float:
    """Portion of examples on the wrong side or, of several outputs, whose largest is another class's; NaN else.

    One output of 0 is wrong, as in the forecast; so every example is for a net that starts at 0.
    """
    if are_signs(Y):
        return float((Y * F <= 0.0).mean())
    if labels is None or Y.shape[1] == 1:
        return math.nan
    return float((F.argmax(axis=1) != labels).mean())


def gradient_ratio(gradient: float, error: float, kernel_scale: float) -> float:
    """B_k = ‖∇_{W_L} L_S‖_F/(√m E_S) (Cao and Gu 2020, eq. 3.1), √m where it is not in the output layer already."""
    return gradient / (math.sqrt(kernel_scale) * error) if error > 0.0 else math.nan


def appended(trajectory: Trajectory, rows: Sequence[Mapping[str, AnyArray]]) -> Trajectory:
    """The trajectory with these records more; what a row does not hold is NaN."""
    longer = {}
    for name, before in trajectory.arrays().items():
        now = [row.get(name, np.full(before.shape[1:], np.nan)) for row in rows]
        longer[name] = np.concatenate([before, *(np.asarray(one)[None] for one in now)])
    return Trajectory(**longer)


class Records:
    """A trajectory that grows: rows wait until it is asked for, so that many records are not copied at each of them."""

    def __init__(self, trajectory: Trajectory) -> None:
        self._stacked, self._waiting = trajectory, list[Mapping[str, AnyArray]]()

    def add(self, row: Mapping[str, AnyArray]) -> None:
        self._waiting.append({name: np.array(value) for name, value in row.items()})

    @property
    def trajectory(self) -> Trajectory:
        if self._waiting:
            self._stacked, self._waiting = appended(self._stacked, self._waiting), []
        return self._stacked

    def last(self, name: str) -> AnyArray | None:
        """A quantity of the last record; None before the first."""
        if self._waiting:
            return self._waiting[-1].get(name)
        held: AnyArray = getattr(self._stacked, name)
        return held[-1] if len(held) else None

"""The losses that are descended: value, gradient in the outputs, and how curved they are.

`quadratic` is the sum Φ = ½ Σ_i ‖y_i − f(x_i)‖² of Arora et al. (2019), §3.1, arXiv:1901.08584; the others are means
over the examples, `logistic` that of Cao and Gu (2020), §2, arXiv:1902.01384.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np
import scipy.special

from prefit._shapes import Matrix, Vector
from prefit.errors import InputError

LossName = Literal["quadratic", "logistic", "hinge", "square", "cross-entropy"]
Targets = Literal["any", "signs", "one-hot"]


class Objective(Protocol):
    """What a record asks of a loss: its name, and value and gradient (b, c) at outputs F (b, c) for targets Y."""

    @property
    def name(self) -> LossName | Literal["own"]: ...

    def value(self, F: Matrix, Y: Matrix) -> float: ...

    def gradient(self, F: Matrix, Y: Matrix) -> Matrix: ...


@dataclass(frozen=True)
class Loss:
    """A loss of outputs F (b, c) on targets Y (b, c): Σ_i ℓ(f_i, y_i), or the mean of them.

    mean         whether it is a mean over the examples; else a sum
    targets      what Y must be: "signs" is one column of ±1, "one-hot" a 1 in the column of the class
    per_example  ℓ(f_i, y_i), (b,)
    slope        ∂ℓ/∂f_i, (b, c)
    curvature    sup of the eigenvalues of ∂²ℓ/∂f²; None where the slope jumps
    """

    name: LossName
    mean: bool
    targets: Targets
    per_example: Callable[[Matrix, Matrix], Vector]
    slope: Callable[[Matrix, Matrix], Matrix]
    curvature: float | None

    def value(self, F: Matrix, Y: Matrix) -> float:
        """The loss of these rows: their sum, or their mean."""
        each = self.per_example(F, Y)
        return float(each.mean() if self.mean else each.sum())

    def gradient(self, F: Matrix, Y: Matrix) -> Matrix:
        """(b, c) ∂ value/∂F."""
        G = self.slope(F, Y)
        return G / F.shape[0] if self.mean else G

    def smoothness(self, n: int) -> float | None:
        """β with ∂² value/∂F² ⪯ β on n examples: descent in the outputs is stable below 2/(β λ_max(J Jᵀ))."""
        if self.curvature is None:
            return None
        return self.curvature / n if self.mean else self.curvature

    def check(self, Y: Matrix) -> None:
        """Raise InputError where these targets are not what the loss is for."""
        if self.targets == "signs" and not are_signs(Y):
            raise InputError(
                f"The loss {self.name} needs one column of labels ±1, that is two classes; the targets have "
                f"{Y.shape[1]} column{'s' * (Y.shape[1] != 1)}{'' if Y.shape[1] != 1 else ' of other values'}. "
                "Choose two classes, or the loss quadratic, square or (for classes) cross-entropy."
            )
        if self.targets == "one-hot" and not are_one_hot(Y):
            raise InputError(
                f"The loss {self.name} needs one output a class and targets that are 1 for the class, else 0; the "
                f"targets, with {Y.shape[1]} column{'s' * (Y.shape[1] != 1)}, are not. Give them one-hot."
            )


def are_signs(Y: Matrix) -> bool:
    """Whether the targets are labels ±1 of one output: what Cao and Gu's quantities are defined for."""
    return Y.shape[1] == 1 and bool((np.abs(Y) == 1.0).all())


def are_one_hot(Y: Matrix) -> bool:
    return Y.shape[1] > 1 and bool(((Y == 0.0) | (Y == 1.0)).all() and (Y.sum(axis=1) == 1.0).all())


def loss_named(name: str) -> Loss:
    """The loss of that name; raises InputError where there is none."""
    if name not in LOSSES:
        raise InputError(f"A loss must be one of {', '.join(get_args(LossName))}; it is {name!r}. Give one of them.")
    return LOSSES[name]


def surrogate_error(F: Matrix, Y: Matrix) -> float:
    """E_S = −(1/n) Σ ℓ'(y_i f(x_i)) = (1/n) Σ 1/(1 + exp(y_i f(x_i))), labels ±1 (Cao and Gu 2020, Definition 3.2)."""
    return float(scipy.special.expit(-Y * F).mean())


def _half_square(F: Matrix, Y: Matrix) -> Vector:
    return 0.5 * _square(F, Y)


def _difference(F: Matrix, Y: Matrix) -> Matrix:
    return F - Y


def _square(F: Matrix, Y: Matrix) -> Vector:
    each: Vector = np.square(F - Y).sum(axis=1)
    return each


def _square_slope(F: Matrix, Y: Matrix) -> Matrix:
    return 2.0 * (F - Y)


def _logistic(F: Matrix, Y: Matrix) -> Vector:
    each: Vector = np.logaddexp(0.0, -Y * F)[:, 0]
    return each


def _logistic_slope(F: Matrix, Y: Matrix) -> Matrix:
    G: Matrix = -Y * scipy.special.expit(-Y * F)
    return G


def _hinge(F: Matrix, Y: Matrix) -> Vector:
    each: Vector = np.maximum(0.0, 1.0 - Y * F)[:, 0]
    return each


def _hinge_slope(F: Matrix, Y: Matrix) -> Matrix:
    return np.where(Y * F < 1.0, -Y, 0.0)


def _cross_entropy(F: Matrix, Y: Matrix) -> Vector:
    each: Vector = scipy.special.logsumexp(F, axis=1) - (F * Y).sum(axis=1)
    return each


def _cross_entropy_slope(F: Matrix, Y: Matrix) -> Matrix:
    G: Matrix = scipy.special.softmax(F, axis=1) - Y
    return G


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("quadratic", False, "any", _half_square, _difference, 1.0),
        Loss("logistic", True, "signs", _logistic, _logistic_slope, 0.25),  # ℓ'' = p(1 − p)
        Loss("hinge", True, "signs", _hinge, _hinge_slope, None),
        Loss("square", True, "any", _square, _square_slope, 2.0),
        # diag(p) − ppᵀ: half its trace bounds the norm, at p = (½, ½, 0, …) it is ½.
        Loss("cross-entropy", True, "one-hot", _cross_entropy, _cross_entropy_slope, 0.5),
    )
}

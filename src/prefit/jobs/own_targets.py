"""Labels as a user's training loop has them, coded as the records take them, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix
from prefit.data.arrays import as_array, rows_from_zero
from prefit.data.integrity import check_finite
from prefit.data.wording import Place
from prefit.errors import InputError

Form = Literal["signs", "zero or one", "classes", "real"]


@dataclass(frozen=True)
class OwnTargets:
    """How the labels of a training loop stand to targets Y (n, c) of the module's c outputs.

    form     "signs": ±1 for one output; "zero or one": 1 is coded +1 and 0 −1; "classes": the index of the class, an
             output each; "real": the targets themselves
    shape    of one example's label: () or (c,)
    one_hot  classes are coded one-hot, else one-hot minus 1/c
    """

    form: Form
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    outputs: int
    one_hot: bool

    def coded(self, y: Any, place: str) -> Matrix:
        """(n, c); raises InputError where these labels are not like the training labels."""
        array = _labels(y, place)
        if array.shape[1:] != self.shape:
            raise InputError(
                f"{place} must have rows of shape {self.shape}, as the training labels: its shape is {array.shape}. "
                "Give both alike."
            )
        if self.form == "real":
            return np.array(array.reshape(len(array), -1), dtype=np.float64)
        values = array.reshape(len(array))
        ends = {"signs": (-1, 1), "zero or one": (0, 1)}
        allowed = ends.get(self.form, tuple(range(self.outputs)))
        strange = np.setdiff1d(values, allowed)
        if strange.size:
            which = " or ".join(map(str, ends[self.form])) if self.form in ends else f"classes 0 to {self.outputs - 1}"
            raise InputError(
                f"{place} must hold {which}, as the training labels and the module's outputs ask; it holds "
                f"{strange[0]}. Give labels that the module is trained for."
            )
        if self.form == "classes":
            return np.eye(self.outputs)[values.astype(np.int64)] - (0.0 if self.one_hot else 1.0 / self.outputs)
        signs = np.asarray(values, dtype=np.float64)
        return (signs if self.form == "signs" else 2.0 * signs - 1.0)[:, None]

    def own(self, Y: Matrix) -> AnyArray:
        """Back from Y: what the training loop's loss takes."""
        if self.form == "classes":
            values: AnyArray = Y.argmax(axis=1)
        else:
            values = (Y + 1.0) / 2.0 if self.form == "zero or one" else Y
        return np.asarray(values.reshape(len(Y), *self.shape), dtype=self.dtype)

    def classes(self, Y: Matrix) -> Indices | None:
        """(n,) the class of each example, the first coded +1 where there is one output; None for real targets."""
        if self.form in ("signs", "zero or one"):
            return np.where(Y[:, 0] > 0.0, 0, 1).astype(np.int64)
        one_of_several = self.form == "classes" or (self.outputs > 1 and _one_value_stands_out(Y))
        return Y.argmax(axis=1) if one_of_several else None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the classes; empty for real targets."""
        one_output = {"signs": ("1", "-1"), "zero or one": ("1", "0")}
        return one_output.get(self.form, tuple(str(j) for j in range(self.outputs)))


def own_targets(y: Any, outputs: int, loss: str | None) -> OwnTargets:
    """What kind of labels these are, for a module of so many outputs.

    loss   by name; None for a user's own
    """
    array = _labels(y, "y")
    shape, per_class = array.shape[1:], outputs > 1 and array.ndim == 1
    if not per_class and int(np.prod(shape)) != outputs:
        raise InputError(
            f"y must have a column for each of the module's {outputs} outputs, or be the index of the class: its shape "
            f"is {array.shape}. Give the labels that the module is trained for."
        )
    form: Form = "classes" if per_class else "real"
    if outputs == 1 and np.isin(array, (-1, 1)).all():
        form = "signs"
    elif outputs == 1 and np.isin(array, (0, 1)).all() and loss not in ("quadratic", "square"):
        form = "zero or one"
    return OwnTargets(form, shape, array.dtype, outputs, one_hot=loss in (None, "cross-entropy"))


def _labels(y: Any, place: str) -> AnyArray:
    array = as_array(y, Place(place))
    if array.ndim not in (1, 2) or array.dtype.kind not in "biuf":
        raise InputError(
            f"{place} must hold numbers, (n,) or (n, c): its shape is {array.shape} and its type {array.dtype}. "
            "Give the labels as the training loop takes them."
        )
    check_finite(array, Place(place), rows_from_zero(len(array)))
    return array


def _one_value_stands_out(Y: Matrix) -> bool:
    """Every row has one value c − 1 times and a larger one once, the same in all rows."""
    ordered = np.sort(Y, axis=1)
    return bool((ordered[:, :-1] == ordered[0, 0]).all() and (ordered[:, -1] == ordered[0, -1]).all())

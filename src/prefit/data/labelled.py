"""Labelled examples as every job takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from prefit._shapes import AnyArray, Indices, Matrix

Task = Literal["classes", "regression", "coded"]
Preparation = Literal["none", "standardized"]


@dataclass(frozen=True)
class Split:
    """Examples with their labels, in file order.

    X        (n, d) numeric: uint8, float32 or float64, as read and prepared, not yet on the sphere
    labels   (n,) index into the classes; None unless the task is "classes"
    targets  (n, k) real targets with |target| <= 1 for "regression" (k = 1), as given for "coded"; else None
    rows     (n,) row of each example in its source, from 0 (an array) or as a text editor counts lines (a text file)
    """

    X: AnyArray
    labels: Indices | None
    targets: Matrix | None
    rows: Indices

    @property
    def n(self) -> int:
        return int(self.X.shape[0])

    @property
    def d(self) -> int:
        return int(self.X.shape[1])


@dataclass(frozen=True)
class LabelledData:
    """A training split, a test split where there is one, and what was done to them."""

    name: str  # short, for folders and titles: "digits", "mnist", "sleep"
    source: str  # as typed, or "arrays"
    task: Task
    train: Split
    test: Split | None
    classes: tuple[str, ...] = ()  # names; the first is coded +1 when there are two
    columns: tuple[str, ...] = ()  # feature names after preparation, where the source has them
    prepared: Preparation = "none"  # "standardized" was learned from this sample
    bias: bool = False  # a constant 1 was appended as the first feature
    labels: Literal["true", "random", "worst"] = "true"
    label_noise: float = 0.0  # portion of the labels of both splits redrawn
    target_centre: float = 0.0  # regression: target = (value - centre) / scale
    target_scale: float = 1.0
    chosen: tuple[tuple[str, str], ...] = ()  # options that were given, as the command line names them
    notes: tuple[str, ...] = field(default=())  # what was done to the data, one sentence each

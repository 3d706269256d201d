"""Labelled data made a training task: inputs on the sphere, coded targets, the loss that fits them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefit._shapes import Indices, Matrix
from prefit.data import LabelledData, Split
from prefit.data.coding import code
from prefit.data.distinct import Distinct, distinct_inputs, unit_rows
from prefit.errors import InputError
from prefit.jobs.labelsets import LabelSet, own_labels, redrawn
from prefit.jobs.train_options import TrainOptions
from prefit.training.losses import LossName, are_signs
from prefit.training.measure import HeldOut

BINARY = ("logistic", "hinge")  # losses of one output and labels ±1


@dataclass(frozen=True)
class Task:
    """What a network is trained on.

    X         (n, d) unit rows, or the inputs as they are with --no-normalize
    Y         (n, c) targets of the network's c outputs
    labels    (n,) class of each example; None for real targets
    test      the test split, coded alike; None where there is none, or where its labels are not those trained on
    """

    data: LabelledData
    X: Matrix
    Y: Matrix
    labels: Indices | None
    test: HeldOut | None
    distinct: Distinct
    loss: LossName
    normalized: bool

    @property
    def notes(self) -> list[str]:
        """What training does with the data beyond what their reader did."""
        if self.data.test is not None and self.test is None:
            return ["Labels were redrawn, so nothing is measured on the test split, whose labels are the file's."]
        return []

    @property
    def n(self) -> int:
        return int(self.X.shape[0])

    @property
    def outputs(self) -> int:
        return int(self.Y.shape[1])

    @property
    def binary(self) -> bool:
        """One output and labels ±1, which E_S, B_k and the hinge are of."""
        return are_signs(self.Y)


def posed(data: LabelledData, options: TrainOptions) -> Task:
    """Inputs, targets and loss; raises InputError where the options do not fit the data."""
    if data.labels == "worst":
        raise InputError(
            "--labels must be true or random for training, got worst: worst-case labels come from the spectrum, which "
            "prefit forecast computes. Choose one of these."
        )
    U, lengths = unit_rows(data.train.X, data.train.rows)
    distinct = distinct_inputs(U, None if options.normalize else lengths)
    labels = own_labels(data)
    if data.labels == "random":
        labels = redrawn(data, distinct, np.random.default_rng([options.seed, 2]))
    loss = options.loss or _usual_loss(labels, options)
    _check_fit(data, labels, options, loss)
    options.updates(data.train.n)  # refuses steps that are not made
    classes = len(data.classes)
    return Task(
        data=data,
        X=U if options.normalize else np.array(data.train.X, dtype=np.float64, order="C"),
        Y=labels.Y if labels.indices is None else _coded(labels.indices, classes, loss),
        labels=labels.indices,
        test=_test_examples(data, loss, options.normalize),
        distinct=distinct,
        loss=loss,
        normalized=options.normalize,
    )


def _usual_loss(labels: LabelSet, options: TrainOptions) -> LossName:
    if options.network == "two-layer" or labels.indices is None:
        return "quadratic"
    return "logistic" if labels.Y.shape[1] == 1 else "cross-entropy"


def _check_fit(data: LabelledData, labels: LabelSet, options: TrainOptions, loss: LossName) -> None:
    """Refuse losses, stops and batches that these labels do not have."""
    found = f"there are {len(data.classes)} classes" if labels.indices is not None else "these are real targets"
    if loss in BINARY and not are_signs(labels.Y):
        raise InputError(
            f"--loss {loss} takes labels of two classes, and {found}. Choose two with --classes, or take another loss."
        )
    if loss == "cross-entropy" and labels.indices is None:
        raise InputError(f"--loss cross-entropy takes classes, and {found}. Take quadratic or square.")
    if options.patience is not None and (loss == "cross-entropy" or not are_signs(labels.Y)):
        raise InputError(
            "--patience waits for the surrogate error, which one output with labels of two classes has; "
            f"{found}, with --loss {loss}. Take --until-loss or --time-limit."
        )
    if options.batch is not None and options.batch > data.train.n:
        raise InputError(
            f"--batch must be at most the {data.train.n:,} training examples, got {options.batch:,}. "
            "Take fewer, or leave the option out for all of them."
        )


def _coded(labels: Indices, classes: int, loss: str) -> Matrix:
    """Targets as the forecast's, but one-hot for the cross-entropy, whose outputs are one a class."""
    return np.eye(classes)[labels] if loss == "cross-entropy" else code(labels, classes)


def _test_examples(data: LabelledData, loss: str, normalize: bool) -> HeldOut | None:
    """The test split, where there is one and the labels trained on are the file's."""
    if data.test is None or data.labels != "true":
        return None
    X = unit_rows(data.test.X, data.test.rows)[0] if normalize else np.array(data.test.X, dtype=np.float64, order="C")
    return HeldOut(X, _test_targets(data.test, len(data.classes), loss), data.test.labels)


def _test_targets(split: Split, classes: int, loss: str) -> Matrix:
    if split.labels is not None:
        return _coded(split.labels, classes, loss)
    assert split.targets is not None
    return split.targets

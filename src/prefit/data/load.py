"""The two ways in: a SOURCE, or arrays and data frames."""

from __future__ import annotations

import os
from typing import Any

from prefit._shapes import Matrix
from prefit.data.arrays import as_array, check_lengths, inputs_from, rows_from_zero, target_from
from prefit.data.assemble import assemble
from prefit.data.budget import Budget
from prefit.data.frames import as_frame, column_from_series, sample_beside_frame, sample_from_frame
from prefit.data.labelled import LabelledData
from prefit.data.options import Classes, Labels, Options, PrepareOption, TaskOption
from prefit.data.sample import Column, Sample, Table, length
from prefit.data.source import parse_source, read_source
from prefit.data.wording import Place, quoted
from prefit.errors import InputError


def load(
    source: str | os.PathLike[str] = "digits",
    *,
    target: str | None = None,
    test: str | os.PathLike[str] | None = None,
    task: TaskOption = "auto",
    classes: Classes | None = None,
    limit: int | None = None,
    per_class: int | None = None,
    test_limit: int | None = None,
    test_per_class: int | None = None,
    prepare: PrepareOption = "auto",
    bias: bool = False,
    label_noise: float = 0.0,
    labels: Labels = "true",
    seed: int = 0,
    memory: int | None = None,
) -> LabelledData:
    """What a SOURCE holds, checked, chosen and prepared.

    source          digits, idx:DIR, cifar10:PATH, libsvm:PATH, or a .npz, .npy, .csv, .tsv, .parquet, .svm or
                    .libsvm file
    target          label column of a table, else the one named label, target, y or class; label file of a
                    .npy file, with the test split's behind a comma
    test            SOURCE of a test split
    task            auto is regression only for numeric targets with fractions or more than 100 values
    classes         "A,B"; groups joined by +: "0+2+4,1+3+5"; the first of two is coded +1
    limit           exactly so many training examples, the first of each class in proportion to its size
    per_class       the first so many of each class
    test_limit      as `limit`, of the test split
    test_per_class  as `per_class`, of the test split
    prepare         auto: tables are one-hot coded and standardized, images and arrays taken as they are
    bias            a constant 1 as the first feature
    label_noise     portion of the labels of both splits that is redrawn uniformly over the classes
    labels          recorded for the job that draws them
    seed            of the label noise
    memory          bytes that the contents of one file or one array may take; None is what the machine has

    >>> load("digits", classes="0,1", per_class=100).train.X.shape
    (200, 64)
    """
    options = Options(
        task=task,
        classes=classes,
        limit=limit,
        per_class=per_class,
        test_limit=test_limit,
        test_per_class=test_per_class,
        prepare=prepare,
        bias=bias,
        label_noise=label_noise,
        labels=labels,
        seed=seed,
        memory=memory,
    )
    parsed = parse_source(source)
    parsed_test = None if test is None else parse_source(test)
    train, held_out, notes = read_source(parsed, parsed_test, target, Budget.of(memory))
    return assemble(parsed.name, parsed.text, train, held_out, options, notes)


def from_arrays(
    X: Any,
    y: Any = None,
    X_test: Any = None,
    y_test: Any = None,
    *,
    target: str | None = None,
    task: TaskOption = "auto",
    classes: Classes | None = None,
    limit: int | None = None,
    per_class: int | None = None,
    test_limit: int | None = None,
    test_per_class: int | None = None,
    prepare: PrepareOption = "auto",
    bias: bool = False,
    label_noise: float = 0.0,
    labels: Labels = "true",
    seed: int = 0,
    memory: int | None = None,
) -> LabelledData:
    """Inputs (n, ...) with labels (n,), or coded by the user (n, c): arrays, tensors, lists or data frames.

    A data frame may hold its labels as a column, which `target` names. The other options are those of `load`.

    >>> from_arrays([[1.0, 0.0], [0.0, 1.0]], ["cat", "dog"]).classes
    ('cat', 'dog')
    """
    options = Options(
        task=task,
        classes=classes,
        limit=limit,
        per_class=per_class,
        test_limit=test_limit,
        test_per_class=test_per_class,
        prepare=prepare,
        bias=bias,
        label_noise=label_noise,
        labels=labels,
        seed=seed,
        memory=memory,
    )
    budget = Budget.of(memory)
    train = _sample(X, y, "X", "y", target, budget, None)
    if X_test is None and y_test is not None:
        raise InputError("y_test must come with X_test; only y_test came. Give both or neither.")
    held_out = None if X_test is None else _sample(X_test, y_test, "X_test", "y_test", target, budget, train)
    return assemble("arrays", "arrays", train, held_out, options)


def _sample(
    X: Any, y: Any, X_name: str, y_name: str, target: str | None, budget: Budget, like: Sample | None
) -> Sample:
    place, y_place = Place(X_name), Place(y_name)
    frame, labels = as_frame(X, place), None if y is None else _labels(y, y_place)
    if target is not None and (labels is not None or frame is None):
        raise InputError(
            f"target names the label column of a data frame {X_name} given without {y_name}; it is "
            f"{quoted(target, 60)}. Leave target or {y_name} out."
        )
    if like is not None and isinstance(like.inputs, Table) != (frame is not None):
        raise InputError(
            "X and X_test must both be data frames or both arrays; only one of them is a data frame. Convert the other."
        )
    if frame is not None and labels is None:
        return sample_from_frame(frame, target, place, like)
    if labels is None:
        raise InputError(f"{y_name} must hold a label for each row of {X_name}; it is missing. Give {y_name}.")
    if frame is not None:
        return sample_beside_frame(frame, labels, place, y_place, like)
    inputs = inputs_from(as_array(X, place), place, budget)
    check_lengths(len(inputs), length(labels), place, y_place)
    return Sample(place, inputs, labels, rows_from_zero(len(inputs)))


def _labels(y: Any, place: Place) -> Column | Matrix:
    column = column_from_series(y, place)
    return target_from(as_array(y, place), place) if column is None else column

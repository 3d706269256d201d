"""Raw samples and options go in; checked, chosen, prepared and coded `LabelledData` comes out."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from prefit._shapes import AnyArray
from prefit.data.budget import Budget
from prefit.data.choose import Chosen, choose, task_of
from prefit.data.corrupt import with_label_noise
from prefit.data.integrity import check_magnitude
from prefit.data.labelled import LabelledData, Split
from prefit.data.options import Options, option_name
from prefit.data.prepare import Prepared, prepare, take
from prefit.data.sample import Sample, Table
from prefit.data.wording import counted, listing
from prefit.errors import InputError


def assemble(
    name: str, source: str, train: Sample, test: Sample | None, options: Options, notes: tuple[str, ...] = ()
) -> LabelledData:
    """One data set of a training sample and, where there is one, a test sample."""
    _check_test_options(train, test, options)
    if test is not None:
        _check_same_width(train, test)
    task = task_of(train, options)
    choice = choose(train, test, task, options)
    prepared = _prepared(choice.splits, options)
    inputs = [prepared.train] if prepared.test is None else [prepared.train, prepared.test]
    splits = [_split(one, X, options) for one, X in zip(choice.splits, inputs, strict=True)]
    splits = [  # a stream for each split, so that the noise on one does not depend on the other
        with_label_noise(split, options.label_noise, len(choice.classes), np.random.default_rng((options.seed, stream)))
        for stream, split in enumerate(splits)
    ]
    return LabelledData(
        name=name,
        source=source,
        task=task,
        train=splits[0],
        test=splits[1] if test is not None else None,
        classes=choice.classes,
        columns=("bias", *prepared.columns) if options.bias and prepared.columns else prepared.columns,
        prepared="standardized" if prepared.standardized else "none",
        bias=options.bias,
        labels=options.labels,
        label_noise=float(options.label_noise),
        target_centre=choice.target_centre,
        target_scale=choice.target_scale,
        chosen=_chosen(options),
        notes=(*notes, *train.notes, *prepared.notes, *_classes_without_examples(splits[0], choice.classes)),
    )


def _chosen(options: Options) -> tuple[tuple[str, str], ...]:
    """The options that were given, but for those that do not change the data."""
    given = [(f.name, getattr(options, f.name)) for f in fields(options) if f.name not in ("memory", "seed")]
    defaults = {f.name: f.default for f in fields(options)}
    return tuple((option_name(name), str(value)) for name, value in given if value != defaults[name])


def _check_test_options(train: Sample, test: Sample | None, options: Options) -> None:
    given = {"--test-limit": options.test_limit, "--test-per-class": options.test_per_class}
    wrong = [name for name, value in given.items() if value is not None]
    if test is None and wrong:
        raise InputError(
            f"{wrong[0]} needs a test split, and {train.place} has none. Give one with --test SOURCE, or leave it out."
        )


def _prepared(chosen: list[Chosen], options: Options) -> Prepared:
    """Features of both splits as numbers."""
    train, *test = (take(one.sample.inputs, one.positions) for one in chosen)
    place = chosen[0].sample.place
    return prepare(train, test[0] if test else None, options.prepare, place, Budget.of(options.memory))


def _split(one: Chosen, X: AnyArray, options: Options) -> Split:
    """Features that the sphere can take, with the constant 1 that --bias appends."""
    rows = one.sample.rows[one.positions]
    check_magnitude(X, one.sample.place, rows, zero_allowed=options.bias)
    if options.bias:
        size = X.nbytes + len(X) * X.itemsize
        Budget.of(options.memory).admit(size, f"The inputs {one.sample.place} with a constant 1")
        X = np.hstack([np.ones((len(X), 1), X.dtype), X])
    return Split(X, one.labels, one.targets, rows)


def _check_same_width(train: Sample, test: Sample) -> None:
    if isinstance(train.inputs, Table) or isinstance(test.inputs, Table):
        return
    if train.inputs.shape[1] != test.inputs.shape[1]:
        raise InputError(
            f"The test split {test.place} must have as many features as the training split {train.place}, "
            f"{train.inputs.shape[1]:,}; it has {test.inputs.shape[1]:,}. Take both from the same data set."
        )


def _classes_without_examples(train: Split, names: tuple[str, ...]) -> tuple[str, ...]:
    if train.labels is None:
        return ()
    sizes = np.bincount(train.labels, minlength=len(names))
    absent = [name for name, size in zip(names, sizes, strict=True) if size == 0]
    count = counted(len(absent), "class", "classes")
    return (f"{count} without a training example among those taken: {listing(absent, 6)}.",) if absent else ()

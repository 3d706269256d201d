"""Raw samples and options go in; checked, chosen, prepared and coded `LabelledData` comes out."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from prefit._shapes import AnyArray, Indices, Matrix
from prefit.data.budget import Budget
from prefit.data.corrupt import with_label_noise
from prefit.data.grouping import LEFT_OUT, Grouping, group
from prefit.data.integrity import check_magnitude
from prefit.data.labelled import LabelledData, Split, Task
from prefit.data.options import Options
from prefit.data.prepare import prepare, take
from prefit.data.sample import Numbers, Sample, Table, Words
from prefit.data.select import check_limit, first_of_each, proportional
from prefit.data.wording import counted, listing, quoted
from prefit.errors import InputError

MANY_VALUES = 100  # numeric targets with more different values are for regression


@dataclass(frozen=True)
class _Chosen:
    """Rows taken of a sample, and their labels or targets."""

    sample: Sample
    positions: Indices
    labels: Indices | None
    targets: Matrix | None


def assemble(
    name: str, source: str, train: Sample, test: Sample | None, options: Options, notes: tuple[str, ...] = ()
) -> LabelledData:
    """One data set of a training sample and, where there is one, a test sample."""
    _check_test_options(train, test, options)
    if test is not None:
        _check_same_width(train, test)
    task = task_of(train, options)
    grouping, chosen, centre, scale = _choose(train, test, task, options)
    names = grouping.names if grouping else ()
    splits, columns, prepared, prepared_notes = _prepared(chosen, options)
    splits = [
        with_label_noise(split, options.label_noise, len(names), np.random.default_rng((options.seed, stream)))
        for stream, split in enumerate(splits)
    ]
    return LabelledData(
        name=name,
        source=source,
        task=task,
        train=splits[0],
        test=splits[1] if test is not None else None,
        classes=names,
        columns=columns,
        prepared="standardized" if prepared else "none",
        bias=options.bias,
        labels=options.labels,
        label_noise=float(options.label_noise),
        target_centre=centre,
        target_scale=scale,
        notes=(*notes, *train.notes, *prepared_notes, *_classes_without_examples(splits[0], names)),
    )


def task_of(train: Sample, options: Options) -> Task:
    """What --task says, else regression for numbers with fractions or more than MANY_VALUES values."""
    target = train.target
    if isinstance(target, np.ndarray):
        _refuse_for(options, f"{train.place} has labels coded by the user, of shape (n, c)", task=True)
        return "coded"
    if isinstance(target, Words):
        if options.task == "regression":
            raise InputError(
                f"--task regression needs numbers to fit, and the labels {quoted(target.name, 60)} of "
                f"{train.place} are text, such as {listing(target.names, 3)}. Use --task classes, or name a "
                "column of numbers with --target."
            )
        return "classes"
    if options.task == "auto":
        fractions = bool((target.values != np.round(target.values)).any())
        many = fractions or np.unique(target.values).size > MANY_VALUES
        task: Task = "regression" if many and options.classes is None else "classes"
    else:
        task = options.task
    if task == "regression":
        _refuse_for(options, f"{train.place} is read for regression", task=False)
    return task


def _refuse_for(options: Options, what: str, *, task: bool) -> None:
    given = {
        "--classes": options.classes,
        "--per-class": options.per_class,
        "--test-per-class": options.test_per_class,
    }
    wrong = [name for name, value in given.items() if value is not None]
    wrong += ["--task"] if task and options.task != "auto" else []
    if wrong:
        hint = "" if task else ", or say --task classes if the numbers name classes"
        raise InputError(f"{wrong[0]} needs labels that name classes, and {what}. Leave it out{hint}.")


def _check_test_options(train: Sample, test: Sample | None, options: Options) -> None:
    given = {"--test-limit": options.test_limit, "--test-per-class": options.test_per_class}
    wrong = [name for name, value in given.items() if value is not None]
    if test is None and wrong:
        raise InputError(
            f"{wrong[0]} needs a test split, and {train.place} has none. Give one with --test SOURCE, or leave it out."
        )


def _choose(
    train: Sample, test: Sample | None, task: Task, options: Options
) -> tuple[Grouping | None, list[_Chosen], float, float]:
    """The examples that the options take, with labels as indices or targets as numbers."""
    samples = [(train, options.limit, options.per_class, "--limit", "--per-class", "training")]
    if test is not None:
        samples.append((test, options.test_limit, options.test_per_class, "--test-limit", "--test-per-class", "test"))
    if task == "classes":
        assert isinstance(train.target, Numbers | Words)
        _check_varies(len(np.unique(_values(train.target))), train)
        grouping = group(train.target, options.classes, train.place)
        chosen = [_choose_classes(*row, grouping=grouping) for row in samples]
        _check_two_classes(chosen[0], grouping)
        return grouping, chosen, 0.0, 1.0
    chosen = [_choose_first(sample, limit, option, split) for sample, limit, _, option, _, split in samples]
    return _scaled(chosen) if task == "regression" else _coded(chosen)


def _values(target: Numbers | Words) -> AnyArray:
    return target.values if isinstance(target, Numbers) else target.codes


def _choose_classes(
    sample: Sample,
    limit: int | None,
    per_class: int | None,
    option: str,
    per_option: str,
    split: str,
    *,
    grouping: Grouping,
) -> _Chosen:
    target = _target_column(sample, split)
    labels = grouping.indices(target, sample.place, sample.rows)
    kept = np.flatnonzero(labels != LEFT_OUT)
    if kept.size == 0:
        raise InputError(
            f"The {split} split {sample.place} must have examples of the chosen classes, "
            f"{listing(grouping.names)}; it has none. Choose other --classes or another split."
        )
    labels = labels[kept]
    if limit is not None:
        check_limit(limit, kept.size, option, split, sample.place)
        within = proportional(labels, limit)
    elif per_class is not None:
        within = first_of_each(labels, per_class, grouping.names, per_option, split, sample.place)
    else:
        within = np.arange(kept.size)
    return _Chosen(sample, kept[within], labels[within], None)


def _target_column(sample: Sample, split: str) -> Numbers | Words:
    if not isinstance(sample.target, Numbers | Words):
        raise InputError(
            f"The labels of the {split} split {sample.place} must name classes as in the training split; "
            f"they have shape {sample.target.shape}. Give labels of shape (n,)."
        )
    return sample.target


def _choose_first(sample: Sample, limit: int | None, option: str, split: str) -> _Chosen:
    if limit is not None:
        check_limit(limit, sample.n, option, split, sample.place)
    positions = np.arange(sample.n if limit is None else limit)
    target = sample.target
    if isinstance(target, Words):
        raise InputError(
            f"The labels of the {split} split {sample.place} must be numbers as in the training split; they "
            f"are text, such as {listing(target.names, 3)}. Give numbers."
        )
    targets = target.values[:, None] if isinstance(target, Numbers) else target
    return _Chosen(sample, positions, None, targets[positions])


def _scaled(chosen: list[_Chosen]) -> tuple[None, list[_Chosen], float, float]:
    """Targets mapped to [−1, 1] by the training split's middle and half its range, the test split alike."""
    values = chosen[0].targets
    assert values is not None
    _check_varies(len(np.unique(values)), chosen[0].sample)
    low, high = float(values.min()), float(values.max())
    centre, scale = low / 2 + high / 2, high / 2 - low / 2
    if not (np.isfinite(scale) and scale > 0):
        raise InputError(
            f"The targets of {chosen[0].sample.place} must span a range that float64 can hold; they go from "
            f"{low:g} to {high:g}. Rescale them."
        )
    return None, [_mapped(one, centre, scale) for one in chosen], centre, scale


def _mapped(one: _Chosen, centre: float, scale: float) -> _Chosen:
    assert one.targets is not None
    if one.targets.shape[1] != 1:
        raise _other_width(one, 1)
    return replace(one, targets=(one.targets - centre) / scale)


def _coded(chosen: list[_Chosen]) -> tuple[None, list[_Chosen], float, float]:
    Y = chosen[0].targets
    assert Y is not None
    _check_varies(2 if (Y[0] != Y).any() else 1, chosen[0].sample)
    for one in chosen[1:]:
        assert one.targets is not None
        if one.targets.shape[1] != Y.shape[1] or isinstance(one.sample.target, Numbers):
            raise _other_width(one, Y.shape[1])
    return None, chosen, 0.0, 1.0


def _other_width(one: _Chosen, width: int) -> InputError:
    shape = (one.sample.n,) if isinstance(one.sample.target, Numbers | Words) else one.sample.target.shape
    return InputError(
        f"The labels of the test split {one.sample.place} must be coded like those of the training split, in "
        f"{counted(width, 'column')}; they have shape {shape}. Code both alike."
    )


def _check_varies(distinct: int, sample: Sample) -> None:
    if distinct < 2:
        raise InputError(
            f"The labels of {sample.place} must take two different values or more over the examples taken; "
            "they are constant. Check the label column, or take more examples."
        )


def _check_two_classes(train: _Chosen, grouping: Grouping) -> None:
    assert train.labels is not None
    present = np.unique(train.labels)
    if present.size < 2:
        raise InputError(
            f"The training examples taken from {train.sample.place} must be of two classes or more; all are "
            f"of class {quoted(grouping.names[present[0]], 40)}. Raise --limit, or choose other --classes."
        )


def _prepared(chosen: list[_Chosen], options: Options) -> tuple[list[Split], tuple[str, ...], bool, tuple[str, ...]]:
    """Splits with their features as numbers, checked for the sphere."""
    train, test = chosen[0], chosen[1] if len(chosen) > 1 else None
    budget = Budget.of(options.memory)
    done = prepare(
        take(train.sample.inputs, train.positions),
        None if test is None else take(test.sample.inputs, test.positions),
        options.prepare,
        train.sample.place,
        budget,
    )
    inputs = [done.train] if done.test is None else [done.train, done.test]
    splits = [_split(one, X, options, budget) for one, X in zip(chosen, inputs, strict=True)]
    columns = ("bias", *done.columns) if options.bias and done.columns else done.columns
    return splits, columns, done.standardized, done.notes


def _split(one: _Chosen, X: AnyArray, options: Options, budget: Budget) -> Split:
    rows = one.sample.rows[one.positions]
    check_magnitude(X, one.sample.place, rows, zero_allowed=options.bias)
    if options.bias:
        budget.admit(X.nbytes + len(X) * X.itemsize, f"The inputs {one.sample.place} with a constant 1")
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

"""Which examples a run is about and what it fits: classes, or real targets."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from prefit._shapes import Indices, Matrix
from prefit.data.budget import Budget
from prefit.data.grouping import LEFT_OUT, Grouping, group
from prefit.data.labelled import Task
from prefit.data.options import Options
from prefit.data.sample import Numbers, Sample, Words
from prefit.data.select import Wish, check_limit, first_of_each, proportional
from prefit.data.wording import counted, listing, quoted
from prefit.errors import InputError

MANY_VALUES = 100  # numeric targets with more different values are for regression


@dataclass(frozen=True)
class Chosen:
    """Rows taken of a sample, with their labels or targets.

    positions  (k,) which rows, increasing
    labels     (k,) index of each one's class, or None
    targets    (k, c) real targets, or None
    """

    sample: Sample
    positions: Indices
    labels: Indices | None
    targets: Matrix | None


@dataclass(frozen=True)
class Choice:
    """What was taken of the training split and, where there is one, of the test split."""

    splits: list[Chosen]
    classes: tuple[str, ...] = field(default=())
    target_centre: float = 0.0
    target_scale: float = 1.0


def choose(train: Sample, test: Sample | None, task: Task, options: Options) -> Choice:
    """The examples that the options take, with labels as indices or targets as numbers."""
    samples = [(Wish("training", options.limit, options.per_class), train)]
    if test is not None:
        samples.append((Wish("test", options.test_limit, options.test_per_class), test))
    if task == "classes":
        return _classes(samples, options)
    chosen = [_choose_first(wish, sample) for wish, sample in samples]
    return _scaled(chosen) if task == "regression" else _coded(chosen)


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


def _classes(samples: list[tuple[Wish, Sample]], options: Options) -> Choice:
    train = samples[0][1]
    target = _target_column(train, "training")
    _check_varies(len(np.unique(target.values if isinstance(target, Numbers) else target.codes)), train)
    grouping = group(target, options.classes, train.place)
    chosen = [_choose_classes(wish, sample, grouping) for wish, sample in samples]
    _check_two_classes(chosen[0], grouping)
    count = len(grouping.names)
    size = 8 * sum(one.positions.size for one in chosen) * (count if count > 2 else 1)
    Budget.of(options.memory).admit(size, f"The {count:,} classes of {train.place}, coded with a column each,")
    return Choice(chosen, grouping.names)


def _choose_classes(wish: Wish, sample: Sample, grouping: Grouping) -> Chosen:
    target = _target_column(sample, wish.split)
    labels = grouping.indices(target, sample.place, sample.rows)
    kept = np.flatnonzero(labels != LEFT_OUT)
    if kept.size == 0:
        raise InputError(
            f"The {wish.split} split {sample.place} must have examples of the chosen classes, "
            f"{listing(grouping.names)}; it has none. Choose other --classes or another split."
        )
    labels = labels[kept]
    if wish.limit is not None:
        check_limit(wish, kept.size, sample.place)
        within = proportional(labels, wish.limit)
    elif wish.per_class is not None:
        within = first_of_each(wish, wish.per_class, labels, grouping.names, sample.place)
    else:
        within = np.arange(kept.size)
    return Chosen(sample, kept[within], labels[within], None)


def _target_column(sample: Sample, split: str) -> Numbers | Words:
    if not isinstance(sample.target, Numbers | Words):
        raise InputError(
            f"The labels of the {split} split {sample.place} must name classes as in the training split; "
            f"they have shape {sample.target.shape}. Give labels of shape (n,)."
        )
    return sample.target


def _choose_first(wish: Wish, sample: Sample) -> Chosen:
    if wish.limit is not None:
        check_limit(wish, sample.n, sample.place)
    positions = np.arange(sample.n if wish.limit is None else wish.limit)
    target = sample.target
    if isinstance(target, Words):
        raise InputError(
            f"The labels of the {wish.split} split {sample.place} must be numbers as in the training split; they "
            f"are text, such as {listing(target.names, 3)}. Give numbers."
        )
    targets = target.values[:, None] if isinstance(target, Numbers) else target
    return Chosen(sample, positions, None, targets[positions])


def _scaled(chosen: list[Chosen]) -> Choice:
    """Targets as they are where the training split's lie in [−1, 1], else mapped there, the test split alike.

    By the middle of the training split's range and half its width.
    """
    values = chosen[0].targets
    assert values is not None
    _check_varies(len(np.unique(values)), chosen[0].sample)
    low, high = float(values.min()), float(values.max())
    inside = low >= -1.0 and high <= 1.0
    centre, scale = (0.0, 1.0) if inside else (low / 2 + high / 2, high / 2 - low / 2)
    if not (np.isfinite(scale) and scale > 0):
        raise InputError(
            f"The targets of {chosen[0].sample.place} must span a range that float64 can hold; they go from "
            f"{low:g} to {high:g}. Rescale them."
        )
    train, *test = (_mapped(one, centre, scale) for one in chosen)
    assert train.targets is not None
    train = replace(train, targets=np.clip(train.targets, -1.0, 1.0))  # beyond by rounding only
    return Choice([train, *test], target_centre=centre, target_scale=scale)


def _mapped(one: Chosen, centre: float, scale: float) -> Chosen:
    assert one.targets is not None
    if one.targets.shape[1] != 1:
        raise _other_width(one, 1)
    return replace(one, targets=(one.targets - centre) / scale)


def _coded(chosen: list[Chosen]) -> Choice:
    Y = chosen[0].targets
    assert Y is not None
    _check_varies(2 if (Y[0] != Y).any() else 1, chosen[0].sample)
    for one in chosen[1:]:
        assert one.targets is not None
        if one.targets.shape[1] != Y.shape[1] or isinstance(one.sample.target, Numbers):
            raise _other_width(one, Y.shape[1])
    return Choice(chosen)


def _other_width(one: Chosen, width: int) -> InputError:
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


def _check_two_classes(train: Chosen, grouping: Grouping) -> None:
    assert train.labels is not None
    present = np.unique(train.labels)
    if present.size < 2:
        raise InputError(
            f"The training examples taken from {train.sample.place} must be of two classes or more; all are "
            f"of class {quoted(grouping.names[present[0]], 40)}. Raise --limit, or choose other --classes."
        )

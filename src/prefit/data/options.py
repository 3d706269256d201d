"""What the caller asks of the data, checked before a file is opened."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, Literal, get_args

from prefit.data.wording import listing, shown
from prefit.errors import InputError

Labels = Literal["true", "random", "worst"]
TaskOption = Literal["auto", "classes", "regression"]
PrepareOption = Literal["auto", "none", "standard"]
Classes = str | Sequence[object]


@dataclass(frozen=True)
class Options:
    """Options of every command that reads data."""

    task: TaskOption = "auto"  # auto: regression only for numeric targets with fractions or more than 100 values
    classes: Classes | None = None  # "A,B", groups joined by +: "0+2+4,1+3+5"; the first is coded +1 of two
    limit: int | None = None  # exactly so many training examples, each class in proportion, file order within it
    per_class: int | None = None  # the first so many of each class
    test_limit: int | None = None  # as limit, of the test split
    test_per_class: int | None = None  # as per_class, of the test split
    prepare: PrepareOption = "auto"  # auto: tables are one-hot coded and standardized, images and arrays are not
    bias: bool = False  # append a constant 1 as the first feature
    label_noise: float = 0.0  # portion of the labels of both splits redrawn uniformly
    labels: Labels = "true"  # what the run is about; redrawing all is the job's part
    seed: int = 0
    memory: int | None = None  # bytes that one file's contents or one array may take; None is what the machine has

    def __post_init__(self) -> None:
        _check_choice("--task", self.task, get_args(TaskOption))
        _check_choice("--prepare", self.prepare, get_args(PrepareOption))
        _check_choice("--labels", self.labels, get_args(Labels))
        for name in ("limit", "per_class", "test_limit", "test_per_class", "memory"):
            _set_whole(self, name, least=1)
        _set_whole(self, "seed", least=0)
        _check_portion("--label-noise", self.label_noise)
        if self.limit is not None and self.per_class is not None:
            raise _both("--limit", "--per-class")
        if self.test_limit is not None and self.test_per_class is not None:
            raise _both("--test-limit", "--test-per-class")


def option_name(field: str) -> str:
    """The field's name on the command line."""
    return "--" + field.replace("_", "-")


OPTION_NAMES = tuple(field.name for field in fields(Options))


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"{name} must be one of {listing(choices)}; it is {shown(value)}. Choose one of these.")


def _set_whole(options: Options, name: str, least: int) -> None:
    value: Any = getattr(options, name)
    if value is None:
        return
    try:
        whole = operator.index(value)
    except TypeError:
        whole = None
    if whole is None or isinstance(value, bool) or whole < least:
        raise InputError(
            f"{option_name(name)} must be a whole number, {least} or more; it is {shown(value)}. Give such a number."
        )
    object.__setattr__(options, name, whole)


def _check_portion(name: str, value: object) -> None:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not 0.0 <= value <= 1.0:  # type: ignore[operator]
        raise InputError(
            f"{name} is a portion of the labels and must lie between 0 and 1; it is {shown(value)}. For 10% give 0.1."
        )


def _both(one: str, other: str) -> InputError:
    return InputError(
        f"{one} and {other} both say how many examples to take, and only one of them can hold. Leave one out."
    )

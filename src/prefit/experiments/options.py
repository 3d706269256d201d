"""What a study can be asked, with its limits."""

from __future__ import annotations

import operator
import os
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path

from prefit.errors import InputError
from prefit.gram import default_threads

ENVIRONMENT = "PREFIT_DATA"


@dataclass(frozen=True)
class StudyOptions:
    """Options of `prefit reproduce`; each sentence is its --help. None is what the study itself takes."""

    data: str | None = None  # folder that holds mnist/ and cifar10/; default PREFIT_DATA
    only: str | None = None  # one of the data sets: mnist or cifar10
    full: bool = False  # finite nets at the paper's own size: for a GPU, or patience
    n: int | None = None  # training examples of the finite nets
    width: int | None = None  # their neurons; of the width study the most
    steps: int | None = None  # most steps of gradient descent
    seeds: int | None = None  # finite nets of each kind, each with labels and weights of its own
    kernel_n: int | None = None  # examples of the infinitely wide nets; default the paper's 10,000
    pac_bayes: bool | None = None  # the bounds by an optimized posterior too; default where torch is installed
    device: str = "auto"  # auto, cpu or cuda, of the finite nets
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        least = {"n": 4, "width": 1, "steps": 1, "seeds": 1, "kernel_n": 4, "threads": 1, "seed": 0}
        for one in fields(self):
            if one.name in least:
                self._set_whole(one.name, least[one.name])
        for name in ("n", "kernel_n"):
            if (getattr(self, name) or 0) % 2:
                raise InputError(
                    f"{flag(name)} must be even, half of it of each class, got {getattr(self, name)}. Take one more."
                )
        if self.only not in (None, "mnist", "cifar10"):
            raise InputError(f"--only must be mnist or cifar10, got {self.only}. Leave it out for both.")
        if self.device not in ("auto", "cpu", "cuda"):
            raise InputError(f"--device must be auto, cpu or cuda, got {self.device}. Leave the option out.")
        if self.pac_bayes and not has_torch():
            raise InputError(
                "--pac-bayes needs torch, and it is not installed. Install it, pip install 'prefit[torch]', or leave "
                "the option out."
            )

    def _set_whole(self, name: str, least: int) -> None:
        value = getattr(self, name)
        if value is None:
            return
        try:
            number = least - 1 if isinstance(value, bool) else operator.index(value)
        except TypeError:
            number = least - 1
        if number < least:
            raise InputError(f"{flag(name)} must be a whole number, {least} or more, got {value!r}. Give such a one.")
        object.__setattr__(self, name, number)

    @property
    def given(self) -> list[str]:
        """Names of the options that are not at their default, but those that every study takes."""
        shared = ("threads", "seed")
        return [one.name for one in fields(self) if one.name not in shared and getattr(self, one.name) != one.default]

    @property
    def posteriors(self) -> bool:
        """Whether bounds are evaluated that optimize a posterior, by torch."""
        return has_torch() if self.pac_bayes is None else self.pac_bayes

    @property
    def worker_count(self) -> int:
        return self.threads or default_threads()

    @property
    def folder(self) -> Path:
        """The folder of the public data sets; raises InputError where none is named, or there is none."""
        named = self.data or os.environ.get(ENVIRONMENT)
        if not named:
            raise InputError(
                "This study needs public data sets, and no folder is named. Give --data DIR, or set "
                f"{ENVIRONMENT}: the folder that holds mnist/ and cifar10/ (docs/reproduce.md says which files)."
            )
        if not Path(named).is_dir():
            raise InputError(f"--data must name the folder of the data sets, and {named} is none. Name another.")
        return Path(named)


def has_torch() -> bool:
    return find_spec("torch") is not None


def flag(name: str, value: object = None) -> str:
    """An option as it is typed; one that is switched off begins with no."""
    return ("--no-" if value is False else "--") + name.replace("_", "-")

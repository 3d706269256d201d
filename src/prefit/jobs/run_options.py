"""What every long run can be asked: place, memory, seed; and how numbers are checked."""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from prefit.errors import InputError
from prefit.gram import default_threads

LARGEST_LAMBDA_0 = 0.5  # κ(1) of the two-layer kernel: no λ_min is above the mean eigenvalue


@dataclass(frozen=True)
class JobOptions:
    """Options of every long job, whatever it is about; each sentence is its --help."""

    job: ClassVar[str]  # the command's name
    delta: float = 0.05  # failure probability of the bounds
    memory: int | None = None  # bytes (or a size as "8GiB"); None: 70% of what is free
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        memory: object = self.memory
        if isinstance(memory, str):
            object.__setattr__(self, "memory", size_in_bytes(memory))
        self._set_number("delta", 0.0, 1.0)
        self._set_whole("seed", 0, 2**63 - 1)
        self._set_whole("threads", 1, 1024)
        self._set_whole("memory", 2**20, 2**62)

    def _set_number(self, name: str, low: float, high: float) -> None:
        """A finite number strictly between the two ends, or None where that is the default."""
        value, default = getattr(self, name), type(self).__dataclass_fields__[name].default
        if value is None and default is None:
            return
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not low < number < high:
            what = "be a positive number" if high == math.inf else f"lie strictly between {low:g} and {high:g}"
            raise wrong(name, what, value)
        object.__setattr__(self, name, number)

    def _set_whole(self, name: str, low: int, high: int) -> None:
        value, default = getattr(self, name), type(self).__dataclass_fields__[name].default
        if value is None and default is None:
            return
        try:
            number = low - 1 if isinstance(value, bool) else operator.index(value)
        except TypeError:
            number = low - 1
        if not low <= number <= high:
            least = "1MiB (as 8GiB)" if name == "memory" else f"{low}"
            size = f"{high:,} or less" if number > high else f"{least} or more"
            raise wrong(name, f"be a whole number, {size}", value)
        object.__setattr__(self, name, number)

    @property
    def place(self) -> str:
        """The device that the run takes, in words."""
        return "cpu"

    @property
    def packages(self) -> tuple[str, ...]:
        """What else its digits depend on."""
        return ("numpy", "scipy", "numba")

    @property
    def worker_count(self) -> int:
        return self.threads or default_threads()


@dataclass(frozen=True)
class RunOptions(JobOptions):
    """Options of every job that fits labels, beyond those that read the data."""

    step_size: float | None = None  # η; None (or the word "auto"): from the kernel's largest eigenvalue
    normalize: bool = True  # put inputs on the unit sphere

    def __post_init__(self) -> None:
        step_size: object = self.step_size
        if step_size == "auto":
            object.__setattr__(self, "step_size", None)
        super().__post_init__()
        self._set_number("step_size", 0.0, math.inf)


def wrong(name: str, what: str, value: object) -> InputError:
    option = "--" + name.replace("_", "-")
    return InputError(f"{option} must {what}, got {value!r}. Give another value, or leave the option out.")


UNITS = {"": 1} | {
    prefix + suffix: base**power
    for power, prefix in enumerate(("", "K", "M", "G", "T"))
    for suffix, base in (("B", 1000), ("IB", 1024), ("", 1000))
    if prefix or suffix == "B"
}


def size_in_bytes(text: str) -> int:
    """8GiB, 500MB or a plain number of bytes.

    >>> size_in_bytes("8GiB"), size_in_bytes("500 MB")
    (8589934592, 500000000)
    """
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Z]*)\s*", text.upper())
    if found is None or found.group(2) not in UNITS:
        raise InputError(f"--memory must be a size as 8GiB or 500MB, got {text!r}. Give a number and a unit.")
    return int(float(found.group(1)) * UNITS[found.group(2)])

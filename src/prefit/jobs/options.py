"""What a forecast can be asked, with its defaults and its limits."""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from typing import Literal

from prefit.errors import InputError
from prefit.gram import default_threads
from prefit.kernels import kernel_named


@dataclass(frozen=True)
class ForecastOptions:
    """Options of `prefit forecast` beyond those that read the data; each sentence is its --help."""

    kernel: str = "two-layer"  # two-layer, ntk:L, standard-ntk:L or conjugate:L
    step_size: float | None = None  # η; None (or the word "auto"): 1/λ_max
    delta: float = 0.05  # failure probability of the bounds
    draws: int = 8  # random labellings as the baseline; 0 for none
    worst: bool = False  # worst-case labels beside them
    tolerance: float = 1e-3  # relative gap of the certified interval
    exact: bool = False  # eigendecomposition at any size
    only: Literal["complexity"] | None = None  # the quadratic form alone, without curves; None: everything
    subsample: bool = False  # nested subsets instead of the whole
    lambda_0: float | None = None  # λ0 of the distribution, known before the sample, for the paper's bound
    ridge: float | None = None  # ρ: the ridge fit beside the interpolant
    resolve_spectrum: bool = False  # both ends of the spectrum to 1%
    normalize: bool = True  # put inputs on the unit sphere
    memory: int | None = None  # bytes (or a size as "8GiB"); None: 70% of what is free
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        kernel, step_size, memory = (getattr(self, name) for name in ("kernel", "step_size", "memory"))
        if not isinstance(kernel, str):
            raise InputError(f"--kernel must be a name as two-layer or ntk:2, got {kernel!r}. Name a kernel.")
        kernel_named(kernel)
        if isinstance(step_size, str) and step_size == "auto":
            object.__setattr__(self, "step_size", None)
        if isinstance(memory, str):
            object.__setattr__(self, "memory", size_in_bytes(memory))
        self._set_number("delta", 0.0, 1.0)
        self._set_number("tolerance", 0.0, 1.0)
        self._set_number("lambda_0", 0.0, 1.0)
        self._set_number("step_size", 0.0, math.inf)
        self._set_number("ridge", 0.0, math.inf)
        self._set_whole("draws", 0, 1000)
        self._set_whole("seed", 0, 2**63 - 1)
        self._set_whole("threads", 1, 1024)
        self._set_whole("memory", 2**20, 2**62)
        if self.only not in (None, "complexity"):
            raise InputError(f"--only must be complexity, got {self.only}. Leave the option out for everything.")
        if self.device not in ("auto", "cpu"):
            raise InputError(
                f"--device must be auto or cpu for a forecast, got {self.device}: "
                "this version computes on the processor. Leave the option out."
            )

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
            raise _wrong(name, what, value)
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
            raise _wrong(name, f"be a whole number, {least} or more", value)
        object.__setattr__(self, name, number)

    @property
    def worker_count(self) -> int:
        return self.threads or default_threads()


def _wrong(name: str, what: str, value: object) -> InputError:
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

"""What a forecast can be asked, with its defaults and its limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from prefit.errors import InputError
from prefit.gram import default_threads
from prefit.kernels import kernel_named


@dataclass(frozen=True)
class ForecastOptions:
    """Options of `prefit forecast` beyond those that read the data; each sentence is its --help."""

    kernel: str = "two-layer"  # two-layer, ntk:L, standard-ntk:L or conjugate:L
    step_size: float | None = None  # η; None: 1/λ_max
    delta: float = 0.05  # failure probability of the bounds
    draws: int = 8  # random labellings as the baseline; 0 for none
    worst: bool = False  # worst-case labels beside them
    tolerance: float = 1e-3  # relative gap of the certified interval
    exact: bool = False  # eigendecomposition at any size
    lambda_0: float | None = None  # λ0 of the distribution, known before the sample, for the paper's bound
    ridge: float | None = None  # ρ: the ridge fit beside the interpolant
    resolve_spectrum: bool = False  # both ends of the spectrum to 1%
    normalize: bool = True  # put inputs on the unit sphere
    memory: int | None = None  # bytes; None: 70% of what is free
    device: Literal["auto", "cpu", "cuda"] = "auto"
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        kernel_named(self.kernel)
        _check("--delta", self.delta, 0.0 < self.delta < 1.0, "lie strictly between 0 and 1")
        _check("--draws", self.draws, 0 <= self.draws <= 1000, "be a whole number from 0 to 1000")
        _check("--tolerance", self.tolerance, 0.0 < self.tolerance < 1.0, "lie strictly between 0 and 1")
        _check("--seed", self.seed, 0 <= self.seed < 2**63, "be a whole number from 0 on")
        if self.step_size is not None:
            _check("--step-size", self.step_size, 0.0 < self.step_size < math.inf, "be a positive number, or auto")
        if self.lambda_0 is not None:
            _check("--lambda-0", self.lambda_0, 0.0 < self.lambda_0 <= 0.5, "be a positive number up to 1/2")
        if self.ridge is not None:
            _check("--ridge", self.ridge, 0.0 < self.ridge < math.inf, "be a positive number")
        if self.threads is not None:
            _check("--threads", self.threads, 1 <= self.threads <= 1024, "be a whole number from 1 to 1024")
        if self.memory is not None:
            _check("--memory", self.memory, self.memory >= 2**20, "be at least 1MiB")
        if self.device not in ("auto", "cpu"):
            raise InputError(
                f"--device must be auto or cpu for a forecast, got {self.device}: "
                "this version computes on the processor. Leave the option out."
            )

    @property
    def worker_count(self) -> int:
        return self.threads or default_threads()


def _check(option: str, value: float, holds: bool, what: str) -> None:
    if not holds:
        raise InputError(f"{option} must {what}, got {value}. Give another value, or leave the option out.")

"""What a forecast can be asked, with its defaults and its limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from prefit.errors import InputError
from prefit.jobs.run_options import LARGEST_LAMBDA_0, RunOptions
from prefit.kernels import kernel_named


@dataclass(frozen=True)
class ForecastOptions(RunOptions):
    """Options of `prefit forecast` beyond those that read the data; each sentence is its --help."""

    job: ClassVar[str] = "forecast"

    kernel: str = "two-layer"  # two-layer, ntk:L, standard-ntk:L or conjugate:L
    draws: int = 8  # random labellings as the baseline; 0 for none
    worst: bool = False  # worst-case labels beside them
    tolerance: float = 1e-3  # relative gap of the certified interval
    exact: bool = False  # eigendecomposition at any size
    only: Literal["complexity"] | None = None  # the quadratic form alone, without curves; None: everything
    subsample: bool = False  # nested subsets instead of the whole
    lambda_0: float | None = None  # λ0 of the distribution, known before the sample, for the paper's bound
    ridge: float | None = None  # ρ: the ridge fit beside the interpolant
    resolve_spectrum: bool = False  # both ends of the spectrum to 1%
    margin: bool = False  # hard margins of many examples too, and those that Cao & Gu (2020) assume

    def __post_init__(self) -> None:
        self._check_kernel()
        super().__post_init__()
        self._set_number("tolerance", 0.0, 1.0)
        self._set_number("lambda_0", 0.0, LARGEST_LAMBDA_0)
        self._set_number("ridge", 0.0, math.inf)
        self._set_whole("draws", 0, 1000)
        if self.only not in (None, "complexity"):
            raise InputError(f"--only must be complexity, got {self.only}. Leave the option out for everything.")
        if self.device not in ("auto", "cpu"):
            raise InputError(
                f"--device must be auto or cpu for a forecast, got {self.device}: "
                "this version computes on the processor. Leave the option out."
            )

    def _check_kernel(self) -> None:
        kernel: object = self.kernel
        if not isinstance(kernel, str):
            raise InputError(f"--kernel must be a name as two-layer or ntk:2, got {kernel!r}. Name a kernel.")
        if are_several(kernel):
            raise InputError(
                f"a forecast is of one kernel, got {kernel!r}. Name one, or compare them with prefit.compare_kernels."
            )
        kernel_named(kernel)


def are_several(kernel: str) -> bool:
    """Whether --kernel asks for a comparison: a list, or a range of depths."""
    return "," in kernel or ".." in kernel

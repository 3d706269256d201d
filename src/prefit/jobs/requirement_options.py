"""What a plan can be asked, with its defaults and its limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from prefit.errors import InputError
from prefit.jobs.run_options import JobOptions


@dataclass(frozen=True)
class PlanOptions(JobOptions):
    """Options of `prefit plan` beyond those that read the data; each sentence is its --help.

    A constant that is given counts instead of the one that would be measured.
    """

    job: ClassVar[str] = "plan"

    epsilon: float = 0.1  # ε, the target error
    depth: int = 1  # L, hidden layers
    init_scale: float | None = None  # κ of the two-layer net's start; None: the largest that each statement allows
    margin: float | None = None  # γ of Assumptions 3.3 and 3.4 of Cao & Gu
    gradient_bound: float | None = None  # B of their gradient lower bound (3.1)
    lambda_min: float | None = None  # λ0, a lower end of λ_min of the kernel's matrix
    samples: int | None = None  # n, examples
    quadratic_form: float | None = None  # M ≥ yᵀK⁻¹y, known before the sample
    radius: float | None = None  # τ√m: how far every layer goes from its start, times √m
    step_size: float | None = None  # η of the explicit steps; None (or the word "auto"): 1/λ_max

    def __post_init__(self) -> None:
        step_size: object = self.step_size
        if step_size == "auto":
            object.__setattr__(self, "step_size", None)
        super().__post_init__()
        self._set_number("epsilon", 0.0, 1.0)
        self._set_whole("depth", 1, 64)
        self._set_number("init_scale", 0.0, math.inf)
        self._set_number("margin", 0.0, 1.0)
        self._set_number("gradient_bound", 0.0, 1.0)
        self._set_number("lambda_min", 0.0, math.inf)
        self._set_whole("samples", 1, 10**15)
        self._set_number("quadratic_form", 0.0, math.inf)
        self._set_number("radius", 0.0, math.inf)
        self._set_number("step_size", 0.0, math.inf)
        self._check_lambda_min()
        if self.device not in ("auto", "cpu"):
            raise InputError(
                f"--device must be auto or cpu for a plan, got {self.device}: it computes on the processor. "
                "Leave the option out."
            )

    def _check_lambda_min(self) -> None:
        """λ_min is at most the mean eigenvalue, κ(1)."""
        if self.lambda_min is not None and self.lambda_min > self.diagonal:
            raise InputError(
                f"--lambda-min must be at most {self.diagonal:g}, the mean eigenvalue of the kernel of "
                f"{self.depth} hidden {'layer' if self.depth == 1 else 'layers'}, got {self.lambda_min:g}. "
                "Give a smaller number."
            )

    @property
    def kernel(self) -> str:
        """The infinitely wide net's kernel, all hidden layers trained: Θ_L, which is H for L = 1."""
        return "two-layer" if self.depth == 1 else f"ntk:{self.depth}"

    @property
    def diagonal(self) -> float:
        """κ(1) of that kernel."""
        return self.depth / 2.0

    @property
    def constants(self) -> dict[str, float | None]:
        """The constants that can be given, by their names in `theory.requirements.Given`."""
        return {
            "n": self.samples,
            "lambda_0": self.lambda_min,
            "gradient_bound": self.gradient_bound,
            "feature_margin": self.margin,
            "kernel_margin": self.margin,
            "form": self.quadratic_form,
            "radius": self.radius,
        }

"""What a comparison of kernels can be asked: what a forecast can, but for what is of one kernel."""

from __future__ import annotations

from dataclasses import dataclass, fields

from prefit.errors import InputError
from prefit.jobs.options import ForecastOptions
from prefit.kernels import kernel_names

OF_ONE_KERNEL = ("worst", "subsample", "lambda_0", "ridge", "resolve_spectrum", "margin")


@dataclass(frozen=True)
class ComparisonOptions(ForecastOptions):
    """Options of `prefit forecast` with several kernels."""

    kernel: str = "ntk:1..5"  # several kernels: a range of depths, or names joined by commas

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in OF_ONE_KERNEL:
            if getattr(self, name) not in (False, None):
                option = "--" + name.replace("_", "-")
                raise InputError(
                    f"{option} is about one kernel, and --kernel names {len(self.kernels)} ({self.kernel}). "
                    "Forecast one of them, or leave the option out."
                )

    @property
    def kernels(self) -> tuple[str, ...]:
        """Their names, one by one."""
        return kernel_names(self.kernel)

    @property
    def each(self) -> tuple[ForecastOptions, ...]:
        """The forecasts: δ/q for each of q kernels, as one is chosen after the sample is seen."""
        own = {one.name: getattr(self, one.name) for one in fields(ForecastOptions)}
        own["delta"] = self.delta / len(self.kernels)
        return tuple(ForecastOptions(**{**own, "kernel": name}) for name in self.kernels)

    def _check_kernel(self) -> None:
        kernel: object = self.kernel
        if not isinstance(kernel, str):
            raise InputError(f"--kernel must be text as ntk:1..5, got {kernel!r}. Name the kernels to compare.")
        kernel_names(kernel)

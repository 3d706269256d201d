"""What the infinitely wide net's kernel says of a training set, for the bounds that speak of it."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np

from prefit.data.distinct import unit_rows
from prefit.documents import Forecast
from prefit.jobs.bounds_options import BoundsOptions
from prefit.jobs.forecast import run_forecast
from prefit.jobs.memory import allowed_bytes
from prefit.jobs.options import ForecastOptions
from prefit.jobs.progress import Show, silent
from prefit.jobs.separability import SignedRows, margin_bytes
from prefit.jobs.trained import Trained
from prefit.kernels import kernel_named
from prefit.storage import Forgetful, Keeper, Within
from prefit.theory.bounds import OF_MARGIN, KernelFacts

STAGE = "kernel-facts"
MARGIN_UP_TO = 10_000  # examples, up to which brackets were measured (docs/margins.md)


def kernel_facts(
    trained: Trained, options: BoundsOptions, delta: float, progress: Show = silent, keeper: Keeper | None = None
) -> KernelFacts:
    """Quadratic form, bounds and hard margin of the labels; from the run that is resumed where they are kept there.

    The bounds are those of `prefit forecast` (docs/proofs.md P7), which hold for every step size and stopping time at
    once: the run's own step size is taken for the quadratic loss, where the limit is stable at it.
    """
    keeper = keeper or Forgetful()
    saved = keeper.load(STAGE)
    if saved is not None:
        margin = saved.facts["margin"]
        return KernelFacts(**{**saved.facts, "margin": None if margin is None else (margin[0], margin[1])})
    found = _computed(trained, options, delta, progress, keeper)
    keeper.save(STAGE, asdict(found), {})
    return found


def _computed(trained: Trained, options: BoundsOptions, delta: float, progress: Show, keeper: Keeper) -> KernelFacts:
    assert trained.kernel is not None
    asked = ForecastOptions(
        kernel=trained.kernel,
        draws=0,
        delta=delta,
        step_size=trained.training.step_size if trained.training.loss == "quadratic" else None,
        normalize=trained.sphere,
        memory=options.memory,
        threads=options.threads,
        seed=trained.seed,
    )

    def show(phase: str, portion: float) -> None:
        progress(f"kernel: {phase}", portion)

    forecast = run_forecast(trained.data, asked, show, Within(keeper, "forecast", "The kernel first: "))
    if asked.step_size is not None and asked.step_size >= forecast.convergence.steps_stable_below:
        forecast = run_forecast(trained.data, replace(asked, step_size=None), show)
    bound, labels = forecast.bound, forecast.entry("true")
    assert labels is not None
    stopped = bound.stopped
    return KernelFacts(
        name=trained.kernel,
        diagonal=forecast.kernel.diagonal,
        quadratic_form=labels.quadratic_form.upper,
        margin=_margin(trained, options),
        converged=bound.explicit,
        stopped=None if stopped is None else stopped.value,
        step=None if stopped is None else stopped.step,
        scale=None if stopped is None else stopped.scale,
        reason=bound.reason if bound.verdict == "not applicable" else "",
        smallest=_smallest(forecast),
    )


def _smallest(forecast: Forecast) -> float | None:
    """Upper end of λ_min of all examples: an eigenvalue is within `error` of the estimate; 0 where some coincide."""
    if forecast.data.duplicates:
        return 0.0
    found = forecast.spectrum.lambda_min
    return None if found.error is None else found.estimate + found.error


def _margin(trained: Trained, options: BoundsOptions) -> tuple[float, float] | None:
    """The bracket of the kernel's hard margin on the sphere, for rows that want it and two classes.

    None also where there are too many examples, or the memory does not hold their kernel.
    """
    assert trained.kernel is not None
    n = trained.labels.size
    wanted = trained.sphere and len(trained.data.classes) == 2 and not OF_MARGIN.isdisjoint(options.names)
    if not wanted or n > MARGIN_UP_TO or margin_bytes(n) > allowed_bytes(options.memory):
        return None
    rows, _ = unit_rows(trained.X)
    found = SignedRows.of(rows, np.where(trained.labels == 0, 1.0, -1.0)).of_kernel(kernel_named(trained.kernel))
    return found.lower, found.upper

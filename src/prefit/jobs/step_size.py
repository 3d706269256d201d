"""The step size: given, or from the largest eigenvalue of the net's own kernel at the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prefit.errors import InputError
from prefit.jobs.train_options import TrainOptions
from prefit.storage import Keeper
from prefit.training.engine import Engine
from prefit.training.losses import Loss
from prefit.training.stability import Stability, stability_of

STAGE = "step-size"
GIVEN = "given"  # as `StepSize.chosen` calls what the user gave


@dataclass(frozen=True)
class StepSize:
    """η, where it is from in words, and from what step size on full-batch descent is unstable at k = 0.

    stable_below   2/(β λ_max); None for a loss with kinks
    lambda_max     of J Jᵀ at k = 0, not divided by anything
    """

    value: float
    chosen: str
    stable_below: float | None
    lambda_max: float


def step_size_for(
    engine: Engine, n: int, loss: Loss, batch: int | None, options: TrainOptions, keeper: Keeper
) -> StepSize:
    """The step size that is asked for; raises InputError where it is unstable, but for `force`, or λ_max is 0."""
    known = _known(engine, n, options.seed, keeper)
    limit = known.stable_below(loss)
    if options.step_size is not None:
        if limit is not None and options.step_size >= limit and not options.force:
            raise InputError(
                f"--step-size must be below 2/(β λ_max) = {limit:.6g}, from which on gradient descent is unstable on "
                f"this network and these inputs, got {options.step_size:g}. Take {limit / 2:.3g}, leave the option "
                "out, or give --force to see it grow."
            )
        return StepSize(options.step_size, GIVEN, limit, known.lambda_max)
    if batch is None or batch >= n:
        chosen = (
            "n/λ_max of the net's own kernel at k = 0" if limit is None else "1/(β λ_max), half of what is unstable"
        )
        return StepSize(known.step_size(loss), chosen, limit, known.lambda_max)
    rate = known.step_size(loss) * known.lambda_max / _batch_eigenvalue(engine, n, batch, known.lambda_max)
    chosen = f"{'n/λ' if limit is None else '1/(β λ)'} with the λ that batches of {batch:,} see"
    return StepSize(rate, chosen, limit, known.lambda_max)


def _batch_eigenvalue(engine: Engine, n: int, batch: int, lambda_max: float) -> float:
    """What stands for λ_max where an update sees a batch of b: λ_max at b = n, n max_i ‖∂f(x_i)‖² at b = 1.

    The expected smoothness of sampling without replacement, Gower et al. (2019), Proposition 3.8, arXiv:1901.09401.
    """
    engine.forward()
    largest = float(np.square(engine.example_gradient_norms()).sum(axis=0).max())
    among = n * (batch - 1) / (batch * (n - 1))
    alone = (n - batch) / (batch * (n - 1))
    return among * lambda_max + alone * n * largest


def _known(engine: Engine, n: int, seed: int, keeper: Keeper) -> Stability:
    """λ_max of the net's own kernel; from the run that is resumed where it was found there."""
    saved = keeper.load(STAGE)
    if saved is not None:
        return Stability(saved.facts["lambda_max"], saved.facts["residual"], saved.facts["products"], n)
    found = stability_of(engine, seed)
    facts = {"lambda_max": found.lambda_max, "residual": found.residual, "products": found.products}
    keeper.save(STAGE, facts, {})
    return found

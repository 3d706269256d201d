"""The ridge fit beside the interpolant: a regularizer is an option, recorded, never silent."""

from __future__ import annotations

import math

import numpy as np

from prefit._shapes import Matrix
from prefit.documents.forecast import Ridge
from prefit.documents.model import Interval
from prefit.jobs.bounding import inapplicable, pooled_task, training_outputs
from prefit.jobs.options import ForecastOptions
from prefit.jobs.prediction import test_part
from prefit.jobs.problem import Problem
from prefit.jobs.sets import Solved
from prefit.spectra import certify


def ridge_part(problem: Problem, solved: Solved, options: ForecastOptions) -> Ridge:
    """The minimizer of Σ (y_i − f(x_i))² + ρ‖f‖²: z = (H + ρI)⁻¹y, with its certified norm and the bound it has.

    Selecting ρ after seeing the sample costs nothing more: the bound is uniform over functions (docs/proofs.md P7).
    """
    rho = options.ridge
    assert rho is not None
    Z = solved.coefficients(problem, lambda values: 1.0 / (values + rho))
    values = problem.distinct.values(solved.labels.Y)
    proof = certify(problem.gram, values, Z, 0.0, problem.scales, problem.asked_error)
    outputs, error = training_outputs(problem, values, proof)
    high = float(proof.norm_squared.sum()) * (1.0 + 1e-12)
    low = float(np.einsum("ij,ij->", Z, values - proof.residual)) * 2.0 - high
    task = pooled_task(problem, solved, options.delta)
    loss = float(np.square(outputs - solved.labels.Y).sum(axis=1).mean()) if task is None else None
    if task is not None:
        loss = task.loss(solved, outputs, error)
    bound = None
    if task is not None and loss is not None and not inapplicable(problem):
        bound = loss + float(task.family.beyond_loss(math.sqrt(high)))
    norm = Interval(lower=math.sqrt(max(min(low, high), 0.0)), upper=math.sqrt(high), status="certified")
    return Ridge(
        rho=rho,
        train_error=train_error(solved, outputs),
        train_loss=loss,
        norm=norm,
        bound=bound,
        test=test_part(problem, Z),
    )


def train_error(solved: Solved, outputs: Matrix) -> float | None:
    """Portion of the examples misclassified; None for real targets."""
    indices = solved.labels.indices
    if indices is None:
        return None
    if outputs.shape[1] == 1:
        return float((solved.labels.Y[:, 0] * outputs[:, 0] <= 0.0).mean())
    return float((outputs.argmax(axis=1) != indices).mean())

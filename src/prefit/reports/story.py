"""The plain sentences around the numbers of a forecast: the labels' names, the step, the ridge, what ran."""

from __future__ import annotations

from collections.abc import Mapping

from prefit.documents import Forecast
from prefit.documents.model import Solver
from prefit.documents.numbers import at_least, at_most, interval, mebibytes, number, percent, seconds
from prefit.reports import dataset

_MOST_VERSIONS = 6


def label_names(doc: Forecast) -> dict[str, str]:
    """What the three kinds of labels are called in tables and legends."""
    true = {"true": "true labels", "random": "these labels (random)", "worst": "these labels (worst case)"}
    name = true[doc.data.labels]
    if doc.data.label_noise > 0 and doc.data.labels == "true":
        name = f"labels, {percent(doc.data.label_noise)} noise"
    return {"true": name, "random": "random labels", "worst": "worst-case labels"}


def what_the_data_are(doc: Forecast) -> str:
    of = "" if doc.growth is None or doc.growth.solved == doc.growth.n else f" (a random subset of {doc.growth.n:,})"
    return dataset.what_the_data_are(doc.data, of)


def step_size(doc: Forecast) -> str:
    """The step, where it stops being stable, and its twin on the mean loss."""
    stable = doc.convergence.steps_stable_below
    return (
        f"Step size η = {number(doc.step_size)} on the loss ½‖y − u‖²; stable below "
        f"2/λ_max = {number(stable)}. On the mean loss the same step is {number(doc.convergence.step_size_mean_loss)}."
    )


def smallest_eigenvalue(doc: Forecast) -> str:
    """Floor and estimate of λ_min, or its value."""
    smallest = doc.spectrum.lambda_min
    if is_exact(doc):
        return number(smallest.estimate)
    if smallest.lower <= 0:
        return f"at most {number(smallest.estimate)}"
    return f"{at_least(smallest.lower)} to {number(smallest.estimate)}"


def is_exact(doc: Forecast) -> bool:
    """Whether the whole spectrum was computed."""
    return bool(doc.spectrum.index)


def ridge(doc: Forecast) -> str | None:
    """The ridge fit in a sentence."""
    fit = doc.ridge
    if fit is None:
        return None
    parts = [f"mean training loss in [0, 1] {at_most(fit.train_loss)}"]
    if fit.train_error is not None:
        parts.append(f"training error {percent(fit.train_error)}")
    parts.append(f"norm {interval(fit.norm)}")
    if fit.bound is not None:
        parts.append(f"bound {at_most(fit.bound)}")
    if fit.test is not None:
        error = fit.test.error
        parts.append(f"test ℓ1 {number(fit.test.l1)}" if error is None else f"test error {percent(error)}")
    return f"Ridge fit with ρ = {number(fit.rho)}: {', '.join(parts)}."


def cost(doc: Forecast) -> str:
    spent, ran = doc.cost, doc.ran
    return (
        f"{seconds(spent.seconds)}, {spent.products:,} products with the Gram matrix, "
        f"{mebibytes(spent.peak_bytes)} at peak; solved by {_solver(ran.solver)}; "
        f"{ran.device}, {ran.operator} operator, {ran.precision}, "
        f"{ran.threads} {'thread' if ran.threads == 1 else 'threads'}, seed {ran.seed}."
    )


def _solver(solver: Solver) -> str:
    """What found the solutions, with its steps."""
    if solver.way == "eigendecomposition":
        return solver.way
    lanczos = f"{solver.lanczos_steps:,} steps of Lanczos"
    gradients = f"{solver.cg_steps:,} of conjugate gradients with a preconditioner of {solver.rank:,} columns"
    told = {"Lanczos": lanczos, "conjugate gradients": gradients.replace(" of", " steps of", 1)}
    return told.get(solver.way, f"{lanczos}, then {gradients}")


def versions(named: Mapping[str, str]) -> str:
    """The packages that computed, the first of them."""
    return ", ".join(f"{name} {version}" for name, version in list(named.items())[:_MOST_VERSIONS])

"""`prefit plan`: width, samples, steps that the statements ask for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from prefit.api import Plan, lasting_plan
from prefit.cli.entry import app
from prefit.cli.options import (
    Bias,
    Checkpoint,
    Classes,
    Debug,
    Delta,
    Figures,
    Json,
    LabelNoise,
    Limit,
    Memory,
    PerClass,
    Prepare,
    Quiet,
    Real,
    Resume,
    Seed,
    Target,
    Task,
    Text,
    Threads,
    Whole,
    as_typed,
)
from prefit.cli.running import Job, run_job
from prefit.data import LabelledData, load
from prefit.data.options import OPTION_NAMES
from prefit.jobs import PlanOptions
from prefit.jobs.lasting import Lasting
from prefit.jobs.progress import Show
from prefit.reports.planning.text import plan_text


class DetailedPlan(Plan):
    """A plan that prints every statement as it stands."""

    def __str__(self) -> str:
        return plan_text(self, details=True)


@app.command()
def plan(
    context: typer.Context,
    source: Annotated[
        Text,
        typer.Argument(help="What constants are measured on, as for forecast; none: those that are given are all."),
    ] = None,
    epsilon: Annotated[float, typer.Option(help="ε, the target error.")] = 0.1,
    delta: Delta = 0.05,
    depth: Annotated[int, typer.Option(help="L, hidden layers.")] = 1,
    init_scale: Annotated[
        Real, typer.Option(help="κ of a two-layer net's start; default the largest that a statement allows.")
    ] = None,
    margin: Annotated[Real, typer.Option(help="γ of Assumptions 3.3 and 3.4 of Cao & Gu (2020).")] = None,
    gradient_bound: Annotated[Real, typer.Option(help="B of their gradient lower bound (3.1).")] = None,
    lambda_min: Annotated[Real, typer.Option(help="λ0: lower end of λ_min of the kernel's matrix.")] = None,
    samples: Annotated[Whole, typer.Option(help="n, examples.")] = None,
    quadratic_form: Annotated[Real, typer.Option(help="M ≥ yᵀK⁻¹y, known before the sample.")] = None,
    radius: Annotated[Real, typer.Option(help="τ√m: how far every layer goes from its start, times √m.")] = None,
    step_size: Annotated[str, typer.Option(help="η of the explicit steps, or auto: 1/λ_max.")] = "auto",
    target: Target = None,
    task: Task = "auto",
    classes: Classes = None,
    limit: Limit = None,
    per_class: PerClass = None,
    prepare: Prepare = "auto",
    bias: Bias = False,
    label_noise: LabelNoise = 0.0,
    labels: Annotated[str, typer.Option(help="What it is about: true or random.")] = "true",
    figures: Figures = None,
    memory: Memory = None,
    threads: Threads = None,
    seed: Seed = 0,
    checkpoint: Checkpoint = 60.0,
    resume: Resume = None,
    details: Annotated[
        bool, typer.Option("--details", metavar="", help="Print each statement with all it asks for, as on the page.")
    ] = False,
    out: Annotated[Text, typer.Option(help="Folder of the results; default prefit-plan-NAME here.")] = None,
    json: Json = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """What the theory asks of width, samples and steps: orders of the papers beside what suffices."""
    context.params.pop("details")  # of the screen alone: no run differs by it
    run = _detailed if details else lasting_plan
    run_job(Job(PlanOptions, _read, _name, run), {**as_typed(context), "device": "auto"})


def _detailed(
    data: LabelledData | None, options: PlanOptions, lasting: Lasting, formats: Sequence[str], show: Show
) -> tuple[Plan, Path]:
    result, page = lasting_plan(data, options, lasting, formats, show)
    return DetailedPlan.of(result), page


def _read(asked: dict[str, Any]) -> LabelledData | None:
    if asked["source"] is None:
        return None
    return load(asked["source"], **{name: asked[name] for name in ("target", *OPTION_NAMES) if name in asked})


def _name(data: LabelledData | None) -> str:
    return "constants" if data is None else data.name

"""`prefit forecast`: before training."""

from __future__ import annotations

from typing import Annotated

import typer

from prefit.api import lasting_comparison, lasting_forecast
from prefit.cli.entry import app
from prefit.cli.options import (
    Bias,
    Checkpoint,
    Classes,
    Debug,
    Delta,
    Device,
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
    Source,
    Target,
    Task,
    Test,
    TestLimit,
    TestPerClass,
    Text,
    Threads,
    as_typed,
)
from prefit.cli.running import on_data, run_job
from prefit.jobs import ComparisonOptions, ForecastOptions
from prefit.jobs.options import are_several


@app.command()
def forecast(
    context: typer.Context,
    source: Source = "digits",
    target: Target = None,
    test: Test = None,
    task: Task = "auto",
    classes: Classes = None,
    limit: Limit = None,
    per_class: PerClass = None,
    test_limit: TestLimit = None,
    test_per_class: TestPerClass = None,
    prepare: Prepare = "auto",
    bias: Bias = False,
    no_normalize: Annotated[
        bool, typer.Option("--no-normalize", metavar="", help="Keep lengths: homogeneous kernel.")
    ] = False,
    label_noise: LabelNoise = 0.0,
    labels: Annotated[str, typer.Option(help="What the run is about: true, random or worst.")] = "true",
    kernel: Annotated[
        str,
        typer.Option(help="two-layer, ntk:L, standard-ntk:L or conjugate:L; ntk:1..5, or a list, compares several."),
    ] = "two-layer",
    step_size: Annotated[str, typer.Option(help="Step size η, or auto: 1/λ_max.")] = "auto",
    delta: Delta = 0.05,
    draws: Annotated[int, typer.Option(help="Random labellings as the baseline; 0 for none.")] = 8,
    worst: Annotated[bool, typer.Option("--worst", metavar="", help="Worst-case labels beside them.")] = False,
    tolerance: Annotated[float, typer.Option(help="Relative gap of the certified interval.")] = 1e-3,
    exact: Annotated[bool, typer.Option("--exact", metavar="", help="Eigendecomposition at any size.")] = False,
    only: Annotated[Text, typer.Option(help="complexity: the quadratic form alone, without curves; faster.")] = None,
    subsample: Annotated[
        bool, typer.Option("--subsample", metavar="", help="Nested subsets n/16 to n, and one octave more, estimated.")
    ] = False,
    lambda_0: Annotated[
        Real, typer.Option(help="λ0 of the distribution, known before the sample: the paper's constants too.")
    ] = None,
    ridge: Annotated[Real, typer.Option(help="ρ: the ridge fit beside the interpolant.")] = None,
    resolve_spectrum: Annotated[
        bool, typer.Option("--resolve-spectrum", metavar="", help="Both ends of the spectrum to 1%.")
    ] = False,
    margin: Annotated[
        bool,
        typer.Option(
            "--margin",
            metavar="",
            help="Two classes, one kernel: hard margins of many examples too, γ of Cao & Gu.",
        ),
    ] = False,
    figures: Figures = None,
    memory: Memory = None,
    device: Device = "auto",
    threads: Threads = None,
    seed: Seed = 0,
    checkpoint: Checkpoint = 60.0,
    resume: Resume = None,
    out: Annotated[Text, typer.Option(help="Folder of the results; default prefit-forecast-NAME here.")] = None,
    json: Json = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Before training: can these labels be learned, how fast, and with what error."""
    asked = as_typed(context)
    if are_several(asked["kernel"]):
        run_job(on_data(ComparisonOptions, lasting_comparison), asked)
    else:
        run_job(on_data(ForecastOptions, lasting_forecast), asked)

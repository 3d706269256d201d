"""`prefit train`: a finite network beside its prediction."""

from __future__ import annotations

from typing import Annotated

import typer

from prefit.api import lasting_run
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
    Whole,
    as_typed,
)
from prefit.cli.running import on_data, run_job
from prefit.jobs import TrainOptions


@app.command()
def train(
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
        bool, typer.Option("--no-normalize", metavar="", help="Keep lengths: most statements do not apply.")
    ] = False,
    label_noise: LabelNoise = 0.0,
    labels: Annotated[str, typer.Option(help="What is trained on: true or random.")] = "true",
    network: Annotated[
        str, typer.Option(help="two-layer (Arora et al. 2019), or deep (Cao & Gu 2020; needs the extra torch).")
    ] = "two-layer",
    width: Annotated[Whole, typer.Option(help="Units m of each hidden layer; default 4096, deep 1024.")] = None,
    depth: Annotated[Whole, typer.Option(help="Hidden layers L, all trained; default 1, deep 2.")] = None,
    init_scale: Annotated[
        float, typer.Option(help="κ: standard deviation of a two-layer net's weights at the start.")
    ] = 1.0,
    antisymmetric: Annotated[
        bool, typer.Option("--antisymmetric", metavar="", help="Every neuron twice, so that the output starts at 0.")
    ] = False,
    steps: Annotated[Whole, typer.Option(help="Updates at most; default 1000.")] = None,
    loss: Annotated[
        Text, typer.Option(help="quadratic (a sum; default), logistic (deep: default), hinge, square or cross-entropy.")
    ] = None,
    step_size: Annotated[str, typer.Option(help="Step size η, or auto: half of what is unstable.")] = "auto",
    batch: Annotated[Whole, typer.Option(help="Examples an update, drawn anew each epoch; default all.")] = None,
    one_pass: Annotated[
        bool, typer.Option("--one-pass", metavar="", help="Use every example once, then stop.")
    ] = False,
    until_loss: Annotated[Real, typer.Option(help="Stop once the training loss is this or less.")] = None,
    time_limit: Annotated[Real, typer.Option(metavar="SECONDS", help="Stop after so many seconds of training.")] = None,
    patience: Annotated[
        Whole, typer.Option(metavar="STEPS", help="Stop so many steps after the least surrogate error.")
    ] = None,
    grid: Annotated[Text, typer.Option(help='Steps to record, "0,10,100"; default ten a decade or more.')] = None,
    keep_weights: Annotated[str, typer.Option(help="Steps whose weights are kept, beside first and last.")] = "",
    kernel_eigenvalues: Annotated[
        bool, typer.Option("--kernel-eigenvalues", metavar="", help="Both ends of the net's own kernel on the way.")
    ] = False,
    precision: Annotated[str, typer.Option(help="float32 or float64: of the matrix products.")] = "float32",
    force: Annotated[bool, typer.Option("--force", metavar="", help="Run at an unstable step size.")] = False,
    delta: Delta = 0.05,
    figures: Figures = None,
    memory: Memory = None,
    device: Device = "auto",
    threads: Threads = None,
    seed: Seed = 0,
    checkpoint: Checkpoint = 60.0,
    resume: Resume = None,
    out: Annotated[Text, typer.Option(help="The run folder; default prefit-train-NAME here.")] = None,
    json: Json = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Train a finite network by gradient descent and hold the theory against it."""
    run_job(on_data(TrainOptions, lasting_run), as_typed(context))

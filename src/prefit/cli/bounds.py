"""`prefit bounds`: every generalization bound of a trained run."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from prefit.api import lasting_bounds
from prefit.cli.entry import app
from prefit.cli.options import (
    Checkpoint,
    Debug,
    Delta,
    Device,
    Figures,
    Json,
    Memory,
    Quiet,
    Real,
    Resume,
    Seed,
    Text,
    Threads,
    Whole,
    as_typed,
)
from prefit.cli.running import Job, run_job
from prefit.errors import InputError
from prefit.jobs import BoundsOptions
from prefit.jobs.run_folder import read_run_folder
from prefit.jobs.trained import Trained
from prefit.theory.bounds import ROWS


@app.command(epilog=f"The bounds, by their papers: {', '.join(name for name, _ in ROWS)}.")
def bounds(
    context: typer.Context,
    run: Annotated[Text, typer.Argument(metavar="RUN", help="Folder of a finished prefit train.")] = None,
    data: Annotated[
        Text, typer.Option(metavar="SOURCE", help="Where the run's data are now; default where they were.")
    ] = None,
    step: Annotated[Whole, typer.Option(help="Bound the weights of this step, one that is kept; default last.")] = None,
    only: Annotated[Text, typer.Option(metavar="NAMES", help='Bounds to compute, "golowich2018,wei2019".')] = None,
    skip: Annotated[Text, typer.Option(metavar="NAMES", help="Bounds to leave out.")] = None,
    together: Annotated[
        bool, typer.Option("--together", metavar="", help="All bounds at once: each at δ over their number.")
    ] = False,
    delta: Delta = 0.05,
    pac_steps: Annotated[
        Whole,
        typer.Option(help="Steps of dziugaite2017's optimization; default 1,000, fewer beyond 4 million weights."),
    ] = None,
    lambda_0: Annotated[
        Real, typer.Option(help="λ0 of the distribution, known before the sample: Arora et al.'s constants.")
    ] = None,
    figures: Figures = None,
    memory: Memory = None,
    device: Device = "auto",
    threads: Threads = None,
    seed: Seed = 0,
    checkpoint: Checkpoint = 60.0,
    resume: Resume = None,
    out: Annotated[Text, typer.Option(help="Folder of the results; default prefit-bounds-NAME here.")] = None,
    json: Json = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """After training: every generalization bound of the trained network, side by side."""
    run_job(Job(BoundsOptions, _read, lambda trained: trained.data.name, lasting_bounds), as_typed(context))


def _read(asked: dict[str, Any]) -> Trained:
    """The network of the run folder, with the data that it was trained on."""
    if asked["run"] is None:
        alone = ""
        if asked["resume"]:
            alone = (
                f", or prefit bounds --resume {quote(asked['resume'])} and nothing more to go on with the options that "
                "it had"
            )
        raise InputError(f"prefit bounds needs the folder of a training run. Type prefit bounds RUN, its --out{alone}.")
    folder = read_run_folder(Path(asked["run"]))
    return folder.trained(folder.data(asked["data"]), asked["step"])

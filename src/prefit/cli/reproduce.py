"""`prefit reproduce`: a figure of a paper, or a validation study."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from prefit.cli.entry import Interrupted, app, tell
from prefit.cli.options import Debug, Device, Quiet, Seed, Text, Threads, Whole, check_targets, file_name
from prefit.cli.progress import shown_progress


@app.command()
def reproduce(
    context: typer.Context,
    name: Annotated[Text, typer.Argument(help="Study; without one they are listed.")] = None,
    data: Annotated[
        Text, typer.Option(metavar="DIR", help="Folder that holds mnist/ and cifar10/; default PREFIT_DATA.")
    ] = None,
    only: Annotated[
        Text, typer.Option(help="A public data set: mnist or cifar10; bounds-vs-…: default digits.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", metavar="", help="Finite nets at the paper's own size: for a GPU, or patience.")
    ] = False,
    n: Annotated[
        Whole, typer.Option("--n", help="Training examples of the finite nets; bounds-vs-samples: the most.")
    ] = None,
    width: Annotated[Whole, typer.Option(help="Their neurons; of the studies of the width the most.")] = None,
    steps: Annotated[Whole, typer.Option(help="Most steps of gradient descent.")] = None,
    seeds: Annotated[Whole, typer.Option(help="Finite nets of each kind.")] = None,
    kernel_n: Annotated[Whole, typer.Option(help="Examples of the infinitely wide nets; default 10,000.")] = None,
    pac_bayes: Annotated[
        bool,
        typer.Option("--pac-bayes", metavar="", help="Of the bounds those by an optimized posterior: minutes a net."),
    ] = False,
    device: Device = "auto",
    threads: Threads = None,
    seed: Seed = 0,
    out: Annotated[
        Text, typer.Option(help="Folder of the results; default prefit-reproduce-NAME here. What it holds is kept.")
    ] = None,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Reproduce a figure of a paper, or a validation study; finished parts are not computed twice."""
    from prefit.experiments import STUDIES

    if name is None:
        for study in STUDIES.values():
            print(f"{study.name:20}{study.title}")
    else:
        _reproduce(name, context.params)


def _reproduce(name: str, asked: dict[str, Any]) -> None:
    from prefit.experiments import StudyOptions
    from prefit.experiments.registry import reproduce, study_named
    from prefit.experiments.writing import study_text

    study = study_named(name)
    options = StudyOptions(**{key: asked[key] for key in StudyOptions.__dataclass_fields__})
    check_targets(asked["out"], None)
    out, quiet = Path(asked["out"] or f"prefit-reproduce-{file_name(name)}"), asked["quiet"]
    with shown_progress(quiet) as show, _told_how_to_go_on():
        found, page = reproduce(name, out, options, show, tell)
    if not quiet:
        print(study_text(study, found))
        print(f"Page: {page}")


@contextmanager
def _told_how_to_go_on() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted("the finished parts are kept; go on with the same command.") from None

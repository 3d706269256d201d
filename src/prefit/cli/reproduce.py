"""`prefit reproduce`: a figure of a paper, or a validation study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from prefit.cli.entry import Interrupted, app, tell
from prefit.cli.options import Debug, Device, Quiet, Seed, Text, Threads, Whole, check_targets, file_name
from prefit.cli.progress import shown_progress


class _Studies(TyperCommand):
    """Below --help stand the options of the study that is named, or of each."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[__name__] = list(args)  # --help comes before the name is known
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        super().format_help(ctx, formatter)
        print(_told_studies(ctx.meta[__name__]))


def _told_studies(words: Sequence[str]) -> str:
    """The studies among the words, or all of them, with the options that they take."""
    from prefit.experiments import STUDIES
    from prefit.experiments.writing import study_usage

    named = [STUDIES[word] for word in words if word in STUDIES]
    return "\n\n".join(study_usage(study) for study in named or STUDIES.values())


@app.command(cls=_Studies)
def reproduce(
    context: typer.Context,
    name: Annotated[Text, typer.Argument(help="Study; without one they are listed, with their defaults.")] = None,
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
        bool | None,
        typer.Option(
            "--pac-bayes/--no-pac-bayes",
            metavar="",
            help="The bound by an optimized posterior, 10 to 20 s a net; default where torch is installed.",
        ),
    ] = None,
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
    if name is None:
        print(_told_studies(()))
        print("\nAll take --threads, --seed and --out. Carry one out: prefit reproduce NAME")
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

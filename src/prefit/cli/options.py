"""Options that several commands have: how they are written, and what they mean together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from prefit.cli.entry import tell
from prefit.errors import InputError
from prefit.jobs.identity import check_same_job
from prefit.jobs.lasting import Lasting
from prefit.jobs.run_options import JobOptions

Text = str | None
Whole = int | None
Real = float | None

Source = Annotated[
    str,
    typer.Argument(
        help="digits, idx:DIR, cifar10:PATH, libsvm:PATH, or a .npz, .npy, .csv, .tsv, .parquet or .svm file."
    ),
]
Target = Annotated[Text, typer.Option(help="Label column of a table, or label file of a .npy file.")]
Test = Annotated[Text, typer.Option(help="SOURCE of a test split.")]
Task = Annotated[str, typer.Option(help="auto, classes or regression.")]
Classes = Annotated[Text, typer.Option(help='Two or more classes, "A,B"; groups joined by +: "0+2+4,1+3+5".')]
Limit = Annotated[Whole, typer.Option(help="Exactly so many examples, each class in proportion.")]
PerClass = Annotated[Whole, typer.Option(help="The first so many of each class.")]
TestLimit = Annotated[Whole, typer.Option(help="As --limit, of the test split.")]
TestPerClass = Annotated[Whole, typer.Option(help="As --per-class, of the test split.")]
Prepare = Annotated[str, typer.Option(help="auto (tables are one-hot coded, standardized), none, standard.")]
Bias = Annotated[bool, typer.Option("--bias", metavar="", help="Append a constant 1 as the first feature.")]
LabelNoise = Annotated[float, typer.Option(help="Portion of the labels redrawn uniformly.")]
Delta = Annotated[float, typer.Option(help="Failure probability of the bounds.")]
Figures = Annotated[Text, typer.Option(help="The figures as files too: svg,pdf,png.")]
Memory = Annotated[Text, typer.Option(help="Memory to use at most, as 8GiB; default 70% of what is free.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Threads = Annotated[Whole, typer.Option(help="Threads; default all cores.")]
Seed = Annotated[int, typer.Option(help="Seed of everything drawn.")]
Checkpoint = Annotated[float, typer.Option(metavar="SECONDS", help="Save the state of a long run so often.")]
Resume = Annotated[
    Text, typer.Option(metavar="[DIR]", help="Go on from the state saved in DIR, the --out of that run.")
]
Json = Annotated[Text, typer.Option(help="A second copy of the result; - is standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", metavar="", help="Print nothing but errors.")]
Debug = Annotated[bool, typer.Option("--debug", metavar="", help="Show tracebacks.")]

ASIDE = ("out", "json", "figures", "quiet", "debug", "checkpoint", "resume")  # options without influence on digits
STORED_ASIDE = ("json", "figures")  # of these, what a resumed folder's own command gives
Options = TypeVar("Options", bound=JobOptions)


def as_typed(context: typer.Context) -> dict[str, Any]:
    """The options as typed; --out is the folder of --resume, whose own command counts where the rest is not typed."""
    asked = dict(context.params)
    folder = asked["resume"]
    if not folder:
        return asked
    if Path(folder).exists() and not Path(folder).is_dir():
        raise InputError(
            f"--resume must name the folder of the results of a run, but {folder} is a file. "
            "Name its --out, or write --resume as the last word to go on in the folder of --out."
        )
    if asked["out"] is not None and Path(asked["out"]).resolve() != Path(folder).resolve():
        raise InputError(
            f"--resume goes on in the folder of that run's results, {folder}, and --out names another one, "
            f"{asked['out']}. Leave --out out, or name the same folder."
        )
    asked["out"] = folder
    typed = {name for name in asked if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"}
    return asked if typed - set(ASIDE) else asked | _stored_command(Path(folder), typed, str(context.info_name))


def _stored_command(folder: Path, typed: set[str], name: str) -> dict[str, Any]:
    """The options of the run that was saved there, but for those that are typed."""
    from prefit.storage import FolderKeeper

    found = FolderKeeper(folder).found()
    if found is None or found.command is None:
        if found is not None:
            what, then = "the run was one of the library", "Go on in Python, with resume=True"
        else:
            what = "nothing was saved there, as by a run that ends in its first seconds"
            first = "RUN" if name == "bounds" else "SOURCE"
            then = f"Type its whole command, prefit {name} {first} … --out {folder}, to start from the beginning"
        raise InputError(f"--resume {folder} alone cannot tell which run to go on with: {what}. {then}.")
    check_same_job(found.run, name)
    return {name: value for name, value in found.command.items() if name not in typed}


def options_of(kind: type[Options], asked: Mapping[str, Any]) -> Options:
    """The options of a job, which the command has by the same names."""
    values = {one.name: asked[one.name] for one in fields(kind) if one.name != "normalize"}
    if "no_normalize" in asked:
        values["normalize"] = not asked["no_normalize"]
    return kind(**values)


def lasting_of(asked: Mapping[str, Any], out: Path) -> Lasting:
    """How the run is kept; its command is everything typed that another folder or screen would not change."""
    command = {name: asked[name] for name in asked if name not in ASIDE or name in STORED_ASIDE}
    return Lasting(
        out=out,
        resume=asked["resume"] is not None,
        checkpoint=asked["checkpoint"],
        command=command,
        beside={f"--{name}": asked[name] for name in ("target", "test") if name in asked},
        tell=tell if not asked["quiet"] else lambda sentence: None,
        warn=tell,
    )


def formats_of(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    from prefit.reports.writing import FORMATS

    formats = tuple(part.strip().lower() for part in text.split(","))
    for part in formats:
        if part not in FORMATS:
            raise InputError(f"--figures takes svg, pdf and png, joined by commas, got {part!r}.")
    return formats


def check_targets(out: str | None, json: str | None) -> None:
    """Refuse before the work what could not be written after it."""
    if out is not None and Path(out).exists() and not Path(out).is_dir():
        raise InputError(f"--out must be a folder, but {out} is a file. Name another folder.")
    if json not in (None, "-"):
        path = Path(str(json))
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise InputError(f"--json must be a file in a folder that exists, or -, got {json}. Name another file.")


def file_name(name: str) -> str:
    """The data's short name, made fit for a folder."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:60] or "data"

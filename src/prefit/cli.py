"""The command line: parse, call one job, print and write its result."""

from __future__ import annotations

import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from prefit.errors import InputError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Know what gradient descent will do with your data before you train.",
)
INTERRUPTED = 130


def main() -> None:
    """Entry point of `prefit`: errors of the user end with a paragraph and exit code 2, failed runs with 1."""
    debug = "--debug" in sys.argv[1:]
    try:
        # Typer may catch the interrupt itself and return its customary code.
        if app(args=normalized(sys.argv[1:]), standalone_mode=False) == INTERRUPTED:
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        _say("Interrupted: no file was left half-written.")
        sys.exit(1)
    except Exception as error:
        if debug:
            traceback.print_exc()
        sys.exit(_explain(error))


def normalized(words: list[str]) -> list[str]:
    """The words with a value after each --resume: none is the same as an empty one, the folder of --out.

    >>> normalized(["forecast", "--resume", "--quiet", "--resume", "DIR", "--resume"])
    ['forecast', '--resume=', '--quiet', '--resume', 'DIR', '--resume=']
    """
    return [
        "--resume=" if word == "--resume" and after.startswith("-") else word
        for word, after in zip(words, [*words[1:], "--"], strict=False)
    ]


class Interrupted(Exception):
    """Ctrl-C in a run that keeps its state: how to go on."""


def _explain(error: Exception) -> int:
    """Say what went wrong in one paragraph; returns the exit code."""
    if isinstance(error, Interrupted):
        _say(f"Interrupted: {error}")
        return 1
    notes = " ".join(getattr(error, "__notes__", ()))
    if isinstance(error, InputError):
        _say(f"prefit: {error} {notes}")
        return 2
    if isinstance(error, typer.Exit):
        return int(error.exit_code)
    if isinstance(error, typer.Abort):
        _say("Interrupted: no file was left half-written.")
        return 1
    # Usage errors come from the parser under Typer, which some versions of Typer bundle and some import.
    if hasattr(error, "format_message"):
        _say(f"prefit: {error.format_message().rstrip('.')}. See prefit --help.")
        return 2
    if isinstance(error, MemoryError):
        _say(
            f"prefit: the machine ran out of memory. Take fewer examples with --limit, or close other programs. {notes}"
        )
        return 1
    _say(f"prefit: the run failed: {type(error).__name__}: {error}. Run again with --debug for the traceback. {notes}")
    return 1


def _say(text: str) -> None:
    print(" ".join(text.split()), file=sys.stderr)


def _tell(text: str) -> None:
    """A sentence while the run goes on, in lines of a screen."""
    print(textwrap.fill(text, 80, break_long_words=False, break_on_hyphens=False), file=sys.stderr)


def _version(asked: bool) -> None:
    if asked:
        from prefit import __version__

        print(f"prefit {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    pass


# prefit forecast ------------------------------------------------------------------------------------------------------

Text = str | None
Whole = int | None


@app.command()
def forecast(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            help="digits, idx:DIR, cifar10:PATH, libsvm:PATH, or a .npz, .npy, .csv, .tsv, .parquet or .svm file."
        ),
    ] = "digits",
    target: Annotated[Text, typer.Option(help="Label column of a table, or label file of a .npy file.")] = None,
    test: Annotated[Text, typer.Option(help="SOURCE of a test split.")] = None,
    task: Annotated[str, typer.Option(help="auto, classes or regression.")] = "auto",
    classes: Annotated[
        Text, typer.Option(help='Two or more classes, "A,B"; groups joined by +: "0+2+4,1+3+5".')
    ] = None,
    limit: Annotated[Whole, typer.Option(help="Exactly so many examples, each class in proportion.")] = None,
    per_class: Annotated[Whole, typer.Option(help="The first so many of each class.")] = None,
    test_limit: Annotated[Whole, typer.Option(help="As --limit, of the test split.")] = None,
    test_per_class: Annotated[Whole, typer.Option(help="As --per-class, of the test split.")] = None,
    prepare: Annotated[
        str, typer.Option(help="auto (tables are one-hot coded, standardized), none, standard.")
    ] = "auto",
    bias: Annotated[bool, typer.Option("--bias", metavar="", help="Append a constant 1 as the first feature.")] = False,
    no_normalize: Annotated[
        bool, typer.Option("--no-normalize", metavar="", help="Keep lengths: homogeneous kernel.")
    ] = False,
    label_noise: Annotated[float, typer.Option(help="Portion of the labels redrawn uniformly.")] = 0.0,
    labels: Annotated[str, typer.Option(help="What the run is about: true, random or worst.")] = "true",
    kernel: Annotated[str, typer.Option(help="two-layer, ntk:L, standard-ntk:L or conjugate:L.")] = "two-layer",
    step_size: Annotated[str, typer.Option(help="Step size η, or auto: 1/λ_max.")] = "auto",
    delta: Annotated[float, typer.Option(help="Failure probability of the bounds.")] = 0.05,
    draws: Annotated[int, typer.Option(help="Random labellings as the baseline; 0 for none.")] = 8,
    worst: Annotated[bool, typer.Option("--worst", metavar="", help="Worst-case labels beside them.")] = False,
    tolerance: Annotated[float, typer.Option(help="Relative gap of the certified interval.")] = 1e-3,
    exact: Annotated[bool, typer.Option("--exact", metavar="", help="Eigendecomposition at any size.")] = False,
    only: Annotated[Text, typer.Option(help="complexity: the quadratic form alone, without curves; faster.")] = None,
    subsample: Annotated[
        bool, typer.Option("--subsample", metavar="", help="Nested subsets n/16 to n, and one octave more, estimated.")
    ] = False,
    lambda_0: Annotated[
        float | None, typer.Option(help="λ0 of the distribution, known before the sample: the paper's constants too.")
    ] = None,
    ridge: Annotated[float | None, typer.Option(help="ρ: the ridge fit beside the interpolant.")] = None,
    resolve_spectrum: Annotated[
        bool, typer.Option("--resolve-spectrum", metavar="", help="Both ends of the spectrum to 1%.")
    ] = False,
    figures: Annotated[Text, typer.Option(help="The figures as files too: svg,pdf,png.")] = None,
    memory: Annotated[Text, typer.Option(help="Memory to use at most, as 8GiB; default 70% of what is free.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[Whole, typer.Option(help="Threads; default all cores.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything drawn.")] = 0,
    checkpoint: Annotated[float, typer.Option(metavar="SECONDS", help="Save the state of a long run so often.")] = 60.0,
    resume: Annotated[
        Text, typer.Option(metavar="[DIR]", help="Go on from the state saved in DIR, the --out of that run.")
    ] = None,
    out: Annotated[Text, typer.Option(help="Folder of the results; default prefit-forecast-NAME here.")] = None,
    json: Annotated[Text, typer.Option(help="A second copy of the result; - is standard output.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", metavar="", help="Print nothing but errors.")] = False,
    debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show tracebacks.")] = False,
) -> None:
    """Before training: can these labels be learned, how fast, and with what error."""
    _forecast(_asked(context))


def _forecast(asked: dict[str, Any]) -> None:
    """Read the data, run or go on, write and print; `asked` holds the options by their names in Python."""
    from prefit.api import lasting_forecast
    from prefit.data import load
    from prefit.data.options import OPTION_NAMES
    from prefit.jobs.options import size_in_bytes

    if isinstance(asked["memory"], str):
        asked = {**asked, "memory": size_in_bytes(asked["memory"])}
    formats, options, quiet = _formats(asked["figures"]), _options(asked), asked["quiet"]
    _check_targets(asked["out"], asked["json"])
    lasting = _lasting(asked, Path(asked["out"] or "."))
    with _progress(quiet) as show:
        show("reading", 0.0)
        data = load(asked["source"], **{name: asked[name] for name in ("target", "test", *OPTION_NAMES)})
        show("reading", 1.0)
        if asked["out"] is None:
            lasting = replace(lasting, out=Path(f"prefit-forecast-{_file_name(data.name)}"))
        with _told_how_to_go_on(lasting.out):
            result, page = lasting_forecast(data, options, lasting, formats, show)
    _deliver(result, asked["json"], page, quiet)


@app.command()
def report(
    file: Annotated[str, typer.Argument(help="A result file, as forecast.json.")],
    out: Annotated[Text, typer.Option(help="Folder of the page; default the file's own.")] = None,
    figures: Annotated[Text, typer.Option(help="The figures as files too: svg,pdf,png.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", metavar="", help="Print nothing but errors.")] = False,
    debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show tracebacks.")] = False,
) -> None:
    """Draw the page of a result file again."""
    from prefit.reports.writing import write_forecast

    result = _read_result(Path(file))
    folder = Path(out) if out is not None else Path(file).resolve().parent
    _check_targets(str(folder), None)
    page = write_forecast(result, folder, _formats(figures))
    _deliver(result, None, page, quiet)


# Options --------------------------------------------------------------------------------------------------------------

ASIDE = ("out", "json", "figures", "quiet", "debug", "checkpoint", "resume")  # options without influence on digits
STORED_ASIDE = ("json", "figures")  # of these, what a resumed folder's own command gives


def _asked(context: typer.Context) -> dict[str, Any]:
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
    return asked if typed - set(ASIDE) else asked | _stored_command(Path(folder), typed)


def _stored_command(folder: Path, typed: set[str]) -> dict[str, Any]:
    """The options of the run that was saved there, but for those that are typed."""
    from prefit.storage import FolderKeeper

    found = FolderKeeper(folder).found()
    if found is None or found.command is None:
        if found is not None:
            what, then = "the run was one of the library", "Go on in Python, with resume=True"
        else:
            what = "nothing was saved there, as by a run that ends in its first seconds"
            then = f"Type its whole command, prefit forecast SOURCE … --out {folder}, to start from the beginning"
        raise InputError(f"--resume {folder} alone cannot tell which run to go on with: {what}. {then}.")
    return {name: value for name, value in found.command.items() if name not in typed}


def _options(asked: dict[str, Any]) -> Any:
    from prefit.jobs import ForecastOptions

    names = [name for name in ForecastOptions.__dataclass_fields__ if name != "normalize"]
    return ForecastOptions(normalize=not asked["no_normalize"], **{name: asked[name] for name in names})


def _lasting(asked: dict[str, Any], out: Path) -> Any:
    """How the run is kept; its command is everything typed that another folder or screen would not change."""
    from prefit.jobs.lasting import Lasting

    command = {name: asked[name] for name in asked if name not in ASIDE or name in STORED_ASIDE}
    return Lasting(
        out=out,
        resume=asked["resume"] is not None,
        checkpoint=asked["checkpoint"],
        command=command,
        beside={"--target": asked["target"], "--test": asked["test"]},
        tell=_tell if not asked["quiet"] else lambda sentence: None,
        warn=_tell,
    )


@contextmanager
def _told_how_to_go_on(out: Path) -> Iterator[None]:
    """A run that ends early, its state saved, says how to continue it."""
    from prefit.storage import resumable

    try:
        yield
    except KeyboardInterrupt:
        if not resumable(out):
            raise Interrupted(
                "no file was left half-written, and nothing was saved yet; start again with the same command."
            ) from None
        raise Interrupted(f"no file was left half-written; continue with --resume {out}.") from None
    except Exception as error:
        if not isinstance(error, InputError) and resumable(out):
            error.add_note(f"Continue with --resume {out}.")
        raise


def _formats(text: str | None) -> tuple[str, ...]:
    if text is None:
        return ()
    from prefit.reports.writing import FORMATS

    formats = tuple(part.strip().lower() for part in text.split(","))
    for part in formats:
        if part not in FORMATS:
            raise InputError(f"--figures takes svg, pdf and png, joined by commas, got {part!r}.")
    return formats


def _check_targets(out: str | None, json: str | None) -> None:
    """Refuse before the work what could not be written after it."""
    if out is not None and Path(out).exists() and not Path(out).is_dir():
        raise InputError(f"--out must be a folder, but {out} is a file. Name another folder.")
    if json not in (None, "-"):
        path = Path(str(json))
        if path.is_dir() or not path.absolute().parent.is_dir():
            raise InputError(f"--json must be a file in a folder that exists, or -, got {json}. Name another file.")


def _file_name(name: str) -> str:
    """The data's short name, made fit for a folder."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:60] or "data"


# Results --------------------------------------------------------------------------------------------------------------


def _read_result(path: Path) -> Any:
    import pydantic

    from prefit.api import Forecast

    try:
        text = path.read_text(encoding="utf-8")
        return Forecast.model_validate_json(text)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Name a result file, as forecast.json.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text, so it is no result file. Name one, as forecast.json.") from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(
            f"{path} is not a result of this version (prefit.forecast/1): at {where}: {first['msg']}. "
            "Make it again with prefit forecast."
        ) from error


def _deliver(result: Any, json: str | None, page: Path, quiet: bool) -> None:
    """Text to the screen, the second copy of the result where it was asked."""
    stream = sys.stderr if json == "-" else sys.stdout
    if not quiet:
        print(result, file=stream)
        print(f"\nPage: {page}", file=stream)
    if json == "-":
        sys.stdout.write(result.to_json())
    elif json is not None:
        result.to_json(json)


# Progress -------------------------------------------------------------------------------------------------------------


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """A bar with the time left on a terminal, a line for each phase elsewhere."""
    console = Console(stderr=True)
    if quiet:
        yield lambda phase, portion: None
    elif console.is_terminal:
        with _bar(console) as show:
            yield show
    else:
        yield _lines()


@contextmanager
def _bar(console: Console) -> Iterator[Callable[[str, float], None]]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description:22}"), BarColumn(), TimeElapsedColumn(), TextColumn("left"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(phase: str, portion: float) -> None:
            if phase not in tasks or portion == 0.0:
                tasks[phase] = bar.add_task(phase, total=1.0) if phase not in tasks else tasks[phase]
            bar.update(tasks[phase], completed=portion)

        yield show


def _lines() -> Callable[[str, float], None]:
    """A line when a phase has taken over a second, at most every ten seconds."""
    import time

    started: dict[str, float] = {}
    said: dict[str, float] = {}

    def show(phase: str, portion: float) -> None:
        now = time.monotonic()
        begun = started.setdefault(phase, now)
        if now - begun < 1.0 or portion >= 1.0 or now - said.get(phase, begun - 10.0) < 10.0:
            return
        said[phase] = now
        left = f", about {(now - begun) * (1 - portion) / portion:.0f} s left" if portion > 0.03 else ""
        print(f"{phase}: {100 * portion:.0f}%{left}", file=sys.stderr)

    return show

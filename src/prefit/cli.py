"""The command line: parse, call one job, print and write its result."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
FORMATS = ("svg", "pdf", "png")


def main() -> None:
    """Entry point of `prefit`: errors of the user end with a paragraph and exit code 2, failed runs with 1."""
    debug = "--debug" in sys.argv[1:]
    try:
        # Typer may catch the interrupt itself and return its customary code.
        if app(standalone_mode=False) == INTERRUPTED:
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        _say("Interrupted: no file was left half-written.")
        sys.exit(1)
    except Exception as error:
        if debug:
            traceback.print_exc()
        sys.exit(_explain(error))


def _explain(error: Exception) -> int:
    """Say what went wrong in one paragraph; returns the exit code."""
    if isinstance(error, InputError):
        _say(f"prefit: {error}")
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
        _say("prefit: the machine ran out of memory. Take fewer examples with --limit, or close other programs.")
        return 1
    _say(f"prefit: the run failed: {type(error).__name__}: {error}. Run again with --debug for the traceback.")
    return 1


def _say(text: str) -> None:
    print(" ".join(text.split()), file=sys.stderr)


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
    out: Annotated[Text, typer.Option(help="Folder of the results; default prefit-forecast-NAME here.")] = None,
    json: Annotated[Text, typer.Option(help="A second copy of the result; - is standard output.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", metavar="", help="Print nothing but errors.")] = False,
    debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show tracebacks.")] = False,
) -> None:
    """Before training: can these labels be learned, how fast, and with what error."""
    from prefit.api import Forecast
    from prefit.data import load
    from prefit.jobs import ForecastOptions, run_forecast
    from prefit.jobs.estimate import estimated_seconds
    from prefit.jobs.options import size_in_bytes

    budget = None if memory is None else size_in_bytes(memory)
    formats = _formats(figures)
    options = ForecastOptions(
        kernel=kernel,
        step_size=step_size,  # type: ignore[arg-type]
        delta=delta,
        draws=draws,
        worst=worst,
        tolerance=tolerance,
        exact=exact,
        lambda_0=lambda_0,
        ridge=ridge,
        resolve_spectrum=resolve_spectrum,
        normalize=not no_normalize,
        memory=budget,
        device=device,  # type: ignore[arg-type]
        threads=threads,
        seed=seed,
    )
    _check_targets(out, json)
    reading: dict[str, Any] = {
        "target": target,
        "test": test,
        "task": task,
        "classes": classes,
        "limit": limit,
        "per_class": per_class,
        "test_limit": test_limit,
        "test_per_class": test_per_class,
        "prepare": prepare,
        "bias": bias,
        "label_noise": label_noise,
        "labels": labels,
        "seed": seed,
        "memory": budget,
    }
    with _progress(quiet) as show:
        show("reading", 0.0)
        data = load(source, **reading)
        show("reading", 1.0)

        def tell(phase: str, portion: float) -> None:
            if phase == "gram" and portion == 0.0 and not quiet:  # nothing stands in the way any more
                _announce(data.train.n, data.train.d, estimated_seconds(data, options))
            show(phase, portion)

        result = Forecast.of(run_forecast(data, options, tell))
        show("page", 0.0)
        folder = Path(out or f"prefit-forecast-{_file_name(data.name)}")
        page = _write(result, folder, formats)
        show("page", 1.0)
    _deliver(result, json, page, quiet)


@app.command()
def report(
    file: Annotated[str, typer.Argument(help="A result file, as forecast.json.")],
    out: Annotated[Text, typer.Option(help="Folder of the page; default the file's own.")] = None,
    figures: Annotated[Text, typer.Option(help="The figures as files too: svg,pdf,png.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", metavar="", help="Print nothing but errors.")] = False,
    debug: Annotated[bool, typer.Option("--debug", metavar="", help="Show tracebacks.")] = False,
) -> None:
    """Draw the page of a result file again."""
    result = _read_result(Path(file))
    folder = Path(out) if out is not None else Path(file).resolve().parent
    _check_targets(str(folder), None)
    page = _write(result, folder, _formats(figures), with_json=False)
    _deliver(result, None, page, quiet)


# Options --------------------------------------------------------------------------------------------------------------


def _formats(text: str | None) -> tuple[str, ...]:
    formats = tuple(part.strip().lower() for part in text.split(",")) if text is not None else ()
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


def _write(result: Any, folder: Path, formats: tuple[str, ...], with_json: bool = True) -> Path:
    """All texts are made before the first file is written, each file is written whole, figures of older runs go."""
    from prefit.reports.figures import FIGURES, save_figures
    from prefit.reports.writing import write_whole

    page, document = result.to_html(), result.to_json()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if formats:
            save_figures(result, folder, formats)
        if with_json:
            write_whole(folder / "forecast.json", document.encode("utf-8"))
            for name in FIGURES:
                for other in FORMATS:
                    if other not in formats:
                        (folder / f"{name}.{other}").unlink(missing_ok=True)
        write_whole(folder / "forecast.html", page.encode("utf-8"))
    except OSError as error:
        raise InputError(f"--out must be a folder that can be written: {folder}: {error.strerror}.") from error
    return folder / "forecast.html"


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


def _announce(n: int, d: int, seconds: float) -> None:
    long = f"about {seconds:.0f} s" if seconds < 100 else f"about {seconds / 60:.0f} min"
    print(f"{n:,} examples, {d:,} features: {long} (a rough estimate)", file=sys.stderr)


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

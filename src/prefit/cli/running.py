"""A command that runs a job in a folder of results: read, run or go on, write, print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Any, Generic, TypeVar

from prefit.api import Result
from prefit.cli.entry import Interrupted
from prefit.cli.options import Options, check_targets, file_name, formats_of, lasting_of, options_of
from prefit.cli.progress import shown_progress
from prefit.data import LabelledData, load
from prefit.data.options import OPTION_NAMES
from prefit.errors import InputError
from prefit.jobs.lasting import Lasting
from prefit.jobs.progress import Show
from prefit.jobs.run_options import size_in_bytes
from prefit.storage import resumable

Given = TypeVar("Given")


@dataclass(frozen=True)
class Job(Generic[Options, Given]):
    """What a command runs: its options, what it reads, and the library's function for a run in a folder.

    read   what the options as typed name
    name   of what was read, for the folder of the results
    """

    kind: type[Options]
    read: Callable[[dict[str, Any]], Given]
    name: Callable[[Given], str]
    run: Callable[[Given, Options, Lasting, Sequence[str], Show], tuple[Result, Path]]


def on_data(
    kind: type[Options],
    run: Callable[[LabelledData, Options, Lasting, Sequence[str], Show], tuple[Result, Path]],
) -> Job[Options, LabelledData]:
    """A job whose SOURCE is read first."""

    def read(asked: dict[str, Any]) -> LabelledData:
        return load(asked["source"], **{name: asked[name] for name in ("target", "test", *OPTION_NAMES)})

    return Job(kind, read, lambda data: data.name, run)


def run_job(job: Job[Options, Given], asked: dict[str, Any]) -> None:
    """Read, run or go on, write and print; `asked` holds the options by their names in Python."""
    if isinstance(asked["memory"], str):
        asked = {**asked, "memory": size_in_bytes(asked["memory"])}
    formats, options, quiet = formats_of(asked["figures"]), options_of(job.kind, asked), asked["quiet"]
    check_targets(asked["out"], asked["json"])
    lasting = lasting_of(asked, Path(asked["out"] or "."))
    with shown_progress(quiet) as show:
        show("reading", 0.0)
        given = job.read(asked)
        show("reading", 1.0)
        if asked["out"] is None:
            lasting = replace(lasting, out=Path(f"prefit-{options.job}-{file_name(job.name(given))}"))
        with _told_how_to_go_on(lasting.out, options.job):
            result, page = job.run(given, options, lasting, formats, show)
    deliver(result, asked["json"], page, quiet)


@contextmanager
def _told_how_to_go_on(out: Path, job: str) -> Iterator[None]:
    """A run that ends early, its state saved, says how to continue it: the whole command, which is stored there."""
    command = f"prefit {job} --resume {quote(str(out))}"
    try:
        yield
    except KeyboardInterrupt:
        if not resumable(out):
            raise Interrupted(
                "no file was left half-written, and nothing was saved yet; start again with the same command."
            ) from None
        raise Interrupted(f"no file was left half-written; continue with {command}.") from None
    except Exception as error:
        if not isinstance(error, InputError) and resumable(out):
            error.add_note(f"Continue with {command}.")
        raise


def deliver(result: Result, json: str | None, page: Path, quiet: bool) -> None:
    """Text to the screen, the second copy of the result where it was asked."""
    stream = sys.stderr if json == "-" else sys.stdout
    if not quiet:
        print(result, file=stream)
        print(f"\nPage: {page}", file=stream)
    if json == "-":
        sys.stdout.write(result.to_json())
    elif json is not None:
        result.to_json(json)

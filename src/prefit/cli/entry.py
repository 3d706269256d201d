"""The entry point: commands by name, and how errors are told."""

from __future__ import annotations

import sys
import textwrap
import traceback
from typing import Annotated

import typer

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
        say("Interrupted: no file was left half-written.")
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
        say(f"Interrupted: {error}")
        return 1
    notes = " ".join(getattr(error, "__notes__", ()))
    if isinstance(error, InputError):
        say(f"prefit: {error} {notes}")
        return 2
    if isinstance(error, typer.Exit):
        return int(error.exit_code)
    if isinstance(error, typer.Abort):
        say("Interrupted: no file was left half-written.")
        return 1
    # Usage errors come from the parser under Typer, which some versions of Typer bundle and some import.
    if hasattr(error, "format_message"):
        say(f"prefit: {error.format_message().rstrip('.')}. See prefit --help.")
        return 2
    if isinstance(error, MemoryError):
        say(
            f"prefit: the machine ran out of memory. Take fewer examples with --limit, or close other programs. {notes}"
        )
        return 1
    say(f"prefit: the run failed: {type(error).__name__}: {error}. Run again with --debug for the traceback. {notes}")
    return 1


def say(text: str) -> None:
    print(" ".join(text.split()), file=sys.stderr)


def tell(text: str) -> None:
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

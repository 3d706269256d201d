"""The entry point: commands by name, and how errors are told."""

from __future__ import annotations

import re
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

    An expression that begins with a minus is told from an option by a space before it.

    >>> normalized(["forecast", "--resume", "--quiet", "--resume", "DIR", "--resume"])
    ['forecast', '--resume=', '--quiet', '--resume', 'DIR', '--resume=']
    >>> normalized(["learnable", "-t^2", "--json", "-"])
    ['learnable', ' -t^2', '--json', '-']
    """
    if "learnable" in words[:2]:
        words = [f" {word}" if len(word) > 1 and word[0] == "-" and word[1] != "-" else word for word in words]
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
        say(f"prefit: {_usage(error.format_message(), error, sys.argv[1:])}")
        return 2
    if isinstance(error, MemoryError):
        say(
            f"prefit: the machine ran out of memory. Take fewer examples with --limit, or close other programs. {notes}"
        )
        return 1
    say(f"prefit: the run failed: {type(error).__name__}: {error}. Run again with --debug for the traceback. {notes}")
    return 1


def _usage(message: str, error: Exception, words: list[str]) -> str:
    """What was typed wrongly, in the words of the other errors, and where it is explained."""
    commands = getattr(typer.main.get_command(app), "commands", {})
    command = f"prefit {words[0]}" if words and words[0] in commands else "prefit"
    option = next((name for name in getattr(getattr(error, "param", None), "opts", ()) if name.startswith("--")), "")
    what = "a whole number" if "integer" in message else "a number" if re.search("number|float", message) else ""
    if not option or not what:
        told = message.rstrip(".")
        return f"{told}{'' if told.endswith('?') else '.'} See {command} --help."
    value = next((after for word, after in _given(words) if word == option), "")
    return f"{option} must be {what}, got {value!r}. Give another value; {command} --help says what it means."


def _given(words: list[str]) -> list[tuple[str, str]]:
    """Each word with its value: what stands after = in it, else the next one."""
    pairs = zip(words, [*words[1:], ""], strict=True)
    return [(word.partition("=")[0], word.partition("=")[2] if "=" in word else after) for word, after in pairs]


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

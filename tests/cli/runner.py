"""The command line as somebody types it: in this process, where hundreds of runs are cheap, or in one of its own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import prefit.cli

ROOT = Path(__file__).resolve().parents[2]
SNIPPET = "import sys; from prefit.cli import main; sys.argv[0] = 'prefit'; main()"


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


def run(*words: object) -> Ran:
    """`prefit WORDS` in this process: its exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with typed(*words), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            prefit.cli.main()
        except SystemExit as stop:
            code = exit_code(stop)
    return Ran(code, out.getvalue(), err.getvalue())


def exit_code(stop: SystemExit) -> int:
    """As the interpreter would: nothing is 0, a text is 1."""
    return 0 if stop.code is None else stop.code if isinstance(stop.code, int) else 1


@contextlib.contextmanager
def typed(*words: object) -> Iterator[None]:
    before = sys.argv
    sys.argv = ["prefit", *(str(word) for word in words)]
    try:
        yield
    finally:
        sys.argv = before


def start(*words: object, cwd: Path) -> subprocess.Popen[str]:
    """`prefit WORDS` in a process of its own, whose warnings are errors as those of the tests are."""
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-c", SNIPPET, *(str(word) for word in words)],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "error", "COLUMNS": "80"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def run_alone(*words: object, cwd: Path) -> Ran:
    """`prefit WORDS` in a process of its own, to its end."""
    process = start(*words, cwd=cwd)
    out, err = process.communicate(timeout=120)
    return Ran(process.returncode, out, err)


def assert_refused(ran: Ran, *says: str) -> None:
    """Exit code 2 and one paragraph on standard error, which holds every fragment; nothing on standard output."""
    assert ran.code == 2, ran.err
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert ran.err.startswith("prefit: ")
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.endswith(".\n")
    assert 20 < len(ran.err) < 1100
    for fragment in says:
        assert fragment.lower() in ran.err.lower()

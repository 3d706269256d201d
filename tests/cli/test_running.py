"""While it runs: progress after a second, and an end on Ctrl-C that leaves nothing half written."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from prefit.cli.progress import line_by_line
from tests.cli.runner import Ran, run, start

LONG = ("--draws=200", "--tolerance=1e-6")  # minutes, at 4,000 examples


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> Path:
    draw = np.random.default_rng(0)
    X = draw.standard_normal((4000, 40))
    path = tmp_path_factory.mktemp("data") / "examples.npz"
    np.savez(path, X=X, y=(X[:, 0] * X[:, 1] > 0).astype(int))
    return path


def interrupted(process: subprocess.Popen[str], seconds: float) -> Ran:
    """Ctrl-C some time after the command has read its data and begun."""
    assert process.stderr is not None
    first = process.stderr.readline()
    assert "examples" in first
    time.sleep(seconds)
    assert process.poll() is None, "it ended before it was interrupted"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return Ran(process.returncode, out, err)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_ctrl_c_leaves_no_folder(examples, tmp_path):
    ran = interrupted(start("forecast", examples, *LONG, "--out=result", cwd=tmp_path), 0.5)
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.endswith("and nothing was saved yet; start again with the same command.\n")
    assert "Traceback" not in ran.err
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_an_older_result_as_it_was_and_progress_was_shown(examples, tmp_path):
    older = tmp_path / "result"
    assert run("forecast", "digits", "--classes=0,1", "--per-class=20", "--quiet", f"--out={older}").code == 0
    before = files(older)
    ran = interrupted(start("forecast", examples, *LONG, "--out=result", cwd=tmp_path), 6.0)
    assert ran.code == 1
    assert files(older) == before
    assert any("%" in line for line in ran.err.splitlines())
    assert json.loads(before["forecast.json"])["data"]["name"] == "digits"


@pytest.mark.parametrize(
    ("reports", "lines"),
    [
        ([(0.0, 0.0), (0.9, 0.5), (0.95, 1.0)], []),  # over before a second has passed
        ([(0.0, 0.0), (2.0, 0.5)], ["products: 50%, about 2 s left"]),
        (
            [(0.0, 0.0), (2.0, 0.25), (5.0, 0.5), (13.0, 0.75)],
            ["products: 25%, about 6 s left", "products: 75%, about 4 s left"],
        ),
        ([(0.0, 0.0), (2.0, 0.0)], ["products: 0%"]),
        ([(0.0, 0.0), (2.0, 1.0)], []),
    ],
)
def test_a_phase_is_told_after_a_second_and_then_every_ten(reports, lines, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    err = io.StringIO()
    with contextlib.redirect_stderr(err):
        show = line_by_line()
        for moment, portion in reports:
            now[0] = 100.0 + moment
            show("products", portion)
    assert err.getvalue().splitlines() == lines


def test_on_a_terminal_a_bar_shows_the_phases_and_goes_when_it_is_done(tmp_path, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    ran = run("forecast", "digits", "--limit=600", "--draws=2", f"--out={tmp_path}")
    assert ran.code == 0
    assert "eigendecomposition" in ran.err
    assert "left" in ran.err
    assert ran.err.rstrip().endswith("\x1b[2K")  # the last thing it does is to clear its lines
    assert "\x1b" not in ran.out
    assert run("forecast", "digits", "--limit=600", "--draws=2", "--quiet", f"--out={tmp_path}").err == ""

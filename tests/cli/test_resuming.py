"""Runs that go on: options, folders, sentences; and a run that is killed twenty times and ends with the same digits."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

import prefit
import prefit.jobs
from prefit.cli import normalized
from prefit.storage import FolderKeeper, resumable
from tests.cli.runner import Ran, assert_refused, run, run_alone, start

SMALL = ("forecast", "digits", "--classes=0,1", "--per-class=30", "--draws=2")
KILLS = 20


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("finished") / "result"
    assert run(*SMALL, "--quiet", f"--out={folder}").code == 0
    return folder


@pytest.fixture
def result(finished, tmp_path, monkeypatch) -> Path:
    """A finished run in the folder `result` here."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, tmp_path / "result")
    return Path("result")


@pytest.fixture
def stopped(tmp_path, monkeypatch) -> Path:
    """A run that stopped after it had saved the stage "half"."""
    monkeypatch.chdir(tmp_path)

    def stops(data, options, progress, keeper):
        keeper.every = 1e-9
        keeper.save("half", {"n": data.train.n}, {"x": np.arange(3.0)})
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(prefit.jobs, "run_forecast", stops)
        ran = run(*SMALL, "--out=result")
    assert ran.code == 1
    assert ran.err == "Interrupted: no file was left half-written; continue with prefit forecast --resume result.\n"
    return Path("result")


def document(folder: Path) -> dict:
    """The result but for what the run cost."""
    return json.loads((folder / "forecast.json").read_text(encoding="utf-8")) | {"cost": None}


def never(*_: object) -> None:
    raise AssertionError("it was computed again")


# Words ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("forecast digits --resume", "forecast digits --resume="),
        ("forecast --resume --out x digits", "forecast --resume= --out x digits"),
        ("forecast --resume x digits", "forecast --resume x digits"),
        ("forecast digits --resume=x", "forecast digits --resume=x"),
        ("forecast --resume -- digits", "forecast --resume= -- digits"),
        ("forecast digits", "forecast digits"),
        ("", ""),
    ],
)
def test_resume_takes_a_folder_or_none(words, same):
    assert normalized(words.split()) == same.split()


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon"])
def test_seconds_between_saves_must_be_positive(value, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_refused(run(*SMALL, f"--checkpoint={value}"), "--checkpoint")
    assert list(tmp_path.iterdir()) == []


def test_resume_alone_where_nothing_was_saved_asks_for_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run("forecast", "--resume", "nowhere")
    assert_refused(ran, "nothing was saved", "whole command, prefit forecast SOURCE … --out nowhere, to start")
    assert list(tmp_path.iterdir()) == []


def test_a_run_interrupted_before_anything_was_saved_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def stops(data, options, progress, keeper):
        raise KeyboardInterrupt

    monkeypatch.setattr(prefit.jobs, "run_forecast", stops)
    ran = run(*SMALL, "--out=result")
    assert ran.code == 1
    assert ran.err == (
        "Interrupted: no file was left half-written, and nothing was saved yet; start again with the same command.\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_resume_of_a_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("a,label\n1,0\n2,1\n")
    assert_refused(run("forecast", "--resume", "a.csv"), "a.csv is a file", "last word")


def test_resume_and_out_must_agree(result):
    assert_refused(run(*SMALL, "--resume", "result", "--out", "other"), "--resume", "--out", "result", "other")
    assert run(*SMALL, "--quiet", "--resume", "result", "--out", "./result").code == 0


# Finished runs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        (*SMALL, "--out=result", "--resume"),
        (*SMALL, "--resume", "result"),
        (*SMALL, "--resume=result", "--checkpoint=5", "--debug"),
        ("forecast", "--resume", "result"),
    ],
)
def test_a_finished_run_gives_its_result_again(words, result, monkeypatch):
    monkeypatch.setattr(prefit.jobs, "run_forecast", never)
    before = (result / "forecast.json").read_bytes()
    page = (result / "forecast.html").read_bytes()
    ran = run(*words)
    assert ran.code == 0, ran.err
    assert "Labels look learnable" in ran.out
    assert ran.out.endswith("Page: result/forecast.html\n")
    assert (result / "forecast.json").read_bytes() == before
    assert (result / "forecast.html").read_bytes() == page


def test_so_it_does_in_the_folder_that_has_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(*SMALL, "--quiet").code == 0
    monkeypatch.setattr(prefit.jobs, "run_forecast", never)
    assert run(*SMALL, "--quiet", "--resume").code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["prefit-forecast-digits"]


def test_it_can_be_given_in_other_forms(result, monkeypatch):
    monkeypatch.setattr(prefit.jobs, "run_forecast", never)
    ran = run("forecast", "--resume=result", "--figures=svg", "--json=-", "--quiet")
    assert ran.code == 0, ran.err
    assert ran.out == (result / "forecast.json").read_text(encoding="utf-8")
    assert (result / "loss.svg").exists()


def test_a_result_that_was_changed_since_is_made_again(result):
    before = document(result)
    (result / "forecast.json").write_text("mine")
    ran = run(*SMALL, "--resume=result")
    assert ran.code == 0
    assert "its result in result has changed since" in ran.err
    assert document(result) == before


DIFFERENT = [
    ("--tolerance=0.01", ("--tolerance was 0.001, now 0.01",)),
    ("--draws=3", ("--draws was 2, now 3",)),
    ("--classes=0,2", ("--classes was 0,1, now 0,2", "the data differ: training inputs")),
    ("--per-class=31", ("--per-class was 30, now 31", "training inputs, training labels")),
    ("--label-noise=0.5", ("--label-noise was not given, now 0.5", "the data differ: training labels.")),
    ("--no-normalize", ("--no-normalize was not given, now given",)),
    ("--worst", ("--worst was not given, now given",)),
    ("--kernel=ntk:3", ("--kernel was two-layer, now ntk:3",)),
    ("--only=complexity", ("--only was not given, now complexity",)),
    ("--seed=1", ("--seed was 0, now 1",)),
    ("--threads=7", ("--threads was", "now 7")),
    ("--memory=64MiB", ("--memory was", "now 64 MiB")),
    ("--ridge=0.5", ("--ridge was not given, now 0.5",)),
]


@pytest.mark.parametrize(("word", "says"), DIFFERENT, ids=[word for word, _ in DIFFERENT])
def test_another_option_is_named(word, says, result):
    before = {path: path.read_bytes() for path in result.rglob("*") if path.is_file()}
    assert_refused(run(*SMALL, "--resume=result", word), *says)
    assert {path: path.read_bytes() for path in result.rglob("*") if path.is_file()} == before


def test_other_data_under_the_same_name_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X = np.random.default_rng(0).random((30, 4))
    words = ("forecast", "a.npz", "--draws=0", "--quiet", "--out=result")
    np.savez("a.npz", X=X, y=np.arange(30) % 2, X_test=X[:5], y_test=np.arange(5) % 2)
    assert run(*words).code == 0
    np.savez("a.npz", X=X + 0.5, y=np.arange(30) % 2, X_test=X[:5], y_test=np.arange(5) // 3)
    assert_refused(run(*words, "--resume"), "the data differ: training inputs, test labels")
    np.savez("a.npz", X=X, y=np.arange(30) % 2)
    assert_refused(run(*words, "--resume"), "the data differ: test inputs, test labels")


def test_every_difference_is_in_one_sentence(result):
    ran = run("forecast", "digits", "--classes=0,1", "--per-class=20", "--draws=5", "--resume=result")
    assert_refused(ran, "--per-class was 30, now 20", "--draws was 2, now 5", "the data differ", "leave --resume out")


# Runs that stopped ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(*SMALL, "--out=result", "--resume"), ("forecast", "--resume", "result")])
def test_a_run_goes_on_with_what_was_saved(words, stopped, finished, monkeypatch):
    real, loaded = prefit.jobs.run_forecast, []

    def goes_on(data, options, progress, keeper):
        loaded.append(keeper.load("half"))
        return real(data, options, progress, keeper)

    monkeypatch.setattr(prefit.jobs, "run_forecast", goes_on)
    assert resumable(stopped)
    ran = run(*words)
    assert ran.code == 0, ran.err
    assert "goes on from what was saved" in ran.err
    assert loaded[0].facts == {"n": 60}
    assert (loaded[0].arrays["x"] == np.arange(3.0)).all()
    assert document(stopped) == document(finished)
    assert [path.name for path in (stopped / "checkpoint").iterdir()] == ["manifest.json"]


def test_without_resume_a_run_begins_anew(stopped, finished):
    ran = run(*SMALL, "--out=result")
    assert ran.code == 0
    assert "goes on" not in ran.err
    assert document(stopped) == document(finished)


def test_a_damaged_checkpoint_is_told(stopped):
    (file,) = (stopped / "checkpoint").glob("*.npy")
    file.write_bytes(file.read_bytes()[:-1])
    assert_refused(run(*SMALL, "--out=result", "--resume", "--tolerance=0.1"), "--tolerance was")
    (stopped / "checkpoint" / "manifest.json").write_text("{}")
    assert_refused(run(*SMALL, "--out=result", "--resume"), "damaged", "manifest.json", "leave --resume out")
    assert run(*SMALL, "--quiet", "--out=result").code == 0


@pytest.mark.parametrize("before", [None, "an older result"])
def test_resuming_before_anything_was_saved_starts_from_the_beginning(before, tmp_path, finished, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if before:
        (tmp_path / "result").mkdir()
        (tmp_path / "result" / "forecast.json").write_text(before)
    ran = run(*SMALL, "--out=result", "--resume")
    assert ran.code == 0
    assert "starts from the beginning" in ran.err
    assert document(tmp_path / "result") == document(finished)


def test_a_failed_run_says_how_to_go_on(stopped, monkeypatch):
    def fails(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(prefit.jobs, "run_forecast", fails)
    ran = run(*SMALL, "--out=result", "--resume")
    assert ran.code == 1
    assert ran.err.splitlines()[-1].endswith("Continue with prefit forecast --resume result.")


def test_an_older_result_stays_until_the_new_one_is_written(result, monkeypatch):
    before = (result / "forecast.json").read_bytes()

    def looks(data, options, progress, keeper):
        assert (result / "forecast.json").read_bytes() == before
        raise KeyboardInterrupt

    monkeypatch.setattr(prefit.jobs, "run_forecast", looks)
    assert run(*SMALL, "--out=result", "--seed=1").code == 1
    assert sorted(path.name for path in result.iterdir()) == ["forecast.html", "forecast.json"]


def test_two_runs_in_one_folder_are_refused(result):
    with FolderKeeper(result):
        assert_refused(run(*SMALL, "--out=result"), "one run at a time", "result", "--out")


# The library ----------------------------------------------------------------------------------------------------------


def test_the_library_keeps_and_resumes_too(tmp_path, finished, monkeypatch):
    data = prefit.load("digits", classes="0,1", per_class=30)
    first = prefit.forecast(data, draws=2, out=tmp_path / "result", checkpoint=5)
    assert document(tmp_path / "result") == document(finished)
    monkeypatch.setattr(prefit.jobs, "run_forecast", never)
    assert prefit.forecast(data, draws=2, out=tmp_path / "result", resume=True).to_json() == first.to_json()
    with pytest.raises(prefit.InputError, match="--draws was 2, now 3"):
        prefit.forecast(data, draws=3, out=tmp_path / "result", resume=True)
    with pytest.raises(prefit.InputError, match="Give out"):
        prefit.forecast(data, resume=True)
    with pytest.raises(prefit.InputError, match="--checkpoint"):
        prefit.forecast(data, out=tmp_path, checkpoint=0)


# Killed ---------------------------------------------------------------------------------------------------------------

LONG = ("--draws=150", "--checkpoint=0.1", "--threads=2")  # half of the time Lanczos, saved every tenth of a second


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> Path:
    draw = np.random.default_rng(0)
    X = draw.standard_normal((3000, 10))
    path = tmp_path_factory.mktemp("data") / "examples.npz"
    np.savez(path, X=X, y=(X[:, 0] * X[:, 1] > 0).astype(int))
    return path


def killed_after(process: subprocess.Popen[str], seconds: float) -> Ran | None:
    """SIGKILL so many seconds after its start; what it left if it ended before."""
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        return None
    return Ran(process.returncode, out, err)


@pytest.mark.slow
def test_a_run_killed_at_twenty_random_moments_ends_with_the_same_digits(examples, tmp_path):
    """One run after another in one folder, each resumed until it ends, until twenty kills have come."""
    words, draw, kills, continued = ("forecast", examples, *LONG, "--out=killed"), random.Random(0), 0, 0
    begun = time.monotonic()
    whole = run_alone("forecast", examples, *LONG, "--out=whole", cwd=tmp_path)
    seconds = time.monotonic() - begun
    assert whole.code == 0, whole.err
    resume: tuple[str, ...] = ()
    while kills < KILLS or resume:
        patience = draw.uniform(0.2, 0.6) * seconds if kills < KILLS else 300.0
        ran = killed_after(start(*words, *resume, cwd=tmp_path), patience)
        if ran is None:
            kills, resume = kills + 1, ("--resume",)
            continue
        assert ran.code == 0, ran.err
        assert document(tmp_path / "killed") == document(tmp_path / "whole")
        continued, resume = continued + ("goes on from" in ran.err), ()
    assert continued > 0

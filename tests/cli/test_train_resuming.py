"""Training runs that go on; and runs killed at random moments that end with the same bits."""

from __future__ import annotations

import importlib.util
import json
import random
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

import prefit
import prefit.jobs
from prefit._shapes import AnyArray
from tests.cli.runner import assert_refused, run, run_alone, start
from tests.cli.test_resuming import killed_after, never

SMALL = ("train", "digits", "--classes=0,1", "--per-class=20", "--width=128", "--steps=12")
KILLS = 2


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


def document(folder: Path) -> dict:
    """The result but for wall times."""
    parsed = json.loads((folder / "run.json").read_text(encoding="utf-8")) | {"cost": None}
    parsed["trajectory"]["seconds"] = None
    return parsed


def arrays(folder: Path) -> dict[str, AnyArray]:
    """Every array of the run folder but the wall times, by file and name."""
    found = {}
    for path in sorted(folder.rglob("*.npz")):
        with np.load(path, allow_pickle=False) as file:
            found |= {f"{path.relative_to(folder)}:{name}": file[name] for name in file.files if name != "seconds"}
    return found


def assert_same(one: Path, other: Path) -> None:
    """The same document, the same files, the same bits."""
    assert document(one) == document(other)
    left, right = arrays(one), arrays(other)
    assert left.keys() == right.keys()
    for name, array in left.items():
        assert array.dtype == right[name].dtype
        assert array.tobytes() == right[name].tobytes(), name


# Finished runs --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(*SMALL, "--out=result", "--resume"), ("train", "--resume", "result")])
def test_a_finished_run_gives_its_result_again(words, result, monkeypatch):
    monkeypatch.setattr(prefit.jobs, "run_training", never)
    before = (result / "run.json").read_bytes()
    ran = run(*words)
    assert ran.code == 0, ran.err
    assert ran.out.endswith("Page: result/run.html\n")
    assert (result / "run.json").read_bytes() == before


@pytest.mark.parametrize("lost", ["trajectory.npz", "weights/step-00000012.npz"])
def test_a_run_folder_that_has_lost_a_file_is_made_again(lost, result, finished):
    (result / lost).unlink()
    ran = run(*SMALL, "--out=result", "--resume")
    assert ran.code == 0, ran.err
    assert "it is made again." in " ".join(ran.err.split())
    assert_same(result, finished)


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("--width=64", "--width was 128, now 64"),
        ("--steps=13", "--steps was 12, now 13"),
        ("--grid=0,5", "--grid was not given, now 0,5"),
        ("--one-pass", "--one-pass was not given, now given"),
        ("--keep-weights=3", "--keep-weights was not given, now 3"),
        ("--step-size=0.001", "--step-size was not given, now 0.001"),
        ("--seed=1", "--seed was 0, now 1"),
        ("--per-class=21", "the data differ: training inputs"),
    ],
)
def test_another_option_is_named(word, says, result):
    assert_refused(run(*SMALL, "--resume=result", word), says)


def test_a_run_of_another_command_is_not_gone_on_with(result):
    for words in (("forecast", "--resume", "result"), ("forecast", "digits", "--out=result", "--resume")):
        assert_refused(run(*words), "one of prefit train", "prefit forecast")


def test_the_library_resumes_too(result, monkeypatch):
    monkeypatch.setattr(prefit.jobs, "run_training", never)
    data = prefit.load("digits", classes="0,1", per_class=20)
    again = prefit.train(data, width=128, steps=12, out="result", resume=True)
    assert again.to_json() == (result / "run.json").read_text(encoding="utf-8")
    with pytest.raises(prefit.InputError, match="--width was 128, now 64"):
        prefit.train(data, width=64, steps=12, out="result", resume=True)


# Killed ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def examples(tmp_path_factory) -> Path:
    draw = np.random.default_rng(0)
    X = draw.standard_normal((700, 20))
    path = tmp_path_factory.mktemp("data") / "examples.npz"
    np.savez(path, X=X[:600], y=(X[:600, 0] > 0).astype(int), X_test=X[600:], y_test=(X[600:, 0] > 0).astype(int))
    return path


LONG = ("--checkpoint=0.1", "--quiet")  # most of the time descent, saved every tenth of a second
TWO_LAYER = ("--width=1024", "--steps=300", "--patience=300", "--keep-weights=150", "--threads=2", *LONG)
BATCHES = ("--width=1024", "--steps=1000", "--batch=50", "--threads=2", *LONG)
DEEP = ("--network=deep", "--width=128", "--steps=200", "--threads=1", *LONG)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "most"),
    [
        pytest.param(TWO_LAYER, KILLS, id="two-layer"),
        pytest.param(BATCHES, 1, id="batches"),
        pytest.param(
            DEEP,
            1,
            id="deep",
            marks=pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed"),
        ),
    ],
)
def test_a_run_killed_at_random_moments_ends_with_the_same_bits(options, most, examples, tmp_path):
    """One run after another in one folder, each resumed until it ends, until so many kills have come."""
    words, draw, kills, continued = ("train", examples, *options, "--out=killed"), random.Random(0), 0, 0
    begun = time.monotonic()
    whole = run_alone("train", examples, *options, "--out=whole", cwd=tmp_path)
    seconds = time.monotonic() - begun
    assert whole.code == 0, whole.err
    resume: tuple[str, ...] = ()
    while kills < most or resume:
        patience = draw.uniform(0.2, 0.6) * seconds if kills < most else 300.0
        ran = killed_after(start(*words, *resume, cwd=tmp_path), patience)
        if ran is None:
            kills, resume = kills + 1, ("--resume",)
            continued += (tmp_path / "killed" / "checkpoint" / "manifest.json").exists()
            continue
        assert ran.code == 0, ran.err
        assert_same(tmp_path / "killed", tmp_path / "whole")
        resume = ()
    assert continued > 0

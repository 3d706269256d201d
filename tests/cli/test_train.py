"""`prefit train` as somebody types it: options, files, text, streams, exit codes; and the library's own door."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import prefit
import prefit.jobs
from tests.cli.runner import assert_refused, run, run_alone

DATA = ("digits", "--classes=0,1", "--per-class=20")
SMALL = ("train", *DATA, "--width=128", "--steps=12", "--threads=1")
WEIGHTS = ["step-00000000.npz", "step-00000012.npz"]
FILES = ["checkpoint", "run.html", "run.json", "trajectory.npz", "weights"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("run") / "result"
    ran = run(*SMALL, f"--out={made}")
    assert ran.code == 0, ran.err
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def document(folder: Path) -> dict:
    """The result but for wall times."""
    parsed = json.loads((folder / "run.json").read_text(encoding="utf-8")) | {"cost": None}
    parsed["trajectory"]["seconds"] = None
    return parsed


# What it leaves -------------------------------------------------------------------------------------------------------


def test_a_run_prints_a_screen_of_eighty_columns_and_leaves_a_run_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run(*SMALL)
    assert ran.code == 0, ran.err
    assert max(len(line) for line in (ran.out + ran.err).splitlines()) <= 80
    assert ran.out.endswith("Page: prefit-train-digits/run.html\n")
    assert "12 steps" in ran.out
    assert names(tmp_path) == ["prefit-train-digits"]
    assert names(tmp_path / "prefit-train-digits") == FILES
    assert names(tmp_path / "prefit-train-digits" / "weights") == WEIGHTS


def test_every_file_that_the_document_names_is_there_and_holds_numbers(folder):
    parsed = document(folder)
    for path in parsed["files"].values():
        with np.load(folder / path, allow_pickle=False) as arrays:
            assert all(arrays[name].dtype.kind in "fi" for name in arrays.files)
    with np.load(folder / "trajectory.npz", allow_pickle=False) as arrays:
        assert arrays["steps"].tolist() == parsed["trajectory"]["steps"]
        assert arrays["loss"].tolist() == parsed["trajectory"]["loss"]
    with np.load(folder / "weights" / WEIGHTS[-1], allow_pickle=False) as arrays:
        assert arrays["W1"].shape == (128, 64)
        assert arrays["output"].shape == (128, 1)


def test_standard_output_can_be_nothing_but_json(tmp_path):
    ran = run(*SMALL, f"--out={tmp_path}", "--json=-")
    assert ran.code == 0
    assert json.loads(ran.out)["schema"] == "prefit.run/1"
    assert ran.out == (tmp_path / "run.json").read_text(encoding="utf-8")
    assert "12 steps" in ran.err


def test_quiet_prints_nothing(tmp_path):
    ran = run(*SMALL, "--quiet", f"--out={tmp_path}")
    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_figures_are_written_as_files_too(tmp_path):
    assert run(*SMALL, "--quiet", f"--out={tmp_path}", "--figures=svg").code == 0
    assert (tmp_path / "loss.svg").read_bytes().startswith(b"<svg")


def test_weights_of_an_older_run_go_with_it_and_foreign_files_stay(tmp_path):
    assert run(*SMALL, "--quiet", f"--out={tmp_path}", "--keep-weights=3,5").code == 0
    (tmp_path / "weights" / "mine.txt").write_text("mine")
    assert "step-00000003.npz" in names(tmp_path / "weights")
    assert run(*SMALL, "--quiet", f"--out={tmp_path}").code == 0
    assert names(tmp_path / "weights") == ["mine.txt", *WEIGHTS]


def test_a_report_draws_the_same_page_byte_for_byte(folder, tmp_path):
    ran = run("report", folder / "run.json", "--out", tmp_path / "drawn")
    assert ran.code == 0, ran.err
    assert "12 steps" in ran.out
    assert names(tmp_path / "drawn") == ["run.html"]
    assert (tmp_path / "drawn" / "run.html").read_bytes() == (folder / "run.html").read_bytes()


@pytest.mark.parametrize("damage", [lambda d: {**d, "extra": 1}, lambda d: {**d, "checks": None}])
def test_a_file_that_is_no_run_is_refused(damage, folder, tmp_path):
    path = tmp_path / "run.json"
    path.write_text(json.dumps(damage(document(folder))), encoding="utf-8")
    assert_refused(run("report", path), "run.json", "prefit.run/1", "prefit train")
    assert names(tmp_path) == ["run.json"]


def test_the_document_is_that_of_the_library(folder):
    options = {"width": 128, "steps": 12, "threads": 1}
    made = prefit.train(prefit.load("digits", classes="0,1", per_class=20), **options)
    parsed = json.loads(made.to_json()) | {"cost": None}
    parsed["trajectory"]["seconds"] = None
    assert parsed == document(folder)


# Options --------------------------------------------------------------------------------------------------------------

REFUSED = [
    ("--network wide", "--network", "two-layer or deep"),
    ("--width 0", "--width"),
    ("--width much", "--width"),
    ("--depth 3", "--depth", "--network deep"),
    ("--init-scale 0", "--init-scale"),
    ("--width 127 --antisymmetric", "--antisymmetric", "128"),
    ("--network deep --antisymmetric", "--antisymmetric"),
    ("--steps 0", "--steps"),
    ("--loss cubic", "--loss"),
    ("--step-size 0", "--step-size"),
    ("--step-size fast", "--step-size"),
    ("--step-size 1e3", "--step-size must be below", "2/(β λ_max) =", "--force"),
    ("--batch 0", "--batch"),
    ("--batch 41", "--batch", "40 training examples"),
    ("--until-loss -1", "--until-loss"),
    ("--time-limit 0", "--time-limit"),
    ("--patience 0", "--patience"),
    ("--grid 3,x", "--grid"),
    ("--grid 3,13", "--grid", "--steps, 12"),
    ("--keep-weights -1", "--keep-weights"),
    ("--precision half", "--precision"),
    ("--device cuda", "--device"),
    ("--device abacus", "--device"),
    ("--labels worst", "--labels"),
    ("--delta 0", "--delta"),
    ("--seed -1", "--seed"),
    ("--threads 0", "--threads"),
    ("--memory 500KiB", "--memory"),
    ("--memory 1MiB --width 65536", "--memory", "--width"),
    ("--checkpoint 0", "--checkpoint"),
    ("--figures gif", "--figures", "gif"),
    ("--json nowhere/copy.json", "--json", "nowhere"),
    ("--out taken", "--out", "taken"),
    ("--draws 3", "--draws"),
    ("--test-limit 5", "--test-limit"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[0])
def test_an_option_out_of_range_is_refused_before_anything_is_written(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    words, *says = case
    assert_refused(run(*SMALL, *words.split()), *says)
    assert names(tmp_path) == ["taken"]


def test_losses_of_two_classes_are_refused_for_three(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_refused(run("train", "digits", "--loss=hinge"), "--loss hinge", "there are 10 classes", "--classes")
    assert names(tmp_path) == []


def test_a_forced_step_size_runs_and_is_recorded_as_unstable(tmp_path):
    ran = run(*SMALL, "--step-size=1e3", "--force", f"--out={tmp_path}")
    assert ran.code == 0, ran.err
    parsed = document(tmp_path)
    assert parsed["descent"]["stopped"] == "diverged"
    assert "unstable" in parsed["descent"]["reason"]
    assert any("it was forced" in note for note in parsed["notes"])


def test_a_deep_net_without_torch_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "torch" or name == "prefit.training.deep"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert_refused(run(*SMALL, "--network=deep"), "torch", "prefit[torch]")
    assert names(tmp_path) == []


def test_a_deep_net_runs_where_torch_is(tmp_path):
    pytest.importorskip("torch")
    ran = run(*SMALL, "--network=deep", "--depth=2", f"--out={tmp_path}")
    assert ran.code == 0, ran.err
    assert max(len(line) for line in ran.out.splitlines() if not line.startswith("Page: ")) <= 80
    assert document(tmp_path)["network"]["widths"] == [128, 128]


def test_help_says_every_option_in_a_sentence():
    text = run("train", "--help").out
    for option in ("--network", "--width", "--loss", "--one-pass", "--kernel-eigenvalues", "--force", "--resume"):
        assert option in text


def test_a_process_of_its_own_warns_of_nothing(tmp_path):
    ran = run_alone(*SMALL, "--out=result", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert ran.out.endswith("Page: result/run.html\n")
    assert " ".join(ran.err.split()).startswith("40 examples, 64 features.")


# The library ----------------------------------------------------------------------------------------------------------


def test_the_library_takes_arrays_and_writes_the_folder(tmp_path):
    X = np.random.default_rng(0).standard_normal((30, 5))
    y = (X[:, 0] > 0).astype(int)
    made = prefit.train(X[:20], y[:20], X[20:], y[20:], width=64, steps=5, out=tmp_path / "result")
    assert names(tmp_path / "result") == FILES
    assert made.to_json() == (tmp_path / "result" / "run.json").read_text(encoding="utf-8")
    assert made.to_html() == (tmp_path / "result" / "run.html").read_text(encoding="utf-8")
    assert repr(made) == "<Run on arrays: n=20, two-layer, m=64, 5 steps, stopped by steps>"
    assert "Test error" in str(made)
    assert "<" in made._repr_html_()


def test_the_library_refuses_what_it_does_not_know():
    data = prefit.load("digits", classes="0,1", per_class=10)
    with pytest.raises(prefit.InputError, match="train takes no option 'draws'"):
        prefit.train(data, draws=3)
    with pytest.raises(prefit.InputError, match="Give out"):
        prefit.train(data, resume=True)
    with pytest.raises(prefit.InputError, match=r"give limit to prefit\.load"):
        prefit.train(data, limit=3)

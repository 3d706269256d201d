"""The keeper in a folder: what was saved is loaded, bit by bit, or the user is told which file is damaged."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from prefit.errors import InputError
from prefit.storage import FolderKeeper, resumable

ROOT = Path(__file__).resolve().parents[2]
RUN = {"seed": 0}


def kept(out: Path, every: float = 0.0, **saved) -> FolderKeeper:
    """A keeper that has begun a run and saved one stage, closed."""
    with FolderKeeper(out, every) as keeper:
        keeper.begin(RUN)
        keeper.save("stage", saved.get("facts", {}), saved.get("arrays", {}), saved.get("grown"))
    return keeper


def loaded(out: Path, stage: str = "stage"):
    with FolderKeeper(out) as keeper:
        keeper.go_on(keeper.found())
        return keeper.load(stage)


def files(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "checkpoint").iterdir() if path.name != "lock")


ARRAYS = {
    "vector": np.arange(7.0),
    "rows": np.arange(12, dtype=np.float32).reshape(3, 4),
    "columns": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
    "every second": np.arange(24.0).reshape(4, 6)[::2, ::3],
    "a number": np.array(3.5),
    "empty": np.empty((0, 5)),
    "yes and no": np.array([True, False]),
    "bytes": np.arange(5, dtype=np.uint8),
    "whole": np.arange(5, dtype=np.int64)[::-1],
    "big end first": np.arange(4, dtype=">i4"),
    "complex": np.array([1j, 2.0]),
    "not finite": np.array([np.nan, np.inf, -0.0]),
}


def test_arrays_of_every_kind_come_back_bit_by_bit(tmp_path):
    kept(tmp_path, arrays=ARRAYS)
    back = loaded(tmp_path).arrays
    assert back.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert back[name].dtype == array.dtype
        assert back[name].shape == array.shape
        assert back[name].tobytes() == array.tobytes()
        assert back[name].flags.writeable


def test_an_array_of_many_chunks_comes_back_in_the_order_it_had(tmp_path, monkeypatch):
    monkeypatch.setattr("prefit.storage.files.CHUNK", 1000)
    arrays = {"C": np.random.default_rng(0).random((301, 17))}
    arrays["F"] = np.asfortranarray(arrays["C"])
    kept(tmp_path, arrays=arrays, grown={"G": arrays["C"]})
    back = loaded(tmp_path).arrays
    assert all((back[name] == arrays["C"]).all() for name in "CFG")
    assert [back[name].flags.c_contiguous for name in "CFG"] == [True, False, False]


def test_files_are_npy_files_that_anybody_can_read(tmp_path):
    kept(tmp_path, arrays={"rows": ARRAYS["rows"]}, grown={"Q": ARRAYS["columns"]})
    first, second = [np.load(tmp_path / "checkpoint" / name) for name in files(tmp_path) if name.endswith(".npy")]
    assert (first == ARRAYS["rows"]).all()
    assert (second == ARRAYS["columns"]).all()


def test_facts_come_back_to_the_last_digit(tmp_path):
    facts = {"step": 7, "norm": 0.1 + 0.2, "none": None, "text": "Σ", "list": [1, [2.5]], "far": float("inf")}
    kept(tmp_path, facts=facts | {"numpy": np.float64(0.1), "pair": (1, 2)})
    assert loaded(tmp_path).facts == facts | {"numpy": 0.1, "pair": [1, 2]}


@pytest.mark.parametrize(
    "saved", [{"facts": {"a": object()}}, {"facts": {"a": np.ones(2)}}, {"arrays": {"a": np.array([{}])}}]
)
def test_what_would_have_to_be_pickled_is_refused(saved, tmp_path):
    with pytest.raises(TypeError, match="Keep"):
        kept(tmp_path, **saved)


def test_a_stage_that_was_not_saved_is_none(tmp_path):
    kept(tmp_path)
    assert loaded(tmp_path, "other") is None


# Arrays that grow -----------------------------------------------------------------------------------------------------


def test_of_an_array_that_grows_only_the_new_columns_are_written(tmp_path):
    Q = np.random.default_rng(1).random((50, 9))
    with FolderKeeper(tmp_path, every=0.0) as keeper:
        keeper.begin(RUN)
        for columns in (0, 2, 2, 5, 9):
            keeper.save("lanczos", {"steps": columns}, {}, {"Q": Q[:, :columns]})
    shapes = [np.load(tmp_path / "checkpoint" / name).shape for name in files(tmp_path) if name.endswith(".npy")]
    assert shapes == [(50, 2), (50, 3), (50, 4)]
    assert (loaded(tmp_path, "lanczos").arrays["Q"] == Q).all()


def test_it_goes_on_growing_after_it_was_loaded(tmp_path):
    Q = np.random.default_rng(1).random((50, 9))
    kept(tmp_path, grown={"Q": Q[:, :4]})
    with FolderKeeper(tmp_path, every=0.0) as keeper:
        keeper.go_on(keeper.found())
        keeper.save("stage", {}, {}, {"Q": np.hstack([keeper.load("stage").arrays["Q"], Q[:, 4:]])})
    assert len([name for name in files(tmp_path) if name.endswith(".npy")]) == 2
    assert (loaded(tmp_path).arrays["Q"] == Q).all()


@pytest.mark.parametrize(
    "other", [np.ones((5, 3)), np.zeros((5, 1)), np.zeros((4, 3)), np.zeros((5, 3), np.float32), np.zeros((5, 0))]
)
def test_another_array_under_its_name_is_written_whole(other, tmp_path):
    with FolderKeeper(tmp_path, every=0.0) as keeper:
        keeper.begin(RUN)
        keeper.save("stage", {}, {}, {"Q": np.zeros((5, 2))})
        keeper.save("stage", {}, {}, {"Q": other})
        back = keeper.load("stage").arrays["Q"]
    assert back.dtype == other.dtype
    assert np.array_equal(back, other)
    assert len(files(tmp_path)) == 1 + (other.size > 0)


# When, and what stays -------------------------------------------------------------------------------------------------


def test_a_save_is_due_so_many_seconds_after_the_last(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with FolderKeeper(tmp_path, every=60.0) as keeper:
        keeper.begin(RUN)
        assert not keeper.due()
        now[0] += 60.0
        assert keeper.due()
        keeper.save("stage", {}, {})
        assert not keeper.due()


@pytest.mark.parametrize(("every", "seconds", "saved"), [(60.0, 4.9, False), (60.0, 5.1, True), (0.5, 0.6, True)])
def test_a_run_shorter_than_five_seconds_leaves_nothing(every, seconds, saved, tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    out = tmp_path / "a" / "result"
    with FolderKeeper(out, every) as keeper:
        keeper.begin(RUN)
        now[0] += seconds
        keeper.save("stage", {}, {"x": np.ones(2)})
        assert resumable(out) is saved
    assert out.exists() is saved
    assert saved or list(tmp_path.iterdir()) == []


def test_facts_saved_too_early_wait_for_the_first_save(tmp_path, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with FolderKeeper(tmp_path) as keeper:
        keeper.begin(RUN)
        keeper.save("plan", {"operator": "tiled"}, {})
        assert keeper.load("plan").facts == {"operator": "tiled"}
        now[0] += 6.0
        keeper.save("stage", {}, {})
    assert loaded(tmp_path, "plan").facts == {"operator": "tiled"}


def test_a_new_run_removes_an_older_checkpoint_and_nothing_foreign(tmp_path):
    kept(tmp_path, arrays={"x": np.ones(3)})
    (tmp_path / "checkpoint" / "files").mkdir()
    (tmp_path / "checkpoint" / "files" / "tiles").write_text("of a stage")
    for foreign in (tmp_path / "forecast.json", tmp_path / "checkpoint" / "notes.npy"):
        foreign.write_text("mine")
    with FolderKeeper(tmp_path, every=0.0) as keeper:
        keeper.begin({"seed": 1})
        assert keeper.load("stage") is None
        keeper.save("other", {}, {})
    assert files(tmp_path) == ["manifest.json", "notes.npy"]
    assert (tmp_path / "forecast.json").read_text() == "mine"


def test_a_finished_run_keeps_what_it_was_of(tmp_path):
    kept(tmp_path, arrays={"x": np.ones(3)})
    with FolderKeeper(tmp_path) as keeper:
        keeper.go_on(keeper.found())
        keeper.finish("0123")
    assert files(tmp_path) == ["manifest.json"]
    with FolderKeeper(tmp_path) as keeper:
        found = keeper.found()
    assert (found.run, found.stages, found.finished) == (RUN, {}, "0123")
    assert not resumable(tmp_path)


# One run at a time ----------------------------------------------------------------------------------------------------


def test_two_runs_cannot_write_to_one_folder(tmp_path):
    with FolderKeeper(tmp_path), pytest.raises(InputError, match=f"process {os.getpid()} .* Wait for its end"):
        FolderKeeper(tmp_path).__enter__()
    with FolderKeeper(tmp_path):
        pass


def test_a_killed_run_locks_nobody_out(tmp_path):
    code = (
        "import os, signal, pathlib; from prefit.storage import FolderKeeper; "
        f"FolderKeeper(pathlib.Path({str(tmp_path)!r})).__enter__(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "checkpoint" / "lock").exists()
    with FolderKeeper(tmp_path) as keeper:
        keeper.begin(RUN)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--out must be a folder that can be written"):
        FolderKeeper(tmp_path / "file").__enter__()


# Damage ---------------------------------------------------------------------------------------------------------------


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


DAMAGE = {
    "a bit of a number": lambda path: flip(path, -1),
    "a bit of the header": lambda path: flip(path, 20),
    "a bit of the magic": lambda path: flip(path, 0),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-8]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"0"),
    "empty": lambda path: path.write_bytes(b""),
    "another array": lambda path: np.save(path, np.zeros((2, 2))),
    "objects": lambda path: np.save(path, np.array([{}, {}]), allow_pickle=True),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("kind", ["arrays", "grown"])
def test_a_damaged_file_is_named_with_what_to_do(damage, kind, tmp_path):
    kept(tmp_path, **{kind: {"Q": np.ones((4, 3))}})
    (name,) = [name for name in files(tmp_path) if name.endswith(".npy")]
    DAMAGE[damage](tmp_path / "checkpoint" / name)
    with pytest.raises(InputError, match=rf"damaged: .*{name}: .*Restore that file, or leave --resume out"):
        loaded(tmp_path)


@pytest.mark.parametrize("place", range(0, 600, 23))
def test_a_bit_of_the_manifest_that_flips_is_noticed(place, tmp_path):
    kept(tmp_path, facts={"norm": 0.125}, arrays={"x": np.ones(3)})
    path = tmp_path / "checkpoint" / "manifest.json"
    before = json.loads(path.read_text())
    flip(path, place % len(path.read_bytes()))
    try:
        with pytest.raises(InputError, match=r"damaged: .*manifest\.json"):
            loaded(tmp_path)
    except pytest.fail.Exception:  # a space became another kind of nothing
        assert json.loads(path.read_text()) == before


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "7", "x", '{"format": "prefit.checkpoint/2", "sha256": ""}'])
def test_a_manifest_that_is_none_is_refused(text, tmp_path):
    kept(tmp_path)
    (tmp_path / "checkpoint" / "manifest.json").write_text(text)
    with pytest.raises(InputError, match=r"damaged: .*manifest\.json"):
        loaded(tmp_path)
    with FolderKeeper(tmp_path, every=0.0) as keeper:  # a new run does not read it
        keeper.begin(RUN)
    assert list(tmp_path.iterdir()) == [] or files(tmp_path) == []


# A full disk ----------------------------------------------------------------------------------------------------------


def test_a_full_disk_is_told_once_and_leaves_the_former_state(tmp_path):
    said: list[str] = []
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with FolderKeeper(tmp_path, every=0.0, warn=said.append) as keeper:
        keeper.begin(RUN)
        keeper.save("stage", {"step": 1}, {"x": np.ones(10)})
        before = files(tmp_path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            for step in (2, 3):
                keeper.save("stage", {"step": step}, {"x": np.ones(100_000)})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert files(tmp_path) == before
        assert keeper.load("stage").facts == {"step": 1}
        keeper.save("stage", {"step": 4}, {"x": np.ones(100_000)})
    assert len(said) == 1
    assert "could not be saved" in said[0]
    assert os.strerror(errno.EFBIG) in said[0]
    assert "the state saved before stays valid" in said[0]
    assert loaded(tmp_path).facts == {"step": 4}


def test_a_folder_that_somebody_removed_does_not_end_the_run(tmp_path):
    said: list[str] = []
    with FolderKeeper(tmp_path / "out", every=0.0, warn=said.append) as keeper:
        keeper.begin(RUN)
        for path in (tmp_path / "out" / "checkpoint").iterdir():
            path.unlink()
        (tmp_path / "out" / "checkpoint").rmdir()
        keeper.save("stage", {}, {"x": np.ones(2)})
        keeper.finish("0123")
    assert len(said) == 2
    assert "nothing is saved" in said[0]

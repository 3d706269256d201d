"""Killed at any step, losing what was not synchronised, a save leaves the former state or the new one, whole."""

from __future__ import annotations

import builtins
import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import prefit.storage.files as written
from prefit.storage import FolderKeeper, Saved


class Killed(BaseException):
    """The process is dead."""


class Machine:
    """A machine that dies at the step asked for: no step after it happens, and half of what is not synchronised goes.

    A `full` machine lives on: its disk is full from that step on, so that every write fails, until it is emptied.
    """

    def __init__(self, steps: int, full: bool = False) -> None:
        self.left, self.full, self.failed = steps, full, False
        self.unsynchronised: set[str] = set()
        self.real: dict[str, Callable[..., Any]] = {}

    def step(self, writes: bool = True) -> None:
        self.left -= 1
        if self.left >= 0 or (self.full and not writes):
            return
        self.failed = True
        if self.full:
            raise OSError(28, "No space left on device")
        for path in self.unsynchronised:
            with contextlib.suppress(OSError):
                os.truncate(path, os.path.getsize(path) // 2)
        raise Killed

    def fsync(self, handle: int) -> None:
        self.step()
        self.real["fsync"](handle)
        self.unsynchronised.discard(os.readlink(f"/proc/self/fd/{handle}"))

    def replace(self, source: str, target: Path) -> None:
        self.step(writes=False)
        self.real["replace"](source, target)
        if str(source) in self.unsynchronised:
            self.unsynchronised = self.unsynchronised - {str(source)} | {str(target)}

    def unlink(self, path: Any, **more: Any) -> None:
        self.step(writes=False)
        self.real["unlink"](path, **more)

    def open(self, path: Path, mode: str) -> Any:
        if mode == "rb":
            return builtins.open(path, mode)
        self.step()
        self.unsynchronised.add(str(path))
        return Torn(self, builtins.open(path, mode))

    def fdopen(self, handle: int, mode: str) -> Any:
        path = os.readlink(f"/proc/self/fd/{handle}")
        self.unsynchronised.add(path)
        return Torn(self, self.real["fdopen"](handle, mode))


class Torn:
    """A file, the last write to which may stop half way."""

    def __init__(self, machine: Machine, file: Any) -> None:
        self.machine, self.file = machine, file

    def write(self, data: Any) -> None:
        try:
            self.machine.step()
        except BaseException:
            self.file.write(bytes(data)[: len(data) // 2])
            self.file.flush()
            raise
        self.file.write(data)

    def flush(self) -> None:
        self.file.flush()

    def fileno(self) -> int:
        return self.file.fileno()

    def __enter__(self) -> Torn:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()


@contextlib.contextmanager
def running_on(machine: Machine) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fsync", "replace", "unlink", "fdopen"):
            machine.real[name] = getattr(os, name)
            patch.setattr(os, name, getattr(machine, name))
        patch.setattr(written, "open", machine.open, raising=False)
        yield


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp())
    try:
        yield place
    finally:
        shutil.rmtree(place)


class Job:
    """Two stages whose states follow from the numbers drawn."""

    def __init__(self) -> None:
        self.Q = np.empty((6, 0))
        self.count = 0

    def save(self, keeper: FolderKeeper, what: int) -> tuple[str, Saved]:
        """Save one stage: "sums" (0), or "basis" with so many columns more, which starts over at 4."""
        self.count += 1
        facts = {"count": self.count}
        if what == 0:
            arrays = {"x": np.full(5, float(self.count)), "y": np.arange(self.count)}
            keeper.save("sums", facts, arrays)
            return "sums", Saved(facts, arrays)
        new = np.random.default_rng(self.count).random((6, what))
        self.Q = new if what == 4 else np.hstack([self.Q, new])
        keeper.save("basis", facts, {"last": new}, {"Q": self.Q})
        return "basis", Saved(facts, {"last": new, "Q": self.Q.copy()})


def state_of(keeper: FolderKeeper) -> dict[str, Saved]:
    return {name: kept for name in ("sums", "basis") if (kept := keeper.load(name)) is not None}


def same(one: dict[str, Saved], other: dict[str, Saved]) -> bool:
    return one.keys() == other.keys() and all(
        one[name].facts == other[name].facts
        and one[name].arrays.keys() == other[name].arrays.keys()
        and all(np.array_equal(a, other[name].arrays[key]) for key, a in one[name].arrays.items())
        for name in one
    )


def names(out: Path) -> set[str]:
    return {path.name for path in (out / "checkpoint").iterdir()} - {"lock", "manifest.json"}


SAVES = st.lists(st.integers(0, 4), min_size=1, max_size=6)


@given(saves=SAVES, steps=st.integers(0, 90))
def test_a_killed_run_finds_the_former_state_or_the_new_one(saves, steps):
    with folder() as out:
        keeper, machine, job = FolderKeeper(out, every=0.0).__enter__(), Machine(steps), Job()
        keeper.begin({})
        states: list[dict[str, Saved]] = [{}]
        with running_on(machine), contextlib.suppress(Killed):
            for what in saves:
                states.append(dict(states[-1]))
                stage, saved = job.save(keeper, what)
                states[-1][stage] = saved
        assert keeper._lock._handle is not None
        os.close(keeper._lock._handle)  # as the system does for a dead process
        with FolderKeeper(out, every=0.0) as again:
            found = again.found()
            assert found is not None
            again.go_on(found)
            assert names(out) == found.files
            back = state_of(again)
            if not machine.failed:
                assert same(back, states[-1])
            else:  # the last save was under way: its stage is the one that may be new
                assert (
                    same(back, states[-2])
                    or again.load("sums" if saves[len(states) - 2] == 0 else "basis").facts["count"] == len(states) - 1
                )
            job.Q = back["basis"].arrays["Q"] if "basis" in back else np.empty((6, 0))
            for what in (3, 0):
                stage, saved = job.save(again, what)
                assert same({stage: saved}, {stage: again.load(stage)})


@given(saves=SAVES, steps=st.integers(0, 60))
def test_a_full_disk_leaves_the_former_state_and_the_run_goes_on(saves, steps):
    said: list[str] = []
    with folder() as out, FolderKeeper(out, every=0.0, warn=said.append) as keeper:
        keeper.begin({})
        machine, job, now = Machine(steps, full=True), Job(), {}
        with running_on(machine):
            for what in saves:
                stage, saved = job.save(keeper, what)
                new = {**now, stage: saved}
                back = state_of(keeper)
                assert same(back, new) or (machine.failed and same(back, now))
                now = back
        assert len(said) == machine.failed
        stage, saved = job.save(keeper, 0)
        now[stage] = saved
        assert same(state_of(keeper), now)
        assert names(out) >= keeper.found().files


@given(saves=SAVES, steps=st.integers(0, 12))
def test_a_run_killed_while_a_new_one_begins_or_ends_leaves_one_of_both(saves, steps):
    with folder() as out:
        keeper, job = FolderKeeper(out, every=0.0).__enter__(), Job()
        keeper.begin({"run": 1})
        for what in saves:
            job.save(keeper, what)
        before = state_of(keeper)
        machine = Machine(steps)
        with running_on(machine), contextlib.suppress(Killed):
            if saves[0] % 2:
                keeper.begin({"run": 2})
            else:
                keeper.finish("0123")
        os.close(keeper._lock._handle)
        with FolderKeeper(out, every=0.0) as again:
            found = again.found()
            again.go_on(found)
            if found.run == {"run": 1} and found.finished is None:
                assert same(state_of(again), before)
            else:
                assert (found.run, found.finished) in (({"run": 2}, None), ({"run": 1}, "0123"))
                assert state_of(again) == {}
            assert names(out) == found.files

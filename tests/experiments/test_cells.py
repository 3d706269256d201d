"""Finished parts of a study: made once, made anew when they are of something else, whole or not there."""

from __future__ import annotations

import numpy as np
import pytest

from prefit.experiments.cells import Cells


def counted(value=1.0):
    """What makes a cell, and how often it was asked to."""
    calls = []

    def make(portion):
        calls.append(value)
        return {"value": np.array(value), "row": np.arange(3.0)}

    return make, calls


def cells(folder, told, **facts):
    return Cells(folder, facts, tell=told.append)


def test_a_finished_cell_is_not_made_again(tmp_path):
    make, calls = counted()
    first = cells(tmp_path, []).one("a", {"n": 2}, make)
    again = cells(tmp_path, []).one("a", {"n": 2}, make)
    assert len(calls) == 1
    assert again.keys() == first.keys()
    np.testing.assert_array_equal(again["row"], [0, 1, 2])


@pytest.mark.parametrize(("whole", "own"), [({"seed": 1}, {"n": 2}), ({}, {"n": 3})])
def test_a_cell_of_other_options_is_made_anew_and_said_so(tmp_path, whole, own):
    make, calls = counted()
    told = []
    cells(tmp_path, []).one("a", {"n": 2}, make)
    cells(tmp_path, told, **whole).one("a", own, make)
    assert len(calls) == 2
    assert "other options" in told[0]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not an archive", b"\x93NUMPY"])
def test_a_damaged_cell_is_made_anew_and_said_so(tmp_path, content):
    make, calls = counted()
    told = []
    cells(tmp_path, []).one("a", {}, make)
    (tmp_path / "a.npz").write_bytes(content)
    assert cells(tmp_path, told).one("a", {}, make)["value"] == 1.0
    assert len(calls) == 2
    assert "damaged" in told[0]


def test_an_interrupt_keeps_the_cells_that_are_finished(tmp_path):
    done = []

    def make(name, portion):
        if name == "c":
            raise KeyboardInterrupt
        done.append(name)
        return {"value": np.array(len(done))}

    names = ["a", "b", "c", "d"]
    facts = {name: {"n": 1} for name in names}
    with pytest.raises(KeyboardInterrupt):
        cells(tmp_path, []).each("letters", names, facts, make)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]
    again = cells(tmp_path, []).each("letters", names[:2], facts, make)
    assert [int(again[name]["value"]) for name in "ab"] == [1, 2]
    assert done == ["a", "b"]


def test_progress_rises_to_one_over_all_cells_of_a_phase(tmp_path):
    seen = []
    shown = Cells(tmp_path, {}, show=lambda phase, portion: seen.append(portion))

    def make(name, portion):
        portion(0.5)
        return {"value": np.array(0.0)}

    shown.each("both", ["a", "b"], {"a": {}, "b": {}}, make)
    assert seen == [0.0, 0.25, 0.5, 0.5, 0.75, 1.0]

"""A descent that stops after any of its saves goes on and ends with the same digits."""

import copy
import json

import numpy as np
import pytest

from prefit.storage import FolderKeeper, Saved
from prefit.training import descend, stability_of


class Killed(Exception):
    """The run was killed."""


class Memory:
    """Keeps deep copies, as a disk would, and stops the run after a given save."""

    folder = None

    def __init__(self, stop_after=None):
        self.states, self.saves, self.stop_after = {}, 0, stop_after

    def due(self):
        return True

    def save(self, stage, facts, arrays, grown=None):
        whole = {**arrays, **(grown or {})}
        self.states[stage] = Saved(json.loads(json.dumps(facts)), {name: np.array(a) for name, a in whole.items()})
        self.saves += 1
        if self.stop_after is not None and self.saves > self.stop_after:
            raise Killed

    def load(self, stage):
        return copy.deepcopy(self.states.get(stage))

    def tell(self, sentence):
        pass

    warn = tell


KINDS = {
    "full batch": {"steps": 12, "keep_weights": (2, 9)},
    "records few": {"steps": 12, "grid": (4,), "linearization": False},
    "mini-batches": {"steps": 12, "batch": 4, "keep_weights": (5,)},
    "one pass": {"steps": 99, "one_pass": True, "batch": 2, "loss": "logistic"},
    "k*": {"steps": 500, "patience": 3, "grid": (9,)},
    "until loss": {"steps": 500, "until_loss": 4.0, "grid": (9,)},
    "diverges": {"steps": 500, "step_size": 60.0},
    "unstable": {"steps": 5, "stable_below": 0.01},
}


def same(one, other):
    assert (one.stopped, one.reason, one.steps) == (other.stopped, other.reason, other.steps)
    assert (one.k_star, one.k_star_error) == (other.k_star, other.k_star_error)
    for name, array in one.trajectory.arrays().items():
        if name != "seconds":
            np.testing.assert_array_equal(array, getattr(other.trajectory, name), err_msg=name)
    assert list(one.weights) == list(other.weights)
    for step, weights in one.weights.items():
        for name, array in weights.items():
            np.testing.assert_array_equal(array, other.weights[step][name], err_msg=f"{name} at {step}")


@pytest.mark.parametrize("kind", KINDS)
def test_it_ends_with_the_same_digits_wherever_it_stopped(problem, options, kind):
    asked = KINDS[kind]
    if kind == "k*":
        asked = {**asked, "step_size": 1.6 / stability_of(problem.engine()).lambda_max}

    def run(keeper):
        return descend(problem.engine(), problem.Y, problem.labels, problem.test, options(**asked), keeper)

    whole = Memory()
    uninterrupted = run(whole)
    for stop_after in range(whole.saves):
        keeper = Memory(stop_after)
        with pytest.raises(Killed):
            run(keeper)
        keeper.stop_after = None
        same(run(keeper), uninterrupted)


def test_it_may_be_killed_many_times(problem, options):
    asked = options(steps=10, batch=3)
    keeper = Memory()
    uninterrupted = descend(problem.engine(), problem.Y, None, problem.test, asked)
    for stop_after in (1, 2, 3):
        keeper.stop_after = keeper.saves + stop_after
        with pytest.raises(Killed):
            descend(problem.engine(), problem.Y, None, problem.test, asked, keeper)
    keeper.stop_after = None
    same(descend(problem.engine(), problem.Y, None, problem.test, asked, keeper), uninterrupted)


def test_a_finished_descent_is_not_repeated(problem, options):
    keeper = Memory()
    first = descend(problem.engine(), problem.Y, None, None, options(), keeper)
    saves = keeper.saves
    again = descend(problem.engine(), problem.Y, None, None, options(), keeper)
    same(again, first)
    assert keeper.saves == saves
    assert again.seconds == first.seconds


def test_the_folder_keeper_keeps_it(problem, options, tmp_path, monkeypatch):
    monkeypatch.setattr("prefit.storage.folder.WORTH", 0.0)
    asked = options(steps=9, keep_weights=(4,))
    uninterrupted = descend(problem.engine(), problem.Y, None, problem.test, asked)
    engine, updates = problem.engine(), []
    step = engine.descend

    def killed(G, rate):
        updates.append(0)
        if len(updates) > 6:
            raise Killed
        step(G, rate)

    engine.descend = killed
    with FolderKeeper(tmp_path, every=0.0) as keeper:
        keeper.begin({})
        with pytest.raises(Killed):
            descend(engine, problem.Y, None, problem.test, asked, keeper)
    with FolderKeeper(tmp_path, every=0.0) as keeper:
        keeper.go_on(keeper.found())
        assert keeper.load("training").facts["step"] == 6
        same(descend(problem.engine(), problem.Y, None, problem.test, asked, keeper), uninterrupted)

"""The training job: what comes in, what goes out, what is refused, and that a stopped run goes on with its digits."""

import copy
import json
import math
import re

import numpy as np
import pytest

import prefit
from prefit.data import from_arrays
from prefit.documents.run import Run
from prefit.errors import InputError
from prefit.jobs import TrainOptions, run_training
from prefit.jobs.run_files import file_names, remove_others, write_arrays
from prefit.storage import Saved
from tests.jobs.documents import numbers

SMALL = {"width": 256, "steps": 20, "threads": 1}


def digits(classes="0,1", per_class=20, **options):
    return prefit.load("digits", classes=classes, per_class=per_class, **options)


def run(data=None, **options):
    return run_training(digits() if data is None else data, TrainOptions(**{**SMALL, **options}))


def _refuse(text):
    raise AssertionError(f"{text} in the JSON")


def check(document):
    """JSON round trip, schema first, finite, every curve as long as its steps."""
    text = document.model_dump_json(by_alias=True)
    parsed = json.loads(text, parse_constant=_refuse)
    assert next(iter(parsed)) == "schema"
    assert parsed["schema"] == "prefit.run/1"
    assert Run.model_validate_json(text).model_dump_json(by_alias=True) == text
    assert all(math.isfinite(value) for _, value in numbers(parsed))
    count = len(parsed["trajectory"]["steps"])
    assert parsed["trajectory"]["steps"] == sorted(set(parsed["trajectory"]["steps"]))
    for curves in parsed["trajectory"].values():
        for curve in curves if isinstance(curves[0], list) else [curves]:
            assert len(curve) == count
    for name in ("predicted", "predicted_finite"):
        if parsed[name] is not None:
            assert len(parsed[name]["residual"]) == len(parsed[name]["steps"]) == count
    assert all(parsed["summary"])
    return parsed


# What comes out -------------------------------------------------------------------------------------------------------


def test_a_run_is_a_valid_document_and_its_arrays():
    document, outcome = run(keep_weights=(5,))
    parsed = check(document)
    assert parsed["files"] == file_names([0, 5, 20])
    assert sorted(outcome.weights) == [0, 5, 20]
    assert outcome.weights[0]["W1"].shape == (256, 64)
    assert outcome.trajectory.outputs.shape == (len(parsed["trajectory"]["steps"]), 40, 1)
    assert parsed["trajectory"]["loss"] == outcome.trajectory.loss.tolist()
    assert parsed["trajectory"]["distance"] == [outcome.trajectory.distance[:, 0].tolist()]
    assert parsed["descent"]["stopped"] == "steps"
    assert parsed["network"] == {
        "kind": "two-layer",
        "width": 256,
        "widths": [256],
        "depth": 1,
        "outputs": 1,
        "init_scale": 1.0,
        "antisymmetric": False,
        "parameters": 256 * 64,
    }


def test_the_net_s_own_kernel_predicts_its_run():
    document, _ = run(width=4096, steps=50, antisymmetric=True, precision="float64")
    for measured, own in zip(document.trajectory.residual, document.predicted_finite.residual, strict=True):
        assert measured == pytest.approx(own, rel=0.02)
    assert document.trajectory.residual[0] == pytest.approx(math.sqrt(40), rel=1e-12)
    assert "predicted by the infinitely wide network within" in " ".join(document.summary)


def test_the_same_seed_gives_the_same_digits_and_another_one_others():
    first, again, other = run(seed=3)[1], run(seed=3)[1], run(seed=4)[1]
    assert np.array_equal(first.trajectory.outputs, again.trajectory.outputs)
    assert np.array_equal(first.weights[20]["W1"], again.weights[20]["W1"])
    assert not np.array_equal(first.trajectory.outputs, other.trajectory.outputs)


def test_products_in_single_precision_follow_those_in_double():
    single, double = run(precision="float32")[1].trajectory, run(precision="float64")[1].trajectory
    assert np.allclose(single.loss, double.loss, rtol=1e-5)


def test_progress_tells_the_loss():
    told = []
    run_training(digits(), TrainOptions(**SMALL), lambda *seen: told.append(seen))
    details = [detail for phase, _, *rest in told if phase == "training" for detail in rest]
    assert any("loss" in detail for detail in details)


def test_steps_asked_for_are_those_recorded():
    document, _ = run(grid="0,3,7")
    assert document.trajectory.steps == [0, 3, 7, 20]
    assert [one.steps for one in (document.predicted, document.predicted_finite)] == [[0, 3, 7, 20]] * 2


def test_both_ends_of_the_net_s_own_kernel_are_there_on_request():
    without, _ = run()
    assert set(without.trajectory.kernel_smallest) == {None}
    document, _ = run(kernel_eigenvalues=True)
    ends = zip(document.trajectory.kernel_smallest, document.trajectory.kernel_largest, strict=True)
    assert all(0 <= low < high for low, high in ends)


# Data and losses ------------------------------------------------------------------------------------------------------


def test_more_classes_have_as_many_outputs_and_a_note_that_this_is_an_extension():
    document, outcome = run(digits("0,1,2"))
    assert check(document)["network"]["outputs"] == 3
    assert outcome.trajectory.outputs.shape[2] == 3
    assert any("an extension" in note for note in document.notes)
    assert document.data.coding == "one-hot minus 1/3"
    assert set(document.trajectory.surrogate_error) == {None}


@pytest.mark.parametrize("classes", ["0,1", "0,1,2"])
def test_the_cross_entropy_takes_one_output_a_class(classes):
    document, outcome = run(digits(classes), loss="cross-entropy")
    count = len(classes.split(","))
    assert check(document)["network"]["outputs"] == count
    assert document.data.coding == "one-hot"
    # Two outputs of a net of width 256 start near 0: the loss near log c.
    assert outcome.trajectory.loss[0] == pytest.approx(math.log(count), abs=0.7)
    assert outcome.trajectory.loss[-1] < outcome.trajectory.loss[0]


@pytest.mark.parametrize("loss", ["quadratic", "logistic", "hinge", "square"])
def test_every_loss_of_two_classes_falls(loss):
    document, outcome = run(loss=loss)
    check(document)
    assert document.descent.loss == loss
    assert (document.descent.stable_below is None) == (loss == "hinge")
    assert outcome.trajectory.loss[-1] < outcome.trajectory.loss[0]


def test_real_targets_are_trained_on_too():
    X = np.random.default_rng(0).standard_normal((40, 6))
    document, _ = run(from_arrays(X, X @ np.arange(6.0), task="regression"))
    assert check(document)["data"]["coding"] == "regression"
    assert set(document.trajectory.train_error) == {None}
    assert document.trajectory.loss[-1] < document.trajectory.loss[0]


def test_a_test_split_is_measured():
    X = np.random.default_rng(0).standard_normal((60, 6))
    y = (X[:, 0] > 0).astype(int)
    document, _ = run(from_arrays(X[:40], y[:40], X[40:], y[40:]))
    assert document.data.test_n == 20
    assert None not in document.trajectory.test_error
    assert any("On the 20 test examples" in sentence for sentence in document.summary)


def test_random_labels_leave_the_test_split_out():
    X = np.random.default_rng(0).standard_normal((60, 6))
    y = (X[:, 0] > 0).astype(int)
    document, _ = run(from_arrays(X[:40], y[:40], X[40:], y[40:], labels="random"))
    assert set(document.trajectory.test_error) == {None}
    assert any("redrawn" in note for note in document.data.notes)


def test_inputs_off_the_sphere_are_trained_on_as_they_are():
    X = 3.0 * np.random.default_rng(0).standard_normal((40, 6))
    document, _ = run(from_arrays(X, np.arange(40) % 2), normalize=False)
    assert check(document)["data"]["sphere"] is False
    assert document.predicted is None


# Descent --------------------------------------------------------------------------------------------------------------


def test_the_usual_step_size_is_half_of_what_is_unstable():
    document, _ = run()
    assert document.descent.step_size == pytest.approx(document.descent.stable_below / 2, rel=1e-12)
    assert "half of what is unstable" in document.descent.chosen


def test_an_unstable_step_size_is_refused_with_the_limit_and_runs_when_forced():
    limit = run()[0].descent.stable_below
    with pytest.raises(InputError, match=rf"must be below 2/\(β λ_max\) = {limit:.6g}.*--force"):
        run(step_size=limit)
    assert run(step_size=0.99 * limit)[0].descent.stopped == "steps"
    for factor in (1.5, 50.0):
        document, _ = run(step_size=factor * limit, force=True, steps=200)
        check(document)
        assert any("it was forced" in note for note in document.notes)
    assert document.descent.stopped == "diverged"
    assert document.descent.steps < 200
    assert "unstable" in document.descent.reason


def test_one_pass_uses_every_example_once():
    document, _ = run(one_pass=True, batch=8, steps=None)
    assert check(document)["descent"]["stopped"] == "data used up"
    assert document.descent.steps == 5
    assert run(one_pass=True, steps=None)[0].descent.steps == 40


def test_batches_take_a_smaller_step_by_themselves():
    whole, batches = run()[0].descent, run(batch=4, steps=200)[0]
    assert batches.descent.step_size < whole.step_size
    assert "batches of 4" in batches.descent.chosen
    assert batches.trajectory.loss[-1] < batches.trajectory.loss[0]
    check(batches)


@pytest.mark.parametrize(
    ("options", "stopped"),
    [({"until_loss": 1.0}, "loss"), ({"time_limit": 1e-6}, "time"), ({"patience": 1, "steps": 3}, "steps")],
)
def test_a_run_stops_as_it_was_asked_to(options, stopped):
    assert run(**{"steps": 500, **options})[0].descent.stopped == stopped


# Refused --------------------------------------------------------------------------------------------------------------

REFUSED = [
    ({"network": "three-layer"}, "--network must be two-layer or deep"),
    ({"loss": "cubic"}, "--loss must be quadratic, logistic, hinge, square or cross-entropy"),
    ({"width": 0}, "--width must be a whole number, 1 or more"),
    ({"depth": 2}, "--depth 2 is of --network deep"),
    ({"width": 255, "antisymmetric": True}, "Take 256"),
    ({"network": "deep", "init_scale": 0.1}, "--init-scale is of --network two-layer"),
    ({"network": "deep", "antisymmetric": True}, "--antisymmetric is of --network two-layer"),
    ({"init_scale": 0}, "--init-scale must be a positive number"),
    ({"steps": 0}, "--steps"),
    ({"step_size": -1.0}, "--step-size"),
    ({"batch": 0}, "--batch"),
    ({"batch": 41}, "at most the 40 training examples"),
    ({"until_loss": 0}, "--until-loss"),
    ({"time_limit": math.inf}, "--time-limit"),
    ({"patience": 0}, "--patience"),
    ({"grid": ""}, "--grid must be steps"),
    ({"grid": (0, -1)}, "--grid must be steps"),
    ({"grid": "0,half"}, "--grid must be steps"),
    ({"grid": (0, 21)}, "up to --steps, 20"),
    ({"grid": (0, 5000), "steps": None}, "--grid must be steps up to --steps, 1,000"),
    ({"keep_weights": (4000,), "steps": None}, "--keep-weights must be steps up to --steps, 1,000"),
    ({"keep_weights": (9,), "steps": None, "one_pass": True, "batch": 8}, "up to the last of the one pass, 5"),
    ({"grid": (9,), "one_pass": True, "batch": 8}, "up to the last of the one pass, 5"),
    ({"keep_weights": "soon"}, "--keep-weights"),
    ({"precision": "float16"}, "--precision must be float32 or float64"),
    ({"device": "cuda"}, "--device must be auto or cpu for a two-layer net"),
    ({"delta": 1.0}, "--delta"),
    ({"width": 2**24, "memory": 2**20}, "--memory"),
    ({"steps": 10**6, "grid": tuple(range(10**4)), "memory": 2**23}, "for outputs at 10,001 records"),
    ({"steps": 50, "keep_weights": tuple(range(50)), "memory": 2**22}, "for 16,384 weights"),
]


@pytest.mark.parametrize(("options", "says"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_cannot_be_trained_is_refused(options, says):
    with pytest.raises(InputError) as error:
        run(**options)
    assert says in str(error.value)


def test_a_net_without_an_active_unit_is_refused():
    """One neuron, its weights drawn until all inputs lie on its other side."""
    dead = 0
    for seed in range(8):
        try:
            run(width=1, seed=seed, steps=1)
        except InputError as error:
            dead += "Some unit must be active on some example" in str(error)
    assert dead


def test_the_ends_of_the_kernel_of_many_examples_are_refused_before_anything_is_made(monkeypatch):
    monkeypatch.setattr("prefit.jobs.engines.DENSE_UP_TO", 39)
    with pytest.raises(InputError, match=r"at most 39 examples, got 40\. Take --limit 39"):
        run(kernel_eigenvalues=True)


def test_a_run_that_has_converged_is_compared_while_there_is_something_to_compare():
    document, _ = run(width=512, steps=20000, grid=(0, 10, 100, 1000), precision="float64")
    said = next(sentence for sentence in document.summary if "is predicted" in sentence)
    assert "compared up to step" in said
    assert all(float(portion) < 1e4 for portion in re.findall(r"within ([0-9.e+]+)%", said))


def test_records_are_kept_as_they_come(monkeypatch):
    """Outputs are written a record at a time, not all of them at each save."""
    saved = []
    keeper = Memory()
    keeper.save = lambda stage, facts, arrays, grown=None: saved.append((arrays, grown or {}))
    run_training(digits(), TrainOptions(**SMALL), keeper=keeper)
    assert not any("trajectory.outputs" in arrays for arrays, _ in saved)
    shapes = [grown["trajectory.outputs"].shape for _, grown in saved if grown]
    assert shapes[0] == (40, 0)
    assert shapes[-1][0] == 40
    assert shapes == sorted(shapes)


@pytest.mark.parametrize("options", [{"loss": "logistic"}, {"loss": "hinge"}, {"patience": 5}])
def test_what_is_of_two_classes_is_refused_for_three(options):
    with pytest.raises(InputError, match="there are 3 classes"):
        run(digits("0,1,2"), **options)


def test_what_real_targets_do_not_have_is_refused():
    X = np.random.default_rng(0).standard_normal((40, 6))
    data = from_arrays(X, X[:, 0], task="regression")
    for loss in ("logistic", "cross-entropy"):
        with pytest.raises(InputError, match="real targets"):
            run(data, loss=loss)


def test_worst_case_labels_are_refused():
    with pytest.raises(InputError, match="--labels must be true or random"):
        run(digits(labels="worst"))


# Deep nets ------------------------------------------------------------------------------------------------------------


def test_a_deep_net_leaves_the_same_document():
    pytest.importorskip("torch")
    document, outcome = run(network="deep", width=64, depth=3)
    parsed = check(document)
    assert parsed["descent"]["loss"] == "logistic"
    assert parsed["network"]["widths"] == [64] * 3
    assert parsed["network"]["parameters"] == 64 * (64 + 64 + 64)
    assert len(parsed["trajectory"]["distance"]) == 3
    assert parsed["kernel"]["name"] == "ntk:3"
    assert sorted(outcome.weights[0]) == ["W1", "W2", "W3", "output"]
    assert run(digits("0,1,2"), network="deep", width=64)[0].descent.loss == "cross-entropy"


# The run folder -------------------------------------------------------------------------------------------------------


def test_arrays_are_read_as_they_were_written_and_older_weights_go(tmp_path):
    _, outcome = run()
    (tmp_path / "weights").mkdir()
    for name in ("step-00000007.npz", "mine.npz"):
        (tmp_path / "weights" / name).write_text("older")
    write_arrays(outcome, tmp_path)
    remove_others(file_names(list(outcome.weights)), tmp_path)
    assert sorted(path.name for path in (tmp_path / "weights").iterdir()) == [
        "mine.npz",
        "step-00000000.npz",
        "step-00000020.npz",
    ]
    with np.load(tmp_path / "trajectory.npz", allow_pickle=False) as read:
        for name, array in outcome.trajectory.arrays().items():
            assert np.array_equal(read[name], array, equal_nan=True)
    with np.load(tmp_path / "weights" / "step-00000020.npz", allow_pickle=False) as read:
        assert np.array_equal(read["W1"], outcome.weights[20]["W1"])


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    _, outcome = run()
    (tmp_path / "weights").write_text("a file")
    with pytest.raises(InputError, match="--out must be a folder that can be written"):
        write_arrays(outcome, tmp_path)


# Between runs ---------------------------------------------------------------------------------------------------------


class Stopped(Exception):
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
        self.states[stage] = Saved(
            json.loads(json.dumps(dict(facts))), {name: np.array(array) for name, array in whole.items()}
        )
        self.saves += 1
        if self.stop_after is not None and self.saves > self.stop_after:
            raise Stopped

    def load(self, stage):
        return copy.deepcopy(self.states.get(stage))

    def tell(self, sentence):
        pass

    def warn(self, sentence):
        pass


def digits_of(document, outcome):
    """Everything but wall times."""
    parsed = json.loads(document.model_dump_json(by_alias=True)) | {"cost": None}
    parsed["trajectory"]["seconds"] = None
    arrays = {name: array for name, array in outcome.trajectory.arrays().items() if name != "seconds"}
    arrays |= {f"{step}/{name}": array for step, held in outcome.weights.items() for name, array in held.items()}
    return parsed, arrays


@pytest.mark.parametrize("options", [{}, {"batch": 7}, {"patience": 5, "keep_weights": (3,)}, {"network": "deep"}])
def test_a_run_that_stops_after_any_save_goes_on_with_the_same_digits(options):
    if "network" in options:
        pytest.importorskip("torch")
    asked, data = TrainOptions(**{**SMALL, "width": 64, **options}), digits()
    whole, arrays = digits_of(*run_training(data, asked))
    for stop in (0, 1, 4, 11, 20):
        keeper = Memory(stop)
        with pytest.raises(Stopped):
            run_training(data, asked, keeper=keeper)
        keeper.stop_after = None
        parsed, resumed = digits_of(*run_training(data, asked, keeper=keeper))
        assert parsed == whole
        assert resumed.keys() == arrays.keys()
        assert all(np.array_equal(resumed[name], arrays[name], equal_nan=True) for name in arrays)

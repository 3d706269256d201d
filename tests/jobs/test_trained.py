"""A trained network as matrices: the same function as the network itself, on the data of the run and on no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import prefit
from prefit.data import LabelledData, from_arrays
from prefit.documents.run import Run
from prefit.jobs import TrainOptions, run_training
from prefit.jobs.trained import Trained, subject_of, trained_of
from prefit.networks import DeepReLU, TwoLayer
from prefit.training import Outcome

TWO = {"classes": "0,1", "per_class": 20, "test": "digits", "test_per_class": 30}
OPTIONS = {
    "two-layer": TrainOptions(width=64, steps=20, init_scale=0.5, keep_weights=(7,)),
    "antisymmetric": TrainOptions(width=64, steps=20, antisymmetric=True, precision="float64"),
    "off the sphere": TrainOptions(width=64, steps=20, normalize=False),
    "deep": TrainOptions(network="deep", width=32, depth=3, steps=20),
    "cross-entropy": TrainOptions(network="deep", width=32, steps=20, loss="cross-entropy"),
}


def made(options: TrainOptions, **choice: object) -> tuple[LabelledData, Run, Outcome]:
    data = prefit.load("digits", **{**TWO, **choice})
    return data, *run_training(data, options)


def trained(options: TrainOptions, **choice: object) -> Trained:
    data, run, outcome = made(options, **choice)
    return trained_of(run, outcome.weights, data)


@pytest.mark.parametrize("name", OPTIONS)
def test_the_matrices_are_the_network(name):
    """Outputs by the network's own definition, at the start and at the end."""
    data, run, outcome = made(OPTIONS[name])
    found = trained_of(run, outcome.weights, data)
    for step, start in ((0, True), (20, False)):
        arrays = {name: np.asarray(array, dtype=np.float64) for name, array in outcome.weights[step].items()}
        output = arrays.pop("output")
        deep = run.network.kind == "deep"
        net = DeepReLU(tuple(arrays.values()), output) if deep else TwoLayer(arrays["W1"], output)
        np.testing.assert_allclose(found.net.outputs(found.X, start), net.predict(found.X), rtol=1e-10, atol=1e-12)
    assert found.net.depth == run.network.depth
    assert found.net.parameters == run.network.parameters
    assert found.net.trained == (True,) * run.network.depth + (False,)


@pytest.mark.parametrize("name", OPTIONS)
def test_the_subject_has_the_errors_that_the_run_recorded(name):
    data, run, outcome = made(OPTIONS[name])
    subject = subject_of(trained_of(run, outcome.weights, data))
    assert subject.train_error == run.trajectory.train_error[-1]
    assert subject.test_error == run.trajectory.test_error[-1]
    assert subject.binary == (name != "cross-entropy")
    assert (subject.margins <= 0.0).mean() == subject.train_error
    assert subject.sphere == (name != "off the sphere")
    assert (subject.trivial, subject.steps, subject.loss) == (0.5, 20, run.descent.loss)


def test_weights_of_another_step_can_be_taken():
    data, run, outcome = made(OPTIONS["two-layer"])
    found = trained_of(run, outcome.weights, data, step=7)
    assert found.training.step == 7
    assert found.net.matrices[0].tobytes() == np.asarray(outcome.weights[7]["W1"], dtype=np.float64).tobytes()


@pytest.mark.parametrize(
    ("options", "step", "fixed"),
    [
        ({"step_size": 0.01}, None, True),
        ({"step_size": 0.01}, 20, True),
        ({"step_size": 0.01}, 7, False),
        ({}, None, False),
        ({"step_size": 0.01, "until_loss": 1e9}, None, False),
    ],
)
def test_step_size_and_steps_are_fixed_where_the_user_gave_both(options, step, fixed):
    data, run, outcome = made(replace(OPTIONS["two-layer"], **options))
    assert subject_of(trained_of(run, outcome.weights, data, step)).fixed == fixed


def test_random_labels_are_drawn_as_they_were_for_training():
    """The residual of the last step comes out, and would not with the file's labels."""
    options = TrainOptions(width=256, steps=100, seed=3)
    found = trained(options, labels="random", seed=3, test=None, test_per_class=None)
    recorded = run_training(found.data, options)[0].trajectory.residual[-1]
    assert np.linalg.norm(found.Y - found.net.outputs(found.X)) == pytest.approx(recorded, rel=1e-4)
    assert (found.labels != found.data.train.labels).mean() > 0.2
    assert found.test is None


def test_label_noise_is_that_of_the_data():
    found = trained(OPTIONS["two-layer"], label_noise=0.5)
    assert found.labels.tobytes() == found.data.train.labels.tobytes()
    assert found.data.label_noise == 0.5


def test_other_data_are_refused():
    data, run, outcome = made(OPTIONS["two-layer"])
    flipped = replace(data, train=replace(data.train, labels=1 - data.train.labels))
    with pytest.raises(prefit.InputError, match=r"at step 0 ‖y − u‖ was .+, and is .+ now"):
        trained_of(run, outcome.weights, flipped)


def test_weights_that_are_not_finite_are_refused():
    data, run, outcome = made(OPTIONS["two-layer"])
    broken = {**outcome.weights, 20: {**outcome.weights[20], "W1": outcome.weights[20]["W1"] * np.nan}}
    with pytest.raises(prefit.InputError, match="not finite: the run diverged"):
        trained_of(run, broken, data)


def test_a_regression_has_no_bounds_on_its_error():
    X = np.random.default_rng(0).standard_normal((20, 3))
    data = from_arrays(X, X[:, 0] / 4.0, task="regression")
    run, outcome = run_training(data, TrainOptions(width=16, steps=2))
    with pytest.raises(prefit.InputError, match="real targets"):
        trained_of(run, outcome.weights, data)


def test_the_digest_tells_networks_apart():
    one, same, other = (trained(replace(OPTIONS["two-layer"], seed=seed)) for seed in (0, 0, 1))
    assert one.digest == same.digest != other.digest

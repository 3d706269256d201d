"""The hard-margin form beside the interpolation form, and the margins of Cao & Gu, in a forecast."""

import math

import numpy as np
import pytest

import prefit
from prefit.data import from_arrays
from prefit.errors import InputError
from prefit.jobs import ForecastOptions, margins, run_forecast
from prefit.jobs.plan import duration_text
from prefit.jobs.separability import margin_seconds
from prefit.theory.margins import Margin
from tests.gram.problems import gram_of
from tests.jobs.test_resume import Memory
from tests.naive import checks


def data(n=40, d=5, seed=0, noise=0.0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    return X, (X[:, 0] + noise * rng.standard_normal(n) > 0).astype(int)


def test_the_margin_is_that_of_the_quadratic_programme_and_its_complexity_never_above_the_interpolants():
    X, y = data()
    found = prefit.forecast(X, y, draws=3, task="classes")
    true, random = found.entry("true"), found.entry("random")
    exact = checks.hard_margin(gram_of(X).operator.K, np.where(y == 0, 1.0, -1.0))
    assert true.margin.lower <= exact <= true.margin.upper
    assert true.margin_complexity.lower <= math.sqrt(2.0 / (40 * exact**2)) <= true.margin_complexity.upper
    for entry in (true, random):
        assert entry.margin_complexity.lower <= entry.complexity.upper
        assert entry.margin_complexity.status == "certified"
    assert random.margin.upper < true.margin.lower
    assert random.margin_complexity.lower <= random.margin_complexity.mean <= random.margin_complexity.upper


def test_the_interval_of_several_margins_holds_every_one():
    ends = [(0.1, 0.12), (0.05, 0.3), (0.2, 0.2)]
    found = margins.interval_of_margins(*(Margin(low, high, np.ones(1), closed=False) for low, high in ends))
    assert (found.lower, found.upper, found.status) == (0.05, 0.3, "certified")


def test_off_the_sphere_the_shortest_of_parallel_inputs_binds():
    X, y = data(12, 3)
    stretched = np.vstack([X, 3.0 * X[:4]])
    one = prefit.forecast(X, y, draws=0, normalize=False, task="classes").entry("true")
    two = prefit.forecast(stretched, np.append(y, y[:4]), draws=0, normalize=False, task="classes", kernel="two-layer")
    lengths = np.linalg.norm(X, axis=1)
    K = gram_of(X).operator.K * np.outer(lengths, lengths)
    exact = checks.hard_margin(K, np.where(y == 0, 1.0, -1.0))
    assert one.margin.lower <= exact <= one.margin.upper
    assert two.entry("true").margin.lower <= exact <= two.entry("true").margin.upper


def test_contradicting_labels_have_no_margin_and_an_infinite_complexity():
    X, y = data(10)
    found = prefit.forecast(np.vstack([X, X[:1]]), np.append(y, 1 - y[0]), draws=0, task="classes").entry("true")
    assert (found.margin.lower, found.margin.upper) == (0.0, 0.0)
    assert found.margin_complexity.status == "infinite"


def test_margins_are_of_two_classes_and_of_few_examples_unless_asked_for(monkeypatch):
    X, y = data(30)
    assert prefit.forecast(X, np.arange(30) % 3, draws=0, task="classes").entry("true").margin is None
    monkeypatch.setattr(margins, "EXACT_UP_TO", 20)
    assert prefit.forecast(X, y, draws=0, task="classes").entry("true").margin is None
    asked = prefit.forecast(X, y, draws=0, task="classes", margin=True)
    assert asked.entry("true").margin is not None
    with pytest.raises(InputError, match="--margin is of labels"):
        prefit.forecast(X, np.arange(30) % 3, margin=True, task="classes")


def test_how_long_the_margins_take_is_told_before_the_run():
    X, y = data(30)
    labelled = from_arrays(X, y, task="classes")
    asked = ForecastOptions(margin=True, draws=3, threads=1)
    memory = Memory()
    memory.tell = (heard := []).append
    run_forecast(labelled, asked, keeper=memory)
    expected = duration_text(margin_seconds(30, 5, 4 + 2, True, 1))
    assert heard[0] == f"--margin adds {expected} (a rough estimate) to what is told next."
    assert heard[1].startswith("30 examples, 5 features.")
    heard.clear()
    run_forecast(labelled, ForecastOptions(draws=3, threads=1), keeper=memory)
    assert len(heard) == 1


def test_margins_that_do_not_fit_the_memory_are_refused_before_the_work():
    X, y = data(300)
    with pytest.raises(InputError, match=r"300 examples take 1.51 MiB, and 1 MiB are allowed \(--memory\)"):
        prefit.forecast(X, y, margin=True, memory=2**20, task="classes")


def test_more_examples_than_are_held_whole_have_the_same_margin(monkeypatch):
    """By tiles the matrix is formed once more for its margins."""
    X, y = data(60)
    whole = prefit.forecast(X, y, draws=1, task="classes", margin=True)
    monkeypatch.setattr(prefit.jobs.problem, "EXACT_UP_TO", 1)
    tiled = prefit.forecast(X, y, draws=1, task="classes", margin=True)
    assert tiled.ran.operator == "tiled"
    for one, other in zip(whole.labels, tiled.labels, strict=True):
        assert one.margin.lower <= other.margin.upper
        assert other.margin.lower <= one.margin.upper


def test_the_margins_of_cao_and_gu_are_those_of_the_kernels_depth():
    X, y = data(30)
    found = prefit.forecast(X, y, draws=0, task="classes", margin=True, kernel="ntk:3").separability
    assert found.layers == 3
    assert found.conjugate_printed.upper == pytest.approx(found.conjugate.upper / 2.0, rel=1e-12)
    assert found.last_layer.upper >= found.conjugate.lower / 2.0
    assert found.random_features.lower <= found.random_features.upper
    assert prefit.forecast(X, y, draws=0, task="classes", margin=True, normalize=False).separability is None

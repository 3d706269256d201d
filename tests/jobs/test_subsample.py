"""`--subsample`: nested forecasts, what is kept between them and left out, and estimates held against the truth."""

import copy
import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

import prefit
import prefit.jobs.solve
import prefit.jobs.subsample as subsample
from prefit.data import from_arrays
from prefit.errors import InputError, TooLarge
from prefit.jobs import ForecastOptions, run_forecast
from prefit.jobs.growing import growth_of, middle
from prefit.storage import Forgetful, Saved
from tests.jobs.documents import check


def blobs(n, d=6, classes=2, seed=0):
    """Overlapping classes: errors at every size."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % classes
    return rng.standard_normal((n, d)) + 1.2 * np.eye(classes, d)[y], y


def loaded(n, **options):
    X, y = blobs(n)
    return from_arrays(X, y, **options)


@pytest.fixture(scope="module")
def result():
    X, y = blobs(300)
    return prefit.forecast(X, y, subsample=True, draws=2, threads=1)


class Remembering(Forgetful):
    """Keeps stages in memory; counts the saves."""

    def __init__(self):
        self.stages, self.saves = {}, 0

    def save(self, stage, facts, arrays, grown=None):
        self.saves += stage == subsample.STAGE
        self.stages[stage] = Saved(dict(facts), {})

    def load(self, stage):
        return self.stages.get(stage) if stage == subsample.STAGE else None


class Stopped(Exception):
    pass


def stopping_after(count):
    """run_forecast that is interrupted after so many forecasts."""
    done = []

    def forecast(data, options, progress=None, keeper=None):
        if len(done) >= count:
            raise Stopped
        done.append(data.train.n)
        return run_forecast(data, options)

    return forecast, done


def run(data, options, keeper=None, forecast=run_forecast):
    keeper = keeper or Forgetful()
    return subsample.run_subsampled(data, options, lambda phase, portion: None, keeper, forecast)


def test_the_sizes_are_halves_of_halves_with_their_blocks(result):
    document = check(result)
    growth = result.growth
    assert [(size.n, len(size.blocks)) for size in growth.sizes] == [(38, 8), (75, 4), (150, 2), (300, 1)]
    assert growth.solved == growth.n == 300
    assert document["growth"]["sizes"][0]["blocks"][0]["quadratic_form"]["status"] == "exact"
    assert growth.error_from == "other examples"
    assert growth.sizes[-1].error is None, "no examples are left outside all of them"
    assert "(estimate; 95% interval" in result.summary[-1]


def test_the_forecast_itself_is_that_of_all_examples(result):
    X, y = blobs(300)
    plain = prefit.forecast(X, y, draws=2, threads=1)
    assert plain.growth is None
    assert result.labels == plain.labels
    assert result.bound == plain.bound
    assert result.summary[:-1] == plain.summary


def test_a_smaller_subset_never_has_a_larger_form(result):
    """The interpolant of a superset fits the subset too: yᵀH⁻¹y only grows. Block i lies in block ⌊i/2⌋."""
    sizes = result.growth.sizes
    for below, above in itertools.pairwise(sizes):
        for i, block in enumerate(below.blocks):
            assert block.quadratic_form.lower <= above.blocks[i // 2].quadratic_form.upper


def test_costs_are_added_up(result):
    below = [name for name in result.cost.phases if "subsets of" in name]
    assert below == ["2 subsets of 150", "4 subsets of 75", "8 subsets of 38"]
    assert result.cost.products > 300


@pytest.mark.parametrize("options", [{"draws": 0}, {"only": "complexity"}, {"labels": "random"}, {"step_size": 100.0}])
def test_what_was_not_asked_for_is_left_out(options):
    X, y = blobs(140)
    result = prefit.forecast(X, y, subsample=True, threads=1, **({"draws": 1} | options))
    check(result)
    assert str(result)
    asked = {fit.quantity for fit in result.growth.fits}
    assert ("random_complexity" in asked) == (options.get("draws") != 0)
    assert ("error" in asked) == ("only" not in options and "labels" not in options)
    assert ("steps_0.1" in asked) == ("only" not in options and "step_size" not in options)


def test_regression_and_contradictions_are_forecast_too():
    X, _ = blobs(200)
    result = prefit.forecast(X, X @ np.arange(6.0), subsample=True, draws=0, task="regression")
    assert result.growth.error_kind == "mean |f(x) - y|"
    X[1] = X[0]  # classes 0 and 1
    y = np.arange(200) % 2
    contradicting = prefit.forecast(X, y, subsample=True, draws=0)
    check(contradicting)
    assert contradicting.growth.sizes[-1].complexity is None
    assert contradicting.growth.fit("complexity").extrapolated is None or contradicting.growth.sizes[-2].complexity


def test_a_test_split_is_what_errors_are_measured_on():
    X, y = blobs(200)
    result = prefit.forecast(X[:140], y[:140], X[140:], y[140:], subsample=True, draws=0)
    assert result.growth.error_from == "the test split"
    assert {block.measured_on for size in result.growth.sizes for block in size.blocks} == {60}
    assert result.growth.sizes[-1].error.mean == result.entry("true").test.error


def test_examples_outside_a_subset_are_outside_it():
    data = loaded(200)
    chain = subsample._chain(data, 0)
    for block in subsample._levels(data, chain[0], 0)[2]:
        part = subsample.subset(data, block, chain[0], 0)
        assert not set(part.test.rows) & set(part.train.rows)
    root = subsample._chain(loaded(600), 0)[1]
    parts = [subsample.subset(loaded(600), block, root, 0) for block in (root, root[:40], root[40:90])]
    assert not set(parts[0].test.rows) & set(parts[0].train.rows)
    assert all(np.array_equal(part.test.rows, parts[0].test.rows) for part in parts), "measured alike"


def test_too_few_examples_are_refused():
    X, y = blobs(100)
    with pytest.raises(InputError, match=r"--subsample takes 128 examples or more, .* the data have 100"):
        prefit.forecast(X, y, subsample=True)


# What does not fit ----------------------------------------------------------------------------------------------------


def fitting(limit):
    """run_forecast where at most so many examples fit."""

    def forecast(data, options, progress=None, keeper=None):
        if data.train.n > limit:
            raise TooLarge(f"The Gram matrix of {data.train.n:,} inputs takes 9 GiB. Take fewer.")
        return run_forecast(data, options)

    return forecast


@pytest.mark.parametrize(("limit", "halvings", "ahead"), [(400, 1, 601), (200, 2, 301)])
def test_what_does_not_fit_is_left_out_and_extrapolated_to(limit, halvings, ahead):
    data = loaded(601)
    result = run(data, ForecastOptions(subsample=True, draws=0), forecast=fitting(limit))
    growth = result.growth
    assert growth.solved == result.data.n == [601, 301, 151][halvings]
    assert growth.left_out[0] == "The Gram matrix of 601 inputs takes 9 GiB."
    assert len(growth.left_out) == halvings
    assert {fit.extrapolated.n for fit in growth.fits if fit.extrapolated} == {ahead}
    assert result.summary[1] == f"This forecast is of {growth.solved} of the 601 examples, a random subset."
    assert result.data.notes[-2].startswith(result.summary[1])
    assert "further than one doubling" in result.summary[-1] or ahead == 601
    assert result.growth.sizes[-1].error is not None, "others are left to measure on"
    assert "a random subset of 601" in str(prefit.Forecast.of(result))


def test_sizes_that_take_too_long_are_left_out(monkeypatch):
    data = loaded(300)
    monkeypatch.setattr(subsample, "PATIENCE", 1e-9)
    result = run(data, ForecastOptions(subsample=True, draws=0))
    assert result.growth.solved == 150, "the last of the chain is tried whatever it takes"
    assert result.growth.left_out[0].startswith("A forecast of 300 inputs would take about")


def test_a_smaller_size_that_does_not_fit_is_left_out_whole():
    """An eigendecomposition can take more memory than the tiles of more examples."""

    def forecast(data, options, progress=None, keeper=None):
        if data.train.n == 75 and options.seed % 2 == 0:
            raise TooLarge("The eigendecomposition of 75 inputs takes 9 GiB. Take fewer.")
        return run_forecast(data, options)

    growth = run(loaded(300), ForecastOptions(subsample=True, draws=0), forecast=forecast).growth
    assert [size.n for size in growth.sizes] == [38, 150, 300]
    assert growth.left_out == ["The eigendecomposition of 75 inputs takes 9 GiB."]


def test_where_nothing_fits_the_refusal_is_the_user_s():
    with pytest.raises(TooLarge, match="150 inputs"):
        run(loaded(300), ForecastOptions(subsample=True), forecast=fitting(10))


def test_real_memory_limits_are_obeyed():
    """An eigendecomposition of 1,200 examples takes 40 n² bytes = 55 MiB and more, that of 600 a quarter."""
    X, y = blobs(1200, d=3)
    options = ForecastOptions(subsample=True, draws=0, memory=32 * 2**20, exact=True)
    result = run(from_arrays(X, y), options)
    assert result.growth.solved == 600
    assert "more than the 32 MiB allowed (--memory" in result.growth.left_out[0]


# Between runs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 6])
def test_a_resumed_run_skips_what_is_finished_and_ends_with_the_same_digits(count):
    data, options, keeper = loaded(140), ForecastOptions(subsample=True, draws=1, threads=1), Remembering()
    whole = run(data, options)
    forecast, done = stopping_after(count)
    with pytest.raises(Stopped):
        run(data, options, keeper, forecast)
    assert keeper.saves == len(done) + 1 == count + 1, "the size that is begun, and each that is finished"
    again, rest = stopping_after(100)
    resumed = run(data, options, keeper, again)
    blocks = sum(len(size.blocks) for size in whole.growth.sizes)
    assert len(done) + len(rest) == blocks == 7
    assert resumed.growth == whole.growth
    assert resumed.summary == whole.summary


class Everything(Forgetful):
    """Keeps every stage in memory, and what was told."""

    def __init__(self):
        self.stages, self.told = {}, []

    def due(self):
        return True

    def save(self, stage, facts, arrays, grown=None):
        whole = {name: np.array(array) for name, array in {**arrays, **(grown or {})}.items()}
        self.stages[stage] = Saved(json.loads(json.dumps(dict(facts))), whole)

    def load(self, stage):
        return copy.deepcopy(self.stages.get(stage))

    def tell(self, sentence):
        self.told.append(sentence)


def interrupted_in_the_largest(data, options, keeper, monkeypatch):
    """A run that ends after Lanczos of the largest subset."""

    def stops(*arguments):
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(prefit.jobs.solve, "certified", stops)
        patch.setattr(prefit.jobs.solve._ByProducts, "_conjugate_gradients", stops)
        with pytest.raises(Stopped):
            run(data, options, keeper)


@pytest.fixture
def by_products(monkeypatch):
    monkeypatch.setattr(prefit.jobs.problem, "EXACT_UP_TO", 100)


def test_a_resumed_run_holds_to_the_size_that_it_has_begun(by_products, monkeypatch):
    """However little time or disk there is now."""
    data, options = loaded(300), ForecastOptions(subsample=True, draws=1, threads=1)
    whole, keeper = run(data, options), Everything()
    interrupted_in_the_largest(data, options, keeper, monkeypatch)
    assert {"subsample", "300-lanczos"} <= set(keeper.stages)
    monkeypatch.setattr(subsample, "PATIENCE", 1e-9)
    resumed = run(data, options, keeper)
    assert resumed.growth == whole.growth
    assert resumed.labels == whole.labels
    assert resumed.growth.left_out == []


def test_refusals_are_kept_with_the_size_that_is_begun(by_products, monkeypatch):
    data, options = loaded(601), ForecastOptions(subsample=True, draws=0, threads=1)
    keeper, asked = Everything(), []
    with monkeypatch.context() as patch:
        patch.setattr(subsample, "estimated_seconds", lambda part, *_: 1e9 if part.train.n > 301 else 1.0)
        interrupted_in_the_largest(data, options, keeper, patch)

    def forecast(part, *arguments):
        asked.append(part.train.n)
        return run_forecast(part, *arguments)

    growth = run(data, options, keeper, forecast).growth
    assert asked[0] == growth.solved == 301
    assert len(growth.left_out) == 1
    assert "of 601 inputs would take" in growth.left_out[0]
    assert all(sentence.startswith("301 examples") for sentence in keeper.told)


def test_a_size_refused_when_the_run_goes_on_leaves_no_state_to_a_smaller_one(by_products, monkeypatch):
    data, options, keeper = loaded(300), ForecastOptions(subsample=True, draws=0, threads=1), Everything()
    interrupted_in_the_largest(data, options, keeper, monkeypatch)

    def forecast(part, *arguments):
        if part.train.n > 150:
            raise TooLarge("A forecast of 300 inputs takes 9 GiB. Take fewer.")
        return run_forecast(part, *arguments)

    resumed = run(data, options, keeper, forecast)
    assert resumed.growth == run(data, options, forecast=forecast).growth
    assert resumed.growth.solved == 150


def test_the_disk_looked_at_is_that_of_the_run(monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(subsample, "estimated_seconds", lambda part, options, folder: seen.append(folder) or 1.0)
    monkeypatch.setattr(Everything, "folder", tmp_path)
    run(loaded(140), ForecastOptions(subsample=True, draws=0, threads=1), Everything())
    assert seen == [tmp_path]


def test_progress_is_told_by_size():
    told = []
    run_forecast(loaded(140), ForecastOptions(subsample=True, draws=0), lambda *seen: told.append(seen))
    for name in ("2 subsets of 70", "4 subsets of 35"):
        portions = [portion for phase, portion in told if phase == name]
        assert portions == sorted(portions)
        assert (portions[0], portions[-1]) == (0.0, 1.0)
    assert {"gram", "eigendecomposition"} <= {phase for phase, _ in told}, "the largest as any forecast"


# Estimates and the truth ----------------------------------------------------------------------------------------------


def from_the_halves(result):
    """The growth part as it would be if the largest size had not been forecast."""
    growth = result.growth
    smaller = [size.blocks for size in growth.sizes[:-1]]
    classes = growth.error_kind == "misclassified"
    return growth_of(growth.n, growth.solved, smaller, classes, growth.error_from, [])


def measured(result, quantity):
    block = result.growth.sizes[-1].blocks[0]
    if quantity.startswith("steps"):
        return middle(block.steps_to[quantity.removeprefix("steps_")])
    return {"error": block.error, "random_complexity": block.random_mean}.get(quantity) or middle(
        getattr(block, quantity)
    )


def sample(kind, seed):
    rng = np.random.default_rng(seed)
    if kind == "digits":
        data = prefit.load("digits")
        order = rng.permutation(data.train.n)
        train, test = (subsample.taken(data.train, np.sort(part)) for part in (order[:640], order[640:1200]))
        return replace(data, train=train, test=test)
    X, y = blobs(1000, seed=seed)
    y = y if kind == "blobs" else np.sin(X[:, 0]) + 0.5 * X[:, 1] + 0.1 * rng.standard_normal(1000)
    return from_arrays(X[:640], y[:640], X[640:], y[640:])


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["digits", "blobs", "regression"])
def test_estimates_from_half_the_data_hold_what_all_of_them_give(kind):
    """Every law of three runs with fixed seeds: of some twenty 95% intervals at most one fails, and none by far."""
    held, furthest = [], 0.0
    for seed in range(3):
        result = run_forecast(sample(kind, seed), ForecastOptions(subsample=True, draws=1, seed=seed, threads=1))
        fits = [fit for fit in from_the_halves(result).fits if fit.extrapolated is not None]
        assert {"complexity", "error", "steps_0.1"} <= {fit.quantity for fit in fits}
        for fit in fits:
            ahead, truth = fit.extrapolated, measured(result, fit.quantity)
            off = abs(np.log(truth / ahead.value)) / np.log(ahead.upper / ahead.value)
            held.append(off <= 1.0)
            furthest = max(furthest, off)
    assert len(held) >= 18
    assert held.count(False) <= 1
    assert furthest <= 1.5

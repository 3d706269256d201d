"""A run that stops after any of its saves goes on and ends with the same digits."""

import copy
import json

import numpy as np
import pytest

import prefit
import prefit.jobs.solve as solve_module
from prefit.data import from_arrays
from prefit.jobs import ForecastOptions, finish, run_forecast
from prefit.storage import Saved


class Stopped(Exception):
    """The run was killed."""


class Memory:
    """Keeps deep copies, as a disk would, and stops the run after a given save."""

    def __init__(self, stop_after=None):
        self.states, self.saves, self.stop_after = {}, [], stop_after

    folder = None

    def due(self):
        return True

    def save(self, stage, facts, arrays, grown=None):
        whole = {name: np.array(array) for name, array in {**arrays, **(grown or {})}.items()}
        self.states[stage] = Saved(json.loads(json.dumps(dict(facts))), whole)
        self.saves.append(stage)
        if self.stop_after is not None and len(self.saves) > self.stop_after:
            raise Stopped

    def load(self, stage):
        return copy.deepcopy(self.states.get(stage))

    def tell(self, sentence):
        pass


@pytest.fixture
def by_products(monkeypatch):
    """No eigendecomposition, and Lanczos hands over as soon as the curve is known."""
    monkeypatch.setattr(prefit.jobs.problem, "EXACT_UP_TO", 1)
    monkeypatch.setattr(finish, "finishing_pays", lambda problem, run, columns, tolerance: len(run.history) > 2)


@pytest.fixture(params=["every curve", "curves of one"])
def curves(request, monkeypatch):
    """Above some size Lanczos takes a few columns of random labels only."""
    if request.param == "curves of one":
        monkeypatch.setattr(solve_module, "EVERY_CURVE_UP_TO", 1)
        monkeypatch.setattr(solve_module, "CURVES_OF_COLUMNS", 1)


@pytest.fixture(scope="module")
def data():
    draw = np.random.default_rng(5)
    X = draw.standard_normal((260, 12))
    y = np.where(X[:, 0] + 0.3 * X[:, 1] * X[:, 2] > 0.0, "up", "down")
    return from_arrays(X, y, limit=250)


def without_cost(result):
    document = json.loads(result.model_dump_json())
    del document["cost"]
    return document


@pytest.mark.parametrize("asked", [{"draws": 3}, {"draws": 2, "only": "complexity"}, {"draws": 0, "tolerance": 1e-9}])
def test_it_ends_with_the_same_digits_wherever_it_stopped(by_products, curves, data, asked):
    options = ForecastOptions(threads=2, **asked)
    whole = Memory()
    uninterrupted = run_forecast(data, options, keeper=whole)
    saves = len(whole.saves)
    assert saves >= 4
    for stop_after in sorted({0, 1, 2, *range(3, saves, 3), saves - 2, saves - 1}):
        keeper = Memory(stop_after)
        with pytest.raises(Stopped):
            run_forecast(data, options, keeper=keeper)
        keeper.stop_after = None
        again = run_forecast(data, options, keeper=keeper)
        assert without_cost(again) == without_cost(uninterrupted), whole.saves[: stop_after + 1]
        assert again.cost.products == uninterrupted.cost.products


def test_conjugate_gradients_finish_what_lanczos_began(by_products, data):
    result = run_forecast(data, ForecastOptions(draws=2))
    assert result.ran.solver.way == "Lanczos, then conjugate gradients"
    assert result.ran.solver.cg_steps > 0
    assert result.ran.solver.rank > 0
    true = result.entry("true")
    assert true.quadratic_form.status == "certified"
    assert true.quadratic_form.upper <= true.quadratic_form.lower * (1 + 1.1e-3)


def test_the_complexity_alone_is_the_same_and_nothing_else_is_told(by_products, data):
    everything = run_forecast(data, ForecastOptions(draws=2))
    alone = run_forecast(data, ForecastOptions(draws=2, only="complexity"))
    assert alone.asked == "complexity"
    assert alone.ran.solver.way == "conjugate gradients"
    for name in ("true", "random"):
        one, other = everything.entry(name), alone.entry(name)
        assert one.quadratic_form.lower <= other.quadratic_form.upper
        assert other.quadratic_form.lower <= one.quadratic_form.upper
        assert other.residual is None
        assert not other.steps_to
        assert other.projection is None
    assert alone.bound.curve is None
    assert alone.bound.explicit == pytest.approx(everything.bound.explicit, rel=1e-2)
    assert alone.spectrum.lambda_max == pytest.approx(everything.spectrum.lambda_max, rel=1e-3)


@pytest.mark.parametrize("only", [None, "complexity"])
def test_labels_that_contradict_each_other_still_end(by_products, curves, only):
    X = np.repeat(np.random.default_rng(1).standard_normal((40, 5)), 2, axis=0)
    result = prefit.forecast(X, np.arange(80) % 2, draws=3, only=only)
    assert result.entry("true").quadratic_form.status == "infinite"
    assert result.entry("random").quadratic_form.status in ("certified", "estimated")


def test_every_draw_has_its_form_whether_its_curve_was_drawn_or_not(by_products, data, monkeypatch):
    every = run_forecast(data, ForecastOptions(draws=4)).entry("random")
    monkeypatch.setattr(solve_module, "EVERY_CURVE_UP_TO", 1)
    monkeypatch.setattr(solve_module, "CURVES_OF_COLUMNS", 2)
    two = run_forecast(data, ForecastOptions(draws=4)).entry("random")
    assert two.draws == every.draws == 4
    assert two.quadratic_form.mean == pytest.approx(every.quadratic_form.mean, rel=1e-3)
    assert two.quadratic_form.std == pytest.approx(every.quadratic_form.std, rel=0.1)
    assert two.residual.norm == pytest.approx(every.residual.norm, rel=0.1)

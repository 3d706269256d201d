"""The bound of the document, put together again from the function it speaks of: norm, outputs, loss, formula."""

import math
from functools import lru_cache

import numpy as np
import pytest

import prefit
import prefit.jobs.problem
from prefit.data.coding import code
from prefit.theory.kernel_class import paper_bound
from tests.naive import bounds

GRID = 0.25


def data(kind):
    """(X, labels, options)."""
    rng = np.random.default_rng(3)
    classes = 3 if kind == "classes" else 2
    y = np.arange(90) % classes
    X = rng.standard_normal((90, 6)) + 2.5 * np.eye(classes, 6)[y]
    if kind == "duplicates":
        X, y = np.vstack([X, 2.0 * X[:20]]), np.concatenate([y, y[:20]])
    if kind == "conflicts":
        X[40:50], y = 3.0 * X[:10], np.where(np.arange(90) < 45, y, 1 - y)
    if kind == "regression":
        return X, np.tanh(X[:, 0]) + 0.05 * rng.standard_normal(90), {}
    return X, y, {"normalize": False} if kind == "off" else {}


KINDS = ["signs", "classes", "duplicates", "conflicts", "off", "regression"]


@pytest.fixture(params=["exact", "tiled"])
def path(request, monkeypatch):
    if request.param == "tiled":
        monkeypatch.setattr(prefit.jobs.problem, "EXACT_UP_TO", 1)
    return request.param


@lru_cache
def problem(kind, path="exact"):
    """(result, full Gram matrix of all rows, targets, class indices)."""
    X, y, options = data(kind)
    result = prefit.forecast(X, y, draws=0, tolerance=1e-4, **options)
    U = X / np.linalg.norm(X, axis=1, keepdims=True)
    S = np.clip(U @ U.T, -1, 1)
    S[S > 1 - 1e-12] = 1.0
    lengths = np.linalg.norm(X, axis=1) if kind == "off" else np.ones(len(X))
    K = lengths[:, None] * (S * (np.pi - np.arccos(S)) / (2 * np.pi)) * lengths
    if kind == "regression":
        return result, K, ((y - (y.max() + y.min()) / 2) / ((y.max() - y.min()) / 2))[:, None], None
    return result, K, code(y, y.max() + 1), y


def stopped_function(K, Y, rate, step):
    """Outputs and squared norms by column of kernel gradient descent after `step` steps."""
    values, V = np.linalg.eigh(K)
    values = np.maximum(values, 0.0)
    c = V.T @ Y
    fitted = 1 - (1 - rate * values) ** step
    safe = values > 1e-11 * values[-1]
    weights = np.where(safe, fitted**2 / np.where(safe, values, 1.0), 0.0)
    return V @ (fitted[:, None] * c), (weights[:, None] * c**2).sum(axis=0)


def loss_of(F, Y, labels):
    if labels is None:
        return float(np.minimum(1, np.abs(F - Y)).mean())
    if Y.shape[1] == 1:
        return float(np.mean([bounds.binary_ramp(y, f) for y, f in zip(Y[:, 0], F[:, 0], strict=True)]))
    return float(np.mean([bounds.margin_ramp(a, list(f)) for a, f in zip(labels, F, strict=True)]))


def terms(kind, K, columns):
    """(κ or mean trace, slope, bounded)."""
    trace = np.trace(K) / len(K) if kind == "off" else 0.5
    return trace, 2.0 if columns == 1 else 4.0 * math.sqrt(columns), kind != "off"


@pytest.mark.parametrize("kind", KINDS)
def test_the_stopped_bound_is_that_of_the_function_it_names(kind, path):
    result, K, Y, labels = problem(kind, path)
    stopped = result.bound.stopped
    step = 10**9 if stopped.step is None else stopped.step
    F, squares = stopped_function(K, Y, result.step_size, step)
    norm, loss = stopped.scale * math.sqrt(squares.sum()), loss_of(stopped.scale * F, Y, labels)
    slack = 1e-6 if path == "exact" else 1e-2
    assert stopped.norm == pytest.approx(norm, rel=slack, abs=1e-9)
    assert stopped.train_loss == pytest.approx(loss, rel=slack, abs=slack)
    if path == "exact":
        assert stopped.norm >= norm * (1 - 1e-9)
        assert stopped.train_loss >= loss * (1 - 1e-7)
    trace, slope, bounded = terms(kind, K, Y.shape[1])
    value = bounds.bound(stopped.train_loss, stopped.norm, len(K), 0.05, trace, slope, GRID, bounded)
    assert stopped.value == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "conflicts"])
def test_the_bound_at_convergence_is_the_formula_at_the_upper_end(kind, path):
    result, K, Y, _ = problem(kind, path)
    trace, slope, bounded = terms(kind, K, Y.shape[1])
    upper = result.entry("true").quadratic_form.upper
    value = bounds.bound(0.0, math.sqrt(upper), len(K), 0.05, trace, slope, GRID, bounded)
    assert result.bound.explicit == pytest.approx(value, rel=1e-9)
    assert result.bound.stopped.value <= result.bound.explicit + 1e-2
    assert result.bound.leading == pytest.approx(2 * math.sqrt(np.trace(K) / len(K) * upper / len(K)), rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_curve_is_the_bound_at_every_stopping_time(kind):
    result, K, Y, labels = problem(kind)
    trace, slope, bounded = terms(kind, K, Y.shape[1])
    curve = result.bound.curve
    assert len(curve.steps) == len(curve.value) == len(curve.best_scale_value)
    assert all(best <= value * (1 + 1e-12) for best, value in zip(curve.best_scale_value, curve.value, strict=True))
    for i in range(0, len(curve.steps), 7):
        F, squares = stopped_function(K, Y, result.step_size, curve.steps[i])
        norm = math.sqrt(squares.sum())
        if min(norm % GRID, GRID - norm % GRID) > 1e-6 or norm == 0.0:
            value = bounds.bound(loss_of(F, Y, labels), norm, len(K), 0.05, trace, slope, GRID, bounded)
            assert curve.value[i] == pytest.approx(value, rel=1e-6)


def test_no_stopping_time_or_scale_beats_the_stopped_bound_by_much():
    result, K, Y, labels = problem("signs")
    best = math.inf
    for step in result.bound.curve.steps[::6]:
        F, squares = stopped_function(K, Y, result.step_size, step)
        for scale in (0.3, 0.5, 1.0, 2.0, 4.0, 10.0):
            value = bounds.bound(loss_of(scale * F, Y, labels), scale * math.sqrt(squares[0]), 90, 0.05, 0.5, 2.0, GRID)
            best = min(best, value)
    assert result.bound.stopped.value <= best * 1.02


def test_each_class_is_bounded_at_its_share_of_delta(path):
    result, K, Y, _labels = problem("classes", path)
    for a, row in enumerate(result.bound.per_class):
        step = 10**9 if row.stopped.step is None else row.stopped.step
        F, squares = stopped_function(K, Y, result.step_size, step)
        slack = 1e-6 if path == "exact" else 1e-2
        loss = np.mean([bounds.column_ramp(y, f, 3) for y, f in zip(Y[:, a], row.stopped.scale * F[:, a], strict=True)])
        assert row.stopped.norm == pytest.approx(row.stopped.scale * math.sqrt(squares[a]), rel=slack)
        assert row.stopped.train_loss == pytest.approx(loss, rel=slack, abs=slack)
        value = bounds.bound(row.stopped.train_loss, row.stopped.norm, 90, 0.05 / 3, 0.5, 4.0, GRID)
        assert row.stopped.value == pytest.approx(value, rel=1e-9)
        explicit = bounds.bound(0.0, math.sqrt(row.quadratic_form.upper), 90, 0.05 / 3, 0.5, 4.0, GRID)
        assert row.explicit == pytest.approx(explicit, rel=1e-9)
        assert row.trivial == pytest.approx(1 / 3)
        assert row.verdict == ("informative" if min(row.stopped.value, row.explicit) < row.trivial else "vacuous")


def test_the_verdict_is_what_the_numbers_say():
    for kind in KINDS:
        result = problem(kind)[0]
        if kind == "regression":  # mapped by the sample's own range
            assert result.bound.verdict == "not applicable"
            continue
        values = [v for v in (result.bound.explicit, result.bound.stopped.value) if v is not None]
        assert result.bound.verdict == ("informative" if min(values) < result.bound.trivial else "vacuous")


def test_many_easy_examples_make_the_bound_informative():
    rng = np.random.default_rng(0)
    y = np.arange(1500) % 2
    X = 0.05 * rng.standard_normal((1500, 4)) + np.eye(2, 4)[y]
    result = prefit.forecast(X, y, draws=0)
    assert result.bound.verdict == "informative"
    assert result.bound.stopped.value < 0.3


def test_a_smaller_delta_costs_a_little_more():
    X, y, _ = data("signs")
    values = [prefit.forecast(X, y, draws=0, delta=delta).bound.explicit for delta in (0.5, 0.05, 1e-6)]
    assert values[0] < values[1] < values[2] < values[0] + 0.5


def test_standardized_tables_get_no_statement_about_new_data():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 4)) * 7 + 3, np.arange(60) % 2
    assert prefit.forecast(X, y, draws=0, prepare="standard").bound.verdict == "not applicable"
    assert prefit.forecast(X, y, draws=0, prepare="none").bound.verdict != "not applicable"


def test_the_papers_own_constants_need_a_lambda_0_known_beforehand():
    X, y, _ = data("signs")
    result = prefit.forecast(X, y, draws=0, lambda_0=0.01)
    with pytest.raises(prefit.InputError, match="between 0 and 0"):
        prefit.forecast(X, y, draws=0, lambda_0=0.6)
    upper = result.entry("true").quadratic_form.upper
    assert result.bound.paper == pytest.approx(paper_bound(upper, 90, 0.05, 0.01), rel=1e-9)
    assert prefit.forecast(X, y, draws=0).bound.paper is None
    for other in ({"kernel": "ntk:2"}, {"normalize": False}):
        assert prefit.forecast(X, y, draws=0, lambda_0=0.01, **other).bound.paper is None
    X, y, _ = data("classes")
    assert prefit.forecast(X, y, draws=0, lambda_0=0.01).bound.paper is None


def test_targets_mapped_by_their_own_range_get_no_statement_about_new_data():
    X = np.random.default_rng(0).standard_normal((60, 4))
    inside, outside = np.tanh(X[:, 0]), 5.0 * np.tanh(X[:, 0])
    assert prefit.forecast(X, outside, draws=0).bound.verdict == "not applicable"
    assert prefit.forecast(X, inside, draws=0).bound.verdict != "not applicable"


def test_copies_that_draw_one_random_label_get_no_statement_about_new_data():
    X, y, _ = data("duplicates")
    assert prefit.forecast(X, y, draws=0, labels="random").bound.verdict == "not applicable"

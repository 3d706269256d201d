"""Each loss is its formula, its gradient the derivative, its smoothness a bound on the second one."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefit.errors import InputError
from prefit.training import LOSSES, loss_named, surrogate_error


def case(name, n=6, seed=0):
    draw = np.random.default_rng(seed)
    if name == "cross-entropy":
        return draw.standard_normal((n, 3)), np.eye(3)[draw.integers(3, size=n)]
    return draw.standard_normal((n, 1)), draw.choice([-1.0, 1.0], (n, 1))


LITERAL = {
    "quadratic": lambda f, y: 0.5 * (y - f) ** 2,
    "logistic": lambda f, y: math.log(1 + math.exp(-y * f)),
    "hinge": lambda f, y: max(0.0, 1 - y * f),
    "square": lambda f, y: (y - f) ** 2,
}


@pytest.mark.parametrize("name", LITERAL)
def test_the_value_is_the_sum_or_the_mean_of_the_formula(name):
    F, Y = case(name)
    each = [LITERAL[name](float(f), float(y)) for f, y in zip(F[:, 0], Y[:, 0], strict=True)]
    expected = sum(each) if name == "quadratic" else sum(each) / len(each)
    assert loss_named(name).value(F, Y) == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_is_the_mean_of_minus_the_log_of_the_softmax():
    F, Y = case("cross-entropy")
    portions = np.exp(F) / np.exp(F).sum(axis=1, keepdims=True)
    expected = -np.log(portions[Y == 1.0]).mean()
    assert loss_named("cross-entropy").value(F, Y) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_is_the_finite_difference(name):
    F, Y = case(name)
    loss, h = loss_named(name), 1e-6
    G = loss.gradient(F, Y)
    for i, j in np.ndindex(F.shape):
        step = np.zeros_like(F)
        step[i, j] = h
        difference = (loss.value(F + step, Y) - loss.value(F - step, Y)) / (2 * h)
        assert G[i, j] == pytest.approx(difference, abs=1e-8)


@pytest.mark.parametrize("name", [name for name in LOSSES if name != "hinge"])
@given(seed=st.integers(0, 200), scale=st.floats(0.01, 10.0))
def test_the_gradient_is_as_smooth_as_it_says(name, seed, scale):
    """‖∇(F) − ∇(F')‖ ≤ β‖F − F'‖."""
    loss = loss_named(name)
    (F, Y), (other, _) = case(name, seed=seed), case(name, seed=seed + 1000)
    beta = loss.smoothness(F.shape[0])
    moved = F + scale * other
    change = np.linalg.norm(loss.gradient(moved, Y) - loss.gradient(F, Y))
    assert change <= beta * np.linalg.norm(moved - F) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("name", "F", "Y"),
    [
        ("logistic", [[0.0]], [[1.0]]),
        ("cross-entropy", [[1.0, 1.0, -50.0]], [[1.0, 0.0, 0.0]]),
        ("quadratic", [[3.0]], [[1.0]]),
        ("square", [[3.0]], [[1.0]]),
    ],
)
def test_the_smoothness_is_reached(name, F, Y):
    loss, F, Y, h = loss_named(name), np.array(F), np.array(Y), 1e-5
    way = np.zeros_like(F)
    way[0, : 1 + (name == "cross-entropy")] = [1.0, -1.0][: 1 + (name == "cross-entropy")]
    way /= np.linalg.norm(way)
    curvature = ((loss.gradient(F + h * way, Y) - loss.gradient(F - h * way, Y)) * way).sum() / (2 * h)
    assert curvature == pytest.approx(loss.smoothness(1), rel=1e-6)


def test_huge_outputs_overflow_nothing():
    F, Y = np.array([[1e4], [-1e4]]), np.array([[1.0], [1.0]])
    logistic = loss_named("logistic")
    assert logistic.value(F, Y) == pytest.approx(5e3)
    assert logistic.gradient(F, Y).tolist() == [[0.0], [-0.5]]
    assert surrogate_error(F, Y) == 0.5
    wide = np.array([[1e4, -1e4]])
    assert loss_named("cross-entropy").value(wide, np.array([[0.0, 1.0]])) == pytest.approx(2e4)


def test_the_surrogate_error_is_minus_the_slope_of_the_logistic_loss_in_y_f():
    F, Y = case("logistic")
    assert surrogate_error(F, Y) == pytest.approx(-(Y * loss_named("logistic").gradient(F, Y)).sum(), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "Y", "said"),
    [
        ("logistic", np.eye(3), "one column of labels ±1"),
        ("hinge", np.array([[0.5], [1.0]]), "of other values"),
        ("cross-entropy", np.eye(3) - 1 / 3, "Give them one-hot"),
        ("cross-entropy", np.ones((3, 1)), "with 1 column, are not"),
    ],
)
def test_targets_that_do_not_fit_are_refused(name, Y, said):
    with pytest.raises(InputError, match=said):
        loss_named(name).check(Y)


def test_an_unknown_loss_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="quadratic, logistic, hinge, square, cross-entropy; it is 'ramp'"):
        loss_named("ramp")

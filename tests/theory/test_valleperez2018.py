"""The marginal-likelihood bound: its value from closed forms, its examples, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from prefit.data.distinct import distinct_inputs
from prefit.kernels import Conjugate
from prefit.theory.bounds import Bound, Layered, Subject
from prefit.theory.bounds.valleperez2018 import chosen, valleperez2018

DELTA = 0.05


def subject_of(X: np.ndarray, Y: np.ndarray, hidden: int = 1, **facts) -> Subject:
    sizes = (X.shape[1], *[3] * hidden, Y.shape[1])
    matrices = tuple(np.ones((b, a)) for a, b in pairwise(sizes))
    labels = Y.argmax(axis=1) if Y.shape[1] > 1 else (Y[:, 0] < 0.0).astype(np.int64)
    net = Layered(matrices, matrices, (True,) * len(matrices))
    known = {"kind": "two-layer", "classes": 2, "trivial": 0.5, "delta": DELTA, "sphere": True} | facts
    return Subject(net=net, X=X, Y=Y, labels=labels, **known)


def circle(angles: list[float]) -> np.ndarray:
    return np.array([[math.cos(a), math.sin(a)] for a in angles])


def bound(subject: Subject) -> Bound:
    return valleperez2018(subject, lambda portion: None)


def unmet(row: Bound) -> list[str]:
    assert row.value is None
    return [one.text for one in row.assumptions if not one.met]


@pytest.mark.parametrize("hidden", [1, 3])
@pytest.mark.parametrize("signs", [(1.0, 1.0), (1.0, -1.0)])
def test_two_examples_in_closed_form(hidden, signs):
    """ln P = ln(¼ ± arcsin(Σ^L)/2π), and the estimate of two entries hardly varies."""
    row = bound(subject_of(circle([0.0, 0.8]), np.array([signs]).T, hidden))
    correlation = signs[0] * signs[1] * float(Conjugate(hidden)(math.cos(0.8)))
    P = 0.25 + math.asin(correlation) / (2.0 * math.pi)
    assert row.terms["log(1/probability)"] == pytest.approx(-math.log(P), abs=0.03)
    value = 1.0 - math.exp(-(row.terms["log(1/probability)"] + math.log(1.0 / DELTA)) / 2.0)
    assert row.value == pytest.approx(value, rel=1e-12)
    assert row.value < row.terms["as_printed"]


def test_one_example_says_half():
    row = bound(subject_of(circle([0.3]), np.array([[-1.0]])))
    assert row.value == pytest.approx(1.0 - 0.5 * DELTA, rel=1e-12)


def test_lengths_and_examples_that_coincide_change_no_sign():
    X, Y = circle([0.0, 0.8, 2.0]), np.array([[1.0], [1.0], [-1.0]])
    once = bound(subject_of(X, Y)).terms["log(1/probability)"]
    row = bound(subject_of(np.vstack([X, 3.0 * X[:1]]), np.vstack([Y, Y[:1]])))
    assert row.terms["log(1/probability)"] == once
    assert row.terms["examples"] == 4.0


def test_columns_of_classes_are_independent():
    X = circle([0.0, 0.9, 2.1])
    row = bound(subject_of(X, np.eye(3), classes=3))
    single = [bound(subject_of(X, np.where(column, 1.0, -1.0)[:, None])) for column in np.eye(3)]
    total = sum(one.terms["log(1/probability)"] for one in single)
    assert row.terms["log(1/probability)"] == pytest.approx(total, abs=0.1)


def test_labels_that_are_far_from_smooth_are_less_probable():
    X = circle(list(np.linspace(0.0, 3.0, 40)))
    smooth = np.where(np.arange(40) < 20, 1.0, -1.0)[:, None]
    mixed = np.random.default_rng(0).permutation(smooth)
    values = [bound(subject_of(X, Y)).value for Y in (smooth, mixed)]
    assert values[0] < 0.3 < 0.6 < values[1]


def test_a_part_of_the_examples_is_drawn_without_a_look_at_labels():
    X = circle(list(np.linspace(0.0, 3.0, 40)))
    subject = subject_of(X, np.ones((40, 1)), options={"valleperez2018.examples": 12.0})
    distinct, turned = distinct_inputs(X), replace(subject, Y=-subject.Y)
    assert chosen(subject, distinct).size == 12
    np.testing.assert_array_equal(chosen(subject, distinct), chosen(turned, distinct))
    row = bound(subject)
    assert row.terms["examples"] == 12.0
    assert row.terms["logarithm"] == pytest.approx(math.log(2.0 / DELTA))
    assert "12 of the 40" in row.comment


def test_examples_that_coincide_are_all_used():
    X, Y = np.tile(circle([0.0, 2.0]), (50, 1)), np.tile([[1.0], [-1.0]], (50, 1))
    assert bound(subject_of(X, Y, options={"valleperez2018.examples": 2.0})).terms["examples"] == 100.0


def test_what_it_does_not_fit_is_said():
    X, Y = circle([0.0, 0.8]), np.ones((2, 1))
    assert unmet(bound(subject_of(X, Y, kind="module"))) == ["the law of the start is that of the papers' nets"]
    assert unmet(bound(subject_of(X, Y, antisymmetric=True))) == ["the output at the start is random: it is not made 0"]
    assert unmet(bound(subject_of(X, Y, prepared=True))) != []
    assert unmet(bound(subject_of(X, 0.3 * Y))) == [
        "the targets are classes: one output with labels ±1, or an output for every class"
    ]
    assert unmet(bound(subject_of(np.zeros((2, 2)), Y))) == ["every input has a direction: one is all zeros"]


def test_equal_inputs_of_different_classes_have_no_function():
    row = bound(subject_of(circle([0.5, 0.5, 1.0]), np.array([[1.0], [-1.0], [1.0]])))
    assert unmet(row) == ["inputs that coincide have the same label: no function fits both"]

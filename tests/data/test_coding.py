"""Codings have the values of the theory, and the reduced one the same quadratic forms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefit.data.coding import code, coding_name, helmert, random_labels, reduced_code
from prefit.errors import InputError


def test_two_classes_are_plus_and_minus_one_the_first_plus() -> None:
    Y = code(np.array([0, 1, 1]), 2)
    np.testing.assert_array_equal(Y, [[1.0], [-1.0], [-1.0]])
    assert coding_name(2) == "+1 and −1"


def test_more_classes_are_one_hot_minus_their_share() -> None:
    Y = code(np.array([2, 0]), 4)
    np.testing.assert_array_equal(Y, [[-0.25, -0.25, 0.75, -0.25], [0.75, -0.25, -0.25, -0.25]])
    assert coding_name(4) == "one-hot minus 1/4"


@given(st.integers(2, 40), st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_the_reduced_code_carries_the_code_in_its_rank(classes: int, count: int, seed: int) -> None:
    labels = random_labels(count, classes, np.random.default_rng(seed))
    Y, (reduced, U) = code(labels, classes), reduced_code(labels, classes)
    assert reduced.shape == (count, max(1, classes - 1))
    np.testing.assert_allclose(reduced @ U.T, Y, atol=1e-15)
    np.testing.assert_allclose(U.T @ U, np.eye(U.shape[1]), atol=3e-15)


@given(st.integers(3, 12), st.integers(0, 2**32 - 1))
def test_quadratic_forms_of_the_reduced_code_agree(classes: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, root = random_labels(20, classes, rng), rng.normal(size=(20, 20))
    Y, (reduced, _) = code(labels, classes), reduced_code(labels, classes)
    whole, small = np.sum((root @ Y) ** 2), np.sum((root @ reduced) ** 2)
    assert small == pytest.approx(whole, rel=1e-12)


def test_helmert_columns_sum_to_zero() -> None:
    np.testing.assert_allclose(helmert(7).sum(axis=0), 0, atol=1e-15)


def test_random_labels_are_uniform_within_four_standard_errors() -> None:
    counts = np.bincount(random_labels(30_000, 3, np.random.default_rng(0)), minlength=3)
    assert np.abs(counts - 10_000).max() < 4 * np.sqrt(30_000 * 2 / 9)


@pytest.mark.parametrize(("labels", "classes"), [([0, 0], 1), ([0, 3], 3), ([-1, 0], 2)])
def test_labels_that_are_no_indices_are_refused(labels: list[int], classes: int) -> None:
    with pytest.raises(InputError):
        code(np.array(labels), classes)
    with pytest.raises(InputError):
        reduced_code(np.array(labels), classes)

"""Inputs that coincide on the sphere are found, whatever their order and length, and no others."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefit.data.distinct import distinct_inputs, unit_rows
from prefit.errors import InputError
from tests.gram.problems import near


@st.composite
def samples(draw):
    """(X, which distinct direction each row has)."""
    directions, copies, d = draw(st.integers(1, 12)), draw(st.integers(0, 12)), draw(st.integers(2, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    base = rng.standard_normal((directions, d))
    which = np.concatenate([np.arange(directions), rng.integers(0, directions, copies)])
    rng.shuffle(which)
    factor = rng.choice([1.0, 2.0, 3.0, 0.1, 7.7, 1e-6, 1e9], len(which))
    return base[which] * factor[:, None], which


@settings(max_examples=200)
@given(sample=samples())
def test_positive_multiples_are_one_direction_numbered_as_they_appear(sample):
    X, which = sample
    found = distinct_inputs(unit_rows(X)[0])
    order = list(dict.fromkeys(which.tolist()))
    assert found.group.tolist() == [order.index(w) for w in which]
    assert found.first.tolist() == [which.tolist().index(w) for w in order]
    assert found.merged == len(X) - len(order)
    assert found.scales == pytest.approx(np.sqrt(np.bincount(found.group)))


@settings(max_examples=100)
@given(sample=samples(), columns=st.integers(1, 3))
def test_labels_are_pooled_into_the_range_and_back(sample, columns):
    """E D⁻¹ has orthonormal columns: range_part is its transpose."""
    X, _ = sample
    U, lengths = unit_rows(X)
    for found in (distinct_inputs(U), distinct_inputs(U, lengths)):
        E = np.zeros((len(X), found.count))
        E[np.arange(len(X)), found.group] = found.lengths
        Q = E / found.scales
        Y = np.random.default_rng(0).standard_normal((len(X), columns))
        assert np.allclose(Q.T @ Q, np.eye(found.count))
        assert np.allclose(found.range_part(Y), Q.T @ Y)
        assert np.allclose(found.expand(found.range_part(Y)), Q @ Q.T @ Y)


@settings(max_examples=100)
@given(sample=samples(), seed=st.integers(0, 2**20))
def test_off_the_sphere_proportional_labels_agree_in_any_order(sample, seed):
    X, which = sample
    rng = np.random.default_rng(seed)
    U, lengths = unit_rows(X)
    found = distinct_inputs(U, lengths)
    Y = rng.uniform(-1, 1, (which.max() + 1, 1))[which] * lengths[:, None]
    assert not found.in_conflict(Y).size
    if found.merged:
        row = int(np.flatnonzero(np.bincount(found.group)[found.group] > 1)[0])
        Y[row] *= 1.0 + 1e-9
        assert found.in_conflict(Y).tolist() == [found.group[row]]


@pytest.mark.parametrize("gap", [1e-9, 1e-12, 1e-15, 1e-20, 1e-26])
def test_inputs_that_only_nearly_coincide_stay_apart(gap):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(5)
    assert distinct_inputs(unit_rows(np.array([x, near(x, gap, rng)]))[0]).count == 2


@pytest.mark.parametrize("d", [2, 100, 784, 3072])
def test_parallel_rows_coincide_though_sums_of_squares_round_one_way(d):
    for share in (0.1, 0.3, 0.45, 0.49, 0.7, 0.9):
        small = np.round(np.sqrt(share * 2.0**-52) * 2**40) / 2**40
        for place in (0, d // 2, d - 1):
            x = np.full(d, small)
            x[place] = 1.0
            X = x * np.array([1.0, 3.0, 5.0, 7.0, 1.3125])[:, None]
            assert distinct_inputs(unit_rows(X)[0]).count == 1


def test_opposite_rows_are_not_duplicates():
    assert distinct_inputs(unit_rows(np.array([[1.0, 2.0], [-1.0, -2.0]]))[0]).count == 2


def test_rows_of_zeros_are_refused_by_number():
    with pytest.raises(InputError, match="row 7 is all zeros"):
        unit_rows(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([3, 7]))


def test_many_copies_of_few_inputs_are_grouped_quickly():
    rng = np.random.default_rng(0)
    base = rng.integers(0, 255, (40, 30)).astype(np.uint8)
    which = rng.integers(0, 40, 20_000)
    assert distinct_inputs(unit_rows(base[which])[0]).count == 40

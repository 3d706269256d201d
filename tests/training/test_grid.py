"""The recorded steps: first and last, every step at first, ten a decade or more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefit.errors import InputError
from prefit.theory.arora2019 import step_grid
from prefit.training import geometric_grid, given_grid, grid_of


@given(last=st.integers(1, 10**7))
def test_the_geometric_grid_is_dense_and_whole(last):
    grid = geometric_grid(last)
    assert grid[0] == 0
    assert grid[-1] == last
    assert (np.diff(grid) > 0).all()
    gaps = np.diff(grid[1:])
    assert (gaps <= np.maximum(1, np.ceil(grid[1:-1] * (10 ** (1 / 10) - 1)))).all()


@pytest.mark.parametrize("last", [1, 10, 2000, 10**6])
def test_it_is_that_of_the_forecast(last):
    assert geometric_grid(last).tolist() == step_grid(last).tolist()


@given(steps=st.lists(st.integers(0, 300), max_size=20), last=st.integers(0, 200))
def test_a_given_grid_keeps_what_lies_within_and_the_ends(steps, last):
    grid = given_grid(steps, last)
    assert set(grid.tolist()) == {0, last, *(step for step in steps if step <= last)}
    assert (np.diff(grid) > 0).all()


def test_no_steps_are_recorded_once():
    assert grid_of(None, 0).tolist() == [0]


def test_a_negative_step_is_refused():
    with pytest.raises(InputError, match="one is -3"):
        given_grid([2, -3], 10)

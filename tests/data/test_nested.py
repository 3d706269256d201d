"""Nested subsets: disjoint at each size, each half of one of the next, every class in proportion."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from prefit.data.nested import halves, nested_blocks

LABELS = st.lists(st.integers(0, 5), min_size=16, max_size=300).map(np.array)
SEEDS = st.integers(0, 1000)


def tree(labels, seed, depth=3):
    return nested_blocks(np.arange(labels.size), labels, depth, np.random.default_rng(seed))


@given(LABELS, SEEDS)
def test_blocks_of_one_size_are_disjoint_and_hold_everything(labels, seed):
    for blocks in tree(labels, seed):
        assert np.array_equal(np.sort(np.concatenate(blocks)), np.arange(labels.size))


@given(LABELS, SEEDS)
def test_each_block_lies_in_one_of_the_size_above_in_file_order(labels, seed):
    levels = tree(labels, seed)
    for above, below in itertools.pairwise(levels):
        for i, block in enumerate(below):
            assert np.isin(block, above[i // 2]).all()
            assert np.all(np.diff(block) > 0)


@given(LABELS, SEEDS)
def test_sizes_and_class_shares_are_those_that_whole_numbers_allow(labels, seed):
    classes = np.bincount(labels)
    for j, blocks in enumerate(tree(labels, seed)):
        for block in blocks:
            assert abs(block.size - labels.size / 2**j) < 1.0
            assert np.all(np.abs(np.bincount(labels[block], minlength=classes.size) - classes / 2**j) < 1.0)


def test_the_first_half_is_the_larger_one():
    first, second = halves(np.arange(7), np.zeros(7, dtype=int), np.random.default_rng(0))
    assert (first.size, second.size) == (4, 3)


def test_the_same_seed_gives_the_same_tree_and_another_another():
    labels = np.arange(64) % 3
    assert all(np.array_equal(a, b) for a, b in zip(tree(labels, 1)[3], tree(labels, 1)[3], strict=True))
    assert not np.array_equal(tree(labels, 1)[1][0], tree(labels, 2)[1][0])


def test_which_half_an_example_falls_into_is_left_to_chance():
    """Over 400 seeds each of 9 examples is in the first half 5/9 of the times, within four standard errors."""
    labels = np.array([0] * 4 + [1] * 5)
    counts = np.zeros(9)
    for seed in range(400):
        counts[halves(np.arange(9), labels, np.random.default_rng(seed))[0]] += 1
    share = np.array([2 / 4] * 4 + [3 / 5] * 5)
    assert np.all(np.abs(counts / 400 - share) <= 4 * np.sqrt(share * (1 - share) / 400))

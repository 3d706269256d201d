"""Options take the examples, classes and preparation they promise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefit.data import LabelledData, from_arrays, load
from prefit.data.select import proportional


def labels_of(data: LabelledData, split: str = "train") -> list[int]:
    labels = getattr(data, split).labels
    assert labels is not None
    return [int(label) for label in labels]


def example(labels: Any, **options: Any) -> LabelledData:
    return from_arrays(np.arange(1.0, 2 * len(labels) + 1).reshape(-1, 2), labels, **options)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.data())
def test_a_limit_takes_exactly_so_many_in_proportion_and_file_order(values: list[int], data: Any) -> None:
    labels = np.array(values)
    count = data.draw(st.integers(1, len(values)))
    chosen = proportional(labels, count)
    sizes, taken = np.bincount(labels), np.bincount(labels[chosen], minlength=labels.max() + 1)
    assert chosen.size == count
    assert (np.diff(chosen) > 0).all()
    assert np.abs(taken - sizes * count / len(values)).max() < 1
    for label in range(labels.max() + 1):
        np.testing.assert_array_equal(chosen[labels[chosen] == label], np.flatnonzero(labels == label)[: taken[label]])


def test_largest_remainders_are_served_first_and_smaller_classes_on_a_tie() -> None:
    labels = np.array([0] * 5 + [1] * 3 + [2] * 2)  # quotas of 7: 3.5, 2.1, 1.4
    assert np.bincount(labels[proportional(labels, 7)]).tolist() == [4, 2, 1]
    tied = np.array([0, 0, 1, 1])  # quotas of 3: 1.5, 1.5
    assert np.bincount(tied[proportional(tied, 3)]).tolist() == [2, 1]


def test_per_class_takes_the_first_of_each_in_file_order() -> None:
    data = example([1, 0, 0, 2, 1, 2, 0], per_class=1)
    assert data.train.rows.tolist() == [0, 1, 3]
    np.testing.assert_array_equal(data.train.X, [[1, 2], [3, 4], [7, 8]])


def test_classes_are_in_the_order_named_and_the_rest_left_out() -> None:
    data = example([3, 1, 2, 1, 3], classes="3,1")
    assert (data.classes, labels_of(data), data.train.rows.tolist()) == (("3", "1"), [0, 1, 1, 0], [0, 1, 3, 4])


@pytest.mark.parametrize("wanted", ["0+2,1+3", ["0+2", "1+3"], ("0.0+2", "1+3.0")])
def test_groups_of_classes_become_one_class(wanted: Any) -> None:
    data = example([0.0, 1.0, 2.0, 3.0, 4.0], classes=wanted)
    assert (data.classes, labels_of(data)) == (("0+2", "1+3"), [0, 1, 0, 1])


def test_classes_may_be_given_as_numbers() -> None:
    assert example([0, 1, 2, 1], classes=(2, 1)).classes == ("2", "1")


def test_a_class_with_a_plus_in_its_name_is_found_whole() -> None:
    data = example(["a+", "b", "a", "a+"], classes="b,a+")
    assert (data.classes, labels_of(data)) == (("b", "a+"), [1, 0, 1])


def test_classes_are_ordered_as_numbers_where_all_are_numbers() -> None:
    assert example([10, 9, -1, 9]).classes == ("-1", "9", "10")
    assert example(["10", "9", "-1", "9"]).classes == ("-1", "9", "10")
    assert example(["10", "9", "b", "9"]).classes == ("10", "9", "b")


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (range(100), "classes"),
        (range(101), "regression"),
        ([0.0, 1.0, 2.0], "classes"),
        ([0.0, 0.5, 1.0], "regression"),
        (["0.5", "1", "2"], "classes"),
        ([True, False, True], "classes"),
    ],
)
def test_the_task_follows_the_targets(values: Any, task: str) -> None:
    assert example(list(values)).task == task


def test_a_task_that_is_named_holds() -> None:
    assert example([0.5, 1.5, 0.5], task="classes").classes == ("0.5", "1.5")
    assert example([0, 1, 2], task="regression").train.labels is None
    assert example([0.5, 1.5, 2.5], classes="2.5,0.5").classes == ("2.5", "0.5")


def test_regression_targets_fill_the_interval_of_the_training_split_and_tests_are_not_clipped() -> None:
    X = np.arange(1.0, 9).reshape(4, 2)
    data = from_arrays(X, [10.5, 12, 14.5, 11], X[:2], [8.5, 14.5])
    assert (data.target_centre, data.target_scale) == (12.5, 2.0)
    assert data.train.targets is not None
    assert data.train.targets[:, 0].tolist() == [-1.0, -0.25, 1.0, -0.75]
    assert data.test is not None
    assert data.test.targets is not None
    assert data.test.targets[:, 0].tolist() == [-2.0, 1.0]


def test_a_limit_on_regression_takes_the_first_and_scales_by_them() -> None:
    data = example([0.5, 1.5, 99.0], limit=2)
    assert (data.train.n, data.target_centre, data.target_scale) == (2, 1.0, 0.5)


def test_coded_labels_are_kept_as_given() -> None:
    Y = np.array([[2.0, -1.0], [0.5, 3.0], [0.0, 0.0]])
    data = example(Y)
    assert (data.task, data.classes, data.train.labels) == ("coded", (), None)
    np.testing.assert_array_equal(data.train.targets, Y)


@pytest.mark.parametrize("portion", [0.0, 0.1, 0.25, 1.0])
def test_label_noise_redraws_exactly_its_portion_of_both_splits(portion: float) -> None:
    X, y = np.ones((200, 2)) + np.arange(200)[:, None], np.arange(200) % 1000
    noisy = from_arrays(X, y, X[:50], y[:50], label_noise=portion, task="regression", seed=3)
    clean = from_arrays(X, y, X[:50], y[:50], task="regression", seed=3)
    for split, count in (("train", 200), ("test", 50)):
        before, after = getattr(clean, split).targets, getattr(noisy, split).targets
        assert (before != after).sum() <= round(portion * count)
        assert (before != after).sum() >= round(portion * count) - 5  # a permutation leaves about one in place
        np.testing.assert_array_equal(np.sort(before, axis=0), np.sort(after, axis=0))


def test_label_noise_draws_uniformly_over_the_classes_and_by_its_seed() -> None:
    clean, noisy = load("digits"), load("digits", label_noise=0.5, seed=1)
    changed = np.array(labels_of(clean)) != np.array(labels_of(noisy))
    redrawn = round(0.5 * clean.train.n)
    assert abs(changed.sum() - 0.9 * redrawn) < 4 * np.sqrt(redrawn * 0.09)
    assert labels_of(noisy) == labels_of(load("digits", label_noise=0.5, seed=1))
    assert labels_of(noisy) != labels_of(load("digits", label_noise=0.5, seed=2))


def test_noise_on_one_split_does_not_depend_on_the_other() -> None:
    X, y = np.ones((40, 2)), np.arange(40) % 4
    alone = from_arrays(X, y, label_noise=0.5)
    both = from_arrays(X, y, X[:20], y[:20], label_noise=0.5)
    assert labels_of(alone) == labels_of(both)
    assert labels_of(both, "test") != labels_of(both)[:20]


def test_bias_is_the_first_feature_and_lets_zero_rows_pass() -> None:
    data = from_arrays(np.array([[0, 0], [3, 4]], np.uint8), [0, 1], bias=True)
    assert data.train.X.dtype == np.uint8
    np.testing.assert_array_equal(data.train.X, [[1, 0, 0], [1, 3, 4]])
    assert data.bias


def test_standard_preparation_of_an_array_is_learned_on_the_training_split() -> None:
    X = np.array([[1, 5, 0], [3, 5, 4]], np.uint8)
    data = from_arrays(X, [0, 1], X[:1] + 9, [1], prepare="standard")
    assert data.train.X.dtype == np.float32
    np.testing.assert_array_equal(data.train.X, [[-1, -1], [1, 1]])
    assert data.test is not None
    np.testing.assert_array_equal(data.test.X, [[8, 3.5]])
    assert "1 feature dropped as constant" in " ".join(data.notes)


def test_large_arrays_are_standardized_block_by_block_like_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    X = np.random.default_rng(0).normal(3, 2, (50, 7))
    monkeypatch.setattr("prefit.data.integrity.BLOCK", 21)
    done = from_arrays(X, np.arange(50) % 2, prepare="standard").train.X
    np.testing.assert_allclose(done, (X - X.mean(0)) / X.std(0), rtol=1e-12)


def test_images_are_not_copied_to_floats_nor_at_all() -> None:
    X = np.random.default_rng(0).integers(1, 255, (20, 4, 4)).astype(np.uint8)
    assert np.shares_memory(from_arrays(X, np.arange(20) % 2).train.X, X)


def test_a_test_split_of_a_table_is_prepared_by_the_training_split(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("u,kind,y,same\n1,a,0,7\n3,b,1,7\n")
    (tmp_path / "b.csv").write_text("y,same,kind,u\n1,8,c,5\n0,7,a,2.5\n")
    data = load(tmp_path / "a.csv", test=tmp_path / "b.csv")
    assert data.columns == ("u", "kind=a", "kind=b")
    assert data.test is not None
    np.testing.assert_array_equal(data.test.X, [[3, 0, 0], [0.5, 1, 0]])
    notes = " ".join(data.notes)
    assert "'kind' of the test split has 1 category" in notes
    assert "1 column dropped as constant over the training examples: 'same'" in notes


def test_a_category_stays_one_where_the_test_split_has_only_its_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("kind,y\n1,0\nx,1\nz,1\n1,0\nx,0\n")
    (tmp_path / "b.csv").write_text("kind,y\n1,1\n")
    data = load(tmp_path / "a.csv", test=tmp_path / "b.csv")
    assert data.test is not None
    np.testing.assert_array_equal(data.test.X, [[1, 0, 0]])


def test_preparation_none_takes_a_table_of_numbers_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("u,v,y\n1,10,0\n3,10,1\n")
    data = load(tmp_path / "a.csv", prepare="none")
    np.testing.assert_array_equal(data.train.X, [[1, 10], [3, 10]])
    assert (data.prepared, data.notes) == ("none", ("Labels from the column 'y'.",))


def test_classes_left_without_an_example_are_noted() -> None:
    data = example([0] * 50 + [1] * 49 + [2], limit=10)
    assert data.classes == ("0", "1", "2")
    assert "1 class without a training example among those taken: '2'" in data.notes[-1]


def test_another_test_split_replaces_the_files_own_and_is_noted(tmp_path: Path) -> None:
    X, y = np.ones((4, 2)), np.array([0, 1, 0, 1])
    np.savez(tmp_path / "a.npz", X=X, y=y, X_test=X, y_test=y)
    np.savez(tmp_path / "b.npz", X=2 * X[:2], y=y[:2])
    data = load(tmp_path / "a.npz", test=tmp_path / "b.npz")
    assert data.test is not None
    assert data.test.n == 2
    assert "--test names another" in data.notes[0]


def test_what_was_asked_is_recorded() -> None:
    data = load("digits", labels="worst", label_noise=0.25, bias=True)
    assert (data.labels, data.label_noise, data.bias, data.source) == ("worst", 0.25, True, "digits")

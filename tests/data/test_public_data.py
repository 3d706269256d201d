"""The public data sets are read whole, with the counts that their authors give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from prefit.data import LabelledData, Split, load

pytestmark = pytest.mark.data


def counts(data: LabelledData, split: Split | None = None) -> dict[str, int]:
    labels = (split or data.train).labels
    assert labels is not None
    return dict(zip(data.classes, np.bincount(labels).tolist(), strict=True))


def test_mnist_has_its_counts(data_dir: Path) -> None:
    data = load(f"idx:{data_dir}/mnist")
    assert (data.name, data.train.X.shape, str(data.train.X.dtype)) == ("mnist", (60000, 784), "uint8")
    assert list(counts(data).values()) == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert data.test is not None
    assert list(counts(data, data.test).values()) == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_the_first_5000_zeros_and_ones_of_mnist(data_dir: Path) -> None:
    data = load(f"idx:{data_dir}/mnist", classes="0,1", per_class=5000)
    assert counts(data) == {"0": 5000, "1": 5000}
    assert data.train.rows[:3].tolist() == [1, 3, 6]
    assert data.test is not None
    assert counts(data, data.test) == {"0": 980, "1": 1135}


def test_even_and_odd_digits_of_mnist(data_dir: Path) -> None:
    data = load(f"idx:{data_dir}/mnist", classes="0+2+4+6+8,1+3+5+7+9", limit=1000, test_limit=100)
    assert data.classes == ("0+2+4+6+8", "1+3+5+7+9")
    assert (data.train.n, data.test.n if data.test else 0) == (1000, 100)


def test_fashion_mnist_in_proportion(data_dir: Path) -> None:
    data = load(f"idx:{data_dir}/fashion-mnist", limit=10_000)
    assert set(counts(data).values()) == {1000}


def test_cifar10_airplanes_and_automobiles(data_dir: Path) -> None:
    folder = data_dir / "cifar10"
    data = load(
        f"cifar10:{folder}/airplane_automobile_train.bin.gz",
        test=f"cifar10:{folder}/airplane_automobile_test.bin.gz",
    )
    assert (data.train.X.shape, str(data.train.X.dtype)) == ((10_000, 3072), "uint8")
    assert counts(data) == {"0": 5000, "1": 5000}
    assert data.test is not None
    assert counts(data, data.test) == {"0": 1000, "1": 1000}


def test_the_cifar10_test_batch_has_a_thousand_of_each(data_dir: Path) -> None:
    assert set(counts(load(f"cifar10:{data_dir}/cifar10/test_batch.bin.gz")).values()) == {1000}


def test_ijcnn1_in_two_files(data_dir: Path) -> None:
    data = load(f"libsvm:{data_dir}/tabular/ijcnn1.trn.bz2", test=f"libsvm:{data_dir}/tabular/ijcnn1.tst.bz2")
    assert (data.train.X.shape, data.classes) == ((49_990, 22), ("-1", "1"))
    assert counts(data) == {"-1": 45_137, "1": 4_853}
    assert data.test is not None
    assert data.test.X.shape == (91_701, 22)
    assert counts(data, data.test) == {"-1": 82_989, "1": 8_712}
    assert data.train.X.min() == pytest.approx(-0.930435)
    assert data.test.X.max() == pytest.approx(1.312081)


def test_sleep_is_a_standardized_table(data_dir: Path) -> None:
    data = load(data_dir / "tabular" / "sleep.tsv.gz")
    assert (data.name, data.train.X.shape, data.prepared) == ("sleep", (105_908, 13), "standardized")
    assert counts(data) == {"0": 21_359, "1": 9_052, "2": 52_698, "3": 10_832, "5": 11_967}
    np.testing.assert_allclose(data.train.X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.train.X.std(axis=0), 1, rtol=1e-12)
    assert data.train.rows[[0, -1]].tolist() == [2, 105_909]


def test_a_limit_on_sleep_keeps_its_proportions(data_dir: Path) -> None:
    data = load(data_dir / "tabular" / "sleep.tsv.gz", limit=5000)
    assert counts(data) == {"0": 1008, "1": 427, "2": 2488, "3": 512, "5": 565}

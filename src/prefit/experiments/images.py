"""The two data sets of Arora et al. (2019), Appendix A: two classes each, the first coded +1, on the unit sphere.

MNIST's test errors in the paper are multiples of 1/1960 = 1/(2·980), so its test split is balanced, and the first 5,000
training images of each digit reproduce its complexity: these are taken.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from prefit._shapes import Matrix
from prefit.data import LabelledData, Split, load
from prefit.data.coding import code
from prefit.data.corrupt import with_label_noise
from prefit.data.distinct import unit_rows
from prefit.errors import InputError
from prefit.experiments.options import StudyOptions


@dataclass(frozen=True)
class ImageSet:
    """One of the data sets.

    key, title   for files, and for readers
    loss_panel, spectrum_panel, noise_panel   the paper's figures about it
    per_class, test_per_class   as many as the paper has
    """

    key: str
    title: str
    loss_panel: str
    spectrum_panel: str
    noise_panel: str
    test_per_class: int
    per_class: int = 5_000


MNIST = ImageSet("mnist", "MNIST, 0 against 1", "1a", "1b", "2a", 980)
CIFAR = ImageSet("cifar10", "CIFAR-10, airplane against automobile", "1c", "1d", "2b", 1_000)
PAIR = ("airplane_automobile_train.bin", "airplane_automobile_test.bin")  # the two classes alone


def chosen(options: StudyOptions) -> list[ImageSet]:
    """The data sets a run is about."""
    return [one for one in (MNIST, CIFAR) if options.only in (None, one.key)]


def load_images(one: ImageSet, options: StudyOptions, n: int | None = None) -> LabelledData:
    """The first n/2 training images of each class, and the paper's test images (as many as there are)."""
    folder = options.folder / one.key
    if not folder.is_dir():
        raise InputError(
            f"--data must name a folder that holds {one.key}/, and {options.folder} does not. "
            f"Name another, or leave {one.key} out: --only {'mnist' if one is CIFAR else 'cifar10'}."
        )
    per_class = one.per_class if n is None else n // 2
    if one is MNIST:
        data = load(f"idx:{folder}", classes="0,1", per_class=per_class)
    else:
        train, test = (_pair(folder, name) for name in PAIR)
        if train is None or test is None:
            data = load(f"cifar10:{folder}", classes="0,1", per_class=per_class)
        else:
            data = load(f"cifar10:{train}", test=f"cifar10:{test}", per_class=per_class)
    if data.test is None:
        raise InputError(f"{folder} must hold a test split beside the training split. Add its files.")
    return replace(data, test=_first(data.test, one.test_per_class))


def _pair(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.exists()), None)


def _first(split: Split, per_class: int) -> Split:
    """The first so many of each class, or all there are."""
    assert split.labels is not None
    kept = np.sort(np.concatenate([np.flatnonzero(split.labels == c)[:per_class] for c in (0, 1)]))
    return Split(split.X[kept], split.labels[kept], None, split.rows[kept])


def subset(data: LabelledData, n: int) -> LabelledData:
    """The first n/2 training examples of each class; all where n is no less than there are."""
    return data if n >= data.train.n else replace(data, train=_first(data.train, n // 2))


def fingerprint(data: LabelledData) -> str:
    """sha256 of inputs and labels of both splits: what a cell was made from."""
    digest = hashlib.sha256()
    assert data.test is not None
    for split in (data.train, data.test):
        assert split.labels is not None
        for array in (split.X, split.labels):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def rows_of(split: Split) -> Matrix:
    """(n, d) unit rows."""
    return unit_rows(split.X, split.rows)[0]


def targets_of(split: Split) -> Matrix:
    """(n, 1) labels ±1."""
    assert split.labels is not None
    return code(split.labels, 2)


def noisy_targets(split: Split, portion: float, seed: tuple[int, ...]) -> Matrix:
    """(n, 1) labels ±1 after that portion was replaced by fair coins."""
    return targets_of(with_label_noise(split, portion, 2, np.random.default_rng(list(seed))))

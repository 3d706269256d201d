"""Small data sets with the files of the public ones: two classes of noisy images that a net can tell apart."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

PER_CLASS, TEST_PER_CLASS = 30, 12


def images(side: int, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(2·count, side) whole numbers, class 0 bright on the left and class 1 on the right; labels."""
    labels = np.tile([0, 1], count)
    bright = np.where(labels[:, None] == 0, np.arange(side) < side // 2, np.arange(side) >= side // 2)
    X = np.clip(90 * bright + rng.integers(1, 140, (2 * count, side)), 0, 255)
    return X.astype(np.uint8), labels.astype(np.uint8)


def write_mnist(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir(parents=True)
    for name, count in (("train", PER_CLASS), ("t10k", TEST_PER_CLASS)):
        X, labels = images(64, count, rng)
        header = struct.pack(">4B3I", 0, 0, 8, 3, len(X), 8, 8)
        (folder / f"{name}-images-idx3-ubyte").write_bytes(header + X.tobytes())
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, len(X)) + labels.tobytes())


def write_cifar10(folder: Path, rng: np.random.Generator) -> None:
    folder.mkdir(parents=True)
    for name, count in (("data_batch_1", PER_CLASS), ("test_batch", TEST_PER_CLASS)):
        X, labels = images(3072, count, rng)
        (folder / f"{name}.bin").write_bytes(np.hstack([labels[:, None], X]).tobytes())


def write_sets(folder: Path) -> Path:
    """mnist/ and cifar10/ in the folder."""
    rng = np.random.default_rng(0)
    write_mnist(folder / "mnist", rng)
    write_cifar10(folder / "cifar10", rng)
    return folder

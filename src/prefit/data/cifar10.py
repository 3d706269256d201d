"""CIFAR-10 binary records go in, images (n, 3072) and labels come out.

A record is 3,073 bytes: the label, then 1,024 red, green and blue values each (Krizhevsky, Learning Multiple
Layers of Features from Tiny Images, 2009).
"""

from __future__ import annotations

import os
import re

import numpy as np

from prefit.data.arrays import column_from, rows_from_zero
from prefit.data.budget import Budget
from prefit.data.files import read_bytes, unreadable
from prefit.data.sample import Sample
from prefit.data.wording import Place, listing, quoted, sentence
from prefit.errors import InputError

RECORD = 1 + 3 * 32 * 32
CLASSES = 10


def read_folder(folder: str, budget: Budget) -> tuple[Sample, Sample | None]:
    """The `data_batch*` of a folder and, where there, its `test_batch*`."""
    try:
        names = os.listdir(folder)
    except OSError as error:
        raise unreadable(folder, error) from error
    train, test = _batches(names, "data_batch"), _batches(names, "test_batch")
    if not train:
        raise InputError(
            f"The folder {quoted(folder)} must hold data_batch*.bin (.gz or not), the binary version of "
            f"CIFAR-10; it holds {listing(sorted(names), 6) or 'nothing'}. Fetch the binary version, or name "
            "files, joined by commas."
        )
    return (
        read_files([os.path.join(folder, name) for name in train], folder, budget),
        read_files([os.path.join(folder, name) for name in test], folder, budget) if test else None,
    )


def read_files(paths: list[str], name: str, budget: Budget) -> Sample:
    """The records of the files, one after the other."""
    records = (
        np.concatenate([_records(path, budget) for path in paths]) if len(paths) > 1 else _records(paths[0], budget)
    )
    place = Place(name)
    images = np.ascontiguousarray(records[:, 1:])
    return Sample(place, images, column_from(records[:, 0], place), rows_from_zero(len(records)))


def _records(path: str, budget: Budget) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    contents = read_bytes(path, budget)
    if not contents or len(contents) % RECORD:
        raise InputError(
            f"{quoted(path)} must hold whole CIFAR-10 records of {RECORD:,} bytes; it holds "
            f"{len(contents):,} bytes, {len(contents) % RECORD:,} more than {len(contents) // RECORD:,} "
            "records. Fetch the file again, and the binary version, not the pickled one."
        )
    records = np.frombuffer(contents, np.uint8).reshape(-1, RECORD)
    wrong = np.flatnonzero(records[:, 0] >= CLASSES)
    if wrong.size:
        raise InputError(
            f"{sentence(Place(path).at(int(wrong[0])))} has label {records[wrong[0], 0]}, and CIFAR-10 labels are "
            "0 to 9. Check that the file is of the binary version of CIFAR-10 (CIFAR-100 has two label "
            "bytes) and whole."
        )
    return records


def _batches(names: list[str], stem: str) -> list[str]:
    """Binary batches in the order of their numbers; the plain one where a packed copy lies beside it."""
    found: dict[str, str] = {}
    for name in sorted(names, reverse=True):  # .bin.gz before .bin, which then takes its place
        if re.fullmatch(stem + r".*\.bin(\.gz)?", name):
            found[name.removesuffix(".gz")] = name
    return [found[key] for key in sorted(found, key=lambda key: [int(part) for part in re.findall(r"\d+", key)])]

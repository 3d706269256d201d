"""IDX files, the format of MNIST: a folder goes in, its training and test samples come out.

A file is two zero bytes, a type code, the number of dimensions, each dimension as a big-endian 32-bit
number, then the entries row by row (LeCun, Cortes and Burges, The MNIST database of handwritten digits).
"""

from __future__ import annotations

import os
import re

import numpy as np

from prefit._shapes import AnyArray
from prefit.data.arrays import inputs_from, rows_from_zero, target_from
from prefit.data.budget import Budget
from prefit.data.files import read_bytes, unreadable
from prefit.data.sample import Sample
from prefit.data.wording import Place, listing, quoted
from prefit.errors import InputError

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_folder(folder: str, budget: Budget) -> tuple[Sample, Sample | None]:
    """The `train-*` pair of a folder and, where there, its `t10k-*` pair."""
    names = _names_in(folder)
    train = _read_pair(folder, names, "train", budget)
    if train is None:
        raise InputError(
            f"The folder {quoted(folder)} must hold train-images-idx3-ubyte and train-labels-idx1-ubyte (.gz "
            f"or not); it holds {listing(sorted(names), 8) or 'nothing'}. Name the folder of an MNIST-format "
            "data set."
        )
    return train, _read_pair(folder, names, "t10k", budget)


def read_idx(path: str, budget: Budget) -> AnyArray:
    """The array of one IDX file, of the type and shape that its header says and its size confirms."""
    contents = read_bytes(path, budget)
    kind, shape, start = _header(contents, path)
    expected = int(np.prod(shape, dtype=object)) * np.dtype(kind).itemsize  # exact: a header can claim 2^100 entries
    found = len(contents) - start
    if found != expected:
        raise InputError(
            f"{quoted(path)} must hold {expected:,} bytes after its header, which says shape {shape}; it "
            f"holds {found:,}. The file is "
            f"{'cut short' if found < expected else 'too long or its header damaged'}: fetch it again."
        )
    array = np.frombuffer(contents, dtype=kind, offset=start).reshape(shape)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _header(contents: bytearray, path: str) -> tuple[str, tuple[int, ...], int]:
    magic = bytes(contents[:4])
    dimensions = magic[3] if len(magic) == 4 else 0
    start = 4 + 4 * dimensions
    if magic[:2] != b"\0\0" or len(magic) < 4 or magic[2] not in TYPES or not 1 <= dimensions <= 4:
        raise InputError(
            f"{quoted(path)} must begin like an IDX file (00 00, a type code, the number of dimensions); "
            f"its first bytes are {magic.hex(' ') or 'missing'}. Check that it is an IDX file, packed with "
            "gzip if it ends in .gz."
        )
    if len(contents) < start:
        raise InputError(f"{quoted(path)} ends inside its IDX header of {start} bytes. Fetch the file again.")
    shape = tuple(int(size) for size in np.frombuffer(contents, ">u4", dimensions, 4))
    return TYPES[magic[2]], shape, start


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except NotADirectoryError as error:
        raise InputError(
            f"idx: must be followed by a folder; {quoted(folder)} is a file. Name the folder that holds it."
        ) from error
    except FileNotFoundError as error:
        raise InputError(f"There is no folder {quoted(folder)}. Check the path after idx:.") from error
    except OSError as error:
        raise unreadable(folder, error) from error
    except ValueError as error:
        raise InputError(f"{quoted(folder)} cannot be the name of a folder. Check the path after idx:.") from error


def _read_pair(folder: str, names: list[str], split: str, budget: Budget) -> Sample | None:
    images = _find(names, rf"{split}-images[-.]idx\d-ubyte")
    labels = _find(names, rf"{split}-labels[-.]idx\d-ubyte")
    if images is None and labels is None:
        return None
    if images is None or labels is None:
        missing = "labels" if labels is None else "images"
        raise InputError(
            f"The folder {quoted(folder)} holds {quoted(images or labels)} but no {split}-{missing} file. "
            "Images and labels come as a pair: add the missing file or move the other away."
        )
    return _pair(os.path.join(folder, images), os.path.join(folder, labels), budget)


def _find(names: list[str], pattern: str) -> str | None:
    """The file of that name; the plain one where a packed copy lies beside it."""
    found = [name for name in names if re.fullmatch(pattern + r"(\.gz)?", name)]
    return min(found, key=lambda name: (name.endswith(".gz"), name), default=None)


def _pair(images_path: str, labels_path: str, budget: Budget) -> Sample:
    images, labels = read_idx(images_path, budget), read_idx(labels_path, budget)
    if images.ndim < 2:
        raise InputError(
            f"{quoted(images_path)} must hold images, two dimensions or more; its header says shape "
            f"{images.shape}. Were images and labels exchanged? Rename the files."
        )
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise InputError(
            f"{quoted(labels_path)} must hold one whole number per image; its header says {labels.dtype} of "
            f"shape {labels.shape}. Were images and labels exchanged? Rename the files."
        )
    if len(images) != len(labels):
        raise InputError(
            f"{quoted(labels_path)} must hold one label for each of the {len(images):,} images of "
            f"{quoted(os.path.basename(images_path))}; it holds {len(labels):,}. Take both files from the "
            "same data set."
        )
    place = Place(images_path)
    return Sample(
        place,
        inputs_from(images, place, budget),
        target_from(labels, Place(labels_path)),
        rows_from_zero(len(images)),
    )

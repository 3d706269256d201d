""".npy and .npz files go in, arrays come out; sizes are held against the file before any is allocated."""

from __future__ import annotations

import io
import os
import tokenize
import warnings
import zipfile
import zlib
from typing import IO

import numpy as np

from prefit._shapes import AnyArray
from prefit.data.arrays import check_lengths, inputs_from, rows_from_zero, target_from
from prefit.data.budget import Budget
from prefit.data.files import check_is_file, unreadable
from prefit.data.sample import Sample, length
from prefit.data.wording import Place, listing, quoted
from prefit.errors import InputError


def read_pair(inputs_path: str, labels_path: str, budget: Budget) -> Sample:
    """Inputs in one .npy file, their labels in another."""
    return _sample(
        read_npy(inputs_path, budget),
        read_npy(labels_path, budget),
        Place(inputs_path),
        Place(labels_path),
        budget,
    )


def read_npz(path: str, budget: Budget) -> tuple[Sample, Sample | None]:
    """Arrays `X`, `y` of a .npz file and, where there, `X_test`, `y_test`."""
    arrays, others = _arrays(path, budget)
    missing = [key for key in ("X", "y") if key not in arrays]
    if missing or ("X_test" in arrays) != ("y_test" in arrays):
        lacking = missing or [key for key in ("X_test", "y_test") if key not in arrays]
        raise InputError(
            f"{quoted(path)} must hold arrays 'X' and 'y', and 'X_test' and 'y_test' together or neither; it "
            f"lacks {listing(lacking)} and holds {listing([*sorted(arrays), *others]) or 'nothing'}. Save it with "
            f"numpy.savez({os.path.basename(path)!r}, X=…, y=…)."
        )
    train = _sample(arrays["X"], arrays["y"], Place(f"{path}:X"), Place(f"{path}:y"), budget)
    if "X_test" not in arrays:
        return train, None
    test = _sample(arrays["X_test"], arrays["y_test"], Place(f"{path}:X_test"), Place(f"{path}:y_test"), budget)
    return train, test


def read_npy(path: str, budget: Budget) -> AnyArray:
    """The array of a .npy file."""
    try:
        check_is_file(path)
        with open(path, "rb") as file:
            return _read(file, os.path.getsize(path), path, budget)
    except OSError as error:
        raise unreadable(path, error) from error


def _sample(X: AnyArray, y: AnyArray, X_place: Place, y_place: Place, budget: Budget) -> Sample:
    inputs, target = inputs_from(X, X_place, budget), target_from(y, y_place)
    check_lengths(len(inputs), length(target), X_place, y_place)
    return Sample(X_place, inputs, target, rows_from_zero(len(inputs)))


def _arrays(path: str, budget: Budget) -> tuple[dict[str, AnyArray], list[str]]:
    """The arrays that count, and the names of what else is there, unread."""
    try:
        check_is_file(path)
        with zipfile.ZipFile(path) as archive:
            wanted = [m for m in archive.infolist() if m.filename in ("X.npy", "y.npy", "X_test.npy", "y_test.npy")]
            others = [m.filename.removesuffix(".npy") for m in archive.infolist() if m not in wanted]
            budget.admit(sum(member.file_size for member in wanted), f"The arrays of {quoted(path)}")
            arrays = {member.filename.removesuffix(".npy"): _member(archive, member, path, budget) for member in wanted}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(
            f"{quoted(path)} must be a .npz file, a zip archive of arrays, but it is damaged or of another "
            f"kind ({quoted(str(error), 100)}). Save it again with numpy.savez."
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error
    return arrays, others


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: str, budget: Budget) -> AnyArray:
    with archive.open(member) as packed:
        contents = packed.read()  # as much as the directory says at the most, which the budget has admitted
    return _read(io.BytesIO(contents), len(contents), f"{path}:{member.filename.removesuffix('.npy')}", budget)


def _read(file: IO[bytes], size: int, name: str, budget: Budget) -> AnyArray:
    shape, dtype = _header(file, name)
    if dtype.hasobject:
        raise InputError(
            f"{quoted(name)} holds Python objects, and reading them would run code that the file brings. "
            "Save it as numbers or text: array.astype(float) or array.astype(str)."
        )
    expected, found = int(np.prod(shape, dtype=object)) * dtype.itemsize, size - file.tell()
    if expected != found:
        raise InputError(
            f"{quoted(name)} must hold {expected:,} bytes after its header, which says {dtype} of shape "
            f"{shape}; it holds {found:,}. The file is {'cut short' if found < expected else 'too long'}: "
            "save or fetch it again."
        )
    budget.admit(expected, f"The array that the header of {quoted(name)} claims, of shape {shape},")
    file.seek(0)
    try:
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
    except (ValueError, EOFError) as error:
        raise _no_npy(name, error) from error


def _header(file: IO[bytes], name: str) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        version = np.lib.format.read_magic(file)
        if version not in readers:
            raise ValueError(f"format version {version}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy warns of headers that Python 2 wrote, and reads them
            shape, _, dtype = readers[version](file)
    except (ValueError, EOFError, SyntaxError, tokenize.TokenError, TypeError, RecursionError, MemoryError) as error:
        raise _no_npy(name, error) from error
    if any(side < 0 for side in shape):
        raise _no_npy(name, ValueError(f"shape {shape}"))
    return shape, dtype


def _no_npy(name: str, error: Exception) -> InputError:
    return InputError(
        f"{quoted(name)} must be an array as numpy.save writes it, but its header cannot be read "
        f"({quoted(' '.join(str(error).split()), 120)}). Save or fetch it again."
    )

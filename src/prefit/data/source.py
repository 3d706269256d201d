"""A SOURCE as typed goes in: what it names, and its samples as their reader leaves them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from prefit.data import cifar10, idx, npy
from prefit.data.arrays import column_from, rows_from_zero
from prefit.data.budget import Budget
from prefit.data.delimited import read_delimited
from prefit.data.libsvm import read_libsvm
from prefit.data.parquet import read_parquet
from prefit.data.sample import Sample
from prefit.data.wording import Place, quoted, shown
from prefit.errors import InputError

Kind = Literal["digits", "idx", "cifar10", "libsvm", "npz", "npy", "csv", "tsv", "parquet"]

FORMS = (
    "digits, idx:DIR, cifar10:PATH, libsvm:PATH, or a file that ends in .npz, .npy, .csv[.gz], .tsv[.gz], "
    ".parquet, .svm or .libsvm"
)
ENDINGS: tuple[tuple[str, Kind], ...] = (
    (r"\.npz$", "npz"),
    (r"\.npy$", "npy"),
    (r"\.csv(\.gz)?$", "csv"),
    (r"\.tsv(\.gz)?$", "tsv"),
    (r"\.parquet$", "parquet"),
    (r"\.(svm|libsvm)(\.gz|\.bz2)?$", "libsvm"),
)
REMOTE = r"((idx|cifar10|libsvm):)?[A-Za-z][A-Za-z0-9+.-]+://"
PREFIXES: tuple[Kind, ...] = ("idx", "cifar10", "libsvm")
TABLES = ("csv", "tsv", "parquet")


@dataclass(frozen=True)
class Source:
    """What a SOURCE names.

    text   as typed
    paths  the files or the folder, at least one but for "digits"
    name   short, for folders and titles
    """

    text: str
    kind: Kind
    paths: tuple[str, ...]
    name: str


def parse_source(value: str | os.PathLike[str]) -> Source:
    """The kind of a SOURCE by its prefix or ending; nothing is opened."""
    text = _text(value)
    if text == "digits":
        return Source(text, "digits", (), "digits")
    for prefix in PREFIXES:
        if text.startswith(prefix + ":"):
            path = text.removeprefix(prefix + ":")
            if not path:
                raise InputError(f"{prefix}: must be followed by a path; nothing follows. Write {prefix}:PATH.")
            return _source(text, prefix, path)
    for pattern, kind in ENDINGS:
        if re.search(pattern, text, re.IGNORECASE):
            return _source(text, kind, text)
    raise _unknown(text)


def read_source(
    source: Source, test: Source | None, target: str | None, budget: Budget
) -> tuple[Sample, Sample | None, tuple[str, ...]]:
    """The training sample, the test sample where there is one, and notes."""
    _check_target(source, target)
    if source.kind == "libsvm" and test is not None and test.kind == "libsvm":
        train, held_out = read_libsvm([(list(s.paths), s.text) for s in (source, test)], budget)
        return train, held_out, ()
    targets: list[str | None] = [*(target or "").split(",")] if source.kind == "npy" else [target]
    train, own_test = _read(source, targets[0], budget, None)
    if test is None:
        return train, own_test, ()
    notes = (
        ()
        if own_test is None
        else (f"The test split of {quoted(source.text)} itself was not used: --test names another.",)
    )
    return train, _read_test(test, source, targets, budget, train), notes


def _read_test(test: Source, source: Source, targets: list[str | None], budget: Budget, train: Sample) -> Sample:
    if (test.kind in TABLES) != (source.kind in TABLES):
        raise InputError(
            f"The test split {quoted(test.text, 120)} must be a table if the training split "
            f"{quoted(source.text, 120)} is one, and else an array. Give both in the same kind of file."
        )
    if test.kind == "npy" and len(targets) < 2:
        raise InputError(
            f"The labels of the test split {quoted(test.text)} must be named too: --target y.npy,y_test.npy. "
            "Add them behind the training labels, or save both splits in one .npz file."
        )
    return _read(test, targets[1] if test.kind == "npy" else targets[0], budget, train)[0]


def _read(source: Source, target: str | None, budget: Budget, like: Sample | None) -> tuple[Sample, Sample | None]:
    path = source.paths[0] if source.paths else ""
    readers: dict[Kind, Callable[[], tuple[Sample, Sample | None]]] = {
        "digits": lambda: (_digits(), None),
        "idx": lambda: idx.read_folder(path, budget),
        "cifar10": lambda: _cifar10(source, budget),
        "libsvm": lambda: (read_libsvm([(list(source.paths), source.text)], budget)[0], None),
        "npz": lambda: npy.read_npz(path, budget),
        "npy": lambda: (npy.read_pair(path, os.path.expanduser(target or ""), budget), None),
        "csv": lambda: (read_delimited(path, ",", target, budget, like), None),
        "tsv": lambda: (read_delimited(path, "\t", target, budget, like), None),
        "parquet": lambda: (read_parquet(path, target, budget, like), None),
    }
    return readers[source.kind]()


def _digits() -> Sample:
    """The 1,797 handwritten digits, 8×8, that come with scikit-learn."""
    from sklearn.datasets import load_digits  # two seconds, so only when needed

    X, y = load_digits(return_X_y=True)
    place = Place("digits")
    return Sample(place, X, column_from(y, place), rows_from_zero(len(X)))


def _cifar10(source: Source, budget: Budget) -> tuple[Sample, Sample | None]:
    if len(source.paths) == 1 and os.path.isdir(source.paths[0]):
        return cifar10.read_folder(source.paths[0], budget)
    return cifar10.read_files(list(source.paths), source.text, budget), None


def _check_target(source: Source, target: str | None) -> None:
    if target is not None and source.kind not in (*TABLES, "npy"):
        raise InputError(
            "--target names the label column of a table or the label file of a .npy file, and "
            f"{quoted(source.text)} brings its own labels; it is {quoted(target, 60)}. Leave --target out."
        )
    files = (target or "").split(",")
    if source.kind == "npy" and (len(files) > 2 or not all(name.lower().endswith(".npy") for name in files)):
        came = "missing" if target is None else quoted(target, 60)
        raise InputError(
            f"The labels of {quoted(source.text)} must be named by --target, a .npy file; it is {came}. "
            "Write --target y.npy."
        )


def _text(value: str | os.PathLike[str]) -> str:
    try:
        text = os.fspath(value)
    except TypeError:
        text = None
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"SOURCE must be {FORMS}; it is {shown(value)}. For arrays there is prefit.data.from_arrays.")
    if re.match(REMOTE, text):
        raise InputError(
            f"SOURCE {quoted(text)} is a remote address, and only files on this machine are read. Fetch it first."
        )
    return text


def _source(text: str, kind: Kind, path: str) -> Source:
    """Files joined by commas where the format allows several, and no single file has that name."""
    several = kind in ("cifar10", "libsvm") and "," in path and not os.path.lexists(os.path.expanduser(path))
    paths = tuple(os.path.expanduser(part.strip()) for part in (path.split(",") if several else [path]))
    if not all(paths):
        raise InputError(
            f"{quoted(text)} must name a file between any two commas. Leave out the comma that is too many."
        )
    return Source(_printable(text), kind, paths, _printable(_short_name(paths[0])))


def _printable(text: str) -> str:
    """A path as text that can be written: its bytes that are not UTF-8 are shown as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _short_name(path: str) -> str:
    """The file's or folder's own name without the endings that say its format."""
    name = os.path.basename(os.path.abspath(path.replace("\0", "")))
    short = re.sub(r"\.(gz|bz2)$", "", name)
    return re.sub(r"\.(npz|npy|csv|tsv|parquet|svm|libsvm|bin)$", "", short, flags=re.IGNORECASE) or "data"


def _unknown(text: str) -> InputError:
    path = os.path.expanduser(text)
    if "\0" not in text and os.path.isdir(path):
        return InputError(
            f"SOURCE {quoted(text)} is a folder, and what it holds must be said. "
            f"Write idx:{quoted(text)[1:-1]} for MNIST-format files, cifar10:{quoted(text)[1:-1]} for "
            "CIFAR-10 batches, or name a file in it."
        )
    there = "\0" not in text and os.path.exists(path)
    what = "is a file whose ending says no known kind" if there else "is none of these"
    return InputError(f"SOURCE must be {FORMS}; {quoted(text)} {what}. Give one of these forms.")

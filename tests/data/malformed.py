"""Inputs that prefit must refuse, each a small file or an option: for `load` and for the command line alike.

Every case here is truly invalid. Those made by the dozen (truncations, flipped header bytes, values put in random
places) come from one fixed seed, and each says in its name what was done.
"""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Made = tuple[str, dict[str, Any]]
Make = Callable[[Path], Made]


@dataclass(frozen=True)
class Case:
    """One invalid input.

    make   writes its files into an empty folder and returns the SOURCE with the options of `load`
    says   what the message must hold beside: the file's name, the line, the column
    """

    name: str
    make: Make
    says: tuple[str, ...] = ()


def argv(source: str, options: dict[str, Any]) -> list[str]:
    """SOURCE and options as words of the command line, behind `prefit forecast`."""
    words = [source]
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            words.append(flag)
        elif value is not None and value is not False:
            words.append(f"{flag}={value}")  # one word, so that a negative number is no option
    return words


def file_case(name: str, file: str, contents: bytes | str, *says: str, prefix: str = "", **options: Any) -> Case:
    """A case of one file, whose name the message must hold."""

    def make(folder: Path) -> Made:
        write(folder / file, contents)
        return f"{prefix}{folder / file}", options

    return Case(name, make, (file, *says))


def files_case(name: str, files: dict[str, bytes | str], source: str, *says: str, **options: Any) -> Case:
    """A case of several files; `{}` in the source and in the options stands for their folder."""

    def make(folder: Path) -> Made:
        for file, contents in files.items():
            write(folder / file, contents)
        here = str(folder)
        filled = {key: value.replace("{}", here) if isinstance(value, str) else value for key, value in options.items()}
        return source.replace("{}", here), filled

    return Case(name, make, says)


def option_case(name: str, *says: str, source: str = "digits", **options: Any) -> Case:
    return Case(name, lambda folder: (source, options), says)


def write(path: Path, contents: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(contents.encode() if isinstance(contents, str) else contents)


def rng(name: str) -> np.random.Generator:
    """Draws that depend on the family's name alone, so that adding a family changes no other."""
    return np.random.default_rng(list(name.encode()))


def flipped(contents: bytes, position: int, value: int) -> bytes:
    return contents[:position] + bytes([value]) + contents[position + 1 :]


# --- IDX ---------------------------------------------------------------------------------------------------------

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def idx_bytes(array: np.ndarray[Any, Any], code: int = 8) -> bytes:
    header = bytes([0, 0, code, array.ndim]) + b"".join(side.to_bytes(4, "big") for side in array.shape)
    return header + array.tobytes()


def idx_pair(count: int = 12, side: int = 3) -> tuple[bytes, bytes]:
    images = rng("images").integers(1, 256, (count, side, side)).astype(np.uint8)
    return idx_bytes(images), idx_bytes(np.arange(count, dtype=np.uint8) % 3)


def idx_case(name: str, *says: str, files: dict[str, bytes | None] | None = None, **options: Any) -> Case:
    """A valid training pair with some files replaced, or left out where None."""
    images, labels = idx_pair()
    contents = {IMAGES: images, LABELS: labels, **(files or {})}
    kept = {f"set/{file}": data for file, data in contents.items() if data is not None}
    return files_case(f"idx: {name}", kept, "idx:{}/set", *says, **options)  # type: ignore[arg-type]


def idx_cases() -> Iterator[Case]:
    images, labels = idx_pair()
    for position, values in ((0, (1, 31, 255)), (1, (1, 139)), (2, (0, 7, 10, 15, 255)), (3, (0, 1, 2, 5, 255))):
        for value in values:
            yield idx_case(
                f"byte {position} of the images is {value}", IMAGES, files={IMAGES: flipped(images, position, value)}
            )
    for value in (0, 2, 3, 9):
        yield idx_case(f"labels say {value} dimensions", LABELS, files={LABELS: flipped(labels, 3, value)})
    for value in (0x0B, 0x0C, 0x0D, 0x0E):
        yield idx_case(f"labels say type {value}", LABELS, files={LABELS: flipped(labels, 2, value)})
    for length in sorted(rng("idx cut").choice(len(images), 14, replace=False)):
        yield idx_case(f"images cut to {length} bytes", IMAGES, files={IMAGES: images[:length]})
    for length in (0, 3, 7, 8, 12, 19):
        yield idx_case(f"labels cut to {length} bytes", LABELS, files={LABELS: labels[:length]})
    for position in range(4, 16):
        value = int(rng(f"idx {position}").integers(1, 256)) ^ images[position]
        yield idx_case(
            f"dimension byte {position} is {value}", IMAGES, files={IMAGES: flipped(images, position, value)}
        )
    packed = gzip.compress(images, mtime=0)
    for length in sorted(rng("idx gz cut").choice(len(packed) - 1, 5, replace=False)):
        files: dict[str, bytes | None] = {IMAGES: None, IMAGES + ".gz": packed[:length]}
        yield idx_case(f"packed images cut to {length} bytes", IMAGES + ".gz", files=files)
    for position in (-8, -3):  # the check sum and the length
        damaged = flipped(packed, len(packed) + position, packed[position] ^ 0x55)
        yield idx_case(
            f"byte {position} of the packed images flipped", IMAGES, files={IMAGES: None, IMAGES + ".gz": damaged}
        )
    yield idx_case("plain images that end in .gz", IMAGES, files={IMAGES: None, IMAGES + ".gz": images})
    yield idx_case("bytes after the images", IMAGES, files={IMAGES: images + b"\0"})
    yield idx_case("bytes after the labels", LABELS, files={LABELS: labels + b"\0\0"})
    yield idx_case("no labels", "train-labels", files={LABELS: None})
    yield idx_case("no images", "train-images", files={IMAGES: None})
    yield idx_case("nothing of MNIST", "set", files={IMAGES: None, LABELS: None, "readme.txt": b"hello"})
    yield idx_case("images and labels exchanged", files={IMAGES: labels, LABELS: images})
    yield idx_case("fewer labels", LABELS, files={LABELS: idx_bytes(np.zeros(11, np.uint8))})
    yield idx_case("real labels", LABELS, files={LABELS: idx_bytes(np.arange(12, dtype=">f4"), 0x0D)})
    yield idx_case(
        "no image at all",
        IMAGES,
        files={IMAGES: idx_bytes(np.zeros((0, 3, 3), np.uint8)), LABELS: idx_bytes(np.zeros(0, np.uint8))},
    )
    yield idx_case("one class only", "constant", files={LABELS: idx_bytes(np.full(12, 7, np.uint8))})
    dark = np.full((12, 3, 3), 9, np.uint8)
    dark[5] = 0
    yield idx_case("a black image", "row 5", "--bias", files={IMAGES: idx_bytes(dark)})
    not_finite = np.ones((12, 3, 3), ">f4")
    not_finite[4, 1, 1] = np.nan
    yield idx_case("a real image with NaN", "row 4", "column 4", files={IMAGES: idx_bytes(not_finite, 0x0D)})
    absurd = bytes([0, 0, 8, 3]) + b"\xff" * 12
    yield idx_case("a header that claims 2^96 bytes", IMAGES, files={IMAGES: absurd})
    yield idx_case(
        "a header that claims 2^96 bytes, packed", IMAGES, files={IMAGES: None, IMAGES + ".gz": gzip.compress(absurd)}
    )
    bomb = gzip.compress(idx_bytes(np.zeros((4000, 50, 50), np.uint8)))
    yield idx_case(
        "10 MB of nothing in 10 kB", "--memory", files={IMAGES: None, IMAGES + ".gz": bomb}, memory=1_000_000
    )
    yield idx_case("test images without labels", "t10k-labels", files={TEST_IMAGES: images})
    yield idx_case("test labels without images", "t10k-images", files={TEST_LABELS: labels})
    wide = idx_pair(side=4)
    yield idx_case("test images of another size", "16", files={TEST_IMAGES: wide[0], TEST_LABELS: wide[1]})
    strange = idx_bytes(np.full(12, 8, np.uint8))
    yield idx_case("a test class that training has not", "'8'", files={TEST_IMAGES: images, TEST_LABELS: strange})
    yield idx_case("test images cut", TEST_IMAGES, files={TEST_IMAGES: images[:50], TEST_LABELS: labels})
    yield files_case("idx: a file in place of the folder", {IMAGES: images}, "idx:{}/" + IMAGES, IMAGES)
    yield idx_case(
        "chosen classes that the test split has none of",
        "test",
        classes="0,1",
        files={TEST_IMAGES: images, TEST_LABELS: idx_bytes(np.full(12, 2, np.uint8))},
    )
    yield idx_case("--target where none is needed", "--target", target="label")


# --- CIFAR-10 ----------------------------------------------------------------------------------------------------

RECORD = 3073


def cifar_bytes(count: int = 6) -> bytes:
    records = rng("cifar").integers(1, 256, (count, RECORD)).astype(np.uint8)
    records[:, 0] = np.arange(count) % 3
    return records.tobytes()


def cifar_cases() -> Iterator[Case]:
    whole = cifar_bytes()
    lengths = sorted(int(n) for n in rng("cifar cut").choice(len(whole), 8, replace=False) if n % RECORD)
    for length in (*lengths, 1, RECORD - 1, RECORD + 1):
        yield file_case(f"cifar10: cut to {length} bytes", "batch.bin", whole[:length], prefix="cifar10:")
    for record in range(5):
        label = int(rng(f"cifar {record}").integers(10, 256))
        contents = flipped(whole, record * RECORD, label)
        yield file_case(
            f"cifar10: record {record} has label {label}",
            "batch.bin",
            contents,
            f"row {record}",
            str(label),
            prefix="cifar10:",
        )
    packed = gzip.compress(whole, mtime=0)
    for length in (2, 9, 100, len(packed) - 9, len(packed) - 1):
        yield file_case(f"cifar10: packed, cut to {length} bytes", "batch.bin.gz", packed[:length], prefix="cifar10:")
    yield file_case("cifar10: empty", "batch.bin", b"", prefix="cifar10:")
    yield file_case("cifar10: plain file that ends in .gz", "batch.bin.gz", whole, prefix="cifar10:")
    yield file_case("cifar10: pickled batch", "data_batch_1", b"\x80\x02}q\x01(U\x0bbatch_label", prefix="cifar10:")
    yield file_case("cifar10: one class", "batch.bin", whole[:RECORD] * 3, "constant", prefix="cifar10:")
    yield file_case("cifar10: a black image", "batch.bin", whole + bytes([1] + [0] * 3072), "row 6", prefix="cifar10:")
    yield file_case("cifar10: more than the memory", "batch.bin", whole, "--memory", prefix="cifar10:", memory=5000)
    yield files_case("cifar10: no training batch", {"set/test_batch.bin": whole}, "cifar10:{}/set", "data_batch")
    yield files_case("cifar10: empty folder", {"set/nothing.txt": ""}, "cifar10:{}/set", "nothing.txt")
    yield files_case(
        "cifar10: second file cut", {"a.bin": whole, "b.bin": whole[:-5]}, "cifar10:{}/a.bin,{}/b.bin", "b.bin"
    )
    yield files_case("cifar10: second file missing", {"a.bin": whole}, "cifar10:{}/a.bin,{}/b.bin", "b.bin")
    batches: dict[str, bytes | str] = {"set/data_batch_1.bin": whole, "set/test_batch.bin": whole[:-1]}
    yield files_case("cifar10: test batch cut", batches, "cifar10:{}/set", "test_batch.bin")


# --- .npy and .npz -----------------------------------------------------------------------------------------------


def good_arrays() -> dict[str, np.ndarray[Any, Any]]:
    return {"X": rng("npz").normal(size=(10, 4)), "y": np.arange(10) % 2}


def npy_bytes(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npy_header(text: str, body: bytes = b"", version: int = 1) -> bytes:
    padded = text.encode() + b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(padded).to_bytes(2, "little") + padded + body


def npz_bytes(**arrays: np.ndarray[Any, Any] | bytes | None) -> bytes:
    """Good arrays with some replaced, by others or by raw bytes, or left out where None."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, value in {**good_arrays(), **arrays}.items():
            if value is not None:
                archive.writestr(name + ".npy", value if isinstance(value, bytes) else npy_bytes(value))
    return file.getvalue()


def one(name: str, value: Any) -> dict[str, Any]:
    """A single option or array by its name."""
    return {name: value}


def npz_case(name: str, *says: str, options: dict[str, Any] | None = None, **arrays: Any) -> Case:
    return file_case(f"npz: {name}", "data.npz", npz_bytes(**arrays), *says, **(options or {}))


def npz_cases() -> Iterator[Case]:
    good = good_arrays()
    X, y = good["X"], good["y"]
    for row, column, value in ((0, 0, np.nan), (9, 3, np.inf), (4, 2, -np.inf), (7, 1, np.nan)):
        wrong = X.copy()
        wrong[row, column] = value
        yield npz_case(f"{value} at {row}, {column}", f"row {row}", f"column {column}", X=wrong)
        yield npz_case(
            f"{value} at {row}, {column} in float32", f"row {row}", f"column {column}", X=wrong.astype(np.float32)
        )
        yield npz_case(f"{value} at {row}, {column} of the test split", "X_test", X_test=wrong, y_test=y)
    for row in (0, 3, 9):
        labels = y.astype(float)
        labels[row] = np.nan
        yield npz_case(f"label {row} is NaN", f"row {row}", y=labels)
        zero = X.copy()
        zero[row] = 0
        yield npz_case(f"row {row} is zero", f"row {row}", "--bias", X=zero)
        yield npz_case(f"row {row} is too small for its square", f"row {row}", X=np.where(zero == 0, 1e-200, X))
        yield npz_case(f"row {row} is too large for its square", f"row {row}", X=np.where(zero == 0, 1e200, X))
    for what in ("X", "y"):
        yield npz_case(f"no {what}", f"'{what}'", **one(what, None))
        yield npz_case(f"{what} of objects", "objects", **one(what, np.array([{"a": 1}] * 10, dtype=object)))
        yield npz_case(f"{what} complex", what, **one(what, good[what].astype(complex)))
        yield npz_case(f"{what} of dates", what, **one(what, np.zeros(X.shape if what == "X" else 10, "datetime64[s]")))
        yield npz_case(f"{what} structured", what, **one(what, np.zeros(10, dtype=[("a", "f8"), ("b", "f8")])))
        yield npz_case(f"{what} of no dimension", what, **one(what, np.array(3.0)))
        yield npz_case(f"{what} without entries", **one(what, np.zeros((0, 3)) if what == "X" else np.zeros(0)))
        yield npz_case(f"{what} is not an array file", what, **one(what, b"hello, this is no array"))
        yield npz_case(f"{what} cut", what, **one(what, npy_bytes(good[what])[:-9]))
        yield npz_case(f"{what} too long", what, **one(what, npy_bytes(good[what]) + b"\0"))
        claim = npy_header("{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776, 1099511627776), }")
        yield npz_case(f"{what} claims 2^80 entries", what, **one(what, claim))
        yield npz_case(f"{what}_test alone", "X_test", "y_test", **one(f"{what}_test", good[what]))
    yield npz_case("X of one dimension", "shape", X=np.arange(10.0))
    yield npz_case("X of text", "X", X=np.array([["a", "b"]] * 10))
    yield npz_case("X of text numbers", "X", X=X.astype(str))
    yield npz_case("X without columns", "shape", X=np.zeros((10, 0)))
    yield npz_case("y of three dimensions", "shape", y=np.zeros((10, 2, 2)))
    yield npz_case("y coded in no column", "shape", y=np.zeros((10, 0)))
    yield npz_case("y coded as text", "y", y=np.array([["a", "b"]] * 10))
    yield npz_case("y coded with NaN", "row 2", "column 1", y=np.where(np.arange(20).reshape(10, 2) == 5, np.nan, 1.0))
    yield npz_case("y coded and constant", "constant", y=np.ones((10, 2)))
    yield npz_case("y too short", "9", y=y[:-1])
    yield npz_case("y of eleven labels", "11", y=np.append(y, 1))
    yield npz_case("y transposed", "1", y=y[None, :].astype(float))
    yield npz_case("y constant", "constant", y=np.ones(10, int))
    yield npz_case("y constant and real", "constant", y=np.full(10, 0.5), options={"task": "regression"})
    yield npz_case("y beyond 2^53", "2^53", y=np.array([2**53 + 1, 2**53 + 2] * 5))
    yield npz_case("y with an empty label", "row 1", y=np.array(["a", "", "b", "a", "b"] * 2))
    yield npz_case("y of bytes that are no text", "y", y=np.array([b"\xff", b"a"] * 5))
    yield npz_case("regression of text", "regression", y=np.array(["a", "b"] * 5), options={"task": "regression"})
    yield npz_case("--classes for regression", "--classes", options={"task": "regression", "classes": "0,1"})
    yield npz_case("--per-class for real targets", "--per-class", y=np.linspace(0, 1, 10), options={"per_class": 2})
    yield npz_case("--classes for coded labels", "--classes", y=X, options={"classes": "0,1"})
    yield npz_case("--task for coded labels", "--task", y=X, options={"task": "classes"})
    yield npz_case("test inputs of another width", "3", X_test=X[:, :3], y_test=y)
    yield npz_case("test labels too few", "y_test", X_test=X, y_test=y[:4])
    yield npz_case("test labels unknown", "'5'", "row 0", X_test=X, y_test=np.full(10, 5))
    yield npz_case("test labels coded", "shape", X_test=X, y_test=X)
    yield npz_case("test labels coded otherwise", "(10, 3)", y=X, X_test=X, y_test=X[:, :3])
    yield npz_case("test labels text, training numbers", "text", y=X[:, 0], X_test=X, y_test=np.array(["a", "b"] * 5))
    yield npz_case("test row zero", "row 2", X_test=np.where(np.arange(10)[:, None] == 2, 0, X), y_test=y)
    yield npz_case("all features constant", "constant", X=np.ones((10, 3)), options={"prepare": "standard"})
    yield npz_case("more than the memory", "--memory", options={"memory": 100})
    whole = npz_bytes()
    for length in sorted(int(n) for n in rng("npz cut").choice(len(whole), 8, replace=False)):
        yield file_case(f"npz: cut to {length} bytes", "data.npz", whole[:length])
    for position in (200, 300, 400):  # inside the entries of X: the archive's check sum tells
        yield file_case(f"npz: byte {position} flipped", "data.npz", flipped(whole, position, whole[position] ^ 0xFF))
    yield file_case("npz: text", "data.npz", "X,y\n1,2\n")
    yield file_case("npz: a zip of something else", "data.npz", _zip({"readme.txt": b"hello"}), "readme.txt")


def _zip(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, contents in files.items():
            archive.writestr(name, contents)
    return file.getvalue()


def npy_case(name: str, *says: str, X: Any = None, y: Any = None, **options: Any) -> Case:
    good = good_arrays()
    contents = {"x.npy": npy_bytes(good["X"]) if X is None else X, "y.npy": npy_bytes(good["y"]) if y is None else y}
    return files_case(f"npy: {name}", contents, "{}/x.npy", *says, **{"target": "{}/y.npy", **options})


def npy_cases() -> Iterator[Case]:
    good = npy_bytes(good_arrays()["X"])
    yield npy_case("no --target", "x.npy", "--target", target=None)
    yield npy_case("--target missing", "z.npy", target="{}/z.npy")
    yield npy_case("--target of another kind", "--target", target="{}/y.csv")
    yield npy_case("--target names three files", "--target", target="a.npy,b.npy,c.npy")
    yield npy_case("--test without its labels", "--target", test="{}/x.npy")
    yield npy_case("--test that is a table", "table", test="{}/t.csv")
    for position in (0, 1, 5, 6, 7, 10, 12):
        yield npy_case(f"byte {position} flipped", "x.npy", X=flipped(good, position, good[position] ^ 0x3F))
    for length in sorted(int(n) for n in rng("npy cut").choice(len(good), 8, replace=False)):
        yield npy_case(f"cut to {length} bytes", "x.npy", X=good[:length])
    yield npy_case("empty", "x.npy", X=b"")
    yield npy_case("longer than it says", "x.npy", X=good + b"more")
    yield npy_case("pickled", "x.npy", "objects", X=npy_bytes(np.array([None, {"a": 1}], dtype=object)))
    for name, header in {
        "a shape below zero": "{'descr': '<f8', 'fortran_order': False, 'shape': (-3, 4), }",
        "a shape of 2^80": "{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776, 1099511627776), }",
        "a shape of real numbers": "{'descr': '<f8', 'fortran_order': False, 'shape': (1.5, 4), }",
        "no shape": "{'descr': '<f8', 'fortran_order': False, }",
        "an unknown type": "{'descr': '<q77', 'fortran_order': False, 'shape': (3, 4), }",
        "code in the header": "{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (3, 4), }",
        "no dictionary": "[1, 2, 3]",
        "nothing in the header": "",
    }.items():
        yield npy_case(name, "x.npy", X=npy_header(header, b"\0" * 96))
    yield npy_case("version 9", "x.npy", X=npy_header("{'descr': '<f8', 'shape': (3, 4), }", version=9))
    yield npy_case("labels too few", "y.npy", y=npy_bytes(np.array([0, 1, 0])))
    yield npy_case("labels cut", "y.npy", y=npy_bytes(np.arange(10) % 2)[:-1])
    yield npy_case("more than the memory", "--memory", memory=64)


# --- tables ------------------------------------------------------------------------------------------------------

HEADER = ["size", "age", "colour", "label"]


def rows_of_table(count: int = 20) -> list[list[str]]:
    draw = rng("table")
    colours, labels = ("red", "green", "blue"), ("yes", "no")
    return [
        [f"{draw.normal():.3f}", str(draw.integers(1, 90)), colours[i % 3], labels[i // 2 % 2]] for i in range(count)
    ]


def text_of(rows: list[list[str]], header: list[str] | None = None, separator: str = ",") -> str:
    return "".join(separator.join(row) + "\n" for row in (HEADER if header is None else header, *rows))


def with_value(row: int, column: int, value: str) -> str:
    rows = rows_of_table()
    rows[row][column] = value
    return text_of(rows)


def table_cases() -> Iterator[Case]:
    yield from value_cases()
    yield from shape_cases()
    yield from packed_cases()
    yield from table_option_cases()
    yield from test_split_cases()


def value_cases() -> Iterator[Case]:
    draw = rng("values")
    for word in ("abc", "1.2.3", "twelve", "1,5", "0x10", "1e", "--3", "12a", "$5", "</script>"):
        row, column = int(draw.integers(20)), int(draw.integers(2))
        value = f'"{word}"' if "," in word else word
        where = (f"line {row + 2}", HEADER[column])
        yield file_case(f"csv: {word} in a column of numbers", "t.csv", with_value(row, column, value), *where)
    for missing in ("", "NA", "NaN", "null", "N/A", " "):
        row, column = int(draw.integers(20)), int(draw.integers(4))
        where = (f"line {row + 2}", HEADER[column])
        yield file_case(
            f"csv: {missing!r} in column {HEADER[column]}", "t.csv", with_value(row, column, missing), *where
        )
    for value in ("inf", "-inf", "Infinity", "1e999", "-nan"):
        row = int(draw.integers(20))
        yield file_case(
            f"csv: {value} in a column of numbers", "t.csv", with_value(row, 0, value), f"line {row + 2}", "size"
        )
    yield file_case("csv: 1e300 has no finite deviation", "t.csv", with_value(3, 0, "1e300"), "size")
    for byte in (b"\xff", b"\xe9", b"\xc3\x28", b"\xed\xa0\x80"):
        row = int(draw.integers(20))
        lines = text_of(rows_of_table()).encode().split(b"\n")
        lines[row + 1] = lines[row + 1].replace(b"e", byte)
        lines[row + 1] += b"" if byte in lines[row + 1] else byte
        yield file_case(
            f"csv: byte {byte.hex()} is not UTF-8", "t.csv", b"\n".join(lines), f"line {row + 2}".capitalize()
        )
    yield file_case("csv: a NUL byte", "t.csv", with_value(4, 2, "re\0d"), "Line 6")
    yield file_case("csv: UTF-16", "t.csv", text_of(rows_of_table()).encode("utf-16"))
    yield file_case(
        "csv: decimal commas",
        "t.tsv",
        text_of([[f"{i},5", "1" if i % 2 else "2", "a", "yn"[i % 2]] for i in range(9)], separator="\t"),
        "decimal point",
    )
    names = [[f"person {i}", *row[1:]] for i, row in enumerate(rows_of_table())]
    yield file_case("csv: an identifier", "t.csv", text_of(names), "size", "identifier")
    labels = [[*row[:3], f"case {i}"] for i, row in enumerate(rows_of_table())]
    yield file_case("csv: labels that are an identifier", "t.csv", text_of(labels), "label", "identifier")
    yield file_case(
        "csv: a stray word among labels",
        "t.csv",
        text_of([[*row[:3], "x" if i == 7 else str(i % 2)] for i, row in enumerate(rows_of_table())]),
        "line 9",
    )


def shape_cases() -> Iterator[Case]:
    draw, rows = rng("shapes"), rows_of_table()
    for change, name in ((-1, "short"), (1, "long"), (-2, "very short"), (3, "very long")):
        for _ in range(2):
            at = int(draw.integers(20))
            wrong = [
                row if i != at else (row[:change] if change < 0 else [*row, *["1"] * change])
                for i, row in enumerate(rows)
            ]
            yield file_case(f"csv: line {at + 2} too {name}", "t.csv", text_of(wrong), f"ine {at + 2} ")
            yield file_case(f"tsv: line {at + 2} too {name}", "t.tsv", text_of(wrong, separator="\t"), f"ine {at + 2} ")
    quoted = [['"two\nlines"' if i == 2 else row[2], *row[1:3], row[3]] for i, row in enumerate(rows)]
    quoted[9] = quoted[9][:-1]
    yield file_case("csv: a short row below a value of two lines", "t.csv", text_of(quoted), "ine 12 ")
    blank = text_of(rows).replace("\n", "\n\n", 3) + "1,2\n"
    yield file_case("csv: a short row below blank lines", "t.csv", blank, "ine 25 ")
    yield file_case("csv: empty", "t.csv", "")
    yield file_case("csv: blank lines only", "t.csv", "\n\n\n")
    yield file_case("csv: header only", "t.csv", text_of([]))
    yield file_case("csv: one row", "t.csv", text_of(rows[:1]))
    yield file_case("csv: no header", "t.csv", text_of([], header=["1.5", "2", "3", "0"]) + "1,2,3,1\n", "header")
    yield file_case("csv: a column twice", "t.csv", text_of(rows, header=["size", "age", "size", "label"]), "'size'")
    yield file_case(
        "csv: a column without a name", "t.csv", text_of(rows, header=["", "age", "colour", "label"]), "no name"
    )
    yield file_case(
        "csv: two label columns", "t.csv", text_of(rows, header=["y", "age", "colour", "Label"]), "--target", "'Label'"
    )
    yield file_case(
        "csv: no label column", "t.csv", text_of(rows, header=["a", "b", "c", "d"]), "--target", "'a', 'b', 'c', 'd'"
    )
    yield file_case("csv: semicolons", "t.csv", text_of(rows, separator=";"), "';'")
    yield file_case("csv: labels only", "t.csv", "label\nyes\nno\nyes\n")
    yield file_case("csv: a quote left open", "t.csv", with_value(5, 2, '"red'), "t.csv")
    yield file_case("csv: words behind a closed quote", "t.csv", with_value(5, 2, '"red" or so'), "ine 7 ")
    yield file_case("csv: an image", "t.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")


def packed_cases() -> Iterator[Case]:
    text = text_of(rows_of_table()).encode()
    packed = gzip.compress(text, mtime=0)
    for length in sorted(int(n) for n in rng("csv gz").choice(len(packed) - 1, 5, replace=False)):
        yield file_case(f"csv: packed, cut to {length} bytes", "t.csv.gz", packed[:length])
    for position in (0, 2, len(packed) - 6, len(packed) - 2):
        damaged = flipped(packed, position, packed[position] ^ 0xAA)
        yield file_case(f"csv: packed, byte {position} flipped", "t.csv.gz", damaged)
    yield file_case("csv: plain that ends in .gz", "t.csv.gz", text)
    yield file_case("tsv: packed with bzip2 in .gz", "t.tsv.gz", bz2.compress(text))
    yield file_case(
        "csv: 1 MB of blanks in 1 kB", "t.csv.gz", gzip.compress(b" " * 1_000_000), "--memory", memory=100_000
    )
    yield file_case("csv: more than the memory", "t.csv", text, "--memory", memory=50)


def table_option_cases() -> Iterator[Case]:
    text, rows = text_of(rows_of_table()), rows_of_table()
    yield file_case("csv: --target that is no column", "t.csv", text, "'price'", "'colour'", target="price")
    yield file_case("csv: --prepare none with text", "t.csv", text, "'colour'", prepare="none")
    yield file_case("csv: --task regression with text", "t.csv", text, "regression", task="regression")
    yield file_case("csv: --classes that is no class", "t.csv", text, "'maybe'", "'yes'", classes="yes,maybe")
    yield file_case("csv: --limit above the rows", "t.csv", text, "21", limit=21)
    yield file_case("csv: --per-class above a class", "t.csv", text, per_class=11)
    yield file_case("csv: --test-limit without a test split", "t.csv", text, "--test", test_limit=3)
    yield file_case("csv: --limit that leaves one class", "t.csv", text, "--limit", limit=1)
    yield file_case("csv: one class", "t.csv", text_of([[*row[:3], "yes"] for row in rows]), "constant")
    yield file_case(
        "csv: every feature constant", "t.csv", text_of([["1", "2", "red", row[3]] for row in rows]), "constant"
    )
    yield file_case("csv: regression on a constant", "t.csv", text_of([[*row[:3], "1.5"] for row in rows]), "constant")


def test_split_cases() -> Iterator[Case]:
    rows = rows_of_table()
    train = text_of(rows)
    for name, test, says in (
        ("lacks a column", text_of([[row[0], *row[2:]] for row in rows], header=["size", "colour", "label"]), "'age'"),
        ("has a column more", text_of([[*row, "1"] for row in rows], header=[*HEADER, "extra"]), "'extra'"),
        ("has no labels", text_of([row[:3] for row in rows], header=HEADER[:3]), "'label'"),
        ("has a stray word", with_value(8, 1, "old"), "line 10"),
        ("has words for numbers", text_of([["big", *row[1:]] for row in rows]), "size"),
        ("has an unknown class", with_value(8, 3, "perhaps"), "'perhaps'"),
        ("lacks a value", with_value(8, 2, ""), "line 10"),
        ("has no rows", text_of([]), "test.csv"),
        ("is empty", "", "test.csv"),
    ):
        yield files_case(
            f"csv: test split {name}",
            {"t.csv": train, "test.csv": test},
            "{}/t.csv",
            "test.csv",
            says,
            test="{}/test.csv",
        )
    yield files_case("csv: test split is missing", {"t.csv": train}, "{}/t.csv", "test.csv", test="{}/test.csv")
    yield files_case("csv: test split is digits", {"t.csv": train}, "{}/t.csv", "digits", test="digits")
    yield files_case("csv: test split of unknown kind", {"t.csv": train}, "{}/t.csv", "test.doc", test="{}/test.doc")


def parquet_bytes(**columns: Any) -> bytes:
    good = {
        "size": pa.array(np.linspace(0, 1, 20)),
        "colour": pa.array(["red", "blue"] * 10),
        "label": pa.array([0, 1, 1, 0] * 5),
    }
    table = {name: column for name, column in {**good, **columns}.items() if column is not None}
    return _parquet(pa.table(table))


def _parquet(table: Any) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file)
    return file.getvalue()


def parquet_cases() -> Iterator[Case]:
    def case(name: str, contents: bytes, *says: str, **options: Any) -> Case:
        return file_case(f"parquet: {name}", "t.parquet", contents, *says, **options)

    whole = parquet_bytes()
    yield case("empty", b"")
    yield case("text", b"size,label\n1,2\n")
    yield case("no label column", parquet_bytes(label=None), "--target")
    yield case("no feature", parquet_bytes(size=None, colour=None))
    yield case("a null", parquet_bytes(size=pa.array([1.0] * 7 + [None] + [2.0] * 12)), "row 7", "size")
    yield case("a null among text", parquet_bytes(colour=pa.array(["a"] * 7 + [None] + ["b"] * 12)), "row 7", "colour")
    yield case("a null label", parquet_bytes(label=pa.array([0, 1] * 9 + [None, 1])), "row 18", "label")
    yield case("NaN", parquet_bytes(size=pa.array([1.0] * 4 + [np.nan] + [2.0] * 15)), "row 4", "size")
    yield case("infinity", parquet_bytes(size=pa.array([np.inf] + [2.0] * 19)), "row 0", "size")
    yield case("lists", parquet_bytes(size=pa.array([[1.0, 2.0]] * 20)), "size")
    yield case("times", parquet_bytes(size=pa.array(np.arange(20), pa.timestamp("s"))), "size")
    yield case("bytes", parquet_bytes(size=pa.array([b"a"] * 20)), "size")
    yield case("structures", parquet_bytes(size=pa.array([{"a": 1}] * 20)), "size")
    yield case("nothing but nulls", parquet_bytes(size=pa.nulls(20)), "size")
    yield case("an identifier", parquet_bytes(colour=pa.array([f"n{i}" for i in range(20)])), "identifier")
    yield case("no rows", _parquet(pa.table({"a": pa.array([], pa.float64()), "label": pa.array([], pa.int64())})))
    twice = pa.Table.from_arrays([pa.array([1.0, 2.0]), pa.array([1.0, 2.0]), pa.array([0, 1])], ["a", "a", "label"])
    yield case("a column twice", _parquet(twice), "'a'")
    yield case("one class", parquet_bytes(label=pa.array([1] * 20)), "constant")
    yield case("--target that is no column", whole, "'price'", target="price")
    yield case("more than the memory", whole, "--memory", memory=100)
    for length in sorted(int(n) for n in rng("parquet cut").choice(len(whole), 6, replace=False)):
        yield case(f"cut to {length} bytes", whole[:length])
    for position in (len(whole) - 1, len(whole) - 4, len(whole) - 6):  # the closing mark and the footer's length
        yield case(f"byte {position - len(whole)} flipped", flipped(whole, position, whole[position] ^ 0xFF))


# --- LIBSVM ------------------------------------------------------------------------------------------------------


def libsvm_lines() -> list[str]:
    draw = rng("libsvm")
    return [f"{1 if i % 2 else -1} 1:{draw.normal():.3f} 3:{draw.normal():.3f} 4:1" for i in range(12)]


def libsvm_cases() -> Iterator[Case]:
    for bad in (
        "1:0.5 3:2",
        "1 1:0.5 3",
        "1 3:1 1:2",
        "1 1:1 1:2",
        "1 -1:2",
        "1 1.5:2",
        "1 1:",
        "1 :2",
        "1 1:x",
        "1 a:2",
        "cat 1:2",
        "1,2 1:2",
        "1 1:2:3",
        "1 99999999999:1",
        "1 4294967296:1",
        "1 1:nan",
        "1 1:inf",
        "nan 1:1",
        "inf 1:1",
        "1 1 :2",
        "1 1;2",
        "1\t1:2\t\t0:1",
        "1 1:1_0",
        "1_0 1:1",
        "1 1_0:1",
    ):
        at = int(rng(bad).integers(12))
        lines = libsvm_lines()
        lines[at] = bad
        yield file_case(f"libsvm: {bad!r} on line {at + 1}", "a.svm", "\n".join(lines) + "\n", f"ine {at + 1} ")
    good = "\n".join(libsvm_lines()) + "\n"
    below = "# a comment\n\n" + good + "oops\n"
    yield file_case("libsvm: below a comment and a blank line", "a.libsvm", below, "ine 15 ")
    yield file_case("libsvm: empty", "a.svm", "")
    yield file_case("libsvm: comments only", "a.svm", "# nothing\n#\n")
    yield file_case("libsvm: labels only", "a.svm", "1\n2\n1\n")
    yield file_case("libsvm: one class", "a.svm", "1 1:2\n1 1:3\n", "constant")
    yield file_case("libsvm: a row of zeros", "a.svm", good + "1\n", "line 13", "--bias")
    yield file_case("libsvm: a row of zeros in words", "a.svm", good + "1 1:0 2:0\n", "line 13")
    yield file_case("libsvm: 2^30 features", "a.svm", good + "1 1073741824:1\n", "--memory", memory=10**8)
    yield file_case("libsvm: bytes", "a.svm", b"\x80\x02\x00\xff" * 20)
    yield file_case("libsvm: a table", "a.svm", text_of(rows_of_table()))
    packed = bz2.compress(good.encode())
    for length in (3, 10, len(packed) // 2, len(packed) - 1):
        yield file_case(f"libsvm: bzip2 cut to {length} bytes", "a.bz2", packed[:length], prefix="libsvm:")
    for position in (3, 5, 40, len(packed) - 5):
        damaged = flipped(packed, position, packed[position] ^ 0xFF)
        yield file_case(f"libsvm: bzip2, byte {position} flipped", "a.bz2", damaged, prefix="libsvm:")
    yield file_case("libsvm: plain that ends in .bz2", "a.svm.bz2", good)
    yield file_case("libsvm: plain that ends in .gz", "a.svm.gz", good)
    yield file_case("libsvm: gzip cut", "a.svm.gz", gzip.compress(good.encode())[:-4])
    yield files_case(
        "libsvm: second file wrong", {"a.svm": good, "b.svm": "1 1:x\n"}, "libsvm:{}/a.svm,{}/b.svm", "b.svm", "ine 1 "
    )
    yield files_case("libsvm: second file missing", {"a.svm": good}, "libsvm:{}/a.svm,{}/b.svm", "b.svm")
    yield files_case("libsvm: a comma too many", {"a.svm": good}, "libsvm:{}/a.svm,", "comma")
    yield files_case(
        "libsvm: test class unknown", {"a.svm": good, "b.svm": "7 1:2\n"}, "{}/a.svm", "'7'", test="{}/b.svm"
    )
    yield files_case("libsvm: test wrong", {"a.svm": good, "b.svm": "1 x\n"}, "{}/a.svm", "b.svm", test="{}/b.svm")
    yield files_case("libsvm: test of other width", {"a.svm": good}, "{}/a.svm", "64", test="digits")


# --- sources and options -----------------------------------------------------------------------------------------


def source_cases() -> Iterator[Case]:
    for source in (
        "digitz",
        "mnist",
        "Digits",
        "cifar10",
        "hdf5:x",
        "data",
        "x.xlsx",
        "x.pkl",
        "x.csv.zip",
        " ",
        "x.npz.gz",
    ):
        yield option_case(f"source {source!r}", "idx:DIR", source=source)
    for source in ("s3://bucket/x.csv", "https://example.org/x", "libsvm:gs://bucket/a.svm"):
        yield option_case(f"source {source}", "remote", source=source)
    for prefix in ("idx:", "cifar10:", "libsvm:"):
        yield option_case(f"source {prefix} without a path", prefix, source=prefix)
    for file in ("no.csv", "no.tsv", "no.csv.gz", "no.npz", "no.parquet", "no.svm", "no.libsvm.bz2"):
        yield files_case(f"source {file} is missing", {}, "{}/" + file, file)
        yield files_case(f"source {file} is a folder", {f"{file}/inside": ""}, "{}/" + file, file, "folder")
    for prefix in ("idx:", "cifar10:", "libsvm:"):
        yield files_case(f"source {prefix} names nothing", {}, prefix + "{}/nowhere", "nowhere")
    yield files_case("source no.npy is missing", {}, "{}/no.npy", "no.npy", target="{}/y.npy")
    yield files_case("source libsvm: names a folder", {"set/a": ""}, "libsvm:{}/set", "set", "folder")
    yield files_case("source is a folder", {"set/a": ""}, "{}/set", "idx:", "set")
    for file in ("a.doc", "a.xlsx", "a.json", "a.pkl", "a", "a.csv.xz", "a.h5"):
        yield file_case(f"source {file} is of no known kind", file, "hello", "kind")
    yield option_case("a path longer than any file system takes", source="x" * 5000 + ".csv")
    yield option_case("a path below a file", source=f"{__file__}/x.csv")


def option_cases() -> Iterator[Case]:
    for name in ("limit", "per_class", "test_limit", "test_per_class"):
        flag = "--" + name.replace("_", "-")
        for value in (0, -1, 2.5, "many"):
            yield option_case(f"{flag} {value}", **one(name, value))
    for value in (0, -5):
        yield option_case(f"--memory {value}", "--memory", memory=value)
    yield option_case("--memory 1000", "--memory", memory=1000, bias=True, prepare="standard")
    yield option_case("--seed -1", seed=-1)
    for noise in (-0.1, 1.5, 10, "nan", "inf", "half"):
        portion = float(noise) if noise in ("nan", "inf") else noise
        yield option_case(f"--label-noise {noise}", label_noise=portion)
    for name, wrong in (("task", "guess"), ("prepare", "whiten"), ("labels", "best")):
        yield option_case(f"--{name} {wrong}", **one(name, wrong))
    for classes in ("0", "0,", ",", ",,", "0,0", "0+1,1", "0,1,0", "0,11", "a,b", "0+,1", "-0.5,1", "0;1", "0 1"):
        yield option_case(f"--classes {classes}", "--classes", classes=classes)
    yield option_case("--limit above the examples", "1,797", limit=1798)
    yield option_case("--limit above the chosen examples", "360", limit=361, classes="0,1")
    yield option_case("--per-class above a class", "174", per_class=175)
    yield option_case("--limit and --per-class", "--limit", "--per-class", limit=10, per_class=1)
    yield option_case(
        "--test-limit and --test-per-class", "--test-limit", test_limit=10, test_per_class=1, test="digits"
    )
    yield option_case("--test-limit without a test split", "--test", test_limit=10)
    yield option_case("--test-per-class without a test split", "--test", test_per_class=10)
    yield option_case("--test-limit above the examples", "1,797", test_limit=1798, test="digits")
    yield option_case("--test-per-class above a class", "174", test_per_class=175, test="digits")
    yield option_case("--per-class for regression", "--per-class", task="regression", per_class=3)
    yield option_case("--classes for regression", "--classes", task="regression", classes="0,1")
    yield option_case("--target for digits", "--target", target="label")
    yield option_case("--test that is no source", "digitz", test="digitz")
    yield option_case("--test that is missing", "no.svm", test="no.svm")
    yield option_case("--test that is a table", "table", test="no.csv")
    yield option_case("--limit that leaves one class", "two classes", limit=1)


CASES: tuple[Case, ...] = (
    *source_cases(),
    *option_cases(),
    *idx_cases(),
    *cifar_cases(),
    *npz_cases(),
    *npy_cases(),
    *table_cases(),
    *parquet_cases(),
    *libsvm_cases(),
)

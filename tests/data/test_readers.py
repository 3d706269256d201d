"""Each reader gives back what was written, with the row of every example."""

from __future__ import annotations

import bz2
import gzip
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from prefit.data import load
from prefit.errors import InputError
from tests.data.malformed import IMAGES, LABELS, TEST_IMAGES, TEST_LABELS, cifar_bytes, idx_bytes, idx_pair, npy_bytes

BYTES = np.arange(1, 37, dtype=np.uint8).reshape(4, 3, 3)


def write_idx(folder: Path, *, packed: bool = False, dot: bool = False) -> None:
    for name, data in zip(
        (IMAGES, LABELS), (idx_bytes(BYTES), idx_bytes(np.array([3, 1, 3, 1], np.uint8))), strict=True
    ):
        file = name.replace("-idx", ".idx") if dot else name
        (folder / (file + ".gz" if packed else file)).write_bytes(gzip.compress(data) if packed else data)


def test_digits_need_no_file_and_keep_their_order() -> None:
    data = load("digits")
    assert (data.name, data.train.n, data.train.d, data.test) == ("digits", 1797, 64, None)
    assert data.classes == tuple("0123456789")
    assert data.train.labels is not None
    assert data.train.labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("dot", [False, True])
def test_an_idx_folder_is_read_packed_or_not_under_both_spellings(tmp_path: Path, packed: bool, dot: bool) -> None:
    write_idx(tmp_path, packed=packed, dot=dot)
    data = load(f"idx:{tmp_path}")
    assert data.train.X.dtype == np.uint8
    np.testing.assert_array_equal(data.train.X, BYTES.reshape(4, 9))
    assert data.classes == ("1", "3")
    assert data.train.labels is not None
    assert data.train.labels.tolist() == [1, 0, 1, 0]
    assert (data.name, data.test) == (tmp_path.name, None)


@pytest.mark.parametrize(("code", "dtype"), [(0x09, ">i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")])
def test_idx_entries_of_every_type_keep_their_values(tmp_path: Path, code: int, dtype: str) -> None:
    write_idx(tmp_path)
    (tmp_path / IMAGES).write_bytes(idx_bytes((BYTES - 20.0).astype(dtype), code))
    X = load(f"idx:{tmp_path}", bias=True).train.X
    assert X.dtype in (np.float32, np.float64)
    np.testing.assert_array_equal(X[:, 1:], (BYTES - 20.0).reshape(4, 9))


def test_the_t10k_files_are_the_test_split(tmp_path: Path) -> None:
    images, labels = idx_pair(6)
    for name, contents in ((IMAGES, images), (LABELS, labels), (TEST_IMAGES, images), (TEST_LABELS, labels)):
        (tmp_path / name).write_bytes(contents)
    data = load(f"idx:{tmp_path}", classes="2,0", test_per_class=1)
    assert data.test is not None
    assert data.test.labels is not None
    assert (data.test.labels.tolist(), data.test.rows.tolist()) == ([1, 0], [0, 2])


def test_cifar10_files_are_joined_in_the_order_given(tmp_path: Path) -> None:
    records = np.frombuffer(cifar_bytes(6), np.uint8).reshape(6, -1)
    (tmp_path / "b.bin").write_bytes(records[:2].tobytes())
    (tmp_path / "a.bin.gz").write_bytes(gzip.compress(records[2:].tobytes()))
    data = load(f"cifar10:{tmp_path}/b.bin,{tmp_path}/a.bin.gz")
    np.testing.assert_array_equal(data.train.X, records[:, 1:])
    assert data.train.labels is not None
    assert data.train.labels.tolist() == records[:, 0].tolist()
    assert data.train.rows.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_cifar10_folder_has_its_batches_in_order_and_its_test_batch(tmp_path: Path) -> None:
    records = np.frombuffer(cifar_bytes(12), np.uint8).reshape(12, -1)
    for number in (1, 2, 10):
        (tmp_path / f"data_batch_{number}.bin").write_bytes(records[number : number + 2].tobytes())
    (tmp_path / "data_batch_2.bin.gz").write_bytes(gzip.compress(records[2:4].tobytes()))  # a copy, not a batch
    (tmp_path / "test_batch.bin.gz").write_bytes(gzip.compress(records[5:8].tobytes()))
    data = load(f"cifar10:{tmp_path}")
    np.testing.assert_array_equal(data.train.X, records[[1, 2, 2, 3, 10, 11], 1:])
    assert data.test is not None
    np.testing.assert_array_equal(data.test.X, records[5:8, 1:])


def test_npz_keeps_single_precision_and_flattens_images(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(6, 2, 3)).astype(np.float32)
    np.savez_compressed(
        tmp_path / "some.npz", X=X, y=np.array(list("abcabc")), X_test=X[:2], y_test=np.array(["c", "a"])
    )
    data = load(tmp_path / "some.npz")
    assert data.train.X.dtype == np.float32
    assert (data.train.d, data.classes, data.name) == (6, ("a", "b", "c"), "some")
    assert data.test is not None
    assert data.test.labels is not None
    assert data.test.labels.tolist() == [2, 0]


def test_an_npy_pair_needs_its_labels_named_and_may_name_the_test_labels(tmp_path: Path) -> None:
    X = np.arange(1, 13, dtype=float).reshape(4, 3)
    for name, array in {"x": X, "y": np.array([1, 0, 1, 0]), "xt": X[:2] + 1, "yt": np.array([0, 1])}.items():
        (tmp_path / f"{name}.npy").write_bytes(npy_bytes(array))
    data = load(tmp_path / "x.npy", target=f"{tmp_path}/y.npy,{tmp_path}/yt.npy", test=tmp_path / "xt.npy")
    np.testing.assert_array_equal(data.train.X, X)
    assert data.test is not None
    assert data.test.labels is not None
    assert data.test.labels.tolist() == [0, 1]


@pytest.mark.parametrize(("ending", "pack"), [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress)])
def test_libsvm_text_is_dense_with_lines_counted(tmp_path: Path, ending: str, pack) -> None:  # type: ignore[no-untyped-def]
    text = b"# comment\n+1 1:0.5 3:2 # more\n\n-1 2:-1.5e-1\r\n1 1:1 2:2 3:3\n"
    (tmp_path / f"a.svm{ending}").write_bytes(pack(text))
    data = load(tmp_path / f"a.svm{ending}")
    np.testing.assert_array_equal(data.train.X, [[0.5, 0, 2], [0, -0.15, 0], [1, 2, 3]])
    assert (data.train.rows.tolist(), data.classes, data.name) == ([2, 4, 5], ("-1", "1"), "a")


def test_libsvm_indices_count_from_zero_for_all_files_if_one_has_an_index_zero(tmp_path: Path) -> None:
    (tmp_path / "a.svm").write_text("1 1:1\n2 2:1\n")
    (tmp_path / "b.svm").write_text("1 0:5 4:1")
    data = load(f"libsvm:{tmp_path}/a.svm", test=f"libsvm:{tmp_path}/b.svm")
    np.testing.assert_array_equal(data.train.X, [[0, 1, 0, 0, 0], [0, 0, 1, 0, 0]])
    assert data.test is not None
    np.testing.assert_array_equal(data.test.X, [[5, 0, 0, 0, 1]])


def test_several_libsvm_files_are_counted_through(tmp_path: Path) -> None:
    (tmp_path / "a.svm").write_text("1 1:1\n\n2 2:1\n")
    (tmp_path / "b.svm").write_text("\n1 3:1")
    data = load(f"libsvm:{tmp_path}/a.svm,{tmp_path}/b.svm")
    np.testing.assert_array_equal(data.train.X, np.eye(3))
    assert data.train.rows.tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    ("name", "separator"), [("a.csv", ","), ("a.tsv", "\t"), ("a.CSV.gz", ","), ("a.tsv.gz", "\t")]
)
def test_a_table_of_text_gives_columns_and_lines(tmp_path: Path, name: str, separator: str) -> None:
    lines = ["\ufeff u ,Class,colour", "1, yes,red", "", "+2e0,no,blue", '3,yes,"red"', "6,no,red", ""]
    text = "\r\n".join(lines).replace(",", separator).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    data = load(tmp_path / name)
    assert (data.classes, data.columns, data.prepared) == (
        ("no", "yes"),
        ("u", "colour=blue", "colour=red"),
        "standardized",
    )
    assert data.train.rows.tolist() == [2, 4, 5, 6]
    np.testing.assert_allclose(data.train.X[:, 0], (np.array([1, 2, 3, 6]) - 3) / np.sqrt(3.5))
    np.testing.assert_array_equal(data.train.X[:, 1:], [[0, 1], [1, 0], [0, 1], [0, 1]])


def test_values_in_quotes_may_hold_separators_quotes_and_line_ends(tmp_path: Path) -> None:
    text = 'a,y,t\n1,0,"x, ""y""\nz"\n2,1,w\n3,1,"x, ""y""\nz"\n'
    (tmp_path / "a.csv").write_text(text)
    data = load(tmp_path / "a.csv")
    assert data.columns == ("a", "t=w", 't=x, "y"\nz')
    assert data.train.rows.tolist() == [2, 4, 5]


def test_a_category_of_few_numbers_is_a_category(tmp_path: Path) -> None:
    values = ["low", "1", "mid", "high", "2"] * 4
    (tmp_path / "a.csv").write_text("grade,y\n" + "".join(f"{v},{i % 2}\n" for i, v in enumerate(values)))
    assert load(tmp_path / "a.csv").columns == ("grade=1", "grade=2", "grade=high", "grade=low", "grade=mid")


def test_a_parquet_file_keeps_types(tmp_path: Path) -> None:
    table = pa.table(
        {
            "whole": pa.array([1, 2, 3, 6], pa.int32()),
            "flag": pa.array([True, False, True, True]),
            "kind": pa.array(["a", "b", "a", "a"]).dictionary_encode(),
            "digits": pa.array(["1", "2", "1", "1"]),
            "target": pa.array([0.25, 1.5, 2.0, 4.25]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=3)
    data = load(tmp_path / "a.parquet")
    names = ("whole", "flag=False", "flag=True", "kind=a", "kind=b", "digits=1", "digits=2")
    assert (data.columns, data.task, data.train.rows.tolist()) == (names, "regression", [0, 1, 2, 3])
    assert data.train.targets is not None
    np.testing.assert_allclose(data.train.targets[:, 0] * data.target_scale + data.target_centre, table["target"])


def test_the_label_column_is_found_by_name_or_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("LABEL,b,c\nx,1,1\ny,2,1\nx,3,2\n")
    assert load(tmp_path / "a.csv").columns == ("b", "c")
    assert load(tmp_path / "a.csv", target="c").columns == ("LABEL=x", "LABEL=y", "b")


def test_a_file_whose_name_has_a_comma_is_found(tmp_path: Path) -> None:
    (tmp_path / "a,b.svm").write_text("1 1:1\n2 2:1\n")
    assert load(tmp_path / "a,b.svm").train.n == 2


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.csv"
    path.write_text("a,y\n1,1\n2,0\n")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(InputError, match="permission"):
        load(path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="no ordinary file"):
        load(tmp_path / "pipe.csv")


def test_a_file_name_that_is_not_utf8_is_recorded_as_text_that_can_be_written(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), b"caf\xe9.csv")
    with open(path, "wb") as file:
        file.write(b"a,y\n1,0\n2,1\n")
    data = load(os.fsdecode(path))
    assert data.name == "caf?"
    assert data.source.encode("utf-8").endswith(b"caf?.csv")

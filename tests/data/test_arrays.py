"""Arrays, tensors, lists and frames of several makers come in alike; what they must not hold is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from prefit.data import from_arrays
from prefit.errors import InputError

X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
Y = np.array([0, 1, 0])
COLUMNS = {"a": [1.0, 2.0, 6.0], "b": ["u", "v", "u"], "y": ["no", "yes", "no"]}


class Tensor:
    """What a torch tensor on a device shows of itself."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return self

    def numpy(self) -> Any:
        return np.asarray(self.values)


class Arraylike:
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return X


@pytest.mark.parametrize("inputs", [X, X.tolist(), Tensor(X), Arraylike(), np.asfortranarray(X), X.astype(">f8")])
@pytest.mark.parametrize(
    "labels", [Y, Y.tolist(), Tensor(Y), pd.Series(Y), pl.Series("y", Y), tuple(Y), Y.astype(float)]
)
def test_anything_like_an_array_is_read(inputs: Any, labels: Any) -> None:
    data = from_arrays(inputs, labels)
    np.testing.assert_array_equal(data.train.X, X)
    assert data.train.X.dtype == np.float64
    assert data.train.labels is not None
    assert data.train.labels.tolist() == [0, 1, 0]
    assert (data.classes, data.source, data.columns, data.prepared) == (("0", "1"), "arrays", (), "none")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("u1", "u1"),
        ("?", "u1"),
        ("f2", "f4"),
        ("f4", "f4"),
        ("i2", "f4"),
        ("u2", "f4"),
        ("i4", "f8"),
        ("i8", "f8"),
        (">f4", "f4"),
    ],
)
def test_every_numeric_type_is_kept_or_widened_without_loss(given: str, kept: str) -> None:
    values = np.array([[1, 0], [1, 1]]).astype(given)
    data = from_arrays(values, [0, 1]).train.X
    assert data.dtype == np.dtype(kept)
    np.testing.assert_array_equal(data, values)


@pytest.mark.parametrize("frame", [pd.DataFrame(COLUMNS, index=[7, 8, 9]), pl.DataFrame(COLUMNS), pa.table(COLUMNS)])
def test_a_frame_brings_its_labels_as_a_column(frame: Any) -> None:
    data = from_arrays(frame)
    assert (data.columns, data.classes, data.prepared) == (("a", "b=u", "b=v"), ("no", "yes"), "standardized")
    np.testing.assert_allclose(data.train.X[:, 0], (X_A - 3) / X_A.std())
    assert data.train.rows.tolist() == [0, 1, 2]
    assert from_arrays(frame, target="b").columns == ("a", "y=no", "y=yes")


X_A = np.array([1.0, 2.0, 6.0])


@pytest.mark.parametrize("maker", [pd.DataFrame, pl.DataFrame])
def test_labels_beside_a_frame_leave_all_its_columns(maker: Any) -> None:
    data = from_arrays(maker(COLUMNS), Y, maker(COLUMNS), Y)
    assert data.columns == ("a", "b=u", "b=v", "y=no", "y=yes")
    assert data.test is not None
    np.testing.assert_array_equal(data.train.X, data.test.X)


@pytest.mark.parametrize(
    "labels",
    [
        pd.Series(["u", "v", "u"], dtype="category"),
        pl.Series(["u", "v", "u"]),
        ["u", "v", "u"],
        np.array(["u", "v", "u"], dtype=object),
        pd.DataFrame({"z": ["u", "v", "u"]}),
    ],
)
def test_labels_may_be_text_of_any_kind(labels: Any) -> None:
    data = from_arrays(X, labels)
    assert data.classes == ("u", "v")


def test_pandas_columns_named_by_numbers_are_named_by_their_text() -> None:
    frame = pd.DataFrame({0: [1.0, 2.0, 4.0], 1: [0, 1, 1]})
    assert from_arrays(frame, target="1").columns == ("0",)


def test_booleans_and_categories_of_a_frame_are_one_hot() -> None:
    frame = pd.DataFrame({"f": [True, False, True], "c": pd.Categorical(["x", "y", "x"], ["y", "x", "never"])})
    data = from_arrays(frame, Y)
    assert data.columns == ("f=False", "f=True", "c=x", "c=y")
    np.testing.assert_array_equal(data.train.X, [[0, 1, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0]])


def test_the_test_frame_may_bring_its_labels_too() -> None:
    frame = pd.DataFrame(COLUMNS)
    data = from_arrays(frame, None, frame.iloc[:2], None)
    assert data.test is not None
    assert data.test.n == 2


REFUSED: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "no labels": ((X,), {}, "y must hold a label"),
    "ragged rows": (([[1.0], [1.0, 2.0]], [0, 1]), {}, "same length"),
    "ragged labels": ((X, [[0], [1, 2], [3]]), {}, "same length"),
    "lengths": ((X, Y[:2]), {}, "3 rows"),
    "lengths of a frame": ((pd.DataFrame(COLUMNS), Y[:2]), {}, "3 rows"),
    "lengths of the test split": ((X, Y, X, Y[:1]), {}, "y_test"),
    "y_test alone": ((X, Y, None, Y), {}, "X_test"),
    "no y_test": ((X, Y, X), {}, "y_test"),
    "target of an array": ((X, Y), {"target": "y"}, "target"),
    "target beside labels": ((pd.DataFrame(COLUMNS), Y), {"target": "y"}, "target"),
    "target missing": ((pd.DataFrame(COLUMNS),), {"target": "z"}, "'a', 'b', 'y'"),
    "no label column": ((pd.DataFrame({"a": [1, 2]}),), {}, "--target"),
    "sparse": ((sparse.csr_matrix(X), Y), {}, "toarray"),
    "a word": (("digits", Y), {}, "load"),
    "a number": ((3.0, Y), {}, "shape"),
    "None": ((None, Y), {}, "X"),
    "text": (([["a", "b"]] * 3, Y), {}, "real numbers"),
    "mixed text": (([["a", 1.0]] * 3, Y), {}, "real numbers"),
    "objects": ((np.array([[1, None]] * 3, dtype=object), Y), {}, "objects"),
    "complex": ((X + 0j, Y), {}, "real numbers"),
    "masked": ((np.ma.masked_greater(X, 6), Y), {}, "masked"),
    "masked labels": ((X, np.ma.masked_equal(Y, 1)), {}, "masked"),
    "one row": ((X[:1], Y[:1]), {}, "constant"),
    "no row": ((X[:0], Y[:0]), {}, "empty"),
    "mixed labels": ((X, np.array([1, None, "a"], dtype=object)), {}, "entry 0"),
    "a null label": ((X, pd.Series(["a", None, "b"])), {}, "row 1"),
    "a null number": ((pl.DataFrame({"a": [1.0, None, 2.0]}), Y), {}, "row 1"),
    "NaN in pandas": ((pd.DataFrame({"a": [1.0, np.nan, 2.0]}), Y), {}, "row 1"),
    "infinity in a frame": ((pd.DataFrame({"a": [1.0, np.inf, 2.0]}), Y), {}, "'a'"),
    "mixed column": ((pd.DataFrame({"a": [1.0, "x", [2]]}), Y), {}, "'a'"),
    "times": ((pd.DataFrame({"a": pd.date_range("2020", periods=3)}), Y), {}, "'a'"),
    "lists in polars": ((pl.DataFrame({"a": [[1], [2], [3]]}), Y), {}, "'a'"),
    "twice": ((pd.DataFrame([[1, 2], [3, 4], [5, 7]], columns=["a", "a"]), Y), {}, "'a'"),
    "names that become one": ((pd.DataFrame([[1, 2], [3, 4], [5, 7]], columns=[1, "1"]), Y), {}, "'1'"),
    "lazy": ((pl.LazyFrame(COLUMNS), Y), {}, "collect"),
    "frame and array": ((pd.DataFrame(COLUMNS), Y, X, Y), {}, "data frame"),
    "array and frame": ((X, Y, pd.DataFrame({"a": [1.0, 2.0], "b": [2.0, 3.0]}), Y[:2]), {}, "data frame"),
    "frame without rows": ((pl.DataFrame({"a": [], "y": []}),), {}, "X"),
    "frame without columns": ((pd.DataFrame(index=[0, 1, 2]), Y), {}, "X"),
    "test frame lacks a column": ((pd.DataFrame(COLUMNS), Y, pd.DataFrame({"a": [1.0]}), [0]), {}, "'b'"),
    "identifier": ((pd.DataFrame({"a": [f"n{i}" for i in range(20)]}), np.arange(20) % 2), {}, "identifier"),
    "memory": ((pd.DataFrame({"a": np.arange(2000.0)}), np.arange(2000) % 2), {"memory": 1000}, "--memory"),
    "big whole numbers": ((np.array([[2**60, 1], [1, 1]]), [0, 1]), {}, "2^53"),
    "float16 overflow": ((np.array([[np.inf, 1], [1, 1]], np.float16), [0, 1]), {}, "row 0"),
    "classes as bytes": ((X, Y), {"classes": b"0,1"}, "--classes"),
    "classes as a number": ((X, Y), {"classes": 3}, "--classes"),
    "noise as text": ((X, Y), {"label_noise": "some"}, "--label-noise"),
    "limit as truth": ((X, Y), {"limit": True}, "--limit"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_in_one_paragraph(name: str) -> None:
    arrays, options, says = REFUSED[name]
    with pytest.raises(InputError) as caught:
        from_arrays(*arrays, **options)
    text = str(caught.value)
    assert says in text
    assert text.isprintable()
    assert len(text) < 1000


def test_names_of_columns_and_classes_are_escaped_and_shortened_in_messages() -> None:
    frame = pd.DataFrame({"a\nb" * 200: [1.0, np.nan]})
    with pytest.raises(InputError) as caught:
        from_arrays(frame, [0, 1])
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400

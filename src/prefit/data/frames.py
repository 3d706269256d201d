"""A pandas, polars or other data frame goes in (through narwhals), a table comes out."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pyarrow as pa

from prefit._shapes import Matrix
from prefit.data.arrays import check_lengths, rows_from_zero
from prefit.data.columns import Kind, column_from_type
from prefit.data.integrity import check_names
from prefit.data.sample import Column, Sample, length
from prefit.data.tables import Reader, check_rows, features_from, sample_from_columns
from prefit.data.wording import Place, quoted
from prefit.errors import InputError

Frame = nw.DataFrame[Any]


def as_frame(value: Any, place: Place) -> Frame | None:
    """The value as a data frame, where it is one."""
    try:
        frame = nw.from_native(value, pass_through=True)
    except nw.exceptions.NarwhalsError as error:
        raise InputError(
            f"The data frame {place} cannot be read ({quoted(' '.join(str(error).split()), 120)}). "
            "Give each column its own name."
        ) from error
    if isinstance(frame, nw.LazyFrame):
        raise InputError(f"The data frame {place} must hold its rows; it is lazy. Call .collect() on it first.")
    return frame if isinstance(frame, nw.DataFrame) else None


def sample_from_frame(frame: Frame, target: str | None, place: Place, like: Sample | None) -> Sample:
    """Features of a frame that brings its labels as one of its columns."""
    names = _names(frame, place)
    return sample_from_columns(names, _reader(frame, names, place), rows_from_zero(len(frame)), place, target, like)


def sample_beside_frame(
    frame: Frame, labels: Column | Matrix, place: Place, labels_place: Place, like: Sample | None
) -> Sample:
    """Features of a frame, all of its columns, with the labels given beside it."""
    names = _names(frame, place)
    check_lengths(len(frame), length(labels), place, labels_place)
    check_rows(len(frame), place)
    features = features_from(names, _reader(frame, names, place), place, like)
    return Sample(place, features, labels, rows_from_zero(len(frame)))


def column_from_series(value: Any, place: Place) -> Column | None:
    """Labels of a series or of a frame's only column, whatever they call it; None where it is neither."""
    series = nw.from_native(value, pass_through=True, allow_series=True)
    if isinstance(series, nw.DataFrame) and len(series.columns) == 1:
        series = series.get_column(series.columns[0])
    if not isinstance(series, nw.Series):
        return None
    return column_from_type("y", _arrow(series, "y", place), place, rows_from_zero(len(series)))


def _reader(frame: Frame, names: list[str], place: Place) -> Reader:
    rows = rows_from_zero(len(frame))

    def column(name: str, kind: Kind | None) -> Column:
        series = frame.get_column(frame.columns[names.index(name)])
        return column_from_type(name, _arrow(series, name, place), place, rows, kind)

    return column


def _names(frame: Frame, place: Place) -> list[str]:
    names = [str(name) for name in frame.columns]  # pandas may have numbers for names
    check_names(names, place)
    return names


def _arrow(series: Any, name: str, place: Place) -> Any:
    try:
        return series.to_arrow()
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"Column {quoted(name, 60)} of {place} must hold values of one kind, numbers or text; it cannot "
            f"be read ({quoted(' '.join(str(error).split()), 120)}). Convert it with .astype(float) or "
            ".astype(str)."
        ) from error

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
from prefit.data.tables import features_from, sample_from_columns
from prefit.data.wording import Place, quoted
from prefit.errors import InputError


def is_frame(value: Any) -> bool:
    return isinstance(nw.from_native(value, pass_through=True), nw.DataFrame | nw.LazyFrame)


def is_series(value: Any) -> bool:
    return isinstance(nw.from_native(value, pass_through=True, allow_series=True), nw.Series)


def sample_from_frame(
    value: Any,
    labels: Column | Matrix | None,
    target: str | None,
    place: Place,
    labels_place: Place,
    like: Sample | None = None,
) -> Sample:
    """Features of a frame with their labels, given beside it or as one of its columns."""
    frame = _eager(value, place)
    names, rows = _names(frame, place), rows_from_zero(len(frame))

    def column(name: str, kind: Kind | None) -> Column:
        return column_from_type(name, _arrow(frame[frame.columns[names.index(name)]], name, place), place, rows, kind)

    if labels is None:
        return sample_from_columns(names, column, rows, place, target, like)
    check_lengths(rows.size, length(labels), place, labels_place)
    return Sample(place, features_from(names, column, place, like), labels, rows)


def column_from_series(value: Any, place: Place, name: str) -> Column:
    """Labels of a series, whatever it calls itself."""
    series = nw.from_native(value, series_only=True)
    return column_from_type(name, _arrow(series, name, place), place, rows_from_zero(len(series)))


def _eager(value: Any, place: Place) -> nw.DataFrame[Any]:
    try:
        frame = nw.from_native(value, pass_through=True)
    except nw.exceptions.NarwhalsError as error:
        raise InputError(
            f"The data frame {place} cannot be read: {quoted(str(error), 160)}. Give it other columns."
        ) from error
    if not isinstance(frame, nw.DataFrame):
        raise InputError(f"The data frame {place} must hold its rows; it is lazy. Call .collect() on it first.")
    return frame


def _names(frame: nw.DataFrame[Any], place: Place) -> list[str]:
    try:
        names = [str(name) for name in frame.columns]
    except nw.exceptions.NarwhalsError as error:
        raise InputError(
            f"The data frame {place} cannot be read: {quoted(' '.join(str(error).split()), 160)}. Rename its columns."
        ) from error
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

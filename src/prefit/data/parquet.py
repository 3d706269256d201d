"""A Parquet file goes in, a table comes out."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from prefit.data.arrays import rows_from_zero
from prefit.data.budget import Budget
from prefit.data.columns import Kind, column_from_type
from prefit.data.files import check_is_file, unreadable
from prefit.data.integrity import check_names
from prefit.data.sample import Column, Sample
from prefit.data.tables import sample_from_columns
from prefit.data.wording import Place, counted, quoted
from prefit.errors import InputError


def read_parquet(path: str, target: str | None, budget: Budget, like: Sample | None = None) -> Sample:
    """The features and labels of a Parquet file."""
    place = Place(path)
    table = _table(path, place, budget)
    names, rows = [str(name) for name in table.column_names], rows_from_zero(table.num_rows)

    def column(name: str, kind: Kind | None) -> Column:
        return column_from_type(name, table.column(names.index(name)), place, rows, kind)

    return sample_from_columns(names, column, rows, place, target, like)


def _table(path: str, place: Place, budget: Budget) -> Any:
    try:
        check_is_file(path)
        with open(path, "rb") as raw, pq.ParquetFile(pa.PythonFile(raw, mode="r")) as file:
            check_names([str(name) for name in file.schema_arrow.names], place)
            _admit(file.metadata, place, budget)
            table = file.read(use_threads=False)
            table.validate(full=True)  # text that is not UTF-8, and offsets that a damaged page has wrong
            return table
    except InputError:
        raise
    except (pa.ArrowException, ValueError) as error:
        raise _damaged(place, error) from error
    except OSError as error:  # Arrow's own errors of reading are OSErrors without a number
        raise (_damaged(place, error) if error.errno is None else unreadable(path, error)) from error


def _admit(metadata: Any, place: Place, budget: Budget) -> None:
    """The size that the footer claims, and at least 8 bytes a value: repeated values are packed in next to nothing."""
    claimed = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    rows = metadata.num_rows
    budget.admit(max(8 * rows * metadata.num_columns, claimed), f"The {counted(rows, 'row')} of {place}")


def _damaged(place: Place, error: Exception) -> InputError:
    return InputError(
        f"{place} must be a Parquet file, but it cannot be read as one: {quoted(str(error), 160)}. "
        "Write or fetch the file again; if it is of another kind, give it the ending of that kind."
    )

"""Parquet files as tables: dates and numbers keep their types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.data.read.tables import Column, Loaded, SourceTable
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_MOST_ROWS, _ROWS_PER_BYTE = 10_000_000, 100
"""Rows of a file of a size at most: any number of equal rows may stand in a few bytes."""


def parquet_table(path: Path, label: str) -> SourceTable:
    """A Parquet file; dates and numbers keep their types."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    hint = "Check that it was written completely."
    try:
        with pq.ParquetFile(path) as file:
            names = tuple(str(n) for n in file.schema_arrow.names)
            rows = file.metadata.num_rows
        most = max(_MOST_ROWS, _ROWS_PER_BYTE * path.stat().st_size)
    except (pa.ArrowException, OSError) as error:
        reason = _first_line(error)
        raise DataError(f"{label} is not a readable Parquet file: {reason}.", hint) from None
    if rows > most:
        raise DataError(
            f"{label} says that it holds {rows:,} rows: no file of its size does.", hint
        )

    def load(wanted: Sequence[int]) -> Loaded:
        try:
            table = pq.ParquetFile(path).read(columns=[names[c] for c in wanted])
            columns = {c: _arrow_column(table.column(names[c])) for c in wanted}
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{label} cannot be read: {_first_line(error)}.", hint) from None
        except KeyError:
            raise DataError(f"{label} was replaced while it was read.", "Run it again.") from None
        return Loaded(columns, np.arange(1, table.num_rows + 1, dtype=np.int64))

    return SourceTable(label, "row", names, load)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


_NO_TICK = int(np.iinfo(np.int64).min)
_FIRST_DAY, _LAST_DAY = np.datetime64("0001-01-03"), np.datetime64("9999-12-29")


def _arrow_column(column: Any) -> Column:
    """An Arrow column as floats, days or text."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _arrow_column(column.cast(kind.value_type))
    if pa.types.is_timestamp(kind):
        return _local_days(column)
    if pa.types.is_date(kind):
        days = column.cast(pa.date32()).cast(pa.int32()).cast(pa.int64())
        values = np.asarray(days.fill_null(0).to_numpy(), dtype=np.int64).astype("datetime64[D]")
        values[np.asarray(days.is_null().to_numpy(), dtype=bool)] = np.datetime64("NaT")
        return values
    if pa.types.is_floating(kind):
        return np.asarray(column.cast(pa.float64()).to_numpy(), dtype=np.float64)
    if pa.types.is_integer(kind) and not column.null_count:
        return np.asarray(column.to_numpy())
    return ["" if v is None else str(v) for v in column.to_pylist()]


def _local_days(column: Any) -> NDArray[np.datetime64]:
    """The days of an Arrow column of moments, as a clock in the column's own zone shows them."""
    import pandas as pd
    import pyarrow as pa

    ticks = np.asarray(column.cast(pa.int64()).fill_null(_NO_TICK).to_numpy(), dtype=np.int64)
    utc = ticks.astype(f"datetime64[{column.type.unit}]")
    if not column.type.tz:
        return utc.astype("datetime64[D]")
    utc[(utc < _FIRST_DAY) | (utc > _LAST_DAY)] = np.datetime64("NaT")  # no zone knows these
    local = pd.DatetimeIndex(utc, tz="UTC").tz_convert(column.type.tz).tz_localize(None)
    return np.asarray(local, dtype="datetime64[D]")

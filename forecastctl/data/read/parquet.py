"""Parquet and Feather files as tables: dates and numbers keep their types."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.data.read.columns import usual_name
from forecastctl.data.read.tables import Column, Loaded, SourceTable, table_of_columns, text_of
from forecastctl.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecastctl.data.read.blobs import Blob

STREAM = b"\xff\xff\xff\xff"
"""First bytes of a stream of Arrow, which no other file begins with."""
_MOST_ROWS, _ROWS_PER_BYTE = 10_000_000, 100
"""Rows of a file of a size at most: any number of equal rows may stand in a few bytes."""


def parquet_table(blob: Blob) -> SourceTable:
    """A Parquet file; dates and numbers keep their types.

    Raises:
        DataError: It cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    label, hint = blob.label, "Check that it was written completely."
    try:
        with pq.ParquetFile(_source(blob)) as file:
            names = tuple(str(n) for n in file.schema_arrow.names)
            shown = _shown(file.schema_arrow)
            rows = file.metadata.num_rows
        most = max(_MOST_ROWS, _ROWS_PER_BYTE * blob.size)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        reason = _first_line(error)
        raise DataError(f"{label} is not a readable Parquet file: {reason}.", hint) from None
    if rows > most:
        raise DataError(
            f"{label} says that it holds {rows:,} rows: no file of its size does.", hint
        )

    def load(wanted: Sequence[int]) -> Loaded:
        try:
            table = pq.ParquetFile(_source(blob)).read(columns=[names[c] for c in wanted])
            columns = {c: _column(table, names[c]) for c in wanted}
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise DataError(f"{label} cannot be read: {_first_line(error)}.", hint) from None
        except KeyError:
            raise DataError(f"{label} was replaced while it was read.", "Run it again.") from None
        return Loaded(columns, np.arange(1, table.num_rows + 1, dtype=np.int64))

    return SourceTable(label, "row", shown, load, facts={"format": "Parquet"})


_INDEX = re.compile(r"__index_level_\d+__")
"""What pandas calls an index without a name."""


def _shown(schema: Any) -> tuple[str, ...]:
    """Names of the columns; an index of dates without a name is called ``date``."""
    import pyarrow as pa

    names = [str(name) for name in schema.names]
    dated = [pa.types.is_temporal(kind) or "period" in str(kind) for kind in schema.types]
    index = [i for i, name in enumerate(names) if dated[i] and _INDEX.fullmatch(name)]
    if len(index) == 1 and not any(usual_name("date", name) for name in names):
        names[index[0]] = "date"
    return tuple(names)


def feather_table(blob: Blob) -> SourceTable:
    """A Feather (Arrow) file or a stream of Arrow; dates and numbers keep their types.

    Raises:
        DataError: It cannot be read.
    """
    import io

    import pyarrow as pa
    from pyarrow import feather

    content = io.BytesIO(blob.read())
    try:
        if blob.head().startswith(STREAM):
            table = pa.ipc.open_stream(content).read_all()
        else:
            table = feather.read_table(content)
    except (pa.ArrowException, OSError) as error:
        reason = _first_line(error)
        raise DataError(
            f"{blob.label} is not a readable Feather file: {reason}.",
            "Check that it was written completely.",
        ) from None
    return arrow_table(blob.label, table, facts={"format": "Feather"})


def arrow_table(label: str, table: Any, **more: Any) -> SourceTable:
    """A table of Arrow; dates and numbers keep their types.

    Args:
        label: The source, for messages.
        table: A ``pyarrow.Table``.
        more: Further attributes of the table.
    """
    columns = [_column(table, name) for name in table.column_names]
    return table_of_columns(label, _shown(table.schema), columns, **more)


def _source(blob: Blob) -> Any:
    """What pyarrow opens."""
    import io

    return blob.path or io.BytesIO(blob.read())


def _column(table: Any, name: str) -> Column:
    """One column of an Arrow table."""
    column, told = table.column(name), table.schema.field(name).metadata or {}
    if getattr(column.type, "extension_name", "") == "pandas.period":
        return _first_moments(column.cast(column.type.storage_type), column.type.freq)
    if told.get(b"ARROW:extension:name") == b"pandas.period":
        kind = json.loads(told[b"ARROW:extension:metadata"])
        return _first_moments(column, kind["freq"])
    return arrow_column(column)


def _first_moments(ordinals: Any, freq: str) -> Column:
    """First days of periods as pandas numbers them."""
    import pandas as pd

    present = np.asarray(ordinals.is_valid().to_numpy(), dtype=bool)
    numbers = np.asarray(ordinals.fill_null(0).to_numpy(), dtype=np.int64)
    periods = pd.PeriodIndex.from_ordinals(numbers, freq=freq)  # type: ignore[attr-defined]
    days = np.asarray(periods.to_timestamp(how="start"), dtype="datetime64[D]")
    days[~present] = np.datetime64("NaT")
    return days


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")


_NO_TICK = int(np.iinfo(np.int64).min)
_FIRST_DAY, _LAST_DAY = np.datetime64("0001-01-03"), np.datetime64("9999-12-29")


def arrow_column(column: Any) -> Column:
    """An Arrow column as floats, days or text."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        return arrow_column(column.cast(kind.value_type))
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
    texts = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    found = (column.fill_null("") if texts else column).to_pylist()
    return list(found) if texts else [text_of(v) for v in found]


def _local_days(column: Any) -> NDArray[np.datetime64]:
    """The days of an Arrow column of moments, as a clock in the column's own zone shows them.

    Where all of them are at full hours of UTC, or of no zone, the hours are kept: they may be
    midnights of another zone.
    """
    import pandas as pd
    import pyarrow as pa

    ticks = np.asarray(column.cast(pa.int64()).fill_null(_NO_TICK).to_numpy(), dtype=np.int64)
    utc = ticks.astype(f"datetime64[{column.type.unit}]")
    if not column.type.tz or column.type.tz in ("UTC", "+00:00"):
        return _with_hours(utc)
    utc[(utc < _FIRST_DAY) | (utc > _LAST_DAY)] = np.datetime64("NaT")  # no zone knows these
    local = pd.DatetimeIndex(utc, tz="UTC").tz_convert(column.type.tz).tz_localize(None)
    return np.asarray(local, dtype="datetime64[D]")


def _with_hours(utc: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Days, or hours where every moment is at a full one that is not midnight."""
    days, hours = utc.astype("datetime64[D]"), utc.astype("datetime64[h]")
    known = ~np.isnat(utc)
    at_hours = (hours == utc)[known] & (days != hours)[known]
    return hours if len(at_hours) and at_hours.all() else days

"""Columns of a stored Parquet table as plain arrays.

Importing pandas takes longer than a whole answer of ``explain``, so it is not imported here. That
rules out pyarrow's filters, casts, comparisons and conversions to numpy as well, since they import
pandas or much else: the buffers of its arrays are read instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.panel.rows import Grouped, arrange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_WHOLE = {"int64": "<i8", "int32": "<i4", "int16": "<i2", "int8": "i1"}
_NUMBERS = {"double": "<f8", "float": "<f4", **_WHOLE}


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of text.

    Attributes:
        values: Distinct texts.
        codes: Position of each row's text in ``values``, -1 where missing, shape ``(n,)``.
    """

    values: tuple[str, ...]
    codes: NDArray[np.int64]

    def rows_with(self, value: str) -> NDArray[np.bool_]:
        """Whether each row holds a text, shape ``(n,)``."""
        code = self.values.index(value) if value in self.values else len(self.values)
        return np.asarray(self.codes == code)

    def texts(self) -> NDArray[np.object_]:
        """The text of each row, ``None`` where missing, shape ``(n,)``."""
        return np.array([*self.values, None], dtype=object)[self.codes]

    def ordered(self) -> Coded:
        """The same with the texts that occur in order of first appearance."""
        n = len(self.codes)
        first = np.full(len(self.values) + 1, n)  # the last one is of what is missing
        first[self.codes[::-1]] = np.arange(n)[::-1]  # of several assignments the last one counts
        order = np.argsort(first[:-1])[: int(np.sum(first[:-1] < n))]
        numbers = np.full(len(first), -1)
        numbers[order] = np.arange(len(order))
        return Coded(tuple(self.values[i] for i in order.tolist()), numbers[self.codes])


class StoredTable:
    """A stored Parquet table, of which each column is read when it is asked for.

    A column that the table lacks is a `KeyError`.

    Args:
        content: A Parquet file.
        texts: Columns of text that will be asked for.
    """

    def __init__(self, content: bytes, texts: Sequence[str]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=list(texts))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(self._file.schema_arrow.names)

    def text(self, name: str) -> Coded:
        """A column of text."""
        array = self._array(name)
        if str(array.type) == "null":
            return Coded((), np.full(len(array), -1))
        codes = _raw(array.indices, _WHOLE[str(array.indices.type)]).astype(np.int64)
        numbers: dict[str, int] = {}  # a dictionary of pyarrow may hold one text twice
        renumbered = [numbers.setdefault(v, len(numbers)) for v in array.dictionary.to_pylist()]
        codes[_missing(array.indices)] = -1
        return Coded(tuple(numbers), np.array([*renumbered, -1])[codes])

    def floats(self, name: str) -> NDArray[np.float64]:
        """A column of numbers, NaN where missing."""
        array = self._array(name)
        if str(array.type) not in _NUMBERS:  # of an empty table, whose columns have no type
            return np.array(array.to_pylist(), dtype=np.float64)
        values = _raw(array, _NUMBERS[str(array.type)]).astype(np.float64)
        values[_missing(array)] = np.nan
        return values

    def whole(self, name: str) -> NDArray[np.int64]:
        """A column of whole numbers, none missing."""
        array = self._array(name)
        if str(array.type) not in _WHOLE:
            return np.array(array.to_pylist(), dtype=np.int64)
        return _raw(array, _WHOLE[str(array.type)]).astype(np.int64)

    def days(self, name: str) -> NDArray[np.int64]:
        """A column of moments as days since 1970-01-01, `NO_DAY` where missing."""
        array = self._array(name)
        if str(array.type) == "null":
            return np.full(len(array), NO_DAY)
        moments = _raw(array, f"<M8[{array.type.unit}]")
        days = moments.astype("datetime64[D]").astype(np.int64)
        days[_missing(array)] = NO_DAY
        return days

    def _array(self, name: str) -> Any:
        return self._file.read([name])[name].combine_chunks()


def _raw(array: Any, dtype: str) -> NDArray[Any]:
    """Values of an array as they lie in memory, whatever lies where they are missing."""
    if not len(array):
        return np.empty(0, dtype=dtype)
    return np.frombuffer(array.buffers()[1], dtype=dtype)[array.offset :][: len(array)]


def _missing(array: Any) -> NDArray[np.bool_]:
    """Whether each value is missing, from the bits of the array that say so."""
    if not array.null_count:
        return np.zeros(len(array), dtype=np.bool_)
    bits = np.frombuffer(array.buffers()[0], dtype=np.uint8)
    present = np.unpackbits(bits, bitorder="little")[array.offset :][: len(array)]
    return np.asarray(present == 0)


def read_rows(content: bytes) -> Grouped:
    """Rows of a panel as a job stores it, as `forecastctl.data.panel.rows.group` sorts them.

    Args:
        content: A Parquet file with the columns of `forecastctl.data.panel.panel.Panel`.
    """
    table = StoredTable(content, ["airport", "problem"])
    airports = table.text("airport").ordered()
    problems = table.text("problem").texts()
    days, y, row = table.days("ds"), table.floats("y"), table.whole("row")
    return arrange(airports.values, airports.codes, days, y, row, problems)

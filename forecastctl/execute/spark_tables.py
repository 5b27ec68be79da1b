"""Tables of Spark, grouped by airport and laid down as Parquet, and what errors of Spark say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecastctl.errors import ClusterError, DataError
from forecastctl.redaction import masked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_BLOCK = 1 << 20
"""Bytes of a row group: of an airport no more is read than what lies in the same one."""


def lay_down(
    session: Any,
    where: str,
    table: str,
    choose: Callable[[Sequence[tuple[str, str]]], Sequence[str]],
    folder: str,
    parts: int,
) -> None:
    """As `forecastctl.execute.port.LaysTablesDown`.

    Args:
        session: Spark.
        where: Where it is, for messages.
        table: As there.
        choose: As there.
        folder: As there.
        parts: Number of partitions.
    """
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as f

    try:
        frame = session.table(table)
        found = frame.dtypes
    except AnalysisException as error:
        missing = "NOT_FOUND" in str(error)
        raise DataError(
            f"The Spark of {where} has no table {table!r}."
            if missing
            else f"Spark cannot read {table!r}: {reason(error)}",
            "Name it as SQL does, such as catalog.schema.table; SHOW TABLES lists them.",
        ) from None
    names = choose(found)
    airport, date, value = (f.col(f"`{name.replace('`', '``')}`") for name in names)
    cast = (airport.cast("string"), date.cast("date"), value.cast("double"))
    rows = frame.select(*(c.alias(name) for c, name in zip(cast, names, strict=True)))
    try:
        rows = rows.repartitionByRange(parts, airport).sortWithinPartitions(airport, date)
        rows.write.option("parquet.block.size", _BLOCK).parquet(folder)
    except Exception as error:
        raise ClusterError(
            f"Spark could not lay {table} down in {masked(folder)}: {_cause(error)}.",
            "Name a folder that all executors may write to: --shared FOLDER.",
        ) from error


def reason(error: BaseException) -> str:
    """What an error of Spark says, without the Java behind it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in reversed(lines) if "Error" in line), lines[0] if lines else "")


def _cause(error: BaseException) -> str:
    """What the innermost error of Java says, of an error that names several in one line."""
    lines = [line for line in str(error).splitlines() if "Exception: " in line]
    said = lines[0].rpartition("Exception: ")[2] if lines else reason(error)
    return said.partition(" (")[0].strip().rstrip(".")

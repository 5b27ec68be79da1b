"""Panels from, and forecasts into, a database that SQLAlchemy knows."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.data.read.tables import Column, Loaded, SourceTable, column_of
from forecastctl.errors import DataError
from forecastctl.redaction import Redactor, masked, without_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from sqlalchemy import Connection, Engine, Table
    from sqlalchemy.types import TypeEngine

KEY_COLUMNS = ("airport", "cutoff", "date")
_DELETED_AT_ONCE = 500
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+._-]*://")


def is_url(source: str) -> bool:
    """Whether a source or target is a URL rather than a path."""
    return bool(_URL.match(source))


def database_url(text: str) -> str:
    """A SQLAlchemy URL whose PostgreSQL driver is psycopg2 unless another one is named."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", text)


@contextmanager
def _database(text: str, doing: str, query: str = "") -> Iterator[Engine]:
    """An engine, with every error of the database turned into one clear paragraph.

    Args:
        text: A SQLAlchemy URL.
        doing: What is done with it.
        query: What it is asked; no value that is written out in it is shown.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

    label, redacted = masked(text), Redactor.of((text,))
    engine = None
    try:
        engine = create_engine(database_url(text))
        yield engine
    except ModuleNotFoundError as error:
        raise DataError(
            f"{label} cannot be {doing}: the driver {error.name} is not installed.",
            "For PostgreSQL: pip install 'forecastctl[postgres]'",
        ) from None
    except (NoSuchModuleError, ArgumentError, ValueError) as error:
        raise DataError(
            f"{label} is not the URL of a database: {redacted(_first_line(error))}.",
            "Write it as SQLAlchemy does, for example postgresql://user@host/database.",
        ) from None
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise DataError(
            f"{label} cannot be {doing}: {without_values(redacted(_first_line(cause)), query)}.",
            "Check the URL, that the database is up, and the query.",
        ) from None
    finally:
        if engine is not None:
            engine.dispose()


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__


def _sqlite_file(text: str) -> Path | None:
    """File of a SQLite URL, which connecting would create; ``None`` for any other database."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        return None  # the engine says it better
    name = url.database
    if not url.drivername.startswith("sqlite") or not name or name.startswith((":", "file:")):
        return None
    return Path(name)


def sql_table(url: str, query: str | None) -> SourceTable:
    """Result of a query, as a table.

    Args:
        url: SQLAlchemy URL.
        query: One SELECT.

    Raises:
        DataError: There is no query, or the database or the query fails.
    """
    label = masked(url)
    if not query or not query.strip():
        raise DataError(
            f"{label} is a database, and no query is given.",
            "Set [data] query in forecastctl.toml, for example "
            "'SELECT airport, date, passengers FROM traffic'.",
        )
    file = _sqlite_file(url)
    if file and not file.is_file():
        raise DataError(f"{label}: there is no file {file}.", "Check the path.")
    with _database(url, "read", query) as engine, engine.connect() as connection:
        # No parameters: a per cent sign or a colon in the query means itself.
        result = connection.execution_options(no_parameters=True).exec_driver_sql(query)
        if not result.returns_rows:
            raise DataError(
                f"{label}: the query returns no rows.", "[data] query must be a SELECT."
            )
        names, rows = tuple(result.keys()), result.fetchall()

    def load(wanted: Sequence[int]) -> Loaded:
        columns: dict[int, Column] = {c: column_of([r[c] for r in rows]) for c in wanted}
        return Loaded(columns, np.arange(1, len(rows) + 1, dtype=np.int64))

    return SourceTable(label, "row", names, load, facts={"format": "a query"})


def _types(frame: pd.DataFrame) -> dict[str, TypeEngine[Any]]:
    """Column types that keep every value."""
    from sqlalchemy import Date, Double, Integer, Text

    kinds: dict[str, TypeEngine[Any]] = {"f": Double(), "i": Integer(), "u": Integer(), "M": Date()}
    return {str(c): kinds.get(frame[c].dtype.kind, Text()) for c in frame.columns}


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Rows of plain Python values; missing ones are NULL."""
    columns = {}
    for name in frame.columns:
        column = frame[name]
        values = column.dt.date.tolist() if column.dtype.kind == "M" else column.tolist()
        columns[str(name)] = [None if m else v for m, v in zip(column.isna(), values, strict=True)]
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def check_database(url: str) -> None:
    """Connect once, so that a job does not work for nothing.

    Raises:
        DataError: The database cannot be reached.
    """
    from sqlalchemy import text

    file = _sqlite_file(url)
    if file and not file.exists():
        if not os.access(file.parent, os.W_OK):
            raise DataError(
                f"{masked(url)} cannot be written: {file.parent} is no directory that "
                "can be written.",
                "Make it first, or choose another.",
            )
        return
    with _database(url, "written") as engine, engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def write_sql(frame: pd.DataFrame, url: str, table: str) -> None:
    """Write rows in one transaction; those of the same airport, cutoff and date are replaced.

    The table is made where it does not exist.

    Args:
        frame: Columns `KEY_COLUMNS` and any others.
        url: SQLAlchemy URL.
        table: Name of the table.

    Raises:
        DataError: The database refuses, or the existing table lacks a column.
    """
    import sqlalchemy as sa

    missing = [c for c in KEY_COLUMNS if c not in frame.columns]
    if missing:
        raise DataError(f"Rows without {', '.join(missing)} cannot be written to a database.")
    target = sa.Table(
        table,
        sa.MetaData(),
        *(
            sa.Column(name, kind, primary_key=name in KEY_COLUMNS)
            for name, kind in _types(frame).items()
        ),
    )
    with _database(url, "written") as engine, engine.begin() as connection:
        target.create(connection, checkfirst=True)
        _has_columns(connection, target, masked(url))
        _delete_replaced(connection, target, frame)
        if len(frame):
            connection.execute(target.insert(), _records(frame))


def _has_columns(connection: Connection, table: Table, label: str) -> None:
    """Refuse a table of another shape before anything is deleted."""
    from sqlalchemy import inspect

    present = {c["name"] for c in inspect(connection).get_columns(table.name)}
    lacking = [c.name for c in table.columns if c.name not in present]
    if lacking:
        raise DataError(
            f"{label}: the table {table.name} has no column {', '.join(lacking)}.",
            "Add the column, or give another table name.",
        )


def _delete_replaced(connection: Connection, table: Table, frame: pd.DataFrame) -> None:
    """Delete the rows that are about to be written again."""
    keys = _records(frame[list(KEY_COLUMNS)].drop_duplicates())
    airports: dict[tuple[object, object], list[object]] = {}
    for key in keys:
        airports.setdefault((key["cutoff"], key["date"]), []).append(key["airport"])
    for (cutoff, day), names in airports.items():
        for start in range(0, len(names), _DELETED_AT_ONCE):
            connection.execute(
                table.delete().where(
                    table.c.cutoff == cutoff,
                    table.c.date == day,
                    table.c.airport.in_(names[start : start + _DELETED_AT_ONCE]),
                )
            )

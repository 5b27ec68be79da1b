"""MLflow's tables in an SQLite file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from forecastctl.errors import ReadOnlyError, StoreAwayError, TrackingError
from forecastctl.store.mlflow.sql.database import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from forecastctl.store.mlflow.address import Address
    from forecastctl.store.mlflow.sql.database import Row, Session, Stage

BUSY_SECONDS = 5.0
"""How long SQLite waits for another writer, until the tracker's patience says what is awaited."""
_PARENTS: list[sqlite3.Connection] = []
"""Connections of a process that this one was forked from: never used, and never closed here."""


class SqliteSession:
    """An open transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.stage: Stage = "open"

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Rows of a SELECT."""
        return self._connection.execute(sql, params).fetchall()

    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Execute a statement."""
        return self._connection.execute(sql, params).rowcount

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert many rows with one prepared statement."""
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
        self._connection.executemany(statement, rows)


class SqliteDatabase:
    """An SQLite file. Journal and durability settings stay as they are."""

    ilike = "lower({}) LIKE lower(?)"

    def __init__(self, address: Address) -> None:
        self.address = address
        self._connection: sqlite3.Connection | None = None
        self._pid = 0

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[SqliteSession]:
        """Open a transaction; a writer takes its lock at once, so that it cannot deadlock."""
        try:
            connection = self._open()
            session = SqliteSession(connection)
            try:  # an interrupt may come while the transaction begins
                connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
                yield session
                session.stage = "ending"
                connection.execute("COMMIT")
                session.stage = "committed"
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                    session.stage = "undone"
        except sqlite3.Error as error:
            raise self._error(error) from error

    def committed(self, session: Session, run_id: str | None) -> bool | None:  # noqa: ARG002 - the protocol's signature
        """Whether a transaction took place whose end nobody saw: SQLite knows none, only rows."""
        if run_id is None:
            return None
        self.close()  # what failed may have left its connection in any state
        with self.transaction(write=False) as now:
            return bool(now.rows("SELECT 1 FROM runs WHERE run_uuid = ?", (run_id,)))

    def columns(self, table: str) -> dict[str, Column]:
        """Columns of a table."""
        with self.transaction(write=False) as session:
            found = session.rows(
                'SELECT name, type, "notnull" AND dflt_value IS NULL FROM pragma_table_info(?)',
                (table,),
            )
        return {
            str(name): Column(str(kind).lower().partition("(")[0].strip(), bool(required))
            for name, kind, required in found
        }

    def revision(self) -> str | None:
        """Revision of MLflow's schema."""
        with self.transaction(write=False) as session:
            table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
            if not session.rows(table):
                return None
            found = session.rows("SELECT version_num FROM alembic_version")
        return str(found[0][0]) if found else None

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None and self._pid == os.getpid():
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._pid != os.getpid():
            _PARENTS.append(self._connection)
            self._connection = None
        if self._connection is None:
            if not (self.address.path and self.address.path.is_file()):
                raise TrackingError(f"The tracking store {self.address.shown} does not exist.")
            self._connection = sqlite3.connect(
                self.address.path,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            self._pid = os.getpid()
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA case_sensitive_like = ON")
        if self._connection.in_transaction:  # a second interrupt kept it from being rolled back
            self._connection.execute("ROLLBACK")
        return self._connection

    def _error(self, error: sqlite3.Error) -> TrackingError:
        message = f"The tracking store {self.address.shown} cannot be used: {error}."
        if "locked" in str(error):
            hint = "Another process is writing to it; wait for it to end and run again."
            return StoreAwayError(message, hint)
        if "readonly" in str(error):
            return ReadOnlyError(message)
        if "is full" in str(error):
            return TrackingError(message, "Make room there; the same command goes on.")
        if "not a database" in str(error):
            return TrackingError(message, "Give another file, such as sqlite:///mlflow.db.")
        return TrackingError(message)

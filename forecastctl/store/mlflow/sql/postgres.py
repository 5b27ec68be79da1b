"""MLflow's tables in PostgreSQL."""

from __future__ import annotations

import importlib
import io
import os
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from forecastctl.errors import ReadOnlyError, StoreAwayError, TrackingError, UsageError
from forecastctl.store.mlflow.address import scrub
from forecastctl.store.mlflow.sql.database import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from forecastctl.store.mlflow.address import Address
    from forecastctl.store.mlflow.sql.database import Row, Session, Stage

CONNECT_SECONDS = 5
DOUBT_SECONDS = 10.0
"""How long a transaction may go on whose connection is lost, until nothing is known of it."""
_POLL_SECONDS = 0.1
_PASSING = ("08", "40", "53300", "57P")
"""How the codes begin of errors that pass: connections, deadlocks, too many, shutting down."""
_DENIED = ("42501", "25006")
"""Codes of errors that say that this user, or nobody, may write."""
_CREDENTIALS = "Check user and password: in ~/.pgpass, PGPASSWORD, or the address."
_NOT_LET_IN = {
    "authentication failed": _CREDENTIALS,
    "no password supplied": _CREDENTIALS,
    'role ".*" does not exist': _CREDENTIALS,
    'database ".*" does not exist': "Check its name in the address, or make it first (createdb).",
    "no encryption": "The server wants encrypted connections: add ?sslmode=require to the address.",
    "server does not support SSL": "The server does not encrypt: take sslmode out of the address.",
    "no pg_hba.conf entry": "Ask whoever keeps the server to let this user in from this machine.",
}
"""What a server says to those that it does not let in, which waiting does not change."""
_PARENTS: list[Any] = []
"""Connections of a process that this one was forked from: never used, and never closed here."""
_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


class PostgresSession:
    """An open transaction."""

    def __init__(self, cursor: Any, number: int | None) -> None:
        self._cursor = cursor
        self.number = number
        """The transaction's own number, of one that writes."""
        self.stage: Stage = "open"

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Rows of a SELECT."""
        self._cursor.execute(sql.replace("?", "%s"), tuple(params))
        found: list[Row] = self._cursor.fetchall()
        return found

    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Execute a statement."""
        self._cursor.execute(sql.replace("?", "%s"), tuple(params))
        return int(self._cursor.rowcount)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert many rows with COPY."""
        text = io.StringIO("".join("\t".join(map(copy_text, row)) + "\n" for row in rows))
        self._cursor.copy_expert(f"COPY {table} ({', '.join(columns)}) FROM STDIN", text)


def copy_text(value: Any) -> str:
    """One value in the text format of COPY."""
    if value is None:
        return r"\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    return repr(value)


class PostgresDatabase:
    """A PostgreSQL database, through psycopg2."""

    ilike = "{} ILIKE ?"

    def __init__(self, address: Address) -> None:
        try:
            self.driver = importlib.import_module("psycopg2")
        except ImportError as error:
            raise UsageError(
                f"The tracking store {address.shown} needs the driver psycopg2, "
                "which is not installed.",
                "pip install 'forecastctl[postgres]'",
            ) from error
        self.address = address
        self._connection: Any = None
        self._pid = 0

    @contextmanager
    def transaction(self, *, write: bool) -> Iterator[PostgresSession]:
        """Open a transaction; what is read within one belongs together."""
        with self.translated():
            cursor = self._begin(write=write)
            try:
                session = PostgresSession(cursor, cursor.fetchone()[0] if write else None)
                yield session
                session.stage = "ending"
                self._connection.commit()
                session.stage = "committed"
            finally:
                # After a commit there is nothing left to roll back.
                if not self._connection.closed:
                    self._connection.rollback()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn the driver's errors into ours.

        Raises:
            TrackingError: The driver raised one.
        """
        try:
            yield
        except self.driver.Error as error:
            raise self._error(error) from error

    def committed(self, session: Session, run_id: str | None) -> bool | None:  # noqa: ARG002 - the protocol's signature
        """Whether a transaction took place whose end nobody saw: the database kept its number."""
        number = getattr(session, "number", None)
        end = time.monotonic() + DOUBT_SECONDS
        while True:
            with self.transaction(write=False) as now:
                said = now.rows("SELECT txid_status(?)", (number,))[0][0]
            if said in ("committed", "aborted"):
                return bool(said == "committed")
            if said is None or time.monotonic() > end:
                return None
            time.sleep(_POLL_SECONDS)  # the server has not noticed yet that nobody listens

    def columns(self, table: str) -> dict[str, Column]:
        """Columns of a table."""
        with self.transaction(write=False) as session:
            found = session.rows(
                "SELECT attname, format_type(atttypid, NULL), "
                "attnotnull AND NOT atthasdef AND attidentity = '' FROM pg_attribute "
                "WHERE attrelid = to_regclass(?) AND attnum > 0 AND NOT attisdropped",
                (table,),
            )
        return {
            str(name): Column(str(kind).lower(), bool(required)) for name, kind, required in found
        }

    def revision(self) -> str | None:
        """Revision of MLflow's schema."""
        with self.transaction(write=False) as session:
            if session.rows("SELECT to_regclass('alembic_version')") == [(None,)]:
                return None
            found = session.rows("SELECT version_num FROM alembic_version")
        return str(found[0][0]) if found else None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None and self._pid == os.getpid():
            self._connection.close()
            self._connection = None

    def _begin(self, *, write: bool) -> Any:
        """First statement of a transaction; a connection lost since the last one is renewed."""
        first = (
            "SELECT txid_current()"
            if write
            else "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
        )
        if self._connection is not None and self._pid != os.getpid():
            _PARENTS.append(self._connection)
            self._connection = None
        if self._connection is not None and not self._connection.closed:
            try:
                self._connection.rollback()  # what a second interrupt kept from being rolled back
                cursor = self._connection.cursor()
                cursor.execute(first)
            except (self.driver.OperationalError, self.driver.InterfaceError):
                self._connection.close()
            else:
                return cursor
        self._connection = self.connection()
        self._pid = os.getpid()
        cursor = self._connection.cursor()
        cursor.execute(first)
        return cursor

    def connection(self) -> Any:
        """A new connection of the driver, which the caller closes."""
        dsn = self.address.uri.replace("postgresql+psycopg2://", "postgresql://", 1)
        limit = {} if "connect_timeout=" in dsn else {"connect_timeout": CONNECT_SECONDS}
        return self.driver.connect(dsn, client_encoding="UTF8", **limit)

    def _error(self, error: Exception) -> TrackingError:
        text = scrub(str(error) or type(error).__name__, self.address.uri)
        message = f"The tracking store {self.address.shown} cannot be used: {text}"
        for sign, hint in _NOT_LET_IN.items():
            if re.search(sign, text):  # while connecting, the driver tells no code
                return TrackingError(message, hint)
        kind = StoreAwayError if self._passes(error) else TrackingError
        if getattr(error, "pgcode", None) in _DENIED:
            kind = ReadOnlyError
        return kind(message)

    def _passes(self, error: Exception) -> bool:
        """Whether an error says that the server is away, not that it refuses something."""
        code = getattr(error, "pgcode", None)
        if code is None:
            return isinstance(error, self.driver.OperationalError | self.driver.InterfaceError)
        return str(code).startswith(_PASSING)

"""What the SQL tracker needs of a database, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from forecastctl.adapters.mlflow_address import Address

Row: TypeAlias = tuple[Any, ...]


class Session(Protocol):
    """An open transaction. SQL is written with ``?`` for parameters."""

    def rows(self, sql: str, params: Sequence[Any] = ()) -> list[Row]:
        """Rows of a SELECT."""
        ...

    def run(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Execute a statement and return the number of rows that it changed."""
        ...

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert many rows the fastest way that the database has."""
        ...


class Database(Protocol):
    """A database with MLflow's tables."""

    address: Address
    ilike: str
    """Comparison without regard to case, with ``{}`` for the column."""

    def transaction(self, *, write: bool) -> AbstractContextManager[Session]:
        """Open a transaction; commit at its end, roll back at an exception.

        Raises:
            TrackingError: The database refused something.
        """
        ...

    def revision(self) -> str | None:
        """Revision of MLflow's schema, or ``None`` without one.

        Raises:
            TrackingError: The database cannot be reached or read.
        """
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


def connect(address: Address) -> Database:
    """The database of an address, not yet connected."""
    if address.kind == "sqlite":
        from forecastctl.adapters.mlflow_sqlite import SqliteDatabase

        return SqliteDatabase(address)
    from forecastctl.adapters.mlflow_postgres import PostgresDatabase

    return PostgresDatabase(address)

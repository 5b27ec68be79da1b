"""What the SQL tracker needs of a database, whichever it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from forecastctl.store.mlflow.address import Address

Row: TypeAlias = tuple[Any, ...]
Stage: TypeAlias = Literal["open", "ending", "committed", "undone"]


class Column(NamedTuple):
    """What a column takes.

    Attributes:
        type: Its type as the database names it, in lower case, without a length.
        required: Whether a row has to give it a value.
    """

    type: str
    required: bool


class Session(Protocol):
    """An open transaction. SQL is written with ``?`` for parameters."""

    stage: Stage
    """``open`` until COMMIT is sent, ``ending`` until its answer is there: in doubt, where an
    exception ends the transaction meanwhile."""

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

    def committed(self, session: Session, run_id: str | None) -> bool | None:
        """Whether a transaction took place whose end nobody saw; ``None`` where none can tell.

        Args:
            session: The transaction, of this database.
            run_id: A run that it inserted, if any.

        Raises:
            TrackingError: The database cannot be reached or read.
        """
        ...

    def revision(self) -> str | None:
        """Revision of MLflow's schema, or ``None`` without one.

        Raises:
            TrackingError: The database cannot be reached or read.
        """
        ...

    def columns(self, table: str) -> dict[str, Column]:
        """Columns of a table by name; none where there is no such table.

        Raises:
            TrackingError: The database cannot be reached or read.
        """
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...

"""Connect to the database of an MLflow store."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecastctl.store.mlflow.address import Address
    from forecastctl.store.mlflow.sql.database import Database


def connect(address: Address) -> Database:
    """The database of an address, not yet connected."""
    if address.kind == "sqlite":
        from forecastctl.store.mlflow.sql.sqlite import SqliteDatabase

        return SqliteDatabase(address)
    from forecastctl.store.mlflow.sql.postgres import PostgresDatabase

    return PostgresDatabase(address)

"""Stores that exist or are made: MLflow's tables are created once, whoever comes first.

MLflow breaks a store for good when several processes create its tables at once, or when one is
killed meanwhile. So tables are made under a lock, and an SQLite file in full before it gets its
name.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from forecastctl.adapters.mlflow_address import Address, scrub
from forecastctl.adapters.mlflow_database import connect
from forecastctl.errors import TrackingError

if TYPE_CHECKING:
    from forecastctl.adapters.mlflow_database import Database

KNOWN_REVISIONS = {
    "1b5f0d9ad7c1": "3.10",
    "c3d6457b6d8a": "3.11",
    "7d34483879f0": "3.12",
    "da6fb0208061": "3.13",
    "b7e4c1a90f23": "3.14",
    "6f8d9c3b2a1e": "3.15",
    "b7e2c1a4d9f3": "3.16",
    "dc11669786a5": "3.17",
}
"""Revisions of MLflow's schema that the SQL tracker was tested with, and the MLflow of each."""

_CREATE = "from mlflow import MlflowClient; MlflowClient().search_experiments(max_results=1)"
_CREATE_SECONDS = 600
_ADVISORY_LOCK = 7_306_353_927_251_480_366


def prepare(database: Database) -> str:
    """Make sure that a store is there.

    Args:
        database: The store, not necessarily existing.

    Returns:
        The revision of its schema.

    Raises:
        TrackingError: It cannot be reached, or made, or is something else.
    """
    path = database.address.path
    if path is not None:
        if not _written(path):
            _create_sqlite(database.address, path)
    elif database.revision() is None:
        _create_postgres(database)
    revision = database.revision()
    if revision is None:
        raise TrackingError(
            f"The database {database.address.shown} is there but holds no MLflow store, or one "
            "whose making was interrupted.",
            "Give another one, such as sqlite:///mlflow.db; it is made when it is missing.",
        )
    return revision


def _written(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _create_sqlite(address: Address, path: Path) -> None:
    from filelock import FileLock, Timeout

    lock = Path(f"{path}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(lock, timeout=_CREATE_SECONDS):
            if not _written(path):
                _create_whole(address, path)
            with suppress(OSError):  # Windows keeps what is open
                lock.unlink()  # whoever still waits for it finds the store made
    except Timeout as error:
        raise TrackingError(
            f"The tracking store {address.shown} is being made by another process for more than "
            f"{_CREATE_SECONDS // 60} minutes.",
            f"If no such process is running, delete {lock} and run again.",
        ) from error
    except OSError as error:
        raise TrackingError(
            f"The tracking store {address.shown} cannot be made: {error}.",
            "Give a file in a directory that can be written, such as sqlite:///mlflow.db.",
        ) from error


def _create_whole(address: Address, path: Path) -> None:
    draft = Path(f"{path}.draft")
    draft.unlink(missing_ok=True)  # of a process that was killed
    try:
        _create(f"sqlite:///{draft}", address, path.parent)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _create_postgres(database: Database) -> None:
    with database.transaction(write=True) as session:
        # The lock is given back with the transaction, even if this process is killed.
        session.rows("SELECT pg_advisory_xact_lock(?)", (_ADVISORY_LOCK,))
        if not session.rows("SELECT to_regclass('alembic_version')")[0][0]:
            _create(database.address.uri, database.address, Path.cwd())


def _create(uri: str, address: Address, directory: Path) -> None:
    """Let MLflow make its tables, in a process of its own that takes its chatter with it."""
    made = subprocess.run(  # noqa: S603 - our own interpreter and a constant program
        [sys.executable, "-P", "-c", _CREATE],
        env={**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_DISABLE_TELEMETRY": "true"},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=_CREATE_SECONDS,
        check=False,
    )
    if made.returncode:
        lines = [line for line in made.stderr.splitlines() if line.strip()]
        reason = scrub(lines[-1] if lines else "no reason given", address.uri)
        raise TrackingError(f"MLflow could not make the store {address.shown}: {reason}")


def open_store(address: Address) -> tuple[Database, str]:
    """The database of an address, with the revision of its schema.

    Raises:
        TrackingError: It cannot be reached or made.
    """
    database = connect(address)
    return database, prepare(database)

"""Stores that exist or are made: MLflow's tables are created once, whoever comes first.

MLflow breaks a store for good when several processes create its tables at once, or when one is
killed meanwhile. So tables are made under a lock, and an SQLite file in full before it gets its
name. A store that is there keeps its schema, unless an upgrade is asked for.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError, TrackingError
from forecastctl.store.mlflow.address import Address, scrub
from forecastctl.store.mlflow.revisions import installed, is_mlflows, not_written
from forecastctl.store.mlflow.sql.connect import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.store.mlflow.sql.database import Database

_CREATE = "from mlflow import MlflowClient; MlflowClient().search_experiments(max_results=1)"
_UPGRADE = (
    "import os, runpy, sys; "
    "sys.argv = ['mlflow', 'db', 'upgrade', os.environ['MLFLOW_TRACKING_URI']]; "
    "runpy.run_module('mlflow', run_name='__main__')"
)
"""The command ``mlflow db upgrade``, without the address, which may hold a password, where other
users of the machine could read it."""
_BACKGROUND = ("(Background on this error", "[SQL:", "[parameters:")
"""Lines that SQLAlchemy adds below what is wrong."""
_CREATE_SECONDS = 600
_UPGRADE_SECONDS = 6 * 3600
_ADVISORY_LOCK = 7_306_353_927_251_480_366
_TABLES = ("experiments", "runs", "metrics", "params", "tags")


def open_store(address: Address) -> tuple[Database, str]:
    """The database of an address, with the revision of its schema; it is made if it is missing.

    Raises:
        TrackingError: It cannot be reached or made.
    """
    database = connect(address)
    return database, prepare(database)


def find_store(address: Address) -> tuple[Database, str]:
    """The database of an address, with the revision of its schema; nothing is made.

    Raises:
        NothingRecordedError: There is no store.
        TrackingError: It cannot be reached, or is something else.
    """
    database = connect(address)
    path = address.path
    revision = None if path is not None and not _written(path) else _revision(database)
    if revision is not None:
        return database, revision
    if path is not None and _written(path):
        raise _no_store(address)
    raise NothingRecordedError(
        f"There is no store {address.shown}: nothing is recorded.",
        "'forecastctl run --data FILE' makes it; or name another one with --tracking-uri "
        "(or MLFLOW_TRACKING_URI).",
    )


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
    elif _revision(database) is None:
        _create_postgres(database)
    revision = _revision(database)
    if revision is None:
        raise _no_store(database.address)
    return revision


def upgrade(database: Database, revision: str) -> str:
    """Migrate a store to the schema of the installed MLflow.

    Args:
        database: The store.
        revision: That of its schema.

    Returns:
        The new revision.

    Raises:
        TrackingError: The installed MLflow does not know the schema, or fails to migrate it.
    """
    if revision not in installed().line:
        raise not_written(database.address, revision)
    with _locked(database):
        now = _revision(database)
        if now == revision:  # nobody was faster
            database.close()
            _mlflow(_UPGRADE, database.address.uri, database.address, "upgrade", _UPGRADE_SECONDS)
            now = _revision(database)
    if now is None:
        raise _no_store(database.address)
    return now


def _revision(database: Database) -> str | None:
    """Revision of the schema, where it is MLflow's.

    Raises:
        TrackingError: The database belongs to another program.
    """
    revision = database.revision()
    if revision is not None and not is_mlflows(database):
        raise _no_store(database.address)
    return revision


def _no_store(address: Address) -> TrackingError:
    return TrackingError(
        f"The database {address.shown} is there but holds no MLflow store, or one "
        "whose making was interrupted.",
        "Give another one, such as sqlite:///mlflow.db; it is made when it is missing.",
    )


def _written(path: Path) -> bool:
    try:
        return path.stat().st_size > 0
    except OSError:
        return False


def _create_sqlite(address: Address, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _file_lock(address, path):
            if not _written(path):
                _create_whole(address, path)
    except OSError as error:
        raise TrackingError(
            f"The tracking store {address.shown} cannot be made: {error}.",
            "Give a file in a directory that can be written, such as sqlite:///mlflow.db.",
        ) from error


@contextmanager
def _file_lock(address: Address, path: Path) -> Iterator[None]:
    """Wait for other processes that make or migrate the same file."""
    from filelock import FileLock, Timeout

    lock = FileLock(f"{path}.lock", timeout=_CREATE_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise TrackingError(
            f"The tracking store {address.shown} is being made by another process for more than "
            f"{_CREATE_SECONDS // 60} minutes.",
            f"If no such process is running, delete {path}.lock and run again.",
        ) from error
    try:
        yield
        with suppress(OSError):  # Windows keeps what is open
            Path(f"{path}.lock").unlink()  # whoever still waits for it finds the store made
    finally:
        lock.release()


def _create_whole(address: Address, path: Path) -> None:
    draft = Path(f"{path}.draft")
    draft.unlink(missing_ok=True)  # of a process that was killed
    try:
        # By its name alone: in the name of a directory MLflow would take ? for the end of the path.
        _create(f"sqlite:///{draft.name}", address, path.parent)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _create_postgres(database: Database) -> None:
    others = [table for table in _TABLES if database.columns(table)]
    if others:
        raise TrackingError(
            f"The database {database.address.shown} holds no MLflow store, but a table "
            f"{others[0]!r} of something else, where MLflow's would be.",
            "Give a database of its own.",
        )
    with database.transaction(write=True) as session:
        # The lock is given back with the transaction, even if this process is killed.
        session.rows("SELECT pg_advisory_xact_lock(?)", (_ADVISORY_LOCK,))
        if not session.rows("SELECT to_regclass('alembic_version')")[0][0]:
            _create(database.address.uri, database.address, Path.cwd())


@contextmanager
def _locked(database: Database) -> Iterator[None]:
    """Hold off other processes that would make or migrate the same store."""
    path = database.address.path
    if path is not None:
        with _file_lock(database.address, path):
            yield
        return
    keeper = connect(database.address)  # its transaction holds the lock
    try:
        with keeper.transaction(write=True) as session:
            session.rows("SELECT pg_advisory_xact_lock(?)", (_ADVISORY_LOCK,))
            yield
    finally:
        keeper.close()


def _create(uri: str, address: Address, directory: Path) -> None:
    """Let MLflow make its tables."""
    _mlflow(_CREATE, uri, address, "make", _CREATE_SECONDS, directory)


def _mlflow(
    program: str,
    uri: str,
    address: Address,
    doing: str,
    seconds: int,
    directory: Path | None = None,
) -> None:
    """Run MLflow in a process of its own, which takes its chatter with it.

    Raises:
        TrackingError: It fails, is ended by something else, or does not end.
    """
    failed = f"MLflow could not {doing} the store {address.shown}"
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and a constant program
            [sys.executable, "-P", "-c", program],
            env={**os.environ, "MLFLOW_TRACKING_URI": uri, "MLFLOW_DISABLE_TELEMETRY": "true"},
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        text = f"{failed}: it was not done after {seconds:,} seconds."
        raise TrackingError(text, "The same command tries it again.") from None
    if done.returncode < 0:
        raise TrackingError(
            f"{failed}: its process was ended by signal {-done.returncode}.",
            "If nobody ended it, the memory may have run out. The same command tries it again.",
        )
    if done.returncode:
        said = (line.strip() for line in done.stderr.splitlines())
        lines = [line for line in said if line and not line.startswith(_BACKGROUND)]
        reason = scrub(lines[-1] if lines else "no reason given", address.uri)
        raise TrackingError(f"{failed}: {reason}")

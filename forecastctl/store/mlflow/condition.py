"""The condition of a store, for whoever looks after it: read alone, and nothing raised."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from forecastctl.errors import ForecastctlError, NothingRecordedError
from forecastctl.store.mlflow.address import public_uri, resolve
from forecastctl.store.mlflow.artifacts import local_directory, run_location
from forecastctl.store.mlflow.create import find_store
from forecastctl.store.mlflow.experiment import PROBE_SECONDS, probe, sql_experiment
from forecastctl.store.mlflow.revisions import (
    KNOWN_REVISIONS,
    installed,
    is_own,
    is_writable,
    named,
    not_written,
)
from forecastctl.store.mlflow.sql.select import absent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.store.mlflow.address import Address
    from forecastctl.store.mlflow.sql.database import Database

_MAGIC = b"SQLite format 3\0"
_MOST_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Condition:
    """What can be said of a store.

    Attributes:
        shown: Its address, secrets masked.
        kind: ``sqlite``, ``postgresql`` or ``http``; empty where the address is none of MLflow's.
        file: Of an SQLite store its file.
        missing: Whether there is none yet.
        error: Why it cannot be used, or empty.
        hint: What to do then, or about the schema.
        revision: That of its schema; ``None`` of a server.
        schema: The schema in words.
        installed: Version of the installed MLflow.
        is_own: Whether the schema is that of the installed MLflow.
        writer: How it is written as it is: ``sql`` or ``client``; ``None`` where it is not.
        refusal: Why it is not.
        experiment_error: Why the experiment cannot be used, or empty.
        artifacts: Where the experiment's files lie, where that is a local directory.
        skew: Seconds that this computer's clock is ahead of the store's, where that has its own.
    """

    shown: str
    kind: str = ""
    file: Path | None = None
    missing: bool = False
    error: str = ""
    hint: str = ""
    revision: str | None = None
    schema: str = ""
    installed: str = ""
    is_own: bool = False
    writer: Literal["sql", "client"] | None = None
    refusal: str = ""
    experiment_error: str = ""
    artifacts: Path | None = None
    skew: float | None = None


def condition(uri: str, experiment: str) -> Condition:
    """Look at a store and at an experiment in it."""
    try:
        address = resolve(uri)
    except ForecastctlError:
        from forecastctl.redaction import masked

        return Condition(masked(uri))  # another package's
    found = Condition(address.shown, address.kind, address.path, installed=installed().version)
    try:
        return (
            _server(found, address) if address.kind == "http" else _sql(found, address, experiment)
        )
    except NothingRecordedError as error:
        return replace(found, missing=True, hint=error.hint)
    except ForecastctlError as error:
        return replace(found, error=error.message, hint=error.hint)


def _server(found: Condition, address: Address) -> Condition:
    probe(address)
    return replace(found, skew=_server_skew(address))


def _server_skew(address: Address) -> float | None:
    """From the date that a server writes on each answer, to the second."""
    import urllib.error
    import urllib.request

    request = urllib.request.Request(f"{public_uri(address.uri)}/health")  # noqa: S310 - http(s) only
    before = time.time()
    try:
        with urllib.request.urlopen(request, timeout=PROBE_SECONDS) as answer:  # noqa: S310
            told = answer.headers.get("Date")
    except urllib.error.HTTPError as error:
        told = error.headers.get("Date")
    except (OSError, ValueError):
        return None
    try:
        return (before + time.time()) / 2 - parsedate_to_datetime(told).timestamp()
    except (TypeError, ValueError):
        return None


def _sql(found: Condition, address: Address, experiment: str) -> Condition:
    database, revision = find_store(address)
    try:
        known = revision in KNOWN_REVISIONS or is_writable(database)
        own = is_own(revision)
        refusal = not_written(address, revision)
        found = replace(
            found,
            revision=revision,
            schema=named(revision),
            is_own=own,
            writer="sql" if known else "client" if own else None,
            refusal="" if known or own else refusal.message,
            hint="" if known or own else refusal.hint,
            skew=_database_skew(database),
        )
        try:
            there = sql_experiment(database, experiment, None, create=False)
        except ForecastctlError as error:
            return replace(found, experiment_error=error.message, hint=found.hint or error.hint)
        return replace(found, artifacts=local_directory(there.location))
    finally:
        database.close()


def _database_skew(database: Database) -> float | None:
    """Of PostgreSQL; an SQLite file has no clock."""
    if database.address.kind != "postgresql":
        return None
    before = time.time()
    with database.transaction(write=False) as session:
        told = session.rows("SELECT extract(epoch FROM clock_timestamp())::float8")[0][0]
    return (before + time.time()) / 2 - float(told)


def without_run(uri: str, run_ids: Iterable[str]) -> set[str]:
    """Those of some ids that no run in any experiment of a database has, deleted ones included.

    Args:
        uri: Address of an SQLite or PostgreSQL store.
        run_ids: The ids.

    Raises:
        TrackingError: It cannot be read.
    """
    database, _ = find_store(resolve(uri))
    try:
        with database.transaction(write=False) as session:
            return absent(session, run_ids)
    finally:
        database.close()


def stores_beside(file: Path, artifacts: Path) -> list[Path]:
    """Other SQLite files that may keep their artifacts in the same place.

    Args:
        file: The file of the store.
        artifacts: Where the files of its experiment lie.
    """
    found: dict[Path, None] = {}
    for folder in dict.fromkeys((file.parent, artifacts, *artifacts.parents[:2])):
        for path in sorted(folder.iterdir()):
            if path.is_file() and not (file.exists() and path.samefile(file)):
                with path.open("rb") as opened:
                    if opened.read(len(_MAGIC)) == _MAGIC:
                        found[path.resolve()] = None
    return list(found)


def known_to(path: Path, run_ids: Iterable[str]) -> set[str]:
    """Those of some ids that a run in an SQLite file has; none where it is no store.

    Raises:
        sqlite3.Error: It cannot be read.
    """
    asked = sorted(run_ids)
    known: set[str] = set()
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'runs'").fetchone():
            return known
        for start in range(0, len(asked), _MOST_AT_ONCE):
            part = asked[start : start + _MOST_AT_ONCE]
            marks = ", ".join("?" * len(part))
            sql = f"SELECT run_uuid FROM runs WHERE run_uuid IN ({marks})"  # noqa: S608 - marks alone
            known |= {str(run_id) for (run_id,) in connection.execute(sql, part)}
    return known


def folder_of(artifacts: Path, run_id: str) -> Path:
    """Where a run keeps its files, below those of its experiment."""
    return Path(run_location(str(artifacts), run_id))

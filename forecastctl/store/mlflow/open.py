"""The tracker for an address."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from forecastctl.errors import TrackingError, UsageError
from forecastctl.store.mlflow.address import DEFAULT_URI, display_uri, resolve
from forecastctl.store.mlflow.create import find_store, open_store, upgrade
from forecastctl.store.mlflow.experiment import sql_experiment
from forecastctl.store.mlflow.revisions import (
    KNOWN_REVISIONS,
    installed,
    is_own,
    is_readable,
    is_writable,
    not_read,
    not_written,
)
from forecastctl.store.patience import Patience

if TYPE_CHECKING:
    from forecastctl.store.mlflow.address import Address
    from forecastctl.store.mlflow.sql.database import Database
    from forecastctl.store.port import Tracker

__all__ = ["DEFAULT_URI", "WRITERS", "Writer", "display_uri", "open_tracker"]

Writer: TypeAlias = Literal["auto", "sql", "client"]
WRITERS: tuple[Writer, ...] = ("auto", "sql", "client")

_LOG = logging.getLogger(__name__)


def open_tracker(
    uri: str | None,
    experiment: str,
    *,
    artifact_location: str | None = None,
    writer: Writer = "auto",
    reading: bool = False,
    upgrade_store: bool = False,
    patience: Patience | None = None,
) -> Tracker:
    """Open a store and an experiment in it; both are made if they are missing, unless to be read.

    The schema of a store that is there stays as it is, unless an upgrade is asked for.

    Args:
        uri: ``sqlite:///FILE``, ``postgresql://...`` or the http(s) address of an MLflow server;
            ``None`` for `DEFAULT_URI`.
        experiment: Name of the experiment.
        artifact_location: Where a new experiment keeps its artifacts.
        writer: ``sql`` writes MLflow's tables, ``client`` goes through MLflow's client, ``auto``
            takes the fastest: the tables where they can be reached and are known, plain requests
            to a server.
        reading: Whether to make nothing, and take a store that could not be written as it is.
        upgrade_store: Whether to migrate a store that could not be written as it is.
        patience: How long the store may be away once it is open; an SQLite file that others have
            locked also before.

    Raises:
        UsageError: No store has such an address, or it cannot be written that way.
        NothingRecordedError: Store or experiment is missing, and is to be read.
        TrackingError: The store cannot be reached, made or used, or not without a migration.
    """
    if writer not in WRITERS:
        raise UsageError(f"There is no writer {writer!r}; there are {', '.join(WRITERS)}.")
    address = resolve(uri)
    patience = patience or Patience()

    def open_one() -> Tracker:
        if address.kind == "http":
            place: dict[str, Any] = {
                "artifact_location": artifact_location,
                "create": not reading,
                "patience": patience,
            }
            return _through_server(address, experiment, writer, place)
        if reading:
            return _reader(address, experiment, patience)
        return _writer(address, experiment, artifact_location, writer, upgrade_store, patience)

    # An address that nobody answers at is mostly a wrong one, and is said to be at once.
    return patience.call(open_one) if address.kind == "sqlite" else open_one()


def _writer(
    address: Address,
    experiment: str,
    artifact_location: str | None,
    writer: Writer,
    upgrade_store: bool,
    patience: Patience,
) -> Tracker:
    """What records in a database."""
    database, revision = open_store(address)
    way = _way(database, revision, writer)
    if upgrade_store and way is None:
        revision = upgrade(database, revision)
        way = _way(database, revision, writer)
    if way == "sql":
        if revision not in KNOWN_REVISIONS:
            _say_unknown(address.shown, revision)
        from forecastctl.store.mlflow.sql.tracker import MlflowSqlTracker

        found = sql_experiment(database, experiment, artifact_location, create=True)
        return MlflowSqlTracker(database, found, patience=patience)
    database.close()
    if way is None:
        raise _refusal(address, revision, writer)
    if writer == "auto":
        _LOG.warning(
            "The store %s has MLflow's schema %s, which this version does not know: "
            "runs are recorded through MLflow's client, which is slower.",
            address.shown,
            revision,
        )
    from forecastctl.store.mlflow.client import MlflowClientTracker

    return MlflowClientTracker(
        address.uri, experiment, artifact_location=artifact_location, patience=patience
    )


def _through_server(
    address: Address, experiment: str, writer: Writer, place: dict[str, Any]
) -> Tracker:
    if writer == "sql":
        raise UsageError(f"{address.shown} is a server, whose tables cannot be written.")
    from forecastctl.store.mlflow.client import MlflowClientTracker
    from forecastctl.store.mlflow.internals import ChangedError
    from forecastctl.store.mlflow.server import MlflowServerTracker

    if writer == "auto":
        try:
            return MlflowServerTracker(address.uri, experiment, **place)
        except ChangedError as error:
            if place["create"]:
                _say_through_client(address.shown, str(error))
    return MlflowClientTracker(address.uri, experiment, **place)


@cache
def _say_through_client(store: str, why: str) -> None:
    """Once, although a command may open its store twice."""
    _LOG.warning(
        "The installed MLflow %s is not one that the writer for servers knows (%s): "
        "runs are recorded in %s through MLflow's client, which is slower.",
        installed().version,
        why,
        store,
    )


def _reader(address: Address, experiment: str, patience: Patience) -> Tracker:
    """What reads a store as it is, whatever wrote it."""
    database, revision = find_store(address)
    known = revision in KNOWN_REVISIONS
    if not known and not is_readable(database):
        if is_own(revision):
            from forecastctl.store.mlflow.client import MlflowClientTracker

            database.close()
            return MlflowClientTracker(address.uri, experiment, create=False, patience=patience)
        raise not_read(address, revision)
    from forecastctl.store.mlflow.sql.tracker import MlflowSqlTracker

    found = sql_experiment(database, experiment, None, create=False)
    writable = known or is_writable(database)
    refusal = None if writable else not_written(address, revision)
    return MlflowSqlTracker(database, found, refusal, patience)


@cache
def _say_unknown(store: str, revision: str) -> None:
    """Once, although a command may open its store twice."""
    _LOG.warning(
        "The store %s has MLflow's schema %s, which is newer than this version of forecastctl. Its "
        "tables take what is recorded, so that it is recorded as usual.",
        store,
        revision,
    )


def _way(database: Database, revision: str, writer: Writer) -> Literal["sql", "client"] | None:
    """How a store is written without a migration; ``None`` where it cannot be."""
    if writer != "client" and (revision in KNOWN_REVISIONS or is_writable(database)):
        return "sql"
    return "client" if writer != "sql" and is_own(revision) else None


def _refusal(address: Address, revision: str, writer: Writer) -> TrackingError:
    """Why a store is not written."""
    refusal = not_written(address, revision)
    if writer == "client" and revision in KNOWN_REVISIONS:
        hint = f'writer = "auto" in [tracking] writes to it as it is. {refusal.hint}'
        return TrackingError(refusal.message, hint)
    if writer == "sql" and is_own(revision):
        return TrackingError(
            f"The store {address.shown} has MLflow's schema {revision}, which this version "
            "of forecastctl does not know.",
            'Go through MLflow\'s client instead (writer = "auto" in [tracking]), '
            "or update forecastctl.",
        )
    return refusal

"""The tracker for an address, and what a killed job left behind."""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from forecastctl.errors import TrackingError, UsageError
from forecastctl.records import KILLED, RUNNING, Query, RunUpdate, StoredRun
from forecastctl.records.marks import JOBS, SET
from forecastctl.records.schema import Kind, Tag
from forecastctl.store.mlflow.address import DEFAULT_URI, display_uri, resolve
from forecastctl.store.mlflow.create import find_store, open_store, upgrade
from forecastctl.store.mlflow.experiment import sql_experiment
from forecastctl.store.mlflow.revisions import (
    KNOWN_REVISIONS,
    installed,
    is_own,
    is_readable,
    not_read,
    not_written,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.store.mlflow.address import Address
    from forecastctl.store.port import Tracker

__all__ = ["DEFAULT_URI", "WRITERS", "Writer", "display_uri", "heal", "open_tracker"]

Writer: TypeAlias = Literal["auto", "sql", "client"]
WRITERS: tuple[Writer, ...] = ("auto", "sql", "client")

_LOG = logging.getLogger(__name__)
_PAGE = 1000


def open_tracker(
    uri: str | None,
    experiment: str,
    *,
    artifact_location: str | None = None,
    writer: Writer = "auto",
    reading: bool = False,
    upgrade_store: bool = False,
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

    Raises:
        UsageError: No store has such an address, or it cannot be written that way.
        NothingRecordedError: Store or experiment is missing, and is to be read.
        TrackingError: The store cannot be reached, made or used, or not without a migration.
    """
    if writer not in WRITERS:
        raise UsageError(f"There is no writer {writer!r}; there are {', '.join(WRITERS)}.")
    address = resolve(uri)
    if address.kind == "http":
        return _through_server(address, experiment, artifact_location, writer, create=not reading)
    if reading:
        return _reader(address, experiment)
    database, revision = open_store(address)
    if upgrade_store and _way(revision, writer) is None:
        revision = upgrade(database, revision)
    if _way(revision, writer) == "sql":
        from forecastctl.store.mlflow.sql.tracker import MlflowSqlTracker

        found = sql_experiment(database, experiment, artifact_location, create=True)
        return MlflowSqlTracker(database, found)
    database.close()
    if _way(revision, writer) is None:
        raise _refusal(address, revision, writer)
    if writer == "auto":
        _LOG.warning(
            "The store %s has MLflow's schema %s, which this version does not know: "
            "runs are recorded through MLflow's client, which is slower.",
            address.shown,
            revision,
        )
    from forecastctl.store.mlflow.client import MlflowClientTracker

    return MlflowClientTracker(address.uri, experiment, artifact_location=artifact_location)


def _through_server(
    address: Address,
    experiment: str,
    artifact_location: str | None,
    writer: Writer,
    *,
    create: bool,
) -> Tracker:
    if writer == "sql":
        raise UsageError(f"{address.shown} is a server, whose tables cannot be written.")
    from forecastctl.store.mlflow.client import MlflowClientTracker
    from forecastctl.store.mlflow.internals import ChangedError
    from forecastctl.store.mlflow.server import MlflowServerTracker

    place: dict[str, Any] = {"artifact_location": artifact_location, "create": create}
    if writer == "auto":
        try:
            return MlflowServerTracker(address.uri, experiment, **place)
        except ChangedError as error:
            if create:
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


def _reader(address: Address, experiment: str) -> Tracker:
    """What reads a store as it is, whatever wrote it."""
    database, revision = find_store(address)
    known = revision in KNOWN_REVISIONS
    if not known and is_own(revision):
        from forecastctl.store.mlflow.client import MlflowClientTracker

        database.close()
        return MlflowClientTracker(address.uri, experiment, create=False)
    if not known and not is_readable(database):
        raise not_read(address, revision)
    from forecastctl.store.mlflow.sql.tracker import MlflowSqlTracker

    found = sql_experiment(database, experiment, None, create=False)
    return MlflowSqlTracker(database, found, None if known else not_written(address, revision))


def _way(revision: str, writer: Writer) -> Literal["sql", "client"] | None:
    """How a store is written without a migration; ``None`` where it cannot be."""
    if writer != "client" and revision in KNOWN_REVISIONS:
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


def heal(tracker: Tracker, is_alive: Callable[[StoredRun], bool]) -> list[str]:
    """Mark jobs that were killed as `KILLED`, with all that was running below them.

    Args:
        tracker: The store.
        is_alive: Whether a job that the store shows as running still runs.

    Returns:
        Run ids of the jobs that were marked, newest first.

    Raises:
        TrackingError: The store cannot be read or written.
    """
    running = Query(tags={JOBS: SET}, status=RUNNING, limit=_PAGE)
    dead = [job for job in tracker.find(running) if not is_alive(job)]
    for job in dead:
        _kill_below(tracker, Query(parent_id=job.run_id, status=RUNNING, limit=_PAGE))
        if Tag.JOB_ID in job.tags:
            same = Query(tags={Tag.JOB_ID: job.tags[Tag.JOB_ID]}, status=RUNNING, limit=_PAGE)
            _kill_below(tracker, same)
        # The job last: healing that is itself interrupted starts again from it.
        tracker.update(job.run_id, _killed())
    return [job.run_id for job in dead]


def _kill_below(tracker: Tracker, query: Query) -> None:
    """Kill what a query finds, with all below; jobs that share a job id live or die alone."""
    while found := [run for run in tracker.find(query) if run.tags.get(Tag.KIND) != Kind.JOB]:
        for run in found:
            _kill_below(tracker, Query(parent_id=run.run_id, status=RUNNING, limit=_PAGE))
            tracker.update(run.run_id, _killed())


def _killed() -> RunUpdate:
    return RunUpdate(status=KILLED, end_ms=time.time_ns() // 1_000_000)

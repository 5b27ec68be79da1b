"""The tracker for an address, and what a killed job left behind."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Literal, TypeAlias

from forecastctl.adapters.mlflow_address import DEFAULT_URI, display_uri, resolve
from forecastctl.adapters.mlflow_store import KNOWN_REVISIONS, open_store
from forecastctl.errors import UsageError
from forecastctl.records import KILLED, RUNNING, Query, RunUpdate, StoredRun
from forecastctl.records.marks import JOBS, SET

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.adapters.mlflow_address import Address
    from forecastctl.ports import Tracker

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
) -> Tracker:
    """Open a store, made if it is missing, and an experiment in it.

    Args:
        uri: ``sqlite:///FILE``, ``postgresql://...`` or the http(s) address of an MLflow server;
            ``None`` for `DEFAULT_URI`.
        experiment: Name of the experiment, created if it is missing.
        artifact_location: Where a new experiment keeps its artifacts.
        writer: ``sql`` writes MLflow's tables, ``client`` goes through MLflow's client, ``auto``
            takes the fastest: the tables where they can be reached and are known, plain requests
            to a server.

    Raises:
        UsageError: No store has such an address, or it cannot be written that way.
        TrackingError: The store cannot be reached, made or used.
    """
    if writer not in WRITERS:
        raise UsageError(f"There is no writer {writer!r}; there are {', '.join(WRITERS)}.")
    address = resolve(uri)
    if writer == "auto" and address.kind != "http":
        writer = _fastest(address)
    if writer == "sql":
        from forecastctl.adapters.mlflow_sql import MlflowSqlTracker

        return MlflowSqlTracker(address.uri, experiment, artifact_location=artifact_location)
    if writer == "auto":
        from forecastctl.adapters.mlflow_server import MlflowServerTracker

        return MlflowServerTracker(address.uri, experiment, artifact_location=artifact_location)
    from forecastctl.adapters.mlflow_client import MlflowClientTracker

    return MlflowClientTracker(address.uri, experiment, artifact_location=artifact_location)


def _fastest(address: Address) -> Writer:
    database, revision = open_store(address)
    database.close()
    if revision in KNOWN_REVISIONS:
        return "sql"
    _LOG.warning(
        "The store %s has MLflow's schema %s, which this version does not know: "
        "runs are recorded through MLflow's client, which is slower.",
        address.shown,
        revision,
    )
    return "client"


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
        if "job_id" in job.tags:
            same = Query(tags={"job_id": job.tags["job_id"]}, status=RUNNING, limit=_PAGE)
            _kill_below(tracker, same)
        # The job last: healing that is itself interrupted starts again from it.
        tracker.update(job.run_id, _killed())
    return [job.run_id for job in dead]


def _kill_below(tracker: Tracker, query: Query) -> None:
    """Kill what a query finds, with all below; jobs that share a job id live or die alone."""
    while found := [run for run in tracker.find(query) if run.tags.get("kind") != "job"]:
        for run in found:
            _kill_below(tracker, Query(parent_id=run.run_id, status=RUNNING, limit=_PAGE))
            tracker.update(run.run_id, _killed())


def _killed() -> RunUpdate:
    return RunUpdate(status=KILLED, end_ms=time.time_ns() // 1_000_000)

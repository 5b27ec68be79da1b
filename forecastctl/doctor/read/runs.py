"""Runs that do not end, and files and runs that do not belong together."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from forecastctl.doctor.checks.runs import Folder, Runs
from forecastctl.records import RUNNING, Query
from forecastctl.records.marks import JOBS, SET
from forecastctl.records.schema import Kind, Tag
from forecastctl.store.alive import life
from forecastctl.store.healing import running_jobs
from forecastctl.store.mlflow.condition import (
    folder_of,
    known_to,
    stores_beside,
    without_run,
)

if TYPE_CHECKING:
    from pathlib import Path

    from forecastctl.store.mlflow.condition import Condition
    from forecastctl.store.port import Tracker

_RUN = re.compile("[0-9a-f]{32}")
_MOST = 20_000
_WITH_FILES = ("ok", "ok-without-suspects", "ok-with-fallback")


def runs(tracker: Tracker, condition: Condition, uri: str, now_ms: int) -> Runs:
    """Look at them.

    Args:
        tracker: The store, open to be read.
        condition: Of the same store.
        uri: Its address.
        now_ms: The time, milliseconds since the epoch.

    Raises:
        TrackingError: It cannot be read.
    """
    before = _running_below(tracker)
    jobs = running_jobs(tracker)
    lives = {job.run_id: life(job, now_ms) for job in jobs}
    dead, unclear, alive = (
        tuple(run_id for run_id, known in lives.items() if known == name)
        for name in ("dead", "unclear", "alive")
    )
    at_work = {job.tags.get(Tag.JOB_ID) for job in jobs}
    # Both before and after: a job may begin or end while one looks.
    dangling = tuple(
        run_id
        for run_id, job_id in _running_below(tracker).items()
        if run_id in before and job_id not in at_work
    )
    folder = condition.artifacts
    if folder is None:
        return Runs(dead, unclear, alive, dangling)
    finished = [
        run
        for status in _WITH_FILES
        for run in tracker.find(
            Query(tags={Tag.KIND: Kind.AIRPORT, Tag.STATUS: status}, limit=_MOST)
        )
        if run.status != RUNNING
    ]
    empty = tuple(run.run_id for run in finished if not _has_files(folder_of(folder, run.run_id)))
    folders = _without_run(folder, condition.file, uri)
    return Runs(dead, unclear, alive, dangling, folders, empty, len(finished))


def _running_below(tracker: Tracker) -> dict[str, str | None]:
    """Runs of airports and trials that are shown as running, with the id of their job."""
    return {
        run.run_id: run.tags.get(Tag.JOB_ID)
        for run in tracker.find(Query(status=RUNNING, limit=_MOST))
        if run.tags.get(Tag.KIND) in (Kind.AIRPORT, Kind.GROUP, Kind.TRIAL)
    }


def _has_files(folder: Path) -> bool:
    with suppress(OSError):
        return next(folder.iterdir(), None) is not None
    return False


def _without_run(folder: Path, store: Path | None, uri: str) -> tuple[Folder, ...]:
    """Folders with the name of a run that no experiment of the store has.

    Args:
        folder: Where the files of the experiment lie.
        store: Of an SQLite store its file.
        uri: Address of the store.
    """
    names: dict[str, Path] = {}
    with suppress(OSError):
        names = {path.name: path for path in folder.iterdir() if _RUN.fullmatch(path.name)}
    left = without_run(uri, names)
    sure = _without_other_store(left, store, folder) if left and store else set()
    now = time.time()
    found = []
    for name in sorted(left):
        with suppress(OSError):
            status = [path.lstat() for path in (names[name], *names[name].rglob("*"))]
            own = all(one.st_uid == os.geteuid() for one in status)
            age = now - max(one.st_mtime for one in status)
            found.append(Folder(str(names[name]), age, nobodys=own and name in sure))
    return tuple(found)


def _without_other_store(names: set[str], store: Path, folder: Path) -> set[str]:
    """Those that no other store beside this one has.

    None where one of these cannot be read, and where the files lie elsewhere than the store: then
    stores of other places may keep theirs there as well.
    """
    if not folder.resolve().is_relative_to(store.resolve().parent):
        return set()
    left = set(names)
    try:
        for path in stores_beside(store, folder):
            left -= known_to(path, left)
    except (OSError, sqlite3.Error):
        return set()
    return left


def ahead(tracker: Tracker, now_ms: int) -> float | None:
    """Seconds by which the newest run lies in the future; ``None`` without runs."""
    newest = tracker.find(Query(order_by="start_time DESC", limit=1))
    return (newest[0].start_ms - now_ms) / 1000 if newest else None


def versions_of_newest_job(tracker: Tracker) -> dict[str, str]:
    """Versions by package, as the newest job recorded them."""
    jobs = tracker.find(Query(tags={JOBS: SET}, order_by="start_time DESC", limit=1))
    texts = jobs[0].tags.get(Tag.VERSIONS, "").split() if jobs else []
    return dict(text.split("=", 1) for text in texts if "=" in text)

"""The heartbeat of a job: its runs say, on a clock, that its process lives."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from forecastctl.errors import ForecastctlError, NothingRecordedError
from forecastctl.records import RUNNING, RunUpdate
from forecastctl.records.marks import JOBS
from forecastctl.records.schema import Tag
from forecastctl.store import alive
from forecastctl.store.deleting import delete

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.records import Query, Run, StoredRun
    from forecastctl.store.port import Tracker

_LOG = logging.getLogger(__name__)


class Heart:
    """Refreshes the heartbeat of runs from a thread of its own, while it is open.

    Args:
        open_tracker: Opens the store once more, for the thread alone.

    Attributes:
        each_beat: What else is done at each beat.
    """

    def __init__(self, open_tracker: Callable[[], Tracker]) -> None:
        self.each_beat: Callable[[], None] = _nothing
        self._open = open_tracker
        self._tracker: Tracker | None = None
        self._runs: dict[str, None] = {}
        self._guard = threading.Lock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(alive.BEAT_SECONDS)  # a store that is away may hold it up
        close = getattr(self._tracker, "close", None)
        if close is not None and not self._thread.is_alive():
            close()

    def follow(self, run_id: str) -> None:
        """Refresh this run as well."""
        with self._guard:
            self._runs[run_id] = None

    def leave(self, run_id: str) -> None:
        """Refresh this run no more."""
        with self._guard:
            self._runs.pop(run_id, None)

    def beat(self) -> None:
        """Refresh all runs once; a store that does not answer is asked again at the next beat."""
        with self._guard:
            runs = list(self._runs)
        try:
            self.each_beat()
            for run_id in runs:
                self._refresh(run_id)
        except ForecastctlError as error:
            _LOG.info("no heartbeat: %s", error.message)

    def _beat_on(self) -> None:
        while not self._end.wait(alive.BEAT_SECONDS):
            try:
                self.beat()
            except Exception:  # noqa: BLE001 - a bug here must not end the job
                _LOG.exception("no heartbeat")

    def _refresh(self, run_id: str) -> None:
        if self._tracker is None:
            self._tracker = self._open()
        try:
            self._tracker.update(run_id, RunUpdate(tags=alive.pulse()))
        except NothingRecordedError:  # somebody deleted it
            self.leave(run_id)


def _nothing() -> None:
    """What is done at each beat until there is a lock."""


class Beating:
    """A tracker for whoever holds an experiment: its jobs have a heartbeat.

    Args:
        tracker: Where it records.
        heart: Refreshes the jobs that run.
        lock: What keeps others out, for `Tag.LOCK`.
        check: Raises where the experiment is not held any more, so that nothing is written.
    """

    def __init__(
        self, tracker: Tracker, heart: Heart, lock: str, check: Callable[[], None]
    ) -> None:
        self._tracker, self._heart, self._check = tracker, heart, check
        self._lock = lock

    def start(self, run: Run, parent_id: str | None = None) -> str:
        """Open a run; one of a job with a heartbeat."""
        self._check()
        if JOBS not in run.tags:
            return self._tracker.start(run, parent_id)
        run_id = self._tracker.start(replace(run, tags={**run.tags, **self._tags()}), parent_id)
        self._heart.follow(run_id)
        return run_id

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """Write subtrees."""
        self._check()
        return self._tracker.record(runs, parent_id)

    def update(self, run_id: str, update: RunUpdate) -> None:
        """Add to a run; one that goes on has a heartbeat again, one that ends has none any more."""
        self._check()
        if update.status == RUNNING:
            update = replace(update, tags={**update.tags, **self._tags()})
        elif update.status is not None:
            self._heart.leave(run_id)
        self._tracker.update(run_id, update)
        if update.status == RUNNING:
            self._heart.follow(run_id)

    def delete(self, run_ids: Sequence[str]) -> int:
        """As the tracker does, if it can."""
        return delete(self._tracker, run_ids)

    def find(self, query: Query) -> list[StoredRun]:
        """Runs that meet the query."""
        return self._tracker.find(query)

    def get(self, run_id: str) -> StoredRun:
        """One run by id."""
        return self._tracker.get(run_id)

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """Content of one artifact."""
        return self._tracker.read_artifact(run_id, path)

    def url(self, run_id: str) -> str | None:
        """Address of the run's page."""
        return self._tracker.url(run_id)

    def _tags(self) -> dict[str, str]:
        return {**alive.pulse(), Tag.LOCK: self._lock}

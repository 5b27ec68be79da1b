"""A tracker in front of a store: what the store does not take waits in a spool.

Each result is first written to the spool, the moment it is there, and leaves it when the store has
it. So a process that is killed loses nothing that was computed. Once the store has failed, all that
is recorded stays in the spool, and the job goes on: a batch goes to one side whole.

A result that is kept does not wait for its batch to fill for long: a clock has it recorded.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from forecastctl.errors import RefusedError, TrackingError
from forecastctl.records import RUNNING, StoredRun
from forecastctl.records.schema import Kind, Tag
from forecastctl.store.spool.clock import Clock
from forecastctl.store.spool.keys import run_key

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.records import Query, Run, RunUpdate
    from forecastctl.store.port import Tracker
    from forecastctl.store.spool.keys import RunKey
    from forecastctl.store.spool.tracker import SpoolTracker

T = TypeVar("T")

log = logging.getLogger(__name__)


class SpoolingTracker:
    """Records in a store as long as that works, then in a spool.

    Of what the store holds, it can then read no more than the runs of the jobs that it has seen.

    Args:
        target: The store; ``None`` where it could not even be opened.
        spool: Where what the store does not take waits; ``None`` for nowhere.
        why: Why the store could not be opened.
        longest_wait: Seconds after which what is kept is recorded, however few it is; ``None`` for
            when its batch is full.

    Attributes:
        away: What the store failed with, or ``None`` while it works.
        lost: What the spool failed with, where what should be recorded could not be kept either.
    """

    def __init__(
        self,
        target: Tracker | None,
        spool: SpoolTracker | None,
        why: TrackingError | None = None,
        *,
        longest_wait: float | None = None,
    ) -> None:
        self._target = target
        self._spool = spool
        self.away = why
        self.lost: TrackingError | None = None
        self._reads_on = why is not None
        self._keeps = spool is not None
        if spool is not None:  # the store will have what waits in seconds, or else all waits long
            spool.journal.outlives_power_cuts = why is not None
        self._kept: dict[RunKey, tuple[int, str]] = {}
        self._jobs: dict[str, StoredRun] = {}
        self._seen: set[str] = set()
        """Ids of runs that the store has: what is added to them is owed to it."""
        self._waiting: dict[RunKey, tuple[Run, str | None]] = {}
        self._early: dict[RunKey, str] = {}
        self._lock = threading.RLock()
        self._clock = None if longest_wait is None else Clock(longest_wait, self.record_kept)

    def go_on_without(self, error: TrackingError) -> None:
        """Use the store no more.

        Args:
            error: What it failed with.
        """
        if self.away is None:
            self.away = error
            if self._spool is not None:
                self._spool.journal.outlives_power_cuts = True
            log.warning("%s %s", error.message, self._what_now())
        self._reads_on = True

    def begin(self) -> None:
        """Work begins: from now on, what cannot be read of the store stops nothing any more."""
        self._reads_on = True

    def keep(self, run: Run, parent_id: str | None = None) -> None:
        """Write a run to the spool that is to be recorded soon, so that it is not lost till then.

        Args:
            run: The run, which belongs to a job.
            parent_id: Its parent.
        """
        key = run_key(run.tags)
        with self._lock:
            if self._spool is None or not self._keeps or key is None or key in self._kept:
                return
            try:
                [entry] = self._spool.keep([run], parent_id)
            except TrackingError as error:
                log.info("results are not kept before they are recorded: %s", error.message)
                self._keeps = False
                return
            self._kept[key] = entry.number, entry.run_id
            self._waiting[key] = run, parent_id
            if self._clock is not None:
                self._clock.start()

    def record_kept(self) -> None:
        """Record what is kept, before its batch is full."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            if self._target is None or self.away is not None:
                return
            for parent_id in dict.fromkeys(parent for _, parent in waiting.values()):
                keys = [key for key, (_, parent) in waiting.items() if parent == parent_id]
                runs = [waiting[key][0] for key in keys]
                try:
                    ids = self._target.record(runs, parent_id)
                except RefusedError:
                    return  # whoever records them is told
                except TrackingError as error:
                    self.go_on_without(error)
                    return
                self._early |= dict(zip(keys, ids, strict=True))
                self._forget(runs)

    def start(self, run: Run, parent_id: str | None = None) -> str:
        """Open a run."""
        with self._lock:
            return self._start(run, parent_id)

    def _start(self, run: Run, parent_id: str | None) -> str:
        if self._target is not None and self.away is None:
            try:
                return self._opened(self._target.start(run, parent_id), run, parent_id)
            except RefusedError:
                raise
            except TrackingError as error:
                self.go_on_without(error)
        try:
            return self._spooled().start(run, parent_id)
        except TrackingError as error:  # nothing is done yet: it may as well end here
            if self.away is None or error is self.away:
                raise
            raise TrackingError(f"{self.away.message} {error.message}", self.away.hint) from error

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """Write subtrees; an id is empty where a run could be kept nowhere."""
        keys = [run_key(run.tags) or () for run in runs]
        with self._lock:
            early = [self._early.pop(key, None) for key in keys]
            left = [run for run, found in zip(runs, early, strict=True) if found is None]
            made = iter(self._record(left, parent_id) if left or not runs else [])
            for key in keys:
                self._waiting.pop(key, None)
        return [next(made) if found is None else found for found in early]

    def _record(self, runs: Sequence[Run], parent_id: str | None) -> list[str]:
        if self._target is not None and self.away is None:
            try:
                ids = self._target.record(runs, parent_id)
            except RefusedError:
                raise
            except TrackingError as error:
                self.go_on_without(error)
            else:
                self._forget(runs)
                return ids
        kept = [self._kept.pop(run_key(run.tags) or (), None) for run in runs]
        left = [run for run, entry in zip(runs, kept, strict=True) if entry is None]
        made = iter(self._or_lost(lambda: self._spooled().record(left, parent_id), len(left)))
        return [next(made) if entry is None else entry[1] for entry in kept]

    def update(self, run_id: str, update: RunUpdate) -> None:
        """Add to a run."""
        with self._lock:
            self._update(run_id, update)

    def _update(self, run_id: str, update: RunUpdate) -> None:
        if self._target is not None and self.away is None:
            try:
                self._target.update(run_id, update)
            except RefusedError:
                raise
            except TrackingError as error:
                self.go_on_without(error)
            else:
                self._changed(run_id, update)
                return
        owed = run_id in self._jobs or run_id in self._seen
        self._changed(run_id, update)
        self._or_lost(lambda: self._add(run_id, update, owed=owed), 0)

    def find(self, query: Query) -> list[StoredRun]:
        """Runs that meet the query; without the store, those in the spool."""
        runs = self._read(lambda store: store.find(query), lambda: self._spooled().find(query))
        self._note(runs)
        return runs

    def get(self, run_id: str) -> StoredRun:
        """One run by id; without the store, of those in the spool."""
        run = self._read(lambda store: store.get(run_id), lambda: self._spooled_run(run_id))
        self._note([run])
        return run

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """Content of one artifact; without the store, of runs in the spool."""
        return self._read(
            lambda store: store.read_artifact(run_id, path),
            lambda: self._spooled().read_artifact(run_id, path),
        )

    def url(self, run_id: str) -> str | None:
        """Address of the run's page, while the store works."""
        return None if self._target is None or self.away else self._target.url(run_id)

    def close(self) -> None:
        """Give the spool back."""
        if self._clock is not None:
            self._clock.stop()
        if self._spool is not None:
            self._spool.close()

    def _read(self, of_store: Callable[[Tracker], T], of_spool: Callable[[], T]) -> T:
        with self._lock:
            return self._read_alone(of_store, of_spool)

    def _read_alone(self, of_store: Callable[[Tracker], T], of_spool: Callable[[], T]) -> T:
        if self._target is not None and self.away is None:
            try:
                return of_store(self._target)
            except TrackingError as error:
                if not self._reads_on:
                    raise
                self.go_on_without(error)
        return of_spool()

    def _spooled(self) -> SpoolTracker:
        """The spool.

        Raises:
            TrackingError: There is none: what the store failed with.
        """
        if self._spool is None:
            raise self.away or TrackingError("There is neither a store nor a spool.")
        return self._spool

    def _or_lost(self, write: Callable[[], list[str]], runs: int) -> list[str]:
        """What a write to the spool gives; empty ids where it fails, so that the job goes on."""
        try:
            return write()
        except RefusedError:
            raise
        except TrackingError as error:
            if self.lost is None:
                log.warning("What the job does from here on is recorded nowhere: %s", error.message)
                self.lost = error
            return [""] * runs

    def _opened(self, run_id: str, run: Run, parent_id: str | None) -> str:
        """Note a run that was opened in the store: all of it but its metrics."""
        head = (run_id, run.name, RUNNING, run.start_ms, None)
        self._jobs[run_id] = StoredRun(*head, dict(run.params), {}, dict(run.tags), parent_id)
        return run_id

    def _note(self, runs: Sequence[StoredRun]) -> None:
        """Note runs of jobs in the store: they may have to be read, and added to, without it."""
        if self.away is None:
            self._seen.update(run.run_id for run in runs)
            self._jobs |= {r.run_id: r for r in runs if r.tags.get(Tag.KIND) == Kind.JOB}

    def _changed(self, run_id: str, update: RunUpdate) -> None:
        old = self._jobs.get(run_id)
        if old is not None:
            tags = {**old.tags, **update.tags}
            status = update.status or old.status
            self._jobs[run_id] = replace(old, status=status, tags=tags)

    def _spooled_run(self, run_id: str) -> StoredRun:
        return self._jobs[run_id] if run_id in self._jobs else self._spooled().get(run_id)

    def _add(self, run_id: str, update: RunUpdate, *, owed: bool) -> list[str]:
        spool = self._spooled()
        (spool.owe if owed else spool.update)(run_id, update)
        return []

    def _forget(self, runs: Sequence[Run]) -> None:
        """Delete from the spool what the store has."""
        keys = [run_key(run.tags) for run in runs]
        numbers = [self._kept.pop(key)[0] for key in keys if key is not None and key in self._kept]
        if not numbers or self._spool is None:
            return
        try:
            self._spool.journal.remove(numbers)
        except TrackingError as error:
            log.info("the spool keeps what is recorded: %s", error.message)

    def _what_now(self) -> str:
        if self._spool is None:
            return "The job goes on; what it records from here on is lost."
        return f"The job goes on; what it records waits in {self._spool.journal.path.parent}."

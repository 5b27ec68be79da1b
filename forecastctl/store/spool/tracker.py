"""The tracker port on a spool: what is recorded is appended to a file, and read by replaying it."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError, RefusedError
from forecastctl.records import Artifact, Query
from forecastctl.records.failures import storable
from forecastctl.store.limits import fit, fit_update
from forecastctl.store.memory import MemoryTracker
from forecastctl.store.mlflow.sql.rows import new_id
from forecastctl.store.spool.journal import (
    RECORD,
    START,
    UPDATE,
    BusyError,
    DamagedJournalError,
    Journal,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import Run, RunUpdate, StoredRun
    from forecastctl.store.spool.journal import Entry

log = logging.getLogger(__name__)


class SpoolTracker:
    """Tracker on files of this machine. Slow to search, made to be written and published.

    Args:
        journal: The file that is written.
        others: Files of earlier jobs, which are read as well.
    """

    def __init__(self, journal: Journal, others: Sequence[Journal] = ()) -> None:
        self.journal = journal
        self._others = others
        self._view: MemoryTracker | None = None

    def start(self, run: Run, parent_id: str | None = None) -> str:
        """Open a run."""
        if run.children:
            raise RefusedError(f"Run {run.name!r} cannot be opened with children.")
        fit(run)  # what no store takes is refused here as well
        return self._append(START, [run], parent_id)[0].run_id

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """Write subtrees."""
        return [entry.run_id for entry in self.keep(runs, parent_id)]

    def keep(self, runs: Sequence[Run], parent_id: str | None = None) -> list[Entry]:
        """Write subtrees, and return their entries in the file."""
        for run in runs:
            fit(run)
        return self._append(RECORD, runs, parent_id) if runs else []

    def update(self, run_id: str, update: RunUpdate) -> None:
        """Add to a run."""
        self._alone(storable(run_id)).update(storable(run_id), _lean(update))  # may refuse it
        self._view = None
        self.journal.add_update(run_id, update)

    def owe(self, run_id: str, update: RunUpdate) -> None:
        """Write what is to be added to a run wherever that is: in the store, or in the spool.

        Raises:
            TrackingError: The file cannot be written, or no store takes the update.
        """
        fit_update(update, lambda _: None)
        self._view = None
        self.journal.add_update(run_id, update)

    def find(self, query: Query) -> list[StoredRun]:
        """Runs that meet the query."""
        return self._read().find(query)

    def get(self, run_id: str) -> StoredRun:
        """One run by id."""
        return self._read().get(run_id)

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """Content of one artifact."""
        made = self._read().read_artifact(run_id, path)  # refuses what is not there
        for journal in (self.journal, *reversed(self._others)):
            found = journal.newest_file(run_id, path)
            if found is not None:
                return found
        return made

    def url(self, run_id: str) -> str | None:  # noqa: ARG002 - the port's signature
        """No pages here."""
        return None

    def close(self) -> None:
        """Give the files back."""
        for journal in (self.journal, *self._others):
            journal.close()

    def _append(self, verb: str, runs: Sequence[Run], parent_id: str | None) -> list[Entry]:
        self._view = None
        return self.journal.add_run(verb, runs, parent_id, new_id)

    def _alone(self, run_id: str) -> MemoryTracker:
        """What is known of one run, if it is not below another; else of all runs."""
        view, ids = _empty_view()
        for journal in (*self._others, self.journal):
            _replay(journal, view, ids, only=run_id)
        return view if any(run.run_id == run_id for run in view.find(Query())) else self._read()

    def _read(self) -> MemoryTracker:
        """All runs, without the content of their files."""
        if self._view is None:
            view, ids = _empty_view()
            for journal in (*self._others, self.journal):
                _replay(journal, view, ids)
            self._view = view
        return self._view


def _empty_view() -> tuple[MemoryTracker, deque[str]]:
    """A tracker in memory, and the ids that its next runs will get."""
    ids: deque[str] = deque()
    return MemoryTracker(ids.popleft), ids


def _replay(
    journal: Journal, view: MemoryTracker, ids: deque[str], only: str | None = None
) -> None:
    """Carry the verbs of a file out in memory; those about one run only, if so."""
    try:
        entries = journal.entries(only)
    except BusyError:
        return  # its job lives, and what it does is no concern of others yet
    except DamagedJournalError as error:
        log.warning("%s", error.message)
        return
    for entry in entries:
        if entry.verb == UPDATE:
            _replay_update(journal, view, entry)
            continue
        ids.extend(entry.ids)
        run = journal.run(entry, whole=False)
        if entry.verb == START:
            view.start(run, entry.parent_id)
        else:
            view.record([run], entry.parent_id)


def _replay_update(journal: Journal, view: MemoryTracker, entry: Entry) -> None:
    try:
        view.update(entry.run_id, journal.update(entry, whole=False))
    except NothingRecordedError:
        log.debug("an update in %s is of a run of the store", journal.path)


def _lean(update: RunUpdate) -> RunUpdate:
    """An update without the content of its files."""
    model = update.model and replace(update.model, content=b"")
    artifacts = tuple(Artifact(a.path, b"", a.table) for a in update.artifacts)
    return replace(update, artifacts=artifacts, model=model)

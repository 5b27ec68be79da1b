"""A tracker that records beside a store: all of it waits in a spool until it is published.

While it works it needs no store at all: several processes record at the same time, and each
publishes when it has the store to itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import Query, Run, RunUpdate, StoredRun
    from forecastctl.store.spool.tracker import SpoolTracker


class AsideTracker:
    """Tracker on a spool for runs below a run that a store has already.

    Args:
        spool: Where everything waits.
        job: The run in the store, as it was found there.
    """

    def __init__(self, spool: SpoolTracker, job: StoredRun) -> None:
        self._spool = spool
        self._job = job
        spool.journal.outlives_power_cuts = True

    def start(self, run: Run, parent_id: str | None = None) -> str:
        """Open a run."""
        return self._spool.start(run, parent_id)

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """Write subtrees."""
        return self._spool.record(runs, parent_id)

    def update(self, run_id: str, update: RunUpdate) -> None:
        """Add to a run, wherever it is."""
        self._spool.owe(run_id, update)

    def find(self, query: Query) -> list[StoredRun]:
        """Runs that wait and meet the query."""
        return self._spool.find(query)

    def get(self, run_id: str) -> StoredRun:
        """The run in the store, or one that waits."""
        return self._job if run_id == self._job.run_id else self._spool.get(run_id)

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """Content of one artifact of a run that waits."""
        return self._spool.read_artifact(run_id, path)

    def url(self, run_id: str) -> str | None:
        """No pages here."""
        return self._spool.url(run_id)

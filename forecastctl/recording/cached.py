"""A tracker that reads everything once, so that the parts of one answer share what they read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from forecastctl.records import Query, Run, RunUpdate, StoredRun
    from forecastctl.store.port import Tracker

T = TypeVar("T")


class Once:
    """A tracker with a memory, for one question; writing through it empties the memory.

    Args:
        tracker: The tracker that is read and written.
    """

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self._memory: dict[Hashable, Any] = {}

    def remember(self, key: Hashable, make: Callable[[], T]) -> T:
        """What ``make`` gave the first time; an error is not remembered."""
        if key not in self._memory:
            self._memory[key] = make()
        return cast("T", self._memory[key])

    def start(self, run: Run, parent_id: str | None = None) -> str:
        """As the tracker does."""
        self._memory.clear()
        return self._tracker.start(run, parent_id)

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """As the tracker does."""
        self._memory.clear()
        return self._tracker.record(runs, parent_id)

    def update(self, run_id: str, update: RunUpdate) -> None:
        """As the tracker does."""
        self._memory.clear()
        self._tracker.update(run_id, update)

    def find(self, query: Query) -> list[StoredRun]:
        """As the tracker does, the first time."""
        runs = self.remember(("find", repr(query)), lambda: self._tracker.find(query))
        for run in runs:
            self._memory.setdefault(("get", run.run_id), run)
        return list(runs)

    def get(self, run_id: str) -> StoredRun:
        """As the tracker does, the first time; a run that was found is not asked for again."""
        return self.remember(("get", run_id), lambda: self._tracker.get(run_id))

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """As the tracker does, the first time."""
        key = ("artifact", run_id, path)
        return self.remember(key, lambda: self._tracker.read_artifact(run_id, path))

    def url(self, run_id: str) -> str | None:
        """As the tracker does."""
        return self._tracker.url(run_id)


def remembered(tracker: Tracker, key: Hashable, make: Callable[[], T]) -> T:
    """What ``make`` gives; called once only, where the tracker has a memory."""
    return tracker.remember(key, make) if isinstance(tracker, Once) else make()

"""A tracker that forgets everything when the process ends."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError
from forecastctl.ports.filters import matches, order, parse_filter
from forecastctl.records import RUNNING, Artifact, Metric, Query, Run, RunUpdate, StoredRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def _last(metrics: Iterable[Metric]) -> dict[str, float]:
    """Value of each key at its highest (step, timestamp, value), as MLflow defines the latest."""
    ordered = sorted(metrics, key=lambda m: (m.step, m.timestamp_ms, m.value))
    return {m.key: m.value for m in ordered}


class MemoryTracker:
    """In-memory implementation of the tracker port."""

    def __init__(self) -> None:
        self._runs: dict[str, StoredRun] = {}
        self._metrics: dict[str, list[Metric]] = {}
        self._artifacts: dict[str, dict[str, bytes]] = {}
        self._ids = itertools.count(1)

    def start(self, run: Run, parent_id: str | None = None) -> str:
        """Open a run."""
        return self._write(run, parent_id, status=RUNNING)

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """Write subtrees."""
        return [self._write(run, parent_id, status=run.status) for run in runs]

    def update(self, run_id: str, update: RunUpdate) -> None:
        """Add to a run."""
        old = self.get(run_id)
        self._metrics[run_id].extend(update.metrics)
        self._attach(run_id, update.artifacts)
        self._runs[run_id] = StoredRun(
            run_id,
            old.name,
            update.status or old.status,
            old.start_ms,
            update.end_ms if update.end_ms is not None else old.end_ms,
            {**old.params, **update.params},
            _last(self._metrics[run_id]),
            {**old.tags, **update.tags},
            old.parent_id,
        )

    def find(self, query: Query) -> list[StoredRun]:
        """Runs that meet the query."""
        predicates = parse_filter(query.filter) if query.filter else ()
        found = [
            run
            for run in self._runs.values()
            if self._meets(run, query) and all(matches(run, p) for p in predicates)
        ]
        return order(found, query.order_by)[: query.limit]

    def get(self, run_id: str) -> StoredRun:
        """One run by id."""
        if run_id not in self._runs:
            raise NothingRecordedError(f"There is no run {run_id}.")
        return self._runs[run_id]

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """Content of one artifact."""
        self.get(run_id)
        if path not in self._artifacts[run_id]:
            raise NothingRecordedError(f"Run {run_id} has no artifact {path}.")
        return self._artifacts[run_id][path]

    def url(self, run_id: str) -> str | None:  # noqa: ARG002 - the port's signature
        """No pages here."""
        return None

    def _write(self, run: Run, parent_id: str | None, status: str) -> str:
        run_id = f"{next(self._ids):032x}"
        tags: Mapping[str, str] = run.tags
        self._metrics[run_id] = list(run.metrics)
        self._artifacts[run_id] = {}
        self._attach(run_id, run.artifacts)
        self._runs[run_id] = StoredRun(
            run_id,
            run.name,
            status,
            run.start_ms,
            run.end_ms,
            dict(run.params),
            _last(run.metrics),
            dict(tags),
            parent_id,
        )
        for child in run.children:
            self._write(child, run_id, child.status)
        return run_id

    def _attach(self, run_id: str, artifacts: Iterable[Artifact]) -> None:
        self._artifacts[run_id].update((a.path, a.content) for a in artifacts)

    @staticmethod
    def _meets(run: StoredRun, query: Query) -> bool:
        return (
            all(run.tags.get(k) == v for k, v in query.tags.items())
            and (query.status is None or run.status == query.status)
            and (query.since_ms is None or run.start_ms >= query.since_ms)
            and (query.before_ms is None or run.start_ms < query.before_ms)
            and (query.parent_id is None or run.parent_id == query.parent_id)
        )

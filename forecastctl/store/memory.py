"""A tracker that forgets everything when the process ends."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from forecastctl.errors import NothingRecordedError, RefusedError
from forecastctl.records import RUNNING, Artifact, Metric, Query, Run, RunUpdate, StoredRun
from forecastctl.store.filters import conditions, matches, order
from forecastctl.store.limits import HIDDEN_TAGS, fit, fit_update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


def latest(metrics: Iterable[Metric]) -> dict[str, Metric]:
    """Metric of each key at its highest (step, timestamp, value), as MLflow defines the latest.

    NaN counts as zero; of equals the first stays.
    """
    result: dict[str, Metric] = {}
    for metric in metrics:
        old = result.get(metric.key)
        if old is None or _rank(metric) > _rank(old):
            result[metric.key] = metric
    return result


def _rank(metric: Metric) -> tuple[int, int, float]:
    value = 0.0 if math.isnan(metric.value) else metric.value
    return metric.step, metric.timestamp_ms, value


class MemoryTracker:
    """In-memory implementation of the tracker port.

    Args:
        new_id: Makes the id of each new run; by default ids count from one.
    """

    def __init__(self, new_id: Callable[[], str] | None = None) -> None:
        self._runs: dict[str, StoredRun] = {}
        self._metrics: dict[str, list[Metric]] = {}
        self._artifacts: dict[str, dict[str, bytes]] = {}
        numbers = itertools.count(1)
        self._new_id = new_id or (lambda: f"{next(numbers):032x}")

    def start(self, run: Run, parent_id: str | None = None) -> str:
        """Open a run."""
        if run.children:
            raise RefusedError(f"Run {run.name!r} cannot be opened with children.")
        return self._write(fit(run), parent_id, status=RUNNING)

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """Write subtrees."""
        return [self._write(run, parent_id, run.status) for run in [fit(run) for run in runs]]

    def update(self, run_id: str, update: RunUpdate) -> None:
        """Add to a run."""
        old = self.get(run_id)
        update = fit_update(update, self._artifacts[run_id].get)
        _refuse_changed_params(run_id, old.params, update.params)
        self._metrics[run_id].extend(update.metrics)
        self._attach(run_id, update.artifacts)
        self._runs[run_id] = StoredRun(
            run_id,
            old.name,
            update.status or old.status,
            old.start_ms,
            update.end_ms if update.end_ms is not None else old.end_ms,
            {**old.params, **update.params},
            _values(self._metrics[run_id]),
            _visible({**old.tags, **update.tags}),
            old.parent_id,
        )

    def delete(self, run_ids: Sequence[str]) -> int:
        """Forget runs with all below them."""
        deleted, level = 0, list(run_ids)
        while level:
            deleted += sum(self._runs.pop(run_id, None) is not None for run_id in level)
            level = [run.run_id for run in self._runs.values() if run.parent_id in level]
        return deleted

    def find(self, query: Query) -> list[StoredRun]:
        """Runs that meet the query."""
        wanted = conditions(query)
        found = [run for run in self._runs.values() if all(matches(run, p) for p in wanted)]
        return order(found, query.order_by)[: max(query.limit, 0)]

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
        run_id = self._new_id()
        self._metrics[run_id] = list(run.metrics)
        self._artifacts[run_id] = {}
        self._attach(run_id, run.artifacts)
        self._runs[run_id] = StoredRun(
            run_id,
            run.name,
            status,
            run.start_ms,
            None if status == RUNNING else run.end_ms,
            dict(run.params),
            _values(run.metrics),
            _visible(run.tags),
            parent_id,
        )
        for child in run.children:
            self._write(child, run_id, child.status)
        return run_id

    def _attach(self, run_id: str, artifacts: Iterable[Artifact]) -> None:
        self._artifacts[run_id].update((a.path, a.content) for a in artifacts)


def _values(metrics: Iterable[Metric]) -> dict[str, float]:
    return {key: metric.value for key, metric in latest(metrics).items()}


def _visible(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if key not in HIDDEN_TAGS}


def _refuse_changed_params(run_id: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    changed = sorted(key for key in new if old.get(key, new[key]) != new[key])
    if changed:
        raise RefusedError(
            f"Run {run_id} has its parameters already; {', '.join(changed)} cannot be changed."
        )

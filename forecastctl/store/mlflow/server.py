"""The tracker port on an MLflow server: the fewest requests a run, several at a time.

A run takes three requests, for MLflow has none for several runs: it is created, logged and ended.
"""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from forecastctl.store.limits import fit
from forecastctl.store.mlflow.batches import batches
from forecastctl.store.mlflow.calls import calling
from forecastctl.store.mlflow.client import MlflowClientTracker, Opened
from forecastctl.store.mlflow.sql.rows import CONTEXT_TAG, dataset_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from forecastctl.records import Artifact, Dataset, Run, RunUpdate
    from forecastctl.store.patience import Patience

CONNECTIONS = 8
"""More do not help a server with MLflow's default of four workers."""

B = TypeVar("B")


class MlflowServerTracker(MlflowClientTracker):
    """Tracker on an MLflow server; reads through `mlflow.MlflowClient`, writes by itself.

    A root stays RUNNING, without its tags, until its subtree is complete.

    Args:
        uri: Address of the server.
        experiment: Name of the experiment.
        artifact_location: Where a new experiment keeps its artifacts.
        create: Whether an experiment that is missing is created.
        patience: How long the server may be away once it is open.

    Raises:
        UsageError: No server has such an address, or no experiment such a name.
        NothingRecordedError: There is no such experiment, and none is created.
        TrackingError: The server cannot be reached.
        ChangedError: The installed MLflow lacks what this uses, `MlflowClientTracker` does without.
    """

    def __init__(
        self,
        uri: str,
        experiment: str,
        *,
        artifact_location: str | None = None,
        create: bool = True,
        patience: Patience | None = None,
    ) -> None:
        self._listed: set[tuple[str, str]] = set()
        self._first = threading.Lock()
        super().__init__(
            uri, experiment, artifact_location=artifact_location, create=create, patience=patience
        )
        with calling(self._uri, "open"):
            from forecastctl.store.mlflow.http import Wire

            self._wire = Wire(self._uri, CONNECTIONS, self._patience)

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """Write subtrees, as much at a time as there are connections."""
        level = [(fit(run), parent_id) for run in runs]
        with calling(self._uri, "write runs to"), ThreadPoolExecutor(CONNECTIONS) as pool:
            ids = self._write_level(pool, level, is_root=True)
            self._settle()
            return ids

    def close(self) -> None:
        """Close the connections; they are opened again when needed."""
        self._wire.close()

    def _write_level(
        self, pool: ThreadPoolExecutor, level: Sequence[tuple[Run, str | None]], *, is_root: bool
    ) -> list[str]:
        """Write runs at one depth, then all below them, and end them last."""
        opened = _each(pool, lambda run, parent: self._create(run, parent, is_root=is_root), level)
        pairs = [(run, made) for (run, _), made in zip(level, opened, strict=True)]
        files = [(made, (artifact,)) for run, made in pairs for artifact in run.artifacts]
        _each(pool, self._attach, files)
        below = [(child, made.run_id) for run, made in pairs for child in run.children]
        if below:
            self._write_level(pool, below, is_root=False)
        _each(pool, lambda run, made: self._complete(run, made, run.status), pairs)
        return [made.run_id for made in opened]

    def _make(self, run: Run, tags: Mapping[str, str]) -> Opened:
        body = {
            "experiment_id": self._experiment,
            "start_time": run.start_ms,
            "run_name": run.name,
            "user_id": tags.get("mlflow.user", "unknown"),
            "tags": _pairs(tags.items()),
        }
        made = self._wire.post_once("runs/create", body)["run"]["info"]
        return Opened(str(made["run_id"]), str(made["artifact_uri"]))

    def _log(self, run_id: str, run: Run | RunUpdate, tags: Mapping[str, str]) -> None:
        for batch in batches(run.metrics, run.params, tags):
            metrics = [
                {
                    "key": m.key,
                    "value": _number(m.value),
                    "timestamp": m.timestamp_ms,
                    "step": m.step,
                }
                for m in batch.metrics
            ]
            params, labels = _pairs(batch.params), _pairs(batch.tags)
            body = {"run_id": run_id, "metrics": metrics, "params": params, "tags": labels}
            self._wire.post("runs/log-batch", body)

    def _log_inputs(self, run_id: str, inputs: Sequence[Dataset]) -> None:
        key, value = CONTEXT_TAG
        datasets = [
            {"tags": [{"key": key, "value": value}], "dataset": dataset_fields(data)}
            for data in inputs
        ]
        body = {"run_id": run_id, "datasets": datasets}
        keys = {(data.name, data.digest) for data in inputs}
        if keys <= self._listed:
            self._wire.post("runs/log-inputs", body)
            return
        with self._first:  # MLflow fails where two requests bring it the same dataset at once
            self._wire.post("runs/log-inputs", body)
            self._listed |= keys

    def _attach(self, run: Opened, artifacts: Sequence[Artifact]) -> None:
        folder = _proxied(run.location)
        if folder is None:
            super()._attach(run, artifacts)
            return
        for artifact in artifacts:
            self._wire.put(f"{folder}/{artifact.path}", artifact.content)

    def _end(self, run_id: str, status: str, end_ms: int | None) -> None:
        ended = {} if end_ms is None else {"end_time": end_ms}
        self._wire.post("runs/update", {"run_id": run_id, "status": status, **ended})


def _proxied(location: str) -> str | None:
    """Path of a run's artifacts behind the server's proxy; ``None`` where they lie elsewhere."""
    parts = urlsplit(location)
    if parts.scheme != "mlflow-artifacts" or parts.netloc:
        return None
    return parts.path.strip("/")


def _pairs(items: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in items]


def _number(value: float) -> float | str:
    """A number as protocol buffers want it in JSON, which has no names for the odd ones."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _each(
    pool: ThreadPoolExecutor, act: Callable[..., B], items: Sequence[tuple[Any, ...]]
) -> list[B]:
    """Results in order; what has not begun when one fails is left undone."""
    futures = [pool.submit(act, *item) for item in items]
    try:
        return [future.result() for future in futures]
    finally:
        for future in futures:
            future.cancel()

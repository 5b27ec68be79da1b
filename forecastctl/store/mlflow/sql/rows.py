"""Runs as rows of MLflow's tables, filled as MLflow itself fills them."""

from __future__ import annotations

import getpass
import math
import secrets
import threading
import time
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from forecastctl.errors import NothingRecordedError
from forecastctl.records import RUNNING, StoredRun, canonical_json
from forecastctl.records.schema import UNKNOWN, Kind, Tag
from forecastctl.store.filters import NAME_TAG, PARENT_TAG
from forecastctl.store.limits import HIDDEN_TAGS
from forecastctl.store.memory import latest
from forecastctl.store.mlflow.artifacts import run_location

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecastctl.records import Artifact, Dataset, Metric, Run
    from forecastctl.store.mlflow.address import Experiment
    from forecastctl.store.mlflow.sql.database import Row, Session

LARGEST = 1.7976931348623157e308
"""What MLflow stores in place of infinity."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "runs": (
        "run_uuid",
        "name",
        "source_type",
        "source_name",
        "entry_point_name",
        "user_id",
        "status",
        "start_time",
        "end_time",
        "deleted_time",
        "source_version",
        "lifecycle_stage",
        "artifact_uri",
        "experiment_id",
    ),
    "params": ("key", "value", "run_uuid"),
    "tags": ("key", "value", "run_uuid"),
    "metrics": ("key", "value", "timestamp", "step", "is_nan", "run_uuid"),
    "latest_metrics": ("key", "value", "timestamp", "step", "is_nan", "run_uuid"),
}
_INPUTS = ("input_uuid", "source_type", "source_id", "destination_type", "destination_id")
_INPUT_TAGS = ("input_uuid", "name", "value")
_DATASETS = "datasets WHERE experiment_id = ? AND name = ? AND digest = ?"

CONTEXT_TAG = ("mlflow.data.context", "training")
"""What MLflow's pages show beside the name of a dataset."""


class _Clock:
    """State of `new_id`: ids of one process never go back."""

    lock = threading.Lock()
    last = 0


def new_id() -> str:
    """A UUID of version 7 in hex: ids made later sort later, also within a millisecond.

    RFC 9562, section 5.7, with the 12 bits after the time counting on from it (method 1).
    """
    with _Clock.lock:
        tick = max((time.time_ns() // 1_000_000) << 12, _Clock.last + 1)
        _Clock.last = tick
    value = (tick >> 12) << 80 | 0x7 << 76 | (tick & 0xFFF) << 64
    return f"{value | 0b10 << 62 | secrets.randbits(62):032x}"


@cache
def user() -> str:
    """Name of who runs this, as MLflow's tag gives it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user without a name
        return "unknown"


def system_tags(run: Run, parent_id: str | None) -> dict[str, str]:
    """Tags that MLflow's pages look for."""
    own = {key: value for key, value in run.tags.items() if key in HIDDEN_TAGS}
    is_trial = run.tags.get(Tag.KIND) == Kind.TRIAL  # most of all runs; its parent says it
    commit = UNKNOWN if is_trial else run.tags.get(Tag.GIT_COMMIT, UNKNOWN)
    tags = {
        **({} if commit == UNKNOWN else {"mlflow.source.git.commit": commit}),
        "mlflow.user": user(),
        "mlflow.source.name": "forecastctl",
        "mlflow.source.type": "LOCAL",
        **own,
        **_shown(run),
        NAME_TAG: run.name,
    }
    tags.pop(PARENT_TAG, None)
    return tags if parent_id is None else {**tags, PARENT_TAG: parent_id}


def _shown(run: Run) -> dict[str, str]:
    """The tag by which MLflow's pages show a run's tables."""
    tables = [{"path": str(a.path), "type": "table"} for a in run.artifacts if a.table]
    return {"mlflow.loggedArtifacts": canonical_json(tables)} if tables else {}


def addable(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags that may be set later: a run keeps its name and its place."""
    return {key: value for key, value in tags.items() if key not in (NAME_TAG, PARENT_TAG)}


def metric_row(metric: Metric, run_id: str) -> Row:
    """A metric as MLflow stores it: NaN as a flagged zero, infinity as the largest number."""
    value = float(metric.value)
    is_nan = math.isnan(value)
    value = 0.0 if is_nan else min(max(value, -LARGEST), LARGEST)
    return str(metric.key), value, metric.timestamp_ms, metric.step, is_nan, run_id


def metric_value(value: float, *, is_nan: bool) -> float:
    """Inverse of `metric_row`."""
    if is_nan:
        return math.nan
    return math.copysign(math.inf, value) if abs(value) >= LARGEST else value


@dataclass(slots=True)
class Rows:
    """Rows by table, and files by artifact location."""

    tables: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    files: list[tuple[str, tuple[Artifact, ...]]] = field(default_factory=list)
    inputs: dict[tuple[int, str, str], tuple[Dataset, list[str]]] = field(default_factory=dict)
    """Datasets by experiment, name and digest, and the ids of the runs made from each."""

    def add(self, run: Run, parent_id: str | None, experiment: Experiment, status: str) -> str:
        """Add a run with its subtree and return its id."""
        run_id = new_id()
        location = run_location(experiment.location, run_id)
        own = {key: value for key, value in run.tags.items() if key not in HIDDEN_TAGS}
        tags = {**own, **system_tags(run, parent_id)}
        end = None if status == RUNNING else run.end_ms
        head = (run_id, run.name, "UNKNOWN", "", "", tags["mlflow.user"], status)
        self.tables["runs"].append(
            (*head, run.start_ms, end, None, "", "active", location, experiment.id)
        )
        self.tables["params"].extend((key, value, run_id) for key, value in run.params.items())
        self.tables["tags"].extend((key, value, run_id) for key, value in tags.items())
        metrics = dict.fromkeys(metric_row(m, run_id) for m in run.metrics)
        self.tables["metrics"].extend(metrics)
        last = latest(run.metrics).values()
        self.tables["latest_metrics"].extend(metric_row(m, run_id) for m in last)
        if run.artifacts:
            self.files.append((location, run.artifacts))
        for data in run.inputs:
            key = experiment.id, data.name, data.digest
            self.inputs.setdefault(key, (data, []))[1].append(run_id)
        for child in run.children:
            self.add(child, run_id, experiment, child.status)
        return run_id

    def insert(self, session: Session) -> None:
        """Write the rows, each table in the order of its index."""
        for table, rows in self.tables.items():
            if rows:
                keyed = rows if table == "runs" else sorted(rows, key=_place)
                session.insert(table, COLUMNS[table], keyed)
        for key, (data, run_ids) in self.inputs.items():
            _insert_inputs(session, key, data, run_ids)


def _insert_inputs(
    session: Session, key: tuple[int, str, str], data: Dataset, run_ids: Sequence[str]
) -> None:
    """Say of runs which dataset they were made from; each dataset of an experiment stands once."""
    described = dataset_fields(data)
    session.run(
        "INSERT INTO datasets (experiment_id, name, digest, dataset_uuid, dataset_source_type, "
        "dataset_source, dataset_schema, dataset_profile) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (*key, new_id(), *(described[k] for k in ("source_type", "source", "schema", "profile"))),
    )
    (found,) = session.rows(f"SELECT dataset_uuid FROM {_DATASETS}", key)  # noqa: S608 - our own words
    pairs = [(new_id(), run_id) for run_id in run_ids]
    rows = [(one, "DATASET", str(found[0]), "RUN", run_id) for one, run_id in pairs]
    session.insert("inputs", _INPUTS, rows)
    session.insert("input_tags", _INPUT_TAGS, [(one, *CONTEXT_TAG) for one, _ in pairs])


def dataset_fields(data: Dataset) -> dict[str, str]:
    """A dataset as MLflow keeps it, text by field."""
    columns = [{"type": t, "name": n, "required": True} for n, t in data.columns.items()]
    return {
        "name": data.name,
        "digest": data.digest,
        "source_type": "local",
        "source": canonical_json({"uri": data.source}),
        "schema": canonical_json({"mlflow_colspec": columns}),
        "profile": canonical_json(dict(data.profile)),
    }


def _place(row: Row) -> tuple[str, str]:
    return row[0], row[-1]


def to_stored(
    head: tuple[Any, ...],
    params: Mapping[str, str],
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
) -> StoredRun:
    """A run as the port gives it.

    Args:
        head: Id, name, status, start and end.
        params: Parameters.
        metrics: Last values, as MLflow gives them.
        tags: All tags, MLflow's own among them.
    """
    run_id, name, status, start, end = head
    return StoredRun(
        str(run_id),
        str(name or tags.get(NAME_TAG, "")),
        str(status),
        int(start or 0),
        int(end) if end else None,
        dict(params),
        {key: metric_value(value, is_nan=math.isnan(value)) for key, value in metrics.items()},
        {key: value for key, value in tags.items() if key not in HIDDEN_TAGS},
        tags.get(PARENT_TAG),
    )


def deleted_run(run_id: str) -> NothingRecordedError:
    """Error for a run that someone deleted."""
    return NothingRecordedError(
        f"Run {run_id} was deleted.", f"'mlflow runs restore --run-id {run_id}' brings it back."
    )

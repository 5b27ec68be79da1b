"""What is recorded in an SQLite store of MLflow, read without MLflow and without forecastctl."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from tests.golden.masking import MASK, VOLATILE, key, mask, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TABLES = ("forecasts.parquet", "reconciled.parquet", "fleet/models.parquet")
"""Artifacts that have rows by airport."""

UNREAD = ("settings.json", "environment.json")
"""Artifacts of which only the name is compared: parameters and versions stand elsewhere too."""

PILOT = re.compile(r"pilot/\d+\.json")
"""Files with searches of the pilot: how many there are depends on how fast the machine is."""

_SHORT = 16
"""Hexadecimal digits of a digest that stands beside many others."""


@dataclass
class Run:
    """A run as it stands in the store."""

    run_id: str
    name: str
    status: str
    folder: Path
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """Job, airport, group, trial or monitor."""
        return self.tags.get("kind", "")

    @property
    def files(self) -> list[str]:
        """Names of the artifacts."""
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.relative_to(self.folder).as_posix() for path in found)


_RUNS = """
SELECT run_uuid, runs.name, status, artifact_uri FROM runs JOIN experiments USING (experiment_id)
WHERE experiments.name = ? ORDER BY start_time, run_uuid
"""


def read(path: Path, experiment: str) -> list[Run]:
    """All runs of an experiment, the oldest first; none where there is no store yet."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(path)) as store:
        rows = store.execute(_RUNS, (experiment,))
        found = {row[0]: Run(row[0], row[1], row[2], Path(row[3])) for row in rows}
        for run_id, name, value in store.execute("SELECT run_uuid, key, value FROM tags"):
            if run_id in found:
                found[run_id].tags[name] = value
        for run_id, name, value in store.execute("SELECT run_uuid, key, value FROM params"):
            if run_id in found:
                found[run_id].params[name] = value
        for run_id, name, step, value in store.execute(
            "SELECT run_uuid, key, step, value FROM metrics ORDER BY key, step, timestamp"
        ):
            if run_id in found:
                found[run_id].metrics.setdefault(name, []).append((step, value))
    return list(found.values())


def name_all(runs: Iterable[Run], step: str, names: dict[str, str]) -> None:
    """Name the ids of runs that a command has made, after the command and what they are of."""
    for run in sorted(runs, key=_order):
        if run.run_id in names:
            continue
        job = names.setdefault(run.tags.get("job_id", run.run_id), _job(run, step, names))
        if run.kind == "job":
            names[run.run_id] = f"<{job}>"
        elif run.kind == "trial":
            names[run.run_id] = f"<trial {run.tags['trial']} of {run.tags['airport']} of {job}>"
        else:
            names[run.run_id] = f"<{run.tags.get('airport', 'run')} of {job}>"
        for other in ("backtest_id", "monitor_id", "fmin_uuid"):
            if other in run.tags:
                names.setdefault(run.tags[other], f"<{other} of {run.tags.get('airport', job)}>")


def _order(run: Run) -> tuple[bool, str, str]:
    return run.kind != "job", run.params.get("as_of", ""), run.run_id


def _job(run: Run, step: str, names: Mapping[str, str]) -> str:
    """The name of a job: the step, and the as-of date where a step makes several jobs."""
    as_of = run.params.get("as_of") if run.tags.get("origin") == "backtest" else None
    name = f"{step} as of {as_of}" if as_of else step
    return name if name not in names.values() else f"{name} again"


def record(runs: list[Run], names: Mapping[str, str]) -> dict[str, Any]:
    """What is compared of a store."""
    owners = {run.tags["job_id"]: run for run in runs if run.kind == "job"}
    parts: dict[str, list[Run]] = defaultdict(list)
    trials: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if run.kind in ("airport", "group"):
            parts[run.tags["job_id"]].append(run)
        elif run.kind == "trial":
            trials[run.tags.get("mlflow.parentRunId", "")].append(run)
    jobs = {}
    for job_id, owner in owners.items():
        shared = _shared([run.params for run in parts[job_id]])
        jobs[names[job_id]] = {
            **_described(owner, names),
            "params": mask(_visible(owner.params), names),
            "airport_params": shared,
            "tables": {n: _rows(owner.folder / n, names) for n in TABLES if n in owner.files},
            "airports": {
                run.tags["airport"]: _airport(run, owner, shared, trials[run.run_id], names)
                for run in sorted(parts[job_id], key=lambda run: run.tags["airport"])
            },
        }
    monitors = {names[r.run_id]: _described(r, names) for r in runs if r.kind == "monitor"}
    return {"counts": _counts(runs), "kinds": _kinds(runs), "jobs": jobs, "monitors": monitors}


def _counts(runs: list[Run]) -> dict[str, int]:
    """Number of runs by kind, command, origin and status."""
    named = (
        " ".join(run.tags.get(tag, "-") for tag in ("kind", "command", "origin", "status"))
        for run in runs
    )
    return dict(sorted(Counter(named).items()))


def _kinds(runs: list[Run]) -> dict[str, Any]:
    """How many runs of a kind have which tags, parameters, metrics and artifacts."""
    found: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for run in runs:
        kind = found[run.kind]
        kind["tags"].update({key(name) for name in run.tags})
        kind["params"].update(set(run.params))
        kind["metrics"].update(set(run.metrics))
        kind["artifacts"].update({_file(name) for name in run.files})
    return {
        kind: {what: dict(sorted(counted.items())) for what, counted in parts.items()}
        for kind, parts in sorted(found.items())
    }


def _airport(
    run: Run, owner: Run, shared: Mapping[str, str], trials: list[Run], names: Mapping[str, str]
) -> dict[str, Any]:
    """One airport of a job; tags and parameters that are those of all are left out."""
    found = _described(run, names)
    of_job = _described(owner, names)["tags"]
    found["tags"] = {k: v for k, v in found["tags"].items() if of_job.get(k) != v}
    found["params"] = {k: v for k, v in run.params.items() if shared.get(k) != v}
    found["trials"] = [_trial(t) for t in sorted(trials, key=lambda t: int(t.tags["trial"]))]
    return found


def _described(run: Run, names: Mapping[str, str]) -> dict[str, Any]:
    """Name, status, tags, metrics and artifacts of a run."""
    tags = {name: value for name, value in run.tags.items() if key(name) == name}
    metrics = {name: _values(values) for name, values in run.metrics.items()}
    return {
        "name": text(run.name, names),
        "status": run.status,
        "tags": mask(_visible(tags), names),
        "metrics": _visible(metrics),
        "artifacts": _artifacts(run, names),
    }


def _artifacts(run: Run, names: Mapping[str, str]) -> dict[str, str]:
    """Digests of a run's artifacts; all searches of the pilot have one, however many files hold."""
    found = {_file(name): _digest_of(run.folder / name, names) for name in run.files}
    pilot = [
        row
        for name in run.files
        if PILOT.fullmatch(name)
        for row in mask(json.loads((run.folder / name).read_text(encoding="utf-8")), names)
    ]
    if pilot:
        found["pilot/N.json"] = digest(sorted(pilot, key=lambda row: row["airport"]))[:_SHORT]
    return found


def _file(name: str) -> str:
    return "pilot/N.json" if PILOT.fullmatch(name) else name


def _values(values: list[tuple[int, float]]) -> Any:
    """The value of a metric, or its values by step."""
    if len(values) == 1 and values[0][0] == 0:
        return values[0][1]
    return {str(step): value for step, value in values}


def _visible(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: MASK if name in VOLATILE else values[name] for name in sorted(values)}


def _shared(values: list[dict[str, str]]) -> dict[str, str]:
    """What all have, with the same value."""
    if not values:
        return {}
    return dict(sorted(set.intersection(*(set(v.items()) for v in values))))


def _trial(run: Run) -> str:
    """A trial as a line: number, origin, status, model, loss, and a digest of all else."""
    tags, scores = run.tags, {k: v for k, v in run.metrics.items() if k not in VOLATILE}
    rest = [run.params, scores, tags.get("folds"), tags.get("reason"), tags.get("duplicate_of")]
    loss = run.metrics.get("loss", [(0, None)])[-1][1]
    said = [tags["trial"], tags.get("start", "-"), tags["trial_status"], tags.get("model", "-")]
    return f"{' '.join(said)} loss {loss!r} {digest(rest)[:_SHORT]}"


def _digest_of(path: Path, names: Mapping[str, str]) -> str:
    """SHA-256 of the content of a JSON file, with what is volatile masked; else nothing."""
    if path.suffix != ".json" or path.name in UNREAD:
        return ""
    return digest(mask(json.loads(path.read_text(encoding="utf-8")), names))[:_SHORT]


def _rows(path: Path, names: Mapping[str, str]) -> dict[str, Any]:
    """By airport, the SHA-256 of its rows to the last bit, and two means to look at."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in pq.read_table(path).to_pylist():
        found[str(row.get("airport"))].append(mask(row, names))
    return {airport: _forecast(rows) for airport, rows in sorted(found.items())}


def _forecast(rows: list[dict[str, Any]]) -> dict[str, Any]:
    rows = sorted(rows, key=lambda row: str(row.get("date")))
    means = {row["date"]: row["mean"] for row in (rows[0], rows[-1]) if "mean" in row}
    return {"sha256": digest(rows), **({"mean": means} if means else {})}


def digest(value: Any) -> str:
    """SHA-256 of a JSON value, whatever the order of keys; floats have all their bits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()

"""The tracker port straight on MLflow's tables: whole subtrees in one transaction.

What is written is what MLflow's own client would have written, row by row, so that MLflow's
server, client and pages read it as their own. Nothing here imports MLflow, except to make a store
that is missing and to reach artifacts that do not lie in a local directory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.adapters.mlflow_address import resolve
from forecastctl.adapters.mlflow_artifacts import Writer, read
from forecastctl.adapters.mlflow_experiment import sql_experiment
from forecastctl.adapters.mlflow_rows import COLUMNS, Rows, addable, deleted_run, metric_row
from forecastctl.adapters.mlflow_select import HEAD, find, load
from forecastctl.adapters.mlflow_store import KNOWN_REVISIONS, open_store
from forecastctl.errors import NothingRecordedError, TrackingError, UsageError
from forecastctl.ports.limits import fit, fit_update, storable
from forecastctl.records import RUNNING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from forecastctl.adapters.mlflow_database import Session
    from forecastctl.records import Metric, Query, Run, RunUpdate, StoredRun

_LATER = (
    "(excluded.step, excluded.timestamp, excluded.value) > "
    "(latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)"
)


class MlflowSqlTracker:
    """Tracker on an SQLite or PostgreSQL store, written in its own tables.

    A subtree is there whole, with its artifacts, or not at all.

    Args:
        uri: Address of the store; it is made if it is missing.
        experiment: Name of the experiment, created if it is missing.
        artifact_location: Where a new experiment keeps its artifacts.

    Raises:
        UsageError: No such store has such an address, or no experiment such a name.
        TrackingError: The store cannot be reached, or its schema is not one of
            `KNOWN_REVISIONS`.
    """

    def __init__(self, uri: str, experiment: str, *, artifact_location: str | None = None) -> None:
        address = resolve(uri)
        if address.kind == "http":
            raise UsageError(f"{address.shown} is a server, whose tables cannot be written.")
        self._database, revision = open_store(address)
        if revision not in KNOWN_REVISIONS:
            raise TrackingError(
                f"The store {address.shown} has MLflow's schema {revision}, which this version "
                "of forecastctl does not know.",
                "Go through MLflow's client instead, or update forecastctl.",
            )
        self._experiment = sql_experiment(self._database, experiment, artifact_location)

    def start(self, run: Run, parent_id: str | None = None) -> str:
        """Open a run."""
        if run.children:
            raise TrackingError(f"Run {run.name!r} cannot be opened with children.")
        rows = Rows()
        run_id = rows.add(fit(run), parent_id, self._experiment, RUNNING)
        self._insert(rows)
        return run_id

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """Write subtrees, all in one transaction."""
        rows = Rows()
        ids = [
            rows.add(run, parent_id, self._experiment, run.status)
            for run in [fit(run) for run in runs]
        ]
        self._insert(rows)
        return ids

    def update(self, run_id: str, update: RunUpdate) -> None:
        """Add to a run, in one transaction."""
        location = self._location(run_id)
        fitted = fit_update(update, lambda path: self._artifact_or_none(run_id, location, path))
        writer = Writer()
        try:
            writer.write(location, fitted.artifacts)
            writer.settle()
            with self._database.transaction(write=True) as session:
                _end(session, run_id, fitted)
                _add_params(session, run_id, fitted.params)
                _add_metrics(session, run_id, fitted.metrics)
                _set_tags(session, run_id, fitted.tags)
        except BaseException:
            writer.undo()
            raise

    def find(self, query: Query) -> list[StoredRun]:
        """Runs that meet the query."""
        with self._database.transaction(write=False) as session:
            return find(session, self._experiment.id, query, self._database.ilike)

    def get(self, run_id: str) -> StoredRun:
        """One run by id."""
        with self._database.transaction(write=False) as session:
            _location(session, run_id)
            heads = session.rows(f"SELECT {HEAD} FROM runs r WHERE r.run_uuid = ?", (run_id,))  # noqa: S608
            return load(session, heads)[0]

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """Content of one artifact."""
        return read(self._location(run_id), run_id, path)

    def url(self, run_id: str) -> str | None:  # noqa: ARG002 - the port's signature
        """A database has no pages."""
        return None

    def close(self) -> None:
        """Give the connection back; it is opened again when needed."""
        self._database.close()

    def _insert(self, rows: Rows) -> None:
        """Write artifacts, then rows: a run that is seen has its artifacts."""
        writer = Writer()
        try:
            for location, artifacts in rows.files:
                writer.write(location, artifacts)
            writer.settle()
            with self._database.transaction(write=True) as session:
                rows.insert(session)
        except BaseException:
            writer.undo()
            raise

    def _location(self, run_id: str) -> str:
        with self._database.transaction(write=False) as session:
            return _location(session, run_id)

    def _artifact_or_none(self, run_id: str, location: str, path: str) -> bytes | None:
        try:
            return read(location, run_id, path)
        except NothingRecordedError:
            return None


def _location(session: Session, run_id: str) -> str:
    found = session.rows(
        "SELECT artifact_uri, lifecycle_stage FROM runs WHERE run_uuid = ?", (storable(run_id),)
    )
    if not found:
        raise NothingRecordedError(f"There is no run {run_id}.")
    if found[0][1] != "active":
        raise deleted_run(run_id)
    return str(found[0][0])


def _end(session: Session, run_id: str, update: RunUpdate) -> None:
    """Set status and end, and lock the run for the rest of the transaction."""
    changed = session.run(
        "UPDATE runs SET status = COALESCE(?, status), end_time = COALESCE(?, end_time) "
        "WHERE run_uuid = ? AND lifecycle_stage = 'active'",
        (update.status, update.end_ms, run_id),
    )
    if not changed:
        raise NothingRecordedError(f"There is no run {run_id}.")


def _add_params(session: Session, run_id: str, params: Mapping[str, str]) -> None:
    if not params:
        return
    rows = session.rows("SELECT key, value FROM params WHERE run_uuid = ?", (run_id,))
    old = {str(key): str(value) for key, value in rows}
    changed = sorted(key for key in params if old.get(key, params[key]) != params[key])
    if changed:
        raise TrackingError(
            f"Run {run_id} has its parameters already; {', '.join(changed)} cannot be changed."
        )
    new = [(key, value, run_id) for key, value in params.items() if key not in old]
    session.insert("params", COLUMNS["params"], new)


def _add_metrics(session: Session, run_id: str, metrics: Sequence[Metric]) -> None:
    columns = ", ".join(COLUMNS["metrics"])
    into = f"({columns}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT"
    for row in dict.fromkeys(metric_row(m, run_id) for m in metrics):
        session.run(f"INSERT INTO metrics {into} DO NOTHING", row)
        session.run(
            f"INSERT INTO latest_metrics {into} (key, run_uuid) DO UPDATE SET "
            "value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, "
            f"is_nan = excluded.is_nan WHERE {_LATER}",
            row,
        )


def _set_tags(session: Session, run_id: str, tags: Mapping[str, str]) -> None:
    for key, value in addable(tags).items():
        session.run(
            "INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?) "
            "ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value",
            (key, value, run_id),
        )

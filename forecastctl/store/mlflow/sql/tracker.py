"""The tracker port straight on MLflow's tables: whole subtrees in one transaction.

What is written is what MLflow's own client would have written, row by row, so that MLflow's
server, client and pages read it as their own. Nothing here imports MLflow, except to reach
artifacts that do not lie in a local directory.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from forecastctl.errors import NothingRecordedError, RefusedError, TrackingError
from forecastctl.records import RUNNING
from forecastctl.records.failures import storable
from forecastctl.store.filters import PARENT_TAG
from forecastctl.store.limits import fit, fit_update
from forecastctl.store.mlflow.artifacts import Writer, here, local_directory, read
from forecastctl.store.mlflow.mlmodel import with_model_files
from forecastctl.store.mlflow.sql.logged import insert_model, lists_models
from forecastctl.store.mlflow.sql.rows import (
    COLUMNS,
    Rows,
    addable,
    deleted_run,
    metric_row,
)
from forecastctl.store.mlflow.sql.select import HEAD, absent, find, load
from forecastctl.store.mlflow.unfinished import clear, noted
from forecastctl.store.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from forecastctl.records import Artifact, Metric, Query, Run, RunUpdate, StoredRun
    from forecastctl.store.mlflow.address import Experiment
    from forecastctl.store.mlflow.sql.database import Database, Session

T = TypeVar("T")
Files: TypeAlias = "Sequence[tuple[str, Sequence[Artifact]]]"

_LOG = logging.getLogger(__name__)
_LATER = (
    "(excluded.step, excluded.timestamp, excluded.value) > "
    "(latest_metrics.step, latest_metrics.timestamp, latest_metrics.value)"
)


class MlflowSqlTracker:
    """Tracker on an SQLite or PostgreSQL store, written in its own tables.

    A subtree is there whole, with its artifacts, or not at all.

    Args:
        database: The store.
        experiment: The experiment in it.
        refusal: Why the store can be read alone, if so; raised by whatever would write.
        patience: How long the store may be away.
    """

    def __init__(
        self,
        database: Database,
        experiment: Experiment,
        refusal: TrackingError | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._patience = patience or Patience()
        self._database = database
        self._experiment = experiment
        self._refusal = refusal
        self._cleared: set[Path] = set()

    def start(self, run: Run, parent_id: str | None = None) -> str:
        """Open a run."""
        if run.children:
            raise RefusedError(f"Run {run.name!r} cannot be opened with children.")
        rows = Rows()
        run_id = rows.add(fit(run), parent_id, self._experiment, RUNNING)
        self._write(rows.files, rows.insert, run_id)
        return run_id

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """Write subtrees, all in one transaction."""
        rows = Rows()
        ids = [
            rows.add(run, parent_id, self._experiment, run.status)
            for run in [fit(run) for run in runs]
        ]
        self._write(rows.files, rows.insert, ids[0] if ids else None)
        return ids

    def update(self, run_id: str, update: RunUpdate) -> None:
        """Add to a run, in one transaction."""
        location = self._location(run_id)
        model = update.model if update.model and self._lists_models() else None
        fitted = fit_update(
            with_model_files(update, run_id),
            lambda path: self._artifact_or_none(run_id, location, path),
        )

        def add(session: Session) -> None:
            _end(session, run_id, fitted)
            _add_params(session, run_id, fitted.params)
            _add_metrics(session, run_id, fitted.metrics)
            _set_tags(session, run_id, fitted.tags)
            if model is not None:
                insert_model(session, run_id, self._experiment.id, location, model)

        self._write([(location, fitted.artifacts)], add, None)

    def delete(self, run_ids: Sequence[str]) -> int:
        """Put runs with all below them into MLflow's bin, in one transaction."""
        deleted = 0

        def mark(session: Session) -> None:
            nonlocal deleted
            deleted = 0
            now, level = time.time_ns() // 1_000_000, list(run_ids)
            while level:
                deleted += sum(_mark_deleted(session, run_id, now) for run_id in level)
                level = [child for run_id in level for child in _below(session, run_id)]

        self._write([], mark, None)
        return deleted

    def find(self, query: Query) -> list[StoredRun]:
        """Runs that meet the query."""
        return self._read(
            lambda session: find(session, self._experiment.id, query, self._database.ilike)
        )

    def get(self, run_id: str) -> StoredRun:
        """One run by id."""

        def look(session: Session) -> StoredRun:
            _location(session, run_id)
            heads = session.rows(f"SELECT {HEAD} FROM runs r WHERE r.run_uuid = ?", (run_id,))  # noqa: S608
            return load(session, heads)[0]

        return self._read(look)

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """Content of one artifact."""
        return read(self._location(run_id), run_id, path)

    def url(self, run_id: str) -> str | None:  # noqa: ARG002 - the port's signature
        """A database has no pages."""
        return None

    def close(self) -> None:
        """Give the connection back; it is opened again when needed."""
        self._database.close()

    def _write(self, files: Files, act: Callable[[Session], None], run_id: str | None) -> None:
        """Write artifacts, then rows: a run that is seen has its artifacts.

        Files are taken back only where the rows are surely not there: a file without a run does
        no harm, a run without its files does.

        Args:
            files: Artifacts by location.
            act: Writes the rows.
            run_id: A run that is there when the rows are, if they hold a new one.
        """
        if self._refusal is not None:
            raise self._refusal
        self._patience.call(lambda: self._try_to_write(files, act, run_id))

    def _try_to_write(
        self, files: Files, act: Callable[[Session], None], run_id: str | None
    ) -> None:
        """Write once.

        Raises:
            StoreAwayError: Nothing of it is there, so that it may be tried again.
        """
        writer = Writer()
        session: Session | None = None
        with noted(self._new_folders(files, run_id), self._database.address.shown):
            try:
                for location, artifacts in files:
                    writer.write(location, artifacts)
                writer.settle()
                with self._database.transaction(write=True) as session:
                    act(session)
            except BaseException as error:
                there = self._committed(session, run_id)
                if there is False:
                    writer.undo()
                elif isinstance(error, TrackingError):
                    self._settle_doubt(error, there=there)
                    return
                raise

    def _new_folders(self, files: Files, run_id: str | None) -> list[Path]:
        """Folders of new runs on this computer; what killed processes left there is removed."""
        if run_id is None:
            return []
        roots = [local_directory(location) for location, artifacts in files if artifacts]
        folders = [root.parent for root in roots if root is not None]
        for place in {folder.parent for folder in folders} - self._cleared:
            clear(place, self._database.address.shown, self._without_run)
            self._cleared.add(place)
        return folders

    def _without_run(self, run_ids: Collection[str]) -> set[str]:
        with self._database.transaction(write=False) as session:
            return absent(session, run_ids)

    def _committed(self, session: Session | None, run_id: str | None) -> bool | None:
        """Whether a transaction that an exception ended took place; ``None`` for unknown."""
        if session is None or session.stage in ("open", "undone"):
            return False
        if session.stage == "committed":
            return True
        try:
            return self._patience.call(lambda: self._database.committed(session, run_id))
        except TrackingError:
            return None

    def _settle_doubt(self, error: TrackingError, *, there: bool | None) -> None:
        """Go on where an error hid that all is recorded.

        Raises:
            TrackingError: Nobody knows whether it is.
        """
        if there is None:
            raise TrackingError(
                f"{error.message} The answer to a COMMIT is lost: whether what it ended is "
                "recorded is not known. Its files are kept.",
                error.hint,
            ) from error
        _LOG.warning("%s The store has what was being recorded all the same.", error.message)

    def _lists_models(self) -> bool:
        return self._patience.call(lambda: lists_models(self._database))

    def _location(self, run_id: str) -> str:
        recorded = self._read(lambda session: _location(session, run_id))
        path = self._database.address.path
        return here(recorded, run_id, path and path.parent)

    def _read(self, act: Callable[[Session], T]) -> T:
        """Read within one transaction, again where the store did not answer."""

        def once() -> T:
            with self._database.transaction(write=False) as session:
                return act(session)

        return self._patience.call(once)

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


def _mark_deleted(session: Session, run_id: str, now_ms: int) -> int:
    return session.run(
        "UPDATE runs SET lifecycle_stage = 'deleted', deleted_time = ? "
        "WHERE run_uuid = ? AND lifecycle_stage = 'active'",
        (now_ms, run_id),
    )


def _below(session: Session, run_id: str) -> list[str]:
    """Ids of the children of a run that are not deleted."""
    found = session.rows(
        "SELECT t.run_uuid FROM tags t JOIN runs r ON r.run_uuid = t.run_uuid "
        "WHERE t.key = ? AND t.value = ? AND r.lifecycle_stage = 'active'",
        (PARENT_TAG, run_id),
    )
    return [str(child) for (child,) in found]


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
        raise RefusedError(
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

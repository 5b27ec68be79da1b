"""The tracker port through MLflow's public client: any store that MLflow takes."""

from __future__ import annotations

import logging
import threading
import uuid
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from forecastctl.errors import NothingRecordedError, RefusedError, TrackingError, UsageError
from forecastctl.records import ALL_RUNS, RUNNING, Query
from forecastctl.records.failures import storable
from forecastctl.records.marks import LEASES
from forecastctl.records.schema import Tag
from forecastctl.store.filters import matches
from forecastctl.store.limits import HIDDEN_TAGS, WRITE_TAG, fit, fit_update
from forecastctl.store.mlflow.address import public_uri, resolve
from forecastctl.store.mlflow.artifacts import (
    Writer,
    download,
    here,
    no_artifact,
    outside,
    read,
    staged,
)
from forecastctl.store.mlflow.batches import batches
from forecastctl.store.mlflow.calls import calling, is_unanswered
from forecastctl.store.mlflow.client_filters import render_filter, render_order
from forecastctl.store.mlflow.experiment import client_experiment, probe
from forecastctl.store.mlflow.logged import create_model
from forecastctl.store.mlflow.mlmodel import with_model_files
from forecastctl.store.mlflow.pages import Pages
from forecastctl.store.mlflow.sql.rows import (
    CONTEXT_TAG,
    addable,
    dataset_fields,
    deleted_run,
    system_tags,
    to_stored,
)
from forecastctl.store.patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from forecastctl.records import Artifact, Dataset, Run, RunUpdate, ServedModel, StoredRun

T = TypeVar("T")

PAGE = 1000
_LOG = logging.getLogger(__name__)
_EARLY_TAGS = (str(Tag.KIND), str(Tag.JOB_ID), LEASES)
"""Set when a root is created, so that runs of a killed job can be found; its others come last."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A run that has been created.

    Attributes:
        run_id: Its id.
        location: Where it keeps its artifacts.
        tags: Those of its own tags that it has already.
    """

    run_id: str
    location: str
    tags: Mapping[str, str] = field(default_factory=dict)


class MlflowClientTracker:
    """Tracker on SQLite, PostgreSQL or an MLflow server, through `mlflow.MlflowClient`.

    MLflow's client has no transactions: a root stays RUNNING, without its tags, until its subtree
    is complete.

    Args:
        uri: Address of the store.
        experiment: Name of the experiment.
        artifact_location: Where a new experiment keeps its artifacts.
        create: Whether an experiment that is missing is created.
        patience: How long the store may be away once it is open.

    Raises:
        UsageError: No store has such an address or such an experiment name.
        NothingRecordedError: There is no such store, or no such experiment and none is created.
        TrackingError: The store cannot be reached, or MLflow would migrate it.
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
        self._patience = patience or Patience()
        self._in_doubt: dict[str, str] = {}
        self._guard = threading.Lock()
        self._address = resolve(uri)
        self._uri = self._address.uri
        probe(self._address)
        with calling(self._uri, "open", impatient=True):
            from mlflow import MlflowClient

            self._client = MlflowClient(tracking_uri=self._uri)
            # Somebody answers at the address, so that it is worth waiting for.
            self._experiment = self._asked(
                lambda: client_experiment(
                    self._client, self._address, experiment, artifact_location, create=create
                )
            )

    def start(self, run: Run, parent_id: str | None = None) -> str:
        """Open a run."""
        if run.children:
            raise RefusedError(f"Run {run.name!r} cannot be opened with children.")
        fitted = fit(run)
        with calling(self._uri, "write a run to"):
            run_id = self._write(fitted, parent_id, RUNNING)
            self._settle()
            return run_id

    def record(self, runs: Sequence[Run], parent_id: str | None = None) -> list[str]:
        """Write subtrees."""
        fitted = [fit(run) for run in runs]
        with calling(self._uri, "write runs to"):
            ids = [self._write(run, parent_id, run.status) for run in fitted]
            self._settle()
            return ids

    def update(self, run_id: str, update: RunUpdate) -> None:
        """Add to a run."""
        run = self._run(run_id)
        info = run.info
        fitted = fit_update(
            with_model_files(update, run_id), lambda path: self._artifact_or_none(run_id, path)
        )
        with calling(self._uri, f"update run {run_id} in"):
            self._attach(Opened(run_id, info.artifact_uri), fitted.artifacts)
            self._log(run_id, fitted, addable(fitted.tags))
        if update.model is not None:
            self._list_model(run, update.model, fitted.artifacts)
        with calling(self._uri, f"update run {run_id} in"):
            self._finish(run_id, fitted.status, fitted.end_ms, info.status)

    def delete(self, run_ids: Sequence[str]) -> int:
        """Put runs with all below them into MLflow's bin, children first."""
        deleted = 0
        for run_id in run_ids:
            below = self.find(Query(parent_id=run_id, limit=ALL_RUNS))
            deleted += self.delete([child.run_id for child in below])
            with calling(self._uri, f"delete run {run_id} in"):
                self._asked(partial(self._client.delete_run, run_id))
            deleted += 1
        return deleted

    def find(self, query: Query) -> list[StoredRun]:
        """Runs that meet the query."""
        text, check = render_filter(query)
        order = render_order(query)
        found: dict[str, StoredRun] = {}
        token: str | None = None
        with calling(self._uri, "search runs in", refusal=UsageError):
            while len(found) < query.limit:
                size = PAGE if check else min(PAGE, query.limit - len(found))
                page = self._search(text, order, size, token)
                stored = [_stored(run) for run in page]
                found |= {r.run_id: r for r in stored if all(matches(r, p) for p in check)}
                token = page.token
                if not token:
                    break
        return list(found.values())[: max(query.limit, 0)]

    def _search(self, text: str, order: str, size: int, token: str | None) -> Any:
        return self._asked(
            lambda: self._client.search_runs(
                [self._experiment],
                filter_string=text,
                max_results=size,
                order_by=[order],
                page_token=token,
            )
        )

    def get(self, run_id: str) -> StoredRun:
        """One run by id."""
        return _stored(self._run(run_id))

    def read_artifact(self, run_id: str, path: str) -> bytes:
        """Content of one artifact."""
        location = self._run(run_id).info.artifact_uri
        if self._address.kind != "http":
            beside = self._address.path and self._address.path.parent
            return read(here(location, run_id, beside), run_id, path)
        if outside(path):
            raise no_artifact(run_id, path)
        missing = no_artifact(run_id, path)
        with calling(self._uri, "read an artifact from"):
            return self._asked(lambda: download(location, path, missing, self._uri))

    def url(self, run_id: str) -> str | None:
        """Address of the run's page, for a server."""
        if self._address.kind != "http":
            return None
        return Pages(public_uri(self._uri), ours=False).at(self._experiment, run_id)

    def _run(self, run_id: str) -> Any:
        try:
            with calling(self._uri, "read a run from", refusal=NothingRecordedError):
                run = self._asked(lambda: self._client.get_run(storable(run_id)))
        except NothingRecordedError as error:
            raise NothingRecordedError(f"There is no run {run_id}.") from error
        if run.info.lifecycle_stage != "active":
            raise deleted_run(run_id)
        return run

    def _artifact_or_none(self, run_id: str, path: str) -> bytes | None:
        try:
            return self.read_artifact(run_id, path)
        except NothingRecordedError:
            return None

    def _write(self, run: Run, parent_id: str | None, status: str, *, is_root: bool = True) -> str:
        opened = self._create(run, parent_id, is_root=is_root)
        self._attach(opened, run.artifacts)
        for child in run.children:
            self._write(child, opened.run_id, child.status, is_root=False)
        self._complete(run, opened, status)
        return opened.run_id

    def _create(self, run: Run, parent_id: str | None, *, is_root: bool) -> Opened:
        """Create a run; below a root, which says whether all is there, with its tags."""
        own = _early(run) if is_root else _own(run)
        write = uuid.uuid4().hex
        tags = {**own, **system_tags(run, parent_id), WRITE_TAG: write}
        tries = 0

        def make() -> Opened:
            """Make it, or find that an earlier try has, whose answer was lost."""
            nonlocal tries
            found = self._made_by(write) if tries else []
            tries += 1
            return found[0] if found else self._make(run, tags)

        opened = self._asked(make)
        if tries > 1:
            with self._guard:
                self._in_doubt[write] = opened.run_id
        return replace(opened, tags=own)

    def _settle(self) -> None:
        """Delete what requests have made that were given up before they were carried out."""
        with self._guard:
            doubtful, self._in_doubt = self._in_doubt, {}
        for write, kept in doubtful.items():
            made = self._asked(partial(self._made_by, write))
            for twin in (one for one in made if one.run_id != kept):
                self._asked(partial(self._client.delete_run, twin.run_id))
                _LOG.warning(
                    "Run %s is deleted: the store made it as well as run %s, because its answer "
                    "was lost.",
                    twin.run_id,
                    kept,
                )

    def _made_by(self, write: str) -> list[Opened]:
        """Runs that a writing has made: more than one where answers were lost, oldest first."""
        page = self._client.search_runs(
            [self._experiment],
            filter_string=f"tags.`{WRITE_TAG}` = '{write}'",
            order_by=["attribute.start_time ASC"],
        )
        return [Opened(str(run.info.run_id), str(run.info.artifact_uri)) for run in page]

    def _asked(self, act: Callable[[], T]) -> T:
        """Do what may be done twice, again where the store does not answer."""
        return self._patience.call(act, is_unanswered)

    def _complete(self, run: Run, opened: Opened, status: str) -> None:
        """Log what creating has left, then end the run."""
        if run.inputs:
            self._log_inputs(opened.run_id, run.inputs)
        rest = {key: value for key, value in _own(run).items() if key not in opened.tags}
        self._log(opened.run_id, run, rest)
        self._finish(opened.run_id, status, run.end_ms, RUNNING)

    def _finish(self, run_id: str, status: str | None, end_ms: int | None, now: str) -> None:
        """Set what differs from now; a run that goes on has no end."""
        wanted = status or now
        end_ms = None if wanted == RUNNING else end_ms
        if end_ms is not None or wanted != now:
            self._end(run_id, wanted, end_ms)

    def _make(self, run: Run, tags: Mapping[str, str]) -> Opened:
        created = self._client.create_run(
            self._experiment, start_time=run.start_ms, tags=dict(tags), run_name=run.name
        )
        return Opened(str(created.info.run_id), str(created.info.artifact_uri))

    def _log(self, run_id: str, run: Run | RunUpdate, tags: Mapping[str, str]) -> None:
        from mlflow.entities import Metric, Param, RunTag

        for batch in batches(run.metrics, run.params, tags):
            log = partial(
                self._client.log_batch,
                run_id,
                metrics=[Metric(m.key, m.value, m.timestamp_ms, m.step) for m in batch.metrics],
                params=[Param(key, value) for key, value in batch.params],
                tags=[RunTag(key, value) for key, value in batch.tags],
            )
            self._asked(log)

    def _log_inputs(self, run_id: str, inputs: Sequence[Dataset]) -> None:
        from mlflow import entities

        tags = [entities.InputTag(*CONTEXT_TAG)]
        logged = [
            entities.DatasetInput(entities.Dataset(**dataset_fields(data)), tags) for data in inputs
        ]
        self._asked(partial(self._client.log_inputs, run_id, datasets=logged))

    def _list_model(self, run: Any, model: ServedModel, files: Sequence[Artifact]) -> None:
        """List a model among MLflow's, where the store has such a list; the run holds it anyway."""
        try:
            with calling(self._uri, "list a model in"):
                create_model(self._client, self._experiment, run, model, files)
        except (TrackingError, NothingRecordedError) as error:
            _LOG.info("MLflow's list of models is without %s: %s", model.path, error.message)

    def _attach(self, run: Opened, artifacts: Sequence[Artifact]) -> None:
        if not artifacts:
            return
        if self._address.kind != "http":
            writer = Writer()
            writer.write(run.location, artifacts)
            writer.settle()
            return
        with staged(artifacts) as directory:
            self._asked(partial(self._client.log_artifacts, run.run_id, directory))

    def _end(self, run_id: str, status: str, end_ms: int | None) -> None:
        if end_ms is None:
            # set_terminated would make up an end
            self._asked(partial(self._client.update_run, run_id, status))
        else:
            self._asked(partial(self._client.set_terminated, run_id, status, end_ms))


def _own(run: Run) -> dict[str, str]:
    return {key: value for key, value in run.tags.items() if key not in HIDDEN_TAGS}


def _early(run: Run) -> dict[str, str]:
    return {key: run.tags[key] for key in _EARLY_TAGS if key in run.tags}


def _stored(run: Any) -> StoredRun:
    info, data = run.info, run.data
    return to_stored(
        (info.run_id, info.run_name, info.status, info.start_time, info.end_time),
        data.params,
        data.metrics,
        data.tags,
    )

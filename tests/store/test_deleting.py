"""Runs are deleted with all below them, and nothing else is; MLflow can bring them back."""

import uuid

import pytest

from forecastctl.errors import NothingRecordedError, RefusedError
from forecastctl.records import ALL_RUNS, Query
from forecastctl.store.deleting import delete
from forecastctl.store.memory import MemoryTracker
from forecastctl.store.mlflow.open import open_tracker
from tests.store.samples import record_sample


@pytest.fixture(params=["memory", "sql", "client", "server", "postgres"])
def tracker(request, sqlite_uri):
    if request.param == "memory":
        return MemoryTracker()
    name = f"deleting {uuid.uuid4().hex}"
    if request.param in ("sql", "client"):
        return open_tracker(sqlite_uri, name, writer=request.param)
    if request.param == "server":
        return open_tracker(request.getfixturevalue("mlflow_server").uri, name)
    return open_tracker(request.getfixturevalue("postgres_uri"), name)


def test_with_all_below_and_nothing_else(tracker):
    gone, stays = record_sample(tracker), record_sample(tracker)
    assert len(tracker.find(Query(limit=ALL_RUNS))) == 6
    assert delete(tracker, [gone]) == 3
    left = tracker.find(Query(limit=ALL_RUNS))
    assert len(left) == 3
    assert stays in {run.run_id for run in left}
    with pytest.raises(NothingRecordedError):
        tracker.get(gone)
    [airport] = tracker.find(Query(parent_id=stays))
    assert tracker.read_artifact(airport.run_id, "model.json") == b"{}"


def test_mlflow_brings_back_what_was_deleted(sqlite_uri):
    from mlflow import MlflowClient

    tracker = open_tracker(sqlite_uri, "x")
    gone = record_sample(tracker)
    delete(tracker, [gone])
    MlflowClient(sqlite_uri).restore_run(gone)
    assert tracker.get(gone).name == "job"


def test_a_store_that_cannot_is_said_to():
    with pytest.raises(RefusedError, match="cannot delete"):
        delete(object(), ["a"])

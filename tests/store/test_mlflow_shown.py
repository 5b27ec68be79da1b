"""What MLflow's pages and loaders look for, which the port does not know."""

import json
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from forecastctl.records import (
    FINISHED,
    Artifact,
    Column,
    Run,
    RunUpdate,
    ServedModel,
)
from forecastctl.store.mlflow.open import open_tracker
from tests.store.samples import NOW

IN = (Column("airport", str), Column("horizon", int, required=False))
OUT = (Column("mean", float),)
VERSIONS = {"python": "3.11.7", "mlflow": "3.12.0", "numpy": "2.1", "forecastctl": "1"}
MODEL = ServedModel(
    "fleet/models.parquet", b"rows", "a.loader", IN, OUT, VERSIONS, ("numpy", "pandas"), NOW
)


@pytest.fixture(params=["sql", "client"])
def tracker(request, sqlite_uri):
    return open_tracker(sqlite_uri, "shown", writer=request.param)


def test_tables_are_named_in_the_tag_of_the_pages(tracker, sqlite_uri):
    tables = (Artifact("t.json", b"{}", table=True), Artifact("model.json", b"{}"))
    child = Run("JFK #0", FINISHED, NOW, NOW + 1)
    [run_id] = tracker.record(
        [Run("JFK", FINISHED, NOW, NOW + 1, artifacts=tables, children=(child,))]
    )
    with closing(sqlite3.connect(sqlite_uri.removeprefix("sqlite:///"))) as store:
        rows = store.execute(
            "SELECT run_uuid, value FROM tags WHERE key = 'mlflow.loggedArtifacts'"
        )
        assert rows.fetchall() == [(run_id, '[{"path":"t.json","type":"table"}]')]


def test_a_model_is_described_beside_its_file(tracker):
    run_id = tracker.start(Run("job", start_ms=NOW))
    tracker.update(run_id, RunUpdate(FINISHED, NOW + 1, model=MODEL))
    assert tracker.read_artifact(run_id, "fleet/models.parquet") == b"rows"
    assert tracker.read_artifact(run_id, "fleet/requirements.txt") == b"numpy==2.1\n"
    assert json.loads(tracker.read_artifact(run_id, "fleet/python_env.yaml")) == {
        "python": "3.11.7",
        "build_dependencies": ["pip"],
        "dependencies": ["-r requirements.txt"],
    }
    described = json.loads(tracker.read_artifact(run_id, "fleet/MLmodel"))
    signature = {key: json.loads(described["signature"].pop(key)) for key in ("inputs", "outputs")}
    assert signature == {
        "inputs": [
            {"name": "airport", "type": "string", "required": True},
            {"name": "horizon", "type": "long", "required": False},
        ],
        "outputs": [{"name": "mean", "type": "double", "required": True}],
    }
    assert described == {
        "artifact_path": "fleet",
        "flavors": {
            "python_function": {
                "data": "models.parquet",
                "env": {"virtualenv": "python_env.yaml"},
                "loader_module": "a.loader",
                "python_version": "3.11.7",
            }
        },
        "mlflow_version": "3.12.0",
        "model_uuid": run_id,
        "run_id": run_id,
        "signature": {"params": None},
        "utc_time_created": "2023-11-14 22:13:20.000000",
    }


@pytest.mark.parametrize("store", ["sqlite sql", "sqlite client", "postgres sql", "server"])
def test_a_model_is_listed_with_its_run(store, request):
    import mlflow
    from mlflow import MlflowClient

    kind, _, writer = store.partition(" ")
    found = request.getfixturevalue("mlflow_server" if kind == "server" else f"{kind}_uri")
    uri = found.uri if kind == "server" else found
    tracker = open_tracker(uri, f"listed {uuid.uuid4().hex}", writer=writer or "auto")
    run_id = tracker.start(Run("job", start_ms=NOW))
    for _ in range(2):  # a job that is gone on with is closed again
        tracker.update(run_id, RunUpdate(FINISHED, NOW + 1, model=MODEL))
    client = MlflowClient(uri.replace("postgresql://", "postgresql+psycopg2://"))
    [output] = client.get_run(run_id).outputs.model_outputs
    model = client.get_logged_model(output.model_id)
    assert (model.name, model.status, model.source_run_id) == ("fleet", "READY", run_id)
    experiment = str(getattr(tracker._experiment, "id", tracker._experiment))
    [listed] = client.search_logged_models([experiment])
    assert listed.model_id == output.model_id
    mlflow.set_tracking_uri(uri.replace("postgresql://", "postgresql+psycopg2://"))
    for address in (f"models:/{model.model_id}", f"runs:/{run_id}/fleet"):
        files = mlflow.artifacts.download_artifacts(address)
        assert Path(files, "models.parquet").read_bytes() == b"rows"
        assert Path(files, "MLmodel").is_file()


def test_where_there_is_no_list_of_models_the_run_holds_it_alone(sqlite_uri):
    with closing(sqlite3.connect(sqlite_uri.removeprefix("sqlite:///"))) as store, store:
        store.execute("DROP TABLE logged_models")
    tracker = open_tracker(sqlite_uri, "older", writer="sql")
    run_id = tracker.start(Run("job", start_ms=NOW))
    tracker.update(run_id, RunUpdate(FINISHED, NOW + 1, model=MODEL))
    assert tracker.read_artifact(run_id, "fleet/models.parquet") == b"rows"

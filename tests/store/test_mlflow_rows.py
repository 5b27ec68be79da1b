"""What the SQL tracker writes is what MLflow's own client writes, and MLflow reads it."""

import sys
import time
import uuid
from pathlib import Path

import pytest
import requests

from forecastctl.records import (
    FAILED,
    FINISHED,
)
from forecastctl.store.limits import WRITE_TAG
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.mlflow.sql import rows as mlflow_rows
from tests.store.samples import NOW, record_sample, sample

TABLES = list(mlflow_rows.COLUMNS)


def rows_of(tracker, writer_database):
    """Every row of the tracker's experiment, ids replaced by names."""
    experiment = getattr(tracker._experiment, "id", tracker._experiment)
    with writer_database.transaction(write=False) as session:
        runs = session.rows(
            "SELECT run_uuid, name FROM runs WHERE experiment_id = ?", (int(experiment),)
        )
        names = dict(runs)
        result = {}
        for table in TABLES:
            columns = mlflow_rows.COLUMNS[table]
            rows = session.rows(f"SELECT {', '.join(columns)} FROM {table}")  # noqa: S608
            result[table] = sorted(
                tuple(plain(v, names) for v in row)
                for row in rows
                if row[columns.index("run_uuid")] in names and row[0] != WRITE_TAG
            )
            if table != "runs":
                # Nothing else is in these tables than what is written.
                every = session.rows(f"SELECT * FROM {table} LIMIT 1")[0]  # noqa: S608
                assert len(columns) == len(every)
    return result, experiment


def plain(value, names):
    if not isinstance(value, str):
        return repr(value)
    for run_id, name in names.items():
        value = value.replace(run_id, f"<{name}>")
    return repr(value)


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_every_row_is_as_mlflow_writes_it(store, request, tmp_path):
    uri = request.getfixturevalue(f"{store}_uri")
    suffix = uuid.uuid4().hex[:8]
    place = str(tmp_path / "artifacts")
    sql = open_tracker(uri, f"sql {suffix}", artifact_location=place, writer="sql")
    client = open_tracker(uri, f"client {suffix}", artifact_location=place, writer="client")
    record_sample(sql)
    record_sample(client)
    ours, our_experiment = rows_of(sql, sql._database)
    theirs, their_experiment = rows_of(client, sql._database)
    assert str(our_experiment) != str(their_experiment)
    index = mlflow_rows.COLUMNS["runs"].index("experiment_id")
    for table in TABLES:
        drop = index if table == "runs" else None
        assert [without(r, drop) for r in ours[table]] == [without(r, drop) for r in theirs[table]]
    assert len(ours["runs"]) == 3


def without(row, index):
    return row if index is None else row[:index] + row[index + 1 :]


def test_mlflow_reads_every_value(sqlite_uri):
    from mlflow import MlflowClient

    tracker = open_tracker(sqlite_uri, "x", writer="sql")
    job = record_sample(tracker)
    client = MlflowClient(sqlite_uri)
    runs = client.search_runs([str(tracker._experiment.id)])
    assert len(runs) == 3
    by_id = {r.info.run_id: r for r in runs}
    children = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == job]
    assert [r.info.run_name for r in children] == ["JFK"]
    airport = children[0]
    [trial] = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == airport.info.run_id]
    expected = sample().children[0].children[0]
    assert trial.data.params == expected.params
    assert {
        k: v for k, v in trial.data.tags.items() if not k.startswith("mlflow.")
    } == expected.tags
    assert trial.data.metrics == {
        "loss": 2.5,
        "inf": sys.float_info.max,
        "low": -sys.float_info.max,
        "twice": 1.0,
        "tiny": 5e-324,
    }
    history = client.get_metric_history(trial.info.run_id, "loss")
    assert [(m.step, str(m.value)) for m in history] == [(0, "nan"), (1, "2.5")]
    assert (trial.info.status, trial.info.start_time, trial.info.end_time) == (
        FAILED,
        NOW + 1,
        NOW + 2,
    )
    assert by_id[job].info.status == FINISHED
    assert by_id[job].data.metrics == {"airports": 1.0}
    listed = client.list_artifacts(airport.info.run_id)
    assert sorted(f.path for f in listed) == ["charts", "model.json"]
    path = client.download_artifacts(airport.info.run_id, "charts/forecast.png")
    assert Path(path).read_bytes() == b"\x89PNG"
    # And MLflow goes on where we stopped.
    client.log_metric(trial.info.run_id, "loss", 7.0, step=2)
    client.set_tag(trial.info.run_id, "seen", "yes")
    assert tracker.get(trial.info.run_id).metrics["loss"] == 7.0
    assert tracker.get(trial.info.run_id).tags["seen"] == "yes"


@pytest.mark.parametrize("writer", ["sql", "client", "server"])
def test_mlflow_lists_the_dataset_and_the_commit(writer, sqlite_uri, mlflow_server):
    from mlflow import MlflowClient

    uri = mlflow_server.uri if writer == "server" else sqlite_uri
    how = {} if writer == "server" else {"writer": writer}
    tracker = open_tracker(uri, f"datasets {uuid.uuid4().hex}", **how)
    tracker.record([sample(), sample()])
    experiment = str(getattr(tracker._experiment, "id", tracker._experiment))
    client = MlflowClient(uri)
    runs = client.search_runs([experiment], "tags.airport = 'JFK'")
    assert [run.data.tags["mlflow.source.git.commit"] for run in runs] == ["c0ffee"] * 2
    datasets = [run.inputs.dataset_inputs[0] for run in runs]
    assert datasets[0].dataset.to_dictionary() == {
        "name": "air 'x'.csv",
        "digest": "0" * 32,
        "source_type": "local",
        "source": '{"uri":"/a/air \'x\'.csv"}',
        "schema": '{"mlflow_colspec":[{"name":"y","required":true,"type":"double"}]}',
        "profile": '{"num_rows":3}',
    }
    assert datasets[0].dataset.to_dictionary() == datasets[1].dataset.to_dictionary()
    assert [dict(tag) for tag in datasets[0].tags] == [
        {"key": "mlflow.data.context", "value": "training"}
    ]
    stored = tracker.get(runs[0].info.run_id)
    assert "mlflow.source.git.commit" not in stored.tags  # a tag of ours says it


def test_the_rest_api_of_a_server_over_the_same_file(mlflow_server, tmp_path):
    name = f"rest {uuid.uuid4().hex}"
    tracker = open_tracker(mlflow_server.store, name, writer="sql", artifact_location=str(tmp_path))
    job = record_sample(tracker)
    api = f"{mlflow_server.uri}/api/2.0/mlflow"
    got = requests.get(f"{api}/runs/get", {"run_id": job}, timeout=300).json()["run"]
    assert (got["info"]["run_name"], got["info"]["status"]) == ("job", "FINISHED")
    assert {"key": "airports", "value": 1.0, "timestamp": NOW, "step": 0}.items() <= got["data"][
        "metrics"
    ][0].items()
    assert got["data"]["params"] == [{"key": "more", "value": "1"}]
    body = {
        "experiment_ids": [str(tracker._experiment.id)],
        "filter": f"tags.mlflow.parentRunId = '{job}'",
    }
    [airport] = requests.post(f"{api}/runs/search", json=body, timeout=300).json()["runs"]
    assert {"key": "airport", "value": "JFK"} in airport["data"]["tags"]
    files = requests.get(
        f"{api}/artifacts/list", {"run_id": airport["info"]["run_id"]}, timeout=300
    )
    assert {f["path"] for f in files.json()["files"]} == {"charts", "model.json"}
    content = requests.get(
        f"{mlflow_server.uri}/get-artifact",
        {"run_id": airport["info"]["run_id"], "path": "model.json"},
        timeout=300,
    )
    assert content.content == b"{}"


def test_ids_sort_by_time():
    ids = [mlflow_rows.new_id() for _ in range(20_000)]
    assert ids == sorted(set(ids))
    first = uuid.UUID(ids[0])
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert abs((first.int >> 80) - time.time() * 1000) < 60_000


def test_ids_do_not_go_back_with_the_clock(monkeypatch):
    before = mlflow_rows.new_id()
    monkeypatch.setattr(mlflow_rows.time, "time_ns", lambda: 1)
    assert mlflow_rows.new_id() > before

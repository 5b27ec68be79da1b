"""What the SQL tracker writes is what MLflow's own client writes, and whole or not at all."""

import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import requests

from forecastctl.adapters import mlflow_rows, mlflow_sql
from forecastctl.adapters.mlflow_open import open_tracker
from forecastctl.errors import NothingRecordedError, TrackingError, UsageError
from forecastctl.records import (
    FAILED,
    FINISHED,
    RUNNING,
    Artifact,
    Metric,
    Query,
    Run,
    RunUpdate,
)

NOW = 1_700_000_000_000
TABLES = ["runs", "params", "tags", "metrics", "latest_metrics"]


def sample():
    trial = Run(
        "trial \t\\N 'é' 🛫\n2",
        FAILED,
        NOW + 1,
        NOW + 2,
        params={"alpha": "0.5", "text": "tab\there\\ \r\n 'x' \"y\""},
        metrics=(
            Metric("loss", math.nan, 0, NOW),
            Metric("loss", 2.5, 1, NOW),
            Metric("inf", math.inf, 0, NOW),
            Metric("low", -math.inf, 0, NOW),
            Metric("twice", 1.0, 0, NOW),
            Metric("twice", 1.0, 0, NOW),
            Metric("tiny", 5e-324, 0, NOW),
        ),
        tags={"kind": "trial", "empty": "", "reason": "%s ? {} $1"},
    )
    airport = Run(
        "JFK",
        FINISHED,
        NOW,
        NOW + 3,
        params={"max_evals": "15"},
        tags={"airport": "JFK", "mlflow.note.content": "# note"},
        artifacts=(Artifact("model.json", b"{}"), Artifact("charts/forecast.png", b"\x89PNG")),
        children=(trial,),
    )
    return Run("job", RUNNING, NOW, tags={"kind": "job"}, children=(airport,))


def later():
    return RunUpdate(
        FINISHED,
        NOW + 9,
        params={"more": "1"},
        metrics=(Metric("airports", 1.0, 0, NOW), Metric("airports", 0.5, -1, NOW)),
        tags={"kind": "job", "status": "ok"},
    )


def record_sample(tracker):
    [job] = tracker.record([sample()])
    tracker.update(job, later())
    return job


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
                if row[columns.index("run_uuid")] in names
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


def test_the_rest_api_of_a_server_over_the_same_file(mlflow_server, tmp_path):
    name = f"rest {uuid.uuid4().hex}"
    tracker = open_tracker(mlflow_server.store, name, writer="sql", artifact_location=str(tmp_path))
    job = record_sample(tracker)
    api = f"{mlflow_server.uri}/api/2.0/mlflow"
    got = requests.get(f"{api}/runs/get", {"run_id": job}, timeout=20).json()["run"]
    assert (got["info"]["run_name"], got["info"]["status"]) == ("job", "FINISHED")
    assert {"key": "airports", "value": 1.0, "timestamp": NOW, "step": 0}.items() <= got["data"][
        "metrics"
    ][0].items()
    assert got["data"]["params"] == [{"key": "more", "value": "1"}]
    body = {
        "experiment_ids": [str(tracker._experiment.id)],
        "filter": f"tags.mlflow.parentRunId = '{job}'",
    }
    [airport] = requests.post(f"{api}/runs/search", json=body, timeout=20).json()["runs"]
    assert {"key": "airport", "value": "JFK"} in airport["data"]["tags"]
    files = requests.get(f"{api}/artifacts/list", {"run_id": airport["info"]["run_id"]}, timeout=20)
    assert {f["path"] for f in files.json()["files"]} == {"charts", "model.json"}
    content = requests.get(
        f"{mlflow_server.uri}/get-artifact",
        {"run_id": airport["info"]["run_id"], "path": "model.json"},
        timeout=20,
    )
    assert content.content == b"{}"


def files_below(directory):
    return [p for p in Path(directory).rglob("*") if p.is_file()]


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
@pytest.mark.parametrize("error", [TrackingError("disk"), KeyboardInterrupt(), MemoryError()])
def test_what_fails_leaves_nothing(store, error, request, tmp_path, monkeypatch):
    uri = request.getfixturevalue(f"{store}_uri")
    place = tmp_path / "artifacts"
    tracker = open_tracker(uri, uuid.uuid4().hex, artifact_location=str(place), writer="sql")
    insert = mlflow_rows.Rows.insert

    def break_at_the_end(rows, session):
        insert(rows, session)
        raise error

    monkeypatch.setattr(mlflow_rows.Rows, "insert", break_at_the_end)
    with pytest.raises(type(error)):
        tracker.record([sample(), sample()])
    assert files_below(tmp_path / "artifacts") == []
    assert tracker.find(Query()) == []
    monkeypatch.undo()
    tracker.record([sample()])
    assert len(tracker.find(Query())) == 3
    assert len(files_below(place)) == 2


def test_an_update_that_fails_leaves_the_run_as_it_was(sqlite_uri, monkeypatch):
    tracker = open_tracker(sqlite_uri, "x", writer="sql")
    run_id = tracker.start(Run("a", params={"p": "1"}, artifacts=(Artifact("old.txt", b"old"),)))
    before = tracker.get(run_id)
    bad = RunUpdate(
        FINISHED,
        5,
        params={"p": "2"},
        metrics=(Metric("m", 1.0),),
        tags={"t": "1"},
        artifacts=(Artifact("new/new.txt", b"new"),),
    )
    with pytest.raises(TrackingError, match="p cannot be changed"):
        tracker.update(run_id, bad)
    assert tracker.get(run_id) == before
    assert tracker.read_artifact(run_id, "old.txt") == b"old"
    with pytest.raises(NothingRecordedError):
        tracker.read_artifact(run_id, "new/new.txt")


def test_artifacts_that_cannot_be_written(sqlite_uri, tmp_path):
    (tmp_path / "file").touch()
    tracker = open_tracker(sqlite_uri, "x", writer="sql", artifact_location=f"{tmp_path}/file/x")
    with pytest.raises(TrackingError, match="cannot be written"):
        tracker.record([Run("fine"), sample()])
    assert tracker.find(Query()) == []


KILLED_WHILE_RECORDING = """
import sys, time
from forecastctl.adapters.mlflow_open import open_tracker
from forecastctl.records import Artifact, Metric, Query, Run
tracker = open_tracker(sys.argv[1], "x", writer="sql")
i = 0
while True:
    trials = tuple(Run(f"trial {k}", start_ms=1, end_ms=2, metrics=(Metric("loss", 1.0),)) for k in range(30))
    tracker.record([Run(f"airport {i}", start_ms=1, end_ms=2, artifacts=(Artifact("a", b"a"),), children=trials)])
    i += 1
    print(i, flush=True)
"""


def test_a_killed_process_leaves_whole_subtrees(sqlite_uri):
    tracker = open_tracker(sqlite_uri, "x", writer="sql")
    for round_ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED_WHILE_RECORDING, sqlite_uri],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3):
            process.stdout.readline()
        time.sleep(0.003 * round_)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    airports = [r for r in tracker.find(Query()) if r.parent_id is None]
    assert len(airports) >= 9
    for airport in airports:
        assert len(tracker.find(Query(parent_id=airport.run_id))) == 30
        assert tracker.read_artifact(airport.run_id, "a") == b"a"


def test_two_processes_at_once(sqlite_uri):
    tracker = open_tracker(sqlite_uri, "x", writer="sql")
    program = KILLED_WHILE_RECORDING.replace("while True", "while i < 20")
    processes = [
        subprocess.Popen([sys.executable, "-c", program, sqlite_uri], stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [p.wait(60) for p in processes] == [0, 0]
    assert len(tracker.find(Query(limit=5000))) == 2 * 20 * 31


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


def test_deleted_runs_are_gone(sqlite_uri):
    from mlflow import MlflowClient

    sql = open_tracker(sqlite_uri, "x", writer="sql")
    client = open_tracker(sqlite_uri, "x", writer="client")
    [run_id] = sql.record([Run("a", start_ms=1, end_ms=2)])
    MlflowClient(sqlite_uri).delete_run(run_id)
    for tracker in (sql, client):
        assert tracker.find(Query()) == []
        with pytest.raises(NothingRecordedError, match="deleted"):
            tracker.get(run_id)
        with pytest.raises(NothingRecordedError):
            sql.update(run_id, RunUpdate(FINISHED))


def test_experiments_are_apart_but_ids_are_not(sqlite_uri):
    one, two = (open_tracker(sqlite_uri, name, writer="sql") for name in ("one", "two"))
    [run_id] = one.record([Run("a", start_ms=1, end_ms=2)])
    assert two.find(Query()) == []
    assert two.get(run_id).name == "a"
    assert one.find(Query()) == [two.get(run_id)]


def test_many_runs_are_read_in_pieces(sqlite_uri):
    tracker = open_tracker(sqlite_uri, "x", writer="sql")
    runs = [Run(f"{i}", start_ms=NOW + i, end_ms=NOW + i, tags={"n": str(i)}) for i in range(1001)]
    tracker.record(runs)
    found = tracker.find(Query(limit=2000))
    assert [r.tags["n"] for r in found] == [str(i) for i in reversed(range(1001))]
    assert len(tracker.find(Query())) == 1000


def test_settings_of_the_file_stay(sqlite_uri):
    path = sqlite_uri.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    open_tracker(sqlite_uri, "x", writer="sql").record([sample()])
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_store_that_disappears(sqlite_uri):
    tracker = open_tracker(sqlite_uri, "x", writer="sql")
    tracker.close()
    shutil.rmtree(Path(sqlite_uri.removeprefix("sqlite:///")).parent)
    with pytest.raises(TrackingError, match="does not exist"):
        tracker.find(Query())


def test_a_server_has_no_tables():
    with pytest.raises(UsageError):
        mlflow_sql.MlflowSqlTracker("http://127.0.0.1:1", "x")


def test_artifacts_elsewhere_go_through_mlflow(sqlite_uri, tmp_path):
    from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    class Elsewhere(LocalArtifactRepository):
        def __init__(self, uri, tracking_uri=None, registry_uri=None):
            super().__init__(f"{tmp_path}/{uri.removeprefix('elsewhere://')}")

    _artifact_repository_registry.register("elsewhere", Elsewhere)
    for writer in ("sql", "client"):
        place = f"elsewhere://bucket/{writer}"
        tracker = open_tracker(sqlite_uri, writer, artifact_location=place, writer=writer)
        [run_id] = tracker.record([Run("a", artifacts=(Artifact("x/y.txt", b"y"),))])
        assert tracker.read_artifact(run_id, "x/y.txt") == b"y"
        assert (tmp_path / f"bucket/{writer}/{run_id}/artifacts/x/y.txt").read_bytes() == b"y"
        for missing in ("x", "x/z", "z/y", "../y"):
            with pytest.raises(NothingRecordedError):
                tracker.read_artifact(run_id, missing)


def test_artifacts_that_a_server_keeps_cannot_be_reached_through_its_database(mlflow_server):
    name = f"served {uuid.uuid4().hex}"
    open_tracker(mlflow_server.uri, name)
    tracker = open_tracker(mlflow_server.store, name, writer="sql")
    with pytest.raises(TrackingError, match="mlflow-artifacts"):
        tracker.record([Run("a", artifacts=(Artifact("x", b"x"),))])
    assert tracker.find(Query()) == []

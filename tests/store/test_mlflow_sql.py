"""What the SQL tracker writes is there whole, or not at all."""

import gc
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import closing
from pathlib import Path

import pytest

from forecastctl.errors import NothingRecordedError, TrackingError, UsageError
from forecastctl.records import (
    FINISHED,
    Artifact,
    Metric,
    Query,
    Run,
    RunUpdate,
)
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.mlflow.sql.postgres import PostgresSession
from forecastctl.store.mlflow.sql.sqlite import SqliteSession
from tests.store.samples import NOW, sample


def files_below(directory):
    return [p for p in Path(directory).rglob("*") if p.is_file()]


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
@pytest.mark.parametrize("error", [TrackingError("disk"), KeyboardInterrupt(), MemoryError()])
def test_what_fails_leaves_nothing(store, error, request, tmp_path, monkeypatch):
    uri = request.getfixturevalue(f"{store}_uri")
    place = tmp_path / "artifacts"
    tracker = open_tracker(uri, uuid.uuid4().hex, artifact_location=str(place), writer="sql")
    session = PostgresSession if store == "postgres" else SqliteSession
    insert = session.insert

    def break_in_the_middle(self, table, columns, rows):
        insert(self, table, columns, rows)
        if table == "metrics":
            raise error

    monkeypatch.setattr(session, "insert", break_in_the_middle)
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


def on_disk(monkeypatch, before=lambda _: None):
    """Paths that are flushed from now on."""
    found = []
    flush = os.fsync

    def record(descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        before(path)
        found.append(path)
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    return found


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are named by /proc")
def test_artifacts_lie_on_the_disk_before_their_run_is_seen(sqlite_uri, tmp_path, monkeypatch):
    place = tmp_path / "artifacts"
    tracker = open_tracker(sqlite_uri, "x", writer="sql", artifact_location=str(place))
    seen = []

    def look(_):
        with closing(sqlite3.connect(sqlite_uri.removeprefix("sqlite:///"))) as store:
            seen.append(store.execute("SELECT count(*) FROM runs").fetchone()[0])

    flushed = on_disk(monkeypatch, look)
    files = (Artifact("a", b"a"), Artifact("b/c", b"c"))
    [run_id] = tracker.record([Run("a", artifacts=files)])
    root = place / run_id / "artifacts"
    assert {root / "a", root / "b/c"} <= set(flushed)
    assert {place, place / run_id, root, root / "b"} <= set(flushed)
    assert set(seen) == {0}
    assert len(tracker.find(Query())) == 1
    tracker.update(run_id, RunUpdate(artifacts=(Artifact("d", b"d"),)))
    assert root / "d" in flushed


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are named by /proc")
def test_a_disk_that_refuses_leaves_nothing(sqlite_uri, tmp_path, monkeypatch):
    def full(path):
        if path.name == "b":
            raise OSError(28, "No space left on device")

    place = tmp_path / "artifacts"
    tracker = open_tracker(sqlite_uri, "x", writer="sql", artifact_location=str(place))
    on_disk(monkeypatch, full)
    with pytest.raises(TrackingError, match="No space left"):
        tracker.record([Run("a", artifacts=(Artifact("a", b"a"), Artifact("b", b"b")))])
    assert files_below(place) == []
    assert tracker.find(Query()) == []


def test_artifacts_that_cannot_be_written(sqlite_uri, tmp_path):
    (tmp_path / "file").touch()
    tracker = open_tracker(sqlite_uri, "x", writer="sql", artifact_location=f"{tmp_path}/file/x")
    with pytest.raises(TrackingError, match="cannot be written"):
        tracker.record([Run("fine"), sample()])
    assert tracker.find(Query()) == []


KILLED_WHILE_RECORDING = """
import sys, time
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.mlflow.sql.postgres import PostgresSession
from forecastctl.store.mlflow.sql.sqlite import SqliteSession
from forecastctl.records import Artifact, Metric, Query, Run
tracker = open_tracker(sys.argv[1], "x", writer="sql")
i = 0
while True:
    trials = tuple(Run(f"trial {k}", start_ms=1, end_ms=2, metrics=(Metric("loss", 1.0),)) for k in range(30))
    tracker.record([Run(f"airport {i}", start_ms=1, end_ms=2, artifacts=(Artifact("a", b"a"),), children=trials)])
    i += 1
    print(i, flush=True)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_whole_subtrees(sqlite_uri):
    tracker = open_tracker(sqlite_uri, "x", writer="sql")
    for round_ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED_WHILE_RECORDING, sqlite_uri],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3):
            process.stdout.readline()
        time.sleep(0.002 * round_)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    airports = [r for r in tracker.find(Query()) if r.parent_id is None]
    assert len(airports) >= 18
    for airport in airports:
        assert len(tracker.find(Query(parent_id=airport.run_id))) == 30
        assert tracker.read_artifact(airport.run_id, "a") == b"a"


@pytest.mark.slow
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_fork_does_not_touch_its_parents_connection(store, request):
    uri = request.getfixturevalue(f"{store}_uri")
    tracker = open_tracker(uri, uuid.uuid4().hex, writer="sql")
    tracker.record([Run("before", start_ms=1)])
    pid = os.fork()
    if pid == 0:
        try:
            tracker.record([Run("in the fork", start_ms=2)])
            tracker.close()
            gc.collect()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    connection = tracker._database._connection
    tracker.record([Run("after", start_ms=3)])
    assert tracker._database._connection is connection
    assert [r.name for r in tracker.find(Query())] == ["after", "in the fork", "before"]


@pytest.mark.slow
def test_two_processes_at_once(sqlite_uri):
    tracker = open_tracker(sqlite_uri, "x", writer="sql")
    program = KILLED_WHILE_RECORDING.replace("while True", "while i < 20")
    processes = [
        subprocess.Popen([sys.executable, "-c", program, sqlite_uri], stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [p.wait(60) for p in processes] == [0, 0]
    assert len(tracker.find(Query(limit=5000))) == 2 * 20 * 31


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
        open_tracker("http://127.0.0.1:1", "x", writer="sql")


@pytest.fixture
def elsewhere(tmp_path):
    """A place for artifacts that MLflow knows by a plug-in."""
    from mlflow.store.artifact.artifact_repository_registry import _artifact_repository_registry
    from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository

    class Elsewhere(LocalArtifactRepository):
        def __init__(self, uri, tracking_uri=None, registry_uri=None):
            super().__init__(f"{tmp_path}/{uri.removeprefix('elsewhere://')}")

    _artifact_repository_registry.register("elsewhere", Elsewhere)


def test_artifacts_elsewhere_go_through_mlflow(sqlite_uri, tmp_path, elsewhere):
    for writer in ("sql", "client"):
        place = f"elsewhere://bucket/{writer}"
        tracker = open_tracker(sqlite_uri, writer, artifact_location=place, writer=writer)
        [run_id] = tracker.record([Run("a", artifacts=(Artifact("x/y.txt", b"y"),))])
        assert tracker.read_artifact(run_id, "x/y.txt") == b"y"
        assert (tmp_path / f"bucket/{writer}/{run_id}/artifacts/x/y.txt").read_bytes() == b"y"
        for missing in ("x", "x/z", "z/y", "../y"):
            with pytest.raises(NothingRecordedError):
                tracker.read_artifact(run_id, missing)


def test_without_mlflows_registry_artifacts_elsewhere_are_read_and_writing_is_refused(
    sqlite_uri, elsewhere, monkeypatch, caplog
):
    from forecastctl.store.mlflow import artifacts

    tracker = open_tracker(sqlite_uri, "x", artifact_location="elsewhere://bucket")
    [run_id] = tracker.record([Run("a", artifacts=(Artifact("x/y.txt", b"y"),))])
    load = artifacts.import_module

    def other(name):
        return object() if name.endswith("artifact_repository_registry") else load(name)

    monkeypatch.setattr(artifacts, "import_module", other)
    artifacts._say_no_registry.cache_clear()
    with caplog.at_level("WARNING"):
        assert tracker.read_artifact(run_id, "x/y.txt") == b"y"
        with pytest.raises(TrackingError, match="cannot be told to write artifacts") as caught:
            tracker.record([Run("b", artifacts=(Artifact("x", b"x"),))])
    assert "MLflow server" in caught.value.hint
    assert [run.name for run in tracker.find(Query())] == ["a"]
    assert caplog.text.count("another registry of artifact stores") == 1


def test_artifacts_that_a_server_keeps_cannot_be_reached_through_its_database(
    mlflow_server, monkeypatch
):
    """Nor are they written to whatever server the environment names."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.uri)
    name = f"served {uuid.uuid4().hex}"
    open_tracker(mlflow_server.uri, name)
    tracker = open_tracker(mlflow_server.store, name, writer="sql")
    with pytest.raises(TrackingError, match="mlflow-artifacts"):
        tracker.record([Run("a", artifacts=(Artifact("x", b"x"),))])
    assert tracker.find(Query()) == []


def test_a_full_disk_is_told_from_a_wrong_address(sqlite_uri):
    tracker = open_tracker(sqlite_uri, "x")
    connection = tracker._database._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(TrackingError, match="is full") as raised:
        tracker.record([Run(f"r{i}", params={"p": "x" * 500}) for i in range(2000)])
    assert raised.value.hint == "Make room there; the same command goes on."

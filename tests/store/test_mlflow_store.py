"""Stores are made once, whole, by whoever comes first."""

import socket
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from forecastctl.errors import TrackingError, UsageError
from forecastctl.store.mlflow import create as mlflow_store
from forecastctl.store.mlflow.address import resolve
from forecastctl.store.mlflow.create import open_store, prepare
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.mlflow.revisions import KNOWN_REVISIONS
from forecastctl.store.mlflow.sql import postgres as mlflow_postgres
from forecastctl.store.mlflow.sql.connect import connect

RECORD = """
import sys
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.records import Run
tracker = open_tracker(sys.argv[1], "race")
print(tracker.record([Run(sys.argv[2], start_ms=1, end_ms=2)])[0])
print("mlflow" in sys.modules, "sqlalchemy" in sys.modules, file=sys.stderr)
"""


def record_at_once(uri, n):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RECORD, uri, f"process {i}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for i in range(n)
    ]
    done = [(p.communicate(timeout=600), p.returncode) for p in processes]
    assert [code for _, code in done] == [0] * n, done
    return [out for (out, _), _ in done], [err for (_, err), _ in done]


@pytest.mark.slow
def test_six_processes_on_a_fresh_store(tmp_path):
    path = tmp_path / "new" / "dir" / "mlflow.db"
    ids, errors = record_at_once(f"sqlite:///{path}", 6)
    assert len(set(ids)) == 6
    assert set(errors) == {"False False\n"}  # nobody imported MLflow or SQLAlchemy to record
    from forecastctl.records import Query

    found = open_tracker(f"sqlite:///{path}", "race").find(Query())
    assert {r.name for r in found} == {f"process {i}" for i in range(6)}
    assert [p.name for p in path.parent.iterdir()] == ["mlflow.db"]


@pytest.mark.slow
def test_six_processes_on_a_fresh_postgres_database(postgres_base):
    from tests.services import execute

    execute(postgres_base, "CREATE DATABASE fresh_race")
    ids, errors = record_at_once(f"{postgres_base}/fresh_race", 6)
    assert len(set(ids)) == 6
    assert set(errors) == {"False False\n"}


def test_the_installed_mlflow_is_known(store_template):
    database, revision = open_store(resolve(f"sqlite:///{store_template}"))
    database.close()
    assert revision in KNOWN_REVISIONS


def test_an_interrupted_making_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(
        mlflow_store, "_CREATE", "open('draft-was-here', 'w'); raise SystemExit('no')"
    )
    database = connect(resolve(f"sqlite:///{tmp_path}/mlflow.db"))
    with pytest.raises(TrackingError, match="could not make"):
        prepare(database)
    assert not (tmp_path / "mlflow.db").exists()
    assert (tmp_path / "draft-was-here").exists()


def test_a_stale_draft_is_not_taken_for_a_store(tmp_path, monkeypatch, store_template):
    """A process killed while it made the store."""
    (tmp_path / "mlflow.db.draft").write_bytes(b"half a store")
    (tmp_path / "mlflow.db.lock").touch()

    def create(uri, address, directory):
        draft = directory / uri.removeprefix("sqlite:///")
        assert draft == tmp_path / "mlflow.db.draft"
        assert not draft.exists()
        draft.write_bytes(store_template.read_bytes())

    monkeypatch.setattr(mlflow_store, "_create", create)
    database = connect(resolve(f"sqlite:///{tmp_path}/mlflow.db"))
    assert prepare(database) in KNOWN_REVISIONS


def test_an_empty_file_becomes_a_store(tmp_path, monkeypatch, store_template):
    path = tmp_path / "mlflow.db"
    path.touch()
    monkeypatch.setattr(
        mlflow_store,
        "_create",
        lambda uri, address, directory: (tmp_path / "mlflow.db.draft").write_bytes(
            store_template.read_bytes()
        ),
    )
    assert prepare(connect(resolve(f"sqlite:///{path}"))) in KNOWN_REVISIONS


def test_what_is_not_a_store_is_left_alone(tmp_path):
    other = tmp_path / "passengers.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE passengers (airport TEXT)")
    connection.close()
    before = other.read_bytes()
    with pytest.raises(TrackingError, match="holds no MLflow store"):
        open_tracker(f"sqlite:///{other}", "x")
    assert other.read_bytes() == before

    text = tmp_path / "notes.db"
    text.write_text("not a database at all, but long enough to look like one" * 20)
    with pytest.raises(TrackingError, match="not a database"):
        open_tracker(f"sqlite:///{text}", "x")


def test_a_place_that_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(TrackingError, match="cannot be made"):
        open_tracker(f"sqlite:///{tmp_path}/file/mlflow.db", "x")


@pytest.mark.parametrize("writer", ["auto", "sql", "client"])
def test_postgres_that_does_not_answer(writer, monkeypatch):
    from tests.services import free_port

    uri = f"postgresql://u:hush@127.0.0.1:{free_port()}/db"
    with pytest.raises(TrackingError) as error:
        open_tracker(uri, "x", writer=writer)
    assert "refused" in error.value.message
    assert "hush" not in error.value.message
    assert "\n" not in error.value.message


@pytest.mark.slow
def test_postgres_that_hangs(monkeypatch):
    monkeypatch.setattr(mlflow_postgres, "CONNECT_SECONDS", 2)  # the least that libpq takes
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        with pytest.raises(TrackingError, match="timeout"):
            open_tracker(f"postgresql://u@127.0.0.1:{port}/db", "x")


def test_postgres_without_the_database(postgres_base):
    with pytest.raises(TrackingError, match='database "nowhere" does not exist'):
        open_tracker(f"{postgres_base}/nowhere", "x")


def test_postgres_without_its_driver(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(UsageError) as error:
        open_tracker("postgresql://h/db", "x")
    assert "forecastctl[postgres]" in error.value.hint


def test_a_lost_connection_is_renewed(make_postgres, postgres_base):
    from forecastctl.records import Run
    from tests.services import execute

    uri = make_postgres()
    tracker = open_tracker(uri, "x")
    first = tracker.record([Run("a", start_ms=1, end_ms=2)])[0]
    name = uri.rpartition("/")[2]
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    execute(postgres_base, f"{kill} WHERE datname = '{name}'")
    second = tracker.record([Run("b", start_ms=1, end_ms=2)])[0]
    assert [tracker.get(i).name for i in (first, second)] == ["a", "b"]


def test_a_writer_waits_for_another(sqlite_uri):
    from forecastctl.records import Query, Run

    one, two = open_tracker(sqlite_uri, "x"), open_tracker(sqlite_uri, "x")
    with one._database.transaction(write=True):
        recorded = []
        thread = threading.Thread(
            target=lambda: recorded.extend(two.record([Run("b", start_ms=1, end_ms=2)]))
        )
        thread.start()
        time.sleep(0.2)
        assert recorded == []
    thread.join(600)
    assert [r.run_id for r in one.find(Query())] == recorded


@pytest.mark.slow
def test_a_store_that_stays_locked(sqlite_uri, monkeypatch):
    from forecastctl.records import Run
    from forecastctl.store.mlflow.sql import sqlite as mlflow_sqlite

    one = open_tracker(sqlite_uri, "x")
    monkeypatch.setattr(mlflow_sqlite, "BUSY_SECONDS", 0.05)
    two = open_tracker(sqlite_uri, "x")
    with (
        one._database.transaction(write=True),
        pytest.raises(TrackingError, match="locked") as error,
    ):
        two.record([Run("b")])
    assert "wait" in error.value.hint

"""Which tracker an address gets."""

import logging

import pytest

from forecastctl.errors import TrackingError, UsageError
from forecastctl.records import Query, Run
from forecastctl.store.mlflow import create
from forecastctl.store.mlflow import open as mlflow_open
from forecastctl.store.mlflow.client import MlflowClientTracker
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.mlflow.sql.tracker import MlflowSqlTracker
from forecastctl.store.patience import Patience


def test_a_known_store_is_written_directly(sqlite_uri, postgres_uri):
    for uri in (sqlite_uri, postgres_uri):
        assert isinstance(open_tracker(uri, "x"), MlflowSqlTracker)
        assert isinstance(open_tracker(uri, "x", writer="client"), MlflowClientTracker)


def test_a_server_is_asked(mlflow_server):
    assert isinstance(open_tracker(mlflow_server.uri, "x"), MlflowClientTracker)
    with pytest.raises(UsageError):
        open_tracker(mlflow_server.uri, "x", writer="sql")


def test_the_default_is_mlflows_own(monkeypatch, tmp_path, store_template):
    (tmp_path / "mlflow.db").write_bytes(store_template.read_bytes())
    monkeypatch.chdir(tmp_path)
    tracker = open_tracker(None, "x")
    assert tracker._database.address.path == tmp_path / "mlflow.db"


def test_an_unknown_schema_goes_through_the_client_and_says_so(sqlite_uri, monkeypatch, caplog):
    monkeypatch.setattr(mlflow_open, "KNOWN_REVISIONS", {"other": "9.9"})
    monkeypatch.setattr(mlflow_open, "is_writable", lambda _: False)
    with caplog.at_level(logging.WARNING, "forecastctl"):
        tracker = open_tracker(sqlite_uri, "x")
    assert isinstance(tracker, MlflowClientTracker)
    assert "through MLflow's client" in caplog.text
    tracker.record([Run("a", start_ms=1, end_ms=2)])
    assert len(tracker.find(Query())) == 1
    with pytest.raises(TrackingError, match="does not know"):
        open_tracker(sqlite_uri, "x", writer="sql")


def test_an_unknown_writer(sqlite_uri):
    with pytest.raises(UsageError, match="auto, sql, client"):
        open_tracker(sqlite_uri, "x", writer="magic")


def test_urls(mlflow_server, sqlite_uri):
    assert open_tracker(sqlite_uri, "x").url("abc") is None
    tracker = open_tracker(mlflow_server.uri, "x")
    number = tracker._experiment
    place = f"experiments/{number}/runs/abc?workflowType=machine_learning"
    assert tracker.url("abc") == f"{mlflow_server.uri}/#/{place}"


@pytest.mark.parametrize(
    ("program", "seconds", "said"),
    [
        ("print('INFO all is well', file=sys.stderr); os.kill(os.getpid(), 9)", 60, "signal 9."),
        ("import time; time.sleep(60)", 0.01, "not done after 0.01 seconds."),
        ("sys.exit('no room')", 60, "store sqlite:///mlflow.db: no room"),
        (
            "sys.exit('database or disk is full\\n[SQL: INSERT]\\n(Background on this error at: x)')",
            60,
            "mlflow.db: database or disk is full",
        ),
    ],
)
def test_why_mlflow_made_no_store_is_said(program, seconds, said, tmp_path, monkeypatch):
    """What is the last line of a process that was ended by something else says nothing of why."""
    monkeypatch.setattr(create, "_CREATE", f"import os, sys; {program}")
    monkeypatch.setattr(create, "_CREATE_SECONDS", seconds)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrackingError) as raised:
        open_tracker("sqlite:///mlflow.db", "x", patience=Patience(0))
    assert said in raised.value.message
    assert "INFO" not in raised.value.message
    assert not (tmp_path / "mlflow.db").exists()

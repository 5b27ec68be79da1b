"""Which tracker an address gets."""

import logging

import pytest

from forecastctl.errors import TrackingError, UsageError
from forecastctl.records import Query, Run
from forecastctl.store.mlflow import open as mlflow_open
from forecastctl.store.mlflow.client import MlflowClientTracker
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.mlflow.sql.tracker import MlflowSqlTracker


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

"""Experiments, and where they keep their artifacts."""

import sqlite3
import time
import uuid
from contextlib import closing

import pytest

from forecastctl.errors import NothingRecordedError, TrackingError, UsageError
from forecastctl.records import (
    Artifact,
    Run,
)
from forecastctl.store.mlflow.experiment import _say_default
from forecastctl.store.mlflow.open import open_tracker


class TestExperiments:
    def test_a_deleted_one(self, sqlite_uri):
        from mlflow import MlflowClient

        open_tracker(sqlite_uri, "old")
        mlflow = MlflowClient(sqlite_uri)
        number = mlflow.get_experiment_by_name("old").experiment_id
        mlflow.delete_experiment(number)
        for writer in ("sql", "client"):
            with pytest.raises(TrackingError, match="was deleted") as error:
                open_tracker(sqlite_uri, "old", writer=writer)
            assert f"--experiment-id {number}" in error.value.hint

    @pytest.mark.parametrize("name", ["", "  ", "x" * 300, "a\x00b"])
    @pytest.mark.parametrize("writer", ["sql", "client"])
    def test_impossible_names(self, sqlite_uri, name, writer):
        with pytest.raises(UsageError, match="cannot be called"):
            open_tracker(sqlite_uri, name, writer=writer)

    def test_both_writers_share_one(self, sqlite_uri):
        sql, client = (open_tracker(sqlite_uri, "über/'x' 🛫", writer=w) for w in ("sql", "client"))
        assert str(sql._experiment.id) == client._experiment

    def test_both_writers_make_the_same(self, sqlite_uri):
        from mlflow import MlflowClient

        made = {}
        for writer in ("sql", "client"):
            open_tracker(sqlite_uri, f"by {writer}", writer=writer)
            experiment = MlflowClient(sqlite_uri).get_experiment_by_name(f"by {writer}")
            made[writer] = (experiment.tags, experiment.lifecycle_stage, experiment.workspace)
            assert abs(experiment.creation_time / 1000 - time.time()) < 60
            assert experiment.last_update_time >= experiment.creation_time
        assert made["sql"] == made["client"]

    def test_someone_faster(self, sqlite_uri, monkeypatch):
        from mlflow import MlflowClient

        original = MlflowClient.get_experiment_by_name
        sql = open_tracker(sqlite_uri, "x", writer="sql")
        calls = []

        def late(self, name):
            calls.append(name)
            return None if len(calls) == 1 else original(self, name)

        monkeypatch.setattr(MlflowClient, "get_experiment_by_name", late)
        client = open_tracker(sqlite_uri, "x", writer="client")
        assert client._experiment == str(sql._experiment.id)
        assert len(calls) == 2

    @pytest.mark.parametrize("writer", ["sql", "client"])
    def test_artifacts_lie_beside_the_store_wherever_one_starts(
        self, sqlite_uri, writer, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path / "store")
        one = open_tracker("sqlite:///mlflow.db", "x", writer=writer)
        [run_id] = one.record([Run("a", artifacts=(Artifact("f.txt", b"f"),))])
        monkeypatch.chdir("/")
        assert one.read_artifact(run_id, "f.txt") == b"f"
        for other in ("sql", "client"):
            assert (
                open_tracker(sqlite_uri, "x", writer=other).read_artifact(run_id, "f.txt") == b"f"
            )
        [file] = (tmp_path / "store" / "mlartifacts").rglob("f.txt")
        assert run_id in file.parts

    @pytest.mark.parametrize("writer", ["sql", "client"])
    @pytest.mark.parametrize("place", ["a b/100%25 ü'#?", "file"])
    def test_artifacts_where_one_says(self, sqlite_uri, writer, place, tmp_path):
        given = (tmp_path / "files").as_uri() if place == "file" else str(tmp_path / place)
        tracker = open_tracker(sqlite_uri, "x", writer=writer, artifact_location=given)
        [run_id] = tracker.record([Run("a", artifacts=(Artifact("f.txt", b"f"),))])
        where = tmp_path / ("files" if place == "file" else place) / run_id / "artifacts" / "f.txt"
        assert where.read_bytes() == b"f"
        from mlflow import MlflowClient

        assert [f.path for f in MlflowClient(sqlite_uri).list_artifacts(run_id)] == ["f.txt"]

    def test_a_place_too_long_for_postgres(self, postgres_uri, tmp_path):
        with pytest.raises(UsageError, match="longer than"):
            open_tracker(postgres_uri, uuid.uuid4().hex, artifact_location="/x" * 100)


class TestWorkspaces:
    @pytest.fixture
    def of_two_teams(self, sqlite_uri, monkeypatch):
        """Names of experiments by workspace, as MLflow's own client makes them."""
        with closing(sqlite3.connect(sqlite_uri.removeprefix("sqlite:///"))) as store, store:
            store.execute("INSERT INTO workspaces (name) VALUES ('team')")
        monkeypatch.setenv("MLFLOW_ENABLE_WORKSPACES", "true")
        monkeypatch.setenv("MLFLOW_WORKSPACE", "team")
        return sqlite_uri

    def found(self, uri):
        with closing(sqlite3.connect(uri.removeprefix("sqlite:///"))) as store:
            return set(store.execute("SELECT name, workspace FROM experiments"))

    def test_the_one_that_is_named_is_taken(self, of_two_teams, monkeypatch):
        [run_id] = open_tracker(of_two_teams, "x").record([Run("a", start_ms=1, end_ms=2)])
        assert ("x", "team") in self.found(of_two_teams)
        assert open_tracker(of_two_teams, "x", reading=True).get(run_id).name == "a"
        monkeypatch.setenv("MLFLOW_WORKSPACE", "default")
        with pytest.raises(NothingRecordedError, match="no experiment 'x'"):
            open_tracker(of_two_teams, "x", reading=True)
        open_tracker(of_two_teams, "x")
        assert {("x", "team"), ("x", "default")} <= self.found(of_two_teams)

    def test_without_them_the_default_is_taken_and_that_is_said(
        self, of_two_teams, monkeypatch, caplog
    ):
        monkeypatch.delenv("MLFLOW_ENABLE_WORKSPACES")
        _say_default.cache_clear()
        open_tracker(of_two_teams, "x")
        assert ("x", "default") in self.found(of_two_teams)
        assert "MLFLOW_WORKSPACE is team" in caplog.text

"""What is particular to going through MLflow's client."""

import contextlib
import http.server
import logging
import math
import os
import socket
import subprocess
import sys
import threading
import time
import uuid

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forecastctl.adapters import mlflow_client, mlflow_experiment
from forecastctl.adapters.mlflow_batches import MAX_BYTES, batches
from forecastctl.adapters.mlflow_calls import calling
from forecastctl.adapters.mlflow_open import open_tracker
from forecastctl.adapters.mlflow_search import render_filter
from forecastctl.errors import NothingRecordedError, TrackingError, UsageError
from forecastctl.records import (
    FINISHED,
    RUNNING,
    Artifact,
    Metric,
    Query,
    Run,
    RunUpdate,
)

NOW = 1_700_000_000_000


def numbered(n):
    return [Run(f"{i}", start_ms=NOW + i, end_ms=NOW + i, tags={"n": str(i % 2)}) for i in range(n)]


class TestPages:
    def test_more_than_a_page(self, sqlite_uri, monkeypatch):
        monkeypatch.setattr(mlflow_client, "PAGE", 3)
        tracker = open_tracker(sqlite_uri, "x", writer="client")
        tracker.record(numbered(8))
        assert [r.name for r in tracker.find(Query())] == list("76543210")
        assert [r.name for r in tracker.find(Query(limit=4))] == list("7654")
        assert [r.name for r in tracker.find(Query(tags={"n": "1"}, limit=3))] == list("753")

    def test_what_mlflow_cannot_be_asked_is_looked_for_page_by_page(self, sqlite_uri, monkeypatch):
        monkeypatch.setattr(mlflow_client, "PAGE", 2)
        tracker = open_tracker(sqlite_uri, "x", writer="client")
        text = """both ' and \" quotes"""
        tracker.record(
            [
                Run(f"{i}", start_ms=NOW + i, tags={"a": text if i in (0, 3, 4) else "no"})
                for i in range(7)
            ]
        )
        assert [r.name for r in tracker.find(Query(tags={"a": text}))] == ["4", "3", "0"]
        assert [r.name for r in tracker.find(Query(tags={"a": text}, limit=2))] == ["4", "3"]


class TestFilters:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(text=st.text(max_size=30))
    @example(text="'")
    @example(text='"')
    @example(text="\\")
    @example(text="a\\'b")
    @example(text='"; DROP TABLE runs; --')
    @example(text="x' AND tags.y = 'z")
    @example(text="it's`")
    @example(text="/* comment */ -- x\n#")
    def test_mlflow_understands_any_text_that_it_is_asked(self, text):
        from mlflow.utils.search_utils import SearchUtils

        said, unsaid = render_filter(Query(tags={"a b": text, "c": "d"}, status=FINISHED))
        understood = SearchUtils.parse_search_filter(said)
        assert len(understood) + len(unsaid) == 3
        if unsaid:
            assert [p.value for p in unsaid] == [text]
            assert ("'" in text and '"' in text) or text.endswith("\\")
        else:
            assert understood[0] == {"type": "tag", "key": "a b", "comparator": "=", "value": text}

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(number=st.floats(allow_nan=False, allow_infinity=False))
    @example(number=1e300)
    @example(number=5e-324)
    @example(number=-0.0)
    def test_mlflow_understands_any_number(self, number):
        from mlflow.utils.search_utils import SearchUtils

        said, _ = render_filter(Query(filter=f"metrics.loss < {number!r}".replace("e+", "e")))
        [understood] = SearchUtils.parse_search_filter(said)
        assert float(understood["value"]) == number


class TestBatches:
    @settings(max_examples=50, deadline=None)
    @given(
        params=st.integers(0, 350),
        tags=st.integers(0, 350),
        metrics=st.integers(0, 2500),
        length=st.integers(0, 5000),
    )
    def test_are_within_mlflows_limits_and_lose_nothing(self, params, tags, metrics, length):
        wanted = (
            [Metric("m", float(i), i) for i in range(metrics)],
            {f"p{i}": "é" * length for i in range(params)},
            {f"t{i}": "t" * length for i in range(tags)},
        )
        cut = list(batches(*wanted))
        for batch in cut:
            assert len(batch.params) <= 100
            assert len(batch.tags) <= 100
            assert 0 < len(batch.metrics) + len(batch.params) + len(batch.tags) <= 1000
            assert batch.size <= MAX_BYTES
        assert [m for b in cut for m in b.metrics] == wanted[0]
        assert {k: v for b in cut for k, v in b.params} == wanted[1]
        assert {k: v for b in cut for k, v in b.tags} == wanted[2]


class TestOrder:
    def test_a_root_is_running_and_without_tags_until_its_subtree_is_there(
        self, sqlite_uri, monkeypatch
    ):
        tracker = open_tracker(sqlite_uri, "x", writer="client")
        run = Run(
            "airport",
            start_ms=NOW,
            end_ms=NOW,
            tags={"airport": "JFK", "kind": "airport", "job_id": "7"},
            children=(Run("good"), Run("bad", tags={"boom": "1"})),
        )
        log = tracker._log

        def fail(run_id, values, tags):
            if "boom" in tags:
                raise TrackingError("the server is gone")
            log(run_id, values, tags)

        monkeypatch.setattr(tracker, "_log", fail)
        with pytest.raises(TrackingError):
            tracker.record([run])
        assert tracker.find(Query(tags={"airport": "JFK"})) == []
        [root] = tracker.find(Query(tags={"job_id": "7"}))
        assert (root.status, root.tags) == (RUNNING, {"kind": "airport", "job_id": "7"})


class TestServers:
    @pytest.mark.parametrize(
        "uri", ["http://127.0.0.1:{port}", "http://u:hush@127.0.0.1:{port}/x/"]
    )
    def test_nobody_there(self, uri):
        from tests.services import free_port

        with pytest.raises(TrackingError, match="does not answer") as error:
            open_tracker(uri.format(port=free_port()), "x")
        assert "hush" not in error.value.message

    def test_an_unknown_host(self):
        with pytest.raises(TrackingError, match="does not answer"):
            open_tracker("http://nowhere.invalid:5000", "x")

    def test_one_that_hangs(self, monkeypatch):
        monkeypatch.setattr(mlflow_experiment, "PROBE_SECONDS", 0.3)
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            with pytest.raises(TrackingError, match="timed out"):
                open_tracker(f"http://127.0.0.1:{silent.getsockname()[1]}", "x")

    @pytest.mark.parametrize("status", [200, 401, 404])
    def test_one_that_is_not_mlflow(self, status):
        with web_server(status) as uri, pytest.raises(TrackingError) as error:
            open_tracker(uri, "x")
        assert uri in error.value.message
        assert "\n" not in error.value.message

    def test_one_that_goes_away(self, mlflow_server, monkeypatch):
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        with relay(mlflow_server.uri) as (uri, cut):
            tracker = open_tracker(uri, f"relayed {uuid.uuid4().hex}")
            [run_id] = tracker.record([Run("a", start_ms=NOW, end_ms=NOW)])
            cut()
            for act in (
                lambda: tracker.get(run_id),
                lambda: tracker.find(Query()),
                lambda: tracker.record([Run("b")]),
                lambda: tracker.update(run_id, RunUpdate(FINISHED)),
                lambda: tracker.read_artifact(run_id, "x"),
            ):
                with pytest.raises(TrackingError) as error:
                    act()
                assert not isinstance(error.value, NothingRecordedError)
                assert "\n" not in error.value.message


class Answer(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_GET(self):
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def web_server(status):
    handler = type("Handler", (Answer,), {"status": status})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def relay(uri):
    """An address that leads to another, until it is cut."""
    host, port = uri.removeprefix("http://").split(":")
    entry = socket.create_server(("127.0.0.1", 0))
    ends = []

    def pump(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve():
        with contextlib.suppress(OSError):
            while True:
                near, _ = entry.accept()
                far = socket.create_connection((host, int(port)))
                ends.extend([near, far])
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    def cut():
        with contextlib.suppress(OSError):
            entry.shutdown(socket.SHUT_RDWR)
        entry.close()
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{entry.getsockname()[1]}", cut
    finally:
        cut()


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


QUIET = """
import sys
from forecastctl.adapters.mlflow_open import open_tracker
from forecastctl.records import Artifact, Query, Run, RunUpdate
tracker = open_tracker(sys.argv[1], "quiet", writer="client")
run_id = tracker.start(Run("a", artifacts=(Artifact("x", b"x"),)))
tracker.update(run_id, RunUpdate("FINISHED", 5))
tracker.find(Query())
tracker.read_artifact(run_id, "x")
"""


def fail(seen):
    seen.update(os.environ)
    raise OSError("disk")


class TestSilence:
    @pytest.mark.parametrize("store", ["sqlite", "server"])
    def test_mlflow_says_nothing(self, store, request):
        uri = (
            request.getfixturevalue("sqlite_uri")
            if store == "sqlite"
            else request.getfixturevalue("mlflow_server").uri
        )
        done = subprocess.run(
            [sys.executable, "-W", "default::UserWarning", "-c", QUIET, uri],
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout, done.stderr) == ("", "")

    def test_environment_and_loggers_come_back(self, monkeypatch):
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "33")
        before, level = dict(os.environ), logging.getLogger("mlflow").level
        seen = {}
        with pytest.raises(TrackingError), calling("http://h", "do", impatient=True):
            fail(seen)
        assert seen["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "33"
        assert seen["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "1"
        assert dict(os.environ) == before
        assert logging.getLogger("mlflow").level == level

    def test_a_bug_of_ours_is_not_disguised(self):
        with pytest.raises(ValueError), calling("http://h", "do"):
            math.log(0)

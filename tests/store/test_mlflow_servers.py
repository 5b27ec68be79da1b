"""Servers that answer, hang, lie or go away."""

import contextlib
import http.server
import socket
import threading
import uuid

import pytest

from forecastctl.errors import NothingRecordedError, TrackingError
from forecastctl.records import (
    FINISHED,
    Query,
    Run,
    RunUpdate,
)
from forecastctl.store.mlflow import experiment as mlflow_experiment
from forecastctl.store.mlflow.open import open_tracker

NOW = 1_700_000_000_000


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
        assert ("MLFLOW_TRACKING_PASSWORD" in error.value.hint) is (status == 401)

    @pytest.mark.slow
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

"""What is particular to writing to a server: few requests, several at a time, none lost."""

import base64
import contextlib
import http.server
import json
import threading
import uuid
from dataclasses import replace

import pytest

from forecastctl.errors import StoreAwayError, TrackingError
from forecastctl.records import FAILED, FINISHED, RUNNING, Artifact, Metric, Query, Run, RunUpdate
from forecastctl.store import patience
from forecastctl.store.limits import WRITE_TAG
from forecastctl.store.mlflow.http import Wire, _PromptMixin
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.patience import Patience

NOW = 1_700_000_000_000


@pytest.fixture
def tracker(mlflow_server):
    return open_tracker(mlflow_server.uri, f"server {uuid.uuid4().hex}")


def trial(number):
    return Run(
        f"trial {number}",
        FAILED if number % 3 == 0 else FINISHED,
        NOW,
        NOW + number,
        params={f"param {i}": f"{number} {i} é" for i in range(6)},
        metrics=tuple(Metric(f"m{i}", number / (i + 7), i, NOW) for i in range(3)),
        tags={f"tag {i}": f"{number} {i}" for i in range(6)},
    )


def airport(name, trials=3):
    return replace(
        trial(5),
        name=name,
        artifacts=(Artifact("model.json", b"{}"), Artifact("a b/é.txt", b"x")),
        children=tuple(trial(i) for i in range(trials)),
    )


@pytest.fixture
def sent(monkeypatch):
    """Paths of the requests that are written."""
    paths = []
    send = Wire._send

    def count(self, template, path, content):
        paths.append(path.rpartition("mlflow/")[2])
        return send(self, template, path, content)

    monkeypatch.setattr(Wire, "_send", count)
    return paths


class TestRequests:
    def test_three_a_run_and_one_a_file(self, tracker, sent):
        tracker.record([airport("JFK", trials=4)])
        assert sent[0] == "runs/create"
        assert sent[-2:] == ["runs/log-batch", "runs/update"]
        assert sum(path == "runs/create" for path in sent) == 5
        assert sum(path == "runs/log-batch" for path in sent) == 5
        assert sum(path == "runs/update" for path in sent) == 5
        assert sum("mlflow-artifacts" in path for path in sent) == 2
        assert len(sent) == 17

    def test_an_empty_run_is_not_logged(self, tracker, sent):
        tracker.record([Run("a", start_ms=NOW, end_ms=NOW)])
        assert sent == ["runs/create", "runs/update"]
        sent.clear()
        tracker.record([Run("a", RUNNING, NOW)])
        assert sent == ["runs/create"]


class TestOrder:
    @pytest.mark.parametrize("lost", ["runs/log-batch", "runs/update", "model.json"])
    def test_roots_are_running_and_without_tags_when_anything_below_is_lost(
        self, tracker, lost, monkeypatch
    ):
        send = Wire._send
        lock, seen = threading.Lock(), []

        def fail(self, template, path, content):
            with lock:
                seen.append(path)
                # Early ones: those of roots come last.
                if path.endswith(lost) and sum(p.endswith(lost) for p in seen) in (2, 3):
                    raise OSError("the network is down")
            return send(self, template, path, content)

        monkeypatch.setattr(Wire, "_send", fail)
        with pytest.raises(TrackingError, match="the network is down"):
            tracker.record(
                [
                    replace(airport(name), tags={"kind": "airport", "job_id": "7", "airport": name})
                    for name in ("JFK", "LGA", "EWR")
                ]
            )
        roots = tracker.find(Query(tags={"job_id": "7"}))
        assert {root.status for root in roots} == {RUNNING}
        assert [root.tags for root in roots] == [{"kind": "airport", "job_id": "7"}] * len(roots)
        assert tracker.find(Query(tags={"airport": "JFK"})) == []

    @pytest.mark.slow
    def test_ids_are_in_the_order_of_the_runs(self, tracker):
        ids = tracker.record([airport(f"A{i}") for i in range(20)])
        assert [tracker.get(i).name for i in ids] == [f"A{i}" for i in range(20)]
        for i, run_id in enumerate(ids):
            below = tracker.find(Query(parent_id=run_id))
            assert {run.name for run in below} == {"trial 0", "trial 1", "trial 2"}, i


class TestRows:
    def test_every_row_is_what_mlflows_client_writes(self, mlflow_server):
        """Compared in the answers of the server's REST API, every field of them."""
        import requests

        def rows(writer):
            tracker = open_tracker(mlflow_server.uri, f"rows {uuid.uuid4().hex}", writer=writer)
            api = f"{mlflow_server.uri}/api/2.0/mlflow"
            job = tracker.start(Run("job", start_ms=NOW))
            tracker.record([airport("JFK", 5), airport("LGA", 5)], job)
            tracker.update(job, RunUpdate(FINISHED, NOW + 9, metrics=(Metric("n", 2.0),)))
            query = {"experiment_ids": [tracker._experiment], "max_results": 1000}
            found = requests.post(f"{api}/runs/search", json=query, timeout=300).json()["runs"]
            names = {run["info"]["run_id"]: run["info"]["run_name"] for run in found}
            for run in found:
                query = {"run_id": run["info"]["run_id"], "metric_key": "m1"}
                history = requests.get(f"{api}/metrics/get-history", query, timeout=300).json()
                run["history"] = history.get("metrics")
            text = json.dumps(found)
            for run_id, name in names.items():
                text = text.replace(run_id, name)
            plain = json.loads(text.replace(f'"{tracker._experiment}"', '"id"'))
            for run in plain:
                run["info"]["artifact_uri"] = run["info"]["artifact_uri"].rpartition("/")[2]
                for tag in run["data"]["tags"]:
                    tag["value"] = "*" if tag["key"] == WRITE_TAG else tag["value"]
                for key in ("tags", "params", "metrics"):
                    run["data"].get(key, []).sort(key=lambda entry: entry["key"])
            return sorted(plain, key=json.dumps)

        ours, theirs = rows("auto"), rows("client")
        assert len(ours) == 13
        assert ours == theirs

    def test_mlflows_client_reads_files_back(self, tracker, mlflow_server):
        from mlflow import MlflowClient

        [run_id] = tracker.record([airport("JFK")])
        client = MlflowClient(mlflow_server.uri)
        assert [f.path for f in client.list_artifacts(run_id)] == ["a b", "model.json"]
        assert [f.path for f in client.list_artifacts(run_id, "a b")] == ["a b/é.txt"]

    def test_files_that_lie_elsewhere_go_there(self, mlflow_server, tmp_path):
        tracker = open_tracker(
            mlflow_server.uri, f"away {uuid.uuid4().hex}", artifact_location=str(tmp_path)
        )
        [run_id] = tracker.record([airport("JFK")])
        assert (tmp_path / run_id / "artifacts" / "model.json").read_bytes() == b"{}"
        assert tracker.read_artifact(run_id, "a b/é.txt") == b"x"


class Recorder(http.server.BaseHTTPRequestHandler):
    """Answers with the statuses that it is given, then with 200, and keeps what it was asked."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), body, self.client_address))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        answer = b'{"error_code": "INTERNAL_ERROR", "message": "no"}'
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_PUT = do_POST  # noqa: N815 - the library's name

    def log_message(self, *args):
        pass


@contextlib.contextmanager
def recorder(*statuses):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    server.statuses, server.asked = list(statuses), []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", server.asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def bare(monkeypatch):
    for name in ("USERNAME", "PASSWORD", "TOKEN", "AUTH", "AWS_SIGV4"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(patience, "LONGEST_PAUSE", 0.02)
    return monkeypatch


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class TestWire:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("variables", "user", "expected"),
        [
            ({}, "", None),
            ({"USERNAME": "Zoë", "PASSWORD": "p:w"}, "", basic("Zoë", "p:w")),
            ({"TOKEN": "t0ken"}, "", "Bearer t0ken"),
            ({"TOKEN": "t", "USERNAME": "u", "PASSWORD": "p"}, "", basic("u", "p")),
            ({}, "u:hush@", basic("u", "hush")),
        ],
    )
    def test_credentials(self, bare, variables, user, expected):
        for name, value in variables.items():
            bare.setenv(f"MLFLOW_TRACKING_{name}", value)
        with recorder() as (address, asked):
            wire = Wire(f"http://{user}{address}", 2)
            wire.post("runs/create", {"a": "é"})
            wire.put("1/ü x.txt", b"")
        (path, headers, body, _), (file, more, empty, _) = asked
        assert (path, json.loads(body)) == ("/api/2.0/mlflow/runs/create", {"a": "é"})
        assert headers["Content-Type"] == "application/json"
        assert file == "/api/2.0/mlflow-artifacts/artifacts/1/%C3%BC%20x.txt"
        assert empty == b""
        assert headers.get("Authorization") == more.get("Authorization") == expected

    def test_credentials_are_those_of_mlflows_client(self, bare):
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        bare.setenv("MLFLOW_TRACKING_USERNAME", "us:er")
        bare.setenv("MLFLOW_TRACKING_PASSWORD", "pä")
        bare.setenv("MLFLOW_WORKSPACE", "team")
        with recorder() as (address, asked):
            Wire(f"http://{address}", 1).post("x", {})
            http_request(get_default_host_creds(f"http://{address}"), "/x", "POST", json={})
        ours, theirs = (headers for _, headers, _, _ in asked)
        assert ours == theirs

    def test_plug_ins_sign_each_request(self, bare):
        from mlflow.tracking.request_auth import registry
        from mlflow.tracking.request_auth.abstract_request_auth_provider import (
            RequestAuthProvider,
        )

        def sign(request):
            request.headers["Authorization"] = f"signed {len(request.body)}"
            return request

        class Provider(RequestAuthProvider):
            def get_name(self):
                return "ours"

            def get_auth(self):
                return sign

        known = registry._request_auth_provider_registry
        bare.setattr(known, "_registry", [*known._registry, Provider()])
        bare.setenv("MLFLOW_TRACKING_AUTH", "ours")
        with recorder() as (address, asked):
            wire = Wire(f"http://{address}", 1)
            wire.post("x", {})
            wire.put("y", b"abc")
        signed = [headers["Authorization"] for _, headers, _, _ in asked]
        assert signed == ["signed 2", "signed 3"]

    @pytest.mark.slow
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_tries_again_on_one_connection(self, bare, status):
        with recorder(status, status) as (address, asked):
            wire = Wire(f"http://{address}", 1)
            wire.post("runs/create", {"a": 1})
            wire.post("runs/update", {})
        assert [body for _, _, body, _ in asked] == [b'{"a": 1}'] * 3 + [b"{}"]
        assert len({connection for _, _, _, connection in asked}) == 1

    @pytest.mark.parametrize("scheme", ["http", "https"])
    def test_answers_are_acknowledged_at_once(self, bare, scheme):
        pool = Wire("http://h", 1)._adapter.poolmanager.connection_from_url(f"{scheme}://h")
        assert issubclass(pool.ConnectionCls, _PromptMixin)

    def test_gives_up(self, bare):
        with recorder(503, 503, 503) as (address, asked):
            wire = Wire(f"http://{address}", 1, Patience(0))
            for call in (wire.post, wire.post_once):
                with pytest.raises(StoreAwayError, match="does not answer: 503"):
                    call("runs/update", {})
        assert len(asked) == 2

    def test_a_refusal_is_not_tried_again(self, bare):
        from mlflow.exceptions import MlflowException

        with recorder(400) as (address, asked), pytest.raises(MlflowException, match="no"):
            Wire(f"http://{address}", 1).post("runs/create", {})
        assert len(asked) == 1

    @pytest.mark.parametrize(
        ("variables", "verify", "certificate"),
        [
            ({}, True, None),
            ({"INSECURE_TLS": "true"}, False, None),
            ({"SERVER_CERT_PATH": "/ca.pem"}, "/ca.pem", None),
            ({"CLIENT_CERT_PATH": "/me.pem"}, True, "/me.pem"),
        ],
    )
    def test_certificates(self, bare, variables, verify, certificate):
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            bare.delenv(name, raising=False)
        for name, value in variables.items():
            bare.setenv(f"MLFLOW_TRACKING_{name}", value)
        wire = Wire("https://h", 1)
        assert (wire._settings["verify"], wire._settings["cert"]) == (verify, certificate)


GONE = {
    "mlflow.utils.credentials": "get_default_host_creds",
    "mlflow.utils.workspace_context": "get_request_workspace",
    "mlflow.utils.workspace_utils": "WORKSPACE_HEADER_NAME",
    "mlflow.tracking.request_header.registry": "resolve_request_headers",
    "mlflow.tracking.request_auth.registry": "fetch_auth",
    "mlflow.utils.rest_utils": "verify_rest_response",
    "mlflow.environment_variables": "MLFLOW_HTTP_REQUEST_TIMEOUT",
}


@pytest.fixture
def names(monkeypatch):
    """Look a name of MLflow up as another MLflow would: not at all, or as something else."""
    from forecastctl.store.mlflow import internals
    from forecastctl.store.mlflow import open as opening

    look_up, changed = internals._name, {}

    def other(module, name):
        if (module, name) not in changed:
            return look_up(module, name)
        if (instead := changed[module, name]) is None:
            raise internals.ChangedError(f"there is no {module}.{name}")
        return instead

    monkeypatch.setattr(internals, "_name", other)
    opening._say_through_client.cache_clear()
    yield changed
    opening._say_through_client.cache_clear()


class TestOtherMlflow:
    """Where the installed MLflow lacks what the writer for servers uses, its client writes."""

    @pytest.mark.parametrize(("module", "name"), GONE.items(), ids=GONE.values())
    def test_each_name_is_looked_up_when_a_server_is_opened(self, names, module, name):
        from forecastctl.store.mlflow.internals import ChangedError, internals

        internals("http://h")
        names[module, name] = None
        with pytest.raises(ChangedError, match=f"there is no {module}.{name}"):
            internals("http://h")

    @pytest.mark.parametrize(
        ("name", "instead", "why"),
        [
            ("verify_rest_response", lambda response: response, "takes other arguments"),
            ("get_default_host_creds", lambda uri: object(), "have no username"),
            ("MLFLOW_HTTP_REQUEST_TIMEOUT", 0.5, "has no value to get"),
        ],
    )
    def test_a_name_that_means_something_else_is_noticed(self, names, name, instead, why):
        from forecastctl.store.mlflow.internals import ChangedError, internals

        module = next(module for module, gone in GONE.items() if gone == name)
        names[module, name] = instead
        with pytest.raises(ChangedError, match=why):
            internals("http://h")

    def test_a_name_that_mlflow_has_lost_is_missing(self, monkeypatch):
        from mlflow.utils import rest_utils

        from forecastctl.store.mlflow.internals import ChangedError, internals

        monkeypatch.delattr(rest_utils, "verify_rest_response")
        with pytest.raises(ChangedError, match=r"there is no mlflow\.utils\.rest_utils\."):
            internals("http://h")

    @pytest.mark.slow
    def test_the_client_records_everything_and_it_is_said_once(
        self, names, mlflow_server, sent, caplog
    ):
        names["mlflow.utils.workspace_context", "get_request_workspace"] = None
        experiment = f"other {uuid.uuid4().hex}"
        with caplog.at_level("WARNING"):
            for _ in range(2):
                tracker = open_tracker(mlflow_server.uri, experiment)
                job = tracker.start(Run("job", start_ms=NOW))
                [run_id] = tracker.record([airport("JFK")], job)
                tracker.update(job, RunUpdate(FINISHED, NOW + 9))
        assert sent == []
        said = [r.getMessage() for r in caplog.records if r.name.startswith("forecastctl")]
        assert len(said) == 1
        assert "there is no mlflow.utils.workspace_context.get_request_workspace" in said[0]
        assert "through MLflow's client, which is slower" in said[0]
        plain = open_tracker(mlflow_server.uri, experiment, reading=True)
        assert len(said) == 1
        assert plain.get(job).status == FINISHED
        assert plain.get(run_id).tags == airport("JFK").tags
        assert plain.read_artifact(run_id, "a b/é.txt") == b"x"
        assert len(plain.find(Query(parent_id=run_id))) == 3

    def test_without_pools_of_our_own_requests_go_through_all_the_same(
        self, bare, monkeypatch, caplog
    ):
        import requests.adapters
        from urllib3 import HTTPConnectionPool, PoolManager

        class Renamed(PoolManager):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                del self.pool_classes_by_scheme

            def _new_pool(self, scheme, host, port, request_context=None):
                return HTTPConnectionPool(host, port)

        monkeypatch.setattr(requests.adapters, "PoolManager", Renamed)
        with recorder() as (address, asked), caplog.at_level("WARNING"):
            Wire(f"http://{address}", 1).post("runs/create", {})
        assert len(asked) == 1
        assert "up to 40 ms longer" in caplog.text

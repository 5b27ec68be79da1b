"""One suite for every tracker."""

import json
import math
import shutil
import time
import uuid

import pytest

from forecastctl.adapters.mlflow_open import heal, open_tracker
from forecastctl.errors import NothingRecordedError, TrackingError, UsageError
from forecastctl.ports import MemoryTracker
from forecastctl.records import (
    FAILED,
    FINISHED,
    KILLED,
    RUNNING,
    Artifact,
    Metric,
    Query,
    Run,
    RunUpdate,
)

NOW = 1_700_000_000_000
HOSTILE = [
    "plain",
    "with/slash",
    "it's",
    'say "hi"',
    """both ' and " quotes""",
    "comma, semicolon; colon:",
    "two\nlines\r\nand\ttab",
    "emoji 🛫 and ümlaut",
    "[bold red]markup[/] <b>html</b> &amp;",
    "..",
    "../../etc/passwd",
    "back\\slash\\",
    "\\N",
    "100%_wild",
    "%s ? :name {0}",
    "' OR 1=1 --",
    "  spaces  ",
    "x" * 240,
    "-1",
    "NULL",
]
TRACKERS = [
    "memory",
    "client-sqlite",
    "sql-sqlite",
    "client-postgres",
    "sql-postgres",
    "client-server",
]


@pytest.fixture(scope="session")
def contract_store(store_template, quick):
    path = quick / "contract.db"
    shutil.copy(store_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session", params=TRACKERS)
def open_one(request, tmp_path_factory):
    """Open a tracker of one kind on an experiment of its own."""
    writer, _, store = request.param.partition("-")
    uri = None
    if store == "sqlite":
        uri = request.getfixturevalue("contract_store")
    elif store == "postgres":
        uri = request.getfixturevalue("postgres_uri")
    elif store == "server":
        uri = request.getfixturevalue("mlflow_server").uri

    def open_():
        if writer == "memory":
            return MemoryTracker()
        location = None if store == "server" else str(tmp_path_factory.mktemp("artifacts"))
        experiment = f"contract {uuid.uuid4().hex}"
        return open_tracker(uri, experiment, artifact_location=location, writer=writer)

    return open_


@pytest.fixture
def tracker(open_one):
    return open_one()


def raw_mlflow(tracker):
    """MLflow's own client and experiment behind a tracker that uses it on a database.

    Earlier versions of MLflow take NaN for zero and know no IS NULL.
    """
    client = getattr(tracker, "_client", None)
    if client is None or tracker.url("x") is not None:
        return None
    import mlflow

    newest = tuple(map(int, mlflow.__version__.split(".")[:2])) >= (3, 17)
    return (client, tracker._experiment) if newest else None


def run(name="a run", start=NOW, **fields):
    return Run(name, **{"start_ms": start, "end_ms": start + 1000, **fields})


def names(runs):
    return [r.name for r in runs]


class TestRecord:
    def test_everything_comes_back(self, tracker):
        [run_id] = tracker.record(
            [
                run(
                    params={"family": "ets", "max evals": "15"},
                    metrics=(Metric("loss", 1.25, 0, NOW), Metric("rmse/fold", -3.5, 0, NOW)),
                    tags={"airport": "JFK", "kind": "airport"},
                    artifacts=(Artifact("model.json", b"{}"), Artifact("a/b/c.bin", b"\x00\xff")),
                )
            ]
        )
        stored = tracker.get(run_id)
        assert stored.run_id == run_id
        assert (stored.name, stored.status) == ("a run", FINISHED)
        assert (stored.start_ms, stored.end_ms) == (NOW, NOW + 1000)
        assert stored.params == {"family": "ets", "max evals": "15"}
        assert stored.metrics == {"loss": 1.25, "rmse/fold": -3.5}
        assert stored.tags == {"airport": "JFK", "kind": "airport"}
        assert stored.parent_id is None
        assert tracker.read_artifact(run_id, "model.json") == b"{}"
        assert tracker.read_artifact(run_id, "a/b/c.bin") == b"\x00\xff"
        assert tracker.find(Query(tags={"airport": "JFK"})) == [stored]

    def test_a_subtree_hangs_together(self, tracker):
        trials = (
            run("trial 0", metrics=(Metric("loss", 2.0),)),
            run("trial 1", status=FAILED, tags={"reason": "diverged"}),
        )
        airport = run("JFK", children=trials)
        job_id, other_id = tracker.record([run("job", children=(airport,)), run("other")])
        [jfk] = tracker.find(Query(parent_id=job_id))
        found = tracker.find(Query(parent_id=jfk.run_id))
        assert (jfk.name, jfk.parent_id) == ("JFK", job_id)
        assert {(r.name, r.status) for r in found} == {("trial 0", FINISHED), ("trial 1", FAILED)}
        assert all(r.parent_id == jfk.run_id for r in found)
        assert tracker.get(other_id).name == "other"
        assert tracker.find(Query(parent_id=other_id)) == []

    def test_below_an_open_run(self, tracker):
        job_id = tracker.start(run("job"))
        ids = tracker.record([run("a"), run("b")], parent_id=job_id)
        assert [tracker.get(i).parent_id for i in ids] == [job_id, job_id]
        assert names(tracker.get(i) for i in ids) == ["a", "b"]

    def test_nothing(self, tracker):
        assert tracker.record([]) == []
        assert tracker.find(Query()) == []

    @pytest.mark.parametrize("status", [FINISHED, FAILED, KILLED, RUNNING])
    def test_status(self, tracker, status):
        [run_id] = tracker.record([run(status=status)])
        stored = tracker.get(run_id)
        assert stored.status == status
        assert stored.end_ms == (None if status == RUNNING else NOW + 1000)

    def test_without_an_end(self, tracker):
        [run_id] = tracker.record([run(end_ms=None, status=FAILED)])
        assert (tracker.get(run_id).status, tracker.get(run_id).end_ms) == (FAILED, None)

    def test_texts_survive(self, tracker):
        texts = {f"text {i}": text for i, text in enumerate(HOSTILE)}
        [run_id] = tracker.record([run(tags=texts, params=texts)])
        stored = tracker.get(run_id)
        assert (stored.tags, stored.params) == (texts, texts)
        for key, text in texts.items():
            assert [r.run_id for r in tracker.find(Query(tags={key: text}))] == [run_id]
            assert tracker.find(Query(tags={key: text + "."})) == []

    @pytest.mark.parametrize("name", HOSTILE[3:9] + HOSTILE[-5:])
    def test_names_survive(self, tracker, name):
        [run_id] = tracker.record([run(name)])
        assert [r.run_id for r in tracker.find(Query(tags={"mlflow.runName": name}))] == [run_id]
        assert tracker.get(run_id).name == name

    def test_more_than_a_request_holds(self, tracker):
        params = {f"param {i}": "p" * (5999 if i < 150 else 3) for i in range(230)}
        tags = {f"tag {i}": "é" * 4999 for i in range(120)}
        metrics = tuple(Metric("loss", float(i), i, NOW + i) for i in range(1500))
        [run_id] = tracker.record([run(params=params, tags=tags, metrics=metrics)])
        stored = tracker.get(run_id)
        assert (stored.params, stored.tags) == (params, tags)
        assert stored.metrics == {"loss": 1499.0}

    def test_what_is_too_long_is_kept_whole(self, tracker):
        name, param, tag = "n" * 300, "p" * 9000, "a\x00b"
        [run_id] = tracker.record([run(name, params={"p": param}, tags={"t": tag, "u": "ok"})])
        stored = tracker.get(run_id)
        assert stored.name == "n" * 249 + "…"
        assert stored.params == {"p": "p" * 5999 + "…"}
        assert stored.tags == {"t": "a\ufffdb", "u": "ok"}
        whole = {
            k: json.loads(tracker.read_artifact(run_id, f"long/{k}.json"))
            for k in ("name", "params", "tags")
        }
        assert whole == {"name": {"name": name}, "params": {"p": param}, "tags": {"t": tag}}

    @pytest.mark.parametrize(
        "bad",
        [
            {"params": {"a=b": "1"}},
            {"tags": {"": "1"}},
            {"tags": {"../up": "1"}},
            {"metrics": (Metric("x" * 251, 1.0),)},
            {"artifacts": (Artifact("../up", b""),)},
            {"artifacts": (Artifact("/etc/x", b""),)},
            {"artifacts": (Artifact("a//b", b""),)},
            {"name": ""},
        ],
    )
    def test_what_no_store_takes_is_refused_before_anything_is_written(self, tracker, bad):
        with pytest.raises(TrackingError):
            tracker.record([run("good"), run(children=(run(**bad),))])
        assert tracker.find(Query()) == []


class TestMetrics:
    def test_the_latest_is_of_the_highest_step_then_time_then_value(self, tracker):
        metrics = (
            Metric("step", 9.0, 1, NOW + 5),
            Metric("step", 1.0, 2, NOW),
            Metric("time", 1.0, 0, NOW + 1),
            Metric("time", 9.0, 0, NOW),
            Metric("value", 1.0, 0, NOW),
            Metric("value", 2.0, 0, NOW),
            Metric("value", 1.0, 0, NOW),
        )
        [run_id] = tracker.record([run(metrics=metrics)])
        assert tracker.get(run_id).metrics == {"step": 1.0, "time": 1.0, "value": 2.0}

    def test_numbers_beyond_numbers(self, tracker):
        metrics = (Metric("nan", math.nan), Metric("inf", math.inf), Metric("low", -math.inf))
        [run_id] = tracker.record([run(metrics=metrics)])
        stored = tracker.get(run_id).metrics
        assert math.isnan(stored["nan"])
        assert (stored["inf"], stored["low"]) == (math.inf, -math.inf)

    def test_exact_floats(self, tracker):
        values = [0.1 + 0.2, 1e-300, 123456789.123456789, -0.0, 2.0**53, 5e-324]
        metrics = tuple(Metric(f"m{i}", v) for i, v in enumerate(values))
        [run_id] = tracker.record([run(metrics=metrics)])
        assert [tracker.get(run_id).metrics[f"m{i}"] for i in range(len(values))] == values


class TestUpdate:
    def test_a_run_from_start_to_end(self, tracker):
        run_id = tracker.start(run("job", params={"a": "1"}, tags={"kind": "job", "n": "1"}))
        opened = tracker.get(run_id)
        assert (opened.status, opened.start_ms, opened.end_ms) == (RUNNING, NOW, None)
        tracker.update(run_id, RunUpdate(tags={"n": "2"}, metrics=(Metric("m", 1.0, 0, NOW),)))
        assert tracker.get(run_id).status == RUNNING
        tracker.update(
            run_id,
            RunUpdate(
                FINISHED,
                NOW + 500,
                params={"a": "1", "b": "2"},
                metrics=(Metric("m", 2.0, 1, NOW), Metric("k", 3.0, 0, NOW)),
                tags={"status": "ok"},
                artifacts=(Artifact("job.log", b"line"),),
            ),
        )
        stored = tracker.get(run_id)
        assert (stored.status, stored.end_ms) == (FINISHED, NOW + 500)
        assert stored.params == {"a": "1", "b": "2"}
        assert stored.metrics == {"m": 2.0, "k": 3.0}
        assert stored.tags == {"kind": "job", "n": "2", "status": "ok"}
        assert tracker.read_artifact(run_id, "job.log") == b"line"

    def test_an_older_metric_does_not_replace_a_newer_one(self, tracker):
        run_id = tracker.start(run(metrics=(Metric("m", 5.0, 3, NOW),)))
        tracker.update(
            run_id, RunUpdate(metrics=(Metric("m", 1.0, 2, NOW + 9), Metric("m", 5.0, 3, NOW)))
        )
        assert tracker.get(run_id).metrics == {"m": 5.0}

    def test_a_parameter_cannot_be_changed(self, tracker):
        run_id = tracker.start(run(params={"a": "1"}))
        with pytest.raises(TrackingError):
            tracker.update(run_id, RunUpdate(params={"a": "2"}))
        assert tracker.get(run_id).params == {"a": "1"}

    def test_status_alone_and_end_alone(self, tracker):
        run_id = tracker.start(run())
        tracker.update(run_id, RunUpdate(status=KILLED))
        assert (tracker.get(run_id).status, tracker.get(run_id).end_ms) == (KILLED, None)
        tracker.update(run_id, RunUpdate(end_ms=NOW + 7))
        assert (tracker.get(run_id).status, tracker.get(run_id).end_ms) == (KILLED, NOW + 7)

    def test_an_artifact_is_replaced(self, tracker):
        run_id = tracker.start(run(artifacts=(Artifact("x.txt", b"old"), Artifact("y.txt", b"y"))))
        tracker.update(run_id, RunUpdate(artifacts=(Artifact("x.txt", b"new"),)))
        assert tracker.read_artifact(run_id, "x.txt") == b"new"
        assert tracker.read_artifact(run_id, "y.txt") == b"y"

    def test_long_values_are_kept_beside_earlier_ones(self, tracker):
        run_id = tracker.start(run(tags={"a": "a" * 6000}))
        tracker.update(run_id, RunUpdate(tags={"b": "b" * 6000}))
        kept = json.loads(tracker.read_artifact(run_id, "long/tags.json"))
        assert kept == {"a": "a" * 6000, "b": "b" * 6000}

    def test_name_and_parent_stay(self, tracker):
        parent = tracker.start(run("parent"))
        run_id = tracker.start(run("child"), parent_id=parent)
        tracker.update(run_id, RunUpdate(tags={"mlflow.user": "someone", "x": "1"}))
        stored = tracker.get(run_id)
        assert (stored.name, stored.parent_id, stored.tags) == ("child", parent, {"x": "1"})

    def test_of_nothing(self, tracker):
        with pytest.raises(NothingRecordedError):
            tracker.update("0" * 32, RunUpdate(status=FINISHED))

    def test_start_takes_no_children(self, tracker):
        with pytest.raises(TrackingError):
            tracker.start(run(children=(run(),)))


class TestRead:
    def test_of_nothing(self, tracker):
        with pytest.raises(NothingRecordedError):
            tracker.get("0" * 32)
        with pytest.raises(NothingRecordedError):
            tracker.get("not an id")
        with pytest.raises(NothingRecordedError):
            tracker.read_artifact("0" * 32, "x")

    @pytest.mark.parametrize("path", ["x", "a", "a/x", "a/b.txt/c", "../a/b.txt", "/etc/hosts", ""])
    def test_a_missing_artifact(self, tracker, path):
        [run_id] = tracker.record([run(artifacts=(Artifact("a/b.txt", b"b"),))])
        with pytest.raises(NothingRecordedError):
            tracker.read_artifact(run_id, path)

    @pytest.mark.parametrize("path", ["a file.txt", "a'b\"c,;(&)=+@!$[].txt", "dir é/ü 🛫.txt"])
    @pytest.mark.parametrize("content", [b"", b"x\x00\r\n"])
    def test_artifacts_with_uncommon_names(self, tracker, path, content, monkeypatch):
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        [run_id] = tracker.record([run(artifacts=(Artifact(path, content),))])
        assert tracker.read_artifact(run_id, path) == content

    def test_url(self, tracker):
        [run_id] = tracker.record([run()])
        url = tracker.url(run_id)
        assert url is None or (url.startswith("http://127.0.0.1") and url.endswith(run_id))


@pytest.fixture(scope="session")
def recorded(open_one):
    """A tracker with runs to search: five, a second apart, the newest last."""
    tracker = open_one()
    rows = [
        ("a", FINISHED, {"loss": 3.0}, {"airport": "JFK", "n": "1"}, {"family": "ets"}),
        ("b", FAILED, {}, {"airport": "jfk", "n": "2"}, {}),
        ("c", FINISHED, {"loss": 1.0, "z": 0.0}, {"airport": "LGA"}, {"family": "sarimax"}),
        ("d", FINISHED, {"loss": math.nan}, {"airport": "J_K", "b c": "x"}, {"max evals": "15"}),
        ("e", RUNNING, {"loss": 2.0}, {"airport": "J\nK", "x.y": "1"}, {"family": "ETS"}),
    ]
    runs = []
    for i, (name, status, metrics, tags, params) in enumerate(rows):
        logged = tuple(Metric(key, value) for key, value in metrics.items())
        fields = {"status": status, "tags": tags, "params": params, "metrics": logged}
        runs.append(run(name, NOW + 1000 * i, **fields))
    return tracker, dict(zip("abcde", tracker.record(runs), strict=True))


@pytest.fixture
def fleet(recorded):
    return recorded[0]


class TestFind:
    def test_newest_first(self, fleet):
        assert names(fleet.find(Query())) == list("edcba")
        assert names(fleet.find(Query(limit=2))) == ["e", "d"]
        assert fleet.find(Query(limit=0)) == []

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            (Query(tags={"airport": "JFK"}), "a"),
            (Query(tags={"airport": "JFK", "n": "2"}), ""),
            (Query(tags={"airport": "J\nK", "x.y": "1"}), "e"),
            (Query(tags={"mlflow.runName": "c"}), "c"),
            (Query(status=FINISHED), "dca"),
            (Query(status=KILLED), ""),
            (Query(since_ms=NOW + 2000), "edc"),
            (Query(before_ms=NOW + 2000), "ba"),
            (Query(since_ms=NOW + 1000, before_ms=NOW + 3000, status=FINISHED), "c"),
            (Query(parent_id="0" * 32), ""),
            (Query(tags={"airport": "LGA"}, status=FINISHED, filter="metrics.loss < 2"), "c"),
        ],
    )
    def test_by_what_a_query_says(self, fleet, query, found):
        assert names(fleet.find(query)) == list(found)

    @pytest.mark.parametrize(
        ("order", "found"),
        [
            ("start_time DESC", "edcba"),
            ("start_time ASC", "abcde"),
            ("attributes.start_time", "abcde"),
            ("metrics.loss ASC", "ceadb"),
            ("metrics.loss DESC", "aecdb"),
            ("metrics.`loss` desc", "aecdb"),
            ("params.family ASC", "eacdb"),
            ("tags.n DESC", "baedc"),
            ("tags.`b c`", "decba"),
            ("run_name ASC", "abcde"),
            ("end_time ASC", "abcde"),
            ("metrics.none", "edcba"),
        ],
    )
    def test_in_order(self, fleet, order, found):
        assert names(fleet.find(Query(order_by=order))) == list(found)
        if raw := raw_mlflow(fleet):
            client, experiment = raw
            theirs = client.search_runs([experiment], order_by=[order])
            assert [r.info.run_name for r in theirs] == list(found)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("", "edcba"),
            ("metrics.loss < 3", "ec"),
            ("metrics.loss <= 3.0 and metric.loss > 1", "ea"),
            ("metrics.loss = 1", "c"),
            ("metrics.loss != 1", "eda"),
            ("metrics.loss > -1e3", "eca"),
            ("metrics.z >= 0", "c"),
            ("metrics.`z` = -0.0", "c"),
            ("params.family = 'ets'", "a"),
            ("params.family != 'ets'", "ec"),
            ("param.family ILIKE 'ET%'", "ea"),
            ("params.family LIKE 'ET%'", "e"),
            ('parameters."max evals" = "15"', "d"),
            ("params.`max evals` = '15'", "d"),
            ("tags.airport = 'JFK'", "a"),
            ("tags.airport LIKE 'J%'", "eda"),
            ("tags.airport LIKE 'J_K'", "eda"),
            ("tags.airport ilike 'jfk'", "ba"),
            ("tag.airport LIKE '%K'", "eda"),
            ("tags.x.y = '1'", "e"),
            ("tags.`b c` = 'x'", "d"),
            ("tags.n IS NULL", "edc"),
            ("tags.n IS NOT NULL AND params.family IS NULL", "b"),
            ("tags.mlflow.runName = 'b'", "b"),
            ("status = 'FINISHED'", "dca"),
            ("attributes.status != 'FINISHED'", "eb"),
            ("attribute.status LIKE 'F%'", "dcba"),
            ("attr.run_name = 'a'", "a"),
            ("run.run_name LIKE '_'", "edcba"),
            (f"start_time >= {NOW + 3000}", "ed"),
            (f"created < {NOW + 1000}", "a"),
            (f"end_time != {NOW + 1000}", "dcb"),
            (f"attributes.start_time = {NOW}.0", "a"),
            ("status = 'FINISHED' AND\n  metrics.loss < 5   AND tags.airport != 'LGA'", "a"),
            ("run_id = 'nothing'", ""),
            ("tags.airport = ''", ""),
        ],
    )
    def test_by_filters_as_mlflow_itself_answers(self, fleet, text, found):
        assert names(fleet.find(Query(filter=text))) == list(found)
        if raw := raw_mlflow(fleet):
            client, experiment = raw
            theirs = client.search_runs([experiment], filter_string=text)
            assert [r.info.run_name for r in theirs] == list(found)

    def test_by_lists_of_ids(self, recorded):
        fleet, ids = recorded
        listed = f"('{ids['a']}', \"{ids['c']}\")"
        assert names(fleet.find(Query(filter=f"run_id IN {listed}"))) == ["c", "a"]
        assert names(fleet.find(Query(filter=f"attributes.run_id NOT IN {listed}"))) == list("edb")
        assert names(fleet.find(Query(filter=f"run_id IN ('{ids['e']}')"))) == ["e"]

    @pytest.mark.parametrize(
        "query",
        [
            Query(filter="metrics.loss << 3"),
            Query(filter="loss < 3"),
            Query(filter="metrics.loss < 'x'"),
            Query(filter="metrics.loss < 3 OR metrics.loss > 5"),
            Query(filter="tags.airport = JFK"),
            Query(filter="tags.airport = 'JFK"),
            Query(filter="metrics.loss < 3 AND"),
            Query(order_by="loss"),
            Query(order_by="metrics.loss UP"),
            Query(order_by=""),
        ],
    )
    def test_what_cannot_be_understood(self, fleet, query):
        with pytest.raises(UsageError):
            fleet.find(query)


class TestHeal:
    def test_dead_jobs_and_what_ran_below_them(self, tracker):
        dead = tracker.start(run("dead", tags={"kind": "job", "job_id": "1"}))
        alive = tracker.start(run("alive", tags={"kind": "job", "job_id": "2"}))
        done, open_ = tracker.record([run("done"), run("open", status=RUNNING)], parent_id=dead)
        [below] = tracker.record([run("below", status=RUNNING)], parent_id=open_)
        flat = tracker.start(run("flat", tags={"kind": "airport", "job_id": "1"}))
        shard = tracker.start(run("shard", tags={"kind": "job", "job_id": "1"}))
        busy = tracker.start(run("busy", tags={"kind": "airport"}), parent_id=alive)
        before = time.time_ns() // 1_000_000
        healed = heal(tracker, lambda job: job.name != "dead")
        assert healed == [dead]
        for run_id in (dead, open_, below, flat):
            assert tracker.get(run_id).status == KILLED
            assert tracker.get(run_id).end_ms >= before
        assert tracker.get(done).status == FINISHED
        assert [tracker.get(i).status for i in (alive, busy, shard)] == [RUNNING] * 3
        assert heal(tracker, lambda job: True) == []

"""What every store promises, as tests; see `StoreContract`."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any

import pytest

from forecastctl.errors import NothingRecordedError, TrackingError
from forecastctl.records import (
    FAILED,
    FINISHED,
    KILLED,
    RUNNING,
    Artifact,
    Column,
    Metric,
    Query,
    RunUpdate,
    ServedModel,
)
from forecastctl.records.marks import JOBS, SET
from forecastctl.store.healing import heal
from forecastctl.testing.runs import NOW, names, run
from forecastctl.testing.store_search import Searching

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.store.port import Tracker

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
SYSTEM_TAGS = {
    "mlflow.parentRunId": "0" * 32,
    "mlflow.runName": "another name",
    "mlflow.user": "someone",
}


class Recording:
    """What is written is there, whole, or is refused."""

    def test_everything_comes_back(self, tracker: Tracker) -> None:
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

    def test_a_subtree_hangs_together(self, tracker: Tracker) -> None:
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

    def test_names_and_places_are_not_taken_from_tags(self, tracker: Tracker) -> None:
        [run_id] = tracker.record([run("a", tags={**SYSTEM_TAGS, "x": "1"})])
        stored = tracker.get(run_id)
        assert (stored.name, stored.parent_id, stored.tags) == ("a", None, {"x": "1"})

    def test_a_table_is_a_file_and_no_tag(self, tracker: Tracker) -> None:
        table = Artifact("rows.json", b'{"columns": ["a"], "data": [[1]]}', table=True)
        [run_id] = tracker.record([run("a", artifacts=(table,))])
        assert tracker.read_artifact(run_id, "rows.json") == table.content
        assert tracker.get(run_id).tags == {}

    def test_a_model_is_kept_with_its_run(self, tracker: Tracker) -> None:
        columns = (Column("airport", str), Column("horizon", int, required=False))
        model = ServedModel(
            "fleet/rows.bin", b"\x00rows", "loader", columns, columns, {"python": "3.11"}, (), NOW
        )
        run_id = tracker.start(run("job"))
        tracker.update(run_id, RunUpdate(FINISHED, NOW, model=model))
        assert tracker.read_artifact(run_id, "fleet/rows.bin") == b"\x00rows"
        assert tracker.get(run_id).tags == {}

    def test_below_an_open_run(self, tracker: Tracker) -> None:
        job_id = tracker.start(run("job"))
        ids = tracker.record([run("a"), run("b")], parent_id=job_id)
        assert [tracker.get(i).parent_id for i in ids] == [job_id, job_id]
        assert names(tracker.get(i) for i in ids) == ["a", "b"]

    def test_nothing(self, tracker: Tracker) -> None:
        assert tracker.record([]) == []
        assert tracker.find(Query()) == []

    @pytest.mark.parametrize("status", [FINISHED, FAILED, KILLED, RUNNING])
    def test_status(self, tracker: Tracker, status: str) -> None:
        [run_id] = tracker.record([run(status=status)])
        stored = tracker.get(run_id)
        assert stored.status == status
        assert stored.end_ms == (None if status == RUNNING else NOW + 1000)

    def test_without_an_end(self, tracker: Tracker) -> None:
        [run_id] = tracker.record([run(end_ms=None, status=FAILED)])
        assert (tracker.get(run_id).status, tracker.get(run_id).end_ms) == (FAILED, None)

    def test_texts_survive(self, tracker: Tracker) -> None:
        texts = {f"text {i}": text for i, text in enumerate(HOSTILE)}
        [run_id] = tracker.record([run(tags=texts, params=texts)])
        stored = tracker.get(run_id)
        assert (stored.tags, stored.params) == (texts, texts)
        for key, text in texts.items():
            assert [r.run_id for r in tracker.find(Query(tags={key: text}))] == [run_id]
            assert tracker.find(Query(tags={key: text + "."})) == []

    @pytest.mark.parametrize("name", HOSTILE[3:9] + HOSTILE[-5:])
    def test_names_survive(self, tracker: Tracker, name: str) -> None:
        [run_id] = tracker.record([run(name)])
        assert [r.run_id for r in tracker.find(Query(tags={"mlflow.runName": name}))] == [run_id]
        assert tracker.get(run_id).name == name

    def test_more_than_a_request_holds(self, tracker: Tracker) -> None:
        params = {f"param {i}": "p" * (5999 if i < 150 else 3) for i in range(230)}
        tags = {f"tag {i}": "é" * 4999 for i in range(120)}
        metrics = tuple(Metric("loss", float(i), i, NOW + i) for i in range(1500))
        [run_id] = tracker.record([run(params=params, tags=tags, metrics=metrics)])
        stored = tracker.get(run_id)
        assert (stored.params, stored.tags) == (params, tags)
        assert stored.metrics == {"loss": 1499.0}

    def test_what_is_too_long_is_kept_whole(self, tracker: Tracker) -> None:
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

    @pytest.mark.parametrize("text", ["t" * 5001, "a\x00b", "bad \udcff bytes"])
    def test_what_is_kept_elsewhere_is_found_all_the_same(
        self, tracker: Tracker, text: str
    ) -> None:
        [run_id] = tracker.record([run(tags={"airport": text}, params={"p": text})])
        assert [r.run_id for r in tracker.find(Query(tags={"airport": text}))] == [run_id]
        assert tracker.find(Query(tags={"airport": "x" + text[1:]})) == []
        if "\x00" not in text:
            assert len(tracker.find(Query(filter=f"params.p = '{text}'"))) == 1

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
    def test_what_no_store_takes_is_refused_before_anything_is_written(
        self, tracker: Tracker, bad: dict[str, Any]
    ) -> None:
        with pytest.raises(TrackingError):
            tracker.record([run("good"), run(children=(run(**bad),))])
        assert tracker.find(Query()) == []


class Metrics:
    """The latest value of each metric."""

    def test_the_latest_is_of_the_highest_step_then_time_then_value(self, tracker: Tracker) -> None:
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

    def test_numbers_beyond_numbers(self, tracker: Tracker) -> None:
        metrics = (Metric("nan", math.nan), Metric("inf", math.inf), Metric("low", -math.inf))
        [run_id] = tracker.record([run(metrics=metrics)])
        stored = tracker.get(run_id).metrics
        assert math.isnan(stored["nan"])
        assert (stored["inf"], stored["low"]) == (math.inf, -math.inf)

    def test_exact_floats(self, tracker: Tracker) -> None:
        values = [0.1 + 0.2, 1e-300, 123456789.123456789, -0.0, 2.0**53, 5e-324]
        metrics = tuple(Metric(f"m{i}", v) for i, v in enumerate(values))
        [run_id] = tracker.record([run(metrics=metrics)])
        assert [tracker.get(run_id).metrics[f"m{i}"] for i in range(len(values))] == values


class Updating:
    """A run that is open, and ends."""

    def test_a_run_from_start_to_end(self, tracker: Tracker) -> None:
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

    def test_an_older_metric_does_not_replace_a_newer_one(self, tracker: Tracker) -> None:
        run_id = tracker.start(run(metrics=(Metric("m", 5.0, 3, NOW),)))
        for older in (Metric("m", 5.0, 3, NOW), Metric("m", 9.0, 2, NOW + 9)):
            tracker.update(run_id, RunUpdate(metrics=(older,)))
        assert tracker.get(run_id).metrics == {"m": 5.0}

    def test_a_parameter_cannot_be_changed(self, tracker: Tracker) -> None:
        run_id = tracker.start(run(params={"a": "1"}))
        with pytest.raises(TrackingError):
            tracker.update(run_id, RunUpdate(params={"a": "2"}))
        assert tracker.get(run_id).params == {"a": "1"}

    def test_status_alone_and_end_alone(self, tracker: Tracker) -> None:
        run_id = tracker.start(run())
        tracker.update(run_id, RunUpdate(status=KILLED))
        assert (tracker.get(run_id).status, tracker.get(run_id).end_ms) == (KILLED, None)
        tracker.update(run_id, RunUpdate(end_ms=NOW + 7))
        assert (tracker.get(run_id).status, tracker.get(run_id).end_ms) == (KILLED, NOW + 7)

    def test_an_artifact_is_replaced(self, tracker: Tracker) -> None:
        run_id = tracker.start(run(artifacts=(Artifact("x.txt", b"old"), Artifact("y.txt", b"y"))))
        tracker.update(run_id, RunUpdate(artifacts=(Artifact("x.txt", b"new"),)))
        assert tracker.read_artifact(run_id, "x.txt") == b"new"
        assert tracker.read_artifact(run_id, "y.txt") == b"y"

    def test_long_values_are_kept_beside_earlier_ones(self, tracker: Tracker) -> None:
        run_id = tracker.start(run(tags={"a": "a" * 6000}))
        tracker.update(run_id, RunUpdate(tags={"b": "b" * 6000}))
        kept = json.loads(tracker.read_artifact(run_id, "long/tags.json"))
        assert kept == {"a": "a" * 6000, "b": "b" * 6000}

    def test_name_and_parent_stay(self, tracker: Tracker) -> None:
        parent = tracker.start(run("parent"))
        run_id = tracker.start(run("child"), parent_id=parent)
        tracker.update(run_id, RunUpdate(tags={**SYSTEM_TAGS, "x": "1"}))
        stored = tracker.get(run_id)
        assert (stored.name, stored.parent_id, stored.tags) == ("child", parent, {"x": "1"})

    def test_an_update_of_nothing(self, tracker: Tracker) -> None:
        with pytest.raises(NothingRecordedError):
            tracker.update("0" * 32, RunUpdate(status=FINISHED))

    def test_start_takes_no_children(self, tracker: Tracker) -> None:
        with pytest.raises(TrackingError):
            tracker.start(run(children=(run(),)))


class Reading:
    """What is read, and what is not there."""

    def test_reading_nothing(self, tracker: Tracker) -> None:
        with pytest.raises(NothingRecordedError):
            tracker.get("0" * 32)
        for strange in ("not an id", "", "a\x00b", "\udcff"):
            with pytest.raises(NothingRecordedError):
                tracker.get(strange)
            with pytest.raises(NothingRecordedError):
                tracker.read_artifact(strange, "x")
            with pytest.raises(NothingRecordedError):
                tracker.update(strange, RunUpdate(FINISHED))

    @pytest.mark.parametrize("path", ["x", "a", "a/x", "a/b.txt/c", "../a/b.txt", "/etc/hosts", ""])
    def test_a_missing_artifact(self, tracker: Tracker, path: str) -> None:
        [run_id] = tracker.record([run(artifacts=(Artifact("a/b.txt", b"b"),))])
        with pytest.raises(NothingRecordedError):
            tracker.read_artifact(run_id, path)

    @pytest.mark.parametrize("path", ["a file.txt", "a'b\"c,;(&)=+@!$[].txt", "dir é/ü 🛫.txt"])
    @pytest.mark.parametrize("content", [b"", b"x\x00\r\n"])
    def test_artifacts_with_uncommon_names(
        self, tracker: Tracker, path: str, content: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        [run_id] = tracker.record([run(artifacts=(Artifact(path, content),))])
        assert tracker.read_artifact(run_id, path) == content

    def test_url(self, tracker: Tracker) -> None:
        [run_id] = tracker.record([run()])
        url = tracker.url(run_id)
        assert url is None or run_id in url


class Healing:
    """What killed jobs leave running is marked."""

    def test_dead_jobs_and_what_ran_below_them(self, tracker: Tracker) -> None:
        dead = tracker.start(run("dead", tags={"kind": "job", JOBS: SET, "job_id": "1"}))
        alive = tracker.start(run("alive", tags={"kind": "job", JOBS: SET, "job_id": "2"}))
        done, open_ = tracker.record([run("done"), run("open", status=RUNNING)], parent_id=dead)
        [below] = tracker.record([run("below", status=RUNNING)], parent_id=open_)
        flat = tracker.start(run("flat", tags={"kind": "airport", "job_id": "1"}))
        shard = tracker.start(run("shard", tags={"kind": "job", JOBS: SET, "job_id": "1"}))
        busy = tracker.start(run("busy", tags={"kind": "airport"}), parent_id=alive)
        before = time.time_ns() // 1_000_000
        healed = heal(tracker, lambda job: job.name != "dead")
        assert healed == [dead]
        for run_id in (dead, open_, below, flat):
            assert tracker.get(run_id).status == KILLED
            assert (tracker.get(run_id).end_ms or 0) >= before
        assert tracker.get(done).status == FINISHED
        assert [tracker.get(i).status for i in (alive, busy, shard)] == [RUNNING] * 3
        assert heal(tracker, lambda job: True) == []


class StoreContract(Recording, Metrics, Updating, Reading, Healing, Searching):
    """All of it, for a store that is not MLflow's own.

    Define the fixture ``open_one``, of scope ``class`` or above: a function that opens the store at
    an experiment that nothing is recorded in yet, a new one at each call::

        class TestJournal(StoreContract):
            @pytest.fixture(scope="class")
            def open_one(self, tmp_path_factory):
                return lambda: open_journal(f"journal://{tmp_path_factory.mktemp('a')}/x", "test")
    """

    @pytest.fixture
    def tracker(self, open_one: Callable[[], Tracker]) -> Tracker:
        """A store with an experiment of its own."""
        return open_one()

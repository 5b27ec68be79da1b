"""What is particular to going through MLflow's client."""

import logging
import math
import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from forecastctl.errors import TrackingError
from forecastctl.records import (
    FINISHED,
    RUNNING,
    Metric,
    Query,
    Run,
)
from forecastctl.records.failures import storable
from forecastctl.store.mlflow import client as mlflow_client
from forecastctl.store.mlflow.batches import MAX_BYTES, batches
from forecastctl.store.mlflow.calls import calling
from forecastctl.store.mlflow.client_filters import render_filter
from forecastctl.store.mlflow.open import open_tracker

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

    @pytest.mark.slow
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
    @pytest.mark.slow
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

        held = storable(text)
        said, unsaid = render_filter(Query(tags={"a b": text, "c": "d"}, status=FINISHED))
        understood = SearchUtils.parse_search_filter(said)
        assert len(understood) + len(unsaid) == 3
        if unsaid:
            assert [p.value for p in unsaid] == [held]
            assert ("'" in held and '"' in held) or held.endswith("\\")
        else:
            assert understood[0] == {"type": "tag", "key": "a b", "comparator": "=", "value": held}

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
            children=(Run("good"), Run("bad", params={"boom": "1"})),
        )
        log = tracker._log

        def fail(run_id, values, tags):
            if "boom" in values.params:
                raise TrackingError("the server is gone")
            log(run_id, values, tags)

        monkeypatch.setattr(tracker, "_log", fail)
        with pytest.raises(TrackingError):
            tracker.record([run])
        assert tracker.find(Query(tags={"airport": "JFK"})) == []
        [root] = tracker.find(Query(tags={"job_id": "7"}))
        assert (root.status, root.tags) == (RUNNING, {"kind": "airport", "job_id": "7"})


QUIET = """
import sys
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.records.failures import storable
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
    @pytest.mark.slow
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
        assert seen["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
        assert dict(os.environ) == before
        assert logging.getLogger("mlflow").level == level

    def test_they_stay_until_the_last_of_several_threads_is_done(self, monkeypatch):
        monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
        before, level = dict(os.environ), logging.getLogger("mlflow").level
        with calling("http://h", "do"):
            first = calling("http://h", "do")
            first.__enter__()
            first.__exit__(None, None, None)
            assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "0"
            assert logging.getLogger("mlflow").level > logging.CRITICAL
        assert dict(os.environ) == before
        assert logging.getLogger("mlflow").level == level

    def test_a_bug_of_ours_is_not_disguised(self):
        with pytest.raises(ValueError), calling("http://h", "do"):
            math.log(0)

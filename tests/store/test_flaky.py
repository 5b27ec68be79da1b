"""A store that loses answers, or is away for a while: everything is recorded once, and it is said."""

import logging
import sqlite3
import threading
import uuid
from collections import Counter

import pytest

from forecastctl.errors import StoreAwayError
from forecastctl.records import FINISHED, RUNNING, Artifact, Metric, Query, Run, RunUpdate
from forecastctl.store import patience as patience_module
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.store.mlflow.sql import sqlite as mlflow_sqlite
from forecastctl.store.patience import Patience
from tests.flaky import FAULTS, TcpProxy, at_random, http_proxy, nth, place_of, through

NOW = 1_700_000_000_000
FILE = "model/model.json"


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    """No long pauses, and everything is said."""
    monkeypatch.setattr(patience_module, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(patience_module, "LONGEST_PAUSE", 0.02)
    monkeypatch.setattr(patience_module, "SAY_AFTER", 0.0)


class Said(list):
    """What is said, as it comes."""

    def __call__(self, text):
        self.append(text)


def airport(name, trials=3):
    tags = {"kind": "airport", "job_id": "7", "airport": name}
    below = tuple(
        Run(
            f"{name} #{i}",
            start_ms=NOW,
            end_ms=NOW + i,
            params={"alpha": f"{i}"},
            metrics=(Metric("loss", i / 7, 0, NOW), Metric("loss", i / 3, 1, NOW)),
            tags={"kind": "trial", "job_id": "7", "trial": f"{i}"},
        )
        for i in range(trials)
    )
    files = (Artifact(FILE, f'"{name}"'.encode()), Artifact("a.txt", b"a"))
    params = {"max_evals": "3"}
    return Run(
        name,
        start_ms=NOW,
        end_ms=NOW + 9,
        params=params,
        tags=tags,
        artifacts=files,
        children=below,
    )


def assert_once(store, names, trials=3):
    """All is there, once, whole, and nothing is left running."""
    runs = store.find(Query(limit=10_000))
    assert {run.status for run in runs} <= {FINISHED}
    counts = Counter(run.name for run in runs)
    expected = {n: 1 for name in names for n in (name, *(f"{name} #{i}" for i in range(trials)))}
    assert {name: n for name, n in counts.items() if name != "job"} == expected
    for run in runs:
        if run.name in names:
            assert run.tags["airport"] == run.name
            assert run.params == {"max_evals": "3"}
            assert store.read_artifact(run.run_id, FILE) == f'"{run.name}"'.encode()
            assert len(store.find(Query(parent_id=run.run_id))) == trials
        elif run.name != "job":
            i = int(run.name[-1])
            assert run.params == {"alpha": f"{i}"}
            assert run.metrics == {"loss": i / 3}
    assert counts["job"] <= 1


def record_a_job(tracker, names):
    job = tracker.start(Run("job", start_ms=NOW, tags={"kind": "job", "job_id": "7"}))
    for name in names:
        tracker.record([airport(name)], job)
    tracker.update(job, RunUpdate(FINISHED, NOW + 20, metrics=(Metric("airports", 2.0, 0, NOW),)))
    return job


@pytest.fixture
def behind(mlflow_server):
    """Open an experiment through a proxy, and straight."""
    name = f"flaky {uuid.uuid4().hex}"

    def make(proxy, patience, writer="auto"):
        straight = open_tracker(mlflow_server.uri, name)
        return open_tracker(proxy.uri, name, writer=writer, patience=patience), straight

    return make


REQUESTS = ("runs/create", "runs/log-batch", "runs/update", "mlflow-artifacts", "runs/get")


class TestAnswersThatAreLost:
    @pytest.mark.slow
    @pytest.mark.parametrize("fault", FAULTS)
    def test_of_each_kind_of_request(self, mlflow_server, behind, fault):
        with http_proxy(mlflow_server.uri) as proxy:
            tracker, store = behind(proxy, Patience(600, Said()))
            proxy.choose = nth(1, 2, 5, fault=fault, of=REQUESTS)
            record_a_job(tracker, ["JFK"])
            hit = [path for _, path, f in proxy.seen if f == fault]
        assert [part for part in REQUESTS if not any(part in path for path in hit)] == []
        assert_once(store, ["JFK"])

    @pytest.mark.slow
    @pytest.mark.parametrize("writer", ["auto", "client"])
    def test_of_a_third_of_all_requests(self, mlflow_server, behind, writer):
        with http_proxy(mlflow_server.uri) as proxy:
            tracker, store = behind(proxy, Patience(600, Said()), writer)
            proxy.choose = at_random(0.33, seed=5)
            record_a_job(tracker, ["JFK", "LGA"])
            assert {f for _, _, f in proxy.seen} >= {None, *FAULTS}
        assert_once(store, ["JFK", "LGA"])

    @pytest.mark.slow
    @pytest.mark.parametrize("seed", range(20))
    def test_of_half_of_all_requests(self, mlflow_server, behind, seed):
        names = [f"A{i}" for i in range(8)]
        with http_proxy(mlflow_server.uri) as proxy:
            tracker, store = behind(proxy, Patience(600, Said()))
            proxy.choose = at_random(0.5, seed)
            record_a_job(tracker, names)
        assert_once(store, names)

    def test_a_request_that_is_carried_out_after_it_was_given_up(
        self, mlflow_server, behind, caplog
    ):
        """Its twin is deleted, and that is said."""
        with http_proxy(mlflow_server.uri) as proxy:
            tracker, store = behind(proxy, Patience(600, Said()))
            proxy.late_seconds = 0.0
            proxy.choose = nth(1, fault="late", of=("runs/create",))
            settle = tracker._settle

            def once_it_is_there():
                assert proxy.late_ones.wait(600)
                settle()

            tracker._settle = once_it_is_there
            with caplog.at_level(logging.WARNING, "forecastctl"):
                tracker.record([airport("JFK")])
        assert_once(store, ["JFK"])
        made = sum(path.endswith("runs/create") for _, path, _ in proxy.seen)
        twins = [r for r in caplog.records if "is deleted" in r.getMessage()]
        assert len(twins) == made - 4  # one for each run, and one for each twin


class TestPatience:
    def test_a_server_that_comes_back(self, mlflow_server, behind):
        said = Said()
        with http_proxy(mlflow_server.uri) as proxy:
            tracker, store = behind(proxy, Patience(600, said))
            proxy.away = True
            said.append = lambda text: (list.append(said, text), setattr(proxy, "away", False))
            record_a_job(tracker, ["JFK"])
        assert_once(store, ["JFK"])
        assert said[0].startswith("the store does not answer since 0 s, trying again for 600 s")
        assert said[1].startswith("the store answers again, after")

    def test_a_server_that_is_gone_for_good(self, mlflow_server, behind):
        with http_proxy(mlflow_server.uri) as proxy:
            tracker, _ = behind(proxy, Patience(0.2, Said()))
            run_id = tracker.start(Run("job", start_ms=NOW))
            proxy.away = True
            with pytest.raises(StoreAwayError, match="does not answer"):
                tracker.record([airport("JFK")])
            before = len(proxy.seen)
            with pytest.raises(StoreAwayError):
                tracker.update(run_id, RunUpdate(FINISHED))
            assert len(proxy.seen) == before + 1  # patience has run out: nothing is tried twice
            proxy.away = False
            tracker.update(run_id, RunUpdate(FINISHED))
            assert tracker.get(run_id).status == FINISHED

    def test_a_refusal_is_not_tried_again(self, mlflow_server, behind):
        with http_proxy(mlflow_server.uri) as proxy:
            tracker, _ = behind(proxy, Patience(600, Said()))
            run_id = tracker.start(Run("job", start_ms=NOW, params={"a": "1"}))
            before = len(proxy.seen)
            with pytest.raises(Exception, match="a") as caught:
                tracker.update(run_id, RunUpdate(params={"a": "2"}))
            assert not isinstance(caught.value, StoreAwayError)
            assert len(proxy.seen) == before + 2

    def test_postgresql_that_is_away_for_a_while(self, postgres_uri, tmp_path):
        said, name = Said(), uuid.uuid4().hex
        proxy = TcpProxy(place_of(postgres_uri))
        tracker = open_tracker(
            through(postgres_uri, proxy.port),
            name,
            artifact_location=str(tmp_path / "files"),
            patience=Patience(600, said),
        )
        back = []

        def come_back(text):
            list.append(said, text)
            if not back:
                back.append(proxy.come_back())

        said.append = come_back
        proxy.leave()
        record_a_job(tracker, ["JFK"])
        proxy.close()
        assert_once(open_tracker(postgres_uri, name), ["JFK"])
        assert "does not answer" in said[0]

    @pytest.mark.parametrize("writer", ["sql", pytest.param("client", marks=pytest.mark.slow)])
    def test_an_sqlite_file_that_another_program_has_locked(self, sqlite_uri, monkeypatch, writer):
        monkeypatch.setattr(mlflow_sqlite, "BUSY_SECONDS", 0.01)
        said = Said()
        tracker = open_tracker(sqlite_uri, "x", writer=writer, patience=Patience(600, said))
        other = sqlite3.connect(
            sqlite_uri.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
        )
        other.execute("BEGIN EXCLUSIVE")
        said.append = lambda text: (
            list.append(said, text),
            other.in_transaction and other.execute("ROLLBACK"),
        )
        record_a_job(tracker, ["JFK"])
        other.close()
        assert_once(open_tracker(sqlite_uri, "x"), ["JFK"])
        assert "does not answer" in said[0]

    def test_an_sqlite_file_that_is_locked_when_it_is_opened(self, sqlite_uri, monkeypatch):
        monkeypatch.setattr(mlflow_sqlite, "BUSY_SECONDS", 0.01)
        other = sqlite3.connect(
            sqlite_uri.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
        )
        other.execute("BEGIN EXCLUSIVE")
        said = Said()
        said.append = lambda text: (
            list.append(said, text),
            other.in_transaction and other.execute("ROLLBACK"),
        )
        tracker = open_tracker(sqlite_uri, "x", patience=Patience(600, said))
        assert tracker.find(Query()) == []
        assert said

    def test_many_threads_share_it(self):
        """What one of them has waited counts for all."""
        said, left = Said(), threading.Semaphore(5)
        shared = Patience(600, said)

        def act():
            if left.acquire(blocking=False):
                raise StoreAwayError("away")
            return 1

        threads = [threading.Thread(target=shared.call, args=(act,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(600)
        assert sum("does not answer" in text for text in said) >= 1
        assert shared.call(lambda: 2) == 2
        assert shared._since is None

    def test_none_at_all_tries_once(self):
        tries = []

        def act():
            tries.append(1)
            raise StoreAwayError("away")

        with pytest.raises(StoreAwayError):
            Patience(0).call(act)
        assert len(tries) == 1

    def test_an_error_of_another_kind_is_raised_at_once(self):
        tries = []

        def act():
            tries.append(RUNNING)
            raise ValueError("a bug")

        with pytest.raises(ValueError, match="a bug"):
            Patience(600).call(act)
        assert len(tries) == 1

"""One job at a time, as the second one sees it; and a store that is away, as a job sees it."""

import os
import signal
import sqlite3
import uuid
from contextlib import contextmanager

import pytest

from forecastctl.cli.boundary import _with_wait
from forecastctl.records import RUNNING, Query
from forecastctl.records.marks import JOBS, SET
from forecastctl.records.schema import MetricKey
from forecastctl.settings.sections import MOST_SECONDS
from forecastctl.store.alive import Holder
from forecastctl.store.lock.hold import held
from forecastctl.store.lock.open import open_lock
from forecastctl.store.mlflow.open import open_tracker
from tests.cli.conftest import FORECASTCTL, QUICK, in_a_group, panel, until
from tests.flaky import at_random, http_proxy

ME = Holder("tune", "elsewhere", 77, 1_700_000_000_000)


@contextmanager
def somebody_at_work(uri, experiment="forecastctl"):
    tracker = open_tracker(uri, experiment)
    with held(
        tracker,
        lambda heart: open_lock(uri, experiment, tracker, ME, heart, print),
        lambda: open_tracker(uri, experiment),
        shown="x",
        wait=0.0,
        say=print,
    ):
        yield


@pytest.mark.slow
def test_the_second_of_two_jobs_says_who_is_at_work_and_does_nothing(cli):
    cli.write(panel([f"A{i}" for i in range(60)], months=60))
    command = ["run", "--data", "air.csv", "--jobs", "1", "--max-evals", "30"]
    child = in_a_group([*FORECASTCTL, *command], cli.folder)
    until(cli.jobs, child)
    second = cli(*command, "--out", "f.csv", code=8)
    assert "Another job is at work in the experiment 'forecastctl'" in second.stderr
    assert f"process {child.pid}, since 20" in second.stderr
    assert "next: Wait for its end with --wait" in second.stderr
    assert second.stdout == ""
    assert not (cli.folder / "f.csv").exists()
    backtest = ["backtest", "--data", "air.csv", "--from", "2018-10", "--to", "2018-12"]
    cli(*backtest, *QUICK, code=8)
    assert len(cli.json("history")) == 1  # commands that only read take no notice
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()


@pytest.mark.slow
def test_the_second_job_waits_where_it_is_told_to(cli):
    cli.write(panel())
    with somebody_at_work(cli.uri):
        cli("run", "--data", "air.csv", *QUICK, "--wait", "0.1", code=8)
        waiting = in_a_group(
            [*FORECASTCTL, "run", "--wait", "--data", "air.csv", *QUICK], cli.folder
        )
        said = waiting.stderr.readline()
    _, rest = waiting.communicate(timeout=600)
    assert "waiting for another job in the experiment 'forecastctl'" in said
    assert "'tune', on host elsewhere, process 77, since 2023-11-14 22:13:20 UTC" in said
    assert waiting.returncode == 0, rest
    assert [job["status"] for job in cli.json("history")] == ["ok"]


@pytest.mark.slow
def test_a_job_that_waited_takes_the_data_as_they_are_by_then(cli):
    cli.write(panel(["JFK"]))
    with somebody_at_work(cli.uri):
        waiting = in_a_group(
            [*FORECASTCTL, "run", "--wait", "--data", "air.csv", *QUICK], cli.folder
        )
        waiting.stderr.readline()
        cli.write(panel(["JFK", "LGA"]))
    waiting.communicate(timeout=600)
    assert waiting.returncode == 0
    assert {row["airport"] for row in cli.json("history", "airports")} == {"JFK", "LGA"}


def test_interrupted_while_it_waits(cli):
    cli.write(panel())
    with somebody_at_work(cli.uri):
        waiting = in_a_group(
            [*FORECASTCTL, "run", "--wait", "--data", "air.csv", *QUICK], cli.folder
        )
        waiting.stderr.readline()
        os.killpg(waiting.pid, signal.SIGINT)
        _, said = waiting.communicate(timeout=600)
    assert waiting.returncode == 130
    assert "Traceback" not in said
    assert cli.jobs() == []


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["run", "--wait"], ["run", f"--wait={MOST_SECONDS}"]),
        (["run", "--wait", "--quiet"], ["run", f"--wait={MOST_SECONDS}", "--quiet"]),
        (["run", "--wait", "5", "--quiet"], ["run", "--wait", "5", "--quiet"]),
        (["run", "--wait=5"], ["run", "--wait=5"]),
        (["run", "--wait", "-5"], ["run", "--wait", "-5"]),
        (["run", "--wait", "-inf"], ["run", "--wait", "-inf"]),
        (["run", "--wait", "-q"], ["run", f"--wait={MOST_SECONDS}", "-q"]),
        (["run", "--out", "f"], ["run", "--out", "f"]),
    ],
)
def test_the_seconds_of_wait_may_be_missing(given, meant):
    assert _with_wait(given) == meant


@pytest.mark.parametrize("wrong", ["x", "-1", "1e99", "nan"])
def test_seconds_that_are_none(bare, wrong):
    assert "--wait" in bare("run", "--data", "air.csv", f"--wait={wrong}", code=2).stderr
    assert "--wait" in bare("run", "--data", "air.csv", "--wait", wrong, code=2).stderr


@pytest.mark.slow
def test_a_locked_file_is_waited_for_and_nothing_is_lost(cli, monkeypatch):
    """Another program locks the whole file for longer than SQLite waits."""
    cli.write(panel([f"A{i}" for i in range(6)]))
    child = in_a_group([*FORECASTCTL, "run", "--data", "air.csv", *QUICK], cli.folder)
    until(cli.jobs, child)
    other = sqlite3.connect(cli.folder / "mlflow.db", isolation_level=None, timeout=600)
    other.execute("BEGIN EXCLUSIVE")
    said = []
    while not any("does not answer" in line for line in said):
        said.append(child.stderr.readline())
        assert said[-1], said
    other.execute("ROLLBACK")
    _, rest = child.communicate(timeout=600)
    assert child.returncode == 0, rest
    assert "the store answers again" in rest
    assert "Traceback" not in rest
    (job,) = cli.json("history")
    assert (job["status"], job["ok"]) == ("ok", 6)


@pytest.mark.slow
class TestOverAServer:
    """Jobs against a real server, whose answers get lost."""

    @pytest.fixture
    def over(self, cli, mlflow_server):
        """Arguments for an experiment of its own, and a tracker on it."""
        cli.write(panel([f"A{i}" for i in range(6)]))
        name = f"cli {uuid.uuid4().hex}"
        return name, lambda: open_tracker(mlflow_server.uri, name)

    def test_two_at_once(self, cli, over, mlflow_server):
        name, _ = over
        place = ["--tracking-uri", mlflow_server.uri, "--experiment", name]
        with somebody_at_work(mlflow_server.uri, name):
            said = cli("run", "--data", "air.csv", *QUICK, *place, code=8).stderr
        assert "'tune', on host elsewhere, process 77" in said
        cli("run", "--data", "air.csv", *QUICK, *place)

    @pytest.mark.slow
    def test_a_third_of_all_answers_is_lost(self, cli, over, mlflow_server):
        name, straight = over
        with http_proxy(mlflow_server.uri) as proxy:
            choose = at_random(0.33, seed=3)
            proxy.choose = lambda method, path, body: (
                None if path.startswith("/health") else choose(method, path, body)
            )
            place = ["--tracking-uri", proxy.uri, "--experiment", name, "--max-evals", "4"]
            done = cli.process("run", "--data", "air.csv", *QUICK, *place)
        assert done.returncode == 0, done.stderr
        tracker = straight()
        assert tracker.find(Query(status=RUNNING)) == []
        airports = tracker.find(Query(tags={"kind": "airport"}))
        assert sorted(run.name for run in airports) == [f"A{i}" for i in range(6)]
        for run in airports:
            below = tracker.find(Query(parent_id=run.run_id))
            assert len(below) == run.metrics[MetricKey.TRIALS_TOTAL]

    @pytest.mark.slow
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
    def test_a_job_that_is_ended_leaves_nothing_running(self, cli, over, mlflow_server, number):
        name, straight = over
        cli.write(panel([f"A{i}" for i in range(40)], months=60))
        place = ["--tracking-uri", mlflow_server.uri, "--experiment", name]
        command = ["run", "--data", "air.csv", "--jobs", "2", "--max-evals", "14", "--no-charts"]
        child = in_a_group([*FORECASTCTL, *command, *place], cli.folder)
        tracker = straight()
        until(lambda: len(tracker.find(Query(tags={"kind": "airport"}))) > 3, child)
        os.killpg(child.pid, number)
        child.communicate(timeout=600)
        if number == signal.SIGKILL:
            assert tracker.find(Query(tags={JOBS: SET}, status=RUNNING))
            cli("run", "--data", "air.csv", "--airport", "A0", *QUICK, *place)
        assert tracker.find(Query(status=RUNNING)) == []

    @pytest.mark.slow
    def test_a_server_that_is_gone_for_good_is_said_to_be(self, cli, over, mlflow_server):
        name, _ = over
        cli.write(panel([f"A{i}" for i in range(40)], months=60))
        (cli.folder / "forecastctl.toml").write_text(
            "[tracking]\npatience = 8.0\nspool = 'waits'\n"
        )
        with http_proxy(mlflow_server.uri) as proxy:
            place = ["--tracking-uri", proxy.uri, "--experiment", name]
            command = ["run", "--data", "air.csv", "--jobs", "1", "--max-evals", "14"]
            child = in_a_group([*FORECASTCTL, *command, *place], cli.folder)
            tracker = over[1]()
            until(lambda: tracker.find(Query(tags={"kind": "airport"})), child)
            proxy.away = True
            _, said = child.communicate(timeout=600)
        assert child.returncode == 9  # the forecasts are there; the record waits in the spool
        assert "the store does not answer since" in said
        assert "Traceback" not in said

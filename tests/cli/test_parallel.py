"""Trials of one airport at the same time, as a user asks for it."""

import os
import signal

import pytest

from forecastctl.jobs import parallel
from tests.cli.conftest import FORECASTCTL, in_a_group, panel, until
from tests.cli.test_process import _with_workers_that

ASKED = ["--family", "ets", "--max-evals", "6", "--tpe-share", "0.5", "--horizon", "3"]
ASKED += ["--folds", "1", "--no-charts", "--backend", "threads", "--jobs", "3"]


@pytest.fixture
def data(cli):
    cli.write(panel(["JFK", "LGA"]))
    return ["--data", "air.csv"]


def test_it_is_recorded_and_holds_good_for_the_next_job(cli, data):
    first = cli.json("run", *data, *ASKED, "--parallel", "trials")
    again = cli.json("run", *data, *ASKED, "--parallel", "trials", "--skip-unchanged")
    assert {one["status"] for one in first["results"]} == {"ok"}
    assert {one["status"] for one in again["results"]} == {"skipped"}
    other = cli.json("run", *data, *ASKED, "--parallel", "airports", "--skip-unchanged")
    assert {one["status"] for one in other["results"]} == {"ok"}
    assert runs(cli, first["job_id"]) == ("trials", "3", {"3"})
    assert runs(cli, other["job_id"]) == ("airports", "1", {"1"})


def runs(cli, job_id):
    """What is recorded of a job: how, its parallelism, and that of its airports."""
    from forecastctl.records import Query
    from forecastctl.store.mlflow.open import open_tracker

    tracker = open_tracker(cli.uri, "forecastctl")
    (job,) = tracker.find(Query(tags={"kind": "job", "job_id": job_id}))
    airports = tracker.find(Query(tags={"kind": "airport", "job_id": job_id}))
    of_airports = {run.params["parallelism"] for run in airports}
    return job.tags["parallel"], job.tags["parallelism"], of_airports


def test_one_trial_after_the_other_is_the_same_search(cli, data):
    alone = cli.json("run", *data, *ASKED, "--out", "a.csv")
    same = ["--parallel", "trials", "--parallelism", "1", "--out", "b.csv"]
    spread = cli.json("run", *data, *ASKED, *same, "--experiment", "other")
    assert alone["job_id"] != spread["job_id"]
    assert (cli.folder / "a.csv").read_text() == (cli.folder / "b.csv").read_text()


def test_auto_says_what_it_does_and_does_it_again(cli, data, monkeypatch):
    monkeypatch.setattr(parallel, "HANDING_OVER", 0.0)
    auto = [*data, *ASKED, "--jobs", "4", "--parallel", "auto"]
    said = cli("run", *auto).stderr
    few = "2 airports leave some of 4 workers without work"
    assert f"in parallel: both; {few}, and trials are worth sharing out\n" in said
    monkeypatch.setattr(parallel, "HANDING_OVER", 1e9)
    again = cli.json("run", *auto, "--skip-unchanged")
    assert {one["status"] for one in again["results"]} == {"skipped"}
    other = cli("run", *auto, "--experiment", "new").stderr
    assert f"in parallel: airports; {few}, but handing trials out one by one " in other


def test_what_a_dry_run_says_is_what_is_done(cli, data):
    cli("run", *data, *ASKED, "--parallel", "trials")
    dry = cli.json("run", *data, *ASKED, "--parallel", "trials", "--skip-unchanged", "--dry-run")
    assert {one["action"] for one in dry["airports"]} == {"skip"}


def test_a_search_is_made_again_as_it_was(cli, data):
    done = cli.json("run", *data, *ASKED, "--parallel", "trials")
    found = cli.json("reproduce", done["job_id"], "--refit", "--jobs", "1")
    assert {one["refit"]["result"] for one in found["airports"]} == {"bit-identical"}


def test_what_is_not_known_is_refused(cli, data):
    said = cli("run", *data, *ASKED, "--parallel", "everything", code=2).stderr
    assert "--parallel" in said
    assert "trials" in said
    assert "--parallelism" in cli("run", *data, "--parallelism", "0", code=2).stderr
    alone = cli("run", *data, *ASKED, "--parallelism", "2", code=2).stderr
    assert "--parallelism: airports are done at the same time, and no trials of one." in alone


ACTS = """
from forecastctl.search import evaluation as module
real = module.evaluate
def evaluate(series, search, evaluation, clock):
    if evaluation.number == 2:
        {act}
    return real(series, search, evaluation, clock)
module.evaluate = evaluate
"""
PROCESSES = [*ASKED, "--parallel", "trials", "--backend", "loky", "--jobs", "2"]


@pytest.mark.slow
def test_a_worker_that_dies_costs_its_trial_alone(cli, data):
    env = _with_workers_that(cli, ACTS.format(act="os.kill(os.getpid(), signal.SIGKILL)"))
    done = cli.process("run", *data, *PROCESSES, "--json", env=env)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    trials = cli.json("history", "trials", "--airport", "JFK")
    assert len(trials) == 6
    (failed,) = [trial for trial in trials if trial["status"] == "failed"]
    assert failed["reason"].startswith("WorkerDied: its process died twice")


@pytest.mark.slow
def test_an_interrupted_search_is_made_again_by_the_next_job(cli, data):
    env = _with_workers_that(cli, ACTS.format(act="open('hangs', 'w').close(); signal.pause()"))
    child = in_a_group([*FORECASTCTL, "run", *data, *PROCESSES], cli.folder, env)
    until((cli.folder / "hangs").exists, child)
    os.killpg(child.pid, signal.SIGINT)
    _, err = child.communicate(timeout=600)
    assert child.returncode == 130, err
    assert "Traceback" not in err
    (job,) = cli.jobs()
    assert job["status"] == "interrupted"
    again = cli.json("run", *data, *PROCESSES)
    assert again["job_id"] == job["job_id"]
    assert {one["status"] for one in again["results"]} == {"ok"}

"""What a job says that it took."""

import itertools
import threading
import time

import pytest

from forecastctl.capacity.facts import read_facts
from forecastctl.jobs import run
from forecastctl.jobs.work import clock


def test_cpu_time_is_that_of_the_thread_that_works():
    """Else each of two threads would count what both have done."""
    seen = []
    thread = threading.Thread(target=lambda: seen.append((clock()[1], time.process_time())))
    thread.start()
    thread.join()
    ((own, of_all),) = seen
    assert own < of_all / 2  # the thread has just begun; importing the tests took seconds


def test_one_worker_is_at_airports_for_no_longer_than_there_is_work(harness):
    """An airport whose search came before the others' counts twice, not all that lies between."""
    cost = harness.run().cost
    assert 0 < cost["worked_seconds"] <= cost["work_seconds"] + 0.01
    assert 0 < cost["recording_seconds"] <= cost["work_seconds"] + 0.01
    assert cost["recording_cpu_seconds"] <= cost["recording_seconds"] + 0.05


def test_compiling_the_models_is_no_part_of_the_start(harness, monkeypatch):
    days = 5_000_000  # seconds; the clock of these jobs started years ago
    jumps = itertools.chain([0, days * 1000], itertools.repeat(None))

    def jumping():
        at = next(jumps)
        return clock() if at is None else (at, 0.0)

    monkeypatch.setattr(run, "clock", jumping)
    cost = harness.run().cost
    whole = cost["wall_seconds"] - cost["work_seconds"]
    assert whole - cost["startup_seconds"] == pytest.approx(days, abs=3600)


def test_a_job_is_read_as_it_was_recorded(harness):
    summary = harness.run()
    (facts,) = read_facts(harness.tracker)
    assert (facts.job_id, facts.backend, facts.workers) == (summary.job_id, "serial", 1)
    assert sorted(months for months, _ in facts.airports) == [4, 48, 48]
    assert sum(cpu for _, cpu in facts.airports) == pytest.approx(facts.cpu_seconds, abs=0.01)
    assert facts.work_seconds == summary.cost["work_seconds"]
    assert dict(facts.settings)["max_evals"] == "4"

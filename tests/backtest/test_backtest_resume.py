"""A backtest interrupted, broken or killed anywhere ends as if nothing had been."""

import json

import pandas as pd
import pytest

from forecastctl.backtest.blocks import work_block
from forecastctl.errors import TrackingError, UsageError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.records import Failure, Outcome
from forecastctl.store.healing import heal
from forecastctl.store.memory import MemoryTracker
from tests.backtest.backtesting import Bench, forecast_table
from tests.harness import Breaks


@pytest.fixture(scope="module")
def whole():
    """A backtest without an interruption."""
    bench = Bench()
    bench.summary = bench.backtest()
    return bench


class Stops(SerialExecutor):
    """Ctrl-C after some outcomes."""

    def __init__(self, after):
        self.after = after

    def map(self, fn, tasks):
        for index, outcome in enumerate(super().map(fn, tasks)):
            if index == self.after:
                raise KeyboardInterrupt
            yield outcome


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["nested", "flat"])
@pytest.mark.parametrize("after", [0, 1, 2, 4])
def test_an_interrupted_backtest_goes_on_and_ends_as_if_uninterrupted(whole, layout, after):
    bench = Bench()
    with pytest.raises(KeyboardInterrupt):
        bench.backtest(layout=layout, executor=Stops(after))
    assert {j.tags["status"] for j in bench.jobs()} <= {"ok", "failed", "interrupted"}
    before = len(bench.airports())
    summary = bench.backtest(layout=layout)
    assert_equal(bench, summary, whole, layout)
    assert summary.resumed == before


def assert_equal(bench, summary, whole, layout="nested"):
    """Same accounts, forecasts, lineage and scores as without an interruption."""

    def names(accounts, name):
        return {(j.replace(name, "bt"), a): v for (j, a), v in accounts.items()}

    mine = json.dumps([*names(bench.accounts(), summary.backtest_id).items()], sort_keys=True)
    theirs = whole.accounts()
    other = whole.summary.backtest_id
    assert sorted(json.loads(mine.replace(summary.backtest_id, "bt"))) == sorted(
        json.loads(json.dumps([*names(theirs, other).items()], sort_keys=True).replace(other, "bt"))
    )
    assert summary.counts == whole.summary.counts
    assert summary.scores == whole.summary.scores
    assert summary.validation_loss == whole.summary.validation_loss
    pd.testing.assert_frame_equal(
        forecast_table(bench.tracker, summary),
        forecast_table(whole.tracker, whole.summary),
        check_exact=True,
    )
    jobs = bench.jobs()
    assert len(jobs) == 6
    for job in jobs:
        assert job.status in ("FINISHED", "FAILED")
        assert job.tags["layout"] == layout
        lines = bench.read(job, "results.json")["results"]
        other_run = next(j for j in whole.jobs() if j.params["as_of"] == job.params["as_of"])
        for line, there in zip(
            lines, whole.read(other_run, "results.json")["results"], strict=True
        ):
            keys = set(line) - {"run_id"}
            assert {k: line[k] for k in keys} == {k: there[k] for k in keys}


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 2, 3, 4, 6, 8])
def test_a_block_that_was_recorded_in_part_is_completed_with_its_search(whole, at):
    bench = Bench(Breaks(at))
    with pytest.raises(TrackingError):
        bench.backtest()
    summary = bench.backtest()
    assert_equal(bench, summary, whole)
    attempts = {j.params["as_of"]: j.tags["attempt"] for j in bench.jobs()}
    assert "2" in attempts.values()
    for run in bench.airports():
        assert run.tags["attempt"] in ("1", "2")


def test_a_killed_backtest_is_healed_and_goes_on(whole):
    class Gone(BaseException):
        """No time to say goodbye."""

    bench = Bench()
    real = MemoryTracker.update
    bench.tracker.update = lambda run_id, update: (
        real(bench.tracker, run_id, update) if update.status != "FAILED" or update.metrics else None
    )

    class Killed(SerialExecutor):
        def map(self, fn, tasks):
            outcomes = super().map(fn, tasks)
            yield from list(outcomes)[:3] if fn is work_block else outcomes
            if fn is work_block:
                raise Gone

    with pytest.raises(Gone):
        bench.backtest(executor=Killed(), batch=1)
    assert "RUNNING" in {j.status for j in bench.jobs()}
    with pytest.raises(UsageError, match="is being worked at by process 1 on host"):
        bench.backtest()
    heal(bench.tracker, lambda _: False)
    assert_equal(bench, bench.backtest(), whole)


def test_a_complete_backtest_is_not_done_again(whole):
    bench = Bench(tracker=whole.tracker)
    again = bench.backtest(executor=Stops(0))
    assert bench.told == []
    assert again.resumed == 18
    assert again.to_dict()["origins"] == whole.summary.to_dict()["origins"]
    assert again.scores == whole.summary.scores
    assert again.cost["cpu_seconds"] == 0


def test_a_later_end_does_the_new_origins_alone():
    bench = Bench()
    first = bench.backtest(end="2018-06")
    bench.told.clear()
    second = bench.backtest(end="2018-08")
    assert second.backtest_id == first.backtest_id
    assert second.accounts[:2] == first.accounts
    assert len(bench.told) == 6
    (july,) = (r for r in bench.airports(airport="JFK") if r.tags["cutoff"] == "2018-07-01")
    assert bench.tracker.get(july.tags["tuned_by"]).tags["cutoff"] == "2018-05-01"
    assert bench.backtest(end="2018-08", config_digest="x").backtest_id != first.backtest_id
    assert bench.backtest(end="2018-08", airports=("JFK",)).backtest_id != first.backtest_id


def test_a_selection_is_accounted_for():
    bench = Bench()
    summary = bench.backtest(end="2018-06", select=("J*",))
    assert [a.counts["skipped"] for a in summary.accounts] == [2, 2]
    assert {run.tags["airport"] for run in bench.airports()} == {"JFK"}


def test_a_dead_worker_costs_its_own_block(whole):
    class Dying(SerialExecutor):
        def map(self, fn, tasks):
            if fn is not work_block:
                yield from super().map(fn, tasks)
                return
            for index, outcome in enumerate(super().map(fn, tasks)):
                dead = Outcome(outcome.index, failure=Failure("WorkerDied", "killed"))
                yield dead if index == 0 else outcome

    bench = Bench()
    summary = bench.backtest(executor=Dying())
    assert summary.counts["failed"] == 3
    assert [a.counts["failed"] for a in summary.accounts] == [1, 1, 1, 0, 0, 0]
    failed = [r for r in bench.airports() if r.tags["status"] == "failed"]
    assert {r.tags["reason"] for r in failed} == {"WorkerDied: killed"}
    assert len({r.tags["cutoff"] for r in failed}) == 3


def test_the_order_in_which_workers_end_changes_nothing(whole):
    class Backwards(SerialExecutor):
        def map(self, fn, tasks):
            yield from reversed(list(super().map(fn, tasks)))

    bench = Bench()
    assert_equal(bench, bench.backtest(executor=Backwards()), whole)


def test_little_memory_changes_nothing(whole, monkeypatch):
    from forecastctl.backtest import run as module

    monkeypatch.setattr(module, "MOST_OBSERVATIONS", 1)
    bench = Bench()
    assert_equal(bench, bench.backtest(batch=1), whole)

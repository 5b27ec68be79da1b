"""A backtest that ends before all is done, or whose store goes away, and is gone on with."""

import pytest

from forecastctl.errors import Terminated
from forecastctl.execute.serial import SerialExecutor
from forecastctl.jobs import work as working
from forecastctl.jobs.stopping import Stopping
from forecastctl.jobs.work import NOT_BEGUN
from forecastctl.records import FINISHED, KILLED
from forecastctl.store.spool.place import place_of, publish_all
from forecastctl.store.spool.spooling import SpoolingTracker
from forecastctl.store.spool.tracker import SpoolTracker
from tests.backtest.backtesting import Bench, forecast_table
from tests.jobs.test_stopping import Clock, Winding
from tests.stores_that_fail import AwayError, Fails

SPAN = {"start": "2018-05", "end": "2018-08", "retune_every": 2}
STEPS, SEARCHES = 9, 4
"""Airports at origins that are worked at, and searches; NEW is rejected at all origins but one."""


@pytest.fixture(scope="module")
def whole():
    bench = Bench()
    bench.summary = bench.backtest(**SPAN, table=True)
    return bench


@pytest.fixture
def passing(monkeypatch):
    """A clock that workers look at, on which each step of theirs takes a second."""
    clock = Clock()
    real = working._stages

    def stages(result, task):
        clock.now += 1000
        return real(result, task)

    monkeypatch.setattr(working, "clock", clock)
    monkeypatch.setattr(working, "_stages", stages)
    return clock


def worked_at(bench):
    return [run for run in bench.airports() if run.tags["status"] != "rejected"]


def assert_equal(bench, summary, whole):
    """Every airport once at each origin, with the forecasts of a backtest that nothing disturbed."""
    assert bench.accounts() == whole.accounts()
    assert summary.counts == whole.summary.counts
    assert summary.scores == whole.summary.scores
    assert (summary.left, summary.stopped) == (0, None)
    assert summary.table.equals(whole.summary.table)
    assert forecast_table(bench.tracker, summary).equals(summary.table)
    assert {job.tags["left"] for job in bench.jobs()} == {"0"}


@pytest.mark.parametrize("after", [1, 3, 6, 7])
def test_what_was_done_before_a_signal_is_recorded_and_the_rest_is_gone_on_with(whole, after):
    bench, stopping = Bench(), Stopping(grace=5.0)
    executor = Winding(after, lambda: stopping.interrupt(Terminated()))
    with pytest.raises(Terminated):
        bench.backtest(**SPAN, executor=executor, stopping=stopping, batch=1)
    assert executor.wound == [5.0]
    begun = [job for job in bench.jobs() if job.tags["status"] != "ok"]
    assert {(job.status, job.tags["status"]) for job in begun} == {(KILLED, "interrupted")}
    assert len(worked_at(bench)) == 2 * max(after - SEARCHES, 0)  # all searches come first
    assert stopping.recorded == len(bench.airports())
    assert_equal(bench, bench.backtest(**SPAN, table=True), whole)


@pytest.mark.parametrize("seconds", [2, 5, 8, 12])
def test_at_the_deadline_what_is_done_is_kept_and_the_rest_is_left(whole, passing, seconds):
    bench = Bench()
    stopping = Stopping(deadline_ms=passing.now + 1000 * seconds - 500)
    summary = bench.backtest(**SPAN, stopping=stopping, table=True, batch=1)
    done = len(worked_at(bench))
    assert done == max(seconds - SEARCHES, 0)
    assert 1 <= summary.left <= 4
    assert summary.status == "partial"
    said = "1 origin is left" if summary.left == 1 else f"{summary.left} origins are left"
    assert summary.stopped == f"the deadline passed: {said}"
    assert (
        0 if summary.table is None else summary.table.groupby(["airport", "cutoff"]).ngroups
    ) == done
    for job in bench.jobs():
        assert job.status == FINISHED
        lines = bench.read(job, "results.json")["results"]
        left = [line for line in lines if line["status"] == "skipped"]
        assert job.tags["left"] == str(len(left))
        assert {line["reason"] for line in left} <= {NOT_BEGUN, stopping.reason}
    assert_equal(bench, bench.backtest(**SPAN, table=True), whole)


def test_nightly_deadlines_too_short_for_all_searches_come_to_an_end(whole, passing):
    """What the searches of a night found is kept, also where no interval is known yet."""
    bench = Bench()
    for _ in range(STEPS):
        stopping = Stopping(deadline_ms=passing.now + 2500)
        summary = bench.backtest(**SPAN, stopping=stopping, table=True, batch=1)
        if not summary.left:
            break
    assert_equal(bench, summary, whole)


class Failing(SerialExecutor):
    """Every search of an airport fails."""

    def __init__(self, airport):
        self.airport = airport

    def map(self, fn, tasks):
        def fails(task):
            if getattr(task, "airport", None) or task.series.airport != self.airport:
                return fn(task)
            raise ValueError("broken on purpose")

        return super().map(fails, tasks)


@pytest.mark.parametrize(("most", "stops"), [(0, True), (1, False)])
def test_more_failures_than_may_be_end_it(most, stops):
    bench = Bench()
    stopping = Stopping(most_failures=most)
    summary = bench.backtest(**SPAN, executor=Failing("JFK"), stopping=stopping, batch=1)
    assert bool(summary.left) is stops
    assert summary.counts["failed"] == (1 if stops else 2)
    if stops:
        assert summary.stopped.startswith("1 airport failed, more than may: ")
        again = bench.backtest(**SPAN)
        assert (again.left, again.counts["failed"]) == (0, 1)


def through_a_spool(store, place):
    """A backtest through a spool, which is closed."""
    front = SpoolingTracker(store, SpoolTracker(place.new()))
    front.begin()
    bench = Bench(front)
    summary = bench.backtest(**SPAN, table=True, batch=1)
    front.close()
    place.tidy()
    return front, summary


@pytest.mark.slow
@pytest.mark.parametrize("lost", [False, True], ids=["not carried out", "answer lost"])
@pytest.mark.parametrize("at", [0, 3, 8, 14])
def test_a_store_that_goes_away_in_the_middle_has_all_in_the_end(whole, tmp_path, at, lost):
    place = place_of(tmp_path / "spool", "sqlite:////nowhere/mlflow.db", "x")
    store = Fails(at, lost=lost)
    front, summary = through_a_spool(store, place)
    assert isinstance(front.away, AwayError)
    assert front.lost is None
    assert summary.table.equals(whole.summary.table)
    store.back()
    assert publish_all(place, store).kept == {}
    assert place.waiting() == []
    bench = Bench(store)
    again = bench.backtest(**SPAN, table=True)
    assert bench.told == []  # all is there, and is found there
    assert_equal(bench, again, whole)


def test_a_backtest_that_is_gone_on_with_records_none_twice_though_its_store_goes_away(
    whole, tmp_path
):
    place = place_of(tmp_path / "spool", "sqlite:////nowhere/mlflow.db", "x")
    store, stopping = Fails(), Stopping()
    executor = Winding(7, lambda: stopping.interrupt(Terminated()))
    with pytest.raises(Terminated):
        Bench(store).backtest(**SPAN, executor=executor, stopping=stopping, batch=1)
    store.back(1)
    front, summary = through_a_spool(store, place)
    assert isinstance(front.away, AwayError)
    assert summary.table.equals(whole.summary.table)
    store.back()
    publish_all(place, store)
    bench = Bench(store)
    newest = [run for run in worked_at(bench) if "superseded_by" not in run.tags]
    assert len(newest) == STEPS
    assert len({(run.tags["job_id"], run.tags["airport"]) for run in newest}) == STEPS

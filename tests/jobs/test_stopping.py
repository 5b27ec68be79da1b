"""A job that ends before all is done: at its deadline, with too many failures, by a signal."""

import json

import pandas as pd
import pytest

from forecastctl.errors import Terminated
from forecastctl.execute.serial import SerialExecutor
from forecastctl.jobs import work as working
from forecastctl.jobs.stopping import DROPPED, LEFT_OVER, Stopping
from forecastctl.jobs.work import NOT_BEGUN
from forecastctl.records import FINISHED, KILLED, Query
from tests.harness import Harness, make_series
from tests.jobs.test_resume import CutOff, account, airports, assert_equal

NAMES = [f"A{i}" for i in range(6)]


def six():
    harness = Harness()
    harness.entries = [make_series(name, seed=i) for i, name in enumerate(NAMES)]
    return harness


@pytest.fixture(scope="module")
def whole():
    harness = six()
    harness.summary = harness.run(job_id="whole")
    return harness


class Winding(SerialExecutor):
    """Ends after so many outcomes, as one does that was told to by a signal or a timer."""

    def __init__(self, after, act=lambda: None):
        self.left, self.act, self.wound = after, act, []

    def wind_down(self, seconds):
        self.wound.append(seconds)

    def map(self, fn, tasks):
        for outcome in super().map(fn, tasks):
            if self.wound:
                return
            yield outcome
            self.left -= 1
            if self.left == 0:
                self.act()


class Failing(SerialExecutor):
    """Some airports fail whatever is done with them."""

    def __init__(self, *names):
        self.names = names

    def map(self, fn, tasks):
        def fails(task):
            if task.series.airport in self.names:
                raise ValueError("broken on purpose")
            return fn(task)

        return super().map(fails, tasks)


def job_of(harness):
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    return job


@pytest.mark.slow
@pytest.mark.parametrize("after", range(1, 12))
def test_what_was_done_before_a_signal_is_recorded_and_the_rest_is_gone_on_with(whole, after):
    harness, stopping = six(), Stopping(grace=5.0)
    executor = Winding(after, lambda: stopping.interrupt(Terminated()))
    with pytest.raises(Terminated):
        harness.run(executor=executor, stopping=stopping)
    assert executor.wound == [5.0]
    job = job_of(harness)
    assert (job.status, job.tags["status"]) == (KILLED, "interrupted")
    recorded = airports(harness.tracker, job.tags["job_id"])
    assert len(recorded) == max(after - len(NAMES), 0)  # the searches of all come first
    assert stopping.recorded == len(recorded)
    assert_equal(harness, harness.run(), whole)


def test_what_is_recorded_is_counted_with_earlier_attempts_and_what_is_lost_is_said():
    harness = six()
    for after, recorded in ((len(NAMES) + 2, 2), (2, 4)):  # the searches are not made again
        stopping = Stopping()
        executor = Winding(after, lambda now=stopping: now.interrupt(Terminated()))
        with pytest.raises(Terminated):
            harness.run(executor=executor, stopping=stopping, batch=1)
        assert stopping.recorded == recorded
    assert stopping.interrupted(6, "airport") == (
        "4 of 6 airports are recorded; what was under way is lost, and will be done again."
    )
    assert stopping.interrupted(4, "airport") == (
        "4 of 4 airports are recorded, but not the end of the job."
    )


def test_a_second_signal_ends_it_at_once():
    stopping = Stopping(grace=600.0)

    def twice():
        stopping.interrupt(Terminated())
        stopping.interrupt(KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt) as raised:
        six().run(executor=Winding(3, twice), stopping=stopping)
    assert not isinstance(raised.value, Terminated)


def test_where_no_workers_work_the_first_signal_ends_it_at_once():
    with pytest.raises(Terminated):
        Stopping(grace=600.0).interrupt(Terminated())
    stopping = Stopping(grace=600.0)
    with stopping.over(SerialExecutor()), pytest.raises(Terminated):
        stopping.interrupt(Terminated())


@pytest.mark.parametrize("before", [1, 4, 6, 20])
def test_searches_of_a_pilot_that_was_cut_off_are_not_made_again(whole, before, monkeypatch):
    harness, stopping = six(), Stopping()
    executor = Winding(before, lambda: stopping.interrupt(Terminated()))
    if before > 2 * len(NAMES):
        harness.run(executor=executor, stopping=stopping)
        return
    with pytest.raises(Terminated):
        harness.run(executor=executor, stopping=stopping, batch=1)
    tuned = []
    real = working._tune

    def tune(result, task):
        tuned.append(task.series.airport)
        return real(result, task)

    monkeypatch.setattr(working, "_tune", tune)
    assert_equal(harness, harness.run(batch=1), whole)
    assert len(tuned) == len(NAMES) - min(before, len(NAMES))


def test_a_search_that_failed_hides_none_of_those_that_are_kept(monkeypatch):
    harness, stopping, tuned = six(), Stopping(), []
    real = working._tune

    def tune(result, task):
        tuned.append(task.series.airport)
        if len(tuned) == 1:
            raise ArithmeticError("no search")
        return real(result, task)

    monkeypatch.setattr(working, "_tune", tune)
    executor = Winding(4, lambda: stopping.interrupt(Terminated()))
    with pytest.raises(Terminated):
        harness.run(executor=executor, stopping=stopping, batch=1)
    assert harness.run(batch=1).counts["ok"] == 5
    assert len(tuned) == len(NAMES) + 1  # the fifth was under way, and dropped


def test_damaged_searches_of_a_pilot_are_made_again(whole):
    harness, stopping = six(), Stopping()
    executor = Winding(4, lambda: stopping.interrupt(Terminated()))
    with pytest.raises(Terminated):
        harness.run(executor=executor, stopping=stopping, batch=2)
    files = harness.tracker._artifacts[job_of(harness).run_id]
    assert {"pilot/0.json", "pilot/1.json"} <= set(files)
    files["pilot/0.json"] = files["pilot/0.json"].replace(b"0.", b"1.", 1)
    assert_equal(harness, harness.run(), whole)


class Clock:
    """Stands still, and goes on by a second with each airport that is worked at."""

    def __init__(self):
        self.now = 1_700_000_000_000

    def __call__(self):
        return self.now, 0.0


@pytest.fixture
def passing(monkeypatch):
    """A clock that workers look at, and an executor under which each task takes a second."""
    clock = Clock()
    monkeypatch.setattr(working, "clock", clock)

    class Passing(SerialExecutor):
        def map(self, fn, tasks):
            for outcome in super().map(fn, tasks):
                clock.now += 1000
                yield outcome

    return clock, Passing()


def test_at_the_deadline_what_was_searched_is_forecast_and_the_rest_is_left(whole, passing):
    clock, executor = passing
    harness = six()
    summary = harness.run(executor=executor, stopping=Stopping(deadline_ms=clock.now + 3500))
    assert (summary.status, summary.left) == ("partial", 2)
    assert summary.stopped == "the deadline passed: 2 are left"
    assert summary.counts["ok"] == 4
    assert {li.reason for li in summary.lines if li.status == "skipped"} == {NOT_BEGUN}
    assert len(summary.forecasts["airport"].unique()) == 4
    job = job_of(harness)
    assert job.status == FINISHED
    assert job.tags["left"] == "2"
    assert job.tags["reason"] == summary.stopped
    stored = json.loads(harness.tracker.read_artifact(job.run_id, "results.json"))
    assert (stored["left"], stored["stopped"]) == (2, summary.stopped)
    again = harness.run()
    assert (again.job_id, again.left, again.stopped) == (summary.job_id, 0, None)
    assert again.counts["ok"] == 6
    job = job_of(harness)
    assert (job.tags["left"], job.tags["reason"], job.tags["attempt"]) == ("0", "", "2")


def test_a_search_ends_at_the_deadline_with_the_best_so_far_and_is_not_kept_for_good(monkeypatch):
    clock = Clock()

    def ticking():
        clock.now += 10
        return clock.now, 0.0

    monkeypatch.setattr(working, "clock", ticking)
    harness = Harness()
    harness.entries = [make_series("JFK", seed=1)]
    summary = harness.run(stopping=Stopping(deadline_ms=clock.now + 60))
    (line,) = summary.lines
    assert (line.status, summary.left) == ("ok", 0)
    run = harness.tracker.get(line.run_id)
    assert run.tags["stopped"] == "deadline"
    assert 1 <= run.metrics["total_trials_count"] < 4
    assert run.params["timeout"] == "None"
    monkeypatch.undo()
    again = harness.run(skip_unchanged=True)
    assert again.counts["skipped"] == 0
    assert harness.run(skip_unchanged=True).counts["skipped"] == 1


def test_after_the_deadline_what_hangs_is_dropped():
    harness = six()

    class Hangs(SerialExecutor):
        """The last two, after all searches, never come: the timer has ended them."""

        left = len(NAMES) + 4

        def map(self, fn, tasks):
            for outcome in super().map(fn, tasks):
                if not self.left:
                    return
                self.left -= 1
                yield outcome

    summary = harness.run(executor=Hangs(), stopping=Stopping(deadline_ms=9_000_000_000_000))
    assert summary.left == 2
    assert {li.reason for li in summary.lines if li.status == "skipped"} == {DROPPED}


@pytest.mark.parametrize(("most", "stops"), [(0, True), (1, True), (2, False), (None, False)])
def test_more_failures_than_may_be_end_it(most, stops):
    harness = six()
    stopping = Stopping(most_failures=most)
    summary = harness.run(executor=Failing("A1", "A3"), stopping=stopping, batch=1)
    assert bool(summary.left) is stops
    assert summary.counts["total"] == 6
    if not stops:
        assert summary.counts["failed"] == 2
        return
    assert summary.counts["failed"] == most + 1
    said = ("1 airport", "2 airports")[most]
    assert summary.stopped.startswith(f"{said} failed, more than may: ")
    assert {li.reason for li in summary.lines if li.status == "skipped"} == {LEFT_OVER}
    again = harness.run()
    assert (again.job_id, again.left) == (summary.job_id, 0)
    assert again.counts["failed"] == most + 1  # they are recorded; retry does them again
    assert again.counts["ok"] == 6 - (most + 1)


def test_failures_of_airports_with_nothing_to_build_on_count():
    harness = six()
    summary = harness.run("train", stopping=Stopping(most_failures=3))
    assert summary.counts["failed"] == 6
    assert summary.stopped is None  # all of them are done


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0, 1, 2, 3, 5, 7, 9, 11])
def test_gone_on_with_after_a_deadline_at_any_moment_it_ends_like_another(whole, passing, seconds):
    """Also with intervals as wide: those of few searches are not kept for good."""
    clock, executor = passing
    harness = six()
    left = 1000 * seconds - 500
    harness.run(executor=executor, stopping=Stopping(deadline_ms=clock.now + left))
    again = harness.run()
    pd.testing.assert_frame_equal(again.forecasts, whole.summary.forecasts, check_exact=True)
    assert account(harness.tracker, again.run_id) == account(whole.tracker, whole.summary.run_id)


@pytest.mark.parametrize("outcomes", [1, 2, 3, 5])
def test_cut_off_again_before_those_of_few_searches_are_made_anew_it_ends_like_another(
    whole, passing, outcomes
):
    """The widths are known by then, and were not when the first airports were recorded."""
    clock, executor = passing
    harness = six()
    first = harness.run(executor=executor, stopping=Stopping(deadline_ms=clock.now + 3500))
    assert first.counts["ok"] == 4
    with pytest.raises(KeyboardInterrupt):
        harness.run(executor=CutOff(outcomes))
    again = harness.run()
    assert again.job_id == first.job_id
    pd.testing.assert_frame_equal(again.forecasts, whole.summary.forecasts, check_exact=True)


def test_a_search_that_a_deadline_cut_short_is_made_again_when_the_job_goes_on(whole, monkeypatch):
    clock = Clock()

    def ticking():
        clock.now += 10
        return clock.now, 0.0

    monkeypatch.setattr(working, "clock", ticking)
    harness = six()
    first = harness.run(stopping=Stopping(deadline_ms=clock.now + 200))
    assert first.left
    monkeypatch.undo()
    again = harness.run()
    assert again.job_id == first.job_id
    pd.testing.assert_frame_equal(again.forecasts, whole.summary.forecasts, check_exact=True)


def test_after_a_night_on_which_all_failed_a_retry_has_intervals_as_wide_as_any(whole):
    harness = six()
    harness.first = harness.run(executor=Failing(*NAMES))
    again = harness.retry()
    pd.testing.assert_frame_equal(again.forecasts, whole.summary.forecasts, check_exact=True)

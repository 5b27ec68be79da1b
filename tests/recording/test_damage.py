"""What becomes of commands when files of one airport or one job are damaged."""

import logging
import re

import pytest

from forecastctl.errors import DamagedError, NothingRecordedError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.explain.answer import explain
from forecastctl.explain.question import Question
from forecastctl.history import HistoryQuery, history
from forecastctl.monitor.data import newest_panel
from tests.backtest.backtesting import Bench, forecast_table
from tests.backtest.test_backtest_resume import assert_equal
from tests.explain_schema import answered
from tests.fleets import BAD, Fleet, H, N, again, make_judged, of

CUT = {
    "missing": lambda stored, name: stored.pop(name),
    "cut": lambda stored, name: stored.update({name: stored[name][: len(stored[name]) // 2]}),
    "a-list": lambda stored, name: stored.update({name: b"[]"}),
    "one-digit": lambda stored, name: stored.update({name: another_digit(stored[name])}),
}


def another_digit(content):
    """A file of JSON in which one digit of a number is another, so that it still has a sense."""
    at = max(m.start(1) for m in re.finditer(rb"\d\.(\d)", content))
    return b"%b%d%b" % (content[:at], (int(content[at : at + 1]) + 1) % 10, content[at + 1 :])


QUICKLY = ("cut", "one-digit")


@pytest.fixture(scope="module")
def judged():
    return make_judged()


@pytest.fixture(scope="module")
def whole():
    bench = Bench()
    bench.summary = bench.backtest()
    return bench


@pytest.fixture(
    params=[how if how in QUICKLY else pytest.param(how, marks=pytest.mark.slow) for how in CUT]
)
def spoil(request):
    """Damages a file of a run, in one of the ways."""
    return lambda tracker, run_id, name: CUT[request.param](tracker._artifacts[run_id], name)


def small():
    """A fleet of two airports."""
    fleet = Fleet()
    fleet.whole = fleet.whole[:2]
    return fleet.at(N)


def newest(fleet, airport="AAA"):
    return fleet.runs("airport", airport=airport)[0]


@pytest.mark.parametrize(
    ("command", "name"), [("train", "tuning.json"), ("forecast", "model.json")]
)
def test_train_and_forecast_record_that_airports_failure_alone(judged, spoil, command, name):
    fleet = again(judged)
    run = newest(fleet)
    spoil(fleet.tracker, run.run_id, name)
    lines = {li.airport: li for li in fleet.job(command=command).lines}
    lost = lines.pop("AAA")
    assert lost.status == "failed"
    assert lost.reason.startswith(f"run {run.run_id} cannot be read: ")
    assert name in lost.reason
    (recorded,) = fleet.runs("airport", airport="AAA", status="failed")
    assert recorded.tags["reason"] == lost.reason
    assert {li.status for li in lines.values()} == {"ok"}


@pytest.mark.parametrize("retune", ["degraded", "auto"])
def test_a_kept_specification_that_is_lost_is_searched_anew_once(judged, spoil, retune, caplog):
    fleet = again(judged)
    run = newest(fleet)
    spoil(fleet.tracker, run.run_id, "tuning.json")
    with caplog.at_level(logging.WARNING, "forecastctl"):
        lines = {li.airport: li for li in fleet.job(retune=retune).lines}
    assert lines["AAA"].retuned.startswith(f"the specification of run {run.run_id} cannot be read")
    assert {a for a, li in lines.items() if li.retuned} == {"AAA", BAD}
    assert "AAA is tuned anew: " in caplog.text
    assert [li.retuned for li in fleet.job(retune=retune).lines] == [None] * 6


def test_a_lost_forecast_of_a_kept_specification_is_made_without_a_search(judged, spoil):
    fleet = again(judged)
    fleet.job(retune="degraded")
    run = newest(fleet)
    spoil(fleet.tracker, run.run_id, "forecast.json")
    lines = {li.airport: li for li in fleet.job(retune="degraded", skip_unchanged=True).lines}
    assert lines["AAA"].status == "ok"
    assert {li.status for a, li in lines.items() if a != "AAA"} == {"skipped"}
    made = newest(fleet)
    assert run.run_id in made.tags["done_anew"]
    assert "forecast.json" in made.tags["done_anew"]
    assert made.tags["tuned_by"] == run.tags["tuned_by"]
    assert "retuned" not in made.tags


def test_what_the_monitor_found_is_passed_over_where_it_is_damaged(judged, spoil, caplog):
    fleet = again(judged)
    fleet.monitor()
    first, second = sorted(fleet.runs("monitor"), key=lambda r: r.start_ms)
    spoil(fleet.tracker, second.run_id, "monitor.json")
    with caplog.at_level(logging.WARNING, "forecastctl"):
        why = {li.airport: li.retuned for li in fleet.job(retune="auto").lines if li.retuned}
    assert list(why) == [BAD]
    assert second.run_id in caplog.text
    spoil(fleet.tracker, first.run_id, "monitor.json")
    assert {li.retuned for li in fleet.job(retune="auto").lines} == {None}


def test_a_search_learns_from_what_can_be_read(spoil, caplog):
    fleet = small()
    first = fleet.job(command="tune")
    second = fleet.at(N + 1).job(command="tune")
    spoil(fleet.tracker, second.run_id, "winners.json")
    with caplog.at_level(logging.WARNING, "forecastctl"):
        learned = {t.series.airport: t.learned for t in fleet.at(N + 2).plan(learn=True).tasks}
    assert {known.runs[1:] for known in learned.values()} == {(first.run_id,)}
    spoil(fleet.tracker, first.run_id, "winners.json")
    spoil(fleet.tracker, newest(fleet).run_id, "trials.json")
    learned = {t.series.airport: t.learned for t in fleet.at(N + 2).plan(learn=True).tasks}
    assert set(learned) == {"AAA", "BBB"}
    assert "own" not in learned["AAA"].counts
    assert "own" in learned["BBB"].counts


def test_the_monitor_leaves_out_the_job_and_says_so(judged, spoil, caplog):
    fleet = again(judged)
    fleet.at(N + 1).job()
    fleet.at(N + H)
    job = max(fleet.runs("job"), key=lambda r: r.start_ms)
    whole = fleet.monitor()
    spoil(fleet.tracker, job.run_id, "forecasts.parquet")
    with caplog.at_level(logging.WARNING, "forecastctl"):
        report = fleet.monitor()
    assert whole["unreadable"] == []
    (said,) = report["unreadable"]
    assert said.startswith(f"job {job.tags['job_id']}: ")
    assert "forecasts.parquet" in said
    assert job.tags["job_id"] in caplog.text
    assert of(report, "AAA")["n"] == H  # of the older job


def test_a_repetition_stands_in_for_a_damaged_table(spoil):
    fleet = small()
    fleet.job()
    second = fleet.job()
    spoil(fleet.tracker, second.run_id, "forecasts.parquet")
    assert of(fleet.at(N + H).monitor(), "AAA")["n"] == H


def panel_run(fleet, job_run_id):
    return fleet.tracker.get(job_run_id).tags["snapshot_run_id"]


def test_an_older_panel_is_taken_where_the_newest_is_lost(spoil, caplog):
    fleet = small()
    fleet.job()
    older = newest_panel(fleet.tracker).digest
    second = fleet.at(N + 1).job()
    assert newest_panel(fleet.tracker).digest != older
    spoil(fleet.tracker, panel_run(fleet, second.run_id), "panel.parquet")
    with caplog.at_level(logging.WARNING, "forecastctl"):
        assert newest_panel(fleet.tracker).digest == older
    assert "panel.parquet" in caplog.text
    spoil(fleet.tracker, panel_run(fleet, fleet.runs("job")[-1].run_id), "panel.parquet")
    with pytest.raises(NothingRecordedError) as raised:
        newest_panel(fleet.tracker)
    assert raised.value.hint == "Name the data with --data FILE."


class TestExplain:
    DATE = "2019-03"

    def explain(self, fleet, **more):
        question = Question("AAA", self.DATE, quick=True, **more)
        return answered(explain(fleet.tracker, question))

    def test_no_other_forecast_is_explained_in_place_of_the_one_asked_for(self, judged, spoil):
        fleet = again(judged)
        fleet.at(N + 1).job()
        first, second = sorted(fleet.runs("airport", airport="AAA"), key=lambda r: r.start_ms)
        spoil(fleet.tracker, second.run_id, "forecast.json")
        for asked in ({}, {"cutoff": "2019-01"}):
            with pytest.raises(NothingRecordedError) as raised:
                self.explain(fleet, **asked)
            assert second.run_id in raised.value.message
            assert "forecast.json" in raised.value.message
            assert raised.value.hint == "Give --cutoff 2018-12-01 to explain an older one."
        facts = self.explain(fleet, cutoff="2018-12")
        assert facts["lineage"]["run_id"] == first.run_id

    def test_a_newer_one_of_the_same_cutoff_is_what_was_asked_for(self, judged, spoil, caplog):
        fleet = again(judged)
        old = newest(fleet)
        fleet.at(N).job()
        spoil(fleet.tracker, old.run_id, "forecast.json")
        with caplog.at_level(logging.WARNING, "forecastctl"):
            assert self.explain(fleet)["lineage"]["run_id"] == newest(fleet).run_id
        assert old.run_id in caplog.text

    def test_the_only_forecast_is_lost(self, judged, spoil):
        fleet = again(judged)
        spoil(fleet.tracker, newest(fleet).run_id, "forecast.json")
        with pytest.raises(NothingRecordedError, match=r"The forecast asked for is lost: .*json"):
            self.explain(fleet)

    @pytest.mark.parametrize("name", ["model.json", "trials.json", "tuning.json"])
    def test_other_files_cost_a_part_of_the_answer(self, judged, spoil, name):
        fleet = again(judged)
        fleet.at(N + H).job()
        run = next(r for r in fleet.runs("airport", airport="AAA") if "2018" in r.tags["cutoff"])
        spoil(fleet.tracker, run.run_id, name)
        facts = answered(explain(fleet.tracker, Question("AAA", self.DATE, cutoff="2018-12")))
        assert facts["sentence"].startswith("AAA, ")
        if name == "model.json":
            assert facts["verdict"] == "cannot_tell"
            assert f"{run.run_id}" in facts["next_time"][0]
            assert name in facts["next_time"][0]


def test_history_lists_the_trials_that_can_be_read(caplog):
    fleet = small()
    fleet.job(layout="flat")
    run = newest(fleet)
    CUT["cut"](fleet.tracker._artifacts[run.run_id], "trials.json")
    with caplog.at_level(logging.WARNING, "forecastctl"):
        rows = history(fleet.tracker, HistoryQuery("trials", limit=1000))
    assert {r["airport"] for r in rows} == {"BBB"}
    assert f"trials.json of run {run.run_id}" in caplog.text
    with pytest.raises(DamagedError, match=f"trials.json of run {run.run_id} cannot be read"):
        history(fleet.tracker, HistoryQuery("trials", airport="AAA"))


class Counted(SerialExecutor):
    """Remembers what it was given."""

    def __init__(self):
        self.blocks = []

    def map(self, fn, tasks):
        self.blocks += tasks
        return super().map(fn, tasks)


class TestBacktest:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["results.json", "forecasts.parquet"])
    def test_an_account_is_made_anew_from_its_airports(self, whole, spoil, name):
        bench = Bench()
        bench.backtest()
        job = next(j for j in bench.jobs() if j.params["as_of"] == "2018-07")
        before = len(bench.airports())
        spoil(bench.tracker, job.run_id, name)
        executor = Counted()
        summary = bench.backtest(executor=executor)
        assert executor.blocks == []
        assert len(bench.airports()) == before
        assert_equal(bench, summary, whole)
        bench.told.clear()
        bench.backtest()
        assert bench.told == []

    def test_an_airport_whose_forecast_is_lost_too_is_done_anew(self, whole, spoil, caplog):
        bench = Bench()
        bench.backtest()
        job = next(j for j in bench.jobs() if j.params["as_of"] == "2018-07")
        run = next(r for r in bench.airports(airport="JFK") if r.tags["cutoff"] == "2018-07-01")
        spoil(bench.tracker, job.run_id, "results.json")
        spoil(bench.tracker, run.run_id, "forecast.json")
        executor = Counted()
        with caplog.at_level(logging.WARNING, "forecastctl"):
            summary = bench.backtest(executor=executor)
        (block,) = executor.blocks
        assert (block.airport, len(block.steps)) == ("JFK", 1)
        assert "JFK as of 2018-07 is done anew: " in caplog.text
        made = [r for r in bench.airports(airport="JFK") if r.tags["cutoff"] == "2018-07-01"]
        (anew,) = (r for r in made if "done_anew" in r.tags)
        assert run.run_id in anew.tags["done_anew"]
        assert forecast_table(bench.tracker, summary).equals(
            forecast_table(whole.tracker, whole.summary)
        )
        bench.told.clear()
        bench.backtest()
        assert bench.told == []

    def test_a_lost_search_is_made_anew_where_it_is_needed(self, spoil):
        bench = Bench()
        bench.backtest(end="2018-05")
        search = next(r for r in bench.airports(airport="JFK"))
        spoil(bench.tracker, search.run_id, "tuning.json")
        summary = bench.backtest(end="2018-06")
        assert summary.counts["failed"] == 0
        june = next(r for r in bench.airports(airport="JFK") if r.tags["cutoff"] == "2018-06-01")
        assert june.tags["tuned"] == "true"
        assert search.run_id in june.tags["done_anew"]
        lga = next(r for r in bench.airports(airport="LGA") if r.tags["cutoff"] == "2018-06-01")
        assert "tuned_by" in lga.tags

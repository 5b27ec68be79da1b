"""What a report says is what the store holds, and what other commands say of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.answer import explain
from forecastctl.explain.fleet import FleetQuestion, explain_fleet
from forecastctl.explain.question import Question
from forecastctl.history import HistoryQuery, history
from forecastctl.monitor.data import actual_table, newest_panel, observations, scored, vintages
from forecastctl.monitor.scores import by_lead
from forecastctl.recording.read import read_forecast, read_trials, read_tuning
from forecastctl.report.read.job import reported_job
from forecastctl.report.read.report import Asked, read_report
from forecastctl.report.read.scores import group_scores
from forecastctl.report.read.verdicts import verdicts_file
from forecastctl.report.write import record
from tests.report.conftest import MARKUP, NAMES


def _of(report, airport):
    return next(facts for facts in report.airports if facts.airport == airport)


def test_every_airport_of_the_job_is_there_with_its_status(report):
    statuses = {facts.airport: facts.status for facts in report.airports}
    assert statuses == {**dict.fromkeys([*NAMES, "NEW"], "ok"), "ZERO": "rejected"}
    assert report.job.counts["total"] == len(report.airports)
    assert _of(report, "ZERO").reason
    assert _of(report, "ZERO").fan is None
    assert report.unread == ()


def test_an_airport_is_what_is_recorded_of_it(report, recorded):
    tracker = recorded.tracker
    facts = _of(report, MARKUP)
    (row,) = history(tracker, HistoryQuery("airports", MARKUP, report.job.job_id))
    assert (facts.run_id, facts.model, facts.loss) == (row["run_id"], row["model"], row["loss"])
    made = read_forecast(tracker, facts.run_id)
    assert facts.fan.mean == tuple(made.mean)
    assert facts.fan.ds == tuple(map(str, made.ds))
    assert facts.fan.cutoff == "2019-12-01"
    for level, ends in made.intervals.items():
        np.testing.assert_array_equal(facts.fan.bands[level], ends)
    tuned = read_tuning(tracker, facts.run_id)
    assert facts.search.errors == tuned.backtest_errors
    assert facts.search.baseline_loss == tuned.baseline_loss
    trials = read_trials(tracker, facts.run_id)
    assert [(t.number, t.loss) for t in facts.search.trials] == [(t.number, t.loss) for t in trials]
    weights = [t.weight for t in facts.search.trials if t.weight is not None]
    assert sum(weights) == pytest.approx(1.0)


def test_the_verdicts_are_those_of_explain(report, recorded):
    answer = explain_fleet(recorded.tracker, FleetQuestion())
    assert report.misses == answer
    assert answer.date == "2019-12-01"
    by_airport = {line.airport: line for line in answer.airports}
    assert _of(report, "JFK").miss == by_airport["JFK"]
    assert _of(report, "NEW").miss is None


def test_leads_are_scored_as_the_monitor_scores_them(report, recorded):
    tracker, spec = recorded.tracker, _spec()
    observed, freq, _ = observations(
        newest_panel(tracker), spec, None, np.datetime64("2030-01-01").item()
    )
    newest = max(int(o.periods[-1]) for o in observed if len(o.periods))
    table = scored(
        vintages(tracker, "live", freq, newest, 12)[0], actual_table(observed, newest - 12)
    )
    expected = by_lead(table)
    assert [(s.lead, s.n, s.mae, s.coverage95) for s in report.leads] == [
        (row["lead"], row["n"], row["mae"], row["coverage95"]) for row in expected
    ]
    assert [s.lead for s in report.leads] == [1, 2, 3]


def test_earlier_forecasts_of_a_period_are_those_on_record(report, recorded):
    (outcome, *_, last) = _of(report, "JFK").outcomes
    assert (outcome.ds, last.ds) == ("2019-10-01", "2019-12-01")
    first = read_report(recorded.tracker, Asked(job=report.changes.job_id))
    fan = _of(first, "JFK").fan
    for lead, (outcome, actual) in enumerate(
        zip(_of(report, "JFK").outcomes, _of(report, "JFK").history.y[-3:], strict=True), 1
    ):
        (earlier,) = outcome.forecasts
        assert outcome.y == actual
        assert (earlier.cutoff, earlier.lead) == ("2019-09-01", lead)
        assert earlier.mean == pytest.approx(fan.mean[lead - 1])
        low, high = fan.bands[95][0][lead - 1], fan.bands[95][1][lead - 1]
        assert earlier.inside == (low <= actual <= high)
    assert _of(report, "NEW").outcomes == ()


def test_the_largest_misses_are_explained_in_full(report, recorded):
    largest = [line.airport for line in report.misses.airports if line.miss is not None][:2]
    assert list(report.explanations) == largest
    for airport, found in report.explanations.items():
        asked = Question(airport=airport, date="2019-12-01")
        assert found.answer.sentence == explain(recorded.tracker, asked).answer.sentence
        parts = sum(part.value for part in found.answer.parts)
        assert parts == pytest.approx(found.answer.miss)


def test_what_earlier_reports_said_is_read_and_the_newest_counts(store, report):
    newest, before = history(store.tracker, HistoryQuery("jobs"))
    lines = [replace(line, label=f"then: {line.label}") for line in report.misses.airports]
    for job, date in ((before, "2019-11-01"), (newest, "2019-12-01")):
        answer = replace(report.misses, date=date, airports=tuple(lines))
        content = {"index.html": b"", "data/fleet.js": b""}
        record(store.tracker, job["run_id"], content, verdicts_file(answer))
    now = next(line for line in report.misses.airports if line.airport == "JFK")
    again = read_report(store.tracker, Asked())
    assert [(v.ds, v.label) for v in _of(again, "JFK").verdicts] == [
        ("2019-11-01", f"then: {now.label}"),
        ("2019-12-01", now.label),
    ]
    assert [v.ds for v in _of(report, "JFK").verdicts] == ["2019-12-01"]


def test_damaged_verdicts_of_an_earlier_report_are_left_out(store, report, caplog):
    newest = history(store.tracker, HistoryQuery("jobs"))[0]
    content = {"index.html": b"", "data/fleet.js": b""}
    record(store.tracker, newest["run_id"], content, b'{"date": "2019-13-01", "airports": []}')
    again = read_report(store.tracker, Asked())
    assert [v.ds for v in _of(again, "JFK").verdicts] == ["2019-12-01"]
    assert "verdicts of job" in caplog.text


def test_groups_are_scored_by_the_shortest_lead():
    table = pd.DataFrame(
        {
            "airport": ["A", "A", "B", "C"],
            "period": [1, 1, 1, 1],
            "y": [100.0, 100.0, 50.0, 10.0],
            "error": [10.0, 90.0, -20.0, 5.0],
            "usual": [10.0, 10.0, 10.0, 10.0],
            "z": [1.0, 9.0, -2.5, 0.0],
        }
    )
    scores = group_scores(table, {"region": {"A": "east", "B": "east", "C": "west"}})
    assert [(s.column, s.group, s.airports, s.n, s.mae) for s in scores] == [
        ("region", "east", 2, 2, 15.0),
        ("region", "west", 1, 1, 5.0),
    ]
    assert scores[0].bias_percent == pytest.approx(100 * -5 / 75)
    assert (scores[0].coverage80, scores[0].coverage95) == (0.5, 0.5)
    assert scores[0].ratio == pytest.approx(1.5)


def _spec():
    from forecastctl.data.panel.panel import DataSpec

    return DataSpec(source=None, suspects="recent")


def test_what_changed_since_the_job_before(report, recorded):
    changes = report.changes
    assert (changes.added, changes.gone) == (("NEW",), ("GONE",))
    assert changes.status == ()
    newest, before = history(recorded.tracker, HistoryQuery("jobs"))
    assert (changes.job_id, report.job.job_id) == (before["job_id"], newest["job_id"])


def test_the_first_job_has_nothing_before_it_and_sees_what_came_true_since(report, recorded):
    first = read_report(recorded.tracker, Asked(job=report.changes.job_id))
    assert first.changes is None
    jfk = _of(first, "JFK")
    assert jfk.fan.cutoff == "2019-09-01"
    assert jfk.history == _of(report, "JFK").history
    assert jfk.history.ds[-1] == "2019-12-01"


def test_freshness_is_that_of_the_data(report):
    assert (report.freshness.newest, report.freshness.behind) == ("2019-12-01", ())
    assert report.freshness.airports == len(NAMES) + 1


def test_a_job_that_is_not_there_is_said_to_be(recorded):
    with pytest.raises(NothingRecordedError, match="There is no run or job 'nope'"):
        reported_job(recorded.tracker, "nope")


def test_a_job_that_has_not_ended_has_no_report(harness):
    from forecastctl.records import RUNNING, Run
    from forecastctl.records.marks import JOBS, SET, job_mark
    from forecastctl.records.schema import LIVE, Kind, Tag

    tags = {Tag.KIND: Kind.JOB, Tag.JOB_ID: "j1", Tag.ORIGIN: LIVE, JOBS: SET, job_mark("j1"): SET}
    harness.tracker.start(Run("run j1", RUNNING, 1, tags=tags))
    with pytest.raises(NothingRecordedError, match="has no results"):
        reported_job(harness.tracker, "j1")
    with pytest.raises(NothingRecordedError, match="No job with results"):
        reported_job(harness.tracker, None)


def test_a_damaged_search_costs_its_chart_alone(harness):
    from forecastctl.records.schema import File

    summary = harness.run()
    jfk = next(line for line in summary.lines if line.airport == "JFK")
    harness.tracker._artifacts[jfk.run_id][File.TRIALS] = b"{"
    report = read_report(harness.tracker, Asked())
    assert _of(report, "JFK").search is None
    assert _of(report, "JFK").fan is not None
    assert _of(report, "LGA/1").search is not None
    (said,) = report.unread
    assert said.startswith("JFK: trials.json of run")


def test_airports_that_a_job_skipped_show_what_they_have(harness):
    harness.run()
    harness.run(skip_unchanged=True)
    report = read_report(harness.tracker, Asked())
    facts = _of(report, "JFK")
    assert facts.status == "skipped"
    assert facts.fan is not None
    assert facts.search is not None
    assert facts.model
    assert facts.loss is not None


def test_airports_that_were_not_asked_for_show_their_forecast_of_before(harness):
    first = harness.run()
    harness.run(airports=("JFK",))
    report = read_report(harness.tracker, Asked())
    facts = _of(report, "LGA/1")
    (before,) = [line for line in first.lines if line.airport == "LGA/1"]
    assert (facts.status, facts.run_id, facts.model) == ("skipped", before.run_id, before.model)
    assert facts.fan.mean == tuple(read_forecast(harness.tracker, before.run_id).mean)

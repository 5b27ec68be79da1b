"""run tunes what has degraded, and keeps the specifications of the others."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.records import Query
from tests.fleets import AIRPORTS, BAD, SEARCH, Fleet, H, N, again, cut, make_judged, of
from tests.harness import frame_of, make_series


@pytest.fixture(scope="module")
def judged():
    return make_judged()


def test_run_tunes_that_airport_alone_and_says_why(judged):
    fleet = again(judged)
    before = {r.tags["airport"]: r for r in fleet.runs("airport")}
    summary = fleet.job(retune="auto")
    assert {li.airport: li.status for li in summary.lines} == dict.fromkeys(AIRPORTS, "ok")
    why = {li.airport: li.retuned for li in summary.lines}
    assert why.pop(BAD).startswith("degraded: ")
    assert set(why.values()) == {None}
    runs = {r.tags["airport"]: r for r in fleet.runs("airport", job_id=summary.job_id)}
    for airport, run in runs.items():
        stored = fleet.tracker._artifacts[run.run_id]
        assert {"model.json", "forecast.json"} <= set(stored)
        tuned = airport == BAD
        assert ("tuning.json" in stored) is ("trials.json" in stored) is tuned
        assert (run.tags.get("tuned") == "true") is tuned
        assert ("max_evals" in run.params) is ("loss" in run.metrics) is tuned
        assert run.tags.get("tuned_by") == (None if tuned else before[airport].run_id)
        assert (run.tags.get("retuned") or "").startswith("degraded") is tuned
        assert len(fleet.tracker.find(Query(parent_id=run.run_id))) == (4 if tuned else 0)


def test_what_it_does_not_tune_it_forecasts_as_train_and_forecast_do(judged):
    fleet, other = again(judged), again(judged)
    kept = fleet.job(retune="degraded").forecasts
    other.job(command="train")
    apart = other.job(command="forecast").forecasts
    same = kept["airport"] != BAD
    assert np.array_equal(kept[same]["mean"], apart[apart["airport"] != BAD]["mean"])


def test_an_alarm_is_answered_once(judged):
    fleet = again(judged)
    fleet.job(retune="degraded")
    summary = fleet.job(retune="degraded")
    assert [li.retuned for li in summary.lines] == [None] * 6
    report = fleet.monitor()
    assert of(report)["status"] == "too_few_scored"
    assert "since the search that answered" in of(report)["reason"]
    assert of(report)["since_ms"] == fleet.tracker.get(of(report)["run_id"]).start_ms
    assert [li.retuned for li in fleet.job(retune="auto").lines] == [None] * 6


def test_always_and_auto_without_a_monitor_tune_all(judged):
    fleet = again(judged)
    assert {li.retuned for li in fleet.job(retune="always").lines} == {"always"}
    fresh = Fleet()
    assert {li.retuned for li in fresh.job(retune="auto").lines} == {"always"}
    assert {li.retuned for li in fresh.job(retune="auto").lines} == {"always"}


def test_degraded_tunes_the_never_tuned_without_a_monitor():
    fleet = Fleet()
    fleet.whole, late = fleet.whole[:-1], fleet.whole[-1]
    fleet.at(N).job(retune="always")
    fleet.whole.append(late)
    lines = fleet.at(N).job(retune="degraded").lines
    assert {li.airport: li.retuned for li in lines if li.retuned} == {"FFF": "never tuned"}


def test_other_settings_and_age_make_it_tune(judged):
    fleet = again(judged)
    other = replace(SEARCH, max_evals=3)
    why = {li.retuned for li in fleet.plan(search=other, retune="degraded").tasks}
    assert why == {"tuned with other settings: max_evals 4, now 3"}
    old = {li.series.airport: li.retuned for li in fleet.plan(retune="auto", max_age=H).tasks}
    assert old["AAA"] == "tuned on data up to 2018-12-01, 6 months ago; at most 6"
    young = {li.series.airport: li.retuned for li in fleet.plan(retune="auto", max_age=H + 1).tasks}
    assert young["AAA"] is None


def test_a_search_that_chose_nothing_is_made_again():
    fleet = Fleet()
    fleet.entries = [*fleet.entries, make_series("tiny", n=4)]
    fleet.job()
    why = {t.series.airport: t.retuned for t in fleet.plan(retune="degraded").tasks}
    assert why.pop("tiny").startswith("its last search chose nothing")
    assert set(why.values()) == {None}


def test_a_specification_that_is_lost_is_searched_anew(judged):
    fleet = again(judged)
    del fleet.tracker._artifacts[of(judged.report, "AAA")["run_id"]]["tuning.json"]
    why = {t.series.airport: t.retuned for t in fleet.plan(retune="degraded").tasks}
    assert "cannot be read" in why["AAA"]
    assert why["BBB"] is None


def test_skip_unchanged_leaves_out_all_but_the_degraded():
    fleet = Fleet()
    fleet.job()
    fleet.at(N + H).job()
    # The second searches are from before the monitor looks: its alarm is not answered yet.
    assert fleet.monitor()["airports"]["degraded"] == 1
    lines = {li.airport: li for li in fleet.job(retune="auto", skip_unchanged=True).lines}
    assert lines.pop(BAD).status == "ok"
    assert {li.status for li in lines.values()} == {"skipped"}
    again_lines = fleet.job(retune="auto", skip_unchanged=True).lines  # kept ones as well
    assert {li.status for li in again_lines} == {"skipped"}
    assert all(li.loss for li in again_lines)


def test_an_airport_with_a_kept_specification_counts_as_unchanged(judged):
    fleet = again(judged)
    fleet.job(retune="degraded")
    lines = fleet.job(retune="degraded", skip_unchanged=True).lines
    assert {li.status for li in lines} == {"skipped"}
    assert all(li.loss for li in lines)


def test_the_newest_look_of_the_monitor_counts(judged):
    fleet = again(judged)
    revised = [cut(s, N + H) for s in Fleet(shifted=()).whole if s.airport == BAD]
    report = fleet.monitor(frame=frame_of(revised), whole=False)
    assert {r["airport"]: r["status"] for r in report["results"]} == {BAD: "ok"}
    assert {t.retuned for t in fleet.plan(retune="auto").tasks} == {None}

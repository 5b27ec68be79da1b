"""The first form of explain: what was forecast, by what, from what, and how far off."""

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.rows import group
from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.explain.answer import explain
from forecastctl.explain.fleet import FleetQuestion, explain_fleet
from forecastctl.explain.question import Question
from forecastctl.explain.read.series import Source
from forecastctl.explain.standing import standing
from forecastctl.records import Failure, Outcome, Rejection, Series
from forecastctl.records.calendar import period_after
from tests.explain_schema import answered
from tests.harness import frame_of, make_series


def ask(tracker, airport, date, newer=None, **more):
    return answered(explain(tracker, Question(airport, date, **more), newer))


def cut(entries, periods):
    from dataclasses import replace

    return [
        replace(e, ds=e.ds[:-periods], y=e.y[:-periods], digest=e.digest + "-cut")
        if isinstance(e, Series) and e.n > periods + 1
        else e
        for e in entries
    ]


@pytest.fixture
def story(harness):
    """Two vintages of 2018-12, then the month itself in a third panel."""
    whole = harness.entries
    summaries = []
    for periods in (2, 1):
        harness.entries = cut(whole, periods)
        summaries.append(harness.run())
    harness.entries = whole
    summaries.append(harness.run())
    return harness, summaries


@pytest.mark.parametrize(
    ("policy", "actual", "verdict"),
    [("reject", 3000.0, "data_problem"), ("last", 3000.0, None), ("mean", 2000.0, None)],
)
def test_two_values_of_the_month_in_the_newest_file(story, policy, actual, verdict):
    """The first is the one that was forecast; explain had taken the last without a word."""
    harness, _ = story
    rows = frame_of(harness.entries)
    at = rows.index[(rows["airport"] == "JFK") & (rows["ds"] == "2018-12-01")][0]
    rows.loc[at, "y"] = 1000.0
    rows = pd.concat([rows, rows.loc[[at]].assign(y=3000.0)], ignore_index=True)
    newer = Source(group(rows), DataSpec(source=None, freq="M", duplicates=policy), "new.csv")
    found = ask(harness.tracker, "JFK", "2018-12", newer)
    assert found["actual"] == actual
    if verdict:
        assert found["verdict"] == verdict
        assert "2 different values of this period, 1,000 and 3,000" in found["sentence"]
    else:
        assert not any(e["name"] == "fault_in_doubt" for e in found["evidence"])


def test_all_vintages_newest_first_with_actual_and_miss(story):
    harness, (older, newer, _) = story
    found = ask(harness.tracker, "JFK", "2018-12")
    assert [v["cutoff"] for v in found["vintages"]] == ["2018-11-01", "2018-10-01"]
    assert [v["lead"] for v in found["vintages"]] == [1, 2]
    assert [v["job_id"] for v in found["vintages"]] == [newer.job_id, older.job_id]
    actual = make_series("JFK", seed=1).y[-1]
    assert found["actual"] == actual
    assert found["miss"] == found["forecast"]["mean"] - actual
    for v in found["vintages"]:
        assert v["miss"] == v["mean"] - actual
    table = newer.forecasts[newer.forecasts["airport"] == "JFK"].iloc[0]
    assert found["forecast"]["mean"] == table["mean"]
    assert found["forecast"]["intervals"]["95"] == {"lo": table["lo-95"], "hi": table["hi-95"]}
    assert found["sentence"].startswith("JFK, December 2018")


def test_the_model_and_its_lineage_are_named(story):
    harness, (_, newer, _) = story
    found = ask(harness.tracker, "JFK", "2018-12")
    line = next(li for li in newer.lines if li.airport == "JFK")
    assert found["lineage"]["run_id"] == line.run_id
    assert found["lineage"]["job_run_id"] == newer.run_id
    assert found["lineage"]["git_commit"] == "c0ffee"
    assert found["lineage"]["data_digest"].endswith("-cut")
    members = found["model"]["members"]
    assert sum(m["weight"] for m in members) == pytest.approx(1)
    for member in members:
        trial = harness.tracker.get(member["trial_run_id"])
        assert trial.tags["trial"] == str(member["trial"])
        assert trial.parent_id == line.run_id
        assert trial.params["family"] == member["family"]


def test_stages_apart_lead_back_to_search_and_training(harness):
    for command in ("tune", "train", "forecast"):
        summary = harness.run(command)
    found = ask(harness.tracker, "JFK", "2019-02")
    lineage = found["lineage"]
    assert harness.tracker.get(lineage["trained_run_id"]).tags["command"] == "train"
    assert harness.tracker.get(lineage["tuned_run_id"]).tags["command"] == "tune"
    assert lineage["job_id"] == summary.job_id
    assert found["actual"] is None
    assert found["miss"] is None
    assert "no actual is known yet" in found["sentence"]
    trials = [m["trial_run_id"] for m in found["model"]["members"]]
    assert all(harness.tracker.get(t).parent_id == lineage["tuned_run_id"] for t in trials)


def test_a_newer_actual_can_be_given(harness):
    harness.run()
    frame = frame_of(harness.entries)
    extra = frame[frame["airport"] == "JFK"].iloc[-1:].assign(ds="2019-01-01", y=1500.0)
    frame = pd.concat([frame, extra.astype({"ds": frame["ds"].dtype})], ignore_index=True)
    newer = Source(group(frame), DataSpec(source="new.csv", freq="M"), "new.csv")
    found = ask(harness.tracker, "JFK", "2019-01", newer=newer)
    assert found["actual"] == 1500.0
    assert found["actual_source"] == "new.csv"
    assert found["standing"]["compared"] == 6


class Failing(SerialExecutor):
    """Every airport fails but those spared."""

    def __init__(self, *spared):
        self.spared = spared

    def map(self, fn, tasks):
        for outcome in super().map(fn, tasks):
            spared = tasks[outcome.index].series.airport in self.spared
            yield outcome if spared else Outcome(outcome.index, failure=Failure("Died", "killed"))


def test_a_job_that_forecast_nothing_is_no_hindrance(harness):
    whole = harness.entries
    harness.entries = cut(whole, 1)
    harness.run(executor=Failing("JFK"))  # the others' forecasts are looked for in other jobs
    assert harness.run(executor=Failing()).forecasts.empty
    harness.entries = whole
    harness.run()
    found = ask(harness.tracker, "JFK", "2018-12")
    assert found["fleet"]["airports"] == 2  # a stand-in for LGA among them
    assert found["verdict"]


def test_a_month_without_forecast_names_the_command_that_makes_one_or_why_none_can(harness):
    harness.run()  # its data are of 2015 to 2018
    for month, hint in (
        ("2017-11", "--airport LGA/1 --as-of 2017-10"),
        ("2015-04", "--airport LGA/1 --as-of 2015-03"),
        ("2015-03", "None can be made: the data of 'LGA/1' begin with January 2015"),
        ("1976-01", "None can be made: the data of 'LGA/1' begin with January 2015"),
        ("2029-12", "(the data of 'LGA/1' end with December 2018): forecastctl run --data FILE"),
        ("2029-12", "--airport LGA/1 --horizon 132"),
        ("2222-01", "None can be made: the data of 'LGA/1' end with December 2018, 2,437 months"),
    ):  # fmt: skip
        with pytest.raises(NothingRecordedError) as caught:
            ask(harness.tracker, "LGA/1", month)
        assert month in caught.value.message
        assert "2018-12-01" in caught.value.message
        assert hint in caught.value.hint


def test_unknown_and_rejected_airports(harness):
    harness.run()
    with pytest.raises(NothingRecordedError) as caught:
        ask(harness.tracker, "JFX", "2019-01")
    assert caught.value.hint == "Did you mean 'JFK'?"
    with pytest.raises(NothingRecordedError) as caught:
        ask(harness.tracker, "jfk", "2019-01")
    assert caught.value.hint == "Did you mean 'JFK'?"
    with pytest.raises(NothingRecordedError, match=r"rejected in job .*all values are zero"):
        ask(harness.tracker, "BAD", "2019-01")
    assert any(isinstance(e, Rejection) for e in harness.entries)


@pytest.mark.parametrize("date", ["2019", "2019-13", "04/2019", "yesterday", "2019-01-32", ""])
def test_a_wrong_date_is_named(harness, date):
    with pytest.raises(UsageError, match="is not a date"):
        ask(harness.tracker, "JFK", date)


def test_a_quarter_is_not_answered_for_its_first_month(harness):
    harness.run()
    for asked in (
        lambda: ask(harness.tracker, "JFK", "2019Q1"),
        lambda: explain_fleet(harness.tracker, FleetQuestion("2019Q1")),
    ):
        with pytest.raises(UsageError, match="2019Q1 is a quarter") as caught:
            asked()
        assert caught.value.hint == "Name a month: 2019-01, 2019-02 or 2019-03."


def test_flat_and_nested_explain_alike(both_layouts):
    keys = ("actual", "date", "miss", "sentence", "standing")
    one, two = (ask(both_layouts[x].tracker, "JFK", "2019-01") for x in ("nested", "flat"))
    assert {k: one[k] for k in keys} == {k: two[k] for k in keys}
    assert [m["params"] for m in one["model"]["members"]] == [
        m["params"] for m in two["model"]["members"]
    ]


class TestStanding:
    def test_against_a_naive_count(self):
        rng = np.random.default_rng(0)
        errors = rng.normal(size=(10, 4)).tolist()
        place = standing(-1.0, 2.0, 2, errors)
        smaller = sum(abs(fold[1]) < 1.0 for fold in errors)
        assert place.percentile == pytest.approx(10.0 * smaller)
        assert (place.compared, place.same_lead, place.z) == (10, True, -0.5)

    def test_few_folds_pool_the_leads(self):
        place = standing(3.0, 0.0, 1, [[1, -2], [4]])
        assert (place.compared, place.same_lead, place.z) == (3, False, None)
        assert place.percentile == pytest.approx(200 / 3)
        assert place.expected_error == pytest.approx(7 / 3)

    def test_ties_count_half_and_nothing_is_none(self):
        assert standing(0.0, 1.0, 1, [[0.0, 0.0]]).percentile == 50
        assert standing(1.0, 1.0, 1, []).percentile is None


@pytest.mark.parametrize(
    ("first", "freq", "after"),
    [
        ("2019-12-01", "M", "2020-01-01"),
        ("2019-10-01", "Q", "2020-01-01"),
        ("2020-02-23", "W-SAT", "2020-03-01"),
        ("2020-02-29", "D", "2020-03-01"),
    ],
)
def test_the_period_after(first, freq, after):
    import datetime as dt

    assert str(period_after(dt.date.fromisoformat(first), freq)) == after

"""Both layouts give the same answers."""

import json
from dataclasses import replace

import pytest

from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.history import HistoryQuery, compare, count, history
from forecastctl.recording.read import read_forecast
from forecastctl.records import Query, RunUpdate
from tests.harness import SEARCH, Harness, make_series

SAME = ("airport", "trial", "start", "weight", "status", "model", "loss", "cutoff", "reason")


def facts(rows):
    return [{k: row.get(k) for k in SAME} for row in rows]


def listed(both, layout, **query):
    return history(both[layout].tracker, HistoryQuery(limit=1000, **query))


@pytest.mark.parametrize("what", ["jobs", "airports", "trials", "models", "forecasts"])
def test_layouts_agree(both_layouts, what):
    nested, flat = (facts(listed(both_layouts, lay, what=what)) for lay in ("nested", "flat"))
    assert nested
    key = lambda row: (str(row["airport"]), row["trial"] or 0)  # noqa: E731
    assert sorted(nested, key=key) == sorted(flat, key=key)


@pytest.mark.parametrize("layout", ["nested", "flat"])
def test_trials_by_airport_status_and_filter(both_layouts, layout):
    rows = listed(both_layouts, layout, what="trials", airport="LGA/1")
    assert [r["airport"] for r in rows] == ["LGA/1"] * 4
    assert listed(both_layouts, layout, what="trials", status="failed") == []
    family = "params.family = 'seasonal_naive'"
    naive = listed(both_layouts, layout, what="trials", airport="JFK", filter=family)
    assert naive
    assert len(naive) < 4
    limit = sorted(r["loss"] for r in rows)[1]
    good = listed(
        both_layouts, layout, what="trials", airport="LGA/1", filter=f"metrics.loss < {limit}"
    )
    assert [r["loss"] for r in good] == [min(r["loss"] for r in rows)]


@pytest.mark.parametrize("layout", ["nested", "flat"])
def test_best_is_the_lowest_loss_of_each_airport(both_layouts, layout):
    every = listed(both_layouts, layout, what="trials")
    best = listed(both_layouts, layout, what="trials", best=True)
    assert sorted(r["airport"] for r in best) == ["JFK", "LGA/1"]
    for row in best:
        mine = [
            r["loss"] for r in every if r["airport"] == row["airport"] and r["loss"] is not None
        ]
        assert row["loss"] == min(mine)
    assert best == sorted(best, key=lambda r: r["loss"])


@pytest.mark.parametrize("layout", ["nested", "flat"])
def test_trials_say_where_they_came_from_and_airports_what_searched(both_layouts, layout):
    rows = listed(both_layouts, layout, what="trials", airport="JFK")
    by_trial = {r["trial"]: r["start"] for r in rows}
    assert by_trial == {0: "baseline", 1: "pool", 2: "pool", 3: "pool"}
    assert listed(both_layouts, layout, what="trials", filter="tags.start = 'tpe'") == []
    pooled = listed(both_layouts, layout, what="trials", filter="tags.start = 'pool'")
    assert len(pooled) == 6
    tracker = both_layouts[layout].tracker
    runs = {r.tags["airport"]: r for r in tracker.find(Query(tags={"kind": "airport"}))}
    assert runs["JFK"].params["algo"] == "fixed candidates"
    assert runs["JFK"].tags["trials_by_origin"] == "baseline=1,pool=3"
    assert runs["tiny"].params["algo"] == "none"
    assert runs["tiny"].tags["trials_by_origin"] == ""
    airports = {r["airport"]: r["trials"] for r in listed(both_layouts, layout, what="airports")}
    assert airports == {
        "BAD": None,
        "JFK": "baseline=1,pool=3",
        "LGA/1": "baseline=1,pool=3",
        "tiny": "",
    }
    assert "algo" not in runs["BAD"].params


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["nested", "flat"])
def test_with_more_trials_hyperopt_has_its_say(layout):
    harness = Harness()
    harness.entries = [make_series("JFK")]
    harness.run("tune", layout=layout, search=replace(SEARCH, max_evals=24))
    (run,) = harness.tracker.find(Query(tags={"kind": "airport"}))
    assert run.params["algo"] == "tpe.suggest"
    counted = dict(part.split("=") for part in run.tags["trials_by_origin"].split(","))
    rows = history(harness.tracker, HistoryQuery("trials", limit=100, filter="tags.start = 'tpe'"))
    assert len(rows) == int(counted["tpe"]) > 0
    assert sum(map(int, counted.values())) == 24


def test_a_record_of_an_earlier_version_says_what_it_knows(harness):
    harness.entries = [make_series("JFK")]
    summary = harness.run("tune", layout="flat")
    stored = harness.tracker._artifacts[summary.lines[0].run_id]
    table = json.loads(stored["trials.json"])
    at = table["columns"].index("start")
    stored["trials.json"] = json.dumps(
        {"columns": table["columns"][:at], "data": [row[:at] for row in table["data"]]}
    ).encode()
    harness.tracker.update(summary.lines[0].run_id, RunUpdate(tags={"digests": "{}"}))
    rows = history(harness.tracker, HistoryQuery("trials"))
    assert [r["start"] for r in rows] == [None] * 4


def test_newest_first_since_job_and_limit(harness):
    first, second = harness.run("tune"), harness.run("tune")
    rows = history(harness.tracker, HistoryQuery("jobs"))
    assert [r["job_id"] for r in rows] == [second.job_id, first.job_id]
    assert rows[0]["total"] == 4
    later = harness.tracker.get(second.run_id).start_ms
    assert [
        r["job_id"] for r in history(harness.tracker, HistoryQuery("jobs", since_ms=later))
    ] == [second.job_id]
    mine = history(harness.tracker, HistoryQuery("airports", job_id=first.job_id))
    assert {r["job_id"] for r in mine} == {first.job_id}
    assert len(history(harness.tracker, HistoryQuery("airports", limit=1))) == 1


def test_compare_shows_params_metrics_and_data(harness):
    from dataclasses import replace

    from tests.harness import SEARCH

    first = harness.run()
    second = harness.run(search=replace(SEARCH, seed=7, max_evals=3))
    a, b = (next(li.run_id for li in s.lines if li.airport == "JFK") for s in (first, second))
    rows = {(r["section"], r["key"]): r for r in compare(harness.tracker, a, b)}
    assert rows["params", "max_evals"]["a"] == "4"
    assert rows["params", "max_evals"]["b"] == "3"
    assert not rows["params", "max_evals"]["same"]
    assert rows["data", "data_digest"]["same"]
    assert not rows["data", "seed"]["same"]
    assert rows["metrics", "baseline_loss"]["same"]
    jobs = compare(harness.tracker, first.job_id, second.job_id)
    assert any(r["key"] == "airports_total" and r["same"] for r in jobs)


def test_mistakes_are_named(harness):
    with pytest.raises(UsageError, match="no history of 'flights'"):
        history(harness.tracker, HistoryQuery("flights"))
    with pytest.raises(UsageError, match="no loss"):
        history(harness.tracker, HistoryQuery("jobs", best=True))
    with pytest.raises(NothingRecordedError, match="no run or job 'nope'"):
        compare(harness.tracker, "nope", "nope")


def test_forecasts_are_listed_period_by_period_with_what_came_true(harness):
    whole = harness.entries
    jfk = whole[0]
    harness.entries = [replace(jfk, ds=jfk.ds[:-2], y=jfk.y[:-2], digest="shorter")]
    harness.run()
    query = HistoryQuery("forecasts", airport="JFK")
    rows = history(harness.tracker, query)
    made = read_forecast(harness.tracker, rows[0]["run_id"])
    low, high = made.intervals[95]
    assert [r["date"] for r in rows] == ["2018-11-01", "2018-12-01", "2019-01-01"]
    assert [(r["forecast"], r["low"], r["high"]) for r in rows] == list(
        zip(made.mean, low, high, strict=True)
    )
    assert {(r["level"], r["cutoff"], r["actual"]) for r in rows} == {(95, "2018-10-01", None)}
    harness.entries = whole
    harness.run()  # its data hold two of these months
    newer = history(harness.tracker, query)
    assert [r["date"] for r in newer[:3]] == ["2019-01-01", "2019-02-01", "2019-03-01"]
    assert [r["actual"] for r in newer] == [None, None, None, *jfk.y[-2:], None]
    assert [{**r, "actual": None} for r in newer[3:]] == rows
    assert count(harness.tracker, query) == len(newer) == 6
    assert history(harness.tracker, replace(query, limit=2)) == newer[:2]


class Unlucky(SerialExecutor):
    """What JFK's worker does is done at the second attempt, because it died at the first."""

    def map(self, fn, tasks):
        for outcome in super().map(fn, tasks):
            yield replace(outcome, retries=int(tasks[outcome.index].series.airport == "JFK"))


def test_airports_of_a_job_say_which_were_begun_again(harness):
    summary = harness.run("tune", executor=Unlucky())
    rows = history(harness.tracker, HistoryQuery("airports", job_id=summary.job_id))
    again = {row["airport"]: row["retries"] for row in rows}
    assert again == {"BAD": None, "JFK": 1, "LGA/1": None, "tiny": None}

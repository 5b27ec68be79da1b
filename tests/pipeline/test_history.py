"""Both layouts give the same answers."""

import pytest

from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.pipeline.history import HistoryQuery, compare, history

SAME = ("airport", "trial", "status", "model", "loss", "cutoff", "reason")


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

    from tests.pipeline.conftest import SEARCH

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

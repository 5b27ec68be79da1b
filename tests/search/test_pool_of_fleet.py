"""When models that are estimated over all airports are tried, and what they are learned from."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.jobs.fleet import learn_from_fleet, with_fleet
from forecastctl.records import AirportTask, Plan, SearchSpec
from forecastctl.search.folds import search_splits
from forecastctl.search.pool_of_fleet import POOLED, days_of, ends_of_fits
from forecastctl.search.tune import tune
from tests.models.test_shocks import shocked
from tests.series import make_series, seasonal_data

SEARCH = SearchSpec(horizon=6)


def airports(count=6, n=96):
    return [make_series(seasonal_data(n, seed=k), airport=f"A{k}") for k in range(count)]


def tasks(series, search=SEARCH):
    plan = Plan(tune=True, train=True, forecast=True, search=search)
    return [AirportTask(plan, one) for one in series]


def knowing(series, search=SEARCH, asked=None):
    """Series with what is learned from all of them."""
    work = tasks(asked or series, search)
    fleet = learn_from_fleet(series, work)
    return [with_fleet(task, fleet).series for task in work]


def pooled(result):
    return [t for t in result.trials if t.model.family == POOLED]


def test_they_are_in_the_pool_and_take_no_seat_from_the_others():
    result = tune(knowing(airports(24))[0], SEARCH)
    labels = [t.model.label for t in pooled(result)]
    assert labels == ["Pooled 3 seasons", "Pooled 3 seasons boxcox 0.50"]
    assert {t.start for t in pooled(result)} == {"pool"}
    assert {t.status for t in pooled(result)} == {"ok"}
    members = [m.model.family for m in result.specification.members]
    assert members.count(POOLED) == 2
    assert 15 <= len(members) <= SEARCH.combine + 2


def test_without_a_fleet_the_search_is_what_it_was():
    alone = airports()[0]
    assert pooled(tune(alone, replace(SEARCH, max_evals=40))) == []
    others = tuple(name for name in SEARCH.families if name != POOLED)
    without = tune(alone, replace(SEARCH, families=others))
    assert tune(alone, SEARCH).trials == without.trials
    assert knowing(airports(), replace(SEARCH, families=others))[0].fleet is None
    assert knowing(airports(2))[0].fleet.by_day == {}


def test_the_one_best_model_may_be_pooled_and_takes_the_only_seat():
    result = tune(knowing(airports(24))[0], replace(SEARCH, combine=1))
    assert len(result.specification.members) == 1
    assert len(pooled(result)) == 2


def test_each_backtest_takes_the_line_of_its_origin():
    one = knowing(airports())[0]
    ends = [split.end for split in search_splits(one.n, SEARCH, 12)]
    assert ends_of_fits(one, SEARCH) == [*ends, one.n]
    days = [str(one.ds[end - 1]) for end in [*ends, one.n]]
    assert days_of(one, [*ends, one.n]) == days == sorted(one.fleet.by_day)


@pytest.mark.parametrize("freq", ["M", "Q", "W-SAT", "D"])
def test_days_are_those_of_the_series(freq):
    series = make_series(np.arange(1.0, 41.0), 4, freq)
    if freq == "Q":
        quarters = np.datetime64("2001-01") + 3 * np.arange(40)
        series = replace(series, ds=quarters.astype("datetime64[D]"))
    assert days_of(series, [1, 17, 40]) == [str(series.ds[k]) for k in (0, 16, 39)]


def test_who_is_asked_for_changes_no_line():
    series = airports(5)
    short = replace(series[0], ds=series[0].ds[:-7], y=series[0].y[:-7])
    panel = [short, *series[1:]]
    together = knowing(panel)
    for at, one in enumerate(panel):
        (alone,) = knowing(panel, asked=[one])
        assert alone.fleet == together[at].fleet != None  # noqa: E711


def test_short_series_try_a_shorter_window():
    short = [replace(s, ds=s.ds[-44:], y=s.y[-44:]) for s in airports(12)]
    result = tune(knowing(short)[0], SEARCH)
    assert {t.model.options["seasons"] for t in pooled(result)} == {1}


def test_after_a_shock_two_are_tried_and_while_it_lasts_none():
    after = make_series(shocked(n=120), airport="B")
    last = make_series(shocked(n=80), airport="B")
    for series, expected in ((after, 2), (last, 0)):
        others = [make_series(seasonal_data(series.n, seed=k), airport=f"A{k}") for k in range(5)]
        tried = pooled(tune(knowing([series, *others])[0], SEARCH))
        assert len(tried) == expected
        assert all("shocks" in t.model.options for t in tried)


def test_airports_with_many_zeros_have_none():
    y = np.where(np.arange(96) % 2, 0.0, seasonal_data(96))
    one = knowing([make_series(y, airport="Z"), *airports()])[0]
    assert pooled(tune(one, SEARCH)) == []

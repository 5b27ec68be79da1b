"""Series too short for a search: when they are, and how wide the interval of their stand-in is."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.jobs.pilot import choose_pilot
from forecastctl.jobs.short import ShortWidths
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.combination.widths import PRIOR, pool_widths
from forecastctl.records import TOO_SHORT, AirportTask, Plan, Rejection, SearchSpec
from forecastctl.search.folds import Split, search_splits
from forecastctl.search.short import by_rule, widths_of_short
from forecastctl.search.tune import tune
from tests.series import make_series, seasonal_data

YEAR = SearchSpec(horizon=12)
QUICK = replace(YEAR, families=("seasonal_naive", "holt_winters"), max_evals=4)


@pytest.mark.parametrize(
    ("n", "asked", "season_length", "splits"),
    [
        (13, YEAR, 12, ()),
        (14, YEAR, 12, ()),  # one month would have decided
        (16, YEAR, 12, ()),  # two folds of two months
        (17, YEAR, 12, (Split(13, 3), Split(14, 3))),
        (17, replace(YEAR, folds=1), 12, ()),
        (19, replace(YEAR, folds=1), 12, (Split(13, 6),)),
        (16, replace(YEAR, horizon=1), 12, ()),
        (17, replace(YEAR, horizon=1), 12, tuple(Split(n, 1) for n in (13, 14, 15, 16))),
        (120, replace(YEAR, horizon=1, folds=1), 12, (Split(119, 1),)),  # no more is asked for
        (8, YEAR, 4, (Split(5, 2), Split(6, 2))),
        (6, YEAR, 4, ()),
        (6, YEAR, 1, (Split(4, 1), Split(5, 1))),
        (70, YEAR, 52, ()),
    ],
)
def test_half_a_season_must_be_judged(n, asked, season_length, splits):
    assert search_splits(n, asked, season_length) == splits


def fleet(airports=60, n=72, noise=0.05, seed=5):
    """Airports with a season and errors of one size, in percent."""
    rng = np.random.default_rng(seed)
    season = 100.0 + 30.0 * np.sin(2 * np.pi * np.arange(n) / 12)
    return [
        replace(make_series(season * np.exp(rng.normal(0, noise, n))), airport=f"A{i:03d}")
        for i in range(airports)
    ]


@pytest.mark.parametrize("n", [9, 12, 14, 16])
def test_the_interval_holds_what_it_says_in_other_airports_of_the_fleet(n):
    widths = widths_of_short(n, 12, fleet(airports=300), YEAR)
    inside = {80: [], 95: []}
    for whole in fleet(seed=6):
        y = whole.y[-n - 12 :]
        seen = replace(whole, y=y[:n], ds=whole.ds[-n - 12 : -12])
        tuned = tune(seen, YEAR, widths=widths)
        assert tuned.stopped == TOO_SHORT
        how = "its interval from its errors in longer series"
        assert tuned.reason.endswith(how)
        model, _ = fit(seen, tuned.specification, spread=tuned.spread, widths=tuned.widths)
        forecast = predict(model, 12)
        for level, (lo, hi) in forecast.intervals.items():
            inside[level] += ((lo <= y[n:]) & (y[n:] <= hi)).tolist()
    assert np.mean(inside[80]) == pytest.approx(0.80, abs=0.04)
    assert np.mean(inside[95]) == pytest.approx(0.95, abs=0.02)


def test_the_width_is_the_quantile_of_the_errors_of_the_fleet():
    """Twelve steps of 10, then a month of the same season 10 higher: one standard deviation off."""
    year = np.tile([100.0, 110.0], 6)
    series = make_series(np.concatenate([year + 10.0 * i for i in range(3)]))
    asked = replace(YEAR, folds=1)
    widths = dict(widths_of_short(12, 12, [series] * 990, asked))
    rule = dict(by_rule(12, 12))
    for level in (50, 80, 95):  # 990 airports against ten that the rule is worth
        assert widths[level] == pytest.approx(rule[level] ** 0.01, rel=1e-9)


def test_without_a_longer_history_a_wide_rule_says_it():
    seen = make_series(seasonal_data(14))
    for others in ([], fleet(n=20)):
        assert widths_of_short(14, 12, others, YEAR) == by_rule(14, 12)
    tuned = tune(seen, YEAR)
    assert tuned.widths == by_rule(14, 12)
    model, _ = fit(seen, tuned.specification, spread=tuned.spread, widths=tuned.widths)
    forecast = predict(model, 12)
    sigma = model.members[0].sigma
    for level, (lo, hi) in forecast.intervals.items():
        half = dict(by_rule(14, 12))[level] * sigma
        np.testing.assert_allclose(hi - forecast.mean, half)
        np.testing.assert_allclose(forecast.mean - lo, np.minimum(half, forecast.mean))


def test_only_short_airports_that_are_searched_have_widths_of_their_own():
    long, short = fleet(airports=8), make_series(seasonal_data(14))
    entries = [*long, short, Rejection("BAD", "zeros", "digest")]
    widths = ShortWidths(entries, YEAR)
    assert widths.of(long[0]) == ()
    assert widths.of(short) == widths_of_short(14, 12, long, YEAR) != by_rule(14, 12)
    plan = Plan(tune=True, train=True, forecast=True, search=YEAR, levels=(80,), charts=False)
    tasks = [widths.added(AirportTask(plan, series)) for series in (*long, short)]
    assert [bool(task.widths) for task in tasks] == [*[False] * 8, True]
    assert [t.series.airport for t in choose_pilot(tasks)].count("JFK") == 0
    kept = AirportTask(replace(plan, tune=False), short)
    assert widths.added(kept) == kept
    assert pool_widths([]) == PRIOR

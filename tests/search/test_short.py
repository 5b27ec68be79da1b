"""Series too short for a search: when they are, and how wide the interval of their stand-in is."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.jobs.pilot import choose_pilot
from forecastctl.jobs.short import ShortWidths
from forecastctl.models import Fit, family
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.combination.widths import PRIOR, pool_widths
from forecastctl.records import TOO_SHORT, AirportTask, Plan, Rejection, SearchSpec
from forecastctl.search.folds import Split, search_splits
from forecastctl.search.short import by_rule, network_fits, stand_in, widths_of_short
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
    widths = widths_of_short(n, 12, fleet(airports=300), YEAR, network=n > 12)
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


ALONE = replace(YEAR, combine=1)
SMOOTH = replace(YEAR, families=("seasonal_naive", "holt_winters"))


@pytest.mark.parametrize(
    ("n", "search", "label", "words"),
    [
        (2, YEAR, "Naive", "the naive forecast (last value) stands in"),
        (11, YEAR, "Naive", "the naive forecast (last value) stands in"),
        (12, YEAR, "SNaive", "the seasonal naive stands in"),
        (12, ALONE, "SNaive", "the seasonal naive stands in"),
        (13, YEAR, "mean of 2", "the mean of the network and the seasonal naive stands in"),
        (16, YEAR, "mean of 2", "the mean of the network and the seasonal naive stands in"),
        (13, ALONE, "Pretrained 1", "the network stands in"),
        (13, SMOOTH, "SNaive", "the seasonal naive stands in"),
        (16, SMOOTH, "SNaive", "the seasonal naive stands in"),
    ],
)
def test_what_stands_in(n, search, label, words):
    tuned = tune(make_series(seasonal_data(n)), search)
    assert tuned.specification.label.split(":")[0].removeprefix("weighted ") == label
    why = f"{n} observations are too few to validate a model; {words}"
    assert tuned.reason == f"{why}, its interval from a plain rule"
    assert (tuned.stopped, tuned.trials, tuned.loss) == (TOO_SHORT, (), None)
    assert all(member.trial is None for member in tuned.specification.members)


def test_the_network_has_two_thirds_beside_the_seasonal_naive():
    members = stand_in(14, 12, YEAR, network=True).members
    assert [(m.model.family, m.weight) for m in members] == [
        ("pretrained", pytest.approx(2 / 3)),
        ("seasonal_naive", pytest.approx(1 / 3)),
    ]


def test_the_network_stands_in_for_months_with_passengers_alone():
    y = seasonal_data(14)
    assert network_fits(y, 12, YEAR)
    assert not network_fits(y[:12], 12, YEAR)
    assert not network_fits(y, 7, YEAR)
    assert not network_fits(y - 2 * y.max(), 12, YEAR)
    assert not network_fits(np.where(np.arange(14) % 3 == 0, y, 0.0), 12, YEAR)
    assert not network_fits(y, 12, SMOOTH)


@pytest.mark.parametrize(("search", "network"), [(SMOOTH, False), (ALONE, True), (YEAR, True)])
def test_without_a_longer_history_a_wide_rule_says_it(search, network):
    seen = make_series(seasonal_data(14))
    rule = by_rule(14, 12, network=network)
    for others in ([], fleet(n=20)):
        assert widths_of_short(14, 12, others, search, network=network) == rule
    tuned = tune(seen, search)
    assert tuned.widths == rule
    model, _ = fit(seen, tuned.specification, spread=tuned.spread, widths=tuned.widths)
    forecast = predict(model, 12)
    paths = [
        family(one.member.model.family).forecast(
            Fit(one.params, one.states, one.sigma), 12, one.member.model.options, 12
        )
        for one in model.members
    ]
    weights = [m.weight for m in tuned.specification.members]
    sd = sum(weight * path[1] for weight, path in zip(weights, paths, strict=True))
    for level, (lo, hi) in forecast.intervals.items():
        half = dict(rule)[level] * sd
        np.testing.assert_allclose(hi - forecast.mean, half)
        np.testing.assert_allclose(forecast.mean - lo, np.minimum(half, forecast.mean))


def test_where_the_network_stands_in_its_own_errors_say_how_wide():
    long = fleet()
    with_it = widths_of_short(14, 12, long, YEAR, network=True)
    assert with_it != widths_of_short(14, 12, long, YEAR)
    assert with_it != by_rule(14, 12, network=True)
    y = np.where(np.arange(14) % 3 == 0, seasonal_data(14), 0.0)
    entries = ShortWidths([*long, make_series(seasonal_data(14)), make_series(y)], YEAR)
    assert entries.of(make_series(seasonal_data(14))) == with_it
    assert entries.of(make_series(y)) == widths_of_short(14, 12, long, YEAR)


def test_only_short_airports_that_are_searched_have_widths_of_their_own():
    long, short = fleet(airports=8), make_series(seasonal_data(14))
    entries = [*long, short, Rejection("BAD", "zeros", "digest")]
    widths = ShortWidths(entries, YEAR)
    assert widths.of(long[0]) == ()
    assert widths.of(short) == widths_of_short(14, 12, long, YEAR, network=True)
    plan = Plan(tune=True, train=True, forecast=True, search=YEAR, levels=(80,), charts=False)
    tasks = [widths.added(AirportTask(plan, series)) for series in (*long, short)]
    assert [bool(task.widths) for task in tasks] == [*[False] * 8, True]
    assert [t.series.airport for t in choose_pilot(tasks)].count("JFK") == 0
    kept = AirportTask(replace(plan, tune=False), short)
    assert widths.added(kept) == kept
    assert pool_widths([]) == PRIOR

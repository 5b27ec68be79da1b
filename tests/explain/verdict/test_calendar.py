"""Feasts that move: made series with a known effect, and none; dates against other sources."""

import datetime as dt
import math

import numpy as np
import pytest
from scipy import stats

from forecastctl.explain.verdict.calendar import calendar_effect
from forecastctl.models.calendar_regression import Coefficient, tail, whiten
from forecastctl.records import Series, feasts
from forecastctl.records.calendar import first_days, period_of

SYNODIC = 29.530588861
"""Mean length of a lunar month in days (Meeus, Astronomical Algorithms, ch. 49)."""

NEW_MOON = 2451550.09766 - 2440587.5
"""Mean new moon of January 2000, in days since 1970."""

FREQS = {"M": 12, "Q": 4, "W-SUN": 52, "D": 7}


def made(
    seed=0, n=144, size=0.0, feast=feasts.EASTER, freq="M", first="2000-01-01", sd=0.015, tails=None
):
    """A series with growth, a wandering level, a fixed season and what a feast moves."""
    rng = np.random.default_rng(seed)
    m = FREQS[freq]
    periods = period_of(first, freq) + np.arange(n)
    noise = rng.normal(0, sd, n) if tails is None else rng.standard_t(tails, n) * sd
    level = np.cumsum(rng.normal(0.04 / m, sd / 3, n))
    logs = 12 + level + rng.normal(0, 0.15, m)[periods % m] + noise
    logs += size * feasts.shares(feast, periods, freq)
    return Series(f"A{seed}", freq, m, first_days(periods, freq), np.exp(logs), "")


def month(text):
    return np.datetime64(f"{text}-01")


def asked(series, target, **more):
    """The effect on a month, known the month before."""
    date = month(target)
    before = (date.astype("datetime64[M]") - 1).astype("datetime64[D]")
    return calendar_effect(series, date, before, **more)


# Dates


@pytest.mark.parametrize("year", range(feasts.FIRST_YEAR, feasts.LAST_YEAR + 1))
def test_a_lunar_year_begins_at_the_new_moon_before_the_sun_is_in_pisces(year):
    (day,) = feasts.LUNAR_NEW_YEAR.date(year)
    moons = round((day - NEW_MOON) / SYNODIC)
    assert abs(NEW_MOON + moons * SYNODIC + 8 / 24 - (day + 0.5)) < 1.2  # true and mean moon: 0.6
    pisces = (dt.date(year, 2, 19) - dt.date(1970, 1, 1)).days
    assert -1 <= pisces - day < 30


@pytest.mark.parametrize(
    ("feast", "date"),
    [
        (feasts.EASTER, "2008-03-23"),
        (feasts.EASTER, "2011-04-24"),
        (feasts.ORTHODOX, "2013-05-05"),
        (feasts.LUNAR_NEW_YEAR, "2020-01-25"),
        (feasts.LUNAR_NEW_YEAR, "2034-02-19"),
    ],
)
def test_published_dates(feast, date):
    assert feast.date(int(date[:4])) == (np.datetime64(date).astype(int),)


@pytest.mark.parametrize(
    "date",
    [
        "1984-06-01",
        "1990-03-28",
        "2000-11-27",
        "2010-08-11",
        "2013-07-09",
        "2019-05-06",
        "2024-03-11",
    ],
)
def test_ramadan_is_within_two_days_of_the_official_one(date):
    days = feasts.RAMADAN.date(int(date[:4]))
    assert min(abs(d - np.datetime64(date).astype(int)) for d in days) <= 2


def test_a_year_can_hold_two_ramadans_and_every_lunar_year_has_one():
    assert len(feasts.RAMADAN.date(2030)) == 2
    days = [d for y in range(1960, 2090) for d in feasts.RAMADAN.date(y)]
    assert set(np.diff(days).tolist()) == {354, 355}


@pytest.mark.parametrize("freq", FREQS)
@pytest.mark.parametrize("feast", feasts.FEASTS, ids=lambda f: f.name)
def test_all_days_of_a_feast_are_somewhere(freq, feast):
    periods = np.arange(period_of("2000-01-01", freq), period_of("2009-12-31", freq) + 1)
    total = feasts.shares(feast, periods, freq).sum()
    dates = [
        dt.date(1970, 1, 1) + dt.timedelta(d) for y in range(2000, 2010) for d in feast.date(y)
    ]
    assert total == pytest.approx(len(dates), abs=1.0)
    assert feasts.shares(feast, periods, freq).max() <= 1.0 + 1e-9


def test_easter_is_in_march_as_the_calendar_says():
    periods = period_of("2008-01-01", "M") + np.arange(132)
    share = dict(
        zip(
            first_days(periods, "M").astype(str),
            feasts.shares(feasts.EASTER, periods, "M"),
            strict=True,
        )
    )
    assert share["2008-03-01"] == pytest.approx(1.0)
    assert share["2011-03-01"] == 0.0
    assert share["2018-03-01"] == pytest.approx(1.0)  # on April 1st, all days before it
    assert share["2010-03-01"] == pytest.approx(5 / 8)  # on April 4th


def test_days_of_months():
    periods = period_of("2019-06-01", "M") + np.arange(12)
    assert feasts.weekend_days(periods).tolist() == [10, 8, 9, 9, 8, 9, 9, 8, 9, 9, 8, 10]
    assert feasts.weekend_balance(periods)[8] == 29 - 3.5 * 9
    assert feasts.february(periods)[8] == pytest.approx(math.log(29 / 28.25))
    assert np.count_nonzero(feasts.february(periods)) == 1


# The regression


@pytest.mark.parametrize("df", [1, 2, 3, 4, 5, 12, 31, 50])
@pytest.mark.parametrize("t", [0.0, 0.3, 1.0, -2.5, 7.0, 40.0])
def test_tails_are_those_of_scipy(t, df):
    assert tail(t, df) == pytest.approx(2 * stats.t.sf(abs(t), df), abs=1e-12)


def estimates(count, size, **more):
    for seed in range(count):
        series = made(seed, size=size, **more)
        feast = more.get("feast", feasts.EASTER)
        periods = period_of(str(series.ds[0]), "M") + np.arange(series.n)
        x = feasts.shares(feast, periods, "M")[:, None]
        found = whiten(np.log(series.y), x, feasts.years(periods, "M"), 12).coefficient(0)
        assert isinstance(found, Coefficient)
        yield found


@pytest.mark.parametrize("feast", [feasts.EASTER, feasts.LUNAR_NEW_YEAR], ids=lambda f: f.name)
@pytest.mark.parametrize("tails", [None, 3])
def test_the_standard_error_is_that_of_the_estimates(feast, tails):
    found = list(estimates(60, 0.06, feast=feast, tails=tails))
    within = np.mean([abs(c.value - 0.06) < c.se for c in found])
    assert 0.5 < within < 0.9
    assert np.mean([c.value for c in found]) == pytest.approx(0.06, abs=0.01)
    assert np.mean([abs(c.value - 0.06) / c.se > 4 for c in found]) < 0.05


def test_single_wild_months_hardly_move_the_estimate():
    series = made(3, n=240, size=0.05)
    wild = series.y.copy()
    wild[[26, 75, 111, 170]] *= [1000.0, 0.02, 3.0, 0.3]
    periods = period_of("2000-01-01", "M") + np.arange(series.n)
    x, years = feasts.shares(feasts.EASTER, periods, "M")[:, None], feasts.years(periods, "M")
    clean, dirty = (whiten(np.log(y), x, years, 12).coefficient(0) for y in (series.y, wild))
    assert dirty.value == pytest.approx(clean.value, abs=1.5 * clean.se)
    assert dirty.se < 2 * clean.se


# The effect


def test_easter_moved_passengers_to_march():
    series = made(1, n=110, size=0.08)
    effect = asked(series, "2008-03")
    usual = series.y[98] / math.exp(
        0.08 * feasts.shares(feasts.EASTER, np.array([period_of("2008-03-01", "M")]), "M")[0]
    )
    assert effect.feast == "Easter"
    assert effect.certainty > 0.95
    periods = period_of("2000-03-01", "M") + 12 * np.arange(8)
    mean = np.mean([feasts.shares(feasts.EASTER, np.array([p]), "M")[0] for p in periods])
    true = usual * (math.exp(0.08) - math.exp(0.08 * mean))
    assert effect.effect == pytest.approx(true, abs=2.5 * effect.se)
    assert effect.sentence.startswith(
        "Easter was on 23 March in 2008 and on 8 April in 2007: it moved about "
    )
    assert effect.sentence.endswith(" passengers to March 2008")


def test_what_march_gains_april_loses():
    series = made(1, n=110, size=0.08)
    march, april = asked(series, "2008-03"), asked(series, "2008-04")
    assert march.effect > 0 > april.effect
    assert "away from April 2008" in april.sentence
    negative = asked(made(1, n=110, size=-0.08), "2008-03")
    assert negative.effect < 0
    assert "away from March 2008" in negative.sentence


def test_lunar_new_year_moved_passengers_to_january():
    effect = asked(made(4, n=144, size=0.2, feast=feasts.LUNAR_NEW_YEAR), "2012-01")
    assert effect.feast == "Lunar New Year"
    assert effect.effect > 0
    assert "was on 23 January in 2012 and on 3 February in 2011" in effect.sentence


def test_nothing_that_comes_after_the_cutoff_counts():
    series = made(1, n=110, size=0.08)
    other = made(1, n=110, size=0.08)
    other.y[98:] *= np.random.default_rng(0).uniform(0.1, 10, 12)
    assert asked(series, "2008-03") == asked(other, "2008-03")
    cut = Series("A1", "M", 12, series.ds[:98], series.y[:98], "")
    assert asked(series, "2008-03") == asked(cut, "2008-03")


def test_further_ahead():
    series = made(1, n=110, size=0.08)
    near, far = (
        asked(series, "2008-03"),
        calendar_effect(series, month("2008-03"), month("2006-10")),
    )
    assert far.effect == pytest.approx(near.effect, rel=0.6)


@pytest.mark.parametrize("target", ["2010-07", "2010-10", "2010-12"])
def test_in_other_months_nothing_moved(target):
    found = [asked(made(seed, size=0.1), target) for seed in range(12)]
    assert not [
        e
        for e in found
        if e is not None and e.feast in ("Easter", "Orthodox Easter", "Lunar New Year")
    ]
    assert sum(e is not None for e in found) <= 2


def test_without_an_effect_it_is_hardly_ever_sure():
    found = [asked(made(seed, tails=3), t) for seed in range(60) for t in ("2011-02", "2011-04")]
    assert sum(e is not None and e.certainty >= 0.9 for e in found) <= 4
    assert sum(e is not None and e.certainty >= 0.99 for e in found) <= 1


def test_one_wild_easter_is_no_rule():
    series = made(2, n=110)
    series.y[period_of("2005-03-01", "M") - period_of("2000-01-01", "M")] *= 1.6
    effect = asked(series, "2008-03")
    assert effect is None or effect.feast != "Easter"


def test_easter_is_not_taken_for_the_orthodox_one():
    found = [asked(made(s, n=150, size=0.1), t) for s in range(5) for t in ("2011-04", "2008-03")]
    assert {e.feast for e in found} == {"Easter"}
    own = [asked(made(s, n=170, size=0.1, feast=feasts.ORTHODOX), "2013-05") for s in range(5)]
    assert {e.feast for e in own if e is not None} == {"Orthodox Easter"}
    assert all(e.effect > 0 for e in own if e is not None)


def test_weekends():
    series = made(5, n=150)
    periods = period_of("2000-01-01", "M") + np.arange(series.n)
    y = series.y * np.exp(-0.01 * feasts.weekend_balance(periods))
    effect = asked(Series("A", "M", 12, series.ds, y, ""), "2011-07")
    assert effect.feast == "weekends"
    assert effect.effect > 0
    assert effect.sentence.startswith(
        "July 2011 had 10 days of weekends, 8.9 on average before: about "
    )
    assert effect.sentence.endswith(" passengers more")


def test_leap_days():
    series = made(6, n=150)
    periods = period_of("2000-01-01", "M") + np.arange(series.n)
    y = series.y * np.exp(feasts.february(periods))
    effect = asked(Series("A", "M", 12, series.ds, y, ""), "2012-02")
    assert asked(Series("A", "M", 12, series.ds, y, ""), "2011-02") is None
    assert effect.feast == "leap day"
    assert effect.effect == pytest.approx(y[145] * 0.75 / 29, rel=0.5)
    assert effect.sentence.startswith("February 2012 had 29 days: about ")


def fleet(count, size, spread, n, sd):
    rng = np.random.default_rng(8)
    return [
        made(s, n=n, size=float(rng.normal(size, spread)), sd=sd) for s in range(100, 100 + count)
    ]


def test_peers_make_it_sure_where_the_own_past_is_too_short():
    own = made(7, n=98, size=0.05, sd=0.03)
    alone, with_peers = (
        asked(own, "2008-03"),
        asked(own, "2008-03", peers=fleet(20, 0.05, 0.01, 98, 0.03)),
    )
    assert alone is None
    assert with_peers.feast == "Easter"
    assert with_peers.effect == pytest.approx(own.y[86] * 0.05 * 0.734, rel=0.5)


def test_an_airport_apart_from_its_peers_keeps_its_own_effect():
    own = made(7, n=110, size=-0.1)
    effect = asked(own, "2008-03", peers=fleet(20, 0.08, 0.01, 110, 0.015))
    assert effect is None or effect.effect < 0


def test_peers_of_other_periods_and_the_airport_itself_are_no_peers():
    own = made(1, n=110, size=0.08)
    short = [made(s, n=90, size=0.5) for s in range(200, 220)]
    assert asked(own, "2008-03", peers=[*short, *[own] * 20]) == asked(own, "2008-03")


@pytest.mark.slow
@pytest.mark.parametrize(("freq", "n"), [("Q", 60), ("W-SUN", 52 * 6)])
def test_quarters_and_weeks(freq, n):
    series = made(3, n=n, size=0.3, freq=freq, sd=0.01)
    targets = range(n - 50 if freq != "Q" else n - 12, n)
    found = [calendar_effect(series, series.ds[i], series.ds[i - 1]) for i in targets]
    named = [e for e in found if e is not None and e.feast == "Easter" and e.certainty > 0.9]
    assert named
    assert all("Easter was on" in e.sentence for e in named)


def test_days():
    series = made(3, n=365 * 7, freq="D", sd=0.02)
    days = series.ds.astype(int)
    easters = [d for y in range(2000, 2008) for d in feasts.EASTER.date(y)]
    y = series.y * np.where(np.isin(days + 2, easters), 0.6, 1.0)
    series = Series("A", "D", 7, series.ds, y, "")
    friday = np.datetime64("2006-04-14")
    effect = calendar_effect(series, friday, friday - 5)
    assert effect.feast == "Easter"
    assert effect.effect == pytest.approx(-0.4 * y[days == (friday - 7).astype(int)][0], rel=0.25)
    assert "Easter was on 16 April in 2006: it moved about" in effect.sentence
    assert calendar_effect(series, friday + 60, friday + 55) is None


@pytest.mark.parametrize(
    "series",
    [
        made(n=30, size=0.5),
        Series("A", "M", 12, made(n=120).ds, np.where(np.arange(120) % 5, 1e5, 0.0), ""),
        Series("A", "M", 12, made(n=120).ds, np.zeros(120), ""),
        Series("A", "M", 12, made(n=120).ds, np.full(120, 7.0), ""),
        Series("A", "M", 1, made(n=120).ds, made(n=120).y, ""),
    ],
    ids=["short", "gaps", "zeros", "constant", "no season"],
)
def test_where_nothing_can_be_told(series):
    target = (series.ds[-1].astype("datetime64[M]") + 4).astype("datetime64[D]")
    assert calendar_effect(series, target, series.ds[-1]) is None


def test_a_few_zeros_do_no_harm():
    series = made(1, n=110, size=0.08)
    series.y[[20, 51]] = 0.0
    assert asked(series, "2008-03").feast == "Easter"


def test_what_a_model_allowed_for_explains_nothing():
    series = made(1, n=110, size=0.08)
    target, cutoff = month("2008-03"), month("2008-02")
    found = calendar_effect(series, target, cutoff)
    assert found.feast == "Easter"
    other = calendar_effect(series, target, cutoff, allowed={"Easter"})
    assert other is None or other.feast != "Easter"

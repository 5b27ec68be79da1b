"""An airport at a glance, by hand."""

import math

import pytest

from forecastctl.report.page.fleet import totals, usual_periods
from forecastctl.report.page.glance import Grid, glance
from forecastctl.report.values import AirportFacts, Fan, Line, Report
from tests.report.made import job

MONTHS = tuple(f"20{y}-{m:02d}-01" for y in (18, 19, 20) for m in range(1, 13))


def airport(name="A", y=range(1, 25), mean=(30.0, 40.0, 50.0), cutoff=23):
    ahead = MONTHS[cutoff + 1 : cutoff + 1 + len(mean)]
    bands = {80: (tuple(m - 1 for m in mean), tuple(m + 1 for m in mean))}
    bands[95] = (tuple(m - 2 for m in mean), tuple(m + 2 for m in mean))
    fan = Fan(MONTHS[cutoff], ahead, tuple(mean), bands) if mean else None
    return AirportFacts(name, "ok", history=Line(MONTHS[: len(y)], tuple(map(float, y))), fan=fan)


def test_the_numbers_of_an_airport():
    seen = glance(airport(), Grid("M", 12))
    assert seen.last == ("2019-12-01", 24.0)
    assert seen.following == ("2020-01-01", 30.0)
    assert seen.interval == (28.0, 32.0)
    assert seen.change == pytest.approx(100 * (120 / (13 + 14 + 15) - 1))


def test_the_small_line_reaches_from_foot_to_top():
    seen = glance(airport(), Grid("M", 12))
    assert len(seen.spark) == seen.begins + 0 == 48
    assert seen.spark[:24] == (None,) * 24
    assert (seen.spark[24], seen.spark[47]) == (round(99 / 50), round(99 * 24 / 50))
    assert seen.ahead == (59, 79, 99)


def test_values_that_keep_together_are_told_apart():
    seen = glance(airport(y=[90.0] * 24, mean=(100.0,)), Grid("M", 12))
    assert seen.spark[-1] == 50  # 80 is the foot, 100 the top
    assert seen.ahead == (99,)


def test_what_came_true_since_is_in_the_line():
    seen = glance(airport(y=range(1, 27)), Grid("M", 12))
    assert len(seen.spark) == seen.begins + 2
    assert seen.last == ("2020-02-01", 26.0)


def test_a_month_that_is_missing_a_year_ago_leaves_no_change():
    facts = airport()
    holes = Line(facts.history.ds[:12] + facts.history.ds[13:], facts.history.y[1:])
    seen = glance(AirportFacts("A", "ok", history=holes, fan=facts.fan), Grid("M", 12))
    assert seen.change is None
    assert seen.spark[36] is None


@pytest.mark.parametrize(
    ("y", "mean"),
    [((), ()), ((5.0,), ()), ((), (1.0,)), ((0.0,) * 24, (0.0,)), ((math.nan,), (1.0,))],
)
def test_nothing_much_is_no_error(y, mean):
    seen = glance(airport(y=y, mean=mean), Grid("M", 12))
    heights = [h for h in (*seen.spark, *seen.ahead) if h is not None]
    assert all(0 <= h <= 99 for h in heights)
    assert seen.change is None


def test_sums_over_the_fleet():
    airports = (airport("A"), airport("B", mean=(60.0, 70.0, 80.0)), airport("C", y=range(1, 3)))
    report = Report(job(), (*airports, airport("D", cutoff=20)))
    usual = usual_periods(report)
    assert usual.last == "2019-12-01"
    assert usual.ahead == ("2020-01-01", "2020-02-01", "2020-03-01")
    first, season = totals(report, usual.ahead)
    assert (first.first, first.periods, first.passengers, first.airports) == (
        "2020-01-01",
        1,
        120.0,
        3,
    )
    assert first.change == pytest.approx(100 * (90 / 26 - 1))
    assert first.compared == 2
    assert (season.last, season.periods, season.passengers) == ("2020-03-01", 3, 450.0)


def test_no_forecasts_have_no_sums():
    report = Report(job(), (airport(mean=()),))
    assert totals(report, usual_periods(report).ahead) == ()

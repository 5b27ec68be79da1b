from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare
from forecastctl.errors import UsageError
from forecastctl.records import Rejection, Series
from tests.data.conftest import TODAY, months, panel_of, wave


def one(days, values, as_of=None, others=None, today=TODAY, **settings):
    spec = DataSpec(None, **settings)
    panel = panel_of({"A": (days, values), **(others or {})}, spec)
    return prepare(panel, spec, as_of=as_of, today=today)[0]


def without(n, *missing, start="2012-01"):
    kept = np.setdiff1d(np.arange(n), missing)
    return months(n, start)[kept], wave(n)[kept]


def test_a_clean_series():
    series = one(months(36), wave(36))
    assert isinstance(series, Series)
    assert (series.freq, series.season_length, series.n, series.notes) == ("M", 12, 36, ())
    assert series.ds.dtype == "datetime64[D]"
    assert np.array_equal(series.ds, months(36))
    assert np.array_equal(series.y, wave(36))
    assert len(series.digest) == 64


@pytest.mark.parametrize(
    ("freq", "alias", "season"),
    [
        ("D", "D", 7),
        ("W-SUN", "W-SAT", 52),
        ("W-WED", "W-TUE", 52),
        ("QS", "Q", 4),
        ("ME", "M", 12),
        ("QE", "Q", 4),
    ],
)
def test_frequencies(freq, alias, season):
    dates = np.asarray(pd.date_range("2012-01-01", periods=120, freq=freq), dtype="datetime64[D]")
    series = one(dates, wave(120), today=date(2050, 1, 1))
    assert (series.freq, series.season_length, series.n) == (alias, season, 120)
    starts = [pd.Period(d, freq=alias).start_time.date() for d in dates.tolist()]
    assert series.ds.tolist() == starts
    assert one(dates, wave(120), today=date(2050, 1, 1), season_length=6).season_length == 6


def test_any_day_of_the_month_is_its_first():
    days = months(24) + np.arange(24) * 5 % 7
    assert np.array_equal(one(days, wave(24)).ds, months(24))


# Gaps


def test_short_holes_are_interpolated_and_said():
    series = one(*without(36, 5, 6, 20))
    assert series.n == 36
    assert series.notes == ("interpolated 3 months: 2012-06, 2012-07, 2013-09",)
    assert series.y[5] == pytest.approx(wave(36)[5], rel=0.05)


def test_a_long_hole_leaves_the_recent_stretch():
    series = one(*without(180, *range(30, 151), start="2002-01"))
    assert series.n == 29
    assert series.notes == (
        "used the stretch since 2014-08; 30 earlier periods before a hole of 121 months left out",
    )


def test_the_most_recent_stretch_that_is_long_enough():
    series = one(*without(60, *range(50, 58)), min_length=5)
    assert series.cutoff == str(months(60)[49])
    assert series.notes == (
        "used the stretch until 2016-02; 2 later periods after a hole of 8 months are too few and left out",
    )


def test_longest_never_fills():
    series = one(*without(36, 5, 20), gaps="longest")
    assert np.array_equal(series.ds, months(36)[21:])
    assert "20 earlier" not in series.notes[0]
    assert series.notes == (
        "used the stretch since 2013-10; 19 earlier periods before a hole of 1 month left out",
    )


def test_reject_accepts_no_hole():
    entry = one(*without(36, 5), gaps="reject")
    assert entry.reason == "no value in 1 month: 2012-06 (gaps = reject)"
    assert isinstance(one(months(36), wave(36), gaps="reject"), Series)


def test_max_gap_is_a_setting():
    days, values = without(36, 5, 6, 7, 8)
    assert one(days, values).n == 27
    assert one(days, values, max_gap=4).n == 36


def test_blank_ends_are_left_out():
    y = wave(24)
    y[[0, 1, 23]] = np.nan
    series = one(months(24), y)
    assert np.array_equal(series.ds, months(24)[2:23])
    assert series.notes == (
        "left out the first 2 months, blank",
        "left out the last 1 month, blank",
    )


# What is not worth modelling


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([5.0], "too short: 1 month with a value, at least 3 are needed"),
        ([5.0, 6.0], "too short: 2 months with a value, at least 3 are needed"),
        ([0.0] * 36, "all zeros: 36 months without a passenger"),
        ([7.0] * 36, "constant: every one of 36 months holds 7"),
        ([np.nan] * 36, "no values: every one of its 36 rows is blank"),
    ],
)
def test_rejections(values, reason):
    entry = one(months(len(values)), values, others={"B": (months(36), wave(36))})
    assert isinstance(entry, Rejection)
    assert entry.reason == reason
    assert len(entry.digest) == 64


def test_a_ten_year_hole_between_single_rows():
    entry = one(months(121)[[0, 120]], [1.0, 2.0], today=date(2030, 1, 1))
    assert (
        entry.reason
        == "too short: 1 month with a value without a hole of more than 3 months, at least 3 are needed"
    )


def test_stale_airports():
    others = {"B": (months(60), wave(60))}
    assert isinstance(one(months(48), wave(48), others=others), Series)
    noted = one(months(47), wave(47), others=others)
    assert noted.notes == (
        "stale: its last value is of 2015-11, 13 months before the panel's last, 2016-12 ('B')",
    )
    entry = one(months(47), wave(47), others=others, max_stale=12)
    assert entry.reason == (
        "stale: its last value is of 2015-11, 13 months before the panel's last, 2016-12 ('B'); "
        "at most 12 are accepted"
    )
    assert isinstance(one(months(47), wave(47), others=others, max_stale=13), Series)
    # Rows that cannot count do not make the others stale.
    future = {"B": (months(300), wave(300))}
    assert isinstance(one(months(47), wave(47), others=future), Series)


# Several rows


@pytest.mark.parametrize(("policy", "value"), [("sum", 110.0), ("mean", 55.0), ("last", 10.0)])
def test_several_rows_of_a_month(policy, value):
    days, y = np.append(months(24), months(24)[5]), np.append(wave(24), 10.0)
    y[5] = 100.0
    series = one(days, y, duplicates=policy, suspects="keep")
    assert series.y[5] == value
    assert "1 month: 2012-06" in series.notes[0]
    entry = one(days, y)
    assert entry.reason == "rows 6 and 25 both hold 2012-06"


def test_a_sum_skips_blanks_and_refuses_what_would_be_infinite():
    days = np.append(months(24), months(24)[:2])
    y = np.append(wave(24), [np.nan, np.nan])
    y[1] = np.nan
    series = one(days, y, duplicates="sum")
    assert series.y[0] == wave(24)[0]
    assert "interpolated 1 month: 2012-02" in series.notes
    y[[0, 24]] = 1e308
    assert "1e+308 is too large" in one(days, y, duplicates="sum").reason


# Frequencies that differ


def days_from(start, n, step=1):
    return np.datetime64(start, "D") + step * np.arange(n)


def test_another_frequency_than_the_panel():
    others = {"B": (months(60), wave(60)), "C": (months(60), wave(60))}
    daily = one(days_from("2012-01-01", 40), wave(40), others=others)
    assert daily.reason == "from row 1 its rows are a day apart, the panel's are a month apart"
    quarterly = one(months(60)[::3], wave(20), others=others)
    assert (
        quarterly.reason
        == "rows up to row 20 are three months apart, the panel's are a month apart"
    )
    yearly = one(months(48)[::12], wave(4), others=others)
    assert yearly.reason == "its rows are a year apart, the panel's are a month apart"


def test_mixed_frequencies_within_an_airport():
    first = months(24)
    daily = np.concatenate([first, days_from("2014-01-01", 10)])
    entry = one(daily, wave(34), others={"B": (months(60), wave(60))})
    assert entry.reason.startswith("mixed frequencies: from row 25 its rows are a day apart")
    quarterly = np.concatenate([first, months(60)[26::3]])
    entry = one(quarterly, wave(len(quarterly)))
    assert entry.reason.startswith("mixed frequencies: rows up to row 36 are three months apart")


def test_totals_before_the_monthly_rows_are_neither_filled_between_nor_taken_for_months():
    days = np.concatenate([months(120)[11:72:12], months(120)[72:]])
    y = np.concatenate([np.full(6, 150_000.0), wave(48)])
    series = one(days, y, today=date(2030, 1, 1))
    assert np.array_equal(series.ds, months(120)[72:])
    assert series.notes == (
        "left out 6 rows from 2012-12-01 to 2017-12-01: a year apart, probably totals",
    )
    assert "mixed frequencies" in one(days, y, today=date(2030, 1, 1), gaps="reject").reason


def test_daily_rows_add_up_to_months_where_that_is_asked_for():
    days = days_from("2012-01-01", 366)
    series = one(days, np.ones(366) * np.arange(366), freq="M", duplicates="sum")
    assert (series.freq, series.n) == ("M", 12)
    assert series.y[0] == sum(range(31))
    entry = one(days, np.arange(366), freq="M")
    assert "set [data] duplicates to combine them" in entry.reason


# As of


def test_as_of_includes_the_period_that_starts_on_it():
    last = {
        "2012-10": "2012-10-01",
        "2012-10-01": "2012-10-01",
        "2012-10-31": "2012-10-01",
        "2012-09-30": "2012-09-01",
    }
    for as_of, cutoff in last.items():
        assert one(months(36), wave(36), as_of=as_of).cutoff == cutoff
    ends = months(36) + 27  # dated by the end of the month
    assert one(ends, wave(36), as_of="2012-10-15").cutoff == "2012-10-01"


def test_airports_without_rows_by_then_are_rejected_and_present():
    spec = DataSpec(None)
    panel = panel_of({"LATE": (months(12, "2015-01"), wave(12)), "A": (months(36), wave(36))})
    entries = prepare(panel, spec, as_of="2014-12", today=TODAY)
    assert [e.airport for e in entries] == ["LATE", "A"]
    assert entries[0].reason == "no data on or before 2014-12"
    assert isinstance(entries[1], Series)


def test_an_as_of_date_that_is_none():
    with pytest.raises(UsageError):
        one(months(12), wave(12), as_of="soon")


def test_the_future_rejects_only_what_reaches_it():
    entry = one(months(36), wave(36), today=date(2014, 6, 30))
    assert entry.reason == "row 31: 2014-07 is in the future (and 5 more rows)"
    assert isinstance(one(months(30), wave(30), today=date(2014, 6, 1)), Series)


# Suspects


def test_suspects_are_kept_removed_or_refused_visibly():
    y = wave(48)
    y[20] *= 1000
    text = "suspected unit error: 2013-09 about 1,000 times the level"
    kept = one(months(48), y)
    assert kept.y[20] == y[20]
    assert kept.notes == (f"{text}: kept",)
    removed = one(months(48), y, suspects="missing")
    assert removed.y[20] == pytest.approx(wave(48)[20], rel=0.05)
    assert removed.notes == (f"{text}: taken as missing", "interpolated 1 month: 2013-09")
    assert one(months(48), y, suspects="reject").reason == f"{text} (suspects = reject)"

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.data.panel.frequency import infer_freq
from forecastctl.errors import DataError, UsageError
from forecastctl.records import future_ds
from forecastctl.records.calendar import (
    days_of,
    first_days,
    iso_date,
    labels,
    ordinals,
    parse_as_of,
    period_of,
    week_alias,
)
from forecastctl.records.spans import Span, asked_date, span_of

ALIASES = ["M", "Q", "D", *(week_alias(w) for w in range(7))]
DAYS = st.dates(date(1900, 1, 1), date(2200, 1, 1))


@given(DAYS, st.sampled_from(ALIASES))
def test_periods_are_those_of_pandas(day, freq):
    number = ordinals(np.array([days_of(day)]), freq)
    start = first_days(number, freq)
    assert pd.Period(day, freq=freq).start_time.date() == start[0].item()
    assert ordinals(start.astype(np.int64), freq) == number
    following = first_days(number + 1, freq)[0].item()
    assert (pd.Period(day, freq=freq) + 1).start_time.date() == following


@given(DAYS, st.sampled_from(ALIASES), st.integers(0, 40))
def test_the_periods_ahead_are_those_of_pandas(day, freq, h):
    first = pd.Period(day, freq=freq) + 1
    expected = pd.period_range(first, periods=h, freq=freq).start_time.to_numpy()
    found = future_ds(str(day), freq, h)
    assert found.dtype == np.dtype("datetime64[D]")
    np.testing.assert_array_equal(found, expected.astype("datetime64[D]"))


@given(DAYS, DAYS, st.sampled_from(ALIASES))
def test_periods_between_days_are_those_of_pandas(first, last, freq):
    expected = (pd.Period(last, freq=freq) - pd.Period(first, freq=freq)).n
    assert period_of(last, freq) - period_of(str(first), freq) == expected
    assert period_of(np.datetime64(last), freq) == period_of(last, freq)


def test_sundays_start_weeks_that_end_on_saturdays():
    assert week_alias(6) == "W-SAT"
    assert week_alias(0) == "W-SUN"


def test_labels():
    day = np.array([days_of(date(2012, 10, 31))])
    assert labels(ordinals(day, "M"), "M") == ("2012-10",)
    assert labels(ordinals(day, "Q"), "Q") == ("2012Q4",)
    assert labels(ordinals(day, "W-SAT"), "W-SAT") == ("2012-10-28",)
    assert labels(ordinals(day, "D"), "D") == ("2012-10-31",)


@pytest.mark.parametrize(
    ("pandas_freq", "expected"),
    [
        *(("MS", "M"), ("ME", "M"), ("QS", "Q"), ("QE", "Q"), ("BME", "M")),
        *(("W-SUN", "W-SAT"), ("W-MON", "W-SUN"), ("D", "D"), ("B", "D")),
    ],
)
def test_the_frequency_of_most_rows(pandas_freq, expected):
    dates = pd.date_range("2012-01-01", periods=40, freq=pandas_freq)
    days = np.asarray(dates, dtype="datetime64[D]").astype(np.int64)
    codes = np.repeat([0, 1], [30, 10])
    assert infer_freq(codes, days, strict=True) == expected


def test_a_frequency_that_cannot_be_told():
    yearly = np.array([days_of(date(y, 1, 1)) for y in range(2000, 2015)])
    with pytest.raises(DataError, match="a year apart"):
        infer_freq(np.zeros(15, dtype=np.int64), yearly, strict=True)
    assert infer_freq(np.zeros(15, dtype=np.int64), yearly, strict=False) == "M"
    with pytest.raises(DataError, match="10 days apart"):
        infer_freq(np.zeros(15, dtype=np.int64), np.arange(15) * 10, strict=True)
    assert infer_freq(np.array([0]), yearly[:1], strict=True) == "M"


@pytest.mark.parametrize(
    ("text", "last"),
    [("2012-10", "2012-10-31"), ("2012-02", "2012-02-29"), ("2012-10-15", "2012-10-15")],
)
def test_as_of(text, last):
    assert parse_as_of(text) == days_of(date.fromisoformat(last))


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2019-8", "2019-08", "2019-08"),
        ("201908", "2019-08", "2019-08"),
        ("Aug-2019", "2019-08", "2019-08"),
        ("août 2019", "2019-08", "2019-08"),
        ("31.8.2019", "2019-08-31", "2019-08-31"),
        ("8/31/2019", "2019-08-31", "2019-08-31"),
        ("2019Q3", "2019-07", "2019-09-30"),
        ("2019-W32", "2019-08-05", "2019-08-11"),
        ("2019-08-01", "2019-08-01", "2019-08-01"),
        ("03/04/2019", "03/04/2019", "03/04/2019"),
        ("2019-02-30", "2019-02-30", "2019-02-30"),
        ("now", "now", "now"),
    ],
)
def test_a_date_that_is_asked_for_in_any_form(text, first, last):
    assert iso_date(text) == first
    assert iso_date(text, last=True) == last


@pytest.mark.parametrize(
    ("text", "kept", "kind", "first"),
    [
        ("3. Quartal 2013", "2013Q3", "Q", "2013-07-01"),
        ("2019-W32", "2019-08-05/2019-08-11", "W", "2019-08-05"),
        ("2019-08-04/2019-08-10", "2019-08-04/2019-08-10", "W", "2019-08-04"),
        ("Aug-2019", "2019-08", "M", "2019-08-01"),
        ("31.8.2019", "2019-08-31", "D", "2019-08-31"),
    ],
)
def test_a_date_that_is_asked_for_keeps_its_length(text, kept, kind, first):
    assert asked_date(text) == kept
    assert span_of(kept) == Span(kept, kind, date.fromisoformat(first))


@pytest.mark.parametrize(
    ("text", "freq", "said", "hint"),
    [
        ("2013Q3", "M", "a quarter, and the forecasts are monthly", "2013-07, 2013-08 or 2013-09"),
        ("2013Q3", "D", "a quarter, and the forecasts are daily", "2013-07-01 to 2013-09-30"),
        ("2013-07", "W-SAT", "a month, and the forecasts are weekly", "2013-06-30 to 2013-07-28"),
        ("2013-07-01/2013-07-07", "D", "a week, and", "from 2013-07-01 to 2013-07-07"),
    ],
)
def test_what_is_longer_than_a_period_names_none(text, freq, said, hint):
    span = span_of(text)
    assert not span.fits(freq)
    error = span.too_long(freq)
    assert said in error.message
    assert hint in error.hint


@pytest.mark.parametrize(
    ("text", "freq"), [("2013Q3", "Q"), ("2013-07-15", "M"), ("2013-07", "Q"), ("2013-07", "M")]
)
def test_what_is_as_long_or_shorter_does(text, freq):
    assert span_of(text).fits(freq)


@pytest.mark.parametrize(
    "text", ["", "2012", "2012-13", "2012-02-30", "10/2012", "2012-10-1", "now"]
)
def test_as_of_that_is_no_date(text):
    with pytest.raises(UsageError, match="as-of"):
        parse_as_of(text)


def test_names_of_periods_of_any_year():
    assert labels([0, -1, 100_000, -40_000], "M") == ("1970-01", "1969-12", "10303-05", "-1364-09")
    assert labels([0, -1, 40_000, -40_000], "Q") == ("1970Q1", "1969Q4", "11970Q1", "-8030Q1")

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.read.dates import parse_dates, parse_year_months
from forecastctl.errors import DataError


def read(*texts, dayfirst=None):
    days, problems = parse_dates(list(texts), "f.csv, column date", dayfirst=dayfirst)
    return [None if d == NO_DAY else str(np.datetime64(int(d), "D")) for d in days], problems


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2012-10-01", "2012-10-01"),
        ("2012-1-5", "2012-01-05"),
        ("2012-10", "2012-10-01"),
        ("2012/10/01", "2012-10-01"),
        ("2012.10.31", "2012-10-31"),
        ("201210", "2012-10-01"),
        ("20121031", "2012-10-31"),
        ("2012M10", "2012-10-01"),
        ("2012-M3", "2012-03-01"),
        ("2012Q4", "2012-10-01"),
        ("Q1 2012", "2012-01-01"),
        ("2012-W05", "2012-01-30"),
        ("2020-W53-5", "2021-01-01"),
        ("Jan-2012", "2012-01-01"),
        ("sept. 2012", "2012-09-01"),
        ("2012 October", "2012-10-01"),
        ("2012-OCT", "2012-10-01"),
        ("31 Oct 2012", "2012-10-31"),
        ("October 3, 2012", "2012-10-03"),
        ("31.10.2012", "2012-10-31"),
        ("01.10.2012", "2012-10-01"),
        ("10/2012", "2012-10-01"),
        ("2012-10-01T00:00:00Z", "2012-10-01"),
        ("2012-10-01 23:30:00.123+02:00", "2012-10-01"),
        (" 2012-10-01 ", "2012-10-01"),
        ("9999-12-31", "9999-12-31"),
    ],
)
def test_dates_that_are_read(text, day):
    assert read(text) == ([day], {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2012-13-01", "'2012-13-01' is not a date"),
        ("2012-02-30", "is not a date"),
        ("2012", "is not a date"),
        ("10/31/12", "is not a date"),
        ("yesterday", "is not a date"),
        ("2012-10-01x", "is not a date"),
        ("2012-10/01", "is not a date"),
        ("May", "is not a date"),
        ("Ju 2012", "is not a date"),
        ("2012-W54", "is not a week"),
        ("0000-01-01", "before 1800"),
        ("0012-10-01", "before 1800"),
        ("13/13/2012", "is not a date"),
        ("", "no date"),
        ("NaT", "no date"),
        ("\uff12\uff10\uff11\uff12-10-01", "is not a date"),
    ],
)
def test_what_is_wrong_is_said(text, says):
    days, problems = read("2012-10-01", text, dayfirst=False)
    assert days == ["2012-10-01", None]
    assert says in problems[1]


def test_month_or_day_first_is_told_by_the_whole_column():
    assert read("10/11/2012", "10/31/2012")[0] == ["2012-10-11", "2012-10-31"]
    assert read("10/11/2012", "31/10/2012")[0] == ["2012-11-10", "2012-10-31"]
    assert read("1/1/2012", "2/1/2012", "3/1/2012")[0][2] == "2012-03-01"
    assert read("1-1-2012", "1-2-2012", "1-3-2012")[0][2] == "2012-03-01"
    assert read("1/1/2012", "1/1/2013")[0] == ["2012-01-01", "2013-01-01"]


def test_an_open_order_asks_for_the_setting():
    with pytest.raises(DataError) as error:
        read("03/04/2012", "05/06/2012")
    assert "f.csv, column date" in error.value.message
    assert "'03/04/2012'" in error.value.message
    assert "dayfirst" in error.value.hint
    assert read("03/04/2012", "05/06/2012", dayfirst=True)[0] == ["2012-04-03", "2012-06-05"]


def test_a_contradiction_names_both_and_a_typing_error_does_not_spoil_the_column():
    with pytest.raises(DataError, match=r"31/10/2012.*10/31/2012"):
        read("31/10/2012", "10/31/2012")
    texts = [f"{d}/10/2012" for d in range(13, 32)] + ["10/31/2013"] + ["01/10/2012"]
    days, problems = read(*texts, *[f"{d}/11/2012" for d in range(13, 31)])
    assert list(problems) == [19]
    assert days[20] == "2012-10-01"


@given(st.dates(min_value=np.datetime64("1800-01-01").item()))
def test_iso_days_survive(day):
    assert read(day.isoformat())[0] == [day.isoformat()]


@given(st.lists(st.text(max_size=14), min_size=1))
def test_no_text_crashes(texts):
    days, problems = parse_dates(texts, "here", dayfirst=True)
    assert len(days) == len(texts)
    assert all((d == NO_DAY) == (i in problems) for i, d in enumerate(days))


def test_year_and_month_columns():
    years = ["2012", "2012.0", "2012", "12", "", "2012"]
    names = ["Jan", "10", "Mai", "1", "1", "M07"]
    days, problems = parse_year_months(years, names)
    assert [str(d) for d in days[[0, 1, 5]].astype("datetime64[D]")] == [
        "2012-01-01",
        "2012-10-01",
        "2012-07-01",
    ]
    assert problems[2] == (1, "'Mai' is not a month")
    assert problems[3][0] == 0
    assert problems[4] == (0, "'' is not a year")

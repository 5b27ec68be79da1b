from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.read.dates import parse_dates
from forecastctl.data.read.year_parts import parse_year_parts
from forecastctl.errors import DataError


def read(*texts, dayfirst=None):
    found = parse_dates(list(texts), "f.csv, column date", dayfirst=dayfirst)
    days = [None if d == NO_DAY else str(np.datetime64(int(d), "D")) for d in found.days]
    return days, found.problems


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
        ("10/31/12", "2012-10-31"),
        ("31.10.12", "2012-10-31"),
        ("Oct-12", "2012-10-01"),
        ("Oct '98", "1998-10-01"),
        ("201210.0", "2012-10-01"),
        ("41183", "2012-10-01"),
        ("4Q2012", "2012-10-01"),
        ("4Q12", "2012-10-01"),
        ("T4 2012", "2012-10-01"),
        ("4. Quartal 2012", "2012-10-01"),
        ("2012K4", "2012-10-01"),
        ("KW 5/2012", "2012-01-30"),
        ("2012 week 5", "2012-01-30"),
        ("2012-10-01/2012-10-31", "2012-10-01"),
        ("1 de octubre de 2012", "2012-10-01"),
        ("январь 2012 г.", "2012-01-01"),
        ("2012年10月", "2012-10-01"),
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


@given(st.dates(np.datetime64("1800-01-01").item(), np.datetime64("2442-12-31").item()))
def test_iso_days_survive(day):
    assert read(day.isoformat())[0] == [day.isoformat()]


@given(st.lists(st.text(max_size=14), min_size=1))
def test_no_text_crashes(texts):
    found = parse_dates(texts, "here", dayfirst=True)
    assert len(found.days) == len(texts)
    for i, day in enumerate(found.days):
        assert (day == NO_DAY) == (i in found.problems or bool(found.totals[i]))


def test_year_and_month_columns():
    years = ["2012", "2012.0", "2012", "12", "", "2012", "2012", "2012"]
    names = ["Jan", "10", "Mai", "1", "1", "M07", "M13", "Foo"]
    found = parse_year_parts(years, names)
    assert [str(d) for d in found.days[[0, 1, 2, 5]].astype("datetime64[D]")] == [
        "2012-01-01",
        "2012-10-01",
        "2012-05-01",
        "2012-07-01",
    ]
    assert found.problems == {
        3: (0, "'12' is not a year"),
        4: (0, "'' is not a year"),
        7: (1, "'Foo' is not a month"),
    }
    assert np.flatnonzero(found.totals).tolist() == [6]


def test_quarters_and_weeks_beside_a_year():
    days = parse_year_parts(["2012", "2012"], ["Q4", "4"], kind="quarter").days
    assert [str(d) for d in days.astype("datetime64[D]")] == ["2012-10-01"] * 2
    days = parse_year_parts(["2012", "2012"], ["5", "W05"], kind="week").days
    assert [str(d) for d in days.astype("datetime64[D]")] == ["2012-01-30"] * 2


# What the whole column decides


def test_weeks_and_months_of_six_digits():
    assert read(*[f"2015{week:02d}" for week in range(1, 54)])[0][-1] == "2015-12-28"
    months = parse_dates([f"2015{month:02d}" for month in range(1, 14)], "here")
    assert str(np.datetime64(int(months.days[1]), "D")) == "2015-02-01"
    assert np.flatnonzero(months.totals).tolist() == [12]
    assert months.problems == {}


def test_five_digits_are_months_beside_six():
    assert read("20151", "201510")[0] == ["2015-01-01", "2015-10-01"]


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["15-01-01", "15-02-01", "16-03-01"], ["2015-01-01", "2015-02-01", "2016-03-01"]),
        (["01/15/15", "02/01/15"], ["2015-01-15", "2015-02-01"]),
        (["01/02/15", "01/03/15", "01/04/15"], ["2015-02-01", "2015-03-01", "2015-04-01"]),
    ],
)
def test_the_order_of_years_of_two_digits(texts, days):
    assert read(*texts)[0] == days
    with pytest.raises(DataError, match="day or the month first"):
        read("03/04/12", "05/06/12")


def test_the_language_of_months_is_told_by_all_of_them():
    assert read("listopad 2012", "lipanj 2012")[0] == ["2012-10-01", "2012-06-01"]  # Croatian
    assert read("listopad 2012", "leden 2012")[0] == ["2012-11-01", "2012-01-01"]  # Czech
    with pytest.raises(DataError, match="another month in one language") as error:
        read("listopad 2012")
    assert "language" in error.value.hint
    days = parse_dates(["listopad 2012"], "here", language="hr").days
    assert str(np.datetime64(int(days[0]), "D")) == "2012-10-01"


@pytest.mark.parametrize(
    ("texts", "days", "said"),
    [
        (["2014-12-31T23:00:00Z", "2015-03-31T22:00:00Z"], ["2015-01-01", "2015-04-01"], True),
        (["2014-12-31 16:00:00+00:00", "2015-01-31T16:00Z"], ["2015-01-01", "2015-02-01"], True),
        (["2014-12-31 23:00", "2015-01-31 23:00"], ["2015-01-01", "2015-02-01"], True),
        (["2015-01-01T05:00:00Z", "2015-02-01T05:00:00Z"], ["2015-01-01", "2015-02-01"], False),
        (["2014-12-31T23:00:00+01:00", "2015-01-31T23:00Z"], ["2014-12-31", "2015-01-31"], False),
        (["2015-01-05 14:30", "2015-01-06 09:12"], ["2015-01-05", "2015-01-06"], False),
    ],
)
def test_midnight_of_another_zone(texts, days, said):
    found = parse_dates(texts, "here")
    assert [str(d) for d in found.days.astype("datetime64[D]")] == days
    assert bool(found.notes) == said


def test_words_and_years_among_months_are_totals():
    months = [f"2015-{month:02d}" for month in range(1, 13)]
    found = parse_dates([*months, "2015", "Total"], "here")
    assert np.flatnonzero(found.totals).tolist() == [12, 13]
    assert found.problems == {}


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (("2015-03", "2015-04"), "2015-03"),
        (("Oct 2019", "Nov 2019", "2019-12"), "Oct 2019, 2019-12"),
        (("43739", "43770"), "43739 (day number of Excel)"),
        (("none", "2015Q3"), "2015Q3"),
    ],
)
def test_the_form_is_shown_by_a_date_of_the_column(texts, form):
    assert parse_dates(texts, "f.csv, column date").form == form


@pytest.mark.parametrize(
    "text",
    [
        *(
            "II/2014",
            "2014/II",
            "2014 II",
            "2 кв. 2014",
            "II кв. 2014",
            "2кв2014",
            "2014 г. II кв.",
        ),
        *("2 квартал 2014", "2-й квартал 2014 г.", "2º trimestre 2014", "2° trim. 2014"),
        *("2º trimestre de 2014", "II trimestre 2014", "T2 2014", "2014 Q2", "2T14", "Q II 2014"),
        *(
            "2. čtvrtletí 2014",
            "II kw. 2014",
            "2 kwartał 2014",
            "2014. II. negyedév",
            "2. kvartal 2014",
        ),
        *("2014KV2", "2014年第2四半期", "2014年第二季度", "2014 2분기", "2014년 2/4분기", "Q2'14"),
        *("Apr-Jun 2014", "April–June 2014", "апр-июн 2014", "avril-juin 2014", "2014年4-6月"),
    ],
)
def test_quarters_in_the_words_of_many_countries(text):
    assert read(text) == (["2014-04-01"], {})


def test_roman_numbers_are_months_where_one_is_beyond_four():
    quarters = [f"{q}/2014" for q in ("I", "II", "III", "IV")]
    assert read(*quarters)[0] == ["2014-01-01", "2014-04-01", "2014-07-01", "2014-10-01"]
    assert read(*quarters, "XII/2014")[0] == [
        *("2014-01-01", "2014-02-01", "2014-03-01", "2014-04-01", "2014-12-01")
    ]


def test_weeks_of_germany_are_no_quarters_of_poland():
    assert read("KW 2/2015", "2. Quartal 2014", "II kw. 2014")[0] == [
        *("2015-01-05", "2014-04-01", "2014-04-01")
    ]


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
def test_times_since_1970_are_read_in_the_unit_of_the_column(unit):
    days = ["1999-01-01", "2012-10-01", "2020-12-01"]
    seconds = np.array(days, dtype="datetime64[s]").astype(np.int64)
    assert read(*(str(s * unit) for s in seconds.tolist())) == (days, {})
    assert read(*(f"{s * unit}.0" for s in seconds.tolist())) == (days, {})
    at_home = seconds - 3600  # midnight of a zone an hour east of UTC
    found = parse_dates([str(s * unit) for s in at_home.tolist()], "f.csv")
    assert found.days.astype("datetime64[D]").astype(str).tolist() == days
    assert "23:00 in UTC" in found.notes[0]


def test_moments_as_programs_write_them():
    for text in (
        *("/Date(1396310400000)/", "01APR2014:00:00:00", "1.3963104e9", "20140401000000"),
        *("Apr 1, 2014 12:00:00 AM", "Apr  1 2014 12:00AM", "4/1/2014 12:00:00 AM", "2014. 4. 1."),
    ):
        assert read(text, dayfirst=False)[0] == ["2014-04-01"], text


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("มกราคม 2557", "กุมภาพันธ์ 2557"), "Buddhist"),
        (("ม.ค. 57", "ก.พ. 57"), "Buddhist"),
        (("2557-01", "2557-02"), "Buddhist"),
        (("พ.ศ. 2557-01", "พ.ศ. 2557-02"), "Buddhist"),
        (("01/2557", "02/2557"), "Buddhist"),
        (("103年1月", "103年2月"), "another era"),
        (("民國103年1月", "民國103年2月"), "another era"),
        (("平成26年1月", "平成26年2月"), "another era"),
    ],
)
def test_years_of_other_calendars_are_said(texts, said):
    found = parse_dates(list(texts), "f.csv")
    assert found.days.astype("datetime64[D]").astype(str).tolist() == ["2014-01-01", "2014-02-01"]
    (note,) = found.notes
    assert said in note
    assert texts[0] in note
    assert note.endswith("2014-01")


def test_years_of_another_calendar_are_certain_or_they_are_not_read():
    assert read("平成31年4月", "令和元年5月", "R2.1")[0] == [
        "2019-04-01",
        "2019-05-01",
        "2020-01-01",
    ]
    assert read("99年12月", "100年1月")[0] == ["2010-12-01", "2011-01-01"]
    assert read("99年12月")[1] == {0: "'99年12月' is not a date"}
    assert read("29/02/2559")[0] == ["2016-02-29"]  # 2559 has no such day, 2016 has
    days, problems = read("2014-01", "2514-02", "2014-03")
    assert (days[0], days[2]) == ("2014-01-01", "2014-03-01")
    assert "far in the future" in problems[1]


def test_day_numbers_are_those_of_the_program_whose_months_begin_with_them():
    months = np.arange("2014-01", "2014-07", dtype="datetime64[M]").astype("datetime64[D]")
    for origin in ("1899-12-30", "1960-01-01", "1970-01-01"):
        numbers = (months - np.datetime64(origin)).astype(int).tolist()
        assert read(*map(str, numbers))[0] == months.astype(str).tolist()
    assert read(*(str(41640 + i) for i in range(9)))[0][0] == "2014-01-01"
    with pytest.raises(DataError, match="Excel, SAS or R"):
        read(*(str(16071 + i) for i in range(9)))


def test_quarters_among_months_are_totals():
    found = parse_dates(["2014-01", "2014-02", "2014-03", "Q1 2014"], "f.csv")
    assert found.totals.tolist() == [False, False, False, True]
    pairs = parse_year_parts(["2014"] * 4, ["Jan", "Feb", "Mar", "Q1"])
    assert pairs.totals.tolist() == [False, False, False, True]
    quarters = parse_year_parts(["2014"] * 2, ["Q1", "II кв."])
    assert quarters.days.astype("datetime64[D]").astype(str).tolist() == [
        "2014-01-01",
        "2014-04-01",
    ]

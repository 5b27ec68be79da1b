"""Regressors of the calendar, of events and of files: what they are, and what is refused."""

import datetime as dt

import numpy as np
import pytest

from forecastctl.data.terms.build import Spanned, TermsAsked, fleet_terms
from forecastctl.data.terms.calendar import LEAP_DAY, TRADING_DAYS, calendar_regressors
from forecastctl.data.terms.events import event_regressors
from forecastctl.data.terms.holidays import public_holidays
from forecastctl.data.terms.regressors import file_regressors, read_regressors
from forecastctl.errors import DataError, SettingsError, UsageError
from forecastctl.jobs.terms import digest_with, series_with_terms
from forecastctl.records import FleetTerms, SharedSeries
from forecastctl.records.calendar import days_of, first_days, period_of
from forecastctl.records.events import Event, events_of
from forecastctl.records.terms import Regressor
from tests.series import make_series


def periods(first, last, freq="M"):
    return np.arange(period_of(first, freq), period_of(last, freq) + 1)


def by_month(regressor):
    first = period_of(regressor.first, "M")
    days = first_days(first + np.arange(len(regressor.values)), "M")
    return {str(d)[:7]: v for d, v in zip(days, regressor.values, strict=True)}


def named(regressors):
    return {r.name: r for r in regressors}


def test_the_calendar_of_months():
    found = named(calendar_regressors(periods("2014-01", "2019-12"), "M"))
    assert list(found) == ["Easter", TRADING_DAYS, LEAP_DAY]
    easter = by_month(found["Easter"])
    assert (easter["2016-03"], easter["2016-04"]) == (1.0, 0.0)  # on 27 March
    assert (easter["2014-03"], easter["2014-04"]) == (0.0, 1.0)  # on 20 April
    assert (easter["2018-03"], easter["2018-04"]) == (1.0, 0.0)  # on 1 April: the eight days before
    days = by_month(found[TRADING_DAYS])
    assert days["2015-02"] == 0.0  # four whole weeks
    assert days["2015-05"] == 21 - 2.5 * 10
    leap = by_month(found[LEAP_DAY])
    assert leap["2016-02"] - leap["2015-02"] == pytest.approx(1.0)
    assert leap["2016-03"] == 0.0


def test_the_calendar_of_days_names_those_about_easter():
    found = named(calendar_regressors(periods("2015-01-01", "2016-12-31", "D"), "D"))
    ones = np.flatnonzero(found["Good Friday"].values)
    days = dt.date(2015, 1, 1) + dt.timedelta(days=int(ones[0])), len(ones)
    assert days == (dt.date(2015, 4, 3), 2)
    assert "Easter Monday" in found


@pytest.mark.parametrize("freq", ["Q", "W-SUN"])
def test_quarters_and_weeks_have_easter(freq):
    found = calendar_regressors(periods("2010-01-03", "2019-12-29", freq), freq)
    assert [r.name for r in found] == ["Easter"]
    assert sum(found[0].values) == pytest.approx(10.0)


def test_before_dates_are_known_there_is_no_calendar():
    assert calendar_regressors(periods("1940-01", "1945-01"), "M") == []


def test_public_holidays_that_move():
    pytest.importorskip("holidays")
    days = public_holidays("DE-BY", 2009, 2020)
    whit_monday = days_of(dt.date(2015, 5, 25))
    (name,) = (name for name, of_name in days.items() if whit_monday in of_name)
    found = named(calendar_regressors(periods("2010-01", "2019-12"), "M", days))
    assert "New Year's Day" not in found  # in January of each year
    assert "Good Friday" not in found  # says what Easter says
    whit = by_month(found[name])
    assert (whit["2015-05"], whit["2015-06"], whit["2014-06"]) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("country", "said"),
    [("XX", "there is no country 'XX'"), ("DE-XX", "DE has no part 'XX'"), ("", "no country")],
)
def test_countries_that_there_are_not(country, said):
    pytest.importorskip("holidays")
    with pytest.raises(SettingsError, match=said):
        public_holidays(country, 2010, 2011)


def test_without_the_library_a_country_is_refused(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(UsageError, match="need the library 'holidays'") as raised:
        public_holidays("US", 2010, 2011)
    assert "forecastctl[calendar]" in raised.value.hint


def test_events_count_their_days_by_name_and_airports():
    text = """[{"name": "Games", "from": "2012-07-27", "to": "2012-08-12", "airports": ["LHR"]},
               {"name": "Games", "date": "2016-08", "airports": ["LHR"]},
               {"name": "Ash", "from": "2010-04-15", "to": "2010-04-20"}]"""
    games, ash = event_regressors(events_of(text), periods("2010-01", "2016-12"), "M")
    assert (games.name, games.airports) == ("Games", ("LHR",))
    own = by_month(games)
    assert (own["2012-07"], own["2012-08"], own["2016-08"]) == (5.0, 12.0, 31.0)
    assert sum(games.values) == 48.0
    assert ash.airports is None
    assert by_month(ash)["2010-04"] == 6.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"name": "x"}', "a list of tables"),
        ('["x"]', "event 1 is no table"),
        ('[{"date": "2012-01"}]', "event 1 has no name"),
        ('[{"name": "x"}]', "either a date, or from and to"),
        ('[{"name": "x", "date": "2012-01", "to": "2012-02"}]', "either a date, or from and to"),
        ('[{"name": "x", "from": "2012-01"}]', "both from and to"),
        ('[{"name": "x", "date": "31/31/2012"}]', "the date '31/31/2012'"),
        ('[{"name": "x", "date": 7}]', "a date that is no text"),
        ('[{"name": "x", "from": "2012-02", "to": "2012-01"}]', "before it begins"),
        ('[{"name": "x", "from": "2000-01", "to": "2012-01"}]', "longer than ten years"),
        ('[{"name": "x", "date": "2012-01", "airport": "JFK"}]', "'airport'; an event has"),
        ('[{"name": "x", "date": "2012-01", "airports": []}]', "an empty list"),
        ('[{"name": "x", "date": "2012-01", "airports": [3]}]', "no list of names"),
    ],
)
def test_events_that_make_no_sense(text, said):
    with pytest.raises(ValueError, match=said):
        events_of(text)


def file_of(tmp_path, text, name="capacity.csv"):
    path = tmp_path / name
    path.write_text(text)
    return str(path)


SEATS = """airport,month,seats,note
JFK,2020-01,100,1
JFK,2020-02,200,2
LGA,2020-01,50,0
LGA,2020-02,,0
"""


def test_a_file_of_regressors_is_read_by_airport_and_name(tmp_path):
    table = read_regressors(file_of(tmp_path, SEATS), (), None, None)
    seats, other, note, _ = file_regressors(table, periods("2020-01", "2020-03"), "M")
    assert (seats.name, seats.airports) == ("seats", ("JFK",))
    np.testing.assert_allclose(seats.values[:2], np.log([100, 200]))
    assert seats.values[2] is None
    assert other.values[1] is None
    assert note.values[:2] == (1.0, 2.0)  # a zero elsewhere: as it is, without logarithms
    lines = SEATS.splitlines()
    turned = "\n".join([lines[0], *reversed(lines[1:])]) + "\n"
    assert read_regressors(file_of(tmp_path, turned), (), None, None).digest == table.digest
    changed = read_regressors(file_of(tmp_path, SEATS.replace("200", "201")), (), None, None)
    assert changed.digest != table.digest


def test_a_file_without_airports_is_of_all(tmp_path):
    table = read_regressors(file_of(tmp_path, "month,fuel\n2020-01,1\n2020-02,3\n"), (), None, None)
    (fuel,) = file_regressors(table, periods("2020-01", "2020-02"), "M")
    assert fuel.airports is None


@pytest.mark.parametrize(
    ("text", "columns", "said"),
    [
        (SEATS, ("seat",), "no column 'seat'"),
        ("airport,seats\nJFK,1\n", (), "no column of dates"),
        ("airport,month\nJFK,2020-01\n", (), "no column beside"),
        ("airport,month,seats\nJFK,soon,1\n", (), "line 2"),
        ("airport,month,seats\nJFK,2020-01,many\n", (), "line 2"),
        ("airport,month,seats\nJFK,2020-01,1\nJFK,2020-01,1\n", (), "line 3: seats has a second"),
    ],
)
def test_files_that_are_refused(tmp_path, text, columns, said):
    with pytest.raises(DataError, match=said):
        read_regressors(file_of(tmp_path, text), columns, None, None)


def test_two_values_in_a_period_are_refused(tmp_path):
    text = "airport,day,seats\nJFK,2020-01-01,1\nJFK,2020-01-15,1\n"
    table = read_regressors(file_of(tmp_path, text), (), None, None)
    with pytest.raises(DataError, match="seats of JFK has two values in 2020-01"):
        file_regressors(table, periods("2020-01", "2020-02"), "M")


SPAN = Spanned("M", period_of("2001-01", "M"), period_of("2010-12", "M"), ["JFK", "LGA"])


def test_an_event_of_an_unknown_airport_is_refused():
    events = (Event("Games", dt.date(2005, 1, 1), dt.date(2005, 1, 9), ("JFX",)),)
    with pytest.raises(SettingsError, match="no airport 'JFX'") as raised:
        fleet_terms(TermsAsked(events=events), SPAN)
    assert "JFK" in raised.value.hint


def test_a_file_about_other_airports_is_refused(tmp_path):
    table = read_regressors(
        file_of(tmp_path, SEATS.replace("JFK", "A").replace("LGA", "B")), (), None, None
    )
    with pytest.raises(UsageError, match="none of its airports"):
        fleet_terms(TermsAsked(table=table), SPAN)


def test_two_regressors_of_one_name_are_refused():
    events = (Event("Easter", dt.date(2005, 1, 1), dt.date(2005, 1, 9)),)
    with pytest.raises(SettingsError, match="Two regressors are called 'Easter'"):
        fleet_terms(TermsAsked(calendar=True, events=events), SPAN)


def seats(values, airports=("JFK",), **more):
    column = Regressor("seats", "regressor", "2001-01-01", tuple(values), airports)
    return FleetTerms((column,), "d", **more)


def test_a_series_gets_its_own_terms_for_its_periods_and_those_ahead():
    series = make_series(np.arange(1.0, 25.0))
    found = series_with_terms(series, seats(np.arange(48.0)), 6).terms
    assert found.names == ("seats",)
    assert len(found.values) == 24 + 6 + 12
    np.testing.assert_allclose(found.until(series.ds[-1], 24)[:, 0], np.arange(24.0))
    np.testing.assert_allclose(found.after(series.ds[-1])[:2, 0], [24.0, 25.0])
    assert (
        series_with_terms(make_series(series.y, airport="LGA"), seats(np.arange(48.0)), 6).terms
        is None
    )
    assert series_with_terms(series, None, 6) is series


def test_a_missing_value_ahead_is_an_error_or_leaves_the_regressor_out():
    series = make_series(np.arange(1.0, 25.0))
    values = [*np.arange(27.0), None, *np.arange(5.0)]
    with pytest.raises(DataError, match="'seats' of JFK has no value for 2003-04"):
        series_with_terms(series, seats(values), 6)
    left = series_with_terms(series, seats(values, leave_out=True), 6)
    assert left.terms is None
    assert left.notes == ("the regressor 'seats' is left out: no value for 2003-04-01",)
    assert series_with_terms(series, seats(values), 3).terms is not None


def test_a_series_on_shared_storage_gets_them_unread():
    series = make_series(np.arange(1.0, 25.0))

    def read():
        raise AssertionError("no value is needed")

    shared = series_with_terms(SharedSeries(series, read), seats(np.arange(48.0)), 6)
    assert shared.terms.names == ("seats",)
    assert shared.n == 24


def test_terms_read_back_are_the_same():
    terms = seats([1.0, None, 2.5], leave_out=True)
    assert FleetTerms.from_dict(terms.to_dict()) == terms


def test_the_digest_tells_regressors_apart():
    one, other = seats([1.0]), FleetTerms((), "e")
    assert digest_with("cfg", None) == "cfg"
    assert len({"cfg", digest_with("cfg", one), digest_with("cfg", other)}) == 3


def test_each_airport_has_the_holidays_of_its_country():
    pytest.importorskip("holidays")
    asked = TermsAsked(calendar=True, country="DE", countries={"LGA": "FR"})
    terms = fleet_terms(asked, SPAN)
    of = {a: terms.of(a, "M", SPAN.first, SPAN.last, SPAN.last)[0] for a in ("JFK", "LGA")}
    assert {"Easter", TRADING_DAYS, LEAP_DAY} <= set(of["JFK"].names) & set(of["LGA"].names)
    days = "holidays on working days"
    own = {a: terms.values[:, terms.names.index(days)] for a, terms in of.items()}
    july = slice(6, None, 12)
    assert not own["JFK"][july].any()
    assert own["LGA"][july].any()  # the fourteenth
    assert terms.of("total", "M", SPAN.first, SPAN.last, SPAN.last)[0].names == tuple(
        name for name in of["JFK"].names if name in ("Easter", TRADING_DAYS, LEAP_DAY)
    )
    one = fleet_terms(TermsAsked(calendar=True, country="DE"), SPAN)
    assert days in one.of("total", "M", SPAN.first, SPAN.last, SPAN.last)[0].names
    assert one.digest != terms.digest

"""Which airports are added up, over which periods, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.errors import DataError
from forecastctl.jobs.sums.hierarchy import build
from forecastctl.records import Series


def series(airport, start="2015-01", n=60, level=100.0):
    ds = np.arange(start, np.datetime64(start) + n, dtype="datetime64[M]").astype("datetime64[D]")
    t = (ds.astype("datetime64[M]").astype(int) % 12).astype(float)
    return Series(airport, "M", 12, ds, level * (2 + np.sin(t / 2)), f"digest-{airport}")


def make(airports, columns=None, max_lag=3, extra=()):
    names = {s.airport for s in airports} | set(extra)
    return build(airports, columns or {}, names, max_lag)


STATE = {"state": {"JFK": "NY", "LGA": "NY", "EWR": "NJ"}}
THREE = [series("JFK"), series("EWR", level=50), series("LGA", level=70)]


def test_groups_come_after_the_total_in_order_of_appearance():
    hub = {"JFK": "L", "LGA": "M", "EWR": "L"}
    made = make(THREE, {**STATE, "hub": hub})
    assert [g.name for g in made.groups] == ["total", "state=NY", "state=NJ", "hub=L", "hub=M"]
    assert made.levels["hub=L"] == "hub"
    assert made.groups[3].members == ("JFK", "EWR")
    np.testing.assert_array_equal(
        made.summing(),
        [[1, 1, 1], [1, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]],
    )


def test_a_sum_is_the_sum_of_its_members():
    total = make(THREE, STATE).groups[0].series
    np.testing.assert_allclose(total.y, sum(s.y for s in THREE))
    assert total.cutoff == "2019-12-01"
    assert total.notes == ("sum of 3 airports",)


def test_groups_with_the_same_members_are_forecast_once():
    made = make(THREE, {**STATE, "country": dict.fromkeys(["JFK", "EWR", "LGA"], "US")})
    by_name = {g.name: g for g in made.groups}
    assert by_name["state=NJ"].same_as == "EWR"
    assert by_name["country=US"].same_as == "total"
    assert [s.airport for s in made.series] == ["total", "state=NY"]


def test_a_member_that_starts_late_is_linked():
    late = series("EWR", "2018-01", 24, level=50)
    total = make([THREE[0], late]).groups[0].series
    assert str(total.ds[0]) == "2015-01-01"
    np.testing.assert_allclose(total.y[36:], THREE[0].y[36:] + late.y)
    np.testing.assert_allclose(total.y[:36], THREE[0].y[:36] * 1.5)
    assert "linked before 'EWR' start" in total.notes[1]


def test_a_sum_does_not_reach_back_to_where_little_of_it_was_there():
    big = series("EWR", "2017-01", 36, level=1000)
    total = make([THREE[0], big]).groups[0].series
    assert str(total.ds[0]) == "2017-01-01"
    assert "not used" in total.notes[1]


def test_what_is_left_out_at_an_end_was_reported():
    short = replace(series("EWR", n=58), ahead=2, left_out=("2019-11-01", "2019-12-01"))
    made = make([series("JFK"), short], STATE)
    assert (made.end - made.ends["JFK"], made.lag("EWR"), made.lag("total")) == (0, 2, 2)
    assert made.series[0].ahead == 2
    assert made.series[0].cutoff == "2019-10-01"
    made = make([replace(s, ahead=9) for s in (series("JFK", n=51), series("EWR", n=51))], STATE)
    assert {made.lag(name) for name in ("JFK", "EWR", "total")} == {9}
    assert made.series[0].ahead == 9
    made = make([*THREE, replace(series("OLD", n=50), ahead=10)])  # would take ten months of all
    assert "OLD" in made.left_out
    assert made.lag("JFK") == 0


def test_a_member_that_reports_late_ends_the_sum():
    made = make([THREE[0], series("EWR", n=58)])
    total = made.groups[0].series
    assert total.cutoff == "2019-10-01"
    assert made.lag("total") == made.lag("EWR") == 2
    assert made.lag("JFK") == 0
    assert "used until 2019-10-01" in total.notes[1]


def test_airports_that_end_apart_are_in_no_sum():
    closed, ahead = series("OLD", n=20), series("NEW", n=70)
    made = make([*THREE, closed, ahead])
    assert made.airports == ("JFK", "EWR", "LGA")
    assert "40 periods before" in made.left_out["OLD"]
    assert "10 periods after" in made.left_out["NEW"]
    assert made.lag("JFK") == 0


def test_a_sum_too_short_for_two_seasons_is_not_forecast_on_its_own():
    made = make([series("JFK", "2018-06", 19), series("EWR", "2018-06", 19)])
    assert made.groups[0].series is None
    assert "19 periods of 24" in made.groups[0].note


def test_leaving_an_airport_out_takes_its_sums_their_forecast():
    made = make(THREE, STATE).without({"EWR": "no forecast"})
    by_name = {g.name: g for g in made.groups}
    assert set(by_name) == {"total", "state=NY"}
    assert by_name["total"].members == ("JFK", "LGA")
    assert by_name["total"].series is None
    assert "EWR" in by_name["total"].note
    assert by_name["state=NY"].series is not None
    assert made.left_out == {"EWR": "no forecast"}


def test_the_digest_follows_the_members():
    one = make(THREE).groups[0].series.digest
    assert make(list(reversed(THREE))).groups[0].series.digest == one
    assert make(THREE[:2]).groups[0].series.digest != one


@pytest.mark.parametrize(
    ("columns", "extra", "said"),
    [
        ({"state": {"JFK": "NY", "EWR": "NJ"}}, (), "no state for 'LGA'"),
        ({"total": {}}, (), "cannot be called 'total'"),
        ({"airport": {}}, (), "cannot be called 'airport'"),
        (STATE, ("total",), "airport is called 'total'"),
        (STATE, ("state=NY",), "airport is called 'state=NY'"),
        (
            {"a": dict.fromkeys(["JFK", "EWR", "LGA"], "b=c"), "a=b": dict.fromkeys(["JFK", "EWR", "LGA"], "c")},
            (),
            "Two groups would be called 'a=b=c'",
        ),
    ],
)  # fmt: skip
def test_refused(columns, extra, said):
    with pytest.raises(DataError, match="^.*" + said):
        make(THREE, columns, extra=extra)


def test_nothing_to_add_up():
    made = make([])
    assert made.airports == made.groups == ()
    assert made.summing().shape == (0, 0)

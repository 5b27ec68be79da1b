"""Faults in the last two seasons are left out; what the fleet or the neighbours share is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecastctl.data.check.check import check_panel
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.rows import group
from forecastctl.data.prepare.prepare import (
    prepare,
    prepare_one,
    prepare_panel,
    prepare_rows,
)
from forecastctl.records import Rejection
from tests.data.conftest import TODAY, months, panel_of
from tests.data.test_suspects import resort

LEVELS = {"BIG": 1_256_479.0, "MID": 90_000.0, "LOW": 20_000.0, "TOY": 4_000.0, "FAR": 60_000.0}


def airport(level, n=60, seed=0, noise=0.03):
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    return np.rint(level * (1 + 0.2 * np.sin(2 * np.pi * t / 12)) * np.exp(rng.normal(0, noise, n)))


def fleet(n=60, airports=tuple(LEVELS)):
    return {a: airport(LEVELS[a], n, seed) for seed, a in enumerate(airports)}


def panel(values, start="2014-01"):
    return panel_of({a: (months(len(y), start), y) for a, y in values.items()})


def prepared(values, as_of=None, **spec):
    found = prepare_panel(panel(values), DataSpec(None, **spec), as_of=as_of, today=TODAY)
    return {e.airport: e for e in found.entries}, found.warnings


def left_out(values, as_of=None, **spec):
    """Months left out by airport, without those that lost none."""
    entries, _ = prepared(values, as_of, **spec)
    return {a: [d[:7] for d in e.left_out] for a, e in entries.items() if e.left_out}


def covid(values, at, depth=0.04, zeros=()):
    """A month halved, then next to nothing, then a slow way back; some airports down to zero."""
    path = np.array([0.5, depth, depth * 2, depth * 4, 0.2, 0.3, 0.3, 0.35, 0.4])
    for a, y in values.items():
        part = y[at : at + len(path)]
        part[:] = np.rint(part * path[: len(part)])
        y[at + len(path) :] = np.rint(y[at + len(path) :] * 0.5)
        if a in zeros:
            y[at + 1 : at + 3] = 0
    return values


# What is left out


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize("factor", [1000.0, 100.0, 10.0, 0.001])
@pytest.mark.parametrize("n", [60, 30, 14])
def test_a_last_month_in_other_units(alone, factor, n):
    values = fleet(n, ("BIG",) if alone else tuple(LEVELS))
    values["BIG"][-1] *= factor
    entries, warnings = prepared(values)
    entry = entries["BIG"]
    last = str(months(n, "2014-01")[-1])
    assert (entry.left_out, entry.ahead, entry.n) == ((last,), 1, n - 1)
    assert f"{last[:7]} about " in entry.suspects[0]
    assert entry.suspects[0].endswith("the level: left out")
    assert entry.suspects[0] in entry.notes
    assert not warnings
    assert all(not e.left_out for a, e in entries.items() if a != "BIG")


@pytest.mark.parametrize("n", [3, 4, 5, 7])
@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_a_short_series_is_enough_for_a_factor_of_a_thousand(n, factor):
    values = {"NEW": airport(50_000, n)}
    values["NEW"][-1] *= factor
    entry = prepared(values)[0]["NEW"]
    if n == 3:  # too little is left
        assert isinstance(entry, Rejection)
        assert entry.reason.startswith("too short: 2 months")
        assert f"{10.0 ** round(np.log10(factor)):,.0f}"[:5] in entry.reason or factor < 1
        assert entry.suspects
    else:
        assert (entry.n, entry.ahead) == (n - 1, 1)


def test_a_seasonal_airport_before_its_season_is_known():
    beach = np.rint(resort(22, seed=1))
    for stop in range(14, 22):
        y = beach[:stop].copy()
        assert left_out({"BEACH": y}) == {}
        y[-1] *= 1000
        assert left_out({"BEACH": y}) == ({"BEACH": [str(months(stop, "2014-01")[-1])[:7]]})


@pytest.mark.parametrize("alone", [True, False])
def test_a_last_zero_or_next_to_nothing(alone):
    for value in (0.0, 30.0):
        values = fleet(60, ("BIG",) if alone else tuple(LEVELS))
        values["BIG"][-1] = value
        assert left_out(values) == {"BIG": ["2018-12"]}
        values["BIG"][-2] = value
        assert left_out(values) == {"BIG": ["2018-11", "2018-12"]}
    found = check_panel(panel({"BIG": values["BIG"]}), DataSpec(None), as_of=None, today=TODAY)
    kinds = {f.kind: f for f in found.airports[0].findings}
    assert kinds["unpublished"].periods == ("2018-11", "2018-12")
    assert kinds["unpublished"].message.endswith("maybe not published: left out")


def test_from_the_third_zero_on_an_airport_has_closed():
    values = fleet()
    for zeros, out, said in ((2, 2, 0), (3, 0, 1), (12, 0, 1), (13, 0, 0)):
        values["MID"][-zeros:] = 0
        entries, warnings = prepared(values)
        entry = entries["MID"]
        assert (len(entry.left_out), entry.ahead, len(entry.suspects)) == (out, out, min(out, 1))
        assert len(warnings) == said
        if said:
            assert warnings[0].startswith("'MID' has zeros since 201")
    assert any("zeros in the last 13 months" in n and n.endswith("kept") for n in entry.notes)
    assert not prepared(values, suspects="keep")[1]


def test_zeros_that_begin_together_are_not_published():
    values = fleet()
    for zeros, out in ((2, 2), (3, 3), (12, 12), (13, 0)):
        for a in ("BIG", "MID", "LOW"):
            values[a][-zeros:] = 0
        entries, warnings = prepared(values)
        assert [len(e.left_out) for e in entries.values()] == [out, out, out, 0, 0]
        assert not warnings


def test_one_inside_is_interpolated_and_an_old_one_kept():
    values = fleet()
    clean = values["MID"].copy()
    values["MID"][50] *= 1000
    values["LOW"][52] = 0
    values["FAR"][20] *= 1000
    entries, _ = prepared(values)
    assert (entries["MID"].left_out, entries["MID"].ahead) == (("2018-03-01",), 0)
    assert entries["MID"].y[50] == pytest.approx(clean[50], rel=0.2)
    assert "interpolated 1 month: 2018-03" in entries["MID"].notes
    assert entries["LOW"].left_out == ("2018-05-01",)
    assert "zero amid usual values in 2018-05: maybe missing: left out" in entries["LOW"].suspects
    assert not entries["FAR"].left_out
    assert not entries["FAR"].suspects
    assert entries["FAR"].notes == (
        "suspected unit error: 2015-09 about 1,000 times the level: kept",
    )


def test_the_last_two_seasons_are_24_months():
    for back, out in ((24, ["2017-01"]), (25, [])):
        values = {"BIG": airport(1e6)}
        values["BIG"][-back] *= 1000
        assert left_out(values) == ({"BIG": out} if out else {})


def test_one_files_unit_changed_for_all():
    for factor in (10, 1000):
        values = fleet()
        values["TOY"] = airport(4_000, seed=9, noise=0.3)  # too noisy to be sure of it alone
        for y in values.values():
            y[-1] *= factor
        assert left_out(values) == {a: ["2018-12"] for a in LEVELS}


def test_a_unit_changed_for_good_is_no_new_level():
    values = fleet()
    values["BIG"][-8:] *= 1000
    entry = prepared(values)[0]["BIG"]
    assert (len(entry.left_out), entry.ahead, entry.n) == (8, 8, 52)


def test_a_fault_and_then_nothing():
    values = {"BIG": airport(1e6)}
    values["BIG"][-2] *= 1000
    values["BIG"][-1] = 0
    assert left_out(values) == {"BIG": ["2018-11", "2018-12"]}


def test_a_month_filed_under_another_quantity_at_most_airports():
    values = fleet()
    for a in ("BIG", "MID", "LOW"):
        values[a][11::12] /= 100
    entries, warnings = prepared(values)
    assert not warnings
    for a in ("BIG", "MID", "LOW"):
        assert [d[5:7] for d in entries[a].left_out] == ["12"] * 5
        assert entries[a].ahead == 1
        assert "every December" in entries[a].suspects[0]
    values["MID"], values["LOW"] = fleet()["MID"], fleet()["LOW"]
    entries, warnings = prepared(values)  # in one alone it may be the season
    assert not entries["BIG"].left_out
    assert len(warnings) == 1
    assert "'BIG'" in warnings[0]
    assert "--suspects missing" in warnings[0]
    assert not prepared(values, suspects="keep")[1]


# What is kept


@pytest.mark.parametrize("months_after", range(1, 16))
def test_an_epidemic_is_no_fault(months_after):
    values = covid(fleet(60 + months_after), 60, zeros=("TOY", "LOW"))
    values = {a: y[: 60 + months_after] for a, y in values.items()}
    assert left_out(values) == {}
    assert left_out({"BIG": values["BIG"]}) == {}


def test_zeros_that_others_nearly_share_are_true_and_zeros_alone_are_not():
    values = fleet(62)
    for y in values.values():
        y[-2:] = np.rint(y[-2:] * 0.02)
    values["LOW"][-2:] = values["TOY"][-2:] = 0
    assert left_out(values) == {}
    entries, warnings = prepared(values)
    assert all(not e.suspects for e in entries.values())
    assert "is 40 % or more below what its season led to expect at 3 of 3" in warnings[0]
    for y in values.values():
        y[-2:] = 0  # nobody has a passenger: nothing is published
    assert set(left_out(values)) == set(LEVELS)
    values = fleet(62)
    values["LOW"][-2:] = values["TOY"][-2:] = 0  # and the rest is as always
    assert set(left_out(values)) == {"LOW", "TOY"}


def test_the_fleet_knows_nothing_of_later_months():
    values = covid(fleet(64), 60, zeros=("TOY",))
    values["MID"][59] = 0
    assert left_out(values, as_of="2018-12") == {"MID": ["2018-12"]}
    whole, _ = prepared(values, as_of="2019-02")
    cut, _ = prepared({a: y[:62] for a, y in values.items()})
    for a in values:
        np.testing.assert_array_equal(whole[a].y, cut[a].y)
        assert whole[a].left_out == cut[a].left_out


def test_half_of_everything_is_a_sentence_and_no_more():
    values = fleet()
    for y in values.values():
        y[-1] *= 0.6
    entries, warnings = prepared(values)
    assert len(warnings) == 1
    assert (
        "5 of 5 airports are a quarter or more below all they were before in 2018-12"
        in (warnings[0])
    )
    assert not any(e.left_out for e in entries.values())
    found = check_panel(panel(values), DataSpec(None), as_of=None, today=TODAY)
    assert warnings[0] in [f.message for f in found.findings]
    values["BIG"] = airport(LEVELS["BIG"])
    values["MID"] = airport(LEVELS["MID"], seed=1)
    assert not prepared(values)[1]  # 3 of 5 is not the fleet


@pytest.mark.parametrize("seed", range(4))
def test_seasons_openings_closings_and_small_numbers_are_events(seed):
    rng = np.random.default_rng(seed)
    winter = airport(30_000, 58, seed)
    closed = np.where(np.isin(np.arange(58) % 12, [0, 1, 2, 10, 11]), 0, winter)
    small = rng.poisson(12, 60).astype(float)
    small[-1] = 0
    opened = np.r_[rng.poisson(8, 40), 30_000 + rng.normal(0, 900, 1)].round()
    slide = np.r_[airport(50_000, 50, seed), 30_000, 15_000, 6_000, 1_000, 0]
    first = np.r_[40.0, airport(50_000, 30, seed)]
    recovery = np.r_[airport(80_000, 24, seed), np.full(6, 5_000), 50_000.0]
    values = {"ISLE": closed, "TINY": small, "OPEN": opened, "GONE": slide}
    assert left_out(values | {"NEW": first, "BACK": recovery}) == {}


def test_a_tenth_at_the_end_may_be_a_crash():
    values = {"BIG": airport(1e6)}
    values["BIG"][-1] /= 10
    assert left_out(values) == {}


def test_days_and_weeks_without_flights_are_events():
    days = np.datetime64("2019-01-01") + np.arange(300)
    y = 5_000 + 500 * np.sin(np.arange(300))
    y[-4:] = 0
    found = prepare(panel_of({"D": (days, y)}), DataSpec(None), as_of=None, today=TODAY)
    assert not found[0].left_out
    assert "zeros in the last 4 days" in found[0].notes[0]
    y[-4:] = 5_000
    y[-1] = 5e6
    found = prepare(panel_of({"D": (days, y)}), DataSpec(None), as_of=None, today=TODAY)
    assert found[0].left_out == ("2019-10-27",)


# Policies, records


@pytest.mark.slow
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(3, 80),
    noise=st.floats(0.0, 0.15),
    shock=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_without_suspects_the_policies_agree(seed, n, noise, shock):
    rng = np.random.default_rng(seed)
    values = {f"A{i}": airport(10 ** rng.uniform(2, 6), n, seed + i, noise) + 1 for i in range(4)}
    if shock and n > 20:
        covid(values, n - int(rng.integers(1, 15)))
    recent, kept = prepared(values)[0], prepared(values, suspects="keep")[0]
    for a in values:
        if isinstance(recent[a], Rejection):
            assert recent[a] == kept[a]
            continue
        assert not recent[a].left_out
        np.testing.assert_array_equal(recent[a].y, kept[a].y)
        assert (recent[a].cutoff, recent[a].notes) == (kept[a].cutoff, kept[a].notes)


@pytest.mark.parametrize("policy", ["keep", "missing", "reject"])
def test_the_other_policies_are_as_they_were(policy):
    values = {"BIG": airport(1e6)}
    values["BIG"][-1] *= 1000
    entry = prepared(values, suspects=policy)[0]["BIG"]
    text = "suspected unit error: 2018-12 about 1,000 times the level"
    assert not entry.suspects
    if policy == "reject":
        assert entry.reason == f"{text} (suspects = reject)"
        return
    assert entry.ahead == 0
    done = {"keep": ("kept", 60), "missing": ("taken as missing", 59)}[policy]
    assert (entry.notes, entry.n) == ((f"{text}: {done[0]}",), done[1])


def test_a_limit_of_staleness_counts_what_was_reported():
    values = fleet()
    values["BIG"][-1] *= 1000
    assert prepared(values, max_stale=0)[0]["BIG"].ahead == 1


def test_one_airport_of_stored_rows_asks_its_fleet_and_obeys_the_record():
    values = covid(fleet(62), 60, zeros=("TOY",))
    values["MID"][55] *= 1000
    rows, spec = group(panel(values).frame), DataSpec(None)
    together = prepare_rows(rows, spec, "stored", as_of=None)
    for expected in together:
        one = prepare_one(rows, expected.airport, spec, "stored", as_of=None)
        np.testing.assert_array_equal(one.y, expected.y)
        assert (one.left_out, one.notes) == (expected.left_out, expected.notes)
    alone = prepare_one(rows.of("TOY"), "TOY", spec, "stored", as_of=None)
    assert alone.left_out == ()  # the month before had halved already
    again = prepare_one(rows, "LOW", spec, "stored", as_of=None, left_out=("2018-03-01",))
    assert again.left_out == ("2018-03-01",)
    assert again.y[50] != values["LOW"][50]
    none = prepare_one(rows, "MID", spec, "stored", as_of=None, left_out=())
    assert none.y[55] == values["MID"][55]
    insisted = prepare_one(rows, "MID", spec, "stored", as_of=None, insist="2018-08-01")
    assert insisted.y[55] == values["MID"][55]
    assert prepare_one(rows, "NOBODY", spec, "stored", as_of=None) is None
    kept = replace(spec, suspects="keep")
    assert prepare_one(rows, "MID", kept, "stored", as_of=None).y[55] == values["MID"][55]

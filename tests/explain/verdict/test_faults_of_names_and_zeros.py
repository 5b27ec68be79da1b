"""Names that are swapped, zeros that are true and zeros that are not: made panels, pure functions."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.explain.case import Swap
from forecastctl.explain.verdict.rules import find
from forecastctl.explain.verdict.swaps import swapped_since
from forecastctl.records import FleetPoint
from tests.explain.verdict import generated
from tests.explain.verdict.values import (
    JUST,
    LEVEL,
    RULES,
    case_of,
    faults_named,
    flat,
    others,
    said,
    series,
)

MONTHS, M = 96, 12


def point(airport, mean, actual, outside=True):
    return FleetPoint(airport, (mean - actual) / 10.0, actual / mean, outside, True, mean, actual)


class TestSwappedAfterTheCutoff:
    """This airport is forecast 1,000; the other one 500."""

    def swapped(self, actual=500.0, its=1000.0, outside=True, quiet=8):
        fleet = (*others(quiet), point("LGA", 500.0, its, outside))
        return case_of(actual=actual, fleet=fleet, panel_airports=quiet + 2)

    def test_each_lies_on_the_forecast_of_the_other(self):
        found = said(self.swapped())
        assert found.name == "data_problem"
        assert found.evidence[0].name == "fault_swap"
        assert "it and LGA stand under each other's name" in found.headline

    def test_it_is_no_swap_where_the_other_did_as_forecast(self):
        assert said(self.swapped(its=505.0, outside=False)).name == "local_shock"
        assert "swap" not in faults_named(self.swapped(its=505.0, outside=False))

    def test_nor_where_both_fell(self):
        assert "swap" not in faults_named(self.swapped(actual=500.0, its=250.0))

    def test_crossed_misses_of_a_third_of_the_straight_ones(self):
        """The other one came out at its right place; this one a share of the distance off."""
        log = np.log(2.0)
        for off, known in ((0.25 - JUST, True), (0.25 + JUST, False)):  # off / (1 - off) = 1 / 3
            case = self.swapped(actual=500.0 * np.exp(off * log))
            assert ("swap" in faults_named(case)) == known

    def test_of_a_tenth_apart_at_least(self):
        for apart, known in ((0.1 + JUST, True), (0.1 - JUST, False)):
            mean = 1000.0 * np.exp(-apart)
            case = case_of(actual=mean, fleet=(*others(8), point("LGA", mean, 1000.0)))
            assert ("swap" in faults_named(case)) == known

    def test_inside_its_interval_nothing_is_said(self):
        assert "swap" not in faults_named(
            replace(self.swapped(), forecast=case_of(sd=900).forecast)
        )

    def test_the_nearest_pair_is_named(self):
        fleet = (*others(8), point("EWR", 480.0, 1040.0), point("LGA", 500.0, 1000.0))
        assert "it and LGA" in said(case_of(actual=500.0, fleet=fleet)).headline

    def test_even_in_a_fall_of_the_whole_fleet(self):
        fleet = (*others(below=8), point("LGA", 500.0, 1000.0))
        assert said(case_of(actual=500.0, fleet=fleet)).name == "data_problem"


class TestSwappedInThePanel:
    """Twelve generated airports; names of two exchanged from a month on."""

    cutoff, target = 84, 86

    def panel(self, seed, since, until=MONTHS, airports=12):
        y = generated.panel(seed, airports).to_numpy().copy()
        at = np.log(y[self.cutoff])
        other = int(np.argmax(np.where(np.arange(airports) == 0, -1.0, np.abs(at - at[0]))))
        y[since:until, [0, other]] = y[since:until, [other, 0]]
        return y, other

    def found(self, y):
        return swapped_since(y, 0, self.cutoff, self.target, M)

    @pytest.mark.parametrize("seed", range(20))
    def test_it_is_found_with_the_month_since_when(self, seed):
        for since in (self.cutoff - 15, self.cutoff - 5, self.cutoff + 1):
            y, other = self.panel(seed, since)
            assert self.found(y) == (other, since)

    @pytest.mark.parametrize("seed", range(20))
    def test_nothing_where_nothing_was_swapped(self, seed):
        assert self.found(self.panel(seed, MONTHS)[0]) is None

    def test_nothing_of_a_single_month(self):
        assert self.found(self.panel(0, self.target)[0]) is None

    def test_nothing_of_what_was_mended(self):
        assert self.found(self.panel(0, self.cutoff - 5, self.cutoff - 2)[0]) is None

    def test_nothing_older_than_two_seasons(self):
        assert self.found(self.panel(0, self.cutoff - 24)[0]) is None

    def test_a_fall_of_the_whole_fleet_is_taken_out(self):
        y, other = self.panel(3, self.cutoff - 5)
        y[self.cutoff - 3 :] *= 0.3
        assert self.found(y) == (other, self.cutoff - 5)

    def test_neither_a_fleet_of_one_nor_a_short_panel_says_anything(self):
        y, _ = self.panel(0, self.cutoff - 5)
        assert self.found(y[:, :1]) is None
        assert swapped_since(y[-14:], 0, 10, 12, M) is None

    @pytest.mark.parametrize(("since", "named"), [("2019-06-01", True), ("2020-01-01", False)])
    def test_what_the_model_saw_of_the_other_explains_the_miss(self, since, named):
        """The naive repeats what it saw: 1,000 under the wrong name, 500 under the right one."""
        swap = Swap("LGA", since, series(flat() / 2.0), 500.0)
        case = case_of(actual=300.0, fleet=others(9), swap=swap)
        assert ("swap" in faults_named(case)) == named
        if named:
            found = said(case)
            assert found.name == "data_problem"
            assert "it and LGA have stood under each other's name since June 2019" in found.headline

    def test_only_where_it_explains_half_of_it(self):
        """The miss is 700; under the right names the actual is 500."""
        for seen, known in ((850.0, True), (850.1, False)):
            swap = Swap("LGA", "2019-06-01", series(flat() * seen / LEVEL), 500.0)
            case = case_of(actual=300.0, fleet=others(9), swap=swap)
            assert ("swap" in faults_named(case)) == known


def zeros(count, of, ratio):
    """Others, so many of them at zero and the rest at so much of their forecast."""
    ratios = [0.0] * count + [ratio] * (of - count)
    return tuple(FleetPoint(f"Z{i}", 9.0, r, True, True) for i, r in enumerate(ratios))


class TestZeros:
    def test_true_where_the_rest_has_fallen_as_well(self):
        for ratio, name in ((0.5 - JUST, "system_shock"), (0.5, "data_problem")):
            case = case_of(actual=0.0, fleet=zeros(6, 9, ratio), panel_airports=10)
            assert said(case).name == name

    def test_true_where_later_months_are_there_and_small(self):
        fleet = zeros(9, 9, 1.0)
        for after, name in (
            ((0.0, 20.0), "system_shock"),
            ((20.0,), "system_shock"),
            ((0.0, 0.0), "data_problem"),
            ((), "data_problem"),
            ((LEVEL,), "data_problem"),
        ):
            case = case_of(actual=0.0, fleet=fleet, after=after, panel_airports=10)
            assert said(case).name == name, after

    def test_a_single_final_zero_in_a_file_of_one_airport(self):
        found = said(case_of(actual=0.0))
        assert (found.name, found.evidence[0].name) == ("data_problem", "fault_missing")

    def test_also_where_the_month_before_is_ordinary_by_the_forecast_alone(self):
        """A year before it was three times as much: a shock lies between."""
        y = flat()
        y[:-10] *= 3.0
        case = case_of(actual=0.0, seen=y)
        assert said(case).name == "data_problem"
        y[-1] = 300.0
        assert "missing" not in faults_named(case_of(actual=0.0, seen=y))


def test_a_swap_is_looked_for_in_what_the_store_holds():
    assert find(case_of(actual=500.0, fleet=others(9)), RULES).faults == ()


@pytest.mark.parametrize(("its", "named"), [(950.0, True), (949.9, False)])
def test_crossed_misses_of_half_where_each_lies_inside_what_the_other_states(its, named):
    """One forecast 1,000 and the other 800, each give or take 20: two and a half times that."""
    lga = FleetPoint("LGA", (800.0 - its) / 20.0, its / 800.0, True, True, 800.0, its)
    off = replace(case_of(sd=20.0, actual=850.0, fleet=(*others(8), lga)), panel_airports=10)
    assert ("swap" in faults_named(off)) == named
    wide = replace(lga, z=(800.0 - its) / 19.9)  # 50 are more than two and a half times 19.9
    assert "swap" not in faults_named(replace(off, fleet=(*others(8), wide)))

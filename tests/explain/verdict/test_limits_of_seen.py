"""Faults in the values that the model saw, from both sides of each limit.

The seasonal naive makes them exact: its forecast of a month is the value a year before.
"""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.explain.verdict.rules import find
from forecastctl.records import Member
from tests.explain.verdict.values import (
    DRIFT,
    JUST,
    LEVEL,
    RULES,
    case_of,
    faults_named,
    flat,
    others,
    renewed,
    said,
)


def revised(back, value, actual=500.0, mean=LEVEL):
    """The value so many periods before the cutoff's end was another one when the model saw it."""
    case = case_of(mean=mean, actual=actual, fleet=others(quiet=9))
    now = case.known.y.copy()
    now[60 - back] = value
    return renewed(case, known=now)


def the_fault(case, name):
    (fault,) = (f for f in find(case, RULES).faults if f.name == name)
    return fault


class TestRevision:
    def test_by_what_the_same_specification_says_on_the_revised_values(self):
        for value, share in ((500.0, 1.0), (750.0, 0.5), (250.0, 0.5), (600.0, 0.8)):
            fault = the_fault(revised(12, value), "revision")
            assert fault.share == pytest.approx(share)
            assert fault.certainty == pytest.approx(min(0.98, 0.7 + 0.3 * share))

    def test_revised_of_the_miss(self):
        assert faults_named(revised(12, 750.0)) == ["revision"]
        assert faults_named(revised(12, 750.1)) == []
        assert faults_named(revised(12, 750.0), replace(RULES, revised=0.51)) == []

    def test_one_that_leads_as_far_to_the_other_side_explains_the_difference_alone(self):
        assert faults_named(revised(12, 250.0)) == ["revision"]
        assert faults_named(revised(12, 249.9)) == []

    @pytest.mark.parametrize("back", [12, 3])
    def test_one_that_made_the_miss_smaller_is_not_to_blame(self, back):
        assert faults_named(revised(back, 1500.0)) == []
        assert faults_named(revised(back, 500.0, actual=1500.0)) == []

    def test_by_scaling_as_the_last_six_have_been(self):
        """The naive forecast of the next month does not use them, the scale of the last does."""
        assert faults_named(revised(6, 500.0)) == ["revision"]
        assert faults_named(revised(7, 500.0)) == []

    def test_the_typical_change_of_these_counts(self):
        case = revised(1, 1000.0)
        for values, share in (((500, 500, 900), 1.0), ((500, 900, 900), 0.2)):
            now = case.known.y.copy()
            now[57:60] = values
            named = [f.share for f in find(renewed(case, known=now), RULES).faults]
            assert named == ([pytest.approx(share)] if share >= 0.5 else [])

    def test_nothing_is_scaled_by_a_zero(self):
        assert "revision" not in faults_named(revised(1, 0.0))
        case = case_of(actual=500.0, seen=[*flat(59), 0.0])
        assert faults_named(renewed(case, known=[*flat(60), 500.0])) == []

    def test_which_values_and_from_what_to_what(self):
        assert "that of January 2019, has been revised since, from 1,000 to 500" in (
            the_fault(revised(12, 500.0), "revision").statement
        )
        two = revised(12, 500.0)
        now = two.known.y.copy()
        now[50] = 900.0
        text = the_fault(renewed(two, known=now), "revision").statement
        assert "2 values that the model saw" in text
        assert "between January 2019 and March 2019" in text
        assert "explains 100 % of the miss" in text

    def test_named_even_in_a_fall_of_the_whole_fleet(self):
        case = replace(revised(12, 500.0), fleet=others(below=20))
        assert said(case).name == "data_problem"
        assert said(replace(case, known=case_of(actual=500.0).known)).name == "system_shock"


def strange(factor, back=1, beside=(LEVEL, LEVEL), lead=12, times=1.0, mean=None):
    """A value that the model saw is ``factor`` times what stands on both sides, to this day."""
    y = flat()
    y[60 - back] = factor * times * np.sqrt(beside[0] * beside[1])
    y[59 - back] = beside[0]
    path = flat(12) if mean is None else np.full(12, mean)
    path[lead - 1] = y[48 + lead - 1] if mean is None else mean
    actual = LEVEL * times
    known = [*y, *path[: lead - 1], actual]
    known[61 - back] = beside[1]
    if back > 1:
        y[61 - back] = beside[1]
    return case_of(mean=path, actual=actual, lead=lead, seen=y, known=known, sd=1.0)


def unit_seen(case, rules=RULES):
    return "unit_seen" in faults_named(case, rules)


class TestUnitSeen:
    @pytest.mark.parametrize("factor", [10.0, 100.0, 1000.0, 1e6])
    def test_every_unit_both_ways(self, factor):
        assert unit_seen(strange(factor))
        assert unit_seen(strange(1.0 / factor))
        fault = the_fault(strange(factor), "unit_seen")
        assert (fault.share, fault.certainty) == (pytest.approx(1.0), pytest.approx(0.95))
        assert f"{factor:,.0f} times" in fault.statement
        assert f"1/{factor:,.0f} of" in the_fault(strange(1.0 / factor), "unit_seen").statement

    def test_within_a_factor_of_one_and_six_tenths(self):
        for factor in (100.0, 0.01):
            for times, named in ((1.6 - JUST, True), (1.6 + JUST, False)):
                assert unit_seen(strange(factor, times=times)) == named
                assert unit_seen(strange(factor, times=1 / times)) == named
        assert not unit_seen(strange(30.0))

    def test_between_months_within_a_factor_of_two(self):
        for value, named in ((500.0, True), (499.9, False)):
            assert unit_seen(strange(100.0, beside=(LEVEL, value))) == named
            assert unit_seen(strange(100.0, beside=(value, LEVEL))) == named

    def test_without_a_known_month_after_it_nothing_is_said(self):
        case = strange(100.0)
        gone = replace(case.known, ds=case.known.ds[:60], y=case.known.y[:60])
        assert not unit_seen(replace(case, known=gone))

    def test_without_it_revised_of_the_miss_would_be_gone(self):
        """Seven months before the cutoff's end it scales nothing; mending takes 9,000 away."""
        for mean, named in ((LEVEL + 18_000.0, True), (LEVEL + 18_001.0, False)):
            assert unit_seen(strange(10.0, back=7, lead=6, mean=mean)) == named
        half = strange(10.0, back=7, lead=6, mean=LEVEL + 18_000.0)
        assert the_fault(half, "unit_seen").certainty == pytest.approx(0.8)
        assert not unit_seen(half, replace(RULES, revised=0.51))

    def test_by_scaling_too(self):
        """Newer than that the forecast may be scaled: 19,000 becomes 1,900."""
        share = the_fault(strange(10.0, back=6, lead=6, mean=19_000.0), "unit_seen").share
        assert share == pytest.approx(0.95)

    def drifting(self, n):
        """A tenth of a month in the first season, which the drift of the naive feels."""
        y = flat(n)
        y[11] = 100.0
        path = LEVEL + 900.0 / (n - 12) * np.ones(12)
        case = case_of(mean=path, actual=LEVEL, seen=y, sd=1.0)
        member = replace(case.model.members[0], member=Member(DRIFT))
        return replace(case, model=replace(case.model, members=(member,)))

    @pytest.mark.parametrize("n", [35, 60])
    def test_any_month_that_the_forecast_feels(self, n):
        assert unit_seen(self.drifting(n))  # 24 months back, and 49

    def test_three_of_them_at_most(self):
        """An airport that has more of them is so."""
        case = strange(10.0)
        for count, named in ((3, True), (4, False)):
            y = case.known.y.copy()
            y[[5, 15, 25][: count - 1]] *= 10.0
            found = faults_named(renewed(case, known=y, seen=y[:60]))
            assert ("unit_seen" in found) == named

    def test_a_zero_amid_ordinary_months(self):
        case = strange(10.0)
        y = case.known.y.copy()
        y[59], path = 0.0, flat(12)
        path[11] = 0.0
        case = renewed(case, known=y, seen=y[:60])
        case = replace(case, forecast=replace(case.forecast, mean=path))
        assert "zero amid ordinary months" in the_fault(case, "unit_seen").statement

    def test_named_even_in_a_fall_of_the_whole_fleet(self):
        case = replace(strange(1000.0), fleet=others(below=20))
        assert said(case).name == "data_problem"

"""Signs of a fault in the period explained, from both sides of each limit."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.explain.verdict.causes.data import CHOOSE
from forecastctl.explain.verdict.rules import find
from forecastctl.records import FleetPoint
from tests.explain.verdict.values import (
    JUST,
    LEVEL,
    RULES,
    case_of,
    faults_named,
    flat,
    others,
    renewed,
    said,
    series,
)

QUIET = others(quiet=9)
ORDINARY = (LEVEL,)


def the_fault(case, name, rules=RULES):
    (fault,) = (f for f in find(case, rules).faults if f.name == name)
    return fault


class TestUnit:
    @pytest.mark.parametrize("factor", [10.0, 100.0, 1000.0, 1e6])
    def test_every_unit_both_ways(self, factor):
        for times in (factor, 1.0 / factor):
            case = case_of(actual=LEVEL * times, after=ORDINARY)
            fault = the_fault(case, "unit")
            assert fault.threshold == pytest.approx(times)
            assert (fault.certainty, fault.share) == (0.97, pytest.approx(1.0))

    @pytest.mark.parametrize("factor", [30.0, 1e4, 1e5, 1e7])
    def test_no_other_factor(self, factor):
        for times in (factor, 1.0 / factor):
            assert faults_named(case_of(actual=LEVEL * times, after=ORDINARY)) == []

    @pytest.mark.parametrize(
        ("sd", "off"),
        [
            (10.0, 0.3),  # three tenths of the forecast
            (200.0, 0.4),  # two usual errors, where these are more
            (400.0, 0.5),  # half of the forecast at most
        ],
    )
    def test_how_far_from_the_forecast(self, sd, off):
        for side in (1.0, -1.0):
            for at, named in ((off - JUST, ["unit"]), (off + JUST, [])):
                actual = (1.0 + side * at) * LEVEL / 1000.0
                assert faults_named(case_of(sd=sd, actual=actual, after=ORDINARY)) == named

    @pytest.mark.parametrize("factor", [10.0, 1000.0])
    def test_neighbours_within_its_square_root(self, factor):
        root = np.sqrt(factor)
        for beside, named in ((root - 0.001, ["unit"]), (root + 0.001, [])):
            for value in (LEVEL * beside, LEVEL / beside):
                case = case_of(actual=LEVEL * factor, after=(value,))
                assert faults_named(case) == named
        before = flat()
        before[-1] = LEVEL / (root + 0.01)
        case = case_of(actual=LEVEL * factor, seen=before, after=ORDINARY)
        assert "unit" not in faults_named(case)

    def test_in_the_newest_month_a_tenth_only_where_others_were_ordinary(self):
        newest = case_of(actual=LEVEL / 10.0)
        for fleet, named in (
            ((), []),
            (others(quiet=1), []),
            (others(quiet=2), ["unit"]),
            (others(quiet=2, below=2), ["unit"]),
            (others(quiet=2, below=3), []),
        ):
            assert faults_named(replace(newest, fleet=fleet)) == named
        assert the_fault(replace(newest, fleet=QUIET), "unit").certainty == 0.85
        for actual in (LEVEL * 10.0, LEVEL / 100.0):
            assert faults_named(case_of(actual=actual)) == ["unit"]
        assert faults_named(case_of(actual=LEVEL / 10.0, after=ORDINARY)) == ["unit"]

    def test_what_is_left_of_the_miss(self):
        fault = the_fault(case_of(actual=0.9, after=ORDINARY), "unit")
        assert fault.share == pytest.approx(1.0 - 100.0 / 999.1)


class TestZero:
    def test_neighbours_within_a_factor_of_two(self):
        for value, named in ((500.0, True), (499.9, False), (2000.0, True), (2000.1, False)):
            assert faults_named(case_of(actual=0.0, after=(value,))) == ["missing"] * named
        before = flat()
        before[-1] = 499.9
        assert faults_named(case_of(actual=0.0, seen=before)) == []

    def test_less_sure_in_the_newest_month(self):
        assert the_fault(case_of(actual=0.0, after=ORDINARY), "missing").certainty == 0.95
        assert the_fault(case_of(actual=0.0), "missing").certainty == 0.8

    def test_a_neighbour_beyond_the_path_is_compared_with_the_year_before(self):
        y = flat()
        y[-12:] = [3000.0, *[1000.0] * 11]  # a season whose first month is thrice the others
        path = [*y[-12:]]
        at_the_end = {"mean": path, "lead": 12, "actual": 0.0, "seen": y}
        known = [*y, *path[:11], 0.0]
        assert faults_named(case_of(**at_the_end, known=[*known, 3000.0])) == ["missing"]
        assert faults_named(case_of(**at_the_end, known=[*known, 1000.0])) == []

    def test_zero_at_most_of_the_others_as_well_is_not_published(self):
        def zeros(count, of):
            return tuple(
                FleetPoint(f"Z{i}", 9.0, 0.0 if i < count else 1.0, True, True) for i in range(of)
            )

        for count, of, name in ((2, 4, "missing"), (3, 5, "unpublished"), (4, 4, "unpublished")):
            case = case_of(actual=0.0, after=ORDINARY, fleet=zeros(count, of))
            assert faults_named(case) == [name]
        assert said(case).name == "data_problem"
        unknown = tuple(FleetPoint(f"Z{i}", 9.0, None, True, True) for i in range(4))
        assert faults_named(replace(case, fleet=unknown)) == ["missing"]

    def test_a_zero_is_no_fault_where_zero_is_usual(self):
        y = flat()
        y[-12:-5] = 0.0  # seven of the last twelve
        assert faults_named(case_of(actual=0.0, seen=y)) == []
        y[-6] = LEVEL
        y[-7] = 1.0
        assert faults_named(case_of(actual=0.0, seen=y)) == ["missing"]
        assert faults_named(case_of(mean=0.0, actual=0.0)) == []


def climbing(n=60):
    """No two values are equal."""
    return LEVEL + np.arange(n, dtype=float)


class TestMovedHistory:
    """Values that the model saw now stand one period off."""

    def moved(self, right, wrong, step=1, seen=None):
        """Of the last ``right + wrong`` values so many moved by a period, others are new."""
        y = climbing() if seen is None else seen
        count = right + wrong
        known = np.append(y, y[-1])
        source = np.append(y, y[-1] + 1.0)
        for k in range(count):
            at = 60 - count + k - (step == 1)
            known[at] = source[at + step] if k < right else 5000.0 + 7.0 * k
        return renewed(case_of(seen=y, actual=900.0), known=known)

    @pytest.mark.parametrize("step", [1, -1])
    def test_three_fifths_of_the_values_since_the_first_changed_one(self, step):
        assert "label_shift" in faults_named(self.moved(6, 4, step))
        assert "label_shift" not in faults_named(self.moved(5, 5, step))
        fault = the_fault(self.moved(10, 0, step), "label_shift")
        assert fault.certainty == 0.97
        assert ("earlier" if step == 1 else "later") in fault.statement

    def test_two_values_at_least(self):
        assert "label_shift" in faults_named(self.moved(2, 0))
        assert "label_shift" not in faults_named(self.moved(1, 0))

    def test_equal_is_within_a_millionth(self):
        case = self.moved(10, 0)
        for off, named in ((0.9e-6, True), (1.1e-6, False)):
            y = case.known.y.copy()
            y[49:59] *= 1.0 + off
            assert ("label_shift" in faults_named(renewed(case, known=y))) == named

    def test_what_is_left_of_the_miss_is_that_of_the_month_beside(self):
        y = climbing()
        late = np.append(y, 700.0)
        late[40:] = [y[39], *y[40:]]
        case = renewed(case_of(seen=y, actual=700.0), known=[*late[:60], 700.0, 950.0])
        case = renewed(case, known=[*late[:60], 700.0, 950.0])
        assert the_fault(case, "label_shift").share == pytest.approx(1.0 - 50.0 / 300.0)


class TestMovedFuture:
    """The months since the cutoff follow the forecast one period off."""

    path = 1000.0 + 200.0 * np.arange(12)

    def followed(self, actuals, lead=5):
        known = [*flat(), *actuals]
        case = case_of(mean=self.path, actual=actuals[lead - 1], lead=lead, known=known)
        return "label_shift" in faults_named(case)

    def late(self, months, off=0.0):
        """Each month is what was forecast for the month before it, and ``off`` more."""
        return [990.0, *(self.path[: months - 1] + off)]

    def test_four_months_at_least(self):
        assert self.followed(self.late(5), lead=4)
        assert not self.followed(self.late(4), lead=4)

    def test_the_month_explained_must_be_among_them(self):
        assert not self.followed(self.late(6), lead=1)

    def test_early_as_well(self):
        case = case_of(
            mean=self.path, actual=self.path[2], lead=2, known=[*flat(), *self.path[1:6]]
        )
        fault = the_fault(case, "label_shift")
        assert "one period early" in fault.statement
        assert fault.certainty == 0.85
        assert fault.share == pytest.approx(1.0)

    def test_at_most_two_fifths_of_the_error_remain(self):
        limit = 200.0 * 0.4 / 1.4  # off / (200 - off) = 0.4
        assert self.followed(self.late(6, limit - 0.01))
        assert not self.followed(self.late(6, limit + 0.01))

    def test_at_most_half_of_the_miss_remains(self):
        for off, named in ((200.0 / 3.0 - 0.01, True), (200.0 / 3.0 + 0.01, False)):
            actuals = self.late(6)
            actuals[4] += off  # off / (200 - off) = 0.5
            assert self.followed(actuals) == named

    def test_three_quarters_of_the_months_are_nearer_so(self):
        for wrong, named in ((1, True), (2, False)):
            actuals = self.late(5)
            for at in range(1, 1 + wrong):
                actuals[at] = self.path[at] - 90.0  # nearer to their own forecast
            assert self.followed(actuals) == named

    def test_a_month_as_near_to_both_is_not_nearer(self):
        actuals = self.late(5)
        actuals[1] = self.path[1] - 90.0
        actuals[2] = self.path[2] - 100.0  # half-way
        assert not self.followed(actuals)


class TestRevisedActual:
    def test_revised_of_the_miss(self):
        case = case_of(actual=500.0, after=ORDINARY)
        for first, named in ((750.0, ["actual_revised"]), (749.9, [])):
            assert faults_named(replace(case, first_actual=first)) == named
        strict = replace(RULES, revised=0.6)
        assert faults_named(replace(case, first_actual=750.0), strict) == []

    def test_not_where_half_of_it_would_be_left_on_the_other_side(self):
        case = case_of(actual=500.0, after=ORDINARY)
        for first, named in ((1250.0, ["actual_revised"]), (1250.1, [])):
            assert faults_named(replace(case, first_actual=first)) == named

    def test_not_where_it_made_the_miss_smaller(self):
        assert faults_named(case_of(actual=500.0, first_actual=400.0, after=ORDINARY)) == []

    def test_not_for_a_millionth(self):
        for off, named in ((0.9e-3, []), (1.1e-3, ["actual_revised"])):
            case = case_of(mean=1000.0015, first_actual=1000.0 + off, after=ORDINARY)
            assert faults_named(case) == named


class TestInDoubt:
    """The newest data hold two values of the month; the forecast is 1,000, the usual error 10."""

    def found(self, first, last):
        return said(case_of(sd=10.0, actual=last, in_doubt=(first, last), fleet=QUIET))

    @pytest.mark.parametrize("values", [(1001.0, 1200.0), (1200.0, 1001.0), (900.0, 1200.0)])
    def test_where_the_miss_depends_on_it_nothing_else_is_told(self, values):
        verdict = self.found(*values)
        assert verdict.name == "data_problem"
        first, last = (f"{value:,.0f}" for value in values)
        assert f"2 different values of this period, {first} and {last}" in verdict.headline
        assert verdict.next_time == (CHOOSE,)

    @pytest.mark.parametrize(
        ("values", "name"),
        [((1001.0, 1004.0), "expected_noise"), ((1200.0, 1190.0), "local_shock")],
    )
    def test_where_it_does_not_the_evidence_says_it(self, values, name):
        verdict = self.found(*values)
        assert verdict.name == name
        (told,) = (e.statement for e in verdict.evidence if e.name == "fault_in_doubt")
        first, last = (f"{value:,.0f}" for value in values)
        assert f"{first} and {last}; the last counts" in told

    def test_from_both_sides_of_the_limits(self):
        for least, share in ((50.0, 1.0), (50.1, 0.0)):  # of the largest, `revised`
            assert the_fault(self.case(1100.0, 1000.0 + least), "in_doubt").share == share
        beyond = 10.0 * RULES.noise_z
        for most, depends in ((beyond + 0.1, True), (beyond - 0.1, False)):
            assert (the_fault(self.case(1000.0, 1000.0 + most), "in_doubt").share > 0) == depends
        assert faults_named(case_of(actual=1200.0)) == []

    def case(self, first, last):
        return case_of(sd=10.0, actual=last, in_doubt=(first, last), fleet=QUIET)


class TestNumbers:
    """The number that speaks for a fault, and what it was compared with."""

    def numbers(self, case, name):
        fault = the_fault(case, name)
        return fault.value, fault.threshold

    def test_of_a_unit(self):
        case = case_of(actual=1.1, after=ORDINARY)
        assert self.numbers(case, "unit") == (pytest.approx(0.0011), 0.001)
        case = case_of(actual=9000.0, after=ORDINARY)
        assert self.numbers(case, "unit") == (9.0, 10.0)

    def test_of_a_zero(self):
        case = case_of(actual=0.0, after=ORDINARY)
        assert self.numbers(case, "missing") == (0.0, LEVEL)
        zero, one = FleetPoint("A", 9.0, 0.0, True, True), FleetPoint("B", 0.0, 1.0, False, True)
        case = replace(case, fleet=(zero, zero, one))
        assert self.numbers(case, "unpublished") == (pytest.approx(2 / 3), 0.5)
        fault = the_fault(case, "unpublished")
        assert (fault.certainty, fault.share) == (0.9, 1.0)
        assert "2 of 3 others" in fault.statement

    def test_of_moved_labels(self):
        case = TestMovedHistory().moved(7, 3)
        assert self.numbers(case, "label_shift") == (0.7, 0.6)
        late = TestMovedFuture().late(6)
        known = [*flat(), *late]
        case = case_of(mean=TestMovedFuture.path, actual=late[4], lead=5, known=known)
        assert self.numbers(case, "label_shift") == (0.0, 0.4)
        assert "the 5 months since the cutoff" in the_fault(case, "label_shift").statement

    def test_of_a_revised_actual(self):
        case = case_of(actual=500.0, first_actual=900.0, after=ORDINARY)
        assert self.numbers(case, "actual_revised") == (0.8, 0.5)
        fault = the_fault(case, "actual_revised")
        assert (fault.certainty, fault.share) == (0.95, pytest.approx(0.8))


def test_the_surest_fault_comes_first():
    case = case_of(actual=1.0, first_actual=990.0)  # a unit less sure than what is on record
    assert faults_named(case) == ["actual_revised", "unit"]
    certain = case_of(actual=1.0, first_actual=990.0, after=ORDINARY)
    assert faults_named(certain) == ["unit", "actual_revised"]


def test_no_fault_without_a_miss():
    case = case_of(first_actual=1200.0)
    assert faults_named(case) == []
    assert find(replace(case, seen=series(flat() * 1.5)), RULES).faults == ()

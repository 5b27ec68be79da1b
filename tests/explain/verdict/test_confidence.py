"""What a verdict says beside its name: how sure, in which words, with which number first."""

import math
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.explain.size import usualness
from forecastctl.explain.standing import ordinary_error, standing
from forecastctl.explain.verdict.breaks import Break
from forecastctl.explain.verdict.rules import judge
from forecastctl.models.usual_error import usual_error
from tests.explain.verdict.values import (
    LEVEL,
    RULES,
    case_of,
    fault_of,
    flat,
    found_of,
    near,
    others,
    said,
)

QUIET = others(quiet=9)


def sure(margin):
    """One half at the threshold, near one far from it."""
    return pytest.approx(1.0 - 0.5 * math.exp(-2.0 * margin), abs=1e-3)


def sure_of(found):
    """The certainty of the cause that decided, before it is brought to how often that is right."""
    assert found.confidence == pytest.approx(
        1.0 - 0.65 * (1.0 - found.candidates[0].certainty), abs=1e-3
    )
    return found.candidates[0].certainty


def verdict(case, **found):
    return judge(found_of(case, **found), RULES)


class TestNoise:
    def test_from_the_limit_down_to_no_miss(self):
        errors = ((30.0,) * 12,) * 8
        usual = usual_error(errors, 1)
        for z in (0.0, 0.6, 0.9):
            case = case_of(actual=LEVEL - usual * z, errors=errors, width=99.0, fleet=QUIET)
            assert case.z == pytest.approx(z)
            assert sure_of(verdict(case)) == (sure((3.0 - z) / 3.0) if z else 1.0)

    def test_at_most_seven_tenths_where_the_backtest_held_no_such_error(self):
        inside = case_of(actual=LEVEL - 1.0, errors=((0.5,) * 12,) * 8, fleet=QUIET)
        found = verdict(inside)
        assert (found.name, sure_of(found)) == ("expected_noise", 0.7)
        assert "its backtest held no such error" in found.headline

    def test_at_most_six_tenths_where_the_miss_is_large(self):
        poor = case_of(mean=100.0, sd=60.0, actual=60.0, fleet=QUIET)
        found = verdict(poor)
        assert (found.name, sure_of(found)) == ("weak_forecast", 0.6)

    def test_less_where_the_limit_is_near(self):
        inside = case_of(actual=LEVEL - 29.0, width=99.0, fleet=QUIET)
        assert verdict(inside).candidates[0].certainty == sure(0.1 / 3.0)

    @pytest.mark.parametrize(
        ("sd", "words"), [(999.0, "999 % of the forecast"), (1000.0, "10 times the forecast")]
    )
    def test_a_usual_error_of_ten_levels_is_said_in_times(self, sd, words):
        case = case_of(mean=100.0, sd=sd, actual=10.0, fleet=QUIET)
        assert verdict(case).headline.endswith(
            f"its usual error is {words}, more than the seasonal naive's"
        )

    def test_the_usual_error_is_that_of_the_smaller_of_level_and_forecast(self):
        case = case_of(mean=3000.0, sd=500.0, actual=1900.0, width=99.0, fleet=QUIET)
        assert verdict(case).headline.endswith(
            "its usual error is 50 % of the level, more than the seasonal naive's"
        )

    def test_outside_the_interval_by_half_widths(self):
        case = case_of(actual=LEVEL - 15.0, width=1.0, fleet=QUIET)
        found = verdict(case)
        assert (found.name, sure_of(found)) == ("cannot_tell", sure(0.5))
        above = case_of(actual=LEVEL + 25.0, width=1.0, fleet=QUIET)
        assert sure_of(verdict(above)) == sure(1.5)
        point = case_of(sd=0.0, actual=LEVEL - 1.0, errors=((12.0,) * 12,) * 8, fleet=QUIET)
        assert sure_of(verdict(point)) == 1.0


class TestCauses:
    def test_of_a_fault_it_is_the_faults(self):
        case = case_of(actual=300.0, fleet=QUIET)
        found = verdict(case, faults=[fault_of("unit", certainty=0.87)])
        assert (found.name, sure_of(found)) == ("data_problem", 0.87)
        assert found.evidence[0].name == "fault_unit"

    def test_of_a_failed_later_run_nine_tenths(self):
        case = case_of(actual=300.0, fleet=QUIET, failed_since="job 7 failed")
        found = verdict(case)
        assert (found.name, sure_of(found)) == ("run_failure", 0.9)
        assert found.evidence[0].statement == "job 7 failed"

    def test_not_where_the_whole_fleet_missed(self):
        case = case_of(actual=300.0, fleet=others(below=9), failed_since="job 7 failed")
        assert verdict(case).name == "system_shock"

    def test_of_a_stand_in_eight_tenths_at_least(self):
        case = case_of(actual=900.0, fleet=QUIET, status="ok-with-fallback", reason="HW failed")
        for miss, confidence in ((30.0, 0.8), (0.0, sure(1.0))):
            found = verdict(case, alternatives=[near("trial", miss, 900.0)])
            assert (found.name, sure_of(found)) == ("run_failure", confidence)
        assert found.evidence[0].statement == "ok-with-fallback: HW failed"

    def test_of_a_better_model_how_much_nearer_it_came(self):
        case = case_of(actual=900.0, fleet=QUIET)
        for miss in (0.0, 20.0, -20.0, 30.0):
            found = verdict(case, alternatives=[near("trial", miss, 900.0)])
            assert (found.name, sure_of(found)) == (
                "stale_model",
                sure((0.5 - abs(miss) / 100.0) / 0.5),
            )
        assert found.evidence[0].name == "alternative"

    def test_of_a_break_how_long_it_could_be_seen(self):
        case = case_of(actual=300.0, fleet=QUIET)
        for before in (3, 7):
            broke = Break("2019-06-01", before, -0.5, 9, None)
            found = verdict(case, broke=broke, reset=300.0)
            assert found.name == "level_shift_before_cutoff"
            assert sure_of(found) == sure((before - 2) / 4)
            assert found.evidence[0].name == "break"
            assert "-39 % since June 2019" in found.headline

    def test_of_a_break_in_unseen_data_how_long_these_were_there(self):
        known = case_of(seen=flat(80)).seen
        for later in (3, 7):
            fresh = replace(known, ds=known.ds[: 60 + later], y=known.y[: 60 + later])
            case = case_of(actual=300.0, fleet=QUIET, lead=12, fresh=fresh)
            broke = Break("2020-01-01", 0, -0.35, 12, None)
            found = verdict(case, broke=broke)
            assert (found.name, sure_of(found)) == ("stale_model", sure((later - 2) / 4))
            assert f"it had not seen {later} periods" in found.headline


class TestShocks:
    def test_system_wide_by_the_share(self):
        for below, of in ((10, 20), (15, 20), (20, 20)):
            found = verdict(case_of(actual=300.0, fleet=others(of - below, below)))
            assert found.name == "system_shock"
            assert sure_of(found) == sure((below / of - 0.5) / 0.5)
        assert found.evidence[0].name == "fleet_share"
        assert "all 20 other airports fell below their 95 % intervals" in found.headline
        high = verdict(case_of(actual=1700.0, fleet=others(above=9)))
        assert "rose above" in high.headline

    def test_local_by_the_nearer_of_two_limits(self):
        small = verdict(case_of(actual=960.0, fleet=QUIET))  # four usual errors
        assert (small.name, sure_of(small)) == ("local_shock", sure(1 / 3))
        shared = verdict(case_of(actual=300.0, fleet=others(quiet=6, below=4)))
        assert (shared.name, sure_of(shared)) == ("local_shock", sure(0.2))

    def test_local_by_the_distance(self):
        case = case_of(actual=300.0, fleet=QUIET, stands_out=-12.0)
        found = verdict(case)
        assert (found.name, sure_of(found)) == ("local_shock", sure(0.5))
        assert "differs from theirs by 12 times what is usual among them" in found.headline

    def test_alone_by_the_miss(self):
        found = verdict(case_of(actual=960.0))
        assert (found.name, sure_of(found)) == ("cannot_tell", sure(1 / 3))
        assert "a single airport" in found.headline
        assert "at least 3 airports" in found.next_time[0]
        few = verdict(case_of(actual=960.0, panel_airports=2))
        assert "too few airports" in few.headline

    def test_since_when_and_until_when(self):
        case = case_of(actual=300.0, fleet=QUIET)
        ends = (("2020-05-01", "was over by May 2020"), (None, "is not over yet"))
        for back, words in ends:
            broke = Break("2020-01-01", 0, -0.35, 1, back)
            text = verdict(case, broke=broke).headline
            assert text.endswith(f"; it began in January 2020 and {words}")
        before = Break("2019-06-01", 1, -0.35, 9, None)
        assert "it began" not in verdict(case, broke=before).headline


class TestUsual:
    """What a miss inside the interval may be called."""

    def test_large_from_half_of_the_actual_on(self):
        assert usualness(500.0, 1000.0, 50.0, 1.0) == "usual"
        assert usualness(-500.1, 1000.0, 50.0, 1.0) == "poor"
        assert usualness(0.1, 0.0, 50.0, 0.1) == "poor"

    def test_inside_alone_where_the_backtest_never_erred_so(self):
        assert usualness(1.0, 1000.0, 99.9, 0.1) == "well"
        assert usualness(1.0, 1000.0, 100.0, 0.1) == "inside"
        assert usualness(1.0, 1000.0, None, 0.1) == "inside"

    def test_nothing_is_said_of_a_backtest_where_there_was_none(self):
        found = said(case_of(sd=10.0, actual=985.0, fleet=others(quiet=9)))
        assert found.headline == (
            "inside its 95 % interval; there was no backtest to compare it with"
        )

    def test_well_up_to_half_of_the_limit(self):
        assert usualness(1.0, 1000.0, 50.0, 0.5) == "well"
        assert usualness(1.0, 1000.0, 50.0, 0.5001) == "usual"
        assert usualness(1.0, 1000.0, 50.0) == "usual"

    def test_without_a_recorded_interval_one_of_96_standard_deviations(self):
        case = case_of()
        case = replace(case, forecast=replace(case.forecast, intervals={}))
        assert case.stated == pytest.approx((1000.0 - 19.59964, 1000.0 + 19.59964))
        low = case_of(mean=10.0)
        assert replace(low, forecast=replace(low.forecast, intervals={})).stated[0] == 0.0


class TestStanding:
    def test_eight_errors_of_the_lead_or_all(self):
        rows = [(1.0, 50.0)] * 8
        assert standing(5.0, 1.0, 1, rows).percentile == 100.0
        few = standing(5.0, 1.0, 1, rows[:7])
        assert (few.same_lead, few.compared, few.percentile) == (False, 14, 50.0)

    @pytest.mark.parametrize("lead", [1, 2, 4, 12])
    def test_the_usual_error_is_the_monitors_by_lead_or_what_is_stated(self, lead):
        rows = [(1.0, 2.0, 3.0, 40.0)] * 3
        assert ordinary_error(0.0, lead, rows) == usual_error(rows, lead)
        assert ordinary_error(99.0, lead, rows) == 99.0
        assert ordinary_error(7.0, lead, []) == 7.0

    def test_a_miss_without_any_usual_error_is_infinite(self):
        assert case_of(sd=0.0).z == 0.0
        assert case_of(sd=0.0, actual=999.0).z == np.inf
        assert case_of(sd=20.0, actual=950.0).z == 2.5


class TestEvidence:
    def numbers(self, case, **found):
        return {e.name: (e.value, e.threshold) for e in verdict(case, **found).evidence}

    def test_every_number_with_its_threshold(self):
        case = case_of(actual=900.0, fleet=others(8, 2), stands_out=-3.0)
        broke = Break("2019-06-01", 2, -0.35, 9, None)
        close = near("trial", 60.0, 900.0)
        assert self.numbers(case, broke=broke, reset=840.0, alternatives=[close]) == {
            "fleet_share": (0.2, 0.5),
            "fleet_distance": (3.0, 8.0),
            "noise": (10.0, 3.0),
            "interval": (900.0, 980.4),
            "break": (2.0, 3.0),
            "break_reset": (60.0, 50.0),
            "alternative": (60.0, 50.0),
        }

    def test_the_interval_by_its_nearer_end(self):
        assert self.numbers(case_of(actual=1001.0))["interval"] == (1001.0, 1019.6)
        assert self.numbers(case_of(actual=999.0))["interval"] == (999.0, 980.4)

    def test_what_decided_comes_first(self):
        case = case_of(actual=900.0, fleet=QUIET)
        assert said(case).evidence[0].name == "fleet_share"
        assert said(replace(case, actual=999.0)).evidence[0].name == "noise"
        assert said(case_of(actual=970.5, fleet=QUIET)).evidence[0].name == "interval"

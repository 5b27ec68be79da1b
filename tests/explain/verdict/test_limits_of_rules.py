"""Every threshold of the verdict, from both sides: what holds at it, and what just beyond it.

The expected answers are reasoned from docs/explanation/verdicts.md, not from what the code says.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.explain.verdict.breaks import Break
from forecastctl.explain.verdict.rules import find, judge
from forecastctl.records import FleetPoint
from tests.explain.verdict.values import (
    JUST,
    RULES,
    case_of,
    found_of,
    named,
    near,
    others,
    wavy,
)

QUIET = others(quiet=9)
FALLBACK = {"status": "ok-with-fallback", "reason": "HW failed"}


def miss_of(z, **more):
    """A miss of so many usual errors, too high; the interval is wide enough to allow for it."""
    return case_of(actual=1000.0 - 10.0 * z, **{"width": 99.0, "fleet": QUIET, **more})


def break_of(before_cutoff=7, change=-0.35):
    return Break("2019-06-01", before_cutoff, change, before_cutoff + 1, None)


class TestNoise:
    def test_up_to_noise_z_usual_errors_a_miss_without_a_cause_is_noise(self):
        assert named(miss_of(3.0)) == "expected_noise"
        assert named(miss_of(3.0 + JUST)) == "local_shock"
        assert named(miss_of(-3.0)) == "expected_noise"
        assert named(miss_of(-3.0 - JUST)) == "local_shock"
        assert named(miss_of(3.0 + JUST), replace(RULES, noise_z=3.1)) == "expected_noise"

    @pytest.mark.parametrize("more", [{}, FALLBACK])
    def test_nothing_comes_nearer_than_a_forecast_that_was_exactly_right(self, more):
        """Nobody was forecast and nobody came, as on the days on which nobody flies."""
        case = miss_of(0.0, **more)
        perfect = near("trial", 0.0, case.actual)
        assert named(case, alternatives=[perfect]) == "expected_noise"

    def test_up_to_doubt_z_no_cause_is_looked_for(self):
        for z, name in ((2.0, "expected_noise"), (2.0 + JUST, "stale_model")):
            case = miss_of(z)
            perfect = near("trial", 0.0, case.actual)
            assert named(case, alternatives=[perfect]) == name
        assert named(case, replace(RULES, doubt_z=2.1), alternatives=[perfect]) == "expected_noise"

    def test_outside_the_interval_even_a_small_miss_may_have_a_cause(self):
        case = miss_of(1.0, width=0.9)
        assert named(case, alternatives=[near("trial", 0.0, case.actual)]) == "stale_model"
        assert named(case) == "cannot_tell"
        assert named(miss_of(1.0, width=1.0)) == "expected_noise"  # its ends belong to it

    def test_where_a_stand_in_made_the_forecast_doubt_begins_at_one_and_a_half(self):
        for z, name in ((1.5, "expected_noise"), (1.5 + JUST, "run_failure")):
            case = miss_of(z, **FALLBACK)
            perfect = near("trial", 0.0, case.actual)
            assert named(case, alternatives=[perfect]) == name

    def test_where_a_later_run_failed_doubt_begins_at_one_and_a_half(self):
        for z, name in ((1.5, "expected_noise"), (1.5 + JUST, "run_failure")):
            assert named(miss_of(z, failed_since="job 7 failed")) == name

    def test_a_break_is_looked_for_from_there_on(self):
        y = wavy(size=0.0)
        y[-4:] *= 0.6
        cases = {
            z: case_of(mean=600.0, actual=600.0 - 10.0 * z, seen=y) for z in (1.2, 1.5, 1.5 + JUST)
        }
        assert find(cases[1.5], RULES).broke is None
        assert find(cases[1.5 + JUST], RULES).broke.began == "2019-09-01"
        assert find(cases[1.2], replace(RULES, doubt_z=1.0)).broke is not None


class TestDistance:
    @pytest.mark.parametrize("sign", [1, -1])
    def test_fleet_z_deviations_on_the_side_of_the_miss(self, sign):
        actual = 1000.0 * np.exp(-0.35 * sign)
        case = case_of(sd=1000.0, actual=actual, fleet=QUIET)
        assert named(replace(case, stands_out=-8.0 * sign)) == "local_shock"
        assert named(replace(case, stands_out=-(8.0 - JUST) * sign)) == "expected_noise"
        assert named(replace(case, stands_out=8.0 * sign)) == "expected_noise"
        higher = replace(RULES, fleet_z=9.0)
        assert named(replace(case, stands_out=-8.0 * sign), higher) == "expected_noise"

    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_miss_of_a_quarter_in_logarithms(self, sign):
        for log, name in ((0.25 + JUST, "local_shock"), (0.25 - JUST, "expected_noise")):
            actual = 1000.0 * np.exp(-log * sign)
            case = case_of(sd=1000.0, actual=actual, fleet=QUIET, stands_out=-9.0 * sign)
            assert named(case) == name

    def test_nothing_where_something_was_forecast_is_far_off(self):
        zero = case_of(sd=1000.0, actual=0.0, fleet=QUIET, stands_out=-9.0)
        assert named(zero) == "local_shock"
        nothing = case_of(mean=0.0, sd=1000.0, actual=50.0, fleet=QUIET, stands_out=9.0)
        assert named(nothing) == "local_shock"

    def test_it_comes_before_a_better_model(self):
        case = case_of(actual=500.0, fleet=QUIET, stands_out=-9.0)
        perfect = near("trial", 0.0, 500.0)
        assert named(case, alternatives=[perfect]) == "local_shock"
        assert named(replace(case, stands_out=None), alternatives=[perfect]) == "stale_model"


class TestFleet:
    def test_system_share_of_the_others(self):
        case = case_of(actual=300.0)
        assert named(replace(case, fleet=others(10, 10))) == "system_shock"
        assert named(replace(case, fleet=others(11, 10))) == "local_shock"
        lower = replace(RULES, system_share=0.4)
        assert named(replace(case, fleet=others(3, 2, z=9.0)), lower) == "local_shock"
        half_z = tuple(FleetPoint(f"H{i}", 2.0, 0.9, False, True) for i in range(6))
        assert named(replace(case, fleet=(*half_z, *others(0, 4))), lower) == "system_shock"

    def test_of_seven_others_or_fewer_it_must_be_more(self):
        """Three sevenths are as many as asked for; in a small fleet that is no majority."""
        case = case_of(actual=300.0)
        quiet = tuple(FleetPoint(f"Q{i}", 1.9, 0.9, False, True) for i in range(4))
        of_seven, of_eight = (*quiet, *others(0, 3)), (*quiet, *others(0, 4))
        assert named(replace(case, fleet=of_seven), replace(RULES, system_share=3 / 7)) == (
            "local_shock"
        )
        assert named(replace(case, fleet=of_eight)) == "system_shock"
        assert named(replace(case, fleet=(*quiet[:3], *others(0, 4)))) == "system_shock"

    def test_on_the_side_of_this_airport(self):
        low, high = case_of(actual=300.0), case_of(actual=1700.0)
        assert named(replace(low, fleet=others(below=9))) == "system_shock"
        assert named(replace(low, fleet=others(above=9))) == "local_shock"
        assert named(replace(high, fleet=others(above=9))) == "system_shock"
        assert named(replace(high, fleet=others(below=9))) == "local_shock"

    def test_half_of_the_others_by_one_and_a_half_deviations(self):
        case = case_of(actual=300.0)
        assert named(replace(case, fleet=others(below=9, z=1.5))) == "system_shock"
        assert named(replace(case, fleet=others(below=9, z=1.5 - JUST))) == "local_shock"

    def test_this_airport_by_one_and_a_half_usual_errors(self):
        """Then the fleet overrules a wide interval, below that it does not."""
        assert named(miss_of(1.5, fleet=others(below=9))) == "system_shock"
        assert named(miss_of(1.5 - JUST, fleet=others(below=9))) == "expected_noise"

    def test_fleet_least_airports_this_one_included(self):
        two, three = case_of(actual=300.0, fleet=others(1)), case_of(actual=300.0, fleet=others(2))
        assert named(two) == "cannot_tell"
        assert named(three) == "local_shock"
        assert named(replace(two, fleet=others(below=1))) == "cannot_tell"
        assert named(replace(three, fleet=others(below=2))) == "system_shock"
        assert named(three, replace(RULES, fleet_least=4)) == "cannot_tell"


class TestAlternatives:
    def test_near_of_the_miss(self):
        case = miss_of(5.0)  # 50 passengers
        for miss, name in ((25.0, "stale_model"), (25.0 + JUST, "local_shock")):
            for side in (miss, -miss):
                assert named(case, alternatives=[near("trial", side, case.actual)]) == name
        closer = replace(RULES, near=0.4)
        assert named(case, closer, alternatives=[near("trial", 25.0, case.actual)]) == "local_shock"

    def test_in_doubt_half_of_that(self):
        case = miss_of(3.0)  # 30 passengers: at most 7.5
        for miss, name in ((7.5, "stale_model"), (7.5 + JUST, "expected_noise")):
            assert named(case, alternatives=[near("trial", miss, case.actual)]) == name

    def test_a_stand_in_is_a_cause_on_record_and_needs_no_half(self):
        case = miss_of(3.0, **FALLBACK)
        for miss, name in ((15.0, "run_failure"), (15.0 + JUST, "expected_noise")):
            assert named(case, alternatives=[near("trial", miss, case.actual)]) == name

    def test_within_noise_z_usual_errors(self):
        case = miss_of(70.0)  # 700 passengers, half of them 350
        for miss, name in ((30.0, "stale_model"), (30.0 + JUST, "local_shock")):
            assert named(case, alternatives=[near("trial", miss, case.actual)]) == name

    def test_the_same_specification_on_newer_data_need_not_be(self):
        case = miss_of(70.0)
        for miss, name in ((350.0, "stale_model"), (350.0 + JUST, "local_shock")):
            assert named(case, alternatives=[near("refit", miss, case.actual, None)]) == name

    def test_a_trial_must_have_been_comparable(self):
        case = miss_of(5.0)
        best = near("trial", 40.0, case.actual, loss=0.8, trial=2)
        for loss, name in ((1.0, "stale_model"), (1.0 + JUST, "local_shock")):
            trial = near("trial", 1.0, case.actual, loss=loss)
            assert named(case, alternatives=[trial, best]) == name

    @pytest.mark.parametrize("kind", ["baseline", "champion", "refit"])
    def test_others_always_are(self, kind):
        case = miss_of(5.0)
        best = near("trial", 40.0, case.actual, loss=0.8, trial=2)
        poor = near(kind, 1.0, case.actual, loss=9.0)
        assert named(case, alternatives=[poor, best]) == "stale_model"

    def test_an_unfair_one_hides_no_fair_one(self):
        case = miss_of(5.0)
        unfair = near("trial", 1.0, case.actual, loss=3.0, trial=2)
        fair = near("trial", 2.0, case.actual, loss=1.0, trial=1)
        verdict = judge(found_of(case, alternatives=[unfair, fair]), RULES)
        assert verdict.name == "stale_model"
        assert "trial 1" in verdict.headline


class TestBreaks:
    """A break before the cutoff, and a level after it that came near."""

    def shifted(self, case, reset=0.0, rules=RULES, **broke):
        """Name of the verdict; ``reset`` is how far off the level after the break is."""
        broke = break_of(**{"change": -0.5, **broke})
        found = found_of(case, broke=broke, reset=case.actual + reset)
        return judge(found, rules).name

    def test_as_large_as_half_of_the_miss(self):
        """Of 1000 forecast, 700 too many; the level after the break came near by chance."""
        case = miss_of(70.0)
        least = math.log(1.0 - 0.35)
        assert self.shifted(case, change=least - JUST) == "level_shift_before_cutoff"
        assert self.shifted(case, change=least + JUST) == "local_shock"

    def test_visible_periods_before_the_cutoff(self):
        case = miss_of(70.0)
        assert self.shifted(case, before_cutoff=3) == "level_shift_before_cutoff"
        assert self.shifted(case, before_cutoff=2) == "local_shock"
        assert self.shifted(case, rules=replace(RULES, visible=8)) == "local_shock"

    def test_at_most_two_seasons_before_it(self):
        case = miss_of(70.0)
        assert self.shifted(case, before_cutoff=24) == "level_shift_before_cutoff"
        assert self.shifted(case, before_cutoff=25) == "local_shock"

    def test_towards_the_miss(self):
        assert self.shifted(miss_of(70.0), change=0.5) == "local_shock"
        assert self.shifted(miss_of(-70.0), change=0.5) == "level_shift_before_cutoff"
        assert self.shifted(miss_of(-70.0), change=-0.5) == "local_shock"

    @pytest.mark.parametrize("side", [1, -1])
    def test_the_level_after_it_within_near(self, side):
        case = miss_of(70.0)
        assert self.shifted(case, reset=350.0 * side) == "level_shift_before_cutoff"
        assert self.shifted(case, reset=(350.0 + JUST) * side) == "local_shock"

    def test_without_a_level_after_it_nothing_is_said(self):
        assert named(miss_of(70.0), broke=break_of(), reset=None) == "local_shock"

    def test_in_doubt_no_older_than_a_season(self):
        case = miss_of(3.0)
        assert self.shifted(case, before_cutoff=12) == "level_shift_before_cutoff"
        assert self.shifted(case, before_cutoff=13) == "expected_noise"
        assert self.shifted(miss_of(3.0 + JUST), before_cutoff=13) == "level_shift_before_cutoff"

    def test_in_doubt_of_a_clear_size(self):
        for change, name in ((0.14, "level_shift_before_cutoff"), (0.14 - JUST, "expected_noise")):
            assert self.shifted(miss_of(3.0), change=-change) == name
            assert self.shifted(miss_of(-3.0), change=change) == name
        small = miss_of(3.0 + JUST)
        assert self.shifted(small, change=-0.05) == "level_shift_before_cutoff"

    def test_in_doubt_within_half_of_near(self):
        case = miss_of(3.0)  # 30 passengers: a quarter is 7.5
        assert self.shifted(case, reset=7.5) == "level_shift_before_cutoff"
        assert self.shifted(case, reset=7.5 + JUST) == "expected_noise"

    def test_it_comes_before_a_better_model_and_after_a_failed_run(self):
        case = miss_of(70.0)
        both = found_of(
            case,
            broke=break_of(change=-0.5),
            reset=case.actual,
            alternatives=[near("trial", 0.0, case.actual)],
        )
        assert judge(both, RULES).name == "level_shift_before_cutoff"
        failed = replace(both, case=replace(case, failed_since="job 7 failed"))
        assert judge(failed, RULES).name == "run_failure"


class TestUnseen:
    """A break in data that were there and that the model had not seen."""

    def fresh(self, later, before_cutoff=0, rules=RULES, change=-0.35, z=70.0):
        case = miss_of(z, lead=12, known=wavy(80, 0.0))
        case = replace(case, fresh=replace(case.known, ds=case.known.ds[: 60 + later]))
        return named(case, rules, broke=break_of(before_cutoff, change), reset=None)

    def test_visible_periods_before_they_ended(self):
        assert self.fresh(later=3) == "stale_model"
        assert self.fresh(later=2) == "local_shock"
        assert self.fresh(later=5, before_cutoff=-2) == "stale_model"
        assert self.fresh(later=5, before_cutoff=-3) == "local_shock"
        assert self.fresh(later=3, rules=replace(RULES, visible=4)) == "local_shock"

    def test_after_the_cutoff_alone(self):
        assert self.fresh(later=8, before_cutoff=1) == "local_shock"

    def test_towards_the_miss(self):
        assert self.fresh(later=8, change=0.35) == "local_shock"
        assert self.fresh(later=8, change=0.35, z=-70.0) == "stale_model"

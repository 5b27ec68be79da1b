"""Verdicts: each on a case made for it, with the numbers that decided."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.explain.verdict.faults import faults
from forecastctl.explain.verdict.fleet import stands_out, view_fleet
from forecastctl.explain.verdict.rules import VERDICTS, find, judge
from forecastctl.records import ExplainRules, FleetPoint
from tests.explain.cases import HW, NAIVE, fleet, make_case, monthly, trial

RULES = ExplainRules()


def verdict(case, rules=RULES):
    found = judge(find(case, rules), rules)
    assert found.name in VERDICTS
    assert 0.5 <= found.confidence <= 1
    assert found.evidence
    return found


def after(factor):
    def change(y, n):
        y[n:] *= factor
        return y

    return change


def once(factor, lead=3):
    def change(y, n):
        y[n + lead - 1] *= factor
        return y

    return change


def test_an_ordinary_miss_is_noise():
    found = verdict(make_case(fleet=fleet(20, 0.1, False), panel_airports=21))
    assert found.name == "expected_noise"


def test_most_of_the_fleet_on_the_same_side_is_a_system_shock():
    case = make_case(change=after(0.4), fleet=fleet(20, 9.0, True), panel_airports=21)
    found = verdict(case)
    assert found.name == "system_shock"
    assert "all 20 other airports fell below their 95 % intervals" in found.headline
    assert found.evidence[0].value == 1.0


def test_one_airport_alone_is_a_local_shock():
    case = make_case(change=after(0.6), fleet=fleet(20, 0.2, False), panel_airports=21)
    found = verdict(case)
    assert found.name == "local_shock"
    assert "not over yet" in found.headline


def test_a_single_airport_cannot_tell_local_from_system_wide():
    found = verdict(make_case(change=after(0.6)))
    assert found.name == "cannot_tell"
    assert "cannot tell local from system-wide" in found.headline
    assert found.next_time


@pytest.mark.parametrize("factor", [0.001, 0.01, 100.0, 1000.0])
def test_a_month_in_another_unit_is_a_data_problem(factor):
    found = verdict(make_case(change=once(factor), fleet=fleet(9, 0.1, False)))
    assert found.name == "data_problem"
    assert found.evidence[0].name == "fault_unit"


def test_a_zero_amid_ordinary_months_is_a_data_problem():
    found = verdict(make_case(change=once(0.0), fleet=fleet(9, 0.1, False)))
    assert (found.name, found.evidence[0].name) == ("data_problem", "fault_missing")


def test_labels_one_month_late_are_a_data_problem():
    def late(y, n):
        y[n + 1 :] = y[n:-1].copy()
        return y

    case = make_case(lead=6, change=late, fleet=fleet(9, 0.1, False))
    assert [f.name for f in faults(case, RULES)][:1] == ["label_shift"]


def test_values_that_moved_by_one_month_are_a_data_problem():
    case = make_case(lead=4)
    y = case.known.y.copy()
    y[30:] = case.known.y[29:-1]
    case = replace(case, known=replace(case.known, y=y), actual=float(y[75]))
    names = [f.name for f in faults(case, RULES)]
    assert "label_shift" in names


def test_a_revision_that_explains_the_miss_is_a_data_problem():
    base = make_case(lead=1)
    wrong = base.seen.y.copy()
    wrong[-6:] *= 1.5
    case = make_case(lead=1, seen_y=wrong, fleet=fleet(9, 0.1, False))
    found = verdict(case)
    assert (found.name, found.evidence[0].name) == ("data_problem", "fault_revision")


def test_an_actual_revised_since_is_a_data_problem():
    plain = make_case()
    case = replace(plain, actual=plain.actual * 2, first_actual=plain.actual)
    y = case.known.y.copy()
    y[74] = case.actual
    case = replace(case, known=replace(case.known, y=y), fleet=fleet(9, 0.1, False))
    found = verdict(case)
    assert found.name == "data_problem"
    assert "first recorded as" in found.evidence[0].statement


def test_a_break_before_the_cutoff_should_have_been_caught():
    def before(y, n):
        y[n - 6 :] *= 0.6
        return y

    case = make_case(lead=2, change=before, model=NAIVE, fleet=fleet(9, 0.1, False))
    found = verdict(case)
    assert found.name == "level_shift_before_cutoff"
    assert "6 periods before the cutoff" in found.headline


def test_a_better_trial_on_record_makes_a_stale_model():
    def ramp(y, n):
        return y + 12.0 * np.arange(len(y))

    case = make_case(
        lead=12,
        change=ramp,
        model=NAIVE,
        trials=(trial(0, NAIVE, 1.0), trial(3, HW, 0.5)),
        fleet=fleet(9, 0.1, False),
    )
    case = replace(case, model=replace(case.model, backtest_errors=()))
    case = replace(case, forecast=replace(case.forecast, sd=case.forecast.sd * 0.2))
    found = verdict(case)
    assert found.name == "stale_model"
    assert "trial 3" in found.headline
    failed = verdict(replace(case, status="ok-with-fallback", reason="HW failed"))
    assert failed.name == "run_failure"


def test_data_that_were_there_and_not_used_make_a_stale_model():
    def fall(y, n):
        y[n + 2 :] -= 500.0
        return y

    case = make_case(lead=12, change=fall, fleet=fleet(9, 0.1, False))
    fresh = replace(case.known, ds=case.known.ds[:82], y=case.known.y[:82])
    found = verdict(replace(case, fresh=fresh))
    assert found.name == "stale_model"
    assert "that were there" in found.headline


def test_a_model_that_had_not_seen_a_break_that_was_there_is_stale():
    def fall(y, n):
        y[n + 2 :] *= 0.3
        return y

    case = make_case(lead=12, change=fall)
    fresh = replace(case.known, ds=case.known.ds[:80], y=case.known.y[:80])
    found = verdict(replace(case, fresh=fresh))
    assert found.name == "stale_model"
    assert "had not seen 8 periods" in found.headline
    early = replace(case.known, ds=case.known.ds[:73], y=case.known.y[:73])
    assert verdict(replace(case, fresh=early)).name == "cannot_tell"


def test_a_later_run_that_failed_is_to_blame():
    case = make_case(change=after(0.6), fleet=fleet(9, 0.1, False))
    found = verdict(replace(case, failed_since="job x failed with data up to y: no memory"))
    assert found.name == "run_failure"
    assert "no memory" in found.headline
    quiet = replace(make_case(), failed_since="job x failed")
    assert verdict(quiet).name == "expected_noise"


def test_the_rules_can_be_set():
    case = make_case(change=after(0.9), fleet=fleet(20, 0.2, False))
    assert verdict(case).name != "expected_noise"
    assert verdict(case, replace(RULES, noise_z=1000.0)).name == "cannot_tell"  # not a shock
    wide = make_case(change=after(0.4), fleet=(*fleet(6, 9.0, True), *fleet(14, 0.1, False)))
    assert verdict(wide).name == "local_shock"
    assert verdict(wide, replace(RULES, system_share=0.25)).name != "expected_noise"


class TestFleet:
    def test_shares_and_direction(self):
        others = [
            FleetPoint("a", 5.0, 0.5, True, True),
            FleetPoint("b", 4.0, 0.6, True, True),
            FleetPoint("c", -3.0, 1.4, True, False),
            FleetPoint("d", 0.1, 1.0, False, True),
        ]
        view = view_fleet(others, miss=10.0)
        assert (view.airports, view.share_outside, view.share_same) == (5, 0.75, 0.5)
        assert view.direction == "mixed"
        assert view.median_z == pytest.approx(2.05)
        assert [p.airport for p in view.worst] == ["a", "b", "c", "d"]
        assert view_fleet(others, miss=-10.0).share_same == 0.25

    def test_alone(self):
        view = view_fleet([], miss=1.0)
        assert (view.airports, view.share_outside, view.direction) == (1, None, None)

    def test_one_airport_that_falls_alone_stands_out(self):
        y = np.column_stack([monthly(60, seed).y for seed in range(12)])
        fallen = y.copy()
        fallen[50, 3] *= 0.6
        assert stands_out(fallen, 3, 48, 50, 12) < -6
        assert abs(stands_out(fallen, 4, 48, 50, 12)) < 4

    def test_a_fall_of_all_makes_none_stand_out(self):
        y = np.column_stack([monthly(60, seed).y for seed in range(12)])
        y[50:] *= 0.2
        assert abs(stands_out(y, 3, 48, 50, 12)) < 4

    def test_few_peers_or_no_earlier_season_say_nothing(self):
        y = np.column_stack([monthly(60, seed).y for seed in range(12)])
        assert stands_out(y[:, :5], 3, 48, 50, 12) is None
        assert stands_out(y[45:], 3, 3, 5, 12) is None

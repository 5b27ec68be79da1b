"""When a fault of the data is worth more than "usual", from both sides of each limit."""

from dataclasses import replace

import numpy as np
import pytest

from tests.explain.verdict.values import JUST, RULES, case_of, fault_of, named, others, wavy

QUIET = others(quiet=9)


class TestFaultsAndNoise:
    """A fault beside a miss that the interval calls usual must outweigh that."""

    def test_it_must_explain_revised_of_the_miss(self):
        case = case_of(mean=3000.0, sd=5000.0, actual=1000.0, fleet=QUIET)
        for share, name in ((0.5, "data_problem"), (0.5 - JUST, "weak_forecast")):
            assert named(case, faults=[fault_of("revision", share)]) == name
        higher = replace(RULES, revised=0.6)
        assert named(case, higher, faults=[fault_of("revision")]) == "data_problem"
        assert named(case, higher, faults=[fault_of("revision", 0.5)]) == "weak_forecast"

    def test_beyond_noise_any_fault_is_named(self):
        case = case_of(actual=300.0, fleet=QUIET)
        assert named(case, faults=[fault_of("unit", share=0.1)]) == "data_problem"

    @pytest.mark.parametrize("name", ["revision", "actual_revised"])
    def test_on_record_a_miss_of_half_of_the_actual(self, name):
        for actual, verdict in ((2000.0 - 0.1, "data_problem"), (2000.0 + 0.1, "expected_noise")):
            case = case_of(mean=3000.0, sd=5000.0, actual=actual, seen=wavy(size=2.0), fleet=QUIET)
            assert named(case, faults=[fault_of(name)]) == verdict

    def test_any_other_by_doubt_z_usual_changes_from_season_to_season(self):
        y = wavy(size=0.1)  # log changes of 0.1 and -0.1: a spread of 0.14826 of the level
        level = float(y[-1])
        assert level == 1000.0
        limit = 2.0 * 0.14826 * level
        for miss, verdict in ((limit + 0.01, "data_problem"), (limit - 0.01, "expected_noise")):
            case = case_of(mean=3000.0, sd=5000.0, actual=3000.0 - miss, seen=y, fleet=QUIET)
            assert named(case, faults=[fault_of("unit_seen")]) == verdict
        strict = replace(RULES, doubt_z=2.1)
        case = case_of(mean=3000.0, sd=5000.0, actual=3000.0 - limit - 0.01, seen=y, fleet=QUIET)
        assert named(case, strict, faults=[fault_of("unit_seen")]) == "expected_noise"

    def test_the_measure_grows_with_the_seasons_ahead(self):
        limit = 2.0 * 148.26 * np.sqrt(2.0)
        for miss, verdict in ((limit + 0.1, "data_problem"), (limit - 0.1, "expected_noise")):
            wide = {"mean": 3000.0, "sd": 5000.0, "seen": wavy(), "fleet": QUIET}
            case = case_of(actual=3000.0 - miss, lead=13, h=13, **wide)
            assert named(case, faults=[fault_of("unit_seen")]) == verdict

    def test_eight_changes_at_least_are_known(self):
        for n, verdict in ((20, "data_problem"), (19, "cannot_tell")):
            y = wavy(n, size=0.0)
            case = case_of(mean=3000.0, sd=5000.0, actual=1500.0, seen=y, fleet=QUIET)
            assert named(case, faults=[fault_of("unit_seen")]) == verdict

    @pytest.mark.parametrize("name", ["missing", "unpublished"])
    def test_a_zero_where_there_was_none_for_two_seasons(self, name):
        for back, verdict in ((24, "weak_forecast"), (25, "data_problem")):
            y = wavy(size=0.0)
            y[-back] = 0.0
            case = case_of(sd=1000.0, actual=0.0, seen=y, fleet=QUIET)
            assert named(case, faults=[fault_of(name)]) == verdict

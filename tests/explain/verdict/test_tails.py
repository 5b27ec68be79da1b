"""The limit of noise lies as far out as the tails of the fleet's errors make it."""

from statistics import NormalDist

import pytest

from forecastctl.explain.verdict.spread import HEAVIEST, with_tails
from forecastctl.models.combination.widths import LEVELS, PRIOR
from forecastctl.records import ExplainRules

RULES = ExplainRules()
NORMAL = tuple((level, NormalDist().inv_cdf(0.5 + level / 200.0)) for level in LEVELS)


def widened(last: float):
    """Widths of a fleet whose 99 % interval is so many times as wide as a normal one's."""
    return (*NORMAL[:-1], (99, NORMAL[-1][1] * last))


def test_normal_errors_leave_it_where_it_is():
    assert with_tails(RULES, NORMAL).noise_z == pytest.approx(3.0)


def test_a_width_for_all_levels_is_no_tail():
    """Twice as wide at every level is a wider standard deviation, which the miss is divided by."""
    assert with_tails(RULES, tuple((k, 2.0 * w) for k, w in NORMAL)).noise_z == pytest.approx(3.0)


def test_heavier_tails_move_it_out_by_as_much():
    assert with_tails(RULES, widened(1.2)).noise_z == pytest.approx(3.6)
    assert with_tails(RULES, PRIOR).noise_z == pytest.approx(3.2236, abs=1e-4)


def test_lighter_tails_and_absurd_ones_have_an_end():
    assert with_tails(RULES, widened(0.8)).noise_z == 3.0
    assert with_tails(RULES, widened(9.0)).noise_z == 3.0 * HEAVIEST


def test_rows_without_widths_say_nothing_of_tails():
    assert with_tails(RULES, ()) is RULES


def test_the_other_limits_stay():
    found = with_tails(RULES, widened(1.2))
    assert (found.doubt_z, found.fleet_z, found.near) == (RULES.doubt_z, RULES.fleet_z, RULES.near)

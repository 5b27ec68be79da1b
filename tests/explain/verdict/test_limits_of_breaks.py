"""Breaks and their ends, from both sides of each limit.

A series is made from its changes against one season earlier, which are what is searched.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from forecastctl.explain.verdict.breaks import Break, find_break
from forecastctl.explain.verdict.evidence import evidence
from forecastctl.explain.verdict.rules import find
from tests.explain.verdict.values import JUST, LEVEL, RULES, M, case_of, found_of, months, series

ZEROS = np.zeros(44)


def changing(changes):
    """A series whose log changes against one season earlier are these."""
    logs = np.zeros(M + len(changes))
    for at, change in enumerate(changes):
        logs[M + at] = logs[at] + change
    return series(LEVEL * np.exp(logs))


def broke(changes, at=-1, cutoff=-1):
    """The break that one of the months stands in."""
    made = changing(changes)
    return find_break(made, made.ds[at], made.ds[cutoff])


def month(changes, at):
    """First day of the month of one of the changes."""
    return str(months(1, M + at if at >= 0 else M + len(changes) + at)[0])


def test_the_penalty_of_a_changepoint():
    """Three times the variance of the noise times the logarithm of the length.

    Four months that are off by ``d`` save ``4 * 44 / 48 * d**2``. The noise of changes that go up
    and down by ``a`` is ``2 a / (0.6745 * sqrt(2))``.
    """
    wave = 0.02 * (-1.0) ** np.arange(48)
    noise = 0.04 / (0.6745 * math.sqrt(2.0))
    least = math.sqrt(3.0 * noise**2 * math.log(48) * 48 / (4 * 44))
    for d, found in ((least * 0.99, False), (least * 1.01, True)):
        changes = wave + np.where(np.arange(48) >= 44, d, 0.0)
        assert (broke(changes) is not None) == found


def test_a_single_month_is_told_from_a_quiet_past():
    """Noise is credited with 0.01 at least: a month of 0.06 is worth 0.0035, a penalty 0.0012."""
    assert broke([*ZEROS, 0.0, 0.0, 0.0, 0.06]).before_cutoff == 1


def test_the_smallest_change_of_the_level():
    for d, found in ((0.05 + JUST, True), (0.05 - JUST, False)):
        for side in (d, -d):
            assert (broke([*ZEROS, *[side] * 4]) is not None) == found


def test_the_fewest_changes():
    assert broke([0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.5]).began == str(months(1, 16)[0])
    assert broke([0.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.5]) is None


def test_from_the_second_change_on():
    changes = [0.0, *[0.5] * 8]
    assert broke(changes, at=M + 1).began == month(changes, 1)
    assert broke(changes, at=M) is None
    assert broke(changes, at=M - 1) is None


def test_size_beginning_and_length():
    found = broke([*ZEROS, *[-0.4] * 6], at=-3, cutoff=-5)
    assert (found.began, found.before_cutoff, found.length) == (month([0] * 50, 44), 2, 4)
    assert found.change == pytest.approx(-0.4)
    assert found.percent == pytest.approx(100 * math.expm1(-0.4))


@pytest.mark.parametrize(("d", "limit"), [(1.0, 0.2), (0.3, 0.15)])
def test_the_month_before_a_changepoint_belongs_to_a_break(d, limit):
    """From a fifth on in logarithms, or from half of the break on, where that is less."""
    for side in (1.0, -1.0):
        for x, months_back in ((limit + JUST, 5), (limit - 0.001, 4)):
            found = broke(side * np.array([*ZEROS, x, *[d] * 4]))
            assert found.before_cutoff == months_back


def test_in_a_series_that_grows_the_month_before_is_compared_with_its_growth():
    for sign in (1.0, -1.0):
        found = broke(sign * np.array([*(ZEROS + 1.5), 1.29, *[0.5] * 4]))
        assert found.before_cutoff == 5
        assert found.change == pytest.approx(sign * -1.0)


def test_a_rise_in_steps_is_one_break_from_half_of_it_on():
    """Nine months half-way up: only as part of the break is what came before them its base."""
    for step, start, change in ((0.501, 13, 1.0), (0.49, 4, 0.51)):
        found = broke([*ZEROS, *[step] * 9, *[1.0] * 4])
        assert found.before_cutoff == start
        assert found.change == pytest.approx(change)


def test_a_step_to_the_other_side_is_another_break():
    found = broke([*ZEROS, *[-0.6] * 9, *[0.6] * 4])
    assert found.before_cutoff == 4
    assert found.change == pytest.approx(1.2)


def test_the_base_is_the_median_of_three_seasons():
    """A season of its own kind does not change what is usual; two of three do."""
    for odd, change in ((12, 0.2), (24, 0.5)):
        changes = [*[0.3] * (44 - odd), *[0.0] * odd, *[0.5] * 4]
        assert broke(changes).change == pytest.approx(change)


@pytest.mark.parametrize("m", [1, 4, 7, 12])
def test_levels_that_jump_at_any_time_are_no_error(m):
    rng = np.random.default_rng(9)
    for _ in range(12):
        n = int(rng.integers(m + 8, 6 * m + 20))
        jumps = np.where(rng.random(n) < 2.5 / (m + 4), rng.normal(0.0, 0.8, n), 0.0)
        made = series(LEVEL * np.exp(np.cumsum(jumps) + rng.normal(0.0, 0.03, n)))
        made = replace(made, season_length=m)
        for at in range(n):
            found = find_break(made, made.ds[at], made.ds[max(at - 2, 0)])
            assert found is None or (
                math.isfinite(found.change) and found.began <= str(made.ds[at])
            )


class TestEcho:
    """Where a season ago the level stood elsewhere, a change against it is none of today's."""

    def found(self, levels, at=-1):
        """The break of a month of a series whose log level is given."""
        made = series(LEVEL * np.exp(np.asarray(levels)))
        return find_break(made, made.ds[at], made.ds[-1])

    @pytest.mark.parametrize("size", [-3.0, -1.0, -0.3, 0.3, 1.0])
    def test_a_season_after_a_passing_shock_nothing_changes(self, size):
        levels = np.zeros(63)
        levels[48:51] = size
        assert self.found(levels, at=49).change == pytest.approx(size)
        assert all(self.found(levels, at=at) is None for at in range(51, 63))

    @pytest.mark.parametrize("size", [-1.0, 1.0])
    def test_a_season_after_a_step_nothing_changes(self, size):
        levels = np.r_[np.zeros(48), np.full(24, size)]
        assert self.found(levels, at=50).change == pytest.approx(size)
        assert all(self.found(levels, at=at) is None for at in range(60, 72))

    def test_a_second_step_is_as_large_as_it_is(self):
        """Not as large as from a year that had grown by the first."""
        levels = np.r_[np.zeros(48), np.full(20, 1.0), np.full(4, 0.4)]
        found = self.found(levels)
        assert found.change == pytest.approx(-0.6)
        assert found.before_cutoff == 4

    def test_the_end_of_a_shock_of_a_season_is_as_large_as_the_shock(self):
        levels = np.r_[np.zeros(48), np.full(12, -1.0), np.zeros(6)]
        assert self.found(levels).change == pytest.approx(1.0)

    def test_a_season_before_that_was_nearly_usual_measures_it_best(self):
        """From a fifth on in logarithms that the season before was displaced by it is left out."""
        for displaced, change in ((-0.19, 1.0), (-0.21, 1.0 + -0.21)):
            levels = np.zeros(66)
            levels[50:54] = displaced
            levels[60:] = 1.0 + displaced
            assert self.found(levels, at=63).change == pytest.approx(change)

    def test_half_of_the_change_must_be_of_today(self):
        """The rest is what the season before had been lowered by."""
        for now, seen in ((0.51, True), (0.49, False)):
            levels = np.r_[np.zeros(48), np.full(3, now - 1.0), np.zeros(9), np.full(3, now)]
            assert (self.found(levels) is not None) == seen

    @pytest.mark.parametrize("size", [-1.0, -0.3, 0.3, 1.0])
    def test_after_a_step_in_the_second_year_nothing_changes_in_the_third(self, size):
        """Only two seasons lie before, so that the level around the month has to tell."""
        levels = np.r_[np.zeros(12), np.full(24, size)]
        assert all(self.found(levels, at=at) is None for at in range(24, 36))

    @pytest.mark.parametrize("side", [-1.0, 1.0])
    def test_what_changes_after_that_is_measured_from_the_new_level(self, side):
        """A rise, a year and a half, and a fall: as SWF in 2007 and 2008."""
        levels = side * np.r_[np.zeros(12), np.full(20, 1.2), np.full(8, 0.4)]
        found = self.found(levels, at=34)
        assert found.began == str(months(1, 32)[0])
        assert found.change == pytest.approx(side * -0.8)

    def test_a_fall_a_year_after_a_rise_is_seen_on_the_level(self):
        levels = np.r_[np.zeros(12), np.full(12, 1.2), np.full(8, 0.4)]
        found = self.found(levels)
        assert found.began == str(months(1, 24)[0])
        assert found.change < 0

    def test_without_three_seasons_it_is_the_change_against_the_season_before(self):
        """Of two seasons nobody knows which is the odd one."""
        for n, seen in ((38, True), (39, False)):
            levels = np.zeros(n + 2)
            levels[n - 12 : n - 10] = -1.0
            assert (self.found(levels, at=n + 1) is not None) == seen


class TestRecovery:
    """Two periods in a row near the last season before the break plus its usual growth."""

    def recovered(self, change, gaps, lasting=4, growth=0.0):
        """The first month of recovery, counted from the first of these gaps."""
        changes = [*(ZEROS + growth), *[change + growth] * lasting, *(np.array(gaps) + growth)]
        found = broke(changes, at=44 + lasting - 1 + M)
        assert found.change == pytest.approx(change)
        if found.recovered_on is None:
            return None
        first = np.datetime64(month(changes, 44 + lasting), "M")
        return int((np.datetime64(found.recovered_on, "M") - first).astype(int))

    @pytest.mark.parametrize("side", [1.0, -1.0])
    @pytest.mark.parametrize(("change", "allowed"), [(0.3, 0.105), (0.7, 0.12)])
    def test_how_near(self, side, change, allowed):
        """A third of the break and a little more, and an eighth of the level at most."""
        near, far = (side * (allowed + x) for x in (-1e-4, 1e-4))
        assert self.recovered(side * change, [near] * 4) == 0
        assert self.recovered(side * change, [far] * 4) is None

    def test_beyond_the_old_level_is_back_as_well(self):
        assert self.recovered(-0.5, [0.4] * 4) == 0

    def test_two_in_a_row(self):
        assert self.recovered(-0.5, [0.0, -0.3, 0.0, 0.0]) == 2
        assert self.recovered(-0.5, [0.0, -0.3, 0.0, -0.3]) is None

    def test_growth_goes_on(self):
        assert self.recovered(-0.5, [0.0] * 4, growth=0.1) == 0
        assert self.recovered(-0.5, [-0.13] * 4, growth=0.1) is None


class TestLevelAfter:
    """Last value of the same season times the growth seen since the break, up to the cutoff."""

    def reset(self, changes, lead=1, **more):
        y = changing(changes).y
        case = case_of(mean=9000.0, actual=100.0, lead=lead, h=24, seen=y, **more)
        return find(case, RULES).reset

    def test_growth_since_the_break(self):
        """The break came four months ago; the month a year before lies before it."""
        assert self.reset([*ZEROS, *[-0.5] * 4]) == pytest.approx(LEVEL * math.exp(-0.5))

    def test_the_mean_of_it(self):
        changes = [*ZEROS, -0.5, -0.52, -0.48, -0.5, -0.6]
        growth = np.mean(changes[-5:])
        assert self.reset(changes) == pytest.approx(LEVEL * math.exp(growth))

    def test_the_value_itself_where_it_came_after_the_break(self):
        y = changing([*ZEROS, *[-0.5] * 24]).y
        case = case_of(mean=9000.0, actual=y[-1], lead=12, seen=y[:-12], known=y)
        found = find(case, RULES)
        assert found.broke.before_cutoff == 12
        assert found.reset == pytest.approx(LEVEL * math.exp(-0.5))

    def test_two_seasons_ahead_it_is_the_same_season_that_is_known(self):
        season = np.tile([1.3, *[1.0] * 11], 7)[: M + 44 + 17]
        y = changing([*ZEROS, *[-0.7] * 17]).y * season
        case = case_of(mean=9000.0, actual=y[72], lead=13, h=24, seen=y[:60], known=y)
        found = find(case, RULES)
        assert found.broke.before_cutoff == 4
        assert found.reset == pytest.approx(1300.0 * math.exp(-0.7))

    def test_a_break_after_the_cutoff_has_none(self):
        found = find(case_of(mean=9000.0, actual=100.0), RULES)
        assert found.broke.before_cutoff == 0
        assert found.reset is None


def test_a_break_in_the_month_of_the_cutoff_came_before_it():
    for before, when in ((1, "1 period before the cutoff"), (0, "after the cutoff")):
        found = found_of(
            case_of(mean=9000.0, actual=100.0), broke=Break("2019-12-01", before, -0.3, 2, None)
        )
        texts = [fact.statement for fact in evidence(found, RULES) if fact.name == "break"]
        assert [text.endswith(when) for text in texts] == [True]


def test_a_break_to_the_other_side_is_no_evidence():
    """A fall to zero was said to be a rise of a fifth, by months around it."""
    found = found_of(case_of(mean=9000.0, actual=100.0), broke=Break("2019-12-01", 1, 0.3, 2, None))
    assert not [fact for fact in evidence(found, RULES) if fact.name.startswith("break")]

"""One airport among its fleet, from both sides of each limit."""

import numpy as np
import pytest

from forecastctl.explain.verdict.fleet import stands_out, view_fleet
from forecastctl.records import FleetPoint
from tests.explain.verdict import generated
from tests.explain.verdict.values import others

MONTHS, CUTOFF, TARGET, M = 40, 36, 38, 12


def point(airport, z, outside=True, ratio=0.5, recorded=True):
    return FleetPoint(airport, z, ratio, outside, recorded)


class TestView:
    @pytest.mark.parametrize(
        ("below", "above", "side"),
        [(3, 1, "below"), (2, 1, "mixed"), (1, 2, "mixed"), (1, 3, "above"), (4, 0, "below")],
    )
    def test_a_side_is_that_of_three_quarters(self, below, above, side):
        assert view_fleet(others(5, below, above), 1.0).direction == side
        assert view_fleet(others(5), 1.0).direction is None

    def test_shares_are_of_the_others(self):
        view = view_fleet(others(5, 2, 1), 1.0, -3.0)
        assert (view.airports, view.share_outside, view.share_same) == (9, 0.375, 0.25)
        assert view.stands_out == -3.0
        assert view_fleet(others(5, 2, 1), -1.0).share_same == 0.125

    def test_stand_ins_are_named_where_they_are_the_larger_part(self):
        for recorded, source in ((2, "recorded"), (1, "stand-in")):
            points = [point(str(i), 1.0, recorded=i < recorded) for i in range(4)]
            assert view_fleet(points, 1.0).source == source
        assert view_fleet([], 1.0).source == "none"

    def test_the_five_worst_by_size_then_by_name(self):
        sizes = {"f": 1.0, "e": -6.0, "d": 2.0, "c": 6.0, "b": 3.0, "a": -2.0}
        worst = view_fleet([point(a, z) for a, z in sizes.items()], 1.0).worst
        assert [p.airport for p in worst] == ["c", "e", "b", "a", "d"]

    def test_medians_leave_out_what_is_not_known(self):
        points = [point("a", 1.0, ratio=None), point("b", 2.0, ratio=0.2), point("c", 9.0)]
        view = view_fleet(points, 1.0)
        assert (view.median_z, view.median_ratio) == (2.0, 0.35)
        assert view_fleet(points[:1], 1.0).median_ratio is None


def fleet_of(surprises, sizes=None):
    """Flat airports whose logarithms move by so much from the cutoff to the period."""
    y = np.full((MONTHS, len(surprises)), 1000.0)
    y *= np.ones(len(surprises)) if sizes is None else np.array(sizes)
    y[TARGET] *= np.exp(surprises)
    return y


def distance(y, **changes):
    at = {"own": 0, "cutoff": CUTOFF, "target": TARGET, "season_length": M, **changes}
    return stands_out(y, **at)


SPREAD = [-0.1, -0.1, -0.1, -0.1, 0.1, 0.1, 0.1, 0.1]


class TestDistance:
    def test_in_robust_deviations_of_the_peers(self):
        assert distance(fleet_of([-0.5, *SPREAD])) == pytest.approx(-0.5 / (1.4826 * 0.1))
        shifted = [s - 0.3 for s in SPREAD]
        assert distance(fleet_of([-0.5, *shifted])) == pytest.approx(-0.2 / (1.4826 * 0.1))

    def test_or_of_its_own_usual_distance_from_them(self):
        """A small airport whose months are off by a fifth by themselves needs more to stand out."""
        y = generated.panel(1, 24).to_numpy().copy()
        own = int(np.argsort(y[80])[12])
        y[82, own] *= 0.5
        at = {"own": own, "cutoff": 80, "target": 82}
        calm = distance(y, **at)
        y[:81, own] *= np.exp(np.random.default_rng(0).normal(0.0, 0.2, 81))
        y[80, own] /= np.exp(np.random.default_rng(0).normal(0.0, 0.2, 81))[80]
        assert calm < -8.0
        assert -3.5 < distance(y, **at) < -0.5

    def test_eight_peers_at_least(self):
        assert distance(fleet_of([-0.5, *SPREAD])) is not None
        assert distance(fleet_of([-0.5, *SPREAD[:-1]])) is None

    def test_a_fleet_in_step_is_credited_with_three_percent(self):
        assert distance(fleet_of([-0.3, *[0.0] * 8])) == pytest.approx(-10.0)
        wide = [x / 10 for x in (-0.21, -0.21, -0.21, -0.21, 0.21, 0.21, 0.21, 0.21)]
        assert distance(fleet_of([-0.3, *wide])) == pytest.approx(-0.3 / (1.4826 * 0.021))

    def test_peers_have_a_fifth_of_its_size_at_least(self):
        for size, known in ((0.2001, True), (0.1999, False)):
            y = fleet_of([-0.5, *SPREAD], [1.0, *[1.0] * 7, size])
            assert (distance(y) is not None) == known
        assert distance(fleet_of([-0.5, *SPREAD], [1.0, *[99.0] * 8])) is not None

    def test_the_same_change_of_the_nearest_earlier_season_is_usual(self):
        y = fleet_of([-0.5, *SPREAD])
        y[TARGET - 2 * M, 0] *= np.exp(-0.5)  # it fell so two seasons ago as well
        assert distance(y) == pytest.approx(0.0, abs=1e-9)
        y[TARGET - M, 0] *= np.exp(-0.45)
        assert distance(y) == pytest.approx(0.0, abs=1e-9)

    def test_an_earlier_season_must_end_before_the_cutoff(self):
        """Two seasons ahead, the period a season before is not known at the cutoff."""
        long = {"cutoff": TARGET - 13}
        y = fleet_of([-0.5, *SPREAD])
        assert distance(y, **long) == pytest.approx(-0.5 / (1.4826 * 0.1))
        y[TARGET - M, 0] *= np.exp(-0.5)
        assert distance(y, **long) == pytest.approx(-0.5 / (1.4826 * 0.1))
        assert distance(y[TARGET - 25 :], cutoff=12, target=25) is None
        assert distance(y[TARGET - 37 :], cutoff=24, target=37) is not None

    def test_the_first_row_may_be_an_earlier_cutoff(self):
        y = fleet_of([-0.5, *SPREAD])
        assert distance(y[CUTOFF - M :], cutoff=M, target=M + 2) is not None
        assert distance(y[CUTOFF - M + 1 :], cutoff=M - 1, target=M + 1) is None

    def test_peers_without_a_value_do_not_count(self):
        y = fleet_of([-0.5, *SPREAD, 0.0])
        for gone in (np.nan, 0.0):
            y[TARGET, 9] = gone
            assert distance(y) == pytest.approx(-0.5 / (1.4826 * 0.1))
            y[TARGET, 8] = gone
            assert distance(y) is None
            y = fleet_of([-0.5, *SPREAD, 0.0])
        y[TARGET, 0] = 0.0
        assert distance(y) is None

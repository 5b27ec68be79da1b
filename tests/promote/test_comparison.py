"""Two models compared: by hand, against statsmodels, and how often equals are told apart."""

import numpy as np
import pytest

from forecastctl.promote.comparison import Paired, compare
from forecastctl.promote.decide import Rule, judge


def paired(challenger, champion):
    """Errors of shape (airports, periods)."""
    k, n = champion.shape
    airport, period = np.repeat(np.arange(k), n), np.tile(np.arange(n), k)
    return Paired(airport, period, challenger.ravel(), champion.ravel())


def test_a_ratio_by_hand():
    """Two airports, one period: without the first the ratio is 1, without the second 0.5."""
    found = compare(paired(np.array([[1.0], [2.0]]), np.array([[2.0], [2.0]])), 0.95)
    assert (found.challenger, found.champion, found.ratio) == (1.5, 2.0, 0.75)
    # half of (1 / 0.75 - 1)**2 + (0.5 / 0.75 - 1)**2; the quantile has one degree of freedom
    reach = np.exp(6.313751514675043 * np.sqrt((1 / 9 + 1 / 9) / 2))
    assert found.upper == pytest.approx(0.75 * reach)
    assert found.lower == pytest.approx(0.75 / reach)
    assert (found.verdict, found.clusters) == ("cannot be told", "airports")


def test_every_airport_counts_the_same():
    airport, period = np.array([0, 0, 0, 1]), np.array([0, 1, 2, 2])
    found = compare(Paired(airport, period, np.array([1.0, 1, 1, 4]), np.full(4, 2.0)), 0.95)
    assert found.challenger == pytest.approx(2.5)
    assert found.ratio == pytest.approx(1.25)


def test_the_error_of_a_mean_is_that_of_two_way_clusters():
    """Of a constant champion the ratio is a mean; the errors of its three clusterings by hand."""
    rng = np.random.default_rng(1)
    errors = rng.lognormal(size=(30, 9)) + rng.lognormal(size=(1, 9)) + rng.lognormal(size=(30, 1))
    found = compare(paired(errors, np.ones((30, 9))), 0.975)
    ways = [errors.mean(axis=1), errors.mean(axis=0), errors.ravel()]
    of = [way.var(ddof=1) / len(way) / errors.mean() ** 2 for way in ways]
    assert found.clusters == "airports and periods"
    reach = np.exp(2.3060041350333704 * np.sqrt(of[0] + of[1] - of[2]))
    assert found.upper == pytest.approx(errors.mean() * reach)


@pytest.mark.parametrize(
    ("factor", "margin", "verdict"),
    [(0.5, 0.0, "better"), (1.5, 0.0, "worse"), (1.01, 0.05, "better"), (1.2, 0.05, "worse")],
)
def test_verdicts(factor, margin, verdict):
    rng = np.random.default_rng(2)
    champion = rng.lognormal(size=(50, 12))
    noise = rng.normal(1, 0.01, champion.shape)
    assert compare(paired(factor * champion * noise, champion), 0.95, margin).verdict == verdict


@pytest.mark.parametrize("airports", [0, 1])
def test_too_few_airports_tell_nothing(airports):
    errors = np.ones((airports, 6))
    found = compare(paired(errors / 2, errors), 0.95)
    assert (found.verdict, found.upper) == ("cannot be told", None)


def test_a_champion_without_errors_is_not_beaten():
    found = compare(paired(np.zeros((5, 5)), np.zeros((5, 5))), 0.95)
    assert (found.verdict, found.ratio) == ("cannot be told", None)


def simulated(rng, airports, periods, factor=1.0, shared=0.0, own=0.3):
    """Errors of two models of an airport: alike, correlated over periods, never negative.

    Each is the size of a sum of what both get wrong, a bias of the model for the airport, and what
    is its own; ``shared`` is what a model gets wrong everywhere in a period. Sizes correlate by
    0.8, those of a model that differs less (``own=0.2``) by 0.9.
    """
    both = rng.standard_normal((airports, periods)) + rng.standard_normal((airports, 1))

    def errors():
        mine = rng.standard_normal((airports, 1)) + rng.standard_normal(both.shape)
        return np.abs(both + own * mine + shared * rng.standard_normal((1, periods)))

    scale = rng.lognormal(sigma=0.5, size=(airports, 1))
    return paired(factor * scale * errors(), scale * errors())


def share_promoted(count, **how):
    rng = np.random.default_rng(3)
    found = [compare(simulated(rng, **how), 0.95) for _ in range(count)]
    return np.mean([one.verdict == "better" for one in found])


@pytest.mark.parametrize("airports", [10, 200])
@pytest.mark.parametrize("periods", [1, 3, 12])
def test_an_equal_model_is_promoted_in_one_of_twenty_at_most(airports, periods):
    """Two standard errors of the simulated share are allowed for."""
    assert share_promoted(1000, airports=airports, periods=periods) <= 0.05 + 0.014


@pytest.mark.parametrize("periods", [4, 12])
def test_what_a_month_does_everywhere_is_not_taken_for_skill(periods):
    share = share_promoted(1000, airports=200, periods=periods, shared=0.3)
    assert share <= 0.05 + 0.014


@pytest.mark.parametrize(("own", "least"), [(0.3, 0.75), (0.2, 0.95)])
def test_a_model_that_is_better_by_five_percent_is_found(own, least):
    """Of 200 airports in a year."""
    assert share_promoted(300, airports=200, periods=12, factor=0.95, own=own) >= least


class TestJudging:
    def groups(self, found, airports):
        return {name: np.isin(found.airport, list(members)) for name, members in airports.items()}

    def judged(self, factors, **rule):
        """Two groups of 40 airports, whose challenger's errors differ by a factor each."""
        rng = np.random.default_rng(4)
        champion = rng.lognormal(size=(80, 12))
        factor = np.repeat(factors, 40)[:, None]
        found = paired(champion * factor * rng.normal(1, 0.1, champion.shape), champion)
        groups = self.groups(found, {"north": range(40), "south": range(40, 80)})
        return judge(found, groups, Rule(**rule), "realised")

    def test_better_everywhere(self):
        judged = self.judged([0.9, 0.9])
        assert judged.promote
        assert {one.verdict for one in judged.groups.values()} == {"better"}
        assert "realised errors of 80 airports in 12 periods" in judged.reason
        assert judged.reason.endswith("it is better.")

    def test_worse_for_a_group_alone(self):
        judged = self.judged([0.5, 1.2])
        assert judged.fleet.verdict == "better"
        assert not judged.promote
        assert "but it is worse for south: " in judged.reason
        assert "% larger" in judged.reason

    def test_worse(self):
        judged = self.judged([1.1, 1.1])
        assert (judged.promote, judged.reason.endswith("it is worse.")) == (False, True)

    def test_equal(self):
        judged = self.judged([1.0, 1.0])
        assert not judged.promote
        assert judged.reason.endswith("that it is better cannot be told.")

    def test_equal_is_enough_within_a_margin(self):
        assert self.judged([1.0, 1.0], margin=0.05).promote
        assert not self.judged([1.1, 1.1], margin=0.05).promote

    def test_nothing_in_common(self):
        nothing = Paired(*(np.array([], kind) for kind in (np.int64, np.int64, float, float)))
        judged = judge(nothing, {}, Rule(), "backtest")
        assert judged.reason == (
            "It cannot be told: both have backtest errors of no airport and period in common."
        )
        assert not judged.promote

    def test_one_airport_is_too_little(self):
        judged = judge(paired(np.ones((1, 6)), 2 * np.ones((1, 6))), {}, Rule(), "realised")
        assert judged.reason == (
            "It cannot be told from the realised errors of 1 airport in 6 periods: that is too "
            "little to compare."
        )

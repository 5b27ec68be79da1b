"""A case among its fleet: how far it stands from it, and who stands in for it."""

from dataclasses import replace
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.rows import group
from forecastctl.explain.read.fleet import with_fleet
from forecastctl.explain.read.series import Source
from forecastctl.store.memory import MemoryTracker
from tests.explain.verdict.values import FIRST, case_of, series

N = 60
SPREAD = (-0.1, -0.1, -0.1, -0.1, 0.1, 0.1, 0.1, 0.1)
RUN = SimpleNamespace(run_id="run", tags={"freq": "M", "job_id": "job"})


def source(columns):
    """Rows of airports by name; a month without a value has no row."""
    parts = []
    for airport, y in columns.items():
        ds = (FIRST + np.arange(len(y))).astype("datetime64[s]")
        known = np.isfinite(y)
        parts.append(pd.DataFrame({"airport": airport, "ds": ds[known], "y": np.array(y)[known]}))
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.assign(row=np.arange(len(frame)) + 2, problem=None)
    return Source(group(frame), DataSpec(source=None), "rows")


def moved(now, since):
    """Flat months, the last but one and the last of them moved by so much in logarithms."""
    y = np.full(N + 1, 1000.0)
    y[N - 1] *= np.exp(now)
    y[N] = y[N - 1] * np.exp(since)
    return y


def placed(own, columns, **more):
    case = case_of(seen=own[:N], actual=own[N], known=own, **more)
    return with_fleet(MemoryTracker(), "JFK", RUN, source({"JFK": own, **columns}), case)


PEERS = {f"P{i}": moved(s, s) for i, s in enumerate(SPREAD)}


class TestDistance:
    @pytest.mark.parametrize("sign", [1, -1])
    def test_the_way_back_from_a_shock_in_the_cutoffs_month_does_not_count(self, sign):
        """It must have been at least half as large as what came after it."""
        for shock, counts in ((0.3 + 1e-6, False), (0.3 - 1e-6, True)):
            case = placed(moved(sign * shock, -0.6 * sign), PEERS)
            if counts:
                assert case.stands_out == pytest.approx(-sign * 0.6 / (1.4826 * 0.1))
            else:
                assert case.stands_out is None

    def test_a_fall_that_goes_on_does(self):
        case = placed(moved(-0.5, -0.6), PEERS)
        assert case.stands_out == pytest.approx(-0.6 / (1.4826 * 0.1))

    def test_what_was_there_when_the_forecast_was_made_counts_as_known(self):
        """The fall came a month after the cutoff, in data that were there."""
        own = np.append(moved(0.0, -0.9)[:N], [400.0, 400.0])
        peers = {a: np.append(y, y[-1] ** 2 / y[-2]) for a, y in PEERS.items()}
        known = source({"JFK": own, **peers})
        case = case_of(seen=own[:N], actual=400.0, lead=2, known=own)
        found = with_fleet(MemoryTracker(), "JFK", RUN, known, case).stands_out
        assert found == pytest.approx(np.log(0.4) / (1.4826 * 0.2))
        case = replace(case, fresh=series(own[: N + 1]))
        found = with_fleet(MemoryTracker(), "JFK", RUN, known, case).stands_out
        assert found == pytest.approx(0.0, abs=1e-9)

    def test_alone_nothing_is_compared(self):
        own = moved(0.0, -0.9)
        case = placed(own, {})
        assert (case.fleet, case.stands_out) == ((), None)


class TestStandIns:
    """A seasonal naive with growth, made from what was known at the cutoff."""

    def points(self, columns):
        own = moved(0.0, 0.0)
        return {p.airport: p for p in placed(own, columns).fleet}

    def test_last_years_value_grows_as_the_last_season_did(self):
        y = 1000.0 * np.exp(0.1 * (np.arange(N + 1) // 12))
        y[N] = y[48] * np.exp(0.1) * 1.03
        (point,) = self.points({"A": y}).values()
        assert point.ratio == pytest.approx(1.03)
        assert point.z == pytest.approx(-0.03 / 0.02)  # a hundredth is no spread, two are
        assert not point.outside
        assert not point.recorded

    def test_outside_beyond_the_95_percent_interval(self):
        limit = 0.02 * NormalDist().inv_cdf(0.975)
        for off in (limit - 1e-6, limit + 1e-6):
            for side in (1.0, -1.0):
                y = np.full(N + 1, 1000.0)
                y[N] *= 1.0 + side * off
                assert self.points({"A": y})["A"].outside == (off > limit)

    def test_six_changes_at_least_are_known(self):
        y = np.full(N + 1, 1000.0)
        short, enough = y.copy(), y.copy()
        short[: N - 17], enough[: N - 18] = np.nan, np.nan
        assert set(self.points({"A": short, "B": enough})) == {"B"}

    def test_nothing_stands_in_without_last_years_value(self):
        y = np.full(N + 1, 1000.0)
        y[48] = 0.0
        assert self.points({"A": y}) == {}

    def test_two_seasons_ahead_growth_counts_twice(self):
        y = 1000.0 * np.exp(0.1 * (np.arange(N + 13) // 12))
        own = np.full(N + 13, 1000.0)
        case = case_of(seen=own[:N], lead=13, h=13, known=own)
        after = with_fleet(MemoryTracker(), "JFK", RUN, source({"JFK": own, "A": y}), case)
        (point,) = after.fleet
        assert point.ratio == pytest.approx(1.0)

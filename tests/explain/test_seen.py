"""An airport and its fleet from stored rows, against pandas doing the same."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.rows import group
from forecastctl.explain.read.case import observation
from forecastctl.explain.read.fleet import _grid
from forecastctl.explain.read.series import Source, values_of
from forecastctl.recording.cached import Once
from forecastctl.records import Artifact, Query, Run, RunUpdate
from forecastctl.store.memory import MemoryTracker

FREQS = ["M", "Q", "D", "W-SAT", "W-WED", "W-SUN"]


def rows(seed=0, n=500):
    """Days of two years in no order, several of them in one period, some without day or value."""
    rng = np.random.default_rng(seed)
    y = rng.gamma(2, 1000, n)
    y[rng.random(n) < 0.2] = np.nan
    ds = np.datetime64("2018-12-30", "s") + rng.integers(0, 730, n) * np.timedelta64(86_400, "s")
    ds[rng.random(n) < 0.1] = "NaT"
    airport = pd.Series(rng.choice(["b", "a", "c"], n), dtype=object)
    problem = pd.Series([None] * n, dtype=object)
    frame = pd.DataFrame({"airport": airport, "ds": ds, "y": y, "row": range(n)})
    return frame.assign(problem=problem)


def source(frame):
    return Source(group(frame), DataSpec(source=None), "rows")


def usable(frame):
    return frame[frame["y"].notna() & frame["ds"].notna()]


@pytest.mark.parametrize("freq", FREQS)
def test_the_last_row_of_a_period_counts(freq):
    frame = rows()
    mine = usable(frame[frame["airport"] == "a"])
    by_period = mine.groupby(mine["ds"].dt.to_period(freq))["y"].last()
    for day in (date(2019, 1, 1), date(2019, 2, 28), date(2020, 6, 3), date(2030, 1, 1)):
        expected = by_period.get(pd.Period(day, freq=freq))
        assert observation(source(frame), "a", day, freq) == expected
    found = values_of(source(frame), "a", freq, 4)
    every = pd.period_range(by_period.index.min(), by_period.index.max(), freq=freq)
    np.testing.assert_array_equal(found.ds, every.start_time.to_numpy().astype("datetime64[D]"))
    known = np.isin(every, by_period.index)
    np.testing.assert_array_equal(found.y[known], by_period.to_numpy())
    assert np.isfinite(found.y).all()


def test_an_airport_without_a_value_has_no_series():
    frame = rows().assign(y=np.nan)
    assert values_of(source(frame), "a", "M", 12) is None
    assert observation(source(frame), "a", date(2019, 1, 1), "M") is None
    assert values_of(source(rows()), "nobody", "M", 12) is None


@pytest.mark.parametrize("freq", FREQS)
def test_the_fleet_is_pivoted_by_period_and_airport(freq):
    frame = rows(1)
    known = usable(frame)
    expected = known.assign(period=known["ds"].dt.to_period(freq)).pivot_table(
        index="period", columns="airport", values="y", aggfunc="last"
    )
    cutoff, target = (pd.Period(d, freq=freq) for d in ("2019-06-12", "2020-01-15"))
    every = pd.period_range(expected.index.min(), target + 2, freq=freq)
    seen = SimpleNamespace(ds=np.array([cutoff.start_time], dtype="datetime64[D]"))
    case = SimpleNamespace(date=np.datetime64(target.start_time, "D"), seen=seen)
    grid = _grid(group(frame), case, freq)
    assert grid.airports == tuple(expected.columns)
    np.testing.assert_array_equal(grid.y, expected.reindex(every).to_numpy())
    assert (grid.cutoff, grid.target) == (every.get_loc(cutoff), every.get_loc(target))


def test_a_panel_that_begins_after_the_cutoff_has_no_fleet():
    frame = rows(1)
    seen = SimpleNamespace(ds=np.array(["2018-11-01"], dtype="datetime64[D]"))
    case = SimpleNamespace(date=np.datetime64("2019-02-01"), seen=seen)
    assert _grid(group(frame), case, "M") is None


class Counting(MemoryTracker):
    asked = 0

    def find(self, query):
        Counting.asked += 1
        return super().find(query)


def test_a_store_is_asked_once_until_it_is_written_to():
    tracker = Once(Counting())
    (run_id,) = tracker.record([Run("a", artifacts=(Artifact("x", b"1"),))])
    Counting.asked = 0
    for _ in range(3):
        assert [r.run_id for r in tracker.find(Query())] == [run_id]
        tracker.find(Query()).clear()
    assert Counting.asked == 1
    assert tracker.read_artifact(run_id, "x") == b"1"
    tracker.update(run_id, RunUpdate(artifacts=(Artifact("x", b"2"),)))
    assert tracker.read_artifact(run_id, "x") == b"2"
    tracker.find(Query())
    assert Counting.asked == 2

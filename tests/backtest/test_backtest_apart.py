"""What a backtest does not carry over: a search that failed, and what other packages computed."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.backtest import blocks
from forecastctl.backtest.blocks import Block, OriginSeries, work_block
from forecastctl.backtest.record import carried
from forecastctl.records import AirportResult, Plan, Specification, Status, StoredRun, TuneResult
from tests.backtest import backtesting
from tests.backtest.backtesting import SEARCH, Bench
from tests.harness import ENVIRONMENT, make_series


def stored(run_id, **tags):
    return StoredRun(run_id, "AAA", "FINISHED", 0, 1, {}, {}, tags)


class TestSearches:
    def test_of_the_newest_origin_that_tuned(self):
        runs = [
            {"A": stored("a1", status="ok", tuned="true"), "B": stored("b1", status="ok")},
            {"A": stored("a2", status="ok"), "B": stored("b2", status="ok", tuned="true")},
        ]
        assert carried(runs) == {"A": "a1", "B": "b2"}

    def test_one_that_failed_since_is_not_carried_on(self):
        runs = [
            {"A": stored("a1", status="ok", tuned="true")},
            {"A": stored("a2", status="failed", tuned="true")},
        ]
        assert carried(runs) == {}
        assert carried([*runs, {"A": stored("a3", status="ok")}]) == {}
        assert carried([*runs, {"A": stored("a3", status="ok", tuned="true")}]) == {"A": "a3"}

    @pytest.mark.parametrize("fails", [None, 0, 1, 2])
    def test_after_a_failure_the_next_origin_tunes_anew(self, fails, monkeypatch):
        """Whoever works at it sees at which origins it is told to tune."""
        asked = []

        def work(task):
            asked.append(task.plan.tune)
            if len(asked) - 1 == fails:
                return AirportResult("AAA", Status.FAILED)
            found = TuneResult(Specification(()), 1.0, {}, (), ()) if task.plan.tune else None
            return AirportResult("AAA", Status.OK, tuned=found)

        monkeypatch.setattr(blocks, "work", work)
        steps = tuple(OriginSeries(i, make_series("AAA")) for i in range(4))
        work_block(Block(0, Plan(True, True, True, SEARCH), steps))
        assert asked == [i == 0 or i - 1 == fails for i in range(4)]

    def test_a_search_that_failed_is_made_again_by_the_next_call(self, monkeypatch):
        """The first origin fails and the call is cut off: the second must not build on it."""
        from forecastctl.search import tune

        real = tune.tune

        def broken(series, *rest):
            if series.airport == "JFK" and series.cutoff == "2018-05-01":
                raise MemoryError("no memory")
            return real(series, *rest)

        with monkeypatch.context() as patched:
            patched.setattr(tune, "tune", broken)
            first = Bench()
            first.backtest(end="2018-05", airports=("JFK",))
            (failed,) = first.airports(airport="JFK")
            assert failed.tags["status"] == "failed"
        first.backtest(end="2018-06", airports=("JFK",))
        june = next(r for r in first.airports(airport="JFK") if r.tags["cutoff"] == "2018-06-01")
        assert june.tags["tuned"] == "true"
        assert "tuned_by" not in june.tags


class TestVersions:
    def test_under_other_packages_it_is_another_backtest(self, monkeypatch):
        bench = Bench()
        first = bench.backtest(end="2018-06")
        other = replace(ENVIRONMENT, versions={**ENVIRONMENT.versions, "numpy": "9.9"})
        with monkeypatch.context() as patched:
            patched.setattr(backtesting, "ENVIRONMENT", other)
            second = bench.backtest(end="2018-06")
        assert second.backtest_id != first.backtest_id
        assert (first.resumed, second.resumed) == (0, 0)
        again = bench.backtest(end="2018-06")
        assert again.backtest_id == first.backtest_id
        assert again.resumed == 6

    def test_an_interrupted_one_is_not_completed_by_them(self, monkeypatch):
        bench = Bench()
        bench.backtest(end="2018-05")
        other = replace(ENVIRONMENT, versions={"python": "3.12"})
        monkeypatch.setattr(backtesting, "ENVIRONMENT", other)
        bench.backtest(end="2018-06")
        made = {(j.tags["backtest_id"], j.params["as_of"]) for j in bench.jobs()}
        assert len(made) == 3  # one origin by the old packages, two by the new ones
        assert sorted(as_of for _, as_of in made) == ["2018-05", "2018-05", "2018-06"]

    @pytest.mark.parametrize("change", [{"host": "b"}, {"pid": 2}, {"git_commit": "beef"}])
    def test_another_host_or_commit_goes_on(self, change, monkeypatch):
        bench = Bench()
        first = bench.backtest(end="2018-05")
        monkeypatch.setattr(backtesting, "ENVIRONMENT", replace(ENVIRONMENT, **change))
        assert bench.backtest(end="2018-05").resumed == first.counts["total"]
        assert np.isfinite(first.validation_loss or 0.0)

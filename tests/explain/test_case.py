"""From the record to a case: what was there when the forecast was made, and what is today's."""

from dataclasses import replace

import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.rows import group
from forecastctl.explain.answer import explain
from forecastctl.explain.question import Question
from forecastctl.explain.read.series import Source
from tests.fleets import SEARCH, Fleet
from tests.harness import frame_of

NAIVE = replace(SEARCH, families=("seasonal_naive",), max_evals=1, combine=1, horizon=12)
HW = replace(SEARCH, families=("holt_winters",), max_evals=3, combine=1, horizon=12)


def facts_of(fleet, date, cutoff):
    """The explanation of a forecast of AAA, when everything is known."""
    rows = group(frame_of(fleet.whole))
    newer = Source(rows, DataSpec(source="new", freq="M"), "everything")
    return explain(fleet.tracker, Question("AAA", date, cutoff), newer).answer.to_dict()


@pytest.fixture
def told():
    """A fleet that tells which alternatives an explanation had, by kind."""
    fleet = Fleet(shifted=())

    def ask(date, cutoff):
        newer = Source(group(frame_of(fleet.whole)), DataSpec(source="new", freq="M"), "everything")
        facts = explain(fleet.tracker, Question("AAA", date, cutoff), newer).answer.to_dict()
        return {a["kind"]: a for a in facts["alternatives"]}

    fleet.ask = ask
    return fleet


def job(fleet, n, search, **more):
    """The run of AAA in a job on the first ``n`` months: 2015-01 and on."""
    summary = fleet.at(n).job(search=search, airports=("AAA",), **more)
    return next(line.run_id for line in summary.lines if line.airport == "AAA")


class TestTodaysSpecification:
    def test_is_the_newest_of_those_trained_on_later_data(self, told):
        job(told, 48, NAIVE)
        job(told, 50, HW)
        newest = job(told, 52, replace(HW, families=("annual",)))
        first = told.ask("2019-08", "2018-12")
        assert first["champion"]["run_id"] == newest
        assert told.ask("2019-08", "2019-02")["champion"]["run_id"] == newest
        assert "champion" not in told.ask("2019-08", "2019-04")

    def test_an_older_one_is_not(self, told):
        """A backtest's forecast from later data, beside a live run on earlier ones."""
        job(told, 48, NAIVE)
        job(told, 50, HW, origin="backtest")
        assert "champion" not in told.ask("2019-08", "2019-02")
        live = job(told, 52, NAIVE)
        assert told.ask("2019-08", "2019-02")["champion"]["run_id"] == live

    def test_a_backtest_makes_none_of_a_live_forecast(self, told):
        job(told, 48, NAIVE)
        job(told, 52, HW, origin="backtest")
        assert "champion" not in told.ask("2019-08", "2018-12")

    def test_the_same_specification_is_not_another_one(self, told):
        job(told, 48, NAIVE)
        job(told, 52, NAIVE)
        assert "champion" not in told.ask("2019-08", "2018-12")


class TestWhatWasThere:
    """A model trained before, and forecast from when there were newer data."""

    def trained_before(self, fleet, months, **more):
        job(fleet, 48, NAIVE)
        fleet.at(months).job(search=NAIVE, airports=("AAA",), command="forecast", **more)

    def test_newer_months_are_fitted_again(self, told):
        self.trained_before(told, 54)
        found = told.ask("2019-08", "2018-12")
        assert found["refit"]["value"] == pytest.approx(told.whole[0].y[55 - 12])
        assert found["refit"]["label"] == "SNaive"

    def test_the_same_months_are_not(self, told):
        self.trained_before(told, 48)
        assert "refit" not in told.ask("2019-08", "2018-12")

    def test_a_backtest_knew_no_more_than_its_cutoff(self, told):
        self.trained_before(told, 54, origin="backtest")
        runs = told.runs("airport", origin="backtest")
        assert [r.tags["cutoff"] for r in runs] == ["2018-12-01"]
        assert "refit" not in told.ask("2019-08", "2018-12")


class TestFailedSince:
    def evidence(self, fleet, date="2019-08"):
        facts = facts_of(fleet, date, "2018-12")
        return [e["statement"] for e in facts["evidence"] if e["name"] == "status"]

    def failing(self, fleet, months, monkeypatch):
        from forecastctl.models.combination import fit_and_predict as forecast

        def fit(*_args, **_more):
            raise MemoryError("no memory")

        with monkeypatch.context() as patched:
            patched.setattr(forecast, "fit", fit)
            fleet.at(months).job(search=NAIVE, airports=("AAA",))

    def test_a_later_run_that_failed_is_evidence(self, told, monkeypatch):
        job(told, 48, NAIVE)
        self.failing(told, 52, monkeypatch)
        (statement,) = self.evidence(told)
        assert "failed with data up to 2019-04-01" in statement
        assert "no memory" in statement
        assert self.evidence(told, date="2019-04") == []  # it knew the month itself
        job(told, 53, NAIVE)
        assert self.evidence(told) == []  # the newest attempt succeeded

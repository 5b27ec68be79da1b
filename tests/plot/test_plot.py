"""One chart of an airport: what it shows, and that it is a picture."""

import math

import numpy as np
import pytest

from forecastctl.errors import NothingRecordedError
from forecastctl.plot.make import KINDS, Asked, drawing, picture
from forecastctl.plot.values import backtest_data, residuals_data, trials_data
from tests.fleets import Fleet, H, N
from tests.harness import Harness
from tests.recording.test_curves import a_result

ODD = "東京_羽田 $5 *x* مطار"


def test_errors_by_lead_and_what_the_intervals_allow_for():
    result = a_result()
    chart = backtest_data(result.tuned, result.forecast)
    assert [fold.tolist() for fold in chart.folds] == [[5.0, 20.0], [-15.0, 4.0]]
    assert chart.mae.tolist() == [10.0, 12.0]
    assert (chart.level, chart.low.tolist(), chart.high.tolist()) == (80, [-10, -10], [10, 10])
    assert backtest_data(result.tuned, None).level is None


def test_losses_by_trial():
    tuned = a_result().tuned
    chart = trials_data(tuned.trials, tuned, "mase")
    assert chart.numbers.tolist() == [0, 1, 3, 4]
    assert chart.best.tolist() == [3.0, 3.0, 0.5, 0.5]
    assert chart.without == (2,)
    assert (chart.chosen, chart.baseline) == (0.5, 1.25)
    assert trials_data(tuned.trials[2:3], tuned, "mase") is None


def row(date, cutoff, forecast, actual, **band):
    row = {"date": date, "cutoff": cutoff, "forecast": forecast, "actual": actual}
    return row | {"low": None, "high": None, "level": None} | band


def test_errors_of_the_newest_forecast_of_each_period():
    rows = [
        row("2020-02-01", "2019-12-01", 90.0, 100.0),
        row("2020-02-01", "2020-01-01", 105.0, 100.0, low=95.0, high=115.0, level=95),
        row("2020-01-01", "2019-12-01", 50.0, 40.0),
        row("2020-03-01", "2020-01-01", 50.0, None),
    ]
    chart = residuals_data(rows, "M")
    assert chart.ds.astype(str).tolist() == ["2020-01-01", "2020-02-01"]
    assert chart.errors.tolist() == [10.0, 5.0]
    assert chart.low.tolist()[1] == -5.0
    assert math.isnan(chart.low[0])
    assert chart.leads == (1, 1)
    assert chart.level is None
    assert residuals_data(rows[-1:], "M") is None


@pytest.fixture(scope="module")
def fleet():
    """Forecasts of a fleet, of the same a period later, and when all of that has come true."""
    fleet = Fleet()
    fleet.job()
    fleet.at(N + 1).job()
    fleet.at(N + H).job()
    return fleet


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn(fleet, kind):
    runs = fleet.tracker._runs.values()
    name = min(run.tags["airport"] for run in runs if "airport" in run.tags)
    asked = Asked(name, kind)
    found = drawing(fleet.tracker, asked)
    assert picture(asked, found, "png").startswith(b"\x89PNG")
    assert picture(asked, found, "svg").startswith(b"<?xml")
    assert np.datetime64(found.stamp)


def test_the_newest_forecast_that_knew_nothing_later(fleet):
    runs = [r for r in fleet.tracker._runs.values() if r.tags["kind"] == "airport"]
    first, last = (f(run.tags["cutoff"] for run in runs) for f in (min, max))
    name = runs[0].tags["airport"]

    def stamp(as_of):
        return drawing(fleet.tracker, Asked(name, "forecast", as_of=as_of)).stamp

    assert stamp(None) == last
    assert stamp(first[:7]) == first
    with pytest.raises(NothingRecordedError):  # the month was not over
        stamp(first)


@pytest.fixture(scope="module")
def harness():
    from dataclasses import replace

    harness = Harness()
    harness.entries[0] = replace(harness.entries[0], airport=ODD)
    harness.run()
    return harness


def test_a_name_of_any_signs_is_drawn_as_it_is(harness):
    asked = Asked(ODD, "trials")
    svg = picture(asked, drawing(harness.tracker, asked), "svg").decode()
    assert ODD in svg


def test_what_is_not_there_is_said(harness):
    for asked, said in (
        (Asked("LGA1", "forecast"), "Nothing is recorded about airport 'LGA1'"),
        (Asked("LGA/1", "forecast", as_of="2000-01-01"), "up to 2000-01-01"),
        (Asked("LGA/1", "forecast", job_id="x"), "in job x"),
        (Asked("tiny", "backtest"), "too short"),
        (Asked("tiny", "trials"), "too short"),
        (Asked("LGA/1", "residuals"), "has come true"),
    ):
        with pytest.raises(NothingRecordedError, match=said) as error:
            drawing(harness.tracker, asked)
    with pytest.raises(NothingRecordedError) as error:
        drawing(harness.tracker, Asked("LGA1", "forecast"))
    assert error.value.hint == "Did you mean 'LGA/1'?"

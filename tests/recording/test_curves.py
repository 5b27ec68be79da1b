"""Metrics that a store draws as lines, and the note of a run."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.recording.curves import curves
from forecastctl.recording.notes import airport_note, escaped, job_note
from forecastctl.records import (
    AirportResult,
    AirportTask,
    Forecast,
    Plan,
    SearchSpec,
    Status,
    Trial,
    TuneResult,
)
from forecastctl.records.models import Member, Model, Specification
from forecastctl.records.series import future_ds
from tests.harness import Harness, make_series

NAIVE = Model("seasonal_naive", {}, "SNaive")
PLAN = Plan(tune=True, train=True, forecast=True, search=SearchSpec(horizon=2))


def trials(*losses):
    return tuple(
        Trial(n, NAIVE, "failed" if loss is None else "ok", loss, end_ms=100 + n)
        for n, loss in enumerate(losses)
    )


def a_result(airport="JFK", **changes):
    series = make_series(airport, n=30)
    mean = np.array([100.0, 200.0])
    forecast = Forecast(
        series.cutoff,
        future_ds(series.cutoff, "M", 2),
        mean,
        np.ones(2),
        {80: (mean - 10, mean + 10)},
    )
    tuned = TuneResult(
        Specification((Member(NAIVE, 1.0, 0),)),
        loss=0.5,
        metrics={},
        trials=trials(3.0, 4.0, None, 0.5, 2.0),
        backtest_errors=((5.0, 20.0), (-15.0, 4.0)),
        baseline_loss=1.25,
    )
    task = AirportTask(PLAN, series)
    whole = AirportResult(airport, Status.OK, task=task, tuned=tuned, forecast=forecast)
    return replace(whole, **changes)


def lines(metrics):
    found = {}
    for metric in metrics:
        found.setdefault(str(metric.key), []).append(
            (metric.step, metric.value, metric.timestamp_ms)
        )
    return found


def test_lines_of_a_search_a_backtest_and_a_forecast():
    result = a_result()
    found = lines(curves(result, PLAN, 7))
    assert found["search/best_loss"] == [(0, 3.0, 100), (3, 0.5, 103), (4, 0.5, 104)]
    assert found["backtest/mae"] == [(1, 10.0, 7), (2, 12.0, 7)]
    assert found["backtest/coverage80"] == [(1, 0.5, 7), (2, 0.5, 7)]
    june = 1_496_275_200_000  # 2017-06 ends the series: its forecast is of July and August
    assert found["forecast/actual"][-1] == (569, result.task.series.y[-1], june)
    assert len(found["forecast/actual"]) == 24
    assert found["forecast/mean"] == [
        (570, 100.0, 1_498_867_200_000),
        (571, 200.0, 1_501_545_600_000),
    ]


def test_only_what_the_job_did_is_drawn():
    plan = replace(PLAN, tune=False)
    assert {*lines(curves(a_result(), plan, 7))} == {"forecast/actual", "forecast/mean"}
    without = a_result(forecast=None)
    assert {*lines(curves(without, PLAN, 7))} == {"search/best_loss", "backtest/mae"}
    assert lines(curves(AirportResult("JFK", Status.REJECTED), PLAN, 7)) == {}


def test_nothing_before_1970_and_nothing_that_is_no_number():
    series = replace(
        make_series(n=3), ds=np.array(["1969-11-01", "1969-12-01", "1970-01-01"], "datetime64[D]")
    )
    nothing = a_result().tuned.backtest_errors[:0]
    tuned = replace(a_result().tuned, trials=trials(None), backtest_errors=nothing)
    found = lines(curves(a_result(task=AirportTask(PLAN, series), tuned=tuned), PLAN, 7))
    assert found["forecast/actual"] == [(0, series.y[2], 0)]
    assert "search/best_loss" not in found
    assert "backtest/mae" not in found


def test_a_long_series_has_lines_of_a_hundred():
    long = np.arange("2015-01-01", "2016-01-01", dtype="datetime64[D]")
    series = replace(make_series(n=1), ds=long, y=np.ones(len(long)), freq="D", season_length=365)
    found = lines(curves(a_result(task=AirportTask(PLAN, series)), PLAN, 7))
    assert len(found["forecast/actual"]) == 100


@pytest.mark.parametrize("curves_", [True, False])
def test_a_job_records_them_where_that_is_asked_for(curves_):
    harness = Harness()
    harness.run(curves=curves_, airports=("JFK",))
    (run,) = [r for r in harness.tracker._runs.values() if r.tags["kind"] == "airport"]
    assert ("forecast/mean" in run.metrics) is curves_


def test_the_note_of_an_airport():
    assert airport_note(a_result(), "job-1", "SNaive", "mase") == (
        "Model SNaive, from 30 periods up to June 2017: **ok**. In validation its mase was **0.5** "
        "(that of the seasonal naive: 1.25).\n\nTo ask about it:\n\n```sh\n"
        "forecastctl history airports --airport JFK\n"
        "forecastctl explain --airport JFK --date 2017-07-01\n"
        "forecastctl reproduce job-1 --airport JFK\n```"
    )


def test_the_note_of_an_airport_that_was_rejected():
    result = AirportResult("A", Status.REJECTED, "all of <b>it</b> is *zero*")
    assert airport_note(result, "job-1", None, "mase") == (
        "**rejected**: all of &lt;b&gt;it&lt;/b&gt; is &#42;zero&#42;.\n\nTo ask about it:\n\n"
        "```sh\nforecastctl history airports --airport A\nforecastctl explain --airport A\n```"
    )


@pytest.mark.parametrize("name", ["東京 $5", "a ``` b", "````", "it's", "-x", "a\n```\n# b"])
def test_no_name_leaves_the_block_of_commands(name):
    note = airport_note(a_result(name), "job-1", "SNaive", "mase")
    opening = next(line for line in note.splitlines() if line.endswith("sh"))
    fence = opening.removesuffix("sh")
    assert set(fence) == {"`"}
    assert note.count(fence) == 2
    assert note.endswith(f"\n{fence}")


def test_signs_of_markdown_show_as_they_are():
    assert escaped("a_b [c](d) | `e`\n# <f> & ~g~ \\") == (
        "a&#95;b &#91;c&#93;(d) &#124; &#96;e&#96; &#35; &lt;f&gt; &amp; &#126;g&#126; &#92;"
    )


def test_the_note_of_a_job():
    counts = {"total": 3, "ok": 2, "failed": 0, "without_suspects": 1}
    assert job_note("run", "job-1", counts, [0.5, 0.25, 1.0], "mase") == (
        "`run` of 3 airports: 2 ok, 1 without suspects. Median mase in validation: **0.5**.\n\n"
        "To ask about it:\n\n```sh\nforecastctl history airports --job job-1\n"
        "forecastctl reproduce job-1\nforecastctl explain\n```"
    )

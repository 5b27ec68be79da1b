"""Every airport of the input ends with exactly one recorded status, whatever happens."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecastctl.errors import TrackingError, UsageError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.jobs.pilot import place
from forecastctl.jobs.summary import job_status
from forecastctl.models.kernels import compiled
from forecastctl.recording.read import (
    read_forecast,
    read_model,
    read_snapshot,
    read_tuning,
)
from forecastctl.records import (
    FAILED,
    FINISHED,
    KILLED,
    Failure,
    Outcome,
    Query,
    Rejection,
    RunUpdate,
)
from forecastctl.records.marks import SET, panel_mark
from forecastctl.records.schema import File
from forecastctl.search.short import widths_of_short
from forecastctl.store.memory import MemoryTracker
from tests.harness import SEARCH, make_series


def airport_runs(tracker, job_id=None):
    tags = {"kind": "airport"} | ({"job_id": job_id} if job_id else {})
    return {run.tags["airport"]: run for run in tracker.find(Query(tags=tags))}


def test_every_airport_has_one_line_in_the_order_of_the_input(harness):
    summary = harness.run()
    assert [line.airport for line in summary.lines] == ["JFK", "BAD", "LGA/1", "tiny"]
    assert [line.status for line in summary.lines] == ["ok", "rejected", "ok", "ok-with-fallback"]
    assert summary.counts == {
        "total": 4, "ok": 2, "without_suspects": 0, "fallback": 1, "failed": 0, "rejected": 1,
        "skipped": 0,
    }  # fmt: skip
    assert summary.lines[1].reason == "all values are zero"
    assert sorted(name for name, _ in harness.told) == ["BAD", "JFK", "LGA/1", "tiny"]
    recorded = airport_runs(harness.tracker)
    assert {a: r.tags["status"] for a, r in recorded.items()} == {
        line.airport: line.status for line in summary.lines
    }
    assert {a: r.run_id for a, r in recorded.items()} == {
        line.airport: line.run_id for line in summary.lines
    }


def test_the_out_table_has_one_row_per_airport_and_month(harness):
    frame = harness.run().forecasts
    assert list(frame.columns) == [
        "airport", "date", "mean", "lo-80", "hi-80", "lo-95", "hi-95", "cutoff", "model", "status",
    ]  # fmt: skip
    assert frame.groupby("airport", sort=False).size().to_dict() == {
        "JFK": 3, "LGA/1": 3, "tiny": 3,
    }  # fmt: skip
    jfk = frame[frame["airport"] == "JFK"]
    assert list(jfk["date"]) == ["2019-01-01", "2019-02-01", "2019-03-01"]
    assert set(jfk["cutoff"]) == {"2018-12-01"}
    assert (frame["lo-95"] <= frame["lo-80"]).all()
    assert (frame["lo-95"] >= 0).all()


def test_what_was_recorded_reads_back_bit_for_bit(harness):
    summary = harness.run()
    run_id = summary.lines[0].run_id
    forecast = read_forecast(harness.tracker, run_id)
    written = summary.forecasts[summary.forecasts["airport"] == "JFK"]
    assert np.array_equal(forecast.mean, written["mean"])
    assert np.array_equal(forecast.intervals[95][0], written["lo-95"])
    model = read_model(harness.tracker, run_id)
    tuned = read_tuning(harness.tracker, run_id)
    assert model.specification == tuned.specification
    assert model.backtest_errors == tuned.backtest_errors
    snapshot = read_snapshot(harness.tracker, harness.tracker.get(run_id).tags["panel_digest"])
    assert set(snapshot["airport"]) == {"JFK", "LGA/1", "tiny"}


def test_stages_one_by_one_give_what_run_gives(harness):
    whole = harness.run().forecasts
    harness.run("tune")
    harness.run("train")
    apart = harness.run("forecast")
    assert np.array_equal(whole["mean"], apart.forecasts["mean"])
    run = airport_runs(harness.tracker, apart.job_id)["JFK"]
    trained = harness.tracker.get(run.tags["trained_by"])
    assert trained.tags["command"] == "train"
    assert harness.tracker.get(run.tags["tuned_by"]).tags["command"] == "tune"
    assert trained.tags["tuned_by"] == run.tags["tuned_by"]


def test_train_without_a_search_fails_with_the_command_to_run(harness):
    summary = harness.run("train")
    by_airport = {line.airport: line for line in summary.lines}
    assert by_airport["JFK"].status == "failed"
    assert "forecastctl tune" in by_airport["JFK"].reason
    assert by_airport["BAD"].status == "rejected"
    assert summary.status == "failed"


def test_nothing_from_the_future_is_used(harness):
    harness.run("tune")
    earlier = [e if isinstance(e, Rejection) else _cut(e, 10) for e in harness.entries]
    harness.entries = earlier
    summary = harness.run("train")
    assert {line.status for line in summary.lines} == {"failed", "rejected"}


def test_the_interval_of_a_new_airport_comes_from_the_others_whether_they_are_asked_for(harness):
    """Fourteen months were tuned on one fold of one month; now the others say how wide it is."""
    harness.entries = [*harness.entries[:3], make_series("NEW", n=14, seed=4)]
    fleet = [e for e in harness.entries if not isinstance(e, Rejection) and e.n > 14]
    fleet.sort(key=lambda s: place(s.airport, SEARCH.seed))
    widths = widths_of_short(14, 12, fleet, replace(SEARCH, horizon=12))
    for airports in ((), ("NEW",)):
        summary = harness.run(airports=airports, search=replace(SEARCH, horizon=12))
        line = next(line for line in summary.lines if line.airport == "NEW")
        assert (line.status, line.model) == ("ok-with-fallback", "SNaive")
        assert line.reason == (
            "14 observations are too few to validate a model; the seasonal naive stands in, "
            "its interval from its errors in longer series"
        )
        tuned = read_tuning(harness.tracker, line.run_id)
        assert tuned.widths == widths
        forecast = read_forecast(harness.tracker, line.run_id)
        assert list(forecast.mean) == list(harness.entries[3].y[-12:])
        sigma = read_model(harness.tracker, line.run_id).members[0].sigma
        half = forecast.intervals[95][1] - forecast.mean
        np.testing.assert_allclose(half, dict(widths)[95] * sigma)


def _cut(series, periods):
    from dataclasses import replace

    keep = max(series.n - periods, 1)
    return replace(series, ds=series.ds[:keep], y=series.y[:keep])


def test_the_snapshot_is_stored_once_per_content(harness):
    first = harness.run("tune")
    second = harness.run("tune")
    one, two = (harness.tracker.get(s.run_id) for s in (first, second))
    assert two.tags["snapshot_run_id"] == one.tags["snapshot_run_id"]
    [panel] = harness.tracker.find(Query(tags={"kind": "panel"}))
    assert panel.run_id == one.tags["snapshot_run_id"]
    assert panel.tags["panel_digest"] == one.tags["panel_digest"]
    assert panel.parent_id is None  # who deletes the job deletes no data of later ones


def test_a_panel_that_is_gone_or_damaged_is_stored_again_by_the_next_job(harness):
    digest = harness.tracker.get(harness.run("tune").run_id).tags["panel_digest"]
    before = read_snapshot(harness.tracker, digest)
    for damage in ("deleted", "damaged", "of a job alone"):
        [panel] = harness.tracker.find(Query(tags={"kind": "panel"}))
        if damage == "damaged":
            harness.tracker._artifacts[panel.run_id]["panel.parquet"] = b"PAR1"
        else:
            del harness.tracker._runs[panel.run_id]
        if damage == "of a job alone":  # as earlier versions stored it
            job = harness.tracker.find(Query(tags={"kind": "job"}, limit=1))[0]
            harness.tracker._artifacts[job.run_id]["panel.parquet"] = b"PAR1"
            harness.tracker.update(job.run_id, RunUpdate(tags={panel_mark(digest): SET}))
        harness.run("tune")
        pd.testing.assert_frame_equal(read_snapshot(harness.tracker, digest), before)
        for old in harness.tracker.find(Query(tags={"kind": "panel"}))[1:]:
            del harness.tracker._runs[old.run_id]


def test_selection_is_accounted_for(harness):
    summary = harness.run(airports=("JFK",), select=("t*",))
    assert {li.airport: li.status for li in summary.lines} == {
        "JFK": "ok", "BAD": "skipped", "LGA/1": "skipped", "tiny": "ok-with-fallback",
    }  # fmt: skip
    assert set(airport_runs(harness.tracker)) == {"JFK", "tiny"}


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"airports": ("JKF",)}, "'JFK'"),
        ({"airports": ("jfk",)}, "'JFK'"),
        ({"select": ("Z*",)}, "check"),
    ],
)
def test_a_selection_of_nothing_is_an_error(harness, changes, hint):
    with pytest.raises(UsageError) as caught:
        harness.run(**changes)
    assert hint in caught.value.hint


def test_unchanged_airports_can_be_skipped_and_keep_their_forecasts(harness):
    first = harness.run()
    again = harness.run(skip_unchanged=True)
    assert {li.airport: li.status for li in again.lines} == {
        "JFK": "skipped", "BAD": "rejected", "LGA/1": "skipped", "tiny": "skipped",
    }  # fmt: skip
    assert np.array_equal(first.forecasts["mean"], again.forecasts["mean"])
    assert again.status == "ok"
    changed = harness.run(skip_unchanged=True, config_digest="other")
    assert changed.counts["skipped"] == 0


def test_the_job_run_holds_accounts_settings_environment_and_log(harness):
    summary = harness.run()
    read = harness.tracker.read_artifact
    results = json.loads(read(summary.run_id, "results.json"))
    assert results["airports"] == summary.counts
    assert [r["airport"] for r in results["results"]] == ["JFK", "BAD", "LGA/1", "tiny"]
    environment = json.loads(read(summary.run_id, "environment.json"))
    assert environment["git"] == {"commit": "c0ffee", "dirty": True}
    assert read(summary.run_id, "log.txt") == b"log"
    run = harness.tracker.get(summary.run_id)
    assert run.status == FINISHED
    assert run.metrics["airports_rejected"] == 1
    assert run.params["tune.seed"] == "0"


def test_charts_are_recorded_as_pictures(harness):
    summary = harness.run(charts=True, airports=("LGA/1",))
    run_id = next(li.run_id for li in summary.lines if li.run_id)
    chart = harness.tracker.read_artifact(run_id, "forecast.png")
    assert chart.startswith(b"\x89PNG")


@pytest.mark.parametrize(("most", "drawn"), [(1, False), (2, True)])
def test_charts_are_drawn_unasked_of_few_airports(harness, monkeypatch, most, drawn):
    monkeypatch.setattr("forecastctl.jobs.plan.CHARTED", most)
    harness.run(charts=None, airports=("JFK", "LGA/1"))
    runs = [r for r in harness.tracker._runs.values() if r.tags["kind"] == "airport"]
    assert [File.CHART in harness.tracker._artifacts[r.run_id] for r in runs] == [drawn] * 2


class DyingExecutor(SerialExecutor):
    """Loses one worker, while airports are tuned first (part 0), or after it (part 1)."""

    def __init__(self, part):
        self.part = part

    def map(self, fn, tasks):
        dies, self.part = self.part == 0, self.part - 1
        for index, outcome in enumerate(super().map(fn, tasks)):
            if dies and index == 0:
                yield Outcome(outcome.index, failure=Failure("WorkerDied", "killed"))
            else:
                yield outcome


@pytest.mark.parametrize("part", [0, 1])
def test_a_dead_worker_is_a_failed_airport_and_the_others_go_on(harness, part):
    summary = harness.run(executor=DyingExecutor(part))
    failed = [li for li in summary.lines if li.status == "failed"]
    assert len(failed) == 1
    assert failed[0].reason == "WorkerDied: killed"
    assert summary.status == "partial"
    assert summary.counts["ok"] + summary.counts["fallback"] == 2


def test_a_failing_stage_keeps_what_came_before(harness, monkeypatch):
    from forecastctl.models.combination import fit_and_predict as forecast

    def broken(*_args, **_kwargs):
        raise ArithmeticError("no convergence")

    monkeypatch.setattr(forecast, "fit", broken)
    summary = harness.run(airports=("JFK",))
    line = summary.lines[0]
    assert (line.status, line.reason) == ("failed", "ArithmeticError: no convergence")
    assert line.loss is not None
    run = harness.tracker.get(line.run_id)
    assert run.status == FAILED
    assert "ArithmeticError" in harness.tracker.read_artifact(line.run_id, "traceback.txt").decode()
    assert read_tuning(harness.tracker, line.run_id).loss == line.loss
    assert summary.forecasts.empty
    assert "mean" in summary.forecasts.columns


def test_any_error_is_recorded_and_keeps_what_came_before(harness, monkeypatch):
    from forecastctl.models.combination import fit_and_predict as forecast

    for error in (SystemExit("a\ud800b\x00c"), ValueError("x" * 10_000_000)):

        def broken(*_args, error=error, **_kwargs):
            raise error

        monkeypatch.setattr(forecast, "fit", broken)
        line = harness.run(airports=("JFK",)).lines[0]
        assert line.status == "failed"
        assert line.loss is not None
        assert len(line.reason) < 2100
        line.reason.encode()
        traced = harness.tracker.read_artifact(line.run_id, "traceback.txt").decode()
        assert "in broken" in traced
        assert len(traced) <= 32_000


class FullStore(MemoryTracker):
    """Breaks after the job's run is open."""

    def record(self, runs, parent_id=None):
        raise TrackingError("disk full")


def test_a_store_that_breaks_ends_the_job_and_says_so(harness):
    store = FullStore()
    with pytest.raises(TrackingError, match="disk full"):
        harness.run(tracker=store)
    (run,) = store.find(Query(tags={"kind": "job"}))
    assert (run.status, run.tags["status"], run.tags["reason"]) == (FAILED, "failed", "disk full")


class Interrupted(SerialExecutor):
    """Ctrl-C after the first airport, while some are tuned first, or after it."""

    def __init__(self, part):
        self.part = part

    def map(self, fn, tasks):
        ends, self.part = self.part == 0, self.part - 1
        for outcome in super().map(fn, tasks):
            yield outcome
            if ends:
                raise KeyboardInterrupt


@pytest.mark.parametrize(("part", "recorded"), [(0, {"BAD"}), (1, {"BAD", "JFK"})])
def test_ctrl_c_leaves_a_true_record(harness, part, recorded):
    with pytest.raises(KeyboardInterrupt):
        harness.run(executor=Interrupted(part), batch=8)
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    assert (job.status, job.tags["status"]) == (KILLED, "interrupted")
    assert set(airport_runs(harness.tracker)) == recorded


def test_largest_airports_go_first(harness):
    seen = []

    class Recording(SerialExecutor):
        def map(self, fn, tasks):
            seen.append([task.series.n for task in tasks])
            return super().map(fn, tasks)

    harness.run(executor=Recording())
    assert seen == [sorted(part, reverse=True) for part in seen]
    assert [len(part) for part in seen] == [2, 3]  # that of four months is not searched


def test_an_empty_panel_of_airports_is_ok():
    assert job_status([]) == "ok"


class Noted(SerialExecutor):
    """Notes when work begins."""

    def __init__(self, events):
        self.events = events

    def map(self, fn, tasks):
        self.events.append("work")
        return super().map(fn, tasks)


def test_models_are_compiled_before_workers_start_where_there_is_something_to_fit(
    harness, monkeypatch
):
    events = []
    monkeypatch.setattr(compiled, "warm", lambda _say: events.append("compile"))
    harness.run(executor=Noted(events))
    assert events == ["compile", "work", "work"]
    del events[:]
    harness.run("forecast", executor=Noted(events))
    assert events == ["work", "work"]

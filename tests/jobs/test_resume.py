"""A job that was cut off anywhere goes on, and ends as if it had not been."""

import contextlib
import io
import json

import pandas as pd
import pytest

from forecastctl.errors import NothingRecordedError, TrackingError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.records import FAILED, FINISHED, KILLED, Query, RunUpdate
from tests.harness import Breaks, Harness, make_series


class CutOff(SerialExecutor):
    """Ctrl-C after so many outcomes, those of the pilot's searches included."""

    def __init__(self, after):
        self.left = after

    def map(self, fn, tasks):
        for outcome in super().map(fn, tasks):
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            yield outcome
        if self.left == 0:
            raise KeyboardInterrupt


def airports(tracker, job_id):
    """What each airport's run holds, but for ids and times."""
    found = {}
    for run in tracker.find(Query(tags={"kind": "airport", "job_id": job_id})):
        assert run.tags["airport"] not in found, "recorded twice"
        tags = {
            k: v
            for k, v in run.tags.items()
            if k not in ("attempt", "job_id", "fmin_uuid", "digests") and "mlflow." not in k
        }
        files = {}
        for name in ("tuning.json", "model.json", "forecast.json"):
            with contextlib.suppress(NothingRecordedError):
                files[name] = json.loads(tracker.read_artifact(run.run_id, name))
        found[run.tags["airport"]] = (run.status, run.params, tags, files)
    return found


def account(tracker, run_id):
    """The job's summary but for ids and costs."""
    content = json.loads(tracker.read_artifact(run_id, "results.json"))
    for line in content["results"]:
        del line["run_id"]
    return {k: v for k, v in content.items() if k not in ("job_id", "run_id", "cost")}


def winners(tracker, run_id):
    content = json.loads(tracker.read_artifact(run_id, "winners.json"))
    at = content["columns"].index("run_id")
    return {**content, "data": [[v for i, v in enumerate(r) if i != at] for r in content["data"]]}


def assert_equal(harness, summary, whole):
    assert airports(harness.tracker, summary.job_id) == airports(whole.tracker, "whole")
    assert account(harness.tracker, summary.run_id) == account(whole.tracker, whole.summary.run_id)
    assert winners(harness.tracker, summary.run_id) == winners(whole.tracker, whole.summary.run_id)
    pd.testing.assert_frame_equal(summary.forecasts, whole.summary.forecasts, check_exact=True)
    fleets = [
        pd.read_parquet(_buffer(h.tracker, s.run_id))
        for h, s in ((harness, summary), (whole, whole.summary))
    ]
    assert sorted(fleets[0]["airport"]) == sorted(fleets[1]["airport"])


def _buffer(tracker, run_id):
    return io.BytesIO(tracker.read_artifact(run_id, "fleet/models.parquet"))


@pytest.mark.parametrize("layout", ["nested", "flat"])
@pytest.mark.parametrize("after", range(6))
def test_cut_off_anywhere_it_goes_on_and_ends_as_if_it_had_not_been(after, layout):
    whole = Harness()
    whole.summary = whole.run(job_id="whole", layout=layout)
    harness = Harness()
    with pytest.raises(KeyboardInterrupt):
        harness.run(layout=layout, executor=CutOff(after))
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    assert job.status == KILLED
    summary = harness.run(layout=layout)
    assert_equal(harness, summary, whole)
    assert summary.run_id == job.run_id
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    assert (job.status, job.tags["status"], job.tags["attempt"]) == (FINISHED, "ok", "2")
    assert job.tags["reason"] == ""


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_store_that_went_away_is_gone_on_with(at):
    whole = Harness()
    whole.summary = whole.run(job_id="whole", batch=1)
    harness = Harness()
    harness.tracker = Breaks(at)
    with pytest.raises(TrackingError):
        harness.run(batch=1)
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    assert job.status == FAILED
    assert_equal(harness, harness.run(batch=1), whole)


def interrupted():
    harness = Harness()
    with pytest.raises(KeyboardInterrupt):
        harness.run(executor=CutOff(4), batch=1)
    return harness


def jobs(harness):
    return len(harness.tracker.find(Query(tags={"kind": "job"})))


def test_a_job_that_is_asked_for_anything_else_starts_over():
    for other in ({"config_digest": "x"}, {"layout": "flat"}, {"fresh": True}, {"charts": True}):
        harness = interrupted()
        harness.run(**other)
        assert jobs(harness) == 2, other
    harness = interrupted()
    harness.entries[0] = make_series("JFK", seed=9)
    harness.run()
    assert jobs(harness) == 2


def test_workers_and_batches_are_nothing_else():
    harness = interrupted()
    harness.run(jobs=3, batch=5)
    assert jobs(harness) == 1


def test_a_job_that_was_done_is_not_gone_on_with():
    harness = interrupted()
    harness.run()
    harness.run()
    assert jobs(harness) == 2


def test_a_job_that_still_runs_is_left_alone():
    harness = interrupted()
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    harness.tracker.update(job.run_id, RunUpdate("RUNNING"))
    harness.run()
    assert jobs(harness) == 2


def test_an_airport_that_cannot_be_read_any_more_is_done_anew(monkeypatch):
    harness = interrupted()
    recorded = {
        run.tags["airport"]: run.run_id
        for run in harness.tracker.find(Query(tags={"kind": "airport"}))
    }
    assert "JFK" in recorded
    real = harness.tracker.read_artifact

    def damaged(run_id, path):
        content = real(run_id, path)
        lost = run_id == recorded["JFK"] and path == "forecast.json"
        return content[:40] if lost else content

    monkeypatch.setattr(harness.tracker, "read_artifact", damaged)
    summary = harness.run()
    (line,) = [line for line in summary.lines if line.airport == "JFK"]
    assert (line.status, line.run_id != recorded["JFK"]) == ("ok", True)
    run = harness.tracker.get(line.run_id)
    assert run.tags["attempt"] == "2"
    assert "forecast.json" in run.tags["done_anew"]


def test_skip_unchanged_does_not_take_its_own_airports_for_unchanged_ones():
    harness = Harness()
    with pytest.raises(KeyboardInterrupt):
        harness.run(executor=CutOff(4), batch=1, skip_unchanged=True)
    summary = harness.run(skip_unchanged=True)
    assert summary.counts["skipped"] == 0
    assert summary.counts["total"] == 4

"""What failed in a job is done again, as its next attempt."""

from dataclasses import replace

import pytest

from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.history import HistoryQuery, history
from forecastctl.jobs.stopping import Stopping
from forecastctl.records import KILLED, Query, RunUpdate
from forecastctl.reproduce.replay import choose_runs
from forecastctl.store.spool.place import place_of, publish_all
from forecastctl.store.spool.spooling import SpoolingTracker
from forecastctl.store.spool.tracker import SpoolTracker
from tests.harness import Harness, make_series
from tests.jobs.test_resume import CutOff, account, airports, interrupted
from tests.jobs.test_stopping import Failing, Winding, six
from tests.stores_that_fail import Fails


def failed(layout="nested"):
    harness = six()
    harness.first = harness.run(executor=Failing("A1", "A4"), layout=layout)
    assert harness.first.counts["failed"] == 2
    return harness


@pytest.mark.parametrize("layout", ["nested", "flat"])
def test_what_failed_is_done_again_and_the_job_is_as_if_it_never_had(layout):
    harness = failed(layout)
    before = {run.run_id for run in harness.tracker.find(Query(tags={"kind": "airport"}))}
    harness.told.clear()
    summary = harness.retry()
    assert (summary.job_id, summary.run_id) == (harness.first.job_id, harness.first.run_id)
    assert summary.counts["ok"] == 6
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    assert (job.status, job.tags["status"], job.tags["attempt"]) == ("FINISHED", "ok", "2")
    after = {run.run_id: run for run in harness.tracker.find(Query(tags={"kind": "airport"}))}
    new = {run_id: run for run_id, run in after.items() if run_id not in before}
    assert {run.tags["airport"] for run in new.values()} == {"A1", "A4"}
    for run_id, run in new.items():
        assert run.tags["attempt"] == "2"
        old = after[run.tags["retry_of"]]
        assert (old.tags["airport"], old.tags["status"]) == (run.tags["airport"], "failed")
        assert old.tags["superseded_by"] == run_id
    whole = six()
    other = whole.run(layout=layout, job_id="whole")
    first, second = account(harness.tracker, summary.run_id), account(whole.tracker, other.run_id)
    assert first == second
    assert sorted(summary.forecasts["airport"].unique()) == [f"A{i}" for i in range(6)]


def test_history_and_reproduce_have_the_newest_attempt_unless_all_are_asked_for():
    harness = failed()
    harness.retry()
    rows = history(harness.tracker, HistoryQuery("airports"))
    assert sorted((r["airport"], r["status"]) for r in rows) == [(f"A{i}", "ok") for i in range(6)]
    assert history(harness.tracker, HistoryQuery("airports", status="failed")) == []
    assert len(history(harness.tracker, HistoryQuery("airports", limit=5))) == 5
    rows = history(harness.tracker, HistoryQuery("airports", all_attempts=True))
    assert len(rows) == 8
    attempts = {(r["airport"], r["attempt"], r["status"]) for r in rows}
    assert {("A1", 1, "failed"), ("A1", 2, "ok"), ("A0", 1, "ok")} <= attempts
    chosen = choose_runs(harness.tracker, harness.first.job_id)
    assert [run.tags["airport"] for run in chosen.runs] == [f"A{i}" for i in range(6)]


def test_it_can_fail_again_and_be_done_a_third_time():
    harness = failed()
    assert harness.retry(executor=Failing("A4")).counts["failed"] == 1
    assert harness.retry().counts["failed"] == 0
    (run,) = harness.tracker.find(Query(tags={"airport": "A4", "kind": "airport", "status": "ok"}))
    assert run.tags["attempt"] == "3"
    second = harness.tracker.get(run.tags["retry_of"])
    assert (second.tags["attempt"], second.tags["status"]) == ("2", "failed")
    (row,) = history(harness.tracker, HistoryQuery("airports", airport="A4"))
    assert row["run_id"] == run.run_id


def test_what_was_rejected_or_fell_back_is_done_again_where_it_is_asked_for():
    harness = Harness()
    first = harness.run()
    assert {li.airport: li.status for li in first.lines}["tiny"] == "ok-with-fallback"
    harness.retry(("rejected",))
    (run,) = harness.tracker.find(Query(tags={"airport": "BAD", "kind": "airport", "attempt": "2"}))
    assert run.tags["status"] == "rejected"
    better = [make_series("tiny", seed=3) if e.airport == "tiny" else e for e in harness.entries]
    summary = harness.retry(("fallback", "rejected"), entries=better)
    assert {li.airport: li.status for li in summary.lines}["tiny"] == "ok"
    assert len(airports(harness.tracker, "none")) == 0
    rows = history(harness.tracker, HistoryQuery("airports", limit=100))
    assert len(rows) == len({row["airport"] for row in rows}) == 4


def once(tracker):
    """Every airport counts once, and older attempts name the one that does."""
    rows = history(tracker, HistoryQuery("airports", limit=100))
    assert sorted((r["airport"], r["status"]) for r in rows) == [(f"A{i}", "ok") for i in range(6)]
    newest = {row["airport"]: row["run_id"] for row in rows}
    runs = tracker.find(Query(tags={"kind": "airport"}, limit=100))
    older = [run for run in runs if run.run_id not in newest.values()]
    assert {r.tags["airport"] for r in older} == {"A1", "A4"}
    assert all(r.tags["superseded_by"] == newest[r.tags["airport"]] for r in older)


@pytest.mark.parametrize("recorded", [0, 1, 2])
def test_a_retry_that_was_cut_off_is_begun_again(recorded):
    harness = failed()
    with pytest.raises(KeyboardInterrupt):
        harness.retry(executor=CutOff(recorded))
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    assert (job.status, job.tags["left"]) == (KILLED, "2")
    assert harness.retry().counts["ok"] == 6
    once(harness.tracker)
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    assert (job.status, job.tags["status"], job.tags["left"]) == ("FINISHED", "ok", "0")


def test_the_command_of_the_job_goes_on_with_a_retry_that_was_cut_off():
    harness = failed()
    with pytest.raises(KeyboardInterrupt):
        harness.retry(executor=CutOff(1))
    summary = harness.run()
    assert summary.job_id == harness.first.job_id
    assert summary.counts["failed"] == 2 - (summary.counts["ok"] - 4)
    assert harness.retry().counts["ok"] == 6
    once(harness.tracker)


def test_a_kill_between_an_airport_and_what_it_supersedes_is_made_up_for(monkeypatch):
    harness = failed()
    update = harness.tracker.update

    def killed(run_id, changes):
        if "superseded_by" in changes.tags:
            raise KeyboardInterrupt
        update(run_id, changes)

    with monkeypatch.context() as patched:
        patched.setattr(harness.tracker, "update", killed)
        with pytest.raises(KeyboardInterrupt):
            harness.retry()
    assert len(history(harness.tracker, HistoryQuery("airports", limit=100))) == 8
    assert harness.retry().counts["ok"] == 6
    once(harness.tracker)


@pytest.mark.parametrize("write", range(6))
def test_a_store_that_goes_away_in_a_retry_costs_nothing(tmp_path, write):
    """The runs that are superseded are in the store, the newer ones wait."""
    store = Fails()
    harness = six()
    harness.tracker = store
    harness.first = harness.run(executor=Failing("A1", "A4"))
    place = place_of(tmp_path / "spool", "sqlite:////nowhere/mlflow.db", "x")
    harness.tracker = SpoolingTracker(store, SpoolTracker(place.new()))
    harness.tracker.begin()
    store.back(write)
    assert harness.retry().counts["ok"] == 6
    assert harness.tracker.away is not None
    harness.tracker.close()
    store.back()
    assert publish_all(place, store).kept == {}
    once(store)
    (job,) = store.find(Query(tags={"kind": "job"}))
    assert (job.status, job.tags["status"], job.tags["left"]) == ("FINISHED", "ok", "0")


def test_of_a_job_that_ended_with_too_many_failures_that_is_said():
    harness = six()
    harness.run(executor=Failing("A1"), stopping=Stopping(most_failures=0), batch=1)
    with pytest.raises(UsageError, match=r"ended before all was done .1 airport failed, more than"):
        harness.retry()


def test_what_cannot_be_retried_is_refused():
    harness = interrupted()
    with pytest.raises(UsageError, match="cut off"):
        harness.retry()
    (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
    harness.tracker.update(job.run_id, RunUpdate("RUNNING"))
    with pytest.raises(UsageError, match="still at work"):
        harness.retry()


class TestResumeByName:
    def test_the_job_that_is_named_is_gone_on_with(self):
        harness = interrupted()
        (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
        summary = harness.run(resume=job.tags["job_id"][:8])
        assert summary.run_id == job.run_id

    def test_latest_is_the_newest(self):
        harness = interrupted()
        (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
        assert harness.run(resume="latest").run_id == job.run_id

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"config_digest": "x", "settings": {"tune.seed": 5}}, "tune.seed 0, now 5"),
            ({"command": "tune"}, "made by 'run', not by 'tune'"),
            ({"layout": "flat"}, "asked for something else"),
            (
                {"layout": "flat", "settings": {"tune.seed": 0, "report.out": "site"}},
                "with: it was asked for something else\\.",
            ),
        ],
    )
    def test_what_differs_is_said(self, changes, why):
        harness = interrupted()
        with pytest.raises(UsageError, match=why):
            harness.run(resume="latest", **changes)
        assert len(harness.tracker.find(Query(tags={"kind": "job"}))) == 1

    def test_other_data_and_other_code_are_said(self):
        from tests.harness import ENVIRONMENT

        harness = interrupted()
        harness.entries[0] = make_series("JFK", seed=9)
        newer = replace(ENVIRONMENT, versions={**ENVIRONMENT.versions, "numpy": "3"})
        with pytest.raises(UsageError) as raised:
            harness.run(resume="latest", environment=newer)
        assert "the data are others (panel " in raised.value.message
        assert "the code is another: numpy absent, now 3" in raised.value.message

    def test_one_that_is_complete_at_work_or_unknown_is_refused(self):
        harness = Harness()
        harness.run()
        with pytest.raises(UsageError, match="is complete"):
            harness.run(resume="latest")
        with pytest.raises(NothingRecordedError, match="no run or job"):
            harness.run(resume="nothing-like-it")
        harness = interrupted()
        (job,) = harness.tracker.find(Query(tags={"kind": "job"}))
        harness.tracker.update(job.run_id, RunUpdate("RUNNING"))
        with pytest.raises(UsageError, match="still at work"):
            harness.run(resume="latest")


def test_a_retry_has_limits_too():
    harness = failed()
    executor = Winding(1)
    assert harness.retry(executor=executor).left == 0

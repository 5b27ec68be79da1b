"""What is deleted of an old record: nothing that an explanation of what is kept would read."""

import logging

import pytest

from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.rows import group
from forecastctl.errors import NothingRecordedError
from forecastctl.explain.answer import explain
from forecastctl.explain.question import Question
from forecastctl.explain.read.series import Source
from forecastctl.recording.read import latest, read_snapshot
from forecastctl.recording.retention import AT_WORK, IN_USE, REFERRED, YOUNG, retention
from forecastctl.records import RUNNING, RunUpdate
from forecastctl.records.schema import STAGES
from tests.explain_schema import answered
from tests.fleets import Fleet, H, N, again
from tests.harness import frame_of

DATE = "2019-05"
"""A month that jobs of the last period N reach, and those three months before do not."""


@pytest.fixture(scope="module")
def recorded():
    """Six jobs: an old one, three that build on each other, and two later ones."""
    fleet = Fleet()
    fleet.whole = fleet.whole[:2]
    jobs = {"old": fleet.at(N - 3).job()}
    fleet.at(N)
    for command in ("tune", "train", "forecast"):
        jobs[command] = fleet.job(command=command)
    jobs["next"] = fleet.at(N + 1).job()
    jobs["last"] = fleet.at(N + H).job()
    fleet.jobs = {name: summary.run_id for name, summary in jobs.items()}
    return fleet


def before(fleet, name):
    """A time at which the job of this name and later ones are young enough."""
    return fleet.tracker.get(fleet.jobs[name]).start_ms


def found(fleet, name):
    result = retention(fleet.tracker, before(fleet, name))
    names = {run_id: job for job, run_id in fleet.jobs.items()}
    kept = {names[run_id]: why for run_id, why in result.kept.items() if run_id in names}
    return result, {names[job.run_id] for job in result.jobs if job.run_id in names}, kept


def answers(fleet):
    questions = [
        Question(airport, DATE, cutoff=cutoff) for airport in ("AAA", "BBB")
        for cutoff in ("2018-12", "2019-01")
    ]  # fmt: skip
    return [answered(explain(fleet.tracker, question)) for question in questions]


def test_what_is_kept_is_explained_as_before(recorded):
    fleet = again(recorded)
    expected = answers(fleet)
    builds_on = {
        stage: latest(fleet.tracker, stage, dict.fromkeys(("AAA", "BBB"))) for stage in STAGES
    }
    result, gone, kept = found(fleet, "forecast")
    assert gone == {"old"}
    assert kept == {
        "tune": REFERRED, "train": REFERRED, "forecast": YOUNG, "next": YOUNG, "last": YOUNG,
    }  # fmt: skip
    old = fleet.tracker.get(fleet.jobs["old"])
    assert [run.tags["panel_digest"] for run in result.panels] == [old.tags["panel_digest"]]
    runs = len(fleet.tracker._runs)
    deleted = fleet.tracker.delete(result.roots)
    assert len(fleet.tracker._runs) == runs - deleted
    assert not [r for r in fleet.tracker._runs.values() if r.tags["job_id"] == old.tags["job_id"]]
    with pytest.raises(NothingRecordedError):
        read_snapshot(fleet.tracker, old.tags["panel_digest"])
    assert answers(fleet) == expected
    for stage, runs in builds_on.items():
        assert latest(fleet.tracker, stage, dict.fromkeys(("AAA", "BBB"))) == runs
    assert found(fleet, "forecast")[0].roots == ()


def test_all_that_is_newest_of_an_airport_stays_however_old(recorded):
    _, gone, kept = found(recorded, "last")
    assert kept == {"last": YOUNG}
    assert gone == {"old", "tune", "train", "forecast", "next"}
    result = retention(recorded.tracker, before(recorded, "last") + 1)
    assert result.kept == {recorded.jobs["last"]: IN_USE}


def test_a_job_at_work_and_one_that_holds_a_panel_stay(recorded):
    fleet = again(recorded)
    fleet.tracker.update(fleet.jobs["next"], RunUpdate(status=RUNNING))
    digest = fleet.tracker.get(fleet.jobs["next"]).tags["panel_digest"]
    [panel] = [r for r in fleet.runs("panel") if r.tags["panel_digest"] == digest]
    fleet.tracker.delete([panel.run_id])
    tags = {key: value for key, value in panel.tags.items() if "forecastctl.panel" in key}
    fleet.tracker.update(fleet.jobs["old"], RunUpdate(tags={**tags, "panel_digest": digest}))
    _, gone, kept = found(fleet, "last")  # as earlier versions did, a job holds the panel
    assert kept == {"last": YOUNG, "next": AT_WORK, "old": REFERRED}
    assert gone == {"tune", "train", "forecast"}


def test_a_backtest_stays_or_goes_as_one(recorded):
    fleet = again(recorded)
    mark = {"backtest_id": "bt"}
    for name in ("tune", "next"):
        fleet.tracker.update(fleet.jobs[name], RunUpdate(tags=mark))
    assert found(fleet, "next")[1] == {"old", "train", "forecast"}
    assert found(fleet, "last")[1] == {"old", "tune", "train", "forecast", "next"}


def test_the_newest_data_stay_though_a_backtest_brought_them(recorded):
    """They tell what came true of the live forecasts that stay."""
    fleet = again(recorded)
    job_id = fleet.tracker.get(fleet.jobs["last"]).tags["job_id"]
    for run in [r for r in fleet.tracker._runs.values() if r.tags.get("job_id") == job_id]:
        fleet.tracker.update(run.run_id, RunUpdate(tags={"origin": "backtest"}))
    result = retention(fleet.tracker, before(fleet, "last") + 1)
    assert result.kept == {fleet.jobs["last"]: IN_USE, fleet.jobs["next"]: IN_USE}


def test_data_stand_in_for_a_panel_that_is_gone_and_that_is_said(recorded, caplog):
    fleet = again(recorded)
    question = Question("AAA", DATE, cutoff="2018-12")
    expected = answered(explain(fleet.tracker, question))
    for panel in fleet.runs("panel"):
        fleet.tracker.delete([panel.run_id])
    with caplog.at_level(logging.WARNING, "forecastctl"):
        lost = answered(explain(fleet.tracker, question))
    assert "is not in the store (any more). What came true may stand in it" in caplog.text
    assert lost["verdict"] == "cannot_tell"
    assert "--data FILE" in lost["next_time"][0]
    given = Source(group(frame_of(fleet.entries)), DataSpec(source="memory"), "air.csv")
    with caplog.at_level(logging.WARNING, "forecastctl"):
        answer = answered(explain(fleet.tracker, question, given))
    assert "air.csv stands in for what the forecast was made from: The panel " in caplog.text
    assert answer["verdict"] == expected["verdict"]
    assert answer["miss"] == expected["miss"]

"""Recorded forecasts recomputed: which runs, what is compared, and what is said of it."""

import json
from dataclasses import replace

import pytest

from forecastctl.errors import NothingRecordedError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.models.combination.replay import DIFFERS, IDENTICAL, NOT_STORED
from forecastctl.records import RUNNING, Artifact, Query, Run, RunUpdate
from forecastctl.reproduce.refit import refit_all
from forecastctl.reproduce.replay import choose_runs, replay_all
from forecastctl.reproduce.report import Report, environment_differences
from forecastctl.store.memory import MemoryTracker
from tests.harness import ENVIRONMENT
from tests.reproduce.reproducing import Store


@pytest.fixture
def store():
    made = Store()
    made.run()
    return made


@pytest.fixture(scope="module")
def shared():
    """Read-only: a job of each kind, one after the other."""
    made = Store()
    for command in ("run", "tune", "train", "forecast"):
        made.run(command)
    return made


def results(found):
    return {airport: one.result for airport, one in found.items()}


AIRPORTS = ("A/B", "EWR", "JFK")


def test_a_job_replays_bit_for_bit(shared):
    found = shared.replayed("job-1")
    assert list(found) == list(AIRPORTS)
    assert set(results(found).values()) == {IDENTICAL}


def test_the_forecasts_of_a_model_that_an_earlier_job_trained(shared):
    assert set(results(shared.replayed("job-4")).values()) == {IDENTICAL}


@pytest.mark.parametrize("job", ["job-2", "job-3"])
def test_jobs_that_make_no_forecast_have_nothing_to_replay(shared, job):
    found = shared.replayed(job)
    assert set(results(found).values()) == {NOT_STORED}
    assert "makes no forecast" in found["JFK"].where[0]


@pytest.mark.parametrize("job", ["job-1", "job-2", "job-3", "job-4"])
def test_what_a_job_did_is_done_again_bit_for_bit(shared, job):
    found = shared.refitted(job)
    assert set(results(found).values()) == {IDENTICAL}
    one = found["JFK"]
    assert one.same_data is True
    assert one.specification[2] is True
    assert one.parameters.result == (NOT_STORED if job == "job-2" else IDENTICAL)
    assert one.forecast.result == (IDENTICAL if job in ("job-1", "job-4") else NOT_STORED)


def test_one_run_one_airport_and_the_job_run(shared):
    run_id = shared.airport("job-1", "EWR")
    assert list(shared.replayed(run_id)) == ["EWR"]
    assert list(shared.replayed("job-1", "JFK", "A/B")) == ["A/B", "JFK"]
    job_run = shared.tracker.find(Query(tags={"kind": "job", "job_id": "job-1"}))[0]
    assert list(shared.replayed(job_run.run_id)) == list(AIRPORTS)


def test_the_beginning_of_a_job_id(store):
    assert len(store.replayed("job")) == 3
    store.run("tune")
    with pytest.raises(NothingRecordedError, match="2 jobs begin with 'job'") as raised:
        store.replayed("job")
    assert "job-2, job-1" in raised.value.hint


def test_names_that_are_not_there(shared):
    with pytest.raises(NothingRecordedError, match="no run or job 'jbo-3'") as raised:
        shared.replayed("jbo-3")
    assert raised.value.hint == "Did you mean 'job-3'?"
    with pytest.raises(NothingRecordedError) as raised:
        shared.replayed("0123456789")
    assert "The newest job is job-4" in raised.value.hint
    with pytest.raises(NothingRecordedError, match="'EWE' in job job-1") as raised:
        shared.replayed("job-1", "EWE")
    assert raised.value.hint == "Did you mean 'EWR'?"
    trial = shared.tracker.find(Query(tags={"kind": "trial"}))[0]
    with pytest.raises(NothingRecordedError, match="neither") as raised:
        shared.replayed(trial.run_id)
    assert trial.parent_id in raised.value.hint
    with pytest.raises(NothingRecordedError):
        choose_runs(MemoryTracker(), "")


def test_a_changed_forecast_is_found(store):
    def change(value):
        value["mean"][1] += 1.0

    store.edit(store.airport("job-1", "EWR"), "forecast.json", change)
    found = store.replayed("job-1")
    assert results(found) == {"A/B": IDENTICAL, "EWR": DIFFERS, "JFK": IDENTICAL}
    assert found["EWR"].where[0].startswith("mean 2019-02-01: ")
    again = store.refitted("job-1")["EWR"]
    assert (again.result, again.parameters.result) == (DIFFERS, IDENTICAL)
    assert again.forecast.where[0].startswith("mean 2019-02-01: ")


def test_a_changed_model_is_found_and_named(store):
    def change(value):
        value["members"][0]["sigma"] *= 1.5

    store.edit(store.airport("job-1", "JFK"), "model.json", change)
    again = store.refitted("job-1", "JFK")["JFK"]
    assert again.result == again.parameters.result == DIFFERS
    assert again.forecast.result == IDENTICAL
    assert "residual sd" in again.parameters.where[0]
    assert again.parameters.largest_difference == pytest.approx(1 / 3)


def test_another_specification_is_found(store):
    def change(value):
        del value["members"][1:]
        value["members"][0]["member"]["weight"] = 1.0

    store.edit(store.airport("job-1", "JFK"), "model.json", change)
    again = store.refitted("job-1", "JFK")["JFK"]
    stored, now, same = again.specification
    assert same is False
    assert stored != now
    assert again.parameters.where == ("the models are others",)
    assert again.result == DIFFERS


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"version": 99}'])
@pytest.mark.parametrize("path", ["model.json", "forecast.json"])
def test_what_cannot_be_read_any_more_differs(store, path, content):
    run_id = store.airport("job-1", "JFK")
    store.tracker.update(run_id, RunUpdate(artifacts=(Artifact(path, content),)))
    found = store.replayed("job-1", "JFK")["JFK"]
    assert found.result == DIFFERS
    assert found.where[0].startswith("what is stored cannot be read: ")
    assert store.refitted("job-1", "JFK")["JFK"].result == NOT_STORED


def test_what_is_gone_is_not_stored(store):
    del store.tracker._artifacts[store.airport("job-1", "JFK")]["forecast.json"]
    found = store.replayed("job-1", "JFK")["JFK"]
    assert found.result == NOT_STORED
    assert "forecast.json" in found.where[0]


def test_rejected_airports_are_not_stored_with_their_reason(store):
    import pandas as pd

    store.frame = pd.concat(
        [store.frame, store.frame[store.frame["airport"] == "JFK"].assign(airport="DUP", y=0.0)]
    )
    store.run()
    found = store.replayed("job-2")
    assert found["DUP"].result == NOT_STORED
    assert found["DUP"].where[0].startswith("rejected: ")
    again = store.refitted("job-2")
    assert again["DUP"].result == NOT_STORED
    assert again["JFK"].result == IDENTICAL


def test_settings_seed_and_as_of_date_are_the_recorded_ones(store):
    spec = {"suspects": "missing", "min_length": 12}
    store.run(as_of="2018-03", tune={"seed": 9, "max_evals": 7, "loss": "mae"}, **spec)
    run = store.tracker.get(store.airport("job-2", "JFK"))
    assert run.tags["cutoff"] == "2018-03-01"
    assert set(results(store.refitted("job-2")).values()) == {IDENTICAL}


def test_a_backtest_without_an_as_of_date_takes_the_cutoff(store):
    store.run(as_of="2018-03", record_as_of=False, origin="backtest")
    assert set(results(store.refitted("job-2")).values()) == {IDENTICAL}
    store.run(as_of="2018-03", record_as_of=False)  # a live job is taken to have seen everything
    found = store.refitted("job-3")["JFK"]
    assert found.same_data is False
    assert found.result == DIFFERS
    assert "rebuilt" in " ".join(found.notes)


def test_a_search_that_the_clock_stopped_is_repeated_to_the_trial_it_reached(store):
    run_id = store.airport("job-1", "JFK")
    store.tracker.update(run_id, RunUpdate(tags={"stopped": "timeout"}))
    found = store.refitted("job-1", "JFK")["JFK"]
    assert found.result == IDENTICAL
    assert "4 trials again" in found.notes[0]


def test_without_the_panel_or_the_settings_nothing_is_fitted(store):
    job = store.tracker.find(Query(tags={"kind": "job", "job_id": "job-1"}))[0]
    of_panel = store.tracker._artifacts[job.tags["snapshot_run_id"]]
    panel = of_panel.pop("panel.parquet")
    found = store.refitted("job-1")["JFK"]
    assert found.result == NOT_STORED
    of_panel["panel.parquet"] = panel
    held = store.tracker._artifacts[job.run_id]
    del held["settings.json"]
    found = store.refitted("job-1")["JFK"]
    assert found.notes == (f"Run {job.run_id} has no artifact settings.json.",)


def test_settings_that_are_unknown_today_are_left_out_with_a_note(store):
    job = store.tracker.find(Query(tags={"kind": "job", "job_id": "job-1"}))[0]
    store.edit(job.run_id, "settings.json", lambda v: v.update({"tune.magic": 1}))
    found = store.refitted("job-1", "JFK")["JFK"]
    assert found.result == IDENTICAL
    assert found.notes == ("settings that this version does not know: tune.magic",)


def test_an_airport_that_is_no_longer_accepted(store):
    job = store.tracker.find(Query(tags={"kind": "job", "job_id": "job-1"}))[0]
    store.edit(job.run_id, "settings.json", lambda v: v.update({"data.min_length": 1000}))
    found = store.refitted("job-1", "JFK")["JFK"]
    assert found.result == DIFFERS
    assert found.notes[0].startswith("the airport is refused now: ")


def report(store, name="job-1", environment=ENVIRONMENT, refit=True):
    chosen = choose_runs(store.tracker, name)
    rows = (
        refit_all(store.tracker, chosen, SerialExecutor())
        if refit
        else replay_all(store.tracker, chosen)
    )
    return Report(chosen, tuple(rows), environment_differences(chosen.runs, environment), refit)


def test_the_report_in_one_sentence_and_as_json(shared):
    found = report(shared)
    assert found.sentence == (
        "3 of 3 replayed bit-identical; 3 of 3 tuned and fitted anew bit-identical; "
        "the environment is the same."
    )
    value = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert value["replay"] == value["refit"] == {
        "bit-identical": 3, "equal after rounding": 0, "differs": 0, "not stored": 0,
    }  # fmt: skip
    assert value["environment"] == {"same": True, "differences": []}
    assert value["airports"][0].keys() == {
        "airport", "run_id", "cutoff", "model", "replay", "refit",
    }  # fmt: skip
    assert value["airports"][0]["refit"].keys() == {
        "result", "same_data", "specification", "parameters", "forecast", "notes",
    }  # fmt: skip
    assert report(shared, refit=False).to_dict()["refit"] is None
    assert report(shared, "job-2", refit=False).sentence.startswith("nothing to compare is stored")


def test_a_difference_in_the_sentence(store):
    store.edit(store.airport("job-1", "EWR"), "forecast.json", lambda v: v["mean"].reverse())
    found = report(store, refit=False)
    assert found.differs
    assert found.sentence == (
        "2 of 3 replayed bit-identical, 1 different; the environment is the same: what is stored, "
        "or the code of forecastctl itself, has changed."
    )


def test_what_differs_in_the_environment(shared):
    now = replace(
        ENVIRONMENT,
        versions={"python": "3.12", "forecastctl": "test", "numpy": "2"},
        machine={"cpu": "another"},
        git_commit="beef",
    )
    found = report(shared, environment=now, refit=False)
    assert found.environment == (
        {"name": "python", "recorded": "3.11", "now": "3.12", "runs": 3},
        {"name": "numpy", "recorded": "not recorded", "now": "2", "runs": 3},
        {"name": "cpu", "recorded": "test", "now": "another", "runs": 3},
        {"name": "git commit", "recorded": "c0ffee", "now": "beef", "runs": 3},
    )
    assert found.sentence.endswith("; the environment differs: python, numpy, cpu.")
    assert not found.same_environment
    commit = report(shared, environment=replace(ENVIRONMENT, git_commit="beef"), refit=False)
    assert commit.same_environment
    assert len(commit.environment) == 1


def test_a_running_job_reproduces_what_it_has_so_far(store):
    job = Run("job", tags={"kind": "job", "job_id": "job-9", "mlflow.forecastctl.jobs": "1"})
    tags = {**job.tags, "mlflow.forecastctl.job.job-9": "1", "status": "running"}
    store.tracker.start(replace(job, tags=tags))
    assert store.replayed("job-9") == {}
    assert store.tracker.find(Query(status=RUNNING))

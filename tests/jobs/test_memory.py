"""Jobs that learn from earlier ones."""

import copy
import json
from dataclasses import replace

import pytest

from forecastctl.execute.loky import JoblibExecutor
from forecastctl.jobs.learn import read_learned, winners
from forecastctl.recording.read import read_trials
from forecastctl.records import Query
from forecastctl.records.schema import File
from forecastctl.search.learned.starts import KEPT
from tests.fleets import AIRPORTS, SEARCH, Fleet, N
from tests.harness import make_series

MORE = replace(SEARCH, max_evals=6, combine=1)


@pytest.fixture(scope="module")
def first():
    """A fleet with one month behind it."""
    fleet = Fleet()
    fleet.summary = fleet.job(command="tune", search=MORE)
    return fleet


def again(fleet):
    other = copy.copy(fleet)
    other.tracker = copy.deepcopy(fleet.tracker)
    return other


def planned(fleet, **changes):
    """What each airport would learn in a job that begins now."""
    job = fleet.plan(**{"search": MORE, "learn": True, **changes})
    return {task.series.airport: task.learned for task in job.tasks}


def runs_of(fleet, summary):
    found = fleet.tracker.find(Query(tags={"kind": "airport", "job_id": summary.job_id}))
    return {run.tags["airport"]: run for run in found}


def test_a_job_leaves_one_small_file_of_its_winners(first):
    value = json.loads(first.tracker.read_artifact(first.summary.run_id, File.WINNERS))
    assert (value["loss"], value["horizon"], value["freq"]) == ("mase", SEARCH.horizon, "M")
    assert [row[0] for row in value["data"]] == list(AIRPORTS)
    runs = runs_of(first, first.summary)
    for row in (dict(zip(value["columns"], r, strict=True)) for r in value["data"]):
        assert row["run_id"] == runs[row["airport"]].run_id
        assert row["cutoff"] == runs[row["airport"]].tags["cutoff"]
        trials = read_trials(first.tracker, row["run_id"])
        best = sorted((t.loss, t.number) for t in trials if t.loss and t.duplicate_of is None)
        assert row["losses"] == [loss for loss, _ in best][:KEPT]
        labels = [value["models"][i]["label"] for i in row["best"]]
        assert labels == [trials[i].model.label for _, i in best][:KEPT]
    keys = [json.dumps(m, sort_keys=True) for m in value["models"]]
    assert len(set(keys)) == len(keys)


def test_without_learn_nothing_is_learned(first):
    assert set(planned(first, learn=False).values()) == {None}
    tags = [run.tags for run in runs_of(first, first.summary).values()]
    assert not any("learned_from" in t for t in tags)


def test_the_second_month_starts_from_the_first_and_says_so(first):
    fleet = again(first).at(N + 1)
    summary = fleet.job(command="tune", search=MORE, learn=True)
    before = runs_of(fleet, first.summary)
    for airport, run in runs_of(fleet, summary).items():
        assert run.tags["learned_from"] == f"{before[airport].run_id},{first.summary.run_id}"
        assert run.tags["starts"].startswith("own=")
        learned = read_learned(fleet.tracker, run)
        best = read_trials(fleet.tracker, before[airport].run_id)
        best = min((t for t in best if t.loss), key=lambda t: (t.loss, t.number))
        assert learned.starts[0].model == best.model
        trials = read_trials(fleet.tracker, run.run_id)
        assert any(t.start == "own" for t in trials)
        children = fleet.tracker.find(Query(parent_id=run.run_id))
        recorded = {int(c.tags["trial"]): c.tags.get("start") for c in children}
        assert recorded == {t.number: t.start for t in trials}


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(first):
    found = []
    for executor in (None, JoblibExecutor(2)):
        fleet = again(first).at(N + 1)
        summary = fleet.job(command="tune", search=MORE, learn=True, executor=executor)
        runs = runs_of(fleet, summary)
        trials = {a: read_trials(fleet.tracker, r.run_id) for a, r in sorted(runs.items())}
        found.append({a: [(t.model, t.loss, t.start) for t in ts] for a, ts in trials.items()})
    assert found[0] == found[1]


def test_nothing_is_learned_from_later_data(first):
    fleet = again(first)
    fleet.at(N + 2).job(command="tune", search=MORE)
    runs = planned(fleet.at(N + 1))["AAA"].runs
    assert runs[1:] == (first.summary.run_id,)
    assert set(planned(fleet.at(N - 1)).values()) == {None}
    newest = planned(fleet.at(N + 2))["AAA"].runs
    assert first.summary.run_id not in newest


def test_an_airport_that_ends_earlier_learns_from_no_airport_that_ends_later(first):
    fleet = again(first)
    fleet.at(N + 1).job(command="tune", search=MORE)
    fleet.at(N)
    early, late = fleet.entries[0], fleet.at(N + 2).entries[1]
    fleet.entries = [early, late]
    found = planned(fleet)
    cutoff = early.cutoff
    for run_id in found["AAA"].runs[:1]:
        assert fleet.tracker.get(run_id).tags["cutoff"] <= cutoff
    assert found["AAA"].runs[1:] == (first.summary.run_id,)
    assert first.summary.run_id not in found["BBB"].runs


def test_backtests_do_not_teach():
    fleet = Fleet()
    fleet.job(origin="backtest", command="tune", search=MORE)
    assert set(planned(fleet.at(N + 1)).values()) == {None}


@pytest.mark.parametrize("change", [{"loss": "mae"}, {"horizon": 3}])
def test_searches_for_another_loss_or_horizon_do_not_teach(first, change):
    assert set(planned(first, search=replace(MORE, **change)).values()) == {None}


def test_other_effort_folds_and_families_teach(first):
    other = replace(MORE, max_evals=9, folds=1, families=("ets",), seed=5)
    assert all(planned(first, search=other).values())


def test_a_new_airport_starts_from_the_others(first):
    fleet = again(first).at(N + 1)
    fleet.entries = [*fleet.entries, make_series("NEW", n=N + 1, seed=9)]
    found = planned(fleet)["NEW"]
    assert "own" not in found.counts
    assert found.counts["similar"] > 0
    assert found.runs == (first.summary.run_id,)
    assert "NEW" not in found.airports


def test_a_job_that_was_killed_teaches_through_its_trials(first):
    fleet = again(first).at(N + 1)
    del fleet.tracker._artifacts[first.summary.run_id][File.WINNERS]
    found = planned(fleet)
    before = planned(again(first).at(N + 1))
    for airport, learned in found.items():
        assert [s.model for s in learned.starts] == [s.model for s in before[airport].starts]
        assert learned.runs == before[airport].runs[:1]
        assert learned.rate == 0.5


def test_a_file_of_a_later_version_is_left_alone(first):
    fleet = again(first).at(N + 1)
    stored = fleet.tracker._artifacts[first.summary.run_id]
    stored[File.WINNERS] = json.dumps({**json.loads(stored[File.WINNERS]), "version": 99}).encode()
    assert {learned.rate for learned in planned(fleet).values()} == {0.5}  # from trials


def test_airports_without_a_search_leave_no_file(first):
    assert winners([], first.plan().context) == ()
    fleet = again(first)
    summary = fleet.job(command="train")
    assert File.WINNERS not in fleet.tracker._artifacts[summary.run_id]


def test_kept_specifications_are_not_taught():
    fleet = Fleet()
    fleet.job(search=MORE)
    found = planned(fleet.at(N + 1), command="run", retune="degraded")
    assert set(found.values()) == {None}

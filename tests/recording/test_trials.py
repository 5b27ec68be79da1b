"""Where each trial came from and its share in what was chosen: in every layout, however recorded."""

import json
import math
from dataclasses import replace

import pytest

from forecastctl.errors import TrackingError
from forecastctl.history import HistoryQuery, history
from forecastctl.jobs.restored import restored
from forecastctl.recording import decoding
from forecastctl.recording.read import read_trials, read_tuning
from forecastctl.recording.trials import trials_table
from forecastctl.records import AirportTask, Plan, Query, RunUpdate
from forecastctl.records.schema import File
from forecastctl.search.tune import tune
from forecastctl.store.spool.place import place_of, publish_all
from forecastctl.store.spool.spooling import SpoolingTracker
from forecastctl.store.spool.tracker import SpoolTracker
from tests.harness import SEARCH, Harness, make_series
from tests.jobs.test_resume import CutOff
from tests.jobs.test_stopping import Failing

LAYOUTS = ("nested", "flat")
MORE = replace(SEARCH, max_evals=8, tpe_share=0.5, combine=4)


def listed(harness):
    """What is said of each trial of a job, by airport and number."""
    rows = history(harness.tracker, HistoryQuery("trials", limit=1000))
    told = ("start", "weight", "status", "model", "loss")
    return {(r["airport"], r["trial"]): [r[k] for k in told] for r in rows}


def whole(layout):
    harness = Harness()
    harness.run("tune", layout=layout, search=MORE)
    return listed(harness)


def cut_off(layout):
    harness = Harness()
    with pytest.raises(KeyboardInterrupt):
        harness.run("tune", layout=layout, search=MORE, executor=CutOff(2), job_id="cut")
    harness.run("tune", layout=layout, search=MORE, resume="cut")
    return listed(harness)


def retried(layout):
    harness = Harness()
    harness.run("tune", layout=layout, search=MORE, executor=Failing("JFK"))
    harness.retry()
    return listed(harness)


@pytest.fixture
def spooled(tmp_path):
    def run(layout):
        harness = Harness()
        place = place_of(tmp_path / "spool", "sqlite:////nowhere/mlflow.db", "x")
        front = SpoolingTracker(None, SpoolTracker(place.new()), TrackingError("away"))
        harness.run("tune", layout=layout, search=MORE, tracker=front)
        front.close()
        publish_all(place, harness.tracker)
        return listed(harness)

    return run


@pytest.fixture(scope="module")
def expected():
    return whole("nested")


def test_origin_and_share_of_every_trial(expected):
    mine = {n: row for (airport, n), row in expected.items() if airport == "JFK"}
    starts = [mine[n][0] for n in sorted(mine)]
    assert starts == ["baseline", *["pool"] * 3, *["tpe"] * 4]
    shares = [row[1] for row in mine.values() if row[1] is not None]
    assert len(shares) == 2
    assert math.isclose(sum(shares), 1.0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("how", [whole, cut_off, retried])
def test_they_are_the_same_however_the_job_was_made(expected, how, layout):
    assert how(layout) == expected


@pytest.mark.parametrize("layout", LAYOUTS)
def test_they_are_the_same_after_a_spool(expected, spooled, layout):
    assert spooled(layout) == expected


def test_a_table_gives_its_trials_back():
    trials = list(tune(make_series(), MORE).trials)
    table = trials_table(trials)
    at = [table["columns"].index(name) for name in ("start", "member", "weight")]
    rows = [[row[i] for i in at] for row in table["data"]]
    assert rows == [[t.start, t.weight is not None, t.weight] for t in trials]
    assert {True, False} == {row[1] for row in rows}
    assert decoding.trials(json.dumps(table).encode()) == trials


def test_an_airport_says_what_was_searched_and_how_often_models_came_up_again(harness):
    harness.entries = [make_series("JFK")]
    one = replace(SEARCH, families=("seasonal_naive",), max_evals=6)
    harness.run("tune", search=one)
    (run,) = harness.tracker.find(Query(tags={"kind": "airport"}))
    assert run.params["tpe_share"] == "0.0"
    assert run.tags["space"] == run.params["families"] == "seasonal_naive"
    assert run.tags["stopped"] == "exhausted"
    counts = {k: v for k, v in run.metrics.items() if k.endswith("_count")}
    assert counts["total_trials_count"] == counts["distinct_trials_count"] == 2
    assert counts["repeated_proposals_count"] == 40
    tuned = read_tuning(harness.tracker, run)
    assert (tuned.space, tuned.repeats) == (("seasonal_naive",), 40)


@pytest.fixture(scope="module")
def old():
    """A search in a table as earlier versions recorded it: a repetition, no shares, no origins."""
    harness = Harness()
    harness.entries = [make_series("JFK")]
    harness.run("tune", layout="flat")
    (run,) = harness.tracker.find(Query(tags={"kind": "airport"}))
    stored = harness.tracker._artifacts[run.run_id]
    table = json.loads(stored[File.TRIALS])
    at = table["columns"].index("start")
    rows = [row[:at] for row in table["data"]]
    again = [*rows[1]]
    again[0], again[table["columns"].index("duplicate_of")] = len(rows), 1
    before = {"columns": table["columns"][:at], "data": [*rows, again]}
    stored[File.TRIALS] = json.dumps(before).encode()
    tuning = json.loads(stored[File.TUNING])
    del tuning["space"], tuning["repeats"]
    stored[File.TUNING] = json.dumps(tuning).encode()
    harness.tracker.update(run.run_id, RunUpdate(tags={"digests": "{}"}))
    harness.run_id = run.run_id
    return harness


def test_of_earlier_records_origin_and_share_are_unknown(old):
    rows = history(old.tracker, HistoryQuery("trials"))
    assert [(r["start"], r["weight"]) for r in rows] == [(None, None)] * 5
    trials = read_trials(old.tracker, old.run_id)
    assert [t.duplicate_of for t in trials] == [None, None, None, None, 1]
    tuned = read_tuning(old.tracker, old.run_id)
    assert (tuned.space, tuned.repeats) == (None, None)


def test_a_job_that_goes_on_knows_the_shares_of_earlier_records(old):
    run = old.tracker.get(old.run_id)
    plan = Plan(tune=True, train=False, forecast=False, search=SEARCH, levels=(80,), charts=False)
    task = AirportTask(plan, make_series("JFK"))
    tuned = restored(old.tracker, run, task).tuned
    shares = {t.number: t.weight for t in tuned.trials if t.weight is not None}
    assert shares == {m.trial: m.weight for m in tuned.specification.members}
    assert tuned.distinct == 4

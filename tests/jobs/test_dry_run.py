"""What a job would do is what it does then, and nothing is recorded by saying it."""

from dataclasses import replace

import numpy as np
import pytest

from forecastctl.jobs.dry_run import counted
from forecastctl.records import Query
from forecastctl.store.memory import MemoryTracker
from tests.fleets import BAD, SEARCH, again, make_judged
from tests.harness import ENVIRONMENT, Harness, make_series
from tests.jobs.test_resume import interrupted
from tests.recording.test_damage import another_digit


class Reading(MemoryTracker):
    """Refuses to be written."""

    def __init__(self, other):
        self.__dict__ = other.__dict__

    def start(self, run, parent_id=None):
        raise AssertionError

    def record(self, runs, parent_id=None):
        raise AssertionError

    def update(self, run_id, update):
        raise AssertionError


def dry(harness, **changes):
    harness.tracker = Reading(harness.tracker)
    return harness.intents(**changes)


def longer(entry, more=2):
    """The same with later months: a digest of its own, as other rows have."""
    whole = make_series(entry.airport, n=entry.n + more, seed=0)
    y = np.concatenate([entry.y, whole.y[entry.n :]])
    return replace(whole, y=y, digest=f"{entry.digest}+{more}")


def revised(entry):
    return replace(entry, y=np.where(np.arange(entry.n) == 5, 1.0, entry.y), digest="revised")


@pytest.fixture
def done():
    harness = Harness()
    harness.run()
    return harness


def test_what_was_never_done():
    found = dry(Harness())
    assert {name: (i.action, i.why) for name, i in found.items()} == {
        "JFK": ("tune, train, forecast", ("never done",)),
        "BAD": ("reject", ("rejected",)),
        "LGA/1": ("tune, train, forecast", ("never done",)),
        "tiny": ("tune, train, forecast", ("never done",)),
    }
    assert found["BAD"].detail == "all values are zero"
    assert counted(found.values()) == {"never done": 3, "rejected": 1}


def test_nothing_has_changed(done):
    assert {i.why for i in dry(done).values()} == {("unchanged",), ("rejected",)}
    assert {i.action for i in dry(done).values()} == {"tune, train, forecast", "reject"}
    skipped = dry(done, skip_unchanged=True)
    assert {i.action for i in skipped.values()} == {"skip", "reject"}


def test_new_and_revised_data(done):
    jfk, bad, lga, tiny = done.entries
    done.entries = [longer(jfk), bad, revised(lga), longer(revised(tiny))]
    found = dry(done, skip_unchanged=True)
    assert (found["JFK"].why, found["JFK"].detail) == (("new data",), "2 periods more")
    assert (found["LGA/1"].why, found["LGA/1"].detail) == (("revised data",), "1 value changed")
    assert found["tiny"].why[0] == "new data"


def test_new_settings_and_new_code(done):
    (found,) = {i.why for i in dry(done, config_digest="x").values() if i.action != "reject"}
    assert found == ("new settings",)
    jfk = dry(done, config_digest="x", settings={"tune.seed": 4})["JFK"]
    assert jfk.detail == "tune.seed 0, now 4"
    newer = replace(ENVIRONMENT, versions={**ENVIRONMENT.versions, "numpy": "3"})
    jfk = dry(done, environment=newer)["JFK"]
    assert (jfk.why, jfk.detail) == (("new code",), "numpy absent, now 3")


def test_a_damaged_record(done):
    (run,) = done.tracker.find(Query(tags={"airport": "JFK", "kind": "airport"}))
    files = done.tracker._artifacts[run.run_id]
    files["model.json"] = another_digit(files["model.json"])
    found = dry(done, skip_unchanged=True)
    assert found["JFK"].why == ("damaged",)
    assert "model.json" in found["JFK"].detail
    assert found["LGA/1"].action == "skip"


def test_what_is_not_selected(done):
    found = dry(done, airports=("JFK",))
    assert found["LGA/1"].why == ("not selected",)
    assert found["JFK"].why == ("unchanged",)


def test_what_a_job_that_was_cut_off_has_recorded():
    harness = interrupted()
    recorded = {r.tags["airport"] for r in harness.tracker.find(Query(tags={"kind": "airport"}))}
    found = dry(harness)
    kept = {name for name, i in found.items() if i.why == ("recorded",)}
    assert kept == recorded
    assert len(kept) < len(found)


def test_what_has_degraded():
    fleet = again(make_judged())
    found = fleet.intents(retune="auto", search=SEARCH)
    assert found[BAD].why[0] == "degraded"
    assert found[BAD].action == "tune, train, forecast"
    assert {i.action for name, i in found.items() if name != BAD} == {"train, forecast"}

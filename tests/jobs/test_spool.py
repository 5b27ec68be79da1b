"""A job whose store goes away at any write goes on, and its store ends as if it never had."""

import json
import os
import signal
import sqlite3
import time
from pathlib import Path

import pandas as pd
import pytest

from forecastctl.errors import RefusedError, TrackingError
from forecastctl.recording import digests
from forecastctl.records import FINISHED, KILLED, RUNNING, Artifact, Metric, Query, Run, RunUpdate
from forecastctl.store.healing import heal
from forecastctl.store.memory import MemoryTracker
from forecastctl.store.open import open_tracker
from forecastctl.store.spool.journal import SUFFIX, BusyError, Journal
from forecastctl.store.spool.place import place_of, publish_all
from forecastctl.store.spool.publish import publish
from forecastctl.store.spool.spooling import SpoolingTracker
from forecastctl.store.spool.tracker import SpoolTracker
from tests.harness import Harness
from tests.jobs.test_resume import account, airports, winners
from tests.stores_that_fail import AwayError, Fails

WRITES = 8
"""Of a small job: its run, its panel, its other inputs, the widths, two batches, its end."""


@pytest.fixture(scope="module")
def whole():
    """A job that nothing disturbs, in each layout."""
    made = {}
    for layout in ("nested", "flat"):
        made[layout] = Harness()
        made[layout].summary = made[layout].run(layout=layout, job_id="whole", batch=2)
    return made


@pytest.fixture
def place(tmp_path):
    return place_of(tmp_path / "spool", "sqlite:////nowhere/mlflow.db", "x")


def damage(place, how):
    """Spoil the only file of a spool."""
    [path] = place.folder.glob(f"*{SUFFIX}")
    if how == "text":
        connection = sqlite3.connect(path)
        connection.execute("UPDATE entries SET content = substr(content, 1, 200) WHERE number > 2")
        connection.commit()
        connection.close()
    elif how in ("empty", "cut"):
        os.truncate(path, 0 if how == "empty" else path.stat().st_size // 2)
    else:
        content = bytearray(path.read_bytes())
        content[: 4096 if how == "head" else 100] = b"A" * (4096 if how == "head" else 100)
        path.write_bytes(content)
    return path


@pytest.mark.parametrize("how", ["text", "head", "name", "empty", "cut"])
def test_a_damaged_file_is_named_and_kept_and_stops_nothing(place, whole, how):
    store = Fails(0)
    recorded_by(store, place)
    path = damage(place, how)
    [waiting] = place.waiting()
    assert "is damaged" in waiting.damaged
    assert str(path) in waiting.damaged
    store.back()
    [(kept, error)] = publish_all(place, store).kept.items()
    assert (kept, error.message) == (path, waiting.damaged)
    tracker = SpoolTracker(place.new(), place.journals())
    assert tracker.find(Query()) == []
    tracker.close()
    front, summary = recorded_by(MemoryTracker(), place)
    assert front.away is None
    pd.testing.assert_frame_equal(summary.forecasts, whole["nested"].summary.forecasts)
    assert path.exists()


def test_a_new_file_is_whole_from_its_first_moment(place, monkeypatch):
    """Whoever looks then finds nothing that waits, and removes it; its job makes another one."""
    rename, seen = Path.rename, []

    def look(path, target):
        rename(path, target)
        seen.append(place.waiting())
        assert not target.exists()

    monkeypatch.setattr(Path, "rename", look)
    journal = place.new()
    first = journal.path
    with pytest.raises(TrackingError, match="others remove what is written"):
        journal.add_run("record", [_airport("JFK")], None, lambda: "1" * 32)
    assert seen == [[]] * 10
    monkeypatch.undo()
    journal = Journal(first)
    journal.add_run("record", [_airport("JFK")], None, lambda: "1" * 32)
    assert place.waiting() == []  # its job lives
    journal.close()
    [waiting] = place.waiting()
    assert (waiting.path, waiting.airports) == (first, ("JFK",))


def test_what_a_process_leaves_that_is_killed_while_it_makes_a_file_is_none(place, monkeypatch):
    def killed(*_):
        raise KilledError

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(KilledError):
        place.new().add_run("record", [_airport("JFK")], None, lambda: "1" * 32)
    assert place.journals() == place.waiting() == []
    [left] = place.folder.glob("*.new")
    place.tidy()
    assert left.exists()  # somebody may be making it
    os.utime(left, (1, 1))
    place.tidy()
    assert not place.folder.exists()


LATE = {
    "all is published": (Journal, "remove", ""),
    "nothing is left in it": (Journal, "_delete", ""),
    "what SQLite keeps beside it is left": (Path, "unlink", "-wal"),
    "its folder is left": (Path, "rmdir", ""),
}
"""What is not done any more when the process is killed, and of what file."""


@pytest.mark.parametrize("left", LATE)
def test_what_a_sync_leaves_that_is_killed_late_is_removed_without_a_word(sqlite_uri, place, left):
    journal, (owner, name, of) = place.new(), LATE[left]
    job = Run("job", tags={"kind": "job", "job_id": "1", "mlflow.forecastctl.job.1": "1"})
    journal.add_run("start", [job], None, lambda: "1" * 32)
    journal.add_update("1" * 32, RunUpdate(FINISHED, 5))
    journal.close()
    child = os.fork()
    if child == 0:
        real = getattr(owner, name)

        def die(self, *given, **more):
            if not str(self).endswith(of):
                return real(self, *given, **more)
            return os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, name, die)
        publish_all(place, open_tracker(sqlite_uri, "x"))
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    assert place.folder.exists()
    assert place.published() == (left == "all is published")
    assert place.waiting() == []
    store = open_tracker(sqlite_uri, "x")
    if left == "all is published":
        assert publish_all(place, store).published == {}
    assert not place.folder.exists()
    [run] = store.find(Query())
    assert (run.name, run.status) == ("job", FINISHED)


def recorded_by(store, place, *, layout="nested", job_id="whole"):
    """A job through a spool; closes it."""
    front = SpoolingTracker(store, SpoolTracker(place.new()))
    front.begin()
    harness = Harness()
    summary = harness.run(tracker=front, layout=layout, job_id=job_id, batch=2)
    front.close()
    place.tidy()
    return front, summary


def assert_once_and_equal(store, whole):
    """The store holds the job as the other has it, each run once."""
    tracker, summary = whole.tracker, whole.summary
    [job] = store.find(Query(tags={"kind": "job"}))
    assert (job.status, job.tags["status"]) == (FINISHED, summary.status)
    assert airports(store, "whole") == airports(tracker, "whole")
    assert account(store, job.run_id) == account(tracker, summary.run_id)
    assert winners(store, job.run_id) == winners(tracker, summary.run_id)
    every = Query(limit=10_000)
    assert sorted(r.name for r in store.find(every)) == sorted(r.name for r in tracker.find(every))
    assert [r for r in store.find(every) if r.status == RUNNING] == []
    by_name = {r.name: r for r in store.find(every)}
    for run in tracker.find(every):
        mine = by_name[run.name]
        parents = [r and tracker.get(r).name for r in (run.parent_id,)]
        assert [mine.parent_id and store.get(mine.parent_id).name] == parents
        assert mine.metrics.keys() == run.metrics.keys()
    lines = json.loads(store.read_artifact(job.run_id, "results.json"))["results"]
    ids = {r.tags["airport"]: r.run_id for r in store.find(Query(tags={"kind": "airport"}))}
    assert {line["airport"]: line["run_id"] for line in lines} == ids
    for run in store.find(Query(limit=10_000)):  # ids in files are others now, and digests too
        for path in digests.recorded(run.tags):
            assert not digests.is_changed(run.tags, path, store.read_artifact(run.run_id, path))
    assert {"results.json", "log.txt", "widths.json"} <= set(digests.recorded(job.tags))
    snapshot = job.tags["snapshot_run_id"]
    assert store.get(snapshot).tags["kind"] == "panel"
    assert store.read_artifact(snapshot, "panel.parquet").startswith(b"PAR1")
    assert store.read_artifact(job.run_id, "fleet/models.parquet").startswith(b"PAR1")


def test_two_jobs_of_one_panel_leave_it_once(place):
    """Neither knew of the other's, because both waited; a damaged one counts for none."""
    store = Fails(0)
    for job_id in ("one", "two"):
        recorded_by(store, place, job_id=job_id)
    store.back()
    publish_all(place, store)
    query = Query(tags={"kind": "panel"}, limit=100)
    [panel] = store.find(query)
    jobs = store.find(Query(tags={"kind": "job"}))
    assert {job.tags["job_id"] for job in jobs} == {"one", "two"}
    assert {job.tags["snapshot_run_id"] for job in jobs} == {panel.run_id}
    store.update(panel.run_id, RunUpdate(artifacts=(Artifact("panel.parquet", b"cut"),)))
    again = Fails(0)
    recorded_by(again, place, job_id="three")
    publish_all(place, store)
    assert len(store.find(query)) == 2
    [job] = store.find(Query(tags={"job_id": "three", "kind": "job"}))
    assert store.read_artifact(job.tags["snapshot_run_id"], "panel.parquet").startswith(b"PAR1")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layout", "lost"),
    [("nested", False), ("nested", True), ("flat", False)],
    ids=["nested", "nested, answer lost", "flat"],
)
@pytest.mark.parametrize("at", range(WRITES))
def test_a_store_that_goes_away_at_any_write(at, layout, lost, whole, place):
    store = Fails(at, lost=lost)
    front, summary = recorded_by(store, place, layout=layout)
    assert isinstance(front.away, AwayError)
    assert front.lost is None
    pd.testing.assert_frame_equal(summary.forecasts, whole[layout].summary.forecasts)
    [waiting] = place.waiting()
    assert set(waiting.airports) <= {"JFK", "BAD", "LGA/1", "tiny"}
    store.back()
    synced = publish_all(place, store)
    assert synced.kept == {}
    assert_once_and_equal(store, whole[layout])
    assert place.waiting() == []
    assert not place.folder.exists()
    assert publish_all(place, store).published == {}


def test_there_are_as_many_writes_as_are_tried(place):
    store = Fails(WRITES)
    front, _ = recorded_by(store, place)
    assert front.away is None
    assert store.left == 0
    assert not place.folder.exists()


@pytest.mark.parametrize("lost", [False, True], ids=["not carried out", "answer lost"])
@pytest.mark.parametrize("at", range(5))
def test_publishing_that_is_cut_off_anywhere_starts_again_and_ends_the_same(at, lost, whole, place):
    store = Fails(0)
    recorded_by(store, place)
    store.back(at, lost=lost)
    cut = publish_all(place, store)
    [error] = cut.kept.values()
    assert isinstance(error, AwayError)
    assert len(place.waiting()) == 1
    store.back()
    assert publish_all(place, store).kept == {}
    assert_once_and_equal(store, whole["nested"])


def test_a_job_that_starts_without_its_store(whole, place):
    front = SpoolingTracker(None, SpoolTracker(place.new()), AwayError("away"))
    summary = Harness().run(tracker=front, job_id="whole", batch=2)
    assert {line.status for line in summary.lines} == {"ok", "rejected", "ok-with-fallback"}
    front.close()
    store = MemoryTracker()
    publish_all(place, store)
    assert_once_and_equal(store, whole["nested"])


def test_a_second_job_without_its_store_builds_on_the_first(place):
    why = AwayError("away")
    harness = Harness()
    for job_id in ("one", "two"):
        front = SpoolingTracker(None, SpoolTracker(place.new(), place.journals()), why)
        summary = harness.run(tracker=front, job_id=job_id, skip_unchanged=True)
        front.close()
    assert summary.counts["skipped"] == 3
    store = MemoryTracker()
    synced = publish_all(place, store)
    assert [p.jobs for p in synced.published.values()] == [["one"], ["two"]]
    one, two = sorted(store.find(Query(tags={"kind": "job"})), key=lambda r: r.start_ms)
    assert two.tags["snapshot_run_id"] == one.tags["snapshot_run_id"]
    assert store.get(one.tags["snapshot_run_id"]).tags["job_id"] == "one"


class KilledError(BaseException):
    """What ends a process at once."""


class Kills:
    """Ends a job when it tells of its first airport."""

    def append(self, _told):
        raise KilledError


def test_a_job_that_is_killed_without_its_store_counts_as_killed_and_goes_on(
    whole, place, monkeypatch
):
    front = SpoolingTracker(None, SpoolTracker(place.new()), AwayError("away"))
    harness = Harness()
    harness.told = Kills()
    with monkeypatch.context() as patched:
        patched.setattr("forecastctl.jobs.run.abandon_job", lambda *_: None)
        with pytest.raises(KilledError):
            harness.run(tracker=front, job_id="whole", batch=2)
    front.close()
    store = MemoryTracker()
    publish_all(place, store)
    [job] = store.find(Query(tags={"kind": "job"}))
    assert (job.status, job.tags["status"]) == (KILLED, "interrupted")
    assert len(airports(store, "whole")) == 2
    harness.told = []
    harness.run(tracker=store, batch=2)
    assert_once_and_equal_but_for_attempts(store, whole["nested"])


def assert_once_and_equal_but_for_attempts(store, whole):
    assert airports(store, "whole") == airports(whole.tracker, "whole")
    [job] = store.find(Query(tags={"kind": "job"}))
    assert job.status == FINISHED
    assert account(store, job.run_id) == account(whole.tracker, whole.summary.run_id)


def test_results_lie_on_the_disk_before_they_are_recorded(place):
    """What a process holds that is killed comes into the store all the same, and once."""
    store = Fails()
    front = SpoolingTracker(store, SpoolTracker(place.new()))
    job_id = front.start(
        Run("job", tags={"kind": "job", "job_id": "1", "mlflow.forecastctl.job.1": "1"})
    )
    runs = [_airport("JFK"), _airport("LGA")]
    for run in runs:
        front.keep(run, job_id)
    front.record(runs[:1], job_id)
    front.close()  # as the system does for a process that is killed
    assert [w.airports for w in place.waiting()] == [("LGA",)]
    publish_all(place, store)
    found = store.find(Query(parent_id=job_id))
    assert sorted(r.name for r in found) == ["JFK", "LGA"]


def test_what_waits_for_its_batch_is_recorded_on_a_clock(place):
    store = Fails()
    front = SpoolingTracker(store, SpoolTracker(place.new()), longest_wait=0.01)
    for name in ("JFK", "LGA"):
        front.keep(_airport(name))
    end = time.monotonic() + 600
    while len(store.find(Query())) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    ids = {run.name: run.run_id for run in store.find(Query())}
    assert front.record([_airport("LGA"), _airport("BOS"), _airport("JFK")]) == [
        ids["LGA"],
        *(run.run_id for run in store.find(Query()) if run.name == "BOS"),
        ids["JFK"],
    ]
    front.close()
    assert sorted(run.name for run in store.find(Query())) == ["BOS", "JFK", "LGA"]
    assert place.waiting() == []


def test_a_store_that_is_away_when_the_clock_strikes(place):
    store = Fails(0)
    front = SpoolingTracker(store, SpoolTracker(place.new()))
    front.keep(_airport("JFK"))
    front.record_kept()
    assert isinstance(front.away, AwayError)
    [run_id] = front.record([_airport("JFK")])
    assert front.get(run_id).name == "JFK"
    front.close()
    store.back()
    publish_all(place, store)
    assert [run.name for run in store.find(Query())] == ["JFK"]


def test_a_killed_process_loses_nothing_that_was_computed(sqlite_uri, place, whole, monkeypatch):
    """It dies when it records its first batch; all that was computed comes from its spool."""
    monkeypatch.setattr("forecastctl.jobs.run.LONGEST_WAIT_MS", 10**9)
    child = os.fork()
    if child == 0:
        store = open_tracker(sqlite_uri, "x")
        record = store.record

        def die(runs, *more):
            if runs[0].tags["kind"] == "panel":
                return record(runs, *more)
            return os.kill(os.getpid(), signal.SIGKILL)

        store.record = die
        front = SpoolingTracker(store, SpoolTracker(place.new()))
        front.begin()
        Harness().run(tracker=front, job_id="whole", batch=4)
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    [waiting] = place.waiting()
    assert sorted(waiting.airports) == ["BAD", "JFK", "LGA/1", "tiny"]
    store = open_tracker(sqlite_uri, "x")
    heal(store, lambda _job: False)
    publish_all(place, store)
    harness = Harness()
    summary = harness.run(tracker=store)
    assert summary.job_id == "whole"
    assert_once_and_equal_but_for_attempts(store, whole["nested"])


def test_what_is_recorded_and_still_kept_is_not_recorded_twice(place, monkeypatch):
    store = Fails()
    front = SpoolingTracker(store, SpoolTracker(place.new()))
    run = _airport("JFK")
    front.keep(run)
    monkeypatch.setattr(Journal, "remove", _refuse)
    front.record([run])
    monkeypatch.undo()
    front.close()
    [done] = publish_all(place, store).published.values()
    assert (done.airports, done.there) == (0, 1)
    assert len(store.find(Query())) == 1


def _refuse(*_args):
    raise TrackingError("no space left")


def _airport(name, **more):
    tags = {"kind": "airport", "job_id": "1", "airport": name, "attempt": "1"}
    return Run(name, start_ms=5, end_ms=6, tags={**tags, "mlflow.forecastctl.job.1": "1"}, **more)


def test_the_file_of_a_living_job_is_left_alone(place):
    store = MemoryTracker()
    front = SpoolingTracker(store, SpoolTracker(place.new()))
    front.keep(_airport("JFK"))
    assert place.waiting() == []
    assert publish_all(place, store).published == {}
    [journal] = place.journals()
    with pytest.raises(BusyError):
        publish(journal, store)
    front.close()
    assert [w.airports for w in place.waiting()] == [("JFK",)]


def test_what_no_store_takes_is_no_reason_to_go_on_without_it(place):
    front = SpoolingTracker(MemoryTracker(), SpoolTracker(place.new()))
    with pytest.raises(RefusedError):
        front.record([_airport("JFK", metrics=(Metric("x" * 300, 1.0),))])
    assert front.away is None


def test_what_the_store_refuses_for_good_is_kept_and_the_rest_goes_on(place):
    store = MemoryTracker()
    for name in ("JFK", "LGA"):
        front = SpoolingTracker(None, SpoolTracker(place.new()), AwayError("away"))
        front.record([_airport(name)])
        if name == "JFK":
            front._jobs["0" * 32] = None
            front._spool.owe("0" * 32, RunUpdate(FINISHED))  # of a run that is gone
        front.close()
    synced = publish_all(place, store)
    assert sorted(r.name for r in store.find(Query())) == ["JFK", "LGA"]
    [(path, error)] = synced.kept.items()
    assert "There is no run" in error.message
    assert path.exists()
    assert len(synced.published) == 1


def test_where_neither_can_be_written_the_job_still_makes_its_forecasts(whole, place, monkeypatch):
    store = Fails(3)
    monkeypatch.setattr(Journal, "add_run", _refuse)
    monkeypatch.setattr(Journal, "add_update", _refuse)
    front, summary = recorded_by(store, place)
    assert isinstance(front.lost, TrackingError)
    pd.testing.assert_frame_equal(summary.forecasts, whole["nested"].summary.forecasts)
    assert [line.run_id for line in summary.lines] == [None] * 4


def test_without_a_spool_a_job_that_began_still_makes_its_forecasts(whole):
    front = SpoolingTracker(Fails(3), None)
    front.begin()
    summary = Harness().run(tracker=front, job_id="whole", batch=2)
    assert isinstance(front.lost, AwayError)
    pd.testing.assert_frame_equal(summary.forecasts, whole["nested"].summary.forecasts)


def test_a_job_that_can_be_recorded_nowhere_does_not_begin(monkeypatch, place):
    monkeypatch.setattr(Journal, "add_run", _refuse)
    front = SpoolingTracker(Fails(0), SpoolTracker(place.new()))
    with pytest.raises(TrackingError, match=r"went away.*no space left"):
        Harness().run(tracker=front)


def test_the_spool_says_what_a_run_held_bit_for_bit(tmp_path):
    run = _airport("JFK", metrics=(Metric("m", 0.1 + 0.2, 3, 7), Metric("n", float("inf"))))
    journal = Journal(tmp_path / f"a{SUFFIX}")
    SpoolTracker(journal).record([run])
    journal.close()
    [entry] = journal.entries()
    assert journal.run(entry) == run
    journal.close()

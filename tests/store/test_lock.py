"""One job at a time in an experiment, whatever becomes of those that had it before."""

import os
import signal
import subprocess
import sys
import threading
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from forecastctl.errors import HeldError
from forecastctl.records import FINISHED, KILLED, RUNNING, Query, Run, RunUpdate
from forecastctl.records.marks import JOBS, LEASES, SET
from forecastctl.store import alive
from forecastctl.store.alive import Holder, life_of_process, this_process
from forecastctl.store.healing import heal_below
from forecastctl.store.heart import Beating, Heart
from forecastctl.store.lock import hold, lease
from forecastctl.store.lock.hold import held
from forecastctl.store.lock.open import open_lock
from forecastctl.store.memory import MemoryTracker
from forecastctl.store.mlflow.open import open_tracker
from tests.flaky import TcpProxy, place_of, through

ME = Holder("run", "here", os.getpid(), 1_700_000_000_000)
NOW = 1_700_000_000_000


def unheard(_):
    pass


@pytest.fixture(autouse=True)
def brisk(monkeypatch):
    monkeypatch.setattr(hold, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(lease, "LOOK_SECONDS", 0.01)


class Store:
    """An experiment of its own in a store."""

    def __init__(self, uri, memory=None):
        self.uri, self.name, self.memory = uri, f"lock {uuid.uuid4().hex}", memory
        self.tracker = self.open()

    def open(self):
        return self.memory or open_tracker(self.uri, self.name)

    def lock(self, heart, tracker=None):
        tracker = tracker or self.tracker
        return open_lock(self.uri, self.name, tracker, ME, heart, unheard)

    def held(self, wait=0.0, say=unheard, tracker=None):
        tracker = tracker or self.tracker
        return held(
            tracker,
            lambda heart: self.lock(heart, tracker),
            self.open,
            shown=f"the experiment {self.name!r}",
            wait=wait,
            say=say,
        )


@pytest.fixture(params=["memory", "sqlite", "postgres", "server"])
def store(request):
    if request.param == "memory":
        return Store("other://place", MemoryTracker())
    if request.param == "server":
        return Store(request.getfixturevalue("mlflow_server").uri)
    return Store(request.getfixturevalue(f"{request.param}_uri"))


def a_job(**tags):
    return Run("run 7", start_ms=NOW, tags={"kind": "job", "job_id": "7", JOBS: SET, **tags})


class TestOneAtATime:
    def test_the_second_says_who_has_it(self, store):
        with store.held(), pytest.raises(HeldError) as caught, store.held():
            pass
        said = caught.value.message
        assert f"Another job is at work in the experiment {store.name!r}" in said
        assert f"'run', on host here, process {os.getpid()}, since 20" in said
        assert caught.value.exit_code == 8
        with store.held() as (_, waited):
            assert not waited

    def test_the_second_waits_and_says_so(self, store):
        said, inside = [], []
        first_says = threading.Event()

        def second():
            with store.held(600.0, lambda text: (said.append(text), first_says.set()), other) as (
                _,
                waited,
            ):
                inside.append(waited)

        other = store.open()
        with store.held():
            thread = threading.Thread(target=second)
            thread.start()
            assert first_says.wait(600)
            assert inside == []
        thread.join(600)
        assert inside == [True]
        assert "waiting for another job" in said[0]

    @pytest.mark.slow
    def test_many_at_once_never_two(self, store):
        """Each adds one to what it read, with a pause between: two at once would lose one."""
        count, errors, most = [0], [], []

        def one(tracker):
            try:
                with store.held(600.0, unheard, tracker):
                    seen = count[0]
                    most.append(seen)
                    threading.Event().wait(0.01)
                    count[0] = seen + 1
            except Exception as error:  # noqa: BLE001
                errors.append(error)

        threads = [threading.Thread(target=one, args=(store.open(),)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(600)
        assert errors == []
        assert most == [0, 1, 2, 3, 4]

    def test_another_experiment_is_free(self, store):
        other = Store(store.uri, MemoryTracker() if store.memory else None)
        with store.held(), other.held():
            pass


CHILD = """
import os, sys, time
from forecastctl.store.alive import Holder
from forecastctl.store.lock.hold import held
from forecastctl.store.lock.open import open_lock
from forecastctl.store.mlflow.open import open_tracker
from forecastctl.records import RUNNING, Run
from forecastctl.records.marks import JOBS, SET
uri, name = sys.argv[1:]
tracker = open_tracker(uri, name)
me = Holder("tune", "there", os.getpid(), 1)
quiet = lambda text: None
with held(tracker, lambda heart: open_lock(uri, name, tracker, me, heart, quiet),
          lambda: open_tracker(uri, name), shown="x", wait=0.0, say=quiet) as (beating, _):
    job = beating.start(Run("tune 8", start_ms=2, tags={"kind": "job", "job_id": "8", JOBS: SET}))
    beating.record([Run("JFK", RUNNING, 3, tags={"kind": "airport", "job_id": "8"})], job)
    print("at work", flush=True)
    time.sleep(3600)
"""


@pytest.mark.slow
class TestDeath:
    @pytest.mark.parametrize("kind", ["sqlite", "postgres", "server"])
    def test_a_holder_that_is_killed_holds_nothing(self, request, kind):
        uri = request.getfixturevalue("mlflow_server" if kind == "server" else f"{kind}_uri")
        store = Store(uri.uri if kind == "server" else uri)
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, store.uri, store.name], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout.readline() == "at work\n"
        who = f"'tune', on host there, process {child.pid}"
        with pytest.raises(HeldError, match=who), store.held():
            pass
        child.send_signal(signal.SIGKILL)
        child.wait()
        with store.held(600.0):  # PostgreSQL takes a moment to notice
            pass
        left = [run for run in store.tracker.find(Query()) if LEASES not in run.tags]
        assert {run.name: run.status for run in left} == {"tune 8": KILLED, "JFK": KILLED}
        assert store.tracker.find(Query(status=RUNNING)) == []

    def test_a_connection_that_was_lost_is_made_again(self, postgres_uri):
        proxy = TcpProxy(place_of(postgres_uri))
        store = Store(through(postgres_uri, proxy.port))
        lock, other = store.lock(None), Store(postgres_uri)
        other.name = store.name
        assert lock.take() is None
        proxy.leave()
        proxy.come_back()
        lock.keep()
        lock.check()
        assert other.lock(None).take().pid == os.getpid()
        lock.give_back()
        proxy.close()

    def test_a_job_that_lost_its_lock_to_another_writes_no_more(self, postgres_uri, tmp_path):
        proxy = TcpProxy(place_of(postgres_uri))
        store = Store(through(postgres_uri, proxy.port))
        lock, other = store.lock(None), Store(postgres_uri)
        other.name = store.name
        assert lock.take() is None
        proxy.leave()
        theirs = other.lock(None)
        while theirs.take() is not None:
            pass
        proxy.come_back()
        lock.keep()
        beating = Beating(store.tracker, Heart(store.open), lock.kind, lock.check)
        with pytest.raises(HeldError, match="another job has the experiment"):
            beating.start(a_job())
        theirs.give_back()
        proxy.close()


ELSEWHERE = "another-boot:4026531836:1:1"


class Clock:
    """What `alive` takes for the time, of a machine whose clocks may be told to go on."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(alive.time, "monotonic", lambda: self.now)


def beat(seconds_ago):
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()


class TestHeartbeat:
    def test_processes_are_told_apart(self):
        assert life_of_process(this_process()) == "alive"
        boot, _, started = this_process().rpartition(":")
        assert life_of_process(f"{boot}:{int(started) + 1}") == "dead"  # the number is used again
        assert life_of_process(ELSEWHERE) == "unclear"
        assert life_of_process("") == "unclear"
        child = subprocess.Popen([sys.executable, "-c", "pass"])
        child.wait()
        here = boot.rpartition(":")[0]
        assert life_of_process(f"{here}:{child.pid}:7") == "dead"
        assert life_of_process(f"{here}:x:7") == "unclear"

    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            ({"heartbeat": 5, "process": ELSEWHERE}, "alive"),
            ({"heartbeat": 900, "process": ELSEWHERE}, "unclear"),
            ({"heartbeat": -900, "process": ELSEWHERE}, "alive"),
            ({"heartbeat": 900, "process": this_process()}, "alive"),
            ({"heartbeat": 5, "process": this_process() + "0"}, "dead"),
            ({"heartbeat": "damaged", "process": ELSEWHERE}, "unclear"),
            ({"host": "of an earlier version", "pid": "1"}, "dead"),
        ],
    )
    def test_one_look(self, tags, expected):
        if isinstance(tags.get("heartbeat"), int):
            tags = {**tags, "heartbeat": beat(tags["heartbeat"])}
        tracker = MemoryTracker()
        run = tracker.get(tracker.start(a_job(**tags)))
        assert alive.life(run, datetime.now(UTC).timestamp() * 1000) == expected

    def test_a_job_of_an_earlier_version_has_a_day(self):
        tracker = MemoryTracker()
        run = tracker.get(tracker.start(a_job()))
        assert alive.life(run, NOW + 86_300_000) == "alive"
        assert alive.life(run, NOW + 86_500_000) == "dead"

    def test_an_old_heartbeat_that_moves_is_of_the_living(self, monkeypatch):
        """Another machine's clock is wrong: its job is not killed."""
        clock, tracker, watch = Clock(monkeypatch), MemoryTracker(), alive.Watch()
        tags = {"heartbeat": beat(9000), "process": ELSEWHERE}
        run_id = tracker.start(a_job(**tags))
        assert watch.life(tracker.get(run_id)) == "unclear"
        clock.now += alive.BEAT_SECONDS
        tracker.update(run_id, RunUpdate(tags={"heartbeat": beat(8985)}))
        assert watch.life(tracker.get(run_id)) == "alive"
        clock.now += alive.BEAT_SECONDS
        assert watch.life(tracker.get(run_id)) == "unclear"
        clock.now += 3 * alive.BEAT_SECONDS
        assert watch.life(tracker.get(run_id)) == "dead"

    @pytest.mark.parametrize("other", ["advisory", "lease", "file"])
    def test_a_job_through_another_door_is_waited_for(self, sqlite_uri, other):
        """Through a server, say, over the same file: another kind of lock, which says nothing."""
        store = Store(sqlite_uri)
        tags = {"heartbeat": beat(5), "process": ELSEWHERE, "lock": other, "host": "h", "pid": "7"}
        store.tracker.start(a_job(**tags))
        if other == "file":  # the lock itself proves that nobody else is alive
            with store.held():
                assert [r.status for r in store.tracker.find(Query())] == [KILLED]
            return
        with pytest.raises(HeldError, match="on host h, process 7"), store.held():
            pass
        assert [r.status for r in store.tracker.find(Query())] == [RUNNING]

    @pytest.mark.parametrize(("seconds", "status"), [(5, RUNNING), (900, KILLED)])
    def test_the_file_of_a_lock_may_be_gone_and_its_job_alive(self, sqlite_uri, seconds, status):
        """A process that is there and has just said so is at work, whoever has the lock."""
        other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        try:
            text = f"{this_process().rsplit(':', 2)[0]}:{other.pid}:{alive._started(other.pid)}"
            store = Store(sqlite_uri)
            tags = {"heartbeat": beat(seconds), "process": text, "lock": "file", "pid": "7"}
            store.tracker.start(a_job(**tags))
            if status == RUNNING:
                with pytest.raises(HeldError, match="process 7"), store.held():
                    pass
            else:  # it did something else since, as a notebook does
                with store.held():
                    pass
            assert [r.status for r in store.tracker.find(Query())] == [status]
        finally:
            other.communicate(b"\n")

    def test_a_job_elsewhere_whose_heartbeat_stands_still_is_dead(self, sqlite_uri, monkeypatch):
        monkeypatch.setattr(alive, "BEAT_SECONDS", 0.01)
        store, said = Store(sqlite_uri), []
        tags = {"heartbeat": beat(900), "process": ELSEWHERE, "lock": "lease"}
        store.tracker.start(a_job(**tags))
        with store.held(say=said.append):
            assert [r.status for r in store.tracker.find(Query())] == [KILLED]
        assert said == ["looking whether a job that has not said anything for long still lives"]

    def test_it_is_refreshed_until_the_job_ends(self):
        tracker = MemoryTracker()
        heart = Heart(lambda: tracker)
        beating = Beating(tracker, heart, "file", unheard_check)
        run_id = beating.start(a_job())
        first = tracker.get(run_id).tags
        assert first["lock"] == "file"
        assert first["process"] == this_process()
        tracker.update(run_id, RunUpdate(tags={"heartbeat": "old"}))
        heart.beat()
        assert tracker.get(run_id).tags["heartbeat"] >= first["heartbeat"]
        beating.update(run_id, RunUpdate(FINISHED, NOW))
        tracker.update(run_id, RunUpdate(tags={"heartbeat": "old"}))
        heart.beat()
        assert tracker.get(run_id).tags["heartbeat"] == "old"
        beating.update(run_id, RunUpdate(RUNNING))  # it is gone on with
        assert tracker.get(run_id).tags["heartbeat"] > "2"
        assert beating.start(replace(a_job(), name="x", tags={})) not in heart._runs

    def test_it_beats_by_itself(self, monkeypatch):
        monkeypatch.setattr(alive, "BEAT_SECONDS", 0.001)
        tracker, beats = MemoryTracker(), threading.Semaphore(0)
        run_id = tracker.start(a_job())
        with Heart(lambda: tracker) as heart:
            heart.each_beat = beats.release
            heart.follow(run_id)
            for _ in range(3):
                assert beats.acquire(timeout=600)
        assert tracker.get(run_id).tags["heartbeat"]


def unheard_check():
    pass


class TestLease:
    def test_a_place_in_the_queue_is_kept(self):
        tracker = MemoryTracker()
        heart = Heart(lambda: tracker)
        first, second, third = (
            lease.LeaseLock(tracker, replace(ME, pid=n), heart, unheard) for n in (1, 2, 3)
        )
        assert first.take() is None
        assert second.take().pid == 1
        assert third.take().pid == 1
        first.give_back()
        assert third.take().pid == 2
        assert second.take() is None
        assert third.take().pid == 2
        second.give_back()
        assert third.take() is None
        third.give_back()
        assert tracker.find(Query(status=RUNNING)) == []

    def test_who_was_taken_for_dead_writes_no_more(self):
        tracker = MemoryTracker()
        lock = lease.LeaseLock(tracker, ME, Heart(lambda: tracker), unheard)
        assert lock.take() is None
        lock.keep()
        lock.check()
        (mine,) = tracker.find(Query(tags={LEASES: SET}))
        tracker.update(mine.run_id, RunUpdate(KILLED))
        lock.keep()
        with pytest.raises(HeldError, match="another one took"):
            lock.check()

    def test_one_that_is_still_choosing_is_waited_for(self):
        """It may be about to take a lower place."""
        tracker = MemoryTracker()
        tags = {"kind": "lease", LEASES: SET, **alive.pulse(), "pid": "9"}
        choosing = tracker.start(Run("x", start_ms=NOW, tags=tags))
        lock = lease.LeaseLock(tracker, ME, Heart(lambda: tracker), unheard)
        found = []
        thread = threading.Thread(target=lambda: found.append(lock.take()))
        thread.start()
        thread.join(0.1)
        assert thread.is_alive()
        tracker.update(choosing, RunUpdate(tags={"ticket": "1"}))
        thread.join(600)
        # Of two with the same ticket the lower id goes first.
        assert found[0].pid == 9


class TestBelow:
    def test_what_runs_below_jobs_that_have_ended_is_marked(self, store):
        tracker = store.tracker
        ended, working = tracker.start(a_job()), tracker.start(a_job(job_id="8"))
        tracker.update(ended, RunUpdate(FINISHED, NOW + 9))
        tags = {"kind": "airport", "job_id": "7"}
        [dead] = tracker.record([Run("a", RUNNING, NOW, tags=tags)], ended)
        [trial] = tracker.record([Run("t", RUNNING, NOW, tags={**tags, "kind": "trial"})], dead)
        [done] = tracker.record([Run("b", FINISHED, NOW, NOW + 1, tags=tags)], ended)
        [busy] = tracker.record([Run("c", RUNNING, NOW, tags={**tags, "job_id": "8"})], working)
        [other] = tracker.record([Run("d", RUNNING, NOW, tags={"kind": "airport"})])
        assert heal_below(tracker) == 2
        found = {i: tracker.get(i).status for i in (dead, trial, done, busy, other, working)}
        assert [found[i] for i in (dead, trial)] == [KILLED] * 2
        assert [found[i] for i in (busy, other, working)] == [RUNNING] * 3
        assert found[done] == FINISHED
        assert heal_below(tracker) == 0

    def test_what_a_monitor_has_left_is_marked_after_a_day(self):
        tracker, now = MemoryTracker(), int(datetime.now(UTC).timestamp() * 1000)
        old, new = (
            tracker.start(Run("monitor", start_ms=start, tags={"kind": "monitor"}))
            for start in (NOW, now)
        )
        assert heal_below(tracker) == 1
        assert [tracker.get(i).status for i in (old, new)] == [KILLED, RUNNING]

    def test_an_interrupted_job_leaves_nothing_running(self, store):
        def work(tracker):
            job = tracker.start(a_job())
            tags = {"kind": "airport", "job_id": "7"}
            tracker.record([Run("a", RUNNING, NOW, tags=tags)], job)
            tracker.update(job, RunUpdate(KILLED, NOW + 9))
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt), store.held() as (tracker, _):
            work(tracker)
        assert store.tracker.find(Query(status=RUNNING)) == []

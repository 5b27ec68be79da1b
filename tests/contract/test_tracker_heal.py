"""What killed jobs leave running is healed, in every tracker."""

import time

from forecastctl.records import FINISHED, KILLED, RUNNING
from forecastctl.records.marks import JOBS, SET
from forecastctl.store.mlflow.open import heal
from tests.contract.runs import run


class TestHeal:
    def test_dead_jobs_and_what_ran_below_them(self, tracker):
        dead = tracker.start(run("dead", tags={"kind": "job", JOBS: SET, "job_id": "1"}))
        alive = tracker.start(run("alive", tags={"kind": "job", JOBS: SET, "job_id": "2"}))
        done, open_ = tracker.record([run("done"), run("open", status=RUNNING)], parent_id=dead)
        [below] = tracker.record([run("below", status=RUNNING)], parent_id=open_)
        flat = tracker.start(run("flat", tags={"kind": "airport", "job_id": "1"}))
        shard = tracker.start(run("shard", tags={"kind": "job", JOBS: SET, "job_id": "1"}))
        busy = tracker.start(run("busy", tags={"kind": "airport"}), parent_id=alive)
        before = time.time_ns() // 1_000_000
        healed = heal(tracker, lambda job: job.name != "dead")
        assert healed == [dead]
        for run_id in (dead, open_, below, flat):
            assert tracker.get(run_id).status == KILLED
            assert tracker.get(run_id).end_ms >= before
        assert tracker.get(done).status == FINISHED
        assert [tracker.get(i).status for i in (alive, busy, shard)] == [RUNNING] * 3
        assert heal(tracker, lambda job: True) == []

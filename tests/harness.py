"""Small jobs in memory: real models, no store, no pool."""

from dataclasses import replace

import numpy as np
import pandas as pd

from forecastctl.data.panel.build import make_panel
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.panel.rows import cut
from forecastctl.errors import TrackingError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.jobs.dry_run import intents
from forecastctl.jobs.plan import Request
from forecastctl.jobs.resume import plan_or_go_on
from forecastctl.jobs.retry import check_retry, plan_retry, to_retry
from forecastctl.jobs.run import run_job, work_off
from forecastctl.jobs.share import join, left_by, share_of
from forecastctl.jobs.stopping import Stopping
from forecastctl.recording.context import Environment
from forecastctl.records import Query, Rejection, SearchSpec, Series
from forecastctl.records.shards import shard_of
from forecastctl.store.memory import MemoryTracker

SEARCH = SearchSpec(
    families=("seasonal_naive", "holt_winters"), max_evals=4, horizon=3, folds=2, combine=2
)
ENVIRONMENT = Environment(
    {"python": "3.11", "forecastctl": "test"}, {"cpu": "test"}, "c0ffee", True, "host", 1, "me"
)


def make_series(airport="JFK", n=48, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    y = 1000 + 5 * t + 200 * np.sin(2 * np.pi * t / 12) + rng.normal(0, 20, n)
    ds = np.arange("2015-01", np.datetime64("2015-01") + n, dtype="datetime64[M]")
    return Series(airport, "M", 12, ds.astype("datetime64[D]"), y, f"digest-{airport}-{n}-{seed}")


def make_entries():
    return [
        make_series("JFK", seed=1),
        Rejection("BAD", "all values are zero", "digest-BAD"),
        make_series("LGA/1", seed=2),
        make_series("tiny", n=4, seed=3),
    ]


def frame_of(entries):
    parts = [
        pd.DataFrame({"airport": e.airport, "ds": e.ds.astype("datetime64[s]"), "y": e.y})
        for e in entries
        if isinstance(e, Series)
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(row=np.arange(len(frame)) + 2, problem=None)


class Breaks(MemoryTracker):
    """Fails at one write, and works after it."""

    def __init__(self, at):
        super().__init__()
        self.left = at

    def record(self, runs, parent_id=None):
        self.left -= 1
        if self.left == 0:
            raise TrackingError("the store went away")
        return super().record(runs, parent_id)


class Harness:
    """Runs jobs against one in-memory store."""

    def __init__(self):
        self.tracker = MemoryTracker()
        self.entries = make_entries()
        self.told = []
        self.requests = {}
        self.clock = 1_600_000_000_000

    def retry(self, statuses=("failed",), *, job_id=None, executor=None, entries=None):
        """Do again what failed in a job, by default the newest."""
        self.clock += 60_000
        name = {"job_id": job_id} if job_id else {}
        (run,) = self.tracker.find(Query(tags={"kind": "job", **name}, limit=1))
        request, panel = self.requests[run.tags["job_id"]]
        check_retry(run)
        job = plan_retry(
            run,
            to_retry(self.tracker, run, statuses),
            replace(request, start_ms=self.clock),
            panel,
            entries or self.entries,
            ENVIRONMENT,
            self.tracker,
        )
        return self.do(job, self.tracker, executor)

    def do(self, job, store, executor, stopping=None):
        return run_job(
            job,
            store,
            executor or SerialExecutor(),
            lambda result, total: self.told.append((result.airport, total)),
            lambda: b"log",
            stopping=stopping,
        )

    def asked(self, command, changes):
        return Request(
            command=command,
            job_id=changes.pop("job_id", f"job-{self.clock}"),
            start_ms=self.clock,
            search=changes.pop("search", SEARCH),
            levels=(95, 80),
            layout=changes.pop("layout", "nested"),
            charts=changes.pop("charts", False),
            config_digest="cfg",
            settings={"tune.seed": 0},
        )

    def run(self, command="run", *, tracker=None, executor=None, stopping=None, **changes):
        warnings = changes.pop("warnings", ())
        job = self.planned(command, tracker or self.tracker, changes)
        job = replace(job, warnings=warnings)
        return self.do(job, tracker or self.tracker, executor, stopping)

    def share(self, text, *, tracker=None, **changes):
        """What one process of several does of a job; what is left of it then."""
        store, executor = tracker or self.tracker, SerialExecutor()
        shard = shard_of(text, None)
        job = self.planned("run", store, changes)
        run_id = join(job, shard, store, executor)
        ignored = (lambda *_: None, lambda *_: None, Stopping(), lambda *_: None)
        work_off(share_of(job, shard), store, executor, run_id, *ignored)
        return left_by(shard, job, run_id, store)

    def planned(self, command, store, changes):
        self.clock += 60_000
        request = self.asked(command, changes)
        fresh, resume = changes.pop("fresh", False), changes.pop("resume", None)
        environment = changes.pop("environment", ENVIRONMENT)
        request = replace(request, **changes)
        panel = make_panel(frame_of(self.entries), DataSpec(source="memory"), "memory")
        self.requests[request.job_id] = request, panel
        return plan_or_go_on(
            request, panel, self.entries, environment, store, fresh=fresh, resume=resume
        )

    def intents(self, **changes):
        """What a job would do with each airport."""
        environment = changes.pop("environment", ENVIRONMENT)
        panel = make_panel(frame_of(self.entries), DataSpec(source="memory"), "memory")
        request = replace(self.asked("run", {"job_id": "dry"}), **changes)
        job = plan_or_go_on(request, panel, self.entries, environment, self.tracker)
        rows = cut(panel, DataSpec(source="memory"), None).airports
        return {i.airport: i for i in intents(job, rows, self.tracker)}

"""A store in memory with jobs that are recorded with all their settings, as the command does."""

import datetime as dt
import json
from dataclasses import replace

from forecastctl.data.panel.build import make_panel
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare
from forecastctl.execute.serial import SerialExecutor
from forecastctl.jobs.plan import Request, plan_job
from forecastctl.jobs.run import run_job
from forecastctl.recording.digests import add_files
from forecastctl.records import Artifact, Query, RunUpdate, SearchSpec
from forecastctl.reproduce.refit import refit_all
from forecastctl.reproduce.replay import choose_runs, replay_all
from forecastctl.settings import Settings
from forecastctl.store.memory import MemoryTracker
from tests.harness import ENVIRONMENT, frame_of, make_series

SEARCH = SearchSpec(
    families=("seasonal_naive", "holt_winters"), max_evals=4, horizon=3, folds=2, combine=2
)
TUNE = {"max_evals": 4, "folds": 2, "combine": 2, "families": SEARCH.families}


class Store:
    """Jobs over three airports in memory, recorded with all settings as the command does."""

    def __init__(self):
        self.tracker = MemoryTracker()
        self.frame = frame_of([make_series(a, seed=i) for i, a in enumerate(("JFK", "EWR", "A/B"))])
        self.count = 0

    def run(
        self,
        command="run",
        *,
        as_of=None,
        record_as_of=True,
        tune=None,
        origin=None,
        learn=False,
        **spec,
    ):
        self.count += 1
        data = DataSpec(source="memory", **spec)
        panel = make_panel(self.frame, data, "memory")
        settings = Settings.model_validate({"data": spec, "tune": {**TUNE, **(tune or {})}})
        settings = settings.model_copy(
            update={"forecast": settings.forecast.model_copy(update={"horizon": 3})}
        )
        recorded = {
            name: ",".join(map(str, v)) if isinstance(v, tuple) else v
            for name, v, _ in settings.items()
        }
        recorded |= {"as_of": as_of} if record_as_of else {}
        request = Request(
            command, f"job-{self.count}", 1_600_000_000_000 + 60_000 * self.count,
            settings.search(), (80, 95), "nested", charts=False, config_digest="cfg",
            settings=recorded, learn=learn,
        )  # fmt: skip
        entries = prepare(panel, data, as_of=as_of, today=dt.date(2020, 9, 13))
        job = plan_job(request, panel, entries, ENVIRONMENT, self.tracker)
        if origin:
            job = replace(job, context=replace(job.context, origin=origin))
        return run_job(job, self.tracker, SerialExecutor(), lambda *_: None, lambda: b"")

    def airport(self, job_id, airport):
        tags = {"kind": "airport", "job_id": job_id, "airport": airport}
        return self.tracker.find(Query(tags=tags))[0].run_id

    def edit(self, run_id, path, change):
        """Record a file as if the job had made it so."""
        value = json.loads(self.tracker.read_artifact(run_id, path))
        change(value)
        content = json.dumps(value).encode()
        add_files(self.tracker, run_id, RunUpdate(artifacts=(Artifact(path, content),)))

    def replayed(self, name, *airports):
        rows = replay_all(self.tracker, choose_runs(self.tracker, name, airports))
        return {row.run.tags["airport"]: row.replay for row in rows}

    def refitted(self, name, *airports):
        rows = refit_all(self.tracker, choose_runs(self.tracker, name, airports), SerialExecutor())
        return {row.run.tags["airport"]: row.refit for row in rows}

"""A fleet in memory of which one airport shifts after the cutoff."""

import copy
import datetime as dt
from dataclasses import replace

from forecastctl.data.panel.build import make_panel
from forecastctl.data.panel.panel import DataSpec
from forecastctl.execute.serial import SerialExecutor
from forecastctl.jobs.plan import Request, plan_job
from forecastctl.jobs.run import run_job
from forecastctl.monitor.data import observations
from forecastctl.monitor.run import Watch, monitor
from forecastctl.records import MonitorRules, Query, SearchSpec
from tests.harness import ENVIRONMENT, Harness, frame_of, make_series

AIRPORTS = ("AAA", "BBB", "CCC", "DDD", "EEE", "FFF")
BAD = "CCC"
N, H = 48, 6
SEARCH = SearchSpec(
    families=("seasonal_naive", "holt_winters"), max_evals=4, horizon=H, folds=2, combine=2
)
TODAY = dt.date(2030, 1, 1)


def cut(series, n):
    digest = f"{series.digest}-{n}"
    return replace(series, ds=series.ds[:n], y=series.y[:n], digest=digest)


class Fleet(Harness):
    """Airports of which one shifts after the cutoff, as known at several times."""

    def __init__(self, shifted=(BAD,)):
        super().__init__()
        self.whole = [make_series(a, n=N + 24, seed=i) for i, a in enumerate(AIRPORTS)]
        for series in self.whole:
            if series.airport in shifted:
                series.y[N:] *= 1.3
        self.at(N)

    def at(self, n):
        self.entries = [cut(s, n) for s in self.whole]
        return self

    def job(self, *, origin="live", **changes):
        changes = {"search": SEARCH, **changes}
        if origin == "live":
            return self.run(**changes)
        job = self.plan(**changes)
        job = replace(job, context=replace(job.context, origin=origin))
        return run_job(job, self.tracker, SerialExecutor(), lambda *_: None, lambda: b"log")

    def plan(self, **changes):
        self.clock += 60_000
        request = replace(self.request(), start_ms=self.clock, **changes)
        panel = make_panel(frame_of(self.entries), DataSpec(source="memory"), "memory")
        return plan_job(request, panel, self.entries, ENVIRONMENT, self.tracker)

    def request(self):
        return Request(
            "run", f"planned-{self.clock}", 0, SEARCH, (80, 95), "nested", False, "cfg", {}
        )

    def monitor(self, *, frame=None, whole=True, origin="live", warnings=None, **rules):
        # Airports are recorded at the time of day, not of the test's clock.
        made = [self.clock, *(r.start_ms for r in self.runs("airport") + self.runs("monitor"))]
        start = max(made) + 1
        frame = frame_of(self.entries) if frame is None else frame
        spec = DataSpec(source="memory")
        panel = make_panel(frame, spec, "memory")
        observed, freq, said = observations(panel, spec, None, TODAY)
        watch = Watch(
            monitor_id=f"m{start}",
            start_ms=start,
            rules=MonitorRules(**rules),
            origin=origin,
            freq=freq,
            panel_digest=panel.digest,
            whole=whole,
            warnings=said if warnings is None else warnings,
        )
        return monitor(self.tracker, observed, watch, ENVIRONMENT)

    def runs(self, kind, **tags):
        return self.tracker.find(Query(tags={"kind": kind, **tags}))


def make_judged():
    """A fleet tuned and forecast once, six months later looked at by the monitor."""
    fleet = Fleet()
    fleet.job()
    fleet.report = fleet.at(N + H).monitor()
    return fleet


def again(fleet):
    """The same fleet with a store of its own."""
    other = copy.copy(fleet)
    other.tracker = copy.deepcopy(fleet.tracker)
    return other


def of(report, airport=BAD):
    return next(r for r in report["results"] if r["airport"] == airport)

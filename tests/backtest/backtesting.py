"""Backtests of a small panel in memory, for the tests of backtests."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd

from forecastctl.backtest.record import read_table
from forecastctl.backtest.run import BacktestRequest, Surroundings, backtest
from forecastctl.data.panel.build import make_panel
from forecastctl.data.panel.panel import DataSpec
from forecastctl.data.prepare.prepare import prepare
from forecastctl.execute.serial import SerialExecutor
from forecastctl.jobs.plan import Request, plan_job
from forecastctl.jobs.run import run_job
from forecastctl.records import Query, SearchSpec
from forecastctl.store.memory import MemoryTracker
from tests.harness import ENVIRONMENT

SPEC = DataSpec(source="memory")
TODAY = dt.date(2026, 1, 1)
SEARCH = SearchSpec(
    families=("seasonal_naive", "holt_winters"), max_evals=3, horizon=3, folds=2, combine=2
)
REQUEST = Request(
    command="backtest",
    job_id="",
    start_ms=1_600_000_000_000,
    search=SEARCH,
    levels=(95, 80),
    layout="nested",
    charts=False,
    config_digest="cfg",
    settings={"tune.seed": 0},
    batch=2,
)
MADE = ("start_ms", "end_ms", "cpu_seconds")


def frame(months=48, seed=0):
    """JFK and LGA since 2015-01, NEW since 2018-06, in a long table."""
    rng = np.random.default_rng(seed)
    parts = []
    for airport, first in (("JFK", "2015-01"), ("NEW", "2018-06"), ("LGA", "2015-01")):
        end = np.datetime64("2015-01") + months
        ds = np.arange(first, end, dtype="datetime64[M]").astype("datetime64[s]")
        t = np.arange(len(ds))
        y = 1000 + 5 * t + 200 * np.sin(2 * np.pi * t / 12) + rng.normal(0, 20, len(ds))
        parts.append(pd.DataFrame({"airport": airport, "ds": ds, "y": y.round()}))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(row=np.arange(len(table)) + 2, problem=None)


def panel_of(table):
    return make_panel(table, SPEC, "memory")


def forecast_table(tracker, summary):
    """The forecasts of all origins, as their jobs have stored them."""
    tables = [read_table(tracker, account.run_id, ()) for account in summary.accounts]
    return pd.concat([table for table in tables if len(table)], ignore_index=True)


class Bench:
    """Backtests of one panel in one store in memory."""

    def __init__(self, tracker=None, table=None):
        self.tracker = tracker or MemoryTracker()
        self.panel = panel_of(frame() if table is None else table)
        self.told = []
        self.log = b""

    def backtest(
        self,
        start="2018-05",
        end="2018-10",
        every=1,
        retune_every=3,
        executor=None,
        stopping=None,
        **changes,
    ):
        table = changes.pop("table", False)
        asked = replace(REQUEST, **changes)
        request = BacktestRequest(asked, start, end, every, retune_every, table)
        surroundings = Surroundings(
            self.tracker,
            executor or SerialExecutor(),
            ENVIRONMENT,
            TODAY,
            lambda result, total: self.told.append((result.airport, total)),
            lambda: self.log,
        )
        return backtest(request, self.panel, SPEC, surroundings, stopping)

    def run(self, command, as_of, **changes):
        request = replace(REQUEST, command=command, job_id=f"{command}-{as_of}", **changes)
        entries = prepare(self.panel, SPEC, as_of=as_of, today=TODAY)
        job = plan_job(request, self.panel, entries, ENVIRONMENT, self.tracker)
        return run_job(job, self.tracker, SerialExecutor(), lambda *_: None, lambda: b"")

    def airports(self, **tags):
        return self.tracker.find(Query(tags={"kind": "airport", **tags}, limit=10_000))

    def read(self, run, path):
        return json.loads(self.tracker.read_artifact(run.run_id, path))

    def accounts(self):
        """Everything that was recorded but for when and under which id."""
        found = {}
        for run in self.airports():
            key = (run.tags["job_id"], run.tags["airport"])
            assert key not in found, f"{key} is recorded twice"
            value = {k: run.tags.get(k) for k in ("status", "reason", "cutoff", "tuned", "model")}
            if run.tags.get("forecast"):
                value["forecast"] = self.read(run, "forecast.json")
            if "tuned_by" in run.tags:
                search = self.tracker.get(run.tags["tuned_by"])
                value["tuned_by"] = (search.tags["job_id"], search.tags["airport"])
            found[key] = value
        return found

    def jobs(self):
        return self.tracker.find(Query(tags={"kind": "job"}, limit=1000))

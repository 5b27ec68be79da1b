"""Groups and the total go through a job like airports, and the forecasts then add up."""

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecastctl.data.panel.build import make_panel
from forecastctl.data.panel.panel import DataSpec
from forecastctl.errors import DataError
from forecastctl.execute.serial import SerialExecutor
from forecastctl.jobs import ledger
from forecastctl.jobs.plan import Request, plan_job
from forecastctl.jobs.run import run_job
from forecastctl.recording.read import read_forecast
from forecastctl.records import FAILED, Failure, Outcome, Query, Rejection
from forecastctl.store.memory import MemoryTracker
from tests.harness import ENVIRONMENT, SEARCH, frame_of, make_series

pytest.importorskip("hierarchicalforecast")

STATE = {"state": {"JFK": "NY", "LGA": "NY", "EWR": "NJ", "SWF": "NY", "BAD": "NJ"}}


def entries():
    made = [make_series(a, seed=i) for i, a in enumerate(("JFK", "LGA", "EWR", "SWF"))]
    return [*made, Rejection("BAD", "all values are zero", "digest-BAD")]


class Adding:
    """Jobs with sums over one in-memory store."""

    def __init__(self):
        self.tracker = MemoryTracker()
        self.entries = entries()
        self.groups = STATE
        self.clock = 1_600_000_000_000

    def run(self, command="run", *, method="mint_shrink", executor=None, search=SEARCH, **changes):
        self.clock += 60_000
        request = Request(
            command=command,
            job_id=f"job-{self.clock}",
            start_ms=self.clock,
            search=search,
            levels=(80, 95),
            layout="nested",
            charts=False,
            config_digest="cfg",
            settings={},
            sums=True,
            reconcile=method,
        )
        request = replace(request, **changes)
        panel = make_panel(frame_of(self.entries), DataSpec(source="memory"), "memory")
        panel = replace(panel, groups=self.groups)
        job = plan_job(request, panel, self.entries, ENVIRONMENT, self.tracker)
        self.told = []
        return run_job(
            job,
            self.tracker,
            executor or SerialExecutor(),
            lambda result, total: self.told.append((result.airport, total)),
            lambda: b"log",
        )

    def record(self, summary):
        return json.loads(self.tracker.read_artifact(summary.run_id, "hierarchy.json"))


@pytest.fixture
def adding():
    return Adding()


@pytest.fixture(scope="module")
def done():
    made = Adding()
    made.summary = made.run()
    return made


def adds_up(table, members):
    means = table.pivot_table(index="date", columns="airport", values="mean")
    for group, airports in members.items():
        np.testing.assert_allclose(means[group], means[airports].sum(axis=1), rtol=1e-6)


def run_of(adding, name):
    """The newest run of an airport or group itself, not of a trial."""
    found = adding.tracker.find(Query(tags={"airport": name}))
    return next(run for run in found if run.tags["kind"] != "trial")


ALL = {
    "total": ["JFK", "LGA", "EWR", "SWF"],
    "state=NY": ["JFK", "LGA", "SWF"],
    "state=NJ": ["EWR"],
}


def test_the_table_adds_up_and_keeps_the_base(done):
    table = done.summary.table
    adds_up(table, ALL)
    assert list(table.columns[-3:]) == ["status", "level", "base"]
    assert list(dict.fromkeys(table["airport"])) == [*ALL["total"], *ALL]
    assert list(dict.fromkeys(table["level"])) == ["airport", "total", "state"]
    assert not np.allclose(table["mean"], table["base"])
    for name in ("JFK", "total"):
        mine = table[table["airport"] == name]
        forecast = read_forecast(done.tracker, run_of(done, name).run_id)
        np.testing.assert_array_equal(mine["base"], forecast.mean)


def test_intervals_hold_each_other_and_the_mean(done):
    table = done.summary.table
    assert (table["lo-95"] <= table["lo-80"]).all()
    assert (table["lo-80"] <= table["mean"]).all()
    assert (table["mean"] <= table["hi-80"]).all()
    assert (table["hi-80"] <= table["hi-95"]).all()
    assert (table["lo-95"] >= 0).all()


def test_groups_count_apart_from_airports(done):
    summary = done.summary
    assert summary.counts["total"] == 5
    assert summary.counts["ok"] == 4
    assert [line.airport for line in summary.groups] == ["total", "state=NY"]
    value = summary.to_dict()
    assert len(value["results"]) == 5
    assert [g["airport"] for g in value["groups"]] == ["total", "state=NY"]
    assert value["reconciliation"]["used"] == "mint_shrink"
    assert {total for _, total in done.told} == {7}


def test_groups_have_runs_of_their_own_kind(done):
    runs = done.tracker.find(Query(tags={"kind": "group"}))
    assert {r.tags["airport"]: r.tags["level"] for r in runs} == {
        "total": "total",
        "state=NY": "state",
    }
    assert len(done.tracker.find(Query(tags={"kind": "airport"}))) == 5
    job = done.tracker.get(done.summary.run_id)
    assert (job.tags["reconcile"], job.tags["groups"]) == ("mint_shrink", "3")


def test_forecasts_parquet_holds_base_forecasts_of_airports_alone(done):
    content = done.tracker.read_artifact(done.summary.run_id, "forecasts.parquet")
    table = pd.read_parquet(io.BytesIO(content))
    assert set(table["airport"]) == {"JFK", "LGA", "EWR", "SWF"}
    assert "base" not in table
    content = done.tracker.read_artifact(done.summary.run_id, "reconciled.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(io.BytesIO(content)), done.summary.table, check_dtype=False
    )


def test_what_was_added_up_is_recorded(done):
    record = done.record(done.summary)
    assert record["airports"] == ["JFK", "LGA", "EWR", "SWF"]
    assert record["library"]["hierarchicalforecast"]
    assert record["errors"] == 6
    by_name = {g["name"]: g for g in record["groups"]}
    assert by_name["state=NJ"]["same_as"] == "EWR"
    assert by_name["total"]["run_id"]
    assert "rejected: all values are zero" in record["left_out"]["BAD"]


def test_base_forecasts_are_those_of_a_job_without_sums(done):
    alone = Adding().run(sums=False)
    assert alone.coherent is None
    assert "groups" not in alone.to_dict()
    base = done.summary.table[done.summary.table["level"] == "airport"]
    np.testing.assert_array_equal(alone.forecasts["mean"], base["base"])


def test_stages_one_by_one_give_what_run_gives(done, adding):
    adding.run("tune")
    adding.run("train")
    apart = adding.run("forecast")
    np.testing.assert_allclose(apart.table["mean"], done.summary.table["mean"], rtol=1e-12)


def test_not_reconciled(adding):
    summary = adding.run(method="none")
    table = summary.table
    np.testing.assert_array_equal(table["mean"], table["base"])
    assert set(table["airport"]) == {*ALL, *ALL["total"]}
    names = [
        path for path in ("hierarchy.json", "reconciled.parquet") if _held(adding, summary, path)
    ]
    assert names == ["hierarchy.json"]


def _held(adding, summary, path):
    from forecastctl.errors import NothingRecordedError

    try:
        return bool(adding.tracker.read_artifact(summary.run_id, path))
    except NothingRecordedError:
        return False


class Losing(SerialExecutor):
    """An executor whose workers die over some airports."""

    def __init__(self, *airports):
        self.airports = airports

    def map(self, fn, tasks):
        for outcome in super().map(fn, tasks):
            if tasks[outcome.index].series.airport in self.airports:
                yield Outcome(outcome.index, None, Failure("WorkerDied", "out of memory"))
            else:
                yield outcome


def test_a_failed_airport_is_stood_in_for(adding):
    summary = adding.run(executor=Losing("LGA"))
    assert summary.status == "partial"
    table = summary.table
    adds_up(table, ALL)
    assert set(table[table["airport"] == "LGA"]["status"]) == {"failed"}
    record = adding.record(summary)
    assert "SNaive stands in" in record["stand_ins"]["LGA"]
    assert "LGA" in record["without_errors"]
    assert "1 airports that failed" in record["notes"][-1]
    assert run_of(adding, "LGA").status == FAILED


def test_an_airport_without_any_stand_in_is_in_no_sum(adding, monkeypatch):
    monkeypatch.setattr("forecastctl.jobs.sums.base._stand_in", lambda *_: None)
    summary = adding.run(executor=Losing("LGA"))
    adds_up(summary.table, {"total": ["JFK", "EWR", "SWF"], "state=NY": ["JFK", "SWF"]})
    assert adding.record(summary)["left_out"]["LGA"] == "no forecast"


def test_a_failed_group_is_the_sum_of_its_members(adding):
    summary = adding.run(executor=Losing("total"))
    assert summary.status == "partial"
    assert summary.counts["failed"] == 0
    table = summary.table
    adds_up(table, ALL)
    assert table[table["airport"] == "total"]["base"].isna().all()
    assert "1 groups failed" in adding.record(summary)["notes"][0]


def test_everything_fails(adding):
    names = ("JFK", "LGA", "EWR", "SWF", "total", "state=NY")
    summary = adding.run(executor=Losing(*names))
    assert summary.status == "failed"
    adds_up(summary.table, ALL)


@pytest.mark.parametrize("few", [True, False])
def test_sums_reach_as_far_as_with_what_is_left_out(adding, few):
    *fleet, bad = adding.entries
    kept = fleet[1:] if few else []
    cut = [
        replace(s, ds=s.ds[:-2], y=s.y[:-2], ahead=2, suspects=("it looks wrong",))
        for s in fleet[: len(fleet) - len(kept)]
    ]
    adding.entries = [*cut, *kept, bad]
    table = adding.run().table
    h = SEARCH.horizon
    end = pd.Timestamp(str(fleet[0].ds[-1])) + pd.DateOffset(months=h)
    assert set(table.groupby("airport")["date"].max()) == {f"{end:%Y-%m-%d}"}
    last = table[table["date"] > f"{end - pd.DateOffset(months=h):%Y-%m-%d}"]
    adds_up(last, ALL)
    assert len(table[table["airport"] == "JFK"]) == h + 2
    again = adding.run(skip_unchanged=True)
    assert {li.status for li in again.lines} == {"skipped", "rejected"}
    assert {li.suspects for li in again.lines if li.airport == "JFK"} == {("it looks wrong",)}
    pd.testing.assert_frame_equal(
        again.table.drop(columns="status"), table.drop(columns="status"), rtol=1e-9
    )


def test_an_airport_that_reports_late_is_forecast_further(adding):
    adding.entries[1] = make_series("LGA", n=47, seed=1)
    summary = adding.run()
    table = summary.table
    mine = table[table["airport"] == "LGA"]
    assert list(mine["date"]) == ["2018-12-01", "2019-01-01", "2019-02-01", "2019-03-01"]
    assert mine["mean"].iloc[0] == mine["base"].iloc[0]
    adds_up(table[table["date"] > "2018-12-01"], ALL)
    assert set(table[table["airport"] == "total"]["cutoff"]) == {"2018-11-01"}
    run = run_of(adding, "LGA")
    assert len(read_forecast(adding.tracker, run.run_id).mean) == 3


def test_up_to_date_airports_and_groups_still_add_up(adding):
    first = adding.run()
    second = adding.run(skip_unchanged=True)
    assert {line.status for line in (*second.lines, *second.groups)} == {"skipped", "rejected"}
    np.testing.assert_allclose(second.table["mean"], first.table["mean"], rtol=1e-12)


def test_kept_specifications_pair_their_errors_by_what_they_were_tuned_on(adding):
    adding.run()
    adding.entries = [
        make_series(e.airport, n=50, seed=i) if not isinstance(e, Rejection) else e
        for i, e in enumerate(adding.entries)
    ]
    summary = adding.run(retune="degraded")
    assert summary.lines[0].retuned is None
    adds_up(summary.table, ALL)
    assert adding.record(summary)["without_errors"] == []
    fresh = make_series("NEW", n=50, seed=9)
    adding.entries.append(fresh)
    adding.groups = {"state": {**STATE["state"], "NEW": "NJ"}}
    summary = adding.run(retune="degraded")
    assert summary.lines[-1].retuned == "never tuned"
    assert adding.record(summary)["without_errors"] == []


def test_errors_of_another_time_do_not_count(adding):
    grown = adding.entries
    adding.entries = [
        e if isinstance(e, Rejection) else make_series(e.airport, n=40, seed=i)
        for i, e in enumerate(grown)
    ]
    adding.run()
    adding.entries = [*grown, make_series("NEW", n=48, seed=9)]
    adding.groups = {"state": {**STATE["state"], "NEW": "NJ"}}
    summary = adding.run(retune="degraded")
    record = adding.record(summary)
    assert record["without_errors"] == ["state=NJ", "NEW"]
    assert "2 series have backtest errors of other periods" in record["notes"][0]
    table = summary.table
    adds_up(table, {**ALL, "total": [*ALL["total"], "NEW"], "state=NJ": ["EWR", "NEW"]})
    mine = table[table["airport"] == "NEW"]
    np.testing.assert_allclose(mine["mean"], mine["base"])


def test_no_forecasts_no_sums(adding):
    summary = adding.run("tune")
    assert summary.coherent is None
    assert summary.table is None
    assert [line.status for line in summary.groups] == ["ok", "ok"]


def test_a_missing_group_is_refused_before_any_work(adding):
    adding.groups = {"state": {"JFK": "NY"}}
    with pytest.raises(DataError, match="no state for 'LGA', 'EWR', 'SWF'"):
        adding.run()
    assert adding.tracker.find(Query()) == []


def test_the_order_of_results_does_not_matter(done, adding):
    class Backwards(SerialExecutor):
        def map(self, fn, tasks):
            return reversed(list(super().map(fn, tasks)))

    other = adding.run(executor=Backwards())
    pd.testing.assert_frame_equal(other.table, done.summary.table)


def test_a_killed_job_leaves_no_sums(adding, monkeypatch):
    monkeypatch.setattr(ledger, "add_up", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        adding.run()
    assert adding.tracker.find(Query(tags={"status": "interrupted"}))

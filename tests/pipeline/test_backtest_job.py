"""Replaying history: the numbers of `run`, every airport of every origin once, no look-ahead."""

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecastctl.adapters.mlflow_open import heal
from forecastctl.data.prepare import prepare
from forecastctl.data.schema import DataSpec, make_panel
from forecastctl.errors import NothingRecordedError, TrackingError, UsageError
from forecastctl.pipeline import stored
from forecastctl.pipeline.backtest import Replay, Surroundings, backtest, forecast_table
from forecastctl.pipeline.backtest_origins import list_origins
from forecastctl.pipeline.backtest_scores import find_actuals, score_rows, tally
from forecastctl.pipeline.history import HistoryQuery, history
from forecastctl.pipeline.jobs import run_job
from forecastctl.pipeline.plan import Request, plan_job
from forecastctl.ports import MemoryTracker, SerialExecutor
from forecastctl.records import Failure, Outcome, Query, SearchSpec
from tests.pipeline.conftest import ENVIRONMENT

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


class Bench:
    """Backtests of one panel in one store in memory."""

    def __init__(self, tracker=None, table=None):
        self.tracker = tracker or MemoryTracker()
        self.panel = panel_of(frame() if table is None else table)
        self.told = []
        self.log = b""

    def backtest(
        self, start="2018-05", end="2018-10", every=1, retune_every=3, executor=None, **changes
    ):
        replay = Replay(replace(REQUEST, **changes), start, end, every, retune_every)
        surroundings = Surroundings(
            self.tracker,
            executor or SerialExecutor(),
            ENVIRONMENT,
            TODAY,
            lambda result, total: self.told.append((result.airport, total)),
            lambda: self.log,
        )
        return backtest(replay, self.panel, SPEC, surroundings)

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


@pytest.fixture(scope="module")
def whole():
    """A backtest without an interruption."""
    bench = Bench()
    bench.summary = bench.backtest()
    return bench


def test_every_airport_of_every_origin_has_one_account(whole):
    summary = whole.summary
    origins = ["2018-05", "2018-06", "2018-07", "2018-08", "2018-09", "2018-10"]
    assert [a.origin for a in summary.accounts] == origins
    assert summary.counts == {
        "total": 18, "ok": 12, "fallback": 3, "failed": 0, "rejected": 3, "skipped": 0,
    }  # fmt: skip
    assert len(whole.accounts()) == len(whole.told) == 18
    assert {total for _, total in whole.told} == {18}
    assert len({a.job_id for a in summary.accounts}) == 6
    for account in summary.accounts:
        job = whole.tracker.get(account.run_id)
        results = whole.read(job, "results.json")
        assert [line["airport"] for line in results["results"]] == ["JFK", "NEW", "LGA"]
        assert results["airports"] == account.counts
        assert job.params["as_of"] == account.origin
        assert (job.tags["origin"], job.tags["command"]) == ("backtest", "backtest")
        assert job.tags["backtest_id"] == summary.backtest_id
    rejected = whole.accounts()[summary.accounts[0].job_id, "NEW"]
    assert rejected["status"] == "rejected"
    snapshots = [j for j in whole.jobs() if j.tags.get("snapshot") == "true"]
    assert len(snapshots) == 1


def _without_times(value):
    if isinstance(value, dict) and "columns" in value:
        at = [i for i, name in enumerate(value["columns"]) if name in MADE]
        rows = [[v for i, v in enumerate(row) if i not in at] for row in value["data"]]
        return {**value, "data": rows}
    return value


@pytest.mark.parametrize("position", [0, 3])
def test_where_it_tunes_it_is_run_as_of_that_origin_bit_for_bit(whole, position):
    account = whole.summary.accounts[position]
    live = Bench()
    summary = live.run("run", account.origin)
    table = stored_table(whole, account)
    pd.testing.assert_frame_equal(table, summary.forecasts, check_exact=True)
    ran = {run.tags["airport"]: run for run in live.airports()}
    compared = 0
    for run in whole.airports(job_id=account.job_id):
        other = ran[run.tags["airport"]]
        kept = {"origin", "backtest_id", "command", "job_id", "fmin_uuid", "retuned"}
        same = {k for k in other.tags if k not in kept and "forecastctl.job" not in k}
        assert {k: run.tags.get(k) for k in same} == {k: other.tags[k] for k in same}
        assert run.params == other.params
        for path in ("tuning.json", "trials.json", "model.json", "forecast.json"):
            if other.tags.get("forecast"):
                left, right = whole.read(run, path), live.read(other, path)
                assert _without_times(left) == _without_times(right)
                compared += 1
    assert compared in (8, 12)


def stored_table(bench, account):
    one = replace(bench.summary, accounts=(account,))
    return forecast_table(bench.tracker, one)


def test_between_searches_it_trains_what_was_found_and_says_where(whole):
    accounts = whole.summary.accounts
    live = Bench()
    live.run("tune", accounts[0].origin)
    live.run("train", accounts[1].origin)
    table = live.run("forecast", accounts[1].origin).forecasts
    mine = stored_table(whole, accounts[1])
    keep = mine["airport"] != "NEW"  # not tuned yet in the first month
    pd.testing.assert_frame_equal(
        mine[keep].reset_index(drop=True), table.reset_index(drop=True), check_exact=True
    )
    for run in whole.airports(job_id=accounts[1].job_id, airport="JFK"):
        search = whole.tracker.get(run.tags["tuned_by"])
        assert (search.tags["job_id"], search.tags["airport"]) == (accounts[0].job_id, "JFK")
        assert "tuned" not in run.tags
        assert "max_evals" not in run.params
    assert whole.tracker.get(accounts[1].run_id).tags.get("tuned") is None


def test_an_airport_is_first_tuned_where_it_can_be(whole):
    runs = {run.tags["job_id"]: run for run in whole.airports(airport="NEW")}
    tuned = [runs[a.job_id].tags.get("tuned") == "true" for a in whole.summary.accounts]
    # rejected with less than three months, in the third month of the second block it can be used
    assert [runs[a.job_id].tags["status"] == "rejected" for a in whole.summary.accounts] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    assert tuned == [False, False, False, True, False, False]


def test_after_a_failure_it_tunes_at_the_next_origin(monkeypatch):
    from forecastctl.core import tune

    real = tune.tune

    def broken(series, *rest):
        if series.airport == "JFK" and series.cutoff == "2018-05-01":
            raise ArithmeticError("no search")
        return real(series, *rest)

    monkeypatch.setattr(tune, "tune", broken)
    bench = Bench()
    summary = bench.backtest(end="2018-07")
    runs = {run.tags["job_id"]: run for run in bench.airports(airport="JFK")}
    first, second, third = (runs[a.job_id] for a in summary.accounts)
    assert (first.tags["status"], first.tags["reason"]) == ("failed", "ArithmeticError: no search")
    assert (second.tags["status"], second.tags["tuned"]) == ("ok", "true")
    assert second.params["max_evals"] == "3"
    assert third.tags["tuned_by"] == second.run_id
    assert summary.accounts[0].status == "partial"
    assert bench.tracker.get(summary.accounts[1].run_id).tags["tuned"] == "true"
    assert len(bench.tracker.find(Query(parent_id=second.run_id))) == 3


def test_origins_before_and_after_the_data_are_accounted_for():
    bench = Bench()
    before = bench.backtest("2014-11", "2015-04", every=2)
    assert [a.counts["rejected"] for a in before.accounts] == [3, 3, 1]
    assert before.accounts[0].status == "failed"
    after = bench.backtest("2018-12", "2019-02")
    assert [a.counts["skipped"] for a in after.accounts] == [0, 3, 3]
    (line, *_) = bench.read(bench.tracker.get(after.accounts[1].run_id), "results.json")["results"]
    assert line["reason"] == "nothing new: the newest observation is still that of 2018-12"
    assert after.scores == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": "2018-06", "end": "2018-05"}, "--from 2018-06 is after --to 2018-05"),
        ({"start": "2018-13"}, "--from: '2018-13' is not a date"),
        ({"end": "June 2018"}, "--to: 'June 2018' is not a date"),
        ({"start": "2019-01", "end": "2019-12"}, "from 2015-01 to 2018-12"),
        ({"start": "2013-01", "end": "2014-12"}, "from 2015-01 to 2018-12"),
        ({"every": 0}, "--every must be at least 1"),
        ({"retune_every": 0}, "--retune-every must be at least 1"),
        ({"airports": ("JKF",)}, "no airport 'JKF'"),
    ],
)
def test_what_makes_no_sense_is_refused_before_any_work(changes, message):
    bench = Bench()
    with pytest.raises(UsageError) as caught:
        bench.backtest(**changes)
    assert message in caught.value.message
    assert caught.value.hint
    assert bench.jobs() == []


@pytest.mark.parametrize(
    ("freq", "start", "end", "every", "expected"),
    [
        ("MS", "2018-11-17", "2019-02", 2, ["2018-11", "2019-01"]),
        ("QS", "2018-02", "2018-11", 1, ["2018-03", "2018-06", "2018-09", "2018-12"]),
        ("W-SUN", "2018-01", "2018-01-20", 1, ["2018-01-06", "2018-01-13", "2018-01-20"]),
        ("D", "2018-02-27", "2018-03", 2, ["2018-02-27", "2018-03-01", "2018-03-03"]),
    ],
)
def test_origins_of_every_frequency(freq, start, end, every, expected):
    ds = pd.date_range("2017-01-01", "2019-03-31", freq=freq).to_numpy("datetime64[s]")
    table = pd.DataFrame({"airport": "JFK", "ds": ds, "y": np.arange(len(ds)) + 1.0})
    panel = panel_of(table.assign(row=np.arange(len(ds)), problem=None))
    found = [origin.as_of for origin in list_origins(panel, start, end, every)]
    assert found[: len(expected)] == expected
    cutoffs = [prepare(panel, SPEC, as_of=origin, today=TODAY)[0].cutoff for origin in expected]
    assert len(set(cutoffs)) == len(expected)
    assert cutoffs == sorted(cutoffs)


class Stops(SerialExecutor):
    """Ctrl-C after some outcomes."""

    def __init__(self, after):
        self.after = after

    def map(self, fn, tasks):
        for index, outcome in enumerate(super().map(fn, tasks)):
            if index == self.after:
                raise KeyboardInterrupt
            yield outcome


class Breaks(MemoryTracker):
    """Fails at one write, and goes on working after it."""

    def __init__(self, at):
        super().__init__()
        self.left = at

    def record(self, runs, parent_id=None):
        self.left -= 1
        if self.left == 0:
            raise TrackingError("the store went away")
        return super().record(runs, parent_id)


@pytest.mark.parametrize("layout", ["nested", "flat"])
@pytest.mark.parametrize("after", [0, 1, 2, 4])
def test_an_interrupted_backtest_goes_on_and_ends_as_if_uninterrupted(whole, layout, after):
    bench = Bench()
    with pytest.raises(KeyboardInterrupt):
        bench.backtest(layout=layout, executor=Stops(after))
    assert {j.tags["status"] for j in bench.jobs()} <= {"ok", "failed", "interrupted"}
    before = len(bench.airports())
    summary = bench.backtest(layout=layout)
    _equal(bench, summary, whole, layout)
    assert summary.resumed == before


def _equal(bench, summary, whole, layout="nested"):
    """Same accounts, forecasts, lineage and scores as without an interruption."""

    def names(accounts, name):
        return {(j.replace(name, "bt"), a): v for (j, a), v in accounts.items()}

    mine = json.dumps([*names(bench.accounts(), summary.backtest_id).items()], sort_keys=True)
    theirs = whole.accounts()
    other = whole.summary.backtest_id
    assert sorted(json.loads(mine.replace(summary.backtest_id, "bt"))) == sorted(
        json.loads(json.dumps([*names(theirs, other).items()], sort_keys=True).replace(other, "bt"))
    )
    assert summary.counts == whole.summary.counts
    assert summary.scores == whole.summary.scores
    assert summary.validation_loss == whole.summary.validation_loss
    pd.testing.assert_frame_equal(
        forecast_table(bench.tracker, summary),
        forecast_table(whole.tracker, whole.summary),
        check_exact=True,
    )
    jobs = bench.jobs()
    assert len(jobs) == 6
    for job in jobs:
        assert job.status in ("FINISHED", "FAILED")
        assert job.tags["layout"] == layout
        lines = bench.read(job, "results.json")["results"]
        other_run = next(j for j in whole.jobs() if j.params["as_of"] == job.params["as_of"])
        for line, there in zip(
            lines, whole.read(other_run, "results.json")["results"], strict=True
        ):
            keys = set(line) - {"run_id"}
            assert {k: line[k] for k in keys} == {k: there[k] for k in keys}


@pytest.mark.parametrize("at", [1, 2, 3, 4, 6, 8])
def test_a_block_that_was_recorded_in_part_is_completed_with_its_search(whole, at):
    bench = Bench(Breaks(at))
    with pytest.raises(TrackingError):
        bench.backtest()
    summary = bench.backtest()
    _equal(bench, summary, whole)
    attempts = {j.params["as_of"]: j.tags["attempt"] for j in bench.jobs()}
    assert "2" in attempts.values()
    for run in bench.airports():
        assert run.tags["attempt"] in ("1", "2")


def test_a_killed_backtest_is_healed_and_goes_on(whole):
    class Gone(BaseException):
        """No time to say goodbye."""

    bench = Bench()
    real = MemoryTracker.update
    bench.tracker.update = lambda run_id, update: (
        real(bench.tracker, run_id, update) if update.status != "FAILED" or update.metrics else None
    )

    class Killed(SerialExecutor):
        def map(self, fn, tasks):
            yield from list(super().map(fn, tasks))[:3]
            raise Gone

    with pytest.raises(Gone):
        bench.backtest(executor=Killed(), batch=1)
    assert "RUNNING" in {j.status for j in bench.jobs()}
    with pytest.raises(UsageError, match="is being worked at by process 1 on host"):
        bench.backtest()
    heal(bench.tracker, lambda _: False)
    _equal(bench, bench.backtest(), whole)


def test_a_complete_backtest_is_not_done_again(whole):
    bench = Bench(tracker=whole.tracker)
    again = bench.backtest(executor=Stops(0))
    assert bench.told == []
    assert again.resumed == 18
    assert again.to_dict()["origins"] == whole.summary.to_dict()["origins"]
    assert again.scores == whole.summary.scores
    assert again.cost["cpu_seconds"] == 0


def test_a_later_end_does_the_new_origins_alone():
    bench = Bench()
    first = bench.backtest(end="2018-06")
    bench.told.clear()
    second = bench.backtest(end="2018-08")
    assert second.backtest_id == first.backtest_id
    assert second.accounts[:2] == first.accounts
    assert len(bench.told) == 6
    (july,) = (r for r in bench.airports(airport="JFK") if r.tags["cutoff"] == "2018-07-01")
    assert bench.tracker.get(july.tags["tuned_by"]).tags["cutoff"] == "2018-05-01"
    assert bench.backtest(end="2018-08", config_digest="x").backtest_id != first.backtest_id
    assert bench.backtest(end="2018-08", airports=("JFK",)).backtest_id != first.backtest_id


def test_a_selection_is_accounted_for():
    bench = Bench()
    summary = bench.backtest(end="2018-06", select=("J*",))
    assert [a.counts["skipped"] for a in summary.accounts] == [2, 2]
    assert {run.tags["airport"] for run in bench.airports()} == {"JFK"}


def test_a_dead_worker_costs_its_own_block(whole):
    class Dying(SerialExecutor):
        def map(self, fn, tasks):
            for index, outcome in enumerate(super().map(fn, tasks)):
                dead = Outcome(outcome.index, failure=Failure("WorkerDied", "killed"))
                yield dead if index == 0 else outcome

    bench = Bench()
    summary = bench.backtest(executor=Dying())
    assert summary.counts["failed"] == 3
    assert [a.counts["failed"] for a in summary.accounts] == [1, 1, 1, 0, 0, 0]
    failed = [r for r in bench.airports() if r.tags["status"] == "failed"]
    assert {r.tags["reason"] for r in failed} == {"WorkerDied: killed"}
    assert len({r.tags["cutoff"] for r in failed}) == 3


def test_the_order_in_which_workers_end_changes_nothing(whole):
    class Backwards(SerialExecutor):
        def map(self, fn, tasks):
            yield from reversed(list(super().map(fn, tasks)))

    bench = Bench()
    _equal(bench, bench.backtest(executor=Backwards()), whole)


def test_little_memory_changes_nothing(whole, monkeypatch):
    from forecastctl.pipeline import backtest as module

    monkeypatch.setattr(module, "MOST_POINTS", 1)
    bench = Bench()
    _equal(bench, bench.backtest(batch=1), whole)


@pytest.mark.parametrize("alone", [0, 16])
def test_live_jobs_never_build_on_backtests(monkeypatch, alone):
    monkeypatch.setattr(stored, "ALONE", alone)
    bench = Bench()
    bench.backtest(end="2018-06")
    assert {line.status for line in bench.run("train", "2018-12").lines} == {"failed"}
    with pytest.raises(NothingRecordedError, match="No job has trained"):
        stored.trained_panel(bench.tracker)
    live = bench.run("run", "2018-06", search=replace(SEARCH, seed=5))
    bench.backtest("2018-07", "2018-08")
    bench.run("train", "2018-12")
    for run in bench.airports(command="train"):
        if run.tags["status"] == "ok":
            assert bench.tracker.get(run.tags["tuned_by"]).tags["job_id"] == live.job_id
    assert stored.trained_panel(bench.tracker).digest == bench.panel.digest


def test_history_finds_them_as_real_runs(whole):
    rows = history(whole.tracker, HistoryQuery("jobs"))
    assert {row["command"] for row in rows} == {"backtest"}
    assert len(rows) == 6
    of_jfk = history(whole.tracker, HistoryQuery("forecasts", airport="JFK"))
    assert sorted(row["cutoff"] for row in of_jfk) == [f"2018-{m:02}-01" for m in range(5, 11)]
    job = whole.summary.accounts[0].job_id
    assert len(history(whole.tracker, HistoryQuery("airports", job_id=job))) == 3
    assert len(history(whole.tracker, HistoryQuery("trials", job_id=job))) == 6


def test_the_log_of_an_origin_holds_no_lines_of_others():
    bench = Bench()
    real = MemoryTracker.record

    class Logging(MemoryTracker):
        def record(self, runs, parent_id=None):
            for run in runs:
                bench.log += f"{run.tags['job_id']}: {run.name}\n".encode()
            bench.log += b"the store is slow\n"
            return real(self, runs, parent_id)

    bench.tracker = Logging()
    summary = bench.backtest(end="2018-06")
    for account in summary.accounts:
        lines = bench.tracker.read_artifact(account.run_id, "log.txt").decode().splitlines()
        named = [line for line in lines if ":" in line]
        assert sorted(named) == [f"{account.job_id}: {a}" for a in ("JFK", "LGA", "NEW")]
        assert "the store is slow" in lines


def altered(table, last, rng):
    """Another future: values changed, rows removed and added after a day."""
    later = table["ds"] > np.datetime64(last)
    kept = table[~later | (rng.random(len(table)) < 0.7)].copy()
    changed = (kept["ds"] > np.datetime64(last)) & (rng.random(len(kept)) < 0.8)
    factors = 10.0 ** rng.uniform(-3, 3, int(changed.sum()))
    kept.loc[changed, "y"] = (kept.loc[changed, "y"] * factors).round()
    added = pd.DataFrame({"airport": ["JFK", "LGA"], "y": [7.0, np.nan]})
    added["ds"] = np.array(["2019-06-01", "2020-01-01"], dtype="datetime64[s]")
    whole = pd.concat([kept, added], ignore_index=True)
    return whole.assign(row=np.arange(len(whole)) + 2, problem=None)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 2**32 - 1), retune_every=st.integers(1, 3))
def test_changing_the_future_changes_nothing(seed, retune_every):
    rng = np.random.default_rng(seed)
    table = frame(seed=seed % 7)
    other = altered(table, "2018-08-31", rng)
    tables = []
    for one in (table, other):
        bench = Bench(table=one)
        assert bench.panel.digest == panel_of(one).digest
        summary = bench.backtest("2018-06", "2018-08", 1, retune_every)
        accounts = {
            (job[-7:], airport): {k: v for k, v in value.items() if k != "tuned_by"}
            for (job, airport), value in bench.accounts().items()
        }
        tables.append((accounts, forecast_table(bench.tracker, summary)))
    (left, one), (right, two) = tables
    assert panel_of(table).digest != panel_of(other).digest
    assert left == right
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_scores_are_those_of_a_loop(whole):
    table = forecast_table(whole.tracker, whole.summary)
    y = {(r.airport, str(r.ds)[:7]): r.y for r in whole.panel.frame.itertuples()}

    def month(text, shift=0):
        return str(np.datetime64(text, "M") + shift)[:7]

    sums = {}
    for row in table.to_dict("records"):
        lead = int(
            (np.datetime64(row["date"], "M") - np.datetime64(row["cutoff"], "M")).astype(int)
        )
        actual = y.get((row["airport"], month(row["date"])))
        if actual is None:
            continue
        before = [
            abs(value - y[a, month(m, -12)])
            for (a, m), value in y.items()
            if a == row["airport"] and m <= month(row["cutoff"]) and (a, month(m, -12)) in y
        ]
        past = y.get((row["airport"], month(row["date"], -12)))
        for key in (lead, "all"):
            one = sums.setdefault(key, {"n": 0, "mase": [], "naive": [], "in": 0, "e": [], "y": []})
            one["n"] += 1
            one["e"].append(row["mean"] - actual)
            one["y"].append(actual)
            one["in"] += row["lo-80"] <= actual <= row["hi-80"]
            if before and past is not None:
                one["mase"].append(abs(row["mean"] - actual) / np.mean(before))
                one["naive"].append(abs(past - actual) / np.mean(before))
    rows = {row["lead"]: row for row in whole.summary.scores}
    assert list(rows) == [1, 2, 3, "all"] == [*sorted(k for k in sums if k != "all"), "all"]
    assert rows["all"]["n"] > 30
    for key, one in sums.items():
        row = rows[key]
        assert row["n"] == one["n"]
        assert row["mase"] == pytest.approx(np.mean(one["mase"]))
        assert row["naive_mase"] == pytest.approx(np.mean(one["naive"]))
        assert row["mae_percent"] == pytest.approx(100 * np.abs(one["e"]).sum() / sum(one["y"]))
        assert row["bias_percent"] == pytest.approx(100 * sum(one["e"]) / sum(one["y"]))
        assert row["coverage"]["80"] == pytest.approx(one["in"] / one["n"])


def test_scores_of_nothing():
    actuals = find_actuals(panel_of(frame()), SPEC, TODAY)
    empty = pd.DataFrame(columns=["airport", "date", "mean", "cutoff"])
    assert score_rows([tally(empty, actuals, (80,))]) == []
    assert score_rows([]) == []


def test_a_table_of_many_is_the_tables_of_each(whole):
    from forecastctl.pipeline.frames import forecast_frame
    from forecastctl.pipeline.frames import forecast_table as table_of

    rows = [
        (run.tags["airport"], stored.read_forecast(whole.tracker, run.run_id), "m", "ok")
        for run in whole.airports()
        if run.tags.get("forecast")
    ]
    each = pd.concat([forecast_frame(*row) for row in rows], ignore_index=True)
    pd.testing.assert_frame_equal(table_of(rows), each, check_exact=True)
    assert list(table_of([], (80,)).columns) == list(forecast_frame("", None, "", "", (80,)))

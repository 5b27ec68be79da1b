"""Replaying history: the numbers of `run`, every airport of every origin once, no look-ahead."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecastctl.backtest.origins import list_origins
from forecastctl.backtest.scores import find_actuals, score_rows, tally
from forecastctl.data.prepare.prepare import prepare
from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.history import HistoryQuery, history
from forecastctl.recording import read as stored
from forecastctl.records import Query
from forecastctl.store.memory import MemoryTracker
from tests.backtest.backtesting import (
    MADE,
    SEARCH,
    SPEC,
    TODAY,
    Bench,
    forecast_table,
    frame,
    panel_of,
)


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
        "total": 18, "ok": 12, "without_suspects": 0, "fallback": 3, "failed": 0, "rejected": 3,
        "skipped": 0,
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
        assert job.tags["executor"] == "serial, 1 worker of this machine"
    rejected = whole.accounts()[summary.accounts[0].job_id, "NEW"]
    assert rejected["status"] == "rejected"
    assert len({job.tags["snapshot_run_id"] for job in whole.jobs()}) == 1


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
        kept = {"origin", "backtest_id", "command", "job_id", "fmin_uuid", "retuned", "digests"}
        kept |= {"mlflow.note.content"}  # those of a backtest have none
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
    from forecastctl.search import tune

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
    assert sorted({row["cutoff"] for row in of_jfk}) == [f"2018-{m:02}-01" for m in range(5, 11)]
    assert len(of_jfk) == 6 * 3
    job = whole.summary.accounts[0].job_id
    assert len(history(whole.tracker, HistoryQuery("airports", job_id=job))) == 3
    assert len(history(whole.tracker, HistoryQuery("trials", job_id=job))) == 6


def test_the_log_of_an_origin_holds_no_lines_of_others():
    bench = Bench()
    real = MemoryTracker.record

    class Logging(MemoryTracker):
        def record(self, runs, parent_id=None):
            for run in (run for run in runs if run.tags["kind"] == "airport"):
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


@pytest.mark.slow
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
    from forecastctl.jobs.tables import forecast_frame
    from forecastctl.jobs.tables import forecast_table as table_of

    rows = [
        (run.tags["airport"], stored.read_forecast(whole.tracker, run.run_id), "m", "ok")
        for run in whole.airports()
        if run.tags.get("forecast")
    ]
    each = pd.concat([forecast_frame(*row) for row in rows], ignore_index=True)
    pd.testing.assert_frame_equal(table_of(rows), each, check_exact=True)
    assert list(table_of([], (80,)).columns) == list(forecast_frame("", None, "", "", (80,)))

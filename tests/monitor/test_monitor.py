"""The monitor finds the airport that has degraded."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from forecastctl.errors import NothingRecordedError
from forecastctl.models.interval_scores import lengths, normal_scores, stated_sizes
from forecastctl.monitor.run import STATUSES
from forecastctl.monitor.scores import with_wide_fleet
from forecastctl.records import Rejection
from forecastctl.store.memory import MemoryTracker
from tests.fleets import AIRPORTS, BAD, SEARCH, Fleet, H, N, again, make_judged, of
from tests.harness import frame_of, make_series


@pytest.fixture(scope="module")
def judged():
    return make_judged()


def test_it_finds_the_airport_that_shifted_and_no_other(judged):
    report = judged.report
    assert {r["airport"]: r["status"] for r in report["results"]} == {
        a: "degraded" if a == BAD else "ok" for a in AIRPORTS
    }
    first = report["results"][0]
    assert first["airport"] == BAD  # worst first
    assert first["n"] == H
    assert first["bias"] < 0
    assert first["ratio"] > 3
    assert first["p"] <= 0.01
    assert "too low by" in first["reason"]
    assert "times what the backtest led to expect" in first["reason"]
    assert report["airports"] == {
        "total": 6, "degraded": 1, "past_max_age": 0, "never_tuned": 0, "no_actuals": 0,
        "too_few_scored": 0, "too_wide": 0, "ok": 5,
    }  # fmt: skip
    assert report["sentence"].startswith("1 of 6 scored airports degraded; chance alone")
    assert 0 < report["fleet"]["expected_false_alarms"] < 0.06
    assert report["fleet"]["system"] is False
    assert (report["scored_from"], report["scored_through"]) == ("2019-01-01", "2019-06-01")


def test_numbers_are_those_of_the_recorded_forecasts(judged):
    run = judged.tracker.get(of(judged.report, "AAA")["run_id"])
    stored = json.loads(judged.tracker.read_artifact(run.run_id, "forecast.json"))
    actual = judged.whole[0].y[N : N + H]
    error = np.array(stored["mean"]) - actual
    result = of(judged.report, "AAA")
    assert result["mae"] == pytest.approx(np.abs(error).mean())
    assert result["bias"] == pytest.approx(error.mean())
    assert result["bias_percent"] == pytest.approx(100 * error.mean() / actual.mean())
    band = {k: (np.array(v["lo"]), np.array(v["hi"])) for k, v in stored["intervals"].items()}
    for level, (lo, hi) in band.items():
        assert result[f"coverage{level}"] == np.mean((lo <= actual) & (actual <= hi))
    bands = {int(k): lengths(np.array(stored["mean"]), *ends) for k, ends in band.items()}
    size = np.minimum(np.abs(normal_scores(error, bands)), 5.0).mean()
    assert result["tests"]["size"]["value"] == pytest.approx(size)
    assert result["expected"] == pytest.approx(stated_sizes(bands).mean())
    assert [(row["lead"], row["n"]) for row in judged.report["by_lead"]] == [
        (h, 6) for h in range(1, H + 1)
    ]


def test_it_is_recorded_as_one_run(judged):
    (run,) = judged.runs("monitor")
    assert run.run_id == judged.report["run_id"]
    assert run.status == "FINISHED"
    assert run.tags["status"] == "degraded"
    assert run.tags["mlflow.forecastctl.monitors"] == "1"
    assert run.metrics["airports_degraded"] == 1
    assert run.metrics["airports_total"] == 6
    assert run.params["monitor.false_alarm"] == "0.01"
    stored = json.loads(judged.tracker.read_artifact(run.run_id, "monitor.json"))
    assert {"run_id": run.run_id, **stored} == json.loads(json.dumps(judged.report))
    table = json.loads(judged.tracker.read_artifact(run.run_id, "monitor_table.json"))
    assert len(table["data"]) == 6
    assert table["data"][0][0] == BAD


def test_after_the_answer_only_new_forecasts_count(judged):
    fleet = again(judged)
    fleet.clock = max(r.start_ms for r in fleet.runs("airport")) + 1_000_000
    fleet.job(retune="degraded")
    fleet.monitor()
    report = fleet.at(N + 2 * H).monitor(window=24)
    assert of(report, "AAA")["n"] == 2 * H
    assert of(report)["n"] == H  # the six months before the search do not count any more


def test_a_new_search_without_an_alarm_before_it_forgets_nothing(judged):
    fleet = again(judged)
    fleet.job(retune="always")
    report = fleet.monitor()
    assert of(report, "AAA")["n"] == H
    assert of(report, "AAA")["since_ms"] is None
    assert of(report)["n"] == 0


def test_nothing_scored_since_the_answer_is_a_report_all_the_same():
    fleet = Fleet()
    fleet.whole = [s for s in fleet.whole if s.airport == BAD]
    fleet.at(N).job()
    assert fleet.at(N + H).monitor()["airports"]["degraded"] == 1
    fleet.job(retune="auto")
    report = fleet.monitor()
    assert report["airports"]["too_few_scored"] == 1
    assert report["scored_through"] is report["fleet"]["newest"] is None
    assert report["by_lead"] == []


def test_backtests_are_neither_scored_nor_in_use(judged):
    fleet = Fleet()
    fleet.job(origin="backtest")
    fleet.at(N + H)
    with pytest.raises(NothingRecordedError, match="No live forecast is recorded"):
        fleet.monitor()
    report = fleet.monitor(origin="backtest")
    assert of(report)["status"] == "degraded"
    assert of(report)["run_id"] is None
    assert fleet.monitor(origin="all")["airports"]["degraded"] == 1
    lines = fleet.job(retune="auto").lines  # the monitor did not look at live forecasts
    assert {li.retuned for li in lines} == {"always"}
    mixed = again(judged)
    mixed.at(N).job(origin="backtest", retune="degraded")
    mixed.at(N + H)
    assert mixed.monitor()["by_lead"] == judged.report["by_lead"]
    assert of(mixed.monitor(origin="backtest"))["run_id"] is None


def test_months_that_were_filled_in_are_not_scored(judged):
    frame = frame_of(judged.entries)
    month = frame["ds"] == np.datetime64("2019-03-01")
    report = again(judged).monitor(frame=frame[~((frame["airport"] == "AAA") & month)])
    assert of(report, "AAA")["n"] == H - 1
    assert of(report, "BBB")["n"] == H


def test_every_airport_has_a_status(judged):
    fleet = again(judged)
    frame = frame_of([*judged.entries[:4], make_series("NEW", n=N + H)])
    zero = frame["airport"] == "BBB"
    frame.loc[zero, "y"] = 0.0
    report = fleet.monitor(frame=frame, max_age=7)
    assert {r["airport"]: (r["status"], r["reason"]) for r in report["results"]} == {
        "CCC": ("degraded", of(report)["reason"]),
        "NEW": ("never_tuned", "no search is recorded in this experiment"),
        "BBB": ("no_actuals", "all zeros: 54 months without a passenger"),
        "EEE": ("no_actuals", "not in the data"),
        "FFF": ("no_actuals", "not in the data"),
        "AAA": ("ok", None),
        "DDD": ("ok", None),
    }
    assert [r["status"] for r in report["results"]] == sorted(
        (r["status"] for r in report["results"]), key=STATUSES.index
    )
    old = fleet.monitor(max_age=6)
    assert of(old)["status"] == "degraded"
    assert of(old, "AAA")["status"] == "past_max_age"
    few = fleet.monitor(least_scored=7)
    assert {r["status"] for r in few["results"]} == {"too_few_scored"}
    assert few["fleet"]["scored"] == 0


def test_only_the_selected_airports_are_looked_at(judged):
    fleet = again(judged)
    frame = frame_of(judged.entries[:2])
    report = fleet.monitor(frame=frame, whole=False)
    assert {r["airport"] for r in report["results"]} == {"AAA", "BBB"}
    # What an earlier run found about the others still holds.
    why = {t.series.airport: t.retuned for t in fleet.plan(retune="auto").tasks}
    assert [a for a, reason in why.items() if reason] == [BAD]


def test_a_shock_that_all_share_is_called_one():
    fleet = Fleet(shifted=AIRPORTS)
    fleet.job()
    report = fleet.at(N + H).monitor()
    assert report["airports"]["degraded"] == 6
    assert report["fleet"]["system"] is True
    assert report["fleet"]["direction"] == "above"
    assert "rather a shock that all share" in report["sentence"]
    assert report["fleet"]["newest"]["share_outside95"] == 1.0


def test_intervals_that_are_far_too_wide_are_said_and_no_alarm():
    fleet = Fleet(shifted=())
    made = fleet.job(search=replace(SEARCH, horizon=12)).forecasts
    wide = fleet.whole[2]
    rows = made[made["airport"] == wide.airport]
    tenth = (rows["hi-80"] - rows["mean"]).to_numpy() / 10
    wide.y[N : N + 12] = rows["mean"] + tenth * np.random.default_rng(1).normal(size=12)
    report = fleet.at(N + 12).monitor()
    found = of(report, wide.airport)
    assert found["status"] == "too_wide"
    assert re.fullmatch(
        r"intervals far too wide: errors over 12 months are 0\.\d+ of what they led to expect "
        r"\(p [<=] 0\.\d+\)",
        found["reason"],
    )
    assert report["airports"]["too_wide"] == report["fleet"]["too_wide"] == 1
    assert report["airports"]["degraded"] == 0
    assert report["sentence"].endswith("1 has intervals that are far too wide.")
    again = fleet.job(search=replace(SEARCH, horizon=12), retune="degraded")
    assert not any(line.retuned for line in again.lines)


def test_a_few_months_of_most_airports_say_what_those_of_one_do_not():
    tested = [_entry(f"A{i}", 0.3) for i in range(5)] + [_entry(f"B{i}", 1.0) for i in range(4)]
    found = {r["airport"]: r for r in with_wide_fleet(tested, "M")}
    assert {a for a, r in found.items() if r["status"] == "too_wide"} == {f"A{i}" for i in range(5)}
    assert found["A0"]["reason"] == (
        "intervals far too wide, as those of most airports: errors over 3 months are 0.3 of what "
        "they led to expect"
    )
    assert with_wide_fleet(tested[2:], "M") == tested[2:]  # seven airports
    assert with_wide_fleet(tested[1:], "M")[0]["status"] == "too_wide"
    assert with_wide_fleet([*tested, *tested[-4:]], "M")[0]["status"] == "ok"  # 5 of 13


def _entry(airport, ratio):
    entry = {"airport": airport, "status": "ok", "reason": None, "p": 0.5, "ratio": ratio, "n": 3}
    return dict(entry)


def test_a_quiet_quarter_of_a_fleet_is_not_taken_for_wide_intervals():
    rng = np.random.default_rng(2)
    said = 0
    for _ in range(2000):
        z = rng.normal(size=(1, 3)) * 0.7 + rng.normal(size=(20, 3)) * 0.7  # half is shared by all
        ratios = np.abs(z).mean(axis=1) / np.sqrt(2 / np.pi)
        entries = [_entry(f"A{i}", float(r)) for i, r in enumerate(ratios)]
        said += with_wide_fleet(entries, "M") != entries
    assert said <= 0.01 * 2000


def test_levels_that_only_some_jobs_recorded_are_judged_by_what_there_is():
    fleet = Fleet(shifted=())
    fleet.job(levels=(80,))
    fleet.at(N + 2).job(levels=(50, 90), retune="degraded")
    report = fleet.at(N + H).monitor()
    assert report["airports"]["ok"] == 6
    assert all(r["expected"] > 0 for r in report["results"])


def test_no_actual_and_no_forecast_end_with_a_next_step():
    fleet = Fleet()
    with pytest.raises(NothingRecordedError, match="No live forecast is recorded"):
        fleet.monitor()
    fleet.job()
    with pytest.raises(NothingRecordedError, match="up to 2018-12-01, the newest one"):
        fleet.monitor()
    other = frame_of([make_series("ZZZ", n=N + H)])
    with pytest.raises(NothingRecordedError, match="'AAA' is forecast and not in the data"):
        fleet.monitor(frame=other)
    assert fleet.runs("monitor") == []
    with pytest.raises(NothingRecordedError, match="No airport of the data"):
        fleet.monitor(frame=frame_of(fleet.entries).assign(y=0.0))


def test_a_job_repeated_on_the_same_data_is_read_once():
    fleet = Fleet()
    fleet.job(search=replace(SEARCH, max_evals=1))
    newest = fleet.job()
    read = []

    class Counting(MemoryTracker):
        def read_artifact(self, run_id, path):
            read.append((run_id, path))
            return super().read_artifact(run_id, path)

    fleet.tracker.__class__ = Counting
    report = fleet.at(N + H).monitor()
    assert read == [(newest.run_id, "forecasts.parquet")]
    assert of(report, "AAA")["n"] == H


def test_the_shortest_lead_of_each_month_is_tested():
    fleet = Fleet(shifted=())
    first = fleet.job().forecasts
    second = fleet.at(N + 2).job(retune="degraded").forecasts
    report = fleet.at(N + H).monitor()
    mean = [f[f["airport"] == "AAA"]["mean"].to_numpy() for f in (first, second)]
    tested = np.concatenate([mean[0][:2], mean[1][: H - 2]])
    error = tested - fleet.whole[0].y[N : N + H]
    assert of(report, "AAA")["mae"] == pytest.approx(np.abs(error).mean())
    assert [row["n"] for row in report["by_lead"]] == [12, 12, 12, 12, 6, 6]
    assert of(report, "AAA")["n"] == H
    assert report["airports"]["ok"] == 6


def test_the_window_is_that_of_the_newest_periods_whatever_job_came_last():
    fleet = Fleet(shifted=())
    fleet.at(N + H).job()
    fleet.at(N).job()  # somebody made up for an older forecast afterwards
    report = fleet.at(N + 2 * H).monitor(window=3)
    assert of(report, "AAA")["n"] == 3
    assert report["scored_from"] == "2019-10-01"
    assert [row["lead"] for row in report["by_lead"]] == [4, 5, 6]


def test_rejections_of_the_job_do_not_disturb():
    fleet = Fleet()
    fleet.entries = [*fleet.entries, Rejection("BAD", "all values are zero", "digest-BAD")]
    summary = fleet.job(retune="degraded")
    assert summary.counts["rejected"] == 1
    assert fleet.at(N + H).monitor()["airports"]["degraded"] == 1


def test_the_reference_page_names_everything(judged):
    root = Path(__file__).resolve().parents[2]
    text = (root / "docs/reference/monitor.md").read_text(encoding="utf-8")
    known = set(re.findall(r"`([^`\n]+)`", text))
    report = judged.report
    for part in (report, report["fleet"], report["fleet"]["newest"], report["by_lead"][0]):
        assert set(part) - known == set()
    for part in (report["airports"], report["rules"], of(report), of(report)["tests"]):
        assert set(part) - known == set()
    assert set(STATUSES) - known == set()

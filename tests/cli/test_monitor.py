"""run, monitor, and run again, as cron would."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecastctl.cli.commands.monitor import lines
from forecastctl.cli.output.mail import MOST_LINES, WIDTH
from forecastctl.store.alive import Holder
from forecastctl.store.lock.file import FileLock
from forecastctl.store.mlflow.address import resolve
from tests.cli.conftest import QUICK, panel

AIRPORTS = ("JFK", "LGA", "EWR", "SWF")
RUN = [*QUICK[:6], "--horizon", "6", *QUICK[8:]]


def shifted(months=54, since=48, airport="LGA"):
    """One airport that loses half of its passengers."""
    frame = panel(AIRPORTS, months=months, seed=4)
    late = frame["date"] >= sorted(set(frame["date"]))[since]
    frame.loc[late & (frame["airport"] == airport), "passengers"] //= 2
    return frame


@pytest.fixture
def watched(cli):
    """Forecasts from the 48th month, and a file with six months more."""
    cli.data = cli.write(shifted())
    cli("run", "--data", cli.data, *RUN, "--as-of", "2018-12", "--quiet")
    return cli


def statuses(report):
    return {r["airport"]: r["status"] for r in report["results"]}


def test_the_pipe_for_cron(watched):
    report = watched.json("monitor", "--data", watched.data, code=7)
    assert statuses(report) == {"LGA": "degraded", "JFK": "ok", "EWR": "ok", "SWF": "ok"}
    summary = watched.json("run", "--data", watched.data, *RUN)
    why = {r["airport"]: r["retuned"] for r in summary["results"]}
    assert why.pop("LGA").startswith("degraded: ")
    assert set(why.values()) == {None}
    tuned = watched.json("history", "airports", "--filter", "tags.tuned = 'true'")
    assert [r["airport"] for r in tuned if r["job_id"] == summary["job_id"]] == ["LGA"]
    # The newest job's panel now holds the actuals; the alarm has been answered.
    report = watched.json("monitor")
    assert statuses(report)["LGA"] == "too_few_scored"
    summary = watched.json("run", "--data", watched.data, *RUN, "--retune", "always")
    assert {r["retuned"] for r in summary["results"]} == {"always"}


def test_what_people_see(watched):
    said = watched("monitor", "--data", watched.data, code=7).stdout
    lines = said.splitlines()
    assert re.fullmatch(
        r"1 of 4 scored airports degraded; chance alone would name 0\.0[0-3]\d*\.", lines[0]
    )
    assert lines[1] == "degraded: LGA"
    assert "too high by" in f"{lines[2]} {lines[3]}"
    assert "lead  n  error" in said
    assert "4 airports: 1 degraded, 3 ok" in said
    assert max(map(len, lines)) <= WIDTH
    assert watched("monitor", "--data", watched.data, "--quiet", code=7).stdout == ""


def test_the_summary_of_a_large_fleet_is_made_for_a_mail():
    results = [
        {"airport": f"A{i:03d}", "status": "degraded", "reason": f"{i} errors are {30 * 'far '}off"}
        for i in range(200)
    ]
    lead = {
        "n": 9,
        "mae": 5.0,
        "expected": 4.0,
        "ratio": 1.2,
        "bias_percent": 3.0,
        "coverage95": 0.9,
    }
    report = {
        "sentence": "200 of 200 scored airports degraded. " * 3,
        "results": results,
        "by_lead": [{"lead": n, **lead} for n in range(1, 37)],
        "airports": {"total": 200, "degraded": 200},
        "scored_from": "2018-01-01",
        "scored_through": "2020-12-01",
        "monitor_id": "20260101-000000-abcdef",
        "run_id": 32 * "a",
    }
    said = lines(report)
    assert len(said) in range(MOST_LINES - 3, MOST_LINES + 1)
    assert max(map(len, said)) <= WIDTH
    shown = next(line for line in said if line.endswith("more: --json has all of them"))
    assert int(shown.split()[2]) == 200 - sum(line.startswith("degraded: ") for line in said)


def test_it_waits_for_a_job_that_is_at_work(watched):
    holder = Holder("run", "db1", 4711, 0)
    lock = FileLock(resolve(watched.uri), "forecastctl", holder)
    assert lock.take() is None
    said = watched("monitor", "--data", watched.data, code=8).stderr
    assert "Another job is at work" in said
    assert "process 4711" in said
    lock.give_back()
    watched("monitor", "--data", watched.data, "--wait", 600, code=7)


def test_settings_reach_the_monitor(watched):
    report = watched.json("monitor", "--data", watched.data, "--airport", "JFK")
    assert statuses(report) == {"JFK": "ok"}
    (watched.folder / "forecastctl.toml").write_text("[monitor]\nleast_scored = 7\nmax_age = 6\n")
    report = watched.json("monitor", "--data", watched.data)
    assert set(statuses(report).values()) == {"past_max_age"}
    assert report["rules"]["max_age"] == 6
    summary = watched.json("run", "--data", watched.data, *RUN)
    assert {r["retuned"] for r in summary["results"]} == {
        "tuned on data up to 2018-12-01, 6 months ago; at most 6"
    }


def test_an_as_of_date_hides_what_came_later(watched):
    report = watched.json("monitor", "--data", watched.data, "--as-of", "2019-02")
    assert set(statuses(report).values()) == {"too_few_scored"}
    assert report["scored_through"] == "2019-02-01"


def test_nothing_to_score(cli):
    data = cli.write(panel(AIRPORTS, months=48, seed=4))
    assert "There is no experiment" in cli("monitor", code=6).stderr
    assert "forecastctl run" in cli("monitor", "--data", data, code=6).stderr
    cli("run", "--data", data, *RUN, "--quiet")
    said = cli("monitor", code=6).stderr
    assert "up to 2018-12-01, the newest one that has an actual" in said
    assert "--data FILE" in said


def test_wrong_input(watched):
    frame = pd.read_csv(watched.data).rename(columns={"passengers": "weather"})
    wrong = watched.write(frame.assign(weather="rain"), "wrong.csv")
    assert "weather" in watched("monitor", "--data", wrong, code=3).stderr
    assert "there is no origin 'lief'" in watched("monitor", "--origin", "lief", code=2).stderr
    assert "Did you mean 'JFK'?" in watched("monitor", "--airport", "JFKX", code=2).stderr
    said = watched("run", "--data", watched.data, "--retune", "never", code=2).stderr
    assert "always" in said


def test_backtests_do_not_count_unless_asked_for(watched):
    said = watched("monitor", "--data", watched.data, "--origin", "backtest", code=6).stderr
    assert "No backtest forecast is recorded" in said
    report = watched.json("monitor", "--data", watched.data, "--origin", "all", code=7)
    assert report["origin"] == "all"


def test_the_run_can_be_seen_through_mlflow(watched):
    import mlflow

    report = watched.json("monitor", "--data", watched.data, code=7)
    client = mlflow.MlflowClient(watched.uri)
    run = client.get_run(report["run_id"])
    assert run.info.status == "FINISHED"
    assert run.data.tags["kind"] == "monitor"
    assert run.data.metrics["airports_degraded"] == 1
    history = client.get_metric_history(report["run_id"], "lead_ratio")
    assert [m.step for m in history] == [1, 2, 3, 4, 5, 6]
    assert np.allclose([m.value for m in history], [row["ratio"] for row in report["by_lead"]])
    path = client.download_artifacts(report["run_id"], "monitor.json", str(watched.folder))
    stored = json.loads(Path(path).read_text(encoding="utf-8"))
    assert stored["results"] == report["results"]

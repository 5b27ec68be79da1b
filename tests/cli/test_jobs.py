"""run, tune, train and forecast through the command line, into a real MLflow store."""

import io
import json
import re
import sys

import numpy as np
import pandas as pd
import pytest

from forecastctl.cli.output import progress
from forecastctl.cli.output.left import TimeLeft
from forecastctl.cli.output.progress import Progress
from forecastctl.models.kernels import compiled
from forecastctl.records import AirportResult, AirportTask, Plan, SearchSpec, Status
from tests import panels
from tests.cli.conftest import QUICK, panel
from tests.harness import make_series

COLUMNS = [
    "airport", "date", "mean", "lo-80", "hi-80", "lo-95", "hi-95", "cutoff", "model", "status",
]  # fmt: skip


def accounted(summary):
    counts = dict(summary["airports"])
    total = counts.pop("total")
    assert sum(counts.values()) == total == len(summary["results"])
    return counts


def test_run_writes_forecasts_and_a_json_summary(cli):
    data = cli.write(panel())
    result = cli(
        "run", "--data", data, *QUICK, "--level", 80, "--level", 95, "--out", "f.csv", "--json"
    )
    summary = json.loads(result.stdout)
    assert summary["status"] == "ok"
    assert accounted(summary)["ok"] == 2
    keys = {"airport", "status", "reason", "loss", "model", "run_id", "retuned", "suspects"}
    assert set(summary["results"][0]) == keys
    frame = pd.read_csv(cli.folder / "f.csv")
    assert list(frame.columns) == COLUMNS
    assert list(frame["airport"]) == ["JFK"] * 3 + ["LGA"] * 3
    assert list(frame["date"][:3]) == ["2018-05-01", "2018-06-01", "2018-07-01"]
    assert set(frame["cutoff"]) == {"2018-04-01"}
    assert "airports" in result.stderr


@pytest.mark.parametrize("form", ["f.csv.gz", "f.parquet", "sql"])
def test_out_in_other_forms(cli, form):
    data = cli.write(panel(["JFK"]))
    target = f"sqlite:///{cli.folder / 'out.db'}" if form == "sql" else form
    cli("run", "--data", data, *QUICK, "--out", target)
    if form == "sql":
        import sqlalchemy

        with sqlalchemy.create_engine(target).connect() as connection:
            frame = pd.read_sql(sqlalchemy.text("select * from forecasts"), connection)
    else:
        path = cli.folder / form
        frame = pd.read_parquet(path) if form.endswith("parquet") else pd.read_csv(path)
    assert list(frame.columns) == COLUMNS
    assert len(frame) == 3


def test_out_to_stdout_is_clean_csv(cli):
    result = cli("run", "--data", cli.write(panel(["JFK"])), *QUICK, "--out", "-")
    lines = result.stdout.splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 4
    assert "contradict" not in result.stderr
    cli("run", "--data", "air.csv", *QUICK, "--out", "-", "--json", code=2)


def test_stages_apart(cli):
    data = cli.write(panel())
    tuned = cli.json("tune", "--data", data, *QUICK[:-3], "--jobs", 1)
    assert accounted(tuned)["ok"] == 2
    cli("train", "--data", data, "--jobs", 1)
    cli("forecast", "--horizon", 3, "--out", "apart.csv", "--no-charts", "--jobs", 1)
    cli("run", "--data", data, *QUICK, "--out", "whole.csv")
    apart, whole = (pd.read_csv(cli.folder / f"{n}.csv") for n in ("apart", "whole"))
    pd.testing.assert_frame_equal(apart, whole)


def test_forecast_before_training_says_what_to_run(cli):
    assert "forecastctl run" in cli("forecast", code=6).stderr
    cli("tune", "--data", cli.write(panel(["A"])), "--max-evals", 1)
    assert "forecastctl train" in cli("forecast", code=6).stderr


@pytest.mark.slow
def test_same_seed_same_forecasts_for_any_jobs_and_layout(cli):
    data = cli.write(panel(["A", "B", "C"], months=48))
    options = ["run", "--data", data, "--max-evals", 6, "--horizon", 4, "--seed", 3, "--no-charts"]
    frames = []
    for jobs, layout in ((1, "nested"), (2, "nested"), (2, "flat")):
        out = f"{jobs}-{layout}.csv"
        cli(*options, "--jobs", jobs, "--layout", layout, "--out", out)
        frames.append((cli.folder / out).read_bytes())
    assert frames[0] == frames[1] == frames[2]
    cli(*options[:-2], 4, "--no-charts", "--jobs", 1, "--out", "other.csv")


def test_real_port_authority_file(cli, shared_data):
    source = shared_data / "port_authority_raw.csv"
    options = ["--data", source, *QUICK[:4], "--max-evals", 2, "--horizon", 12, "--no-charts"]
    summary = cli.json("run", *options, "--as-of", "2012-10", "--out", "f.csv")
    counts = accounted(summary)
    assert [r["airport"] for r in summary["results"]] == ["ACY", "EWR", "JFK", "LGA", "SWF"]
    assert counts["failed"] == counts["skipped"] == 0
    frame = pd.read_csv(cli.folder / "f.csv")
    assert set(frame["cutoff"]) == {"2012-10-01"}
    found = cli.json("explain", "--airport", "JFK", "--date", "2012-11")
    raw = pd.read_csv(source)
    actual = raw.query("`Airport Code` == 'JFK' and Year == 2012 and Month == 'Nov'")
    assert found["actual"] == actual["Total Passengers"].item()
    assert found["forecast"]["cutoff"] == "2012-10-01"
    mean = frame[(frame["airport"] == "JFK") & (frame["date"] == "2012-11-01")]["mean"].item()
    assert found["forecast"]["mean"] == mean


def test_a_file_as_a_port_authority_publishes_it(cli):
    fleet = panels.make(
        1, 4, 72, "1996-01", attack="2001-09", opened=1, yearly_totals=1, smallest=3_000
    )
    options = ["--data", cli.write(fleet.filed()), *QUICK[:4], "--max-evals", 2, "--horizon", 12]
    summary = cli.json("run", *options, "--no-charts", "--as-of", "2001-10", "--out", "f.csv")
    assert accounted(summary)["ok"] == 4
    assert [r["airport"] for r in summary["results"]] == list(fleet.table)
    frame = pd.read_csv(cli.folder / "f.csv")
    assert set(frame["cutoff"]) == {"2001-10-01"}
    airport, date = min(fleet.table), "2001-11-01"
    found = cli.json("explain", "--airport", airport, "--date", date[:7])
    assert found["actual"] == fleet.true.loc[date, airport]
    assert found["forecast"]["cutoff"] == "2001-10-01"
    mean = frame[(frame["airport"] == airport) & (frame["date"] == date)]["mean"].item()
    assert found["forecast"]["mean"] == mean


@pytest.mark.slow
def test_all_438_tsa_airports_are_accounted_for(cli, shared_data):
    source = shared_data / "tsa_monthly.csv"
    options = ["--family", "seasonal_naive", "--max-evals", 1, "--folds", 1, "--no-charts"]
    summary = cli.json("run", "--data", source, *options, "--jobs", 2, "--layout", "flat", code=0)
    counts = accounted(summary)
    assert summary["airports"]["total"] == 438
    assert counts["ok"] + counts["fallback"] + counts["rejected"] == 438
    assert len({r["airport"] for r in summary["results"]}) == 438
    rows = cli.json("history", "airports", "--limit", 1000)
    assert {r["airport"]: r["status"] for r in rows} == {
        r["airport"]: r["status"] for r in summary["results"]
    }


def test_all_airports_of_a_fleet_with_faults_are_accounted_for(cli):
    fleet = panels.make(
        2, 14, 39, "2019-01", smallest=1_000, epidemic="2020-03", idle=2, duplicates=2, opened=2,
        closed=1, missing=1, thousandfold=1, intermittent=1,
    )  # fmt: skip
    options = ["--family", "seasonal_naive", "--max-evals", 1, "--folds", 1, "--no-charts"]
    data = cli.write(fleet.rows())
    summary = cli.json("run", "--data", data, *options, "--jobs", 1, "--layout", "flat", code=4)
    counts = accounted(summary)
    assert (counts["rejected"], counts["without_suspects"], counts["ok"]) == (4, 1, 8)
    right = dict.fromkeys(fleet.table, "ok")
    right |= dict.fromkeys([*fleet.of("idle"), *fleet.of("duplicate")], "rejected")
    right |= dict.fromkeys(fleet.of("thousandfold"), "ok-without-suspects")
    (young,) = (a for a in fleet.of("opened") if fleet.table[a].count() < 19)
    right[young] = "ok-with-fallback"  # of 16 months none can be judged for half a year
    assert [(r["airport"], r["status"]) for r in summary["results"]] == list(right.items())
    reasons = {r["airport"]: r["reason"] for r in summary["results"]}
    assert all(reasons[airport].startswith("all zeros") for airport in fleet.of("idle"))
    for airport, event in {**fleet.of("duplicate"), **fleet.of("thousandfold")}.items():
        assert event.first in reasons[airport]
    rows = cli.json("history", "airports", "--limit", 1000)
    assert {r["airport"]: r["status"] for r in rows} == right


def test_weekly_and_daily(cli):
    rng = np.random.default_rng(0)
    for freq, season, name in (("D", 7, "day.csv"), ("W-SUN", 52, "week.csv")):
        dates = pd.date_range("2019-01-06", periods=160, freq=freq).strftime("%Y-%m-%d")
        y = (500 + 80 * np.sin(2 * np.pi * np.arange(160) / season) + rng.normal(0, 5, 160)).round()
        data = cli.write(pd.DataFrame({"airport": "X", "date": dates, "passengers": y}), name)
        cli("run", "--data", data, *QUICK, "--out", "f.csv")
        frame = pd.read_csv(cli.folder / "f.csv")
        following = pd.date_range(dates[-1], periods=4, freq=freq).strftime("%Y-%m-%d")[1:]
        assert list(frame["date"]) == list(following)
        found = cli.json("explain", "--airport", "X", "--date", frame["date"][1])
        assert found["forecast"]["lead"] == 2


@pytest.mark.slow
def test_rejected_airports_do_not_stop_the_others(cli):
    frame = panel(["JFK", "ZERO", "CONST", "ONE"])
    frame.loc[frame["airport"] == "ZERO", "passengers"] = 0
    frame.loc[frame["airport"] == "CONST", "passengers"] = 7
    one = frame["airport"] == "ONE"
    frame = frame[~one | (frame["date"] == "2018-04-01")]
    summary = cli.json("run", "--data", cli.write(frame), *QUICK)
    status = {r["airport"]: r["status"] for r in summary["results"]}
    assert status == {"JFK": "ok", "ZERO": "rejected", "CONST": "rejected", "ONE": "rejected"}
    assert all(r["reason"] for r in summary["results"] if r["status"] == "rejected")
    assert accounted(summary)["rejected"] == 3
    (cli.folder / "forecastctl.toml").write_text('[run]\nrejected = "fail"\n')
    data = cli.write(frame)
    tuning = [option for option in QUICK if option != "--no-charts"]
    for command, options in {"run": QUICK, "tune": tuning, "train": ("--jobs", "1")}.items():
        result = cli(command, "--data", data, *options, "--metrics", "m.prom", code=4)
        assert result.stdout.splitlines()[0] == "4 airports: 1 ok, 3 rejected (no forecast)"
        labels = f'command="{command}",experiment="forecastctl",status="rejected"'
        gauge = f"airports{{{labels}}} 3.0"
        assert gauge in (cli.folder / "m.prom").read_text()
    quiet = cli("run", "--data", data, *QUICK, "--quiet", code=4)
    assert "4 airports, 3 rejected, 1 ok. ZERO: all zeros" in " ".join(quiet.stderr.split())
    found = cli.json("run", "--data", data, *QUICK, code=4)
    assert (found["status"], accounted(found)["rejected"]) == ("partial", 3)
    origin = ("--from", "2018-02", "--to", "2018-02", "--quiet")
    quiet = cli("backtest", "--data", data, *tuning, *origin, code=4)
    assert "forecastctl backtest: 4 airports, " in " ".join(quiet.stderr.split())


def test_only_rejections_is_a_data_error(cli):
    frame = panel(["ZERO"]).assign(passengers=0)
    summary = cli.json("run", "--data", cli.write(frame), *QUICK, code=3)
    assert (summary["status"], accounted(summary)["rejected"]) == ("failed", 1)


NAMES = [
    "a/b", "it's", 'say "hi"', "a,b", "two\nlines", "✈️ HND", "[bold]x[/bold]", "..", "../../etc",
    "x" * 200, " spaced ", "NA", "007", "$x$", "%s{}", "null",
]  # fmt: skip


@pytest.mark.slow
def test_any_name_goes_through_unchanged(cli):
    data = cli.write(panel(NAMES, months=30))
    options = ["--family", "seasonal_naive", "--max-evals", 1, "--horizon", 2, "--folds", 1]
    summary = cli.json("run", "--data", data, *options, "--jobs", 1, "--out", "f.csv")
    assert [r["airport"] for r in summary["results"]] == NAMES
    assert accounted(summary)["ok"] == len(NAMES), summary["results"]
    frame = pd.read_csv(cli.folder / "f.csv", keep_default_na=False, dtype={"airport": str})
    assert list(dict.fromkeys(frame["airport"])) == NAMES
    for name in NAMES:
        found = cli.json("explain", "--airport", name, "--date", frame["date"][0])
        assert found["airport"] == name
        assert cli.json("history", "airports", "--airport", name)[0]["airport"] == name
    cli("history", "airports")


def test_failed_airports_set_the_exit_code(cli):
    data = cli.write(panel())
    summary = cli.json("train", "--data", data, "--jobs", 1, code=4)
    assert summary["status"] == "failed"
    assert "forecastctl tune" in summary["results"][0]["reason"]


def test_the_sample_runs(cli):
    summary = cli.json("run", "--data", "sample", *QUICK)
    counts = accounted(summary)
    assert counts["failed"] == 0
    assert counts["ok"] >= 5
    assert (
        "--from: '2015-13'" in cli("sample", "--out", "s.csv", "--from", "2015-13", code=2).stderr
    )
    twice = ("--name", "JFK", "--name", "JFK")
    assert "given twice" in cli("sample", "--out", "s.csv", *twice, code=2).stderr
    cli("sample", "--out", "s.csv", "--airports", 3, "--months", 30)
    assert pd.read_csv(cli.folder / "s.csv")["airport"].nunique() == 3


def test_a_job_without_forecasts_leaves_the_last_ones_alone(cli):
    (cli.folder / "f.csv").write_text("yesterday\n")
    data = cli.write(panel(["ZERO"]).assign(passengers=0))
    cli("run", "--data", data, *QUICK, "--out", "f.csv", code=3)
    assert (cli.folder / "f.csv").read_text() == "yesterday\n"


def test_check_honours_selection_and_quiet(cli):
    data = cli.write(panel(["JFK", "LGA", "EWR"]))
    chosen = cli.json("check", "--data", data, "--airport", "JFK", "--select", "E*")
    assert [a["airport"] for a in chosen["airports"]] == ["JFK", "EWR"]
    assert cli("check", "--data", data, "--quiet").stdout == ""
    cli("check", "--data", data, "--airport", "JKF", code=2)


def test_lists_are_recorded_as_they_are_written(cli):
    summary = cli.json("run", "--data", cli.write(panel(["JFK"])), *QUICK)
    rows = cli.json("history", "--compare", summary["job_id"], summary["job_id"])
    recorded = {r["key"]: r["a"] for r in rows if r["section"] == "params"}
    assert recorded["forecast.level"] == "80,95"
    assert recorded["tune.families"] == "seasonal_naive,holt_winters"


@pytest.mark.slow
def test_the_reference_engine_is_recorded(cli):
    data = cli.write(panel(["JFK"]))
    summary = cli.json("run", "--data", data, *QUICK, "--engine", "statsmodels")
    run_id = summary["results"][0]["run_id"]
    rows = cli.json("history", "--compare", run_id, run_id)
    assert {r["a"] for r in rows if r["key"] == "engine"} == {"statsmodels"}


@pytest.mark.slow
def test_a_list_says_where_it_was_cut_and_has_its_header_where_it_is_empty(cli):
    cli("run", "--data", cli.write(panel(["JFK", "LGA", "EWR"])), *QUICK)
    cut = cli("history", "airports", "--limit", 2, "--json")
    assert len(json.loads(cut.stdout)) == 2
    assert cut.stderr == "2 of 3 airports: --limit N shows more.\n"
    cut = cli("history", "forecasts", "--limit", 2)
    assert cut.stderr == "2 of 9 forecasts: --limit N shows more.\n"
    assert cli("history", "trials", "--limit", 2).stderr.startswith("2 of more than 2 trials")
    meant = "Nothing is recorded about airport 'jfk' in this experiment. Did you mean 'JFK'?\n"
    assert cli("history", "forecasts", "--airport", "jfk", "--csv").stderr == meant
    assert "Did you mean 'JFK'?" in cli("explain", "--airport", "jfk", code=6).stderr
    assert cli("history", "airports", "--limit", 3).stderr == ""
    assert cli("history", "airports", "--limit", 1_000_000, "--since", "9" * 15 + "w").stderr == ""
    for what in ("jobs", "airports", "trials", "models", "forecasts"):
        full = cli("history", what, "--csv", "--limit", 1).stdout.splitlines()
        empty = cli("history", what, "--csv", "--status", "killed").stdout.splitlines()
        assert (len(full), len(empty)) == (2, 1)
        assert empty[0] == full[0]


@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.slow
def test_that_models_are_compiled_is_progress(cli, monkeypatch, quiet):
    monkeypatch.setattr(compiled, "warm", lambda say: say("compiling [now]"))
    flags = ["--quiet"] if quiet else []
    said = cli("run", "--data", cli.write(panel(["JFK"])), *QUICK, *flags).stderr
    assert said.count("compiling [now]\n") == (0 if quiet else 1)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_it_is_said_above_the_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with Progress(quiet=False) as progress:
        progress.say("compiling [now]")
    assert "compiling [now]" in sys.stderr.getvalue()


def test_progress_begins_at_once_and_counts_only_what_was_asked_for(capsys, monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.0)
    with Progress(quiet=False, what="forecasts") as told:
        told.expect({}, (), 2)
        told.searched(1, 2)
        for status in ("skipped", "skipped", "ok", "skipped", "failed"):
            told.count(status, 5)
    lines = capsys.readouterr().err.splitlines()
    assert [re.sub(r", [0-9,.]+/min", "", line) for line in lines] == [
        "0/2 forecasts",
        "0/2 forecasts, 1 of 2 searched",
        "1/2 forecasts, 1 ok",
        "2/2 forecasts, 1 ok, 1 failed",
    ]


def result_of(airport, n, cpu=10.0, search=8.0):
    task = AirportTask(Plan(True, True, True, SearchSpec(), (80,), False), make_series(airport, n))
    return AirportResult(airport, Status.OK, task=task, cpu_seconds=cpu, objective_seconds=search)


def test_the_time_left_is_told_once_there_is_a_base_and_weighs_by_length():
    """Searches come first, for a minute; then each airport takes a second for 10 observations."""
    lengths = {f"A{i}": 10 * (8 - i) for i in range(8)}
    left, now, told = TimeLeft(), 60.0, []
    left.expect(lengths, set(lengths))
    for done, (airport, n) in enumerate(lengths.items(), 1):
        now += n / 10
        left.saw(result_of(airport, n), now)
        told.append(left.seconds(now, 8 - done))
    assert told[:3] == [None] * 3
    assert told[3:7] == pytest.approx([4 + 3 + 2 + 1, 3 + 2 + 1, 2 + 1, 1])


def test_airports_that_are_not_searched_yet_take_longer():
    left = TimeLeft()
    left.expect({**{f"A{i}": 50 for i in range(5)}, "Z": 50}, {f"A{i}" for i in range(5)})
    for i in range(5):
        left.saw(result_of(f"A{i}", 50), 100.0 + 2 * i)  # of 10 s of work 8 were done before
    assert left.seconds(108.0, 1) == pytest.approx(10)


def test_of_a_backtest_only_the_number_is_known():
    left = TimeLeft()
    for i in range(5):
        left.saw(result_of(f"A{i}", 50), 100.0 + 2 * i)
    left.saw(AirportResult("B", Status.REJECTED, "no data"), 108.0)
    assert left.seconds(108.0, 6) == pytest.approx(12)


def test_check_ends_as_a_run_would_where_all_airports_are_rejected(bare):
    short = panel(["JFK", "LGA"], months=2)
    data = bare.write(short)
    assert "rejected" in bare("check", "--data", data, code=3).stdout
    bare("check", "--data", data, "--quiet", code=3)
    whole = panel(["EWR"])
    bare.write(pd.concat([short, whole]))
    bare("check", "--data", data)
    bare("check", "--data", data, "--airport", "JFK", code=3)


def test_the_newest_job_is_called_latest_in_lists_as_well(cli):
    data = cli.write(panel(["JFK"]))
    for cutoff in ("2018-02", "2018-03"):
        cli("run", "--data", data, "--as-of", cutoff, *QUICK, "-q")
    newest = cli.json("history")[0]["job_id"]
    rows = cli.json("history", "forecasts", "--job", "latest")
    assert [row["job_id"] for row in rows] == [newest] * 3


def test_a_name_that_speaks_to_a_terminal_is_spelt_out_where_it_is_not_known(cli):
    cli.write(panel(["JFK"]))
    cli("run", "--data", "air.csv", *QUICK, "--quiet")
    said = cli("history", "airports", "--airport", "J\x1b[2JFK\x97").stderr
    assert said.startswith("Nothing is recorded about airport 'J\\x1b[2JFK\\x97'")

"""backtest through the command line, into a real MLflow store."""

import json
import shutil
import signal

import numpy as np
import pandas as pd
import pytest

from forecastctl.backtest.summary import Account, BacktestSummary
from forecastctl.cli.output.backtest import lines
from forecastctl.cli.output.mail import MOST_LINES, WIDTH
from forecastctl.errors import Terminated
from tests import panels
from tests.cli.conftest import FORECASTCTL, Held, in_a_group, panel, until

QUICK = ["--family", "seasonal_naive", "--family", "holt_winters", "--max-evals", "3"]
QUICK += ["--horizon", "3", "--folds", "2", "--jobs", "1"]
SPAN = ["--from", "2017-11", "--to", "2018-02", "--retune-every", "2"]


def test_the_json_summary_the_table_and_the_record(cli):
    data = cli.write(panel())
    arguments = ["backtest", "--data", data, *SPAN, *QUICK, "--out", "b.csv"]
    summary = cli.json(*arguments)
    assert set(summary) == {
        "backtest_id", "origins", "airports", "validation_loss", "scores", "cost", "resumed",
        "left", "stopped",
    }  # fmt: skip
    assert [o["origin"] for o in summary["origins"]] == ["2017-11", "2017-12", "2018-01", "2018-02"]
    assert set(summary["origins"][0]) == {
        "origin", "job_id", "run_id", "status", "airports", "left",
    }  # fmt: skip
    assert summary["airports"]["total"] == summary["airports"]["ok"] == 8
    assert summary["resumed"] == 0
    assert [row["lead"] for row in summary["scores"]] == [1, 2, 3, "all"]
    assert summary["scores"][-1]["n"] == 2 * (3 + 3 + 3 + 2)
    assert set(summary["scores"][0]["coverage"]) == {"80", "95"}
    table = pd.read_csv(cli.folder / "b.csv")
    assert len(table) == 4 * 2 * 3
    assert list(table["cutoff"].unique()) == [
        "2017-11-01", "2017-12-01", "2018-01-01", "2018-02-01",
    ]  # fmt: skip
    first = (cli.folder / "b.csv").read_bytes()
    again = cli.json(*arguments)
    assert again["resumed"] == 8
    assert again["origins"] == summary["origins"]
    assert again["scores"] == summary["scores"]
    assert (cli.folder / "b.csv").read_bytes() == first
    jobs = cli.json("history")
    assert [j["command"] for j in jobs] == ["backtest"] * 4
    assert len(cli.json("history", "airports")) == 8


def test_an_origin_is_run_as_of_it_and_explain_finds_it(cli):
    data = cli.write(panel())
    cli("backtest", "--data", data, *SPAN, *QUICK, "--out", "b.csv")
    found = cli.json("explain", "--airport", "JFK", "--date", "2018-01", "--quick")
    assert found["forecast"]["cutoff"] == "2017-12-01"
    assert found["forecast"]["lead"] == 1
    assert len(found["vintages"]) == 2
    backtest = pd.read_csv(cli.folder / "b.csv")
    assert found["forecast"]["mean"] in set(backtest["mean"])
    for origin in ("2017-11", "2018-01"):
        cli("run", "--data", data, "--as-of", origin, *QUICK, "--no-charts", "--out", "r.csv")
        mine = backtest[backtest["cutoff"] == f"{origin}-01"].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, pd.read_csv(cli.folder / "r.csv"), check_exact=True)


def test_for_people(cli):
    data = cli.write(panel())
    result = cli("backtest", "--data", data, *SPAN, *QUICK)
    assert "4 origins x 2 airports: 8 ok" in result.stdout
    header = next(line for line in result.stdout.splitlines() if line.startswith("lead"))
    assert header.split("  ")[0] == "lead"
    for column in ("MASE", "naive MASE", "MAE %", "bias %", "in 80 %", "in 95 %"):
        assert column in header
    assert "median mase in validation" in result.stdout
    assert "8/8 forecasts" in result.stderr
    again = cli("backtest", "--data", data, *SPAN, *QUICK)
    assert "8 were recorded before" in again.stdout
    quiet = cli("backtest", "--data", data, *SPAN, *QUICK, "--quiet")
    assert (quiet.stdout, quiet.stderr) == ("", "")


def test_the_summary_is_made_for_a_mail():
    counts = {"total": 40, "ok": 0, "failed": 20, "rejected": 20}
    trouble = [(f"A{i:02d}", "failed", f"ValueError: {i}") for i in range(20)]
    trouble += [(f"B{i:02d}", "rejected", "too short") for i in range(20)]
    accounts = [
        Account(f"2018-{m:02d}", "j", "r", "failed", counts, (), tuple(trouble)) for m in (1, 2)
    ]
    score = {"n": 9, "mase": 0.5, "naive_mase": 1.0, "mae_percent": 3.1, "bias_percent": 0.2}
    scores = [{"lead": lead, **score, "coverage": {"80": 0.8}} for lead in [*range(1, 37), "all"]]
    summary = BacktestSummary("b" * 12, tuple(accounts), scores, {}, 0)
    said = lines(summary, {"recorded": "sqlite:///m.db"})
    assert len(said) in (MOST_LINES - 1, MOST_LINES)
    assert max(map(len, said)) <= WIDTH
    assert said[0] == "2 origins x 40 airports: 40 failed, 40 rejected (no forecast)"
    assert said[1:3] == ["failed: A00 (2 origins)", "  ValueError: 0"]
    assert any(line.startswith("... and ") and "history airports" in line for line in said)
    assert "... and 19 more: --json has all" in said
    assert [line.split()[0] for line in said[-2:]] == ["all", "recorded"]


def test_a_deadline_that_passes_ends_it_with_12_and_the_same_command_goes_on(cli, monkeypatch):
    data = cli.write(panel())
    command = ["backtest", "--data", data, *SPAN, *QUICK, "--out", "b.csv"]
    with monkeypatch.context() as late:
        late.setattr(
            "forecastctl.settings.limits.deadline_ms", lambda _text, started_ms: started_ms
        )
        summary = cli.json(*command, "--deadline", "1h", code=12)
        said = cli(*command, "--deadline", "1h", "--quiet", code=12).stderr
    assert summary["left"] == 4
    assert summary["stopped"] == "the deadline passed: 4 origins are left"
    assert summary["airports"]["total"] == len(summary["scores"]) == 0
    assert said == (
        "warning: the deadline passed: 4 origins are left.\n"
        "  next: the same command goes on with what is left.\n"
    )
    assert not (cli.folder / "b.csv").exists()
    assert cli.json(*command)["left"] == 0
    assert len(pd.read_csv(cli.folder / "b.csv")) == 4 * 2 * 3


def test_a_store_that_is_locked_meanwhile_costs_nothing(cli, monkeypatch):
    monkeypatch.setenv("FORECASTCTL_TRACKING__PATIENCE", "0")
    data = cli.write(panel())
    command = ["backtest", "--data", data, *SPAN, *QUICK]
    metrics = ["--metrics", "b.prom"]
    held = Held(cli.folder / "mlflow.db", monkeypatch, "forecastctl.backtest.run")
    done = cli(*command, "--out", "b.csv", *metrics, code=9)
    assert "8 airports and the end of the job wait in" in done.stderr
    assert "not yet in sqlite:///" in done.stdout
    assert len(pd.read_csv(cli.folder / "b.csv")) == 4 * 2 * 3
    told = (cli.folder / "b.prom").read_text()
    assert 'exit_code{command="backtest",experiment="forecastctl"} 9.0' in told
    assert "data_through_timestamp_seconds{" in told
    held.release()
    again = cli(*command, "--out", "c.csv")
    assert "published from the spool: 8 airports of 4 jobs" in again.stderr
    assert "8 were recorded before" in again.stdout
    assert (cli.folder / "c.csv").read_bytes() == (cli.folder / "b.csv").read_bytes()
    assert len(cli.json("history", "airports")) == 8


def test_charts_and_the_target_of_the_settings_are_left_alone(cli):
    data = cli.write(panel(["JFK"]))
    (cli.folder / "live.csv").write_text("of cron")
    (cli.folder / "forecastctl.toml").write_text('[forecast]\nout = "live.csv"\ncharts = true\n')
    one = ["--from", "2018-01", "--to", "2018-01"]
    summary = cli.json("backtest", "--data", data, *one, *QUICK)
    assert (cli.folder / "live.csv").read_text() == "of cron"
    assert _charts(cli) == 0
    assert summary["resumed"] == 0
    one = ["--from", "2018-02", "--to", "2018-02"]
    cli("backtest", "--data", data, *one, *QUICK, "--charts")
    assert _charts(cli) == 1


def _charts(cli):
    return len(list(cli.folder.rglob("forecast.png")))


def test_stdout_takes_the_table_alone(cli):
    data = cli.write(panel(["JFK"]))
    result = cli("backtest", "--data", data, *SPAN, *QUICK, "--out", "-")
    assert len(result.stdout.splitlines()) == 1 + 4 * 3
    assert result.stdout.startswith("airport,date,mean")
    cli("backtest", "--data", data, *SPAN, *QUICK, "--out", "-", "--json", code=2)


def test_rejections_and_failures_set_the_exit_code(cli, monkeypatch):
    table = panel(["JFK", "LGA"])
    late = table[(table["airport"] == "JFK") | (table["date"] >= "2018-01-01")]
    data = cli.write(late)
    result = cli("backtest", "--data", data, *SPAN, *QUICK)
    assert "6 ok" not in result.stdout
    assert "4 rejected" in result.stdout
    assert "too short" in result.stdout
    early = ["--from", "2014-11", "--to", "2015-01"]
    cli("backtest", "--data", data, *early, *QUICK, code=3)

    from forecastctl.backtest import pilot as backtest

    def broken(do):
        def fails(task):
            from forecastctl.search import tune

            def nothing(*_args):
                raise ArithmeticError("no search")

            tune.tune, kept = nothing, tune.tune
            try:
                return do(task)
            finally:
                tune.tune = kept

        return fails

    for name in ("work", "work_block"):
        monkeypatch.setattr(backtest, name, broken(getattr(backtest, name)))
    result = cli("backtest", "--data", data, *SPAN, *QUICK, "--seed", 1, code=4)
    assert "ArithmeticError: no search" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "2018-02", "--to", "2018-01"], "--from 2018-02 is after --to 2018-01"),
        (["--from", "2018", "--to", "2018-01"], "--from: '2018' is not a date"),
        (["--from", "2020-01", "--to", "2020-03"], "they go from 2015-01 to 2018-04"),
        ([*SPAN, "--every", "0"], "--every must be at least 1"),
        ([*SPAN, "--retune-every", "-1"], "--retune-every must be at least 1"),
        ([*SPAN, "--airport", "jfk"], "Did you mean 'JFK'?"),
        (["--from", "2018-01"], "--to"),
    ],
)
def test_what_is_refused(cli, arguments, said):
    data = cli.write(panel())
    result = cli("backtest", "--data", data, *arguments, *QUICK, code=2)
    assert said in result.stderr
    assert result.stdout == ""
    assert cli.jobs() == []


def test_days(cli):
    rng = np.random.default_rng(0)
    dates = pd.date_range("2021-01-01", periods=60, freq="D").strftime("%Y-%m-%d")
    passengers = rng.integers(900, 1100, 60)
    data = cli.write(pd.DataFrame({"airport": "A", "date": dates, "passengers": passengers}))
    span = ["--from", "2021-02-20", "--to", "2021-02", "--every", "3"]
    summary = cli.json("backtest", "--data", data, *span, *QUICK)
    assert [o["origin"] for o in summary["origins"]] == ["2021-02-20", "2021-02-23", "2021-02-26"]
    assert summary["airports"]["ok"] == 3


@pytest.mark.slow
def test_ctrl_c_and_the_same_command_again(cli):
    """Two workers until Ctrl-C, one from there on, and one in a store without interruption."""
    cli.write(panel([f"A{i}" for i in range(4)], months=60))
    span = ["--from", "2017-01", "--to", "2018-12", "--retune-every", "3"]
    command = ["backtest", "--data", "air.csv", *span, "--max-evals", "4", "--horizon", "3"]
    store = ["--tracking-uri", "sqlite:///other.db", "--out", "whole.csv"]
    shutil.copy(cli.folder / "mlflow.db", cli.folder / "other.db")
    child = in_a_group([*FORECASTCTL, *command, "--jobs", "2", "--out", "b.csv"], cli.folder)
    until(lambda: any(job["status"] == "ok" for job in cli.jobs()), child)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=600)
    assert child.returncode == 130, err
    assert "Traceback" not in err
    assert "the same command goes on" in err
    assert out == ""
    assert not (cli.folder / "b.csv").exists()
    statuses = {job["status"] for job in cli.json("history", "--limit", 100)}
    assert statuses <= {"ok", "interrupted"}
    summary = cli.json(*command, "--jobs", "1", "--out", "b.csv")
    whole = cli.json(*command, "--jobs", "1", *store)
    assert 0 < summary["resumed"] < whole["airports"]["total"] == 4 * 24
    assert summary["airports"] == whole["airports"]
    assert summary["scores"] == whole["scores"]
    assert (cli.folder / "b.csv").read_bytes() == (cli.folder / "whole.csv").read_bytes()
    runs = cli.json("history", "airports", "--limit", 1000)
    assert len({(r["job_id"], r["airport"]) for r in runs}) == len(runs) == 4 * 24
    assert {j["status"] for j in cli.json("history", "--limit", 100)} == {"ok"}


def test_the_events_of_a_real_file(cli, shared_data):
    source = shared_data / "port_authority_raw.csv"
    options = ["--family", "seasonal_naive", "--max-evals", 1, "--horizon", 3, "--jobs", 1]
    summary = cli.json("backtest", "--data", source, "--from", "2001-06", "--to", "2001-10",
                       "--retune-every", 5, *options)  # fmt: skip
    assert summary["airports"]["total"] == 25
    assert summary["airports"]["failed"] == 0
    rows = cli.json("history", "forecasts", "--airport", "JFK")
    assert len(rows) == 5 * 3
    results = json.loads(json.dumps(summary["origins"]))
    assert {o["status"] for o in results} == {"ok"}


def test_a_shock_within_a_backtest(cli):
    fleet = panels.make(1, 3, 72, "1996-01", attack="2001-09", smallest=3_000)
    options = ["--family", "seasonal_naive", "--max-evals", 1, "--horizon", 3, "--jobs", 1]
    summary = cli.json("backtest", "--data", cli.write(fleet.filed()), "--from", "2001-07",
                       "--to", "2001-10", "--retune-every", 4, "--out", "b.csv", *options)  # fmt: skip
    assert summary["airports"]["total"] == summary["airports"]["ok"] == 12
    assert {o["status"] for o in summary["origins"]} == {"ok"}
    airport = min(fleet.table)
    rows = cli.json("history", "forecasts", "--airport", airport)
    assert sorted({r["cutoff"][:7] for r in rows}) == ["2001-07", "2001-08", "2001-09", "2001-10"]
    table = pd.read_csv(cli.folder / "b.csv", parse_dates=["date"])
    for _, one in table.groupby("airport"):
        before, after = (one[one["cutoff"] == f"2001-{m}-01"] for m in ("07", "08"))
        for lead, made in ((1, after), (2, before)):  # of September, by who could not know
            mean = made["mean"].iloc[lead - 1]
            assert mean > 1.2 * fleet.true.loc["2001-09-01", made["airport"].iloc[0]]


@pytest.mark.parametrize(
    ("number", "why"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_an_end_waits_for_what_is_being_recorded(number, why):
    from forecastctl.api.interruptions import Interruptions

    outside = signal.signal(number, signal.default_int_handler)
    before = signal.getsignal(number)
    done = []

    def record():
        with interruptions.held():
            with interruptions.held():
                signal.raise_signal(number)
            done.append("recorded")

    with Interruptions() as interruptions:
        with pytest.raises(why):
            record()
        assert done == ["recorded"]
        with interruptions.held():
            done.append("again")
        with pytest.raises(why):
            signal.raise_signal(number)
    assert signal.signal(number, outside) is before


def test_what_is_ignored_stays_ignored():
    """As under ``nohup``, and of what a shell starts in the background."""
    from forecastctl.api.interruptions import Interruptions

    outside = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Interruptions():
        signal.raise_signal(signal.SIGINT)
    assert signal.signal(signal.SIGINT, outside) is signal.SIG_IGN

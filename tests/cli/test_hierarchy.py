"""Groups and reconciled forecasts through the command line, into a real MLflow store."""

import sys

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import QUICK, panel

pytest.importorskip("hierarchicalforecast")

AIRPORTS = ["JFK", "LGA", "EWR"]
STATE = {"JFK": "NY", "LGA": "NY", "EWR": "NJ"}


@pytest.fixture
def data(cli):
    frame = panel(AIRPORTS)
    return cli.write(frame.assign(state=frame["airport"].map(STATE)))


def adds_up(path):
    frame = pd.read_csv(path)
    means = frame.pivot_table(index="date", columns="airport", values="mean")
    np.testing.assert_allclose(means["total"], means[AIRPORTS].sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(means["state=NY"], means[["JFK", "LGA"]].sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(means["state=NJ"], means["EWR"], rtol=1e-6)
    return frame


def test_a_column_and_a_file_give_the_same(cli, data):
    reconciled = ["--reconcile", "mint_shrink"]
    summary = cli.json(
        "run", "--data", data, *QUICK, "--group", "state", *reconciled, "--out", "a.csv"
    )
    assert summary["airports"]["total"] == 3
    assert [g["airport"] for g in summary["groups"]] == ["total", "state=NY"]
    assert summary["reconciliation"]["used"] == "mint_shrink"
    one = adds_up(cli.folder / "a.csv")
    assert list(one.columns[-2:]) == ["level", "base"]
    cli.write("code,state\n" + "".join(f"{a},{s}\n" for a, s in STATE.items()), "m.csv")
    plain = cli.write(panel(AIRPORTS), "plain.csv")
    said = cli(
        "run", "--data", plain, *QUICK, "--groups-from", "m.csv", *reconciled, "--out", "b.csv"
    )
    assert "2 groups: 2 ok" in said.stdout
    assert "reconciled  mint_shrink" in said.stdout
    pd.testing.assert_frame_equal(adds_up(cli.folder / "b.csv"), one)
    assert {row["airport"] for row in cli.json("history", "airports")} == set(AIRPORTS)
    asked = cli.json("explain", "--airport", "total", "--date", "2018-05", "--data", data)
    assert "ask about the airports" in asked["next_time"][0]
    asked = cli.json("explain", "--airport", "JFK", "--date", "2018-05", "--quick")["forecast"]
    (published,) = one[(one["airport"] == "JFK") & (one["date"] == "2018-05-01")].itertuples()
    assert asked["reconciled"]["method"] == "mint_shrink"
    assert asked["reconciled"]["mean"] == pytest.approx(published.mean)
    assert asked["mean"] == pytest.approx(published.base)
    assert asked["reconciled"]["change"] == pytest.approx(published.mean - published.base)
    said = cli("explain", "--airport", "JFK", "--date", "2018-05", "--quick").stdout
    assert "reconciled by mint_shrink" in said
    assert "explained is the forecast before that" in " ".join(said.split())
    again = cli.json(
        "run", "--data", plain, *QUICK, "--groups-from", "m.csv", *reconciled, "--skip-unchanged",
        "--out", "c.csv",
    )  # fmt: skip
    assert {r["status"] for r in again["results"] + again["groups"]} == {"skipped"}
    pd.testing.assert_series_equal(adds_up(cli.folder / "c.csv")["mean"], one["mean"])


def test_the_total_alone(cli, data):
    cli("run", "--data", data, *QUICK, "--reconcile", "bottom_up", "--out", "o.csv")
    frame = pd.read_csv(cli.folder / "o.csv")
    means = frame.pivot_table(index="date", columns="airport", values="mean")
    assert set(means) == {*AIRPORTS, "total"}
    np.testing.assert_allclose(means["total"], means[AIRPORTS].sum(axis=1), rtol=1e-9)
    airports = frame[frame["level"] == "airport"]
    np.testing.assert_array_equal(airports["mean"], airports["base"])


def test_forecast_without_data_takes_the_groups_of_the_training(cli, data):
    cli("tune", "--data", data, *QUICK[:-3], "--jobs", 1, "--group", "state")
    cli("train", "--data", data, "--jobs", 1, "--group", "state")
    ask = ["forecast", "--horizon", 3, "--no-charts", "--jobs", 1]
    ask += ["--reconcile", "ols", "--out", "o.csv"]
    cli(*ask)
    one = adds_up(cli.folder / "o.csv")
    said = cli(*ask, "--group", "hub", code=2)
    assert "--groups-from" in said.stderr
    cli.write("airport,state\n" + "".join(f"{a},{s}\n" for a, s in STATE.items()), "m.csv")
    cli(*ask, "--groups-from", "m.csv")
    pd.testing.assert_frame_equal(adds_up(cli.folder / "o.csv"), one)
    again = cli.json("reproduce", cli.json("history", "jobs")[0]["job_id"], "--refit", "--jobs", 1)
    results = {
        r["airport"]: (r["replay"]["result"], r["refit"]["result"]) for r in again["airports"]
    }
    assert set(results) == {*AIRPORTS, "total", "state=NY"}
    assert set(results.values()) == {("bit-identical", "bit-identical")}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--group", "stat"], 3, "no column 'stat'"),
        (["--group", "passengers"], 3, "is in"),
        (["--groups-from", "few.csv"], 3, "no state for 'LGA', 'EWR'"),
        (["--groups-from", "none.csv"], 3, "There is no file none.csv"),
        (["--reconcile", "best"], 2, "forecast.reconcile = 'best' is wrong"),
        (["--reconcile", "ols", "--airport", "JFK"], 2, "--reconcile adds up all airports"),
    ],
)
def test_wrong_inputs(cli, data, arguments, code, said):
    cli.write("airport,state\nJFK,NY\n", "few.csv")
    result = cli("run", "--data", data, *QUICK, *arguments, code=code)
    assert said in result.stderr
    assert cli.jobs() == []


def test_an_airport_of_that_name(cli):
    data = cli.write(panel(["JFK", "total"]))
    said = cli("run", "--data", data, *QUICK, "--reconcile", "ols", code=3)
    assert "airport is called 'total'" in said.stderr


def test_without_the_library(cli, data, monkeypatch):
    monkeypatch.setitem(sys.modules, "hierarchicalforecast", None)
    said = cli("run", "--data", data, *QUICK, "--reconcile", "ols", code=2)
    assert "pip install 'forecastctl[hierarchy]'" in said.stderr
    cli("run", "--data", data, *QUICK, "--group", "state", "--out", "o.csv")
    assert "state=NY" in set(pd.read_csv(cli.folder / "o.csv")["airport"])


def test_the_settings_file_and_a_selection(cli, data):
    cli.write('[forecast]\nreconcile = "ols"\n[data]\ngroups = ["state"]\n', "forecastctl.toml")
    alone = cli.json("run", "--data", data, *QUICK, "--airport", "JFK")
    assert "groups" not in alone
    whole = cli.json("run", "--data", data, *QUICK)
    assert len(whole["groups"]) == 2
    assert cli.json("check", "--data", data)["airports"]


def test_a_failed_group_shows_in_the_exit_code_and_not_in_the_counts(cli, data, monkeypatch):
    from forecastctl.jobs import run as jobs

    real = jobs.work

    def broken(task):
        if task.series.airport == "total":
            raise MemoryError
        return real(task)

    monkeypatch.setattr(jobs, "work", broken)
    ask = ["run", "--data", data, *QUICK, "--reconcile", "bottom_up"]
    summary = cli.json(*ask, code=4)
    assert summary["status"] == "partial"
    assert summary["airports"]["failed"] == 0
    assert summary["groups"][0]["status"] == "failed"
    said = cli(*ask, code=4).stdout
    assert "total failed: MemoryError" in said
    assert "1 groups failed and are the sums of their members" in said

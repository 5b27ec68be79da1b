"""Commands that read the panel from the store see its rows as the job did."""

import pandas as pd
import pytest

from tests.cli.conftest import QUICK, panel

NAMES = ["A0", "A1"]


@pytest.fixture
def job(cli):
    """Two airports with a forecast, and one whose only row cannot be used."""
    bad = panel(["BAD"], months=1).assign(passengers=-5)
    data = cli.write(pd.concat([panel(NAMES), bad]))
    cli("run", "--data", data, *QUICK, "--out", "first.csv")
    return cli.json("history")[0]


def test_one_row_that_cannot_be_used_is_its_own_airports_alone(cli, job):
    """A column of text holds NaN for nothing, which is nothing wrong."""
    cli("forecast", "--horizon", "3", "--out", "again.csv")
    first, again = (pd.read_csv(cli.folder / f"{name}.csv") for name in ("first", "again"))
    forecast = ["airport", "date", "mean", "lo-95", "hi-95"]
    pd.testing.assert_frame_equal(again[forecast], first[forecast])
    assert cli.json("history")[0]["rejected"] == 1


def test_a_retry_of_what_was_rejected_leaves_the_others(cli, job):
    cli("retry", job["job_id"], "--status", "rejected", "--out", "again.csv")
    [after] = cli.json("history")
    assert (after["ok"], after["rejected"], after["status"]) == (2, 1, job["status"])
    assert (cli.folder / "again.csv").read_bytes() == (cli.folder / "first.csv").read_bytes()


def test_the_monitor_and_a_reproduction_read_it_too(cli, job):
    said = cli("monitor", code=6).stderr
    assert "No recorded live forecast is of a period up to" in said  # nor is there one
    cli("reproduce", "latest")


def test_a_retry_without_forecasts_does_not_say_that_it_wrote_them(cli):
    data = cli.write(panel(["BAD"], months=2).assign(passengers=-5))
    cli("run", "--data", data, *QUICK, code=3)
    said = cli("retry", "latest", "--out", "none.csv").stdout
    assert "forecasts   none: no airport of the job has one" in said
    assert not (cli.folder / "none.csv").exists()

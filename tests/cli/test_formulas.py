"""A job of airports whose names are formulas, in every CSV that a command writes."""

import csv
import io

from tests.cli.conftest import QUICK, panel

NAMES = ["=1+1", "@x", "JFK"]
SAFE = {"'=1+1", "'@x", "JFK"}


def column(text, name="airport"):
    return {row[name] for row in csv.DictReader(io.StringIO(text, newline=""))}


def test_every_csv_is_inert_and_json_has_the_names(cli):
    data = cli.write(panel(NAMES))
    assert column(cli("run", "--data", data, *QUICK, "--out", "-").stdout) == SAFE
    cli("run", "--data", data, *QUICK, "--out", "f.csv")
    assert column((cli.folder / "f.csv").read_text()) == SAFE
    assert column(cli("history", "airports", "--csv").stdout) == SAFE
    assert {row["airport"] for row in cli.json("history", "airports")} == set(NAMES)
    found = cli.json("explain", "--airport", "=1+1", "--date", "2018-05", "--quick")
    assert found["airport"] == "=1+1"
    assert "=1+1" in cli("explain", "--airport", "'=1+1", "--date", "2018-05", code=6).stderr


def test_a_backtest(cli):
    data = cli.write(panel(["=1+1"]))
    options = ["--from", "2018-01", "--to", "2018-01", *QUICK, "--out", "-"]
    assert column(cli("backtest", "--data", data, *options).stdout) == {"'=1+1"}

"""Why was the forecast so far off? Asked on the command line, of a real store."""

import io
import json
import sqlite3
import subprocess
import sys

import pandas as pd
import pytest

from tests.cli.conftest import QUICK, panel
from tests.explain_schema import faults

AIRPORTS = ("JFK", "LGA", "EWR", "BOS")


@pytest.fixture
def asked(cli):
    """Forecasts from two cutoffs; then everything falls by half but BOS, which goes on."""
    frame = panel(AIRPORTS)
    fallen = frame.copy()
    late = (fallen["date"] >= "2018-03-01") & (fallen["airport"] != "BOS")
    fallen.loc[late, "passengers"] //= 2
    cli.frame = frame
    cli.data = cli.write(fallen)
    for cutoff in ("2018-01", "2018-02"):
        cli("run", "--data", cli.data, "--as-of", cutoff, *QUICK, "-q")
    return cli


def ask(cli, *more, airport="JFK", date="2018-03"):
    found = cli.json("explain", "--airport", airport, "--date", date, *more)
    assert list(faults(found)) == []
    return found


def test_a_system_wide_fall_is_named_with_its_share_and_parts_that_sum(asked):
    found = ask(asked)
    assert found["verdict"] == "system_shock"
    assert found["fleet"]["airports"] == 4
    assert found["fleet"]["share_same"] == pytest.approx(2 / 3)
    assert "67 %" in found["sentence"]
    assert sum(p["value"] for p in found["parts"]) == pytest.approx(found["miss"], rel=1e-9)
    assert found["replay"]["result"] == "bit-identical"
    change = found["vintage_change"]
    assert (change["from"], change["to"]) == ("2018-01-01", "2018-02-01")
    total = sum(p["value"] for p in change["parts"])
    assert total == pytest.approx(change["difference"], abs=1e-6)
    assert change["difference"] == pytest.approx(
        found["vintages"][0]["mean"] - found["vintages"][1]["mean"]
    )
    assert ask(asked, airport="BOS")["verdict"] == "expected_noise"


def test_the_whole_fleet_of_a_month(asked):
    found = asked.json("explain", "--date", "2018-03")
    assert found["counts"] == {"system_shock": 3, "expected_noise": 1}
    assert {line["airport"] for line in found["airports"]} == set(AIRPORTS)
    assert found["airports"][-1]["airport"] == "BOS"
    assert (found["outside_low"], found["outside_high"]) == (3, 0)
    shown = asked("explain", "--worst", "2").stdout  # without a date: the newest with an actual
    assert "April 2018" in shown
    assert shown.count("System-wide shock") == 3
    table = asked("explain", "--date", "2018-03", "--csv").stdout
    rows = pd.read_csv(io.StringIO(table))
    assert rows["miss"].sum() == pytest.approx(found["miss"])
    assert list(rows["airport"]) == [line["airport"] for line in found["airports"]]
    said = asked("explain", "--date", "2018-03", "--quick", code=2).stderr
    assert "--quick is about one airport." in said
    assert "Name it with --airport." in said
    said = asked("explain", "--airport", "JFK", "--worst", "3", code=2).stderr
    assert "Leave out --airport." in said
    asked("explain", "--worst", "0", code=2)
    newest = asked.json("explain", "--airport", "JFK")
    assert (newest["date"], newest["verdict"]) == ("2018-04-01", "system_shock")


def test_a_file_of_one_airport_cannot_tell_local_from_system_wide(asked):
    frame = pd.read_csv(asked.data)
    one = asked.write(frame[frame["airport"] == "JFK"], "one.csv")
    asked("run", "--data", one, "--as-of", "2018-02", *QUICK, "-q", "--experiment", "one")
    found = ask(asked, "--experiment", "one", "--data", one)
    assert found["verdict"] == "cannot_tell"
    assert "cannot tell local from system-wide" in found["sentence"]
    assert found["next_time"]


def test_the_newest_file_counts_when_it_is_given(asked):
    frame = asked.frame.copy()
    here = (frame["airport"] == "JFK") & (frame["date"] == "2018-03-01")
    frame.loc[here, "passengers"] *= 2
    mended = asked.write(frame, "mended.csv")
    found = ask(asked, "--data", mended)
    assert found["verdict"] == "data_problem"
    assert found["evidence"][0]["name"] == "fault_actual_revised"


def test_vintages_can_be_chosen_and_compared(asked):
    assert ask(asked, "--cutoff", "2018-01")["forecast"]["cutoff"] == "2018-01-01"
    found = ask(asked, "--between", "2018-02", "2018-01", "--cutoff", "2018-01")
    assert found["vintage_change"]["from"] == "2018-01-01"
    for same in (("2018-02", "2018-02"), ("2018-02-01", "2018-02")):
        question = ("explain", "--airport", "JFK", "--date", "2018-03", "--between", *same)
        assert "those of one forecast" in asked(*question, code=2).stderr
    missing = asked(
        *("explain", "--airport", "JFK", "--date", "2018-03", "--cutoff", "2017-01"), code=6
    )
    assert "2018-02-01" in missing.stderr


def test_quick_reads_the_record_alone(asked):
    found = ask(asked, "--quick")
    assert (found["verdict"], found["parts"], found["fleet"]) == (None, [], None)
    assert found["miss"] == ask(asked)["miss"]
    code = (
        "import sys; from forecastctl.cli.app import app; sys.argv[1:] = "
        "['explain', '--airport', 'JFK', '--date', '2018-03', '--quick', '--json']\n"
        "try: app()\nexcept SystemExit: pass\n"
        "print([m for m in ('mlflow', 'pandas', 'numba', 'ruptures') if m in sys.modules], "
        "file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=asked.folder, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["verdict"] is None
    assert done.stderr.strip() == "[]"


@pytest.mark.slow
def test_page_and_images_are_written_and_recorded(asked):
    page, png, svg = (asked.folder / f"why.{kind}" for kind in ("html", "png", "svg"))
    found = ask(asked, "--html", page, "--image", png)
    asked("explain", "--airport", "JFK", "--date", "2018-03", "--image", svg)
    assert "JFK" in page.read_text()
    assert png.read_bytes()[:4] == b"\x89PNG"
    assert b"<svg" in svg.read_bytes()
    run_id = found["lineage"]["run_id"]
    with sqlite3.connect(asked.folder / "mlflow.db") as store:
        row = store.execute(
            "SELECT artifact_uri, status, end_time FROM runs WHERE run_uuid = ?", [run_id]
        ).fetchone()
    assert row[1] == "FINISHED"
    assert row[2]
    kept = next(asked.folder.rglob(f"{run_id}/artifacts/explain/2018-03-01.html"))
    assert kept.read_bytes() == page.read_bytes()


@pytest.mark.parametrize(
    "flags",
    [
        ["--image", "why.gif"],
        ["--html", "nowhere/why.html"],
        ["--html", "."],
        ["--quick", "--html", "why.html"],
    ],
)
def test_what_cannot_be_written_is_refused_before_any_work(cli, flags):
    refused = cli("explain", "--airport", "JFK", "--date", "2018-03", *flags, code=2)
    assert refused.stdout == ""
    assert "next:" in refused.stderr


def test_people_read_the_answer_first(asked):
    shown = asked("explain", "--airport", "JFK", "--date", "2018-03").stdout.splitlines()
    assert shown[0].startswith("JFK, March 2018:")
    assert "system-wide shock" in shown[0]


def test_a_month_that_has_not_come_yet_has_no_verdict_but_an_advice(asked):
    cut = asked.write(asked.frame[asked.frame["date"] < "2018-03-01"], "cut.csv")
    asked("run", "--data", cut, *QUICK, "-q", "--experiment", "early")
    found = ask(asked, "--experiment", "early")
    assert found["verdict"] == "cannot_tell"
    assert found["actual"] is None
    assert "--data" in found["next_time"][0]


def test_a_failed_run_is_the_answer_where_there_is_no_forecast(asked):
    frame = asked.frame.copy()
    frame.loc[frame["airport"] == "LGA", "passengers"] = 10
    bad = asked.write(frame[frame["date"] < "2018-03-01"], "bad.csv")
    rejected = asked("run", "--data", bad, *QUICK, "-q", "--experiment", "bad")
    assert rejected.exit_code == 0
    refused = asked(
        *("explain", "--airport", "LGA", "--date", "2018-03", "--experiment", "bad"), code=6
    )
    assert "rejected" in refused.stderr


@pytest.mark.slow
@pytest.mark.parametrize("form", [[], ["--json"], ["--quick"]])
def test_a_whole_answer_loads_no_library_that_takes_longer_than_the_answer(asked, form):
    found = ask(asked)
    assert (found["verdict"], found["fleet"]["source"]) == ("system_shock", "recorded")
    assert found["vintage_change"]["parts"]
    heavy = ("pandas", "mlflow", "statsmodels", "hyperopt", "ruptures", "sqlalchemy")
    if form == ["--quick"]:
        heavy += ("numba", "scipy")  # nothing is fitted
    code = (
        "import sys; from forecastctl.cli.app import app; sys.argv[1:] = "
        f"{['explain', '--airport', 'JFK', '--date', '2018-03', *form]!r}\n"
        "try: app()\nexcept SystemExit: pass\n"
        f"print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=asked.folder, capture_output=True, text=True, check=True
    )
    assert "1,503 too high" in done.stdout
    assert done.stderr.strip() == "[]"


@pytest.mark.slow
def test_a_quick_answer_names_both_values_of_a_month(cli):
    """Without a verdict too: the last of the two had been taken without a word."""
    first = panel(["JFK", "LGA"])
    cli("run", "--data", cli.write(first), "--as-of", "2018-03", *QUICK)
    again = first[(first["airport"] == "JFK") & (first["date"] == "2018-04-01")]
    newer = pd.concat([first, again.assign(passengers=3000)], ignore_index=True)
    cli("run", "--data", cli.write(newer, "newer.csv"), *QUICK)
    found = cli.json("explain", "--airport", "JFK", "--date", "2018-04", "--quick")
    assert found["actual"] == 3000
    held = f"{again['passengers'].item():,}, 3,000"
    assert found["actual_source"].endswith(f", the last of its values of this period: {held}")

"""The bench command: what it refuses, and one comparison from end to end."""

import csv
import json

import pytest

from tests.cli.conftest import panel


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--airports", "0"], "--airports must be at least 1"),
        (["--rounds", "0"], "--rounds must be at least 1"),
        (["--price", "-1"], "--price must be a number from 0 on"),
        (["--price", "nan"], "--price must be a number from 0 on"),
        (["--backends", "loky,sprak"], "no backend 'sprak'"),
        (["--out", "chart.pdf"], "must end in one of .png, .svg, .csv"),
        (["--out", "nowhere/chart.png"], "no such directory"),
        (["--data", "air.csv", "--airports", "3"], "--data names a file"),
        (["--data", "-"], "stdin can be read only once"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_runs(bare, arguments, said):
    assert said in bare("bench", *arguments, code=2).stderr


@pytest.mark.slow
def test_a_comparison_finds_equal_forecasts_and_leaves_nothing_behind(bare):
    bare.write(panel(["JFK", "LGA"]))
    bare.write("[tune]\nmax_evals = 2\n[data]\nvalue = 'passengers'\n", "forecastctl.toml")
    given = ["--data", "air.csv", "--backends", "serial,threads,loky,shares", "--jobs", "2"]
    before = {path.name for path in bare.folder.iterdir()}
    found = bare.json("bench", *given, "--price", "2", "--out", "ways.csv")
    assert found["same_forecasts"] is True
    assert [row["way"] for row in found["ways"]] == [
        *("serial", "concurrent", "parallel", "parallel and concurrent"),
        "in shares, a process each",
    ]
    assert [row["workers"] for row in found["ways"]] == [1, 2, 2, 2, 2]
    for one in found["rounds"]:
        assert one["airports"] == 2
        assert 0 < one["startup_seconds"] < one["wall_seconds"]
        assert one["startup_cpu_seconds"] + one["models_cpu_seconds"] < one["cpu_seconds"]
        assert one["peak_bytes"] > 50_000_000
    rows = list(csv.DictReader((bare.folder / "ways.csv").open()))
    assert [row["backend"] for row in rows] == ["serial", "threads", "loky", "loky", "shares"]
    assert {path.name for path in bare.folder.iterdir()} == {*before, "ways.csv"}


@pytest.mark.slow
def test_shares_that_fail_are_said_to(bare):
    bare.write("airport,date,passengers\n", "air.csv")
    given = ["--data", "air.csv", "--backends", "shares", "--jobs", "2"]
    result = bare("bench", *given, "--json", code=7)
    assert json.loads(result.stdout)["ways"] == []
    assert "shares did not come to its end: exit code 3" in result.stderr


@pytest.mark.slow
def test_a_way_that_fails_is_said_to_and_the_command_ends_with_7(bare):
    bare.write("airport,date,passengers\n", "air.csv")
    result = bare("bench", "--data", "air.csv", "--backends", "serial", "--json", code=7)
    assert json.loads(result.stdout)["ways"] == []
    assert "serial did not come to its end: exit code 3" in result.stderr


@pytest.mark.parametrize(
    "others", [[], pytest.param(["serial"], marks=pytest.mark.slow)], ids=["alone", "with others"]
)
def test_what_was_asked_for_by_name_and_is_not_installed_ends_it_with_2(bare, monkeypatch, others):
    """As it ends a ``run --backend``; the other ways are measured all the same."""
    monkeypatch.setattr("forecastctl.bench.ways._PACKAGES", {"ray": "no_such_package"})
    bare.write(panel(["JFK"]))
    given = ["--data", "air.csv", "--backends", ",".join(["ray", *others]), "--max-evals", "2"]
    result = bare("bench", *given, "--json", code=2)
    found = json.loads(result.stdout)
    assert list(found["skipped"]) == ["ray"]
    assert [row["backend"] for row in found["ways"]] == others
    assert "error: --backends ray: no_such_package is not installed" in result.stderr

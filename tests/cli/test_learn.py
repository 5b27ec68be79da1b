"""--learn on the command line, against a real MLflow store."""

import json

import pytest

from forecastctl.settings import load_settings
from tests.cli.conftest import panel

SEARCH = ["--family", "holt_winters", "--family", "ets", "--max-evals", "30", "--combine", "1"]
SEARCH += ["--horizon", "3", "--folds", "2", "--jobs", "1"]


@pytest.mark.slow
def test_the_second_month_learns_is_recorded_and_can_be_reproduced(cli):
    data = cli.write(panel(["JFK", "LGA", "EWR"], months=40))
    first = cli.json("tune", "--data", data, "--as-of", "2018-03", *SEARCH)
    second = cli.json("run", "--data", data, "--learn", "--no-charts", *SEARCH)
    runs = cli.json("history", "airports", "--job", second["job_id"])
    assert len(runs) == 3
    trials = cli.json("history", "trials", "--job", second["job_id"], "--limit", 200)
    cold = cli.json("history", "trials", "--job", first["job_id"], "--limit", 200)
    assert len(cold) == 90
    assert len(trials) < 90
    (path,) = cli.folder.rglob(f"{first['run_id']}/artifacts/winners.json")
    assert [row[0] for row in json.loads(path.read_text())["data"]] == ["EWR", "JFK", "LGA"]
    learned = list(cli.folder.rglob("learned.json"))
    assert len(learned) == 3
    origins = {s["origin"] for p in learned for s in json.loads(p.read_text())["starts"]}
    assert "own" in origins
    found = cli.json("reproduce", second["job_id"], "--refit", "--jobs", 1)
    assert found["refit"]["bit-identical"] == 3


def test_learning_is_off_by_default_and_part_of_what_decides_a_forecast():
    off, on = load_settings(environ={}), load_settings({"tune.learn": True}, environ={})
    assert off.tune.learn is False
    assert off.result_digest() != on.result_digest()
    assert off.search() == on.search()

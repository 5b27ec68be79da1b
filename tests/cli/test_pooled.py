"""What is learned from all airports together: recorded, replayed, explained, done again."""

import json

import pytest

from forecastctl.records import FleetLines, Line, Query
from forecastctl.records.schema import File
from forecastctl.store.open import open_tracker
from tests.cli.conftest import panel

ASKED = ["--family", "seasonal_naive", "--family", "pooled", "--max-evals", "6"]
ASKED += ["--horizon", "3", "--folds", "2", "--no-charts", "--jobs", "1"]
AIRPORTS = [f"A{i}" for i in range(6)]


@pytest.fixture
def job(cli):
    """A job whose models are all pooled but one, and what it forecast."""
    data = cli.write(panel(AIRPORTS, months=84))
    cli("run", "--data", data, *ASKED, "--out", "f.csv")
    return data


def rows(cli, name, airport):
    """Means of the forecasts of an airport, and the model, as they were written."""
    table = [line.split(",") for line in (cli.folder / name).read_text().splitlines()]
    return [(row[1], row[2]) for row in table if row[0] == airport]


def stored(cli):
    """What the newest job has recorded of the fleet."""
    tracker = open_tracker(cli.uri, "forecastctl", reading=True)
    (run,) = tracker.find(Query(tags={"kind": "job"}, limit=1))
    return json.loads(tracker.read_artifact(run.run_id, File.POOLED))


def test_a_job_records_what_it_learned_once(cli, job):
    found = stored(cli)
    newest = found[max(found)]
    assert sorted(newest) == [  # of three seasons there are not enough windows
        f"Pooled {seasons}{root}"
        for seasons in ("1 season", "2 seasons")
        for root in ("", " boxcox 0.50")
    ]
    line = newest["Pooled 2 seasons"]
    assert len(line["weights"]) == 25
    assert line["airports"] == 6
    assert line["windows"] == 6 * (84 - 25)
    assert len(found) == 3  # the cutoff and two origins
    known = FleetLines(
        {
            day: {label: Line(tuple(o["weights"]), o["sd"]) for label, o in lines.items()}
            for day, lines in found.items()
        }
    )
    assert known.known(found, "Pooled 2 seasons")


def test_it_is_replayed_and_fitted_again_to_the_last_bit(cli, job):
    said = cli("reproduce", "latest", "--refit").stdout
    assert "6 of 6 replayed bit-identical; 6 of 6 tuned and fitted anew bit-identical" in said
    cli("train", "--data", job, "--jobs", "1")
    cli("forecast", "--out", "again.csv", "--horizon", "3")
    assert rows(cli, "again.csv", "A2") == rows(cli, "f.csv", "A2")


def test_one_airport_alone_learns_from_all_of_its_panel(cli, job):
    cli("run", "--data", job, *ASKED, "--airport", "A2", "--experiment", "one", "--out", "one.csv")
    assert rows(cli, "one.csv", "A2") == rows(cli, "f.csv", "A2")
    alone = panel(AIRPORTS, months=84)
    path = cli.write(alone[alone["airport"] == "A2"], "alone.csv")
    cli("run", "--data", path, *ASKED, "--experiment", "two", "--out", "two.csv")
    assert rows(cli, "two.csv", "A2") != rows(cli, "f.csv", "A2")
    models = {t["model"] for t in cli.json("history", "trials", "--experiment", "two")}
    assert not any("Pooled" in model for model in models)


def test_a_backtest_and_an_explanation(cli, job):
    cli(
        "backtest",
        "--data",
        job,
        *ASKED[:-3],
        "--from",
        "2021-06",
        "--to",
        "2021-07",
        "--jobs",
        "1",
    )
    found = cli.json("explain", "--airport", "A2", "--date", "2021-08")
    assert sum(part["value"] for part in found["parts"]) == pytest.approx(found["miss"])
    assert "Pooled 2 seasons" in found["vintages"][0]["model"]
    change = found["vintage_change"]
    parts = {part["name"]: part["value"] for part in change["parts"]}
    assert sum(parts.values()) == pytest.approx(change["difference"])
    assert parts["data_added"] != 0.0 != parts["parameters"]
    assert parts["code"] == parts["specification"] == parts["data_revised"] == 0.0

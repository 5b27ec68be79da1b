"""Registering, promoting and rolling back as commands, in a real store."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from tests.cli.conftest import QUICK, panel

AIRPORTS = [f"A{i}" for i in range(6)]
TRAIN = ["run", "--as-of", "2017-12", "--family", "seasonal_naive", *QUICK[4:], "--data"]
GOOD, BAD = [*TRAIN, "air.csv"], [*TRAIN, "bad.csv"]
NAME = ["--registered-as", "fleet"]


@pytest.fixture
def fleet(cli):
    """Data with half a year more than the jobs will see, and data that are a third too high."""
    data = panel(AIRPORTS, months=42)
    data["region"] = data["airport"].map(lambda name: "north" if name < "A3" else "south")
    cli.write(data)
    cli.write(data.assign(passengers=data["passengers"] * 4 // 3), "bad.csv")
    return cli


def aliases(cli):
    """What stands for which version, as the store has it."""
    with sqlite3.connect(cli.folder / "mlflow.db") as database:
        return dict(database.execute("SELECT alias, version FROM registered_model_aliases"))


@pytest.mark.slow
def test_from_the_first_champion_to_the_rollback(fleet, monkeypatch):
    """Wherever the environment points, everything is in the store of the settings."""
    elsewhere = f"sqlite:///{fleet.folder}/elsewhere.db"
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", elsewhere)
    said = fleet(*BAD, *NAME)
    assert "registered as fleet version 1 (challenger)" in said.stderr
    first = fleet("promote", *NAME).stdout
    assert first.startswith("fleet version 1 is the champion, the first one.\n")
    assert "The model 'fleet' had no champion yet." in first
    fleet(*GOOD, *NAME)
    assert aliases(fleet) == {"champion": 1, "challenger": 2}
    asked = fleet.json("promote", *NAME, "--data", "air.csv", "--dry-run")
    assert (asked["decision"], asked["basis"], asked["run_id"]) == ("promoted", "realised", None)
    assert aliases(fleet) == {"champion": 1, "challenger": 2}
    told = fleet("promote", *NAME, "--data", "air.csv").stdout
    assert told.startswith("fleet version 2 is promoted: it is the champion.\n")
    assert "realised errors of 6 airports in 6 periods are" in told
    assert "mean lead 3.5 of the challenger, 3.5 of the champion" in told
    assert aliases(fleet) == {"champion": 2}
    refused = fleet("promote", "1", *NAME, "--data", "air.csv", code=7)
    assert refused.stdout.startswith("fleet version 1 is not promoted.\n")
    quiet = fleet("promote", "1", *NAME, "--data", "air.csv", "--quiet", code=7)
    assert (quiet.stdout, "it is worse." in quiet.stderr) == ("", True)
    back = fleet("promote", "--rollback", *NAME).stdout
    assert back.startswith("fleet version 1 is the champion again.\n")
    assert aliases(fleet) == {"champion": 1}
    rows = fleet.json("history", "promotions")
    statuses = ["rolled-back", "refused", "refused", "promoted", "first"]
    assert [row["status"] for row in rows] == statuses
    assert fleet.json("history", "promotions", "--status", "refused", "--limit", "1") == rows[1:2]
    assert not (fleet.folder / "elsewhere.db").exists()


@pytest.mark.slow
def test_a_plain_run_registers_nothing_and_promote_does_it_later(fleet):
    summary = fleet.json(*BAD)
    with sqlite3.connect(fleet.folder / "mlflow.db") as database:
        assert database.execute("SELECT count(*) FROM registered_models").fetchone() == (0,)
    said = fleet.json("promote", "--job", summary["job_id"])
    assert (said["decision"], said["model"]) == ("first", "forecastctl")
    assert said["challenger"]["run_id"] == summary["run_id"]
    assert fleet.json("promote")["decision"] == "unchanged"


@pytest.mark.slow
def test_the_name_may_stand_in_the_settings(fleet):
    fleet.write('[tracking]\nregistered_as = "passengers"\n', "forecastctl.toml")
    said = fleet(*BAD)
    assert "registered as passengers version 1 (challenger)" in said.stderr
    assert fleet.json("promote")["model"] == "passengers"


def test_that_registering_fails_is_no_failure_of_the_job(fleet):
    fleet("run", "--data", "air.csv", *QUICK, "--as-of", "2017-11")
    with sqlite3.connect(fleet.folder / "mlflow.db") as database:
        database.execute(
            "CREATE TRIGGER no_models BEFORE INSERT ON registered_models "
            "BEGIN SELECT RAISE(ABORT, 'no models here'); END"
        )
    said = fleet(*BAD, "--json", *NAME)
    summary = json.loads(said.stdout)
    assert summary["status"] == "ok"
    assert "warning: the model of this job is not registered. " in said.stderr
    assert f"Later 'forecastctl promote --job {summary['job_id']}' registers it." in said.stderr
    assert "MLflow cannot register the model of run" in said.stderr


def test_groups_of_the_data_are_compared(fleet):
    fleet(*BAD, *NAME)
    fleet("promote", *NAME)
    fleet(*GOOD, *NAME)
    said = fleet.json("promote", *NAME, "--data", "air.csv", "--group", "region", "--dry-run")
    assert [row["group"] for row in said["groups"]] == ["region north", "region south"]
    assert pd.DataFrame(said["groups"])["airports"].tolist() == [3, 3]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["1", "--job", "latest"], "VERSION and --job contradict each other."),
        (["--rollback", "--force"], "--rollback goes back to the version before the champion"),
        (["--confidence", "95"], "--confidence must be above 0.5 and below 1, not 95."),
        (["--margin", "-1"], "--margin must be from 0 to below 100 percent, not -1."),
        (["--registered-as", "a/b"], "may hold neither '/' nor ':'"),
    ],
)
def test_what_contradicts_itself_or_cannot_be(cli, options, sentence):
    assert sentence in cli("promote", *options, code=2).stderr


def test_what_is_not_there(fleet):
    fleet(*BAD)
    assert "no version with the alias" in fleet("promote", "--rollback", code=6).stderr
    assert "There is no version 3 of the model" in fleet("promote", "3", code=6).stderr
    served = fleet("serve", code=6).stderr
    assert "There is no registered model 'forecastctl'." in served
    assert "'forecastctl promote' makes a champion" in served
    fleet("promote")
    missing = fleet("serve", "--model", "models:/forecastctl@challenger", code=6).stderr
    assert "The model 'forecastctl' has no alias 'challenger'." in missing
    assert "has no version 2." in fleet("serve", "--model", "models:/forecastctl/2", code=6).stderr
    assert "no address of a model" in fleet("serve", "--model", "forecastctl", code=2).stderr
    assert "--port must be from 1" in fleet("serve", "--port", "0", code=2).stderr
    fleet("serve", "--model", f"runs:/{'0' * 32}/fleet", code=6)


@pytest.mark.slow
def test_two_at_once_wait_for_each_other(fleet):
    """Both see the same challenger; one promotes it, and the other finds it promoted."""
    fleet(*BAD, *NAME)
    fleet("promote", *NAME)
    fleet(*GOOD, *NAME)
    asked = ["promote", *NAME, "--data", "air.csv", "--wait", "600", "--json"]
    with ThreadPoolExecutor(2) as both:
        ended = list(both.map(lambda _: fleet.process(*asked), range(2)))
    assert [done.returncode for done in ended] == [0, 0], [done.stderr for done in ended]
    decisions = sorted(json.loads(done.stdout)["decision"] for done in ended)
    assert decisions == ["promoted", "unchanged"]
    assert aliases(fleet) == {"champion": 2}
    assert len(fleet.json("history", "promotions")) == 2

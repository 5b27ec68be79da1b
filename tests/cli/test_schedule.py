"""The schedule command, and the job that its crontab line starts."""

import json
import os
import subprocess
import sys

import pytest

from forecastctl.store.alive import Holder
from forecastctl.store.lock.file import FileLock
from forecastctl.store.mlflow.address import resolve
from tests.cli.conftest import panel
from tests.schedule.places import TOML
from tests.schedule.test_texts import crontab_command


@pytest.fixture
def placed(bare, fresh_store, monkeypatch):
    """A configuration in a directory with a difficult name."""
    folder = bare.folder / "it's 100% a b"
    folder.mkdir()
    (folder / "forecastctl.toml").write_text(TOML)
    (folder / "mlflow.db").write_bytes(fresh_store.read_bytes())
    panel(["JFK"]).to_csv(folder / "air.csv", index=False)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    bare.folder = folder
    return bare


def start(text):
    """Run the command of a crontab as cron does: no terminal, and next to no environment."""
    _, command = crontab_command(text)
    return subprocess.run(
        ["env", "-i", "/bin/sh", "-c", command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",
        timeout=600,
        start_new_session=True,
        check=False,
    )


@pytest.mark.slow
def test_the_line_for_cron_does_the_job(placed):
    line = placed("schedule", "cron", "--at", "05:15").stdout
    assert crontab_command(line)[0] == "15 5 * * *"
    done = start(line)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (placed.folder / "forecasts.csv").stat().st_size
    assert "1 airport: 1 ok" in (placed.folder / "forecastctl.log").read_text()
    (job,) = placed.json("history")
    assert job["status"] == "ok"
    lock = FileLock(resolve("sqlite:///mlflow.db"), "forecastctl", Holder("run", "db1", 4711))
    assert lock.take() is None
    second = start(line)
    assert second.returncode == 8
    assert "Another job is at work" in second.stdout
    lock.give_back()
    (placed.folder / "air.csv").unlink()
    failed = start(line)
    assert failed.returncode == 3
    assert failed.stdout.startswith("forecastctl ended with exit code 3")
    assert "air.csv" in failed.stdout


@pytest.mark.parametrize("kind", ["cron", "systemd", "kubernetes", "airflow"])
def test_what_the_environment_sets_goes_along_but_for_secrets(placed, monkeypatch, kind):
    monkeypatch.setenv("FORECASTCTL_TRACKING__EXPERIMENT", "night shift")
    monkeypatch.setenv("FORECASTCTL_FORECAST__OUT", "postgresql://me:CANARY@db/out")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "CANARY")
    text = placed("schedule", kind).stdout
    assert "night shift" in text
    assert "CANARY" not in text
    note = next(line for line in text.splitlines() if "FORECASTCTL_FORECAST__OUT, MLFLOW" in line)
    assert note.startswith("# ")


def test_the_settings_of_now_are_those_of_the_job(placed, monkeypatch, tmp_path):
    other = placed.folder / "other.toml"
    other.write_text(TOML)
    monkeypatch.setenv("FORECASTCTL_CONFIG", str(other))
    assert "other.toml" in placed("schedule", "cron").stdout
    named = placed("schedule", "cron", "--config", "forecastctl.toml", "--log", "x.log").stdout
    assert "other.toml" not in named
    assert "/x.log" in named


def test_what_starts_it_knows_how_the_job_is_ended(placed, monkeypatch):
    monkeypatch.setenv("FORECASTCTL_RUN__GRACE", "600")
    monkeypatch.setenv("FORECASTCTL_RUN__DEADLINE", "06:15")
    assert "TimeoutStopSec=660\n" in placed("schedule", "systemd").stdout
    manifest = placed("schedule", "kubernetes").stdout
    assert "terminationGracePeriodSeconds: 660\n" in manifest
    assert f"activeDeadlineSeconds: {600 + 3600 + 120 + 660}\n" in manifest
    assert '"retries": 0' in placed("schedule", "airflow").stdout


def test_a_claim_that_does_not_hold_the_settings_is_refused(placed, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text(TOML.replace("air.csv", str(placed.folder / "air.csv")))
    said = placed("schedule", "kubernetes", "--config", other, code=2).stderr
    assert "settings lie elsewhere" in said
    placed("schedule", "cron", "--config", other)


def test_data_outside_of_the_claim_are_named(placed):
    (placed.folder / "forecastctl.toml").write_text(
        "[data]\nsource = '../air.csv'\n[tracking]\nuri = 'sqlite:///mlflow.db'\n"
    )
    shown = placed("schedule", "kubernetes")
    note = f"data.source, {placed.folder.parent / 'air.csv'}, lies outside of the claim"
    assert f"# {note}" in shown.stdout
    assert note in shown.stderr
    assert "tracking.uri" not in shown.stderr
    assert not placed("schedule", "cron").stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["croon"], "no schedule 'croon'"),
        (["cron", "--at", "25:00"], "--at"),
        (["cron", "--cron", "* * *"], "3 fields"),
        (["cron", "--cron", "@daily", "--at", "5:00"], "both say when"),
        (["cron", "--config", "none.toml"], "none.toml"),
    ],
)
def test_mistakes(placed, arguments, said):
    assert said in placed("schedule", *arguments, code=2).stderr


def test_without_data_there_is_nothing_to_start(bare):
    assert "No data source" in bare("schedule", "cron", code=2).stderr


def test_the_dag_is_python_and_the_manifest_json_in_yaml(placed):
    import ast

    import yaml

    ast.parse(placed("schedule", "airflow", "--cron", "@weekly").stdout)
    manifest = yaml.safe_load(placed("schedule", "kubernetes", "--image", "x:1").stdout)
    json.dumps(manifest)
    assert manifest["spec"]["schedule"] == "15 5 * * *"

"""The examples work."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from forecastctl.cli.app import app
from forecastctl.settings import SECTIONS, Settings, load_settings

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_example_settings_hold_every_key_and_its_default():
    text = (EXAMPLES / "forecastctl.toml").read_text(encoding="utf-8")
    keys, section = [], None
    for line in text.splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
        elif key := re.match(r"(?:# )?(\w+) = ", line):
            keys.append(f"{section}.{key[1]}")
    assert keys == [f"{s}.{k}" for s in SECTIONS for k in type(getattr(Settings(), s)).model_fields]


def test_the_example_settings_load_and_keep_the_defaults():
    path = EXAMPLES / "forecastctl.toml"
    settings = load_settings({}, config=path, environ={})
    given = {s: dict(v) for s, v in tomllib.loads(path.read_text(encoding="utf-8")).items()}
    assert set(given) == set(SECTIONS)
    free = {"data.source", "forecast.out", "tracking.uri"}
    for name, value, _ in settings.items():
        section, _, key = name.partition(".")
        if name not in free:
            assert value == getattr(getattr(Settings(), section), key), name
    assert settings.data.source == str(EXAMPLES / "passengers.csv")


def test_every_key_that_is_commented_out_can_be_used(tmp_path):
    text = (EXAMPLES / "forecastctl.toml").read_text(encoding="utf-8")
    path = tmp_path / "forecastctl.toml"
    path.write_text(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE))
    settings = load_settings({}, config=path, environ={})
    assert settings.tune.timeout == 60.0
    assert settings.data.value == "Total Passengers"


@pytest.mark.slow
def test_the_rest_example_gives_the_rows_of_history(mlflow_server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = ["--experiment", "the example's", "--tracking-uri"]
    job = ["run", "--data", "sample", "--airport", "UCW", "--airport", "ELA", "--max-evals", "2"]
    job += ["--no-charts", "--jobs", "1", "--quiet"]
    for layout in ("nested", "flat"):  # straight into the database that the server shows
        run = CliRunner().invoke(app, [*job, "--layout", layout, *place, mlflow_server.store])
        assert run.exit_code == 0, run.output
    for what in ("jobs", "airports", "models"):
        for narrowed in ([], ["--airport", "ELA"])[: 1 if what == "jobs" else 2]:
            asked = [what, *narrowed, "--experiment", "the example's"]
            command = [sys.executable, EXAMPLES / "rest_query.py", mlflow_server.uri, *asked]
            answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            printed = CliRunner().invoke(
                app, ["history", *asked, "--json", "--tracking-uri", mlflow_server.uri]
            )
            assert json.loads(answer) == json.loads(printed.stdout), asked
            assert len(json.loads(answer)) == (2 if narrowed or what == "jobs" else 4)

"""First steps: a settings file from the data, all about a setting, completion in the shell."""

import json
import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

from forecastctl.settings import load_settings
from forecastctl.settings.described import json_schema, names, schema_of
from tests.cli.conftest import QUICK, panel


def content(path):
    return {k: v for k, v in tomllib.loads(path.read_text()).items() if v}


def test_init_writes_settings_with_which_a_job_runs(bare):
    bare.write(panel(["JFK"]))
    said = bare("init", "--data", "air.csv", "--horizon", "3").stdout
    assert "1 airport, monthly, 2015-01 to 2018-04, 40 values" in said
    path = bare.folder / "forecastctl.toml"
    assert content(path) == {"data": {"source": "air.csv"}, "forecast": {"horizon": 3}}
    assert "# level = [80, 95]" in path.read_text()
    assert bare.json("run", *QUICK)["airports"]["ok"] == 1


def test_the_horizon_is_a_year_of_the_data(bare):
    frame = panel(["JFK"])
    frame["date"] = [f"{2000 + i // 4}-Q{i % 4 + 1}" for i in range(len(frame))]
    bare.write(frame)
    bare("init", "--data", "air.csv")
    assert content(bare.folder / "forecastctl.toml")["forecast"]["horizon"] == 4


def test_a_file_that_is_there_stays(bare):
    bare.write("[data]\nsource = 'mine.csv'\n", "forecastctl.toml")
    assert "is there already" in bare("init", "--data", "sample", code=2).stderr
    assert "mine.csv" in (bare.folder / "forecastctl.toml").read_text()
    bare("init", "--data", "sample", "--force", "--quiet")
    assert "mine.csv" not in (bare.folder / "forecastctl.toml").read_text()


def test_a_folder_that_is_missing_is_said(bare):
    said = bare("init", "--data", "sample", "--write", "conf/x.toml", code=2).stderr
    assert "no directory conf" in said
    assert "Make it first" in said


def test_a_broken_file_can_be_replaced(bare):
    bare.write("[data\n", "forecastctl.toml")
    bare("init", "--data", "sample", "--force")
    assert content(bare.folder / "forecastctl.toml")["data"] == {"source": "sample"}


def test_paths_are_relative_to_the_file(bare):
    bare.write(panel(["JFK"]))
    (bare.folder / "conf").mkdir()
    options = ["--out", "f.csv", "--tracking-uri", "sqlite:///m.db", "--write", "conf/x.toml"]
    bare("init", "--data", "air.csv", *options)
    settings = load_settings(config=bare.folder / "conf" / "x.toml")
    assert Path(settings.data.source).samefile(bare.folder / "air.csv")
    assert Path(settings.forecast.out).resolve() == (bare.folder / "f.csv").resolve()
    place = settings.tracking.uri.removeprefix("sqlite:///")
    assert Path(place).resolve() == (bare.folder / "m.db").resolve()


def test_data_that_leave_a_question_are_named_and_the_file_is_there_to_answer_in(bare):
    bare.write("airport,date,passengers\n" + "JFK,01/02/2019,10\nJFK,02/03/2019,11\n")
    ended = bare("init", "--data", "air.csv", code=3)
    assert "forecastctl.toml is written, but the data cannot be read yet" in ended.stderr
    assert content(bare.folder / "forecastctl.toml")["data"] == {"source": "air.csv"}


def test_nothing_is_written_of_data_that_are_not_there(bare):
    assert "There is no file" in bare("init", "--data", "nowhere.csv", code=3).stderr
    assert "Give --data" in bare("init", code=2).stderr
    assert not (bare.folder / "forecastctl.toml").exists()


def test_a_secret_is_not_written_but_asked_of_the_environment(bare):
    uri = "postgresql://me:pa55word@db/x"
    said = bare("init", "--data", "sample", "--tracking-uri", uri).stderr
    assert "tracking.uri holds a secret and is not written: set FORECASTCTL_TRACKING__URI" in said
    assert "pa55word" not in (bare.folder / "forecastctl.toml").read_text()


def test_at_a_terminal_it_asks(bare):
    bare.write(panel(["JFK"]))
    driver, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "forecastctl", "init"],
        cwd=bare.folder,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "dumb"},
    )
    os.close(terminal)
    os.write(driver, b"air.csv\n6\n\n\nmine\n")
    said = b""
    while True:
        try:
            part = os.read(driver, 4096)
        except OSError:
            break
        if not part:
            break
        said += part
    os.close(driver)
    assert process.wait(timeout=600) == 0, said
    assert content(bare.folder / "forecastctl.toml") == {
        "data": {"source": "air.csv"},
        "forecast": {"horizon": 6, "out": "forecasts.csv"},
        "tracking": {"uri": "sqlite:///mlflow.db", "experiment": "mine"},
    }


@pytest.mark.parametrize(
    "asked", ["tune.tpe_share", "tpe_share", "FORECASTCTL_TUNE__TPE_SHARE", "--tpe-share"]
)
def test_a_setting_is_explained_by_any_of_its_names(bare, asked):
    bare.write("[tune]\ntpe_share = 0.25\n", "forecastctl.toml")
    found = bare.json("settings", f"--explain={asked}")
    assert (found["setting"], found["value"]) == ("tune.tpe_share", 0.25)
    assert (found["origin"], found["default"]) == ("forecastctl.toml", 0.0)
    assert found["flags"] == ["--tpe-share"]
    said = bare("settings", f"--explain={asked}").stdout
    assert "number, at least 0, at most 1" in said
    assert "FORECASTCTL_TUNE__TPE_SHARE" in said


def test_a_setting_that_is_not_there_is_answered_with_the_nearest(bare):
    assert "Did you mean 'horizon'?" in bare("settings", "--explain", "horizn", code=2).stderr
    assert "forecast.out, report.out" in bare("settings", "--explain", "out", code=2).stderr


def test_the_schema_knows_what_the_settings_know(bare):
    schema = json.loads(bare("settings", "--schema").stdout)
    assert schema == json_schema()
    jsonschema.Draft7Validator.check_schema(schema)
    check = jsonschema.Draft7Validator(schema)
    defaults = {}
    for name in names():
        section, _, key = name.partition(".")
        if schema_of(name)["default"] is not None:
            defaults.setdefault(section, {})[key] = schema_of(name)["default"]
    assert not list(check.iter_errors(defaults))
    for wrong in ({"tune": {"max_evals": 0}}, {"tune": {"nope": 1}}, {"tracking": {"layout": "x"}}):
        assert list(check.iter_errors(wrong))


def completed(folder, words):
    environment = {
        "_FORECASTCTL_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-m", "forecastctl"],
        cwd=folder,
        env={**os.environ, **environment, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.slow
def test_the_shell_completes_airports_jobs_and_settings(cli):
    cli.write(panel(["JFK", "JAX", "LGA"]))
    job = cli.json("run", "--data", "air.csv", *QUICK)["job_id"]
    assert completed(cli.folder, "forecastctl explain --airport J") == ["JFK", "JAX"]
    assert completed(cli.folder, "forecastctl history --job l") == ["latest"]
    assert completed(cli.folder, f"forecastctl report --job {job[:4]}") == [job]
    assert completed(cli.folder, "forecastctl settings --explain tpe") == ["tpe_share"]


def test_without_a_store_nothing_is_completed_and_nothing_made(bare):
    assert completed(bare.folder, "forecastctl explain --airport J") == []
    assert list(bare.folder.iterdir()) == []

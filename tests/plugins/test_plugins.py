"""Packages in a folder add a family, a loss, an executor and a store to a real job."""

import csv
import json
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest

from tests.plugins.conftest import EXAMPLE, ROOT

pytestmark = pytest.mark.slow

SMALL = ["--max-evals", "4", "--horizon", "3", "--folds", "2", "--no-charts", "--jobs", "2"]
HERE = ["--backend", "serial", "--quiet"]
"""Without processes, whose start is most of what such a job takes."""


@pytest.fixture
def data(site):
    rng = np.random.default_rng(3)
    months = np.arange("2014-01", "2019-01", dtype="datetime64[M]").astype(str)
    with (site.home / "air.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["airport", "date", "passengers"])
        for airport in ("JFK", "LGA"):
            season = 300.0 * np.sin(np.arange(60) * np.pi / 6.0)
            y = 3000.0 + season + rng.normal(0.0, 60.0, 60)
            rows.writerows([airport, m, round(v)] for m, v in zip(months, y, strict=True))
    return site.home / "air.csv"


def test_one_of_each_does_a_job_from_end_to_end(example, data):
    store = ["--tracking-uri", f"journal://{example.home}/fleet"]
    job = ["run", "--data", data, *SMALL, "--family", "median", "--loss", "lost_seats", *store]
    job += ["--as-of", "2018-09"]
    done = json.loads(example(*job, "--json", "--backend", "spawn").stdout)
    assert done["airports"]["ok"] == 2
    assert (example.home / "fleet.forecastctl").exists()
    assert not (example.home / "mlflow.db").exists()
    trials = json.loads(example("history", "trials", "--json", *store).stdout)
    assert {trial["model"] for trial in trials} >= {"SNaive", "Median of 3"}
    airports = json.loads(example("history", "airports", "--best", "--json", *store).stdout)
    assert [a["loss"] for a in airports] == sorted(a["loss"] for a in airports)
    asked = ["explain", "--airport", "JFK", "--date", "2018-11", "--data", data, "--json", *store]
    answer = json.loads(example(*asked).stdout)
    assert answer["replay"]["result"] == "bit-identical"
    assert "Median of 3" in {other["label"] for other in answer["alternatives"]}

    # Workers of joblib, which know nothing of the driver, come to the same bits.
    again = json.loads(example("reproduce", done["job_id"], "--refit", "--json", *store).stdout)
    assert again["differs"] is False
    assert again["refit"]["bit-identical"] == again["replay"]["bit-identical"] == 2


def test_python_names_them_as_the_command_does(example, data):
    program = (
        "import json, forecastctl as fc\n"
        "store = {'tracking_uri': 'journal://fleet'}\n"
        "done = fc.run('air.csv', families='median', loss='lost_seats', backend='spawn', h=3,\n"
        "              max_evals=2, folds=2, jobs=2, charts=False, **store)\n"
        "rows = fc.history('trials', **store)\n"
        "print(json.dumps([done.counts['ok'], sorted(set(rows['model']))]))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        cwd=example.home,
        env=example.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    ok, models = json.loads(told.stdout)
    assert ok == 2
    assert "Median of 3" in models


BROKEN = {
    "absent": ({"forecastctl.families": {"odd": "odd_family:Odd"}}, {}, "No module named"),
    "raises": (
        {"forecastctl.families": {"odd": "odd_family:Odd"}},
        {"odd_family": "raise OSError('no licence\\nfound')"},
        "OSError: no licence found",
    ),
    "incomplete": (
        {"forecastctl.families": {"odd": "odd_family:Odd"}},
        {"odd_family": "class Odd:\n    name, starts, label, fit = 'odd', (), 1, 2\n"},
        "it has no space and no forecast",
    ),
    "other arguments": (
        {"forecastctl.families": {"odd": "odd_family:Odd"}},
        {
            "odd_family": "class Odd:\n    name, starts = 'odd', ()\n    label = fit = space = print\n"
            "    def forecast(self, fit, h): ...\n"
        },
        "its forecast: it is to be called with (fit, season_length, options, h), and too many",
    ),
    "misnamed": (
        {"forecastctl.families": {"odd": "odd_family:Odd"}},
        {
            "odd_family": "class Odd:\n    name = 'even'\n    starts = space = label = fit = forecast = print\n"
        },
        "it calls itself 'even'",
    ),
}


@pytest.mark.parametrize(("groups", "modules", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_package_is_named_in_one_sentence(site, data, groups, modules, why):
    site.add("odd-models", groups, **modules)
    said = site("run", "--data", data, "--family", "odd", *SMALL, code=2).stderr
    assert "The model family 'odd' of the package odd-models cannot be used: " in said
    assert why in said
    assert not (site.home / "mlflow.db").exists()
    site("history", FORECASTCTL_TUNE__FAMILIES="odd", code=6)  # what fits nothing needs no family


def test_a_job_says_that_its_own_family_hides_one_of_another_package(site, data):
    """A later forecastctl may have one of the same name, which must not pass for the package's."""
    doors = {"families": "theta", "losses": "mase", "executors": "serial"}
    groups = {f"forecastctl.{group}": {name: "odd:made"} for group, name in doors.items()}
    site.add("odd-things", groups, odd="raise OSError('no licence')")
    said = site("run", "--data", data, "--family", "theta", *SMALL, "--backend", "serial").stderr
    for kind, name in {"model family": "theta", "loss": "mase", "executor": "serial"}.items():
        assert (
            f"The {kind} '{name}' is forecastctl's own, and that of the package odd-things is "
            "never asked. It needs another name."
        ) in said
    assert "never asked" not in site("history", "jobs").stderr


OTHERS = {
    "losses": ("loss", ["--loss", "odd"]),
    "executors": ("executor", ["--backend", "odd"]),
    "stores": ("store", ["--tracking-uri", "odd://x"]),
}


@pytest.mark.parametrize("group", OTHERS)
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("raise OSError('no licence\\nfound')", "OSError: no licence found"),
        ("def make(): ...", " arg"),
    ],
    ids=["raises", "other arguments"],
)
def test_so_is_a_broken_loss_executor_or_store(site, data, group, text, why):
    site.add("odd-things", {f"forecastctl.{group}": {"odd": "odd_things:make"}}, odd_things=text)
    kind, arguments = OTHERS[group]
    said = site("run", "--data", data, *SMALL, *arguments, code=2).stderr
    assert f"The {kind} 'odd' of the package odd-things cannot be used: " in said
    assert why in said
    assert said.count("\n") == 2  # what is wrong, and what to do
    assert not (site.home / "mlflow.db").exists()


@pytest.mark.parametrize(
    ("group", "text", "why"),
    [
        ("executors", "def make(jobs, limit): return object()", "it has no jobs and no __enter__"),
        ("stores", "def make(*_, **more): return object()", "it has no start and no record"),
        (
            "stores",
            """
from forecastctl.store.memory import MemoryTracker

class make(MemoryTracker):
    def __init__(self, *_, **more): super().__init__()
    def record(self, runs): ...
""",
            "its record: it is to be called with (runs, parent_id), and got an unexpected",
        ),
    ],
)
def test_so_is_one_that_gives_something_else(site, data, group, text, why):
    site.add("odd-things", {f"forecastctl.{group}": {"odd": "odd_things:make"}}, odd_things=text)
    kind, arguments = OTHERS[group]
    said = site("run", "--data", data, *SMALL, *arguments, code=2).stderr
    assert f"The {kind} 'odd' of the package odd-things cannot be used: {why}" in said


@pytest.fixture
def fleet(example, monkeypatch):
    """The example's store, which needs no MLflow."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"journal://{example.home}/fleet")
    return example


@pytest.mark.slow
def test_what_a_command_does_not_use_may_be_broken(fleet, data):
    fleet("run", "--data", data, *SMALL, "--family", "seasonal_naive", "--as-of", "2018-09", *HERE)
    doors = {f"forecastctl.{g}": {"odd": "odd:make"} for g in ("families", "losses", "executors")}
    fleet.add("odd-things", doors, odd="raise OSError('no licence')")
    searched = {"FORECASTCTL_TUNE__FAMILIES": "odd", "FORECASTCTL_TUNE__LOSS": "odd"}
    worked = {"FORECASTCTL_RUN__BACKEND": "odd"}
    fleet("forecast", "--data", data, "--no-charts", *HERE, **searched)
    asked = ["explain", "--airport", "JFK", "--date", "2018-11", "--data", data, "--quick"]
    fleet(*asked, **searched, **worked)
    assert "odd-things cannot be used" in fleet("forecast", code=2, **worked).stderr
    fleet.add("more-odd-things", doors)
    fleet("history", "trials", **searched, **worked)
    said = fleet("forecast", code=2, **worked).stderr
    assert "more-odd-things and odd-things cannot be used" in said


@pytest.mark.slow
def test_weights_in_a_file_are_part_of_what_is_recorded(example, data):
    weights = example.home / "weights.npz"
    np.savez(weights, weights=np.eye(12, 24, k=12))  # the last season again
    job = ["run", "--data", data, *SMALL, "--family", "weights_file", "--combine", "1"]
    example(*job, EXAMPLE_WEIGHTS=str(weights))
    trials = json.loads(example("history", "trials", "--json").stdout)
    names = {t["model"] for t in trials if t["model"] != "SNaive"}
    assert len(names) == 1
    assert names.pop().startswith("Weights ")
    example("reproduce", "latest", EXAMPLE_WEIGHTS=str(weights))
    said = example(*job, code=2).stderr
    assert "of the package forecastctl-example cannot be used" in said
    assert "EXAMPLE_WEIGHTS names no file of weights" in said


def test_a_family_that_is_lost_costs_its_own_airports_alone(fleet, data):
    job = ["run", "--data", data, *SMALL, "--as-of", "2018-09", *HERE]
    fleet(*job, "--airport", "JFK", "--family", "median")
    fleet(*job, "--airport", "LGA", "--family", "seasonal_naive")
    family = fleet.site / "forecastctl_example" / "family.py"
    family.write_text("raise OSError('no licence')\n")
    done = json.loads(fleet("forecast", "--no-charts", "--json", *HERE, code=4).stdout)
    assert (done["airports"]["ok"], done["airports"]["failed"]) == (1, 1)
    asked = ["explain", "--date", "2018-11", "--data", data, "--json"]
    answer = json.loads(fleet(*asked, "--airport", "LGA").stdout)
    assert answer["replay"]["result"] == "bit-identical"
    said = fleet(*asked, "--airport", "JFK").stdout
    assert "'median' of the package forecastctl-example cannot be used: OSError: no lic" in said

    [points] = fleet.site.glob("*/entry_points.txt")
    points.write_text(points.read_text().replace("median =", "another ="))
    said = fleet(*asked, "--airport", "JFK").stdout
    assert "there is no family 'median', nor a package that adds it" in said


def test_two_packages_that_add_one_name_are_both_named(site, data):
    for name in ("first-odd", "second-odd"):
        site.add(name, {"forecastctl.families": {"odd": "odd:Odd"}})
    said = site("run", "--data", data, "--family", "odd", *SMALL, code=2).stderr
    assert "of the package first-odd and second-odd cannot be used: both packages add" in said


def test_nothing_of_a_package_is_imported_before_it_is_named(fleet, data):
    doors = ("families", "losses", "executors", "stores")
    groups = {f"forecastctl.{door}": {"odd": "odd:make", "ets": "odd:make"} for door in doors}
    fleet.add("odd-things", groups, odd="raise SystemExit('imported')")
    fleet("--help")
    fleet("run", "--data", data, *SMALL, "--family", "seasonal_naive", *HERE)
    said = fleet("run", "--data", data, "--family", "odds", code=2).stderr
    assert "there is no model family 'odds'" in said
    assert "Did you mean 'odd'?" in said


@pytest.mark.slow
def test_the_commands_of_the_guide_run(example):
    page = (ROOT / "docs" / "how-to" / "extend.md").read_text(encoding="utf-8")
    [commands] = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    assert 'journal = "forecastctl_example.store:open_journal"' in page
    shim = example.home / "bin" / "forecastctl"
    shim.parent.mkdir()
    shim.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m forecastctl "$@"\n')
    shim.chmod(0o755)
    environ = example.environ
    done = subprocess.run(
        ["bash", "-euc", commands],
        cwd=example.home,
        env={**environ, "PATH": f"{shim.parent}:{environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Median of" in done.stdout
    assert (example.home / "fleet.forecastctl").exists()


def test_the_code_of_the_guide_is_that_of_the_example():
    page = (ROOT / "docs" / "how-to" / "extend.md").read_text(encoding="utf-8")
    for language, file in {
        "toml": "pyproject.toml",
        "python": "forecastctl_example/family.py",
    }.items():
        shown = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
        assert shown[0] == (EXAMPLE / file).read_text(encoding="utf-8")

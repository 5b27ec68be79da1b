"""Packages in a folder add a family, a loss, an executor and a store to a real job."""

import csv
import json
import re
import shlex
import subprocess
import sys

import numpy as np
import pytest

from tests.plugins.conftest import ROOT

SMALL = ["--max-evals", "4", "--horizon", "3", "--folds", "2", "--no-charts", "--jobs", "2"]


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
    done = json.loads(example(*job, "--json", FORECASTCTL_RUN__BACKEND="spawn").stdout)
    assert done["airports"]["ok"] == 2
    assert (example.home / "fleet.forecastctl").exists()
    assert not (example.home / "mlflow.db").exists()
    trials = json.loads(example("history", "trials", "--json", *store).stdout)
    assert {trial["model"] for trial in trials} >= {"SNaive", "Median of 3"}

    # Workers of joblib, which know nothing of the driver, come to the same bits.
    again = json.loads(example("reproduce", done["job_id"], "--refit", "--json", *store).stdout)
    assert again["differs"] is False
    assert again["refit"]["bit-identical"] == again["replay"]["bit-identical"] == 2


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
    "misnamed": (
        {"forecastctl.families": {"odd": "odd_family:Odd"}},
        {
            "odd_family": "class Odd:\n    name = 'even'\n    starts = space = label = fit = forecast = 1\n"
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


@pytest.mark.parametrize(
    ("group", "kind", "arguments"),
    [
        ("losses", "loss", ["--loss", "odd"]),
        ("executors", "executor", []),
        ("stores", "store", ["--tracking-uri", "odd://x"]),
    ],
)
def test_so_is_a_broken_loss_executor_or_store(site, data, group, kind, arguments):
    site.add("odd-things", {f"forecastctl.{group}": {"odd": "odd_things:make"}})
    environ = {"FORECASTCTL_RUN__BACKEND": "odd"} if group == "executors" else {}
    said = site("run", "--data", data, *SMALL, *arguments, code=2, **environ).stderr
    assert f"The {kind} 'odd' of the package odd-things cannot be used: " in said


def test_two_packages_that_add_one_name_are_both_named(site, data):
    for name in ("first-odd", "second-odd"):
        site.add(name, {"forecastctl.families": {"odd": "odd:Odd"}})
    said = site("run", "--data", data, "--family", "odd", *SMALL, code=2).stderr
    assert "of the package first-odd and second-odd cannot be used: both packages add" in said


def test_nothing_of_a_package_is_imported_before_it_is_named(site, data):
    doors = ("families", "losses", "executors", "stores")
    groups = {f"forecastctl.{door}": {"odd": "odd:make", "ets": "odd:make"} for door in doors}
    site.add("odd-things", groups, odd="raise SystemExit('imported')")
    site("--help")
    site("run", "--data", data, *SMALL, "--family", "seasonal_naive", "--quiet")
    said = site("run", "--data", data, "--family", "odds", code=2).stderr
    assert "there is no model family 'odds'" in said
    assert "Did you mean 'odd'?" in said


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


def test_the_entry_points_of_the_guide_are_those_of_the_example():
    page = (ROOT / "docs" / "how-to" / "extend.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    assert shown in (ROOT / "examples" / "plugin" / "pyproject.toml").read_text(encoding="utf-8")

"""The command as a user runs it: in this process for speed, in a new one where that matters."""

import importlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from forecastctl.cli.app import app
from forecastctl.store.mlflow.sql import sqlite

QUICK = ["--family", "seasonal_naive", "--family", "holt_winters", "--max-evals", "3"]
QUICK += ["--horizon", "3", "--folds", "2", "--no-charts", "--jobs", "1"]

FORECASTCTL = [sys.executable, "-m", "forecastctl"]


def panel(airports=("JFK", "LGA"), months=40, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(months)
    dates = pd.date_range("2015-01-01", periods=months, freq="MS").strftime("%Y-%m-%d")
    parts = []
    for airport in airports:
        season = 300 * np.sin(2 * np.pi * t / 12 + rng.uniform(0, 6))
        y = (3000 + 10 * t + season + rng.normal(0, 30, months)).round().astype(int)
        parts.append(pd.DataFrame({"airport": airport, "date": dates, "passengers": y}))
    return pd.concat(parts, ignore_index=True)


class Cli:
    """Runs commands in one working directory with one store."""

    def __init__(self, folder: Path, monkeypatch):
        self.folder = folder
        self.uri = f"sqlite:///{folder / 'mlflow.db'}"
        for name in list(os.environ):
            if name.startswith(("FORECASTCTL_", "MLFLOW_TRACKING", "MLFLOW_EXPERIMENT")):
                monkeypatch.delenv(name)
        monkeypatch.chdir(folder)

    def __call__(self, *arguments, code=0):
        result = CliRunner().invoke(app, list(map(str, arguments)))
        said = f"{result.stdout}\n{result.stderr}"
        assert result.exit_code == code, said
        assert "Traceback" not in said or "--verbose" in arguments
        return result

    def json(self, *arguments, code=0):
        return json.loads(self(*arguments, "--json", code=code).stdout)

    def jobs(self, *store):
        """Jobs so far; none where not even the experiment is there yet."""
        result = CliRunner().invoke(app, ["history", "--json", *store])
        assert result.exit_code in (0, 6), result.stderr
        return json.loads(result.stdout or "[]")

    def process(self, *arguments, **options):
        return subprocess.run(
            [sys.executable, "-m", "forecastctl", *map(str, arguments)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            **options,
        )

    def write(self, frame_or_text, name="air.csv"):
        path = self.folder / name
        if isinstance(frame_or_text, str):
            path.write_text(frame_or_text)
        else:
            frame_or_text.to_csv(path, index=False)
        return path


def in_a_group(command, folder, env=None):
    """A command in a process group of its own, for which signals mean what they usually do."""

    def usual():  # whoever runs the tests in the background ignores them, and so would the child
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

    return subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=usual,  # noqa: PLW1509
    )


def until(condition, process):
    """Wait for a condition, at any speed of the machine, as long as a process lives."""
    deadline = time.monotonic() + 600
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Held:
    """An SQLite store that another process locks once the job has begun."""

    def __init__(self, path, monkeypatch, job="forecastctl.jobs.run"):
        self.path = path
        self.connection = None
        monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
        run = importlib.import_module(job)
        begin = run.compile_models

        def hold(*arguments):
            monkeypatch.setattr(run, "compile_models", begin)
            self.connection = sqlite3.connect(path, isolation_level=None)
            self.connection.execute("BEGIN IMMEDIATE")
            return begin(*arguments)

        monkeypatch.setattr(run, "compile_models", hold)

    def release(self):
        self.connection.close()


@pytest.fixture(scope="session")
def fresh_store(store_template):
    """An initialised store without experiments, to be copied: making one takes seconds."""
    return store_template


@pytest.fixture
def cli(tmp_path, monkeypatch, fresh_store):
    """A fresh working directory with an initialised store."""
    shutil.copy(fresh_store, tmp_path / "mlflow.db")
    return Cli(tmp_path, monkeypatch)


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A fresh working directory without a store."""
    return Cli(tmp_path, monkeypatch)

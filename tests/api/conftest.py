"""One small job of two airports, asked for from Python, and its store."""

import os
import shutil

import pandas as pd
import pytest

import forecastctl as fc
from tests.cli.conftest import panel

QUICK = {
    "families": ["seasonal_naive", "holt_winters"],
    "max_evals": 3,
    "folds": 2,
    "charts": False,
    "jobs": 1,
    "backend": "serial",
}


def long_form(airports=("JFK", "LGA"), months=40):
    """A frame as the libraries of the field have it."""
    frame = panel(airports, months)
    frame.columns = ["unique_id", "ds", "y"]
    return frame.assign(ds=pd.to_datetime(frame["ds"]))


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """Neither settings of this user nor of another test."""
    for name in list(os.environ):
        if name.startswith(("FORECASTCTL_", "MLFLOW_TRACKING", "MLFLOW_EXPERIMENT")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def store(tmp_path_factory, store_template):
    """Where the job of this module is recorded."""
    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    shutil.copy(store_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def job(store):
    """A job over a frame, whose last airport is too short to be forecast."""
    frame = long_form()
    short = long_form(["SHORT"], 2)
    frame = pd.concat([frame, short.assign(ds=frame["ds"].max())[:1]], ignore_index=True)
    return fc.run(frame, h=3, tracking_uri=store, **QUICK)

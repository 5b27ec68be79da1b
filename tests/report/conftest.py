"""One small store with two jobs whose airports have names that no page expects."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from forecastctl.cli.app import app
from forecastctl.report.read.report import Asked, read_report
from forecastctl.store.open import open_tracker
from tests.cli.conftest import QUICK, panel

MARKUP = '</script><script>window.harm = 1</script><img src=x onerror="window.harm = 2">'
PATH = "../../etc/passwd"
QUOTES = "a\"b'c\\ & Zürich 東京 \u2028 \u202e"
NAMES = ("JFK", MARKUP, PATH, QUOTES)
SEPTEMBER, DECEMBER = 57, 60


@dataclass
class Recorded:
    """Two jobs in a store: of September, then of December."""

    folder: Path
    uri: str

    @property
    def tracker(self):
        return open_tracker(self.uri, "forecastctl", reading=True)

    def cli(self, *arguments, code=0):
        result = CliRunner().invoke(app, list(map(str, arguments)))
        assert result.exit_code == code, f"{result.stdout}\n{result.stderr}"
        return result


def _data(months, *more):
    frame = panel([*NAMES, *more], months=DECEMBER)
    end = pd.Timestamp("2015-01-01") + pd.DateOffset(months=months)
    frame = frame[frame["date"] < f"{end:%Y-%m-%d}"].reset_index(drop=True)
    frame.loc[frame["airport"] == "ZERO", "passengers"] = 0
    return frame


@pytest.fixture(scope="session")
def recorded(tmp_path_factory, store_template):
    """The store; the folder of the test is the working directory while it is made."""
    folder = tmp_path_factory.mktemp("reported")
    shutil.copy(store_template, folder / "mlflow.db")
    made = Recorded(folder, f"sqlite:///{folder / 'mlflow.db'}")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("FORECASTCTL_", "MLFLOW_TRACKING", "MLFLOW_EXPERIMENT")):
                patch.delenv(name)
        patch.chdir(folder)
        for months, more in ((SEPTEMBER, ["GONE", "ZERO"]), (DECEMBER, ["NEW", "ZERO"])):
            _data(months, *more).to_csv("air.csv", index=False)
            made.cli("run", "--data", "air.csv", *QUICK, "--backend", "serial", "--quiet")
    return made


@pytest.fixture(scope="session")
def report(recorded):
    """All that the report of the newest job says."""
    return read_report(recorded.tracker, Asked(experiment="forecastctl", explained=2))


@pytest.fixture
def store(recorded, tmp_path, monkeypatch):
    """A copy of the store in a working directory of the test's own."""
    shutil.copy(recorded.folder / "mlflow.db", tmp_path / "mlflow.db")
    monkeypatch.chdir(tmp_path)
    return Recorded(tmp_path, f"sqlite:///{tmp_path / 'mlflow.db'}")

"""Where a scheduled job works, and what it has recorded there afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cli.conftest import FORECASTCTL, panel

ROOT = Path(__file__).parents[2]
TOML = """
[data]
source = "air.csv"
[tune]
families = ["seasonal_naive"]
max_evals = 1
folds = 2
[forecast]
horizon = 3
charts = false
out = "forecasts.csv"
[run]
jobs = 1
"""
HOSTILE = "it's 100% {{ x }} $HOME a b.sh"
"""A directory whose name means something to cron, the shell, Jinja and Airflow."""


@dataclass(frozen=True)
class Place:
    """A directory with settings and data, without a store.

    Attributes:
        folder: The directory.
        variables: What the environment adds to the settings.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def make(self, airports: tuple[str, ...] = ("JFK",)) -> None:
        """Write the settings and the data."""
        self.folder.mkdir(parents=True)
        (self.folder / "forecastctl.toml").write_text(TOML)
        panel(airports).to_csv(self.folder / "air.csv", index=False)

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a shell in which commands are given."""
        path = {"PYTHONPATH": str(ROOT)}
        state = {"XDG_STATE_HOME": str(self.folder / "state")}
        return {**os.environ, **path, **state, **self.variables}

    def ours(self, *command: str) -> str:
        """What a command of ours prints."""
        done = subprocess.run(
            [*FORECASTCTL, *command], cwd=self.folder, env=self.environment,
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def printed(self, kind: str) -> str:
        """What is to be installed."""
        return self.ours("schedule", kind)

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs that the store holds."""
        found: list[dict[str, Any]] = json.loads(self.ours("history", "--json"))
        return found

    def cut_off_once(self) -> Path:
        """A Python whose first job ends at a deadline, with most of its work left to do."""
        python = self.folder / "python"
        python.write_text(
            "#!/bin/sh\n"
            "if [ ! -e cut_off ]; then\n"
            "  touch cut_off; export FORECASTCTL_RUN__DEADLINE=1s\n"
            "fi\n"
            f'exec {sys.executable} "$@"\n'
        )
        python.chmod(0o755)
        return python

"""A small store to ask."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cli.conftest import QUICK, panel


def recorded(path: Path) -> None:
    """Record a job of three airports.

    Args:
        path: The SQLite store, which is made if it is not there, in a directory of its own.
    """
    from typer.testing import CliRunner

    from forecastctl.cli.app import app

    before = Path.cwd()
    os.chdir(path.parent)
    try:
        panel(["JFK", "LGA", "=1+1"], months=44).to_csv("air.csv", index=False)
        store = ["--tracking-uri", f"sqlite:///{path}", "--as-of", "2018-02"]
        result = CliRunner().invoke(app, ["run", "--data", "air.csv", *QUICK, *store])
        assert result.exit_code == 0, result.output
    finally:
        os.chdir(before)

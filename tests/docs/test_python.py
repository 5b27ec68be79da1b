"""Every block of Python in the guide to Python runs as it stands, one after the other."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.test_commands import FENCE, ROOT

PAGE = ROOT / "docs/how-to/python.md"
SMALL = {
    "FORECASTCTL_TUNE__MAX_EVALS": "2",
    "FORECASTCTL_TUNE__FOLDS": "2",
    "FORECASTCTL_TUNE__FAMILIES": "seasonal_naive,holt_winters",
    "FORECASTCTL_FORECAST__CHARTS": "false",
    "FORECASTCTL_RUN__JOBS": "1",
    "FORECASTCTL_RUN__BACKEND": "serial",
    "FORECASTCTL_REPORT__EXPLAINED": "0",
}


def blocks():
    text = PAGE.read_text(encoding="utf-8")
    return [body for kind, body in FENCE.findall(text) if kind == "python"]


def test_every_block_is_python():
    assert len(blocks()) > 6
    for body in blocks():
        ast.parse(body)


@pytest.mark.slow
def test_the_blocks_run_one_after_the_other(tmp_path):
    from forecastctl.data.read.sample import sample_panel

    frame = sample_panel(3, 306, names=["JFK", "LGA", "BOS"], first="1995-01")
    frame.to_csv(tmp_path / "passengers.csv", index=False)
    program = Path(tmp_path / "page.py")
    program.write_text("\n".join(blocks()), encoding="utf-8")
    env = {**os.environ, **SMALL, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(program)]
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "There is no file no_such_file.csv." in done.stdout
    assert (tmp_path / "report" / "index.html").is_file()

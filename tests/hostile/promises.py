"""What is promised whatever is given: an answer, or an error that says what is wrong."""

from __future__ import annotations

import io
import json
import os
import warnings
from contextlib import redirect_stdout
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.data.check.check import check_panel
from forecastctl.data.prepare.prepare import prepare_panel
from forecastctl.data.read.files import read_panel
from forecastctl.errors import DataError, SettingsError, UsageError
from forecastctl.records import Series
from forecastctl.settings import load_redactor, load_settings

if TYPE_CHECKING:
    from tests.hostile.tables import Case

TODAY = date(2020, 6, 15)
LONGEST = 4_000
"""Characters of a message at most, whatever it quotes."""


def said(error: DataError | UsageError) -> None:
    """It says what is wrong; the command cuts what is too long to read."""
    assert error.message


def reading(case: Case, folder: Path) -> None:
    """A source is read, checked and prepared, or refused."""
    spec = case.written(folder)
    warnings.simplefilter("error", RuntimeWarning)  # numpy's, which would stand on stderr
    try:
        panel = read_panel(spec)
        report = check_panel(panel, spec, as_of=case.as_of, today=TODAY)
        prepared = prepare_panel(panel, spec, as_of=case.as_of, today=TODAY)
    except (DataError, UsageError) as error:
        said(error)
        return
    shown = [asdict(a) for a in report.airports] + [asdict(f) for f in report.findings]
    json.dumps(shown, allow_nan=False)
    table([{"airport": a.airport, "action": a.action} for a in report.airports])
    assert len(prepared.entries) == len(report.airports)
    for entry in prepared.entries:
        if isinstance(entry, Series):
            assert np.isfinite(entry.y).all()
            assert (entry.y >= 0).all()
            assert (np.diff(entry.ds.astype(np.int64)) > 0).all()
        else:
            assert len(entry.reason) <= LONGEST


def table(rows: list[dict[str, Any]]) -> None:
    """What is printed can be: nothing in it speaks to the terminal."""
    from forecastctl.cli.output import render

    with redirect_stdout(io.StringIO()) as text:
        render.print_rows(rows, "")
    assert all(c.isprintable() or c == "\n" for c in text.getvalue())


def settings(toml: bytes, environ: dict[str, str], flags: dict[str, Any], folder: Path) -> None:
    """Settings are taken, and can be shown and recorded, or refused."""
    config = folder / "forecastctl.toml"
    config.write_bytes(toml)
    environ = {"FORECASTCTL_CONFIG": str(config), **environ}
    load_redactor([str(value) for value in flags.values()], environ=environ)
    try:
        found = load_settings(flags, environ=environ)
    except SettingsError as error:
        said(error)
        return
    json.dumps([str(value) for _, value, _ in found.items()])
    found.result_digest()
    found.search()
    found.rules()
    found.alarms()
    assert 0 < found.airport_limit(3) <= 10_000_000


def question(arguments: list[str], folder: Path) -> None:
    """A command answers, or says in one paragraph why not: it is never surprised."""
    from typer.testing import CliRunner

    from forecastctl.cli.app import app

    before = Path.cwd()
    os.chdir(folder)
    try:
        result = CliRunner().invoke(app, arguments)
    finally:
        os.chdir(before)
    text = f"{result.stdout}\n{result.stderr}"
    assert result.exit_code in (0, 2, 3, 6), text
    assert "Traceback" not in text
    assert len(result.stderr) <= 3 * LONGEST, f"{len(result.stderr)} characters on stderr"
    assert all(c.isprintable() or c == "\n" for c in result.stderr), repr(result.stderr)

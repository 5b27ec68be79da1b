"""The init command: look at the data, and write a settings file with comments."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from forecastctl.api.compose import data_spec
from forecastctl.cli import flags
from forecastctl.cli.compose import open_session
from forecastctl.cli.output import render
from forecastctl.errors import DataError, OutputError, UsageError
from forecastctl.redaction import masked

if TYPE_CHECKING:
    from forecastctl.cli.compose import Session

SHOWN: Final = (
    *("data.airport", "data.date", "data.value", "data.groups", "data.duplicates"),
    *("tune.max_evals", "tune.loss", "forecast.level", "tracking.layout", "run.jobs"),
    *("run.metrics", "report.out"),
)
"""Settings that are there as a comment: what people change first."""

ASKED: Final = {
    "data.source": ("Data (file, folder, address, database URL, or sample)", "sample"),
    "forecast.horizon": ("Periods ahead", None),
    "forecast.out": ("Forecasts go to", "forecasts.csv"),
    "tracking.uri": ("Tracking store or server", "sqlite:///mlflow.db"),
    "tracking.experiment": ("Experiment", "forecastctl"),
}
"""Questions at a terminal, with the answer that Enter gives."""

DAYS: Final = 28
"""Horizon of daily data where nothing else is said; of others a year."""


def init(
    data: flags.data.Data = None,
    query: flags.data.Query = None,
    value: flags.data.Value = None,
    horizon: flags.forecast.Horizon = None,
    out: flags.forecast.Out = None,
    tracking_uri: flags.store.TrackingUri = None,
    experiment: flags.store.Experiment = None,
    write: flags.output.InitFile = Path("forecastctl.toml"),
    force: flags.output.Force = False,
    quiet: flags.output.Quiet = False,
    verbose: flags.output.Verbose = False,
) -> None:
    """Look at the data and write forecastctl.toml, with comments; asks at a terminal."""
    from forecastctl.settings.described import variable

    given = {
        "data.source": data,
        "data.query": query,
        "data.value": value,
        "forecast.horizon": horizon,
        "forecast.out": out,
        "tracking.uri": tracking_uri,
        "tracking.experiment": experiment,
    }
    if write.exists() and not force:
        raise UsageError(
            f"{write} is there already.", "--force replaces it; --write names another."
        )
    if not write.parent.is_dir():
        raise UsageError(
            f"{write} cannot be written: there is no directory {write.parent}.", "Make it first."
        )
    asks = data is None and sys.stdin.isatty() and sys.stdout.isatty()
    source = _ask("data.source") if asks else data
    if source is None:
        raise UsageError("No data source is given.", "Give --data FILE, or --data sample.")
    session = open_session(init, {**locals(), "data": source}, from_file=False)
    said, freq, fault = _look(session, source)
    if not session.quiet:
        for line in said:
            render.print_line(line)
    chosen = _chosen({**given, "data.source": source}, _usual_horizon(freq), asks=asks)
    values = {name: value for name, value in chosen.items() if not _is_secret(value)}
    _write(write, values, said)
    if fault is not None:
        raise DataError(
            f"{write} is written, but the data cannot be read yet: {fault.message}",
            f"{fault.hint} Then 'forecastctl check'.",
        )
    for name in [name for name in chosen if name not in values]:
        render.note(f"{name} holds a secret and is not written: set {variable(name)}.")
    if not session.quiet:
        render.print_line(f"{write} written. Next: forecastctl check, then forecastctl run")


def _usual_horizon(freq: str) -> int:
    """Periods ahead where nothing else is said."""
    from forecastctl.records.calendar import SEASON_LENGTHS  # not for a help: it takes numpy

    return DAYS if freq[0] == "D" else SEASON_LENGTHS[freq[0]]


def _chosen(given: dict[str, Any], season: int, *, asks: bool) -> dict[str, Any]:
    """What is set in the file: what was given, a horizon, and the answers to what is open."""
    values = {name: value for name, value in given.items() if value is not None}
    values.setdefault("forecast.horizon", season)
    for name in ASKED if asks else ():
        if given[name] is None:
            values[name] = _ask(name, values.get(name))
    return values


def _is_secret(value: Any) -> bool:
    """Whether a text holds a password, a token or the like, which no settings file should."""
    return isinstance(value, str) and masked(value) != value


def _ask(name: str, default: Any = None) -> Any:
    question, usual = ASKED[name]
    answer: Any = typer.prompt(question, default=usual if default is None else default)
    return answer


def _look(session: Session, source: str) -> tuple[tuple[str, ...], str, DataError | None]:
    """How the data was read in a few lines, its frequency, and why it cannot be.

    Raises:
        DataError: There are no such data.
    """
    from forecastctl.data.check.overview import described, three_lines
    from forecastctl.data.read.files import read_panel

    try:
        panel = read_panel(data_spec(session.settings))
        return three_lines(described(panel)), panel.freq, None
    except DataError as error:
        if "://" not in source and source != "-" and not Path(source).expanduser().exists():
            raise
        return (), "M", error


def _write(path: Path, values: dict[str, Any], said: tuple[str, ...]) -> None:
    """Write the settings file.

    Raises:
        OutputError: It cannot be written.
    """
    from forecastctl.settings import for_file
    from forecastctl.settings.described import settings_file

    above = [
        "Settings of forecastctl, made by 'forecastctl init'. Paths are relative to this file.",
        "'forecastctl settings' shows all of them, 'forecastctl settings --explain KEY' one.",
        *([""] if said else []),
        *said,
    ]
    try:
        held = {name: for_file(name, value, path) for name, value in values.items()}
        path.write_text(settings_file(held, SHOWN, above), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error

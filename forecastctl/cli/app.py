"""The commands: each turns flags into one call and renders what it returns."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from forecastctl import __version__
from forecastctl.cli.boundary import Boundary
from forecastctl.cli.flags.commands import COMMANDS, signature
from forecastctl.errors import EXIT_AIRPORTS_FAILED, DataError

app = typer.Typer(
    name="forecastctl",
    cls=Boundary,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Tune, train, forecast and explain a model for every airport, recorded in MLflow.",
    epilog=(
        "Exit codes: 0 all ok, 1 unexpected, 2 usage or settings, 3 data, "
        "4 airports failed, or forecast without recent months that look wrong, 5 tracking, "
        "6 nothing recorded, 7 degraded or not reproduced, 130 interrupted."
    ),
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"forecastctl {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def _job(command: str, flags: dict[str, Any]) -> None:
    """Run a job, print what it ended with, and set the exit code."""
    from forecastctl.cli.compose import run_command
    from forecastctl.cli.output import render
    from forecastctl.data.write.targets import shown_target
    from forecastctl.store.mlflow.open import display_uri

    session, summary = run_command(command, flags)
    written = summary.table is not None and len(summary.table) > 0
    out = session.settings.forecast.out if written else None
    if session.as_json:
        render.print_json(summary.to_dict())
    elif not session.quiet and out != "-":
        tracking = session.settings.tracking
        store = f"{display_uri(tracking.uri)} (experiment {tracking.experiment})"
        shown = shown_target(out) if out else None
        render.print_summary(summary, out=shown, store=store, loss=session.settings.tune.loss)
    render.warn(summary)
    counts = summary.counts
    if counts["failed"] or summary.status == "partial":
        raise typer.Exit(EXIT_AIRPORTS_FAILED)
    if counts["rejected"] and counts["rejected"] == counts["total"] - counts["skipped"]:
        raise typer.Exit(DataError.exit_code)


def _run(**flags: Any) -> None:
    """Tune, train and forecast: the command for cron."""
    _job("run", flags)


def _tune(**flags: Any) -> None:
    """Search each airport's specification."""
    _job("tune", flags)


def _train(**flags: Any) -> None:
    """Fit each airport's newest specification."""
    _job("train", flags)


def _forecast(**flags: Any) -> None:
    """Forecast with each airport's newest model."""
    _job("forecast", flags)


def _check(**flags: Any) -> None:
    """Report on every airport's data."""
    from forecastctl.cli.reports import check_report

    check_report(flags)


def _history(**flags: Any) -> None:
    """List what is recorded, or compare two runs."""
    from forecastctl.cli.reports import history_report

    history_report(flags)


def _explain(**flags: Any) -> None:
    """Say why a forecast was so far off."""
    from forecastctl.cli.commands.explain import explain_report

    explain_report(flags)


def _backtest(**flags: Any) -> None:
    """Replay history: run as of each origin, recorded as backtests."""
    from forecastctl.cli.commands.backtest import backtest_report

    backtest_report(flags)


def _reproduce(**flags: Any) -> None:
    """Recompute recorded forecasts and compare them with what was stored."""
    from forecastctl.cli.commands.reproduce import reproduce_report

    reproduce_report(flags)


def _monitor(**flags: Any) -> None:
    """Score forecasts whose actuals have arrived: which airports have degraded?"""
    from forecastctl.cli.commands.monitor import monitor_report

    monitor_report(flags)


def _sample(**flags: Any) -> None:
    """Write generated airport-like data, for a first try."""
    from forecastctl.cli.reports import write_sample

    write_sample(flags)


def _settings(**flags: Any) -> None:
    """Show every setting and where it comes from."""
    from forecastctl.cli.reports import settings_report

    settings_report(flags)


for _name, _function in {
    "check": _check,
    "run": _run,
    "tune": _tune,
    "train": _train,
    "forecast": _forecast,
    "backtest": _backtest,
    "history": _history,
    "explain": _explain,
    "reproduce": _reproduce,
    "monitor": _monitor,
    "sample": _sample,
    "settings": _settings,
}.items():
    app.command(_name)(signature(_function, COMMANDS[_name]))

"""The command line: all commands, in the order in which the help lists them."""

from __future__ import annotations

from typing import Annotated

import typer

from forecastctl import __version__
from forecastctl.cli.boundary import Boundary
from forecastctl.cli.commands.backtest import backtest
from forecastctl.cli.commands.bench import bench
from forecastctl.cli.commands.check import check
from forecastctl.cli.commands.doctor import doctor
from forecastctl.cli.commands.explain import explain
from forecastctl.cli.commands.forecast import forecast
from forecastctl.cli.commands.history import history
from forecastctl.cli.commands.init import init
from forecastctl.cli.commands.monitor import monitor
from forecastctl.cli.commands.plan import plan
from forecastctl.cli.commands.plot import plot
from forecastctl.cli.commands.promote import promote
from forecastctl.cli.commands.prune import prune
from forecastctl.cli.commands.report import report
from forecastctl.cli.commands.reproduce import reproduce
from forecastctl.cli.commands.retry import retry
from forecastctl.cli.commands.run import run
from forecastctl.cli.commands.sample import sample
from forecastctl.cli.commands.schedule import schedule
from forecastctl.cli.commands.serve import serve
from forecastctl.cli.commands.settings import settings
from forecastctl.cli.commands.sync import sync
from forecastctl.cli.commands.train import train
from forecastctl.cli.commands.tune import tune
from forecastctl.cli.commands.ui import ui

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
        "6 nothing recorded, 7 degraded, not reproduced, not promoted or something wrong, "
        "8 another job is at work, 9 recorded on this machine alone, 11 results not written, "
        "12 ended early, 130 interrupted."
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


for _command in (
    init,
    check,
    run,
    retry,
    tune,
    train,
    forecast,
    backtest,
    history,
    explain,
    plot,
    report,
    ui,
    reproduce,
    monitor,
    promote,
    serve,
    doctor,
    prune,
    sync,
    schedule,
    bench,
    plan,
    sample,
    settings,
):
    app.command()(_command)

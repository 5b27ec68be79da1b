"""The backtest command: flags to a replay of history, and what it ended with for people."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any, Self

import typer

from forecastctl.cli.compose import environment, open_session, open_store, read
from forecastctl.cli.output import render
from forecastctl.cli.output.progress import Progress
from forecastctl.errors import EXIT_AIRPORTS_FAILED, DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from forecastctl.backtest.run import Replay
    from forecastctl.backtest.summary import BacktestSummary
    from forecastctl.cli.compose import Session
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

SHOWN = 20


def backtest_report(flags: Mapping[str, Any]) -> None:
    """Replay history, print what came of it, and set the exit code."""
    session = open_session(flags)
    # Only the flag: the settings' own target holds the live forecasts, which are to stay.
    out = flags["out"]
    if out == "-" and session.as_json:
        raise UsageError("--out - and --json both want stdout.", "Write --out to a file.")
    tracker, summary = _run(session, out)
    if out:
        _write(tracker, summary, out, session.settings.forecast.table)
    if session.as_json:
        render.print_json(summary.to_dict())
    elif not session.quiet and out != "-":
        _print(session, summary, out)
    counts = summary.counts
    if counts["failed"]:
        raise typer.Exit(EXIT_AIRPORTS_FAILED)
    if counts["rejected"] and counts["rejected"] == counts["total"] - counts["skipped"]:
        raise typer.Exit(DataError.exit_code)


def _run(session: Session, out: str | None) -> tuple[Tracker, BacktestSummary]:
    from forecastctl.backtest.run import Surroundings, backtest
    from forecastctl.data.write.targets import check_target
    from forecastctl.execute.loky import make_executor

    if out and out != "-":
        check_target(out)
    panel, spec = read(session)
    upgrade = session.flags["upgrade_store"]
    tracker = open_store(session.settings, heal=True, upgrade=upgrade)
    settings, together = session.settings, session.flags["retune_every"] or 1
    executor = make_executor(settings.run.jobs, settings.airport_limit(max(together, 1)))
    replay = _replay(session, out, executor.jobs)
    today = date.today()  # noqa: DTZ011 - local day
    with Progress(quiet=session.quiet) as progress, _Interruptions() as interruptions, executor:
        surroundings = Surroundings(
            tracker,
            executor,
            environment(),
            today,
            progress,
            session.log.read,
            interruptions.held,
        )
        try:
            return tracker, backtest(replay, panel, spec, surroundings)
        except KeyboardInterrupt:
            log.warning("The same command goes on where this one stopped.")
            raise


class _Interruptions:
    """Ctrl-C at once while workers work, but not while something is being recorded."""

    def __init__(self) -> None:
        self._depth = 0
        self._pending = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, *_: object) -> None:
        if not self._depth:
            raise KeyboardInterrupt
        self._pending = True

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold an interruption back until the end of the block."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        if self._pending and not self._depth:
            self._pending = False
            raise KeyboardInterrupt


def _replay(session: Session, out: str | None, jobs: int) -> Replay:
    from forecastctl.backtest.run import Replay
    from forecastctl.jobs.plan import Request
    from forecastctl.settings import shown

    settings, flags = session.settings, session.flags
    charts = bool(flags["charts"])
    recorded = {
        name: ",".join(map(str, value)) if isinstance(value, tuple) else value
        for name, value, _ in settings.items()
    }
    recorded |= {"forecast.charts": charts, "forecast.out": shown(out)}
    recorded |= {"airport": shown(flags["airport"]), "select": shown(flags["select"])}
    request = Request(
        command="backtest",
        job_id="",
        start_ms=time.time_ns() // 1_000_000,
        search=settings.search(),
        levels=settings.forecast.level,
        layout=settings.tracking.layout,
        charts=charts,
        config_digest=settings.result_digest(),
        settings=recorded,
        airports=tuple(flags["airport"] or ()),
        select=tuple(flags["select"] or ()),
        jobs=jobs,
        batch=settings.run.batch,
    )
    every = {name: 1 if flags[name] is None else flags[name] for name in ("every", "retune_every")}
    return Replay(request, flags["start"], flags["end"], **every)


def _write(tracker: Tracker, summary: BacktestSummary, out: str, table: str) -> None:
    from forecastctl.backtest.run import forecast_table
    from forecastctl.data.write.spreadsheets import csv_text
    from forecastctl.data.write.targets import write_frame

    frame = forecast_table(tracker, summary)
    if out == "-":
        sys.stdout.write(csv_text(frame))
    elif len(frame):
        write_frame(frame, out, table=table)


def _print(session: Session, summary: BacktestSummary, out: str | None) -> None:
    from forecastctl.data.write.targets import shown_target
    from forecastctl.store.mlflow.open import display_uri

    counts = summary.counts
    head = render.tally(counts)
    n = len(summary.accounts)
    render.print_line(
        f"{n} {'origin' if n == 1 else 'origins'} x {counts['total'] // n} airports: {head}",
        style="bold",
    )
    _print_trouble(summary)
    if summary.scores:
        render.print_rows([_score_row(row) for row in summary.scores], "")
    else:
        render.print_line("No actual is known yet of any period that was forecast.")
    tracking, cost = session.settings.tracking, summary.cost
    facts = {
        f"median {session.settings.tune.loss} in validation": summary.validation_loss,
        "forecasts": shown_target(out) if out else None,
        "recorded": f"{display_uri(tracking.uri)} (experiment {tracking.experiment})",
        "resumed": f"{summary.resumed} were recorded before" if summary.resumed else None,
        "took": f"{cost['wall_seconds']:.0f} s, {cost['airports_per_minute']:.0f} airports/min",
    }
    given = {name: value for name, value in facts.items() if value is not None}
    render.print_facts(f"backtest {summary.backtest_id}", given)


def _print_trouble(summary: BacktestSummary) -> None:
    """Airports that failed or could not be used."""
    rows = summary.trouble()
    if rows:
        render.print_rows(rows[:SHOWN], "")
    if len(rows) > SHOWN:
        render.print_line(f"... and {len(rows) - SHOWN} more airports")


def _score_row(row: Mapping[str, Any]) -> dict[str, Any]:
    coverage = {f"in {level} %": f"{share:.1%}" for level, share in row["coverage"].items()}
    names = {"mae_percent": "MAE %", "bias_percent": "bias %", "naive_mase": "naive MASE"}
    names |= {"mase": "MASE"}
    shown = {names.get(key, key): value for key, value in row.items() if key != "coverage"}
    return {**shown, **coverage}

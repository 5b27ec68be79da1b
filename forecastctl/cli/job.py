"""What run, tune, train and forecast do on the command line: work, show it, set the exit code."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from forecastctl.api.registering import register_asked
from forecastctl.api.shards import do_asked
from forecastctl.api.site import report_of_job
from forecastctl.cli.compose import check_out
from forecastctl.cli.ending import finish_job
from forecastctl.cli.output import render
from forecastctl.cli.output.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from forecastctl.api.job import Selection
    from forecastctl.cli.compose import Session
    from forecastctl.cli.output.metrics import Measured
    from forecastctl.execute.port import Executor
    from forecastctl.records import Rejection, Series
    from forecastctl.store.port import Tracker


def do_job(
    command: str,
    session: Session,
    chosen: Selection,
    *,
    upgrade: bool,
    around: Callable[[Executor], Executor] | None = None,
) -> None:
    """Run a job, print what it ended with, and set the exit code.

    Args:
        command: ``run``, ``tune``, ``train`` or ``forecast``.
        session: Its settings and log.
        chosen: What of the data it is for.
        upgrade: Whether a store of an older MLflow is migrated.
        around: What is put around the executor of the settings.
    """
    out = session.settings.forecast.out if command in ("run", "forecast") else None
    check_out(session, out)
    noted = partial(_note, session.measured) if session.measured else None
    with Progress(quiet=session.quiet) as progress:
        done = do_asked(
            command,
            session,
            chosen,
            progress,
            out=out,
            upgrade=upgrade,
            around=around,
            planned=noted,
        )
    try:
        finish_job(command, session, done)
    finally:
        if done.whole:
            say = _unsaid if session.quiet else render.note
            register_asked(command, session, done.ending, say, render.note)
            if command == "run" and session.settings.report.out:
                report_of_job(session, done.ending, say)


def _note(measured: Measured, entries: Iterable[Series | Rejection], tracker: Tracker) -> None:
    """Note for ``--metrics`` how old the data are, and what the monitor found last."""
    from forecastctl.recording.monitor import worst_ratio
    from forecastctl.records import Series

    measured.newest(e.cutoff for e in entries if isinstance(e, Series))
    measured.worst_drift = worst_ratio(tracker)


def _unsaid(text: str) -> None:
    """Say nothing of it."""

"""How a job ends on the command line: its summary shown, its exit code set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from forecastctl.api.ending import code_of, exit_code
from forecastctl.cli.output import render
from forecastctl.cli.output.mail import next_steps, paragraph
from forecastctl.figures import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.api.ending import Done
    from forecastctl.api.recorder import Ending, S
    from forecastctl.cli.compose import Session
    from forecastctl.jobs.summary import Summary


def finish_job(command: str, session: Session, done: Done[Summary]) -> None:
    """Print what a job ended with, and set the exit code: see `finish`.

    Args:
        command: The command of the job.
        session: Its settings and log.
        done: What became of it.
    """
    finish(session, done, lambda ending, out: _show(command, session, ending, out))


def finish(session: Session, done: Done[S], show: Callable[[Ending[S], str | None], None]) -> None:
    """Print what a job or a backtest ended with, and set the exit code.

    Args:
        session: Its settings and log.
        done: What became of it.
        show: Prints it, with the place of the forecasts as it may be shown.

    Raises:
        OutputError: The forecasts could not be written.
        typer.Exit: Not everything is well: see `exit_code`.
    """
    from forecastctl.data.write.targets import shown_target

    ending = done.ending
    shown = shown_target(done.out) if done.out else None
    if session.measured:
        session.measured.airports = ending.summary.counts
    show(ending, shown)
    say_that_it_waits(ending, shown)
    if done.unwritten is not None:
        raise done.unwritten
    strict = session.settings.run.rejected == "fail"
    code = exit_code(ending, strict=strict, whole=done.whole)
    if code:
        raise typer.Exit(code)


def where_recorded(session: Session, ending: Ending[S]) -> str:
    """The store of a job, in words; that its record is not there yet, where it waits."""
    from forecastctl.store.mlflow.open import display_uri

    tracking = session.settings.tracking
    store = f"{display_uri(tracking.uri)} (experiment {tracking.experiment})"
    return store if ending.away is None else f"not yet in {store}"


def say_that_it_waits(ending: Ending[Any], out: str | None) -> None:
    """Say in one paragraph on stderr, even when quiet, that the store lacks a job's record.

    Args:
        ending: What became of the record.
        out: Where the forecasts are, as shown; ``None`` where they were not asked for.
    """
    if ending.away is None:
        return
    forecasts = f" The forecasts are written to {out}." if out else ""
    if ending.lost is not None:
        render.note(
            f"error: This job is not recorded, or in part: {ending.away.message} Nor could it be "
            f"kept on this machine: {ending.lost.message}{forecasts}"
        )
        return
    render.note(
        f"warning: This job is not in its store yet: {ending.away.message} "
        f"{counted(ending.airports, 'airport')} and the end of the job wait in {ending.folder}. "
        f"The next 'forecastctl run' publishes them first; 'forecastctl sync' does it alone."
        f"{forecasts}"
    )


def _show(command: str, session: Session, ending: Ending[Summary], out: str | None) -> None:
    summary = ending.summary
    if session.as_json:
        render.print_json({**summary.to_dict(), **ending.waits})
    elif not session.quiet and out != "-":
        store = where_recorded(session, ending)
        render.print_summary(summary, out=out, store=store, loss=session.settings.tune.loss)
    render.warn(summary)
    if session.quiet:
        _warn_of_failures(command, session, summary)


def _warn_of_failures(command: str, session: Session, summary: Summary) -> None:
    """Say in a paragraph what failed, unless nothing did."""
    from forecastctl.records import Status

    lines = [*summary.lines, *summary.groups]
    trouble = [line for line in lines if line.status == Status.FAILED]
    strict = session.settings.run.rejected == "fail" and summary.counts["rejected"]
    if not trouble and (strict or code_of(summary.counts)):
        trouble = [line for line in lines if line.status == Status.REJECTED]
    if trouble:
        more = " ".join(f"Next: {step}." for step in next_steps(summary))
        reasons = [(line.airport, line.reason or "") for line in trouble]
        render.warn_in_a_paragraph(paragraph(command, summary.counts, reasons, more))

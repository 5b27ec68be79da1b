"""How a job ends on the command line: its forecasts written, its summary shown, its exit code."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

import typer

from forecastctl.cli.output import render
from forecastctl.cli.output.mail import next_steps, paragraph
from forecastctl.cli.recorder import Ending, S, say_that_it_waits
from forecastctl.errors import (
    EXIT_AIRPORTS_FAILED,
    EXIT_OK,
    EXIT_SPOOLED,
    EXIT_STOPPED,
    DataError,
    OutputError,
    TrackingError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from forecastctl.cli.compose import Session
    from forecastctl.cli.recorder import Ends
    from forecastctl.jobs.summary import Summary


@dataclass(frozen=True, slots=True)
class Done(Generic[S]):
    """What became of a job or a backtest.

    Attributes:
        ending: What it ended with, and what became of its record.
        out: Where the forecasts are; ``None`` where they are nowhere.
        unwritten: Why they could not be written.
    """

    ending: Ending[S]
    out: str | None
    unwritten: OutputError | None


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
        typer.Exit: Not everything is well: see `_end`.
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
    _end(ending, strict=session.settings.run.rejected == "fail")


def _end(ending: Ending[S], *, strict: bool) -> None:
    """Set the exit code of a job.

    Args:
        ending: What it ended with.
        strict: Whether an airport whose data cannot be used counts as failed.

    Raises:
        typer.Exit: What it recorded is lost or waits, it ended early, or as of `code_of`.
    """
    if ending.lost is not None:
        raise typer.Exit(TrackingError.exit_code)
    if ending.away is not None:
        raise typer.Exit(EXIT_SPOOLED)
    if ending.summary.left:
        raise typer.Exit(EXIT_STOPPED)
    counts = ending.summary.counts
    code = code_of(counts, failed=ending.summary.status == "partial")
    if not code and strict and counts["rejected"]:
        code = EXIT_AIRPORTS_FAILED
    if code:
        raise typer.Exit(code)


def written(summary: Ends, out: str | None, table: str) -> tuple[str | None, OutputError | None]:
    """Write the forecasts, and return where they are, or why they are not there."""
    if not out or summary.table is None or not len(summary.table):
        return None, None
    try:
        write_out(summary.table, out, table)
    except OutputError as error:
        return None, error
    return out, None


def write_out(frame: pd.DataFrame, out: str, table: str) -> None:
    """Write forecasts to a file or database, if there are any, or to stdout for ``-``.

    Raises:
        OutputError: They cannot be written there; what was forecast is recorded.
    """
    from forecastctl.data.write.spreadsheets import csv_text
    from forecastctl.data.write.targets import write_frame

    if out == "-":
        sys.stdout.write(csv_text(frame))
    elif len(frame):
        try:
            write_frame(frame, out, table=table)
        except DataError as error:
            raise OutputError(
                f"{error.message} The forecasts are made and recorded, and only this is missing.",
                f"{error.hint} Then the same command writes them; 'run --skip-unchanged' does "
                "so without computing them again.",
            ) from None


def code_of(counts: Mapping[str, int], *, failed: bool = False) -> int:
    """The exit code by what became of the airports: one failed, or all were rejected.

    Args:
        counts: Airports by status.
        failed: Whether it counts as failed although no airport did.
    """
    if counts["failed"] or failed:
        return EXIT_AIRPORTS_FAILED
    if counts["rejected"] and counts["rejected"] == counts["total"] - counts["skipped"]:
        return DataError.exit_code
    return EXIT_OK


def where_recorded(session: Session, ending: Ending[S]) -> str:
    """The store of a job, in words; that its record is not there yet, where it waits."""
    from forecastctl.store.mlflow.open import display_uri

    tracking = session.settings.tracking
    store = f"{display_uri(tracking.uri)} (experiment {tracking.experiment})"
    return store if ending.away is None else f"not yet in {store}"


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

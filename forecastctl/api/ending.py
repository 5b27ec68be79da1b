"""How a job ends: its forecasts written, and the number that says whether all is well."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

from forecastctl.api.recorder import Ending, S
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
    from collections.abc import Mapping

    import pandas as pd

    from forecastctl.api.recorder import Ends


@dataclass(frozen=True, slots=True)
class Done(Generic[S]):
    """What became of a job or a backtest.

    Attributes:
        ending: What it ended with, and what became of its record.
        out: Where the forecasts are; ``None`` where they are nowhere.
        unwritten: Why they could not be written.
        whole: Whether it is all of a job, and not one share.
    """

    ending: Ending[S]
    out: str | None
    unwritten: OutputError | None
    whole: bool = True


def exit_code(ending: Ending[S], *, strict: bool, whole: bool = True) -> int:
    """The exit code of a job.

    It says first whether what was recorded is lost or waits, then whether the job ended early, then
    what became of the airports.

    Args:
        ending: What it ended with.
        strict: Whether an airport whose data cannot be used counts as failed.
        whole: Whether it is all of a job: in one share there may be no other airports.
    """
    if ending.lost is not None:
        return TrackingError.exit_code
    if ending.away is not None:
        return EXIT_SPOOLED
    if ending.summary.left:
        return EXIT_STOPPED
    counts = ending.summary.counts
    code = code_of(counts, failed=ending.summary.status == "partial")
    if code == DataError.exit_code and not whole:
        code = EXIT_OK
    if not code and strict and counts["rejected"]:
        code = EXIT_AIRPORTS_FAILED
    return code


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
                f"{error.message} The forecasts are made, and are not there.",
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

"""One period of a whole fleet on the screen: what it sums up to, verdicts, the largest misses."""

from __future__ import annotations

import shlex
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from forecastctl.cli.output import render
from forecastctl.explain.page import words
from forecastctl.explain.values import FleetLine, plain
from forecastctl.figures import counted, number, percent, signed

if TYPE_CHECKING:
    from forecastctl.explain.values import FleetAnswer

SHOWN = 10
"""Largest misses that are listed unless told otherwise."""


def rows(answer: FleetAnswer) -> list[dict[str, Any]]:
    """The lines as rows of a table for machines."""
    return [plain(line) for line in answer.airports]


def columns() -> list[str]:
    """Names of the columns of `rows`."""
    return [field.name for field in fields(FleetLine)]


def print_fleet(answer: FleetAnswer, worst: int | None) -> None:
    """Print the answer for people.

    Args:
        answer: The whole answer.
        worst: How many of the largest misses are listed; ``None`` for `SHOWN`.
    """
    render.print_line(answer.sentence)
    render.print_line("")
    total = sum(answer.counts.values())
    shares = [
        [words.LABELS[verdict], count, percent(count / total)]
        for verdict, count in answer.counts.items()
    ]
    if shares:
        render.print_table(["verdict", "airports", "share"], shares)
    _print_unknown(answer)
    missed = [line for line in answer.airports if line.miss is not None][: worst or SHOWN]
    if not missed:
        return
    render.print_line("")
    render.print_line("The largest miss:" if len(missed) == 1 else "The largest misses:")
    render.print_table(["airport", "forecast", "actual", "miss", "verdict"], map(_row, missed))
    render.print_line("")
    first = shlex.quote(missed[0].airport)
    render.print_line(f"Why: forecastctl explain --airport {first} --date {answer.date}")


def _print_unknown(answer: FleetAnswer) -> None:
    """How many airports nothing can be said of, and why of the first ones."""
    if answer.without_actual:
        render.print_line(f"No actual yet: {counted(answer.without_actual, 'airport')}.")
    if answer.without_forecast:
        render.print_line(f"No forecast: {counted(answer.without_forecast, 'airport')}.")
        gone = [line for line in answer.airports if line.forecast is None]
        for line in gone[:SHOWN]:
            render.print_line(f"  {line.sentence}")
        if len(gone) > SHOWN:
            render.print_line(f"  ... and {len(gone) - SHOWN:,} more: --json has all")


def _row(line: FleetLine) -> list[object]:
    share = f" ({percent(abs(line.miss or 0.0) / line.actual)})" if line.actual else ""
    return [
        line.airport,
        number(line.forecast),
        number(line.actual),
        f"{signed(line.miss)}{share}",
        f"{line.label}, {percent(line.confidence)}" if line.confidence else line.label,
    ]

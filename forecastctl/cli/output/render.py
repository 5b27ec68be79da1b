"""Prints results on stdout, as JSON, as CSV, or as tables for people."""

from __future__ import annotations

import csv
import json
import math
import sys
import textwrap
from collections import Counter
from typing import TYPE_CHECKING

from forecastctl.cli.output import said
from forecastctl.cli.output.mail import in_validation, summary_lines
from forecastctl.figures import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console
    from rich.table import Table

    from forecastctl.jobs.summary import Summary

AIRPORTS_SHOWN = 20
NO_TERMINAL = 100_000  # columns, so that no line is folded
FOLDED = 32  # columns that a cell needs at most, as it may be folded
DIGEST_SHOWN = 12  # characters
MODEL_SHOWN = 44
THOUSAND = 1000


def print_json(value: object) -> None:
    """Valid JSON (no NaN) in ASCII, whatever the locale of cron is."""
    sys.stdout.write(json.dumps(_finite(value), indent=2, default=str) + "\n")


def print_csv(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> None:
    """Rows as CSV; the header is that of the first row, or these columns where there is none."""
    from forecastctl.data.write.spreadsheets import inert

    names = list(rows[0]) if rows else columns
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow([inert(name) for name in names])
    writer.writerows([inert(row.get(name)) for name in names] for row in rows)


def print_lines(lines: Iterable[str]) -> None:
    """Lines of a mail."""
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))


def table_lines(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Rows as the lines of a table, as they stand in a mail."""
    from rich.console import Console

    console = Console(width=NO_TERMINAL, no_color=True, highlight=False)
    columns = _filled(rows)
    cells = [[_short(column, row.get(column)) for column in columns] for row in rows]
    return _lines(console, _made(columns, cells, terminal=False))


def print_rows(rows: Sequence[Mapping[str, object]], empty: str) -> None:
    """Rows as a table, or a sentence where there are none."""
    if not rows:
        _console().print(empty, markup=False)
        return
    columns = _filled(rows)
    print_table(columns, [[_short(c, row.get(c)) for c in columns] for row in rows])


def _filled(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Columns in which there is anything."""
    return [c for c in rows[0] if any(row.get(c) not in (None, "") for row in rows)]


def _short(column: str, value: object) -> object:
    """A value, of a digest its first characters and of a model the first ones; --json has all."""
    if column.endswith("digest") and value:
        return str(value)[:DIGEST_SHOWN]
    if column == "model" and value:
        return textwrap.shorten(str(value), MODEL_SHOWN, placeholder=" ...")
    return value


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; on a terminal that is too narrow, a block for each row."""
    console = _console()
    cells = [list(row) for row in rows]
    if console.is_terminal and _width(columns, cells) > console.width:
        _print_blocks(console, columns, cells)
        return
    table = _made(columns, cells, terminal=console.is_terminal)
    if console.is_terminal:
        console.print(table)
        return
    sys.stdout.write("".join(f"{line}\n" for line in _lines(console, table)))


def _made(columns: Sequence[str], cells: Sequence[Sequence[object]], *, terminal: bool) -> Table:
    from rich.text import Text

    table = _table(terminal=terminal)
    for at, column in enumerate(columns):
        numbers = all(isinstance(r[at], int | float) or r[at] is None for r in cells)
        header = Text(column.replace("_", " ") if terminal else column)
        table.add_column(header, justify="right" if numbers else "left", overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell(value)) for value in row))
    return table


def _lines(console: Console, table: Table) -> list[str]:
    with console.capture() as capture:
        console.print(table)
    return [line.rstrip() for line in capture.get().splitlines()]


def _width(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> int:
    """Columns that a readable table needs: long cells may fold, short ones may not."""
    widest = [
        min(max([len(column), *(len(cell(row[at])) for row in rows)]), FOLDED)
        for at, column in enumerate(columns)
    ]
    return sum(widest) + 3 * len(columns)


def _print_blocks(
    console: Console, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> None:
    """Rows one below the other, each value on a line of its own."""
    from rich.padding import Padding
    from rich.text import Text

    for row in rows:
        console.print(Text(cell(row[0]), style="bold"))
        for column, value in zip(columns[1:], row[1:], strict=True):
            if value is not None:
                name = column.replace("_", " ")
                console.print(Padding(Text(f"{name}: {cell(value)}"), (0, 0, 0, 2)))


def print_summary(summary: Summary, *, out: str | None, store: str, loss: str) -> None:
    """What a job ended with, for people: counts, what needs attention, where things are."""
    if not sys.stdout.isatty():
        sums = _sums(summary)
        by_status = tally_of_job(summary.counts)
        lines = summary_lines(summary, tally=by_status, out=out, store=store, loss=loss, sums=sums)
        print_lines(lines)
        return
    console = _console()
    counts = summary.counts
    by_status = tally_of_job(counts)
    airports = counted(counts["total"], "airport")
    console.print(f"{airports}: {by_status or 'none'}", style="bold", markup=False)
    notable = [
        line for line in summary.lines if line.status in ("failed", "rejected", "ok-with-fallback")
    ]
    if notable:
        shown = [(line.airport, line.status, line.reason) for line in notable[:AIRPORTS_SHOWN]]
        print_table(["airport", "status", "reason"], shown)
        if len(notable) > AIRPORTS_SHOWN:
            more = len(notable) - AIRPORTS_SHOWN
            console.print(f"... and {more} more: forecastctl history airports", markup=False)
    for line in _sums(summary):
        console.print(line, markup=False, soft_wrap=True)
    _print_factstally_of_job(console, summary, out, store, loss)


def _print_factstally_of_job(
    console: Console, summary: Summary, out: str | None, store: str, loss: str
) -> None:
    from statistics import median

    losses = [line.loss for line in summary.lines if line.loss is not None]
    if losses:
        console.print(f"median {loss} {in_validation(median(losses))}", markup=False)
    if out:
        console.print(f"forecasts   {out}", markup=False, soft_wrap=True)
    console.print(f"recorded    {store}", markup=False, soft_wrap=True)
    console.print(f"job         {summary.job_id} (run {summary.run_id})", markup=False)
    console.print(
        f"took        {summary.cost['wall_seconds']:.0f} s, "
        f"{summary.cost['airports_per_minute']:.0f} airports/min",
        markup=False,
    )


def tally(counts: Mapping[str, int]) -> str:
    """Number of airports by status, without the statuses that none has."""
    named = ((k.replace("_", " "), n) for k, n in counts.items() if k != "total" and n)
    return ", ".join(f"{n} {k}" for k, n in named)


def tally_of_job(counts: Mapping[str, int]) -> str:
    """As `tally`, of jobs: those without a forecast are no small print."""
    return tally(counts).replace(" rejected", " rejected (no forecast)")


def warn_of_panel(warnings: Iterable[str]) -> None:
    """Print on stderr, even when quiet, what a user should know of the whole panel."""
    for text in warnings:
        warning(text)


def warning(text: str) -> None:
    """Print a sentence on stderr, even when quiet, as a warning."""
    _print_to_stderr(f"warning: {text}{'' if text.endswith(('?', '.')) else '.'}")


def warn(summary: Summary) -> None:
    """Print on stderr, even when quiet, what is left to do and what looks wrong in the data."""
    warn_of_end(summary.stopped)
    suspected = [line for line in summary.lines if line.suspects]
    for line in suspected[:AIRPORTS_SHOWN]:
        _print_to_stderr(f"warning: {line.airport}: {'; '.join(line.suspects)}.")
    if len(suspected) > AIRPORTS_SHOWN:
        more = len(suspected) - AIRPORTS_SHOWN
        _print_to_stderr(
            f"warning: and such months of {more:,} more airports, which --json names, left out."
        )
    if suspected:
        _print_to_stderr(
            "  next: mend the data, or give --suspects keep to forecast with them as they are."
        )


def warn_of_end(stopped: str | None) -> None:
    """Print on stderr, even when quiet, why a job ended before all was done."""
    if stopped:
        _print_to_stderr(f"warning: {stopped}.")
        _print_to_stderr("  next: the same command goes on with what is left.")


def warn_in_a_paragraph(text: str) -> None:
    """Print on stderr what went wrong, for a command that says nothing else."""
    said.say("\n".join(printable(line) for line in text.splitlines()), "WARNING")


def note(text: str) -> None:
    """Print a line on stderr, even when quiet."""
    _print_to_stderr(text)


def _print_to_stderr(text: str) -> None:
    said.say(printable(text), "WARNING")


def _sums(summary: Summary) -> list[str]:
    """Groups by status, how they were made to add up, and what is left out of them."""
    lines = []
    if summary.groups:
        tally = Counter(line.status for line in summary.groups)
        counted = ", ".join(f"{n} {status}" for status, n in tally.items())
        lines.append(f"{len(summary.groups)} groups: {counted}")
    failed = [line for line in summary.groups if line.status == "failed"]
    lines += [
        printable(f"{line.airport} failed: {line.reason}") for line in failed[:AIRPORTS_SHOWN]
    ]
    if summary.coherent:
        record = summary.coherent.record
        texts = [record["used"], *record["notes"]]
        if record["left_out"]:
            texts.append(f"{len(record['left_out'])} airports are in no sum")
        lines.append(f"reconciled  {printable('; '.join(texts))}")
    return lines


def print_facts(title: str, facts: Mapping[str, object]) -> None:
    """Names and values, one per line."""
    console = _console()
    console.print(title, style="bold", markup=False)
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        console.print(f"  {name:<{width}}  {cell(value)}", markup=False, soft_wrap=True)


def print_line(text: str, style: str = "") -> None:
    """One line of text, styled on a terminal."""
    if not sys.stdout.isatty():
        sys.stdout.write(f"{printable(text)}\n")
        return
    _console().print(printable(text), style=style, markup=False)


def cell(value: object) -> str:
    """A value for people."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple):
        return ", ".join(cell(v) for v in value)
    return printable(str(value))


def printable(text: str) -> str:
    """Keep a name on one line and harmless for a terminal."""
    return said.printable(text)


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "-" if math.isnan(value) else str(value)
    rounded = float(f"{value:.4g}") + 0.0  # 999.96 counts as 1,000; no -0
    return f"{value:,.0f}" if abs(rounded) >= THOUSAND else f"{rounded:.4g}"


def _console() -> Console:
    from rich.console import Console

    if sys.stdout.isatty():
        return Console(file=sys.stdout, highlight=False)
    return Console(file=sys.stdout, highlight=False, width=NO_TERMINAL, no_color=True)


def _table(*, terminal: bool) -> Table:
    from rich import box
    from rich.table import Table

    if terminal:
        return Table(box=box.SIMPLE_HEAD, pad_edge=False)
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _finite(value: object) -> object:
    """A value for JSON, which has no NaN and no infinity: ``None`` instead."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(k): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value

"""What a backtest ended with, for people and for a mail."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from forecastctl.cli.output import render
from forecastctl.cli.output.mail import blocks_of_trouble, fitting
from forecastctl.figures import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.backtest.summary import BacktestSummary

SHOWN = 20


def print_backtest(summary: BacktestSummary, *, out: str | None, store: str, loss: str) -> None:
    """Print what a backtest ended with.

    Args:
        summary: What it ended with.
        out: Where the forecasts are; ``None`` where they are nowhere.
        store: Where all is recorded.
        loss: Name of the loss.
    """
    facts = _facts(summary, out, store, loss)
    if sys.stdout.isatty():
        _print(summary, facts)
    else:
        render.print_lines(lines(summary, facts))


def lines(summary: BacktestSummary, facts: Mapping[str, str]) -> list[str]:
    """What was done, what went wrong and how good it was, as short as a mail.

    Args:
        summary: What it ended with.
        facts: Names and values that stand at its end.
    """
    head, rows = [_head(summary)], _score_rows(summary)
    width = max(map(len, facts), default=0)
    tail = [f"{name:<{width}}  {value}" for name, value in facts.items()]
    scores = render.table_lines(rows) if rows else [NO_SCORES]
    trouble = [
        (row["status"], row["reason"] or "", f"{row['airport']} ({_times(row['origins'])})")
        for row in summary.trouble()
    ]
    return fitting(head, blocks_of_trouble(trouble), scores, tail)


NO_SCORES = "No actual is known yet of any period that was forecast."


def _times(origins: int) -> str:
    return counted(origins, "origin")


def _head(summary: BacktestSummary) -> str:
    counts, n = summary.counts, len(summary.accounts)
    airports = counts["total"] // n if n else 0
    return f"{_times(n)} x {counted(airports, 'airport')}: {render.tally_of_job(counts) or 'none'}"


def _facts(summary: BacktestSummary, out: str | None, store: str, loss: str) -> dict[str, str]:
    cost, median = summary.cost, summary.validation_loss
    facts = {
        f"median {loss} in validation": None if median is None else f"{median:.4g}",
        "forecasts": out,
        "recorded": store,
        "backtest": summary.backtest_id,
        "resumed": f"{summary.resumed} were recorded before" if summary.resumed else None,
        "took": f"{cost['wall_seconds']:.0f} s, {cost['airports_per_minute']:.0f} airports/min",
    }
    return {name: value for name, value in facts.items() if value is not None}


def _print(summary: BacktestSummary, facts: Mapping[str, str]) -> None:
    """On a terminal."""
    render.print_line(_head(summary), style="bold")
    rows = summary.trouble()
    if rows:
        render.print_rows(rows[:SHOWN], "")
    if len(rows) > SHOWN:
        render.print_line(f"... and {len(rows) - SHOWN} more airports")
    render.print_rows(_score_rows(summary), NO_SCORES)
    title = f"backtest {summary.backtest_id}"
    render.print_facts(title, {k: v for k, v in facts.items() if k != "backtest"})


def _score_rows(summary: BacktestSummary) -> list[dict[str, object]]:
    return [_score_row(row) for row in summary.scores]


def _score_row(row: Mapping[str, Any]) -> dict[str, object]:
    coverage = {f"in {level} %": f"{share:.1%}" for level, share in row["coverage"].items()}
    names = {"mae_percent": "MAE %", "bias_percent": "bias %", "naive_mase": "naive MASE"}
    names |= {"mase": "MASE"}
    shown = {names.get(key, key): value for key, value in row.items() if key != "coverage"}
    return {**shown, **coverage}

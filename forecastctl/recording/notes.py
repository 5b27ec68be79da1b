"""What a run is, in a few lines of Markdown that a store may show with it. Pure.

Names stand in code blocks alone, as part of the commands that ask about them; whatever else may
hold signs of Markdown or HTML is escaped.
"""

from __future__ import annotations

import re
import shlex
from statistics import median
from typing import TYPE_CHECKING

from forecastctl.figures import counted, number, period
from forecastctl.records import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from forecastctl.records import AirportResult

LONGEST_TEXT = 1000
"""Characters of a reason or a label that a note repeats."""

_SIGNS = re.compile(r"[\\`*_\[\]~|#]")
_ENTITIES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}


def escaped(text: str) -> str:
    """Text that Markdown and HTML show as it is, in one line."""
    line = " ".join(text[:LONGEST_TEXT].split()).translate(_ENTITIES)
    return _SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", line)


def airport_note(result: AirportResult, job_id: str, model: str | None, loss: str) -> str:
    """The note of an airport's run.

    Args:
        result: What became of it.
        job_id: The job.
        model: Label of the specification that it ended with.
        loss: What was minimised, such as ``mase``.
    """
    said = [_became(result, model)]
    if result.tuned is not None and result.tuned.loss is not None:
        naive = number(result.tuned.baseline_loss)
        said.append(
            f"In validation its {escaped(loss)} was **{number(result.tuned.loss)}**"
            f" (that of the seasonal naive: {naive})."
        )
    name = shlex.quote(result.airport)
    asked = ["history", "airports", "--airport", name], ["explain", "--airport", name]
    lines = [" ".join(words) for words in asked]
    if result.forecast is not None:
        lines[1] += f" --date {result.forecast.ds[0]}"
        lines.append(f"reproduce {job_id} --airport {name}")
    return _note(said, lines)


def job_note(
    command: str, job_id: str, counts: Mapping[str, int], losses: Iterable[float], loss: str
) -> str:
    """The note of a job's run.

    Args:
        command: ``run``, ``tune``, ``train``, ``forecast`` or ``backtest``.
        job_id: The job.
        counts: Airports by status, and in all, as ``total``.
        losses: Losses of the airports in validation, of those that have one.
        loss: What was minimised, such as ``mase``.
    """
    named = {name: n for name, n in counts.items() if n and name != "total"}
    of_them = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in named.items())
    said = [f"`{command}` of {counted(counts['total'], 'airport')}: {of_them or 'nothing done'}."]
    known = list(losses)
    if known:
        said.append(f"Median {escaped(loss)} in validation: **{number(median(known))}**.")
    lines = [f"history airports --job {job_id}", f"reproduce {job_id}", "explain"]
    return _note(said, lines)


def _became(result: AirportResult, model: str | None) -> str:
    """What became of an airport, in one or two sentences."""
    if result.status in (Status.FAILED, Status.REJECTED):
        return f"**{result.status}**: {escaped(result.reason or 'no reason is known')}."
    what = f"Model {escaped(model)}" if model else "No model"
    if result.task is not None:
        series = result.task.series
        what += f", from {counted(series.n, 'period')} up to {period(series.cutoff, series.freq)}"
    why = f" {escaped(result.reason)}." if result.reason else ""
    return f"{what}: **{result.status}**.{why}"


def _note(said: Iterable[str], lines: Iterable[str]) -> str:
    """Sentences, and commands in a block whose fence is longer than any in them."""
    commands = "\n".join(f"forecastctl {line}" for line in lines)
    longest = max((len(run) for run in re.findall("`+", commands)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{' '.join(said)}\n\nTo ask about it:\n\n{fence}sh\n{commands}\n{fence}"

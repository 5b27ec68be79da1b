"""What a job ended with as a mail would say it: plain lines, few and short.

Cron mails what a command prints. So nothing here is coloured or set in columns, and however many
airports there are, the summary fits on a page.
"""

from __future__ import annotations

import textwrap
from statistics import median
from typing import TYPE_CHECKING, Final

from forecastctl.figures import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from forecastctl.jobs.summary import Summary

MOST_LINES: Final = 40
WIDTH: Final = 78
NAMED: Final = 8
"""Airports that are named for one reason."""
REASON_LINES: Final = 2
PARAGRAPH_NAMES: Final = 5
REASON_CHARACTERS: Final = 150
_WORST_FIRST: Final = (
    *("failed", "rejected", "degraded", "ok-with-fallback"),
    *("past max age", "never tuned", "no actuals", "too few scored", "too wide"),
)
"""What has trouble: airports of a job, and of the monitor."""


def summary_lines(
    summary: Summary, *, tally: str, out: str | None, store: str, loss: str, sums: Sequence[str]
) -> list[str]:
    """What was done, what went wrong and why, and what to do next, in at most `MOST_LINES`.

    Args:
        summary: What the job ended with.
        tally: Airports by status, in words.
        out: Where the forecasts were written, if they were.
        store: Where all is recorded.
        loss: Name of the loss.
        sums: Lines about groups and totals.
    """
    head = [f"{counted(summary.counts['total'], 'airport')}: {tally or 'none'}"]
    losses = [line.loss for line in summary.lines if line.loss is not None]
    facts = {
        f"median {loss}": in_validation(median(losses)) if losses else None,
        "forecasts  ": out,
        "recorded   ": store,
        "job        ": f"{summary.job_id} (run {summary.run_id})",
        "took       ": (
            f"{summary.cost['wall_seconds']:.0f} s, "
            f"{summary.cost['airports_per_minute']:.0f} airports/min"
        ),
    }
    tail = [f"{name} {value}" for name, value in facts.items() if value is not None]
    tail += [f"next        {step}" for step in next_steps(summary)]
    trouble = [(line.status, line.reason or "", line.airport) for line in summary.lines]
    return fitting(head, blocks_of_trouble(trouble), list(sums)[: MOST_LINES // 4], tail)


def in_validation(loss: float) -> str:
    """The median loss of the models of a job, and what it is.

    Models are chosen by it, so that it is lower than what is to be expected of their forecasts, and
    the more so the fewer of them are averaged.
    """
    return f"{loss:.3f} in validation, by which the models were chosen"


def next_steps(summary: Summary) -> list[str]:
    """Commands that say more of what went wrong."""
    counts, steps = summary.counts, []
    if counts["failed"]:
        steps.append(
            f"'forecastctl history airports --status failed --job {summary.job_id}' lists what "
            "failed; the run of each holds its traceback"
        )
    if counts["rejected"]:
        steps.append("'forecastctl check' says what is wrong with the rows of each airport")
    return steps


def blocks_of_trouble(accounts: Iterable[tuple[str, str, str]]) -> list[tuple[int, list[str]]]:
    """Airports that are not as they should be, those with one reason together, the gravest first.

    Args:
        accounts: Status, reason and airport.

    Returns:
        For each reason how many airports have it, and its lines.
    """
    alike: dict[tuple[str, str], list[str]] = {}
    for status, reason, airport in accounts:
        if status in _WORST_FIRST:
            alike.setdefault((status, reason), []).append(airport)
    ordered = sorted(alike.items(), key=lambda item: _WORST_FIRST.index(item[0][0]))
    return [(len(names), _block(status, reason, names)) for (status, reason), names in ordered]


def fitting(
    head: Sequence[str],
    trouble: Sequence[tuple[int, Sequence[str]]],
    middle: Sequence[str],
    tail: Sequence[str],
    where: str = "forecastctl history airports",
) -> list[str]:
    """A mail of at most `MOST_LINES`: what is too much of the trouble is counted.

    Args:
        head: Its first lines.
        trouble: See `blocks_of_trouble`.
        middle: Lines that follow; of more than half a mail the first ones and the last.
        tail: Its last lines.
        where: What tells the trouble that is counted.
    """
    half = MOST_LINES // 2
    if len(middle) > half:
        left = f"... and {len(middle) - half + 1} more: --json has all"
        middle = [*middle[: half - 2], left, middle[-1]]
    room = MOST_LINES - len(head) - len(middle) - len(tail)
    shown: list[str] = []
    for at, (_, block) in enumerate(trouble):
        more = 1 if at + 1 < len(trouble) else 0
        if len(shown) + len(block) + more > room:
            left_out = sum(number for number, _ in trouble[at:])
            shown.append(f"... and {left_out} more: {where}")
            break
        shown += block
    return [*head, *shown, *middle, *tail]


def _block(status: str, reason: str, names: Sequence[str]) -> list[str]:
    """One reason, and who has it."""
    named = textwrap.shorten(f"{status}: {listed(names, NAMED)}", WIDTH, placeholder=" ...")
    wrapped = textwrap.wrap(
        one_line(reason),
        WIDTH - 2,
        max_lines=REASON_LINES,
        placeholder=" ...",
        break_on_hyphens=False,
    )
    return [named, *(f"  {line}" for line in wrapped)]


def paragraph(
    command: str, counts: Mapping[str, int], trouble: Sequence[tuple[str, str]], more: str
) -> str:
    """What went wrong, for a command that says nothing else.

    Args:
        command: Its name.
        counts: Airports by status.
        trouble: Airports that are not as they should be, with the reason, gravest first.
        more: A sentence that says where to read on.
    """
    worst_first = sorted(counts, key=lambda key: (key not in _GRAVE, key == "skipped"))
    told = [
        f"{counts[key]} {key.replace('_', ' ')}"
        for key in worst_first
        if counts[key] and key != "total"
    ]
    airports = counted(counts["total"], "airport")
    sentences = [f"forecastctl {command}: {airports}, {', '.join(told)}."]
    sentences += [
        f"{one_line(name)}: {_cut(one_line(reason)).rstrip('.')}."
        for name, reason in trouble[:PARAGRAPH_NAMES]
    ]
    if len(trouble) > PARAGRAPH_NAMES:
        sentences.append(f"And {len(trouble) - PARAGRAPH_NAMES} more.")
    text = " ".join([*sentences, more])
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


_GRAVE: Final = ("failed", "rejected", "degraded")


def wrapped(text: str) -> list[str]:
    """A text in lines of a mail."""
    return textwrap.wrap(one_line(text), WIDTH, break_on_hyphens=False)


def listed(names: Sequence[str], most: int) -> str:
    """Names with commas, and how many more there are."""
    shown = ", ".join(one_line(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def one_line(text: str) -> str:
    """Text without what a terminal or a mail would take for anything else."""
    plain = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(plain.split())


def _cut(text: str) -> str:
    return text if len(text) <= REASON_CHARACTERS else text[:REASON_CHARACTERS].rstrip() + " ..."

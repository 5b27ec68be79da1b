"""What a job does at the same time: airports, the trials of one of them, or both."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecastctl.records.schema import Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

AIRPORTS, TRIALS, BOTH, AUTO = "airports", "trials", "both", "auto"

HANDING_OVER = 0.02
"""Seconds that the driver takes for each trial that it proposes, hands out and takes back."""

USED = 0.8
"""Share of the workers' time in which trials keep them busy: proposals wait for each other."""

WORTH_IT = 0.8
"""Trials are spread where that takes at most this share of the time."""


@dataclass(frozen=True, slots=True)
class Parallel:
    """What a job does at the same time.

    Attributes:
        how: ``airports``, ``trials`` or ``both``.
        parallelism: Evaluations of one airport that may be under way at once.
        limit: Seconds that the work on an airport may take where its trials are spread.
        asked: What decided where ``auto`` was asked for, in words; empty otherwise.
        reason: Why that was decided.
    """

    how: str = AIRPORTS
    parallelism: int = 1
    limit: float | None = None
    asked: str = ""
    reason: str = ""

    @property
    def spreads(self) -> bool:
        """Whether a worker gets one trial, instead of one airport."""
        return self.how == TRIALS or self.parallelism > 1


def spread_as_asked(
    how: str, parallelism: int | None, airports: int, workers: int, limit: float | None
) -> Parallel:
    """What is done at the same time where it was said.

    Args:
        how: ``airports``, ``trials`` or ``both``.
        parallelism: As it was set; ``None`` for as many trials as there are workers for.
        airports: How many are to be searched, at most.
        workers: How many tasks are done at the same time.
        limit: Seconds that the work on an airport may take.
    """
    if how == AIRPORTS:
        return Parallel()
    at_once = airports if how == BOTH else 1
    return Parallel(how, parallelism or math.ceil(workers / max(at_once, 1)), limit)


def as_recorded(tags: Mapping[str, str], limit: float | None) -> Parallel:
    """What a recorded job did at the same time.

    Args:
        tags: Of its run.
        limit: Seconds that the work on an airport may take.
    """
    return Parallel(
        tags.get(Tag.PARALLEL, AIRPORTS),
        int(tags.get(Tag.PARALLELISM, "1")),
        limit,
        tags.get(Tag.PARALLEL_ASKED, ""),
        tags.get(Tag.PARALLEL_REASON, ""),
    )


def choose(airports: int, workers: int, seconds: Callable[[], float | None]) -> tuple[str, str]:
    """What is best done at the same time, and why, in words that hold no measured number.

    Args:
        airports: How many are to be searched.
        workers: How many tasks are done at the same time.
        seconds: Says how long a trial takes, where that decides; ``None`` where nobody knows.
    """
    if workers == 1:
        return AIRPORTS, "there is one worker"
    if airports >= workers:
        return AIRPORTS, f"{airports} airports keep {workers} workers busy"
    few = f"{airports} {'airport leaves' if airports == 1 else 'airports leave'}"
    few = f"{few} some of {workers} workers without work"
    trial = seconds()
    if trial is None:
        return AIRPORTS, f"{few}, but how long a trial takes is not known"
    spread = airports * (trial / (USED * workers) + HANDING_OVER)
    if spread > WORTH_IT * trial:
        return AIRPORTS, f"{few}, but handing trials out one by one would not be quicker"
    return (TRIALS if airports == 1 else BOTH), f"{few}, and trials are worth sharing out"

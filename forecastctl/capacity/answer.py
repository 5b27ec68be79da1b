"""The answer of a plan: predictions for each backend and number of cores, and what they rest on."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.capacity.model import calibrate, predict
from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.jobs.plan import CHARTED
from forecastctl.registry import EXECUTORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.capacity.facts import JobFacts
    from forecastctl.capacity.model import Calibration, Prediction

WHY = {
    "starting": "starting takes longer than anything else",
    "models": "the models: more cores help",
    "recording": "recording: one driver writes, more cores do not help",
    "closing": "closing takes longer than anything else",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a job of a size will take.

    Attributes:
        airports: How many.
        months: Months of each.
        predictions: One for each backend on record and number of cores, the quickest first for
            each number.
        known: What recorded jobs say, by backend.
        unknown: Backends that no job on record used.
        price: Of a core for an hour, or ``None``.
    """

    airports: int
    months: int
    predictions: tuple[Prediction, ...]
    known: dict[str, Calibration]
    unknown: tuple[str, ...]
    price: float | None

    def rows(self) -> list[dict[str, Any]]:
        """A row for each prediction."""
        return [
            {
                "cores": one.cores,
                "backend": one.backend,
                "wall": duration(one.wall_seconds),
                "likely": f"{duration(one.low)} to {duration(one.high)}",
                "cpu": duration(one.cpu_seconds),
                "cost": _money(one.cost(self.price)),
                "bottleneck": WHY[one.bottleneck],
            }
            for one in self.predictions
        ]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {
            "airports": self.airports,
            "months": self.months,
            "price": self.price,
            "predictions": [
                {
                    **{name: getattr(one, name) for name in one.__slots__},
                    "cost": one.cost(self.price),
                }
                for one in self.predictions
            ],
            "known": {
                backend: {name: getattr(c, name) for name in c.__slots__}
                for backend, c in self.known.items()
            },
            "unknown": list(self.unknown),
        }


def plan(
    facts: Sequence[JobFacts],
    *,
    airports: int | None,
    months: int | None,
    cores: Sequence[int],
    backends: Sequence[str],
    price: float | None,
) -> Plan:
    """Predict a job from jobs on record.

    Args:
        facts: Jobs with equal settings, the newest first.
        airports: How many; as in the newest job by default.
        months: Months of each; those of the newest job's airports in the middle by default.
        cores: Numbers of cores.
        backends: Only these; by default all on record.
        price: Of a core for an hour, or ``None``.

    Raises:
        UsageError: There is no such backend.
        NothingRecordedError: No job on record used any of them.
    """
    there = list(dict.fromkeys(job.backend for job in facts))
    for backend in backends:
        if not EXECUTORS.knows(backend):
            raise UsageError(f"--backends: there is no backend {backend!r}.")
    wanted = list(backends) or there
    used = [backend for backend in wanted if backend in there]
    if not used:
        raise NothingRecordedError(
            f"No job on record was run with {' or '.join(wanted)}; there are {', '.join(there)}.",
            f"Run a small one first: forecastctl run --data FILE --backend {wanted[0]}",
        )
    known = {backend: calibrate(facts, backend) for backend in used}
    newest = facts[0].airports
    n = len(newest) if airports is None else airports
    length = round(statistics.median(m for m, _ in newest)) if months is None else months
    asked = facts[0].charts
    charts = n <= CHARTED if asked is None else asked
    found = [
        one
        for count in cores
        for one in sorted(
            (predict(c, n, length, count, charts=charts) for c in known.values()),
            key=lambda p: p.wall_seconds,
        )
    ]
    missing = [b for b in (list(backends) or list(EXECUTORS.own)) if b not in there]
    return Plan(n, length, tuple(found), known, tuple(missing), price)


def duration(seconds: float) -> str:
    """Seconds for people: ``42 s``, ``7 min``, ``3.2 h``."""
    if seconds < 100:  # noqa: PLR2004 - until where seconds are read at once
        return f"{seconds:.0f} s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _money(cost: float | None) -> str | None:
    return None if cost is None else f"{cost:.3g}"

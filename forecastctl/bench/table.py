"""The table of all ways: medians of the rounds, and whether the forecasts are the same."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.bench.trial import Measures

COLUMNS = (
    "way",
    "backend",
    "workers",
    "wall_s",
    "startup_s",
    "cpu_s",
    "startup_cpu_s",
    "efficiency",
    "overhead_ms",
    "peak_mb",
    "cost",
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """What all ways took.

    Attributes:
        tried: What each took, each round; equal ways in the order of the rounds.
        skipped: Why a backend was not tried, by its name.
        price: Of a core for an hour, or ``None``.
    """

    tried: tuple[Measures, ...]
    skipped: dict[str, str]
    price: float | None = None

    @property
    def same(self) -> bool:
        """Whether the forecasts are equal to the last digit, whatever made them."""
        return len(self.digests) == 1

    @property
    def digests(self) -> dict[str, list[str]]:
        """Keys of the ways by the SHA-256 of the forecasts that they made."""
        found: dict[str, list[str]] = {}
        for one in self.tried:
            if one.problem is None and one.way.key not in found.setdefault(one.digest, []):
                found[one.digest].append(one.way.key)
        return found

    @property
    def problems(self) -> dict[str, str]:
        """Why a way has no measures, by its key."""
        return {one.way.key: one.problem for one in self.tried if one.problem}

    def rows(self) -> list[dict[str, Any]]:
        """A row for each way that came to its end, with the columns of `COLUMNS`."""
        by_way: dict[str, list[Measures]] = {}
        for one in self.tried:
            if one.problem is None:
                by_way.setdefault(one.way.key, []).append(one)
        return [self._row(rounds) for rounds in by_way.values()]

    def _row(self, rounds: Sequence[Measures]) -> dict[str, Any]:
        first = rounds[0]
        hours = _median(rounds, lambda one: one.core_hours)
        return {
            "way": first.way.name,
            "backend": first.way.backend,
            "workers": first.workers,
            "wall_s": _rounded(_median(rounds, lambda one: one.wall_seconds), 1),
            "startup_s": _rounded(_median(rounds, lambda one: one.startup_seconds), 1),
            "cpu_s": _rounded(_median(rounds, lambda one: one.cpu_seconds), 1),
            "startup_cpu_s": _rounded(_median(rounds, lambda one: one.startup_cpu_seconds), 1),
            "efficiency": _rounded(_median(rounds, lambda one: one.efficiency), 2),
            "overhead_ms": _rounded(_median(rounds, lambda one: one.overhead_seconds), 1, 1000),
            "peak_mb": _rounded(_median(rounds, lambda one: one.peak_bytes), 0, 1e-6),
            "cost": None if self.price is None else _rounded(hours, 6, self.price),
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {
            "ways": self.rows(),
            "rounds": [_plain(one) for one in self.tried],
            "same_forecasts": self.same,
            "digests": self.digests,
            "skipped": self.skipped,
            "problems": self.problems,
            "price": self.price,
        }


def _plain(one: Measures) -> dict[str, Any]:
    names = [name for name in one.__slots__ if name != "way"]
    return {"way": one.way.key, **{name: getattr(one, name) for name in names}}


def _median(rounds: Sequence[Measures], of: Callable[[Measures], float | None]) -> float | None:
    values = [value for value in map(of, rounds) if value is not None]
    return statistics.median(values) if values else None


def _rounded(value: float | None, digits: int, times: float = 1.0) -> float | int | None:
    if value is None:
        return None
    return round(value * times, digits) if digits else round(value * times)

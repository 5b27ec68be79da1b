"""A panel in a few lines: how it was read, and what is found by kind rather than by airport."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.rows import group
from forecastctl.records.calendar import labels, ordinals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.data.check.check import AirportCheck
    from forecastctl.data.panel.panel import Panel

_WORDS = {"M": "monthly", "Q": "quarterly", "W": "weekly", "D": "daily"}
_ORDER = {"reject": 0, "warning": 1, "info": 2}
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding, and which airports have it.

    Attributes:
        kind: Its short name.
        severity: The gravest of its findings.
        airports: Names, in the order of the file.
        example: What is said of the first of them.
    """

    kind: str
    severity: str
    airports: tuple[str, ...]
    example: str

    def row(self) -> dict[str, object]:
        """As a row of a table for people."""
        more = len(self.airports) - _NAMED
        names = ", ".join(self.airports[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")
        return {
            "finding": self.kind,
            "severity": self.severity,
            "airports": len(self.airports),
            "which": names,
            "the first": self.example,
        }


def described(panel: Panel) -> dict[str, object]:
    """What was understood of a source, by name.

    Args:
        panel: What was read.
    """
    read, span = panel.understood, _span(panel)
    return {
        "shape": read.shape or "a row per airport and period",
        "file": read.file or panel.source,
        "numbers": read.numbers,
        "dates": read.dates,
        "unit": read.unit or panel.columns.get("value", ""),
        "frequency": _WORDS[panel.freq[0]],
        **span,
    }


def _span(panel: Panel) -> dict[str, object]:
    """Airports, first and last period, and how many values there are."""
    rows = group(panel.frame)
    days = rows.days[rows.observed]
    first, last = "", ""
    if len(days):
        ends = ordinals(np.array([days.min(), days.max()]), panel.freq)
        first, last = labels(ends, panel.freq)
    return {"airports": len(rows.names), "first": first, "last": last, "values": len(days)}


def three_lines(found: dict[str, object]) -> tuple[str, str, str]:
    """What was understood, for people."""
    n = found["airports"]
    airports = f"{n:,} airport{'' if n == 1 else 's'}"
    span = f"{found['first']} to {found['last']}"
    how = f"{found['numbers']}, " if found["numbers"] else ""
    dates = f"; dates in the form of {found['dates']}" if found["dates"] else ""
    return (
        f"shape    {found['shape']}; {found['file']}",
        f"numbers  {how}{found['unit']}{dates}",
        f"span     {airports}, {found['frequency']}, {span}, {found['values']:,} values",
    )


def by_kind(airports: Sequence[AirportCheck]) -> list[Kind]:
    """Findings of all airports by kind, gravest and most frequent first."""
    found: dict[str, dict[str, str]] = {}
    severity: dict[str, str] = {}
    for airport in airports:
        for finding in airport.findings:
            found.setdefault(finding.kind, {}).setdefault(airport.airport, finding.message)
            worst = severity.setdefault(finding.kind, finding.severity)
            severity[finding.kind] = min(worst, finding.severity, key=_ORDER.__getitem__)
    kinds = [
        Kind(kind, severity[kind], tuple(names), next(iter(names.values())))
        for kind, names in found.items()
    ]
    return sorted(kinds, key=lambda k: (_ORDER[k.severity], -len(k.airports)))

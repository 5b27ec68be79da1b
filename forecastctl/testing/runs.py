"""Runs that the contract of stores records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forecastctl.records import Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.records import StoredRun

NOW = 1_700_000_000_000


def run(name: str = "a run", start: int = NOW, **fields: Any) -> Run:
    """A run of one second."""
    return Run(name, **{"start_ms": start, "end_ms": start + 1000, **fields})


def names(runs: Iterable[StoredRun]) -> list[str]:
    """Names in order."""
    return [r.name for r in runs]

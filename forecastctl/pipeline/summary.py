"""What a job ends with: one account for each airport of the input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from forecastctl.records import AirportResult, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

COUNTED = {
    "ok": Status.OK,
    "fallback": Status.FALLBACK,
    "failed": Status.FAILED,
    "rejected": Status.REJECTED,
    "skipped": Status.SKIPPED,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One airport's account in the summary of a job."""

    airport: str
    status: str
    reason: str | None
    loss: float | None
    model: str | None
    run_id: str | None
    retuned: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return {key: getattr(self, key) for key in self.__slots__}


@dataclass(frozen=True, slots=True)
class Summary:
    """What a job ended with.

    Attributes:
        job_id: Id that the runs of the job share.
        run_id: The job's own run.
        status: ``ok``, ``partial`` (some airports failed) or ``failed`` (nothing succeeded).
        lines: One for each airport of the input, in its order.
        forecasts: The ``--out`` table, or ``None`` where the job makes no forecasts.
        cost: Wall, CPU and objective seconds, airports per minute, efficiency.
    """

    job_id: str
    run_id: str
    status: str
    lines: tuple[Line, ...]
    forecasts: pd.DataFrame | None
    cost: Mapping[str, float]

    @property
    def counts(self) -> dict[str, int]:
        """Airports by status, and in all."""
        tally = {k: sum(li.status == v for li in self.lines) for k, v in COUNTED.items()}
        return {"total": len(self.lines), **tally}

    def to_dict(self) -> dict[str, Any]:
        """The ``--json`` summary."""
        return {
            "job_id": self.job_id,
            "run_id": self.run_id,
            "status": self.status,
            "airports": self.counts,
            "cost": dict(self.cost),
            "results": [line.to_dict() for line in self.lines],
        }


def job_status(lines: Iterable[Line]) -> str:
    """``ok``, ``partial`` or ``failed`` from the accounts of the airports."""
    statuses = {line.status for line in lines}
    if Status.FAILED not in statuses:
        only_bad = bool(statuses) and statuses <= {Status.REJECTED}
        return "failed" if only_bad else "ok"
    return "partial" if {Status.OK, Status.FALLBACK} & statuses else "failed"


def skipped(airport: str, reason: str, digest: str = "") -> AirportResult:
    """Account for an airport that the job leaves alone."""
    return AirportResult(airport, Status.SKIPPED, reason, digest=digest)


def rejected(airport: str, reason: str, digest: str, start_ms: int) -> AirportResult:
    """Account for an airport whose rows cannot be used."""
    result = AirportResult(airport, Status.REJECTED, reason, digest=digest)
    return replace(result, start_ms=start_ms, end_ms=start_ms)

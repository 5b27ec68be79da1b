"""The summary of a job: one account for each airport of the input."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from forecastctl.records import AirportResult, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from forecastctl.jobs.sums.coherent import Coherent
    from forecastctl.records import Rejection

COUNTED = {
    "ok": Status.OK,
    "without_suspects": Status.WITHOUT_SUSPECTS,
    "fallback": Status.FALLBACK,
    "failed": Status.FAILED,
    "rejected": Status.REJECTED,
    "skipped": Status.SKIPPED,
}


REJECTED_SETTING = "run.rejected"
"""The setting that says whether a job with an airport whose data cannot be used has failed."""


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One airport's account in the summary of a job.

    Attributes:
        airport: As spelt in the input.
        status: See `forecastctl.records.Status`.
        reason: Why it has it, where it is not ``ok``.
        loss: Loss of its specification in validation.
        model: Label of its specification.
        run_id: Its run, or ``None`` where none was recorded.
        retuned: Why it was tuned, where a job decides that for each airport.
        suspects: What of its data looks wrong and is left out, also where the airport was skipped.
    """

    airport: str
    status: str
    reason: str | None
    loss: float | None
    model: str | None
    run_id: str | None
    retuned: str | None = None
    suspects: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        value = {key: getattr(self, key) for key in self.__slots__}
        return {**value, "suspects": list(self.suspects)}


@dataclass(frozen=True, slots=True)
class Summary:
    """The result of a job.

    Attributes:
        job_id: Id that the runs of the job share.
        run_id: The job's own run.
        status: ``ok``, ``partial`` (some airports failed, are without what looks wrong in their
            data, or have unusable data where that is to count) or ``failed`` (nothing succeeded).
        lines: One for each airport of the input, in its order.
        forecasts: The ``--out`` table, or ``None`` where the job makes no forecasts.
        cost: Wall, CPU and objective seconds, airports per minute, efficiency.
        groups: One line for each sum over airports that is forecast on its own.
        coherent: The table of airports and sums, and what was done, where the job has sums.
        warnings: What a user should know of the whole panel, one sentence each.
        left: Airports and groups that are not done, because the job ended early.
        stopped: Why it did, in one sentence.
    """

    job_id: str
    run_id: str
    status: str
    lines: tuple[SummaryLine, ...]
    forecasts: pd.DataFrame | None
    cost: Mapping[str, float]
    groups: tuple[SummaryLine, ...] = ()
    coherent: Coherent | None = None
    warnings: tuple[str, ...] = ()
    left: int = 0
    stopped: str | None = None

    @property
    def table(self) -> pd.DataFrame | None:
        """What ``--out`` writes."""
        return self.coherent.table if self.coherent else self.forecasts

    @property
    def counts(self) -> dict[str, int]:
        """Airports by status, and in all."""
        counts = {
            name: sum(line.status == status for line in self.lines)
            for name, status in COUNTED.items()
        }
        return {"total": len(self.lines), **counts}

    def with_ids(self, ids: Mapping[str, str]) -> Summary:
        """The same with other ids of runs, where there are such."""

        def renamed(line: SummaryLine) -> SummaryLine:
            return replace(line, run_id=ids.get(line.run_id or "", line.run_id))

        return replace(
            self,
            run_id=ids.get(self.run_id, self.run_id),
            lines=tuple(map(renamed, self.lines)),
            groups=tuple(map(renamed, self.groups)),
        )

    def to_dict(self) -> dict[str, Any]:
        """The ``--json`` summary."""
        return {
            "job_id": self.job_id,
            "run_id": self.run_id,
            "status": self.status,
            "airports": self.counts,
            "cost": dict(self.cost),
            "warnings": list(self.warnings),
            "left": self.left,
            "stopped": self.stopped,
            "results": [line.to_dict() for line in self.lines],
            **self._sums(),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Summary:
        """What is recorded of a job, without its forecasts and its groups."""
        lines = tuple(
            SummaryLine(
                **{key: row.get(key) for key in SummaryLine.__slots__ if key != "suspects"},
                suspects=tuple(row.get("suspects", ())),
            )
            for row in value["results"]
        )
        return cls(
            value["job_id"],
            value["run_id"],
            value["status"],
            lines,
            None,
            value.get("cost", {}),
            warnings=tuple(value.get("warnings", ())),
        )

    def _sums(self) -> dict[str, Any]:
        """The keys that only a job with groups has."""
        keys_of_sums: dict[str, Any] = {}
        if self.groups:
            keys_of_sums["groups"] = [line.to_dict() for line in self.groups]
        if self.coherent:
            names = ("method", "used", "notes", "stand_ins", "left_out")
            keys_of_sums["reconciliation"] = {key: self.coherent.record[key] for key in names}
        return keys_of_sums


def job_status(
    lines: Iterable[SummaryLine], groups: Iterable[SummaryLine] = (), *, strict: bool = False
) -> str:
    """``ok``, ``partial`` or ``failed`` from the accounts of the airports, then of the groups.

    Args:
        lines: The airports.
        groups: Sums over them that are forecast on their own.
        strict: Whether an airport whose data cannot be used counts as failed.
    """
    airports = list(lines)
    status = _status({line.status for line in airports})
    broken = any(group.status == Status.FAILED for group in groups)
    suspect = any(line.suspects for line in airports)
    missing = strict and any(line.status == Status.REJECTED for line in airports)
    return "partial" if status == "ok" and (broken or suspect or missing) else status


def _status(statuses: set[str]) -> str:
    if Status.FAILED not in statuses:
        only_rejected = bool(statuses) and statuses <= {Status.REJECTED}
        return "failed" if only_rejected else "ok"
    succeeded = {Status.OK, Status.WITHOUT_SUSPECTS, Status.FALLBACK}
    return "partial" if succeeded & statuses else "failed"


def skipped(airport: str, reason: str, digest: str = "") -> AirportResult:
    """Account for an airport that the job leaves alone."""
    return AirportResult(airport, Status.SKIPPED, reason, digest=digest)


def rejected(entry: Rejection, start_ms: int) -> AirportResult:
    """Account for an airport whose rows cannot be used."""
    result = AirportResult(entry.airport, Status.REJECTED, entry.reason, digest=entry.digest)
    return replace(result, start_ms=start_ms, end_ms=start_ms, suspects=entry.suspects)

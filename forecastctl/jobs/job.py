"""A job before it runs: what is done with each airport, and what is known of it already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from forecastctl.jobs.parallel import Parallel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from forecastctl.data.shared.panel import Parts
    from forecastctl.jobs.sums.base import Sums
    from forecastctl.recording.context import JobContext
    from forecastctl.recording.searches import Searched
    from forecastctl.records import (
        AirportResult,
        AirportTask,
        FleetLines,
        FleetTerms,
        StoredRun,
        Widths,
    )


class Progress(Protocol):
    """What a job tells of its progress while it runs."""

    def __call__(self, result: AirportResult, total: int) -> None:
        """One more airport of so many has its status."""
        ...


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a job that was cut off has left.

    Attributes:
        run: Its run.
        recorded: Results of its airports and groups by name, each with the id of its run.
        widths: How wide intervals are in it; empty where its pilot was not over.
        searched: What searches of its pilot found that no airport's run holds, by airport.
        files: Number of files that hold them.
    """

    run: StoredRun
    recorded: Mapping[str, tuple[AirportResult, str]]
    widths: Widths = ()
    searched: Mapping[str, Searched] = field(default_factory=dict)
    files: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """A job before it runs.

    Attributes:
        context: Its identity.
        order: Every airport of the input, in its order.
        tasks: What workers do, at most one per airport.
        settled: Airports whose status is known before any work (rejected, skipped).
        settings: All settings as recorded, passwords masked.
        snapshot: The panel, or ``None`` where the job reads none.
        jobs: Number of workers, for the record.
        batch: Airports per transaction.
        served: Whether its models are also recorded as one model to be served.
        prefix: What its lines in a log begin with.
        sums: Groups and total, where they are forecast as well.
        warnings: What a user should know of the whole panel, one sentence each.
        work: Digest of what it is to do, see `forecastctl.jobs.resume`; empty where it is not to be
            gone on with.
        earlier: What an attempt that was cut off has left, or ``None``.
        whole: Where it is one share of a job: the tasks of all shares, from which is seen how wide
            intervals must be.
        parallel: What it does at the same time.
        fleet: What was learned from all airports together, where models of it are fitted.
        terms: Regressors of the airports, where there are any.
    """

    context: JobContext
    order: Sequence[str]
    tasks: Sequence[AirportTask]
    settled: Sequence[AirportResult]
    settings: Mapping[str, object]
    snapshot: pd.DataFrame | Parts | None = None
    jobs: int = 1
    batch: int = 8
    served: bool = True
    prefix: str = ""
    sums: Sums | None = None
    warnings: Sequence[str] = ()
    work: str = ""
    earlier: Earlier | None = None
    whole: Sequence[AirportTask] | None = None
    parallel: Parallel = field(default_factory=Parallel)
    fleet: FleetLines | None = None
    terms: FleetTerms | None = None

    @property
    def groups(self) -> list[str]:
        """Names of the groups that are forecast on their own."""
        return [series.airport for series in self.sums.hierarchy.series] if self.sums else []

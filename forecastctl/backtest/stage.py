"""Origins that share a search: what is left of them, and what an interrupted backtest has found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from forecastctl.backtest.blocks import first_task
from forecastctl.errors import NothingRecordedError
from forecastctl.jobs.pilot import found_again
from forecastctl.recording.read import read_tuning
from forecastctl.recording.searches import read_searches
from forecastctl.records import TOO_SHORT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from forecastctl.backtest.blocks import Block
    from forecastctl.backtest.origin_job import OriginJob
    from forecastctl.backtest.origins import Origin
    from forecastctl.recording.searches import Searched
    from forecastctl.records import AirportResult, StoredRun, Widths
    from forecastctl.store.port import Tracker


@dataclass(frozen=True, slots=True)
class Stage:
    """Origins that share a search: their jobs, and the work that is left of them.

    Attributes:
        number: Number of the stage, from 0.
        jobs: The jobs of origins that are not complete.
        blocks: The work that is left of them.
        kept: What searches of the pilot found of an interrupted backtest, by airport.
        files: How many files of such searches the job has that keeps them, see `keeper`.
    """

    number: int
    jobs: tuple[OriginJob, ...]
    blocks: tuple[Block, ...]
    kept: Mapping[str, AirportResult] = field(default_factory=dict)
    files: int = 0

    @property
    def keeper(self) -> OriginJob | None:
        """The job that keeps searches of the pilot: the first at which there is work."""
        return next((job for job in self.jobs if job.left), None)


@dataclass(frozen=True, slots=True)
class ToDo:
    """What is left of origins that share a search, and what their airports have recorded.

    Attributes:
        number: Number of the stage.
        origins: All of them.
        left: Those that are not complete.
        recorded: Runs by airport, by position of the origin.
    """

    number: int
    origins: tuple[Origin, ...]
    left: tuple[Origin, ...]
    recorded: Mapping[int, Mapping[str, StoredRun]]


def with_kept_searches(
    stage: Stage, to_do: ToDo, jobs: Sequence[StoredRun | None], tracker: Tracker
) -> Stage:
    """The stage with what searches of its pilot found that no airport's run holds.

    Of airports that have recorded anything they are of an earlier origin than is searched now.

    Args:
        stage: The stage.
        to_do: What is left of it.
        jobs: The run of the job of each of its origins, or ``None``.
        tracker: The store.
    """
    found: dict[str, Searched] = {}
    files = 0
    for origin, run in zip(to_do.origins, jobs, strict=True):
        if run is not None:
            searched, number = read_searches(tracker, run)
            found |= searched
            files = number if stage.keeper and origin == stage.keeper.origin else files
    begun = {airport for runs in to_do.recorded.values() for airport in runs}
    kept = {
        block.airport: found_again(first_task(block), found[block.airport])
        for block in stage.blocks
        if block.airport in found and block.airport not in begun
    }
    return replace(stage, kept=kept, files=files)


def recorded_widths(tracker: Tracker, searches: Iterable[str]) -> Widths:
    """How wide intervals are in a stage of which an interrupted backtest has recorded some.

    Args:
        tracker: The store.
        searches: Runs that hold a search of the stage.
    """
    for run_id in searches:
        try:
            tuned = read_tuning(tracker, run_id)
            if tuned.widths and tuned.stopped != TOO_SHORT:
                return tuned.widths
        except NothingRecordedError:
            continue  # it is tuned anew, and said so
    return ()

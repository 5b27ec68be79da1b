"""The first part of a job: some airports are tuned, to see how wide intervals of all must be.

How far forecasts of a fleet are off, in their own standard deviations, is seen from the backtests
of many airports (`forecastctl.models.combination.widths`), and has to be known before the first
forecast is made. So a sample of the fleet is tuned first; its airports go on from there with the
others, and are not tuned twice.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.jobs.work import DEADLINE
from forecastctl.models.combination.widths import PRIOR, PRIOR_AIRPORTS, calibrated, pool_widths
from forecastctl.records import TOO_SHORT, AirportResult, AirportTask, Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from forecastctl.recording.searches import Searched
    from forecastctl.records import TuneResult, Widths

AIRPORTS = 100
"""Airports that are tuned first. More would make widths a little surer, and the time until the
first airport is recorded longer."""


def choose_pilot(tasks: Sequence[AirportTask], groups: Collection[str] = ()) -> list[AirportTask]:
    """The airports that are tuned first: the same ones whatever else is in the job's data.

    Args:
        tasks: What the job does; those whose widths are known already tell nothing of others.
        groups: Names of series that are sums of others; they are smoother, and do not count.
    """
    tuned = [t for t in tasks if t.plan.tune and not t.widths and t.series.airport not in groups]
    return sorted(tuned, key=lambda t: place(t.series.airport, t.plan.search.seed))[:AIRPORTS]


def place(airport: str, seed: int) -> bytes:
    """Where an airport stands in the order in which a sample is drawn."""
    return hashlib.sha256(f"{seed}\n{airport}".encode()).digest()


def tuning_of(task: AirportTask) -> AirportTask:
    """The search alone."""
    return replace(task, plan=replace(task.plan, train=False, forecast=False))


def fleet_widths(
    pilot: Iterable[TuneResult | None], earlier: Iterable[TuneResult | None] = ()
) -> Widths:
    """How wide intervals must be.

    Args:
        pilot: What the searches of the pilot found.
        earlier: Earlier searches whose specification the job keeps; the widths of their time are
            what a small pilot leans on.
    """
    searched = (t for t in earlier if t is not None and t.stopped != TOO_SHORT)
    known = [t.widths for t in searched if t.widths]
    sizes = [t.sizes for t in pilot if t is not None]
    if not known:
        return pool_widths(sizes)
    logs = np.log([[width for _, width in widths] for widths in known if len(widths) == len(PRIOR)])
    usual = np.exp(np.mean(logs, axis=0)).tolist()
    prior = tuple(zip((level for level, _ in PRIOR), usual, strict=True))
    return pool_widths(sizes, prior, max(PRIOR_AIRPORTS, float(min(len(known), AIRPORTS))))


def is_cut_short(result: AirportResult) -> bool:
    """Whether the deadline of the job ended a search, or came before it."""
    if result.tuned is None:
        return result.status is Status.SKIPPED
    return result.tuned.stopped == DEADLINE


def tells_enough(pilot: Sequence[AirportTask], tuned: Mapping[str, AirportResult]) -> bool:
    """Whether widths from these searches hold for the job, also when it is gone on with.

    Where searches were cut short, or most of them failed, they are found anew then: such widths are
    little more than those of other fleets.

    Args:
        pilot: The airports that are tuned first.
        tuned: What came of the searches.
    """
    results = [tuned[t.series.airport] for t in pilot if t.series.airport in tuned]
    known = [result for result in results if result.tuned is not None]
    return not any(map(is_cut_short, results)) and 2 * len(known) >= len(pilot)


def found_again(task: AirportTask, searched: Searched) -> AirportResult:
    """What came of a search that an attempt which was cut off has kept.

    Args:
        task: The whole task.
        searched: What was kept.
    """
    return AirportResult(
        searched.airport,
        Status.OK,
        task=tuning_of(task),
        tuned=searched.tuned,
        digest=task.series.digest,
        notes=task.series.notes,
        start_ms=searched.start_ms,
        end_ms=searched.end_ms,
        cpu_seconds=searched.cpu_seconds,
        objective_seconds=searched.objective_seconds,
        engine=searched.engine,
        suspects=task.series.suspects,
    )


def going_on(task: AirportTask, tuned: AirportResult, widths: Widths) -> AirportTask:
    """The task of an airport of the pilot once the widths are known: what comes after the search.

    Args:
        task: The whole task.
        tuned: What came of the search.
        widths: See `fleet_widths`.
    """
    found = None if tuned.tuned is None else calibrated(tuned.tuned, widths)
    lean = None if found is None else replace(found, trials=(), sizes=())
    kept = replace(task.plan, tune=False)
    return replace(task, plan=kept, tuned=lean, widths=widths, until_ms=None)


def joined(
    task: AirportTask, tuned: AirportResult, later: AirportResult | None, widths: Widths
) -> AirportResult:
    """Both parts of the work on an airport as one result.

    Args:
        task: The whole task.
        tuned: What came of the search.
        later: What came of the rest; ``None`` where there was none.
        widths: See `fleet_widths`.
    """
    found = tuned.tuned and replace(calibrated(tuned.tuned, widths), sizes=())
    done = (later or tuned).task
    whole = replace(task, widths=widths, series=done.series if done else task.series)
    if later is None:
        return replace(tuned, task=whole, tuned=found)
    return replace(
        later,
        task=whole,
        tuned=found,
        start_ms=tuned.start_ms,
        cpu_seconds=tuned.cpu_seconds + later.cpu_seconds,
        worked_seconds=tuned.worked_seconds + later.worked_seconds,
        objective_seconds=tuned.objective_seconds,
        engine=later.engine or tuned.engine,
    )


def is_over(task: AirportTask, tuned: AirportResult) -> bool:
    """Whether nothing comes after the search: there is none, or nothing else was asked for."""
    none = tuned.status in (Status.FAILED, Status.SKIPPED)
    return none or not (task.plan.train or task.plan.forecast)

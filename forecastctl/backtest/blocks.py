"""The unit of work of a backtest: one airport over the origins that share a search.

A worker goes through the origins of a block in order: it tunes at the first, and trains and
forecasts at each, as `forecastctl.jobs.work.work` does for a job. Blocks do not depend on one
another, so that airports and origins run concurrently.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from forecastctl.jobs.pilot import going_on, is_cut_short, joined
from forecastctl.jobs.work import work
from forecastctl.records import AirportResult, AirportTask, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecastctl.records import Outcome, Plan, Series, TuneResult, Widths


@dataclass(frozen=True, slots=True)
class OriginSeries:
    """An airport as of one origin.

    Attributes:
        position: Position of the origin.
        series: What was known at the origin.
        anew: Which record cannot be read any more, where that is why it is done again.
        widths: How wide its intervals are, where it is too short for a search.
    """

    position: int
    series: Series
    anew: str | None = None
    widths: Widths = ()


@dataclass(frozen=True, slots=True)
class Block:
    """What a worker does with one airport.

    Attributes:
        number: Number of the block, from 0: origins of one number share a search.
        plan: What to do where there is a search.
        steps: The airport at each origin, in order, without those where it is rejected.
        tuned: What an interrupted backtest had found in this block, or ``None``.
        tuned_by: The run that holds it.
        widths: How wide the fleet's backtests led intervals to be, once that is known: from the
            pilot, or as an interrupted backtest has recorded it.
        until_ms: No origin is begun after that time, and a search that is not over by then is worth
            nothing; milliseconds since the epoch, or ``None``.
    """

    number: int
    plan: Plan
    steps: tuple[OriginSeries, ...]
    tuned: TuneResult | None = None
    tuned_by: str | None = None
    widths: Widths = ()
    until_ms: int | None = None

    @property
    def airport(self) -> str:
        """The airport."""
        return self.steps[0].series.airport

    @property
    def size(self) -> int:
        """Observations at the newest origin."""
        return self.steps[-1].series.n


def work_block(block: Block) -> tuple[AirportResult, ...]:
    """Tune at the first origin, train and forecast at each; after a failure tune anew.

    Returns:
        One result for each step, in order; less where the time until which it may work passed.
    """
    results: list[AirportResult] = []
    tuned = block.tuned
    for step in block.steps:
        plan = replace(block.plan, tune=tuned is None)
        result = work(_task(block, step, plan, tuned))
        if is_cut_short(result):
            break
        results.append(result)
        if result.status is Status.FAILED:
            tuned = None
        elif result.tuned is not None:
            tuned = replace(result.tuned, trials=())
    return tuple(results)


def first_task(block: Block) -> AirportTask:
    """The work on the first origin of a block that has no search yet."""
    return _task(block, block.steps[0], block.plan)


def _task(
    block: Block, step: OriginSeries, plan: Plan, tuned: TuneResult | None = None
) -> AirportTask:
    """The work on one origin of a block."""
    return AirportTask(
        plan,
        step.series,
        tuned=tuned,
        anew=step.anew,
        widths=step.widths or block.widths,
        until_ms=block.until_ms,
    )


def after_pilot(block: Block, tuned: AirportResult, widths: Widths) -> Block:
    """A block whose search is done: what is left of it.

    Args:
        block: The whole block.
        tuned: What came of the search at its first origin, see `forecastctl.jobs.pilot`.
        widths: How wide the fleet's backtests led intervals to be.
    """
    if tuned.status is Status.FAILED:
        return replace(block, steps=block.steps[1:], widths=widths)
    task = going_on(first_task(block), tuned, widths)
    return replace(block, tuned=task.tuned, widths=widths)


def with_pilot(
    block: Block,
    tuned: AirportResult,
    widths: Widths,
    outcome: Outcome[tuple[AirportResult, ...]],
) -> Outcome[tuple[AirportResult, ...]]:
    """What came of a block, its search included.

    Args:
        block: The whole block.
        tuned: What came of the search at its first origin.
        widths: How wide the fleet's backtests led intervals to be.
        outcome: What came of `after_pilot`.
    """
    if outcome.value is None:
        return outcome
    task = first_task(block)
    if tuned.status is Status.FAILED:
        return replace(outcome, value=(joined(task, tuned, None, widths), *outcome.value))
    if not outcome.value:
        return outcome
    first = joined(task, tuned, outcome.value[0], widths)
    return replace(outcome, value=(first, *outcome.value[1:]))


def block_results(
    outcome: Outcome[tuple[AirportResult, ...]], block: Block
) -> Iterator[tuple[int, AirportResult]]:
    """Results by origin, as far as it came; where a worker died, each is a failure."""
    if outcome.value is not None:
        for step, result in zip(block.steps, outcome.value, strict=False):
            yield step.position, result
        return
    failure = outcome.failure
    reason = f"{failure.type}: {failure.message}" if failure else "no result"
    for step in block.steps:
        yield (
            step.position,
            AirportResult(
                block.airport,
                Status.FAILED,
                reason,
                task=AirportTask(block.plan, step.series, anew=step.anew),
                failure=failure,
                digest=step.series.digest,
                suspects=step.series.suspects,
                start_ms=outcome.start_ms,
                end_ms=outcome.end_ms,
            ),
        )

"""How wide intervals must be at each origin: some airports are tuned there before the others.

As in a job (`forecastctl.jobs.pilot`), for all origins that share a search.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from forecastctl.backtest.blocks import after_pilot, first_task, with_pilot, work_block
from forecastctl.jobs.pilot import choose_pilot, fleet_widths, tuning_of
from forecastctl.jobs.run import unwrap
from forecastctl.jobs.work import work
from forecastctl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeAlias

    from forecastctl.backtest.blocks import Block
    from forecastctl.execute.port import Executor
    from forecastctl.records import AirportResult, AirportTask, TuneResult, Widths

    Results: TypeAlias = tuple[AirportResult, ...]


def in_parts(blocks: Sequence[Block], searches: int) -> Iterator[list[Block]]:
    """Blocks of whole stages, of so many stages at a time that there are enough searches.

    Args:
        blocks: Those of one stage follow one another.
        searches: Least number of blocks in a part but the last.
    """
    part: list[Block] = []
    for _, stage in groupby(blocks, lambda block: block.number):
        part += stage
        if len(part) >= searches:
            yield part
            part = []
    if part:
        yield part


def work_on_blocks(
    blocks: Sequence[Block], executor: Executor
) -> Iterator[tuple[Block, Outcome[Results]]]:
    """Each block with its outcome as it comes; they are handed out in the order given."""
    tuned = _pilot(blocks, executor)
    widths = _widths(blocks, tuned)
    left: list[tuple[Block, Block]] = []
    for block in blocks:
        early, known = tuned.get(_key(block)), widths.get(block.number, ())
        rest = replace(block, widths=known) if early is None else after_pilot(block, early, known)
        if rest.steps:
            left.append((block, rest))
        elif early is not None:
            nothing: Outcome[Results] = Outcome(0, (), None, early.start_ms, early.end_ms)
            yield block, with_pilot(block, early, known, nothing)
    for outcome in executor.map(work_block, [rest for _, rest in left]):
        block = left[outcome.index][0]
        early, known = tuned.get(_key(block)), widths.get(block.number, ())
        yield block, outcome if early is None else with_pilot(block, early, known, outcome)


def _key(block: Block) -> tuple[int, str]:
    return block.number, block.airport


def _pilot(blocks: Sequence[Block], executor: Executor) -> dict[tuple[int, str], AirportResult]:
    """What the searches of the pilots found, by stage and airport."""
    chosen: list[tuple[tuple[int, str], AirportTask]] = []
    for number, stage in groupby(blocks, lambda block: block.number):
        tasks = [first_task(block) for block in stage if block.tuned is None]
        pilot = choose_pilot(tasks)
        chosen += [((number, task.series.airport), tuning_of(task)) for task in pilot]
    return {
        chosen[outcome.index][0]: unwrap(outcome, chosen[outcome.index][1])
        for outcome in executor.map(work, [task for _, task in chosen])
    }


def _widths(
    blocks: Sequence[Block], tuned: Mapping[tuple[int, str], AirportResult]
) -> dict[int, Widths]:
    """How wide intervals must be, by stage."""
    by_stage: dict[int, list[TuneResult | None]] = {}
    for (number, _), result in tuned.items():
        by_stage.setdefault(number, []).append(result.tuned)
    recorded = {block.number: block.widths for block in blocks if block.widths}
    return {n: fleet_widths(found) for n, found in by_stage.items()} | recorded

"""How wide intervals must be at each origin: some airports are tuned there before the others.

As in a job (`forecastctl.jobs.pilot`), for all origins that share a search.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.backtest.blocks import after_pilot, first_task, with_pilot, work_block
from forecastctl.jobs.pilot import choose_pilot, fleet_widths, is_cut_short, tuning_of
from forecastctl.jobs.run import batches
from forecastctl.jobs.work import unwrap, work
from forecastctl.records import Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from forecastctl.backtest.blocks import Block
    from forecastctl.backtest.stage import Stage
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.stopping import Stopping
    from forecastctl.records import AirportResult, AirportTask, TuneResult, Widths

    Results: TypeAlias = tuple[AirportResult, ...]
    Found: TypeAlias = dict[tuple[int, str], AirportResult]
    Keep: TypeAlias = Callable[[Stage, Sequence[AirportResult]], None]


def in_parts(stages: Iterable[Stage], searches: int) -> Iterator[list[Stage]]:
    """So many stages at a time that there are enough searches.

    Args:
        stages: In order.
        searches: Least number of blocks in a part but the last.
    """
    part: list[Stage] = []
    for stage in stages:
        part.append(stage)
        if sum(len(one.blocks) for one in part) >= searches:
            yield part
            part = []
    if part:
        yield part


def work_on_stages(
    stages: Sequence[Stage], executor: Executor, stopping: Stopping, keep: Keep, size: int
) -> Iterator[tuple[Block, Outcome[Results]]]:
    """Each block with its outcome as it comes; they are handed out in the order given.

    Args:
        stages: Whose blocks are worked at.
        executor: Where that is done.
        stopping: When it ends before all is done.
        keep: Keeps what the searches of a stage's pilot found.
        size: Searches that are kept together.
    """
    blocks = [
        replace(block, until_ms=stopping.deadline_ms) for stage in stages for block in stage.blocks
    ]
    tuned, whole = _tuned_first(stages, blocks, executor, stopping, keep, size)
    if stopping.ends or not whole:  # of the others nobody knows how wide their intervals are
        for block in blocks:
            early = tuned.get(_key(block))
            if early is not None and early.status is Status.FAILED:
                yield block, with_pilot(block, early, (), _nothing(early))
        return
    widths = _widths(blocks, tuned)
    left: list[tuple[Block, Block]] = []
    for block in blocks:
        early, known = tuned.get(_key(block)), widths.get(block.number, ())
        rest = replace(block, widths=known) if early is None else after_pilot(block, early, known)
        if rest.steps:
            left.append((block, rest))
        elif early is not None:
            yield block, with_pilot(block, early, known, _nothing(early))
    for outcome in executor.map(work_block, [rest for _, rest in left]):
        block = left[outcome.index][0]
        early, known = tuned.get(_key(block)), widths.get(block.number, ())
        yield block, outcome if early is None else with_pilot(block, early, known, outcome)


def _nothing(early: AirportResult) -> Outcome[Results]:
    """What comes after a search that nothing comes after."""
    return Outcome(0, (), None, early.start_ms, early.end_ms)


def _key(block: Block) -> tuple[int, str]:
    return block.number, block.airport


def _tuned_first(
    stages: Sequence[Stage],
    blocks: Sequence[Block],
    executor: Executor,
    stopping: Stopping,
    keep: Keep,
    size: int,
) -> tuple[Found, bool]:
    """What the searches of the pilots found, by stage and airport, and whether all were made."""
    tuned: Found = {(s.number, airport): r for s in stages for airport, r in s.kept.items()}
    chosen: list[tuple[Stage, AirportTask]] = []
    for stage in stages:
        of_stage = (block for block in blocks if block.number == stage.number)
        pilot = choose_pilot([first_task(block) for block in of_stage if block.tuned is None])
        left = [task for task in pilot if (stage.number, task.series.airport) not in tuned]
        chosen += [(stage, tuning_of(task)) for task in left]
    outcomes = executor.map(work, [task for _, task in chosen])
    results = ((chosen[o.index][0], unwrap(o, chosen[o.index][1])) for o in outcomes)
    for batch in batches(results, size):
        found = [(stage, result) for stage, result in batch if not is_cut_short(result)]
        for stage in {stage.number: stage for stage, _ in found}.values():
            keep(stage, [result for of, result in found if of.number == stage.number])
        tuned |= {(stage.number, result.airport): result for stage, result in found}
        stopping.saw(result for _, result in found)
        if stopping.too_many_failed:
            break
    return tuned, all((s.number, task.series.airport) in tuned for s, task in chosen)


def _widths(
    blocks: Sequence[Block], tuned: Mapping[tuple[int, str], AirportResult]
) -> dict[int, Widths]:
    """How wide intervals must be, by stage."""
    by_stage: dict[int, list[TuneResult | None]] = {}
    for (number, _), result in tuned.items():
        by_stage.setdefault(number, []).append(result.tuned)
    recorded = {block.number: block.widths for block in blocks if block.widths}
    return {n: fleet_widths(found) for n, found in by_stage.items()} | recorded

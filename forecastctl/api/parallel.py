"""What a job does at the same time, from its settings, its data and what is recorded."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from forecastctl.errors import UsageError
from forecastctl.figures import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from forecastctl.execute.port import Executor
    from forecastctl.jobs.parallel import Parallel
    from forecastctl.jobs.plan import Request
    from forecastctl.records import Rejection, Series
    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)


def in_parallel(
    request: Request,
    settings: Settings,
    entries: Sequence[Series | Rejection],
    tracker: Tracker,
    executor: Executor | None,
    say: Callable[[str], None],
) -> Request:
    """The same request with what is done at the same time, and what of it decides results.

    Args:
        request: What is asked of a job.
        settings: Its settings.
        entries: One prepared series or rejection for each airport of the data.
        tracker: The store, in which earlier jobs say how long a trial takes.
        executor: Where it can be tried out how long a trial takes, where none says it.
        say: Told what was decided, where that was left to it.

    Raises:
        UsageError: An airport was asked for that is not in the data, or a number of trials where
            none are done at the same time.
    """
    from forecastctl.jobs.parallel import AIRPORTS, AUTO, spread_as_asked
    from forecastctl.jobs.plan import STAGES_OF_COMMANDS, select_airports
    from forecastctl.records import Series
    from forecastctl.settings import is_given

    run = settings.run
    if run.parallel == AIRPORTS and is_given(settings.origins.get("run.parallelism", "")):
        raise UsageError(
            "--parallelism: airports are done at the same time, and no trials of one.",
            "Add --parallel trials, both or auto, or leave it out.",
        )
    if run.parallel == AIRPORTS or "tune" not in STAGES_OF_COMMANDS[request.command]:
        return request
    names = [entry.airport for entry in entries]
    chosen = select_airports(names, request.airports, request.select)
    series = [e for e in entries if isinstance(e, Series) and e.airport in chosen]
    asked, how, reason = "", str(run.parallel), ""
    if how == AUTO:
        asked, how, reason = _decided(request, series, tracker, executor)
        say(f"in parallel: {how}; {reason}")
    parallel = spread_as_asked(
        how, run.parallelism, len(series), request.jobs, settings.airport_limit()
    )
    return with_parallel(request, settings, replace(parallel, asked=asked, reason=reason))


def with_parallel(request: Request, settings: Settings, parallel: Parallel) -> Request:
    """The same request with what is done at the same time."""
    from forecastctl.jobs.terms import digest_with

    return replace(
        request,
        parallel=parallel,
        search=replace(request.search, parallelism=parallel.parallelism),
        config_digest=digest_with(settings.result_digest(parallel.parallelism), request.terms),
    )


def workers_expected(settings: Settings) -> int:
    """How many workers a job would have, where none is started: those of this machine."""
    from forecastctl.execute.cluster import workers_asked

    run = settings.run
    return 1 if run.backend == "serial" else workers_asked(run.jobs, run.cluster or "")[0]


def _decided(
    request: Request, series: Sequence[Series], tracker: Tracker, executor: Executor | None
) -> tuple[str, str, str]:
    """What decides, what was decided, and why: as in the last job where the same decided."""
    from forecastctl.jobs.parallel import choose
    from forecastctl.jobs.trial_cost import decided_before, recorded_seconds, tried_out_seconds

    search = request.search
    airports, workers = counted(len(series), "airport"), counted(request.jobs, "worker")
    asked = f"{airports}, {workers}, engine {search.engine}"
    before = decided_before(tracker, request.command, asked)
    if before is not None:
        return asked, *before

    def seconds() -> float | None:
        found = recorded_seconds(tracker, search)
        if found is None and executor is not None:
            found = tried_out_seconds(series, search, executor)
        log.info("a trial takes %s s of CPU time", "unknown" if found is None else f"{found:.3g}")
        return found

    return asked, *choose(len(series), request.jobs, seconds)

"""From a panel to a planned job: what whole jobs and shares of one have in common."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from forecastctl.api.compose import environment
from forecastctl.api.parallel import in_parallel
from forecastctl.api.terms import with_terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecastctl.api.compose import Session
    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.data.prepare.prepare import Prepared
    from forecastctl.data.shared.panel import SharedPanel
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Job
    from forecastctl.jobs.plan import Request
    from forecastctl.store.port import Tracker


def prepared_here(read: tuple[Panel, DataSpec], as_of: str | None) -> tuple[Panel, Prepared]:
    """A panel that was read here, and its airports prepared."""
    from forecastctl.data.prepare.prepare import prepare_panel

    panel, spec = read
    today = date.today()  # noqa: DTZ011 - local day
    return panel, prepare_panel(panel, spec, as_of=as_of, today=today)


def planner(
    session: Session,
    request: Request,
    ready: tuple[Panel | SharedPanel, Prepared],
    executor: Executor,
    say: Callable[[str], None],
    *,
    as_of: str | None,
    fresh: bool = False,
) -> Callable[[Tracker, str | None], Job]:
    """What plans a job with what is recorded of earlier ones; what is odd in its data is said now.

    Args:
        session: Its settings.
        request: What is asked of it.
        ready: Its panel, and the airports prepared.
        executor: Where it is executed.
        say: Told what is done at the same time, where that was left to the job.
        as_of: No observation after this date is used.
        fresh: Whether a job that was cut off is left as it is.

    Returns:
        What takes the store, and the name of the job that is to be gone on with, if any.
    """
    from forecastctl.jobs.resume import plan_or_go_on

    panel, prepared = ready
    for warning in prepared.warnings:
        session.warn(warning)
    entries, settings = prepared.entries, session.settings
    request = with_terms(request, settings, entries)

    def plan(tracker: Tracker, name: str | None) -> Job:
        job = plan_or_go_on(
            in_parallel(request, settings, entries, tracker, executor, say),
            panel,
            entries,
            environment(settings),
            tracker,
            as_of=as_of,
            fresh=fresh,
            resume=name,
        )
        return replace(job, warnings=prepared.warnings)

    return plan

"""What ``run --dry-run`` prints."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from forecastctl.api.compose import check_plug_ins, environment, read, read_store
from forecastctl.api.job import Selection, adds_up, ask
from forecastctl.api.parallel import in_parallel, workers_expected
from forecastctl.api.terms import with_terms
from forecastctl.cli.output import render
from forecastctl.errors import NothingRecordedError

if TYPE_CHECKING:
    from forecastctl.cli.compose import Session
    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker


def show_intents(session: Session, chosen: Selection) -> None:
    """Print what ``run`` would do with each airport, and why; nothing is done or recorded.

    Args:
        session: Its settings.
        chosen: What of the data it is for.
    """
    from forecastctl.data.panel.rows import cut
    from forecastctl.data.prepare.prepare import prepare_panel
    from forecastctl.jobs.dry_run import UNSELECTED, counted, intents
    from forecastctl.jobs.resume import plan_or_go_on, said

    settings = session.settings
    check_plug_ins(settings)
    sums = adds_up(session, chosen)
    panel, spec = read(session, groups=sums)
    tracker = _read_only(settings)
    today = date.today()  # noqa: DTZ011 - local day
    entries = prepare_panel(panel, spec, as_of=chosen.as_of, today=today).entries
    request = ask("run", session, chosen, sums=sums, jobs=workers_expected(settings))
    request = with_terms(request, settings, entries)
    request = in_parallel(request, settings, entries, tracker, None, _unsaid)
    job = plan_or_go_on(
        request,
        panel,
        entries,
        environment(settings),
        tracker,
        as_of=chosen.as_of,
        fresh=chosen.fresh,
        resume=chosen.resume,
    )
    found = intents(job, cut(panel, spec, chosen.as_of).airports, tracker)
    going_on = job.context.job_id if job.earlier else None
    if session.as_json:
        rows = [intent.to_dict() for intent in found]
        render.print_json({"going_on_with": going_on, "why": counted(found), "airports": rows})
    elif not session.quiet:
        if going_on:
            render.print_line(said(job))
        by_reason = ", ".join(f"{n} {why}" for why, n in counted(found).items())
        render.print_line(f"{len(found)} airports: {by_reason}", style="bold")
        shown = [intent for intent in found if UNSELECTED not in intent.why]
        render.print_rows([{**i.to_dict(), "why": ", ".join(i.why)} for i in shown], "")


def _unsaid(_text: str) -> None:
    """It is said by the job itself."""


def _read_only(settings: Settings) -> Tracker:
    """The store as it is; an empty one where there is none yet."""
    from forecastctl.store.memory import MemoryTracker

    try:
        return read_store(settings)
    except NothingRecordedError:
        return MemoryTracker()

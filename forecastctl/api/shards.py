"""One process of several that do a job together: from its settings to its share, recorded."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from forecastctl.api.compose import check_plug_ins, make_executor, read
from forecastctl.api.job import adds_up, ask, do
from forecastctl.api.planning import planner, prepared_here
from forecastctl.api.shared import check_shared, read_shared, shared_folder, shared_source
from forecastctl.api.sharing import Sharing
from forecastctl.api.spool import spool_place
from forecastctl.errors import SettingsError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from forecastctl.api.compose import Session
    from forecastctl.api.ending import Done
    from forecastctl.api.job import Selection
    from forecastctl.api.progress import Progress
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Job
    from forecastctl.jobs.summary import Summary
    from forecastctl.records import Rejection, Series, Shard
    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker
    from forecastctl.store.spool.place import Place


def shard_asked(settings: Settings) -> Shard | None:
    """The share that the settings name; ``None`` where a job is done whole.

    Raises:
        SettingsError: There is no such share.
    """
    from forecastctl.records.shards import shard_of

    text = settings.run.shard
    if text is None:
        return None
    try:
        return shard_of(text, os.environ.get("JOB_COMPLETION_INDEX"))
    except ValueError as error:
        raise SettingsError(f"{settings.origins['run.shard']}: {error}, not {text!r}.") from None


def do_asked(
    command: str,
    session: Session,
    chosen: Selection,
    progress: Progress,
    *,
    out: str | None = None,
    upgrade: bool = False,
    around: Callable[[Executor], Executor] | None = None,
    planned: Callable[[Iterable[Series | Rejection], Tracker], None] | None = None,
) -> Done[Summary]:
    """Do a job, or the share of it that the settings of a ``run`` name.

    Args, Returns, Raises: As in `forecastctl.api.job.do`.
    """
    shard = shard_asked(session.settings) if command == "run" else None
    if shard is not None:
        return do_share(session, chosen, shard, progress, out=out, upgrade=upgrade)
    return do(
        command,
        session,
        chosen,
        progress,
        out=out,
        upgrade=upgrade,
        around=around,
        planned=planned,
    )


def do_share(
    session: Session,
    chosen: Selection,
    shard: Shard,
    progress: Progress,
    *,
    out: str | None = None,
    upgrade: bool = False,
) -> Done[Summary]:
    """Do one share of a job, record it, and close the job where it was the last one.

    The store is held while the job is planned and while the share is recorded, not in between: what
    is computed waits in the spool of this machine.

    Args:
        session: Its settings and log.
        chosen: What of the data the whole job is for.
        shard: Which share.
        progress: Told what happens.
        out: Where the forecasts of the whole job go, from whoever closes it.
        upgrade: Whether a store of an older MLflow is migrated.

    Returns:
        What became of the share; of the whole job, where this was its last share.

    Raises:
        ForecastctlError: The settings, the data or the store cannot be used.
    """
    from forecastctl.jobs.resume import is_complete

    place = _checked(session, chosen)
    settings = session.settings
    check_plug_ins(settings)
    check_shared(settings)
    with (
        make_executor(settings, settings.airport_limit()) as executor,
        shared_folder(settings, executor) as folder,
    ):
        plan = _planner(session, chosen, executor, folder, progress.say)
        sharing = Sharing(session, shard, progress, executor, place, plan, chosen.resume)
        job, run = sharing.joined(upgrade=upgrade)
        if is_complete(run):
            return sharing.done_before(run, out)
        return sharing.recorded(job, *sharing.worked(job, run), out)


def _planner(
    session: Session,
    chosen: Selection,
    executor: Executor,
    folder: str,
    say: Callable[[str], None],
) -> Callable[[Tracker, str | None], Job]:
    """What plans the whole job with what is recorded of it, or of the job that is named."""
    request = ask("run", session, chosen, sums=False, jobs=executor.jobs)
    ready = (
        read_shared(session, executor, folder, chosen.as_of)
        if shared_source(session.settings)
        else prepared_here(read(session), chosen.as_of)
    )
    return planner(session, request, ready, executor, say, as_of=chosen.as_of)


def _checked(session: Session, chosen: Selection) -> Place:
    """Where the share waits; what no share can do is refused.

    Raises:
        UsageError: It cannot be done in shares.
    """
    refused = {
        "--fresh": chosen.fresh,
        "--learn": session.settings.tune.learn,
        "groups and totals": adds_up(session, chosen),
    }
    for what in (name for name, asked in refused.items() if asked):
        raise UsageError(
            f"A job in shares knows no {what}: no share sees all airports.",
            "Leave it out, or leave --shard out.",
        )
    place = spool_place(session.settings)
    if place is None:
        raise UsageError(
            "A share waits in the spool until it is recorded, and there is none.",
            "Leave 'spool' in [tracking] out, or name a folder there.",
        )
    return place

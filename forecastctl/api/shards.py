"""One process of several that do a job together: from its settings to its share, recorded."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from forecastctl.api.compose import check_plug_ins, environment, make_executor, read, store_for_job
from forecastctl.api.ending import Done, written
from forecastctl.api.interruptions import Interruptions
from forecastctl.api.job import adds_up, ask, do, limits
from forecastctl.api.parallel import in_parallel
from forecastctl.api.recorder import Ending
from forecastctl.api.spool import counted, publish_all, said_of, spool_place
from forecastctl.errors import (
    ForecastctlError,
    HeldError,
    SettingsError,
    TrackingError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from forecastctl.api.compose import Session
    from forecastctl.api.job import Selection
    from forecastctl.api.progress import Progress
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Job
    from forecastctl.jobs.summary import Summary
    from forecastctl.records import AirportResult, Rejection, Series, Shard, StoredRun
    from forecastctl.settings import Settings
    from forecastctl.store.port import Tracker
    from forecastctl.store.spool.place import Place

LEAST_WAIT = 600.0
"""Seconds that a share waits at least until others have recorded theirs, or planned."""


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
    place = _checked(session, chosen)
    check_plug_ins(session.settings)
    with make_executor(session.settings, session.settings.airport_limit()) as executor:
        plan = _planner(session, chosen, executor, progress)
        sharing = _Sharing(session, shard, progress, executor, place, plan)
        job, run = sharing.joined(upgrade=upgrade)
        return sharing.recorded(job, sharing.worked(job, run), out)


@dataclass(frozen=True, slots=True)
class _Sharing:
    """A share while it is done.

    Attributes:
        session: Its settings and log.
        shard: Which share.
        progress: Told what happens.
        executor: Where it is executed, open.
        place: Where it waits until it is recorded.
        plan: Plans the whole job with what is recorded of it.
    """

    session: Session
    shard: Shard
    progress: Progress
    executor: Executor
    place: Place
    plan: Callable[[Tracker], Job]

    def joined(self, *, upgrade: bool) -> tuple[Job, StoredRun]:
        """The whole job, without what is recorded of it, and its run."""
        from forecastctl.jobs.share import join

        with self._store(upgrade=upgrade) as (tracker, _):
            synced = publish_all(self.place, tracker)
            if synced.published:
                self.progress.say(said_of(synced))
            job = self.plan(tracker)
            return job, tracker.get(join(job, tracker, self.executor))

    def worked(self, job: Job, run: StoredRun) -> Summary:
        """What became of the share; all of it waits in the spool."""
        from forecastctl.jobs.share import share_of
        from forecastctl.store.spool.aside import AsideTracker
        from forecastctl.store.spool.tracker import SpoolTracker

        share = share_of(job, self.shard)
        mine = f"{len(share.order):,} of {counted(len(job.order), 'airport')}"
        self.progress.say(f"shard {self.shard} of job {job.context.job_id}: {mine}")
        spool = SpoolTracker(self.place.new())
        try:
            summary = self._work(share, AsideTracker(spool, run), run.run_id)
        except BaseException:
            spool.close()
            with suppress(ForecastctlError), self._store() as (tracker, _):
                publish_all(self.place, tracker)
            raise
        spool.close()
        return summary

    def recorded(self, job: Job, summary: Summary, out: str | None) -> Done[Summary]:
        """Bring the share into the store, and close the job if nothing is missing any more."""
        try:
            with self._store() as (tracker, _):
                synced = publish_all(self.place, tracker)
                if synced.kept:
                    raise next(iter(synced.kept.values()))
                for done in synced.published.values():
                    summary = summary.with_ids(done.ids)
                return self._closed(job, summary, tracker, out)
        except (TrackingError, HeldError) as error:
            away = TrackingError(error.message, error.hint)
            ending = Ending(summary, away, None, self.place.folder, len(summary.lines))
            return Done(ending, None, None, whole=False)

    def _closed(
        self, job: Job, summary: Summary, tracker: Tracker, out: str | None
    ) -> Done[Summary]:
        """What became of the share, or of the whole job where this closes it."""
        from forecastctl.jobs.run import run_job
        from forecastctl.jobs.share import left_by

        session, say = self.session, self.progress.say
        if summary.left:
            return Done(Ending(summary), None, None, whole=False)
        left, absent = left_by(self.shard, job, summary.run_id, tracker)
        if left or absent:
            what = counted(left, "airport") if left else counted(absent, "shard")
            say(f"left of the job: {what}, for other processes")
            return Done(Ending(summary), None, None, whole=False)
        whole = self.plan(tracker)
        say(f"this was the last shard: job {whole.context.job_id} is closed")
        closed = run_job(whole, tracker, self.executor, _untold, session.read_log, say)
        out, unwritten = written(closed, out, session.settings.forecast.table)
        return Done(Ending(closed), out, unwritten)

    def _work(self, share: Job, tracker: Tracker, run_id: str) -> Summary:
        from forecastctl.jobs.pilot import choose_pilot
        from forecastctl.jobs.run import work_off

        progress = self.progress
        stopping = limits(self.session, len(share.order))
        lengths = {task.series.airport: task.series.n for task in share.tasks}
        pilot = choose_pilot(share.whole or ()) if share.tasks else []
        with Interruptions(stopping.interrupt):
            to_do = len(share.order) - sum(r.status == "skipped" for r in share.settled)
            progress.expect(lengths, {task.series.airport for task in pilot}, to_do)
            _, summary = work_off(
                share,
                tracker,
                self.executor,
                run_id,
                progress,
                progress.say,
                stopping,
                progress.searched,
            )
        return summary

    def _store(self, *, upgrade: bool = False) -> AbstractContextManager[tuple[Tracker, bool]]:
        """The store, alone; others with a share hold it for a moment only."""
        say = self.progress.say
        return store_for_job(self.session, "run", say, upgrade=upgrade, wait=LEAST_WAIT)


def _untold(result: AirportResult, total: int) -> None:
    """Airports of a job that is closed: each shard has told of its own."""
    del result, total


def _planner(
    session: Session, chosen: Selection, executor: Executor, progress: Progress
) -> Callable[[Tracker], Job]:
    """What plans the whole job with what is recorded of it."""
    from forecastctl.data.prepare.prepare import prepare_panel
    from forecastctl.jobs.resume import plan_or_go_on

    panel, spec = read(session)
    today = date.today()  # noqa: DTZ011 - local day
    prepared = prepare_panel(panel, spec, as_of=chosen.as_of, today=today)
    for warning in prepared.warnings:
        session.warn(warning)
    entries, settings = prepared.entries, session.settings
    request = ask("run", session, chosen, sums=False, jobs=executor.jobs)

    def plan(tracker: Tracker) -> Job:
        job = plan_or_go_on(
            in_parallel(request, settings, entries, tracker, executor, progress.say),
            panel,
            entries,
            environment(settings),
            tracker,
            as_of=chosen.as_of,
            resume=chosen.resume,
        )
        return replace(job, warnings=prepared.warnings)

    return plan


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

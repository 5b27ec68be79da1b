"""A share of a job while it is done: joined, worked off, recorded, and the job closed with it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from forecastctl.api.compose import store_for_job
from forecastctl.api.ending import Done, written
from forecastctl.api.interruptions import Interruptions, left_of
from forecastctl.api.job import limits
from forecastctl.api.recorder import Ending
from forecastctl.api.spool import publish_all, said_of
from forecastctl.errors import ForecastctlError, HeldError, TrackingError
from forecastctl.figures import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from forecastctl.api.compose import Session
    from forecastctl.api.progress import Progress
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Job
    from forecastctl.jobs.summary import Summary
    from forecastctl.records import AirportResult, Shard, StoredRun
    from forecastctl.store.port import Tracker
    from forecastctl.store.spool.place import Place

LEAST_WAIT = 600.0
"""Seconds that a share waits at least until others have recorded theirs, or planned."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """A share while it is done.

    Attributes:
        session: Its settings and log.
        shard: Which share.
        progress: Told what happens.
        executor: Where it is executed, open.
        place: Where it waits until it is recorded.
        plan: Plans the whole job with what is recorded of it; of the job that is named, if any.
        resume: The job to go on with, where it was named.
    """

    session: Session
    shard: Shard
    progress: Progress
    executor: Executor
    place: Place
    plan: Callable[[Tracker, str | None], Job]
    resume: str | None

    def joined(self, *, upgrade: bool) -> tuple[Job, StoredRun]:
        """The whole job, without what is recorded of it, and its run.

        The run is complete where all shares are recorded: this one is started once more.
        """
        from forecastctl.jobs.share import closed_already, join

        with self._store(upgrade=upgrade) as (tracker, _):
            synced = publish_all(self.place, tracker)
            if synced.published:
                self.progress.say(said_of(synced))
            job = self.plan(tracker, self.resume)
            closed = closed_already(job, self.shard, tracker)
            return job, closed or tracker.get(join(job, self.shard, tracker, self.executor))

    def worked(self, job: Job, run: StoredRun) -> tuple[Summary, Path]:
        """What became of the share, and the file of the spool in which all of it waits."""
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
        return summary, spool.journal.path

    def recorded(self, job: Job, summary: Summary, waits: Path, out: str | None) -> Done[Summary]:
        """Bring the share into the store, and close the job if nothing is missing any more."""
        try:
            with self._store() as (tracker, _):
                synced = publish_all(self.place, tracker)
                for path, error in synced.kept.items():
                    if path == waits:
                        raise error
                    self.session.warn(f"{path} is kept in the spool: {error.message}")
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
        from forecastctl.jobs.resume import is_complete
        from forecastctl.jobs.run import run_job
        from forecastctl.jobs.share import left_by

        session, say = self.session, self.progress.say
        if summary.left:
            return Done(Ending(summary), None, None, whole=False)
        run = tracker.get(summary.run_id)
        if is_complete(run):  # another share found this one in the spool that they have in common
            say(f"job {job.context.job_id} is closed by another of its shards")
            return self._with_recorded(summary, tracker, run, out)
        left, absent = left_by(self.shard, job, summary.run_id, tracker)
        if left or absent:
            what = counted(left, "airport") if left else counted(absent, "shard")
            say(f"left of the job: {what}, for other processes")
            return Done(Ending(summary), None, None, whole=False)
        whole = self.plan(tracker, job.context.job_id)
        say(f"this was the last shard: job {whole.context.job_id} is closed")
        closed = run_job(whole, tracker, self.executor, _untold, session.read_log, say)
        out, unwritten = written(closed, out, session.settings.forecast.table)
        return Done(Ending(closed), out, unwritten)

    def done_before(self, run: StoredRun, out: str | None) -> Done[Summary]:
        """What became of the job that this share was one of, and its forecasts written again."""
        from forecastctl.jobs.summary import Summary
        from forecastctl.recording.job import read_summary

        with self._store() as (tracker, _):
            summary = Summary.from_dict(read_summary(tracker, run))
            self.progress.say(
                f"job {summary.job_id} is complete: nothing is left for shard {self.shard}"
            )
            return self._with_recorded(summary, tracker, run, out)

    def _with_recorded(
        self, summary: Summary, tracker: Tracker, run: StoredRun, out: str | None
    ) -> Done[Summary]:
        """The summary, with the forecasts written that the store has of the whole job."""
        from forecastctl.recording.job import read_forecasts

        found = read_forecasts(tracker, run) if out else None
        whole = replace(summary, forecasts=found)
        out, unwritten = written(whole, out, self.session.settings.forecast.table)
        return Done(Ending(summary), out, unwritten, whole=False)

    def _work(self, share: Job, tracker: Tracker, run_id: str) -> Summary:
        from forecastctl.jobs.pilot import choose_pilot
        from forecastctl.jobs.run import work_off

        progress = self.progress
        stopping = limits(self.session, len(share.order))
        lengths = {task.series.airport: task.series.n for task in share.tasks}
        pilot = choose_pilot(share.whole or ()) if share.tasks else []
        to_do = len(share.order) - sum(r.status == "skipped" for r in share.settled)
        context = share.context
        left = partial(left_of, stopping, to_do, "airport", context.command, context.job_id)
        with Interruptions(stopping.interrupt, left):
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

"""The job of one origin: opened with its first result, or again, and closed with its last."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from forecastctl.jobs.ending import abandon_job, close_job
from forecastctl.jobs.ledger import Ledger, enter, leave, record_results, summarise
from forecastctl.jobs.run import job_run, store_inputs, update_on_reopening
from forecastctl.jobs.work import clock
from forecastctl.records import RunUpdate
from forecastctl.records.marks import SET, backtest_mark
from forecastctl.records.schema import TRUE, Tag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from forecastctl.backtest.origins import Origin
    from forecastctl.execute.port import Executor
    from forecastctl.jobs.job import Job
    from forecastctl.jobs.stopping import Stopping
    from forecastctl.jobs.summary import Summary
    from forecastctl.records import AirportResult, StoredRun
    from forecastctl.store.port import Tracker


@dataclass(slots=True)
class OriginJob:
    """An origin that is being worked at.

    Attributes:
        origin: The origin.
        job: Its job, with the results of airports that need no work.
        earlier_run: The job's run where an interrupted backtest had opened it.
        recorded: Results that the interrupted backtest has recorded by airport, each with the id of
            its run.
        left: Number of airports that are still being worked at.
        ledger: Results so far.
        run_id: The job's run once it is open.
        log_from: Where in the log the job begins.
        tuned: Whether any airport was tuned.
    """

    origin: Origin
    job: Job
    earlier_run: StoredRun | None
    recorded: Mapping[str, tuple[AirportResult, str]]
    left: int
    ledger: Ledger = field(default_factory=Ledger)
    run_id: str = ""
    log_from: int = 0
    tuned: bool = False

    def open(self, tracker: Tracker, executor: Executor, read_log: Callable[[], bytes]) -> None:
        """Open the job's run, or the one of an interrupted backtest again.

        Args:
            tracker: The store.
            executor: Where the backtest is executed.
            read_log: Returns the log so far.
        """
        start_ms = clock()[0]
        self.job = replace(self.job, context=replace(self.job.context, start_ms=start_ms))
        self.log_from = len(read_log())
        run = job_run(self.job, executor)
        if self.earlier_run is None:
            mark = backtest_mark(run.tags[Tag.BACKTEST_ID])
            self.run_id = tracker.start(replace(run, tags={**run.tags, mark: SET}))
        else:
            self.run_id = self.earlier_run.run_id
            update_on_reopening(tracker, self.earlier_run, run, self.left)
        store_inputs(self.job, tracker, self.run_id)
        for result, run_id in self.recorded.values():
            enter(self.ledger, result, self.job, run_id, tracker)

    def record(self, results: Sequence[AirportResult], tracker: Tracker) -> dict[str, str]:
        """Record airports, and return their run ids."""
        return record_results(results, self.job, tracker, self.run_id, self.ledger)

    def close(
        self, tracker: Tracker, read_log: Callable[[], bytes], stopping: Stopping | None = None
    ) -> Summary:
        """Account for every airport and end the job's run.

        Args:
            tracker: The store.
            read_log: Returns the log so far.
            stopping: Why some airports are left, where the backtest ended before they were done.
        """
        if self.tuned and not self.job.context.plan.tune:
            tracker.update(self.run_id, RunUpdate(tags={Tag.TUNED: TRUE}))
        left = leave(self.job, self.ledger, stopping.reason, tracker) if stopping else 0
        summary = summarise(self.job, self.run_id, self.ledger)
        if stopping and left:
            said = stopping.said(left)
            summary = replace(summary, status="partial", left=left, stopped=said)
        close_job(tracker, summary, (), lambda: self._own_log(read_log()))
        return summary

    def abandon(
        self, error: BaseException, tracker: Tracker, read_log: Callable[[], bytes]
    ) -> None:
        """Record that the job failed, if it was opened."""
        if self.run_id:
            abandon_job(tracker, self.run_id, error, lambda: self._own_log(read_log()))

    def _own_log(self, log: bytes) -> bytes:
        """Lines since the job was opened, without those of other origins of the backtest."""
        context = self.job.context
        job_id, backtest_id = context.job_id.encode(), context.extra_tags[Tag.BACKTEST_ID].encode()
        lines = log[self.log_from :].splitlines(keepends=True)
        return b"".join(line for line in lines if job_id in line or backtest_id not in line)

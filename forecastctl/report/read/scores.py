"""What came true of earlier forecasts, and how new the data are."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.read.series import data_spec
from forecastctl.monitor.data import actual_table, newest_panel, observations, scored, vintages
from forecastctl.monitor.scores import by_lead
from forecastctl.recording import decoding
from forecastctl.recording.job import job_settings
from forecastctl.recording.read import read_as
from forecastctl.recording.run_of import RunOf
from forecastctl.records import FINISHED, Query
from forecastctl.records.calendar import first_days
from forecastctl.records.marks import MONITORS, SET
from forecastctl.records.schema import LIVE, File, Tag
from forecastctl.report.values import Freshness, LeadScore, Line, Watched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.monitor.data import Observed
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)


def observed_now(tracker: Tracker, job: StoredRun) -> tuple[list[Observed], str]:
    """What is known by now of every airport, and the frequency that its periods are numbered in.

    The newest panel in the store counts, prepared with the policies of the job.

    Args:
        tracker: The store.
        job: The job that is reported on.

    Raises:
        NothingRecordedError: No panel can be read.
    """
    of = RunOf(job)
    spec = data_spec(job_settings(tracker, job), of.freq, of.season_length)
    observed, freq, _ = observations(newest_panel(tracker), spec, None, dt.date.max)
    return observed, freq


def history_of(observed: Observed, freq: str) -> Line:
    """One airport's observations, period by period."""
    days = first_days(observed.periods, freq)
    return Line(tuple(str(day) for day in days), tuple(observed.y.tolist()))


def freshness_of(observed: Sequence[Observed], freq: str) -> Freshness:
    """How new the data are, and which airports end before the others.

    Args:
        observed: What is known of each airport.
        freq: Frequency that periods are numbered in.
    """
    last = {o.airport: int(o.periods[-1]) for o in observed if len(o.periods)}
    if not last:
        return Freshness()
    newest = max(last.values())
    behind = sorted((p, name) for name, p in last.items() if p < newest)
    return Freshness(
        newest=_day(newest, freq),
        behind=tuple((name, _day(p, freq)) for p, name in behind),
        airports=len(last),
    )


def _day(period: int, freq: str) -> str:
    return str(first_days(np.array([period]), freq)[0])


def lead_scores(
    tracker: Tracker, observed: Sequence[Observed], freq: str, origin: str, window: int
) -> tuple[LeadScore, ...]:
    """How forecasts did whose periods came true, by lead, as the monitor counts it.

    Args:
        tracker: The store.
        observed: What is known of each airport.
        freq: Frequency that periods are numbered in.
        origin: Which forecasts count: ``live`` or ``backtest``.
        window: The newest periods that forecasts are of.
    """
    newest = max((int(o.periods[-1]) for o in observed if len(o.periods)), default=None)
    if newest is None:
        return ()
    try:
        forecasts, _ = vintages(tracker, origin, freq, newest, window)
    except NothingRecordedError:
        return ()
    if forecasts.empty:
        return ()
    actuals = actual_table(observed, int(forecasts["period"].min()))
    table = scored(forecasts, actuals)
    return tuple(
        LeadScore(
            lead=row["lead"],
            n=row["n"],
            mae=row["mae"],
            ratio=row["ratio"],
            bias_percent=row["bias_percent"],
            coverage80=row["coverage80"],
            coverage95=row["coverage95"],
        )
        for row in by_lead(table)
    )


def watched(tracker: Tracker) -> Watched | None:
    """What the newest run of the monitor over live forecasts found; ``None`` without one."""
    tags = {MONITORS: SET, Tag.ORIGIN: LIVE}
    for run in tracker.find(Query(tags=tags, status=FINISHED, limit=1)):
        try:
            results = read_as(tracker, run, File.MONITOR, decoding.judgements)
        except NothingRecordedError as error:
            log.warning("what the monitor found is left out: %s", error.message)
            return None
        degraded = tuple(r.airport for r in results if r.status == "degraded")
        return Watched(run.start_ms, run.tags.get(Tag.REASON, ""), degraded)
    return None

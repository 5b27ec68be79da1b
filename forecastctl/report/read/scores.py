"""How earlier forecasts came out, and how new the data are."""

from __future__ import annotations

import datetime as dt
import logging
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import NothingRecordedError
from forecastctl.explain.read.series import data_spec
from forecastctl.models.interval_scores import width
from forecastctl.monitor.data import actual_table, newest_panel, observations, scored, vintages
from forecastctl.monitor.scores import by_group, by_lead
from forecastctl.monitor.words import ROUNDING
from forecastctl.recording import decoding
from forecastctl.recording.job import job_settings
from forecastctl.recording.read import read_as, recorded_groups
from forecastctl.recording.run_of import RunOf
from forecastctl.records import FINISHED, Query
from forecastctl.records.calendar import first_days
from forecastctl.records.marks import MONITORS, SET
from forecastctl.records.schema import LIVE, File, Tag
from forecastctl.report.outcomes import Earlier, GroupScore, LeadScore, Outcome
from forecastctl.report.values import Freshness, Line, Watched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from forecastctl.monitor.data import Observed
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

LEVEL = 95
"""Of the interval in which an actual counts as inside, percent."""

SHOWN = ("mae", "ratio", "bias_percent", "coverage80", "coverage95")


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


def came_out(
    tracker: Tracker, observed: Sequence[Observed], freq: str, origin: str, window: int
) -> pd.DataFrame | None:
    """Earlier forecasts whose periods came true, with their errors, as the monitor sees them.

    Args:
        tracker: The store.
        observed: What is known of each airport.
        freq: Frequency that periods are numbered in.
        origin: Which forecasts count: ``live`` or ``backtest``.
        window: The newest periods that forecasts are of.

    Returns:
        See `forecastctl.monitor.data.scored`; ``None`` where there is no such forecast.
    """
    newest = max((int(o.periods[-1]) for o in observed if len(o.periods)), default=None)
    if newest is None:
        return None
    try:
        forecasts, _ = vintages(tracker, origin, freq, newest, window)
    except NothingRecordedError:
        return None
    if forecasts.empty:
        return None
    return scored(forecasts, actual_table(observed, int(forecasts["period"].min())))


def outcomes_of(table: pd.DataFrame, freq: str) -> dict[str, tuple[Outcome, ...]]:
    """The periods that came true by airport, oldest first, with the forecasts of them.

    Args:
        table: See `came_out`; by airport, period, and shortest lead first.
        freq: Frequency that periods are numbered in.
    """
    days = {n: _day(n, freq) for name in ("period", "cutoff") for n in table[name].unique()}
    within = width(LEVEL) + ROUNDING
    found: dict[str, dict[int, tuple[float, list[Earlier]]]] = {}
    columns = (table[name].tolist() for name in ("airport", "period", "cutoff", "lead", "mean"))
    for airport, period, cutoff, lead, mean, y, z in zip(
        *columns, table["y"].tolist(), table["z"].tolist(), strict=True
    ):
        inside = None if math.isnan(z) else abs(z) <= within
        _, forecasts = found.setdefault(airport, {}).setdefault(period, (y, []))
        forecasts.append(Earlier(days[cutoff], int(lead), mean, inside))
    return {
        airport: tuple(Outcome(days[n], y, tuple(made)) for n, (y, made) in periods.items())
        for airport, periods in found.items()
    }


def lead_scores(table: pd.DataFrame) -> tuple[LeadScore, ...]:
    """How forecasts did whose periods came true, by lead, as the monitor counts it.

    Args:
        table: See `came_out`.
    """
    rows = by_lead(table)
    return tuple(LeadScore(lead=row["lead"], n=row["n"], **_shown(row)) for row in rows)


def group_scores(
    table: pd.DataFrame, groups: Mapping[str, Mapping[str, str]]
) -> tuple[GroupScore, ...]:
    """The same by group of airports, for every column of groups, largest errors first.

    Args:
        table: See `came_out`.
        groups: Value of each airport by column.
    """
    return tuple(
        GroupScore(column, row["group"], row["airports"], row["n"], **_shown(row))
        for column, values in groups.items()
        for row in sorted(by_group(table, values), key=lambda row: (-row["mae"], row["group"]))
    )


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in SHOWN}


def groups_of(tracker: Tracker, job: StoredRun) -> dict[str, dict[str, str]]:
    """Value of each airport by column of groups in a job; nothing where that cannot be read."""
    try:
        return recorded_groups(tracker, job)
    except NothingRecordedError as error:
        log.warning("groups are left out: %s", error.message)
        return {}


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

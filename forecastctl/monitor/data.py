"""What the monitor reads: observations, and the recorded forecasts of their periods."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.panel.rows import cut
from forecastctl.data.prepare.prepare import make_context
from forecastctl.data.prepare.suspects.examine import examine_all
from forecastctl.errors import NothingRecordedError
from forecastctl.models.interval_scores import lengths, normal_scores, stated_sizes
from forecastctl.recording.decoding import forecast_table
from forecastctl.recording.read import panel_of, read_as
from forecastctl.recording.run_of import RunOf
from forecastctl.records import FINISHED, Query, Rejection
from forecastctl.records.calendar import ordinals
from forecastctl.records.marks import JOBS, SET
from forecastctl.records.schema import BACKTEST, LIVE, TRUE, File, Param, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import pandas as pd
    from numpy.typing import NDArray

    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.data.prepare.suspects.examined import Examined
    from forecastctl.records import StoredRun
    from forecastctl.store.port import Tracker

log = logging.getLogger(__name__)

JOBS_READ = 5_000
PANELS_READ = 24
"""Newest jobs whose panel is tried, where the newer ones cannot be read."""

IDLE_JOBS = 24
"""After so many jobs in a row that forecast none of the periods, older ones are not read."""

NO_PERIOD = -(10**9)
"""A period before any other."""

CONTENT_TAGS = (Tag.PANEL_DIGEST, Tag.CONFIG_DIGEST, Tag.ORIGIN, Tag.COMMAND)
"""Tags that are equal for jobs that did the same with the same data."""

ORIGINS = (LIVE, BACKTEST, "all")

SIDES = ("below", "above")
"""Of a forecast, in which its intervals end."""


@dataclass(frozen=True, slots=True)
class Observed:
    """One airport's observations.

    Attributes:
        airport: As spelt.
        periods: Numbers of the periods that have a value, ascending, shape ``(n,)``.
        y: Passengers, shape ``(n,)``.
        reason: Why there are none.
    """

    airport: str
    periods: NDArray[np.int64]
    y: NDArray[np.float64]
    reason: str | None = None


def observations(
    panel: Panel, spec: DataSpec, as_of: str | None, today: date
) -> tuple[list[Observed], str, tuple[str, ...]]:
    """What came true: prepared as for a job, without the values that preparing filled in.

    Args:
        panel: What was read.
        spec: Policies.
        as_of: Last date that is known, or ``None``.
        today: Later periods are in the future.

    Returns:
        Every airport of the panel, the frequency that periods are numbered in, and sentences about
        the whole panel.
    """
    view = cut(panel, spec, as_of)
    context = make_context(view, panel, spec, as_of, today)
    examined, warnings = examine_all(view, context)
    return [_observed(entry) for entry in examined], view.freq, warnings


def _observed(entry: Examined) -> Observed:
    outcome, grid = entry.outcome, entry.grid
    if isinstance(outcome, Rejection) or grid is None:
        reason = outcome.reason if isinstance(outcome, Rejection) else None
        return Observed(outcome.airport, np.array([], np.int64), np.array([]), reason)
    used = ~np.isnan(grid.y)
    used[list(entry.left_out)] = False
    periods = ordinals(outcome.ds.astype("datetime64[D]").astype(np.int64), outcome.freq)
    mask = used[periods - grid.start]
    return Observed(outcome.airport, periods[mask], outcome.y[mask])


def actual_table(observed: Sequence[Observed], first: int) -> pd.DataFrame:
    """Observations from a period on: columns ``airport, period, y``."""
    import pandas as pd

    parts = [(o.airport, o.periods[o.periods >= first], o.y[o.periods >= first]) for o in observed]
    return pd.DataFrame(
        {
            "airport": np.repeat([p[0] for p in parts], [len(p[1]) for p in parts]),
            "period": np.concatenate([p[1] for p in parts]),
            "y": np.concatenate([p[2] for p in parts]),
        }
    )


def vintages(
    tracker: Tracker, origin: str, freq: str, last: int, window: int
) -> tuple[pd.DataFrame, list[str]]:
    """Recorded forecasts of the newest periods, from the tables of their jobs.

    A job has one table for all its airports, so that a fleet takes as many look-ups as there were
    jobs. Of several forecasts of one airport from one cutoff, that of the newest job counts; a
    repetition of a job on the same data is not read. A job whose table cannot be read is left out.

    Args:
        tracker: The store.
        origin: One of `ORIGINS`.
        freq: Frequency that periods are numbered in; jobs of another are left out.
        last: Newest period that has actuals.
        window: The newest periods up to it that any forecast is of.

    Returns:
        Columns ``airport, period, cutoff`` (numbers of periods), ``mean``, for each level of an
        interval ``below-L`` and ``above-L`` (lengths down and up to its ends; NaN where a job did
        not record that level) and ``made`` (milliseconds since the epoch); and what could not be
        read, in words.

    Raises:
        NothingRecordedError: No job has recorded a forecast of this origin.
    """
    import pandas as pd

    jobs = _forecasting_jobs(tracker, origin)
    if not jobs:
        raise NothingRecordedError(
            f"No {'' if origin == 'all' else f'{origin} '}forecast is recorded in this experiment.",
            "Run 'forecastctl run' first, and the monitor once actuals have arrived.",
        )
    newest, parts, unreadable = _read_newest(tracker, jobs, freq, last, window)
    table = pd.concat(parts or [_no_rows()], ignore_index=True)
    table = table[table["period"] > newest - window]
    return table.drop_duplicates(["airport", "period", "cutoff"]), unreadable


def _read_newest(
    tracker: Tracker, jobs: Sequence[StoredRun], freq: str, last: int, window: int
) -> tuple[int, list[pd.DataFrame], list[str]]:
    """Read the tables of jobs, newest first, until none has a forecast of a period in question.

    Returns:
        The newest period that is forecast, the forecasts of each job, and what could not be read.
    """
    parts: list[pd.DataFrame] = []
    live_jobs: set[tuple[str | None, ...]] = set()
    unreadable: list[str] = []
    newest, idle = NO_PERIOD, 0
    for job in jobs:
        if _repetition_key(job) in live_jobs or RunOf(job).freq != freq:
            continue
        try:
            part = read_as(tracker, job, File.FORECASTS, partial(_rows, job=job, freq=freq))
        except NothingRecordedError as error:
            log.warning("forecasts of job %s are left out: %s", RunOf(job).job_id, error.message)
            unreadable.append(f"job {RunOf(job).job_id}: {error.message}")
            continue
        if job.tags.get(Tag.ORIGIN) == LIVE:
            live_jobs.add(_repetition_key(job))
        part = part[part["period"] <= last]
        newest = max(newest, part["period"].max()) if len(part) else newest
        part = part[part["period"] > newest - window]
        idle = 0 if len(part) else idle + 1
        if idle > IDLE_JOBS and newest > NO_PERIOD:
            break
        parts.append(part)
    return newest, parts, unreadable


def _forecasting_jobs(tracker: Tracker, origin: str) -> list[StoredRun]:
    """Jobs that forecast, newest first."""
    tags = {JOBS: SET, Tag.FORECAST: TRUE} | ({} if origin == "all" else {Tag.ORIGIN: origin})
    return tracker.find(Query(tags=tags, status=FINISHED, limit=JOBS_READ))


def _repetition_key(job: StoredRun) -> tuple[str | None, ...]:
    """Equal for jobs that forecast the same airports from the same data and settings."""
    tags, params = job.tags, job.params
    content = (tags.get(name) for name in CONTENT_TAGS)
    selection = (params.get(name) for name in (Param.AS_OF, Param.AIRPORT, Param.SELECT))
    return (*content, *selection)


def _rows(content: bytes, job: StoredRun, freq: str) -> pd.DataFrame:
    """The forecast table of a job with numbers of periods and lengths to the intervals' ends."""
    import pandas as pd

    table = forecast_table(content)
    if table.empty:
        return _no_rows()
    mean = table["mean"].to_numpy(dtype=np.float64)
    levels = sorted(int(c[3:]) for c in table.columns if c.startswith("hi-"))
    ends = {
        f"{side}-{level}": values
        for level in levels
        for side, values in zip(
            SIDES,
            lengths(mean, table[f"lo-{level}"].to_numpy(), table[f"hi-{level}"].to_numpy()),
            strict=True,
        )
    }
    return pd.DataFrame(
        {
            "airport": table["airport"].astype(str),
            "period": _periods(table["date"], freq),
            "cutoff": _periods(table["cutoff"], freq),
            "mean": mean,
            **ends,
            "made": job.start_ms,
        }
    )


def _periods(dates: pd.Series, freq: str) -> NDArray[np.int64]:
    """Numbers of the periods of dates."""
    import pandas as pd

    codes, texts = pd.factorize(dates)
    days = np.asarray([str(t) for t in texts], dtype="datetime64[D]").astype(np.int64)
    return ordinals(days, freq)[codes]


def _no_rows() -> pd.DataFrame:
    """A table as `vintages` returns it, without a row."""
    import pandas as pd

    kinds = {"airport": str, "period": np.int64, "cutoff": np.int64}
    kinds |= {"mean": float, "made": np.int64}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})


def scored(forecasts: pd.DataFrame, actuals: pd.DataFrame) -> pd.DataFrame:
    """Forecasts whose period has an actual, with their errors.

    Args:
        forecasts: See `vintages`.
        actuals: See `actual_table`.

    Returns:
        Columns of both, and ``lead``, ``error`` (forecast minus actual), ``z`` (its normal score)
        and ``usual`` (mean size of an error that the intervals lead to expect); by airport, period,
        and shortest lead first.
    """
    table = forecasts.merge(actuals, on=["airport", "period"])
    error = table["mean"] - table["y"]
    table = table.assign(lead=table["period"] - table["cutoff"], error=error)
    table = table.assign(**_judged_by_intervals(table))
    return table.sort_values(["airport", "period", "lead"], kind="stable", ignore_index=True)


def _judged_by_intervals(table: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """The error as a normal score, ``z``, and the size that was expected, ``usual``.

    Forecasts with the same recorded levels are judged together.
    """
    levels = [int(c.removeprefix("above-")) for c in table.columns if c.startswith("above-")]
    error = table["error"].to_numpy()
    recorded = np.array([~np.isnan(table[f"above-{level}"].to_numpy()) for level in levels])
    z, usual = np.full(len(table), np.nan), np.full(len(table), np.nan)
    for held in np.unique(recorded, axis=1).T if len(table) else ():
        rows = (held == recorded.T).all(axis=1)
        bands = {
            level: (
                table[f"below-{level}"].to_numpy()[rows],
                table[f"above-{level}"].to_numpy()[rows],
            )
            for level, there in zip(levels, held, strict=True)
            if there
        }
        if bands:
            z[rows], usual[rows] = normal_scores(error[rows], bands), stated_sizes(bands)
    return {"z": z, "usual": usual}


def made_since(table: pd.DataFrame, since: Mapping[str, int]) -> pd.DataFrame:
    """Forecasts made from some time on, by airport, in milliseconds since the epoch."""
    if not since:
        return table
    return table[table["made"] >= table["airport"].map(since).fillna(0)]


def newest_panel(tracker: Tracker) -> Panel:
    """The panel of the newest job that has a legible one, where the user names no data.

    Raises:
        NothingRecordedError: There is no job, or none with a panel that can be read.
    """
    jobs = tracker.find(Query(tags={JOBS: SET}, status=FINISHED, limit=PANELS_READ))
    errors: dict[str, NothingRecordedError] = {}
    for job in jobs:
        digest = RunOf(job).panel_digest
        if digest in errors:
            continue
        try:
            return panel_of(tracker, job)
        except NothingRecordedError as error:
            log.warning("an older panel is looked for: %s", error.message)
            errors[digest] = error
    if errors:
        raise next(iter(errors.values()))
    raise NothingRecordedError(
        "No job is recorded in this experiment.", "Run 'forecastctl run' first."
    )

"""What was forecast for a month, by what, from what, and how far off it was: from the record."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from typing import TYPE_CHECKING, Any

from forecastctl.core.explain import standing
from forecastctl.errors import NothingRecordedError, UsageError
from forecastctl.pipeline.context import airport_key
from forecastctl.pipeline.evidence import (
    MANY,
    Actual,
    Vintage,
    attempt_facts,
    forecast_facts,
    lineage_facts,
    miss_percent,
    model_facts,
    sentence,
    standing_facts,
)
from forecastctl.pipeline.history import iso
from forecastctl.pipeline.lineage import FORECAST
from forecastctl.pipeline.stored import read_json, read_model, read_observation
from forecastctl.records import FINISHED, Query
from forecastctl.records.marks import JOBS, SET, airport_mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.ports import Tracker
    from forecastctl.records import FittedModel, StoredRun

SCHEMA = 1


def explain(
    tracker: Tracker, airport: str, date: str, actual: Actual | None = None
) -> dict[str, Any]:
    """Everything recorded about the forecast of one airport and period.

    Args:
        tracker: The store.
        airport: The airport, exactly as spelt in the data.
        date: ``YYYY-MM`` or ``YYYY-MM-DD``; the period that holds this day.
        actual: What came true, if the caller has newer data than the store.

    Returns:
        The explanation as a plain JSON value; docs/reference/explain.md describes it.

    Raises:
        NothingRecordedError: No forecast of that period is stored.
        UsageError: The date cannot be read.
    """
    day = parse_day(date)
    tags = {airport_mark(airport_key(airport)): SET}
    runs = tracker.find(Query(tags=tags, limit=MANY))
    vintages = sorted(
        (v for run in runs if (v := _vintage(tracker, run, day)) is not None),
        key=lambda v: (v.cutoff, v.made),
        reverse=True,
    )
    if not vintages:
        raise _nothing(tracker, airport, date, day, runs)
    chosen = vintages[0]
    actual = actual or _recorded_actual(tracker, airport, chosen.date, runs)
    run = next(r for r in runs if r.run_id == chosen.run_id)
    model_run, model = _model(tracker, run)
    miss = None if actual is None else chosen.mean - actual.value
    place = (
        None
        if miss is None
        else standing(miss, chosen.sd, chosen.lead, model.backtest_errors if model else ())
    )
    return {
        "schema": SCHEMA,
        "airport": airport,
        "date": chosen.date,
        "actual": None if actual is None else actual.value,
        "actual_source": None if actual is None else actual.source,
        "forecast": forecast_facts(chosen),
        "miss": miss,
        "miss_percent": miss_percent(miss, actual),
        "standing": None if place is None else standing_facts(place),
        "sentence": sentence(airport, chosen, actual, place),
        "model": model_facts(tracker, run, model_run, model),
        "lineage": lineage_facts(tracker, run, model_run),
        "vintages": [v.to_dict(actual.value if actual else None) for v in vintages],
        "without_forecast": [attempt_facts(r) for r in runs if r.tags.get("status") in _BAD],
    }


_BAD = ("failed", "rejected")


def parse_day(date: str) -> dt.date:
    """First day of ``YYYY-MM``, or the day of ``YYYY-MM-DD``."""
    wrong = UsageError(
        f"--date: '{date}' is not a date.", "Give YYYY-MM, or YYYY-MM-DD for days and weeks."
    )
    if not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", date):
        raise wrong
    try:
        return dt.date.fromisoformat(date if len(date) == len("2020-04-01") else f"{date}-01")
    except ValueError:
        raise wrong from None


def _vintage(tracker: Tracker, run: StoredRun, day: dt.date) -> Vintage | None:
    if run.tags.get("forecast") != "true" or run.tags.get("cutoff", "") >= str(day):
        return None
    value = read_json(tracker, run.run_id, FORECAST)
    at = _position([dt.date.fromisoformat(d) for d in value["ds"]], day, run.params["freq"])
    if at is None:
        return None
    return Vintage(
        iso(run.start_ms),
        value["cutoff"],
        at + 1,
        value["mean"][at],
        value["sd"][at],
        {k: {"lo": b["lo"][at], "hi": b["hi"][at]} for k, b in value["intervals"].items()},
        value["model"],
        run.tags["status"],
        run.tags["command"],
        run.tags["job_id"],
        run.run_id,
        tracker.url(run.run_id),
        value["ds"][at],
    )


_DAYS = {"W": 7, "D": 1}
_MONTHS = {"M": 1, "Q": 3}


def _position(ds: Sequence[dt.date], day: dt.date, freq: str) -> int | None:
    """Index of the period that holds the day."""
    holding = (i for i, first in enumerate(ds) if first <= day < period_after(first, freq))
    return next(holding, None)


def period_after(first: dt.date, freq: str) -> dt.date:
    """First day of the period after the one that begins at ``first``."""
    if freq[0] in _DAYS:
        return first + dt.timedelta(days=_DAYS[freq[0]])
    month = first.month - 1 + _MONTHS[freq[0]]
    return first.replace(year=first.year + month // 12, month=month % 12 + 1)


def _nothing(
    tracker: Tracker, airport: str, date: str, day: dt.date, runs: Sequence[StoredRun]
) -> NothingRecordedError:
    """Say what is missing, why if that is recorded, and the command that would make it."""
    if not runs:
        close = difflib.get_close_matches(airport, _known(tracker), n=1)
        hint = f"Did you mean '{close[0]}'?" if close else None
        message = f"Nothing is recorded about airport '{airport}' in this experiment."
        if close:
            return NothingRecordedError(message, hint)
    else:
        cutoffs = sorted({r.tags["cutoff"] for r in runs if r.tags.get("forecast") == "true"})
        held = f" Stored forecasts start from {', '.join(cutoffs[-5:])}." if cutoffs else ""
        bad = next((r for r in runs if r.tags.get("status") in _BAD), None)
        message = f"No forecast of {date} is stored for airport '{airport}'.{held}"
        if bad:
            status, job, reason = (bad.tags.get(k) for k in ("status", "job_id", "reason"))
            message += f" It was {status} in job {job}: {reason}."
    before = str(day - dt.timedelta(days=1))[: len(date)]
    return NothingRecordedError(
        message,
        "To make the one that could have been made then: "
        f"forecastctl run --data FILE --airport {_shell(airport)} --as-of {before}",
    )


def _shell(text: str) -> str:
    import shlex

    return shlex.quote(text)


def _known(tracker: Tracker) -> list[str]:
    """Airports of the newest job."""
    jobs = tracker.find(Query(tags={JOBS: SET}, status=FINISHED, limit=1))
    if not jobs:
        return []
    results = read_json(tracker, jobs[0].run_id, "results.json")["results"]
    return [line["airport"] for line in results]


def _recorded_actual(
    tracker: Tracker, airport: str, date: str, runs: Sequence[StoredRun]
) -> Actual | None:
    """The observation in the newest stored panel that has one."""
    first = dt.date.fromisoformat(date)
    seen: set[str] = set()
    for run in runs:
        after = period_after(first, run.tags["freq"])
        digest = run.tags["panel_digest"]
        if digest in seen:
            continue
        seen.add(digest)
        try:
            value = read_observation(tracker, digest, airport, first, after)
        except NothingRecordedError:
            continue
        if value is not None:
            source = f"panel {digest[:12]} stored by job {run.tags['job_id']}"
            return Actual(value, source)
    return None


def _model(tracker: Tracker, run: StoredRun) -> tuple[StoredRun, FittedModel | None]:
    """The run that trained the model behind a forecast, and the model."""
    owner = tracker.get(run.tags["trained_by"]) if "trained_by" in run.tags else run
    try:
        return owner, read_model(tracker, owner.run_id)
    except NothingRecordedError:
        return owner, None

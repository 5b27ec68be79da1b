"""Score forecasts whose actuals have arrived: which airports have degraded?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import NothingRecordedError
from forecastctl.monitor.data import (
    actual_table,
    made_since,
    scored,
    vintages,
)
from forecastctl.monitor.scores import by_lead, fleet_scores, scores, with_wide_fleet
from forecastctl.monitor.words import fleet_sentence
from forecastctl.recording.monitor import newest_results, record_monitor
from forecastctl.recording.read import latest
from forecastctl.recording.run_of import RunOf
from forecastctl.records.calendar import first_days, ordinals
from forecastctl.records.schema import LIVE, MONITOR_VERSION, Tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from forecastctl.monitor.data import Observed
    from forecastctl.recording.context import Environment
    from forecastctl.recording.monitor import MonitorResult
    from forecastctl.records import MonitorRules, StoredRun
    from forecastctl.store.port import Tracker

STATUSES = (
    "degraded",
    "past_max_age",
    "never_tuned",
    "no_actuals",
    "too_few_scored",
    "too_wide",
    "ok",
)
"""Worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the user asks of the monitor.

    Attributes:
        monitor_id: Id of this run of the monitor.
        start_ms: When it began, milliseconds since the epoch.
        rules: Thresholds.
        origin: Which forecasts count: ``live``, ``backtest`` or ``all``.
        freq: Frequency that periods are numbered in.
        panel_digest: SHA-256 of the panel that holds the actuals.
        params: Flags and settings, for the record.
        whole: Whether all airports of the data are watched.
        warnings: What a user should know of the whole panel, one sentence each.
    """

    monitor_id: str
    start_ms: int
    rules: MonitorRules
    origin: str
    freq: str
    panel_digest: str
    params: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = True
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _ScoredFleet:
    """What is known of all airports.

    Attributes:
        observed: Observations by airport.
        table: Every scored forecast.
        shortest: By airport, the scored forecast of each period with the shortest lead.
        specifications: The run of the newest search of each airport.
        since: From when on forecasts count, by airport, in milliseconds since the epoch.
        forecast: Airports that have any forecast.
        unreadable: Jobs whose forecasts cannot be read, with the reason.
    """

    observed: Mapping[str, Observed]
    table: pd.DataFrame
    shortest: Mapping[str, pd.DataFrame]
    specifications: Mapping[str, StoredRun]
    since: Mapping[str, int]
    forecast: frozenset[str]
    unreadable: tuple[str, ...] = ()


def monitor(
    tracker: Tracker,
    observed: Sequence[Observed],
    watch: Watch,
    environment: Environment,
    *,
    record: bool = True,
) -> dict[str, Any]:
    """Score, judge and record.

    The forecasts of the newest ``rules.window`` periods count; after an alarm that was answered by
    a new search, those made since.

    Args:
        tracker: The store.
        observed: What came true, by airport.
        watch: What is asked.
        environment: Where it runs.
        record: Whether what is found is recorded; if not, it has no ``run_id``.

    Returns:
        The report as a plain JSON value; docs/reference/monitor.md describes it.

    Raises:
        NothingRecordedError: No forecast is recorded whose period has an actual.
    """
    last = max((int(o.periods[-1]) for o in observed if len(o.periods)), default=None)
    if last is None:
        raise NothingRecordedError(
            "No airport of the data has an observation that can be used.",
            "'forecastctl check' says why.",
        )
    fleet = _score_fleet(tracker, observed, watch, last)
    results = [_result(airport, fleet, watch) for airport in _airports(fleet, watch)]
    results = with_wide_fleet(results, watch.freq)
    results.sort(key=_worst_first)
    report = {**_report(results, fleet.table, watch), "unreadable": list(fleet.unreadable)}
    if not record:
        return {"run_id": None, **report}
    return record_monitor(tracker, report, watch.params, environment)


def _score_fleet(
    tracker: Tracker, observed: Sequence[Observed], watch: Watch, last: int
) -> _ScoredFleet:
    """Read and score the forecasts of all airports."""
    by_airport = {o.airport: o for o in observed}
    forecasts, unreadable = vintages(tracker, watch.origin, watch.freq, last, watch.rules.window)
    if not watch.whole:
        forecasts = forecasts[forecasts["airport"].isin(list(by_airport))]
    names = {*by_airport, *forecasts["airport"].unique()}
    specifications: Mapping[str, StoredRun] = {}
    if watch.origin == LIVE:  # the models of a backtest are not in use
        specifications = latest(tracker, Tag.TUNED, dict.fromkeys(sorted(names)))
    earlier = newest_results(tracker, names, watch.origin)
    since = {
        airport: start
        for airport in names
        if (start := _since(earlier.get(airport), specifications.get(airport))) is not None
    }
    if forecasts.empty:
        raise _too_early(watch, last)
    all_scored = scored(forecasts, actual_table(observed, forecasts["period"].min()))
    if all_scored.empty:
        raise _nothing_in_common(forecasts, by_airport)
    table = made_since(all_scored, since)
    one_a_period = table.drop_duplicates(["airport", "period"])
    by_name = one_a_period.groupby("airport", sort=False)
    return _ScoredFleet(
        observed=by_airport,
        table=table,
        shortest={str(airport): rows for airport, rows in by_name},
        specifications=specifications,
        since=since,
        forecast=frozenset(forecasts["airport"].unique()),
        unreadable=tuple(unreadable),
    )


def _since(earlier: MonitorResult | None, specification: StoredRun | None) -> int | None:
    """From when on forecasts count: the search that answered the newest alarm."""
    if earlier is None:
        return None
    answered = (
        earlier.status == "degraded"
        and specification is not None
        and specification.start_ms > earlier.start_ms
    )
    return specification.start_ms if answered and specification else earlier.since


def _too_early(watch: Watch, last: int) -> NothingRecordedError:
    """No forecast is of a period that has an actual by now."""
    day = first_days(np.array([last]), watch.freq)[0]
    return NothingRecordedError(
        f"No recorded {'' if watch.origin == 'all' else f'{watch.origin} '}forecast is of a period "
        f"up to {day}, the newest one that has an actual.",
        "Run the monitor when newer actuals have arrived, with --data FILE where no job has read "
        "them yet.",
    )


def _nothing_in_common(
    forecasts: pd.DataFrame, observed: Mapping[str, Observed]
) -> NothingRecordedError:
    """Forecasts and observations have no airport, or no period, in common."""
    airports = sorted(forecasts["airport"].unique())
    not_in_data = [a for a in airports if a not in observed]
    why = (
        f"airport '{not_in_data[0]}' is forecast and not in the data"
        if not_in_data
        else f"the periods forecast for '{airports[0]}' have no observation"
    )
    return NothingRecordedError(
        f"Not one recorded forecast has an actual in the data: {why}.",
        "Give the data that the forecasts were made from, with newer periods.",
    )


def _airports(fleet: _ScoredFleet, watch: Watch) -> list[str]:
    """Those of the data, and those that were forecast and are not in the data any more."""
    not_in_data = sorted(fleet.forecast - set(fleet.observed)) if watch.whole else []
    return [*fleet.observed, *not_in_data]


def _result(airport: str, fleet: _ScoredFleet, watch: Watch) -> dict[str, Any]:
    """The entry of one airport in the report."""
    specification = fleet.specifications.get(airport)
    observed = fleet.observed.get(airport)
    rows = fleet.shortest.get(airport, fleet.table[:0])
    result = {
        "airport": airport,
        "status": "ok",
        "reason": None,
        **scores(rows, watch.rules, watch.freq),
        "tuned_on": None if specification is None else specification.tags.get(Tag.CUTOFF),
        "age": _age(observed, specification, watch.freq),
        "run_id": None if specification is None else specification.run_id,
        "since_ms": fleet.since.get(airport),
    }
    status, reason = _status(result, observed, specification, watch)
    return {**result, "status": status, "reason": reason}


def _age(observed: Observed | None, specification: StoredRun | None, freq: str) -> int | None:
    """Periods of data since the specification was chosen."""
    if observed is None or specification is None or not len(observed.periods):
        return None
    day = np.array([RunOf(specification).cutoff], dtype="datetime64[D]").astype(np.int64)
    return int(observed.periods[-1] - ordinals(day, freq)[0])


def _status(
    result: dict[str, Any],
    observed: Observed | None,
    specification: StoredRun | None,
    watch: Watch,
) -> tuple[str, str | None]:
    """The gravest status that applies, and why."""
    rules, n, age = watch.rules, result["n"], result["age"]
    alarm, wide = result.pop("alarm", None), result.pop("wide", None)
    missing = observed is None or not len(observed.periods)
    too_old = (
        f"tuned on data up to {result['tuned_on']}, {age} periods ago; at most {rules.max_age}"
    )
    since = " since the search that answered the newest alarm" if result["since_ms"] else ""
    too_few = f"{n} scored{since}; {rules.least_scored} are needed"
    cases: tuple[tuple[bool, str, str | None], ...] = (
        (alarm is not None, "degraded", alarm),
        (missing, "no_actuals", "not in the data" if observed is None else observed.reason),
        (
            watch.origin == LIVE and specification is None,
            "never_tuned",
            "no search is recorded in this experiment",
        ),
        (age is not None and age >= rules.max_age, "past_max_age", too_old),
        (n < rules.least_scored, "too_few_scored", too_few),
        (wide is not None, "too_wide", wide),
    )
    return next(((status, reason) for holds, status, reason in cases if holds), ("ok", None))


def _worst_first(result: Mapping[str, Any]) -> tuple[int, float, float]:
    """Key that sorts entries of the report: gravest status, smallest p, largest error first."""
    p = 1.0 if result["p"] is None else result["p"]
    return STATUSES.index(result["status"]), p, -(result["ratio"] or 0.0)


def _report(results: list[dict[str, Any]], table: pd.DataFrame, watch: Watch) -> dict[str, Any]:
    """The whole report as a plain JSON value."""
    ends = [table["period"].min(), table["period"].max()] if len(table) else []
    days = [str(day) for day in first_days(np.array(ends, dtype=np.int64), watch.freq)]
    counts = {status: sum(r["status"] == status for r in results) for status in STATUSES}
    sides = [side for r in results if (side := r.pop("side", None)) is not None]
    chances = [chance for r in results if (chance := r.pop("chance", None)) is not None]
    fleet = fleet_scores(results, sides, chances, table, watch.freq)
    return {
        "schema": MONITOR_VERSION,
        "monitor_id": watch.monitor_id,
        "start_ms": watch.start_ms,
        "origin": watch.origin,
        "sentence": fleet_sentence(fleet),
        "panel_digest": watch.panel_digest,
        "scored_from": days[0] if days else None,
        "scored_through": days[1] if days else None,
        "rules": asdict(watch.rules),
        "airports": {"total": len(results), **counts},
        "fleet": fleet,
        "warnings": list(watch.warnings),
        "by_lead": by_lead(table),
        "results": results,
    }

"""Measures of scored forecasts: of one airport, of a lead, of the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.models.interval_scores import width
from forecastctl.monitor.tests_of_errors import TESTS, TOO_WIDE, judge
from forecastctl.monitor.words import (
    LEAST_AIRPORTS,
    MOST_SHARE,
    degraded,
    direction,
    inside,
    too_wide,
)
from forecastctl.records.calendar import first_days

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from forecastctl.records import MonitorRules

LEAST_WIDE = 8
"""Airports from which on the fleet is asked whether its intervals are far too wide."""

MEASURES = ("mae", "expected", "ratio", "bias", "bias_percent", "coverage80", "coverage95")


def scores(rows: pd.DataFrame, rules: MonitorRules, freq: str) -> dict[str, Any]:
    """Measures of one airport, and the tests where there are enough errors.

    Args:
        rows: Its forecasts with errors, one for each period, oldest first.
        rules: Thresholds.
        freq: Frequency of the periods.

    Returns:
        The measures; ``p``, ``chance`` and ``tests``; after an alarm ``alarm``, its reason, and
        ``side``, the sign of the errors; and ``wide``, a sentence, where the intervals are far too
        wide.
    """
    n = len(rows)
    result: dict[str, Any] = {"n": n}
    if not n:
        return {**result, **dict.fromkeys((*MEASURES, "p")), "tests": {}}
    error, z = rows["error"].to_numpy(), rows["z"].to_numpy()
    result |= dict(zip(MEASURES, _measures(rows), strict=True))
    if n < rules.least_scored:
        return {**result, "p": None, "tests": {}}
    ends = (rows["cutoff"].tolist(), rows["period"].tolist())
    judged = judge(z, *ends, rules.false_alarm)
    result["p"], result["chance"] = judged.p, judged.chance
    result["tests"] = {t: {"value": judged.statistics[t], "p": judged.ps[t]} for t in TESTS}
    if judged.p <= rules.false_alarm:
        result["alarm"] = degraded(judged, result, z, freq)
        result["side"] = int(np.sign(error.mean()))
    elif judged.too_wide(rules.false_alarm, n):
        result["wide"] = too_wide(result, freq, judged.p_small)
    return result


def _measures(rows: pd.DataFrame) -> tuple[float | None, ...]:
    """Mean absolute error, expected one, their ratio, mean error, in percent, two coverages."""
    error, z = rows["error"].to_numpy(), rows["z"].to_numpy()
    mae, expected = float(np.abs(error).mean()), float(rows["usual"].mean())
    bias, level = float(error.mean()), float(rows["y"].mean())
    return (
        mae,
        expected,
        mae / expected if expected else None,
        bias,
        100 * bias / level if level else None,
        inside(z, width(80)),
        inside(z, width(95)),
    )


def with_wide_fleet(results: Sequence[dict[str, Any]], freq: str) -> list[dict[str, Any]]:
    """Entries of the report where the intervals of most of the fleet are far too wide.

    A few periods say little about one airport. Where most of the airports have errors of half the
    expected size or less, they say it of each of those.

    Args:
        results: One for each airport.
        freq: Frequency of the periods.
    """
    tested = [r for r in results if r["p"] is not None and r["ratio"] is not None]
    small = [r for r in tested if r["ratio"] <= TOO_WIDE]
    if len(tested) < LEAST_WIDE or len(small) < MOST_SHARE * len(tested):
        return list(results)
    names = {r["airport"] for r in small if r["status"] == "ok"}
    return [
        {**r, "status": "too_wide", "reason": too_wide(r, freq, fleet=True)}
        if r["airport"] in names
        else r
        for r in results
    ]


def fleet_scores(
    results: Sequence[Mapping[str, Any]],
    sides: list[int],
    chances: Sequence[float],
    table: pd.DataFrame,
    freq: str,
) -> dict[str, Any]:
    """Measures of the fleet: how many airports are degraded, which way, and the newest period.

    Args:
        results: One for each airport.
        sides: Signs of the errors of those that are degraded.
        chances: Probability of an alarm in this look, of each that was tested.
        table: Scored forecasts by airport, period, and shortest lead first.
        freq: Frequency of the periods.
    """
    tested = sum(r["p"] is not None for r in results)
    degraded_airports = sum(r["status"] == "degraded" for r in results)
    wide = sum(r["status"] == "too_wide" for r in results)
    shortest = table.drop_duplicates(["airport", "period"])
    z = shortest["z"].to_numpy()
    actuals_are = direction(sides)
    return {
        "scored": tested,
        "degraded": degraded_airports,
        "too_wide": wide,
        "share_degraded": degraded_airports / tested if tested else None,
        "expected_false_alarms": float(sum(chances)),
        "direction": actuals_are,
        "system": tested >= LEAST_AIRPORTS
        and degraded_airports >= MOST_SHARE * tested
        and actuals_are != "mixed",
        "coverage80": inside(z, width(80)) if len(z) else None,
        "coverage95": inside(z, width(95)) if len(z) else None,
        "newest": _newest(table, freq) if len(table) else None,
    }


def _newest(table: pd.DataFrame, freq: str) -> dict[str, Any]:
    """How the fleet did in the newest period, at the shortest leads."""
    shortest = table.drop_duplicates(["airport", "period"])
    newest = shortest[shortest["period"] == shortest["period"].max()]
    z = newest["z"].to_numpy()
    return {
        "date": str(first_days(newest["period"].to_numpy()[:1], freq)[0]),
        "airports": len(newest),
        "share_outside95": 1 - inside(z, width(95)),
        "median_z": float(np.median(z)),
    }


def by_group(table: pd.DataFrame, groups: Mapping[str, str]) -> list[dict[str, Any]]:
    """Measures of the forecast with the shortest lead of each airport's period, by group.

    Args:
        table: Scored forecasts by airport, period, and shortest lead first.
        groups: Group by airport; airports without one are left out.
    """
    shortest = table.drop_duplicates(["airport", "period"])
    found = []
    for group, rows in shortest.groupby(shortest["airport"].map(groups), sort=False):
        measures = dict(zip(MEASURES, _measures(rows), strict=True))
        counts = {"airports": int(rows["airport"].nunique()), "n": len(rows)}
        found.append({"group": str(group), **counts, **measures})
    return found


def by_lead(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Measures of all scored forecasts, by lead."""
    rows_by_lead = []
    for lead in sorted(table["lead"].unique().tolist()):
        rows = table[table["lead"] == lead]
        measures = dict(zip(MEASURES, _measures(rows), strict=True))
        rows_by_lead.append({"lead": int(lead), "n": len(rows), **measures})
    return rows_by_lead

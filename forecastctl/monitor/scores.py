"""Measures of scored forecasts: of one airport, of a lead, of the fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.monitor.tests_of_errors import (
    TESTS,
    WIDTHS,
    judge,
    usual_size,
)
from forecastctl.monitor.words import (
    LEAST_AIRPORTS,
    MOST_SHARE,
    degraded,
    direction,
    inside,
)
from forecastctl.records.calendar import first_days

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from forecastctl.records import MonitorRules

MEASURES = ("mae", "expected", "ratio", "bias", "bias_percent", "coverage80", "coverage95")


def scores(rows: pd.DataFrame, rules: MonitorRules, freq: str) -> dict[str, Any]:
    """Measures of one airport, and the tests where there are enough errors.

    Args:
        rows: Its forecasts with errors, one for each period, oldest first.
        rules: Thresholds.
        freq: Frequency of the periods.

    Returns:
        The measures; ``p`` and ``tests``; and after an alarm ``alarm``, its reason, and ``side``,
        the sign of the errors.
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
    judged = judge(z, *ends, rules.false_alarm, float(rows["wide"].median()))
    result["p"] = judged.p
    result["tests"] = {t: {"value": judged.statistics[t], "p": judged.ps[t]} for t in TESTS}
    if judged.p <= rules.false_alarm:
        result["alarm"] = degraded(judged, result, z, freq)
        result["side"] = int(np.sign(error.mean()))
    return result


def _measures(rows: pd.DataFrame) -> tuple[float | None, ...]:
    """Mean absolute error, expected one, their ratio, mean error, in percent, two coverages."""
    error, z = rows["error"].to_numpy(), rows["z"].to_numpy()
    mae, expected = float(np.abs(error).mean()), float(usual_size() * rows["sd"].mean())
    bias, level = float(error.mean()), float(rows["y"].mean())
    return (
        mae,
        expected,
        mae / expected if expected else None,
        bias,
        100 * bias / level if level else None,
        inside(z, WIDTHS[80]),
        inside(z, rows["wide"].to_numpy()),
    )


def fleet_scores(
    results: Sequence[Mapping[str, Any]],
    sides: list[int],
    table: pd.DataFrame,
    false_alarm: float,
    freq: str,
) -> dict[str, Any]:
    """Measures of the fleet: how many airports are degraded, which way, and the newest period.

    Args:
        results: One for each airport.
        sides: Signs of the errors of those that are degraded.
        table: Scored forecasts by airport, period, and shortest lead first.
        false_alarm: Threshold of the tests.
        freq: Frequency of the periods.
    """
    tested = sum(r["p"] is not None for r in results)
    degraded_airports = sum(r["status"] == "degraded" for r in results)
    shortest = table.drop_duplicates(["airport", "period"])
    z, wide = shortest["z"].to_numpy(), shortest["wide"].to_numpy()
    actuals_are = direction(sides)
    return {
        "scored": tested,
        "degraded": degraded_airports,
        "share_degraded": degraded_airports / tested if tested else None,
        "expected_false_alarms": false_alarm * tested,
        "direction": actuals_are,
        "system": tested >= LEAST_AIRPORTS
        and degraded_airports >= MOST_SHARE * tested
        and actuals_are != "mixed",
        "coverage80": inside(z, WIDTHS[80]) if len(z) else None,
        "coverage95": inside(z, wide) if len(z) else None,
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
        "share_outside95": 1 - inside(z, newest["wide"].to_numpy()),
        "median_z": float(np.median(z)),
    }


def by_lead(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Measures of all scored forecasts, by lead."""
    rows_by_lead = []
    for lead in sorted(table["lead"].unique().tolist()):
        rows = table[table["lead"] == lead]
        measures = dict(zip(MEASURES, _measures(rows), strict=True))
        rows_by_lead.append({"lead": int(lead), "n": len(rows), **measures})
    return rows_by_lead

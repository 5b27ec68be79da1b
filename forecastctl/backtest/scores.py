"""How good the forecasts of a backtest were, by lead. Pure.

Each row of a forecast table whose actual is known counts once, whatever the size of the airport.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.data.panel.rows import cut
from forecastctl.data.prepare.prepare import make_context
from forecastctl.data.prepare.suspects.examine import grid_of
from forecastctl.records.calendar import days_of, ordinals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    import pandas as pd
    from numpy.typing import NDArray

    from forecastctl.data.panel.panel import DataSpec, Panel

SUMS = ("n", "compared", "scaled", "naive", "size", "error", "actual")


@dataclass(frozen=True, slots=True)
class Actuals:
    """What came true: the series of all airports, one behind the other.

    Attributes:
        freq: pandas period alias.
        season: Periods per season.
        rows: Number of each airport that has observations.
        start: First period of each airport, shape ``(k,)``.
        at: Where each airport begins in ``y``, and the end, shape ``(k + 1,)``.
        y: Passengers, NaN where missing, shape ``(n,)``.
        difference_sum: Running sum of known absolute seasonal differences, shape ``(n,)``.
        difference_count: Running number of them, shape ``(n,)``.
    """

    freq: str
    season: int
    rows: dict[str, int]
    start: NDArray[np.int64]
    at: NDArray[np.int64]
    y: NDArray[np.float64]
    difference_sum: NDArray[np.float64]
    difference_count: NDArray[np.float64]

    def position(self, codes: NDArray[np.int64], periods: NDArray[np.int64]) -> NDArray[np.int64]:
        """Position in ``y`` of airports and periods; -1 where there is none."""
        since_start = periods - self.start[codes]
        length = self.at[codes + 1] - self.at[codes]
        inside = (codes >= 0) & (since_start >= 0) & (since_start < length)
        return np.where(inside, self.at[codes] + since_start, -1)

    def values(self, codes: NDArray[np.int64], periods: NDArray[np.int64]) -> NDArray[np.float64]:
        """Observations, NaN where there is none."""
        position = self.position(codes, periods)
        return np.where(position >= 0, self.y[position], np.nan)

    def scale(self, codes: NDArray[np.int64], cutoff: NDArray[np.int64]) -> NDArray[np.float64]:
        """Mean absolute seasonal difference up to the cutoff; NaN where there is none above 0."""
        position = self.position(codes, cutoff)
        count = np.where(position >= 0, self.difference_count[position], 0.0)
        total = np.where(position >= 0, self.difference_sum[position], 0.0)
        known = (count > 0) & (total > 0)
        return np.where(known, total / np.maximum(count, 1.0), np.nan)


def find_actuals(panel: Panel, spec: DataSpec, today: date) -> Actuals:
    """Observations of a panel as they were read: no hole filled, no suspect left out."""
    view = cut(panel, spec, None)
    context = make_context(view, panel, spec, None, today)
    rows: dict[str, int] = {}
    starts: list[int] = []
    parts: list[NDArray[np.float64]] = []
    diffs: list[NDArray[np.float64]] = []
    for airport in view.airports:
        grid = grid_of(airport, context)
        if grid is None:
            continue
        rows[airport.airport] = len(starts)
        starts.append(grid.start)
        parts.append(grid.y)
        diffs.append(_seasonal_differences(grid.y, view.season_length))
    without_gaps = [np.where(np.isnan(d), 0.0, d) for d in diffs]
    counts = [np.cumsum(~np.isnan(d)).astype(np.float64) for d in diffs]
    return Actuals(
        freq=view.freq,
        season=view.season_length,
        rows=rows,
        start=np.array(starts, dtype=np.int64),
        at=np.cumsum([0, *(len(p) for p in parts)]).astype(np.int64),
        y=_joined(parts),
        difference_sum=_joined([np.cumsum(d) for d in without_gaps]),
        difference_count=_joined(counts),
    )


def _seasonal_differences(y: NDArray[np.float64], season: int) -> NDArray[np.float64]:
    """Absolute differences to a season before, NaN where one of the two is missing."""
    differences = np.full(len(y), np.nan)
    differences[season:] = np.abs(y[season:] - y[:-season])
    return differences


def _joined(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate(parts) if parts else np.zeros(0)


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over forecasts by lead; tallies of several origins add up.

    Attributes:
        parts: Sums by name of `SUMS`, each by lead, shape ``(h,)``.
        inside: Actuals within the interval, by level and lead.
    """

    parts: dict[str, NDArray[np.float64]]
    inside: dict[int, NDArray[np.float64]]


def tally(table: pd.DataFrame, actuals: Actuals, levels: Sequence[int]) -> Tally:
    """Compare one origin's forecast table with what came true.

    Args:
        table: Columns as in ``--out``.
        actuals: What came true.
        levels: Interval levels in percent.
    """
    if table.empty or not actuals.rows:
        return Tally({}, {})
    codes = np.array([actuals.rows.get(a, -1) for a in table["airport"]], dtype=np.int64)
    dates, cutoff = (_periods(table[name], actuals.freq) for name in ("date", "cutoff"))
    actual, mean = actuals.values(codes, dates), table["mean"].to_numpy(np.float64)
    lead, observed = dates - cutoff, ~np.isnan(actual)
    whole_seasons = actuals.season * -(-lead // actuals.season)
    scale = actuals.scale(codes, cutoff)
    naive = np.abs(actuals.values(codes, dates - whole_seasons) - actual) / scale
    scaled = np.abs(mean - actual) / scale
    comparable = observed & ~np.isnan(naive)
    terms = {
        "n": observed.astype(np.float64),
        "compared": comparable.astype(np.float64),
        "scaled": np.where(comparable, scaled, 0.0),
        "naive": np.where(comparable, naive, 0.0),
        "size": np.where(observed, np.abs(mean - actual), 0.0),
        "error": np.where(observed, mean - actual, 0.0),
        "actual": np.where(observed, actual, 0.0),
    }
    # Where the frequency was another one at an early origin, a lead may be less than one.
    at, valid = np.maximum(lead - 1, 0), lead >= 1
    inside = {
        level: ((table[f"lo-{level}"] <= actual) & (actual <= table[f"hi-{level}"])).to_numpy(bool)
        for level in levels
    }
    return Tally(
        {name: _by_lead(at, values * valid) for name, values in terms.items()},
        {level: _by_lead(at, (hit & valid).astype(np.float64)) for level, hit in inside.items()},
    )


def _by_lead(at: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums of values by position of their lead."""
    return np.bincount(at, weights=values).astype(np.float64)


def _periods(dates: Iterable[str], freq: str) -> NDArray[np.int64]:
    """Periods of ISO dates; a backtest repeats few of them very often."""
    import pandas as pd

    codes, unique = pd.factorize(np.asarray(dates, dtype=object))
    days = np.array([days_of(np.datetime64(str(d), "D").item()) for d in unique], dtype=np.int64)
    return ordinals(days, freq)[codes]


def score_rows(tallies: Sequence[Tally]) -> list[dict[str, Any]]:
    """One row for each lead with actuals, and one for all leads.

    Returns:
        ``lead`` (a number or ``all``), ``n`` forecasts with an actual, ``mase`` and that of the
        seasonal naive on the same forecasts (``naive_mase``), ``mae_percent`` (the sum of absolute
        errors in percent of the sum of actuals), ``bias_percent`` and ``coverage`` of each level,
        as shares.
    """
    total = Tally(
        {name: _sum([t.parts[name] for t in tallies if t.parts]) for name in SUMS},
        {
            level: _sum([t.inside[level] for t in tallies if t.parts])
            for level in sorted({level for t in tallies for level in t.inside})
        },
    )
    leads = np.flatnonzero(total.parts["n"]).tolist()
    rows = [_row(i + 1, total, [i]) for i in leads]
    return [*rows, _row("all", total, leads)] if rows else []


def _sum(parts: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Sum of arrays by lead, of which some go further than others."""
    total = np.zeros(max((len(part) for part in parts), default=0))
    for part in parts:
        total[: len(part)] += part
    return total


def _row(lead: int | str, total: Tally, at: Sequence[int]) -> dict[str, Any]:
    """The row of some leads, from their sums."""
    sums = {name: float(values[at].sum()) for name, values in total.parts.items()}
    return {
        "lead": lead,
        "n": int(sums["n"]),
        "mase": _ratio(sums["scaled"], sums["compared"]),
        "naive_mase": _ratio(sums["naive"], sums["compared"]),
        "mae_percent": _ratio(100 * sums["size"], sums["actual"]),
        "bias_percent": _ratio(100 * sums["error"], sums["actual"]),
        "coverage": {
            str(level): _ratio(float(i[at].sum()), sums["n"]) for level, i in total.inside.items()
        },
    }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None

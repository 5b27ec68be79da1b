"""What the charts of a search, its backtest and past forecasts show. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.records.calendar import period_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.records import Forecast, Trial, TuneResult

    Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BacktestChart:
    """Errors of a backtest by lead.

    Attributes:
        folds: Forecast minus actual by fold, each from lead 1 on, passengers.
        mae: Mean absolute error by lead.
        level: Of the intervals, percent; ``None`` without a forecast.
        low: Errors that the lower ends of the forecast's intervals allow for, by lead.
        high: The same of the upper ends.
    """

    folds: tuple[Values, ...]
    mae: Values
    level: int | None
    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class TrialsChart:
    """Losses of a search.

    Attributes:
        numbers: Of the trials that have a loss.
        losses: Their losses.
        members: Which of them are part of what was chosen.
        best: The lowest loss up to each.
        without: Numbers of the trials that failed or were pruned.
        chosen: Loss of what was chosen.
        baseline: Loss of the seasonal naive.
        loss: What it is called.
    """

    numbers: NDArray[np.int64]
    losses: Values
    members: NDArray[np.bool_]
    best: Values
    without: tuple[int, ...]
    chosen: float | None
    baseline: float | None
    loss: str


@dataclass(frozen=True, slots=True)
class ResidualsChart:
    """Errors of the newest forecast of each period that has come true.

    Attributes:
        ds: First days of the periods.
        errors: Forecast minus actual, passengers.
        low: The same of the lower end of the interval; NaN where there was none.
        high: The same of its upper end.
        level: Of the intervals, percent; ``None`` where they differ or there are none.
        leads: Periods ahead of each forecast.
    """

    ds: NDArray[np.datetime64]
    errors: Values
    low: Values
    high: Values
    level: int | None
    leads: tuple[int, ...]


def backtest_data(tuned: TuneResult, forecast: Forecast | None) -> BacktestChart | None:
    """Errors by lead, beside what the intervals of the forecast allow for; ``None`` without any."""
    folds = tuple(np.array(fold) for fold in tuned.backtest_errors if len(fold))
    if not folds:
        return None
    longest = max(map(len, folds))
    mae = [np.mean([abs(f[at]) for f in folds if at < len(f)]) for at in range(longest)]
    level, low, high = None, np.array([]), np.array([])
    if forecast is not None and forecast.intervals:
        level = min(forecast.intervals)
        lo, hi = forecast.intervals[level]
        low, high = (forecast.mean - hi)[:longest], (forecast.mean - lo)[:longest]
    return BacktestChart(folds, np.array(mae), level, low, high)


def trials_data(trials: Sequence[Trial], tuned: TuneResult, loss: str) -> TrialsChart | None:
    """Losses trial by trial; ``None`` where none has one."""
    scored = [(t.number, t.loss, t.weight is not None) for t in trials if t.loss is not None]
    if not scored:
        return None
    numbers, losses, members = zip(*scored, strict=True)
    return TrialsChart(
        numbers=np.array(numbers),
        losses=np.array(losses, dtype=float),
        members=np.array(members, dtype=bool),
        best=np.minimum.accumulate(np.array(losses, dtype=float)),
        without=tuple(t.number for t in trials if t.loss is None),
        chosen=tuned.loss,
        baseline=tuned.baseline_loss,
        loss=loss,
    )


def residuals_data(rows: Iterable[Mapping[str, Any]], freq: str) -> ResidualsChart | None:
    """Errors by period; ``None`` where no forecast has come true.

    Args:
        rows: As `forecastctl.recording.forecast_rows` gives them.
        freq: pandas period alias.
    """
    newest: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        known = newest.get(row["date"])
        if row["actual"] is not None and (known is None or known["cutoff"] < row["cutoff"]):
            newest[row["date"]] = row
    if not newest:
        return None
    found = [newest[date] for date in sorted(newest)]
    actual = np.array([row["actual"] for row in found], dtype=float)

    def off(key: str) -> Values:
        ends = [np.nan if row[key] is None else row[key] for row in found]
        return np.asarray(np.array(ends, dtype=float) - actual)

    levels = {row["level"] for row in found}
    leads = [period_of(row["date"], freq) - period_of(row["cutoff"], freq) for row in found]
    return ResidualsChart(
        ds=np.array([row["date"] for row in found], "datetime64[D]"),
        errors=off("forecast"),
        low=off("low"),
        high=off("high"),
        level=levels.pop() if len(levels) == 1 else None,
        leads=tuple(leads),
    )

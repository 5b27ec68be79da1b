"""Everything that is known about one miss: what `forecastctl.explain.verdict.rules` judges."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.size import STATED, met, stated_ends
from forecastctl.explain.standing import ordinary_error, standing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.records import (
        FittedModel,
        FleetPoint,
        Forecast,
        Series,
        Specification,
        Trial,
    )


@dataclass(frozen=True, slots=True)
class CalendarEffect:
    """What the calendar did to one period.

    Attributes:
        feast: ``Easter``, ``Orthodox Easter``, ``Lunar New Year``, ``Ramadan``, ``Eid al-Fitr``,
            ``leap day`` or ``weekends``.
        effect: Passengers more than a model without a calendar would expect; negative: fewer.
        se: Standard error of the effect, passengers.
        certainty: How sure it is that there is one, 0..1, after all that were looked for.
        sentence: What moved, when, and the effect.
    """

    feast: str
    effect: float
    se: float
    certainty: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Swap:
    """Another airport whose name this one bears, and the reverse.

    Attributes:
        airport: The other one.
        since: First day of the first period in which it is so.
        seen: What the model would have seen of this airport under the right name.
        actual: What came true of it, passengers.
    """

    airport: str
    since: str
    seen: Series
    actual: float


@dataclass(frozen=True, slots=True)
class Case:
    """One forecast of one period with its actual, and what surrounds it.

    Attributes:
        lead: Periods ahead, from 1.
        forecast: The whole stored path.
        actual: What came true, passengers.
        seen: The series as the model saw it, up to its cutoff.
        known: The same airport as known now, later periods included.
        model: The fitted model behind the forecast.
        horizon: Periods ahead that the job validated.
        engine: The engine that fitted.
        trials: Every trial of the search behind the model.
        champion: The airport's newest specification, where it is another one.
        status: Status of the airport in the job.
        reason: Why it is not ``ok``.
        fleet: Other airports in the same period.
        panel_airports: Number of airports in the newest panel.
        first_actual: The actual as first recorded, where that was before the newest panel.
        in_doubt: The different values that the newest panel holds of the period, the actual last;
            empty where it holds one.
        fresh: The series as known when the forecast was made, where the model had not seen all of
            it.
        champion_run: Run of the champion.
        stands_out: See `forecastctl.explain.verdict.fleet.stands_out`.
        swap: The airport that this one is swapped with in the newest panel, where that shows.
        apart: See `forecastctl.explain.verdict.fleet.apart_since`; up to two periods after the one
            explained.
        fleet_moved: See `forecastctl.explain.verdict.fleet.moved`.
        calendar: What the calendar did to the period, where that is clear; looked for where the
            miss is at least a usual error.
        failed_since: A sentence about a later run that should have forecast the period and failed.
    """

    lead: int
    forecast: Forecast
    actual: float
    seen: Series
    known: Series
    model: FittedModel
    _: KW_ONLY
    horizon: int = 12
    engine: str = "compiled"
    trials: tuple[Trial, ...] = ()
    champion: Specification | None = None
    status: str = "ok"
    reason: str | None = None
    fleet: tuple[FleetPoint, ...] = ()
    panel_airports: int = 1
    first_actual: float | None = None
    in_doubt: tuple[float, ...] = ()
    fresh: Series | None = None
    champion_run: str | None = None
    stands_out: float | None = None
    swap: Swap | None = None
    apart: tuple[tuple[float, float] | None, ...] = ()
    fleet_moved: float | None = None
    calendar: CalendarEffect | None = None
    failed_since: str | None = None

    @property
    def mean(self) -> float:
        """The point forecast, passengers."""
        return float(self.forecast.mean[self.lead - 1])

    @property
    def miss(self) -> float:
        """Forecast minus actual, passengers."""
        return self.mean - self.actual

    @property
    def met(self) -> bool:
        """Whether the forecast was met exactly, so that there is no miss to explain."""
        return met(self.miss, self.actual)

    @property
    def sd(self) -> float:
        """Standard deviation that the forecast stated, passengers."""
        return float(self.forecast.sd[self.lead - 1])

    @property
    def date(self) -> np.datetime64:
        """First day of the period."""
        return np.datetime64(self.forecast.ds[self.lead - 1], "D")

    @property
    def scale(self) -> float:
        """Size of an ordinary error at this lead, passengers: see `ordinary_error`."""
        return ordinary_error(self.sd, self.lead, self.model.backtest_errors)

    @property
    def z(self) -> float:
        """The miss in ordinary errors."""
        return self.miss / self.scale if self.scale > 0 else (0.0 if self.met else np.inf)

    @property
    def stated(self) -> tuple[float, float]:
        """Ends of the stated 95 % interval, passengers."""
        band = self.forecast.intervals.get(STATED)
        at = self.lead - 1
        return stated_ends(
            self.mean, self.sd, None if band is None else (float(band[0][at]), float(band[1][at]))
        )

    @property
    def outside(self) -> bool:
        """Whether the actual lies outside the stated 95 % interval."""
        lo, hi = self.stated
        return self.actual < lo or self.actual > hi

    @property
    def percentile(self) -> float | None:
        """Percent of the backtest's errors that are smaller; ``None`` without a backtest."""
        return standing(self.miss, self.sd, self.lead, self.model.backtest_errors).percentile

    @property
    def level(self) -> float:
        """Median of the last season up to the cutoff, as it is known now, passengers."""
        return float(np.median(self.revised().y[-max(self.seen.season_length, 1) :]))

    def revised(self) -> Series:
        """What the model saw, with the values as they are known now."""
        y = self.seen.y.copy()
        positions, values = overlap(self.seen, self.known)
        y[positions] = values
        return replace(self.seen, y=y)

    def known_at(self, periods: int) -> float | None:
        """The value known so many periods after the one explained, or before it."""
        position = index_of(self.known, self.date)
        if position is None or not 0 <= position + periods < self.known.n:
            return None
        return float(self.known.y[position + periods])


def index_of(series: Series, date: np.datetime64) -> int | None:
    """Position of a period, or ``None``."""
    positions = np.flatnonzero(series.ds == date)
    return int(positions[0]) if len(positions) else None


def overlap(seen: Series, known: Series) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Positions in ``seen`` that ``known`` has a value for, and these values."""
    in_seen, in_known = np.intersect1d(seen.ds, known.ds, assume_unique=True, return_indices=True)[
        1:
    ]
    return in_seen, known.y[in_known]


def up_to(series: Series, last: np.datetime64) -> Series:
    """The series without what comes after a date."""
    kept = series.ds <= last
    return replace(series, ds=series.ds[kept], y=series.y[kept])

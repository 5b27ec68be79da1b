"""The series behind the charts of an explanation, which are not part of its JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from forecastctl.records.results import Forecast


@dataclass(frozen=True, slots=True)
class VintagePath:
    """One stored forecast path of the airport: its cutoff, periods and means, ``(h,)`` each."""

    cutoff: str
    origin: str
    ds: NDArray[np.datetime64]
    mean: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FleetPoint:
    """How far off another airport was in the same period.

    Attributes:
        airport: Its name.
        z: Forecast minus actual over the forecast's standard deviation.
        ratio: Actual over forecast, or ``None`` where the forecast is zero.
        outside: Whether the actual lies outside the 95 % interval.
        recorded: Whether the forecast is a recorded one, not a stand-in made now.
        mean: Its point forecast, passengers.
        actual: What came true, passengers.
    """

    airport: str
    z: float
    ratio: float | None
    outside: bool
    recorded: bool
    mean: float | None = None
    actual: float | None = None


@dataclass(frozen=True, slots=True)
class ExplainView:
    """Data of the charts of one explanation.

    Attributes:
        airport: The airport.
        date: First day of the period explained.
        freq: pandas period alias.
        season_length: Observations per season.
        history_ds: Periods that the model saw, shape ``(n,)``.
        history_y: Passengers as the model saw them, shape ``(n,)``.
        known_ds: Periods as known now, the later ones included, shape ``(m,)``.
        known_y: Passengers as known now, shape ``(m,)``.
        forecast: The whole path of the forecast explained.
        vintages: Every stored path that holds the period, newest cutoff first.
        fleet: Every other airport with a forecast and an actual of the period.
    """

    airport: str
    date: str
    freq: str
    season_length: int
    history_ds: NDArray[np.datetime64]
    history_y: NDArray[np.float64]
    known_ds: NDArray[np.datetime64]
    known_y: NDArray[np.float64]
    forecast: Forecast
    vintages: tuple[VintagePath, ...] = ()
    fleet: tuple[FleetPoint, ...] = ()

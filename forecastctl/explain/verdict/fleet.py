"""The same month across the fleet: was it one airport, or all of them? Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecastctl.records import FleetPoint

WORST = 5
LEAST_SPREAD = 0.03
"""Smallest spread of log changes that a fleet is credited with."""

PEERS_LEAST = 8
PEER_SIZE = math.log(5.0)


@dataclass(frozen=True, slots=True)
class FleetView:
    """One airport among its fleet in one period.

    Attributes:
        airports: Airports with a forecast and an actual, this one included.
        share_outside: Share of the others whose actual is outside their 95 % interval.
        share_same: Share of the others outside it on the side of this airport's actual.
        direction: Side of most of those outside: actuals ``below`` or ``above`` the forecasts,
            ``mixed``, or ``None`` where none is outside.
        median_z: Median of the others' misses in standard deviations.
        median_ratio: Median of the others' actual over forecast.
        stands_out: How far this airport's change stands from its peers', see `stands_out`.
        source: ``recorded`` forecasts, or a ``stand-in`` made now.
        worst: The others farthest off.
    """

    airports: int
    share_outside: float | None
    share_same: float | None
    direction: str | None
    median_z: float | None
    median_ratio: float | None
    stands_out: float | None
    source: str
    worst: tuple[FleetPoint, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        keys = [k for k in self.__slots__ if k != "worst"]
        worst = [{"airport": p.airport, "z": p.z, "ratio": p.ratio} for p in self.worst]
        return {**{k: getattr(self, k) for k in keys}, "worst": worst}


def view_fleet(
    others: Sequence[FleetPoint], miss: float, distance: float | None = None
) -> FleetView:
    """Place one airport among the others.

    Args:
        others: Every other airport with a forecast and an actual of the period.
        miss: This airport's forecast minus actual, passengers.
        distance: See `stands_out`.
    """
    if not others:
        return FleetView(1, None, None, None, None, None, distance, "none")
    z = np.array([p.z for p in others])
    outside = np.array([p.outside for p in others])
    below = int(np.sum(outside & (z > 0)))
    above = int(np.sum(outside & (z < 0)))
    same = below if miss > 0 else above
    ratios = [p.ratio for p in others if p.ratio is not None]
    recorded = sum(p.recorded for p in others)
    return FleetView(
        len(others) + 1,
        float(np.mean(outside)),
        same / len(others),
        _direction(below, above),
        float(np.median(z)),
        float(np.median(ratios)) if ratios else None,
        distance,
        "recorded" if recorded * 2 >= len(others) else "stand-in",
        tuple(sorted(others, key=lambda p: (-abs(p.z), p.airport))[:WORST]),
    )


def _direction(below: int, above: int) -> str | None:
    if not below and not above:
        return None
    share = below / (below + above)
    return "below" if share >= 0.75 else "above" if share <= 0.25 else "mixed"  # noqa: PLR2004


def stands_out(
    y: NDArray[np.float64], own: int, cutoff: int, target: int, season_length: int
) -> float | None:
    """How far one airport's change since the cutoff stands from its peers', whatever was forecast.

    Of each airport the log change from the cutoff to the period is compared with the same change
    of the earlier season that it is nearest to; what remains is a surprise. Peers are airports of
    at least a fifth of the size: small ones are noisier.

    Args:
        y: Passengers by period and airport, shape ``(periods, airports)``; NaN where missing.
        own: Column of the airport.
        cutoff: Row of the cutoff.
        target: Row of the period explained.
        season_length: Observations per season.

    Returns:
        The surprise less the peers' median, over 1.4826 times their median absolute deviation;
        ``None`` where fewer than `PEERS_LEAST` peers or no earlier season is known.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(y > 0, np.log(y), np.nan)
    seasons = [
        logs[target - k] - logs[cutoff - k]
        for k in range(season_length, cutoff + 1, season_length)
        if k >= target - cutoff
    ]
    if not seasons:
        return None
    gaps = (logs[target] - logs[cutoff])[None, :] - np.array(seasons)
    nearest = np.argmin(np.where(np.isfinite(gaps), np.abs(gaps), np.inf), axis=0)
    surprise = gaps[nearest, np.arange(gaps.shape[1])]
    large = np.isfinite(surprise) & (logs[cutoff] >= logs[cutoff, own] - PEER_SIZE)
    large[own] = False
    peers = surprise[large]
    if len(peers) < PEERS_LEAST or not np.isfinite(surprise[own]):
        return None
    middle = float(np.median(peers))
    spread = max(1.4826 * float(np.median(np.abs(peers - middle))), LEAST_SPREAD)
    return (float(surprise[own]) - middle) / spread

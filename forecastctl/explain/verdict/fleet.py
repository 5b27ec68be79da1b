"""Compares an airport with the fleet in the same month: was it one airport, or all? Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.explain.values import FleetAirport, FleetFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecastctl.explain.values import Side
    from forecastctl.records import FleetPoint

WORST = 5
LEAST_SPREAD = 0.03
"""Smallest spread of log changes that a fleet is credited with."""

PEERS_LEAST = 8
PEER_SIZE = math.log(5.0)


def view_fleet(
    others: Sequence[FleetPoint], miss: float, distance: float | None = None
) -> FleetFacts:
    """Place one airport among the others.

    Args:
        others: Every other airport with a forecast and an actual of the period.
        miss: This airport's forecast minus actual, passengers.
        distance: See `stands_out`.
    """
    if not others:
        return FleetFacts(airports=1, stands_out=distance)
    z = np.array([p.z for p in others])
    outside = np.array([p.outside for p in others])
    below = int(np.sum(outside & (z > 0)))
    above = int(np.sum(outside & (z < 0)))
    same = below if miss > 0 else above
    ratios = [p.ratio for p in others if p.ratio is not None]
    recorded = sum(p.recorded for p in others)
    worst = sorted(others, key=lambda p: (-abs(p.z), p.airport))[:WORST]
    return FleetFacts(
        airports=len(others) + 1,
        share_outside=float(np.mean(outside)),
        share_same=same / len(others),
        direction=_direction(below, above),
        median_z=float(np.median(z)),
        median_ratio=float(np.median(ratios)) if ratios else None,
        stands_out=distance,
        source="recorded" if recorded * 2 >= len(others) else "stand-in",
        worst=tuple(FleetAirport(p.airport, p.z, p.ratio) for p in worst),
    )


def _direction(below: int, above: int) -> Side | None:
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

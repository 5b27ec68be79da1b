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

MAD = 1.4826
USUAL_SINCE = 60
"""Periods up to the cutoff that tell how far an airport usually moves from the others."""

PEERS_LEAST = 8
BASE = 3
"""Periods up to the cutoff whose mean a lasting change is measured from."""

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
        The surprise less the peers' median, over 1.4826 times their median absolute deviation, or
        over how far the airport has usually been from them, where that is more; ``None`` where
        fewer than `PEERS_LEAST` peers or no earlier season is known.
    """
    logs = _logs(y)
    gaps = _gaps(logs, cutoff, target, season_length)
    if gaps is None:
        return None
    nearest = np.argmin(np.where(np.isfinite(gaps), np.abs(gaps), np.inf), axis=0)
    surprise = gaps[nearest, np.arange(gaps.shape[1])]
    usual = _own_spread(logs, own, cutoff, target - cutoff, season_length)
    apart = _apart(surprise, logs[cutoff], own, usual)
    return None if apart is None else apart[0] / apart[1]


def apart_since(
    y: NDArray[np.float64], own: int, cutoff: int, season_length: int
) -> tuple[tuple[float, float] | None, ...]:
    """How far the airport has moved away from its peers in each period after the cutoff.

    Each period is compared with the mean of the three up to the cutoff, and that change with the
    same change one season earlier, so that a single odd month at the cutoff makes little of it.

    Args:
        y: As for `stands_out`; all rows after the cutoff count.
        own: Column of the airport.
        cutoff: Row of the cutoff.
        season_length: Observations per season.

    Returns:
        By period the log change and the same in robust deviations, as for `stands_out`; ``None``
        where it is not known.
    """
    logs, m = _logs(y), season_length
    found: list[tuple[float, float] | None] = []
    for target in range(cutoff + 1, len(y)):
        first = cutoff - BASE + 1
        back = m * -(-(target - cutoff) // m)
        if first - back < 0:
            found.append(None)
            continue
        now = logs[target] - np.mean(logs[first : cutoff + 1], axis=0)
        ago = logs[target - back] - np.mean(logs[first - back : cutoff + 1 - back], axis=0)
        usual = _own_spread(logs, own, cutoff, target - cutoff, m)
        apart = _apart(now - ago, logs[cutoff], own, usual)
        found.append(None if apart is None else (apart[0], apart[0] / apart[1]))
    return tuple(found)


def moved(
    y: NDArray[np.float64], own: int, cutoff: int, target: int, season_length: int
) -> float | None:
    """How the other airports moved since the cutoff, the season taken out: a median log change.

    Args:
        y: As for `stands_out`.
        own: Column of the airport.
        cutoff: Row of the cutoff.
        target: Row of the period explained.
        season_length: Observations per season.
    """
    back = season_length * -(-(target - cutoff) // season_length)
    if cutoff < back:
        return None
    logs = _logs(np.maximum(y, 1.0))  # where all are zero, all have fallen
    change = (logs[target] - logs[cutoff]) - (logs[target - back] - logs[cutoff - back])
    others = np.delete(change, own)
    others = others[np.isfinite(others)]
    return float(np.median(others)) if len(others) else None


def _logs(y: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y > 0, np.log(y), np.nan)


def _gaps(
    logs: NDArray[np.float64], cutoff: int, target: int, season_length: int
) -> NDArray[np.float64] | None:
    """The change since the cutoff less the same change of each earlier season."""
    seasons = [
        logs[target - k] - logs[cutoff - k]
        for k in range(season_length, cutoff + 1, season_length)
        if k >= target - cutoff
    ]
    return (logs[target] - logs[cutoff])[None, :] - np.array(seasons) if seasons else None


def _own_spread(
    logs: NDArray[np.float64], own: int, cutoff: int, lag: int, season_length: int
) -> float:
    """How far the airport's changes were usually from those of all, up to the cutoff.

    Changes over so many periods, less the same a season before; 1.4826 times their median absolute
    deviation, zero where too few are known. A small airport moves more than its peers by itself.
    """
    at = np.arange(max(season_length + lag, cutoff + 1 - USUAL_SINCE), cutoff + 1)
    back = at - season_length
    if len(at) < PEERS_LEAST:
        return 0.0
    change = (logs[at] - logs[at - lag]) - (logs[back] - logs[back - lag])
    known = [row[own] - np.median(row[np.isfinite(row)]) for row in change if np.isfinite(row[own])]
    if len(known) < PEERS_LEAST:
        return 0.0
    return MAD * float(np.median(np.abs(np.array(known) - np.median(known))))


def _apart(
    surprise: NDArray[np.float64], size: NDArray[np.float64], own: int, usual: float
) -> tuple[float, float] | None:
    """The airport's surprise less its peers' median, and their robust deviation, or its own."""
    large = np.isfinite(surprise) & (size >= size[own] - PEER_SIZE)
    large[own] = False
    peers = surprise[large]
    if len(peers) < PEERS_LEAST or not np.isfinite(surprise[own]):
        return None
    middle = float(np.median(peers))
    spread = max(MAD * float(np.median(np.abs(peers - middle))), usual, LEAST_SPREAD)
    return float(surprise[own]) - middle, spread

"""Shocks: stretches such as an epidemic in which a series leaves its pattern, found and taken out.

A season fitted through a shock is no season. So the stretch is replaced by what the last whole
season before it would have been at the level after it, and everything before is brought to that
level too: an intervention with a temporary change and a level shift (Box and Tiao, 1975,
Intervention analysis with applications to economic and environmental problems; Chen and Liu, 1993,
Joint estimation of model parameters and outlier effects). Pure; sees nothing but the data it is
given, so that a backtest that starts before a shock does not know of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecastctl.records import Options, Shock

REPLACED = {"shocks": "replaced"}
"""The option of a model that is fitted without shocks."""

SIGMAS = 6.0
"""Robust standard deviations of the usual yearly change that make a shock."""

LEAST = 0.5
"""Change of the logarithm that a shock has at least."""

RUN = 3
"""Periods in a row that a shock lasts at least."""

KEPT = 3
"""Newest periods that are kept when a shock is still on: they say where the level is."""

SETTLED = 6
"""Periods in a row at one level after which a shock is over."""

LONGEST = 3
"""Seasons after which it is no shock but another series."""

MOST = 3
"""Shocks taken out of one series at most."""

_BEFORE = 2
"""Yearly changes that must be known before one is found unusual."""

_USUAL = 0.1
"""Standard deviation of yearly changes where there are too few to tell."""

_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class FoundShock:
    """A shock by position: ``y[start:end]`` is replaced, ``shift`` is the change of log level."""

    start: int
    end: int
    shift: float


def without_shocks(
    y: NDArray[np.float64], season_length: int
) -> tuple[NDArray[np.float64], tuple[FoundShock, ...]]:
    """The series with every shock replaced, and what was replaced.

    Args:
        y: Passengers per period, shape ``(n,)``.
        season_length: Observations per season.

    Returns:
        The series itself and nothing, where there is no shock, no season, or a value that is not
        positive.
    """
    found: list[FoundShock] = []
    if season_length == 1 or len(y) <= season_length + RUN or np.any(y <= 0):
        return y, ()
    z, begin = np.log(y), season_length
    while len(found) < MOST:
        start, noise = _start(z, season_length, begin)
        if start is None:
            break
        shock, begin = _extent(z, season_length, start, noise)
        if shock is not None:
            z = _replaced(z, season_length, shock)
            found.append(shock)
    return (np.exp(z), tuple(found)) if found else (y, ())


def estimation_data(
    y: NDArray[np.float64], season_length: int, options: Options
) -> NDArray[np.float64]:
    """What a model is fitted to: the series, or the series without shocks."""
    if options.get("shocks") != REPLACED["shocks"]:
        return y
    return without_shocks(y, season_length)[0]


def dated(found: Sequence[FoundShock], ds: NDArray[np.datetime64]) -> tuple[Shock, ...]:
    """Shocks by the first days of their periods."""
    from forecastctl.records import Shock

    return tuple(Shock(str(ds[f.start]), str(ds[f.end - 1]), f.shift) for f in found)


def _start(z: NDArray[np.float64], m: int, begin: int) -> tuple[int | None, float]:
    """First period of the next shock, and the usual size of yearly changes before it."""
    change = z[m:] - z[:-m]
    for t in range(max(begin - m, _BEFORE), len(change) - RUN + 1):
        window = change[t : t + RUN]
        if np.min(np.abs(window)) < LEAST / 2.0:
            continue
        middle, noise = float(np.median(change[:t])), _USUAL
        if t >= m:
            noise = _MAD * float(np.median(np.abs(change[:t] - middle)))
        limit = max(SIGMAS * noise, LEAST)
        if np.all(window - middle > limit) or np.all(window - middle < -limit):
            return t + m, noise
    return None, _USUAL


def _base(z: NDArray[np.float64], m: int, start: int) -> NDArray[np.float64]:
    """The last season before a shock, repeated to the end."""
    places = start - m + (np.arange(len(z) - start) % m)
    return np.asarray(z[places])


def _extent(
    z: NDArray[np.float64], m: int, start: int, noise: float
) -> tuple[FoundShock | None, int]:
    """A shock with its end, and where to look for the next one."""
    effect, limit = z[start:] - _base(z, m, start), max(_USUAL, 2.0 * noise)
    n = len(effect)
    for t in range(SETTLED, n - SETTLED + 1):
        after = effect[t : t + SETTLED]
        level = float(np.mean(after))
        if np.max(np.abs(after - level)) <= limit:
            end = start + t + SETTLED
            return (FoundShock(start, start + t, level) if t <= LONGEST * m else None), end
    if n > LONGEST * m or n <= KEPT:
        return None, start + n
    return FoundShock(start, start + n - KEPT, float(np.mean(effect[-KEPT:]))), start + n


def _replaced(z: NDArray[np.float64], m: int, shock: FoundShock) -> NDArray[np.float64]:
    out = z.copy()
    out[shock.start : shock.end] = _base(z, m, shock.start)[: shock.end - shock.start]
    out[: shock.end] += shock.shift
    return out

"""How wide intervals must be, learned from the backtests of the whole fleet. Pure.

The backtest errors of one airport are few and all of the same few origins; those of a fleet say how
large errors are beside what its models stated. So an interval is as wide as the fleet's errors were
at its level: conformal prediction with normalised errors (Papadopoulos, Gammerman and Vovk, 2008;
Lei et al., 2018, Distribution-free predictive inference for regression, section 5.2), pooled over
airports, the newest origin counting most.

There is one width for all leads: the models' own standard deviations grow with the lead, and a
factor by lead on top did not make held-out intervals better.
"""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.figures import number
from forecastctl.models.combination.path import Z95, span
from forecastctl.models.combination.weights import own_factor
from forecastctl.records import TOO_SHORT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from forecastctl.records import Forecast, TuneResult, Widths

LEVELS = (50, 60, 70, 80, 90, 95, 98, 99)
"""Levels in percent at which widths are measured; between them they are interpolated."""

PRIOR: Widths = tuple(zip(LEVELS, (0.91, 1.15, 1.43, 1.79, 2.41, 2.96, 3.68, 4.18), strict=True))
"""Widths of six fleets (M1, tourism, hospitals, and simulated airline, level and seasonal series),
as ``benchmarks/accuracy.py --internal`` prints them, their geometric mean."""

PRIOR_AIRPORTS = 10.0
"""Airports that the prior is worth."""

OLDER = 0.5
"""Weight of an origin beside that of the next newer one: times change, and the newest knows most of
the times to come."""

MOST = 1.25
"""An origin widens or narrows intervals by this factor at most. What struck the whole fleet after
one origin says little about the other times."""

SAYS_NOTHING = 2.0
"""Ranges of the data; an interval wider than that excludes nothing that anybody would expect."""

LEAST_LEVEL = 80
"""Levels below it are narrow by intention."""


def pool_widths(
    fleet: Iterable[Sequence[Sequence[float]]],
    prior: Widths = PRIOR,
    prior_airports: float = PRIOR_AIRPORTS,
    own: Callable[[Sequence[Sequence[float]]], float] = own_factor,
    most: float = MOST,
) -> Widths:
    """Half the width of an interval by its level, from the backtests of a fleet.

    At each origin, counted back from the newest, the quantile of all airports' errors is taken. The
    result is the geometric mean of these quantiles and of the prior.

    Args:
        fleet: For each airport its backtest errors without their sign, in standard deviations of
            the models, by fold (the oldest first) and lead: `TuneResult.sizes`.
        prior: Widths to lean on where there are few airports.
        prior_airports: Airports that it is worth.
        own: An airport's own factor, from its errors.
        most: Factor by which an origin widens or narrows intervals at most.

    Returns:
        Pairs of level in percent and half width, in standard deviations of the models times the
        airport's own factor; both ascend.
    """
    by_origin: dict[int, list[float]] = {}
    counts: dict[int, int] = {}
    airports = 0
    for sizes in fleet:
        factor = own(sizes)
        airports += any(sizes)
        for back, fold in enumerate(reversed(sizes)):
            if fold:
                by_origin.setdefault(back, []).extend(size / factor for size in fold)
                counts[back] = counts.get(back, 0) + 1
    if not airports:
        return prior
    levels = [level for level, _ in prior]
    start = np.log([width for _, width in prior])
    total, weight = np.zeros(len(levels)), 0.0
    for back, errors in by_origin.items():
        quantiles = np.quantile(errors, [level / 100.0 for level in levels])
        shift = np.log(np.maximum(quantiles, 1e-9)) - start
        share = counts[back] * OLDER**back
        total += share * np.clip(shift, -math.log(most), math.log(most))
        weight += share
    found = np.exp(start + airports / (airports + prior_airports) * total / weight)
    return tuple(zip(levels, found.tolist(), strict=True))


def calibrated(tuned: TuneResult, widths: Widths) -> TuneResult:
    """A search's result with the width of its intervals.

    Its ``spread`` becomes such that the 95 % interval is 1.96 standard deviations wide to each
    side: the standard deviation of the normal distribution that has this interval.

    Args:
        tuned: What `forecastctl.search.tune.tune` returned, with its ``sizes``. One that is too
            short for a search has none, and needs none: its widths are of stand-ins like its own.
        widths: See `pool_widths`.
    """
    measured = any(tuned.sizes) or tuned.stopped == TOO_SHORT
    own = own_factor(tuned.sizes) if any(tuned.sizes) else 1.0
    factor = _at(widths, 95) / Z95 if measured else 1.0
    return replace(tuned, spread=own * factor, widths=widths)


def half_width(level: int, widths: Widths) -> float:
    """Half the width of an interval, in the forecast's standard deviations.

    Args:
        level: Coverage in percent, between 0 and 100.
        widths: See `pool_widths`.
    """
    return _at(widths, level) * Z95 / _at(widths, 95)


def wide_note(forecast: Forecast, y: NDArray[np.float64]) -> str | None:
    """A sentence where the intervals of a forecast are so wide that they say nothing.

    Args:
        forecast: A forecast; its narrowest level of 80 % or more is looked at.
        y: The training data, passengers, shape ``(n,)``.

    Returns:
        ``None`` where fewer than half of the periods have an interval wider than `SAYS_NOTHING`
        times the range of the data.
    """
    levels = [level for level in forecast.intervals if level >= LEAST_LEVEL]
    if not levels or not len(y):
        return None
    lo, hi = forecast.intervals[min(levels)]
    wide = hi - lo > SAYS_NOTHING * span(y)
    if np.mean(wide) < 0.5:  # noqa: PLR2004 - half
        return None
    at = int(np.flatnonzero(wide)[0])
    return (
        f"the {min(levels)} % interval says nothing: in {str(forecast.ds[at])[:7]} it reaches from "
        f"{number(float(lo[at]))} to {number(float(hi[at]))}, more than twice the range of all "
        f"that was seen"
    )


def _at(widths: Widths, level: int) -> float:
    """Width at a level: between measured ones by their normal quantiles, beyond them in ratio."""
    z = NormalDist().inv_cdf(0.5 + level / 200.0)
    places = [0.0, *(NormalDist().inv_cdf(0.5 + known / 200.0) for known, _ in widths)]
    values = [0.0, *(width for _, width in widths)]
    if z > places[-1]:
        return values[-1] * z / places[-1]
    return float(np.interp(z, places, values))

"""Series too short for a search: how wide the interval of what stands in for one must be. Pure.

A new airport has no errors of its own. The other airports of its fleet have: each of them was as
short once, and what came next is known. So the stand-in (`forecastctl.models.baseline`) is fitted
to no more of them than the new airport has, at their newest origins, and the interval is as wide as
its errors there were: the same conformal prediction as that of searched models
(`forecastctl.models.combination.widths`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.errors import ModelError
from forecastctl.models import family
from forecastctl.models.baseline import baseline
from forecastctl.models.combination.path import forecast_model
from forecastctl.models.combination.weights import error_sizes
from forecastctl.models.combination.widths import LEVELS, pool_widths

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from forecastctl.records import SearchSpec, Series, Widths

_SEASONAL: Widths = tuple(
    zip(LEVELS, (0.77, 0.98, 1.26, 1.68, 2.39, 3.09, 3.94, 4.49), strict=True)
)
_PLAIN: Widths = tuple(zip(LEVELS, (0.48, 0.64, 0.88, 1.26, 1.94, 2.71, 3.66, 4.54), strict=True))
"""Where no fleet has a longer history: the geometric mean over five real ones (M1, tourism,
hospitals, two of airports; every second series), of twelve months and of four."""

MOST = 4.0
"""The errors of a fleet widen or narrow what `by_rule` says by this factor at most."""


def by_rule(n: int, season_length: int) -> Widths:
    """How wide the interval of a short series is where no fleet tells; wide rather than narrow."""
    return _SEASONAL if n >= season_length else _PLAIN


def widths_of_short(
    n: int, season_length: int, fleet: Iterable[Series], search: SearchSpec
) -> Widths:
    """How wide the interval of a series is that is too short for a search.

    Args:
        n: Its observations.
        season_length: Observations per season.
        fleet: Series with a longer history.
        search: Its horizon and folds say at which origins of the others the stand-in is tried.

    Returns:
        Half the width by level, in standard deviations of the stand-in; what `by_rule` says
        where none of the fleet is long enough.
    """
    sizes = [_as_if_short(series, n, search) for series in fleet]
    return pool_widths(sizes, by_rule(n, season_length), own=lambda _: 1.0, most=MOST)


def _as_if_short(series: Series, n: int, search: SearchSpec) -> tuple[tuple[float, ...], ...]:
    """Errors of the stand-in, in its standard deviations, had only ``n`` periods been known."""
    h = min(search.horizon, series.season_length)
    step = max(h // 2, 1)
    newest = series.n - h
    ends = [end for i in range(search.folds) if (end := newest - i * step) >= n]
    found = (_sizes(series.y[end - n : end + h], n, series.season_length) for end in ends[::-1])
    return tuple(fold for fold in found if fold)


def _sizes(y: NDArray[np.float64], n: int, season_length: int) -> tuple[float, ...]:
    """Sizes of the errors in what comes after ``n`` observations; none where it cannot be fitted.

    Args:
        y: What is known and what came next.
        n: How many of them are known.
        season_length: Observations per season.
    """
    model, seen = baseline(n, season_length), y[:n]
    try:
        fit = family(model.family).fit(seen, season_length, model.options)
        path = forecast_model(model, fit, seen, season_length, len(y) - n)
    except ModelError:
        return ()
    (sizes,) = error_sizes([(path.mean - y[n:]).tolist()], [path])
    return sizes

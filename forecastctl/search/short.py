"""Series too short for a search: what stands in, and how wide its interval must be. Pure.

A new airport has no errors of its own. The other airports of its fleet have: each of them was as
short once, and what came next is known. So what stands in is fitted to no more of them than the new
airport has, at their newest origins, and the interval is as wide as its errors there were: the same
conformal prediction as that of searched models (`forecastctl.models.combination.widths`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.errors import ModelError
from forecastctl.models import family
from forecastctl.models.baseline import baseline
from forecastctl.models.combination.path import forecast_model
from forecastctl.models.combination.weights import combined, error_sizes
from forecastctl.models.combination.widths import LEVELS, pool_widths
from forecastctl.models.make import make_model
from forecastctl.models.pretrained import PRETRAINED, Pretrained
from forecastctl.records import Member, Specification
from forecastctl.search.choose import BESIDE_NETWORK
from forecastctl.search.pool import asks_for_counts

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from forecastctl.records import SearchSpec, Series, Widths

_SEASONAL: Widths = tuple(
    zip(LEVELS, (0.77, 0.98, 1.26, 1.68, 2.39, 3.09, 3.94, 4.49), strict=True)
)
_PLAIN: Widths = tuple(zip(LEVELS, (0.48, 0.64, 0.88, 1.26, 1.94, 2.71, 3.66, 4.54), strict=True))
_NETWORK: Widths = tuple(zip(LEVELS, (0.79, 1.0, 1.24, 1.6, 2.22, 2.98, 4.01, 4.86), strict=True))
"""Where no fleet has a longer history: the geometric mean over five real ones (M1, tourism,
hospitals, two of airports; every second series), of twelve months, of four, and of fourteen with
the network, alone, which needs a little more than beside the seasonal naive."""

MOST = 4.0
"""The errors of a fleet widen or narrow what `by_rule` says by this factor at most."""


def network_fits(y: NDArray[np.float64], season_length: int, search: SearchSpec) -> bool:
    """Whether the network (`forecastctl.models.pretrained`) stands in, beside the seasonal naive.

    It has learned elsewhere what a season is, of which a year shows one. Of counts that are mostly
    zero it knows little, and it is asked only where its family is searched.

    Args:
        y: Passengers per period, shape ``(n,)``.
        season_length: Observations per season.
        search: Its families and loss.
    """
    if Pretrained.name not in search.families or asks_for_counts(y, season_length, search.loss):
        return False
    return Pretrained().space(y, season_length, len(y)) is not None


def stand_in(n: int, season_length: int, search: SearchSpec, *, network: bool) -> Specification:
    """What forecasts without a search: no trial has tried it.

    Args:
        n: Observations.
        season_length: Observations per season.
        search: Whether more than one model may be combined.
        network: See `network_fits`.

    Returns:
        The network for two thirds of the weight and the seasonal naive for the rest, or, where
        there may be one model, the network; without the network the baseline.
    """
    naive = baseline(n, season_length)
    if not network:
        return Specification((Member(naive),))
    learned = make_model(Pretrained.name, PRETRAINED)
    if search.combine == 1:
        return Specification((Member(learned),))
    return Specification((Member(learned, 1.0 - BESIDE_NETWORK), Member(naive, BESIDE_NETWORK)))


def by_rule(n: int, season_length: int, *, network: bool = False) -> Widths:
    """How wide the interval of a short series is where no fleet tells; wide rather than narrow."""
    if network:
        return _NETWORK
    return _SEASONAL if n >= season_length else _PLAIN


def widths_of_short(
    n: int,
    season_length: int,
    fleet: Iterable[Series],
    search: SearchSpec,
    *,
    network: bool = False,
) -> Widths:
    """How wide the interval of a series is that is too short for a search.

    Args:
        n: Its observations.
        season_length: Observations per season.
        fleet: Series with a longer history.
        search: Its horizon and folds say at which origins of the others the stand-in is tried.
        network: Whether the network stands in for it, see `network_fits`.

    Returns:
        Half the width by level, in standard deviations of the stand-in; what `by_rule` says
        where none of the fleet is long enough.
    """
    specification = stand_in(n, season_length, search, network=network)
    sizes = [_as_if_short(series, n, search, specification) for series in fleet]
    rule = by_rule(n, season_length, network=network)
    return pool_widths(sizes, rule, own=lambda _: 1.0, most=MOST)


def _as_if_short(
    series: Series, n: int, search: SearchSpec, specification: Specification
) -> tuple[tuple[float, ...], ...]:
    """Errors of the stand-in, in its standard deviations, had only ``n`` periods been known."""
    h = min(search.horizon, series.season_length)
    step = max(h // 2, 1)
    newest = series.n - h
    ends = [end for i in range(search.folds) if (end := newest - i * step) >= n]
    windows = (series.y[end - n : end + h] for end in ends[::-1])
    found = (_sizes(y, n, series.season_length, specification) for y in windows)
    return tuple(fold for fold in found if fold)


def _sizes(
    y: NDArray[np.float64], n: int, season_length: int, specification: Specification
) -> tuple[float, ...]:
    """Sizes of the errors in what comes after ``n`` observations; none where it cannot be fitted.

    Args:
        y: What is known and what came next.
        n: How many of them are known.
        season_length: Observations per season.
        specification: What stands in.
    """
    seen, paths = y[:n], []
    try:
        for member in specification.members:
            model = member.model
            fit = family(model.family).fit(seen, season_length, model.options)
            paths.append(forecast_model(model, fit, seen, season_length, len(y) - n))
    except ModelError:
        return ()
    path = combined(paths, [member.weight for member in specification.members])
    (sizes,) = error_sizes([(path.mean - y[n:]).tolist()], [path])
    return sizes

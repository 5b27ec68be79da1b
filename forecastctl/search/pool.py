"""The pool: models that are always tried, and whose mean is the forecast. Pure.

A mean of different models forecasts better than the one that looked best on a few origins, and
better than a mean weighted by these origins (docs/explanation/combinations.md). So *which* models
to average was chosen once, on many series, rather than by each series for itself: by forward
selection on rolling origins inside the training data of every second series of the tourism
competition, and on four airports (docs/explanation/accuracy.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models.intermittent import is_closed
from forecastctl.models.make import make_model
from forecastctl.models.parts.season import shows_season
from forecastctl.models.pretrained import PRETRAINED, Pretrained

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from forecastctl.records import Option, Options, Series
    from forecastctl.search.folds import Split


def _smooth(trend: str, seasonal: str, lam: float | None = None, **more: Option) -> Options:
    """Options of exponential smoothing; ``lam`` is the lambda of a Box-Cox transform."""
    transform: dict[str, Option] = {"transform": "none"}
    if lam is not None:
        transform = {"transform": "boxcox", "lambda": lam}
    estimated = {"initial": "estimated", "smoothing": "estimated"}
    return {"trend": trend, "seasonal": seasonal, **transform, **estimated, **more}


def _arima(orders: tuple[int, ...], lam: float, *, drift: bool = False) -> Options:
    """Options of a seasonal ARIMA with a Box-Cox transform; orders are p, d, q, P, D, Q."""
    named = dict(zip(("p", "d", "q", "P", "D", "Q"), orders, strict=True))
    return {**named, "drift": drift, "transform": "boxcox", "lambda": lam}


def _ets(trend: str, seasonal: str, error: str = "mul") -> Options:
    return {"error": error, "trend": trend, "seasonal": seasonal, "initial": "heuristic"}


def _annual(drift: float) -> Options:
    return {"drift": drift, "gamma": 0.3, "recent": 0.5, "transform": "boxcox", "lambda": 0.5}


_THETA: Options = {"theta": "standard", "seasonal": "add", "transform": "boxcox", "lambda": 0.2}

SEASONAL: tuple[tuple[str, Options], ...] = (
    ("holt_winters", _smooth("add", "add", 0.5)),
    ("annual", _annual(0.75)),
    ("sarimax", _arima((2, 0, 0, 1, 1, 1), 0.5, drift=True)),
    ("ets", _ets("add", "mul")),
    ("ces", {"seasonal": "full", "transform": "boxcox", "lambda": 0.5}),
    ("theta", _THETA),
    ("seasonal_naive", {"drift": True}),
    ("holt_winters", _smooth("none", "mul")),
    ("sarimax", _arima((0, 1, 1, 0, 1, 1), 0.2)),
    ("holt_winters", _smooth("add", "add")),
    ("annual", _annual(1.0)),
    ("holt_winters", _smooth("none", "add", 0.5, window=5)),
    ("holt_winters", _smooth("add", "mul")),
)
"""For series with a season, in the order in which they are tried."""

PLAIN: tuple[tuple[str, Options], ...] = (
    ("holt_winters", _smooth("add", "none", 0.5)),
    ("theta", _THETA),
    ("sarimax", _arima((2, 0, 0, 1, 1, 1), 0.5, drift=True)),
    ("ets", _ets("none", "none")),
    ("ces", {"seasonal": "none", "transform": "boxcox", "lambda": 0.5}),
    ("annual", _annual(0.75)),
    ("sarimax", _arima((1, 1, 1, 1, 0, 0), 0.5)),
    ("ets", _ets("damped", "none")),
    ("sarimax", _arima((0, 1, 1, 0, 0, 0), 0.2)),
    ("sarimax", _arima((0, 1, 1, 0, 1, 1), 0.2)),
    ("ces", {"seasonal": "full", "transform": "boxcox", "lambda": 0.5}),
)
"""For series whose season does not show: most of them without one."""


def _median(alpha: float, seasonal: str = "none") -> Options:
    return {"method": "median", "alpha": alpha, "seasonal": seasonal}


INTERMITTENT: tuple[tuple[str, Options], ...] = tuple(
    ("intermittent", _median(alpha)) for alpha in (0.05, 0.03, 0.1)
)
"""For series with many zeros, see `is_intermittent`: what errs least in absolute terms."""

INTERMITTENT_SEASONAL: tuple[tuple[str, Options], ...] = (
    *(("intermittent", _median(alpha, "full")) for alpha in (0.05, 0.1)),
    INTERMITTENT[0],
)
"""The same where a season shows."""

INTERMITTENT_MEANS: tuple[tuple[str, Options], ...] = (
    ("intermittent", {"method": "tsb", "alpha": 0.05}),
    ("intermittent", {"method": "adida", "alpha": 0.2}),
    ("intermittent", {"method": "tsb", "alpha": 0.1}),
)
"""The same where a search minimises squared errors, which ask for the mean of what may come."""

SQUARED = "rmse"
"""The loss that asks for a mean rather than for a median."""

COUNTS = "intermittent"
"""The family of these pools."""

MANY_ZEROS = 0.25
"""Share of zeros from which on a series is intermittent: about the interval of 1.32 periods between
two that are not zero of Syntetos, Boylan and Croston (2005), On the categorization of demand
patterns."""


def is_intermittent(y: NDArray[np.float64]) -> bool:
    """Whether a quarter of the periods or more is zero."""
    return float(np.mean(y == 0)) >= MANY_ZEROS


def asks_for_counts(y: NDArray[np.float64], season_length: int, loss: str) -> bool:
    """Whether the pool of counts is tried: a series is intermittent, or nobody comes any more.

    The mean of what may come, which squared errors ask for, is not zero where an airport may open
    again, and smooth models follow its end sooner than means of counts.

    Args:
        y: Passengers per period, shape ``(n,)``; without shocks.
        season_length: Observations per season.
        loss: What the search minimises.
    """
    return is_intermittent(y) or (loss != SQUARED and is_closed(y, season_length))


def pool(y: NDArray[np.float64], season_length: int) -> tuple[tuple[str, Options], ...]:
    """Families and options of the pool for a series, in the order in which they are tried.

    Args:
        y: Passengers per period, shape ``(n,)``; without shocks, which hide a season.
        season_length: Observations per season.
    """
    return SEASONAL if shows_season(y, season_length) else PLAIN


def pool_of_counts(
    y: NDArray[np.float64], season_length: int, loss: str
) -> tuple[tuple[str, Options], ...]:
    """The same for a series with many zeros, see `is_intermittent`.

    Args:
        y: Passengers per period, shape ``(n,)``.
        season_length: Observations per season.
        loss: What the search minimises.
    """
    if loss == SQUARED:
        return INTERMITTENT_MEANS
    return INTERMITTENT_SEASONAL if shows_season(y, season_length) else INTERMITTENT


def network_members(series: Series, splits: Sequence[Split]) -> tuple[tuple[str, Options], ...]:
    """Family and options of the network, where it fits the shortest training data; or nothing."""
    if not splits:
        return ()
    space = Pretrained().space(series.y, series.season_length, splits[0].end)
    return () if space is None else ((Pretrained.name, PRETRAINED),)


def pool_keys(members: Iterable[tuple[str, Options]]) -> frozenset[str]:
    """Keys of the pool's models."""
    return frozenset(make_model(name, options).key for name, options in members)

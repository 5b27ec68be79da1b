"""Temporal aggregation: the level of whole seasons goes on by itself, and months take their shares.

Aggregation takes out the season and most of the noise before anything is estimated: Athanasopoulos,
Hyndman, Kourentzes and Petropoulos (2017), Forecasting with temporal hierarchies; Kourentzes,
Petropoulos and Trapero (2014), Improving forecasting by estimating time series structural
components across multiple frequencies. Here the aggregated level is a random walk with a damped
drift, which needs no estimation at all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models.base import (
    Choice,
    Fit,
    Uniform,
    checked,
    fitting,
)
from forecastctl.models.parts.transforms import (
    back,
    box_cox_lambda,
    forward,
    suffix,
    transform_choice,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.models.base import Space
    from forecastctl.records import Options

_LEAST = 2
"""Seasons that are needed."""

_QUARTER = 4
"""Parts of a season, the last of which says where the level is now."""


class Annual:
    """Means of whole seasons as a random walk with drift, and smoothed shares of their periods.

    Options: ``drift``, the share of the mean change between seasons that goes on; ``gamma``, the
    smoothing of the shares; ``recent``, how far the level follows the last quarter of a season;
    ``transform`` of the means (none, log, boxcox with ``lambda``).
    """

    name = "annual"
    starts: tuple[Options, ...] = tuple(
        {"drift": d, "gamma": 0.3, "recent": 0.5, "transform": "boxcox", "lambda": 0.5}
        for d in (0.75, 1.0, 0.25)
    )

    def space(self, y: NDArray[np.float64], season_length: int, shortest: int) -> Space | None:
        """All options, where there are two seasons of data that are never negative."""
        if season_length == 1 or shortest < _LEAST * season_length or np.any(y < 0):
            return None
        return {
            "drift": Uniform(0.0, 1.0),
            "gamma": Uniform(0.05, 0.6),
            "recent": Uniform(0.0, 1.0),
            "transform": Choice(transform_choice(y).values[::-1]),
        }

    def label(self, options: Options) -> str:
        """``Annual drift 0.75``, with the transform behind it."""
        return f"Annual drift {_number(options, 'drift'):.2f}" + suffix(options)

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Means and shares of the seasons that end with the data."""
        label, lam = self.label(options), box_cox_lambda(options)
        count = len(y) // season_length
        if count < _LEAST or season_length == 1:
            raise ModelError(f"{label} needs {_LEAST} seasons of data")
        rows = np.array(y[len(y) - count * season_length :], dtype=float)
        rows = rows.reshape(count, season_length)
        with fitting(label):
            means = rows.mean(axis=1)
            levels = forward(means, lam)
            share = _number(options, "drift")
            drift = share * float(levels[-1] - levels[0]) / (count - 1)
            walk = _walk(rows, means, levels, options, lam, drift)
        free = max(count - 2, 1)
        params = {"drift": drift, "sigma": math.sqrt(walk.squares / free)}
        states = {"level": walk.level, "shares": walk.shares}
        sigma = math.sqrt(walk.errors / max((count - 1) * season_length, 1))
        return checked(Fit(params, states, sigma), label)

    def forecast(
        self,
        fit: Fit,
        season_length: int,  # noqa: ARG002 - the shares say how long the season is
        options: Options,
        h: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The level of each season ahead, shared out; the variance is that of the walk."""
        params, shares = fit.params, fit.states["shares"]
        m = len(shares)
        seasons = (h + m - 1) // m
        ahead = np.arange(1.0, seasons + 1.0)
        z = np.array([fit.states["level"] + params["drift"] * k for k in ahead])
        sd = params["sigma"] * np.sqrt(ahead)
        level, level_sd = back(z, sd, box_cox_lambda(options))
        mean, spread = np.empty(h), np.empty(h)
        for k in range(h):
            mean[k] = level[k // m] * shares[k % m]
            spread[k] = level_sd[k // m] * abs(shares[k % m])
        return mean, spread


@dataclass(frozen=True, slots=True)
class _Walk:
    """Where the seasons lead: level, shares, and sums of squares of one-season-ahead errors.

    ``squares`` are means over a season on the transformed scale, ``errors`` sums in passengers.
    """

    level: float
    shares: list[float]
    squares: float
    errors: float


def _walk(
    rows: NDArray[np.float64],
    means: NDArray[np.float64],
    levels: NDArray[np.float64],
    options: Options,
    lam: float | None,
    drift: float,
) -> _Walk:
    gamma, recent = _number(options, "gamma"), _number(options, "recent")
    shares, level = _shares(rows[0], means[0]), float(levels[0])
    squares = errors = 0.0
    for j in range(1, len(rows)):
        expected, _ = back(np.array([level + drift]), np.zeros(1), lam)
        path = expected[0] * shares
        errors += float(np.sum((rows[j] - path) ** 2))
        squares += _apart(rows[j], path, lam)
        shares = (1.0 - gamma) * shares + gamma * _shares(rows[j], means[j])
        level = _level(rows[j], means[j], float(levels[j]), shares, recent, lam)
    return _Walk(level, [float(v) for v in shares], squares, errors)


def _shares(row: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    return np.asarray(row / mean) if mean > 0 else np.ones(len(row))


def _apart(row: NDArray[np.float64], path: NDArray[np.float64], lam: float | None) -> float:
    """Mean squared error on the transformed scale; a period at zero has no logarithm."""
    known = (row > 0) & (path > 0) if lam == 0.0 else np.ones(len(row), dtype=bool)
    if not np.any(known):
        return 0.0
    return float(np.mean((forward(row[known], lam) - forward(path[known], lam)) ** 2))


def _level(
    row: NDArray[np.float64],
    mean: float,
    level: float,
    shares: NDArray[np.float64],
    recent: float,
    lam: float | None,
) -> float:
    """Level of a season, moved towards where its last quarter would put it."""
    last = max(len(row) // _QUARTER, 1)
    usual, found = float(np.sum(shares[-last:])), float(np.sum(row[-last:]))
    if usual <= 0.0 or found <= 0.0 or mean <= 0.0:
        return level
    now = float(forward(np.array([found / usual]), lam)[0])
    return level + recent * (now - level)


def _number(options: Options, name: str) -> float:
    return float(options.get(name) or 0.0)

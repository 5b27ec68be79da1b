"""The theta method on seasonally adjusted data, optionally on logs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models.base import (
    Choice,
    Fit,
    checked,
    fitting,
)
from forecastctl.models.parts.season import shows_season
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

_KIND = 3
_SHORTEST = 6
_STANDARD = 0.5

BOUNDS = np.array([[0.01, 0.0, -np.inf], [0.99, 0.99, np.inf]])
"""Lower and upper bounds of a point."""

_ALPHAS = (0.05, 0.2, 0.5, 0.8)


class Theta:
    """Theta models of Fiorucci et al. (2016) on classically adjusted data, by least squares.

    Options: ``theta`` (standard, which is 2; optimised), ``seasonal`` (none, add, mul),
    ``transform`` (none, log). A season that the autocorrelation does not show (at 90 %) is not
    taken out, as in the M3 competition.
    """

    name = "theta"
    starts: tuple[Options, ...] = (
        {"theta": "standard", "seasonal": "mul", "transform": "none"},
        {"theta": "standard", "seasonal": "add", "transform": "none"},
        {"theta": "optimised", "seasonal": "mul", "transform": "none"},
    )

    def space(self, y: NDArray[np.float64], season_length: int, shortest: int) -> Space | None:
        """All options; logs and multiplicative seasons of positive data."""
        if shortest < max(2 * season_length, _SHORTEST):
            return None
        positive = bool(np.all(y > 0))
        seasons = ("none",) if season_length == 1 else ("add", "mul") if positive else ("add",)
        return {
            "theta": Choice(("standard", "optimised")),
            "seasonal": Choice(seasons),
            "transform": transform_choice(y),
        }

    def label(self, options: Options) -> str:
        """``Theta(M)``, ``OTheta(A) log``."""
        season = {"add": "A", "mul": "M"}.get(str(options.get("seasonal")), "N")
        name = f"{'O' if options.get('theta') == 'optimised' else ''}Theta({season})"
        return name + suffix(options)

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Take the season out, and smooth the rest.

        Raises:
            ModelError: The series is too short, or the model cannot be fitted to it.
        """
        label, lam, n = self.label(options), box_cox_lambda(options), len(y)
        if n < _SHORTEST:
            raise ModelError(f"{label} needs more than {n} observations")
        multiplies = options.get("seasonal") == "mul"
        with fitting(label):
            z = np.array(forward(y, lam), dtype=float)
            season = _season(z, season_length, str(options.get("seasonal")))
            each = season[np.arange(n) % len(season)]
            adjusted = np.ascontiguousarray(z / each if multiplies else z - each)
            errors, optimised = np.empty(n), options.get("theta") == "optimised"
            point, row = estimate(adjusted, errors, optimised=optimised)
            if not math.isfinite(row[0]):
                raise ModelError(f"{label} cannot be fitted: the sum of squares is not finite")
            fitted, _ = back(_put(adjusted - errors, each, multiplies), errors, lam)
        free = max(n - 3, 1)
        params = {"alpha": float(point[0]), "share": float(point[1])}
        params["sigma"] = math.sqrt(float(row[0]) / free)
        level, first, slope, power = (float(v) for v in row[2:])
        states: dict[str, Any] = {"level": level, "first": first, "slope": slope, "power": power}
        states["seasonal"] = [float(season[(n + j) % len(season)]) for j in range(len(season))]
        sigma = math.sqrt(float(np.sum((y - fitted) ** 2)) / free)
        return checked(Fit(params, states, sigma), label)

    def forecast(
        self,
        fit: Fit,
        season_length: int,  # noqa: ARG002 - the states say how long the season is
        options: Options,
        h: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Last level, with a share of the trend, and the season put back."""
        params, states, season = fit.params, fit.states, fit.states["seasonal"]
        alpha, power = params["alpha"], states["power"]
        mean, sd = np.empty(h), np.empty(h)
        for k in range(h):
            trend = power * states["first"]
            trend += (k + (1.0 - (1.0 - alpha) * power) / alpha) * states["slope"]
            mean[k] = states["level"] + params["share"] * trend
            sd[k] = params["sigma"] * math.sqrt(1.0 + k * alpha * alpha)
        each = np.array([season[k % len(season)] for k in range(h)])
        if options.get("seasonal") == "mul":
            sd = sd * np.abs(each)
        return back(_put(mean, each, options.get("seasonal") == "mul"), sd, box_cox_lambda(options))


def _put(values: Any, season: Any, multiplies: bool) -> NDArray[np.float64]:
    return np.asarray(values * season if multiplies else values + season)


def _season(z: NDArray[np.float64], m: int, kind: str) -> NDArray[np.float64]:
    """Season by position, of a classical decomposition; a neutral one where there is none."""
    neutral = 1.0 if kind == "mul" else 0.0
    if m == 1 or kind == "none" or len(z) < 2 * m or not shows_season(z, m):
        return np.full(m, neutral)
    if kind == "mul" and not np.all(z > 0):
        raise ModelError("multiplicative seasons need positive data")
    weights = np.full(m + 1 - m % 2, 1.0 / m)
    if m % 2 == 0:
        weights[0] = weights[-1] = 0.5 / m
    smooth, half = np.convolve(z, weights, "valid"), m // 2
    inner = z[half : half + len(smooth)]
    apart = inner / smooth if kind == "mul" else inner - smooth
    places = (np.arange(len(apart)) + half) % m
    season = np.array([np.mean(apart[places == j]) for j in range(m)])
    return np.asarray(season / np.mean(season) if kind == "mul" else season - np.mean(season))


def grid(z: NDArray[np.float64], *, optimised: bool) -> NDArray[np.float64]:
    """Points to begin with."""
    shares = (_STANDARD, 0.0, 0.8) if optimised else (_STANDARD,)
    return np.array([(a, w, z[0] * (1.0 - w)) for a in _ALPHAS for w in shares])


def estimate(
    z: NDArray[np.float64], errors: NDArray[np.float64], *, optimised: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Point and outcome, see `forecastctl.models.kernels.engine`; errors are written."""
    from forecastctl.models.kernels import engine

    spec = np.array([1, 0, 0, 0, 0, _KIND], dtype=np.int64)
    points = grid(z, optimised=optimised)
    starts = np.zeros((1, 3))
    engine.starts_on_grid(z, spec, points, starts)
    active = np.array([0, 1, 2] if optimised else [0, 2], dtype=np.int64)
    point = engine.search(z, spec, starts, active, BOUNDS, float(np.std(z)) or 1.0)
    row = engine.outcome(z, z, point, spec, math.nan, errors)
    return point, row

"""Complex exponential smoothing, optionally on logs."""

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
from forecastctl.models.parts.transforms import (
    back,
    box_cox_lambda,
    forward,
    suffix,
    transform_choice,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from forecastctl.models.base import Space
    from forecastctl.records import Options

LONGEST_SEASON = 24
"""Beyond this season length there are too many states."""

KINDS = ("none", "simple", "partial", "full")

_SHORTEST = 8
"""Fewest observations that anything is fitted to."""

_NAMES = ("a0", "a1", "b0", "b1")
ACTIVE = {"none": 2, "simple": 2, "partial": 3, "full": 4}
"""Elements of a point that are estimated, by kind."""

_CES = 2
_STARTS = 2


class Ces:
    """Complex exponential smoothing of Svetunkov, Kourentzes and Ord (2022), by least squares.

    Options: ``seasonal`` (none, simple, partial, full), ``transform`` (none, log). Trend and level
    are not told apart: complex parameters make a forecast that may do either.
    """

    name = "ces"
    starts: tuple[Options, ...] = (
        {"seasonal": "partial", "transform": "log"},
        {"seasonal": "full", "transform": "log"},
        {"seasonal": "partial", "transform": "none"},
        {"seasonal": "full", "transform": "none"},
        {"seasonal": "simple", "transform": "none"},
    )

    def space(self, y: NDArray[np.float64], season_length: int, shortest: int) -> Space | None:
        """All kinds of season; logs of positive data."""
        if shortest < 2 * season_length or season_length > LONGEST_SEASON or shortest < _SHORTEST:
            return None
        return {
            "seasonal": Choice(KINDS if season_length > 1 else KINDS[:1]),
            "transform": transform_choice(y),
        }

    def label(self, options: Options) -> str:
        """``CES(P)``: none, simple, partial or full, with the transform behind it."""
        return f"CES({_kind(options)[0].upper()})" + suffix(options)

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Minimise the one-step errors."""
        return next(self.fit_prefixes(y, (len(y),), season_length, options))

    def fit_prefixes(
        self, y: NDArray[np.float64], ends: Sequence[int], season_length: int, options: Options
    ) -> Iterator[Fit]:
        """Fits of prefixes, each from the optimum of the one before."""
        y, point = np.array(y, dtype=float), None  # the kernels take no read-only arrays
        for end in ends:
            point, fit = _fit(y[:end], season_length, options, point)
            yield fit

    def forecast(
        self,
        fit: Fit,
        season_length: int,  # noqa: ARG002 - the states say how long the season is
        options: Options,
        h: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Let the recursion go on without errors.

        It is linear, so that the variance is sigma squared times the running sum of squares of
        what a unit error does to later periods.
        """
        pairs = _pairs(fit.params, fit.states, _kind(options))
        z = _run(pairs, h, 0.0)
        nothing = [(a, b, [0.0] * len(level), [0.0] * len(level)) for a, b, level, _ in pairs]
        effects = _run(nothing, h, 1.0)
        variance, total = np.empty(h), 1.0
        for k in range(h):
            variance[k] = total
            total += effects[k] ** 2
        sd = fit.params["sigma"] * np.sqrt(variance)
        return back(np.array(z), sd, box_cox_lambda(options))


def _fit(
    y: NDArray[np.float64],
    season_length: int,
    options: Options,
    earlier: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float64], Fit]:
    """Point and fit.

    Raises:
        ModelError: The series is too short, or the model cannot be fitted to it.
    """
    label, lam, kind = Ces().label(options), box_cox_lambda(options), _kind(options)
    if len(y) < max(2 * season_length, _SHORTEST):
        raise ModelError(f"{label} needs more than {len(y)} observations")
    with fitting(label):
        z = np.ascontiguousarray(forward(y, lam))
        point, row = estimate(z, y, kind, season_length, lam, earlier)
    if not math.isfinite(row[0]):
        raise ModelError(f"{label} cannot be fitted: the sum of squared errors is not finite")
    free = max(len(y) - ACTIVE[kind], 1)
    params = {n: float(v) for n, v in zip(_NAMES, point[: ACTIVE[kind]], strict=False)}
    params["sigma"] = math.sqrt(float(row[0]) / free)
    states = _states(row[2:], kind, len(y), season_length)
    return point, checked(Fit(params, states, math.sqrt(float(row[1]) / free)), label)


def _kind(options: Options) -> str:
    return str(options.get("seasonal") or "none")


def grid(kind: str) -> NDArray[np.float64]:
    """Points to begin with."""
    season = {"partial": [(0.1, 0.0), (0.3, 0.0)], "full": [(1.05, 1.0), (1.3, 1.0), (0.95, 0.98)]}
    points = [
        (a, b, *rest)
        for a in (0.9, 1.05, 1.3, 1.6, 1.8)
        for b in (0.95, 1.0, 1.05)
        for rest in season.get(kind, [(0.0, 0.0)])
    ]
    return np.array(points)


BOUNDS = np.array([[0.01, 0.01, 0.0, 0.01], [1.99, 1.99, 1.99, 1.99]])
"""Lower and upper bounds of a point."""


def estimate(
    z: NDArray[np.float64],
    y: NDArray[np.float64],
    kind: str,
    m: int,
    lam: float | None,
    earlier: NDArray[np.float64] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Point and outcome, see `forecastctl.models.kernels.engine`."""
    from forecastctl.models.kernels import engine

    spec = np.array([m, KINDS.index(kind), 0, 0, 0, _CES], dtype=np.int64)
    active = np.arange(ACTIVE[kind], dtype=np.int64)
    if earlier is not None:
        starts = earlier[None].copy()
    else:
        starts = np.zeros((_STARTS, len(_NAMES)))
        engine.starts_on_grid(z, spec, grid(kind), starts)
    point = engine.search(z, spec, starts, active, BOUNDS, 0.1)
    row = engine.outcome(z, y, point, spec, math.nan if lam is None else lam, np.empty(len(z)))
    return point, row


def _states(row: NDArray[np.float64], kind: str, n: int, m: int) -> dict[str, Any]:
    """Final states by name; the season by lead."""
    found: dict[str, Any] = {}
    if kind != "simple":
        found |= {"level": float(row[0]), "potential": float(row[1])}
    if kind != "none":
        found["seasonal"] = [float(row[2 + (n + j) % m]) for j in range(m)]
    if kind in ("simple", "full"):
        found["seasonal_potential"] = [float(row[2 + m + (n + j) % m]) for j in range(m)]
    return found


def _pairs(
    params: Any, states: Any, kind: str
) -> list[tuple[float, float, list[float], list[float]]]:
    """Parameters, level and potential of each part, of which a season has one by lead."""
    first = (params["a0"], params["a1"])
    season = states.get("seasonal", [])
    if kind == "simple":
        return [(*first, season, states["seasonal_potential"])]
    pairs = [(*first, [states["level"]], [states["potential"]])]
    if kind == "partial":  # without a potential, an error moves the season by b0, and that is all
        pairs.append((params["b0"], math.nan, season, []))
    elif kind == "full":
        pairs.append((params["b0"], params["b1"], season, states["seasonal_potential"]))
    return pairs


def _run(pairs: Any, h: int, error: float) -> list[float]:
    """Forecasts of ``h`` periods, with an error in the period before the first."""
    parts = [(a, b, list(level), list(potential)) for a, b, level, potential in pairs]
    path: list[float] = []
    for k in range(-1 if error else 0, h):
        value = 0.0
        for a, b, level, potential in parts:
            j = k % len(level)
            value += level[j]
            shock = error if k < 0 else 0.0
            if math.isnan(b):
                level[j] += a * shock
                continue
            old, hidden = level[j], potential[j]
            level[j] = old - (1.0 - b) * hidden + (a - b) * shock
            potential[j] = old + (1.0 - a) * hidden + (a + b) * shock
        if k >= 0:
            path.append(value)
    return path

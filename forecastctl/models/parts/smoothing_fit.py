"""Estimation of exponential smoothing: from options to the compiled kernels and back."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEASONS = {"none": 0, "add": 1, "mul": 2}
RAW, RELATIVE_ERRORS, BACK = 1, 2, 3
"""Sums of squared errors in a row of the kernels: transformed, relative, in passengers."""

_HEAD = 6


@dataclass(frozen=True, slots=True)
class Form:
    """Which smoothing model to fit, and how.

    Attributes:
        trend: none, add or damped.
        seasonal: none, add or mul.
        season_length: Observations per season.
        estimated: Whether initial states are estimated, rather than heuristic.
        ets: ETS (its bounds, and its multiplicative season) rather than Holt-Winters.
        relative: Whether errors are relative to the forecast.
        given: Smoothing parameters that are not estimated: ``alpha``, ``beta`` (as Holt has it,
            the share of the change of level), ``gamma``, ``phi``.
    """

    trend: str
    seasonal: str
    season_length: int
    estimated: bool
    ets: bool = False
    relative: bool = False
    given: tuple[tuple[str, float], ...] = field(default=())


def heuristic_length(season_length: int) -> int:
    """Observations that the heuristic for initial states needs."""
    return 10 + 2 * (season_length // 2)


@lru_cache(maxsize=256)
def _problem(form: Form) -> tuple[NDArray[Any], ...]:
    """Spec, start, active elements and bounds, as the kernels take them."""
    m = form.season_length if form.seasonal != "none" else 1
    trend, seasonal = form.trend != "none", SEASONS[form.seasonal]
    spec = [m, seasonal, form.relative, form.ets, trend, 0, form.estimated]
    start = np.zeros(_HEAD + m)
    start[3] = 1.0
    start[_HEAD:] = 1.0 if seasonal == SEASONS["mul"] else 0.0
    active = [] if form.given else [0]
    if form.given:
        given = dict(form.given)
        start[0] = given["alpha"]
        start[1] = given["beta"] / given["alpha"] if trend else 0.0
        start[2] = given["gamma"] / (1.0 - given["alpha"]) if seasonal else 0.0
        start[3] = given["phi"] if form.trend == "damped" else 1.0
    else:
        active += [1] * trend + [2] * bool(seasonal) + [3] * (form.trend == "damped")
    if form.estimated:
        active += [4] + [5] * trend + list(range(_HEAD, _HEAD + m - 1))
    bounds = _bounds(form, len(start))
    return np.array(spec, dtype=np.int64), start, np.array(active, dtype=np.int64), bounds


def _bounds(form: Form, size: int) -> NDArray[np.float64]:
    """The region that statsmodels admits, in two rows."""
    bounds = np.empty((2, size))
    bounds[0], bounds[1] = -np.inf, np.inf
    margin = 1e-4 if form.ets else 0.0
    bounds[0, :3], bounds[1, :3] = margin, 1.0 - margin
    bounds[:, 3] = (0.8, 0.98) if form.ets else (0.8, 0.995)
    if not form.ets:
        edge = math.sqrt(float(np.finfo(float).eps))
        bounds[:, 0] = (edge, 1.0 - edge)
        if form.seasonal == "mul":
            bounds[0, 4] = 0.0
            bounds[0, _HEAD:] = 0.0
    return bounds


@dataclass(frozen=True, slots=True)
class SmoothingOptimum:
    """What the kernels found, in their layout.

    Attributes:
        row: See `forecastctl.models.kernels.engine`.
        point: Parameters and initial states, see `forecastctl.models.kernels.smoothing`.
        n: Observations.
        form: What was fitted.
    """

    row: NDArray[np.float64]
    point: NDArray[np.float64]
    n: int
    form: Form

    def sd(self, column: int, estimated: int) -> float:
        """Standard deviation from the sum of squares of a column."""
        return math.sqrt(float(self.row[column]) / max(self.n - estimated, 1))

    @property
    def states(self) -> dict[str, Any]:
        """Final states by name; the season by lead."""
        found: dict[str, Any] = {"level": float(self.row[4])}
        if self.form.trend != "none":
            found["trend"] = float(self.row[5])
        if self.form.seasonal != "none":
            found["seasonal"] = self.row[-self.form.season_length :].tolist()
        return found


def estimate(
    z: NDArray[np.float64],
    y: NDArray[np.float64],
    form: Form,
    lam: float | None,
    earlier: SmoothingOptimum | None = None,
) -> SmoothingOptimum:
    """Fit by least squares, or by maximum likelihood where errors are relative.

    Args:
        z: Data on the transformed scale, contiguous, shape ``(n,)``.
        y: The same in passengers.
        form: The model.
        lam: Lambda of the transform, ``None`` for none.
        earlier: What was found on another prefix of the same series: a good start.

    Raises:
        ModelError: The criterion is not finite anywhere near the starts, or the model multiplies
            and the data are not positive.
    """
    if (form.relative or form.seasonal == "mul") and not np.all(z > 0):
        raise ModelError("multiplicative errors and seasons need positive data")
    from forecastctl.models.kernels import engine

    spec, start, active, bounds = _problem(form)
    warm = earlier is not None and earlier.form == form
    if warm and earlier is not None and form.estimated:
        starts = earlier.point[None].copy()
    else:
        cold = not warm and len(active) > 0 and active[0] == 0
        starts = np.tile(start, (2 if cold else 1, 1))
        if warm and earlier is not None:
            starts[0, :4] = earlier.point[:4]
        engine.smoothing_starts(z, spec, starts, active)
    point = starts[0]
    if len(active):
        point = engine.search(z, spec, starts, active, bounds, 1.0)
    row = engine.smoothing_outcome(z, y, point, spec, math.nan if lam is None else lam)
    if not math.isfinite(row[0]):
        raise ModelError("the sum of squared errors is not finite")
    return SmoothingOptimum(row, point, len(z), form)

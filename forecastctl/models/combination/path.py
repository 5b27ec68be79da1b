"""A model's path ahead, and the bounds of what is plausible for it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import DivergedError
from forecastctl.models import family
from forecastctl.models.terms import factor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecastctl.models import Fit
    from forecastctl.records import Effect, Model


PLAUSIBLE_SPANS = 3.0
"""How many times its own range a series may leave that range in a forecast."""


BOUND_SPANS = 20.0
"""How many times its own range the upper end of an interval may lie above that range, at most.

Of 1,204 real series (tourism, M1, hospitals, airports through 2020), the widest 95 % interval ended
12 ranges above; so this cuts off what is absurd, and nothing else."""


MEMBER_SPANS = 50.0
"""The same of one model's own 95 % interval, beyond which the model is dropped.

A single model may be far less sure than the mean of many: of 15,270 fitted to the same series, the
least certain one reached 36."""


Z95 = NormalDist().inv_cdf(0.975)
"""Half the width of a 95 % interval in standard deviations, whatever the shape."""


@dataclass(frozen=True, slots=True)
class Path:
    """Forecast of consecutive periods: mean (never negative) and sd, passengers, ``(h,)`` each."""

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]


def with_effects(path: Path, effects: Sequence[Effect]) -> Path:
    """A forecast without effects, with them; the same one where there are none."""
    if not effects:
        return path
    by = factor(effects, len(path.mean))
    return Path(path.mean * by, path.sd * by)


def span(y: NDArray[np.float64]) -> float:
    """Range of the data; of a constant series its value, of one of zeros 1."""
    low, high = float(np.min(y)), float(np.max(y))
    return (high - low) or abs(high) or 1.0


def ceiling(y: NDArray[np.float64]) -> float:
    """The largest value that an interval of a forecast may reach: see `BOUND_SPANS`."""
    return float(np.max(y)) + BOUND_SPANS * span(y)


def bounded(path: Path, limit: float | None) -> Path:
    """The same forecast, no mean and no 95 % interval's half width above a limit.

    What lies below the limit keeps its bits.

    Args:
        path: A forecast; infinite and undefined values count as beyond the limit.
        limit: See `ceiling`; ``None`` for none, as in rows that were stored without one.
    """
    if limit is None:
        return path
    return Path(np.fmin(path.mean, limit), np.fmin(path.sd, limit / Z95))


def guard(mean: NDArray[np.float64], sd: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Refuse a forecast that no fit in its right mind would make.

    Args:
        mean: Point forecast, shape ``(h,)``.
        sd: Standard deviation, shape ``(h,)``.
        y: The training data, shape ``(n,)``.

    Raises:
        DivergedError: Something is not finite, or the mean is farther outside the range of the
            data than `PLAUSIBLE_SPANS` times that range (of a constant series, its value).
    """
    if not (np.all(np.isfinite(mean)) and np.all(np.isfinite(sd))):
        raise DivergedError("the forecast is not finite")
    low, high = float(np.min(y)), float(np.max(y))
    reach = PLAUSIBLE_SPANS * span(y)
    worst = float(mean[np.argmax(np.abs(mean - (low + high) / 2.0))])
    if worst > high + reach or worst < low - reach:
        raise DivergedError(
            f"the forecast reaches {worst:.4g} where the data lie between {low:.4g} and {high:.4g}"
        )


def guard_interval(path: Path, y: NDArray[np.float64]) -> None:
    """Refuse a forecast whose interval says nothing any more.

    Asked of models that are to forecast, not of those that are tried: a model may be lost in the
    middle of a shock and know the way at its end.

    Args:
        path: A forecast.
        y: The training data, shape ``(n,)``.

    Raises:
        DivergedError: The 95 % interval ends farther above the data than `MEMBER_SPANS` times
            their range.
    """
    low, high = float(np.min(y)), float(np.max(y))
    bound = float(np.max(path.mean + Z95 * path.sd))
    if bound > high + MEMBER_SPANS * span(y):
        raise DivergedError(
            f"the 95 % interval reaches {bound:.4g} "
            f"where the data lie between {low:.4g} and {high:.4g}"
        )


def forecast_model(
    model: Model, fit: Fit, y: NDArray[np.float64], season_length: int, h: int
) -> Path:
    """Guarded forecast of a fitted model.

    Raises:
        DivergedError: See `guard`.
    """
    with np.errstate(all="ignore"):
        mean, sd = family(model.family).forecast(fit, season_length, model.options, h)
    path = with_effects(Path(mean, sd), fit.effects)
    guard(path.mean, path.sd, y)
    return Path(np.maximum(path.mean, 0.0), path.sd)

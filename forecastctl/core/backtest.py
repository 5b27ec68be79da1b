"""Rolling-origin evaluation of a model, and the guard against diverged forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.core.families import family
from forecastctl.core.metrics import mean_scores, scale, score
from forecastctl.errors import DivergedError
from forecastctl.records import Fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecastctl.core.families import Fit
    from forecastctl.core.splits import Split
    from forecastctl.records import Model, Series

PLAUSIBLE_SPANS = 3.0
"""How many times its own range a series may leave that range in a forecast."""


@dataclass(frozen=True, slots=True)
class Path:
    """Forecast of consecutive periods: mean (never negative) and sd, passengers, ``(h,)`` each."""

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]


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
    reach = PLAUSIBLE_SPANS * ((high - low) or abs(high) or 1.0)
    worst = float(mean[np.argmax(np.abs(mean - (low + high) / 2.0))])
    if worst > high + reach or worst < low - reach:
        raise DivergedError(
            f"the forecast reaches {worst:.4g} where the data lie between {low:.4g} and {high:.4g}"
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
    guard(mean, sd, y)
    return Path(np.maximum(mean, 0.0), sd)


def backtest(series: Series, model: Model, splits: Sequence[Split]) -> tuple[Path, ...]:
    """Fit at each origin and forecast its horizon.

    Raises:
        ModelError: The model cannot be fitted at some origin, or its forecast diverges there.
    """
    paths = []
    for split in splits:
        y = series.y[: split.end]
        fit = family(model.family).fit(y, series.season_length, model.options)
        paths.append(forecast_model(model, fit, y, series.season_length, split.h))
    return tuple(paths)


def fold_scores(
    series: Series, splits: Sequence[Split], paths: Sequence[Path]
) -> tuple[tuple[Fold, ...], dict[str, float]]:
    """Every measure by fold, and its mean over the folds.

    Each fold's scale is that of its own training window.
    """
    folds = tuple(
        Fold(
            str(series.ds[split.end - 1]),
            split.h,
            score(
                series.y[split.end : split.end + split.h],
                path.mean,
                path.sd,
                scale(series.y[: split.end], series.season_length),
            ),
        )
        for split, path in zip(splits, paths, strict=True)
    )
    return folds, mean_scores([dict(fold.metrics) for fold in folds])


def fold_errors(
    series: Series, splits: Sequence[Split], paths: Sequence[Path]
) -> tuple[tuple[float, ...], ...]:
    """Forecast minus actual by fold and lead, passengers."""
    return tuple(
        tuple(float(e) for e in path.mean - series.y[split.end : split.end + split.h])
        for split, path in zip(splits, paths, strict=True)
    )

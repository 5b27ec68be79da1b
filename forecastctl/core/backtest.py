"""Rolling-origin evaluation of a model, and the guard against diverged forecasts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.core.families import family, fitter
from forecastctl.core.families.base import fit_prefixes
from forecastctl.core.metrics import mean_scores, scale, score
from forecastctl.errors import DivergedError
from forecastctl.records import Fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def fold_paths(
    series: Series, model: Model, splits: Sequence[Split], engine: str = "compiled"
) -> Iterator[Path]:
    """Fit at each origin and forecast its horizon, the newest origin first, as asked for.

    The newest comes first because it has the most data, and says the most about the future.

    Raises:
        ModelError: The model cannot be fitted at some origin, or its forecast diverges there.
        UsageError: There is no such engine.
    """
    newest_first = splits[::-1]
    ends = [split.end for split in newest_first]
    fits = fit_prefixes(
        fitter(model.family, engine), series.y, ends, series.season_length, model.options
    )
    for split, fit in zip(newest_first, fits, strict=True):
        y = series.y[: split.end]
        yield forecast_model(model, fit, y, series.season_length, split.h)


def backtest(
    series: Series, model: Model, splits: Sequence[Split], engine: str = "compiled"
) -> tuple[Path, ...]:
    """Fit at each origin and forecast its horizon; paths in the order of the splits.

    Raises:
        ModelError: The model cannot be fitted at some origin, or its forecast diverges there.
        UsageError: There is no such engine.
    """
    return tuple(fold_paths(series, model, splits, engine))[::-1]


def scored(series: Series, split: Split, path: Path) -> Fold:
    """One fold with every measure."""
    y, actual = series.y[: split.end], series.y[split.end : split.end + split.h]
    values = score(actual, path.mean, path.sd, scale(y, series.season_length))
    return Fold(str(series.ds[split.end - 1]), split.h, values)


def fold_scores(
    series: Series, splits: Sequence[Split], paths: Sequence[Path]
) -> tuple[tuple[Fold, ...], dict[str, float]]:
    """Every measure by fold, and its mean over the folds.

    Each fold's scale is that of its own training window.
    """
    folds = tuple(scored(series, split, path) for split, path in zip(splits, paths, strict=True))
    return folds, mean_scores([dict(fold.metrics) for fold in folds])


def fold_errors(
    series: Series, splits: Sequence[Split], paths: Sequence[Path]
) -> tuple[tuple[float, ...], ...]:
    """Forecast minus actual by fold and lead, passengers."""
    return tuple(
        tuple(float(e) for e in path.mean - series.y[split.end : split.end + split.h])
        for split, path in zip(splits, paths, strict=True)
    )

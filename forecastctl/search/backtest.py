"""Rolling-origin evaluation of a model, and the guard against diverged forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forecastctl.models import fitter
from forecastctl.models.base import fit_prefixes
from forecastctl.models.combination.path import Path, forecast_model
from forecastctl.models.metrics import mean_scores, scale, score
from forecastctl.records import Fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forecastctl.records import Model, Series
    from forecastctl.search.folds import Split


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
    fits = fit_prefixes(fitter(model.family, engine), series, ends, model.options)
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


def scored(series: Series, split: Split, path: Path, loss: str | None = None) -> Fold:
    """One fold with every measure, ``loss`` too where another package adds it."""
    y, actual = series.y[: split.end], series.y[split.end : split.end + split.h]
    values = score(actual, path.mean, path.sd, scale(y, series.season_length), loss)
    return Fold(str(series.ds[split.end - 1]), split.h, values)


def fold_scores(
    series: Series, splits: Sequence[Split], paths: Sequence[Path], loss: str | None = None
) -> tuple[tuple[Fold, ...], dict[str, float]]:
    """Every measure by fold, and its mean over the folds.

    Each fold's scale is that of its own training window.
    """
    folds = tuple(
        scored(series, split, path, loss) for split, path in zip(splits, paths, strict=True)
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

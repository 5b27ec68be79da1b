"""Accuracy measures, vectorised, each a plain function of arrays.

NaN policy, the same for all: a NaN in the inputs gives NaN; a value that is not defined (a scale
of zero, actuals that sum to zero, nothing to measure) is NaN, never infinite and never an error.
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.registry import LOSSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUANTILES = tuple(i / 10 for i in range(1, 10))
"""Levels over which the pinball loss is averaged."""

_Z = np.array([NormalDist().inv_cdf(q) for q in QUANTILES])


def scale(y_train: NDArray[np.float64], season_length: int) -> float:
    """In-sample mean absolute error of the seasonal naive forecast, the denominator of MASE.

    Hyndman and Koehler (2006), Another look at measures of forecast accuracy, equation 4 (there
    for lag 1) with the lag of a season. A series that is not longer than a season has no seasonal
    error; lag 1 stands in.

    Args:
        y_train: Training observations, shape ``(n,)``.
        season_length: Observations per season.

    Returns:
        Scale in the units of the data; NaN for fewer than two observations.
    """
    lag = season_length if len(y_train) > season_length else 1
    if len(y_train) <= lag:
        return math.nan
    return float(np.mean(np.abs(y_train[lag:] - y_train[:-lag])))


def mae(y_true: NDArray[np.float64], y_pred: NDArray[np.float64]) -> float:
    """Mean absolute error: ``mean |y - f|``, in the units of the data."""
    return _mean(np.abs(y_true - y_pred))


def rmse(y_true: NDArray[np.float64], y_pred: NDArray[np.float64]) -> float:
    """Root mean squared error: ``sqrt(mean (y - f)**2)``, in the units of the data."""
    return math.sqrt(_mean((y_true - y_pred) ** 2))


def mase(y_true: NDArray[np.float64], y_pred: NDArray[np.float64], scale: float) -> float:
    """Mean absolute scaled error: ``mean |y - f| / scale``, without unit.

    Hyndman and Koehler (2006), section 3, with `scale` as the denominator. NaN when the scale is
    zero or NaN.
    """
    return _ratio(mae(y_true, y_pred), scale)


def smape(y_true: NDArray[np.float64], y_pred: NDArray[np.float64]) -> float:
    """Symmetric mean absolute percentage error as a fraction: ``mean 2|y - f| / (|y| + |f|)``.

    Makridakis, Spiliotis and Assimakopoulos (2020), The M4 competition, equation 1, without the
    factor 100: from 0 to 2. A period where both actual and forecast are zero counts as 0.
    """
    size = np.abs(y_true) + np.abs(y_pred)
    error = 2.0 * np.abs(y_true - y_pred)
    return _mean(np.divide(error, size, out=np.zeros_like(error), where=size != 0.0))


def wape(y_true: NDArray[np.float64], y_pred: NDArray[np.float64]) -> float:
    """Weighted absolute percentage error as a fraction: ``sum |y - f| / sum |y|``.

    Kolassa and Schuetz (2007), Advantages of the MAD/mean ratio over the MAPE. NaN when the
    actuals sum to zero.
    """
    return _ratio(float(np.sum(np.abs(y_true - y_pred))), float(np.sum(np.abs(y_true))))


def pinball(
    y_true: NDArray[np.float64],
    quantiles: NDArray[np.float64],
    levels: NDArray[np.float64] | tuple[float, ...] = QUANTILES,
) -> float:
    """Pinball loss, averaged over levels and periods, in the units of the data.

    Koenker and Bassett (1978), Regression quantiles: ``max(q (y - f), (q - 1)(y - f))``.

    Args:
        y_true: Actuals, shape ``(h,)``.
        quantiles: Forecast of each quantile, shape ``(len(levels), h)``.
        levels: Probabilities, each in (0, 1).
    """
    q = np.asarray(levels)[:, None]
    error = y_true[None, :] - quantiles
    return _mean(np.maximum(q * error, (q - 1.0) * error))


def score(
    y_true: NDArray[np.float64],
    mean: NDArray[np.float64],
    sd: NDArray[np.float64],
    scale: float,
    loss: str | None = None,
) -> dict[str, float]:
    """Every measure of `forecastctl.records.LOSSES` for one forecast, and another package's loss.

    Args:
        y_true: Actuals, shape ``(h,)``.
        mean: Point forecast, shape ``(h,)``.
        sd: Standard deviation, shape ``(h,)``; the pinball loss takes the quantiles of a normal
            distribution, those below zero as zero, as the published intervals are.
        scale: See `scale`.
        loss: What a search minimises: measured as well where it is none of ours.

    Returns:
        Value by name; NaN where a measure is not defined.
    """
    quantiles = np.maximum(mean[None, :] + _Z[:, None] * sd[None, :], 0.0)
    values = {
        "mase": mase(y_true, mean, scale),
        "rmse": rmse(y_true, mean),
        "mae": mae(y_true, mean),
        "smape": smape(y_true, mean),
        "wape": wape(y_true, mean),
        "pinball": pinball(y_true, quantiles),
    }
    if loss is not None and loss not in values:
        value = float(loss_of(loss)(y_true, mean, sd, scale))
        values[loss] = value if math.isfinite(value) else math.nan
    return values


@cache
def loss_of(name: str) -> Any:
    """The function of another package's loss, of ``(y_true, mean, sd, scale)``; `score` has ours.

    Raises:
        SettingsError: The package is broken.
    """
    return LOSSES.load(name, "y_true", "mean", "sd", "scale")


def mean_scores(scores: tuple[dict[str, float], ...] | list[dict[str, float]]) -> dict[str, float]:
    """Mean of each measure over folds, leaving out the folds where it is not defined.

    What is not defined depends on the actuals and the training data alone, so all models lose the
    same folds.
    """
    names = scores[0] if scores else ()
    found = {}
    for name in names:
        values = [s[name] for s in scores if not math.isnan(s[name])]
        found[name] = math.fsum(values) / len(values) if values else math.nan
    return found


def _mean(values: NDArray[np.float64]) -> float:
    return float(np.mean(values)) if values.size else math.nan


def _ratio(numerator: float, denominator: float) -> float:
    ratio = numerator / denominator if denominator else math.nan
    return ratio if math.isfinite(ratio) else math.nan

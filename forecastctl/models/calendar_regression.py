"""How much a feast moves, from the past of one series: a robust regression with errors. Pure.

Logarithms follow ``(1 - B)(1 - B^m)(log y - X b) = (1 - theta B)(1 - Theta B^m) a``: a level and a
season that drift, which is what Bell and Hillmer (1983) and X-13ARIMA-SEATS put below their
calendar effects. Both sides are filtered by the inverse of the moving average, and ``b`` is fitted
to what is left by Tukey's biweight, which a shock or a faulty month does not move.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

GRID = tuple(product((0.0, 0.3, 0.6, 0.9), (0.0, 0.3, 0.6, 0.85, 1.0)))
"""Moving averages tried: ``(theta, Theta)``."""

TUKEY = 4.685
"""Tuning constant of the biweight: 95 % efficiency for normal errors."""

ROUNDS = 10
MAD = 1.4826

OUTLIER = 5.0
"""Robust deviations beyond which a period is fitted by itself."""

OUTLIERS_MOST = 0.05
"""Share of the periods that are."""

LEAST_SEASONS = 3.0
"""Effective number of seasons in which a feast must have moved."""

NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Coefficient:
    """Change of the logarithm by one unit of a regressor.

    Attributes:
        value: The estimate.
        se: Its standard error.
        df: Degrees of freedom of ``value / se``.
    """

    value: float
    se: float
    df: int

    @property
    def p(self) -> float:
        """Probability of so large an estimate, of either sign, without an effect."""
        return tail(self.value / self.se, self.df) if self.se > 0 else 1.0


def tail(t: float, df: int) -> float:
    """Two-sided tail of Student's t for whole degrees of freedom (Abramowitz and Stegun 26.7.3)."""
    angle = math.atan(abs(t) / math.sqrt(df))
    cosine, odd = math.cos(angle), df % 2
    term, total = (cosine if odd else 1.0), 0.0
    for k in range(2 + odd, df + 1, 2):
        total += term
        term *= cosine * cosine * (k - 1) / k
    inside = math.sin(angle) * total
    return max(1.0 - ((angle + inside) * 2.0 / math.pi if odd else inside), 0.0)


@dataclass(frozen=True, slots=True)
class Whitened:
    """A series and regressors, differenced and filtered so that the errors are independent.

    Attributes:
        y: Logarithms, ``(n - m - 1,)``.
        x: Regressors, ``(n - m - 1, k)``.
        others: What is always fitted beside them: the errors before the first period, outliers;
            ``(n - m - 1, j)``.
        seasons: Number of each period's season (year), ``(n - m - 1,)``.
    """

    y: NDArray[np.float64]
    x: NDArray[np.float64]
    others: NDArray[np.float64]
    seasons: NDArray[np.int64]

    def coefficient(self, column: int, beside: Sequence[int] = ()) -> Coefficient | None:
        """Fit one regressor, with some of the other ones beside it; see `fit`."""
        chosen = [self.x[:, [column]], self.x[:, list(beside)], self.others]
        return fit(self.y, np.hstack(chosen), self.seasons)

    def coefficients(self, least: Sequence[float]) -> list[Coefficient | None]:
        """Fit all regressors together.

        Args:
            least: Effective number of seasons in which each must have moved. Where it has moved in
                fewer than `LEAST_SEASONS`, errors of a season count as independent.

        Returns:
            ``None`` for each that has moved too little, or that the others make up.
        """
        x = np.hstack([self.x, self.others])
        free = len(self.y) - int(np.linalg.matrix_rank(x))
        if free < 1:
            return [None] * len(least)
        b, residual, u = _biweight(self.y, x, math.sqrt(len(self.y) / free))
        found = []
        for i, enough in enumerate(least):
            own = _residual(x[:, i], np.delete(x, i, axis=1))
            seasons = _effective(own, self.seasons)
            few = seasons is None or seasons < enough
            judged = None if few else _judged(float(b[i]), own, residual, u, self.seasons, free)
            found.append(judged)
        return found


def whiten(
    y: NDArray[np.float64],
    x: NDArray[np.float64],
    seasons: NDArray[np.int64],
    m: int,
) -> Whitened:
    """Filter by the moving average of `GRID` that leaves the least mean absolute residual.

    The errors before the first period are unknown and are fitted: with a seasonal moving average of
    1 they are the usual seasonal dummies. Single outliers are fitted as well, as X-13ARIMA-SEATS
    does, because the filter would spread them over all seasons to come.

    Args:
        y: Logarithms, ``(n,)``.
        x: Regressors, ``(n, k)``; the filter is chosen with all of them.
        seasons: Number of each period's season, ``(n,)``.
        m: Observations per season.
    """
    columns = np.column_stack([y, x])
    columns = np.diff(columns[m:] - columns[:-m], axis=0)
    filtered = _filtered(columns, GRID, m)
    errors = [float(np.mean(np.abs(_residual(f[:, 0], f[:, 1:])))) for f in filtered]
    best = int(np.argmin(errors))
    own, rest = filtered[best][:, 0], filtered[best][:, 1:]
    k = x.shape[1]
    outliers = _outliers(own, rest, _response(len(own), GRID[best], m))
    return Whitened(own, rest[:, :k], np.hstack([rest[:, k:], outliers]), seasons[m + 1 :])


def _filtered(
    columns: NDArray[np.float64], grid: Sequence[tuple[float, float]], m: int
) -> NDArray[np.float64]:
    """Divide by the moving averages; ``m + 1`` columns follow, one for each earlier error.

    Args:
        columns: Differences, ``(n, k)``.
        grid: Moving averages.
        m: Observations per season.

    Returns:
        ``(len(grid), n, k + m + 1)``.
    """
    theta, seasonal = (np.array(v)[:, None] for v in zip(*grid, strict=True))
    n, k = columns.shape
    a = np.zeros((n + m + 1, len(grid), k + m + 1))
    a[: m + 1, :, k:] = np.eye(m + 1)[:, None, :]
    for t in range(n):
        at = t + m + 1
        a[at] = theta * a[at - 1] + seasonal * (a[at - m] - theta * a[t])
        a[at, :, :k] += columns[t]
    return np.asarray(a[m + 1 :].transpose(1, 0, 2))


def _outliers(
    y: NDArray[np.float64], x: NDArray[np.float64], response: NDArray[np.float64]
) -> NDArray[np.float64]:
    """One column for each period that stands out, the largest first.

    Args:
        y: Filtered logarithms, ``(n,)``.
        x: All filtered regressors, ``(n, k)``.
        response: What a single outlier leaves in its own period and those after it, ``(n,)``.

    Returns:
        ``(n, number of outliers)``.
    """
    n, found = len(y), np.zeros((len(y), 0))
    for _ in range(int(OUTLIERS_MOST * n)):
        residual = np.abs(_residual(y, np.hstack([x, found])))
        at = int(np.argmax(residual))
        if residual[at] <= OUTLIER * MAD * float(np.median(residual)) + NOTHING:
            break
        column = np.zeros((n, 1))
        column[at:, 0] = response[: n - at]
        found = np.hstack([found, column])
    return found


def _response(n: int, moving: tuple[float, float], m: int) -> NDArray[np.float64]:
    """What an outlier of 1 in one period leaves in it and those after it, filtered, ``(n,)``."""
    single = np.zeros((n, 1))
    for at, value in ((0, 1.0), (1, -1.0), (m, -1.0), (m + 1, 1.0)):
        if at < n:
            single[at] += value
    return np.asarray(_filtered(single, [moving], m)[0][:, 0])


def _residual(y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(y - x @ np.linalg.lstsq(x, y, rcond=None)[0])


def fit(
    y: NDArray[np.float64], x: NDArray[np.float64], seasons: NDArray[np.int64]
) -> Coefficient | None:
    """Coefficient of the first regressor, robust against outliers in few periods.

    The standard error is the larger one of two: the usual one of the M-estimator (Huber 1981, ch.
    7), and one that lets the errors of a season depend on each other (Liang and Zeger 1986). The
    degrees of freedom count the periods that tell something, which are few where a feast seldom
    moves: two for each season, that which it left and that to which it came.

    Args:
        y: Filtered logarithms, ``(n,)``.
        x: Filtered regressors, ``(n, k)``.
        seasons: Number of each observation's season (year), ``(n,)``.

    Returns:
        ``None`` where the feast has moved in too few seasons.
    """
    own, others = x[:, 0], x[:, 1:]
    own = _residual(own, others)
    free = len(y) - int(np.linalg.matrix_rank(x))
    effective = _effective(own, seasons)
    if effective is None or free < 1 or effective < LEAST_SEASONS:
        return None
    b, residual, u = _biweight(y, x, math.sqrt(len(y) / free))
    return _judged(float(b[0]), own, residual, u, seasons, free)


def _effective(own: NDArray[np.float64], seasons: NDArray[np.int64]) -> float | None:
    """In how many seasons a regressor moved apart from the others; ``None`` where in none."""
    total = float(own @ own)
    if total < NOTHING:
        return None
    known = np.bincount(np.unique(seasons, return_inverse=True)[1], own**2)
    return total**2 / float(known @ known)


def _judged(
    value: float,
    own: NDArray[np.float64],
    residual: NDArray[np.float64],
    u: NDArray[np.float64],
    seasons: NDArray[np.int64],
    free: int,
) -> Coefficient | None:
    """A coefficient with its standard error, see `fit`.

    Args:
        value: The coefficient.
        own: Its regressor, less what the others explain of it, ``(n,)``.
        residual: Of the regression, ``(n,)``.
        u: See `_biweight`.
        seasons: Number of each observation's season, ``(n,)``.
        free: Degrees of freedom of the regression.

    Returns:
        ``None`` where too few observations lie near the regression.
    """
    total, effective = float(own @ own), _effective(own, seasons)
    psi = residual * (1.0 - u**2) ** 2
    slope = float(np.mean((1.0 - u**2) * (1.0 - 5.0 * u**2)))
    if slope <= NOTHING or effective is None:
        return None
    usual = math.sqrt(float(psi @ psi) / free / total) / slope
    if effective < LEAST_SEASONS:
        return Coefficient(value, usual, free)
    score = np.bincount(np.unique(seasons, return_inverse=True)[1], own * psi)
    loss = effective / (effective - 1.0) * len(own) / free
    clustered = math.sqrt(float(score @ score) * loss) / (slope * total)
    return Coefficient(value, max(usual, clustered), int(2.0 * effective) - 1)


def _biweight(
    y: NDArray[np.float64], x: NDArray[np.float64], inflation: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Tukey's M-estimate by reweighting.

    Args:
        y: ``(n,)``.
        x: ``(n, k)``.
        inflation: How many times the residuals are to be taken, as ``k`` are fitted.

    Returns:
        Coefficients, residuals, and residuals in units of where they no longer count, up to 1.
    """
    root = np.ones(len(y))
    for _ in range(ROUNDS):
        b = np.asarray(np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0])
        residual = np.asarray(y - x @ b)
        scale = max(MAD * inflation * float(np.median(np.abs(residual))), NOTHING)
        u = np.asarray(np.minimum(np.abs(residual) / (TUKEY * scale), 1.0))
        root = 1.0 - u**2
    return b, residual, u

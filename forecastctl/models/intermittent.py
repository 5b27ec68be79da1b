"""Airports with many periods without a passenger: how often they fly, and with how many.

A smoothed mean of such a series forecasts a number that never comes: half a flight a month. What
errs least in absolute terms is the median of what may come, which is zero where the airport flies
in fewer than half of its periods. So the default here is the median of the past, in which newer
periods weigh more; with ``seasonal`` that of the same place in the season; and zero where nobody
came for a whole season, which a median over years would learn late. For sums and stock the expected
value is asked for, and that is what the other methods estimate.

Sources: Croston (1972), Forecasting and stock control for intermittent demands; Syntetos and Boylan
(2005), The accuracy of intermittent demand estimates; Teunter, Syntetos and Babai (2011),
Intermittent demand: linking forecasting to inventory obsolescence; Nikolopoulos, Syntetos, Boylan,
Petropoulos and Assimakopoulos (2011), An aggregate-disaggregate intermittent demand approach
(ADIDA); Kolassa (2016), Evaluating predictive count data distributions in retail sales
forecasting, on why the median is what an absolute error asks for.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models.base import Choice, Fit, Uniform, checked, fitting

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from forecastctl.models.base import Space
    from forecastctl.records import Options

LEAST_ZEROS = 0.1
"""Share of periods without a passenger from which on these models are searched."""

LEAN = 2.0
"""Observations that the spread of the whole season is worth beside that of a place in it."""

SHORT = 7
"""A season of at most so many periods must pass twice without a passenger before nobody is expected
to come any more: many airports rest for a week."""

FORGETS = 2.0
"""Of a closed airport, how much the weight of its flights falls while it counts as closed: to an
eighth, the square of 1/e, when it does for the first time."""

_ALPHA = Uniform(0.01, 0.4)
_START = 5
"""Periods, or flights, whose mean a recursion begins with."""


def is_closed(y: NDArray[np.float64], season_length: int) -> bool:
    """Whether nobody came for the whole last season, or the last two where it is a short one.

    Args:
        y: Passengers per period, shape ``(n,)``.
        season_length: Observations per season; without a season (1) it cannot be told.
    """
    quiet = _quiet(season_length)
    return season_length > 1 and quiet < len(y) and not np.any(y[-quiet:])


def _quiet(season_length: int) -> int:
    """Periods without a passenger after which nobody is expected any more."""
    return season_length * (2 if season_length <= SHORT else 1)


class Intermittent:
    """Medians and means of series with many zeros.

    Options: ``method`` (``median``; ``tsb``, Teunter, Syntetos and Babai; ``croston``; ``sba``,
    Croston's with the correction of Syntetos and Boylan; ``adida``; ``zero``), ``alpha``, the
    smoothing (none for ``zero``), and for the median ``seasonal`` (none, full).

    The standard deviation is the root of the weighted mean square of the distances from the
    forecast, with the weights of the median, for each place in the season where the median is
    seasonal: it is that of a count, not of a smooth level. Of an airport that is closed it forgets
    the flights of the past while as many periods pass as it took to call it that.
    """

    name = "intermittent"
    starts: tuple[Options, ...] = (
        {"method": "median", "alpha": 0.05, "seasonal": "none"},
        {"method": "median", "alpha": 0.1, "seasonal": "full"},
        {"method": "tsb", "alpha": 0.1},
        {"method": "zero"},
    )

    def space(self, y: NDArray[np.float64], season_length: int, shortest: int) -> Space | None:
        """All options, where a tenth of the periods are zero or it is closed, and none is below."""
        if np.any(y < 0):
            return None
        if float(np.mean(y == 0)) < LEAST_ZEROS and not is_closed(y, season_length):
            return None
        seasonal = season_length > 1 and shortest >= 2 * season_length
        median = {
            "method": "median",
            "alpha": _ALPHA,
            "seasonal": Choice(("none", "full") if seasonal else ("none",)),
        }
        means = ({"method": method, "alpha": _ALPHA} for method in _MEANS)
        return {"method": Choice((median, *means, "zero"))}

    def label(self, options: Options) -> str:
        """``Median 0.05``, ``Median(S) 0.10``, ``TSB 0.10``, ``Zero``."""
        method = str(options.get("method"))
        if method == "zero":
            return "Zero"
        name = "Median" if method == "median" else method.upper() if method != "croston" else ""
        name = name or "Croston"
        season = "(S)" if options.get("seasonal") == "full" else ""
        return f"{name}{season} {float(options.get('alpha') or 0.0):.2f}"

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """What comes in a period, by place in the season, and how far the past was from it.

        Raises:
            ModelError: There are too few observations.
        """
        label, method = self.label(options), str(options.get("method"))
        alpha = float(options.get("alpha") or 0.0)
        m = season_length if options.get("seasonal") == "full" else 1
        closed = method == "median" and is_closed(y, season_length)
        if len(y) < m:
            raise ModelError(f"{label} needs more than {len(y)} observations")
        with fitting(label):
            if closed:
                level, m, alpha = [0.0], 1, FORGETS / _quiet(season_length)
            elif method == "median":
                level = [_median(y[(len(y) + j) % m :: m], alpha) for j in range(m)]
            else:
                level = [0.0 if method == "zero" else _MEANS[method](y, alpha)]
            each = np.resize(np.array(level), m)[(np.arange(len(y)) - len(y)) % m]
            spread = _spread((y - each) ** 2, alpha, m)
        states: dict[str, Any] = {"level": level, "spread": spread}
        sigma = math.sqrt(float(np.mean(np.square(spread))))
        return checked(Fit({"sigma": sigma}, states, sigma), label)

    def forecast(
        self,
        fit: Fit,
        season_length: int,  # noqa: ARG002 - the states say how long the season is
        options: Options,  # noqa: ARG002 - the same for all methods
        h: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The level of each place in the season, repeated; equally unsure at each lead."""
        level, spread = (np.array(fit.states[name], dtype=float) for name in ("level", "spread"))
        return np.resize(level, h), np.resize(spread, h)


def _weights(n: int, alpha: float) -> NDArray[np.float64]:
    """Weight of each period, the newest one's being 1."""
    return np.asarray((1.0 - alpha) ** np.arange(n - 1, -1, -1.0))


def _spread(squares: NDArray[np.float64], alpha: float, m: int) -> list[float]:
    """Root of the weighted mean square by place in the season, leaning on that of all places."""
    n = len(squares)
    weights = _weights(n, alpha / m)
    whole = float(np.sum(weights * squares) / np.sum(weights))
    if m == 1:
        return [math.sqrt(whole)]
    found = []
    for j in range(m):
        own = squares[(n + j) % m :: m]
        held = _weights(len(own), alpha)
        total = float(np.sum(held * own)) + LEAN * whole
        found.append(math.sqrt(total / (float(np.sum(held)) + LEAN)))
    return found


def _median(y: NDArray[np.float64], alpha: float) -> float:
    """Weighted median: the smallest value that holds half of the weight."""
    order = np.argsort(y, kind="stable")
    held = np.cumsum(_weights(len(y), alpha)[order])
    return float(y[order][np.searchsorted(held, 0.5 * held[-1])])


def _smoothed(values: NDArray[np.float64], alpha: float) -> float:
    """Simple exponential smoothing, begun with the mean of the first values."""
    level = float(np.mean(values[:_START]))
    for value in values.tolist():
        level += alpha * (value - level)
    return level


def _tsb(y: NDArray[np.float64], alpha: float) -> float:
    """Smoothed share of periods that fly, times the smoothed size of those that do."""
    flown = y[y > 0]
    if not len(flown):
        return 0.0
    return _smoothed((y > 0).astype(float), alpha) * _smoothed(flown, alpha)


def _croston(y: NDArray[np.float64], alpha: float) -> float:
    """Smoothed size over the smoothed interval between periods that fly."""
    at = np.flatnonzero(y > 0)
    if not len(at):
        return 0.0
    gaps = np.diff(at, prepend=-1).astype(float)
    return _smoothed(y[at], alpha) / _smoothed(gaps, alpha)


def _sba(y: NDArray[np.float64], alpha: float) -> float:
    """Croston's ratio less its bias."""
    return (1.0 - alpha / 2.0) * _croston(y, alpha)


def _adida(y: NDArray[np.float64], alpha: float) -> float:
    """Smoothed sums over as many periods as usually lie between two that fly."""
    at = np.flatnonzero(y > 0)
    if not len(at):
        return 0.0
    length = max(round(len(y) / len(at)), 1)
    count = len(y) // length
    sums = y[len(y) - count * length :].reshape(count, length).sum(axis=1)
    return _smoothed(sums, alpha) / length


_MEANS: dict[str, Callable[[NDArray[np.float64], float], float]] = {
    "tsb": _tsb,
    "sba": _sba,
    "croston": _croston,
    "adida": _adida,
}

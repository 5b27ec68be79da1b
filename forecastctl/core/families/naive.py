"""Seasonal naive, with or without drift: the baseline of every search."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.core.families.base import Choice, Fit, checked, residual_sd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.core.families.base import Space
    from forecastctl.records import Options


class SeasonalNaive:
    """Repeats the last season, plus the mean seasonal change when drift is on.

    Where a series is not longer than a season the last value is repeated instead. The variance
    is that of a seasonal random walk, with the term for the estimated drift added: Hyndman and
    Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 5.5.
    """

    name = "seasonal_naive"
    starts: tuple[Options, ...] = ({"drift": False}, {"drift": True})

    def space(
        self,
        y: NDArray[np.float64],  # noqa: ARG002 - the protocol's signature
        season_length: int,
        shortest: int,
    ) -> Space | None:
        """Drift or none; a drift needs a season of changes."""
        drifts = (False, True) if shortest >= 2 * season_length else (False,)
        return {"drift": Choice(drifts)}

    def label(self, options: Options) -> str:
        """``SNaive`` or ``SNaive drift``."""
        return "SNaive drift" if options.get("drift") else "SNaive"

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Remember the last season, and the size of seasonal changes."""
        lag = season_length if len(y) > season_length else 1
        changes = y[lag:] - y[:-lag]
        drift = bool(options.get("drift")) and len(changes) > 0
        mean = float(np.mean(changes)) if drift else 0.0
        sigma = residual_sd(changes - mean, int(drift)) if len(changes) else 0.0
        seasons = len(changes) / lag
        fit = Fit(
            params={"drift": mean, "sigma": sigma, "seasons": seasons},
            states={"last": [float(v) for v in y[-lag:]]},
            sigma=sigma,
        )
        return checked(fit, self.label(options))

    def forecast(
        self,
        fit: Fit,
        season_length: int,  # noqa: ARG002 - the states say how long the season is
        options: Options,
        h: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Last season, repeated."""
        last = fit.states["last"]
        drift, sigma, seasons = (fit.params[k] for k in ("drift", "sigma", "seasons"))
        mean, sd = np.empty(h), np.empty(h)
        for k in range(h):
            ahead = k // len(last) + 1
            mean[k] = last[k % len(last)] + ahead * drift
            extra = ahead / seasons if options.get("drift") and seasons else 0.0
            sd[k] = sigma * math.sqrt(ahead * (1.0 + extra))
        return mean, sd

"""A network that was trained beforehand, on simulated months, and is not estimated here.

It has seen more months than any airport or fleet will ever have, of the kinds that statistics
textbooks describe, and says what usually follows a window such as the last one. So it errs in other
ways than models that are estimated from one series. Dooley and others (2023), ForecastPFN:
synthetically-trained zero-shot forecasting, have the idea and its name: what it has learned is a
prior, and a forecast is the posterior (Müller and others, 2022, Transformers can do Bayesian
inference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models.base import Fit, checked, fitting
from forecastctl.models.network import NEWEST, SEASON, SHORTEST, WINDOW, quantiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecastctl.models.base import Space
    from forecastctl.records import Options

PRETRAINED: Options = {"network": NEWEST}

APART = 2.5631031310892007
"""Standard deviations between the 10 % and the 90 % quantile of a normal distribution."""


class Pretrained:
    """What a network that comes with the package says about the last months.

    Options: ``network``, its number.
    """

    name = "pretrained"
    starts: tuple[Options, ...] = (PRETRAINED,)

    def space(self, y: NDArray[np.float64], season_length: int, shortest: int) -> Space | None:
        """Monthly data that are never negative, a month more than a year of them."""
        if season_length != SEASON or shortest < SHORTEST or np.any(y < 0):
            return None
        return dict(PRETRAINED)

    def label(self, options: Options) -> str:
        """``Pretrained 1``."""
        return f"Pretrained {_number(options)}"

    def fit(self, y: NDArray[np.float64], season_length: int, options: Options) -> Fit:
        """Keep the last months; there is nothing to estimate.

        Raises:
            ModelError: The series is too short, is not monthly, or holds a negative value.
        """
        label, last = self.label(options), np.asarray(y[-WINDOW:], dtype=float)
        if len(last) < SHORTEST or season_length != SEASON:
            raise ModelError(f"{label} needs {SHORTEST} months")
        if not np.all(last >= 0):
            raise ModelError(f"{label} cannot be fitted: a value is missing or negative")
        fit = checked(Fit({}, {"last": last.tolist()}, 0.0), label)
        with fitting(label):
            sigma = float(self.forecast(fit, season_length, options, 1)[1][0])
        return checked(Fit({}, fit.states, sigma), label)

    def forecast(
        self,
        fit: Fit,
        season_length: int,  # noqa: ARG002 - the network is for one season alone
        options: Options,
        h: int,
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Two years at once; what is further ahead goes on from their forecast."""
        seen = np.array(fit.states["last"], dtype=float)
        mean, variance = np.empty(0), np.empty(0)
        while len(mean) < h:
            lower, middle, upper = quantiles(seen[-WINDOW:], _number(options))
            before = variance[-1] if len(variance) else 0.0
            mean = np.concatenate([mean, middle])
            variance = np.concatenate([variance, ((upper - lower) / APART) ** 2 + before])
            seen = np.concatenate([seen, np.maximum(middle, 0.0)])
        return mean[:h], np.sqrt(variance[:h])


def _number(options: Options) -> int:
    return int(options.get("network") or NEWEST)

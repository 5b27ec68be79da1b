"""A family: each month again as the median of a few years, which one odd year cannot move."""

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models import Choice, Fit


class Median:
    """Holds no state: what a fit found stands in `Fit`, as values that JSON can hold."""

    name = "median"
    starts = ({"seasons": 3}, {"seasons": 5})

    def space(self, y, season_length, shortest):
        fitting = tuple(n for n in (2, 3, 4, 5) if (n + 1) * season_length <= shortest)
        return {"seasons": Choice(fitting)} if fitting else None

    def label(self, options):
        return f"Median of {options['seasons']}"

    def fit(self, y, season_length, options):
        seasons = options["seasons"]
        if len(y) < (seasons + 1) * season_length or not np.all(np.isfinite(y)):
            raise ModelError(f"a median of {seasons} seasons needs {seasons + 1} of finite data")
        n = seasons * season_length
        windows = np.lib.stride_tricks.sliding_window_view(y[:-1], n)
        said = np.median(windows.reshape(len(windows), seasons, season_length)[:, :, 0], axis=1)
        sigma = float(np.sqrt(np.mean((y[n:] - said) ** 2)))
        last = np.median(y[-n:].reshape(seasons, season_length), axis=0)
        return Fit({}, {"last": [float(value) for value in last]}, sigma)

    def forecast(self, fit, season_length, options, h):
        steps = np.arange(h)
        mean = np.array(fit.states["last"])[steps % season_length]
        return mean, fit.sigma * np.sqrt(1.0 + steps // season_length)

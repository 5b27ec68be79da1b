"""Series for tests: a trend, a season and noise, from a seed."""

import numpy as np

from forecastctl.records import Series


def seasonal_data(n=96, season_length=12, seed=0, level=1000.0, trend=3.0, noise=0.05):
    """Positive data with trend, a multiplicative season and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    shape = 1.0 + 0.3 * np.sin(2 * np.pi * t / max(season_length, 2) + seed)
    return (level + trend * t) * shape * np.exp(noise * rng.standard_normal(n))


def make_series(y, season_length=12, freq="M", airport="JFK"):
    if freq == "M":
        months = np.datetime64("2001-01", "M") + np.arange(len(y))
        ds = months.astype("datetime64[D]")
    else:
        ds = np.datetime64("2001-01-07") + np.arange(len(y)) * (7 if freq.startswith("W") else 1)
    return Series(airport, freq, season_length, ds, np.asarray(y, dtype=float), "0" * 64)

"""Panels of our own with a known noise: what an ideal forecaster would miss by is known."""

import math

import numpy as np
import pandas as pd

NOISE, DRIFT = 0.02, 0.005
"""Standard deviations of a month's own logarithm, and of the steps of its level."""

MONTHS = 96
FIRST = "2012-01-01"


def panel(seed, airports):
    """Months by airports: size, growth, a season of its own for each, a wandering level, noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(MONTHS)
    size = rng.lognormal(10.0, 0.6, (airports, 1))
    growth = rng.normal(0.03, 0.02, (airports, 1)) / 12
    peak = rng.normal(6.5, 1.0, (airports, 1))
    season = rng.uniform(0.08, 0.3, (airports, 1)) * np.cos(2 * np.pi * (t - peak) / 12)
    season = season + rng.normal(0.0, 0.04, (airports, 12))[:, t % 12]
    level = np.cumsum(rng.normal(0.0, DRIFT, (airports, MONTHS)), axis=1)
    noise = rng.normal(0.0, NOISE, (airports, MONTHS))
    y = size * np.exp(growth * t + level + season + noise)
    days = pd.date_range(FIRST, periods=MONTHS, freq="MS")
    return pd.DataFrame(y.T.round(2), index=days, columns=[f"A{i:02d}" for i in range(airports)])


def size_of(mean, actual, lead):
    """A miss in errors of an ideal forecaster, who knows how the panel was made."""
    if mean <= 0 or actual <= 0:
        return math.inf
    return abs(math.log(mean / actual)) / math.sqrt(NOISE**2 + lead * DRIFT**2)

"""Fits of every family whose kernels are compiled; imports nothing that compiles."""

import numpy as np

from forecastctl.models import family
from forecastctl.models.base import fit_prefixes
from tests.series import make_series, seasonal_data

MODELS = [
    ("holt_winters", {"trend": "damped", "seasonal": "mul", "initial": "estimated"}),
    ("holt_winters", {"trend": "none", "seasonal": "none", "initial": "estimated"}),
    ("ets", {"error": "mul", "trend": "add", "seasonal": "add", "initial": "heuristic"}),
    ("sarimax", {"p": 2, "d": 0, "q": 1, "P": 1, "D": 1, "Q": 1, "drift": True}),
    ("sarimax", {"p": 0, "d": 1, "q": 2, "P": 0, "D": 0, "Q": 2, "drift": False}),
    ("sarimax", {"p": 0, "d": 1, "q": 0, "P": 0, "D": 0, "Q": 0, "drift": True}),
    ("ces", {"seasonal": "full"}),
    ("theta", {"theta": "optimised", "seasonal": "add"}),
]


def bits(m, n):
    """Parameters, states and errors of every model on one series, to the last bit."""
    y = 300.0 + seasonal_data(n, m, seed=n)
    found = []
    for name, options in MODELS:
        given = {"smoothing": "estimated", "transform": "none", **options}
        for fit in fit_prefixes(family(name), make_series(y, m), (n - 1, n), given):
            numbers = [*fit.params.values(), *fit.states.values(), fit.sigma]
            found.append(np.hstack(numbers).tobytes().hex())
    return found

"""Series of few passengers: zeros and ones, small counts, spikes; and series that break models."""

from __future__ import annotations

import numpy as np

LENGTHS = (13, 14, 18, 24, 25, 30, 36, 40, 48, 60, 72, 96)


def intermittent(seed):
    """One series, never of zeros alone."""
    rng = np.random.default_rng(seed)
    n = int(rng.choice(LENGTHS))
    happens = rng.random(n) < rng.choice([0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8])
    start, gap = int(rng.integers(n)), int(rng.integers(1, 7))
    later = np.arange(n) >= start
    y = (
        happens * 1.0,
        happens * rng.poisson(2, n),
        happens * np.round(rng.lognormal(3, 2, n)),
        rng.poisson(0.3, n),
        later & (np.arange(n) % gap == 0),
        later * rng.poisson(0.5, n),
        (np.arange(n) % 12 == start % 12) * rng.poisson(3, n),
        (later & happens) * 1000.0,
    )[seed % 8]
    y = np.asarray(y, dtype=float)
    if not y.any():
        y[start] = 1.0
    return y


def extremes(n):
    """Series by name that a recursion or a transform may stumble over."""
    t, rng = np.arange(n), np.random.default_rng(n)
    wave = 1.0 + 0.1 * np.sin(2 * np.pi * t / 12) + 0.01 * rng.standard_normal(n)
    return {
        "zeros": np.zeros(n),
        "constant": np.full(n, 5.0),
        "spike first": np.where(t == 0, 1e9, 0.0),
        "spike last": np.where(t == n - 1, 1e9, 0.0),
        "spike on a constant": np.where(t == n - 1, 1e9, 5.0),
        "huge": 1e15 * wave,
        "tiny": 1e-6 * wave,
        "jump": np.where(t < n // 2, 3.0, 3e6),
        "fall": np.where(t < n // 2, 3e6, 3.0),
        "explosion": np.exp(0.3 * t),
    }

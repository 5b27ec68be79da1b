"""Cases of misses made from small series with real models."""

from dataclasses import replace

import numpy as np

from forecastctl.explain.case import Case
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.make import make_model
from forecastctl.records import FleetPoint, Member, Series, Specification, Trial

HW = make_model(
    "holt_winters",
    {
        "trend": "damped",
        "seasonal": "add",
        "transform": "none",
        "initial": "estimated",
        "smoothing": "estimated",
    },
)
NAIVE = make_model("seasonal_naive", {"drift": False})


def monthly(n, seed=0, noise=15.0, level=1000.0, start="2010-01"):
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    y = level + 2.0 * t + 0.2 * level * np.sin(2 * np.pi * t / 12) + rng.normal(0, noise, n)
    ds = np.arange(start, np.datetime64(start) + n, dtype="datetime64[M]")
    return Series("JFK", "M", 12, ds.astype("datetime64[D]"), y, "digest")


def make_case(n=72, lead=3, after=24, change=None, seed=0, model=HW, h=12, **more):
    """A forecast of ``n`` months, and the truth, which ``change(y, n)`` may alter.

    ``change`` gets the whole series and the position of the first month after the cutoff.
    """
    truth = monthly(n + after, seed)
    y = truth.y.copy()
    if change is not None:
        y = change(y, n)
    known = replace(truth, y=y)
    seen = replace(truth, ds=truth.ds[:n], y=more.pop("seen_y", y[:n]))
    fitted, _ = fit(seen, Specification((Member(model),)), backtest_errors=((20.0,) * h,) * 4)
    forecast = predict(fitted, h)
    actual = float(y[n + lead - 1])
    return Case(lead, forecast, actual, seen, known, fitted, **more)


def fleet(n, z, outside):
    """So many other airports, all alike."""
    return tuple(FleetPoint(f"A{i}", z, 1.0 - z / 20, outside, True) for i in range(n))


def trial(number, model, loss):
    return Trial(number, model, "ok", loss)

"""Random series, one model each, and what is promised of every interval.

    python -m tests.models.fuzz --series 1000000 --jobs 2

Prints how many series were fitted and how many forecasts broke a promise: all ends finite, none
below zero, wider levels holding narrower ones and the mean, and no end more than 20 ranges of the
data above their largest value (`forecastctl.models.combination.path.BOUND_SPANS`).
"""

from __future__ import annotations

import argparse
import math
import multiprocessing

import numpy as np

from forecastctl.errors import ModelError
from forecastctl.models.combination.fit_and_predict import fit, predict
from forecastctl.models.combination.path import BOUND_SPANS
from forecastctl.models.combination.widths import PRIOR, pool_widths
from forecastctl.models.make import make_model
from forecastctl.records import Member, Specification
from forecastctl.search.pool import (
    INTERMITTENT,
    INTERMITTENT_MEANS,
    INTERMITTENT_SEASONAL,
    PLAIN,
    SEASONAL,
)
from tests.series import make_series

COUNTS = [*INTERMITTENT, *INTERMITTENT_SEASONAL, *INTERMITTENT_MEANS]
MODELS = [make_model(name, options) for name, options in (*SEASONAL, *PLAIN, *COUNTS)]
LEVELS = (50, 80, 95, 99)
HORIZONS = (1, 12, 60)
PART = 5_000
KINDS = ("ones", "spikes", "jump", "huge", "tiny", "short", "growth", "collapse", "season", "any")


def fuzzed(rng: np.random.Generator) -> np.ndarray:
    """A series of one of `KINDS`, of 3 to 150 periods."""
    n = int(rng.integers(3, 150))
    t = np.arange(n)
    kind = KINDS[int(rng.integers(len(KINDS)))]
    match kind:
        case "ones":
            y = (rng.random(n) < rng.random()).astype(float)
        case "spikes":
            y = np.where(rng.random(n) < 0.05, 10.0 ** rng.uniform(0, 9), rng.poisson(3, n))
        case "jump":
            y = np.full(n, 10.0 ** rng.uniform(-2, 6))
            y[int(rng.integers(n)) :] *= 10.0 ** rng.uniform(-4, 4)
        case "huge":
            y = 10.0 ** rng.uniform(8, 14) * (1 + 0.1 * rng.standard_normal(n))
        case "tiny":
            y = 1e-6 * rng.random(n)
        case "short":
            y = 100.0 * rng.random(int(rng.integers(1, 14)))
        case "growth":
            y = np.exp(np.minimum(rng.uniform(-0.2, 0.2) * t, 25.0) + 0.1 * rng.standard_normal(n))
        case "collapse":
            y = np.where(t < n // 2, 10.0 ** rng.uniform(0, 6), rng.poisson(0.1, n))
        case "season":
            y = 1000.0 * (1 + np.sin(2 * np.pi * t / 12)) + 50.0 * rng.standard_normal(n)
        case _:
            y = rng.lognormal(rng.uniform(-2, 10), rng.uniform(0, 4), n)
    return np.maximum(np.nan_to_num(y, posinf=1e14), 0.0)


def broken(y: np.ndarray, found) -> str | None:
    """The first promise that a forecast breaks."""
    high, low = float(np.max(y)), float(np.min(y))
    most = high + BOUND_SPANS * ((high - low) or high or 1.0)
    if not (np.all(np.isfinite(found.mean)) and np.all(np.isfinite(found.sd))):
        return "not finite"
    inner = outer = found.mean
    for level in sorted(found.intervals):
        lo, hi = found.intervals[level]
        if not (np.all(np.isfinite(lo)) and np.all(np.isfinite(hi))):
            return f"{level} %: not finite"
        if np.any(lo < 0) or np.any(lo > inner) or np.any(hi < outer):
            return f"{level} %: not in order"
        if np.max(hi) > most * (1 + 1e-12):
            return f"{level} %: {np.max(hi):.3g} above {most:.3g}"
        inner, outer = lo, hi
    return None


def part(asked: tuple[int, int]) -> tuple[int, list[str]]:
    """Forecasts made of one part of the series, and what broke."""
    seed, count = asked
    rng = np.random.default_rng([20_261_126, seed])
    made, failures = 0, []
    for number in range(count):
        y = fuzzed(rng)
        model = MODELS[int(rng.integers(len(MODELS)))]
        sizes = [(10.0 ** rng.uniform(-3, 2, size=(2, 3))).tolist()]
        widths = pool_widths(sizes) if rng.random() < 0.1 else PRIOR
        spread = 10.0 ** rng.uniform(-2, 8) if rng.random() < 0.3 else 1.0
        specification = Specification((Member(model, 1.0),))
        try:
            with np.errstate(all="ignore"):
                fitted, _ = fit(make_series(y), specification, spread=spread, widths=widths)
        except ModelError:
            continue
        for h in HORIZONS:
            found = predict(fitted, h, LEVELS)
            made += 1
            why = broken(y, found)
            if why is not None:
                failures.append(f"seed {seed} number {number} {model.label} h {h}: {why}")
    return made, failures


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzzed series and the bounds of intervals")
    parser.add_argument("--series", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    parts = [(i, PART) for i in range(math.ceil(options.series / PART))]
    made, failures = 0, []
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for count, found in pool.imap_unordered(part, parts):
            made += count
            failures += found
    text = f"{len(parts) * PART:,} series, {made:,} forecasts, {len(failures)} broke a promise"
    print(text)  # noqa: T201
    for line in failures[:20]:
        print(" ", line)  # noqa: T201
    if failures:
        raise SystemExit(1)


if __name__ == "__main__":
    main()

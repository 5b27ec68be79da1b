"""Which models that are estimated over all airports are in the pool of one of them. Pure.

They err in other ways than models of one series do, and are worth most in the mean with these
(docs/explanation/accuracy.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models import family
from forecastctl.models.pooled import PLAIN, ROOT
from forecastctl.models.pooling import longest_window
from forecastctl.records.calendar import first_days, period_of
from forecastctl.search.folds import search_splits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecastctl.records import Options, SearchSpec, Series
    from forecastctl.search.folds import Split

POOLED = "pooled"
"""The family of these models."""


def pooled_models(*seasons: int) -> tuple[Options, ...]:
    """Options of the models of windows of so many seasons."""
    return tuple({"seasons": s, **form} for s in seasons for form in (PLAIN, ROOT))


def ends_of_fits(series: Series, search: SearchSpec) -> list[int]:
    """Lengths of the data that models of a series are fitted to, the shortest first.

    They are those of the origins of its backtest, and its own.
    """
    splits = search_splits(series.n, search, series.season_length)
    return [split.end for split in splits] + [series.n]


def days_of(series: Series, ends: Sequence[int]) -> list[str]:
    """First days of the last periods of the first so many, ISO format; no value is read."""
    first = period_of(series.cutoff, series.freq) - series.n
    return [str(day) for day in first_days(first + np.array(ends, dtype=np.int64), series.freq)]


def pooled_members(series: Series, splits: Sequence[Split]) -> tuple[tuple[str, Options], ...]:
    """Families and options of the pooled models of a series: those of the longest window.

    Of the windows that fit into the shortest training data, and of which enough was learned by each
    origin; there may be none.

    Args:
        series: The series, with what is known of its fleet.
        splits: Origins of its backtest.
    """
    if series.fleet is None or not splits:
        return ()
    days = days_of(series, [*(split.end for split in splits), series.n])
    of, fleet = family(POOLED), series.fleet
    for seasons in range(longest_window(series.season_length, splits[0].end), 0, -1):
        models = pooled_models(seasons)
        if all(fleet.known(days, of.label(options)) for options in models):
            return tuple((POOLED, options) for options in models)
    return ()

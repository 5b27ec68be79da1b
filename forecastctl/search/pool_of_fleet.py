"""Which models that are estimated over all airports are in the pool of one of them. Pure.

They err in other ways than models of one series do, and are worth most in the mean with these
(docs/explanation/accuracy.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecastctl.models import family
from forecastctl.models.pooled import PLAIN, ROOT
from forecastctl.models.pooling import lines_that_fit
from forecastctl.records.calendar import first_days, period_of
from forecastctl.search.folds import search_splits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from forecastctl.records import Options, SearchSpec, Series
    from forecastctl.search.folds import Split

POOLED = "pooled"
"""The family of these models."""


def pooled_models(seasons: Iterable[int]) -> tuple[Options, ...]:
    """Options of the models of these windows, those of the longest first."""
    longest_first = sorted(seasons, reverse=True)
    return tuple({"seasons": s, **transform} for s in longest_first for transform in (PLAIN, ROOT))


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
    """Families and options of the pooled models of a series; none where nothing was learned.

    Args:
        series: The series, with what is known of its fleet.
        splits: Origins of its backtest.
    """
    if series.fleet is None or not splits:
        return ()
    days = days_of(series, [*(split.end for split in splits), series.n])
    of, fleet = family(POOLED), series.fleet
    models = pooled_models(lines_that_fit(series.season_length, splits[0].end))
    return tuple((POOLED, o) for o in models if fleet.known(days, of.label(o)))

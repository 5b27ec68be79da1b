"""Rolling origins: where a series is cut for validation.

Tashman (2000), Out-of-sample tests of forecasting accuracy: an analysis and review.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forecastctl.records import SearchSpec

_ENOUGH_FOLDS = 2


@dataclass(frozen=True, slots=True)
class Split:
    """One origin: train on ``y[:end]``, validate on ``y[end:end + h]``."""

    end: int
    h: int


def rolling_splits(n: int, h: int, folds: int, step: int, min_train: int) -> tuple[Split, ...]:
    """Origins from the oldest to the newest, the newest validating on the last ``h`` periods.

    Where a series is too short for all that is asked, this is reduced, in this order: the number of
    folds down to two, the distance between origins, the validation horizon down to one period, and
    the second fold.

    Args:
        n: Observations.
        h: Periods validated at each origin, at least 1.
        folds: Origins at most, at least 1.
        step: Periods between origins, at least 1.
        min_train: Training observations at the oldest origin, at least 1.

    Returns:
        At most ``folds`` splits, all with the same horizon; none when ``n <= min_train``.
    """
    available = n - min_train
    least_folds = min(_ENOUGH_FOLDS, folds)
    for horizon in range(min(h, available), 0, -1):
        for_steps = available - horizon
        gap = min(step, for_steps) if least_folds > 1 else step
        count = min(folds, for_steps // gap + 1) if gap else 1
        if count >= least_folds:
            return _splits(n, horizon, count, gap)
    return _splits(n, min(h, available), 1, step) if available > 0 else ()


def validation_splits(
    n: int, h: int, folds: int, step: int | None, season_length: int
) -> tuple[Split, ...]:
    """Origins for a series with a season.

    Training windows hold two seasons, so that seasonal models can be fitted. Where that does not
    leave two folds of at least half the horizon, they hold one season and one observation.

    Args:
        n: Observations.
        h: Periods ahead of the forecast.
        folds: Origins at most.
        step: Periods between origins, or ``None`` for half of the horizon.
        season_length: Observations per season.
    """
    full = rolling_splits(n, h, folds, _gap(h, step), max(2 * season_length, _SHORTEST))
    if len(full) >= min(_ENOUGH_FOLDS, folds) and 2 * full[0].h >= h:
        return full
    relaxed = relaxed_splits(n, h, folds, step, season_length)
    better = len(relaxed) > len(full) or (bool(full) and relaxed[0].h > full[0].h)
    return relaxed if better else full


def relaxed_splits(
    n: int, h: int, folds: int, step: int | None, season_length: int
) -> tuple[Split, ...]:
    """The same with training windows of at least one season and one observation."""
    return rolling_splits(n, h, folds, _gap(h, step), max(season_length + 1, _SHORTEST))


def _gap(h: int, step: int | None) -> int:
    """Periods between origins: half of the horizon where nothing is said."""
    return step if step is not None else max(h // 2, 1)


def search_splits(n: int, search: SearchSpec, season_length: int) -> tuple[Split, ...]:
    """The origins that a search is judged at; none for a series that is too short for a search.

    Until half a season is judged, over all origins together, a backtest says less about a model
    than what is known of all series: that the seasonal naive is hard to beat. Where a search asks
    for less than that anyway (one origin, one period ahead), what it asks for is enough. Where
    windows of two seasons leave too little to judge, those of one season and one observation may
    leave enough.

    Args:
        n: Observations.
        search: Horizon, folds and step.
        season_length: Observations per season.
    """
    needed = min(math.ceil(season_length / 2), search.folds * search.horizon)
    asked = (n, search.horizon, search.folds, search.step, season_length)
    for splits in (validation_splits(*asked), relaxed_splits(*asked)):
        if sum(split.h for split in splits) >= needed:
            return splits
    return ()


_SHORTEST = 4
"""Fewest observations that anything is fitted to during validation."""


def _splits(n: int, h: int, folds: int, step: int) -> tuple[Split, ...]:
    return tuple(Split(n - h - step * i, h) for i in range(folds - 1, -1, -1))

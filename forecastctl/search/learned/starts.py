"""Where a search starts that knows earlier ones, and when it stops. Pure.

A start is only a suggestion: it is evaluated on the folds of the new search like any other trial.
So the searches learned from need not have had the same folds, families or effort.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.records.learning import (
    FLEET,
    OWN,
    PROPOSED,
    SIMILAR,
    Known,
    Learned,
    Past,
    Start,
)
from forecastctl.search.stopping import CLEAR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from forecastctl.records import Model, Trial

KEPT, KEPT_BEST, KEPT_OF_FAMILY = 16, 5, 3
"""Models of a search that are remembered: the best, and after these so many of a family at most, so
that many of nearly the same do not keep out the others."""

STARTS, OWN_STARTS, SIMILAR_STARTS = 11, 5, 3
"""Starts in all, of the airport itself, and of airports of similar shape; the rest is the fleet's.
With the baseline they are less than a quarter of a search of 50."""

NEIGHBOURS = 5
"""Airports of similar shape that are asked."""


def remember(
    airport: str, run_id: str, cutoff: str, features: Sequence[float], trials: Sequence[Trial]
) -> Past | None:
    """What is kept of a search for later ones; ``None`` where no trial succeeded.

    Args:
        airport: Identifier as spelt in the input.
        run_id: The airport's run.
        cutoff: First day of the last period that the search saw, ISO format.
        features: `forecastctl.search.learned.shape.shape` of the series.
        trials: All trials, in order.
    """
    good = [(t.loss, t.number, t.model) for t in trials if t.loss is not None and _new(t)]
    if not good:
        return None
    best = _various(sorted(good, key=lambda row: row[:2]))
    return Past(
        airport,
        run_id,
        cutoff,
        tuple(features),
        tuple(model for _, _, model in best),
        tuple(loss for loss, _, _ in best),
        *proposals(trials),
    )


def _various(ranked: Sequence[tuple[float, int, Model]]) -> list[tuple[float, int, Model]]:
    taken: Counter[str] = Counter()
    kept = []
    for rank, row in enumerate(ranked):
        taken[row[2].family] += 1
        if rank < KEPT_BEST or taken[row[2].family] <= KEPT_OF_FAMILY:
            kept.append(row)
    return kept[:KEPT]


def _new(trial: Trial) -> bool:
    return trial.duplicate_of is None


def proposals(trials: Sequence[Trial]) -> tuple[int, int]:
    """Number of trials that the search proposed, and of those that clearly improved on the best."""
    best, proposed, improved = math.inf, 0, 0
    for trial in trials:
        better = trial.loss is not None and trial.loss < best * (1.0 - CLEAR)
        if trial.number and trial.start in (None, *PROPOSED):
            proposed += 1
            improved += better
        if better and trial.loss is not None:
            best = trial.loss
    return proposed, improved


@dataclass(frozen=True, slots=True)
class Fleet:
    """Earlier searches of many airports, ready to be asked about each.

    Attributes:
        pasts: By airport, one search each.
        names: Airports with features, in the order of the table.
        table: Their features, one row each.
        spread: Median absolute deviation of each feature, one where there is none.
        winners: Models that together serve the most airports well, in order.
        shares: Share of each family among the winners.
        rate: Share of proposals that improved, by Laplace's rule of succession.
        runs: Ids of the jobs that the searches are from.
    """

    pasts: Mapping[str, Past]
    names: tuple[str, ...]
    table: NDArray[np.float64]
    spread: NDArray[np.float64]
    winners: tuple[Model, ...]
    shares: Mapping[str, float]
    rate: float
    runs: tuple[str, ...] = ()

    @classmethod
    def of(cls, pasts: Sequence[Past], runs: Sequence[str] = ()) -> Fleet:
        """Look at every search once.

        Args:
            pasts: At most one search per airport.
            runs: Ids of the jobs that these are from.
        """
        table = np.array([p.features for p in pasts]) if pasts else np.zeros((1, 0))
        spread = np.median(np.abs(table - np.median(table, axis=0)), axis=0)
        proposed, improved = (sum(getattr(p, k) for p in pasts) for k in ("proposed", "improved"))
        return cls(
            {p.airport: p for p in pasts},
            tuple(p.airport for p in pasts),
            table,
            np.where(spread > 0.0, spread, 1.0),
            tuple(portfolio(pasts, STARTS + OWN_STARTS)),
            _shares(pasts),
            (1.0 + improved) / (2.0 + proposed),
            tuple(runs),
        )

    def nearest(self, airport: str, features: Sequence[float]) -> list[Past]:
        """Other airports of the most similar shape: least distance in units of each spread.

        Args:
            airport: Identifier as spelt in the input.
            features: Its `shape`.
        """
        if not self.names:
            return []
        gaps = np.abs(self.table - np.asarray(features)) / self.spread
        distance = np.minimum(gaps, _FARTHEST).sum(axis=1)  # one odd feature does not decide alone
        some = np.argsort(distance, kind="stable")[: NEIGHBOURS + 1]
        names = [self.names[i] for i in some if self.names[i] != airport]
        return [self.pasts[name] for name in names[:NEIGHBOURS]]

    def learned(self, airport: str, features: Sequence[float]) -> Learned | None:
        """What a search of an airport can learn; ``None`` where there is nothing.

        Args:
            airport: Identifier as spelt in the input.
            features: Its `shape` now.
        """
        if not self.pasts:
            return None
        own = self.pasts.get(airport)
        near = self.nearest(airport, features)
        mine = own.best[:OWN_STARTS] if own is not None else ()
        starts = {m.key: Start(m, OWN) for m in mine}
        # What the airport cannot tell itself, the others make up for.
        wanted = SIMILAR_STARTS + (OWN_STARTS - len(starts)) // 2
        _extend(starts, portfolio(near, wanted, mine), SIMILAR, wanted)
        _extend(starts, self.winners, FLEET, STARTS - len(starts))
        shares = _mean([_shares([own] if own else []), _shares(near), self.shares])
        runs = ((own.run_id,) if own is not None else ()) + self.runs
        names = tuple(p.airport for p in near)
        known = zip(own.best, own.losses, strict=True) if own is not None else ()
        told = tuple(Known(model, loss) for model, loss in known)
        return Learned(tuple(starts.values()), shares, self.rate, runs, names, told)


_FARTHEST = 5.0


def _extend(starts: dict[str, Start], models: Sequence[Model], origin: str, count: int) -> None:
    """Add the first so many models that are not there yet."""
    fresh = [m for m in models if m.key not in starts]
    for model in fresh[: max(count, 0)]:
        starts[model.key] = Start(model, origin)


def portfolio(pasts: Sequence[Past], count: int, known: Sequence[Model] = ()) -> list[Model]:
    """Models that together serve the most airports well, the most useful first.

    A greedy portfolio: each model added is the one that helps most where those before do not. How
    good a model is for an airport is one over its rank there. So what wins often comes first, and
    then what wins where that does not.

    Args:
        pasts: Searches, one per airport.
        count: Models at most.
        known: Models that are tried anyway.
    """
    ranks: dict[str, dict[str, float]] = defaultdict(dict)
    models: dict[str, Model] = {}
    for past in pasts:
        for rank, model in enumerate(past.best, start=1):
            models.setdefault(model.key, model)
            ranks[model.key][past.airport] = 1.0 / rank
    served = dict.fromkeys((p.airport for p in pasts), 0.0)
    chosen: list[Model] = []
    for model in known:
        _serve(served, ranks.pop(model.key, {}))
    while ranks and len(chosen) < count:
        gains = {k: sum(max(v - served[a], 0.0) for a, v in r.items()) for k, r in ranks.items()}
        key = min(gains, key=lambda k: (-gains[k], k))
        if gains[key] <= 0.0:
            break
        chosen.append(models[key])
        _serve(served, ranks.pop(key))
    return chosen


def _serve(served: dict[str, float], good: Mapping[str, float]) -> None:
    for airport, value in good.items():
        served[airport] = max(served[airport], value)


def _shares(pasts: Sequence[Past]) -> dict[str, float]:
    """Share of each family among the winners, one over the rank of each model."""
    shares: dict[str, float] = defaultdict(float)
    for past in pasts:
        weights = [1.0 / rank for rank in range(1, len(past.best) + 1)]
        for model, weight in zip(past.best, weights, strict=True):
            shares[model.family] += weight / sum(weights) / len(pasts)
    return dict(shares)


def _mean(parts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of those shares that there are."""
    there = [part for part in parts if part]
    names = sorted({name for part in there for name in part})
    return {name: sum(part.get(name, 0.0) for part in there) / len(there) for name in names}

"""What a search takes over from earlier searches: models to start from, and when to stop. Pure.

A start is only a suggestion: it is evaluated on the folds of the new search like any other trial.
So the earlier searches may have had other folds, families or numbers of trials.
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
"""Models of a search that are kept: 16 at most, the 5 best whatever they are, and after these at
most 3 of a family, so that many nearly equal models do not displace all others."""

STARTS, OWN_STARTS, SIMILAR_STARTS = 11, 5, 3
"""Starts at most: in all, from the airport itself, and from airports of similar shape; the others
come from the whole fleet. With the baseline they are less than a quarter of a search of 50."""

NEIGHBOURS = 5
"""Airports of similar shape whose models may become starts."""


FARTHEST = 5.0
"""Most that one feature adds to the distance of two airports, so that one extreme feature does not
decide alone. The unit is the median absolute deviation of the feature."""


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
    succeeded = [
        (t.loss, t.number, t.model) for t in trials if t.loss is not None and t.duplicate_of is None
    ]
    if not succeeded:
        return None
    best = _best_models(sorted(succeeded, key=lambda row: row[:2]))
    proposed, improved = proposals(trials)
    return Past(
        airport=airport,
        run_id=run_id,
        cutoff=cutoff,
        features=tuple(features),
        best=tuple(model for _, _, model in best),
        losses=tuple(loss for loss, _, _ in best),
        proposed=proposed,
        improved=improved,
    )


def _best_models(ranked: Sequence[tuple[float, int, Model]]) -> list[tuple[float, int, Model]]:
    """The best models, and after these the next best of each family."""
    of_family: Counter[str] = Counter()
    kept = []
    for rank, row in enumerate(ranked):
        of_family[row[2].family] += 1
        if rank < KEPT_BEST or of_family[row[2].family] <= KEPT_OF_FAMILY:
            kept.append(row)
    return kept[:KEPT]


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
class PastSearches:
    """Earlier searches of many airports, with what is the same for every airport that learns.

    Attributes:
        pasts: By airport, one search each.
        names: Airports with features, in the order of the table.
        table: Their features, one row each.
        spread: Median absolute deviation of each feature, one where there is none.
        winners: Models that together serve the most airports well, in order.
        families: Families of the models that were kept, in alphabetical order.
        rate: Share of proposals that improved, by Laplace's rule of succession.
        runs: Ids of the jobs that the searches are from.
    """

    pasts: Mapping[str, Past]
    names: tuple[str, ...]
    table: NDArray[np.float64]
    spread: NDArray[np.float64]
    winners: tuple[Model, ...]
    families: tuple[str, ...]
    rate: float
    runs: tuple[str, ...] = ()

    @classmethod
    def of(cls, pasts: Sequence[Past], runs: Sequence[str] = ()) -> PastSearches:
        """Compute from the searches what all airports share.

        Args:
            pasts: At most one search per airport.
            runs: Ids of the jobs that these are from.
        """
        table = np.array([p.features for p in pasts]) if pasts else np.zeros((1, 0))
        spread = np.median(np.abs(table - np.median(table, axis=0)), axis=0)
        proposed, improved = (sum(getattr(p, k) for p in pasts) for k in ("proposed", "improved"))
        return cls(
            pasts={p.airport: p for p in pasts},
            names=tuple(p.airport for p in pasts),
            table=table,
            spread=np.where(spread > 0.0, spread, 1.0),
            winners=tuple(portfolio(pasts, STARTS + OWN_STARTS)),
            families=tuple(sorted({model.family for p in pasts for model in p.best})),
            rate=(1.0 + improved) / (2.0 + proposed),
            runs=tuple(runs),
        )

    def nearest(self, airport: str, features: Sequence[float]) -> list[Past]:
        """Searches of the airports of the most similar shape, the most similar first.

        Args:
            airport: Identifier as spelt in the input.
            features: Its `shape`.
        """
        if not self.names:
            return []
        gaps = np.abs(self.table - np.asarray(features)) / self.spread
        distance = np.minimum(gaps, FARTHEST).sum(axis=1)
        closest = np.argsort(distance, kind="stable")[: NEIGHBOURS + 1]
        names = [self.names[i] for i in closest if self.names[i] != airport]
        return [self.pasts[name] for name in names[:NEIGHBOURS]]

    def learned(self, airport: str, features: Sequence[float]) -> Learned | None:
        """What a search of an airport can learn; ``None`` where there is nothing.

        Args:
            airport: Identifier as spelt in the input.
            features: Its `shape` now.
        """
        if not self.pasts:
            return None
        past = self.pasts.get(airport)
        similar = self.nearest(airport, features)
        own_best = past.best[:OWN_STARTS] if past is not None else ()
        starts = {m.key: Start(m, OWN) for m in own_best}
        # Half of the starts that the airport lacks come from similar airports, half from the fleet.
        wanted = SIMILAR_STARTS + (OWN_STARTS - len(starts)) // 2
        _extend(starts, portfolio(similar, wanted, own_best), SIMILAR, wanted)
        _extend(starts, self.winners, FLEET, STARTS - len(starts))
        runs = ((past.run_id,) if past is not None else ()) + self.runs
        airports = tuple(p.airport for p in similar)
        return Learned(
            starts=tuple(starts.values()),
            families=self.families,
            rate=self.rate,
            runs=runs,
            airports=airports,
        )


def _extend(starts: dict[str, Start], models: Sequence[Model], origin: str, count: int) -> None:
    """Add at most so many models, the first that are not among the starts yet."""
    new = [m for m in models if m.key not in starts]
    for model in new[: max(count, 0)]:
        starts[model.key] = Start(model, origin)


def portfolio(pasts: Sequence[Past], count: int, known: Sequence[Model] = ()) -> list[Model]:
    """Models that together serve the most airports well, the most useful first.

    Models are chosen one by one. The value of a model for an airport is one over its rank there, an
    airport counts with the best value among the models chosen, and the next model is the one that
    raises the sum over the airports most. So the most frequent winner comes first, and next what
    wins where that one does not.

    Args:
        pasts: Searches, one per airport.
        count: Models at most.
        known: Models that are tried anyway; they count as chosen and are not returned.
    """
    ranks: dict[str, dict[str, float]] = defaultdict(dict)
    models: dict[str, Model] = {}
    for past in pasts:
        for rank, model in enumerate(past.best, start=1):
            models.setdefault(model.key, model)
            ranks[model.key][past.airport] = 1.0 / rank
    best = dict.fromkeys((p.airport for p in pasts), 0.0)
    chosen: list[Model] = []
    for model in known:
        _raise_values(best, ranks.pop(model.key, {}))
    while ranks and len(chosen) < count:
        gains = {k: sum(max(v - best[a], 0.0) for a, v in r.items()) for k, r in ranks.items()}
        key = min(gains, key=lambda k: (-gains[k], k))
        if gains[key] <= 0.0:
            break
        chosen.append(models[key])
        _raise_values(best, ranks.pop(key))
    return chosen


def _raise_values(best: dict[str, float], values: Mapping[str, float]) -> None:
    """Raise the best value of each airport to that of a model, where it is higher."""
    for airport, value in values.items():
        best[airport] = max(best[airport], value)

"""What is kept of earlier searches, and what a new search starts from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.records.models import Model

if TYPE_CHECKING:
    from collections.abc import Mapping

BASELINE = "baseline"
"""The seasonal naive, trial 0."""

OWN = "own"
"""A start that did well on the same airport before."""

SIMILAR = "similar"
"""A start that did well on airports of similar shape."""

FLEET = "fleet"
"""A start that did well on most airports of the fleet."""

SUGGESTED = (OWN, SIMILAR, FLEET)
"""Origins of the starts that earlier searches suggest."""

SHOCKS = "shocks"
"""One of the pool's first models, with shocks or without, to judge whether these are replaced."""

TERMS = "terms"
"""One of the pool's first models, with or without the effects of the calendar, events and other
regressors, to judge whether these are taken out."""

POOL = "pool"
"""A model that every search tries."""

FAMILY = "family"
"""A starting point of its family."""

RANDOM = "random"
"""Drawn at random by Hyperopt, while there are too few trials for its TPE."""

TPE = "tpe"
"""Proposed by Hyperopt's TPE, from the trials before it."""

RETIRED = ("near", "prior")
"""Proposed by a Gaussian process, in searches with `--learn` of earlier versions. No trial is made
with these origins any more, but stored ones have them."""

RETIRED_ALGORITHM = "surrogate"
"""The name of the algorithm in the runs of these searches."""

PROPOSED = (*RETIRED, RANDOM, TPE)
"""Origins of models that were proposed during a search; the others were known before it began."""

ORIGINS = (BASELINE, SHOCKS, TERMS, *SUGGESTED, POOL, FAMILY, *PROPOSED)
"""Every origin that a trial may have, in the order in which a search comes to them."""


def algorithm(by_origin: Mapping[str, int]) -> str:
    """Name of the algorithm that proposed trials in a search, as its run records it.

    Args:
        by_origin: Number of trials by origin.
    """
    if not by_origin:
        return "none"
    if TPE in by_origin:
        return "tpe.suggest"
    return "rand.suggest" if RANDOM in by_origin else "fixed candidates"


@dataclass(frozen=True, slots=True)
class Past:
    """The best models of one search of one airport, few enough for a fleet to be one file.

    Attributes:
        airport: Identifier as spelt in the input.
        run_id: The airport's run.
        cutoff: First day of the last period that the search saw, ISO format.
        features: Shape of the series, as `forecastctl.search.learned.shape.shape` has it.
        best: The best models of its trials, no model twice, the best first.
        losses: Their losses.
        proposed: Trials that were neither a start nor one of the pool.
        improved: Those among them that were clearly better than everything before them.
    """

    airport: str
    run_id: str
    cutoff: str
    features: tuple[float, ...]
    best: tuple[Model, ...]
    losses: tuple[float, ...]
    proposed: int = 0
    improved: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    """A model that a search tries first, and why.

    Attributes:
        model: What is tried.
        origin: `OWN`, `SIMILAR` or `FLEET`.
    """

    model: Model
    origin: str


@dataclass(frozen=True, slots=True)
class Learned:
    """What a search knows before it begins.

    Attributes:
        starts: Models to be tried first, in order.
        families: Families of the good models of all searches learned from. Their own starting
            points need not be tried again.
        rate: Share of the proposals that improved on everything before, in the searches learned
            from.
        runs: Ids of the runs learned from: the airport's own, then those of the jobs.
        airports: Airports of similar shape, the nearest first.
    """

    starts: tuple[Start, ...] = ()
    families: tuple[str, ...] = ()
    rate: float = 0.5
    runs: tuple[str, ...] = ()
    airports: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Number of starts by origin."""
        origins = [start.origin for start in self.starts]
        return {o: origins.count(o) for o in SUGGESTED if o in origins}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Learned:
        """Inverse of `to_dict`. Earlier versions wrote a share of each family as `prior`."""
        starts = tuple(Start(Model(**s["model"]), s["origin"]) for s in value["starts"])
        runs, airports = tuple(value["runs"]), tuple(value["airports"])
        families = tuple(value["families"] if "families" in value else value["prior"])
        return cls(starts, families, float(value["rate"]), runs, airports)

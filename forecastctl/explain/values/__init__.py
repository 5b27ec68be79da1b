"""What explain answers: frozen values whose fields are the keys of its JSON."""

from forecastctl.explain.values.answer import Answer
from forecastctl.explain.values.causes import (
    Alternative,
    AlternativeKind,
    BreakFacts,
    Candidate,
    ChangePart,
    Evidence,
    FleetAirport,
    FleetFacts,
    FleetSource,
    Part,
    Side,
    VerdictName,
    VintageChange,
)
from forecastctl.explain.values.fleet import FleetAnswer, FleetLine
from forecastctl.explain.values.form import plain
from forecastctl.explain.values.miss import (
    EffectFacts,
    ForecastFacts,
    Gap,
    Interval,
    Neighbour,
    Reconciled,
    Standing,
    Vintage,
)
from forecastctl.explain.values.origin import Attempt, Lineage, MemberFacts, ModelFacts, Pages

__all__ = [
    "Alternative",
    "AlternativeKind",
    "Answer",
    "Attempt",
    "BreakFacts",
    "Candidate",
    "ChangePart",
    "EffectFacts",
    "Evidence",
    "FleetAirport",
    "FleetAnswer",
    "FleetFacts",
    "FleetLine",
    "FleetSource",
    "ForecastFacts",
    "Gap",
    "Interval",
    "Lineage",
    "MemberFacts",
    "ModelFacts",
    "Neighbour",
    "Pages",
    "Part",
    "Reconciled",
    "Side",
    "Standing",
    "VerdictName",
    "Vintage",
    "VintageChange",
    "plain",
]

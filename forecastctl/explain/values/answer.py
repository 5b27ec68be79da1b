"""The whole answer of explain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from forecastctl.explain.values.causes import (
    Alternative,
    BreakFacts,
    Candidate,
    Evidence,
    FleetFacts,
    Part,
    VerdictName,
    VintageChange,
)
from forecastctl.explain.values.form import EMPTY, LEFT_OUT, plain
from forecastctl.explain.values.miss import (
    EffectFacts,
    ForecastFacts,
    Gap,
    Neighbour,
    Standing,
    Vintage,
)
from forecastctl.explain.values.origin import Attempt, Lineage, ModelFacts
from forecastctl.records import ExplainRules, Replay


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Why the forecast of one airport and period was so far off.

    Attributes:
        schema: Version of this form.
        airport: As asked.
        date: First day of the period.
        sentence: The answer in one sentence.
        actual: What came true, passengers; ``None`` where it is not known.
        actual_source: Where that is known from: a stored panel, or the data given with ``--data``.
        gap: The hole in the data, where the period has no value though later ones have; ``None``
            else: without an actual it is then not known yet.
        forecast: The forecast that is explained; ``None`` where the run failed.
        effects: What the forecast allowed for in this period of the calendar, of events and of
            other regressors, the largest effect first; left out where its model has none.
        miss: Forecast minus actual, passengers.
        miss_percent: The miss in percent of the actual.
        standing: The miss among the backtest errors.
        vintages: Every stored forecast of the period, latest cutoff first.
        verdict: One of the ten verdicts; ``None`` with ``--quick``.
        confidence: How sure the verdict is, from 0 to 1.
        evidence: What was looked at, the deciding number first.
        candidates: Every cause that was judged, the verdict's first, then by how much of the miss
            each explains.
        next_time: What to record or give so that the question can be answered.
        parts: The miss split into parts that sum to it.
        fleet: The other airports in the same period.
        break_: The break that the period stands in.
        alternatives: What other models on record would have said, nearest first.
        neighbours: The periods around this one on the same forecast path.
        replay: The stored forecast made again from stored parameters.
        vintage_change: What changed the number since the vintage before, or between the two of
            ``--between``.
        model: The specification with its parameters.
        lineage: What made the forecast.
        without_forecast: Runs of this airport that failed or were rejected.
        rules: Thresholds of the verdict; empty where none was looked for.
    """

    schema: Literal[2] = 2
    airport: str
    date: str
    sentence: str
    actual: float | None = None
    actual_source: str | None = None
    gap: Gap | None = None
    forecast: ForecastFacts | None = None
    effects: tuple[EffectFacts, ...] | None = field(default=None, metadata=LEFT_OUT)
    miss: float | None = None
    miss_percent: float | None = None
    standing: Standing | None = None
    vintages: tuple[Vintage, ...] = ()
    verdict: VerdictName | None = None
    confidence: float | None = None
    evidence: tuple[Evidence, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    next_time: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    fleet: FleetFacts | None = None
    break_: BreakFacts | None = None
    alternatives: tuple[Alternative, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    replay: Replay | None = None
    vintage_change: VintageChange | None = None
    model: ModelFacts
    lineage: Lineage
    without_forecast: tuple[Attempt, ...] = ()
    rules: ExplainRules | None = field(default=None, metadata=EMPTY)

    @property
    def decided_by(self) -> str | None:
        """Name of the evidence that decided."""
        return self.evidence[0].name if self.evidence else None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value; docs/reference/explain.md describes it."""
        found: dict[str, Any] = plain(self)
        return found

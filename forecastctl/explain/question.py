"""What is asked and what is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from forecastctl.records import ExplainRules, ExplainView


@dataclass(frozen=True, slots=True)
class Vintage:
    """One stored forecast of the period asked for."""

    airport: str
    origin: str
    made: str
    cutoff: str
    lead: int
    mean: float
    sd: float
    intervals: dict[str, dict[str, float]]
    model: str
    status: str
    command: str
    job_id: str
    run_id: str
    url: str | None
    date: str

    def to_dict(self, actual: float | None) -> dict[str, Any]:
        """Plain JSON value, with the miss where the actual is known."""
        value = {key: getattr(self, key) for key in self.__slots__ if key not in _ASKED}
        return {**value, "miss": None if actual is None else self.mean - actual}


_ASKED = ("airport", "date")


@dataclass(frozen=True, slots=True)
class Actual:
    """What came true, and where that is known from."""

    value: float
    source: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        airport: The airport, exactly as spelt in the data.
        date: ``YYYY-MM`` or ``YYYY-MM-DD``; the period that holds this day.
        cutoff: Explain the forecast from this cutoff; ``None`` for the newest live one.
        between: Two cutoffs whose forecasts are compared; ``None`` for the two newest.
        quick: Only what is recorded: nothing is fitted again, no verdict.
        rules: Thresholds of the verdict.
    """

    airport: str
    date: str
    cutoff: str | None = None
    between: tuple[str, str] | None = None
    quick: bool = False
    rules: ExplainRules = field(default_factory=ExplainRules)


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer.

    Attributes:
        facts: A plain JSON value; docs/reference/explain.md describes it.
        view: The series behind the charts, where they are stored.
    """

    facts: dict[str, Any]
    view: ExplainView | None = None

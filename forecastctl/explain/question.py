"""The question that explain is asked, and the answer with what its charts need."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forecastctl.records import ExplainRules

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from forecastctl.explain.values import Answer
    from forecastctl.records import ExplainView, StoredRun


@dataclass(frozen=True, slots=True)
class Actual:
    """The actual, and where it is from."""

    value: float
    source: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked.

    Attributes:
        airport: The airport, exactly as spelt in the data.
        date: ``YYYY-MM-DD``, ``YYYY-MM``, ``YYYYQn`` or the first/last day of a week: the period
            that holds it, which must not be shorter.
        cutoff: Explain the forecast from this cutoff; ``None`` for the newest live one.
        between: Two cutoffs whose forecasts are compared; ``None`` for the two newest.
        quick: Only what is recorded: nothing is fitted again, no verdict.
        rules: Thresholds of the verdict.
        all_attempts: Also forecasts that were made again since in the same job.
        verdict_only: Nothing that only the page of one airport shows: no parts, no replay, no
            charts, nothing about what changed since the forecast before.
    """

    airport: str
    date: str
    cutoff: str | None = None
    between: tuple[str, str] | None = None
    quick: bool = False
    rules: ExplainRules = field(default_factory=ExplainRules)
    all_attempts: bool = False
    verdict_only: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """The forecast that is asked about.

    Attributes:
        airport: Its airport.
        date: First day of the period.
        run: The run that made it.
        model_run: The run that trained the model behind it.
        runs: All runs of the airport, newest first.
    """

    airport: str
    date: dt.date
    run: StoredRun
    model_run: StoredRun
    runs: Sequence[StoredRun]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer, and what its charts are drawn from.

    Attributes:
        answer: Everything that is said.
        view: The series behind the charts, where they are stored.
    """

    answer: Answer
    view: ExplainView | None = None

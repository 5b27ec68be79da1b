"""What a report says, as plain values. Pure.

Dates are first days of periods in ISO format, numbers are passengers unless they say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.explain.question import Explanation
    from forecastctl.explain.values import FleetAnswer, FleetLine
    from forecastctl.report.outcomes import GroupScore, LeadScore, Outcome, PastVerdict


@dataclass(frozen=True, slots=True)
class Line:
    """Values over time.

    Attributes:
        ds: First day of each period.
        y: Values, as many.
    """

    ds: tuple[str, ...] = ()
    y: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Fan:
    """A forecast with its intervals.

    Attributes:
        cutoff: First day of the last period that the model had seen.
        ds: First day of each period forecast.
        mean: Point forecasts.
        bands: Lower and upper ends by level in percent.
    """

    cutoff: str
    ds: tuple[str, ...]
    mean: tuple[float, ...]
    bands: Mapping[int, tuple[tuple[float, ...], tuple[float, ...]]]

    @property
    def line(self) -> Line:
        """The point forecasts."""
        return Line(self.ds, self.mean)

    @property
    def widest(self) -> int | None:
        """The highest level, in percent; ``None`` without intervals."""
        return max(self.bands, default=None)


@dataclass(frozen=True, slots=True)
class TrialPoint:
    """One evaluation of a search.

    Attributes:
        number: Its place, from 0.
        model: What was evaluated.
        status: ``ok``, ``failed`` or ``pruned``.
        loss: Backtest loss; ``None`` where there is none.
        reason: Why it failed or was pruned.
        weight: Its share of the combination that was chosen; ``None`` where it has none.
    """

    number: int
    model: str
    status: str
    loss: float | None
    reason: str | None
    weight: float | None


@dataclass(frozen=True, slots=True)
class Search:
    """How an airport's model was chosen.

    Attributes:
        errors: Forecast minus actual in the backtest, by fold and lead.
        baseline_loss: Loss of the seasonal naive on the same folds.
        trials: What was evaluated, in order.
        run_id: The run that holds it.
    """

    errors: tuple[tuple[float, ...], ...] = ()
    baseline_loss: float | None = None
    trials: tuple[TrialPoint, ...] = ()
    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class AirportFacts:
    """Everything that a report says about one airport.

    Attributes:
        airport: As spelt in the data.
        status: As in `forecastctl.records.Status`.
        reason: Why it has it, where it is not ``ok``.
        model: The specification in short.
        loss: Its backtest loss.
        history: What came true, as far as it is known now.
        fan: The forecast; ``None`` where there is none.
        search: How the model was chosen; ``None`` where that is not on record.
        miss: The verdict about the newest period that came true; ``None`` where there is none.
        outcomes: The newest periods that came true, with the earlier forecasts of them, oldest
            first.
        verdicts: What earlier reports said of its periods, oldest first.
        run_id: Its run; ``None`` where the job made none.
        url: Page of that run, where the store has pages.
    """

    airport: str
    status: str
    reason: str | None = None
    model: str | None = None
    loss: float | None = None
    history: Line = Line()
    fan: Fan | None = None
    search: Search | None = None
    miss: FleetLine | None = None
    outcomes: tuple[Outcome, ...] = ()
    verdicts: tuple[PastVerdict, ...] = ()
    run_id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class JobFacts:
    """The job that a report is about.

    Attributes:
        job_id: Its id.
        command: The command that made it.
        status: ``ok``, ``partial`` or ``failed``.
        origin: ``live``, or ``backtest`` for replayed history.
        started_ms: When it began, milliseconds since the epoch.
        ended_ms: When it ended.
        counts: Airports by status, and in all as ``total``.
        freq: pandas period alias.
        season_length: Periods per season.
        horizon: Periods ahead; ``None`` where the job does not forecast.
        loss: What the searches minimised.
        source: Where the data are from, without secrets.
        panel_digest: SHA-256 of the panel.
        config_digest: SHA-256 of the settings that can change a forecast.
        experiment: Name of the experiment.
        options: What commands about it are to be given besides, such as `` --experiment x``.
        run_id: Its run.
        url: Page of that run, where the store has pages.
        warnings: What a user should know of the whole panel, one sentence each.
        left: Airports and groups that are not done, because the job ended early.
        stopped: Why it did.
        sums: Number of sums over airports that are forecast besides.
    """

    job_id: str
    command: str
    status: str
    origin: str
    started_ms: int
    ended_ms: int | None
    counts: Mapping[str, int]
    freq: str
    season_length: int
    horizon: int | None
    loss: str | None
    source: str | None
    panel_digest: str
    config_digest: str
    experiment: str
    options: str
    run_id: str
    url: str | None
    warnings: tuple[str, ...] = ()
    left: int = 0
    stopped: str | None = None
    sums: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """An airport that is not what it was in the job before.

    Attributes:
        airport: As spelt in the data.
        before: What it was.
        after: What it is.
    """

    airport: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different from the job before.

    Attributes:
        job_id: That job.
        started_ms: When it began, milliseconds since the epoch.
        added: Airports that it did not have.
        gone: Airports that only it has.
        status: Airports with another status.
        model: Airports with another model.
    """

    job_id: str
    started_ms: int
    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    status: tuple[Change, ...] = ()
    model: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Watched:
    """What the newest run of the monitor found.

    Attributes:
        at_ms: When it ran, milliseconds since the epoch.
        sentence: Its answer.
        degraded: Airports that it calls degraded.
    """

    at_ms: int
    sentence: str
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Freshness:
    """How new the data are.

    Attributes:
        newest: First day of the newest period of any airport; ``None`` without data.
        behind: Airports that end earlier, with the first day of their last period, oldest first.
        airports: Airports with data.
    """

    newest: str | None = None
    behind: tuple[tuple[str, str], ...] = ()
    airports: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report.

    Attributes:
        job: The job that it is about.
        airports: Each of its airports, in the order of the job.
        freshness: How new the data are.
        misses: The verdicts about the newest period that came true; ``None`` where there is none.
        explanations: The whole answer about the largest of these misses, by airport.
        leads: How forecasts did whose periods came true, by lead.
        groups: The same by group of airports.
        watched: What the monitor found; ``None`` where it has not run.
        changes: What is different from the job before; ``None`` where there is none.
        unread: What could not be read, one sentence each.
    """

    job: JobFacts
    airports: tuple[AirportFacts, ...]
    freshness: Freshness = Freshness()
    misses: FleetAnswer | None = None
    explanations: Mapping[str, Explanation] = field(default_factory=dict)
    leads: tuple[LeadScore, ...] = ()
    groups: tuple[GroupScore, ...] = ()
    watched: Watched | None = None
    changes: Changes | None = None
    unread: tuple[str, ...] = ()

"""What the functions of Python return: frozen values that a notebook shows as tables."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from forecastctl.explain.values import Answer, Part, VerdictName
    from forecastctl.records import ExplainView

SHOWN = 20
"""Rows of a table in a notebook."""


@dataclass(frozen=True, slots=True)
class AirportFailure:
    """An airport without a forecast, and why.

    Attributes:
        unique_id: The airport.
        status: ``failed``, or ``rejected`` where its data cannot be used.
        reason: Why.
    """

    unique_id: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, repr=False)
class JobResult:
    """What a job ended with.

    Attributes:
        job_id: Id that the runs of the job share; ``explain``, ``history`` and ``report`` take it.
        run_id: The job's own run in MLflow.
        status: ``ok``, ``partial`` (some airports failed) or ``failed`` (nothing succeeded).
        counts: Airports by status, and in all.
        forecasts: A frame like the one given: ``unique_id``, ``ds``, ``forecastctl`` and
            ``forecastctl-lo-L``, ``forecastctl-hi-L`` for each level. Without rows where the job
            makes no forecasts.
        airports: A frame with a row for each airport of the data: ``unique_id``, ``status``,
            ``reason``, ``loss``, ``model``, ``run_id``.
        failures: Those without a forecast because they failed or were rejected.
        warnings: What a user should know of the data, one sentence each.
        exit_code: What the command would end with: 0 where all is well, see the exit codes.
        waiting: What of the record waits for a store that was away; ``None`` where it has all.
        summary: All of it, as ``forecastctl run --json`` prints it.
    """

    job_id: str
    run_id: str
    status: str
    counts: Mapping[str, int]
    forecasts: Any
    airports: Any
    failures: tuple[AirportFailure, ...]
    warnings: tuple[str, ...]
    exit_code: int
    waiting: Mapping[str, Any] | None
    summary: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<JobResult {self.job_id}: {self.status}; {tally(self.counts)}>"

    def _repr_html_(self) -> str:
        rows = [
            (line["airport"], line["status"], line["loss"], line["model"], line["reason"])
            for line in self.summary["results"]
        ]
        head = ("unique_id", "status", "loss", "model", "reason")
        title = f"job {self.job_id}: {self.status}"
        return shown(title, tally(self.counts), head, rows, self.warnings)


@dataclass(frozen=True, slots=True, repr=False)
class BacktestResult:
    """What a backtest ended with.

    Attributes:
        backtest_id: The same for the same data, settings and origins.
        status: ``ok``, or ``partial`` where an airport failed at an origin or something is left.
        counts: Airports of all origins by status, and in all.
        forecasts: A frame like the one given, as ``cross_validation`` of other libraries:
            ``unique_id``, ``ds``, ``cutoff``, ``y``, ``forecastctl`` and its intervals.
        scores: A frame of the errors by lead.
        failures: Airports that failed or were rejected, with the reason at the last origin.
        exit_code: What the command would end with.
        waiting: As in `JobResult`.
        summary: All of it, as ``forecastctl backtest --json`` prints it.
    """

    backtest_id: str
    status: str
    counts: Mapping[str, int]
    forecasts: Any
    scores: Any
    failures: tuple[AirportFailure, ...]
    exit_code: int
    waiting: Mapping[str, Any] | None
    summary: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"<BacktestResult {self.backtest_id}: {self.status}; {tally(self.counts)}>"

    def _repr_html_(self) -> str:
        scores = self.summary["scores"]
        head = list(scores[0]) if scores else []
        rows = [[row[name] for name in head] for row in scores]
        title = f"backtest {self.backtest_id}: {self.status}"
        return shown(title, tally(self.counts), head, rows, ())


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """Why the forecast of an airport and a period was so far off.

    Attributes:
        answer: Everything that is said, key by key as the reference of ``explain`` names it.
        view: The series behind the charts, where they are stored.
    """

    answer: Answer
    view: ExplainView | None = None

    def __repr__(self) -> str:
        return f"<Explanation: {self.sentence}>"

    @property
    def sentence(self) -> str:
        """The answer in one sentence."""
        return self.answer.sentence

    @property
    def verdict(self) -> VerdictName | None:
        """One of the ten verdicts; ``None`` where none was looked for."""
        return self.answer.verdict

    @property
    def parts(self) -> tuple[Part, ...]:
        """The miss split into parts that sum to it."""
        return self.answer.parts

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value: what ``forecastctl explain --json`` prints."""
        return self.answer.to_dict()

    def html(self) -> str | None:
        """The page with its charts, which needs no network; ``None`` where nothing is drawn."""
        from forecastctl.explain.page.page import explanation_page

        return None if self.view is None else explanation_page(self.answer, self.view)

    def _repr_html_(self) -> str:
        """The page in a frame of its own, so that its style stays there; else the sentence."""
        page = self.html()
        if page is None:
            return f"<p><b>{escape(self.sentence)}</b></p>"
        style = "width:100%;height:720px;box-sizing:border-box;border:1px solid #9aa5b1"
        return f'<iframe sandbox style="{style}" srcdoc="{escape(page)}"></iframe>'


def tally(counts: Mapping[str, int]) -> str:
    """``8 airports: 7 ok, 1 rejected``."""
    found = [f"{n} {name}" for name, n in counts.items() if n and name != "total"]
    return f"{counts['total']} airports: {', '.join(found)}" if found else "no airports"


def shown(
    title: str,
    text: str,
    head: Sequence[str],
    rows: Sequence[Iterable[object]],
    warnings: Iterable[str],
) -> str:
    """A title, a sentence and a table in HTML, in the style of the page that shows it.

    Args:
        title: What it is about.
        text: The sentence.
        head: Names of the columns.
        rows: Cells of each row; ``None`` is shown as nothing.
        warnings: Shown below.
    """
    cells = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows[:SHOWN])
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    more = f"<p>and {len(rows) - SHOWN:,} more</p>" if len(rows) > SHOWN else ""
    said = "".join(f"<p>warning: {escape(warning)}</p>" for warning in warnings)
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{cells}</tbody></table>" if rows else ""
    return f"<div><p><b>{escape(title)}</b><br>{escape(text)}</p>{table}{more}{said}</div>"


def _cell(value: object) -> str:
    """A cell; notebooks align all cells to the right, as is right for numbers alone."""
    if isinstance(value, str):
        return f'<td style="text-align:left">{escape(value)}</td>'
    return f"<td>{'' if value is None else escape(_number(value))}</td>"


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

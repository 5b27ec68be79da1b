"""From what a job or a backtest ended with to what Python is given."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from forecastctl.api.ending import exit_code
from forecastctl.api.frames import ID, columns_out, forecasts_out, rows_out
from forecastctl.api.results import AirportFailure, BacktestResult, JobResult
from forecastctl.records import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from forecastctl.api.compose import Session
    from forecastctl.api.ending import Done
    from forecastctl.api.frames import Form
    from forecastctl.backtest.summary import BacktestSummary
    from forecastctl.jobs.summary import Summary

log = logging.getLogger(__name__)

LINE = ("status", "reason", "loss", "model", "run_id")
WITHOUT = (Status.FAILED, Status.REJECTED)


def job_result(session: Session, form: Form, done: Done[Summary]) -> JobResult:
    """What a job ended with.

    Args:
        session: Its settings.
        form: The form of its frames.
        done: What became of it.

    Raises:
        OutputError: The forecasts could not be written where the settings say.
    """
    ending = done.ending
    summary = ending.summary
    if done.unwritten is not None:
        raise done.unwritten
    lines = [line.to_dict() for line in summary.lines]
    columns = {ID: [line["airport"] for line in lines]}
    columns |= {name: [line[name] for line in lines] for name in LINE}
    columns["status"] = list(map(str, columns["status"]))
    return JobResult(
        job_id=summary.job_id,
        run_id=summary.run_id,
        status=summary.status,
        counts=summary.counts,
        forecasts=forecasts_out(summary.table, form),
        airports=columns_out(columns, form),
        failures=tuple(
            AirportFailure(line.airport, str(line.status), line.reason or "")
            for line in summary.lines
            if line.status in WITHOUT
        ),
        warnings=summary.warnings,
        exit_code=exit_code(
            ending, strict=session.settings.run.rejected == "fail", whole=done.whole
        ),
        waiting=_waiting(ending.waits),
        summary={**summary.to_dict(), **ending.waits},
    )


def backtest_result(session: Session, form: Form, done: Done[BacktestSummary]) -> BacktestResult:
    """What a backtest ended with: see `job_result`."""
    ending = done.ending
    summary = ending.summary
    return BacktestResult(
        backtest_id=summary.backtest_id,
        status=summary.status,
        counts=summary.counts,
        forecasts=forecasts_out(summary.table, form, session.given, cutoffs=True),
        scores=rows_out([_score(row) for row in summary.scores], ("lead",), form),
        failures=tuple(
            AirportFailure(row["airport"], str(row["status"]), row["reason"] or "")
            for row in summary.trouble()
            if row["status"] in WITHOUT
        ),
        exit_code=exit_code(
            ending, strict=session.settings.run.rejected == "fail", whole=done.whole
        ),
        waiting=_waiting(ending.waits),
        summary={**summary.to_dict(), **ending.waits},
    )


def _score(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of scores with a column for the coverage of each level, and leads as text."""
    found = {key: value for key, value in row.items() if key != "coverage"}
    shares = row.get("coverage") or {}
    return {**found, "lead": str(row["lead"]), **{f"coverage-{k}": v for k, v in shares.items()}}


def _waiting(waits: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What of a record waits, which is logged as well."""
    found: Mapping[str, Any] | None = waits.get("waiting")
    if found is not None:
        log.warning("this job is not in its store yet: %s", found["lost"] or found["reason"])
    return found

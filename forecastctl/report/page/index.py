"""What the first page says, in words. Pure."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from forecastctl.figures import counted, number, percent, period, signed
from forecastctl.records import Status
from forecastctl.records.calendar import SEASON_LENGTHS, iso
from forecastctl.records.calendar import counted as counted_periods
from forecastctl.records.schema import File
from forecastctl.report.page.fleet import totals, usual_periods
from forecastctl.report.page.moment import moment
from forecastctl.report.page.sections import accuracy, changes, data, misses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from forecastctl.report.page.fleet import Total, Usual
    from forecastctl.report.values import JobFacts, Report

DIGEST_SHOWN: Final = 12


def index_content(report: Report) -> dict[str, Any]:
    """Everything that the template of the first page takes."""
    job, usual = report.job, usual_periods(report)
    parts = {
        "misses": misses(report),
        "accuracy": accuracy(report),
        "changes": changes(report),
    }
    return {
        "job": job,
        "title": f"Fleet report, job {job.job_id}",
        "headline": _headline(report, usual),
        "subline": _subline(report, usual),
        "started": iso(job.started_ms),
        "started_text": moment(job.started_ms),
        "notices": _notices(job),
        "tiles": _tiles(report, usual),
        "counts": _counts(report),
        "places": _places(parts),
        "misses": parts["misses"],
        "usual": {"last": usual.last or "", "following": usual.following or ""},
        "columns": tuple(_columns(report, usual)),
        "accuracy": parts["accuracy"],
        "changes": parts["changes"],
        "data": data(report),
        "unread": report.unread,
        "facts": tuple(_facts(job)),
        "commands": _commands(report),
        "site": str(File.REPORT_SITE),
    }


def _headline(report: Report, usual: Usual) -> str:
    made = sum(facts.fan is not None for facts in report.airports)
    if not made:
        return f"{counted(len(report.airports), 'airport')}, none of them forecast"
    ends = dict.fromkeys(period(day, report.job.freq) for day in (usual.ahead[0], usual.ahead[-1]))
    return f"{counted(made, 'airport')} forecast, {' to '.join(ends)}"


def _subline(report: Report, usual: Usual) -> str:
    known = "" if usual.last is None else f"Data through {period(usual.last, report.job.freq)}."
    loss, name = _median_loss(report), report.job.loss or "loss"
    if loss is None:
        return known
    return f"{known} Median {name} of the backtests {number(loss)}.".strip()


def _median_loss(report: Report) -> float | None:
    losses = [a.loss for a in report.airports if a.loss is not None]
    return median(losses) if losses else None


def _notices(job: JobFacts) -> list[str]:
    """What a reader has to know before all else."""
    lines = []
    if job.left:
        why = f" {job.stopped}" if job.stopped else ""
        lines.append(f"The job ended before {counted(job.left, 'airport')} were done.{why}")
    return [*lines, *job.warnings]


def _tiles(report: Report, usual: Usual) -> list[dict[str, str]]:
    job = report.job
    tiles = [
        _total_tile(total, job.freq, job.season_length) for total in totals(report, usual.ahead)
    ]
    if report.leads:
        lead = report.leads[0]
        note = f"{counted_periods(lead.lead, job.freq)} ahead, {counted(lead.n, 'forecast')}"
        if lead.coverage95 is not None:
            tile = {"name": "In the 95 % interval", "value": percent(lead.coverage95)}
            tiles.append({**tile, "note": note})
        if lead.bias_percent is not None:
            side = "too high" if lead.bias_percent > 0 else "too low"
            tile = {"name": "Bias", "value": f"{signed(lead.bias_percent)} %"}
            tiles.append({**tile, "note": f"{side}, {counted_periods(lead.lead, job.freq)} ahead"})
    return tiles


def _total_tile(total: Total, freq: str, season: int) -> dict[str, str]:
    name = period(total.first, freq)
    if total.periods > 1:
        name = f"{counted_periods(total.periods, freq)} to {period(total.last, freq)}"
    note = counted(total.airports, "airport")
    if total.change is not None:
        note += f", {signed(total.change)} % on the {_cycle(freq, season)} before"
        if total.compared < total.airports:
            note += f" where that is known ({total.compared:,})"
    return {"name": f"Forecast, {name}", "value": number(total.passengers), "note": note}


def _cycle(freq: str, season_length: int) -> str:
    """What comes round with a season, in a word."""
    yearly = freq[0] != "D" and season_length == SEASON_LENGTHS[freq[0]]
    return "year" if yearly else "season"


def _counts(report: Report) -> list[dict[str, str]]:
    """Airports by status, those with trouble last, as the statuses are listed."""
    found = Counter(facts.status for facts in report.airports)
    return [{"status": str(s), "text": f"{found[s]:,}"} for s in Status if found[s]]


def _places(parts: dict[str, Any]) -> list[dict[str, str]]:
    """The sections that the page has, in their order."""
    names = {
        "misses": "Newest misses",
        "airports": "Airports",
        "accuracy": "How the forecasts have done",
        "changes": "Changes",
        "data": "Data",
        "job": "The job",
    }
    return [{"id": k, "name": v} for k, v in names.items() if parts.get(k, True)]


def _columns(report: Report, usual: Usual) -> Iterable[tuple[str, str]]:
    """Titles of columns that are not the same in every report."""
    job = report.job
    yield "loss", f"{job.loss} in backtest" if job.loss else "Backtest loss"
    if usual.last:
        yield "last", period(usual.last, job.freq)
    if usual.following:
        yield "next", f"Forecast, {period(usual.following, job.freq)}"
        span = counted_periods(min(len(usual.ahead), job.season_length), job.freq)
        yield "change", f"{span} on the {_cycle(job.freq, job.season_length)} before"
    if report.misses:
        yield "miss", f"Miss, {period(report.misses.date, job.freq)}"


def _facts(job: JobFacts) -> Iterable[dict[str, Any]]:
    """What the job was made with, by name."""
    took = None if job.ended_ms is None else (job.ended_ms - job.started_ms) / 1000
    facts: dict[str, tuple[str | None, str]] = {
        "Job": (job.job_id, "code"),
        "Command": (job.command, "code"),
        "Started": (moment(job.started_ms), ""),
        "Took": (None if took is None else f"{number(took)} s", ""),
        "Data": (job.source, "code"),
        "Panel": (job.panel_digest[:DIGEST_SHOWN], "code"),
        "Settings": (job.config_digest[:DIGEST_SHOWN], "code"),
        "Experiment": (job.experiment, ""),
        "Run": (job.run_id, "code"),
        "Sums": (f"{job.sums:,}, in the forecasts of the job" if job.sums else None, ""),
    }
    for name, (value, kind) in facts.items():
        if value:
            href = job.url if name == "Run" and job.url else ""
            yield {"name": name, "value": value, "code": kind == "code", "href": href}


def _commands(report: Report) -> list[str]:
    job = report.job
    asked = ("history airports", "report", "ui")
    return [f"forecastctl {command} --job {job.job_id}{job.options}" for command in asked]

"""The sections of the first page as its template takes them; ``None`` for one left out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from forecastctl.explain.page import words
from forecastctl.figures import counted, number, percent, period, signed
from forecastctl.recording.context import airport_key
from forecastctl.records.calendar import iso
from forecastctl.records.schema import BACKTEST
from forecastctl.report.page.data import explained_path
from forecastctl.report.page.moment import moment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from forecastctl.explain.values import FleetLine
    from forecastctl.report.outcomes import GroupScore, LeadScore
    from forecastctl.report.values import Change, Report, Watched

WORST_SHOWN: Final = 10
NAMED: Final = 60
"""Airports that are named in a list at most."""

MEASURES: Final = ("Mean error", "Against expected", "Bias", "In the 80 %", "In the 95 %")
LEAD_COLUMNS: Final = ("Ahead", "Forecasts", *MEASURES)
GROUP_COLUMNS: Final = ("Group", "Airports", "Forecasts", *MEASURES)
GROUPS_SHOWN: Final = 100


def misses(report: Report) -> dict[str, Any] | None:
    """The verdicts about the newest period that came true."""
    answer = report.misses
    if answer is None:
        return None
    judged = [line for line in answer.airports if line.miss is not None]
    names = {facts.airport for facts in report.airports}
    when = period(answer.date, report.job.freq)
    most = max(answer.counts.values(), default=1)
    bars = [
        {"name": words.LABELS[verdict], "count": f"{n:,}", "width": round(100 * n / most, 1)}
        for verdict, n in answer.counts.items()
    ]
    return {
        "title": f"The newest period that came true: {when}",
        "sentence": answer.sentence,
        "bars": bars,
        "bars_text": "; ".join(f"{bar['name']}: {bar['count']}" for bar in bars),
        "worst": "Largest misses" if len(judged) > 1 else "The miss",
        "rows": [_missed(line, report, names, when) for line in judged[:WORST_SHOWN]],
        "command": f"forecastctl explain --date {answer.date}{report.job.options}",
    }


def _missed(
    line: FleetLine, report: Report, names: Collection[str], when: str
) -> dict[str, str | None]:
    sure, found = line.confidence, report.explanations.get(line.airport)
    return {
        "airport": line.airport,
        "key": _key(line.airport, names),
        "forecast": number(line.forecast),
        "actual": number(line.actual),
        "miss": signed(line.miss),
        "percent": "" if line.miss_percent is None else f"{signed(line.miss_percent)} %",
        "label": line.label,
        "sure": "" if sure is None else f"{percent(sure)} confidence",
        "sentence": line.sentence.removeprefix(f"{line.airport}, {when}: "),
        "page": explained_path(line.airport) if found and found.view else None,
    }


def _key(airport: str, names: Collection[str]) -> str | None:
    """Digest under which an airport's page is found; ``None`` of one that the report lacks."""
    return airport_key(airport) if airport in names else None


def accuracy(report: Report) -> dict[str, Any] | None:
    """How forecasts did by lead and by group, and what the monitor found."""
    if not report.leads and report.watched is None:
        return None
    return {
        "watched": None if report.watched is None else _watched(report.watched, report),
        "leads": _leads(report) if report.leads else None,
        "groups": _groups(report),
    }


def _leads(report: Report) -> dict[str, Any]:
    of = "backtests" if report.job.origin == BACKTEST else "earlier jobs"
    total = sum(lead.n for lead in report.leads)
    note = (
        f"{counted(total, 'forecast')} of {of} that came true in the newest periods, by periods "
        "ahead. Bias above zero: too high. Against expected: the mean size of an error over that "
        "which the intervals led to expect; 1 is as stated. Last, the share of actuals inside the "
        "intervals."
    )
    return {"note": note, "columns": LEAD_COLUMNS, "rows": [_lead(row) for row in report.leads]}


def _groups(report: Report) -> list[dict[str, Any]]:
    """A table for each column of groups."""
    columns = dict.fromkeys(score.column for score in report.groups)
    tables = []
    for column in columns:
        scores = [score for score in report.groups if score.column == column]
        more = len(scores) - GROUPS_SHOWN
        rows = [
            (score.group, f"{score.airports:,}", f"{score.n:,}", *_measures(score))
            for score in scores[:GROUPS_SHOWN]
        ]
        left = f" {more:,} groups with smaller errors are not shown." if more > 0 else ""
        note = f"The forecast with the shortest lead of each airport's period.{left}"
        tables.append(
            {"title": f"By {column}", "note": note, "columns": GROUP_COLUMNS, "rows": rows}
        )
    return tables


def _lead(row: LeadScore) -> tuple[str, ...]:
    return str(row.lead), f"{row.n:,}", *_measures(row)


def _measures(row: LeadScore | GroupScore) -> tuple[str, ...]:
    """As `MEASURES` has them."""
    return (
        number(row.mae),
        number(row.ratio),
        "-" if row.bias_percent is None else f"{signed(row.bias_percent)} %",
        percent(row.coverage80),
        percent(row.coverage95),
    )


def _watched(found: Watched, report: Report) -> dict[str, Any]:
    names = {facts.airport for facts in report.airports}
    shown = found.degraded[:NAMED]
    more = len(found.degraded) - len(shown)
    return {
        "sentence": found.sentence,
        "at": iso(found.at_ms),
        "at_ms": found.at_ms,
        "at_text": moment(found.at_ms),
        "degraded": [{"name": name, "key": _key(name, names)} for name in shown],
        "more": f" and {more:,} more" if more else "",
    }


def changes(report: Report) -> dict[str, Any] | None:
    """What is different from the job before."""
    found = report.changes
    if found is None:
        return None
    names = {facts.airport for facts in report.airports}
    groups = [
        _group("added", _plain(found.added), names),
        _group("gone", _plain(found.gone), names),
        _group("with another status", _told(found.status), names),
        _group("with another model", _told(found.model), names),
    ]
    kept = [group for group in groups if group is not None]
    since = f"Compared with job {found.job_id} of {moment(found.started_ms)}"
    said = ": the same airports, with the same statuses and models." if not kept else ":"
    if kept and kept[0] is not groups[-1]:
        kept[0]["open"] = True
    return {"sentence": f"{since}{said}", "groups": kept}


def _plain(airports: Iterable[str]) -> list[tuple[str, str]]:
    return [(airport, "") for airport in airports]


def _told(found: Iterable[Change]) -> list[tuple[str, str]]:
    return [(change.airport, f"{change.before} → {change.after}") for change in found]


def _group(
    what: str, items: Sequence[tuple[str, str]], names: Collection[str]
) -> dict[str, Any] | None:
    """A list of airports that begins folded; ``None`` where it is empty."""
    if not items:
        return None
    more = len(items) - NAMED
    return {
        "title": f"{counted(len(items), 'airport')} {what}",
        "items": _items(items, names),
        "more": f"and {more:,} more" if more > 0 else "",
        "open": False,
    }


def _items(items: Sequence[tuple[str, str]], names: Collection[str]) -> list[dict[str, str | None]]:
    return [
        {"airport": name, "key": _key(name, names), "text": text} for name, text in items[:NAMED]
    ]


def data(report: Report) -> dict[str, Any]:
    """How new the data are."""
    fresh, freq = report.freshness, report.job.freq
    if fresh.newest is None:
        return {"sentence": "No panel can be read.", "behind": (), "title": "", "more": ""}
    behind = len(fresh.behind)
    said = f"The newest period is {period(fresh.newest, freq)}"
    said += ", for every airport." if not behind else "."
    names = {facts.airport for facts in report.airports}
    told = [(name, f"until {period(day, freq)}") for name, day in fresh.behind]
    return {
        "sentence": f"{counted(fresh.airports, 'airport')} with data. {said}",
        "behind": _items(told, names),
        "title": f"{counted(behind, 'airport')} {'ends' if behind == 1 else 'end'} earlier",
        "more": f"and {behind - NAMED:,} more" if behind > NAMED else "",
    }

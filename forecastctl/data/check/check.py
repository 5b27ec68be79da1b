"""What is in a panel, what looks wrong, and what a job will do about it.

Statuses and reasons come from the code that jobs run (`forecastctl.data.prepare.prepare.examine`),
so that a report and a job cannot disagree.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.data.check.findings import Finding, airport_findings, shared_names
from forecastctl.data.panel.rows import cut
from forecastctl.data.prepare.prepare import make_context
from forecastctl.data.prepare.suspects.examine import examine_all
from forecastctl.data.prepare.suspects.suspects import MONTH_NAMES
from forecastctl.data.prepare.traps import traps
from forecastctl.hints import COMPARED, other_spelling, spelt_otherwise
from forecastctl.records import Rejection, Series, Status
from forecastctl.records.calendar import PERIOD_WORDS, labels, ordinals

if TYPE_CHECKING:
    from datetime import date

    from forecastctl.data.panel.panel import DataSpec, Panel
    from forecastctl.data.panel.rows import AirportRows
    from forecastctl.data.prepare.rules import Context
    from forecastctl.data.prepare.suspects.examined import Examined

__all__ = ["AirportCheck", "Finding", "PanelCheck", "check", "check_panel", "panel_findings"]

_NAMED = 6
_LEAST_SHARING = 2  # that share a fault
_STALE_SHARE = 0.5  # of the airports, from which on the panel's last period is doubtful
_TO_LEAVE_OUT = 'set [data] suspects = "missing" to leave that out'


@dataclass(frozen=True, slots=True)
class AirportCheck:
    """Report on one airport.

    Attributes:
        airport: As spelt in the input.
        first: First period with a value, or ``None``.
        last: Last period with a value, or ``None``.
        n: Number of periods with a value.
        expected: Periods from first to last.
        status_if_run: ``ok`` (it would be modelled) or ``rejected``.
        findings: What was found, gravest first.
        action: What a job would do, in one sentence.
    """

    airport: str
    first: str | None
    last: str | None
    n: int
    expected: int
    status_if_run: str
    findings: tuple[Finding, ...]
    action: str


@dataclass(frozen=True, slots=True)
class PanelCheck:
    """Report on a panel: one entry per airport, and what concerns many of them."""

    airports: tuple[AirportCheck, ...]
    findings: tuple[Finding, ...]


def check(panel: Panel, spec: DataSpec, *, as_of: str | None, today: date) -> list[AirportCheck]:
    """Report on each airport, in the order of `forecastctl.data.prepare.prepare.prepare`.

    Args:
        panel: What was read.
        spec: Policies.
        as_of: As in ``prepare``.
        today: As in ``prepare``.

    Raises:
        UsageError: The as-of date cannot be understood.
    """
    return list(check_panel(panel, spec, as_of=as_of, today=today).airports)


def panel_findings(
    panel: Panel, spec: DataSpec, *, as_of: str | None, today: date
) -> list[Finding]:
    """What concerns many airports at once; arguments and errors as in `check`."""
    return list(check_panel(panel, spec, as_of=as_of, today=today).findings)


def check_panel(panel: Panel, spec: DataSpec, *, as_of: str | None, today: date) -> PanelCheck:
    """Both reports in one pass; arguments and errors as in `check`."""
    view = cut(panel, spec, as_of)
    context = make_context(view, panel, spec, as_of, today)
    examined, warnings = examine_all(view, context)
    twins = shared_names([rows.airport for rows in view.airports])
    airports = tuple(
        _airport(rows, entry, context, twins.get(rows.airport, ()))
        for rows, entry in zip(view.airports, examined, strict=True)
    )
    groups = tuple(sorted({tuple(sorted({n, *others})) for n, others in twins.items()}))
    forecast = [a.airport for a in airports if a.status_if_run == Status.OK]
    lacking = _groups(panel, forecast, [rows.airport for rows in view.airports])
    said = (*panel.understood.notes, *traps(view, examined, context, today), *warnings)
    warned = [Finding("panel", "warning", text) for text in said]
    return PanelCheck(airports, (*_panel(examined, context, groups), *lacking, *warned))


def _groups(panel: Panel, forecast: list[str], airports: list[str]) -> list[Finding]:
    """Airports that are in no group of a column, which a job refuses, and groups of no airport."""
    findings = []
    for column, values in panel.groups.items():
        grouped = [airport for airport, value in values.items() if value]
        lacking = [airport for airport in forecast if not values.get(airport)]
        if lacking:
            near = spelt_otherwise(lacking, grouped)
            text = f"there is no {column} for {_named(lacking)}, which a job refuses. {near}"
            findings.append(Finding("group", "warning", text.strip()))
        spelt = {other_spelling(airport, grouped) for airport in lacking[:COMPARED]}
        unknown = sorted(set(grouped) - set(airports) - spelt)
        if unknown:
            text = f"the data have no row of {_named(unknown)}, which have a {column}"
            findings.append(Finding("group", "info", text))
    return findings


def _airport(
    rows: AirportRows, entry: Examined, context: Context, twins: tuple[str, ...]
) -> AirportCheck:
    """Report on one airport."""
    first, last, n, expected = _span(rows, entry, context)
    outcome = entry.outcome
    if isinstance(outcome, Series):
        span = labels(ordinals(outcome.ds[[0, -1]].astype(np.int64), context.freq), context.freq)
        used = f"modelled on {context.counted(outcome.n)}, {span[0]} to {span[1]}"
        action, status = "; ".join((used, *outcome.notes)), Status.OK
    else:
        action, status = f"rejected: {outcome.reason}", Status.REJECTED
    findings = tuple(airport_findings(rows, entry, context, twins))
    return AirportCheck(
        airport=rows.airport,
        first=first,
        last=last,
        n=n,
        expected=expected,
        status_if_run=str(status),
        findings=findings,
        action=action,
    )


def _span(
    rows: AirportRows, entry: Examined, context: Context
) -> tuple[str | None, str | None, int, int]:
    """First and last period with a value, how many there are, and how many there should be."""
    if entry.grid is not None:
        y, start = entry.grid.y, entry.grid.start
        span = context.label(start), context.label(start + len(y) - 1)
        return *span, int((~np.isnan(y)).sum()), len(y)
    usable = np.isfinite(rows.y) & (rows.problem == None)  # noqa: E711 - elementwise
    if not usable.any():
        return None, None, 0, 0
    periods = np.unique(ordinals(rows.days[usable], context.freq))
    first, last = int(periods[0]), int(periods[-1])
    return context.label(first), context.label(last), len(periods), last - first + 1


def _named(airports: list[str]) -> str:
    """Some names, cut to a readable number."""
    more = len(airports) - _NAMED
    return ", ".join(map(repr, airports[:_NAMED])) + (f" and {more:,} more" if more > 0 else "")


def _panel(
    examined: list[Examined], context: Context, groups: tuple[tuple[str, ...], ...]
) -> list[Finding]:
    """What concerns many airports."""
    active = [e for e in examined if e.grid is not None and np.nansum(e.grid.y) > 0]
    findings = [
        *_labels(active),
        *_unpublished(active, context),
        *_ahead(examined, active, context),
    ]
    for group in groups:
        text = (
            f"{_named(list(group))} differ only in case or in what nobody sees: maybe one airport"
        )
        findings.append(Finding("name", "warning", text))
    kinds = Counter(e.kind for e in examined if isinstance(e.outcome, Rejection))
    for kind, n in kinds.most_common():
        names = [e.outcome.airport for e in examined if e.kind == kind]
        text = f"{n:,} of {len(examined):,} airports rejected ({kind}): {_named(names)}"
        findings.append(Finding("rejected", "info", text))
    return findings


def _labels(active: list[Examined]) -> list[Finding]:
    """Months that are on another scale in several airports."""
    months: dict[int, list[str]] = {}
    for e in active:
        for month, _ in e.suspects.label:
            months.setdefault(month, []).append(e.outcome.airport)
    return [
        Finding(
            "label",
            "warning",
            f"{MONTH_NAMES[month - 1]} is on another scale than its neighbours in every year in "
            f"{len(names):,} of {len(active):,} airports with passengers ({_named(names)}): "
            f"another quantity may be filed under it; {_TO_LEAVE_OUT}",
            (MONTH_NAMES[month - 1],),
        )
        for month, names in sorted(months.items())
        if len(names) >= _LEAST_SHARING
    ]


def _unpublished(active: list[Examined], context: Context) -> list[Finding]:
    """Periods since which several airports hold zeros."""
    since: Counter[int] = Counter()
    for e in active:
        if e.suspects.unpublished and e.grid is not None:
            since[e.grid.start + e.suspects.unpublished[0]] += 1
    return [
        Finding(
            "unpublished",
            "warning",
            f"{n:,} of {len(active):,} airports with passengers hold zeros since "
            f"{context.label(period)}: maybe not published; {_TO_LEAVE_OUT}",
            (context.label(period),),
        )
        for period, n in since.most_common(3)
        if n >= _LEAST_SHARING
    ]


def _ahead(examined: list[Examined], active: list[Examined], context: Context) -> list[Finding]:
    """A last period that hardly any airport reaches makes the others stale."""
    stale = sum(e.stale for e in examined)
    if context.last is None or stale <= _STALE_SHARE * len(active):
        return []
    last, word = context.label(context.last), PERIOD_WORDS[context.freq[0]]
    text = (
        f"{stale:,} of {len(active):,} airports end more than {context.max_stale} {word}s before "
        f"{last}, which {context.last_airport!r} reaches: check its dates, or use --as-of or "
        "[data] max_stale"
    )
    return [Finding("stale", "warning", text, (last,))]

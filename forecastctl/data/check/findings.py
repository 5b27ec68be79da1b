"""The findings about one airport, one for each kind of fault."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.prepare.gaps import holes
from forecastctl.data.prepare.outliers import find_outliers
from forecastctl.data.prepare.suspects.suspects import KINDS
from forecastctl.data.prepare.suspects.zeros import trailing_zeros
from forecastctl.data.read.names import alike
from forecastctl.figures import percent
from forecastctl.records import Rejection
from forecastctl.records.calendar import labels, ordinals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from forecastctl.data.panel.rows import AirportRows
    from forecastctl.data.prepare.rules import Context, Grid
    from forecastctl.data.prepare.suspects.examined import Examined

Severity = Literal["info", "warning", "reject"]
_ORDER = {"reject": 0, "warning": 1, "info": 2}
_MANY_ZEROS = 0.5  # of the periods
_TRAILING_ZEROS = 3  # from which on they are mentioned
_KINDS_OF_REJECTION = {
    "problem": ("date", "non-finite", "negative", "text"),
    "duplicates": ("duplicates",),
    "gaps": ("gaps",),
    "suspects": KINDS,
}


NAMED: Final = 10_000
"""Periods that a finding names at most."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault, or something unusual, about an airport or a panel.

    Attributes:
        kind: Short name: ``gaps``, ``zeros``, ``duplicates``, ``label`` and so on.
        severity: ``reject`` where it alone keeps the airport out of a job.
        message: One sentence: what it is, and what is done about it.
        periods: The periods concerned, the first `NAMED` of them: one wrong year in a file of days
            makes a hole of a hundred thousand.
    """

    kind: str
    severity: Severity
    message: str
    periods: tuple[str, ...] = ()


def shared_names(airports: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each name, the others that differ from it only in case or in what nobody sees."""
    return {
        name: tuple(n for n in group if n != name) for group in alike(airports) for name in group
    }


def airport_findings(
    rows: AirportRows, entry: Examined, context: Context, twins: tuple[str, ...]
) -> list[Finding]:
    """Everything found about one airport, gravest first.

    Args:
        rows: Its rows up to the as-of date.
        entry: What preparing it gave.
        context: What the rules know.
        twins: Other airports of nearly the same name.
    """
    findings = [*_row_faults(rows, context), *_duplicates(rows, context)]
    if entry.grid is not None:
        findings += [
            *_gaps(entry.grid, context),
            *_zeros(entry.grid, entry, context),
            *_suspected(entry.grid, entry, context),
            *_outliers(entry.grid, entry, context),
        ]
        findings += [Finding("frequency", "warning", note) for note in entry.grid.left_out]
        findings += [Finding("blank", "info", note) for note in entry.grid.blank]
    if twins:
        others = ", ".join(map(repr, twins))
        findings.append(Finding("name", "warning", f"nearly the same name as {others}: kept apart"))
    if "\n" in rows.airport or "\r" in rows.airport:
        text = "the name holds a line break: maybe a quotation mark is missing"
        findings.append(Finding("name", "warning", text))
    if not isinstance(entry.outcome, Rejection):
        stale = [note for note in entry.outcome.notes if note.startswith("stale:")]
        findings += [Finding("stale", "warning", f"{note}; kept") for note in stale]
        findings = [
            replace(f, severity="warning") if f.severity == "reject" else f for f in findings
        ]
    elif not any(f.kind in _KINDS_OF_REJECTION.get(entry.kind, ()) for f in findings):
        findings.append(Finding(entry.kind, "reject", entry.outcome.reason))
    return sorted(findings, key=lambda f: _ORDER[f.severity])


def _row_faults(rows: AirportRows, context: Context) -> Iterator[Finding]:
    """Rows that cannot be read, by kind."""
    wrong = np.flatnonzero(rows.problem != None)  # noqa: E711 - elementwise
    if not len(wrong):
        return
    kinds: dict[str, list[int]] = {}
    for i in wrong.tolist():
        kinds.setdefault(_fault(float(rows.y[i]), int(rows.days[i])), []).append(i)
    for kind, positions in kinds.items():
        dated = [i for i in positions if rows.days[i] != NO_DAY]
        periods = _named(np.unique(ordinals(rows.days[dated], context.freq)), context.freq)
        more = f" (and {len(positions) - 1:,} more rows)" if len(positions) > 1 else ""
        yield Finding(kind, "reject", f"{rows.problem[positions[0]]}{more}", periods)


def _fault(y: float, day: int) -> str:
    """Kind of a row's problem, told by what could be read."""
    if day == NO_DAY:
        return "date"
    if np.isinf(y):
        return "non-finite"
    return "negative" if y < 0 else "text"


def _duplicates(rows: AirportRows, context: Context) -> Iterator[Finding]:
    """Periods with several rows."""
    dated = rows.days[rows.days != NO_DAY]
    periods, count = np.unique(ordinals(dated, context.freq), return_counts=True)
    twice = periods[count > 1]
    if len(twice):
        policy = context.spec.duplicates
        text = f"several rows in {context.counted(len(twice))}: {context.listed(twice)}"
        done = "" if policy == "reject" else f"; {policy} taken"
        severity: Severity = "reject" if policy == "reject" else "info"
        yield Finding("duplicates", severity, text + done, _named(twice, context.freq))


def _gaps(grid: Grid, context: Context) -> Iterator[Finding]:
    """Missing periods between the first and the last value."""
    gaps = holes(~np.isnan(grid.y))
    if not gaps:
        return
    missing = np.concatenate([np.arange(a, b) for a, b in gaps]) + grid.start
    longest = max(b - a for a, b in gaps)
    spec = context.spec
    done = {
        "interpolate": f"holes of up to {spec.max_gap} are interpolated, longer ones cut",
        "longest": "the most recent stretch without holes is used",
        "reject": "no hole is accepted",
    }[spec.gaps]
    text = (
        f"{context.counted(len(missing))} missing in {len(gaps):,} "
        f"{'hole' if len(gaps) == 1 else 'holes'}, the longest of {longest:,}: "
        f"{context.listed(missing)}; {done}"
    )
    severity: Severity = "reject" if spec.gaps == "reject" else "warning"
    yield Finding("gaps", severity, text, _named(missing, context.freq))


def _zeros(grid: Grid, entry: Examined, context: Context) -> Iterator[Finding]:
    """Zeros, and those at the end that do not look unpublished."""
    zeros = np.flatnonzero(grid.y == 0)
    if not len(zeros) or entry.kind == "zeros":
        return
    share = len(zeros) / int((~np.isnan(grid.y)).sum())
    tail = trailing_zeros(grid.y)
    ending = f", the last {tail} among them" if tail >= _TRAILING_ZEROS else ""
    text = f"{context.counted(len(zeros))} of zero ({percent(share)}{ending}); kept"
    severity: Severity = "warning" if share > _MANY_ZEROS else "info"
    if len(zeros) > len(entry.suspects.unpublished) + len(entry.suspects.zero):
        yield Finding("zeros", severity, text, _named(zeros + grid.start, context.freq))


def _suspected(grid: Grid, entry: Examined, context: Context) -> Iterator[Finding]:
    """Periods that look wrong, those that are used apart from those that are not."""
    policy = context.spec.suspects
    severity: Severity = "reject" if policy == "reject" else "warning"
    not_used = {"missing": "taken as missing", "recent": "left out"}.get(policy, "")
    used = "not accepted" if policy == "reject" else "kept"
    parts = (
        (entry.suspects.within(entry.left_out), not_used),
        (entry.suspects.without(entry.left_out), used),
    )
    for kind in KINDS:
        for part, done in parts:
            positions = part.of(kind)
            if positions:
                text = "; ".join(part.only(kind).described(grid.start, context.freq))
                periods = _named([grid.start + p for p in positions], context.freq)
                yield Finding(kind, severity, f"{text}: {done}", periods)


def _outliers(grid: Grid, entry: Examined, context: Context) -> Iterator[Finding]:
    """Unusual periods, which no policy touches."""
    outliers = find_outliers(grid.y, context.season_length, entry.suspects.positions)
    if outliers:
        periods = [grid.start + p for p in outliers]
        verb = "is" if len(periods) == 1 else "are"
        text = f"{context.counted(len(periods))} {verb} unusual: {context.listed(periods)}; kept"
        yield Finding("outliers", "info", text, _named(periods, context.freq))


def _named(periods: Sequence[int] | NDArray[np.int64], freq: str) -> tuple[str, ...]:
    """Names of the first periods of a finding."""
    return labels(periods[:NAMED], freq)

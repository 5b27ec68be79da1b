"""What was found about one airport, one finding for each kind of fault."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY
from forecastctl.data.prepare.gaps import holes
from forecastctl.data.prepare.outliers import find_outliers
from forecastctl.data.prepare.suspects.suspects import KINDS
from forecastctl.data.prepare.suspects.zeros import trailing_zeros
from forecastctl.records import Rejection
from forecastctl.records.calendar import labels, ordinals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from forecastctl.data.panel.rows import Rows
    from forecastctl.data.prepare.rules import Context, Grid
    from forecastctl.data.prepare.suspects.examined import Examined

Severity = Literal["info", "warning", "reject"]
_ORDER = {"reject": 0, "warning": 1, "info": 2}
_MANY_ZEROS = 0.5
_TRAILING = 3
_COVERED = {
    "problem": ("date", "non-finite", "negative", "text"),
    "duplicates": ("duplicates",),
    "gaps": ("gaps",),
    "suspects": KINDS,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found.

    Attributes:
        kind: Short name: ``gaps``, ``zeros``, ``duplicates``, ``label`` and so on.
        severity: ``reject`` where it alone keeps the airport out of a job.
        message: One sentence: what it is, and what is done about it.
        periods: The periods concerned, all of them.
    """

    kind: str
    severity: Severity
    message: str
    periods: tuple[str, ...] = ()


def shared_names(airports: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """For each name, the others that differ from it only in case or spaces."""
    groups: dict[str, list[str]] = {}
    for name in airports:
        plain = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
        groups.setdefault(plain, []).append(name)
    return {
        name: tuple(n for n in group if n != name)
        for group in groups.values()
        if len(group) > 1
        for name in group
    }


def airport_findings(
    rows: Rows, one: Examined, context: Context, twins: tuple[str, ...]
) -> list[Finding]:
    """Everything found about one airport, gravest first.

    Args:
        rows: Its rows up to the as-of date.
        one: What preparing it gave.
        context: What the rules know.
        twins: Other airports of nearly the same name.
    """
    found = [*_row_faults(rows, context), *_duplicates(rows, context)]
    if one.grid is not None:
        found += [
            *_gaps(one.grid, context),
            *_zeros(one.grid, one, context),
            *_suspected(one.grid, one, context),
            *_outliers(one.grid, one, context),
        ]
        found += [Finding("frequency", "warning", note) for note in one.grid.left_out]
        found += [Finding("blank", "info", note) for note in one.grid.blank]
    if twins:
        others = ", ".join(map(repr, twins))
        found.append(Finding("name", "warning", f"nearly the same name as {others}: kept apart"))
    if "\n" in rows.airport or "\r" in rows.airport:
        text = "the name holds a line break: maybe a quotation mark is missing"
        found.append(Finding("name", "warning", text))
    if not isinstance(one.outcome, Rejection):
        stale = [note for note in one.outcome.notes if note.startswith("stale:")]
        found += [Finding("stale", "warning", f"{note}; kept") for note in stale]
        found = [replace(f, severity="warning") if f.severity == "reject" else f for f in found]
    elif not any(f.kind in _COVERED.get(one.kind, ()) for f in found):
        found.append(Finding(one.kind, "reject", one.outcome.reason))
    return sorted(found, key=lambda f: _ORDER[f.severity])


def _row_faults(rows: Rows, context: Context) -> Iterator[Finding]:
    """Rows that cannot be read, by kind."""
    wrong = np.flatnonzero(rows.problem != None)  # noqa: E711 - elementwise
    if not len(wrong):
        return
    kinds: dict[str, list[int]] = {}
    for i in wrong.tolist():
        kinds.setdefault(_fault(float(rows.y[i]), int(rows.days[i])), []).append(i)
    for kind, positions in kinds.items():
        dated = [i for i in positions if rows.days[i] != NO_DAY]
        periods = labels(np.unique(ordinals(rows.days[dated], context.freq)), context.freq)
        more = f" (and {len(positions) - 1:,} more rows)" if len(positions) > 1 else ""
        yield Finding(kind, "reject", f"{rows.problem[positions[0]]}{more}", periods)


def _fault(y: float, day: int) -> str:
    """Kind of a row's problem, told by what could be read."""
    if day == NO_DAY:
        return "date"
    if np.isinf(y):
        return "non-finite"
    return "negative" if y < 0 else "text"


def _duplicates(rows: Rows, context: Context) -> Iterator[Finding]:
    """Periods with several rows."""
    dated = rows.days[rows.days != NO_DAY]
    periods, count = np.unique(ordinals(dated, context.freq), return_counts=True)
    twice = periods[count > 1]
    if len(twice):
        policy = context.spec.duplicates
        text = f"several rows in {context.counted(len(twice))}: {context.listed(twice)}"
        done = "" if policy == "reject" else f"; {policy} taken"
        severity: Severity = "reject" if policy == "reject" else "info"
        yield Finding("duplicates", severity, text + done, labels(twice, context.freq))


def _gaps(grid: Grid, context: Context) -> Iterator[Finding]:
    """Missing periods between the first and the last value."""
    found = holes(~np.isnan(grid.y))
    if not found:
        return
    missing = np.concatenate([np.arange(a, b) for a, b in found]) + grid.start
    longest = max(b - a for a, b in found)
    spec = context.spec
    done = {
        "interpolate": f"holes of up to {spec.max_gap} are interpolated, longer ones cut",
        "longest": "the most recent stretch without holes is used",
        "reject": "no hole is accepted",
    }[spec.gaps]
    text = (
        f"{context.counted(len(missing))} missing in {len(found):,} "
        f"{'hole' if len(found) == 1 else 'holes'}, the longest of {longest:,}: "
        f"{context.listed(missing)}; {done}"
    )
    severity: Severity = "reject" if spec.gaps == "reject" else "warning"
    yield Finding("gaps", severity, text, labels(missing, context.freq))


def _zeros(grid: Grid, one: Examined, context: Context) -> Iterator[Finding]:
    """Zeros, and those at the end that do not look unpublished."""
    zeros = np.flatnonzero(grid.y == 0)
    if not len(zeros) or one.kind == "zeros":
        return
    share = len(zeros) / int((~np.isnan(grid.y)).sum())
    tail = trailing_zeros(grid.y)
    ending = f", the last {tail} among them" if tail >= _TRAILING else ""
    text = f"{context.counted(len(zeros))} of zero ({share:.0%}{ending}); kept"
    severity: Severity = "warning" if share > _MANY_ZEROS else "info"
    if len(zeros) > len(one.suspects.unpublished) + len(one.suspects.zero):
        yield Finding("zeros", severity, text, labels(zeros + grid.start, context.freq))


def _suspected(grid: Grid, one: Examined, context: Context) -> Iterator[Finding]:
    """Periods that look wrong, those that are used apart from those that are not."""
    policy = context.spec.suspects
    severity: Severity = "reject" if policy == "reject" else "warning"
    gone = {"missing": "taken as missing", "recent": "left out"}.get(policy, "")
    rest = "not accepted" if policy == "reject" else "kept"
    parts = ((one.suspects.within(one.left_out), gone), (one.suspects.without(one.left_out), rest))
    for kind in KINDS:
        for part, done in parts:
            found = part.of(kind)
            if found:
                text = "; ".join(part.only(kind).described(grid.start, context.freq))
                periods = labels([grid.start + p for p in found], context.freq)
                yield Finding(kind, severity, f"{text}: {done}", periods)


def _outliers(grid: Grid, one: Examined, context: Context) -> Iterator[Finding]:
    """Unusual periods, which no policy touches."""
    found = find_outliers(grid.y, context.season_length, one.suspects.positions)
    if found:
        periods = [grid.start + p for p in found]
        verb = "is" if len(found) == 1 else "are"
        text = f"{context.counted(len(found))} {verb} unusual: {context.listed(periods)}; kept"
        yield Finding("outliers", "info", text, labels(periods, context.freq))

"""Sums over airports: the total, and the groups that columns of the data make. Pure.

Groups of one column lie beside each other; those of several may be nested (states in regions) or
crossed (states and hub sizes).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from forecastctl.errors import DataError
from forecastctl.records import Series

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from numpy.typing import NDArray

TOTAL = "total"
AIRPORT = "airport"
RESERVED = (TOTAL, AIRPORT)
SEASONS = 2
"""Seasons that a sum must reach back to be forecast on its own."""
MOST_LINKED = 2.0
"""A sum reaches back while the members that have values make up at least half of it."""
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Group:
    """One sum over airports.

    Attributes:
        name: ``total``, or ``state=NY``.
        level: ``total``, or the column.
        members: The airports it adds up, in the order of the hierarchy.
        series: The sum, chain-linked where members start later than others, or ``None`` where it
            is not forecast on its own.
        same_as: The airport or group with the same members, which has its forecast.
        note: Why it is not forecast on its own, or ``None``.
    """

    name: str
    level: str
    members: tuple[str, ...]
    series: Series | None = None
    same_as: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Airports and their sums.

    Attributes:
        airports: Those that are added up, in the order of the input.
        groups: The total first, then level by level in order of first appearance.
        ends: Period ordinal of the last observation by airport or group with a series.
        end: The last period that any of the airports that are added up has, with those that were
            left out at its end.
        left_out: Why, by airport that is not added up.
    """

    airports: tuple[str, ...]
    groups: tuple[Group, ...]
    ends: Mapping[str, int]
    end: int
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def levels(self) -> dict[str, str]:
        """Level by name of the group."""
        return {group.name: group.level for group in self.groups}

    @property
    def series(self) -> list[Series]:
        """The series of the groups that are forecast on their own."""
        return [group.series for group in self.groups if group.series is not None]

    def lag(self, name: str) -> int:
        """Periods that a series ends before the last of them does."""
        return self.end - self.ends[name]

    def summing(self) -> NDArray[np.float64]:
        """Which airports each group and each airport adds up, shape ``(groups + k, k)``."""
        at = {airport: i for i, airport in enumerate(self.airports)}
        rows = np.zeros((len(self.groups), len(at)))
        for row, group in zip(rows, self.groups, strict=True):
            row[[at[a] for a in group.members]] = 1.0
        return np.vstack([rows, np.eye(len(at))])

    def without(self, reasons: Mapping[str, str]) -> Hierarchy:
        """Leave airports out; the sums that had them have no forecast of their own any more."""
        groups = []
        for group in self.groups:
            gone = [a for a in group.members if a in reasons]
            rest = tuple(a for a in group.members if a not in reasons)
            if not rest:
                continue
            if gone:
                note = f"the sum of its members alone, as {_listed(gone)} had to be left out"
                rest_group = replace(group, members=rest, series=None, same_as=None, note=note)
                groups.append(rest_group)
            else:
                groups.append(group)
        airports = tuple(a for a in self.airports if a not in reasons)
        left_out = {**self.left_out, **reasons}
        return replace(self, airports=airports, groups=tuple(groups), left_out=left_out)


def build(
    series: Sequence[Series],
    columns: Mapping[str, Mapping[str, str]],
    names: Collection[str],
    max_lag: int,
) -> Hierarchy:
    """Add up airports.

    Args:
        series: What there is to forecast, all of one frequency.
        columns: Value of each airport by column; columns in order.
        names: Every airport of the data, those that are not forecast included.
        max_lag: Airports that end within so many periods of each other are added up: as many as
            possible, and others are left out.

    Raises:
        DataError: A column has no value for an airport, or a group would have the name of an
            airport or of another group.
    """
    for column in columns:
        if column in RESERVED:
            raise DataError(
                f"A column of groups cannot be called {column!r}.", "Give it another name."
            )
    _complete(series, columns)
    ends = {s.airport: ordinal(s.cutoff, s.freq) for s in series}
    end = _common_end(list(ends.values()), max_lag)
    left_out = {
        s.airport: _apart(end - ends[s.airport], s.cutoff)
        for s in series
        if not 0 <= end - ends[s.airport] <= max_lag
    }
    kept = {s.airport: s for s in series if s.airport not in left_out}
    groups = _groups(kept, columns)
    end = max([end, *(ends[a] + s.ahead for a, s in kept.items())])
    _distinct([g.name for g in groups], names)
    ends = {a: e for a, e in ends.items() if a in kept}
    for group in groups:
        if group.series is not None:
            ends[group.name] = ordinal(group.series.cutoff, group.series.freq)
    return Hierarchy(tuple(kept), tuple(groups), ends, end, left_out)


def ordinal(day: str, freq: str) -> int:
    """Number of the period that holds a day."""
    import pandas as pd

    return int(pd.Period(day, freq=freq).ordinal)


def _common_end(ends: Sequence[int], max_lag: int) -> int:
    """The end that most airports reach or miss by at most ``max_lag`` periods; or the later one."""
    reached = {end: sum(0 <= end - other <= max_lag for other in ends) for end in set(ends)}
    return max(reached, key=lambda end: (reached[end], end), default=0)


def _apart(lag: int, cutoff: str) -> str:
    side = "before" if lag > 0 else "after"
    return f"ends {abs(lag)} periods {side} the others do (at {cutoff})"


def _complete(series: Sequence[Series], columns: Mapping[str, Mapping[str, str]]) -> None:
    for column, values in columns.items():
        lacking = [s.airport for s in series if not values.get(s.airport)]
        if lacking:
            raise DataError(
                f"There is no {column} for {_listed(lacking)}.",
                f"Every airport needs a value of {column!r}; --select leaves airports out.",
            )


def _distinct(made: Sequence[str], names: Collection[str]) -> None:
    clash = [name for name in made if name in names]
    if clash:
        raise DataError(
            f"An airport is called {clash[0]!r}, as a sum over airports would be.",
            "Rename the airport, or the column or value that makes the group.",
        )
    double = [name for i, name in enumerate(made) if name in made[:i]]
    if double:
        raise DataError(f"Two groups would be called {double[0]!r}.", "Rename a column or value.")


def _groups(kept: Mapping[str, Series], columns: Mapping[str, Mapping[str, str]]) -> list[Group]:
    members: list[tuple[str, str, tuple[str, ...]]] = [(TOTAL, TOTAL, tuple(kept))] if kept else []
    for column, values in columns.items():
        by_value: dict[str, list[str]] = {}
        for airport in kept:
            by_value.setdefault(values[airport], []).append(airport)
        members += [(f"{column}={v}", column, tuple(a)) for v, a in by_value.items()]
    seen: dict[tuple[str, ...], str] = {(airport,): airport for airport in kept}
    groups = []
    for name, level, airports in members:
        twin = seen.setdefault(airports, name)
        if twin != name:
            groups.append(Group(name, level, airports, same_as=twin))
        else:
            groups.append(_summed(name, level, [kept[a] for a in airports]))
    return groups


def _summed(name: str, level: str, members: Sequence[Series]) -> Group:
    """The sum up to the first end of a member, from as far back as it can be told."""
    freq, m = members[0].freq, members[0].season_length
    starts = np.array([ordinal(str(s.ds[0]), freq) for s in members])
    stops = np.array([start + s.n for start, s in zip(starts, members, strict=True)])
    stop = int(stops.min())
    airports = tuple(s.airport for s in members)
    first, y = _linked(members, starts, stop, m)
    needed = max(SEASONS * m, SEASONS)
    if len(y) < needed:
        note = f"the sum of its members alone: it reaches back {len(y)} periods of {needed} needed"
        return Group(name, level, airports, note=note)
    oldest = members[int(np.argmin(starts))]
    at = first - int(starts.min())
    ds = oldest.ds[at : at + len(y)]
    notes = (f"sum of {len(members)} airports", *_span_notes(members, starts, stops, first))
    used = (f"{s.airport} {s.digest} {','.join(s.left_out)}".rstrip() for s in members)
    content = [f"{ds[0]} {len(ds)}", *sorted(used)]
    digest = hashlib.sha256("\n".join(content).encode("utf-8", "surrogatepass")).hexdigest()
    series = Series(name, freq, m, ds, y, digest, notes)
    reach = min(at + s.ahead for at, s in zip(stops.tolist(), members, strict=True))
    return Group(name, level, airports, replace(series, ahead=max(reach - stop, 0)))


def _linked(
    members: Sequence[Series], starts: NDArray[np.int64], stop: int, season_length: int
) -> tuple[int, NDArray[np.float64]]:
    """First period and values of a sum whose members may start at different times.

    Before a member starts, the sum of the others is scaled by what the whole was to them in the
    season after (chain-linking, as in index numbers), so that the level is that of the members of
    today. It goes back while those others make up at least half of the whole.
    """
    first = int(starts.max())
    if first >= stop:
        return first, np.zeros(0)
    y = _sum(members, starts, first, stop)
    for earlier in sorted({int(s) for s in starts if s < first}, reverse=True):
        there = [i for i, start in enumerate(starts) if start <= earlier]
        before = _sum([members[i] for i in there], starts[there], earlier, stop)
        overlap = before[first - earlier :][:season_length].sum()
        whole = y[:season_length].sum()
        if overlap <= 0.0 or whole > MOST_LINKED * overlap:
            break
        factor = whole / overlap if whole > 0.0 else 1.0
        y = np.concatenate([before[: first - earlier] * factor, y])
        first = earlier
    return first, y


def _sum(
    members: Sequence[Series], starts: NDArray[np.int64], first: int, stop: int
) -> NDArray[np.float64]:
    parts = [s.y[first - a : stop - a] for a, s in zip(starts, members, strict=True)]
    return np.asarray(np.sum(parts, axis=0), dtype=np.float64)


def _span_notes(
    members: Sequence[Series], starts: NDArray[np.int64], stops: NDArray[np.int64], first: int
) -> tuple[str, ...]:
    """What of the members' data the sum lacks or does not use."""
    notes = []
    late = [s.airport for s, start in zip(members, starts, strict=True) if start > first]
    if late:
        notes.append(f"linked before {_listed(late)} start: the others scaled up to the whole")
    if first > starts.min():
        notes.append("values from when less than half of it was there are not used")
    if stops.min() < stops.max():
        last = members[int(np.argmin(stops))]
        notes.append(f"used until {last.cutoff}, when {last.airport!r} ends")
    return tuple(notes)


def _listed(airports: Sequence[str]) -> str:
    shown = ", ".join(repr(a) for a in airports[:SHOWN])
    more = len(airports) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown

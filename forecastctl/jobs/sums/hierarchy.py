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
from forecastctl.hints import spelt_otherwise
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
"""A sum goes back while the whole is at most so many times the members that have values."""
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
        ends: Number of the last observed period, by airport or group with a series.
        end: The last period that any of these airports has, periods that were left out at its end
            included.
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
        """Leave airports out; groups that had them are not forecast on their own any more."""
        groups = []
        for group in self.groups:
            left_out = [a for a in group.members if a in reasons]
            members = tuple(a for a in group.members if a not in reasons)
            if not members:
                continue
            if left_out:
                note = f"the sum of its members alone, as {_listed(left_out)} had to be left out"
                changed = replace(group, members=members, series=None, same_as=None, note=note)
                groups.append(changed)
            else:
                groups.append(group)
        airports = tuple(a for a in self.airports if a not in reasons)
        all_reasons = {**self.left_out, **reasons}
        return replace(self, airports=airports, groups=tuple(groups), left_out=all_reasons)


def build(
    series: Sequence[Series],
    columns: Mapping[str, Mapping[str, str]],
    names: Collection[str],
    max_lag: int,
) -> Hierarchy:
    """Add up airports.

    Args:
        series: Airports that are forecast, all of one frequency.
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
    _check_complete(series, columns)
    ends = {s.airport: ordinal(s.cutoff, s.freq) for s in series}
    end = _common_end(list(ends.values()), max_lag)
    left_out = {
        s.airport: _other_end(end - ends[s.airport], s.cutoff)
        for s in series
        if not 0 <= end - ends[s.airport] <= max_lag
    }
    added_up = {s.airport: s for s in series if s.airport not in left_out}
    groups = _groups(added_up, columns)
    end = max([end, *(ends[a] + s.ahead for a, s in added_up.items())])
    _check_names([g.name for g in groups], names)
    ends = {a: e for a, e in ends.items() if a in added_up}
    for group in groups:
        if group.series is not None:
            ends[group.name] = ordinal(group.series.cutoff, group.series.freq)
    return Hierarchy(tuple(added_up), tuple(groups), ends, end, left_out)


def ordinal(day: str, freq: str) -> int:
    """Number of the period that holds a day."""
    import pandas as pd

    return int(pd.Period(day, freq=freq).ordinal)


def _common_end(ends: Sequence[int], max_lag: int) -> int:
    """The end that most airports reach within ``max_lag`` periods; of several the latest."""
    reached = {end: sum(0 <= end - other <= max_lag for other in ends) for end in set(ends)}
    return max(reached, key=lambda end: (reached[end], end), default=0)


def _other_end(lag: int, cutoff: str) -> str:
    """Why an airport that ends at another time is left out."""
    side = "before" if lag > 0 else "after"
    return f"ends {abs(lag)} periods {side} the others do (at {cutoff})"


def _check_complete(series: Sequence[Series], columns: Mapping[str, Mapping[str, str]]) -> None:
    """Refuse a column of groups without a value for an airport."""
    for column, values in columns.items():
        lacking = [s.airport for s in series if not values.get(s.airport)]
        if lacking:
            near = spelt_otherwise(lacking, (a for a, value in values.items() if value))
            raise DataError(
                f"There is no {column} for {_listed(lacking)}. {near}".rstrip(),
                f"Every airport needs a value of {column!r}; --select leaves airports out.",
            )


def _check_names(groups: Sequence[str], names: Collection[str]) -> None:
    """Refuse a group with the name of an airport or of another group."""
    clash = [name for name in groups if name in names]
    if clash:
        raise DataError(
            f"An airport is called {clash[0]!r}, as a sum over airports would be.",
            "Rename the airport, or the column or value that makes the group.",
        )
    double = [name for i, name in enumerate(groups) if name in groups[:i]]
    if double:
        raise DataError(f"Two groups would be called {double[0]!r}.", "Rename a column or value.")


def _groups(series: Mapping[str, Series], columns: Mapping[str, Mapping[str, str]]) -> list[Group]:
    """The total and the groups of each column; of those with equal members one is summed."""
    members: list[tuple[str, str, tuple[str, ...]]] = (
        [(TOTAL, TOTAL, tuple(series))] if series else []
    )
    for column, values in columns.items():
        by_value: dict[str, list[str]] = {}
        for airport in series:
            by_value.setdefault(values[airport], []).append(airport)
        members += [(f"{column}={v}", column, tuple(a)) for v, a in by_value.items()]
    first_of: dict[tuple[str, ...], str] = {(airport,): airport for airport in series}
    groups = []
    for name, level, airports in members:
        same_as = first_of.setdefault(airports, name)
        if same_as != name:
            groups.append(Group(name, level, airports, same_as=same_as))
        else:
            groups.append(_sum_group(name, level, [series[a] for a in airports]))
    return groups


def _sum_group(name: str, level: str, members: Sequence[Series]) -> Group:
    """A group with its sum: from as far back as members allow, to the first end of a member."""
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
    series = Series(
        airport=name,
        freq=freq,
        season_length=m,
        ds=ds,
        y=y,
        digest=digest,
        notes=notes,
    )
    reach = min(at + s.ahead for at, s in zip(stops.tolist(), members, strict=True))
    return Group(name, level, airports, replace(series, ahead=max(reach - stop, 0)))


def _linked(
    members: Sequence[Series], starts: NDArray[np.int64], stop: int, season_length: int
) -> tuple[int, NDArray[np.float64]]:
    """First period and values of a sum whose members may start at different times.

    Before a member starts, the sum of the others is scaled by the ratio of the whole to them in the
    season after (chain-linking, as in index numbers), so that the level is that of all members. The
    sum goes back while those others make up at least half of the whole.
    """
    first = int(starts.max())
    if first >= stop:
        return first, np.zeros(0)
    y = _sum(members, starts, first, stop)
    for earlier in sorted({int(s) for s in starts if s < first}, reverse=True):
        started = [i for i, start in enumerate(starts) if start <= earlier]
        before = _sum([members[i] for i in started], starts[started], earlier, stop)
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
    """Sum of the members from one period to before another."""
    parts = [s.y[first - a : stop - a] for a, s in zip(starts, members, strict=True)]
    return np.asarray(np.sum(parts, axis=0), dtype=np.float64)


def _span_notes(
    members: Sequence[Series], starts: NDArray[np.int64], stops: NDArray[np.int64], first: int
) -> tuple[str, ...]:
    """Notes on data of the members that the sum lacks or does not use."""
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
    """Some names, cut to a readable number."""
    shown = ", ".join(repr(a) for a in airports[:SHOWN])
    more = len(airports) - SHOWN
    return f"{shown} and {more} more" if more > 0 else shown

"""The rows of each airport up to the as-of date, as arrays, and their digests."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.data.panel.frequency import NO_DAY, full_freq, infer_freq
from forecastctl.records.calendar import (
    SEASON_LENGTHS,
    first_days,
    ordinals,
    parse_as_of,
)

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from forecastctl.data.panel.panel import DataSpec, Panel


@dataclass(frozen=True, slots=True)
class Grouped:
    """Rows sorted by airport (in order of first appearance), then as in the file.

    Attributes:
        names: Airports as spelt, shape ``(k,)``.
        bounds: Rows of airport ``i`` are ``bounds[i]:bounds[i + 1]``, shape ``(k + 1,)``.
        codes: Number of the airport of each row, shape ``(n,)``.
        days: Days since 1970-01-01 or `NO_DAY`, shape ``(n,)``.
        y: Passengers, shape ``(n,)``.
        row: Line or row numbers, shape ``(n,)``.
        problem: ``None`` or a text, shape ``(n,)``.
    """

    names: tuple[str, ...]
    bounds: NDArray[np.int64]
    codes: NDArray[np.int64]
    days: NDArray[np.int64]
    y: NDArray[np.float64]
    row: NDArray[np.int64]
    problem: NDArray[np.object_]

    def keep(self, mask: NDArray[np.bool_]) -> Grouped:
        """The same airports with fewer rows; an airport may keep none."""
        codes = self.codes[mask]
        bounds = np.searchsorted(codes, np.arange(len(self.names) + 1)).astype(np.int64)
        return Grouped(
            names=self.names,
            bounds=bounds,
            codes=codes,
            days=self.days[mask],
            y=self.y[mask],
            row=self.row[mask],
            problem=self.problem[mask],
        )

    def of(self, airport: str) -> Grouped:
        """One airport alone; no name and no row where it has none."""
        if airport not in self.names:
            return Grouped((), np.zeros(1, dtype=np.int64), *(c[:0] for c in self._columns))
        first, last = self.bounds[self.names.index(airport) :][:2].tolist()
        codes, *rest = (column[first:last] for column in self._columns)
        return Grouped((airport,), np.array([0, last - first]), np.zeros_like(codes), *rest)

    @property
    def observed(self) -> NDArray[np.bool_]:
        """Whether a row has both a date and a value, shape ``(n,)``."""
        return np.asarray((self.days != NO_DAY) & ~np.isnan(self.y))

    @property
    def _columns(self) -> tuple[NDArray[Any], ...]:
        return self.codes, self.days, self.y, self.row, self.problem


@dataclass(frozen=True, slots=True)
class AirportRows:
    """One airport's rows up to the as-of date, in the order of the file."""

    airport: str
    days: NDArray[np.int64]
    y: NDArray[np.float64]
    row: NDArray[np.int64]
    problem: NDArray[np.object_]
    digest: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A panel as it was on the as-of date: nothing in here comes from later rows.

    Attributes:
        freq: pandas period alias, from these rows alone unless set.
        season_length: Periods per season.
        airports: One entry per airport of the file, in order of first appearance.
        digest: SHA-256 of these rows, whatever their order.
    """

    freq: str
    season_length: int
    airports: tuple[AirportRows, ...]
    digest: str


def group(frame: pd.DataFrame) -> Grouped:
    """Sort a panel's rows by airport."""
    import pandas as pd

    codes, names = pd.factorize(np.asarray(frame["airport"], dtype=object))
    seconds = np.asarray(frame["ds"], dtype="datetime64[s]")
    return arrange(
        tuple(str(n) for n in names),
        np.asarray(codes, dtype=np.int64),
        seconds.astype("datetime64[D]").astype(np.int64),
        np.asarray(frame["y"], dtype=np.float64),
        np.asarray(frame["row"], dtype=np.int64),
        _or_none(frame["problem"]),
    )


def _or_none(problems: pd.Series[Any]) -> NDArray[np.object_]:
    """What is wrong with each row, ``None`` for nothing, where a column of text holds NaN."""
    texts = problems.to_numpy(dtype=object, copy=True)
    texts[problems.isna().to_numpy()] = None
    return np.asarray(texts, dtype=object)


def arrange(names: tuple[str, ...], codes: NDArray[np.int64], *rest: NDArray[Any]) -> Grouped:
    """Sort rows by airport.

    Args:
        names: Airports in order of first appearance.
        codes: Position in ``names`` by row, shape ``(n,)``.
        rest: Days, passengers, row numbers and problems as in `Grouped`, in the order of the file.
    """
    if np.any(np.diff(codes) < 0):
        order = np.argsort(codes, kind="stable")
        codes, *rest = (column[order] for column in (codes, *rest))  # type: ignore[assignment]
    bounds = np.searchsorted(codes, np.arange(len(names) + 1)).astype(np.int64)
    return Grouped(names, bounds, codes, *rest)


def _lines(grouped: Grouped) -> list[str]:
    """Canonical text of each row: day, number, and what is wrong without where it is."""
    unique, inverse = np.unique(grouped.days, return_inverse=True)
    texts = [str(d) for d in unique.astype("datetime64[D]")]
    numbers = map(repr, grouped.y.tolist())
    lines = [f"{texts[i]},{y}" for i, y in zip(inverse.tolist(), numbers, strict=True)]
    for position in np.flatnonzero(grouped.problem != None):  # noqa: E711 - elementwise
        lines[position] += "," + str(grouped.problem[position]).partition(": ")[2]
    return lines


def airport_digests(grouped: Grouped) -> list[str]:
    """SHA-256 of each airport's rows as text (``2012-10-01,4117834.0``), sorted."""
    lines, bounds = _lines(grouped), grouped.bounds.tolist()
    return [
        hashlib.sha256("\n".join(sorted(lines[a:b])).encode("utf-8", "surrogatepass")).hexdigest()
        for a, b in pairwise(bounds)
    ]


def _combined(names: tuple[str, ...], bounds: list[int], digests: list[str]) -> str:
    """SHA-256 of the sorted airports that have rows, each with its digest."""
    present = zip(names, bounds[:-1], bounds[1:], digests, strict=True)
    entries = sorted((n, d) for n, a, b, d in present if b > a)
    return hashlib.sha256(json.dumps(entries).encode()).hexdigest()


def panel_digest(grouped: Grouped) -> str:
    """SHA-256 of all rows, whatever their order."""
    return _combined(grouped.names, grouped.bounds.tolist(), airport_digests(grouped))


def cut(panel: Panel, spec: DataSpec, as_of: str | None) -> Cut:
    """Rows of the periods that start on or before a date; rows without a date stay.

    The frequency is inferred again from the rows dated on or before it, so that later rows cannot
    have any influence.

    Args:
        panel: Everything that was read.
        spec: Frequency and season length, where set.
        as_of: ``YYYY-MM-DD``, or ``YYYY-MM`` to include the whole month; ``None`` keeps all.

    Raises:
        UsageError: The date cannot be understood.
    """
    return cut_rows(group(panel.frame), panel.freq, spec, as_of)


def cut_rows(
    grouped: Grouped, freq: str, spec: DataSpec, as_of: str | None, *, digests: bool = True
) -> Cut:
    """As `cut`, of rows and the frequency found in all of them; digests, if wanted."""
    if as_of is not None:
        last = parse_as_of(as_of)
        dated = grouped.days != NO_DAY
        early = dated & (grouped.days <= last)
        days = grouped.days[early]
        if spec.freq:
            freq = full_freq(spec.freq, days)
        else:
            freq = infer_freq(grouped.codes[early], days, strict=False)
        starts = np.full(len(dated), NO_DAY)
        starts[dated] = first_days(ordinals(grouped.days[dated], freq), freq).astype(np.int64)
        grouped = grouped.keep(starts <= last)
    bounds = grouped.bounds.tolist()
    by_airport = airport_digests(grouped) if digests else [""] * len(grouped.names)
    airports = tuple(
        AirportRows(
            airport=name,
            days=grouped.days[a:b],
            y=grouped.y[a:b],
            row=grouped.row[a:b],
            problem=grouped.problem[a:b],
            digest=digest,
        )
        for name, a, b, digest in zip(
            grouped.names, bounds[:-1], bounds[1:], by_airport, strict=True
        )
    )
    season = spec.season_length or SEASON_LENGTHS[freq[0]]
    return Cut(freq, season, airports, _combined(grouped.names, bounds, by_airport))

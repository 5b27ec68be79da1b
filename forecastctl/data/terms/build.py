"""From what a user says of the calendar, events and files to the regressors of a job."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from forecastctl.data.terms.calendar import calendar_regressors
from forecastctl.data.terms.events import event_regressors
from forecastctl.data.terms.holidays import check_country, library, public_holidays
from forecastctl.data.terms.regressors import RegressorTable, file_regressors
from forecastctl.errors import SettingsError, UsageError
from forecastctl.hints import did_you_mean
from forecastctl.records import FleetTerms, canonical_json
from forecastctl.records.events import Event, airports_of
from forecastctl.records.feasts import years

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from numpy.typing import NDArray

    from forecastctl.records import Regressor


@dataclass(frozen=True, slots=True)
class TermsAsked:
    """What regressors are made from.

    Attributes:
        calendar: Whether there are those of the calendar.
        country: Whose public holidays are among them, or ``None``.
        countries: Country by airport, where it is another one.
        events: Events that are named.
        table: Regressors of a file, or ``None``.
        leave_out: Whether a regressor that lacks a value of an airport is left out there.
    """

    calendar: bool = False
    country: str | None = None
    countries: Mapping[str, str] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    table: RegressorTable | None = None
    leave_out: bool = False

    @property
    def named(self) -> set[str]:
        """All countries."""
        return {*self.countries.values(), *([self.country] if self.country else [])}

    @property
    def digest(self) -> str:
        """SHA-256 of all that decides the regressors of a period."""
        content: dict[str, Any] = {
            "calendar": self.calendar,
            "country": self.country,
            "countries": dict(self.countries),
            "holidays": library().__version__ if self.named else None,
            "events": [event.to_dict() for event in self.events],
            "table": self.table.digest if self.table else None,
            "leave_out": self.leave_out,
        }
        return hashlib.sha256(canonical_json(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Spanned:
    """The periods and airports that regressors are for.

    Attributes:
        freq: pandas period alias.
        first: Number of the first period.
        last: Number of the last one.
        airports: All airports of the data.
    """

    freq: str
    first: int
    last: int
    airports: Collection[str]


def fleet_terms(asked: TermsAsked, spanned: Spanned) -> FleetTerms:
    """The regressors of all airports.

    Args:
        asked: What they are made from.
        spanned: What they are for.

    Raises:
        DataError: A regressor has two values in a period.
        SettingsError: An event is of an airport that is not in the data, or two regressors have
            one name.
        UsageError: No airport of the file of regressors is in the data.
    """
    _check_airports(asked, spanned.airports)
    periods = np.arange(spanned.first, spanned.last + 1)
    columns = []
    if asked.calendar:
        columns += _calendar(asked, spanned, periods)
    columns += event_regressors(asked.events, periods, spanned.freq)
    if asked.table:
        known = set(spanned.airports)
        of_file = file_regressors(asked.table, periods, spanned.freq)
        columns += [c for c in of_file if c.airports is None or known.issuperset(c.airports)]
    kinds: dict[str, str] = {}
    for column in columns:
        if kinds.setdefault(column.name, column.kind) != column.kind:
            raise SettingsError(
                f"Two regressors are called {column.name!r}: one of the "
                f"{_SAID[kinds[column.name]]}, one of the {_SAID[column.kind]}.",
                "Rename one of them.",
            )
    return FleetTerms(tuple(columns), asked.digest, asked.leave_out)


def _calendar(asked: TermsAsked, spanned: Spanned, periods: NDArray[np.int64]) -> list[Regressor]:
    """What all airports have, and the public holidays of each country's airports."""
    shared = calendar_regressors(periods, spanned.freq)
    names = {column.name for column in shared}
    first, last = (int(year) for year in years(periods[[0, -1]], spanned.freq))
    by_country: dict[str, list[str]] = {}
    for airport in spanned.airports:
        country = asked.countries.get(airport, asked.country)
        if country:
            by_country.setdefault(country, []).append(airport)
    found = list(shared)
    for country, airports in sorted(by_country.items()):
        # A period may begin in one year and end in the next.
        days = public_holidays(country, first - 1, last + 1)
        own = calendar_regressors(periods, spanned.freq, days)
        whose = None if set(by_country) == {country} and not asked.countries else tuple(airports)
        found += [replace(column, airports=whose) for column in own if column.name not in names]
    return found


_SAID = {"calendar": "calendar", "event": "events", "regressor": "file"}


def check_asked(asked: TermsAsked) -> None:
    """Refuse a country that there is not, before any data are read."""
    for country in sorted(asked.named):
        check_country(country)


def _check_airports(asked: TermsAsked, airports: Collection[str]) -> None:
    known = set(airports)
    for airport, event in _unknown(asked, known):
        raise SettingsError(
            f"[[events]] {event!r}: there is no airport {airport!r} in the data.",
            did_you_mean(airport, airports) or "'forecastctl check' lists them.",
        )
    named = asked.table.airports if asked.table else set()
    if named and not named & known:
        example = min(named)
        raise UsageError(
            f"[regressors] {asked.table.source if asked.table else ''}: none of its airports is in "
            f"the data, such as {example!r}.",
            did_you_mean(example, airports) or "'forecastctl check' lists them.",
        )


def _unknown(asked: TermsAsked, known: set[str]) -> Iterator[tuple[str, str]]:
    return (
        (airport, event) for airport, event in airports_of(asked.events) if airport not in known
    )

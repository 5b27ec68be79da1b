"""Events that a user names, with the days and the airports that they are of. Pure."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecastctl.records.calendar import iso_date, period_after

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

KEYS = ("name", "date", "from", "to", "airports")
LONGEST_DAYS = 3660
"""Of an event: ten years are no event."""


@dataclass(frozen=True, slots=True)
class Event:
    """One occurrence of an event.

    Attributes:
        name: Occurrences of one name have one effect.
        first: Its first day.
        last: Its last day.
        airports: Those it concerns; ``None`` for all.
    """

    name: str
    first: dt.date
    last: dt.date
    airports: tuple[str, ...] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON value, as settings write it."""
        found: dict[str, Any] = {"name": self.name, "from": str(self.first), "to": str(self.last)}
        return found if self.airports is None else {**found, "airports": list(self.airports)}


def events_of(text: str | None) -> tuple[Event, ...]:
    """Events of a setting, which is JSON: a list of tables.

    Raises:
        ValueError: One of them makes no sense; which, and why.
    """
    if not text:
        return ()
    found = json.loads(text)
    if not isinstance(found, list):
        raise ValueError("events are a list of tables, [[events]] in forecastctl.toml")  # noqa: TRY004
    return tuple(_event(value, number) for number, value in enumerate(found, 1))


def airports_of(events: Iterable[Event]) -> Iterator[tuple[str, str]]:
    """Airports that events name, each with the event."""
    for event in events:
        yield from ((airport, event.name) for airport in event.airports or ())


def _event(value: Any, number: int) -> Event:
    """One table of settings."""
    which = f"event {number}"
    if not isinstance(value, dict):
        raise ValueError(f"{which} is no table with a name and a date")  # noqa: TRY004
    unknown = [key for key in value if key not in KEYS]
    if unknown:
        raise ValueError(f"{which} has {unknown[0]!r}; an event has {', '.join(KEYS)}")
    name = value.get("name")
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"{which} has no name")
    which = f"event {number}, {name!r},"
    first, last = _span(value, which)
    if last < first:
        raise ValueError(f"{which} ends on {last}, before it begins on {first}")
    if (last - first).days > LONGEST_DAYS:
        raise ValueError(f"{which} lasts longer than ten years")
    return Event(name.strip(), first, last, _airports(value, which))


def _airports(value: Mapping[str, Any], which: str) -> tuple[str, ...] | None:
    airports = value.get("airports")
    if airports is None or airports == "all":
        return None
    if isinstance(airports, str):
        airports = [airports]
    if not isinstance(airports, list) or not all(isinstance(a, str) and a for a in airports):
        raise ValueError(f"{which} has airports that are no list of names")
    if not airports:
        raise ValueError(f"{which} has an empty list of airports; leave it out for all of them")
    return tuple(sorted(set(airports)))


def _span(value: Mapping[str, Any], which: str) -> tuple[dt.date, dt.date]:
    """First and last day: of one date, or from one to another."""
    if ("date" in value) == ("from" in value or "to" in value):
        raise ValueError(f"{which} needs either a date, or from and to")
    if "date" in value:
        return _day(value["date"], which), _day(value["date"], which, last=True)
    if "from" not in value or "to" not in value:
        raise ValueError(f"{which} needs both from and to")
    return _day(value["from"], which), _day(value["to"], which, last=True)


def _day(value: Any, which: str, *, last: bool = False) -> dt.date:
    """The day of a text; of a month its first day, or its last."""
    if not isinstance(value, str):
        raise ValueError(f"{which} has a date that is no text")  # noqa: TRY004
    text = iso_date(value, last=last)
    month = len(text) == len("2012-10")
    try:
        day = dt.date.fromisoformat(f"{text}-01" if month else text)
    except ValueError:
        hint = "write YYYY-MM-DD, or YYYY-MM for the whole month"
        raise ValueError(f"{which} has the date {value!r}: {hint}") from None
    return period_after(day, "M") - dt.timedelta(days=1) if month and last else day


def some_events(text: str) -> str:
    """The same text; a `ValueError` where an event in it makes no sense."""
    events_of(text)
    return text

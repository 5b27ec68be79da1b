"""Labelled events in real panels: what `explaining.py` asks about.

Labels were set from the events and from the yardstick of `ordinary.py`, which is not the tool's: an
event four of its errors large must be called by its class; a smaller one hardly shows in months,
and ``expected_noise`` is accepted too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from panels import (
    CANNOT,
    DATA,
    ENDED,
    FREQS,
    LEVEL,
    LOCAL,
    NEW_YORK,
    NOISE,
    SYSTEM,
    Branch,
    Question,
    Scenario,
    Step,
    panel,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class Event:
    """A real event in a panel.

    ``asked`` holds date, cutoff, and the verdicts accepted by airport.
    """

    name: str
    panel: str
    asked: tuple[tuple[str, str, Mapping[str, tuple[str, ...]]], ...]
    known_to: str
    source: str


def _all(airports: tuple[str, ...], *verdicts: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(airports, verdicts)


_STRIKE = {**_all(("JFK", "LGA"), LOCAL, SYSTEM, NOISE), "EWR": (NOISE, LOCAL)}
_GULF = {"JFK": (SYSTEM, LOCAL), "LGA": (SYSTEM, LOCAL, NOISE), "EWR": (NOISE, SYSTEM)}
_SANDY = _all(NEW_YORK, SYSTEM, LOCAL, NOISE)
_TSA = _all(("AUS", "DFW", "IAH", "MSY", "JFK", "ORD"), SYSTEM)
_TEXAS = ("AUS", "SAT", "IAH", "HOU", "DFW", "DAL")
_WEEK = {**_all(("AUS", "IAH"), LOCAL), **_all(("HOU", "DFW", "DAL"), LOCAL, NOISE)}
_OLYMPICS, _CUP = {"Sochi": (LOCAL,)}, {"Volgograd (Gumrak)": (LOCAL, NOISE)}
_RUSSIANS = ("Sochi", "Volgograd (Gumrak)", "Kaliningrad (Hrabrovo)")
_CLOSED = (LEVEL, LOCAL)
_FERC = "FERC, NERC: The February 2021 Cold Weather Outages in Texas, 16 Nov 2021"
_IDA = "National Hurricane Center: Tropical Cyclone Report, Hurricane Ida, 4 Apr 2022"
_WHO = "WHO Director-General's opening remarks at the media briefing on COVID-19, 11 Mar 2020"

EVENTS = (
    Event(
        "attacks of 11 September 2001",
        "port_authority",
        tuple(
            (d, c, _all(NEW_YORK, SYSTEM))
            for d, c in (
                ("2001-09", "2001-08"),
                ("2001-09", "2001-06"),
                ("2001-09", "2001-03"),
                ("2001-10", "2001-08"),
            )
        ),
        "2002-09",
        "The 9/11 Commission Report, 22 Jul 2004",
    ),
    Event(
        "controllers' strike of 1981",
        "port_authority",
        (("1981-08", "1981-07", _STRIKE), ("1981-08", "1981-05", _STRIKE)),
        "1982-03",
        "New York Times: Strike of air controllers begins, 4 Aug 1981; GAO reports on it, 1981-82",
    ),
    Event(
        "Gulf war, and the end of Eastern on 18 January 1991",
        "port_authority",
        (("1991-02", "1990-12", _GULF),),
        "1991-12",
        "Los Angeles Times: Eastern Airlines shuts down, 19 Jan 1991; Bureau of Transportation "
        "Statistics on air travel in 1991",
    ),
    Event(
        "hurricane Sandy",
        "port_authority",
        tuple(
            (d, c, _SANDY)
            for d, c in (
                ("2012-10", "2012-09"),
                ("2012-10", "2012-07"),
                ("2012-11", "2012-10"),
                ("2012-11", "2012-09"),
            )
        ),
        "2013-06",
        "National Hurricane Center: Tropical Cyclone Report, Hurricane Sandy, 12 Feb 2013",
    ),
    Event(
        "COVID-19 > a file of one airport",
        "sfo",
        tuple(
            (d, c, {"SFO": (CANNOT,)})
            for d, c in (
                ("2020-03", "2020-02"),
                ("2020-03", "2019-12"),
                ("2020-04", "2020-02"),
                ("2020-04", "2020-01"),
            )
        ),
        "2021-01",
        _WHO,
    ),
    Event(
        "COVID-19",
        "tsa",
        (("2020-03", "2020-02", _TSA), ("2020-04", "2020-02", _TSA)),
        "2020-12",
        _WHO,
    ),
    Event(
        "New Orleans after hurricane Ida",
        "tsa",
        (
            ("2021-09", "2021-08", {"MSY": (LOCAL,)}),
            ("2021-09", "2021-07", {"MSY": (LOCAL,)}),
            ("2021-08", "2021-07", {"MSY": (LOCAL, NOISE)}),
        ),
        "2022-03",
        _IDA,
    ),
    Event(
        "New Orleans after hurricane Ida > days",
        "tsa_days",
        (("2021-09-02", "2021-08-27", {"MSY": (LOCAL,)}),),
        "2021-09-25",
        _IDA,
    ),
    Event(
        "Texas storm > months (hardly visible)",
        "tsa",
        (("2021-02", "2021-01", _all(_TEXAS, NOISE, LOCAL)),),
        "2021-06",
        _FERC,
    ),
    Event(
        "Texas storm > weeks",
        "tsa_weeks",
        (("2021-02-14", "2021-02-07", _WEEK),),
        "2021-04-01",
        _FERC,
    ),
    Event(
        "Texas storm > days",
        "tsa_days",
        (
            ("2021-02-15", "2021-02-13", _all(("AUS", "IAH", "HOU"), LOCAL)),
            ("2021-02-17", "2021-02-13", {**_all(("AUS", "SAT"), LOCAL), "DFW": (LOCAL, NOISE)}),
        ),
        "2021-03-05",
        _FERC,
    ),
    Event(
        "Olympic Games in Sochi",
        "russia",
        (("2014-02", "2014-01", _OLYMPICS), ("2014-02", "2013-11", _OLYMPICS)),
        "2014-09",
        "IOC: Sochi 2014, 7 to 23 Feb 2014",
    ),
    Event(
        "football world cup in Volgograd",
        "russia",
        (("2018-06", "2018-05", _CUP), ("2018-06", "2018-03", _CUP)),
        "2018-11",
        "FIFA: 2018 World Cup, 14 Jun to 15 Jul 2018",
    ),
    Event(
        "the old airport of Rostov closed",
        "russia_ended",
        tuple((d, "2017-11", {"Rostov-on-Don": _CLOSED}) for d in ("2018-01", "2018-04")),
        "2018-10",
        "Rosaviatsia: Platov in its place since 7 December 2017",
    ),
    Event(
        "Kazan ends in the file",
        "russia_ended",
        tuple((d, "2017-02", {"Kazan": (*_CLOSED, DATA)}) for d in ("2017-03", "2017-05")),
        "2017-11",
        "the data: zeros from March 2017 on; the airport never closed",
    ),
    Event(
        "Perm ends in the file",
        "russia_ended",
        tuple((d, "2018-11", {ENDED[2]: (*_CLOSED, DATA)}) for d in ("2019-01", "2019-03")),
        "2019-09",
        "the data: zeros from January 2019 on; the airport never closed",
    ),
    Event(
        "cargo in place of passengers, every airport in December",
        "russia_raw",
        (("2018-12", "2018-11", _all(_RUSSIANS, DATA)),),
        "2019-06",
        "README of the data",
    ),
    Event(
        "zeros that mean 'not published', every airport from March 2020",
        "russia_raw",
        (("2020-03", "2020-02", _all(_RUSSIANS, DATA)),),
        "2020-06",
        "README of the data",
    ),
)

_HISTORY = {"tsa_days": 200}


def event_scenarios() -> Iterator[Scenario]:
    """A job at each cutoff, one on the data known later, and the questions."""
    for event in EVENTS:
        table = panel(event.panel)
        if event.panel == "russia_raw":  # what came before is mended, the fault itself is not
            clean = table.where((table.index.month != 12)[:, None] & (table > 0))
            first = min(date for date, _, _ in event.asked)
            table = clean[: f"{first}-01"].iloc[:-1].combine_first(table[f"{first}-01" :])
        freq = FREQS.get(event.panel, "M")
        known = table[: event.known_to].iloc[-_HISTORY.get(event.panel, 10_000) :]
        cutoffs = sorted({cutoff for _, cutoff, _ in event.asked})
        steps = [Step(known[:cutoff]) for cutoff in cutoffs]
        last = Step(known, airports=tuple({a for _, _, m in event.asked for a in m}))
        questions = tuple(
            Question("event", event.name, airport, date, cutoff, accepted)
            for date, cutoff, by_airport in event.asked
            for airport, accepted in by_airport.items()
        )
        yield Scenario(event.name, freq, (*steps, last), (Branch((), questions),))

"""Made monthly panels that need no random numbers but Python's own, with a month to ask about each.

Values are whole numbers, so that neither numpy nor the C library has a say in them.
"""

from __future__ import annotations

import csv
import math
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Values = list[int | None]
Panel = dict[str, Values]
"""Passengers by airport and month from January 2010 on; None where there is no row."""

_FIRST_YEAR = 2010
_MONTHS = 84


def month(index: int) -> str:
    """A place as ``YYYY-MM``."""
    return f"{_FIRST_YEAR + index // 12}-{index % 12 + 1:02d}"


def place(text: str) -> int:
    """The place of a month given as ``YYYY-MM``."""
    year, number = text.split("-")
    return (int(year) - _FIRST_YEAR) * 12 + int(number) - 1


def series(name: str, noise: float = 0.02) -> Values:
    """Seven years of level, growth, season and noise, all of which the name decides."""
    rng = random.Random(name)  # noqa: S311 - no secret
    level, growth = 20_000 * (1 + rng.random() * 9), rng.uniform(-0.01, 0.05)
    season = [0.15 * math.cos(2 * math.pi * (m - 6) / 12) + rng.gauss(0, 0.03) for m in range(12)]
    return [
        round(level * math.exp(growth * t / 12 + season[t % 12] + rng.gauss(0, noise)))
        for t in range(_MONTHS)
    ]


def scaled(values: Values, factor: float, first: str, last: str | None = None) -> Values:
    """The series with the months from the first to the last multiplied."""
    begin, end = place(first), place(last) if last else len(values)
    return [
        round(v * factor) if v is not None and begin <= t <= end else v
        for t, v in enumerate(values)
    ]


def without(values: Values, first: str, last: str) -> Values:
    """The series without the rows from the first month to the last."""
    return [None if place(first) <= t <= place(last) else v for t, v in enumerate(values)]


def until(panel: Panel, last: str) -> Panel:
    """What is known at the end of a month."""
    return {airport: values[: place(last) + 1] for airport, values in panel.items()}


def write(path: Path, panel: Panel, states: dict[str, str] | None = None) -> str:
    """Write a panel as CSV, with a column of groups where states are given; its name."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["airport", "date", "passengers", *(["state"] if states else [])])
        for airport, values in panel.items():
            group = [states[airport]] if states else []
            for t, value in enumerate(values):
                if value is not None:
                    out.writerow([airport, month(t), value, *group])
    return path.name


def eventful() -> tuple[Panel, Panel, dict[str, str]]:
    """A fleet as first published, as known in the end, and the state of each airport.

    Jobs see it up to 2015-12 and up to 2016-03. What happens to an airport is its name; all of
    them lose half of their passengers in autumn 2016.
    """
    names = ("CALM", "LOUD", "FALL", "UNIT", "REVISED", "SHIFT", "LATE", "HOLE", "YOUNG")
    end: Panel = {name: series(name) for name in names}
    end["LOUD"] = series("LOUD", noise=0.12)
    end["FALL"] = scaled(end["FALL"], 0.4, "2016-05", "2016-07")
    end["SHIFT"] = scaled(end["SHIFT"], 1.45, "2015-10")
    end["LATE"] = scaled(end["LATE"], 0.85, "2016-04")
    end["HOLE"] = without(end["HOLE"], "2016-06", "2016-06")
    end["YOUNG"] = without(end["YOUNG"], "2010-01", "2014-12")
    end = {name: scaled(values, 0.45, "2016-09", "2016-11") for name, values in end.items()}
    first = {**end, "REVISED": scaled(end["REVISED"], 0.7, "2015-03", "2016-03")}
    end["UNIT"] = scaled(end["UNIT"], 1000, "2016-06", "2016-06")
    return first, end, {name: "north" if name < "LATE" else "south" for name in names}


def faulty() -> Panel:
    """A fleet whose files have faults of every kind that a job decides about."""
    panel: Panel = {name: series(name) for name in ("GOOD", "GAP", "CUT", "SUSPECT", "ZEROS")}
    panel["GAP"] = without(panel["GAP"], "2014-03", "2014-04")
    panel["CUT"] = without(panel["CUT"], "2011-01", "2012-06")
    panel["SUSPECT"] = scaled(panel["SUSPECT"], 1000, "2015-10", "2015-10")
    panel["ZEROS"] = scaled(panel["ZEROS"], 0, "2016-08")
    panel["SHORT"] = without(series("SHORT"), "2010-01", "2016-10")
    panel["NONE"] = [0] * _MONTHS
    return panel


def ageing() -> Panel:
    """A fleet of which two airports change for good in 2015, so that their forecasts degrade."""
    panel: Panel = {name: series(name) for name in ("FIRM", "EVEN", "GROWS", "FADES")}
    panel["GROWS"] = scaled(panel["GROWS"], 1.4, "2015-02")
    panel["FADES"] = scaled(panel["FADES"], 0.6, "2015-03")
    return panel

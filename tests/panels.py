"""Monthly passengers of a fleet, made up, with what happens to real ones and a list of where.

Tests of what only shows in realistic panels use them where the real files are not at hand, and
know the right answer from the list. What flew (`Panel.true`) and what was published (`Panel.table`)
differ exactly where a fault was put. The panels of `tests.explain.verdict.generated` are plainer: there,
the error of an ideal forecaster must be known.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from dateutil.easter import easter

YEAR = 12
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DOMESTIC = 0.7
"""Share of the passengers where they are filed apart."""

KINDS = ("business", "summer", "winter")
"""Of airports, by who flies there: each has its own season, holidays and days of the week."""

SEASONS = {
    "business": np.array([-5, -2, 5, 3, 5, 5, -8, -12, 6, 8, 3, -10]) / 100,
    "summer": 0.35 * np.cos(2 * np.pi * (np.arange(YEAR) - 6.5) / YEAR),
    "winter": 0.3 * np.cos(2 * np.pi * (np.arange(YEAR) - 1.0) / YEAR),
}
"""Change of the logarithm from January to December."""

WEEKDAYS = {
    "business": np.array([1.15, 1.05, 1.05, 1.15, 1.15, 0.6, 0.85]),
    "summer": np.array([0.95, 0.85, 0.85, 0.95, 1.1, 1.15, 1.15]),
    "winter": np.array([0.9, 0.8, 0.8, 0.95, 1.15, 1.25, 1.15]),
}
"""Passengers of a day from Monday to Sunday, 1 on average."""

EASTER = {"business": -0.06, "summer": 0.08, "winter": 0.05}
"""Change of the logarithm of a month that holds all of the holidays."""

ATTACK = 1 - 0.35 * np.exp(-np.arange(18) / 5)
"""Share of the usual traffic from the first month on, as after September 2001."""

EPIDEMIC = np.interp(np.arange(36), [0, 1, 2, 4, 7, 11, 16, 24, 35],
                     [0.5, 0.05, 0.08, 0.2, 0.3, 0.35, 0.6, 0.8, 0.95])  # fmt: skip
"""The same as from March 2020 on."""


class Event(NamedTuple):
    """What happened at an airport, or to its figures, from one month to another (``YYYY-MM``)."""

    kind: str
    airport: str
    first: str
    last: str


@dataclass(frozen=True)
class Panel:
    """A fleet.

    Attributes:
        seed: What it was made from.
        kinds: Each airport, in the order of the file, with its kind.
        true: Passengers by month and airport; NaN before an airport opens.
        table: The same as published; NaN where there is no row.
        events: What was put in.
    """

    seed: int
    kinds: dict[str, str]
    true: pd.DataFrame
    table: pd.DataFrame
    events: tuple[Event, ...]

    def of(self, kind: str) -> dict[str, Event]:
        """Events of one kind by airport."""
        return {e.airport: e for e in self.events if e.kind == kind}

    def eventful(self) -> set[str]:
        """Airports to which something of their own happened."""
        return {e.airport for e in self.events if e.kind not in ("attack", "epidemic")}

    def upto(self, month: str, provisional: int = 0) -> Panel:
        """The panel as published at the end of a month, when the last months were provisional.

        They were a few percent too low, the last one most, and were revised since.
        """
        table = self.table[:month].copy()
        days = table.index[len(table) - provisional :]
        low = _rng(self.seed, f"revisions of {month}").uniform(0.03, 0.12, (provisional, 1))
        low = low * np.linspace(1 / max(provisional, 1), 1, provisional)[:, None]
        table.loc[days] = (table.loc[days] * (1 - low)).round()
        made = [Event("provisional", a, str(d)[:7], str(d)[:7]) for a in table for d in days]
        return replace(self, table=table, true=self.true[:month], events=(*self.events, *made))

    def scaled(self, airport: str, first: str, last: str, factor: float) -> Panel:
        """The panel with some published months of an airport multiplied."""
        table = self.table.copy()
        table.loc[first:last, airport] *= factor
        return replace(
            self, table=table, events=(*self.events, Event("scaled", airport, first, last))
        )

    def rows(self) -> pd.DataFrame:
        """One row for each airport and month, as published: airport, date and passengers."""
        long = self.table.T.stack().rename_axis(["airport", "date"])  # noqa: PD013 - drops no row
        rows = long.dropna().rename("passengers").reset_index()
        twice = [e for e in self.events if e.kind == "duplicate"]
        again = [
            rows[(rows["airport"] == e.airport) & (rows["date"] == f"{e.first}-01")] for e in twice
        ]
        return pd.concat([rows, *again], ignore_index=True) if again else rows

    def days(self, missing: float = 0.0) -> pd.DataFrame:
        """The months spread over their days, of which a share has no row; columns as `rows`."""
        rng, parts = _rng(self.seed, "days"), []
        for airport, kind in self.kinds.items():
            y = self.table[airport].dropna()
            days = pd.date_range(y.index[0], y.index[-1] + pd.offsets.MonthEnd(), name="date")
            share = WEEKDAYS[kind][days.weekday] / days.days_in_month
            passengers = np.rint(y.reindex(days, method="ffill") * share)
            kept = rng.random(len(days)) >= missing
            kept[[0, -1]] = True
            frame = passengers[kept].rename("passengers").rename_axis("date").reset_index()
            parts.append(frame.assign(airport=airport))
        return pd.concat(parts, ignore_index=True)[["airport", "date", "passengers"]]

    def filed(self) -> pd.DataFrame:
        """The same rows as the Port Authority publishes them: by year, the last one first."""
        rows = self.rows()
        rows["year"] = rows["date"].dt.year
        rows = rows.sort_values("year", ascending=False, kind="stable")
        rows = rows.sort_values(
            "airport", key=lambda a: a.map(list(self.kinds).index), kind="stable"
        )
        domestic = np.floor(DOMESTIC * rows["passengers"])
        return pd.DataFrame(
            {
                "Airport Code": rows["airport"],
                "Year": rows["year"],
                "Month": rows["date"].dt.month.map(lambda m: MONTH_NAMES[m - 1]),
                "Domestic Passengers": domestic,
                "International Passengers": rows["passengers"] - domestic,
                "Total Passengers": rows["passengers"],
            }
        )


def _rng(seed: int, what: str) -> np.random.Generator:
    """Random numbers of one feature, so that no other changes with it."""
    return np.random.default_rng([seed, zlib.crc32(what.encode())])


def make(
    seed: int = 0,
    airports: int = 12,
    months: int = 120,
    first: str = "2010-01",
    *,
    smallest: float = 300.0,
    largest: float = 3_000_000.0,
    noise: float = 0.02,
    turns: int = 1,
    holidays: bool = True,
    trading_days: bool = True,
    attack: str | None = None,
    epidemic: str | None = None,
    grounded: int = 0,
    opened: int = 0,
    closed: int = 0,
    reopened: int = 0,
    intermittent: int = 0,
    idle: int = 0,
    local_shocks: int = 0,
    zeros: int = 0,
    thousandfold: int = 0,
    swapped: int = 0,
    shifted: int = 0,
    yearly_totals: int = 0,
    missing: int = 0,
    duplicates: int = 0,
    cargo_month: int | None = None,
    unpublished: int = 0,
    recent: str | None = None,
) -> Panel:
    """Make a fleet. A number of airports to which something happens is of such as have no other.

    Args:
        seed: Equal seeds and arguments give equal panels.
        airports: How many.
        months: Of each, from ``first`` on.
        first: ``YYYY-MM``.
        smallest: Passengers a month of the smallest airport.
        largest: Of the largest; the others lie between, evenly on a logarithmic scale.
        noise: Standard deviation of a large airport's month, as a share; small ones have more.
        turns: How often the growth of an airport changes.
        holidays: Whether Easter moves passengers between March and April.
        trading_days: Whether the days of a month and their weekdays count.
        attack: Month of a shock to all that heals within a year and a half.
        epidemic: Month of a shock to all that hardly anybody flies after, and that heals in years.
        grounded: Airports with no passenger in the first three months of the epidemic.
        opened: Airports that open within the last two years.
        closed: Airports that close for good within the last year and have zeros from then on.
        reopened: Airports with zeros for some months.
        intermittent: Airports with a few hundred passengers in some months and none in the others.
        idle: Airports that never have a passenger.
        local_shocks: Airports with one month of half their passengers or less.
        zeros: Airports with one zero amid usual months, within the last year.
        thousandfold: Airports with a month within the last year in another unit.
        swapped: Pairs of airports that bear each other's name from a month of the last year on.
        shifted: Airports whose months are filed one month late from one of the last year on.
        yearly_totals: Airports that file a year's total under December in their first years.
        missing: Airports of which one or two months are missing.
        duplicates: Airports of which one month is there twice.
        cargo_month: Month of the year in which all file something of another scale.
        unpublished: Months at the end that hold zeros everywhere.
        recent: Month in which all of those begin that begin within the last year, and the local
            shocks; else each has its own.
    """
    making = _Making(seed, airports, months, first, epidemic, recent)
    making.traffic(smallest, largest, noise, turns)
    making.calendar(holidays=holidays, trading_days=trading_days)
    for kind, month, path in (("attack", attack, ATTACK), ("epidemic", epidemic, EPIDEMIC)):
        if month is not None:
            making.shock(kind, month, path)
    making.y = np.rint(making.y)
    making.each("grounded", grounded)
    making.each("opened", opened)
    making.each("closed", closed)
    making.each("reopened", reopened)
    making.each("intermittent", intermittent)
    making.each("idle", idle)
    making.each("local_shock", local_shocks)
    true = making.table()
    if cargo_month is not None:
        making.cargo(cargo_month)
    making.each("zero", zeros)
    making.each("thousandfold", thousandfold)
    making.pairs(swapped)
    making.each("shifted", shifted)
    making.each("yearly_totals", yearly_totals)
    making.each("missing", missing)
    making.each("duplicate", duplicates)
    if unpublished:
        making.zeros_at_the_end(unpublished)
    return Panel(seed, making.kinds, true, making.table(), tuple(making.events))


@dataclass
class _Making:
    """A panel while it is made; ``y`` has a column for each airport."""

    seed: int
    airports: int
    months: int
    first: str
    epidemic: str | None
    month: str | None
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = _rng(self.seed, "airports")
        self.names = [f"A{i:02d}" for i in rng.permutation(self.airports)]
        kinds = rng.permutation(np.resize(KINDS, self.airports))
        self.kinds = dict(zip(self.names, kinds.tolist(), strict=True))
        self.days = pd.date_range(f"{self.first}-01", periods=self.months, freq="MS")
        self.free = list(range(self.airports))
        self.y = np.zeros((self.months, self.airports))

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self.y.copy(), index=self.days, columns=self.names)

    def by_kind(self, values: dict) -> np.ndarray:
        """Something of each airport's kind, one column each."""
        return np.array([values[kind] for kind in self.kinds.values()]).T

    def traffic(self, smallest: float, largest: float, noise: float, turns: int) -> None:
        """Size, growth that changes, a wandering level, season and noise."""
        rng, shape = _rng(self.seed, "traffic"), self.y.shape
        sizes = np.geomspace(smallest, largest, self.airports)
        size = rng.permutation(sizes)
        growth = np.full(shape, rng.normal(0.03, 0.02, self.airports))
        for _ in range(turns):
            turned = np.arange(self.months)[:, None] >= rng.integers(0, self.months, self.airports)
            growth += turned * rng.normal(0.0, 0.05, self.airports)
        level = np.cumsum(growth / YEAR + rng.normal(0.0, 0.005, shape), axis=0)
        month = (self.days.month - 1).to_numpy()
        season = self.by_kind(SEASONS) * rng.uniform(0.6, 1.4, self.airports)
        season = season + rng.normal(0.0, 0.02, season.shape)
        own = rng.normal(0.0, 1.0, shape) * np.hypot(noise, 1.5 / np.sqrt(size))
        self.y = size * np.exp(level + season[month] + own)

    def calendar(self, *, holidays: bool, trading_days: bool) -> None:
        """Easter, and how many of which weekdays a month has."""
        if holidays:
            share = np.array([[easter_share(first)] for first in self.days])
            self.y *= np.exp(share * self.by_kind(EASTER))
        if trading_days:
            days = pd.date_range(self.days[0], self.days[-1] + pd.offsets.MonthEnd())
            month = (days.year - self.days[0].year) * YEAR + days.month - self.days[0].month
            counts = np.zeros((self.months, 7))
            np.add.at(counts, (month, days.weekday), 1)
            self.y *= counts @ self.by_kind(WEEKDAYS) / 30.4

    def shock(self, kind: str, month: str, path: np.ndarray) -> None:
        """What hits all, some more than others."""
        at = self.at(month)
        share = path[: max(self.months - at, 0)]
        hit = _rng(self.seed, kind).uniform(0.8, 1.2, self.airports)
        self.y[at : at + len(share)] *= share[:, None] ** hit
        for airport in range(self.airports):
            self.happened(kind, airport, at, at + len(share))

    def at(self, month: str) -> int:
        return int(self.days.searchsorted(pd.Timestamp(f"{month}-01")))

    def happened(self, kind: str, airport: int, first: int, stop: int) -> None:
        span = (str(self.days[p])[:7] for p in (first, stop - 1))
        self.events.append(Event(kind, self.names[airport], *span))

    def taken(self, kind: str, count: int) -> list[int]:
        """So many airports, to which nothing else has happened or will."""
        chosen = _rng(self.seed, f"who is {kind}").choice(self.free, count, replace=False).tolist()
        self.free = [a for a in self.free if a not in chosen]
        return chosen

    def each(self, kind: str, count: int) -> None:
        """What happens to one airport at a time."""
        for airport in self.taken(kind, count):
            rng = _rng(self.seed, f"{kind} {airport}")
            first, stop = getattr(self, kind)(self.y[:, airport], rng)
            self.happened(kind, airport, first, stop)

    def recent(self, rng: np.random.Generator) -> int:
        """The month that is given, or one within the last year, but not one of its last two."""
        drawn = int(self.months - rng.integers(3, YEAR + 1))
        return drawn if self.month is None else self.at(self.month)

    def grounded(self, y: np.ndarray, _rng: np.random.Generator) -> tuple[int, int]:
        first = self.at(self.epidemic or self.first)
        y[first : first + 3] = 0
        return first, first + 3

    def opened(self, y: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        first = self.months - int(rng.integers(YEAR + 2, 2 * YEAR + 1))
        y[:first] = np.nan
        return first, self.months

    def closed(self, y: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        first = self.recent(rng)
        y[first:] = 0
        return first, self.months

    def reopened(self, y: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        first = int(rng.integers(self.months // 4, self.months // 2))
        stop = first + int(rng.integers(3, 9))
        y[first:stop] = 0
        return first, stop

    def intermittent(self, y: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        y[:] = rng.poisson(400, self.months) * (rng.random(self.months) < 0.4)
        y[self.months // 2] = 400  # never of zeros alone
        return 0, self.months

    def idle(self, y: np.ndarray, _rng: np.random.Generator) -> tuple[int, int]:
        y[:] = 0
        return 0, self.months

    def local_shock(self, y: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        drawn = int(rng.integers(self.months // 2, self.months - 4))
        first = drawn if self.month is None else self.at(self.month)
        y[first] = np.rint(y[first] * rng.uniform(0.3, 0.5))
        return first, first + 1

    def zero(self, y: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        first = self.recent(rng)
        y[first] = 0
        return first, first + 1

    def thousandfold(self, y: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        first = self.recent(rng)
        y[first] *= 1000
        return first, first + 1

    def shifted(self, y: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        first = self.recent(rng)
        y[first + 1 :] = y[first:-1].copy()
        y[first] = np.nan
        return first, self.months

    def yearly_totals(self, y: np.ndarray, _rng: np.random.Generator) -> tuple[int, int]:
        stop = self.months // 3 // YEAR * YEAR
        years = y[:stop].reshape(-1, YEAR).sum(axis=1)
        y[:stop] = np.nan
        y[YEAR - 1 : stop : YEAR] = years
        return 0, stop

    def missing(self, y: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        first = int(rng.integers(YEAR, self.months - YEAR))
        stop = first + int(rng.integers(1, 3))
        y[first:stop] = np.nan
        return first, stop

    def duplicate(self, _y: np.ndarray, rng: np.random.Generator) -> tuple[int, int]:
        first = int(rng.integers(self.months))
        return first, first + 1

    def pairs(self, count: int) -> None:
        """Names exchanged between two airports."""
        chosen = self.taken("swapped", 2 * count)
        for pair in zip(chosen[::2], chosen[1::2], strict=True):
            first = self.recent(_rng(self.seed, f"swapped {pair}"))
            self.y[first:, list(pair)] = self.y[first:, list(pair)[::-1]]
            for airport in pair:
                self.happened("swapped", airport, first, self.months)

    def cargo(self, month: int) -> None:
        """Tons of cargo instead of passengers in one month of each year."""
        rows = np.flatnonzero(self.days.month == month)
        per_ton = _rng(self.seed, "cargo").uniform(80, 200, self.airports)
        self.y[rows] = np.rint(self.y[rows] / per_ton)
        for airport in range(self.airports):
            for row in rows.tolist():
                self.happened("cargo", airport, row, row + 1)

    def zeros_at_the_end(self, count: int) -> None:
        """Months that nobody has published yet."""
        self.y[-count:] = 0
        for airport in range(self.airports):
            self.happened("unpublished", airport, self.months - count, self.months)


def easter_share(first: pd.Timestamp) -> float:
    """Share of the ten days around Easter that a month holds."""
    days = np.arange(-8, 2) + np.datetime64(easter(first.year))
    return float(np.mean(days.astype("datetime64[M]") == np.datetime64(first, "M")))

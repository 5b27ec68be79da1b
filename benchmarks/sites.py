"""Where faults are put: a fleet, one airport of it, a cutoff and a lead, in every panel."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from panels import NEW_YORK, Clean, Question, Step, panel
from scoring import RECORDED
from simulated import PROCESSES, fleet
from yardstick import UNUSUAL_FROM, scale_of, yardstick

if TYPE_CHECKING:
    from collections.abc import Iterator

FLEET = 9
LATER = 8
"""Months after the target that are known when it is asked late."""
STRETCHES = {
    "port_authority": (("1992-06", "2000-03"), ("2004-06", "2007-03")),
    "russia": (("2012-08", "2018-10"),),
    "tourism": (("2009-01", "2012-03"),),
    "sfo": (("2012-01", "2018-12"),),
    "m1": (("2005-01", "2006-10"),),
    "hospital": (("2004-01", "2004-11"),),
    **dict.fromkeys(PROCESSES, (("2014-06", "2017-06"),)),
}
COUNTS = {
    "port_authority": 12,
    "russia": 8,
    "tourism": 10,
    "sfo": 8,
    "m1": 12,
    "hospital": 8,
    **dict.fromkeys(PROCESSES, 6),
}
SEED = 2
"""From which sites are drawn. With 1, rules were amended before the cases were halved."""
VICTIMS = 3
MOST = 2 / 3
NO_CUTOFF = (12, "russia")
"""Month that a panel lacks, so that no series ends there."""
SEARCH = {"max_evals": 10}
QUICKLY = {"max_evals": 4}
NAIVE = {"families": ("seasonal_naive",)}


@dataclass(frozen=True)
class Site:
    """Where faults are put."""

    name: str
    table: pd.DataFrame
    victim: str
    cutoff: pd.Period
    lead: int
    late: bool

    @property
    def target(self) -> pd.Period:
        """Month that is asked about."""
        return self.cutoff + self.lead

    @property
    def end(self) -> pd.Period:
        """Last month known when it is asked."""
        return self.target + (LATER if self.late else 0)

    def rng(self, kind: str) -> np.random.Generator:
        """Random numbers of one fault at this site."""
        return np.random.default_rng(zlib.crc32(f"{self.name} {kind}".encode()))

    def upto(self, table: pd.DataFrame, last: pd.Period) -> pd.DataFrame:
        """What is known in a month."""
        return table[: str(last)]

    def scaled(
        self, factor: float, first: pd.Period, last: pd.Period | None = None, all_: bool = False
    ) -> pd.DataFrame:
        """The panel with the victim's months, or everyone's, multiplied."""
        table, values = self.table, self.table.to_numpy(float, copy=True)
        rows = table.index.slice_indexer(str(first), None if last is None else str(last))
        airports = slice(None) if all_ else table.columns.get_loc(self.victim)
        values[rows, airports] = (values[rows, airports] * factor).round(2)
        return pd.DataFrame(values, table.index, table.columns)

    def jobs(self, table: pd.DataFrame, last: pd.Period, **changes: Any) -> tuple[Step, ...]:
        """A job of the whole fleet; of the rest alone, then the victim's own, if that differs."""
        seen = self.upto(table, last)
        if set(changes) <= {"suspects"}:
            return (Step(seen, search=SEARCH, **changes),)
        others = tuple(a for a in seen.dropna(axis=1, how="all") if a != self.victim)
        own = Step(seen, airports=(self.victim,), **{"search": SEARCH, **changes})
        return (Step(seen, airports=others, search=QUICKLY), own) if others else (own,)

    def last(
        self,
        table: pd.DataFrame,
        month: pd.Period | None = None,
        airports: tuple[str, ...] = (),
        suspects: str = "recent",
    ) -> Step:
        """The victim's job in the month in which it is asked, or in another one."""
        seen = self.upto(table, month or self.end)
        return Step(seen, airports=airports or (self.victim,), search=SEARCH, suspects=suspects)

    def clean(
        self,
        table: pd.DataFrame | None = None,
        name: str = "as found",
        *,
        airport: str = "",
        end: pd.Period | None = None,
    ) -> Clean:
        """An airport's jobs without a fault: on the panel as found, or on another one by name."""
        table, who = self.table if table is None else table, (airport or self.victim,)
        then = Step(self.upto(table, self.cutoff), airports=who, search=SEARCH)
        then_known = Step(self.upto(table, end or self.end), airports=who, search=QUICKLY)
        return Clean(f"{name} {airport}", (then, then_known), str(self.cutoff))

    def ask(
        self,
        kind: str,
        *accepted: str,
        cutoff: pd.Period | None = None,
        shows: float = RECORDED,
        airport: str = "",
    ) -> Question:
        """The question about the victim, or about another airport."""
        at, who = str(cutoff or self.cutoff), airport or self.victim
        return Question("injected", kind, who, str(self.target), at, accepted, shows)

    def seen_by_most(self, share: float) -> bool:
        """Whether a fall to a share would be unusual for most others, by the yardstick's errors."""
        scales = [scale_of(self.table[a], self.cutoff, self.lead) for a in self.others()]
        unusual = [-np.log(share) > UNUSUAL_FROM * s for s in scales]
        return bool(unusual) and float(np.mean(unusual)) >= MOST

    def others(self) -> list[str]:
        """The rest of the fleet where the month explained is known."""
        known = self.table.loc[str(self.target)].iloc[0]
        return [a for a in self.table if a != self.victim and np.isfinite(known[a])]


def sites(seed: int = SEED) -> Iterator[Site]:
    """Seeded sites: all leads, asked at once and late, in every panel.

    Where the yardstick says that something had happened to the airport, nothing is put in.
    """
    for name, count in COUNTS.items():
        rng = np.random.default_rng(zlib.crc32(f"{seed} {name}".encode()))
        months = [m for a, b in STRETCHES[name] for m in pd.period_range(a, b, freq="M")]
        for number in range(count):
            made = name in PROCESSES
            table = fleet(name, 100 * seed + number) if made else panel(name)
            drawn = list(table) if len(table.columns) <= FLEET else _drawn(table, rng)
            able = NEW_YORK if name == "port_authority" else drawn[:VICTIMS]
            victim = able[number % len(able)]
            lead = (1, 2, 3, 1, 6)[number % 5]
            while True:
                cutoff = months[rng.integers(len(months))]
                target = table[victim].get(pd.Timestamp(f"{cutoff + lead}-01"), np.nan)
                usual = not abs(yardstick(table[victim], cutoff, lead)) >= UNUSUAL_FROM
                if usual and np.isfinite(target) and (cutoff.month, name) != NO_CUTOFF:
                    break
            label = f"{name} {number} {victim} {cutoff} lead {lead}"
            yield Site(label, table[drawn], victim, cutoff, lead, number % 2 == 1)


def _drawn(table: pd.DataFrame, rng: np.random.Generator) -> list[str]:
    return [str(a) for a in rng.choice(list(table), FLEET, replace=False)]

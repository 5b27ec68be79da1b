"""Where faults are put: a fleet, one airport of it, a cutoff and a lead, in every panel."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from panels import NEW_YORK, Question, Step, panel

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
}
COUNTS = {"port_authority": 12, "russia": 8, "tourism": 8, "sfo": 16}
NO_CUTOFF = 12
"""Month that the Russian panel lacks, so that no series ends there."""
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
        changed = self.table.copy()
        airports = list(changed) if all_ else [self.victim]
        rows = slice(str(first), None if last is None else str(last))
        changed.loc[rows, airports] = (changed.loc[rows, airports] * factor).round(2)
        return changed

    def jobs(self, table: pd.DataFrame, last: pd.Period, **changes: Any) -> tuple[Step, ...]:
        """A job of the rest of the fleet, with a short search, then the victim's own."""
        seen = self.upto(table, last)
        others = tuple(a for a in seen.dropna(axis=1, how="all") if a != self.victim)
        own = Step(seen, airports=(self.victim,), **{"search": SEARCH, **changes})
        return (Step(seen, airports=others, search=QUICKLY), own) if others else (own,)

    def ask(self, kind: str, *accepted: str, cutoff: pd.Period | None = None) -> Question:
        """The question about the victim."""
        at = str(cutoff or self.cutoff)
        return Question("injected", kind, self.victim, str(self.target), at, accepted)


def sites() -> Iterator[Site]:
    """Seeded sites: all leads, asked at once and late, in every panel."""
    for name, count in COUNTS.items():
        table = panel(name)
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        months = [m for a, b in STRETCHES[name] for m in pd.period_range(a, b, freq="M")]
        for number in range(count):
            fleet = list(table) if len(table.columns) <= 5 else _fleet(table, rng)
            lead = (1, 2, 3, 1, 6)[number % 5]
            while True:
                cutoff = months[rng.integers(len(months))]
                victim = NEW_YORK[number % 3] if name == "port_authority" else fleet[0]
                target = table[victim].get(pd.Timestamp(f"{cutoff + lead}-01"), np.nan)
                if np.isfinite(target) and (cutoff.month != NO_CUTOFF or name != "russia"):
                    break
            label = f"{name} {victim} {cutoff} lead {lead}"
            yield Site(label, table[fleet], victim, cutoff, lead, number % 2 == 1)


def _fleet(table: pd.DataFrame, rng: np.random.Generator) -> list[str]:
    return [str(a) for a in rng.choice(list(table), FLEET, replace=False)]

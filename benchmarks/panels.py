"""Real panels by name, and what a scenario is: jobs, then questions with their right answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

NOISE, DATA, LEVEL = "expected_noise", "data_problem", "level_shift_before_cutoff"
STALE, FAILURE = "stale_model", "run_failure"
LOCAL, SYSTEM, CANNOT = "local_shock", "system_shock", "cannot_tell"
CALENDAR, WEAK = "calendar", "weak_forecast"
UNUSUAL = "unusual"
"""``cannot_tell`` because the miss lies outside its 95 % interval and no cause was found: an answer
of its own, right wherever `NOISE` is, because the interval itself says so. Not a shock."""
POOR = "poor_history"
"""``cannot_tell`` for any other reason than a shock that cannot be placed: the history is too short
or too poor to say more. Not a shock either."""

VERDICTS = (NOISE, WEAK, DATA, LEVEL, STALE, FAILURE, CALENDAR, LOCAL, SYSTEM, CANNOT)
SHOCKS = (LOCAL, SYSTEM, CANNOT)
HERE = Path(__file__).resolve().parent
NEW_YORK = ("EWR", "JFK", "LGA")


@dataclass(frozen=True)
class Step:
    """One job: on a wide panel (periods by airports, NaN for no row) as it was then."""

    panel: pd.DataFrame
    command: str = "run"
    airports: tuple[str, ...] = ()
    search: Mapping[str, Any] = field(default_factory=dict)
    sabotage: tuple[Any, ...] = ()
    suspects: str = "recent"
    """What is done with months that look wrong: the setting ``data.suspects``."""


@dataclass(frozen=True)
class Question:
    """One call of explain and the verdicts that are right, the best first.

    Without a date it is about the month that the fault put into a job has chosen.
    """

    group: str
    kind: str
    airport: str
    date: str
    cutoff: str | None
    accepted: tuple[str, ...]
    shows: float = 0.0
    """From how many ordinary errors of the clean forecast on a fault shows, so that `NOISE` is no
    answer: 0 where it always does. See `scoring.hidden`."""
    if_large: tuple[str, ...] = ()
    """What is right instead where the miss is more than half of the actual."""


@dataclass(frozen=True)
class Clean:
    """Jobs of the asked airport alone without the fault, the last of which knows the actual."""

    name: str
    steps: tuple[Step, ...]
    cutoff: str = ""
    """Of the forecast without the fault, where it is not that of the question."""
    error: float = 0.0
    """Its ordinary error where it is known from elsewhere, passengers."""


@dataclass(frozen=True)
class Branch:
    """Jobs after the common ones of a scenario, then questions.

    ``clean`` is what the forecast is compared with, to see whether the fault shows.
    """

    steps: tuple[Step, ...]
    questions: tuple[Question, ...]
    clean: Clean | None = None


@dataclass(frozen=True)
class Scenario:
    """Jobs into one store, then branches, each into a copy of it.

    The name is where it happens, or that, `AT` and what happens.
    """

    name: str
    freq: str
    steps: tuple[Step, ...]
    branches: tuple[Branch, ...]

    @property
    def place(self) -> str:
        """Where it happens: all scenarios of a place fall into the same half."""
        return self.name.split(AT)[0]


AT = " > "
ONE_MONTH = "one month a little higher at one airport"
"""Its change must be found in the one-off part as well."""


@lru_cache(maxsize=1)
def folder() -> Path:
    """Where the real panels are."""
    return HERE.parents[1] / "shared" / "data"


def wide(name: str) -> pd.DataFrame:
    """A file with airport, date and value as a table of periods by airports."""
    frame = pd.read_csv(folder() / name)
    frame.columns = ["airport", "date", "value"]
    frame["date"] = pd.to_datetime(frame["date"])
    return frame.pivot_table(index="date", columns="airport", values="value", aggfunc="first")


@lru_cache(maxsize=16)
def panel(name: str) -> pd.DataFrame:
    """A panel by name, see `PANELS`."""
    return PANELS[name]()


def tsa(every: int = 3) -> pd.DataFrame:
    """Every third airport above 20,000 passengers a month, and those of the events."""
    found = wide("tsa_monthly.csv").dropna(axis=1)
    found = found.loc[:, found.mean() > 20_000]
    named = {"AUS", "SAT", "IAH", "HOU", "DFW", "DAL", "MSY", "JFK", "ORD"}
    return found[[a for i, a in enumerate(found) if i % every == 0 or a in named]]


def tsa_days() -> pd.DataFrame:
    """Days of airports above 3,000 passengers a day; a missing day is a missing row."""
    found = wide("tsa_daily.csv.gz")
    found = found.loc[:, found.mean() > 3_000]
    named = {"AUS", "SAT", "IAH", "HOU", "DFW", "DAL", "MSY"}
    return found[[a for i, a in enumerate(found) if i % 3 == 0 or a in named]]


def tsa_weeks() -> pd.DataFrame:
    """Weeks that begin on Sunday, of six days at least."""
    weeks = tsa_days().resample("W-SAT").sum(min_count=6)
    weeks.index = weeks.index - pd.Timedelta(days=6)
    return weeks


def russia_raw() -> pd.DataFrame:
    """Airports active in every month of 2012 to 2018, as found: December holds tonnes of cargo."""
    found = wide("russia_raw.csv.gz")
    active = found.loc["2012":"2018"].gt(0).all()  # type: ignore[misc]
    return found.loc[:, active & (found.loc["2012":"2018"].median() > 8_000)]  # type: ignore[misc]


def russia() -> pd.DataFrame:
    """The same up to 2019 without the Decembers."""
    found = russia_raw()[:"2019-12-01"]  # type: ignore[misc]
    return found.where((found.index.month != 12)[:, None] & (found > 0))


def russia_ended() -> pd.DataFrame:
    """Every second of them, and airports of which the file holds only zeros from a month on."""
    ended = wide("russia_raw.csv.gz")[list(ENDED)][:"2019-12-01"]  # type: ignore[misc]
    flown = ended.gt(0)[::-1].cummax()[::-1]  # up to the last month with a passenger
    ended = ended.where((ended.index.month != 12)[:, None] & ((ended > 0) | ~flown))
    return russia().iloc[:, ::2].drop(columns=list(ENDED), errors="ignore").join(ended)


ENDED = ("Rostov-on-Don", "Kazan", "Perm (Bolshoye Savino)")


def tourism() -> pd.DataFrame:
    """Training parts without zeros, moved to the same months: 2000-01 to 2013-04."""
    return competition("tourism_monthly.csv.gz", 160, 100, 40)


def m1() -> pd.DataFrame:
    """The same of the M1 competition: 2000-01 to 2007-12."""
    return competition("m1_monthly.csv.gz", 96, 50, 120)


def hospital() -> pd.DataFrame:
    """Counts of patients, training parts: 2000-01 to 2005-12."""
    return competition("hospital_monthly.csv.gz", 72, 8, 160)


def competition(file: str, periods: int, least: float, count: int) -> pd.DataFrame:
    """Training parts of unrelated series above a value, their ends moved to the same month."""
    frame = pd.read_csv(folder() / file)
    columns = {}
    for name, part in frame[frame["set"] == "train"].groupby("series"):
        y = part.sort_values("date")["value"].to_numpy(float)
        if len(y) >= periods and (y > least).all():
            columns[str(name)] = y[-periods:]
    chosen = list(columns)[:: max(len(columns) // count, 1)][:count]
    months = pd.date_range("2000-01-01", periods=periods, freq="MS")
    return pd.DataFrame({name: columns[name] for name in chosen}, index=months)


PANELS = {
    "port_authority": lambda: wide("port_authority.csv"),
    "sfo": lambda: wide("sfo.csv"),
    "tsa": tsa,
    "tsa_days": tsa_days,
    "tsa_weeks": tsa_weeks,
    "russia": russia,
    "russia_raw": russia_raw,
    "russia_ended": russia_ended,
    "tourism": tourism,
    "m1": m1,
    "hospital": hospital,
}
FREQS = {"tsa_days": "D", "tsa_weeks": "W"}

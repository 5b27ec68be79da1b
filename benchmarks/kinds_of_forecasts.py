"""Poor forecasts and moved holidays. Each kind says why its label is right."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from injections import made
from panels import (
    CALENDAR,
    FAILURE,
    NOISE,
    POOR,
    STALE,
    UNUSUAL,
    WEAK,
    Branch,
    Clean,
    Question,
    Scenario,
    Step,
)
from scoring import BY_SIZE
from simulated import PROCESSES, fleet, with_holiday
from sites import LATER, QUICKLY, SEARCH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from injections import Made
    from sites import Site


def short_history(site: Site) -> Made:
    """A new airport with too few months to validate a model: the seasonal naive stood in.

    So the record says; "the history is too poor to tell" says the same in other words.
    """
    kind = "stand-in forecast of a short history"
    first = site.cutoff - int(site.rng(kind).integers(3, 12))
    changed = site.table.copy()
    changed.loc[changed.index < first.to_timestamp(), site.victim] = np.nan
    steps = (*site.jobs(changed, site.cutoff), site.last(changed))
    return made(site, steps, site.ask(kind, FAILURE, POOR))


def poor_choice(site: Site) -> Made:
    """The trial that is chosen was the worst of the backtest: better ones were known then."""
    months = pd.period_range(site.cutoff + 1, periods=12, freq="M").to_timestamp()
    truths = tuple(site.table[site.victim].reindex(months).to_numpy(float))
    jobs = site.jobs(site.table, site.cutoff, sabotage=("poor trial", site.victim, truths))
    end = site.cutoff + 12 + (LATER if site.late else 0)
    kind, at = "a choice that was poor before, too", str(site.cutoff)
    question = Question("injected", kind, site.victim, "", at, (STALE,), BY_SIZE)
    return (*jobs, site.last(site.table, end)), Branch((), (question,), site.clean(end=end))


def erratic(site: Site) -> Made:
    """A series in which nothing can be foreseen but its size.

    A miss of more than half of the actual is no error that anybody would call known or usual: the
    forecast is weak, or the history too poor, or the cause of what is unusual not found. A smaller
    one is noise, for so poor a forecast.
    """
    kind = "a series that no model can forecast"
    rng = site.rng(kind)
    changed = site.table.copy()
    noise = np.exp(rng.normal(0.0, rng.uniform(0.5, 0.9), len(changed)))
    changed[site.victim] = (changed[site.victim].median() * noise).round(2)
    steps = (*site.jobs(changed, site.cutoff, suspects="keep"), site.last(changed, suspects="keep"))
    question = Question(
        "injected",
        kind,
        site.victim,
        str(site.target),
        str(site.cutoff),
        (NOISE, WEAK),
        if_large=(WEAK, POOR, UNUSUAL),
    )
    return steps, Branch((), (question,))


def narrow(site: Site) -> Made:
    """3 % off where history was regular to a twentieth of a percent.

    Nothing has happened that an airport would notice: the interval was too narrow.
    """
    kind = "3 % off with an interval of a tenth of a percent"
    rng = site.rng(kind)
    months = np.arange(len(site.table))
    season = 0.2 * np.sin(2 * np.pi * (months + rng.uniform(0, 12)) / 12)
    path = np.exp(season + 0.002 * months + rng.normal(0.0, 0.0005, len(months)))
    changed = site.table.copy()
    changed[site.victim] = (rng.uniform(50_000, 500_000) * path).round()
    changed.loc[str(site.target), site.victim] *= float(rng.choice([0.97, 1.03]))
    steps = (*site.jobs(changed, site.cutoff), site.last(changed))
    return made(site, steps, site.ask(kind, NOISE, shows=0.0))


MOVED = {
    "Easter": ("2014-03", "2014-04", "2016-03", "2016-04", "2017-03", "2017-04"),
    "Lunar New Year": ("2015-01", "2015-02", "2017-01", "2017-02", "2018-01", "2018-02"),
}
"""Months before or after which a holiday lay elsewhere in the years before."""


def calendar_scenarios(seed: int) -> Iterator[Scenario]:
    """A moving holiday with a known effect at each airport of a simulated fleet.

    The miss is the calendar's where the forecast without the effect would have been better by more
    than its ordinary errors, and noise at airports where the holiday changes nothing.
    """
    for holiday, targets in MOVED.items():
        for number, target in enumerate(targets):
            process = PROCESSES[number % len(PROCESSES)]
            plain = fleet(process, 100 * seed + 50 + number)
            rng = np.random.default_rng(zlib.crc32(f"{seed} {holiday} {target}".encode()))
            effects = rng.uniform(0.12, 0.3, plain.shape[1]) * rng.choice([-1, 1], plain.shape[1])
            effects[-2:] = 0.0
            moved = with_holiday(plain, holiday, effects)
            cutoff = pd.Period(target, "M") - int(rng.integers(1, 4))
            yield _calendar(f"{holiday} {target} {process} {seed}", plain, moved, cutoff, target)


def _calendar(
    name: str, plain: pd.DataFrame, moved: pd.DataFrame, cutoff: pd.Period, target: str
) -> Scenario:
    holiday = name.split(" 20", maxsplit=1)[0]
    end = str(pd.Period(target, "M") + LATER)
    asked = tuple(str(a) for a in moved.columns[-6:])
    then = Step(moved[: str(cutoff)], search=SEARCH)
    later = Step(moved[:end], airports=asked, search=QUICKLY)
    clean = Clean(
        "no holiday",
        (
            Step(plain[: str(cutoff)], airports=asked, search=SEARCH),
            Step(plain[:end], airports=asked, search=QUICKLY),
        ),
    )
    questions = tuple(
        Question("injected", f"{holiday} moved", a, target, str(cutoff), (CALENDAR,), BY_SIZE)
        if a in asked[:4]
        else Question("control", f"{holiday}, no effect", a, target, str(cutoff), (NOISE,))
        for a in asked
    )
    return Scenario(name, "M", (then, later), (Branch((), questions, clean),))


AFTER: tuple[Callable[[Site], Iterator[Branch]], ...] = ()
BEFORE: dict[str, Callable[[Site], Made | None]] = {
    "short history": short_history,
    "poor choice": poor_choice,
    "erratic": erratic,
    "narrow": narrow,
}
